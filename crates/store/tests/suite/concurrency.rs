use std::sync::mpsc::channel;
use std::time::Duration;

use countersign_domain::Event;
use countersign_domain::account::Account;
use countersign_store::{Error, Grouping, Location, Options, Store, Written};
use countersign_wire::words::EndResult;

use crate::values::*;
use crate::{Kept, in_file};

both! {
    writers_that_compete_share_a_commit,
    a_failing_closure_undoes_itself_only,
    a_panic_undoes_its_closure_and_the_store_lives_on,
    what_was_undone_is_not_known,
    counters_are_given_out_once_to_many_writers,
    a_dropped_future_does_not_undo_its_write,
    the_last_handle_may_be_dropped_inside_a_closure,
    an_error_of_the_caller_comes_back_as_it_is,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// On a file: holds the writing thread until the returned sender is dropped; what is sent to the store meanwhile queues
/// up. In memory there is no such thread: everybody runs its own closure.
fn hold_thread(kept: &Kept) -> Option<std::sync::mpsc::Sender<()>> {
    kept.folder.is_some().then(|| hold(&kept.store))
}

/// Holds the writer until the returned sender is dropped.
fn hold(store: &Store) -> std::sync::mpsc::Sender<()> {
    let (release, held) = channel::<()>();
    let (entered, inside) = channel();
    let store = store.clone();
    std::thread::spawn(move || {
        store.write_blocking("hold", move |_| {
            entered.send(()).unwrap();
            let _ = held.recv();
            Ok::<_, Error>(())
        })
    });
    inside.recv().unwrap();
    release
}

/// Waits until this many closures are queued behind the one that holds, if one does.
fn queued_behind(held: &Option<std::sync::mpsc::Sender<()>>, store: &Store, count: u64) {
    if held.is_some() {
        queued(store, count);
    }
}

fn queued(store: &Store, count: u64) {
    while store.written().waiting < count + 1 {
        std::thread::yield_now();
    }
}

fn writers_that_compete_share_a_commit(kept: Kept) {
    let runtime = runtime();
    let release = hold_thread(&kept);
    let before = kept.store.written();
    let writers: Vec<_> = (0..100u64)
        .map(|number| {
            let store = kept.store.clone();
            runtime.spawn(async move {
                let session = offered(0, number);
                let id = session.id();
                store.write("insert", move |tx| tx.sessions().insert(&session)).await?;
                // Whoever is told finds it: told means committed.
                store.read("look", move |tx| tx.sessions().find(id)).await.map(|found| found.is_some())
            })
        })
        .collect();
    queued_behind(&release, &kept.store, 100);
    drop(release);
    for writer in writers {
        assert!(runtime.block_on(writer).unwrap().unwrap());
    }
    if kept.folder.is_some() {
        let after = kept.store.written();
        let Written { commits, closures, .. } = after;
        assert_eq!(closures - before.closures, 101);
        // The holder took more than its share of time, so its group ended with it; the hundred may need a few, each as
        // long as 5 ms of work.
        assert!(commits - before.commits < 30, "{} commits", commits - before.commits);
    }
}

fn a_failing_closure_undoes_itself_only(kept: Kept) {
    let runtime = runtime();
    let release = hold_thread(&kept);
    let writers: Vec<_> = (0..60u64)
        .map(|number| {
            let store = kept.store.clone();
            runtime.spawn(async move {
                let session = offered(0, number);
                let id = session.id();
                let result = store
                    .write("insert", move |tx| {
                        tx.sessions().insert(&session)?;
                        if number % 2 == 0 { Err(Error::Missing { table: "nothing" }) } else { Ok(()) }
                    })
                    .await;
                (number, id, result)
            })
        })
        .collect();
    queued_behind(&release, &kept.store, 60);
    drop(release);
    for writer in writers {
        let (number, id, result) = runtime.block_on(writer).unwrap();
        let there = kept.store.read_blocking("look", move |tx| tx.sessions().find(id)).unwrap().is_some();
        assert_eq!((result.is_ok(), there), (number % 2 == 1, number % 2 == 1), "{number}");
    }
}

/// Bodies that were written are known again when they are read: not those that are no longer there.
fn what_was_undone_is_not_known(kept: Kept) {
    let first = account("PNOEE-40504040001-MOCK-Q");
    let mut second = first.clone();
    second.holder.given_name = "ANOTHER".to_owned();
    let read = || {
        let document = first.document.clone();
        kept.store.read_blocking("look", move |tx| tx.accounts().get(&document)).unwrap()
    };
    let update = |account: &Account, fails: bool| {
        let account = account.clone();
        kept.store.write_blocking("update", move |tx| {
            tx.accounts().update(&account)?;
            if fails { Err(Error::Missing { table: "nothing" }) } else { Ok(()) }
        })
    };
    let inserted = first.clone();
    kept.store.write_blocking("insert", move |tx| tx.accounts().insert(&inserted)).unwrap();
    assert_eq!(read(), first);
    assert!(update(&second, true).is_err());
    assert_eq!(read(), first, "undone");
    update(&second, false).unwrap();
    assert_eq!(read(), second);
    update(&first, false).unwrap();
    assert_eq!(read(), first);
}

fn a_panic_undoes_its_closure_and_the_store_lives_on(kept: Kept) {
    let id = offered(0, 1).id();
    let event = Event::SessionCompleted { session: id, result: EndResult::Timeout, document: None };
    let lost: Result<(), Error> = kept.store.write_blocking("careless", move |tx| {
        tx.events().append(&event, at(0))?;
        panic!("this panic belongs to the test");
    });
    assert!(matches!(lost, Err(Error::Panicked { name: "careless" })), "{lost:?}");
    let lost: Result<(), Error> =
        kept.store.read_blocking("careless reader", |_| panic!("this panic belongs to the test"));
    assert!(matches!(lost, Err(Error::Panicked { name: "careless reader" })), "{lost:?}");
    let last = kept.store.read_blocking("look", |tx| tx.events().last()).unwrap();
    assert_eq!(last, 0);
    let next = kept.store.write_blocking("go on", |tx| tx.counters().next("crl")).unwrap();
    assert_eq!(next, 1);
}

fn counters_are_given_out_once_to_many_writers(kept: Kept) {
    let runtime = runtime();
    let writers: Vec<_> = (0..200)
        .map(|_| {
            let store = kept.store.clone();
            runtime.spawn(async move { store.write("count", |tx| tx.counters().next("crl")).await })
        })
        .collect();
    let mut numbers: Vec<u64> =
        writers.into_iter().map(|writer| runtime.block_on(writer).unwrap().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}

fn a_dropped_future_does_not_undo_its_write(kept: Kept) {
    let runtime = runtime();
    let release = hold_thread(&kept);
    runtime.block_on(async {
        let store = kept.store.clone();
        let write = store.write("forgotten", |tx| tx.counters().next("crl"));
        // Polled once, so it is sent; then given up. In memory nobody waits: there it was done at once.
        let given_up = tokio::time::timeout(Duration::ZERO, write).await;
        assert_eq!(given_up.is_err(), release.is_some());
    });
    drop(release);
    let next = kept.store.write_blocking("count", |tx| tx.counters().next("crl")).unwrap();
    assert_eq!(next, 2);
}

fn the_last_handle_may_be_dropped_inside_a_closure(kept: Kept) {
    let release = hold_thread(&kept);
    let Kept { store, folder } = kept;
    let (sender, receiver) = channel();
    let inside = store.clone();
    let outside = store.clone();
    let waiting = std::thread::spawn(move || {
        let write = outside.write("last", move |_| {
            drop(inside);
            sender.send(()).unwrap();
            Ok::<_, Error>(())
        });
        runtime().block_on(write)
    });
    queued_behind(&release, &store, 1);
    drop(store);
    drop(release);
    receiver.recv().unwrap();
    waiting.join().unwrap().unwrap();
    drop(folder);
}

fn an_error_of_the_caller_comes_back_as_it_is(kept: Kept) {
    #[derive(Debug)]
    enum Refused {
        Store,
        Mine(u8),
    }
    impl From<Error> for Refused {
        fn from(_: Error) -> Self {
            Self::Store
        }
    }
    let mine: Result<(), Refused> = kept.store.write_blocking("refuse", |_| Err(Refused::Mine(7)));
    assert!(matches!(mine, Err(Refused::Mine(7))));
    let store: Result<(), Refused> =
        kept.store.write_blocking("fail", |tx| Ok(tx.sessions().update(&offered(0, 1))?));
    assert!(matches!(store, Err(Refused::Store)));
}

#[test]
fn a_group_takes_no_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { grouping: Grouping { closures: 10, work: Duration::from_secs(60) }, ..Options::default() };
    let store = Store::open_with(Location::File(folder.path().join("db")), &options).unwrap();
    let release = hold(&store);
    let before = store.written();
    let runtime = runtime();
    let writers: Vec<_> = (0..99)
        .map(|_| {
            let store = store.clone();
            runtime.spawn(async move { store.write("count", |tx| tx.counters().next("crl")).await })
        })
        .collect();
    queued(&store, 99);
    drop(release);
    for writer in writers {
        runtime.block_on(writer).unwrap().unwrap();
    }
    // With the one that held the thread: 100 closures in groups of ten.
    assert_eq!(store.written().commits - before.commits, 10);
}

#[test]
fn readers_see_one_moment_and_do_not_wait_for_writers() {
    let kept = in_file();
    kept.store.write_blocking("count", |tx| tx.counters().next("crl")).unwrap();
    let release = hold(&kept.store);
    let (writing, looking) = (kept.store.clone(), kept.store.clone());
    let writer = std::thread::spawn(move || writing.write_blocking("count", |tx| tx.counters().next("crl")));
    // The writing thread is held; reading goes on, and sees what was committed.
    assert_eq!(looking.read_blocking("look", |tx| tx.counters().last("crl")).unwrap(), 1);
    let (entered, inside) = channel();
    let (go_on, wait) = channel::<()>();
    let reader = std::thread::spawn(move || {
        looking.read_blocking("look twice", move |tx| {
            let first = tx.counters().last("crl")?;
            entered.send(()).unwrap();
            let _ = wait.recv();
            Ok::<_, Error>((first, tx.counters().last("crl")?))
        })
    });
    inside.recv().unwrap();
    drop(release);
    assert_eq!(writer.join().unwrap().unwrap(), 2);
    drop(go_on);
    assert_eq!(
        reader.join().unwrap().unwrap(),
        (1, 1),
        "the same moment, though another number is there by now"
    );
}
