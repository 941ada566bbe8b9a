//! The sandbox of the registration API: phone numbers that play every status and every outcome, the same way every time
//! (registration 8). In `countersign dev` alone.
//!
//! What is simulated is what a phone, a password or a service beneath would answer. The evidence is in the store like any
//! other, and everything that is said of a number comes from the rules.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use countersign_domain::account::Holder;
use countersign_domain::registration::{
    Acceptance, Evidence, Identification, IdentificationMethod, IdentityDocument, Lookup, Means, MeansKind,
    MeansLookups, Proof, TermsState, TermsTransaction, day,
};
use countersign_store::Tx;
use countersign_wire::id::{IdentityType, SemanticsIdentifier, TermsId};
use countersign_wire::registration::{
    AssuranceLevel, Jurisdiction, MeansSerial, PerJurisdiction, PhoneNumber, TenantId, TermsError,
};
use jiff::{SignedDuration, ToSpan};

use crate::App;
use crate::command::{Command, Failure};
use crate::registration::accept;

/// The code that is right for every number here.
pub(crate) const RIGHT_CODE: &str = "123456";
/// The code that counts as one whose time is over. Every other one is wrong, `000000` among them.
pub(crate) const EXPIRED_CODE: &str = "999999";
/// The password of everybody here.
const PASSWORD: &str = "test1234";
/// The serial that evidence is bound to, and another one.
const BOUND: &str = "sandbox";
const OTHER: &str = "sandbox-other";
/// Polls after which somebody confirms.
const POLLS: u32 = 3;

/// A number, and what it plays.
struct Row {
    number: &'static str,
    /// What the evidence is bound to; none: there is none.
    evidence: Option<MeansKind>,
    /// The levels that were granted.
    zertes: AssuranceLevel,
    /// Days until the document expires.
    days: i64,
    /// Whether the terms are accepted.
    accepted: bool,
    app: Plays,
    sas: Plays,
    acts: Acts,
}

/// What a service beneath says of a means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plays {
    Absent,
    Bound,
    Other,
}

/// What the person does who is asked to accept terms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acts {
    Confirms,
    Cancels,
    /// Has another phone by then.
    ConfirmsWithAnother,
    /// The evidence cannot be asked for.
    Fails,
}

const fn row(number: &'static str, evidence: Option<MeansKind>, app: Plays, sas: Plays) -> Row {
    Row {
        number,
        evidence,
        zertes: AssuranceLevel::Qualified,
        days: 400,
        accepted: true,
        app,
        sas,
        acts: Acts::Confirms,
    }
}

/// The table of the reference.
static ROWS: [Row; 15] = {
    use Plays::{Absent, Bound, Other};
    const APP: Option<MeansKind> = Some(MeansKind::App);
    const SAS: Option<MeansKind> = Some(MeansKind::Sas);
    [
        row("41001000001", APP, Bound, Absent),
        Row { days: 60, ..row("41001000002", SAS, Absent, Bound) },
        Row { acts: Acts::Fails, ..row("41001000003", None, Absent, Absent) },
        row("41001000004", None, Bound, Absent),
        row("41001000005", None, Absent, Absent),
        row("41001000006", SAS, Other, Bound),
        row("41001000007", SAS, Absent, Other),
        row("41001000008", APP, Other, Absent),
        row("41001000009", APP, Absent, Absent),
        Row { accepted: false, ..row("41001000011", APP, Bound, Absent) },
        Row { accepted: false, ..row("41001000012", SAS, Absent, Bound) },
        Row { accepted: false, acts: Acts::Cancels, ..row("41001000013", APP, Bound, Absent) },
        Row { accepted: false, acts: Acts::ConfirmsWithAnother, ..row("41001000014", APP, Bound, Absent) },
        Row { zertes: AssuranceLevel::Advanced, ..row("41001000015", APP, Bound, Absent) },
        Row { days: -1, ..row("41001000016", APP, Bound, Absent) },
    ]
};

/// What a number plays now.
pub(crate) struct Played {
    /// The evidence cannot be asked for.
    pub(crate) evidence_fails: bool,
    /// The means.
    pub(crate) means: MeansLookups,
}

/// What has been played so far.
#[derive(Default)]
pub(crate) struct Sandbox {
    polls: Mutex<HashMap<TermsId, u32>>,
    /// Numbers that have another phone by now.
    changed: Mutex<Vec<PhoneNumber>>,
}

impl Sandbox {
    /// Whether a number is one of the sandbox's.
    pub(crate) fn knows(&self, number: &PhoneNumber) -> bool {
        find(number).is_some()
    }

    /// What a number plays now; nothing for all others.
    pub(crate) fn played(&self, number: &PhoneNumber) -> Option<Played> {
        let row = find(number)?;
        let app = if lock(&self.changed).contains(number) { Plays::Other } else { row.app };
        let lookup = |plays| match plays {
            Plays::Absent => Lookup::Absent,
            Plays::Bound => Lookup::Found(serial(BOUND)),
            Plays::Other => Lookup::Found(serial(OTHER)),
        };
        Some(Played {
            evidence_fails: row.acts == Acts::Fails,
            means: MeansLookups { app: lookup(app), sas: lookup(row.sas) },
        })
    }

