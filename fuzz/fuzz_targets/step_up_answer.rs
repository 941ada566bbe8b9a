//! What another service answers about a signature that it was to have made: whatever comes is read within its bounds or
//! refused, what was read can be written, and what it says it signed goes through the check as it is.

#![no_main]

use countersign_pki::Certificate;
use countersign_wire::registration::step_up::{
    ANSWER_MAX, CERTIFICATE_MAX, CHAIN_MAX, CONSENT_URL_MAX, ConsentUrl, PendingRequest, SIGNATURE_MAX, SignRequest,
    StepUpAnswer,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(answer) = StepUpAnswer::read(bytes) {
        assert!(bytes.len() <= ANSWER_MAX);
        match &answer {
            StepUpAnswer::Pending(pending) => {
                if let Some(url) = &pending.consent_url {
                    assert!(url.as_str().len() <= CONSENT_URL_MAX);
                    assert!(url.as_str().starts_with("https://") || url.as_str().starts_with("http://"));
                    assert!(ConsentUrl::parse(url.as_str()).as_ref() == Ok(url));
                }
            }
            StepUpAnswer::Signed(signed) => {
                assert!((1..=SIGNATURE_MAX).contains(&signed.signature.as_slice().len()));
                assert!((1..=CERTIFICATE_MAX).contains(&signed.certificate.as_slice().len()));
                assert!(signed.chain.len() <= CHAIN_MAX);
                for der in signed.chain.iter().chain([&signed.certificate]) {
                    let _ = Certificate::from_der(der.as_slice());
                }
            }
            StepUpAnswer::Refused { .. } => {}
        }
        let written = serde_json::to_vec(&answer).expect("what was read can be written");
        // Escapes and blanks only get fewer.
        assert!(StepUpAnswer::read(&written).as_ref() == Ok(&answer));
    }
    // Those who play such a service read these.
    let _ = serde_json::from_slice::<SignRequest>(bytes);
    let _ = serde_json::from_slice::<PendingRequest>(bytes);
});
