//! OCSP responses: what is read keeps its bytes and answers every question.

#![no_main]

use countersign_pki::ocsp::BasicOcspResponse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Ok(response)) = BasicOcspResponse::from_der(bytes) else { return };
    assert_eq!(response.as_der(), bytes);
    let data = response.data();
    let _ = (data.produced_at(), data.nonce(), data.has_extended_revoke());
    for single in data.responses() {
        let _ = (single.this_update(), single.next_update(), single.archive_cutoff(), single.status());
        single.cert_id().serial().unwrap();
    }
});
