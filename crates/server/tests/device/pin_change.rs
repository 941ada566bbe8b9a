//! A PIN is checked and changed.

use super::*;

const NEW: &str = "9046";

#[tokio::test]
async fn the_new_pin_works_and_the_old_one_no_longer() {
    let mut person = Person::new().await;
    person.change_pin(KeyUse::Auth, PIN1, NEW).await.expect("changed");
    refused(person.check_pin(KeyUse::Auth, PIN1).await, DeviceErrorCode::WrongPin);
    let (asked, tx) = person.asked_to_log_in().await;
    person.approve(&tx, NEW).await.expect("approved");
    let status = asked.status(&person.world).await;
    super::approve::verify_login(&asked, &status, "", countersign_wire::words::FlowType::Notification);
    // PIN2 is another.
    person.check_pin(KeyUse::Sign, PIN2).await.expect("right");
    assert_eq!(count(&person.world, "PinChanged").await, 1);
    let key = person.key(KeyUse::Auth).await;
    assert!(key.pending_refresh().is_none());
    assert_eq!(key.wrapped().version, 2);
    // And again.
    person.change_pin(KeyUse::Auth, NEW, PIN1).await.expect("changed");
    person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
    refused(person.check_pin(KeyUse::Auth, NEW).await, DeviceErrorCode::WrongPin);
}

#[tokio::test]
async fn a_mistyped_old_pin_changes_nothing() {
    let mut person = Person::new().await;
    let before = person.key(KeyUse::Auth).await.wrapped().clone();
    refused(person.change_pin(KeyUse::Auth, WRONG, NEW).await, DeviceErrorCode::WrongPin);
    let key = person.key(KeyUse::Auth).await;
    assert!(key.pending_refresh().is_none() && *key.wrapped() == before);
    assert!(person.storage().keys.iter().all(|key| key.next.is_none()));
    person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
    person.change_pin(KeyUse::Auth, PIN1, NEW).await.expect("changed");
}

#[tokio::test]
async fn a_pin_check_counts_and_locks() {
    let mut person = Person::new().await;
    refused(person.check_pin(KeyUse::Sign, WRONG).await, DeviceErrorCode::WrongPin);
    refused(person.check_pin(KeyUse::Sign, PIN1).await, DeviceErrorCode::WrongPin);
    refused(person.change_pin(KeyUse::Sign, WRONG, NEW).await, DeviceErrorCode::Locked);
    refused(person.check_pin(KeyUse::Sign, PIN2).await, DeviceErrorCode::Locked);
    assert_eq!(count(&person.world, "TryCounted").await, 3);
}

#[tokio::test]
async fn until_the_new_pin_has_proven_itself_the_old_one_works() {
    let mut person = Person::new().await;
    // The commit never arrives, and the person does not remember the new PIN.
    person.line.lose(1, Fate::RequestLost);
    let lost = person.change_pin(KeyUse::Auth, PIN1, NEW).await;
    assert!(matches!(lost, Err(Error::NoAnswer(_))));
    assert!(person.key(KeyUse::Auth).await.pending_refresh().is_some());
    person.restart();
    person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
    let (asked, tx) = person.asked_to_log_in().await;
    person.approve(&tx, PIN1).await.expect("approved");
    Asked::ended(&asked.status(&person.world).await, "OK");
    // Another new PIN is not the one that was proposed; then it begins anew.
    refused(person.change_pin(KeyUse::Auth, PIN1, "5827").await, DeviceErrorCode::WrongPin);
    person.change_pin(KeyUse::Auth, PIN1, "5827").await.expect("changed");
    person.check_pin(KeyUse::Auth, "5827").await.expect("right");
}

#[tokio::test]
async fn a_commit_needs_a_proposal_and_a_nonce_its_length() {
    let mut person = Person::new().await;
    let storage = person.storage();
    let (mut raw, mut rng) = (Raw::of(&storage).fresh(&person.world).await, rng(4));
    let kid = person.kid(KeyUse::Auth);
    let core = &storage.core_keys[0];
    let part = PartialSignature { salt: vec![1; 32], y: vec![2; 128] };
    for (path, nonce) in [("pin-change/commit", 32), ("pin-check", 15), ("pin-check", 65)] {
        let purpose = SealedFor::PinCheck { kid: &kid };
        let sealed =
            sealed::seal(&mut rng, &core.point, &core.id, purpose, &part.to_plaintext()).expect("sealed");
        let request = countersign_wire::device::PinCheckRequest {
            req: RequestId::generate(&mut rng),
            token: storage.token.clone(),
            nonce: B64u(vec![9; nonce]),
            sealed,
        };
        let answer = raw.post(&person.world, &format!("/keys/{kid}/{path}"), &request).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
    assert_eq!(count(&person.world, "TryCounted").await, 0);
    person.check_pin(KeyUse::Auth, PIN1).await.expect("the token was not used up");
}

#[tokio::test]
async fn a_key_of_somebody_else_is_not_found() {
    let person = Person::new().await;
    let other = Person::in_world(person.world.clone(), OTHER, 2).await;
    let (storage, kid) = (person.storage(), other.kid(KeyUse::Auth));
    let (mut raw, mut rng) = (Raw::of(&storage).fresh(&person.world).await, rng(4));
    let core = &storage.core_keys[0];
    let part = PartialSignature { salt: vec![1; 32], y: vec![2; 128] };
    let purpose = SealedFor::PinCheck { kid: &kid };
    let request = countersign_wire::device::PinCheckRequest {
        req: RequestId::generate(&mut rng),
        token: storage.token.clone(),
        nonce: B64u(vec![9; 32]),
        sealed: sealed::seal(&mut rng, &core.point, &core.id, purpose, &part.to_plaintext()).unwrap(),
    };
    let answer = raw.post(&person.world, &format!("/keys/{kid}/pin-check"), &request).await;
    problem(&answer, DeviceErrorCode::NotFound);
    let answer = raw.post(&person.world, "/keys/nothing/pin-check", &request).await;
    problem(&answer, DeviceErrorCode::NotFound);
    assert_eq!(count(&person.world, "TryCounted").await, 0);
}
