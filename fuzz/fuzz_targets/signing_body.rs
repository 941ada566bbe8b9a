//! Bodies of the signing API: what is read is within the bounds that are promised, and what is refused names a member.

#![no_main]

use countersign_wire::signing::{DigestsBody, Form, SignatureBody, Way};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for form in Form::ALL {
        let Ok(body) = serde_json::from_slice::<SignatureBody>(bytes) else { break };
        match body.read(*form) {
            Ok(asked) => {
                assert_eq!(asked.way == Way::Remote, asked.certificate.is_some());
                assert!(asked.callback_url.is_none() || asked.way == Way::DeviceLink);
                assert!(asked.statements.pdf.is_none() || *form == Form::Pdf);
                let text = serde_json::to_vec(&asked.statements).expect("what was read can be written");
                let again = serde_json::from_slice(&text).expect("what was written can be read");
                assert_eq!(asked.statements, again);
            }
            Err(invalid) => assert!(!invalid.param_name.is_empty() && !invalid.detail.is_empty()),
        }
    }
    if let Ok(body) = serde_json::from_slice::<DigestsBody>(bytes) {
        match body.read(4) {
            Ok((_, files)) => assert!((1..=4).contains(&files.len())),
            Err(invalid) => assert!(!invalid.param_name.is_empty()),
        }
    }
});
