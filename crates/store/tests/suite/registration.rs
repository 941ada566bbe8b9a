//! Evidence, codes and terms.

use countersign_domain::account::Holder;
use countersign_domain::registration::{
    AskedBy, Asking, CodeChallenge, CodeKey, CodePolicy, Decision, Evidence, Identification,
    IdentificationMethod, IdentityDocument, Invitation, Lookup, MeansLookups, OneTimeCode, PasswordMeans,
    Proof, StandsOn, Terms, TermsDocument, TermsTransaction, day, outstanding,
};
use countersign_store::Error;
use countersign_wire::id::{DocumentNumber, IdentityType, SemanticsIdentifier, SessionId};
use countersign_wire::registration::{
    AssuranceLevel, ClientId, Jurisdiction, MeansSerial, PerJurisdiction, PhoneNumber, StepUpId, TenantId,
    TermsError,
};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::Kept;
use crate::tables::{read, write};
use crate::values::at;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn number() -> PhoneNumber {
    PhoneNumber::parse("41791234567").unwrap()
}

fn client() -> ClientId {
    ClientId::parse("portal").unwrap()
}

/// Evidence that was recorded at this second.
fn evidence(of: &str, seconds: i64) -> Evidence {
    let identification = Identification {
        tenant: tenant(of),
        number: number(),
        person: SemanticsIdentifier::parse("PNOEE-40504040001").unwrap(),
        holder: Holder::new("MARI-LIIS", "MÄNNIK", None).unwrap(),
        document: IdentityDocument {
            kind: IdentityType::Passport,
            country: "EE".into(),
            number: "K1234567".into(),
            expires_on: None,
        },
        method: IdentificationMethod::InPerson,
        method_limit: None,
        granted: PerJurisdiction::of(|_| Some(AssuranceLevel::Qualified)),
        identified_at: at(seconds),
        by: "desk".into(),
        reference: None,
    };
    let seed = u64::try_from(seconds + 100).unwrap() + of.len() as u64 * 1000;
    Evidence::record(identification, at(seconds), &mut rng(seed)).unwrap().0
}

fn terms() -> Terms {
    let text = |jurisdiction: Jurisdiction| TermsDocument {
        jurisdiction,
        version: "1".into(),
        language: "en".into(),
        url: "https://id.example.org/terms".into(),
        sha256: "5a".repeat(32),
        valid_from: day(at(-10)),
    };
    Terms::new(Jurisdiction::ALL.iter().map(|each| text(*each)).collect())
}

fn evidence_is_found_by_number_within_its_tenant(kept: Kept) {
    let (older, newer, other) = (evidence("a", 0), evidence("a", 1), evidence("bb", 2));
    for each in [&older, &newer, &other] {
        let each = each.clone();
        write(&kept, move |tx| tx.evidence().insert(&each)).unwrap();
    }
    let of = |name: &str| {
        let tenant = tenant(name);
        read(&kept, move |tx| tx.evidence().of_number(&tenant, &number()))
    };
    assert_eq!(of("a"), [newer, older.clone()], "newest first");
    assert_eq!(of("bb"), [other]);
    assert!(of("c").is_empty());
    let again = older.clone();
    let twice = write(&kept, move |tx| tx.evidence().insert(&again));
    assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
    let (lowered, _) = older.lower(at(5));
    let (id, changed) = (lowered.id().clone(), lowered.clone());
    write(&kept, move |tx| tx.evidence().update(&changed)).unwrap();
    assert_eq!(read(&kept, move |tx| tx.evidence().get(&id)), lowered);
}

fn a_client_has_one_code_for_a_number(kept: Kept) {
    let send = |earlier, seconds: i64| {
        let (key, policy, code) =
            (CodeKey::new(&[1; 32]), CodePolicy::default(), OneTimeCode::known("123456"));
        let seed = u64::try_from(seconds).unwrap();
        CodeChallenge::send(earlier, client(), number(), &code, &key, &policy, at(seconds), &mut rng(seed))
            .unwrap()
            .0
    };
    let first = send(None, 0);
    let second = send(Some(first.clone()), 120);
    for each in [first, second.clone()] {
        write(&kept, move |tx| tx.codes().save(&each)).unwrap();
    }
    assert_eq!(read(&kept, |tx| tx.codes().find(&client(), &number())), Some(second));
    let other = ClientId::parse("other").unwrap();
    assert_eq!(read(&kept, move |tx| tx.codes().find(&other, &number())), None);
    assert_eq!(write(&kept, |tx| tx.sweep(at(599), 10)).unwrap().purged, 0);
    assert_eq!(write(&kept, |tx| tx.sweep(at(600), 10)).unwrap().purged, 1);
    assert_eq!(read(&kept, |tx| tx.codes().find(&client(), &number())), None);
}

