use countersign_domain::enrolment::{Delivery, Draft, issue_activation};
use countersign_domain::key::KeyCertificate;
use countersign_domain::registrant::{Denial, Denied, Exchanged};
use countersign_domain::revocation::RevocationReason;
use countersign_domain::session::{Repeated, cancel};
use countersign_domain::{Event, KeyUse, RequestId, Settings};
use countersign_store::{Error, Tx};
use countersign_token::TokenId;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::SessionId;
use countersign_wire::words::EndResult;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::Kept;
use crate::values::*;

both! {
    a_use_of_a_key_writes_its_counter_and_a_renewal_its_body,
    an_event_is_written_with_its_session,
    a_session_is_found_by_id_token_and_transaction,
    what_waits_for_a_person_comes_oldest_first,
    a_person_is_found_with_device_and_key,
    what_changed_is_read_back,
    nothing_is_there_twice,
    what_is_not_there_cannot_be_updated,
    certificates_are_found_by_issuer_and_serial,
    a_sweep_ends_what_is_overdue_and_deletes_what_is_old,
    repeated_requests_and_activations_are_remembered,
    denials_are_kept_until_they_are_over,
    a_session_is_exchanged_once,
    events_are_numbered_without_gaps,
    counters_go_up,
    reading_cannot_write,
    small_texts_are_kept,
}

pub(crate) fn write<T: Send + 'static>(
    kept: &Kept,
    work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    kept.store.write_blocking("a test", work)
}

pub(crate) fn read<T: Send + 'static>(
    kept: &Kept,
    work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
) -> T {
    kept.store.read_blocking("a test", work).unwrap()
}

fn completed(session: SessionId) -> Event {
    Event::SessionCompleted { session, result: EndResult::Timeout, document: None }
}

fn an_event_is_written_with_its_session(kept: Kept) {
    let session = offered(0, 1);
    let id = session.id();
    write(&kept, move |tx| {
        tx.sessions().insert(&session)?;
        tx.events().append(&completed(id), at(0))
    })
    .unwrap();
    let (found, events) = read(&kept, move |tx| Ok((tx.sessions().find(id)?, tx.events().after(0, 10)?)));
    assert_eq!(found.map(|session| session.id()), Some(id));
    assert_eq!((events[0].seq, events[0].at, &events[0].event), (1, at(0), &completed(id)));

    // Neither is there when the closure fails after both.
    let other = offered(0, 2);
    let id = other.id();
    let failed: Result<(), Error> = write(&kept, move |tx| {
        tx.sessions().insert(&other)?;
        tx.events().append(&completed(id), at(0))?;
        Err(Error::Missing { table: "nothing" })
    });
    assert!(matches!(failed, Err(Error::Missing { table: "nothing" })));
    let (found, last) = read(&kept, move |tx| Ok((tx.sessions().find(id)?.is_some(), tx.events().last()?)));
    assert_eq!((found, last), (false, 1));
}

fn a_session_is_found_by_id_token_and_transaction(kept: Kept) {
    let (link, notification) = (offered(0, 1), addressed(DOCUMENT, 0, 2));
    let (token, tx_id) = (link.token().unwrap().clone(), notification.transaction().unwrap().clone());
    let expected = (text(&link), text(&notification));
    write(&kept, move |tx| {
        tx.sessions().insert(&link)?;
        tx.sessions().insert(&notification)
    })
    .unwrap();
    let found = read(&kept, move |tx| {
        let by_token = tx.sessions().find_by_token(&token)?.unwrap();
        let by_tx = tx.sessions().find_by_tx(&tx_id)?.unwrap();
        assert!(tx.sessions().find(SessionId::generate(&mut ChaCha20Rng::seed_from_u64(99)))?.is_none());
        assert_eq!(tx.sessions().newest(1)?.len(), 1);
        Ok((text(&by_token), text(&by_tx)))
    });
    assert_eq!(found, expected, "as it was, secret and all");
}

