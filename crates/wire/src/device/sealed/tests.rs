use rand_core::SeedableRng;

use super::*;

fn rng() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(21)
}

#[test]
fn the_info_string_names_purpose_and_context() {
    let kid = KeyId::parse("key-1").unwrap();
    let tx = TransactionId::parse("tx-1").unwrap();
    let device = DeviceId::parse("device-1").unwrap();
    for (purpose, info) in [
        (SealedFor::KeyShare { key_use: KeyUse::Auth }, "countersign/device/v1|key-share|AUTH"),
        (SealedFor::KeyShare { key_use: KeyUse::Sign }, "countersign/device/v1|key-share|SIGN"),
        (SealedFor::Proof { kid: &kid }, "countersign/device/v1|proof|key-1"),
        (SealedFor::Confirm { tx: &tx, kid: &kid }, "countersign/device/v1|confirm|tx-1|key-1"),
        (SealedFor::PinCheck { kid: &kid }, "countersign/device/v1|pin-check|key-1"),
        (SealedFor::Refresh { kid: &kid }, "countersign/device/v1|refresh|key-1"),
        (SealedFor::Token { device: &device }, "countersign/device/v1|token|device-1"),
    ] {
        assert_eq!(purpose.info(), info);
    }
}

#[test]
fn a_sealed_value_opens_for_its_own_purpose_only() {
    let mut rng = rng();
    let key = SealingKey::generate(&mut rng);
    let (kid, other) = (KeyId::parse("key-1").unwrap(), KeyId::parse("key-2").unwrap());
    let (tx, device) = (TransactionId::parse("tx-1").unwrap(), DeviceId::parse("key-1").unwrap());
    let purposes = [
        SealedFor::KeyShare { key_use: KeyUse::Auth },
        SealedFor::KeyShare { key_use: KeyUse::Sign },
        SealedFor::Proof { kid: &kid },
        SealedFor::Proof { kid: &other },
        SealedFor::Confirm { tx: &tx, kid: &kid },
        SealedFor::Confirm { tx: &tx, kid: &other },
        SealedFor::PinCheck { kid: &kid },
        SealedFor::Refresh { kid: &kid },
        SealedFor::Token { device: &device },
    ];
    for purpose in purposes {
        let sealed = seal(&mut rng, key.point(), "core-1", purpose, b"a secret").unwrap();
        assert_eq!((sealed.id.as_str(), sealed.enc.0.len(), sealed.ct.0.len()), ("core-1", 65, 8 + 16));
        for tried in purposes {
            match key.open(&sealed, tried) {
                Ok(plaintext) => assert_eq!((purpose, plaintext.as_slice()), (tried, &b"a secret"[..])),
                Err(error) => assert_eq!((purpose == tried, error), (false, Error::Unsealable)),
            }
        }
    }
}

#[test]
fn a_sealed_value_opens_under_its_own_key_only() {
    let mut rng = rng();
    let (key, other) = (SealingKey::generate(&mut rng), SealingKey::generate(&mut rng));
    let purpose = SealedFor::KeyShare { key_use: KeyUse::Auth };
    let sealed = seal(&mut rng, key.point(), "core-1", purpose, b"a secret").unwrap();
    assert_eq!(other.open(&sealed, purpose).err(), Some(Error::Unsealable));
    let stored = SealingKey::from_secret(&key.to_secret()).unwrap();
    assert_eq!(stored.point(), key.point());
    assert_eq!(stored.open(&sealed, purpose).unwrap().as_slice(), b"a secret");
    assert!(SealingKey::from_secret(&[0; 32]).is_err());
}

#[test]
fn a_changed_octet_does_not_open() {
    let mut rng = rng();
    let key = SealingKey::generate(&mut rng);
    let purpose = SealedFor::KeyShare { key_use: KeyUse::Sign };
    let sealed = seal(&mut rng, key.point(), "core-1", purpose, b"a secret").unwrap();
    for index in 0..sealed.ct.0.len() {
        let mut changed = sealed.clone();
        changed.ct.0[index] ^= 1;
        assert_eq!(key.open(&changed, purpose).err(), Some(Error::Unsealable), "{index}");
    }
    for index in [0, 1, 33, 64] {
        let mut changed = sealed.clone();
        changed.enc.0[index] ^= 1;
        assert_eq!(key.open(&changed, purpose).err(), Some(Error::Unsealable), "{index}");
    }
    for enc in [Vec::new(), vec![0], vec![4; 65], sealed.enc.0[..64].to_vec()] {
        let changed = Sealed { enc: enc.into(), ..sealed.clone() };
        assert_eq!(key.open(&changed, purpose).err(), Some(Error::Unsealable));
    }
    let emptied = Sealed { ct: Vec::new().into(), ..sealed };
    assert_eq!(key.open(&emptied, purpose).err(), Some(Error::Unsealable));
}

#[test]
fn two_seals_of_one_value_differ() {
    let mut rng = rng();
    let key = SealingKey::generate(&mut rng);
    let purpose = SealedFor::KeyShare { key_use: KeyUse::Sign };
    let first = seal(&mut rng, key.point(), "core-1", purpose, b"a secret").unwrap();
    let second = seal(&mut rng, key.point(), "core-1", purpose, b"a secret").unwrap();
    assert_ne!(first, second);
}

/// Sealed by another implementation: RFC 9180 §4 and §5 written out in Python over `hashlib` and `cryptography`.
#[test]
fn a_value_sealed_by_another_implementation_opens() {
    let secret = hex::decode("665d0698dbc8fb95afc25c3a4d9cf280d87a585b7999243ca6008fd03258975f").unwrap();
    let key = SealingKey::from_secret(&secret.try_into().unwrap()).unwrap();
    let sealed: Sealed = serde_json::from_str(
        r#"{"id":"core-1","enc":"BJp4HKbQVafzDQyf-Hk2xzn2gW719ecrS5RkBLChqDsqwZ-EKUXqK_ZaoWSbKwL_eYVMjV7PzUA4YuipfqZsccE","ct":"G7qZWuHZnE1_tAAguIoc1To9eEDdsUh0Unm5yAjhqdmAVU2-OsI"}"#,
    )
    .unwrap();
    let (tx, kid) = (TransactionId::parse("tx-1").unwrap(), KeyId::parse("key-1").unwrap());
    let opened = key.open(&sealed, SealedFor::Confirm { tx: &tx, kid: &kid }).unwrap();
    assert_eq!(opened.as_slice(), br#"{"salt":"AQ","y":"Ag"}"#);
}
