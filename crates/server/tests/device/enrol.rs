//! From an activation code to a phone with two certified keys.

use countersign_domain::account::AccountState as Account;
use countersign_domain::revocation::CertificateStatus;
use countersign_pki::Certificate;
use countersign_split_key::DeviceKey as SplitKey;
use countersign_wire::base64::from_b64;
use countersign_wire::device::proof::DeviceKey;
use countersign_wire::device::sealed::SealingKey;
use countersign_wire::device::{
    AccountState, ActivationRequest, Jwk, KeyAnswer, KeyProofRequest, KeyRequest, KeyShare, KeyState,
    RegistrationAnswer,
};

use super::*;

#[tokio::test]
async fn a_code_becomes_a_phone_with_two_certificates() {
    let mut person = Person::new().await;
    assert_eq!(person.certificates.len(), 2);
    let now = person.now();
    let account = person.phone.account(now, &mut person.rng).await.expect("an account");
    assert_eq!(account.state, AccountState::Certified);
    assert_eq!(account.document_number.as_str(), DOCUMENT);
    for (key, issued) in account.keys.iter().zip(&person.certificates) {
        assert_eq!((key.state, key.tries_left, key.key_use), (KeyState::Active, 3, issued.key_use));
        assert_eq!(key.certificate.as_ref(), Some(&issued.value));
        let certificate = Certificate::from_der(&from_b64(&issued.value).unwrap()).unwrap();
        assert_eq!(certificate.document_number().as_deref(), Some(DOCUMENT));
        assert_eq!(key.not_after, Some(certificate.not_after()));
        let (modulus, _) = certificate.public_key().rsa_components().expect("RSA");
        let stored = person.storage();
        let stored = stored.keys.iter().find(|stored| stored.kid == key.kid).expect("a key");
        assert_eq!((stored.n.as_ref(), modulus.len()), (modulus.as_slice(), 256));
        assert!(stored.proven && stored.next.is_none());
    }
    let document = DocumentNumber::parse(DOCUMENT).unwrap();
    let certificates = read(&person.world, move |tx| tx.certificates().of_account(&document)).await;
    assert_eq!(certificates.len(), 2);
    assert!(certificates.iter().all(|certificate| certificate.status == CertificateStatus::Good));
    for (kind, times) in [
        ("DeviceEnrolled", 1),
        ("KeyMade", 2),
        ("KeyProven", 2),
        ("CertificateIssued", 2),
        ("AccountActivated", 1),
        ("TryCounted", 0),
    ] {
        assert_eq!(count(&person.world, kind).await, times, "{kind}");
    }
}

#[tokio::test]
async fn an_account_of_the_lower_level_gets_its_certificates_from_the_other_ca() {
    let person = Person::in_world(world(), "PNOEE-40504040001-DEM0-NQ", 1).await;
    let authorities = dev::authorities().unwrap();
    let ca = authorities.issuing(CertificateLevel::Advanced);
    let ca = ca.certificate();
    for issued in &person.certificates {
        let certificate = Certificate::from_der(&from_b64(&issued.value).unwrap()).unwrap();
        assert_eq!(certificate.issuer_der(), ca.subject_der());
    }
}

/// Activates with new device keys.
async fn activate(world: &World, code: &str, seed: u64) -> (Raw, Answer) {
    let mut rng = rng(seed);
    let key = DeviceKey::generate(&mut rng);
    let request = ActivationRequest {
        activation_code: code.to_owned(),
        dk: key.jwk().clone(),
        ek: Jwk::from(SealingKey::generate(&mut rng).point().clone()),
        platform: "test".into(),
        app_version: "1".into(),
    };
    let mut raw = Raw::with(key).fresh(world).await;
    let answer = raw.post(world, "/activations", &request).await;
    (raw, answer)
}

#[tokio::test]
async fn a_code_works_once() {
    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let (mut raw, answer) = activate(&world, &code, 1).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    problem(&activate(&world, &code, 2).await.1, DeviceErrorCode::ActivationInvalid);
    // The same device again: its answer was lost.
    assert_eq!(activate(&world, &code, 1).await.1.status, 200);
    assert_eq!(raw.get(&world, "/account").await.json()["state"], "DRAFT");
}