    /// Somebody decides on terms: whoever is to have another phone by then gets it now.
    pub(crate) fn before_decision(&self, number: &PhoneNumber) {
        if find(number).is_some_and(|row| row.acts == Acts::ConfirmsWithAnother) {
            let mut changed = lock(&self.changed);
            if !changed.contains(number) {
                changed.push(number.clone());
            }
        }
    }

    /// Plays what the person does who is asked, one poll after another. Leaves acceptances of other numbers, and those that
    /// wait for password and code, as they are.
    pub(crate) fn act(
        &self,
        tx: &Tx<'_>,
        context: &mut Command,
        transaction: TermsTransaction,
        number: &PhoneNumber,
    ) -> Result<TermsTransaction, Failure> {
        let (Some(row), TermsState::AwaitingApp { decided, session: None }) =
            (find(number), transaction.state())
        else {
            return Ok(transaction);
        };
        let polls = {
            let mut polls = lock(&self.polls);
            let count = polls.entry(transaction.id().clone()).or_insert(0);
            *count += 1;
            *count
        };
        if polls < POLLS {
            return Ok(transaction);
        }
        if row.acts == Acts::Cancels {
            let (transaction, events) = transaction.fail(TermsError::UserCancel, context.now);
            tx.terms().update(&transaction)?;
            context.record(events.into_iter().map(Into::into));
            return Ok(transaction);
        }
        let used = decided.means.clone();
        let accepted = accept(tx, context, transaction, &used, |_| Proof::Simulated)?;
        Ok(accepted.map_err(countersign_domain::Refusal::from)?)
    }

    /// Whether these are the password and the code of a number.
    pub(crate) fn credentials(&self, number: &PhoneNumber, password: &str, code: &str) -> bool {
        self.knows(number) && password == PASSWORD && code == RIGHT_CODE
    }

    /// Everybody is as in the beginning, but for what was accepted: that is kept for good.
    pub(crate) fn reset(&self) {
        lock(&self.polls).clear();
        lock(&self.changed).clear();
    }
}

/// Records the evidence of every number that has some, once.
pub(super) async fn fill(app: &App) -> Result<(), countersign_store::Error> {
    let (of, now) = (app.clone(), app.now());
    app.store()
        .write("fill the sandbox", move |tx| {
            for row in &ROWS {
                let (Some(kind), Ok(number)) = (row.evidence, PhoneNumber::parse(row.number)) else {
                    continue;
                };
                let tenant = tenant();
                if !tx.evidence().of_number(&tenant, &number)?.is_empty() {
                    continue;
                }
                let evidence = identified(row, kind, number, &of);
                tx.evidence().insert(&evidence)?;
                if row.accepted {
                    for acceptance in accepted(&evidence, &of) {
                        tx.terms().accept(&acceptance)?;
                    }
                }
            }
            Ok::<_, countersign_store::Error>(())
        })
        .await?;
    tracing::info!(at = %now, "the sandbox numbers 41001000001 to 41001000016 are there: simulated");
    Ok(())
}

fn identified(row: &Row, kind: MeansKind, number: PhoneNumber, app: &App) -> Evidence {
    let now = app.now();
    let identified_at = now - SignedDuration::from_hours(30 * 24);
    let identification = Identification {
        tenant: tenant(),
        // Cannot fail: a constant form with the digits of a number.
        person: SemanticsIdentifier::parse(&format!("PASXX-SANDBOX{number}"))
            .expect("a person of the sandbox"),
        number,
        holder: Holder::new("SANDBOX", "TESTNUMBER", None).expect("names that fit"),
        document: IdentityDocument {
            kind: IdentityType::Passport,
            country: "XX".to_owned(),
            number: row.number.to_owned(),
            expires_on: Some(day(now).saturating_add(row.days.days())),
        },
        method: IdentificationMethod::InPerson,
        method_limit: None,
        granted: PerJurisdiction { zertes: Some(row.zertes), eidas: Some(AssuranceLevel::Qualified) },
        identified_at,
        by: "sandbox".to_owned(),
        reference: None,
    };
    let mut rng = app.randomness();
    let (evidence, _) = Evidence::record(identification, now, &mut rng).expect("rows that can be recorded");
    let (evidence, _, _) =
        evidence.bind(Means { kind, serial: serial(BOUND) }, None, now).expect("evidence that waits");
    evidence
}

fn accepted(evidence: &Evidence, app: &App) -> Vec<Acceptance> {
    let (now, terms) = (app.now(), app.registration().terms());
    let (id, means) = (TermsId::generate(&mut app.randomness()), evidence.bound_to().cloned());
    Jurisdiction::ALL
        .iter()
        .filter_map(|jurisdiction| {
            let version = terms.in_force(*jurisdiction, day(now))?;
            Some(Acceptance {
                acceptance: id.clone(),
                evidence: evidence.id().clone(),
                jurisdiction: *jurisdiction,
                version: version.to_owned(),
                sha256: terms.texts(*jurisdiction, version).map(|text| text.sha256.clone()).collect(),
                accepted_at: now,
                means: means.clone()?,
                proof: Proof::Simulated,
            })
        })
        .collect()
}

fn find(number: &PhoneNumber) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.number == number.as_str())
}

fn tenant() -> TenantId {
    // Cannot fail: a constant of this form.
    TenantId::parse("default").expect("a plain name")
}

fn serial(text: &str) -> MeansSerial {
    // Cannot fail: constants of this form.
    MeansSerial::parse(text).expect("a plain name")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
