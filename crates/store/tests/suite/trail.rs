//! The audit trail cannot be changed from inside, and changes from outside are seen.

use countersign_domain::Event;
use countersign_domain::desk::{Act, DeskEvent};
use countersign_store::{Error, Location, Store};
use countersign_wire::id::ProposalId;
use jiff::Timestamp;
use rusqlite::Connection;

const NOW: Timestamp = Timestamp::constant(1_780_315_200, 0);

fn event(name: &str) -> Event {
    let proposal = ProposalId::parse(name).unwrap();
    DeskEvent::ProposalExpired { proposal, act: Act::BindEvidence }.into()
}

/// A file with three seals over two events each.
fn sealed(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("countersign.db");
    let store = Store::open(Location::File(path.clone())).unwrap();
    for number in 0..3 {
        let written: Result<bool, Error> = store.write_blocking("record", move |tx| {
            tx.events().append(&event(&format!("a{number}")), NOW)?;
            tx.events().append(&event(&format!("b{number}")), NOW)?;
            tx.trail().seal(NOW, 100)
        });
        assert!(written.unwrap());
    }
    path
}

/// What comparing says after somebody has worked on the file with a program of their own.
fn after(changes: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = sealed(folder.path());
    let outside = Connection::open(&path).unwrap();
    for change in changes {
        outside.execute_batch(change).unwrap();
    }
    drop(outside);
    let store = Store::open(Location::File(path)).unwrap();
    let compared = store.read_blocking("compare", |tx| tx.trail().compare(0, 100));
    let compared: Result<_, Error> = compared;
    compared.unwrap().broken.map(|broken| broken.to_string())
}

const LOCKS_OFF: &str = "DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_deleted;
    DROP TRIGGER event_seals_are_not_changed; DROP TRIGGER event_seals_are_not_deleted;";

#[test]
fn changes_from_outside_are_seen() {
    assert_eq!(after(&[]), None);
    for change in [
        "UPDATE events SET body = replace(body, 'a1', 'x1') WHERE seq = 3",
        "UPDATE events SET at = at + 1 WHERE seq = 3",
        "UPDATE events SET subject = 'x' WHERE seq = 4",
        "DELETE FROM events WHERE seq = 3",
        "DELETE FROM events WHERE seq = 4",
    ] {
        let said = after(&[LOCKS_OFF, change]);
        assert_eq!(said.as_deref(), Some("events 3 to 4 are not those that were sealed"), "{change}");
    }
    // Whoever changes seals breaks the chain.
    for change in [
        "DELETE FROM event_seals WHERE seq = 4",
        "UPDATE event_seals SET body = replace(body, '2026', '2025') WHERE seq = 4",
    ] {
        let said = after(&[LOCKS_OFF, change]).unwrap();
        assert!(said.starts_with("the seals: "), "{change}: {said}");
    }
}

#[test]
fn changes_from_inside_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inside = Connection::open(sealed(folder.path())).unwrap();
    for statement in [
        "UPDATE events SET at = 0",
        "DELETE FROM events",
        "UPDATE event_seals SET seq = 9 WHERE seq = 6",
        "DELETE FROM event_seals",
    ] {
        let refused = inside.execute_batch(statement).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{statement}: {refused}");
    }
}

#[test]
fn pages_of_seals_are_compared_one_after_another() {
    let store = Store::open(Location::Memory).unwrap();
    let written: Result<(), Error> = store.write_blocking("record", |tx| {
        for number in 0..3 {
            tx.events().append(&event(&format!("p{number}")), NOW)?;
            assert!(tx.trail().seal(NOW, 100)?);
        }
        assert!(!tx.trail().seal(NOW, 100)?, "there is nothing left to seal");
        Ok(())
    });
    written.unwrap();
    let page = |after, limit| {
        let compared: Result<_, Error> =
            store.read_blocking("compare", move |tx| tx.trail().compare(after, limit));
        compared.unwrap()
    };
    let first = page(0, 2);
    assert_eq!((first.more, first.broken, first.seal.unwrap().last), (true, None, 2));
    let second = page(2, 2);
    assert_eq!((second.more, second.broken, second.seal.unwrap().last), (false, None, 3));
}