#[tokio::test]
async fn a_code_has_five_tries_and_fifteen_minutes() {
    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let mut wrong = code.clone();
    let last = if wrong.pop() == Some('0') { '1' } else { '0' };
    wrong.push(last);
    for _ in 0..5 {
        problem(&activate(&world, &wrong, 1).await.1, DeviceErrorCode::ActivationInvalid);
    }
    problem(&activate(&world, &code, 1).await.1, DeviceErrorCode::ActivationInvalid);

    let code = activation_code(&world, OTHER).await;
    world.advance(15 * 60);
    problem(&activate(&world, &code, 1).await.1, DeviceErrorCode::ActivationInvalid);
    for code in ["", "AAAAAAAA-AAAAAAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(5000)] {
        problem(&activate(&world, code, 1).await.1, DeviceErrorCode::ActivationInvalid);
    }
}

#[tokio::test]
async fn an_activation_is_proven_with_the_key_it_registers() {
    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let mut rng = rng(1);
    let (ours, theirs) = (DeviceKey::generate(&mut rng), DeviceKey::generate(&mut rng));
    let request = ActivationRequest {
        activation_code: code,
        dk: theirs.jwk().clone(),
        ek: Jwk::from(SealingKey::generate(&mut rng).point().clone()),
        platform: "test".into(),
        app_version: "1".into(),
    };
    let mut raw = Raw::with(ours).fresh(&world).await;
    problem(&raw.post(&world, "/activations", &request).await, DeviceErrorCode::ProofInvalid);
    let mut raw = Raw::with(theirs).fresh(&world).await;
    for platform in ["", "a\nb", &"x".repeat(65)] {
        let request = ActivationRequest { platform: platform.into(), ..request.clone() };
        problem(&raw.post(&world, "/activations", &request).await, DeviceErrorCode::BadRequest);
    }
    assert_eq!(raw.post(&world, "/activations", &request).await.status, 200);
}

#[tokio::test]
async fn enrolment_that_breaks_off_anywhere_can_be_finished() {
    // Every request in turn is lost on its way there and on its way back, until none is left to lose.
    for fate in [Fate::RequestLost, Fate::AnswerLost] {
        for step in 0.. {
            let world = world();
            let code = activation_code(&world, DOCUMENT).await;
            let (line, vault, mut rng) = (Line::to(&world), MemoryVault::default(), rng(step));
            line.lose(step as usize, fate);
            let now = world.app().now();
            let boxed: Box<dyn Vault> = Box::new(vault.clone());
            let enrolled =
                Phone::activate(line.clone(), boxed, &enrolment(&code), pins(), now, &mut rng).await;
            let certificates = match enrolled {
                Ok((_, certificates)) => certificates,
                Err(Error::NoAnswer(_)) => {
                    let storage = vault.saved().expect("the activation itself is repeated");
                    let mut phone = Phone::open(line.clone(), storage, Box::new(vault)).expect("a phone");
                    world.advance(2);
                    let now = world.app().now();
                    phone.finish_enrolment(pins(), parameters(), now, &mut rng).await.expect("finished")
                }
                Err(error) => panic!("{fate:?} {step}: {error}"),
            };
            assert_eq!(certificates.len(), 2);
            assert_eq!(count(&world, "CloneSuspected").await, 0);
            assert_eq!(count(&world, "AccountActivated").await, 1);
            if line.sent() <= step as usize {
                break;
            }
        }
    }
}

/// A device that was activated and makes its keys by hand.
struct Maker {
    world: World,
    raw: Raw,
    core: countersign_wire::device::CoreKey,
    rng: ChaCha20Rng,
}

impl Maker {
    async fn new(world: World, document: &str, seed: u64) -> Self {
        let code = activation_code(&world, document).await;
        let (raw, answer) = activate(&world, &code, seed).await;
        let core = serde_json::from_value(answer.json()["coreKeys"][0].clone()).expect("a core key");
        Self { world, raw, core, rng: rng(seed + 100) }
    }

