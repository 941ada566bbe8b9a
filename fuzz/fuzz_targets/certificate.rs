//! Certificates: what is read is read once, keeps its bytes, and answers every question.

#![no_main]

use countersign_pki::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(certificate) = Certificate::from_der(bytes) else { return };
    assert_eq!(certificate.as_der(), bytes);
    assert_eq!(Certificate::from_pem(&certificate.to_pem()).unwrap(), certificate);
    let _ = certificate.is_signed_by(&certificate);
    let _ = (certificate.unknown_critical_extensions(), certificate.key_usage(), certificate.policies());
    let _ = (certificate.subject().readable(), certificate.issuer().rfc4514(), certificate.document_number());
});
