//! Evidence, codes and terms.

use countersign_domain::account::Holder;
use countersign_domain::registration::{
    Asking, CodeChallenge, CodeKey, CodePolicy, Decision, Evidence, Identification, IdentificationMethod,
    IdentityDocument, Lookup, MeansLookups, OneTimeCode, Proof, Terms, TermsDocument, TermsTransaction, day,
    outstanding,
};
use countersign_store::Error;
use countersign_wire::id::{IdentityType, SemanticsIdentifier, SessionId};
use countersign_wire::registration::{
    AssuranceLevel, ClientId, Jurisdiction, MeansSerial, PerJurisdiction, PhoneNumber, TenantId,
};
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
    let (asking, _) = offered.ask(decided, Some(session));
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

both! {
    evidence_is_found_by_number_within_its_tenant,
    a_client_has_one_code_for_a_number,
    an_acceptance_is_kept_for_good,
}
