use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use countersign_split_key::Pin;
use countersign_wire::device::sealed;
use countersign_wire::device::{DEVICE_NONCE, Jwk, KeyUse};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::MemoryVault;
use crate::storage::tests::storage;

/// Gives the answers it was told to, and counts the questions.
#[derive(Clone, Default)]
struct Canned(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    asked: usize,
    answers: VecDeque<(u16, String)>,
}

impl Canned {
    fn then(self, status: u16, body: impl serde::Serialize) -> Self {
        self.0.lock().unwrap().answers.push_back((status, serde_json::to_string(&body).unwrap()));
        self
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().asked
    }
}

impl Transport for Canned {
    fn origin(&self) -> &str {
        "https://id.example.org"
    }

    async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, Error> {
        let mut canned = self.0.lock().unwrap();
        canned.asked += 1;
        let (status, body) = canned.answers.pop_front().ok_or_else(|| Error::NoAnswer("silence".into()))?;
        Ok(http::Response::builder().status(status).header(DEVICE_NONCE, "fresh").body(body.into()).unwrap())
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_341_600).unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(4)
}

fn phone(transport: &Canned) -> (Phone<Canned>, MemoryVault) {
    let vault = MemoryVault::default();
    let phone = Phone::open(transport.clone(), storage(), Box::new(vault.clone())).unwrap();
    (phone, vault)
}

async fn check(phone: &mut Phone<Canned>) -> Result<(), Error> {
    phone.check_pin(KeyUse::Auth, Pin::parse("4711").unwrap(), now(), &mut rng()).await
}

/// A token as the service would seal it to this phone.
fn next_token(storage: &Storage) -> (Token, Sealed) {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let token = Token::generate(&mut rng);
    let key = storage.sealing_key().unwrap();
    let id = Jwk::from(key.point().clone()).thumbprint();
    let purpose = SealedFor::Token { device: &storage.device_id };
    let sealed = sealed::seal(&mut rng, key.point(), id.as_str(), purpose, &token.to_plaintext()).unwrap();
    (token, sealed)
}

#[tokio::test]
async fn a_request_is_written_down_before_it_is_sent() {
    let transport = Canned::default();
    let (mut phone, vault) = phone(&transport);
    assert!(matches!(check(&mut phone).await, Err(Error::NoAnswer(_))));
    let saved = vault.saved().expect("saved");
    let pending = saved.pending.expect("an open request");
    assert!(pending.token == saved.token && pending.token == storage().token);
}

#[tokio::test]
async fn problems_that_tell_nothing_of_an_earlier_copy_leave_the_request_open() {
    for code in DeviceErrorCode::ALL {
        let problem = DeviceProblem::new(*code, "…");
        let transport = Canned::default().then(code.status(), &problem).then(code.status(), &problem);
        let (mut phone, vault) = phone(&transport);
        let error = check(&mut phone).await.expect_err("a problem");
        assert_eq!(error.code(), Some(*code));
        let saved = vault.saved().expect("saved");
        assert_eq!(saved.pending.is_none(), decides(&problem), "{code:?}");
        assert!(saved.token == storage().token, "{code:?}");
    }
    // Judged, or not; and what a later release may bring tells nothing.
    assert!(decides(&DeviceProblem::new(DeviceErrorCode::TxExpired, "")));
    for code in [DeviceErrorCode::UseNonce, DeviceErrorCode::ProofInvalid, DeviceErrorCode::InProgress] {
        assert!(!decides(&DeviceProblem::new(code, "")));
    }
    let mut unknown = DeviceProblem::new(DeviceErrorCode::TxExpired, "");
    unknown.code = Open::Unknown("LATER".into());
    assert!(!decides(&unknown));
}

#[tokio::test]
async fn a_token_in_the_answer_closes_the_request_whatever_the_answer() {
    let (token, sealed) = next_token(&storage());
    let wrong = DeviceProblem {
        tries_left: Some(2),
        token: Some(sealed.clone()),
        ..DeviceProblem::new(DeviceErrorCode::WrongPin, "…")
    };
    let right = PinCheckAnswer { token: sealed };
    for transport in [Canned::default().then(403, &wrong), Canned::default().then(200, &right)] {
        let (mut phone, vault) = phone(&transport);
        match check(&mut phone).await {
            Ok(()) | Err(Error::WrongPin { tries_left: 2 }) => {}
            Err(error) => panic!("{error}"),
        }
        let saved = vault.saved().expect("saved");
        assert!(saved.pending.is_none() && saved.token == token);
    }
}

