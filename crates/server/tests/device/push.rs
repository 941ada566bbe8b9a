//! Wake-ups, up to a browser of our own making that opens them with other code than that which sealed them.

use std::collections::VecDeque;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_server::push;
use countersign_wire::base64::{b64u, from_b64u};
use hkdf::Hkdf;
use http::{HeaderMap, StatusCode};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// What a push service heard.
struct Heard {
    headers: HeaderMap,
    body: Bytes,
}

/// A push service on this machine.
struct Service {
    origin: String,
    heard: mpsc::UnboundedReceiver<Heard>,
    answers: Answers,
}

type Answers = Arc<Mutex<VecDeque<(u16, Option<&'static str>)>>>;

impl Service {
    /// It takes everything, unless told what to answer first.
    async fn start(answers: &[(u16, Option<&'static str>)]) -> Self {
        let answers: Answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let (sender, heard) = mpsc::unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().route("/push/{id}", post(take)).with_state((sender, answers.clone()));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { origin, heard, answers }
    }

    async fn next(&mut self) -> Heard {
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, self.heard.recv()).await.expect("in time").expect("a message")
    }
}

async fn take(
    State((sender, answers)): State<(mpsc::UnboundedSender<Heard>, Answers)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (status, after) = answers.lock().unwrap().pop_front().unwrap_or((201, None));
    let _ = sender.send(Heard { headers, body });
    let status = StatusCode::from_u16(status).expect("a status");
    match after {
        Some(after) => (status, [("retry-after", after)]).into_response(),
        None => status.into_response(),
    }
}

/// A browser's half of a subscription.
struct Browser {
    secret: p256::SecretKey,
    auth: [u8; 16],
}

impl Browser {
    fn new() -> Self {
        Self { secret: p256::SecretKey::from_slice(&[7; 32]).expect("a key"), auth: [9; 16] }
    }

    fn public(&self) -> Vec<u8> {
        self.secret.public_key().to_sec1_point(false).as_bytes().to_vec()
    }

    fn subscription(&self, endpoint: &str) -> Value {
        let keys = json!({ "p256dh": b64u(&self.public()), "auth": b64u(&self.auth) });
        json!({ "endpoint": endpoint, "keys": keys })
    }

    /// RFC 8188 and RFC 8291, as the receiver does it.
    fn open(&self, body: &[u8]) -> Vec<u8> {
        let (salt, rest) = body.split_at(16);
        let (size, rest) = rest.split_at(4);
        assert_eq!(size, 4096_u32.to_be_bytes());
        let (length, rest) = rest.split_at(1);
        assert_eq!(length, [65]);
        let (sender, record) = rest.split_at(65);
        let sender_key = p256::PublicKey::from_sec1_bytes(sender).expect("a point");
        let shared = p256::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), sender_key.as_affine());
        let info = [b"WebPush: info\0".as_slice(), &self.public(), sender].concat();
        let mut input = [0; 32];
        Hkdf::<Sha256>::new(Some(&self.auth), shared.raw_secret_bytes())
            .expand(&info, &mut input)
            .expect("32");
        let (mut key, mut nonce) = ([0; 16], [0; 12]);
        let content = Hkdf::<Sha256>::new(Some(salt), &input);
        content.expand(b"Content-Encoding: aes128gcm\0", &mut key).expect("16");
        content.expand(b"Content-Encoding: nonce\0", &mut nonce).expect("12");
        let cipher = Aes128Gcm::new_from_slice(&key).expect("a key");
        let mut plain = cipher.decrypt(&Nonce::from(nonce), record).expect("sealed to this browser");
        assert_eq!(plain.pop(), Some(2), "the last record");
        plain
    }
}

