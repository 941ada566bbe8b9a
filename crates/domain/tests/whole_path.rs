//! A person enrols a phone, logs in, signs, mistypes, changes the PIN: with real two-party keys and certificates, and
//! with no database and no network. Keys are small here, and only here.

use countersign_domain::account::{Account, AccountState, Holder};
use countersign_domain::answer::{Answer, Answered};
use countersign_domain::custody::{Custody, KeyEncryptionKey};
use countersign_domain::device::{Device, NextToken};
use countersign_domain::enrolment::{
    Activated, ActivationCode, BegunProof, Delivery, Draft, FinishProof, KeyMaking, activate, attach,
    begin_proof, device_id, finish_proof, issue_activation, make_key,
};
use countersign_domain::issuance::{Authorities, Authority, complete, issue};
use countersign_domain::key::{Key, KeyState};
use countersign_domain::pin::{BegunPin, FinishPin, PinRequest, PinStep, begin_pin, finish_pin};
use countersign_domain::relying_party::{Permissions, RelyingParty};
use countersign_domain::revocation::{
    Belongings, CertificateStatus, IssuedCertificate, RevocationReason, revoke_account,
};
use countersign_domain::session::{
    Begun, Candidate, Confirmation, Finish, Session, StartSession, begin_confirm, finish_confirm, start,
    status, transaction_view,
};
use countersign_domain::{KeyUse, Refusal, RequestId, Settings};
use countersign_pki::certificate::Certificate;
use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::{Addresses, CaProfile, Issuer, Organization, Profile, issue_root};
use countersign_pki::verify::Curve;
use countersign_pki::{SignatureAlgorithm, Signer, SoftwareKey};
use countersign_split_key::{
    Binding, DeviceKey, Kdf, MaskedShare, Modulus, OuterKey, Padding, Parameters, Pin, PublicKey,
};
use countersign_wire::acsp::AcspPayload;
use countersign_wire::base64::{B64u, from_b64};
use countersign_wire::callback::UserChallengeVerifier;
use countersign_wire::device::sealed::{SealedFor, SealingKey};
use countersign_wire::device::{
    ActivationRequest, Approval, ConfirmRequest, Jwk, KeyProofRequest, KeyShare, PartialSignature, Sealed,
    ShareRefresh, Token, Transaction,
};
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DocumentNumber, KeyId};
use countersign_wire::start::{
    Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions, RpChallenge, SignatureScheme,
    StartRequest,
};
use countersign_wire::words::{CertificateLevel, HashAlgorithm, InteractionType};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zeroize::Zeroizing;

const DOCUMENT: &str = "PNOEE-40404040009-MOCK-Q";

fn at(seconds: i64) -> Timestamp {
    "2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn parameters() -> Parameters {
    Parameters::for_tests(1024)
}

struct Half {
    kid: KeyId,
    n1: Modulus,
    bits: u32,
    masked: MaskedShare,
}

/// The phone: its storage, and what its person knows.
struct Phone {
    sealing: SealingKey,
    token: Token,
    auth: Option<Half>,
    sign: Option<Half>,
    rng: ChaCha20Rng,
    requests: u32,
}

impl Phone {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let sealing = SealingKey::generate(&mut rng);
        Self { sealing, token: Token::from_bytes([0; 32]), auth: None, sign: None, rng, requests: 0 }
    }

    fn jwk(&self) -> Jwk {
        self.sealing.point().clone().into()
    }

    fn take(&mut self, sealed: &Sealed) {
        let device = device_id(&self.jwk());
        let plaintext = self.sealing.open(sealed, SealedFor::Token { device: &device }).unwrap();
        self.token = Token::from_plaintext(&plaintext).unwrap();
    }

    fn req(&mut self) -> RequestId {
        self.requests += 1;
        RequestId::parse(&format!("r{}", self.requests)).unwrap()
    }

    fn half(&self, usage: KeyUse) -> &Half {
        match usage {
            KeyUse::Auth => self.auth.as_ref().unwrap(),
            KeyUse::Sign => self.sign.as_ref().unwrap(),
        }
    }

    /// The phone's part of a PSS signature over a digest.
    fn part(&mut self, usage: KeyUse, pin: &str, hash: HashAlgorithm, digest: &[u8]) -> PartialSignature {
        let hash = countersign_split_key::Hash::by_name(hash.as_str()).unwrap();
        let padding = Padding::pss(hash, &mut self.rng);
        let half = self.half(usage);
        let message = padding.encode(digest, half.bits).unwrap();
        let binding = Binding { kid: half.kid.as_str().as_bytes(), hardware: &[] };
        let part =
            half.masked.partial_signature(&Pin::parse(pin).unwrap(), binding, &half.n1, &message).unwrap();
        PartialSignature { salt: padding.salt().to_vec(), y: part.to_be_bytes().to_vec() }
    }
}

