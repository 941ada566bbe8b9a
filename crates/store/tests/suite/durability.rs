use std::path::Path;

use countersign_domain::KeyUse;
use countersign_store::{Error, Location, Store};

use crate::in_file;
use crate::values::*;

fn open(path: &Path) -> Store {
    Store::open(Location::File(path.to_owned())).unwrap()
}

#[test]
fn reopening_keeps_everything() {
    let kept = in_file();
    let path = kept.folder.as_ref().unwrap().path().join("countersign.db");
    let session = addressed(DOCUMENT, 0, 1);
    let (id, expected) = (session.id(), text(&session));
    kept.store
        .write_blocking("fill", move |tx| {
            insert_person(tx, DOCUMENT)?;
            tx.sessions().insert(&session)?;
            tx.certificates().insert(&certificate("q1", 1, Some(DOCUMENT)))?;
            tx.counters().next("crl").map(drop)
        })
        .unwrap();
    drop(kept.store);
    let store = open(&path);
    store
        .read_blocking("look", move |tx| {
            assert_eq!(tx.sessions().find(id)?.map(|session| text(&session)), Some(expected));
            assert_eq!(tx.accounts().get(&document(DOCUMENT))?, account(DOCUMENT));
            assert_eq!(tx.devices().get(device(DOCUMENT).id())?, device(DOCUMENT));
            assert_eq!(tx.keys().get(&key_id(DOCUMENT, KeyUse::Sign))?, key(DOCUMENT, KeyUse::Sign));
            assert_eq!(tx.certificates().of_account(&document(DOCUMENT))?.len(), 1);
            assert_eq!(tx.counters().last("crl")?, 1);
            Ok::<_, Error>(())
        })
        .unwrap();
}

#[test]
fn what_was_answered_is_in_the_files_at_that_moment() {
    // A copy of the files taken right after the answer is what a crash would leave.
    let kept = in_file();
    let folder = kept.folder.as_ref().unwrap().path();
    for number in 1..=5 {
        let session = offered(0, number);
        let id = session.id();
        kept.store.write_blocking("insert", move |tx| tx.sessions().insert(&session)).unwrap();
        let crashed = tempfile::tempdir().unwrap();
        for name in ["countersign.db", "countersign.db-wal"] {
            std::fs::copy(folder.join(name), crashed.path().join(name)).unwrap();
        }
        let store = open(&crashed.path().join("countersign.db"));
        assert!(store.read_blocking("look", move |tx| tx.sessions().find(id)).unwrap().is_some());
    }
}

#[test]
fn what_was_not_committed_is_not_in_the_files() {
    let kept = in_file();
    let folder = kept.folder.as_ref().unwrap().path().to_owned();
    let session = offered(0, 1);
    let id = session.id();
    let crashed = tempfile::tempdir().unwrap();
    let to = crashed.path().to_owned();
    kept.store
        .write_blocking("insert", move |tx| {
            tx.sessions().insert(&session)?;
            for name in ["countersign.db", "countersign.db-wal"] {
                std::fs::copy(folder.join(name), to.join(name)).unwrap();
            }
            Ok::<_, Error>(())
        })
        .unwrap();
    let store = open(&crashed.path().join("countersign.db"));
    assert!(store.read_blocking("look", move |tx| tx.sessions().find(id)).unwrap().is_none());
}

#[test]
fn two_programs_may_use_one_file() {
    let kept = in_file();
    let path = kept.folder.as_ref().unwrap().path().join("countersign.db");
    let other = open(&path);
    for expected in [1, 3, 5] {
        assert_eq!(kept.store.write_blocking("count", |tx| tx.counters().next("crl")).unwrap(), expected);
        assert_eq!(other.write_blocking("count", |tx| tx.counters().next("crl")).unwrap(), expected + 1);
    }
    assert_eq!(kept.store.read_blocking("look", |tx| tx.counters().last("crl")).unwrap(), 6);
}

#[test]
fn a_file_of_a_newer_release_is_left_alone() {
    let kept = in_file();
    let path = kept.folder.as_ref().unwrap().path().join("countersign.db");
    kept.store.write_blocking("pretend", |tx| tx.set_meta("schema", "9999")).unwrap();
    drop(kept.store);
    let refused = Store::open(Location::File(path.clone())).err().unwrap();
    let Error::NewerSchema { found: 9999, known } = refused else { panic!("{refused}") };
    assert_eq!(
        refused.to_string(),
        format!("the database has schema 9999, this release knows {known}: start the newer release")
    );
}

#[test]
fn what_is_no_database_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Dear reader, this is not a database at all.".repeat(100)).unwrap();
    let refused = Store::open(Location::File(path.clone())).err().unwrap();
    assert!(matches!(refused, Error::Open { .. }), "{refused}");
    let refused = Store::open(Location::File(folder.path().join("no/such/folder/db"))).err().unwrap();
    assert!(matches!(refused, Error::Open { .. }), "{refused}");
}
