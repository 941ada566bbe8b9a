//! The device API through the router, with the real phone: small keys, a store in memory, a clock that stands still.

mod account;
mod approve;
mod copies;
mod enrol;
mod interrupted;
mod limits;
mod locks;
mod logs;
mod pin_change;
mod proof;
mod push;
mod transactions;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use countersign_domain::Event;
use countersign_domain::account::Holder;
use countersign_domain::enrolment::{Delivery, Draft, issue_activation};
use countersign_domain::key::Key;
use countersign_phone::{Enrolment, Error, MemoryVault, Phone, Pin, Pins, Storage, Transport, Vault};
use countersign_server::authority::dev;
use countersign_server::device::InProcess;
use countersign_server::{App, Builder, Config};
use countersign_split_key::Parameters;
use countersign_testkit::{Answer, World};
use countersign_wire::base64::{B64u, b64};
use countersign_wire::device::proof::{DeviceKey, ProofClaims};
use countersign_wire::device::sealed::{self, SealedFor};
use countersign_wire::device::{
    Approval, BASE, ConfirmRequest, DEVICE_PROOF, DeviceCertificate, DeviceErrorCode, KeyUse,
    PartialSignature, Token,
};
use countersign_wire::id::{DocumentNumber, KeyId, RequestId, SessionId, TransactionId};
use countersign_wire::start::{Interaction, InteractionSet, Interactions};
use countersign_wire::words::{CertificateLevel, InteractionType};
use http::{Method, Request};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

pub(crate) const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";
pub(crate) const OTHER: &str = "PNOEE-30303039914-MOCK-Q";
pub(crate) const PIN1: &str = "7351";
pub(crate) const PIN2: &str = "92640";
pub(crate) const WRONG: &str = "8264";
/// The names of the person; no log may show them.
pub(crate) const NAMES: (&str, &str) = ("MARI-LIIS", "MÄNNIK");

/// Keys that are broken in minutes, and made in milliseconds.
pub(crate) fn parameters() -> Parameters {
    Parameters::for_tests(1024)
}

pub(crate) fn config() -> Config {
    let mut config = Config::dev();
    config.device_api.kdf_iterations = 2;
    // A test that starts again needs the same keys.
    let text = format!("[keys]\ncustody = \"{}\"\ncore = \"{}\"", "5a".repeat(32), "3c".repeat(32));
    config.keys = Config::parse(&text).expect("keys").keys;
    config
}

pub(crate) fn world() -> World {
    world_with(|builder| builder)
}

pub(crate) fn world_with(more: impl FnOnce(Builder) -> Builder) -> World {
    World::build(config(), |builder| {
        let authorities = dev::authorities().expect("the TEST authority");
        more(builder.authorities(authorities).key_parameters(parameters()))
    })
}

pub(crate) fn pin(digits: &str) -> Pin {
    Pin::parse(digits).expect("a PIN")
}

pub(crate) fn pins() -> Pins {
    Pins { pin1: pin(PIN1), pin2: pin(PIN2) }
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// What happens to a phone's next requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives, and so does the answer.
    Well,
    /// It never arrives.
    RequestLost,
    /// It arrives, and the answer does not.
    AnswerLost,
}

/// A connection that can be told to fail.
#[derive(Clone)]
pub(crate) struct Line {
    inner: InProcess,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    sent: usize,
    lose: Option<(usize, Fate)>,
    answers: Vec<(http::StatusCode, Bytes)>,
}

impl Line {
    pub(crate) fn to(world: &World) -> Self {
        Self::through(world.app(), world)
    }

    fn through(app: &App, world: &World) -> Self {
        Self { inner: InProcess::through(app, world.router()), script: Arc::default() }
    }

    /// The request that comes after `well` others meets this fate.
    pub(crate) fn lose(&self, well: usize, fate: Fate) {
        let mut script = self.script.lock().unwrap();
        script.lose = Some((script.sent + well, fate));
    }

    /// Nothing is lost any more.
    pub(crate) fn mend(&self) {
        self.script.lock().unwrap().lose = None;
    }

    /// How many requests were sent, lost ones included.
    pub(crate) fn sent(&self) -> usize {
        self.script.lock().unwrap().sent
    }

    /// The last answer that was on its way, lost or not.
    pub(crate) fn last(&self) -> (http::StatusCode, Value) {
        let script = self.script.lock().unwrap();
        let (status, body) = script.answers.last().expect("an answer");
        (*status, serde_json::from_slice(body).expect("JSON"))
    }
}

impl Transport for Line {
    fn origin(&self) -> &str {
        self.inner.origin()
    }