/// What the server keeps.
struct Service {
    custody: Custody,
    settings: Settings,
    account: Account,
    device: Device,
    keys: Vec<Key>,
    certificates: Vec<IssuedCertificate>,
    rng: ChaCha20Rng,
}

impl Service {
    fn key(&self, usage: KeyUse) -> Key {
        let id = self.account.key(usage).unwrap();
        self.keys.iter().find(|key| key.id() == id).unwrap().clone()
    }

    fn save(&mut self, key: Key) {
        self.keys.retain(|other| other.id() != key.id());
        self.keys.push(key);
    }

    fn next(&mut self) -> NextToken {
        NextToken::make(self.device.id(), self.device.sealing_key(), &mut self.rng).unwrap()
    }
}

fn sealed() -> Sealed {
    Sealed { id: "core".into(), enc: B64u(vec![4; 65]), ct: B64u(vec![0; 64]) }
}

fn authority() -> (Certificate, SoftwareKey, Profile) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let organization =
        Organization { country: "EE".into(), name: "TEST".into(), identifier: "NTREE-10000000".into() };
    let root_key = SoftwareKey::generate_ec(Curve::P521).unwrap();
    let root = CaProfile::root(organization.named("TEST ROOT").unwrap());
    let validity = Validity::years(at(-1000), 20).unwrap();
    let root = issue_root(&root, &root_key, validity, &mut rng).unwrap();
    let key = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let addresses = Addresses {
        ca_issuers: Some("http://c.example.test/ca.crt".into()),
        ocsp: Some("http://ocsp.example.test".into()),
        crl: Some("http://c.example.test/ca.crl".into()),
    };
    let name = organization.named("TEST EID-Q").unwrap();
    let profile = CaProfile::issuing(name, "https://example.test/cps/", addresses.clone());
    let validity = Validity::years(at(-900), 15).unwrap();
    let issuer = Issuer::new(&root, &root_key).unwrap();
    let ca = issuer.issue_ca(&profile, key.public_key(), validity, &mut rng).unwrap();
    (ca, key, Profile::qualified("https://example.test/cps/", "https://example.test/pds/", addresses))
}

fn draft() -> Draft {
    let document: DocumentNumber = DOCUMENT.parse().unwrap();
    Draft {
        person: document.semantics().clone(),
        level: CertificateLevel::Qualified,
        document,
        holder: Holder {
            given_name: "OK".into(),
            surname: "TESTNUMBER".into(),
            date_of_birth: Some(jiff::civil::date(1904, 4, 4)),
        },
    }
}

