//! Lost answers are sent again, and two copies of one phone are noticed.

use countersign_phone::{Choice, Settled};
use countersign_wire::device::{AccountState, DeviceState, KeyState};

use super::*;

#[tokio::test]
async fn a_lost_answer_comes_again_and_there_is_one_signature() {
    let mut person = Person::new().await;
    let (asked, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    person.line.lose(0, Fate::AnswerLost);
    let lost = person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await;
    assert!(matches!(lost, Err(Error::NoAnswer(_))));
    let first = asked.status(&person.world).await;
    Asked::ended(&first, "OK");
    let (status, answer) = person.line.last();
    assert_eq!(status, 200);

    // The phone comes back, and the person types the PIN once more, even wrongly.
    for digits in [PIN1, WRONG] {
        let mut phone = person.copy(person.storage(), MemoryVault::default());
        phone
            .approve(&opened, pin(digits), Choice::None, now, &mut person.rng)
            .await
            .expect("the same answer");
        assert_eq!(person.line.last(), (status, answer.clone()));
    }
    person.restart();
    person.approve(&tx, PIN1).await.expect("the same answer");
    assert_eq!(asked.status(&person.world).await, first);
    for (kind, times) in
        [("TryCounted", 1), ("PinAccepted", 1), ("SessionCompleted", 1), ("CloneSuspected", 0)]
    {
        assert_eq!(count(&person.world, kind).await, times, "{kind}");
    }
    let (_, tx) = person.asked_to_log_in().await;
    person.approve(&tx, PIN1).await.expect("the phone goes on");
}

#[tokio::test]
async fn a_lost_wrong_pin_is_not_counted_twice() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    person.line.lose(0, Fate::AnswerLost);
    let lost = person.phone.approve(&opened, pin(WRONG), Choice::None, now, &mut person.rng).await;
    assert!(matches!(lost, Err(Error::NoAnswer(_))));
    // Right this time, but the answer is to the first.
    let error = person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await;
    assert!(matches!(error, Err(Error::WrongPin { tries_left: 2 })));
    assert_eq!(count(&person.world, "TryCounted").await, 1);
    person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await.expect("approved");
}

#[tokio::test]
async fn an_answer_is_kept_longer_than_its_session() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    person.line.lose(0, Fate::AnswerLost);
    let lost = person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await;
    assert!(lost.is_err());
    person.world.advance(30 * 24 * 3600);
    let later = person.now();
    let purged =
        person.world.app().store().write("sweep", move |tx| tx.sweep(later, 100)).await.expect("swept");
    assert!(purged.purged > 0);
    assert!(matches!(
        person.phone.settle(later, &mut person.rng).await,
        Ok(Settled::Confirmed { tx: confirmed, .. }) if confirmed == tx
    ));
    person.check_pin(KeyUse::Auth, PIN1).await.expect("the phone goes on");
}

#[tokio::test]
async fn another_transaction_settles_the_open_one_first() {
    for fate in [Fate::RequestLost, Fate::AnswerLost] {
        let mut person = Person::new().await;
        let (first, tx) = person.asked_to_log_in().await;
        let now = person.now();
        let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
        person.line.lose(0, fate);
        let lost = person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await;
        assert!(lost.is_err());
        person.restart();
        let (second, next) = person.asked_to_log_in().await;
        assert_ne!(next, tx);
        person.approve(&next, PIN1).await.expect("approved");
        Asked::ended(&second.status(&person.world).await, "OK");
        // Settling took no try; what never arrived is still to be decided.
        match fate {
            Fate::AnswerLost => {
                Asked::ended(&first.status(&person.world).await, "OK");
                assert_eq!(count(&person.world, "TryCounted").await, 2);
            }
            Fate::RequestLost | Fate::Well => {
                assert_eq!(count(&person.world, "TryCounted").await, 1);
                person.approve(&tx, PIN1).await.expect("approved");
                Asked::ended(&first.status(&person.world).await, "OK");
            }
        }
        assert_eq!(count(&person.world, "CloneSuspected").await, 0);
    }
}