fn what_waits_for_a_person_comes_oldest_first(kept: Kept) {
    let late = addressed(DOCUMENT, 20, 1);
    let early = addressed(DOCUMENT, 10, 2);
    let other = addressed(OTHER, 0, 3);
    let ended = cancel(addressed(DOCUMENT, 5, 4), EndResult::UserRefused, at(6)).0;
    let ids = (early.id(), late.id());
    write(&kept, move |tx| {
        [late, early, other, ended].iter().try_for_each(|session| tx.sessions().insert(session))
    })
    .unwrap();
    let waiting = |seconds| {
        read(&kept, move |tx| tx.sessions().pending_for(&document(DOCUMENT), at(seconds)))
            .iter()
            .map(|session| session.id())
            .collect::<Vec<_>>()
    };
    assert_eq!(waiting(30), [ids.0, ids.1]);
    assert_eq!(waiting(130), [ids.1], "the older one is over");
    assert!(waiting(140).is_empty());
}

fn a_person_is_found_with_device_and_key(kept: Kept) {
    write(&kept, |tx| {
        insert_person(tx, DOCUMENT)?;
        insert_person(tx, SECOND)?;
        insert_person(tx, OTHER)
    })
    .unwrap();
    read(&kept, |tx| {
        let person = document(DOCUMENT).semantics().clone();
        let candidates = tx.accounts().candidates(&Recipient::Person(person), KeyUse::Sign)?;
        assert_eq!(candidates.len(), 2);
        let candidates = tx.accounts().candidates(&Recipient::Document(document(OTHER)), KeyUse::Auth)?;
        assert_eq!(candidates[0].key, key(OTHER, KeyUse::Auth));
        assert_eq!(candidates[0].device, device(OTHER));
        assert_eq!(candidates[0].account, account(OTHER));
        assert!(tx.accounts().candidates(&Recipient::Anonymous, KeyUse::Auth)?.is_empty());
        let thumbprint = device(DOCUMENT).proof_key().thumbprint();
        assert_eq!(tx.devices().find_by_thumbprint(&thumbprint)?, Some(device(DOCUMENT)));
        assert_eq!(tx.devices().of_account(&document(DOCUMENT))?.len(), 1);
        assert_eq!(tx.keys().of_account(&document(DOCUMENT))?.len(), 2);
        let first = tx.accounts().after(None, 2)?;
        assert_eq!(first.len(), 2);
        let rest = tx.accounts().after(Some(&first[1].document), 2)?;
        assert_eq!(rest.len(), 1);
        assert_eq!(tx.keys().after(None, 100)?.len(), 6);
        Ok(())
    });
}

fn what_changed_is_read_back(kept: Kept) {
    write(&kept, |tx| {
        insert_person(tx, DOCUMENT)?;
        insert_person(tx, OTHER)?;
        tx.sessions().insert(&addressed(DOCUMENT, 0, 1))?;
        tx.sessions().insert(&addressed(OTHER, 0, 2))
    })
    .unwrap();
    let (changed_device, _) = device(DOCUMENT).freeze(at(1));
    let changed_key = key(DOCUMENT, KeyUse::Sign).revoke();
    let mut changed_account = account(DOCUMENT);
    changed_account.state = countersign_domain::account::AccountState::Revoked { at: at(1) };
    let (changed_session, _) = cancel(addressed(DOCUMENT, 0, 1), EndResult::ServerError, at(1));
    let expected =
        (changed_account.clone(), changed_device.clone(), changed_key.clone(), text(&changed_session));
    let id = changed_session.id();
    write(&kept, move |tx| {
        tx.accounts().update(&changed_account)?;
        tx.devices().update(&changed_device)?;
        tx.keys().update(&changed_key)?;
        tx.sessions().update(&changed_session)
    })
    .unwrap();
    read(&kept, move |tx| {
        let found = (
            tx.accounts().get(&document(DOCUMENT))?,
            tx.devices().get(device(DOCUMENT).id())?,
            tx.keys().get(&key_id(DOCUMENT, KeyUse::Sign))?,
            text(&tx.sessions().get(id)?),
        );
        assert_eq!(found, expected);
        // Nothing else has changed.
        assert_eq!(tx.accounts().get(&document(OTHER))?, account(OTHER));
        assert_eq!(tx.devices().get(device(OTHER).id())?, device(OTHER));
        assert_eq!(tx.keys().get(&key_id(DOCUMENT, KeyUse::Auth))?, key(DOCUMENT, KeyUse::Auth));
        assert!(tx.sessions().pending_for(&document(DOCUMENT), at(2))?.is_empty());
        assert_eq!(tx.sessions().pending_for(&document(OTHER), at(2))?.len(), 1);
        Ok(())
    });
}