/// Makes and proves one key. With `proof_pin` other than `pin` the proof is wrong.
fn make_one(service: &mut Service, phone: &mut Phone, usage: KeyUse, pin: &str, proof_pin: &str) -> Answer {
    let DeviceKey { n1, phone: share, service: service_share } =
        DeviceKey::generate(&parameters(), &mut phone.rng).unwrap();
    let sent = KeyShare { n1: n1.as_be_bytes().to_vec(), b: service_share.to_be_bytes().to_vec() };
    let making = KeyMaking {
        account: &service.account,
        usage,
        share: &sent,
        parameters: &parameters(),
        custody: &service.custody,
    };
    let made = make_key(making, OuterKey::generate_for, at(1), &mut service.rng).unwrap();
    let earlier = service.account.key(usage).map(|_| service.key(usage));
    let (account, _, _) = attach(service.account.clone(), &made.key, earlier).unwrap();
    service.account = account;
    service.save(made.key.clone());
    // The phone looks whether its modulus is inside, and masks its share.
    let kid = made.key.id().clone();
    let public = PublicKey::from_service(&parameters(), &n1, made.key.modulus()).unwrap();
    let binding = Binding { kid: kid.as_str().as_bytes(), hardware: &[] };
    let kdf = Kdf { iterations: std::num::NonZero::new(2).unwrap() };
    let masked = MaskedShare::mask(share, &Pin::parse(pin).unwrap(), binding, kdf, &mut phone.rng);
    let half = Half { kid: kid.clone(), n1, bits: public.bits(), masked };
    match usage {
        KeyUse::Auth => phone.auth = Some(half),
        KeyUse::Sign => phone.sign = Some(half),
    }
    let part = phone.part(usage, proof_pin, made.task.hash, made.task.digest.as_ref());
    let request =
        KeyProofRequest { tx: made.task.tx, req: phone.req(), token: phone.token.clone(), sealed: sealed() };
    let begun = begin_proof(service.device.clone(), service.key(usage), &request, &service.settings, at(2));
    let BegunProof::Work { key, work } = begun else { panic!("proof refused") };
    service.save(key.clone());
    let result = work.run(&service.custody, &part);
    let next = service.next();
    let finish =
        FinishProof { device: service.device.clone(), key, request: request.req.clone(), result, next };
    let finished = finish_proof(finish).unwrap();
    service.device = finished.device;
    service.save(finished.key);
    let answer = finished.answer.unwrap();
    // Had the answer been lost, the same request would get it again.
    let again = begin_proof(service.device.clone(), service.key(usage), &request, &service.settings, at(3));
    assert!(matches!(again, BegunProof::Resend(same) if same == answer));
    phone.take(&answer.token);
    answer
}

/// From the activation code to an active account.
fn enrol() -> (Service, Phone) {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut phone = Phone::new();
    let custody = Custody::new(KeyEncryptionKey::new("k1", &Zeroizing::new([9; 32])).unwrap(), Vec::new());

    let (code, activation, _) = issue_activation(draft(), Delivery::Screen, at(0), &mut rng);
    let code = ActivationCode::parse(&code.to_text()).unwrap();
    let request = ActivationRequest {
        activation_code: code.to_text().to_string(),
        dk: phone.jwk(),
        ek: phone.jwk(),
        platform: "test".into(),
        app_version: "1".into(),
    };
    let first = NextToken::make(&device_id(&request.dk), &request.ek, &mut rng).unwrap();
    let token = first.sealed().clone();
    let Activated::Enrolled { account, device, .. } =
        activate(activation, &code, request, None, first, at(0))
    else {
        panic!("not enrolled")
    };
    phone.take(&token);
    let settings = Settings::default();
    let mut service =
        Service { custody, settings, account, device, keys: Vec::new(), certificates: Vec::new(), rng };

    let answer = make_one(&mut service, &mut phone, KeyUse::Auth, "1593", "1593");
    assert_eq!(answer.result, Answered::KeyProven);
    // A mistyped proof throws the key away; another one works.
    let answer = make_one(&mut service, &mut phone, KeyUse::Sign, "26049", "26048");
    assert_eq!(answer.result, Answered::KeyDiscarded);
    let answer = make_one(&mut service, &mut phone, KeyUse::Sign, "26049", "26049");
    assert_eq!(answer.result, Answered::KeyProven);

    let (ca, ca_key, profile) = authority();
    let authority = Authority { id: "q1", issuer: Issuer::new(&ca, &ca_key).unwrap(), profile: &profile };
    let authorities = Authorities { qualified: authority, non_qualified: authority };
    let (auth, sign) = (service.key(KeyUse::Auth), service.key(KeyUse::Sign));
    let issued = issue(&service.account, &auth, &sign, authorities, None, at(10), &mut service.rng).unwrap();
    let completed = complete(service.account.clone(), auth, sign, &issued).unwrap();
    let again = complete(completed.account.clone(), completed.auth.clone(), completed.sign.clone(), &issued);
    assert!(matches!(again, Err(Refusal::AlreadyDone)));
    for (certificate, key) in [(&issued.auth, &completed.auth), (&issued.sign, &completed.sign)] {
        let read = Certificate::from_der(&certificate.der).unwrap();
        read.is_signed_by(&ca).unwrap();
        assert_eq!(read.document_number().as_deref(), Some(DOCUMENT));
        assert_eq!(read.public_key().rsa_components().unwrap().0, key.modulus());
    }
    service.account = completed.account;
    service.save(completed.auth);
    service.save(completed.sign);
    service.certificates = vec![issued.auth, issued.sign];
    assert_eq!(service.account.state, AccountState::Active);
    (service, phone)
}

