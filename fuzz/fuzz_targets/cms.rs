//! Signed data of CMS, as it lies in PDF documents and time-stamps: what is read answers every question, and nobody has
//! signed it.

#![no_main]

use countersign_pki::Certificate;
use countersign_pki::cms::SignedData;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(signed) = SignedData::from_der(bytes) else { return };
    let attributes = signed.signed_attributes();
    let _ = (attributes.content_type(), attributes.message_digest(), attributes.signing_time());
    let content = signed.content().unwrap_or_default();
    if signed.check_content(content).is_ok() {
        assert_eq!(attributes.message_digest(), signed.digest().of(content));
    }
    for certificate in signed.certificates().iter().flat_map(|der| Certificate::from_der(der)) {
        let _ = (signed.names_signer(&certificate), signed.verify_signature(&certificate));
    }
    for attribute in signed.unsigned_attributes() {
        assert!(!format!("{attribute:?}").is_empty());
    }
});