fn a_use_of_a_key_writes_its_counter_and_a_renewal_its_body(kept: Kept) {
    write(&kept, |tx| insert_person(tx, DOCUMENT)).unwrap();
    let id = key_id(DOCUMENT, KeyUse::Auth);
    let request = RequestId::parse("request").unwrap();
    let policy = Settings::default().pins;
    write(&kept, move |tx| {
        let (used, _) = tx.keys().get(&id)?.reserve_try(&request, at(0), &policy).unwrap();
        assert!(used.is_body_stored());
        tx.keys().update(&used)?;
        assert_eq!(tx.keys().get(&id)?, used);
        assert_eq!(tx.keys().get(&id)?.tries_used(), 1);
        let certificate = KeyCertificate { der: vec![0x30; 9], not_after: at(9) };
        let renewed = tx.keys().get(&id)?.certify(certificate);
        assert!(!renewed.is_body_stored());
        tx.keys().update(&renewed)?;
        assert_eq!(tx.keys().get(&id)?, renewed);
        assert_ne!(tx.keys().get(&id)?, used);
        Ok(())
    })
    .unwrap();
}

fn nothing_is_there_twice(kept: Kept) {
    write(&kept, |tx| insert_person(tx, DOCUMENT)).unwrap();
    let session = offered(0, 1);
    write(&kept, move |tx| tx.sessions().insert(&session)).unwrap();
    let taken = |table: &'static str, result: Result<(), Error>| {
        assert!(matches!(&result, Err(Error::Duplicate { table: found }) if *found == table), "{result:?}");
    };
    taken("sessions", write(&kept, |tx| tx.sessions().insert(&offered(0, 1))));
    taken("accounts", write(&kept, |tx| tx.accounts().insert(&account(DOCUMENT))));
    taken("devices", write(&kept, |tx| tx.devices().insert(&device(DOCUMENT))));
    taken("keys", write(&kept, |tx| tx.keys().insert(&key(DOCUMENT, KeyUse::Auth))));
    write(&kept, |tx| tx.certificates().insert(&certificate("q1", 1, None))).unwrap();
    taken("certificates", write(&kept, |tx| tx.certificates().insert(&certificate("q1", 1, None))));
    write(&kept, |tx| tx.certificates().insert(&certificate("q2", 1, None))).unwrap();
}

fn what_is_not_there_cannot_be_updated(kept: Kept) {
    let missing =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Missing { .. })), "{result:?}");
    missing(write(&kept, |tx| tx.sessions().update(&offered(0, 1))));
    missing(write(&kept, |tx| tx.accounts().update(&account(DOCUMENT))));
    missing(write(&kept, |tx| tx.devices().update(&device(DOCUMENT))));
    missing(write(&kept, |tx| tx.keys().update(&key(DOCUMENT, KeyUse::Auth))));
    missing(write(&kept, |tx| tx.certificates().update(&certificate("q1", 1, None))));
    missing(write(&kept, |tx| tx.accounts().get(&document(DOCUMENT)).map(drop)));
}

fn certificates_are_found_by_issuer_and_serial(kept: Kept) {
    write(&kept, |tx| {
        for serial in 1..=4 {
            tx.certificates().insert(&certificate("q1", serial, Some(DOCUMENT)))?;
        }
        let (revoked, _) =
            certificate("q1", 2, Some(DOCUMENT)).revoke(RevocationReason::KeyCompromise, at(5));
        tx.certificates().update(&revoked)
    })
    .unwrap();
    read(&kept, |tx| {
        assert_eq!(tx.certificates().find("q1", &[0x41, 3])?, Some(certificate("q1", 3, Some(DOCUMENT))));
        assert!(tx.certificates().find("q1", &[0, 0x41, 3])?.is_some(), "a leading zero is no other number");
        assert_eq!(tx.certificates().find("q1", &[0x41, 9])?, None);
        assert_eq!(tx.certificates().find("q2", &[0x41, 3])?, None);
        assert_eq!(tx.certificates().of_account(&document(DOCUMENT))?.len(), 4);
        let listed = tx.certificates().revoked("q1", at(1000))?;
        assert_eq!(listed.iter().map(|one| one.serial_hex()).collect::<Vec<_>>(), ["4102"]);
        assert!(tx.certificates().revoked("q1", at(1001))?.is_empty(), "expired");
        Ok(())
    });
}

