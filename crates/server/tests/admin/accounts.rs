//! Accounts: looked at, unlocked, revoked.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::Event;
use countersign_domain::desk::OperatorAct;
use countersign_phone::{Error, Phone, Pin};
use countersign_server::device::InProcess;
use countersign_testkit::World;
use countersign_wire::device::KeyUse;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;

use crate::{PERSON, PIN1, enrolled, events, get, issued, post, problem, wanted, world};

async fn with_phone() -> (World, Phone<InProcess>, String) {
    let world = world();
    let code = issued(&world, &wanted()).await;
    let phone = enrolled(&world, code["activationCode"].as_str().unwrap(), 1).await.expect("a phone");
    let path = format!("/accounts/{}", phone.document_number());
    (world, phone, path)
}

async fn check(world: &World, phone: &mut Phone<InProcess>, digits: &str) -> Result<(), Error> {
    // Every request has an id of its own.
    static SEED: AtomicU64 = AtomicU64::new(1 << 32);
    let mut rng = ChaCha20Rng::seed_from_u64(SEED.fetch_add(1, Ordering::Relaxed));
    let now = world.app().now();
    phone.check_pin(KeyUse::Auth, Pin::parse(digits).unwrap(), now, &mut rng).await
}

#[tokio::test]
async fn a_person_is_shown_with_every_device_and_key() {
    let (world, first, path) = with_phone().await;
    let code = issued(&world, &wanted()).await;
    let second = enrolled(&world, code["activationCode"].as_str().unwrap(), 2).await.expect("a phone");
    let shown = get(&world, &format!("/persons/{PERSON}")).await.json();
    let accounts = shown["accounts"].as_array().unwrap();
    let mut numbers: Vec<_> = accounts.iter().map(|one| one["documentNumber"].as_str().unwrap()).collect();
    let mut expected = [first.document_number().as_str(), second.document_number().as_str()];
    numbers.sort_unstable();
    expected.sort_unstable();
    assert_eq!(numbers, expected);
    for account in accounts {
        assert_eq!(account["state"], "CERTIFIED");
        assert_eq!(account["devices"][0]["state"], "ACTIVE");
        let uses: Vec<_> = account["keys"].as_array().unwrap().iter().map(|key| &key["use"]).collect();
        assert_eq!(uses, ["AUTH", "SIGN"]);
    }
    let one = get(&world, &path).await.json();
    assert!(accounts.contains(&one), "{one}");
    for unknown in
        ["/persons/PNOEE-30303039914", "/persons/x", "/accounts/PNOEE-30303039914-MOCK-Q", "/accounts/x"]
    {
        problem(&get(&world, unknown).await, 404, "not-found");
    }
}

#[tokio::test]
async fn a_lock_is_opened_for_who_has_proven_their_identity_anew() {
    let (world, mut phone, path) = with_phone().await;
    let unlock = format!("{path}/unlock");
    let wish = json!({ "use": "AUTH", "evidence": "case/18" });
    problem(&post(&world, &unlock, &wish).await, 409, "conflict");
    for _ in 0..3 {
        assert!(check(&world, &mut phone, "8264").await.is_err());
    }
    assert_eq!(get(&world, &path).await.json()["keys"][0]["state"], "LOCKED");
    for evidence in [json!(""), json!("a name"), json!("x".repeat(65))] {
        let wish = json!({ "use": "AUTH", "evidence": evidence });
        problem(&post(&world, &unlock, &wish).await, 400, "invalid-request");
    }
    problem(&post(&world, &unlock, &json!({ "use": "AUTH" })).await, 400, "invalid-request");
    problem(&post(&world, &unlock, &json!({ "use": "SIGN", "evidence": "a" })).await, 409, "conflict");
    assert_eq!(get(&world, &path).await.json()["keys"][0]["state"], "LOCKED");

    let answer = post(&world, &unlock, &wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let key = &answer.json()["keys"][0];
    assert_eq!((&key["state"], &key["triesLeft"]), (&json!("ACTIVE"), &json!(3)));
    check(&world, &mut phone, PIN1).await.expect("the right PIN");
    let events = events(&world).await;
    let act = events.iter().position(|event| {
        matches!(event, Event::OperatorActed { act: OperatorAct::UnlockKey, evidence: Some(evidence), .. }
            if evidence.as_str() == "case/18")
    });
    assert!(matches!(events[act.unwrap() + 1], Event::KeyUnlocked { .. }));
}

#[tokio::test]
async fn a_blocked_key_stays_blocked() {
    let (world, mut phone, path) = with_phone().await;
    for pause in [0, 3 * 3600, 24 * 3600] {
        world.advance(pause);
        for _ in 0..3 {
            assert!(check(&world, &mut phone, "8264").await.is_err());
        }
    }
    assert_eq!(get(&world, &path).await.json()["keys"][0]["state"], "BLOCKED");
    let wish = json!({ "use": "AUTH", "evidence": "case/18" });
    problem(&post(&world, &format!("{path}/unlock"), &wish).await, 409, "conflict");
}

#[tokio::test]
async fn an_account_ends_with_all_that_belongs_to_it() {
    let (world, mut phone, path) = with_phone().await;
    let revoke = format!("{path}/revoke");
    for reason in ["", "lost", "KeyCompromise"] {
        let body =
            problem(&post(&world, &revoke, &json!({ "reason": reason })).await, 400, "invalid-request");
        assert_eq!(body["errors"][0]["paramName"], "reason");
    }
    let wish = json!({ "reason": "keyCompromise", "evidence": "call-77" });
    let answer = post(&world, &revoke, &wish).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shown = answer.json();
    assert_eq!((&shown["state"], &shown["devices"][0]["state"]), (&json!("REVOKED"), &json!("REVOKED")));
    assert!(shown["keys"].as_array().unwrap().iter().all(|key| key["state"] == "REVOKED"));
    let error = check(&world, &mut phone, PIN1).await.expect_err("a revoked device");
    assert_eq!(error.code().map(|code| code.as_str()), Some("UNKNOWN_DEVICE"), "{error}");
    let kinds: Vec<_> = events(&world).await.iter().map(Event::kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "CertificateRevoked").count(), 2);
    // Once more changes nothing.
    let again = post(&world, &revoke, &wish).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, shown));
    problem(&post(&world, "/accounts/PNOEE-30303039914-MOCK-Q/revoke", &wish).await, 404, "not-found");
}
