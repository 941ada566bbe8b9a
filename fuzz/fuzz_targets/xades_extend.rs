//! Signatures that strangers made, extended: what is added leaves every byte where it was, and reads back.

#![no_main]

use countersign_container::{Level, Need, SignedSignature};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut signature) = SignedSignature::from_xml(text) else { return };
    assert_eq!(signature.to_xml(), text);
    let level = signature.level();
    for target in Level::ALL {
        let needs = signature.needs(target, &[]);
        assert!(level >= target || !needs.is_empty());
        for need in &needs {
            if let Need::Ocsp { certificate, required: false, .. } = need {
                signature.pass_over(certificate);
            }
        }
    }
    // An answer that cannot be one changes nothing.
    assert!(signature.add_validation_data(&[], &[bytes.to_vec()], Timestamp::UNIX_EPOCH).is_err());
    assert_eq!(signature.to_xml(), text);
});
