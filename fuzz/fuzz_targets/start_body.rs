//! Bodies of start and certificate requests, on every row: what is read is written and read back, and what is
//! refused has a reason.

#![no_main]

use countersign_wire::endpoint::{ALIASES, STARTS};
use countersign_wire::start::{CertificateRequest, StartRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for row in STARTS.iter().chain(&ALIASES) {
        match StartRequest::from_body(row, bytes) {
            Ok(request) => assert_eq!(StartRequest::from_body(row, &request.to_body()), Ok(request)),
            Err(invalid) => assert!(!invalid.is_empty()),
        }
    }
    match CertificateRequest::from_body(bytes) {
        Ok(request) => assert_eq!(CertificateRequest::from_body(&request.to_body()), Ok(request)),
        Err(invalid) => assert!(!invalid.is_empty()),
    }
});