    async fn send(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, Error> {
        let fate = {
            let mut script = self.script.lock().unwrap();
            let number = script.sent;
            script.sent += 1;
            script.lose.take_if(|(lose, _)| *lose == number).map_or(Fate::Well, |(_, fate)| fate)
        };
        if fate == Fate::RequestLost {
            return Err(Error::NoAnswer("lost on the way there".into()));
        }
        let answer = self.inner.send(request).await?;
        self.script.lock().unwrap().answers.push((answer.status(), answer.body().clone()));
        match fate {
            Fate::AnswerLost => Err(Error::NoAnswer("lost on the way back".into())),
            Fate::Well | Fate::RequestLost => Ok(answer),
        }
    }
}

/// A person with an enrolled phone.
pub(crate) struct Person {
    pub(crate) world: World,
    pub(crate) phone: Phone<Line>,
    pub(crate) line: Line,
    pub(crate) vault: MemoryVault,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) certificates: Vec<DeviceCertificate>,
}

/// A code for this document number, as a registration would make it.
pub(crate) async fn activation_code(world: &World, document: &str) -> String {
    let document = DocumentNumber::parse(document).expect("a document number");
    let level = match document.is_qualified() {
        true => CertificateLevel::Qualified,
        false => CertificateLevel::Advanced,
    };
    let (given_name, surname) = (NAMES.0.to_owned(), NAMES.1.to_owned());
    let holder = Holder { given_name, surname, date_of_birth: None };
    let draft = Draft { person: document.semantics().clone(), document, level, holder };
    let now = world.app().now();
    let (code, activation, events) =
        issue_activation(draft, Delivery::Screen, now, &mut world.app().randomness());
    world
        .app()
        .store()
        .write("issue a code", move |tx| -> Result<(), countersign_store::Error> {
            tx.activations().insert(&activation)?;
            tx.events().append_all(&events, now)
        })
        .await
        .expect("saved");
    code.to_text().to_string()
}

pub(crate) fn enrolment(code: &str) -> Enrolment<'_> {
    Enrolment { activation_code: code, platform: "test", parameters: parameters() }
}

impl Person {
    /// A person with a new phone in a world of their own.
    pub(crate) async fn new() -> Self {
        Self::in_world(world(), DOCUMENT, 1).await
    }

    pub(crate) async fn in_world(world: World, document: &str, seed: u64) -> Self {
        let code = activation_code(&world, document).await;
        let (line, vault, mut rng) = (Line::to(&world), MemoryVault::default(), rng(seed));
        let boxed: Box<dyn Vault> = Box::new(vault.clone());
        let now = world.app().now();
        let (phone, certificates) =
            Phone::activate(line.clone(), boxed, &enrolment(&code), pins(), now, &mut rng)
                .await
                .expect("an enrolled phone");
        Self { world, phone, line, vault, rng, certificates }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.app().now()
    }

    /// What the phone has stored.
    pub(crate) fn storage(&self) -> Storage {
        self.vault.saved().expect("a saved phone")
    }

    /// The phone as it comes back after it lost its power: whatever it sent has arrived by then, or never will.
    pub(crate) fn restart(&mut self) {
        self.world.advance(2);
        self.phone = self.copy(self.storage(), self.vault.clone());
    }

    /// A phone from a storage.
    pub(crate) fn copy(&self, storage: Storage, vault: MemoryVault) -> Phone<Line> {
        Phone::open(self.line.clone(), storage, Box::new(vault)).expect("a phone")
    }

    /// Approves a transaction as the person would.
    pub(crate) async fn approve(
        &mut self,
        tx: &TransactionId,
        digits: &str,
    ) -> Result<Option<String>, Error> {
        let now = self.now();
        let opened = self.phone.open_transaction(tx, now, &mut self.rng).await?;
        let choice = countersign_phone::Choice::None;
        Ok(self.phone.approve(&opened, pin(digits), choice, now, &mut self.rng).await?.callback)
    }

    /// The oldest transaction that waits.
    pub(crate) async fn next(&mut self) -> TransactionId {
        let now = self.now();
        let waiting = self.phone.transactions(0, now, &mut self.rng).await.expect("a list");
        waiting.first().expect("a transaction").tx.clone()
    }

    /// Logs in by notification.
    pub(crate) async fn asked_to_log_in(&mut self) -> (Asked, TransactionId) {
        let now = self.now();
        let before = self.phone.transactions(0, now, &mut self.rng).await.expect("a list");
        let asked = log_in(&self.world, DOCUMENT, &displayed("Log in")).await;
        let waiting = self.phone.transactions(0, now, &mut self.rng).await.expect("a list");
        let new = waiting.iter().find(|hint| before.iter().all(|earlier| earlier.tx != hint.tx));
        (asked, new.expect("a transaction").tx.clone())
    }