#[tokio::test]
async fn a_copied_phone_is_noticed_and_stopped() {
    for wrong in [false, true] {
        let mut person = Person::new().await;
        let mut thief = person.copy(person.storage(), MemoryVault::default());
        // Before that the copy does something, with or without the PIN.
        let (_, tx) = person.asked_to_log_in().await;
        let now = person.now();
        let opened = thief.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
        let digits = if wrong { WRONG } else { PIN1 };
        let result = thief.approve(&opened, pin(digits), Choice::None, now, &mut person.rng).await;
        assert_eq!(result.is_err(), wrong);

        // Then the owner does something.
        let first = log_in(&person.world, DOCUMENT, &displayed("Log in")).await;
        let (second, tx) = person.asked_to_log_in().await;
        refused(person.approve(&tx, PIN1).await, DeviceErrorCode::CloneSuspect);
        for asked in [first, second] {
            Asked::ended(&asked.status(&person.world).await, "DOCUMENT_UNUSABLE");
        }

        // Nothing goes any more, for either.
        refused(person.check_pin(KeyUse::Auth, PIN1).await, DeviceErrorCode::CloneSuspect);
        refused(thief.transactions(0, now, &mut person.rng).await, DeviceErrorCode::CloneSuspect);
        let check = thief.check_pin(KeyUse::Sign, pin(PIN2), now, &mut person.rng).await;
        refused(check, DeviceErrorCode::CloneSuspect);
        let asked = log_in(&person.world, DOCUMENT, &displayed("Log in")).await;
        Asked::ended(&asked.status(&person.world).await, "DOCUMENT_UNUSABLE");

        // But the owner can see why, and end it.
        let account = person.phone.account(now, &mut person.rng).await.expect("an account");
        assert_eq!(account.state, AccountState::CloneSuspect);
        assert!(account.keys.iter().all(|key| key.state == KeyState::CloneSuspect));
        assert_eq!(account.devices[0].state, DeviceState::CloneSuspect);
        assert_eq!(count(&person.world, "CloneSuspected").await, 1);
        let scope = countersign_wire::device::RevocationScope::Account;
        person.phone.revoke(scope, "copied", now, &mut person.rng).await.expect("revoked");
    }
}

#[tokio::test]
async fn a_token_alone_or_a_request_id_alone_is_a_copy() {
    for both in [false, true] {
        let mut person = Person::new().await;
        let before = person.storage();
        let (_, tx) = person.asked_to_log_in().await;
        refused(person.approve(&tx, WRONG).await, DeviceErrorCode::WrongPin);
        let (mut raw, mut rng) = (Raw::of(&before).fresh(&person.world).await, rng(7));
        // The previous token with another id, or a token that was never given with any id.
        let token = if both { before.token.clone() } else { Token::generate(&mut rng) };
        let req = RequestId::generate(&mut rng);
        let body = confirmation(&before, KeyUse::Auth, &tx, &token, &req, &[0x11; 128], &mut rng);
        let answer = raw.post(&person.world, &format!("/transactions/{tx}/confirm"), &body).await;
        problem(&answer, DeviceErrorCode::CloneSuspect);
        assert_eq!(count(&person.world, "TryCounted").await, 1);
    }
}

#[tokio::test]
async fn a_refreshed_share_makes_an_old_copy_useless_even_with_the_new_token() {
    let mut person = Person::new().await;
    let old = person.storage();
    person.change_pin(KeyUse::Auth, PIN1, "9046").await.expect("changed");
    // The best a thief can hope for: yesterday's shares, today's token, and both PINs.
    let mut stolen = person.storage();
    stolen.keys = old.keys;
    let mut thief = person.copy(stolen, MemoryVault::default());
    let now = person.now();
    let check = thief.check_pin(KeyUse::Auth, pin(PIN1), now, &mut person.rng).await;
    refused(check, DeviceErrorCode::WrongPin);
    let check = thief.check_pin(KeyUse::Auth, pin("9046"), now, &mut person.rng).await;
    refused(check, DeviceErrorCode::WrongPin);
}
