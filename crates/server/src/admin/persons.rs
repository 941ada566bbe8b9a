//! What is held of a person: evidence listed, everything taken out, and erased as far as the law lets it go.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use countersign_domain::desk::erasure::{GROUND, after, kept_until};
use countersign_domain::desk::{Act, DeskEvent, Erasure, IdentificationCase, Proposal, ProposalState};
use countersign_domain::registration::{EndReason, Evidence, EvidenceState, PasswordMeans, day};
use countersign_domain::revocation::IssuedCertificate;
use countersign_pki::Certificate;
use countersign_store::{TrailFilter, Tx};
use countersign_wire::admin::audit::TrailEntry;
use countersign_wire::admin::person::{
    ErasePerson, Erased, ErasedPerson, ExportedAccount, Kept, PersonEvidence, PersonExport,
};
use countersign_wire::id::SemanticsIdentifier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::accounts::registered;
use super::evidence::{end_with_all, shown};
use super::operator::{Operator, Ordered};
use super::{conflict, failed, logged, missing, not_found, reference};
use crate::App;
use crate::command::{Command, Failure};

const NONE: &str = "nothing is held of this person";

/// `GET /persons/{person}/evidence`
pub(super) async fn evidence(
    State(app): State<App>,
    _: Operator,
    Path(person): Path<String>,
) -> Result<Response, Response> {
    let person = SemanticsIdentifier::parse(&person).map_err(|_| not_found(NONE))?;
    let (whose, today) = (person.clone(), day(app.now()));
    let found = app.read("look at a person's evidence", move |tx| {
        Ok(tx.evidence().of_person(&whose)?.iter().map(|each| shown(each, today)).collect())
    });
    let evidence = found.await.map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(PersonEvidence { person, evidence }), "show-evidence-of-person"))
}

#[derive(Deserialize)]
pub(super) struct OnWord {
    reference: Option<String>,
}

/// `GET /persons/{person}/export`, with `?reference=` of the request for it
pub(super) async fn export(
    State(app): State<App>,
    operator: Operator,
    Path(person): Path<String>,
    Query(wanted): Query<OnWord>,
) -> Result<Response, Response> {
    let person = SemanticsIdentifier::parse(&person).map_err(|_| not_found(NONE))?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let (of, now, whose) = (app.clone(), app.now(), person.clone());
    // The trail may be long: it is read where nobody waits for the writer.
    let export = app.read("export a person", move |tx| Held::read(tx, &whose)?.export(&of, tx, now)).await;
    let export = export.map_err(|failure| failed(&app, failure))?;
    let by = operator.name.clone();
    let noted = operator.execute(&app, Act::ExportPerson, "export a person", move |_, context| {
        let event = DeskEvent::PersonExported { operator: by, person, reference: kept };
        context.record([event.into()]);
        Ok(())
    });
    noted.await?;
    Ok(logged(Json(export), Act::ExportPerson.as_str()))
}

/// `POST /persons/{person}/erase`
pub(super) async fn erase(
    State(app): State<App>,
    Path(person): Path<String>,
    Ordered(operator, wanted): Ordered<ErasePerson>,
) -> Result<Response, Response> {
    let person = SemanticsIdentifier::parse(&person).map_err(|_| not_found(NONE))?;
    let kept = reference(&wanted.reference)?;
    let by = operator.name.clone();
    let erased = operator.execute(&app, Act::ErasePerson, "erase a person", move |tx, context| {
        let held = Held::read(tx, &person)?;
        let event = DeskEvent::PersonErased { operator: by, person, reference: Some(kept) };
        context.record([event.into()]);
        held.erase(tx, context)
    });
    Ok(logged(Json(erased.await?), Act::ErasePerson.as_str()))
}

/// Everything that is held of somebody.
struct Held {
    person: SemanticsIdentifier,
    evidence: Vec<Evidence>,
    accounts: Vec<countersign_domain::account::Account>,
    certificates: Vec<IssuedCertificate>,
    cases: Vec<IdentificationCase>,
    /// Of numbers that are nobody else's by now.
    passwords: Vec<PasswordMeans>,
    proposals: Vec<Proposal>,
}