    pub(crate) async fn check_pin(&mut self, key_use: KeyUse, digits: &str) -> Result<(), Error> {
        let now = self.now();
        self.phone.check_pin(key_use, pin(digits), now, &mut self.rng).await
    }

    pub(crate) async fn change_pin(&mut self, key_use: KeyUse, old: &str, new: &str) -> Result<(), Error> {
        let now = self.now();
        self.phone.change_pin(key_use, pin(old), pin(new), now, &mut self.rng).await
    }

    pub(crate) async fn key(&self, key_use: KeyUse) -> Key {
        let kid = self.kid(key_use);
        read(&self.world, move |tx| tx.keys().get(&kid)).await
    }

    pub(crate) fn kid(&self, key_use: KeyUse) -> KeyId {
        let storage = self.storage();
        storage.keys.iter().find(|key| key.key_use == key_use).expect("a key").kid.clone()
    }
}

pub(crate) async fn read<T: Send + 'static>(
    world: &World,
    query: impl FnOnce(&countersign_store::Tx<'_>) -> Result<T, countersign_store::Error> + Send + 'static,
) -> T {
    world.app().store().read("look", query).await.expect("read")
}

/// Everything that happened, in order.
pub(crate) async fn events(world: &World) -> Vec<Event> {
    let recorded = read(world, |tx| tx.events().after(0, 10_000)).await;
    recorded.into_iter().map(|recorded| recorded.event).collect()
}

/// How often something happened.
pub(crate) async fn count(world: &World, kind: &str) -> usize {
    events(world).await.iter().filter(|event| event.kind() == kind).count()
}

#[track_caller]
pub(crate) fn refused<T>(result: Result<T, Error>, code: DeviceErrorCode) {
    match result {
        Ok(_) => panic!("expected {code:?}, found success"),
        Err(error) => assert_eq!(error.code(), Some(code), "{error}"),
    }
}

/// A session that a relying party has started.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) body: Value,
    pub(crate) answer: Value,
}

impl Asked {
    pub(crate) fn id(&self) -> &str {
        self.answer["sessionID"].as_str().expect("a session")
    }

    /// How it ended.
    pub(crate) async fn status(&self, world: &World) -> Value {
        let (id, now) = (SessionId::parse(self.id()).expect("an id"), world.app().now());
        let running = read(world, move |tx| Ok(tx.sessions().get(id)?.is_running(now))).await;
        assert!(!running, "a long poll would wait for ever");
        let answer = world.get(&format!("/v3/session/{}", self.id())).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.json()
    }

    #[track_caller]
    pub(crate) fn ended(status: &Value, result: &str) {
        assert_eq!(status["state"], "COMPLETE", "{status}");
        assert_eq!(status["result"]["endResult"], result, "{status}");
    }
}

pub(crate) fn displayed(text: &str) -> String {
    interactions(&[(InteractionType::DisplayTextAndPin, text)])
}

pub(crate) fn interactions(list: &[(InteractionType, &str)]) -> String {
    let list: Vec<_> =
        list.iter().map(|(kind, text)| Interaction { kind: *kind, text: (*text).to_owned() }).collect();
    Interactions::new(&list, InteractionSet::Notification).expect("interactions").as_str().to_owned()
}

pub(crate) fn party() -> Value {
    json!({ "relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO" })
}

