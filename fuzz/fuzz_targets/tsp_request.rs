//! Time-stamp requests: what is read without extensions is written the same way.

#![no_main]

use countersign_pki::tsp::TimeStampReq;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(request) = TimeStampReq::from_der(bytes) else { return };
    if !request.has_extensions() {
        assert_eq!(TimeStampReq::from_der(&request.to_der()).unwrap(), request);
    }
});