fn interactions() -> Interactions {
    let shown = Interaction { kind: InteractionType::DisplayTextAndPin, text: "Log in".into() };
    Interactions::new(&[shown], InteractionSet::Notification).unwrap()
}

fn begin_session(service: &mut Service, asked: Asked) -> Session {
    let recipient = Recipient::Document(service.account.document.clone());
    let uuid = "00000000-0000-4000-8000-000000000000".parse().unwrap();
    let request = StartRequest::new(uuid, "Näidis OÜ", asked, FlowMembers::Notification);
    let usage = countersign_domain::session::key_use(request.operation());
    let candidates = vec![Candidate {
        account: service.account.clone(),
        device: service.device.clone(),
        key: service.key(usage),
    }];
    let relying_party = RelyingParty {
        uuid,
        names: vec!["NÄIDIS OÜ".into()],
        brokered_name: Some("Broker & Co".into()),
        permissions: Permissions::default(),
        addresses: Vec::new(),
    };
    let command = StartSession {
        endpoint: request.row(&recipient).unwrap(),
        recipient,
        request,
        relying_party: &relying_party,
        candidates,
        choice: None,
        device_link_base: DeviceLinkBase::parse("https://sid.example.test/device-link").unwrap(),
    };
    start(command, &service.settings, at(100), &mut service.rng)
        .unwrap_or_else(|refusal| panic!("{refusal}"))
        .session
}

/// The phone approves with a PIN. Gives the session as it is then, and what the phone is told.
fn approve(service: &mut Service, phone: &mut Phone, session: Session, pin: &str) -> (Session, Answer) {
    let view = transaction_view(&session, service.device.id(), at(101)).unwrap();
    let (digest, challenge, usage) = what_to_sign(&view, phone);
    let part = phone.part(usage, pin, view.hash.unwrap(), &digest);
    let request = ConfirmRequest {
        req: phone.req(),
        interaction: Some(InteractionType::DisplayTextAndPin),
        chosen_code: None,
        user_challenge: challenge.map(|verifier| verifier.challenge()),
        approval: Some(Approval { kid: view.kid.unwrap(), token: phone.token.clone(), sealed: sealed() }),
    };
    let req = request.req.clone();
    let confirmation = Confirmation {
        session,
        account: service.account.clone(),
        device: service.device.clone(),
        key: service.key(usage),
        request,
    };
    let Begun::Work { session, key, work, .. } = begin_confirm(confirmation, &service.settings, at(102))
    else {
        panic!("no work")
    };
    service.save(key.clone());
    let result = work.run(&service.custody, &part);
    let finish = Finish {
        session,
        account: service.account.clone(),
        device: service.device.clone(),
        key,
        request: req,
        result,
        next: service.next(),
        device_ip: None,
    };
    let finished = finish_confirm(finish, &service.settings, at(103)).unwrap();
    service.device = finished.device;
    service.save(finished.key);
    let answer = finished.answer.unwrap();
    phone.take(&answer.token);
    (finished.session, answer)
}