fn a_sweep_ends_what_is_overdue_and_deletes_what_is_old(kept: Kept) {
    let sessions: Vec<_> = (0..5).map(|number| addressed(DOCUMENT, number * 10, number as u64)).collect();
    let ids: Vec<_> = sessions.iter().map(|session| session.id()).collect();
    write(&kept, move |tx| sessions.iter().try_for_each(|session| tx.sessions().insert(session))).unwrap();
    let swept = write(&kept, |tx| tx.sweep(at(119), 10)).unwrap();
    assert!(swept.expired.is_empty() && swept.purged == 0);
    let swept = write(&kept, |tx| tx.sweep(at(145), 2)).unwrap();
    assert_eq!(swept.expired, ids[..2], "the longest overdue first, no more than asked");
    let swept = write(&kept, |tx| tx.sweep(at(145), 10)).unwrap();
    assert_eq!(swept.expired, ids[2..3]);
    let ends = read(&kept, |tx| tx.events().after(0, 10));
    assert_eq!(ends.len(), 3);
    assert!(matches!(ends[0].event, Event::SessionCompleted { result: EndResult::Timeout, .. }));
    // Five minutes after their ends at 120 s and 130 s.
    let swept = write(&kept, |tx| tx.sweep(at(431), 10)).unwrap();
    assert_eq!((swept.expired.len(), swept.purged), (2, 2));
    let left = read(&kept, |tx| tx.sessions().newest(10));
    assert_eq!(left.len(), 3);
    assert_eq!(read(&kept, |tx| tx.events().last()), 5, "the trail stays");
}

fn repeated_requests_and_activations_are_remembered(kept: Kept) {
    let session = offered(0, 1);
    let settings = Settings::default();
    let repeated = Repeated::remember(session.request(), "/path", session.id(), &settings, at(0)).unwrap();
    let newer = Repeated { until: at(40), ..repeated.clone() };
    let draft = Draft {
        document: document(DOCUMENT),
        person: document(DOCUMENT).semantics().clone(),
        level: countersign_wire::words::CertificateLevel::Qualified,
        holder: account(DOCUMENT).holder,
    };
    let (code, activation, _) =
        issue_activation(draft, Delivery::Screen, at(0), &mut ChaCha20Rng::seed_from_u64(1));
    let key = repeated.key;
    let (kept_activation, kept_newer) = (activation.clone(), newer.clone());
    write(&kept, move |tx| {
        tx.idempotency().remember(&repeated)?;
        tx.idempotency().remember(&newer)?;
        tx.activations().insert(&activation)?;
        tx.activations().update(&activation)
    })
    .unwrap();
    let locator = code.locator().clone();
    let found = read(&kept, move |tx| Ok((tx.idempotency().find(&key)?, tx.activations().find(&locator)?)));
    assert_eq!(found, (Some(kept_newer), Some(kept_activation)));
    assert_eq!(write(&kept, |tx| tx.sweep(at(39), 10)).unwrap().purged, 0);
    // A code that is over can be looked at for a day.
    assert_eq!(write(&kept, |tx| tx.sweep(at(15 * 60), 10)).unwrap().purged, 1);
    let over = 15 * 60 + 24 * 3600;
    assert_eq!(write(&kept, move |tx| tx.sweep(at(over - 1), 10)).unwrap().purged, 0);
    assert_eq!(write(&kept, move |tx| tx.sweep(at(over), 10)).unwrap().purged, 1);
}