fn an_acceptance_is_kept_for_good(kept: Kept) {
    let person = evidence("a", 0);
    let asked = outstanding(&person, &[], &terms(), day(at(0)));
    let (token, offered, _) = TermsTransaction::offer(client(), &person, asked, at(0), &mut rng(1)).unwrap();
    let (row, transaction) = (person.clone(), offered.clone());
    write(&kept, move |tx| {
        tx.evidence().insert(&row)?;
        tx.terms().insert(&transaction)
    })
    .unwrap();
    let find = || {
        let token = token.clone();
        read(&kept, move |tx| tx.terms().find(&token))
    };
    assert_eq!(find(), Some(offered.clone()));

    let means = MeansLookups { app: Lookup::Found(MeansSerial::parse("x").unwrap()), sas: Lookup::Absent };
    let decision = Decision { accepts: PerJurisdiction { zertes: true, eidas: true }, knows_the_risk: false };
    let Ok(Asking::Ask(decided)) = offered.clone().decide(decision, None, &means, at(1)) else {
        panic!("nobody is asked")
    };
    let used = decided.means.clone();
    let session = SessionId::generate(&mut rng(2));
    let (asking, _) = offered.ask(decided, AskedBy::Session(session));
    let changed = asking.clone();
    write(&kept, move |tx| tx.terms().update(&changed)).unwrap();
    assert_eq!(read(&kept, move |tx| tx.terms().of_session(session)), Some(asking.clone()));

    let accepted = asking.accept(person.clone(), None, &used, Proof::Simulated, &terms(), at(2)).unwrap();
    let (transaction, acceptances) = (accepted.transaction.clone(), accepted.acceptances.clone());
    write(&kept, move |tx| {
        tx.terms().update(&transaction)?;
        acceptances.iter().try_for_each(|each| tx.terms().accept(each))
    })
    .unwrap();
    let again = accepted.acceptances[0].clone();
    let twice = write(&kept, move |tx| tx.terms().accept(&again));
    assert!(matches!(twice, Err(Error::Duplicate { .. })), "{twice:?}");
    let id = person.id().clone();
    let purged = write(&kept, |tx| tx.sweep(at(2 + 24 * 3600), 10)).unwrap().purged;
    assert_eq!((purged, find()), (1, None));
    assert_eq!(read(&kept, move |tx| tx.terms().accepted(&id)).len(), 2, "the proof stays");
}

/// Who starts finds what another service was asked, the most urgent first, and no more of it when it is over.
fn what_another_service_asks_is_found_until_it_ends(kept: Kept) {
    let means = MeansLookups { app: Lookup::Found(MeansSerial::parse("x").unwrap()), sas: Lookup::Absent };
    let decision = Decision { accepts: PerJurisdiction { zertes: true, eidas: true }, knows_the_risk: false };
    let asked = |seed: u64, seconds: i64| {
        let person = evidence("a", i64::try_from(seed).unwrap());
        let editions = outstanding(&person, &[], &terms(), day(at(0)));
        let (_, offered, _) =
            TermsTransaction::offer(client(), &person, editions, at(0), &mut rng(seed)).unwrap();
        let Ok(Asking::Ask(decided)) = offered.clone().decide(decision, None, &means, at(1)) else {
            panic!("nobody is asked")
        };
        let (request, patience) = (StepUpId::generate(&mut rng(seed)), SignedDuration::from_secs(seconds));
        let (waiting, _) = offered.clone().ask(decided, AskedBy::Service { request, patience });
        let (row, before, after) = (person, offered, waiting.clone());
        write(&kept, move |tx| {
            tx.evidence().insert(&row)?;
            tx.terms().insert(&before)?;
            tx.terms().update(&after)
        })
        .unwrap();
        waiting
    };
    let (late, soon) = (asked(1, 300), asked(2, 60));
    let all = |limit| read(&kept, move |tx| tx.terms().asked_elsewhere(limit));
    assert_eq!(all(10), [soon.clone(), late.clone()]);
    assert_eq!(all(1), std::slice::from_ref(&soon));
    let (over, _) = soon.clone().fail(TermsError::UserCancel, at(2));
    let changed = over.clone();
    write(&kept, move |tx| tx.terms().update(&changed)).unwrap();
    assert_eq!(all(10), std::slice::from_ref(&late));
    assert_eq!(read(&kept, move |tx| tx.terms().again(&soon)), Some(over));
    let id = late.evidence().clone();
    write(&kept, move |tx| tx.evidence().erase(&id)).unwrap();
    assert!(all(10).is_empty());
    assert_eq!(read(&kept, move |tx| tx.terms().again(&late)), None);
}