/// The phone rebuilds what it signs from what it shows.
fn what_to_sign(view: &Transaction, phone: &mut Phone) -> (Vec<u8>, Option<UserChallengeVerifier>, KeyUse) {
    match &view.acsp {
        None => (from_b64(view.digest.as_ref().unwrap()).unwrap(), None, KeyUse::Sign),
        Some(acsp) => {
            let verifier = UserChallengeVerifier::generate(&mut phone.rng);
            let payload = AcspPayload {
                scheme: &countersign_wire::acsp::SchemeName::parse(&acsp.scheme).unwrap(),
                server_random: &acsp.server_random,
                rp_challenge: &acsp.rp_challenge,
                user_challenge: &verifier.challenge(),
                relying_party_name: &acsp.rp_name,
                brokered_rp_name: &acsp.brokered_rp_name,
                interactions: view.interactions.as_ref().unwrap(),
                interaction_type_used: InteractionType::DisplayTextAndPin,
                initial_callback_url: &acsp.callback,
                flow_type: view.flow_type,
            };
            (payload.digest(view.hash.unwrap()), Some(verifier), KeyUse::Auth)
        }
    }
}

fn signature(session: &Session) -> (serde_json::Value, Vec<u8>, Certificate) {
    let status = serde_json::to_value(status(session, at(104)).unwrap()).unwrap();
    let signature = from_b64(status["signature"]["value"].as_str().unwrap()).unwrap();
    let certificate = from_b64(status["cert"]["value"].as_str().unwrap()).unwrap();
    (status, signature, Certificate::from_der(&certificate).unwrap())
}

#[test]
fn a_person_logs_in_signs_mistypes_and_changes_the_pin() {
    let (mut service, mut phone) = enrol();

    // An authentication verifies under the certificate, over the payload that a relying party rebuilds.
    let challenge = RpChallenge::from_bytes(&[5; 64]).unwrap();
    let scheme = SignatureScheme::pss(HashAlgorithm::Sha512);
    let asked = Asked::Authenticate {
        rp_challenge: challenge.clone(),
        signature: scheme,
        interactions: interactions(),
    };
    let session = begin_session(&mut service, asked);
    let (session, answer) = approve(&mut service, &mut phone, session, "1593");
    assert_eq!(answer.result, Answered::Confirmed { callback: None });
    let (status, value, certificate) = signature(&session);
    let text = |name: &str| status["signature"][name].as_str().unwrap().to_owned();
    let payload = [
        "smart-id-demo".to_owned(),
        "ACSP_V2".to_owned(),
        text("serverRandom"),
        challenge.as_str().to_owned(),
        text("userChallenge"),
        "TsOkaWRpcyBPw5w=".to_owned(),
        countersign_wire::base64::b64(b"Broker & Co"),
        countersign_wire::base64::b64(&HashAlgorithm::Sha256.digest(interactions().as_str().as_bytes())),
        "displayTextAndPIN".to_owned(),
        String::new(),
        "Notification".to_owned(),
    ]
    .join("|");
    let pss = SignatureAlgorithm::RsaPss(countersign_pki::Digest::Sha512);
    certificate.public_key().verify(pss, payload.as_bytes(), &value).unwrap();

    // A mistyped PIN costs a try and leaves the session open; the right one signs the digest that was sent.
    let digest = Digest::from_bytes(&HashAlgorithm::Sha512.digest(b"the contract")).unwrap();
    let asked = Asked::Sign { digest, signature: scheme, interactions: interactions() };
    let session = begin_session(&mut service, asked.clone());
    let (session, answer) = approve(&mut service, &mut phone, session, "26040");
    assert_eq!(answer.result, Answered::WrongPin { tries_left: 2 });
    assert!(session.is_running(at(104)));
    let (session, _) = approve(&mut service, &mut phone, session, "26049");
    let (_, value, certificate) = signature(&session);
    certificate.public_key().verify(pss, b"the contract", &value).unwrap();

    change_pin(&mut service, &mut phone, "26049", "80615");
    let session = begin_session(&mut service, asked.clone());
    let (session, answer) = approve(&mut service, &mut phone, session, "26049");
    assert_eq!(answer.result, Answered::WrongPin { tries_left: 2 }, "the old PIN is no longer right");
    let (session, _) = approve(&mut service, &mut phone, session, "80615");
    let (_, value, certificate) = signature(&session);
    certificate.public_key().verify(pss, b"the contract", &value).unwrap();

    // Revoked is revoked.
    let belongings = Belongings {
        account: service.account.clone(),
        device: service.device.clone(),
        keys: service.keys.clone(),
        certificates: service.certificates.clone(),
    };
    let (ended, events) = revoke_account(belongings, RevocationReason::CessationOfOperation, at(200));
    assert_eq!(events.len(), 4, "account, device and two certificates: {events:?}");
    let pins = &service.settings.pins;
    assert!(ended.keys.iter().all(|key| key.state(at(200), pins) == KeyState::Revoked));
    let revoked = CertificateStatus::Revoked { at: at(200), reason: RevocationReason::CessationOfOperation };
    assert!(ended.certificates.iter().all(|certificate| certificate.status == revoked));
    let (again, events) = revoke_account(ended, RevocationReason::KeyCompromise, at(300));
    assert!(events.is_empty());
    assert!(
        again.certificates.iter().all(|certificate| certificate.status == revoked),
        "the first reason stays"
    );
}

