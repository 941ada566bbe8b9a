//! Time-stamp responses and bare tokens: what is read keeps its bytes, and its content is written the
//! same way.

#![no_main]

use countersign_pki::tsp::{TimeStampResp, TimeStampToken, TstInfo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(TimeStampResp::Granted(token)) = TimeStampResp::from_der(bytes) {
        look_at(&token);
    }
    if let Ok(token) = TimeStampToken::from_der(bytes) {
        assert_eq!(token.as_der(), bytes);
        look_at(&token);
    }
});

fn look_at(token: &TimeStampToken) {
    let again = token.info().to_der().unwrap();
    assert_eq!(&TstInfo::from_der(&again).unwrap(), token.info());
    let _ = token.imprint().digest();
    if let Some(certificate) = token.tsu_certificate() {
        let _ = token.signed_data().verify_signature(&certificate);
    }
}