/// Checks the statement of the sender [RFC 8292] and gives its claims.
fn claims(authorization: &str, key: &[u8]) -> Value {
    let rest = authorization.strip_prefix("vapid t=").expect("the scheme");
    let (token, sent) = rest.split_once(", k=").expect("a key");
    assert_eq!(from_b64u(sent).expect("Base64url"), key);
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let signature = Signature::from_slice(&from_b64u(signature).expect("Base64url")).expect("64 octets");
    VerifyingKey::from_sec1_bytes(key).expect("a key").verify(signed.as_bytes(), &signature).expect("signed");
    let (header, claims) = signed.split_once('.').expect("claims");
    let json =
        |part: &str| serde_json::from_slice::<Value>(&from_b64u(part).expect("Base64url")).expect("JSON");
    assert_eq!(json(header), json!({ "typ": "JWT", "alg": "ES256" }));
    json(claims)
}

/// A person whose phone is to be woken, and the job that does it.
async fn subscribed(service: &Service) -> (Person, Raw, Browser) {
    let person = Person::new().await;
    tokio::spawn(push::deliver(person.world.app().clone()));
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    let browser = Browser::new();
    let subscription = browser.subscription(&format!("{}/push/1", service.origin));
    let answer = put(&mut raw, &person.world, &subscription).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    (person, raw, browser)
}

async fn put(raw: &mut Raw, world: &World, subscription: &Value) -> Answer {
    raw.send(world, Method::PUT, "/push", subscription.to_string().into_bytes()).await
}

