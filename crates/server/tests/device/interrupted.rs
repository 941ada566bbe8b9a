//! Things stop between any two steps: on the line, on the phone, in the service. Nothing sticks, nothing is counted
//! twice for nothing, and nobody is taken for a thief.

use std::io;
use std::sync::mpsc;

use countersign_phone::Choice;
use countersign_server::compute::Compute;
use countersign_store::{Location, Store};

use super::*;

/// Approves whatever it takes, as a patient person does.
async fn approve_until_done(person: &mut Person, tx: &TransactionId) {
    for _ in 0..5 {
        match person.approve(tx, PIN1).await {
            Ok(_) => return,
            Err(Error::NoAnswer(_) | Error::Vault(_)) => person.restart(),
            Err(error) if error.code() == Some(DeviceErrorCode::InProgress) => person.world.advance(10),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it sticks");
}

#[tokio::test]
async fn an_approval_survives_a_bad_line_at_every_step() {
    let mut person = Person::new().await;
    for fate in [Fate::RequestLost, Fate::AnswerLost] {
        for step in 0.. {
            let (asked, tx) = person.asked_to_log_in().await;
            let tries = count(&person.world, "TryCounted").await;
            let before = person.line.sent();
            person.line.lose(step, fate);
            approve_until_done(&mut person, &tx).await;
            let sent = person.line.sent() - before;
            person.line.mend();
            Asked::ended(&asked.status(&person.world).await, "OK");
            assert_eq!(count(&person.world, "TryCounted").await, tries + 1, "{fate:?} {step}");
            if sent <= step {
                break;
            }
        }
    }
    assert_eq!(count(&person.world, "CloneSuspected").await, 0);
}

#[tokio::test]
async fn a_change_of_pin_survives_a_bad_line_at_every_step() {
    let mut person = Person::new().await;
    let pins = [PIN1, "9046"];
    let mut now = 0;
    for fate in [Fate::RequestLost, Fate::AnswerLost] {
        for step in 0.. {
            let (old, new) = (pins[now % 2], pins[(now + 1) % 2]);
            let before = person.line.sent();
            person.line.lose(step, fate);
            for attempt in 0.. {
                assert!(attempt < 5, "it sticks");
                match person.change_pin(KeyUse::Auth, old, new).await {
                    Ok(()) => break,
                    Err(Error::NoAnswer(_)) => person.restart(),
                    Err(error) => panic!("{fate:?} {step}: {error}"),
                }
            }
            let sent = person.line.sent() - before;
            person.line.mend();
            person.check_pin(KeyUse::Auth, new).await.expect("the new PIN");
            refused(person.check_pin(KeyUse::Auth, old).await, DeviceErrorCode::WrongPin);
            person.check_pin(KeyUse::Auth, new).await.expect("the new PIN");
            assert!(person.key(KeyUse::Auth).await.pending_refresh().is_none());
            now += 1;
            if sent <= step {
                break;
            }
        }
    }
    assert_eq!(count(&person.world, "CloneSuspected").await, 0);
}

#[tokio::test]
async fn a_change_of_pin_that_broke_off_does_not_stand_in_the_way() {
    // Whatever was lost, the phone goes on with the PIN that counts by now.
    for (step, fate, counts) in [
        (0, Fate::RequestLost, PIN1),
        (0, Fate::AnswerLost, PIN1),
        (1, Fate::RequestLost, PIN1),
        (1, Fate::AnswerLost, "9046"),
    ] {
        let mut person = Person::new().await;
        person.line.lose(step, fate);
        let lost = person.change_pin(KeyUse::Auth, PIN1, "9046").await;
        assert!(matches!(lost, Err(Error::NoAnswer(_))), "{step} {fate:?}");
        person.restart();
        let (asked, tx) = person.asked_to_log_in().await;
        person.approve(&tx, counts).await.expect("approved");
        Asked::ended(&asked.status(&person.world).await, "OK");
        // And a change goes through.
        person
            .change_pin(KeyUse::Auth, counts, "5827")
            .await
            .or_else(|error| match error {
                // The proposal of before is still there, for another PIN; the second attempt begins anew.
                Error::WrongPin { .. } => Ok(()),
                error => Err(error),
            })
            .expect("an answer");
        if person.check_pin(KeyUse::Auth, "5827").await.is_err() {
            person.change_pin(KeyUse::Auth, counts, "5827").await.expect("changed");
        }
        person.check_pin(KeyUse::Auth, "5827").await.expect("the new PIN");
        assert_eq!(count(&person.world, "CloneSuspected").await, 0);
    }
}

/// A vault that loses its power after so many writes: with the last one on disk, or not.
struct DyingVault {
    kept: MemoryVault,
    left: usize,
    keeps_last: bool,
}

impl Vault for DyingVault {
    fn save(&mut self, storage: &Storage) -> io::Result<()> {
        if self.left > 0 {
            self.left -= 1;
            return self.kept.save(storage);
        }
        if self.keeps_last {
            self.kept.save(storage)?;
        }
        Err(io::Error::other("no power"))
    }
}

#[tokio::test]
async fn a_phone_that_dies_at_any_write_comes_back() {
    let mut person = Person::new().await;
    let pins = [PIN1, "9046"];
    let mut now = 0;
    for keeps_last in [true, false] {
        for writes in 0.. {
            let (old, new) = (pins[now % 2], pins[(now + 1) % 2]);
            // It has to hold what is there before it dies.
            let kept = person.vault.clone();
            let dying = DyingVault { kept, left: writes, keeps_last };
            person.phone =
                Phone::open(person.line.clone(), person.storage(), Box::new(dying)).expect("a phone");
            let time = person.now();
            let changed =
                person.phone.change_pin(KeyUse::Auth, pin(old), pin(new), time, &mut person.rng).await;
            let died = match changed {
                Ok(()) => false,
                Err(Error::Vault(_)) => true,
                Err(error) => panic!("{keeps_last} {writes}: {error}"),
            };
            person.restart();
            if died {
                match person.change_pin(KeyUse::Auth, old, new).await {
                    // It had died after it wrote down that the change was made.
                    Ok(()) | Err(Error::WrongPin { .. }) => {}
                    Err(error) => panic!("{keeps_last} {writes}: {error}"),
                }
            }
            person.check_pin(KeyUse::Auth, new).await.expect("the new PIN");
            now += 1;

            // The same for an approval.
            let (asked, tx) = person.asked_to_log_in().await;
            let dying = DyingVault { kept: person.vault.clone(), left: writes, keeps_last };
            person.phone =
                Phone::open(person.line.clone(), person.storage(), Box::new(dying)).expect("a phone");
            let opened =
                person.phone.open_transaction(&tx, time, &mut person.rng).await.expect("a transaction");
            let approved = person.phone.approve(&opened, pin(new), Choice::None, time, &mut person.rng).await;
            person.restart();
            if approved.is_err() {
                match person.approve(&tx, new).await {
                    Ok(_) => {}
                    // The same: it knows by now.
                    Err(error) => assert_eq!(error.code(), Some(DeviceErrorCode::AlreadyDone), "{error}"),
                }
            }
            Asked::ended(&asked.status(&person.world).await, "OK");
            if !died {
                break;
            }
        }
    }
    assert_eq!(count(&person.world, "CloneSuspected").await, 0);
}

#[test]
fn a_service_that_stops_between_its_transactions_forgets_the_computation_and_keeps_the_try() {
    let store = Store::open(Location::Memory).expect("a store");
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    };

    // The first life: the one place of the pool is taken, so the confirmation stops after its first transaction.
    let first = runtime();
    let (release, held) = mpsc::channel::<()>();
    let (asked, tx, storage) = first.block_on(async {
        let pool = Compute::new(1, 8);
        let world = world_with(|builder| builder.store(store.clone()).compute(pool.clone()));
        let mut person = Person::in_world(world, DOCUMENT, 1).await;
        let (asked, tx) = person.asked_to_log_in().await;
        let now = person.now();
        let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
        tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(move || held.recv()).await }
        });
        while pool.load() == 0 {
            tokio::task::yield_now().await;
        }
        let vault = person.vault.clone();
        let (world, mut rng) = (person.world.clone(), rng(8));
        tokio::spawn(async move {
            person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut rng).await.map(drop)
        });
        while count(&world, "TryCounted").await == 0 {
            tokio::task::yield_now().await;
        }
        (asked, tx, vault.saved().expect("saved"))
    });
    first.shutdown_background();
    assert!(storage.pending.is_some(), "written down before it was sent");

    // The second life, on the same data.
    runtime().block_on(async {
        let world = world_with(|builder| builder.store(store.clone()));
        let line = Line::to(&world);
        let vault = MemoryVault::default();
        let phone = Phone::open(line.clone(), storage, Box::new(vault.clone())).expect("a phone");
        let mut person = Person { world, phone, line, vault, rng: rng(9), certificates: Vec::new() };
        assert_eq!(count(&person.world, "TryCounted").await, 1);
        assert_eq!(count(&person.world, "PinAccepted").await, 0);
        // For ten seconds the computation is believed to run.
        refused(person.approve(&tx, PIN1).await, DeviceErrorCode::InProgress);
        assert_eq!(person.key(KeyUse::Auth).await.tries_left(person.now(), &Default::default()), 2);
        person.world.advance(10);
        person.approve(&tx, PIN1).await.expect("approved");
        Asked::ended(&asked.status(&person.world).await, "OK");
        assert_eq!(count(&person.world, "TryCounted").await, 2);
        assert_eq!(person.key(KeyUse::Auth).await.tries_left(person.now(), &Default::default()), 3);
        assert_eq!(count(&person.world, "CloneSuspected").await, 0);
    });
    drop(release);
}

