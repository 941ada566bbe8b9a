//! What holds for any input.

use countersign_pki::certificate::{Certificate, Name, name};
use countersign_pki::profile::Use;
use proptest::prelude::*;

use crate::world::{issue, world};

proptest! {
    /// Whatever byte is changed, the certificate no longer reads or no longer verifies.
    #[test]
    fn a_flipped_byte_never_verifies(position in any::<prop::sample::Index>(), mask in 1u8..) {
        static CERTIFICATE: std::sync::OnceLock<Certificate> = std::sync::OnceLock::new();
        let certificate = CERTIFICATE.get_or_init(|| issue(true, Use::Signature));
        let mut der = certificate.as_der().to_vec();
        let position = position.index(der.len());
        der[position] ^= mask;
        if let Ok(changed) = Certificate::from_der(&der) {
            prop_assert!(changed.is_signed_by(&world().qualified).is_err());
        }
    }

    /// Nothing a stranger sends makes the parser panic.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Certificate::from_der(&bytes);
        let _ = Name::from_der(&bytes);
    }

    /// A certificate cut or mixed with other bytes makes no panic either.
    #[test]
    fn spliced_certificates_are_read_or_refused(
        from in any::<prop::sample::Index>(),
        patch in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut der = world().qualified.as_der().to_vec();
        let from = from.index(der.len());
        for (place, byte) in der[from..].iter_mut().zip(patch) {
            *place = byte;
        }
        let _ = Certificate::from_der(&der);
        let _ = Certificate::from_der(&der[..from]);
    }

    #[test]
    fn a_name_reads_back(common_name in "\\PC{1,60}", organization in "\\PC{1,60}") {
        let attributes = [(name::COMMON_NAME, &*common_name), (name::ORGANIZATION, &*organization)];
        let name = Name::of(&attributes).unwrap();
        let again = Name::from_der(name.as_der()).unwrap();
        prop_assert_eq!(again.common_name().unwrap(), common_name);
        prop_assert_eq!(again.organization().unwrap(), organization);
        prop_assert_eq!(again, name);
    }
}

/// The same over every single byte, with one bit each.
#[test]
fn no_single_bit_flip_verifies() {
    let certificate = issue(true, Use::Authentication);
    for position in 0..certificate.as_der().len() {
        let mut der = certificate.as_der().to_vec();
        der[position] ^= 1 << (position % 8);
        if let Ok(changed) = Certificate::from_der(&der) {
            assert!(changed.is_signed_by(&world().qualified).is_err(), "byte {position}");
        }
    }
}