fn a_number_has_one_password_in_each_tenant(kept: Kept) {
    let invited = |of: &str| Invitation::make(&evidence(of, 0), at(0), &mut rng(of.len() as u64)).unwrap();
    for of in ["a", "bb"] {
        let person = evidence(of, 0);
        write(&kept, move |tx| tx.evidence().insert(&person)).unwrap();
    }
    let (token, invitation) = invited("a");
    let row = invitation.clone();
    write(&kept, move |tx| tx.passwords().invite(&row)).unwrap();
    let find = || {
        let token = token.clone();
        read(&kept, move |tx| tx.passwords().invitation(&token))
    };
    assert_eq!(find(), Some(invitation.clone()));
    let used = invitation.clone();
    write(&kept, move |tx| tx.passwords().use_up(&used)).unwrap();
    let again = invitation.clone();
    let twice = write(&kept, move |tx| tx.passwords().use_up(&again));
    assert!(matches!(twice, Err(Error::Missing { .. })), "{twice:?}");
    assert_eq!(find(), None);

    let set = |invitation: &Invitation, hash: &str| {
        let (means, _) = PasswordMeans::set_up(invitation, hash.to_owned(), at(1), &mut rng(9));
        let row = means.clone();
        write(&kept, move |tx| tx.passwords().save(&row)).unwrap();
        means
    };
    set(&invitation, "older");
    let (first, second) = (set(&invitation, "newer"), set(&invited("bb").1, "other"));
    assert_eq!(read(&kept, move |tx| tx.passwords().find(&tenant("a"), &number())), Some(first.clone()));
    assert_eq!(read(&kept, |tx| tx.passwords().of_number(&number())), [first, second]);
    assert_eq!(read(&kept, |tx| tx.passwords().find(&tenant("c"), &number())), None);

    let (_, old) = invited("bb");
    write(&kept, move |tx| tx.passwords().invite(&old)).unwrap();
    assert_eq!(write(&kept, |tx| tx.sweep(at(24 * 3600 - 1), 10)).unwrap().purged, 0);
    assert_eq!(write(&kept, |tx| tx.sweep(at(24 * 3600), 10)).unwrap().purged, 1);
}

fn accounts_stand_on_evidence(kept: Kept) {
    let (older, newer) = (evidence("a", 0), evidence("a", 1));
    for each in [&older, &newer] {
        let each = each.clone();
        write(&kept, move |tx| tx.evidence().insert(&each)).unwrap();
    }
    let ground = |document: &str, on: &Evidence, seconds| StandsOn {
        account: DocumentNumber::parse(document).unwrap(),
        evidence: on.id().clone(),
        look_at: at(seconds),
    };
    let save = |ground: StandsOn| write(&kept, move |tx| tx.grounds().save(&ground)).unwrap();
    let (one, two) =
        (ground("PNOEE-40504040001-DEMO-Q", &older, 20), ground("PNOEE-40504040001-MOCK-Q", &older, 10));
    save(one.clone());
    save(two.clone());
    let due = |seconds, limit| read(&kept, move |tx| tx.grounds().due(at(seconds), limit));
    assert!(due(9, 10).is_empty());
    assert_eq!(
        (due(10, 10), due(20, 10), due(20, 1)),
        (vec![two.clone()], vec![two.clone(), one.clone()], vec![two.clone()])
    );
    let moved = ground("PNOEE-40504040001-DEMO-Q", &newer, 30);
    save(moved.clone());
    let on = |evidence: &Evidence| {
        let id = evidence.id().clone();
        read(&kept, move |tx| tx.grounds().on(&id))
    };
    assert_eq!((on(&older), on(&newer)), (vec![two], vec![moved.clone()]));
    let of = moved.account.clone();
    assert_eq!(read(&kept, move |tx| tx.grounds().of_account(&of)), Some(moved.clone()));
    let gone = moved.clone();
    write(&kept, move |tx| tx.grounds().forget(&gone)).unwrap();
    assert_eq!(read(&kept, move |tx| tx.grounds().of_account(&moved.account)), None);
}

both! {
    a_number_has_one_password_in_each_tenant,
    accounts_stand_on_evidence,
    evidence_is_found_by_number_within_its_tenant,
    a_client_has_one_code_for_a_number,
    an_acceptance_is_kept_for_good,
    what_another_service_asks_is_found_until_it_ends,
}