/// Waits until the job sleeps, or has nothing to do.
async fn until_it_waits(world: &World) {
    while world.clock().waiting() == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_phone_is_woken_with_the_name_of_the_transaction_and_nothing_else() {
    let mut service = Service::start(&[]).await;
    let (mut person, mut raw, browser) = subscribed(&service).await;
    let key = raw.get(&person.world, "/push/key").await.json();
    let key = from_b64u(key["key"].as_str().expect("a key")).expect("Base64url");
    let (_, tx) = person.asked_to_log_in().await;

    let heard = service.next().await;
    let content: Value = serde_json::from_slice(&browser.open(&heard.body)).expect("JSON");
    assert_eq!(content, json!({ "type": "TX", "tx": tx }));
    let header = |name: &str| heard.headers.get(name).expect(name).to_str().expect("text");
    assert_eq!((header("ttl"), header("urgency")), ("120", "high"));
    assert_eq!(header("content-encoding"), "aes128gcm");
    let claims = claims(header("authorization"), &key);
    assert_eq!(claims["aud"], service.origin);
    let until = person.now().as_second() + 12 * 3600;
    assert_eq!(claims["exp"], until);
    assert!(claims.get("sub").is_none());
    assert_ne!(key, browser.public());
}

#[tokio::test]
async fn a_busy_service_is_asked_again_when_it_says() {
    let mut service = Service::start(&[(429, Some("7")), (503, None), (500, None)]).await;
    let (mut person, _, _) = subscribed(&service).await;
    person.asked_to_log_in().await;
    service.next().await;
    for pause in [7, 2, 4] {
        until_it_waits(&person.world).await;
        person.world.advance(pause - 1);
        assert!(service.heard.try_recv().is_err(), "too early");
        person.world.advance(1);
        service.next().await;
    }
    assert!(service.answers.lock().unwrap().is_empty());
}

#[tokio::test]
async fn nobody_is_woken_for_what_is_over() {
    let mut service = Service::start(&[(503, None)]).await;
    let (mut person, _, _) = subscribed(&service).await;
    let (_, tx) = person.asked_to_log_in().await;
    service.next().await;
    until_it_waits(&person.world).await;
    person.approve(&tx, PIN1).await.expect("approved");
    person.world.advance(60);
    person.asked_to_log_in().await;
    // The next message is the other one's: the first was not sent again.
    service.next().await;
    assert!(service.heard.try_recv().is_err());
}

#[tokio::test]
async fn a_phone_that_listens_no_longer_is_forgotten() {
    for status in [404, 410] {
        let mut service = Service::start(&[(status, None)]).await;
        let (mut person, _, _) = subscribed(&service).await;
        person.asked_to_log_in().await;
        service.next().await;
        while count(&person.world, "PushUnsubscribed").await == 0 {
            tokio::task::yield_now().await;
        }
        person.world.advance(60);
        person.asked_to_log_in().await;
        assert_eq!(count(&person.world, "PushSubscribed").await, 1);
        assert!(service.heard.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let mut service = Service::start(&[(403, None)]).await;
    let (mut person, _, browser) = subscribed(&service).await;
    person.asked_to_log_in().await;
    service.next().await;
    person.world.advance(60);
    let (_, tx) = person.asked_to_log_in().await;
    let heard = service.next().await;
    let content: Value = serde_json::from_slice(&browser.open(&heard.body)).expect("JSON");
    assert_eq!(content["tx"], tx.as_str());
}

#[tokio::test]
async fn a_subscription_is_replaced_and_ended() {
    let (mut first, mut second) = (Service::start(&[]).await, Service::start(&[]).await);
    let (mut person, mut raw, browser) = subscribed(&first).await;
    let other = browser.subscription(&format!("{}/push/2", second.origin));
    assert_eq!(put(&mut raw, &person.world, &other).await.status, 200);
    person.asked_to_log_in().await;
    second.next().await;
    assert!(first.heard.try_recv().is_err());
    let world = person.world.clone();
    for _ in 0..2 {
        assert_eq!(raw.send(&world, Method::DELETE, "/push", Vec::new()).await.status, 200);
    }
    assert_eq!(count(&world, "PushUnsubscribed").await, 1);
}

#[tokio::test]
async fn what_is_no_subscription_is_refused_and_changes_nothing() {
    let person = Person::new().await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    let browser = Browser::new();
    let good = browser.subscription("https://push.example.org/x");
    let changed = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).expect("a member") = value;
        changed
    };
    for wrong in [
        json!({}),
        changed("/endpoint", json!("http://push.example.org/x")),
        changed("/endpoint", json!("http://10.0.0.1/x")),
        changed("/endpoint", json!("javascript:alert(1)")),
        changed("/endpoint", json!(format!("https://push.example.org/{}", "a".repeat(1100)))),
        changed("/keys/p256dh", json!("")),
        changed("/keys/p256dh", json!(b64u(&[4; 65]))),
        changed("/keys/p256dh", json!(b64u(&browser.public()[..33]))),
        changed("/keys/auth", json!(b64u(&[1; 15]))),
        changed("/keys/auth", json!(b64u(&[1; 17]))),
        changed("/keys/auth", json!("=")),
    ] {
        problem(&put(&mut raw, &person.world, &wrong).await, DeviceErrorCode::BadRequest);
    }
    assert_eq!(count(&person.world, "PushSubscribed").await, 0);
    assert_eq!(put(&mut raw, &person.world, &good).await.status, 200);
}

#[tokio::test]
async fn in_production_no_phone_leads_us_into_private_networks() {
    let mut config = config();
    config.push.private_networks = false;
    let world = World::build(config, |builder| {
        let authorities = dev::authorities().expect("the TEST authority");
        builder.authorities(authorities).key_parameters(parameters())
    });
    let person = Person::in_world(world, DOCUMENT, 1).await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    let browser = Browser::new();
    for endpoint in
        ["http://127.0.0.1:1/x", "https://127.0.0.1/x", "https://[::1]/x", "https://192.168.0.1/x"]
    {
        let answer = put(&mut raw, &person.world, &browser.subscription(endpoint)).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
}

#[tokio::test]
async fn where_nothing_is_sent_there_is_no_key_to_subscribe_for() {
    let mut config = config();
    config.push.web_push = false;
    let world = World::build(config, |builder| {
        let authorities = dev::authorities().expect("the TEST authority");
        builder.authorities(authorities).key_parameters(parameters())
    });
    let person = Person::in_world(world, DOCUMENT, 1).await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    problem(&raw.get(&person.world, "/push/key").await, DeviceErrorCode::NotFound);
}