/// `party()` with more members.
pub(crate) fn body(more: Value) -> Value {
    let mut body = party();
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

pub(crate) fn challenge() -> String {
    b64(&(0..64).collect::<Vec<u8>>())
}

pub(crate) async fn start(world: &World, path: String, body: Value) -> Asked {
    let answer = world.post(&path, &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    Asked { body, answer: answer.json() }
}

pub(crate) fn authentication(interactions: &str, hash: &str) -> Value {
    body(json!({
        "signatureProtocol": "ACSP_V2",
        "signatureProtocolParameters": {
            "rpChallenge": challenge(), "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": { "hashAlgorithm": hash },
        },
        "interactions": interactions,
    }))
}

pub(crate) async fn log_in(world: &World, document: &str, interactions: &str) -> Asked {
    let mut body = authentication(interactions, "SHA3-512");
    body["vcType"] = json!("numeric4");
    start(world, format!("/v3/authentication/notification/document/{document}"), body).await
}

/// Asks for a signature; `number` makes two requests differ.
pub(crate) async fn sign(
    world: &World,
    algorithm: &str,
    hash: Option<&str>,
    digest: &[u8],
    number: u8,
) -> Asked {
    let mut parameters = json!({ "digest": b64(digest), "signatureAlgorithm": algorithm });
    if let Some(hash) = hash {
        parameters["signatureAlgorithmParameters"] = json!({ "hashAlgorithm": hash });
    }
    let body = body(json!({
        "signatureProtocol": "RAW_DIGEST_SIGNATURE",
        "signatureProtocolParameters": parameters,
        "interactions": displayed("Sign"),
        "nonce": format!("n{number}"),
    }));
    start(world, format!("/v3/signature/notification/document/{DOCUMENT}"), body).await
}

/// A device's requests, put together by hand.
pub(crate) struct Raw {
    key: DeviceKey,
    pub(crate) nonce: String,
    rng: ChaCha20Rng,
}

impl Raw {
    /// With the keys of an enrolled phone.
    pub(crate) fn of(storage: &Storage) -> Self {
        let text = serde_json::to_value(storage).expect("JSON");
        let secret = B64u::parse(text["proofKey"].as_str().expect("a key")).expect("Base64url");
        Self::with(DeviceKey::from_secret(&secret.0.try_into().expect("32 octets")).expect("a key"))
    }

    pub(crate) fn with(key: DeviceKey) -> Self {
        // No two give the same ids.
        static SEED: AtomicU64 = AtomicU64::new(1 << 32);
        Self { key, nonce: String::new(), rng: rng(SEED.fetch_add(1, Ordering::Relaxed)) }
    }

    /// Takes the nonce of the world's present time.
    pub(crate) async fn fresh(mut self, world: &World) -> Self {
        let answer = world.get("/device/v1/account").await;
        self.nonce = answer.header("device-nonce").to_owned();
        assert!(!self.nonce.is_empty());
        self
    }

    pub(crate) fn claims(&mut self, world: &World, method: &Method, path: &str, body: &[u8]) -> ProofClaims {
        let url = format!("http://localhost{BASE}{path}");
        ProofClaims::new(method.as_str(), &url, body, &self.nonce, world.app().now(), &mut self.rng)
    }

    pub(crate) fn prove(&self, claims: &ProofClaims) -> String {
        self.key.prove(claims).expect("a proof")
    }

    pub(crate) async fn send(&mut self, world: &World, method: Method, path: &str, body: Vec<u8>) -> Answer {
        let claims = self.claims(world, &method, path, &body);
        send(world, method, path, body, &[&self.prove(&claims)]).await
    }

    pub(crate) async fn get(&mut self, world: &World, path: &str) -> Answer {
        self.send(world, Method::GET, path, Vec::new()).await
    }

    pub(crate) async fn post(&mut self, world: &World, path: &str, body: &impl serde::Serialize) -> Answer {
        self.send(world, Method::POST, path, serde_json::to_vec(body).expect("JSON")).await
    }
}

pub(crate) async fn send(
    world: &World,
    method: Method,
    path: &str,
    body: Vec<u8>,
    proofs: &[&str],
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("http://localhost{BASE}{path}"));
    for proof in proofs {
        request = request.header(DEVICE_PROOF, *proof);
    }
    world.send(request.body(body.into()).expect("a request")).await
}

/// A confirmation with any number as the phone's part.
pub(crate) fn confirmation(
    storage: &Storage,
    key_use: KeyUse,
    tx: &TransactionId,
    token: &Token,
    req: &RequestId,
    y: &[u8],
    rng: &mut ChaCha20Rng,
) -> ConfirmRequest {
    let kid = storage.keys.iter().find(|key| key.key_use == key_use).expect("a key").kid.clone();
    let core = &storage.core_keys[0];
    let part = PartialSignature { salt: vec![7; 64], y: y.to_vec() };
    let purpose = SealedFor::Confirm { tx, kid: &kid };
    let sealed = sealed::seal(rng, &core.point, &core.id, purpose, &part.to_plaintext()).expect("sealed");
    let challenge = countersign_wire::callback::UserChallengeVerifier::generate(rng).challenge();
    ConfirmRequest {
        req: req.clone(),
        interaction: Some(InteractionType::DisplayTextAndPin),
        chosen_code: None,
        user_challenge: (key_use == KeyUse::Auth).then_some(challenge),
        approval: Some(Approval { kid, token: token.clone(), sealed }),
    }
}

/// Checks the form of a problem of the device API, and gives it back.
#[track_caller]
pub(crate) fn problem(answer: &Answer, code: DeviceErrorCode) -> Value {
    let body = answer.json();
    assert_eq!(body["code"], code.as_str(), "{body}");
    assert_eq!(answer.status.as_u16(), code.status());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(body["type"], format!("urn:countersign:device:{}", code.as_str()));
    assert_eq!(body["status"], code.status());
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    assert!(!answer.header("device-nonce").is_empty(), "every answer brings a nonce");
    body
}