impl Held {
    fn read(tx: &Tx<'_>, person: &SemanticsIdentifier) -> Result<Self, Failure> {
        let evidence = tx.evidence().of_person(person)?;
        let accounts = tx.accounts().of_person(person)?;
        if evidence.is_empty() && accounts.is_empty() {
            return Err(missing(NONE));
        }
        let mut certificates = Vec::new();
        for account in &accounts {
            certificates.extend(tx.certificates().of_account(&account.document)?);
        }
        let numbers: BTreeSet<_> =
            evidence.iter().map(|each| (each.tenant().clone(), each.number().clone())).collect();
        let (mut cases, mut passwords) = (Vec::new(), Vec::new());
        for (tenant, number) in &numbers {
            cases.extend(tx.identifications().of_number(tenant, number)?);
            let newest = tx.evidence().of_number(tenant, number)?.into_iter().next();
            if newest.is_some_and(|newest| newest.person() == person) {
                passwords.extend(tx.passwords().find(tenant, number)?);
            }
        }
        let names = |proposal: &Proposal| match proposal.state() {
            ProposalState::Open { asked } => {
                mentions(&asked.body, person)
                    || mentions(&asked.path, person)
                    || evidence.iter().any(|each| asked.path.contains(each.id().as_str()))
            }
            _ => false,
        };
        let proposals = tx.proposals().newest(None, 10_000)?.into_iter().filter(names).collect();
        Ok(Self { person: person.clone(), evidence, accounts, certificates, cases, passwords, proposals })
    }

    fn export(self, app: &App, tx: &Tx<'_>, now: Timestamp) -> Result<PersonExport, Failure> {
        let mut acceptances = Vec::new();
        for evidence in &self.evidence {
            acceptances.extend(tx.terms().accepted(evidence.id())?);
        }
        let events = self.events(tx)?;
        let mut accounts = Vec::new();
        for account in &self.accounts {
            let own = |each: &&IssuedCertificate| each.account.as_ref() == Some(&account.document);
            let certificates = self.certificates.iter().filter(own);
            let pem = |each: &IssuedCertificate| Some(Certificate::from_der(&each.der).ok()?.to_pem());
            accounts.push(ExportedAccount {
                account: registered(app, tx, account, now)?,
                given_name: account.holder.given_name.clone(),
                surname: account.holder.surname.clone(),
                date_of_birth: account.holder.date_of_birth,
                certificates: certificates.filter_map(pem).collect(),
            });
        }
        Ok(PersonExport {
            person: self.person,
            exported: now,
            evidence: values(&self.evidence)?,
            acceptances: values(&acceptances)?,
            identifications: values(&self.cases)?,
            passwords: self.passwords.iter().map(password).collect(),
            accounts,
            proposals: values(&self.proposals)?,
            events,
        })
    }

    /// What the trail says of somebody: what names them, and what happened to what is theirs.
    fn events(&self, tx: &Tx<'_>) -> Result<Vec<TrailEntry>, Failure> {
        let mut subjects: BTreeSet<String> = BTreeSet::new();
        subjects.extend(self.evidence.iter().map(|each| each.id().to_string()));
        subjects.extend(self.cases.iter().map(|each| each.id().to_string()));
        subjects.extend(self.accounts.iter().map(|each| each.device.to_string()));
        subjects
            .extend(self.certificates.iter().map(|each| format!("{}/{}", each.issuer, each.serial_hex())));
        for account in &self.accounts {
            subjects.extend(tx.keys().of_account(&account.document)?.iter().map(|key| key.id().to_string()));
        }
        let mut found = tx.trail().naming(self.person.as_str())?;
        found.retain(|each| {
            serde_json::to_string(&each.event).is_ok_and(|text| mentions(&text, &self.person))
        });
        for subject in &subjects {
            found.extend(tx.events().of_subject(subject)?);
        }
        found.sort_by_key(|each| each.seq);
        found.dedup_by_key(|each| each.seq);
        found.iter().map(super::trail::entry).collect()
    }