/// One PIN step of the phone. Gives what it is told.
fn pin_step(
    service: &mut Service,
    phone: &mut Phone,
    step: PinStep,
    pin: &str,
    refresh: Option<&ShareRefresh>,
) -> Answered {
    let kid = phone.half(KeyUse::Sign).kid.clone();
    let nonce = [3; 32];
    let message = [b"splitkey-pin-check", kid.as_str().as_bytes(), &nonce[..]].concat();
    let part = phone.part(KeyUse::Sign, pin, HashAlgorithm::Sha256, &HashAlgorithm::Sha256.digest(&message));
    let req = phone.req();
    let request = PinRequest {
        device: service.device.clone(),
        key: service.key(KeyUse::Sign),
        step,
        request: &req,
        token: &phone.token,
        nonce: &nonce,
    };
    let BegunPin::Work { key, work, .. } = begin_pin(request, &service.settings, at(110)) else {
        panic!("no work")
    };
    service.save(key.clone());
    let result = work.run(&service.custody, &part, refresh, &mut service.rng);
    let next = service.next();
    let finish = FinishPin { device: service.device.clone(), key, request: req, result, next };
    let finished = finish_pin(finish, &service.settings, at(111)).unwrap();
    service.device = finished.device;
    service.save(finished.key);
    let answer = finished.answer.unwrap();
    phone.take(&answer.token);
    answer.result
}

fn change_pin(service: &mut Service, phone: &mut Phone, old: &str, new: &str) {
    assert_eq!(pin_step(service, phone, PinStep::Check, old, None), Answered::PinRight);
    let half = phone.half(KeyUse::Sign);
    let binding = Binding { kid: half.kid.as_str().as_bytes(), hardware: &[] };
    let (old_pin, new_pin) = (Pin::parse(old).unwrap(), Pin::parse(new).unwrap());
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let (masked, delta) = half
        .masked
        .refresh(
            &old_pin,
            &new_pin,
            binding,
            Kdf { iterations: std::num::NonZero::new(2).unwrap() },
            &mut rng,
        )
        .unwrap();
    let bytes = delta.to_bytes();
    let magnitude = bytes[1..].iter().copied().skip_while(|octet| *octet == 0).collect();
    let refresh = ShareRefresh { negative: bytes[0] == 1, magnitude };
    // A mistyped old PIN changes nothing.
    let wrong = pin_step(service, phone, PinStep::Propose, new, Some(&refresh));
    assert_eq!(wrong, Answered::WrongPin { tries_left: 2 });
    assert!(service.key(KeyUse::Sign).pending_refresh().is_none());
    let proposed = pin_step(service, phone, PinStep::Propose, old, Some(&refresh));
    assert_eq!(proposed, Answered::PinChangeProposed);
    assert_eq!(pin_step(service, phone, PinStep::Check, old, None), Answered::PinRight, "until the commit");
    phone.sign.as_mut().unwrap().masked = masked;
    // The commit has to come with the new PIN.
    let wrong = pin_step(service, phone, PinStep::Commit, old, None);
    assert_eq!(wrong, Answered::WrongPin { tries_left: 2 });
    assert_eq!(pin_step(service, phone, PinStep::Commit, new, None), Answered::PinChanged);
    let key = service.key(KeyUse::Sign);
    assert!(key.pending_refresh().is_none());
    assert_eq!(key.wrapped().version, 2);
}

