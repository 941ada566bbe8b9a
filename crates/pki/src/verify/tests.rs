use super::*;
use crate::signer::{Signer, SoftwareKey};

fn ec(curve: Curve) -> SoftwareKey {
    SoftwareKey::generate_ec(curve).unwrap()
}

#[test]
fn ecdsa_verifies_only_its_own_message_and_key() {
    for curve in Curve::ALL {
        let key = ec(curve);
        let signature = key.sign(b"message").unwrap();
        let algorithm = key.algorithm();
        key.public_key().verify(algorithm, b"message", &signature).unwrap();
        assert!(key.public_key().verify(algorithm, b"other", &signature).is_err());
        assert!(ec(curve).public_key().verify(algorithm, b"message", &signature).is_err());
        assert!(matches!(
            key.public_key().verify(SignatureAlgorithm::RsaPss(Digest::Sha256), b"message", &signature),
            Err(Error::WrongKeyKind { .. })
        ));
    }
}

#[test]
fn ecdsa_fixed_and_der_forms_convert() {
    for curve in Curve::ALL {
        let der = ec(curve).sign(b"x").unwrap();
        let fixed = ecdsa_fixed_from_der(curve, &der).unwrap();
        assert_eq!(fixed.len(), 2 * curve.coordinate_len());
        assert_eq!(ecdsa_der_from_fixed(curve, &fixed).unwrap(), der);
    }
}

#[test]
fn ecdsa_scalars_out_of_range_are_refused() {
    for curve in Curve::ALL {
        let half = curve.coordinate_len();
        let one = [vec![0; half - 1], vec![1]].concat();
        assert!(ecdsa_der_from_fixed(curve, &[one.clone(), one.clone()].concat()).is_ok());
        for bad in [vec![0; half], curve.order().to_vec(), vec![0xFF; half]] {
            assert!(ecdsa_der_from_fixed(curve, &[one.clone(), bad.clone()].concat()).is_err());
            assert!(ecdsa_der_from_fixed(curve, &[bad.clone(), one.clone()].concat()).is_err());
            let der = asn1::sequence(&[asn1::unsigned(&one), asn1::unsigned(&bad)]);
            assert!(ecdsa_fixed_from_der(curve, &der).is_err());
            assert!(
                ec(curve).public_key().verify(SignatureAlgorithm::Ecdsa(Digest::Sha256), b"x", &der).is_err()
            );
        }
        assert!(ecdsa_der_from_fixed(curve, &one).is_err());
    }
}

#[test]
fn ecdsa_takes_a_sha3_digest() {
    // P-256 signing over an imported digest is not offered by the signer, so sign a message whose
    // SHA-256 we then present as if it were a SHA3-256 value: the arithmetic is the same.
    let key = ec(Curve::P256);
    let signature = key.sign(b"m").unwrap();
    let digest = Digest::Sha256.of(b"m");
    key.public_key().verify_digest(SignatureAlgorithm::Ecdsa(Digest::Sha3_256), &digest, &signature).unwrap();
    assert!(key.public_key().verify(SignatureAlgorithm::Ecdsa(Digest::Sha3_256), b"m", &signature).is_err());
}

#[test]
fn rsa_verifies_in_both_paddings() {
    let key = SoftwareKey::generate_rsa(crate::signer::RsaSize::Bits2048).unwrap();
    assert_eq!(key.public_key().kind(), KeyKind::Rsa { bits: 2048 });
    let algorithms = [Digest::Sha256, Digest::Sha384, Digest::Sha512]
        .into_iter()
        .flat_map(|d| [SignatureAlgorithm::RsaPkcs1(d), SignatureAlgorithm::RsaPss(d)]);
    for algorithm in algorithms {
        let key = key.with_algorithm(algorithm).unwrap();
        let mut signature = key.sign(b"message").unwrap();
        key.public_key().verify(algorithm, b"message", &signature).unwrap();
        assert!(key.public_key().verify(algorithm, b"other", &signature).is_err());
        // The other implementation agrees.
        key.public_key()
            .verify_rsa_elsewhere(algorithm, &algorithm.digest().of(b"message"), &signature)
            .unwrap();
        signature[100] ^= 1;
        assert!(key.public_key().verify(algorithm, b"message", &signature).is_err());
        assert!(key.public_key().verify(algorithm, b"message", &signature[1..]).is_err());
    }
}

fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = asn1::sequence(&[asn1::unsigned(modulus), asn1::unsigned(exponent)]);
    let algorithm = asn1::sequence(&[asn1::oid(&RSA_ENCRYPTION), asn1::null()]);
    asn1::sequence(&[algorithm, asn1::bit_string(&key)])
}

#[test]
fn weak_rsa_keys_are_refused() {
    let modulus = |bytes: usize| [vec![0xC1; bytes - 1], vec![0x01]].concat();
    let f4 = [1, 0, 1];
    assert!(PublicKey::from_spki_der(&rsa_spki(&modulus(256), &f4)).is_ok());
    assert!(PublicKey::from_spki_der(&rsa_spki(&modulus(1024), &f4)).is_ok());
    let mut even = modulus(256);
    even[255] = 2;
    let cases: [(&str, Vec<u8>, &[u8]); 8] = [
        ("1024 bits", modulus(128), &f4),
        ("2047 bits", [vec![0x41], modulus(255)].concat(), &f4),
        ("8200 bits", modulus(1025), &f4),
        ("an even modulus", even, &f4),
        ("exponent 0", modulus(256), &[]),
        ("exponent 1", modulus(256), &[1]),
        ("an even exponent", modulus(256), &[1, 0, 0]),
        ("an exponent of 40 bits", modulus(256), &[0x80, 0, 0, 0, 1]),
    ];
    for (name, n, e) in cases {
        assert!(matches!(PublicKey::from_spki_der(&rsa_spki(&n, e)), Err(Error::WeakKey { .. })), "{name}");
    }
    assert!(PublicKey::from_spki_der_within(&rsa_spki(&modulus(128), &f4), KeyLimits::HISTORIC).is_ok());
}

#[test]
fn a_point_off_the_curve_is_refused() {
    for curve in Curve::ALL {
        let key = ec(curve);
        let good = key.public_key().subject_public_key().to_vec();
        assert_eq!(PublicKey::from_ec_point(curve, &good).unwrap(), *key.public_key());
        let mut off = good.clone();
        *off.last_mut().unwrap() ^= 1;
        assert!(matches!(PublicKey::from_ec_point(curve, &off), Err(Error::WeakKey { .. })));
        let mut compressed = good[..=curve.coordinate_len()].to_vec();
        compressed[0] = 2;
        assert!(PublicKey::from_ec_point(curve, &compressed).is_err());
        assert!(PublicKey::from_ec_point(curve, &[0]).is_err());
    }
}

#[test]
fn a_wrong_digest_length_is_named() {
    let key = ec(Curve::P256);
    assert!(matches!(
        key.public_key().verify_digest(SignatureAlgorithm::Ecdsa(Digest::Sha256), &[0; 20], &[]),
        Err(Error::Mismatch { what: "digest length", .. })
    ));
}
