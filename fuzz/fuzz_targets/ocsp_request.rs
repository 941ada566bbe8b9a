//! OCSP requests, as a body and as a GET path. What is read is written the same way, signatures and
//! requestor names aside.

#![no_main]

use countersign_pki::ocsp::{OcspRequest, decode_get_path};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(path) = std::str::from_utf8(bytes) {
        let _ = decode_get_path(path);
    }
    let Ok(request) = OcspRequest::from_der(bytes) else { return };
    let der = request.to_der().unwrap();
    assert_eq!(OcspRequest::from_der(&der).unwrap(), request);
});
