//! Revocation lists: every entry can be found again.

#![no_main]

use countersign_pki::crl::CertificateList;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(list) = CertificateList::from_der(bytes) else { return };
    assert_eq!(list.as_der(), bytes);
    for entry in list.revoked() {
        assert_eq!(list.find_serial(&entry.serial), Some(entry));
    }
});
