//! Results of partners, and the other bodies of the registration desk: whatever comes is taken apart or refused, and what was
//! taken apart is what was signed.

#![no_main]

use countersign_wire::admin::RecordEvidence;
use countersign_wire::admin::identification::{PartnerResult, StartIdentification, UploadResult};
use countersign_wire::admin::person::ErasePerson;
use countersign_wire::admin::right::{ApproveProposal, RejectProposal};
use countersign_wire::base64::b64u;
use countersign_wire::jws::CompactJws;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if let Ok(jws) = CompactJws::parse(text) {
        // One text for one value: nothing can be added to a signature that still passes.
        assert!(text.starts_with(jws.signed));
        assert!(jws.signed.ends_with(&b64u(&jws.payload)) && text.ends_with(&b64u(&jws.signature)));
        let _ = PartnerResult::read(&jws.payload);
    }
    // The payload by itself, so that changes get past the encoding.
    if let Some(result) = PartnerResult::read(bytes) {
        let written = serde_json::to_vec(&result).expect("what was read can be written");
        assert!(PartnerResult::read(&written).as_ref() == Some(&result));
    }
    let _ = serde_json::from_slice::<UploadResult>(bytes);
    let _ = serde_json::from_slice::<StartIdentification>(bytes);
    let _ = serde_json::from_slice::<RecordEvidence>(bytes);
    let _ = serde_json::from_slice::<ErasePerson>(bytes);
    let _ = serde_json::from_slice::<ApproveProposal>(bytes);
    let _ = serde_json::from_slice::<RejectProposal>(bytes);
});