fn denials_are_kept_until_they_are_over(kept: Kept) {
    let denial = |denied, from, until| Denial { denied, at: at(from), until: at(until) };
    let token = denial(Denied::Token(TokenId([1; 16])), 0, 100);
    let holder = denial(Denied::Holder("EE-30110100103".into()), 0, 200);
    let later = denial(Denied::Holder("EE-30110100103".into()), 50, 250);
    for each in [token.clone(), holder, later.clone()] {
        write(&kept, move |tx| tx.token_denials().insert(&each)).unwrap();
    }
    assert_eq!(read(&kept, |tx| tx.token_denials().all(at(60))), [later.clone(), token]);
    assert_eq!(read(&kept, |tx| tx.token_denials().all(at(100))), [later]);
    assert_eq!(write(&kept, |tx| tx.sweep(at(249), 10)).unwrap().purged, 1);
    assert_eq!(write(&kept, |tx| tx.sweep(at(250), 10)).unwrap().purged, 1);
}

fn a_session_is_exchanged_once(kept: Kept) {
    let exchanged = Exchanged { session: offered(0, 1).id(), until: at(100) };
    let again = exchanged.clone();
    write(&kept, move |tx| tx.session_exchanges().insert(&exchanged)).unwrap();
    let refused = write(&kept, move |tx| tx.session_exchanges().insert(&again));
    assert!(matches!(refused, Err(Error::Duplicate { .. })), "{refused:?}");
    assert_eq!(write(&kept, |tx| tx.sweep(at(100), 10)).unwrap().purged, 1);
}

fn events_are_numbered_without_gaps(kept: Kept) {
    let id = offered(0, 1).id();
    for number in 0..20 {
        let result: Result<(), Error> = write(&kept, move |tx| {
            tx.events().append(&completed(id), at(number))?;
            if number % 3 == 0 { Err(Error::Missing { table: "nothing" }) } else { Ok(()) }
        });
        assert_eq!(result.is_ok(), number % 3 != 0);
    }
    let all = read(&kept, |tx| tx.events().after(0, 100));
    assert_eq!(all.iter().map(|one| one.seq).collect::<Vec<_>>(), (1..=13).collect::<Vec<i64>>());
    assert_eq!(
        read(&kept, |tx| tx.events().after(4, 2)).iter().map(|one| one.seq).collect::<Vec<_>>(),
        [5, 6]
    );
    assert_eq!(read(&kept, move |tx| tx.events().of_subject(&id.to_string())).len(), 13);
    assert!(read(&kept, |tx| tx.events().of_subject("other")).is_empty());
}

fn counters_go_up(kept: Kept) {
    assert_eq!(read(&kept, |tx| tx.counters().last("crl")), 0);
    let next = |name: &'static str| write(&kept, move |tx| tx.counters().next(name)).unwrap();
    assert_eq!((next("crl"), next("crl"), next("tsa"), next("crl")), (1, 2, 1, 3));
    let _: Result<(), Error> = write(&kept, |tx| {
        tx.counters().next("crl")?;
        Err(Error::Missing { table: "nothing" })
    });
    assert_eq!(next("crl"), 4, "a number that nobody got is given again");
    assert_eq!(read(&kept, |tx| tx.counters().last("crl")), 4);
}

fn reading_cannot_write(kept: Kept) {
    let result: Result<u64, Error> = kept.store.read_blocking("a test", |tx| tx.counters().next("crl"));
    // A file's readers cannot; in memory the one connection could, and what it wrote is undone.
    assert!(matches!(result, Err(Error::Statement(_) | Error::WroteWhileReading { .. })), "{result:?}");
    assert_eq!(write(&kept, |tx| tx.counters().next("crl")).unwrap(), 1, "writing still works");
}

fn small_texts_are_kept(kept: Kept) {
    assert_eq!(read(&kept, |tx| tx.meta("environment")), None);
    write(&kept, |tx| tx.set_meta("environment", "dev")).unwrap();
    write(&kept, |tx| tx.set_meta("environment", "test")).unwrap();
    assert_eq!(read(&kept, |tx| tx.meta("environment")).as_deref(), Some("test"));
}