    async fn make(&mut self, n1: &[u8], b: &[u8]) -> Answer {
        let share = KeyShare { n1: n1.to_vec(), b: b.to_vec() };
        let purpose = SealedFor::KeyShare { key_use: KeyUse::Auth };
        let sealed =
            sealed::seal(&mut self.rng, &self.core.point, &self.core.id, purpose, &share.to_plaintext());
        let request = KeyRequest { key_use: KeyUse::Auth, sealed: sealed.expect("sealed") };
        self.raw.post(&self.world, "/keys", &request).await
    }
}

#[tokio::test]
async fn a_weak_or_used_modulus_is_refused() {
    let world = world();
    let mut maker = Maker::new(world.clone(), DOCUMENT, 1).await;
    let key = SplitKey::generate(&parameters(), &mut maker.rng).unwrap();
    let (n1, b) = (key.n1.as_be_bytes().to_vec(), key.service.to_be_bytes().to_vec());
    let other = SplitKey::generate(&parameters(), &mut maker.rng).unwrap().n1;
    let mut even = n1.clone();
    *even.last_mut().unwrap() &= !1;
    let mut small = n1.clone();
    small[0] = 0x80;
    // 3·k of the right length.
    let triple = vec![0xff; 128];
    for (modulus, share) in [
        (even.as_slice(), b.as_slice()),
        (&small, &b),
        (&n1[1..], &b),
        (&[n1.as_slice(), &[1]].concat(), &b),
        (&triple, &b),
        (&n1, &b[1..]),
        (&n1, &vec![0; b.len()]),
        (&n1, &vec![0xff; b.len()]),
        (&[], &[]),
    ] {
        let told = problem(&maker.make(modulus, share).await, DeviceErrorCode::KeyRefused);
        assert!(told["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    }
    assert_eq!(maker.make(&n1, &b).await.status, 200);
    // Once used, it is used; also by the same device.
    problem(&maker.make(&n1, &b).await, DeviceErrorCode::KeyRefused);
    let mut second = Maker::new(world.clone(), OTHER, 2).await;
    problem(&second.make(&n1, &b).await, DeviceErrorCode::KeyRefused);
    assert_eq!(second.make(other.as_be_bytes(), &b).await.status, 200);
    assert_eq!(count(&world, "KeyMade").await, 2);
}

#[tokio::test]
async fn a_share_sealed_for_something_else_is_refused() {
    let mut maker = Maker::new(world(), DOCUMENT, 1).await;
    let key = SplitKey::generate(&parameters(), &mut maker.rng).unwrap();
    let share = KeyShare { n1: key.n1.as_be_bytes().to_vec(), b: key.service.to_be_bytes().to_vec() };
    let purpose = SealedFor::KeyShare { key_use: KeyUse::Sign };
    let (point, id) = (maker.core.point.clone(), maker.core.id.clone());
    let sealed = sealed::seal(&mut maker.rng, &point, &id, purpose, &share.to_plaintext()).unwrap();
    let request = KeyRequest { key_use: KeyUse::Auth, sealed: sealed.clone() };
    problem(&maker.raw.post(&maker.world, "/keys", &request).await, DeviceErrorCode::BadRequest);
    let mut request = KeyRequest { key_use: KeyUse::Sign, sealed };
    request.sealed.id = "another".into();
    problem(&maker.raw.post(&maker.world, "/keys", &request).await, DeviceErrorCode::BadRequest);
}

#[tokio::test]
async fn an_enrolment_goes_on_with_the_pin_that_the_first_key_has() {
    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let (line, vault, mut random) = (Line::to(&world), MemoryVault::default(), rng(1));
    let now = world.app().now();
    // Requests: two for the activation, a key and its proof; the second key is not even asked for.
    line.lose(4, Fate::RequestLost);
    let boxed: Box<dyn Vault> = Box::new(vault.clone());
    let enrolled = Phone::activate(line.clone(), boxed, &enrolment(&code), pins(), now, &mut random).await;
    assert!(matches!(enrolled, Err(Error::NoAnswer(_))));
    let storage = vault.saved().expect("saved");
    assert_eq!(storage.keys.iter().map(|key| key.proven).collect::<Vec<_>>(), [true]);
    let mut phone = Phone::open(line, storage, Box::new(vault)).expect("a phone");
    let other = Pins { pin1: pin(WRONG), ..pins() };
    let refused = phone.finish_enrolment(other, parameters(), now, &mut random).await;
    assert!(
        matches!(refused, Err(Error::WrongPin { tries_left: 2 })),
        "a PIN that opens nothing is not taken"
    );
    let made = phone.finish_enrolment(pins(), parameters(), now, &mut random).await.expect("finished");
    assert_eq!(made.len(), 2);
}

#[tokio::test]
async fn a_key_whose_proof_is_wrong_is_thrown_away() {
    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let (line, vault, mut random) = (Line::to(&world), MemoryVault::default(), rng(1));
    let now = world.app().now();
    // The first proof never arrives; one with a wrong number does. Requests: two for the activation, one for the key.
    line.lose(3, Fate::RequestLost);
    let boxed: Box<dyn Vault> = Box::new(vault.clone());
    let enrolled = Phone::activate(line.clone(), boxed, &enrolment(&code), pins(), now, &mut random).await;
    assert!(matches!(enrolled, Err(Error::NoAnswer(_))));
    let storage = vault.saved().expect("saved");
    let pending = storage.pending.clone().expect("a pending proof");
    let countersign_phone::PendingKind::KeyProof { kid, csr } = pending.kind else { panic!("a proof") };
    let part = PartialSignature { salt: vec![1; 32], y: vec![2; 128] };
    let core = &storage.core_keys[0];
    let purpose = SealedFor::Proof { kid: &kid };
    let sealed = sealed::seal(&mut random, &core.point, &core.id, purpose, &part.to_plaintext()).unwrap();
    let request = KeyProofRequest { tx: csr.tx, req: pending.req, token: pending.token, sealed };
    let mut raw = Raw::of(&storage).fresh(&world).await;
    let answer = raw.post(&world, &format!("/keys/{kid}/proof"), &request).await;
    let told = problem(&answer, DeviceErrorCode::KeyRefused);
    assert!(told["token"].is_object());
    assert_eq!(count(&world, "KeyDiscarded").await, 1);
    // The phone learns of it, keeps the token and makes another key.
    let mut phone = Phone::open(line, storage, Box::new(vault)).expect("a phone");
    world.advance(2);
    let now = world.app().now();
    let made = phone.finish_enrolment(pins(), parameters(), now, &mut random).await.expect("finished");
    assert_eq!(made.len(), 2);
    assert_eq!(count(&world, "KeyMade").await, 3);
}

#[tokio::test]
async fn an_account_without_both_keys_is_not_completed() {
    let mut maker = Maker::new(world(), DOCUMENT, 1).await;
    let (world, raw) = (maker.world.clone(), &mut maker.raw);
    problem(&raw.post(&world, "/registration/complete", &json!({})).await, DeviceErrorCode::BadRequest);
    let key = SplitKey::generate(&parameters(), &mut maker.rng).unwrap();
    let answer = maker.make(key.n1.as_be_bytes(), &key.service.to_be_bytes()).await;
    let made: KeyAnswer = serde_json::from_value(answer.json()).unwrap();
    assert_eq!(made.n.as_ref().len(), 256);
    let answer = maker.raw.post(&world, "/registration/complete", &json!({})).await;
    problem(&answer, DeviceErrorCode::BadRequest);
    let document = DocumentNumber::parse(DOCUMENT).unwrap();
    let account = read(&world, move |tx| tx.accounts().get(&document)).await;
    assert_eq!(account.state, Account::Registering);
}

#[tokio::test]
async fn completing_again_gives_the_same_certificates() {
    let person = Person::new().await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    let answer = raw.post(&person.world, "/registration/complete", &json!({})).await;
    let again: RegistrationAnswer = serde_json::from_value(answer.json()).unwrap();
    assert_eq!(again.certificates, person.certificates);
    // And there is no third key.
    let share = KeyShare { n1: vec![0xff; 128], b: vec![1; 152] };
    let (storage, mut rng) = (person.storage(), rng(3));
    let core = &storage.core_keys[0];
    let purpose = SealedFor::KeyShare { key_use: KeyUse::Sign };
    let sealed = sealed::seal(&mut rng, &core.point, &core.id, purpose, &share.to_plaintext()).unwrap();
    let answer = raw.post(&person.world, "/keys", &KeyRequest { key_use: KeyUse::Sign, sealed }).await;
    problem(&answer, DeviceErrorCode::KeyRefused);
}