#[test]
fn an_activation_code_is_used_once_and_forgives_four_mistakes() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let phone = Phone::new();
    let request = || ActivationRequest {
        activation_code: String::new(),
        dk: phone.jwk(),
        ek: phone.jwk(),
        platform: "test".into(),
        app_version: "1".into(),
    };
    let first = || {
        NextToken::make(&device_id(&phone.jwk()), &phone.jwk(), &mut ChaCha20Rng::seed_from_u64(6)).unwrap()
    };
    let (code, activation, _) = issue_activation(draft(), Delivery::Letter, at(0), &mut rng);
    let (wrong, _, _) = issue_activation(draft(), Delivery::Letter, at(0), &mut rng);
    let day = 24 * 3600;
    let late = activate(activation.clone(), &code, request(), None, first(), at(day));
    assert!(matches!(late, Activated::Refused(Refusal::ActivationInvalid)));

    let mut tried = activation.clone();
    for _ in 0..5 {
        let Activated::WrongCode { activation, .. } =
            activate(tried, &wrong, request(), None, first(), at(1))
        else {
            panic!("wrong code")
        };
        tried = activation;
    }
    let spent = activate(tried, &code, request(), None, first(), at(1));
    assert!(matches!(spent, Activated::Refused(Refusal::ActivationInvalid)));

    let Activated::Enrolled { activation, device, account, .. } =
        activate(activation, &code, request(), None, first(), at(day - 1))
    else {
        panic!("enrolled")
    };
    assert_eq!(account.state, AccountState::Registering);
    // A lost answer: the same phone, the same code. Another phone gets nothing.
    let again = activate(activation.clone(), &code, request(), Some(device), first(), at(day - 1));
    assert!(matches!(again, Activated::Again { .. }));
    let other = activate(activation, &code, request(), None, first(), at(day - 1));
    assert!(matches!(other, Activated::Refused(Refusal::ActivationInvalid)));
}

#[test]
fn a_bad_share_is_refused_by_name() {
    let (service, mut phone) = enrol();
    let account = Account { state: AccountState::Registering, ..service.account.clone() };
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let good = DeviceKey::generate(&parameters(), &mut phone.rng).unwrap();
    let (n1, b) = (good.n1.as_be_bytes().to_vec(), good.service.to_be_bytes().to_vec());
    let mut even = n1.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let cases = [
        (even, b.clone()),
        (n1[1..].to_vec(), b.clone()),
        (n1.clone(), b[1..].to_vec()),
        (n1.clone(), vec![0; b.len()]),
        (Vec::new(), b.clone()),
    ];
    for (n1, b) in cases {
        let share = KeyShare { n1, b };
        let making = KeyMaking {
            account: &account,
            usage: KeyUse::Auth,
            share: &share,
            parameters: &parameters(),
            custody: &service.custody,
        };
        let refused = make_key(making, OuterKey::generate_for, at(1), &mut rng).err().unwrap();
        assert!(
            matches!(refused, countersign_domain::Failure::Refused(Refusal::KeyRefused { .. })),
            "{refused}"
        );
    }
    // An account that has its keys takes no other.
    let key = service.key(KeyUse::Auth);
    assert!(matches!(attach(service.account.clone(), &key, None), Err(Refusal::KeyRefused { .. })));
    assert!(matches!(attach(account, &key, Some(key.clone())), Err(Refusal::KeyRefused { .. })));
}