#[tokio::test]
async fn a_token_for_somebody_else_is_not_taken() {
    let mut other = storage();
    other.device_id = countersign_wire::id::DeviceId::parse("device-2").unwrap();
    let (_, sealed) = next_token(&other);
    let transport = Canned::default().then(200, PinCheckAnswer { token: sealed });
    let (mut phone, vault) = phone(&transport);
    assert!(matches!(check(&mut phone).await, Err(Error::Wire(_))));
    let saved = vault.saved().expect("saved");
    assert!(saved.pending.is_some() && saved.token == storage().token);
}

#[tokio::test]
async fn a_fresh_nonce_is_used_at_once_and_once() {
    let problem = DeviceProblem::new(DeviceErrorCode::UseNonce, "…");
    let (_, sealed) = next_token(&storage());
    let transport = Canned::default().then(401, &problem).then(200, PinCheckAnswer { token: sealed });
    let (mut phone, _) = phone(&transport);
    check(&mut phone).await.expect("right");
    assert_eq!(transport.asked(), 2);
    let transport = Canned::default().then(401, &problem).then(401, &problem).then(401, &problem);
    let (mut phone, _) = self::phone(&transport);
    assert_eq!(check(&mut phone).await.expect_err("refused").code(), Some(DeviceErrorCode::UseNonce));
    assert_eq!(transport.asked(), 2);
}

#[tokio::test]
async fn an_answer_that_is_no_answer_leaves_the_request_open() {
    for (status, body) in [(502, "a gateway"), (200, "nothing of ours"), (404, "a web page")] {
        let transport = Canned::default().then(status, body);
        let (mut phone, vault) = phone(&transport);
        let error = check(&mut phone).await.expect_err("no answer");
        assert!(matches!(error, Error::NoAnswer(_) | Error::UnexpectedAnswer { .. }), "{error}");
        assert!(vault.saved().expect("saved").pending.is_some());
    }
}

#[tokio::test]
async fn nothing_open_is_settled_without_asking() {
    let transport = Canned::default();
    let (mut phone, _) = phone(&transport);
    assert!(matches!(phone.settle(now(), &mut rng()).await, Ok(Settled::Nothing)));
    assert_eq!(transport.asked(), 0);
}

#[tokio::test]
async fn a_request_of_the_last_moment_is_not_settled_yet() {
    let (token, sealed) = next_token(&storage());
    let transport = Canned::default();
    let (mut phone, vault) = phone(&transport);
    assert!(matches!(check(&mut phone).await, Err(Error::NoAnswer(_))));
    let until = now() + SignedDuration::from_secs(2);
    for early in [now(), until - SignedDuration::from_millis(1)] {
        let settled = phone.settle(early, &mut rng()).await;
        assert!(matches!(settled, Err(Error::OnItsWay { until: told }) if told == until));
    }
    assert_eq!(transport.asked(), 1, "nothing was sent that could contradict it");
    let transport = transport.then(200, PinCheckAnswer { token: sealed });
    assert!(matches!(phone.settle(until, &mut rng()).await, Ok(Settled::PinRight)));
    assert_eq!(transport.asked(), 2);
    assert!(vault.saved().expect("saved").token == token);
}

#[test]
fn what_follows_from_an_answer_depends_on_what_was_asked() {
    let kid = KeyId::parse("key-1").unwrap();
    let with_next = || {
        let mut storage = storage();
        let mut next = storage.keys[0].share.clone();
        next.salt.0[0] ^= 1;
        storage.keys[0].next = Some(next);
        storage
    };
    let (old, new) =
        (with_next().keys[0].share.salt.clone(), with_next().keys[0].next.as_ref().unwrap().salt.clone());
    for (commit, outcome, share, left) in [
        (false, Outcome::Done, &old, true),
        (false, Outcome::WrongPin, &old, false),
        (false, Outcome::Refused, &old, false),
        (true, Outcome::Done, &new, false),
        (true, Outcome::WrongPin, &old, false),
        (true, Outcome::Refused, &old, true),
    ] {
        let mut storage = with_next();
        if commit {
            storage.after_commit(&kid, outcome);
        } else {
            storage.after_proposal(&kid, outcome);
        }
        assert_eq!(&storage.keys[0].share.salt, share);
        assert_eq!(storage.keys[0].next.is_some(), left);
    }
}
