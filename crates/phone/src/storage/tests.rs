use countersign_split_key::{Binding, DeviceKey as SplitKey, Parameters, Pin};
use countersign_wire::device::{Kdf as WireKdf, PinLength};
use countersign_wire::words::HashAlgorithm;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::Value;

use super::*;

/// A phone with one key, without a service.
pub(crate) fn storage() -> Storage {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let parameters = Parameters::for_tests(768).single_modulus();
    let key = SplitKey::generate(&parameters, &mut rng).unwrap();
    let kid = KeyId::parse("key-1").unwrap();
    let kdf = Kdf { iterations: NonZeroU32::MIN };
    let binding = Binding { kid: kid.as_str().as_bytes(), hardware: &[] };
    let masked = MaskedShare::mask(key.phone, &Pin::parse("4711").unwrap(), binding, kdf, &mut rng);
    let core = SealingKey::generate(&mut rng);
    let (proof_key, sealing_key) = (DeviceKey::generate(&mut rng), SealingKey::generate(&mut rng));
    Storage {
        proof_key: Secret::new(&proof_key.to_secret()),
        sealing_key: Secret::new(&sealing_key.to_secret()),
        device_id: DeviceId::parse("device-1").unwrap(),
        document_number: DocumentNumber::parse("PNOEE-40504040001-DEM0-Q").unwrap(),
        core_keys: vec![CoreKey { id: "core-1".into(), point: core.point().clone() }],
        parameters: KeyParameters {
            half_bits: 768,
            share_bits: 896,
            composite: false,
            hash: HashAlgorithm::Sha256,
            kdf: WireKdf { name: "PBKDF2-HMAC-SHA256".into(), iterations: 1 },
            pin1: PinLength { min: 4, max: 12 },
            pin2: PinLength { min: 5, max: 12 },
        },
        token: Token::generate(&mut rng),
        pending: None,
        keys: vec![StoredKey {
            kid,
            key_use: KeyUse::Auth,
            n1: B64u(key.n1.as_be_bytes().to_vec()),
            n: B64u(key.n1.as_be_bytes().to_vec()),
            proven: true,
            share: StoredShare::new(&masked),
            next: None,
        }],
    }
}

fn pending(kind: PendingKind) -> Pending {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    Pending {
        req: RequestId::generate(&mut rng),
        sent_at: Timestamp::from_second(1_795_341_600).unwrap(),
        token: Token::generate(&mut rng),
        salt: B64u(vec![5; 32]),
        kind,
    }
}

fn json(storage: &Storage) -> Value {
    serde_json::to_value(storage).unwrap()
}

#[test]
fn a_storage_is_read_back_with_every_kind_of_open_request() {
    let kid = KeyId::parse("key-1").unwrap();
    let sealed = Sealed { id: "core-1".into(), enc: B64u(vec![1]), ct: B64u(vec![2]) };
    let csr = CsrTask {
        tx: TransactionId::parse("tx-1").unwrap(),
        info: B64u(vec![3]),
        hash: HashAlgorithm::Sha256,
        digest: B64u(vec![4]),
    };
    let pin = |step| PendingKind::Pin { kid: kid.clone(), nonce: B64u(vec![6; 32]), step };
    for kind in [
        PendingKind::KeyProof { kid: kid.clone(), csr },
        PendingKind::Confirm {
            tx: TransactionId::parse("tx-1").unwrap(),
            kid: kid.clone(),
            interaction: Some(InteractionType::DisplayTextAndPin),
            verifier: Some(Secret::new(&[7; 32])),
        },
        pin(PinStep::Check),
        pin(PinStep::Propose { refresh: sealed }),
        pin(PinStep::Commit),
    ] {
        let mut storage = storage();
        storage.keys[0].next = Some(storage.keys[0].share.clone());
        storage.pending = Some(pending(kind));
        let text = serde_json::to_string(&storage).unwrap();
        let read: Storage = serde_json::from_str(&text).unwrap();
        assert_eq!(json(&read), json(&storage));
        assert!(read.token == storage.token);
        assert_eq!(read.proof_key().unwrap().jwk(), storage.proof_key().unwrap().jwk());
    }
}

