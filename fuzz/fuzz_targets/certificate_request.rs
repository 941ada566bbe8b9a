//! Certification requests: what is read proves its key, and keeps its bytes.

#![no_main]

use countersign_pki::csr::CertificationRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = std::str::from_utf8(bytes).map(CertificationRequest::from_pem);
    let Ok(request) = CertificationRequest::from_der(bytes) else { return };
    assert_eq!(request.as_der(), bytes);
    let _ = (request.subject().readable(), request.public_key());
});
