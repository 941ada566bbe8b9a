//! Wrong PINs: three lock for three hours, three more for a day, three more for good.

use countersign_domain::revocation::CertificateStatus;
use countersign_split_key::Modulus;
use countersign_wire::device::{KeyState, RefusalReason};

use super::*;

const HOUR: i64 = 3600;

/// A session to log in, and a wrong PIN.
async fn wrong(person: &mut Person) -> Error {
    let (_, tx) = person.asked_to_log_in().await;
    person.approve(&tx, WRONG).await.expect_err("a wrong PIN")
}

#[tokio::test]
async fn wrong_pins_lock_longer_each_time_and_then_for_good() {
    let mut person = Person::new().await;
    let mut locks = Vec::new();
    for hours in [Some(3), Some(24), None] {
        for left in [2, 1] {
            let error = wrong(&mut person).await;
            assert!(matches!(error, Error::WrongPin { tries_left } if tries_left == left), "{error}");
        }
        let (asked, tx) = person.asked_to_log_in().await;
        let error = person.approve(&tx, WRONG).await.expect_err("a wrong PIN");
        Asked::ended(&asked.status(&person.world).await, "DOCUMENT_UNUSABLE");
        match (hours, error) {
            (Some(hours), Error::Locked { until }) => {
                locks.push(until);
                assert_eq!(until.duration_since(person.now()).as_secs(), hours * HOUR);
                // The right PIN does not help now.
                let now = person.now();
                let account = person.phone.account(now, &mut person.rng).await.expect("an account");
                assert_eq!((account.keys[0].state, account.keys[0].tries_left), (KeyState::Locked, 0));
                assert_eq!(account.keys[0].locked_until, Some(until));
                assert_eq!(account.keys[1].state, KeyState::Active, "PIN2 has its own counter");
                refused(person.check_pin(KeyUse::Auth, PIN1).await, DeviceErrorCode::Locked);
                person.world.advance(hours * HOUR);
            }
            (None, Error::Blocked) => {}
            (_, error) => panic!("{error}"),
        }
    }
    assert_eq!(locks.len(), 2);
    person.world.advance(1000 * HOUR);
    refused(person.check_pin(KeyUse::Auth, PIN1).await, DeviceErrorCode::Blocked);
    // Both certificates end with it: a new registration is needed.
    refused(person.check_pin(KeyUse::Sign, PIN2).await, DeviceErrorCode::Blocked);
    let document = DocumentNumber::parse(DOCUMENT).unwrap();
    let certificates = read(&person.world, move |tx| tx.certificates().of_account(&document)).await;
    assert!(certificates.iter().all(|one| matches!(one.status, CertificateStatus::Revoked { .. })));
    let asked = log_in(&person.world, DOCUMENT, &displayed("Log in")).await;
    Asked::ended(&asked.status(&person.world).await, "DOCUMENT_UNUSABLE");
}

#[tokio::test]
async fn the_right_pin_forgets_the_wrong_ones() {
    let mut person = Person::new().await;
    for _ in 0..3 {
        wrong(&mut person).await;
        wrong(&mut person).await;
        let (asked, tx) = person.asked_to_log_in().await;
        person.approve(&tx, PIN1).await.expect("approved");
        Asked::ended(&asked.status(&person.world).await, "OK");
    }
    // Also after a lock: the next one is the short one again.
    for _ in 0..2 {
        let mut error = wrong(&mut person).await;
        for _ in 0..2 {
            error = wrong(&mut person).await;
        }
        assert!(
            matches!(error, Error::Locked { until } if until.duration_since(person.now()).as_secs() == 3 * HOUR)
        );
        person.world.advance(3 * HOUR);
        person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
    }
}

#[tokio::test]
async fn a_transaction_stays_open_after_a_wrong_pin() {
    let mut person = Person::new().await;
    let (asked, tx) = person.asked_to_log_in().await;
    refused(person.approve(&tx, WRONG).await, DeviceErrorCode::WrongPin);
    refused(person.approve(&tx, WRONG).await, DeviceErrorCode::WrongPin);
    person.approve(&tx, PIN1).await.expect("approved");
    Asked::ended(&asked.status(&person.world).await, "OK");
    // And all of it is counted; enrolment is not.
    let metrics = person.world.get("/metrics").await;
    for line in [
        r#"countersign_pin_tries_total{result="reserved"} 3"#,
        r#"countersign_pin_tries_total{result="wrong"} 2"#,
        r#"countersign_pin_tries_total{result="right"} 1"#,
    ] {
        assert!(metrics.text().lines().any(|each| each == line), "{line}");
    }
}

#[tokio::test]
async fn a_wrong_pin_is_answered_with_words_and_no_number() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    refused(person.approve(&tx, WRONG).await, DeviceErrorCode::WrongPin);
    let (_, told) = person.line.last();
    let members: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["type", "title", "status", "detail", "code", "triesLeft", "token"]);
    let members: Vec<_> = told["token"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["id", "enc", "ct"]);
    // A point, and a token of 32 octets in JSON with its tag: no room for a number of 1024 bits.
    assert_eq!(B64u::parse(told["token"]["enc"].as_str().unwrap()).unwrap().0.len(), 65);
    assert!(B64u::parse(told["token"]["ct"].as_str().unwrap()).unwrap().0.len() < 100);
    // Two wrong PINs are answered alike but for the token and the count.
    refused(person.approve(&tx, "0001").await, DeviceErrorCode::WrongPin);
    let (_, again) = person.line.last();
    for member in ["type", "title", "status", "detail", "code"] {
        assert_eq!(told[member], again[member]);
    }
}

