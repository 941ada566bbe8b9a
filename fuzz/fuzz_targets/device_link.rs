//! Device links, and callbacks on the way back: a link has one spelling only, and none passes without its key.

#![no_main]

use countersign_wire::acsp::SchemeName;
use countersign_wire::callback::{CallbackUrl, ReceivedCallback, SessionSecret};
use countersign_wire::device_link::{DeviceLink, Leniency, LinkContext};
use countersign_wire::id::RelyingPartyUuid;
use countersign_wire::start::{Asked, FlowMembers, StartRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = ReceivedCallback::parse(text);
    if let Ok(url) = CallbackUrl::parse(text) {
        let has_ours = text.contains("sessionSecretDigest=") || text.contains("userChallengeVerifier=");
        assert!(has_ours || ReceivedCallback::parse(&url.completed("digest", None)).is_ok());
    }
    let Ok(read) = DeviceLink::parse(text) else { return };
    let unprotected = read.link().to_string();
    assert_eq!(text.len(), unprotected.len() + "&authCode=".len() + 43);
    assert!(text.starts_with(&unprotected));
    let uuid = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let request =
        StartRequest::new(uuid, "DEMO", Asked::ChooseCertificate, FlowMembers::DeviceLink { callback: None });
    let context = LinkContext { scheme: &SchemeName::DEMO, request: &request, brokered_rp_name: "" };
    // The seeds were made with another secret.
    let secret = SessionSecret::from_bytes(&[0x5A; 32]).unwrap();
    assert!(read.check(&read.link().base, &context, &secret, Leniency::ALL).is_err());
});
