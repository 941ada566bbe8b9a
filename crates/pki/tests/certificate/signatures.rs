//! Signatures others made: every file in `fixtures/certificate/signatures`, named
//! `key.scheme.digest.sig`, verifies over `message`; those that end in `.bad` do not.

use countersign_pki::verify::{KeyKind, KeyLimits};
use countersign_pki::verify::{ecdsa_der_from_fixed, ecdsa_fixed_from_der};
use countersign_pki::{Digest, Error, PublicKey, SignatureAlgorithm};

use crate::world::fixtures;

fn algorithm(scheme: &str, digest: &str) -> SignatureAlgorithm {
    let name = match digest {
        "sha1" => "SHA-1".to_owned(),
        sha3 if sha3.starts_with("sha3-") => sha3.to_uppercase(),
        sha2 => sha2.to_uppercase().replace("SHA", "SHA-"),
    };
    let digest = Digest::by_name(&name).unwrap();
    match scheme {
        "pkcs1" => SignatureAlgorithm::RsaPkcs1(digest),
        "pss" => SignatureAlgorithm::RsaPss(digest),
        "ecdsa" => SignatureAlgorithm::Ecdsa(digest),
        other => panic!("{other}"),
    }
}

#[test]
fn signatures_of_openssl_verify_and_bad_ones_do_not() {
    let folder = fixtures().join("signatures");
    let message = std::fs::read(folder.join("message")).unwrap();
    let (mut good, mut bad) = (0, 0);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let parts: Vec<&str> = name.split('.').collect();
        let [key, scheme, digest, .., verdict] = parts[..] else { continue };
        let spki = std::fs::read(folder.join(key).with_extension("spki")).unwrap();
        let key = PublicKey::from_spki_der(&spki).unwrap();
        let algorithm = algorithm(scheme, digest);
        let signature = std::fs::read(&path).unwrap();
        let result = key.verify(algorithm, &message, &signature);
        if verdict == "bad" {
            assert_eq!(result, Err(Error::SignatureInvalid { what: "a message" }), "{name}");
            bad += 1;
            continue;
        }
        assert_eq!(result, Ok(()), "{name}");
        good += 1;
        assert!(key.verify(algorithm, b"another message", &signature).is_err(), "{name}");
        for position in [0, signature.len() / 2, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[position] ^= 1;
            assert!(key.verify(algorithm, &message, &changed).is_err(), "{name}");
        }
        if let KeyKind::Ec(curve) = key.kind() {
            let fixed = ecdsa_fixed_from_der(curve, &signature).unwrap();
            assert_eq!(ecdsa_der_from_fixed(curve, &fixed).unwrap(), signature);
        }
        let again =
            PublicKey::from_spki_der_within(&spki, KeyLimits { min_rsa_bits: 2048, max_rsa_bits: 2048 });
        assert_eq!(again.unwrap(), key);
    }
    assert!(good >= 30 && bad >= 3, "{good} good, {bad} bad");
}