#[test]
fn a_request_is_on_its_way_for_two_seconds() {
    let pending = pending(PendingKind::Pin {
        kid: KeyId::parse("key-1").unwrap(),
        nonce: B64u(vec![6; 32]),
        step: PinStep::Check,
    });
    let after =
        |milliseconds| pending.on_its_way(pending.sent_at + SignedDuration::from_millis(milliseconds));
    let until = pending.sent_at + SignedDuration::from_secs(2);
    assert_eq!([after(-1), after(0), after(1999), after(2000)], [None, Some(until), Some(until), None]);
    // One that was written down by an earlier release says nothing of its time.
    let mut written = serde_json::to_value(&pending).unwrap();
    written.as_object_mut().unwrap().remove("sentAt").unwrap();
    let read: Pending = serde_json::from_value(written).unwrap();
    assert_eq!(read.on_its_way(pending.sent_at), None);
}

#[test]
fn a_share_comes_out_of_the_storage_as_it_went_in() {
    let storage = storage();
    let key = storage.key(&KeyId::parse("key-1").unwrap()).unwrap();
    let masked = key.share.masked(768).unwrap();
    assert_eq!(masked.blob(), key.share.blob.as_ref());
    assert_eq!(key.modulus_bits().unwrap(), 768);
    let short = StoredShare { salt: B64u(vec![0; 15]), ..key.share.clone() };
    assert!(matches!(short.masked(768), Err(Error::Storage(_))));
    let cut = StoredShare { blob: B64u(key.share.blob.0[1..].to_vec()), ..key.share.clone() };
    assert!(cut.masked(768).is_err());
    assert!(matches!(storage.key(&KeyId::parse("key-2").unwrap()), Err(Error::UnknownKey(_))));
}

#[test]
fn a_verifier_survives_the_storage() {
    let verifier = UserChallengeVerifier::generate(&mut ChaCha20Rng::seed_from_u64(3));
    let kept = Secret::of_verifier(&verifier).unwrap();
    let text = serde_json::to_string(&kept).unwrap();
    let read: Secret = serde_json::from_str(&text).unwrap();
    assert_eq!(read.to_verifier().unwrap().as_str(), verifier.as_str());
    assert_eq!(format!("{read:?}"), "Secret(…)");
    for wrong in ["\"\"", "\"AAAA\"", "1"] {
        assert!(serde_json::from_str::<Secret>(wrong).is_err());
    }
}

#[test]
fn a_file_holds_the_last_storage_and_is_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.json");
    assert!(FileVault::load(&path).unwrap().is_none());
    let mut vault = FileVault::new(&path);
    let mut storage = storage();
    vault.save(&storage).unwrap();
    storage.token = Token::generate(&mut ChaCha20Rng::seed_from_u64(9));
    vault.save(&storage).unwrap();
    assert_eq!(json(&FileVault::load(&path).unwrap().unwrap()), json(&storage));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["phone.json"]);
}

#[test]
fn what_a_crash_left_behind_is_replaced_and_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.json");
    let mut vault = FileVault::new(&path);
    let storage = storage();
    vault.save(&storage).unwrap();
    // Half a write, next to a whole one.
    fs::write(folder.path().join("phone.next"), b"{\"proofKey\":\"AA").unwrap();
    assert_eq!(json(&FileVault::load(&path).unwrap().unwrap()), json(&storage));
    vault.save(&storage).unwrap();
    assert_eq!(json(&FileVault::load(&path).unwrap().unwrap()), json(&storage));
}

#[test]
fn a_damaged_file_is_refused_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.json");
    for text in ["{\"proofKey\":\"my-secret-key\"}", "", "[]", "{\"token\":\"my-secret-key"] {
        fs::write(&path, text).unwrap();
        let Err(error @ Error::Storage(_)) = FileVault::load(&path) else { panic!("{text}") };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let folder_instead = FileVault::load(folder.path());
    assert!(matches!(folder_instead, Err(Error::Vault(_))));
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut vault = FileVault::new(folder.path().join("missing").join("phone.json"));
    assert!(vault.save(&storage()).is_err());
}