    fn erase(self, tx: &Tx<'_>, context: &mut Command) -> Result<ErasedPerson, Failure> {
        if self.accounts.iter().any(countersign_domain::account::Account::is_active) {
            return Err(conflict("the person has an active account: revoke it first"));
        }
        let until = kept_until(&self.certificates, context.app.config().desk.retention_years);
        let until = until.filter(|until| day(context.now) <= *until);
        let (mut gone, mut kept) = (Tally::default(), Tally::default());
        for evidence in self.evidence {
            tx.codes().forget(evidence.number())?;
            let id = evidence.id().clone();
            let issued_on = until.is_some() && may_stand_on(tx, &evidence)?;
            let ended = match evidence.state() {
                EvidenceState::Ended { .. } => evidence,
                EvidenceState::Recorded | EvidenceState::Bound(_) => {
                    end_with_all(tx, context, evidence, EndReason::Withdrawn)?
                }
            };
            let acceptances = tx.terms().accepted(ended.id())?.len();
            let tally = if issued_on { &mut kept } else { &mut gone };
            tally.evidence += 1;
            tally.acceptances += acceptances;
            if !issued_on {
                tx.evidence().erase(&id)?;
            }
        }
        for case in &self.cases {
            tx.identifications().delete(case.id())?;
        }
        for password in &self.passwords {
            tx.passwords().forget(password.tenant(), password.number())?;
        }
        // Not the one that may be being approved just now: decided, it holds nothing of them.
        let others = self.proposals.iter().filter(|proposal| !erases(proposal, &self.person));
        let others: Vec<_> = others.map(Proposal::id).collect();
        for id in &others {
            tx.proposals().delete(id)?;
        }
        if let Some(until) = until {
            let (person, asked_at) = (self.person.clone(), context.now);
            tx.erasures().save(&Erasure { person, due: after(until), asked_at })?;
        } else {
            tx.forget_names(&self.person)?;
        }
        let events = tx.trail().naming(self.person.as_str())?.len();
        let of_law = |what: &str, count| Kept { what: what.into(), count, until, ground: GROUND.into() };
        let mut kept: Vec<_> = [("evidence", kept.evidence), ("acceptances", kept.acceptances)]
            .into_iter()
            .filter(|_| until.is_some())
            .map(|(what, count)| of_law(what, count))
            .collect();
        if until.is_some() {
            kept.push(of_law("accounts", self.accounts.len()));
            kept.push(of_law("certificates", self.certificates.len()));
        }
        let ground = "the trail is append-only, and names accounts by their document numbers; ETSI EN 319 411-1 clause 6.4.5";
        kept.push(Kept { what: "events".into(), count: events, until: None, ground: ground.into() });
        kept.retain(|each| each.count > 0);
        let gone = [
            ("evidence", gone.evidence),
            ("acceptances", gone.acceptances),
            ("identifications", self.cases.len()),
            ("passwords", self.passwords.len()),
            ("proposals", others.len()),
            ("accounts", if until.is_none() { self.accounts.len() } else { 0 }),
        ];
        let gone = gone.into_iter().filter(|(_, count)| *count > 0);
        let erased = gone.map(|(what, count)| Erased { what: what.to_owned(), count }).collect();
        Ok(ErasedPerson { person: self.person, erased, kept })
    }
}

#[derive(Default)]
struct Tally {
    evidence: usize,
    acceptances: usize,
}

/// Whether a certificate may have been issued on this evidence: it was bound once, or a code for a phone named it.
fn may_stand_on(tx: &Tx<'_>, evidence: &Evidence) -> Result<bool, Failure> {
    let bound = match evidence.state() {
        EvidenceState::Bound(_) => true,
        EvidenceState::Ended { binding, .. } => binding.is_some(),
        EvidenceState::Recorded => false,
    };
    let named = TrailFilter {
        act: Some(Act::IssueActivation.as_str().to_owned()),
        reference: Some(evidence.id().to_string()),
        ..TrailFilter::default()
    };
    let stood_on = bound || !tx.grounds().on(evidence.id())?.is_empty();
    Ok(stood_on || !tx.trail().page(&named, 1)?.is_empty())
}

/// Whether a proposal is to erase this person.
fn erases(proposal: &Proposal, person: &SemanticsIdentifier) -> bool {
    let ProposalState::Open { asked } = proposal.state() else { return true };
    proposal.act() == Act::ErasePerson && mentions(&asked.path, person)
}

/// Whether a text names this person, by their own identifier or by one of their document numbers, and not somebody whose
/// identifier begins alike.
fn mentions(text: &str, person: &SemanticsIdentifier) -> bool {
    let person = person.as_str();
    text.match_indices(person).any(|(at, _)| {
        let rest = &text.as_bytes()[at + person.len()..];
        match rest {
            [] => true,
            [b'-', document @ ..] => {
                let kind = document.get(4..6).is_some_and(|kind| kind == b"-Q" || kind == b"-N");
                kind && document[..4].iter().all(u8::is_ascii_alphanumeric)
            }
            [next, ..] => !next.is_ascii_alphanumeric(),
        }
    })
}

/// A password as its holder may see it: that there is one, not what it was hashed to.
fn password(means: &PasswordMeans) -> Value {
    json!({ "tenant": means.tenant(), "number": means.number(), "set": means.set_at() })
}

fn values<T: Serialize>(of: &[T]) -> Result<Vec<Value>, Failure> {
    let value = |each| serde_json::to_value(each).map_err(|error| Failure::Fault(error.to_string()));
    of.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_not_somebody_who_begins_alike() {
        let person = SemanticsIdentifier::parse("PASKZ-98").unwrap();
        for yes in [
            "PASKZ-98",
            "{\"a\":\"PASKZ-98\"}",
            "PASKZ-98-7QK2-Q",
            "/persons/PASKZ-98/erase",
            "PASKZ-98-7QK2-NQ",
        ] {
            assert!(mentions(yes, &person), "{yes}");
        }
        for no in ["", "PASKZ-987", "PASKZ-98-7", "PASKZ-98-7-1234-Q", "PASKZ-9"] {
            assert!(!mentions(no, &person), "{no}");
        }
    }
}