#[tokio::test]
async fn a_phone_that_hangs_up_gets_its_signature_all_the_same() {
    let pool = Compute::new(1, 8);
    let world = world_with(|builder| builder.compute(pool.clone()));
    let mut person = Person::in_world(world, DOCUMENT, 1).await;
    let (asked, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    let (release, held) = mpsc::channel::<()>();
    let blocked = tokio::spawn({
        let pool = pool.clone();
        async move { pool.run(move || held.recv()).await }
    });
    while pool.load() == 0 {
        tokio::task::yield_now().await;
    }
    let (world, vault) = (person.world.clone(), person.vault.clone());
    let mut phone = person.copy(person.storage(), vault);
    let call = tokio::spawn(async move {
        let mut rng = rng(8);
        phone.approve(&opened, pin(PIN1), Choice::None, now, &mut rng).await.map(drop)
    });
    while count(&world, "TryCounted").await == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.is_err(), "it hung up");
    release.send(()).expect("the pool waits");
    blocked.await.expect("joins").expect("a place").expect("released");
    while count(&world, "PinAccepted").await == 0 {
        tokio::task::yield_now().await;
    }
    Asked::ended(&asked.status(&person.world).await, "OK");
    person.restart();
    person.approve(&tx, PIN1).await.expect("the kept answer");
    assert_eq!(count(&person.world, "TryCounted").await, 1);
}

#[tokio::test]
async fn a_full_pool_refuses_before_anything_is_counted() {
    let pool = Compute::new(1, 8);
    let world = world_with(|builder| builder.compute(pool.clone()));
    let mut person = Person::in_world(world, DOCUMENT, 1).await;
    let (asked, tx) = person.asked_to_log_in().await;
    let places: Vec<_> = (0..9).map(|_| pool.admit().expect("a place")).collect();
    assert!(matches!(person.approve(&tx, PIN1).await, Err(Error::NoAnswer(_))));
    assert_eq!(person.line.last().0, 503);
    assert_eq!(count(&person.world, "TryCounted").await, 0);
    drop(places);
    person.approve(&tx, PIN1).await.expect("approved");
    Asked::ended(&asked.status(&person.world).await, "OK");
}
