//! What waits for a person: long polls, order, and what belongs to whom.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use countersign_wire::device::{TransactionState, TransactionsAnswer};

use super::*;

#[tokio::test]
async fn the_list_is_empty_when_the_time_is_up() {
    let mut person = Person::new().await;
    let world = person.world.clone();
    for (wait, seconds) in [(0, 0), (1, 1), (25, 25), (60, 60)] {
        let now = person.now();
        let mut poll = pin!(person.phone.transactions(wait, now, &mut person.rng));
        for second in 0..seconds {
            assert!(!answered(&world, &mut poll).await, "{wait}: after {second} s");
            world.advance(1);
        }
        assert_eq!(poll.await.expect("a list"), []);
    }
}

/// Whether a call is answered by now. A waiting poll has subscribed and looked when the store has nothing to do.
async fn answered<T>(world: &World, call: &mut (impl Future<Output = T> + Unpin)) -> bool {
    for _ in 0..50 {
        let ready =
            poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *call).poll(context).is_ready())).await;
        if ready {
            return true;
        }
        read(world, |_| Ok(())).await;
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn a_waiting_phone_hears_of_a_session_at_once() {
    let mut person = Person::new().await;
    let world = person.world.clone();
    let now = person.now();
    let (asked, waiting) = {
        let mut poll = pin!(person.phone.transactions(60, now, &mut person.rng));
        assert!(!answered(&world, &mut poll).await);
        let asked = log_in(&world, DOCUMENT, &displayed("Log in")).await;
        (asked, poll.await.expect("a list"))
    };
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].rp.name, "DEMO");
    assert_eq!(waiting[0].expires.duration_since(now).as_secs(), 120);
    person.approve(&waiting[0].tx.clone(), PIN1).await.expect("approved");
    Asked::ended(&asked.status(&world).await, "OK");
}

#[tokio::test]
async fn the_oldest_comes_first_and_what_is_over_is_not_there() {
    let mut person = Person::new().await;
    let first = log_in(&person.world, DOCUMENT, &displayed("First")).await;
    person.world.advance(60);
    log_in(&person.world, DOCUMENT, &displayed("Second")).await;
    let now = person.now();
    let waiting = person.phone.transactions(0, now, &mut person.rng).await.expect("a list");
    assert_eq!(waiting.len(), 2);
    let shown = person.phone.open_transaction(&waiting[0].tx, now, &mut person.rng).await.expect("shown");
    assert_eq!(shown.interaction.expect("an interaction").text, "First");
    person.world.advance(60);
    let now = person.now();
    let left = person.phone.transactions(0, now, &mut person.rng).await.expect("a list");
    assert_eq!(left, waiting[1..]);
    Asked::ended(&first.status(&person.world).await, "TIMEOUT");
    let account = person.phone.account(now, &mut person.rng).await.expect("an account");
    assert_eq!(account.open_transactions, [waiting[1].tx.clone()]);
}

#[tokio::test]
async fn states_follow_what_the_phone_does() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let state = async |person: &mut Person| {
        person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("shown").transaction.state
    };
    assert_eq!(state(&mut person).await, TransactionState::Displayed);
    assert_eq!(count(&person.world, "TransactionDisplayed").await, 1);
    assert_eq!(state(&mut person).await, TransactionState::Displayed);
    assert_eq!(count(&person.world, "TransactionDisplayed").await, 1, "shown once");
    person.approve(&tx, PIN1).await.expect("approved");
    assert_eq!(state(&mut person).await, TransactionState::Done);
}

#[tokio::test]
async fn another_persons_transaction_is_not_found() {
    let mut person = Person::new().await;
    let mut other = Person::in_world(person.world.clone(), OTHER, 2).await;
    let (asked, tx) = person.asked_to_log_in().await;
    let now = other.now();
    refused(other.phone.open_transaction(&tx, now, &mut other.rng).await, DeviceErrorCode::NotFound);
    let reason = countersign_wire::device::RefusalReason::User;
    refused(other.phone.refuse(&tx, reason, None, now, &mut other.rng).await, DeviceErrorCode::NotFound);
    let storage = other.storage();
    let (mut raw, mut rng) = (Raw::of(&storage).fresh(&person.world).await, rng(3));
    let req = RequestId::generate(&mut rng);
    let body = confirmation(&storage, KeyUse::Auth, &tx, &storage.token, &req, &[0x11; 128], &mut rng);
    let answer = raw.post(&person.world, &format!("/transactions/{tx}/confirm"), &body).await;
    problem(&answer, DeviceErrorCode::NotFound);
    problem(&raw.get(&person.world, "/transactions/x%20y").await, DeviceErrorCode::NotFound);
    assert_eq!(count(&person.world, "TransactionDisplayed").await, 0);
    assert_eq!(other.phone.transactions(0, now, &mut other.rng).await.expect("a list"), []);
    person.approve(&tx, PIN1).await.expect("approved");
    Asked::ended(&asked.status(&person.world).await, "OK");
}

#[tokio::test]
async fn a_wait_out_of_range_is_refused() {
    let mut person = Person::new().await;
    log_in(&person.world, DOCUMENT, &displayed("Log in")).await;
    let mut raw = Raw::of(&person.storage()).fresh(&person.world).await;
    for wrong in ["61", "-1", "x", "", "256"] {
        let answer = raw.get(&person.world, &format!("/transactions?wait={wrong}")).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
    let answer = raw.get(&person.world, "/transactions").await;
    let list: TransactionsAnswer = serde_json::from_value(answer.json()).expect("a list");
    assert_eq!(list.transactions.len(), 1);
    assert_eq!(person.next().await, list.transactions[0].tx);
}