/// The number before, and the one after.
fn neighbours(n1: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut before, mut after) = (n1.to_vec(), n1.to_vec());
    // Odd: this does not borrow, but that may carry.
    *before.last_mut().unwrap() -= 1;
    for octet in after.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            break;
        }
    }
    (before, after)
}

/// A number that a share could have made, as far as anybody can see.
fn wrong_part(number: u8) -> Vec<u8> {
    let mut y = vec![0x11; 128];
    y[127] = number;
    y
}

#[tokio::test]
async fn parts_that_no_share_can_make_are_refused() {
    let mut person = Person::new().await;
    let storage = person.storage();
    let key = storage.keys.iter().find(|key| key.key_use == KeyUse::Auth).unwrap();
    let n1 = Modulus::from_be_bytes(key.n1.as_ref()).unwrap().as_be_bytes().to_vec();
    let (before, after) = neighbours(&n1);
    let mut raw = Raw::of(&storage).fresh(&person.world).await;
    let mut rng = rng(5);
    for y in [
        vec![],
        vec![0],
        vec![0; 128],
        vec![1],
        [vec![0; 127], vec![1]].concat(),
        before,
        n1.clone(),
        after,
        vec![0xff; 128],
        vec![0xff; 129],
        vec![1; 1024],
        vec![1; 1025],
    ] {
        let storage = person.storage();
        let (asked, tx) = person.asked_to_log_in().await;
        let req = RequestId::generate(&mut rng);
        let body = confirmation(&storage, KeyUse::Auth, &tx, &storage.token, &req, &y, &mut rng);
        let answer = raw.post(&person.world, &format!("/transactions/{tx}/confirm"), &body).await;
        let told = problem(&answer, DeviceErrorCode::BadRequest);
        let members: Vec<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["type", "title", "status", "detail", "code"]);
        let now = person.now();
        person.phone.refuse(&tx, RefusalReason::User, None, now, &mut person.rng).await.expect("refused");
        Asked::ended(&asked.status(&person.world).await, "USER_REFUSED");
        // A part that opens has cost its try, although it says nothing about the PIN.
        person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
    }
    let asked = log_in(&person.world, DOCUMENT, &displayed("Log in")).await;
    let (storage, tx) = (person.storage(), person.next().await);
    let req = RequestId::generate(&mut rng);
    let body = confirmation(&storage, KeyUse::Auth, &tx, &storage.token, &req, &wrong_part(2), &mut rng);
    let answer = raw.post(&person.world, &format!("/transactions/{tx}/confirm"), &body).await;
    problem(&answer, DeviceErrorCode::WrongPin);
    drop(asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_tries_at_once_are_at_most_three() {
    let mut person = Person::new().await;
    let storage = person.storage();
    let (asked, tx) = person.asked_to_log_in().await;
    let mut rng = rng(5);
    let raw = Raw::of(&storage).fresh(&person.world).await;
    let nonce = raw.nonce.clone();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100u8 {
        let req = RequestId::generate(&mut rng);
        let body =
            confirmation(&storage, KeyUse::Auth, &tx, &storage.token, &req, &wrong_part(number), &mut rng);
        let body = serde_json::to_vec(&body).unwrap();
        let (world, path) = (person.world.clone(), format!("/transactions/{tx}/confirm"));
        let mut raw = Raw::of(&storage);
        raw.nonce.clone_from(&nonce);
        tasks.spawn(async move { raw.send(&world, Method::POST, &path, body).await.json()["code"].clone() });
    }
    let codes = tasks.join_all().await;
    let tries = count(&person.world, "TryCounted").await;
    assert!((1..=3).contains(&tries), "{tries}");
    // One was computed; the rest came while it ran, or after it with a token that was used up: a thief's copies.
    let of = |code: &str| codes.iter().filter(|each| *each == code).count();
    assert_eq!(of("WRONG_PIN"), 1, "{codes:?}");
    assert_eq!(of("WRONG_PIN") + of("IN_PROGRESS") + of("CLONE_SUSPECT"), 100, "{codes:?}");
    if of("CLONE_SUSPECT") > 0 {
        Asked::ended(&asked.status(&person.world).await, "DOCUMENT_UNUSABLE");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_a_hundred_times_at_once_is_one_signature() {
    let mut person = Person::new().await;
    let (asked, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    person.line.lose(0, Fate::RequestLost);
    let choice = countersign_phone::Choice::None;
    let lost = person.phone.approve(&opened, pin(PIN1), choice, now, &mut person.rng).await;
    assert!(matches!(lost, Err(Error::NoAnswer(_))));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let mut phone = person.copy(person.storage(), MemoryVault::default());
        let (tx, mut rng) = (tx.clone(), rng(number));
        tasks.spawn(async move {
            let opened = phone.open_transaction(&tx, now, &mut rng).await.expect("a transaction");
            phone.approve(&opened, pin(PIN1), choice, now, &mut rng).await.err().map(|error| error.code())
        });
    }
    for outcome in tasks.join_all().await {
        assert!(matches!(outcome, None | Some(Some(DeviceErrorCode::InProgress))), "{outcome:?}");
    }
    assert_eq!(count(&person.world, "TryCounted").await, 1);
    assert_eq!(count(&person.world, "PinAccepted").await, 1);
    Asked::ended(&asked.status(&person.world).await, "OK");
    person.approve(&tx, PIN1).await.expect("the answer");
    assert_eq!(count(&person.world, "CloneSuspected").await, 0);
}
