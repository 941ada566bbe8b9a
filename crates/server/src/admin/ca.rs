//! The certificate authority at the operator's hand: certificates looked at, issued, suspended, resumed and revoked; CAs and
//! responders rolled over; the clock; the ceremony log.
//!
//! Every act is an entry of the ceremony log in the same transaction as what it does.

use std::str::FromStr as _;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use countersign_domain::Event;
use countersign_domain::authority::IssuingCa;
use countersign_domain::desk::Act;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate, NotPossible, RevocationReason};
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Name, Policy, name};
use countersign_pki::csr::CertificationRequest;
use countersign_pki::profile::Organization;
use countersign_pki::{Certificate, Digest};
use countersign_store::{Listing, Tx};
use countersign_wire::admin::ca::{
    AuthorityEntry, AuthorityRole, AuthorityStatus, CeremonyAct, CeremonyEntry, CeremonyLog, CeremonyNote,
    CertificateEntry, CertificatePage, CertificateState, ClockStatus, IssueCertificate, IssueProfile,
    NOTE_MAX, OnWhoseWord, RevokeCertificate, hex,
};
use countersign_wire::problem::InvalidMember;
use countersign_wire::words::CertificateLevel;
use jiff::SignedDuration;
use serde::Deserialize;

use super::operator::{Operator, Ordered};
use super::{conflict, evidence, failed, invalid, logged, missing, not_found};
use crate::App;
use crate::authority::responders::{issued, renew, replace, responders};
use crate::authority::{Authorities, Ca, time_stamp_policy};
use crate::command::{Command, Failure};
use crate::tsa::lease::move_mark;

const NO_CERTIFICATE: &str = "no CA of this name has issued a certificate with this serial number";
const NO_AUTHORITY: &str = "no certificate authority runs here";

/// Entries on a page, unless fewer are asked for.
const PAGE_MAX: usize = 500;

/// Days that a certificate for an operator's request may be valid.
const DAYS_MAX: u16 = 3 * 366;

#[derive(Deserialize)]
pub(super) struct Wanted {
    issuer: Option<String>,
    state: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// `GET /certificates`
pub(super) async fn list(
    State(app): State<App>,
    _: Operator,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Response> {
    let status = match wanted.state.as_deref() {
        None => None,
        Some(word) => Some(
            CertificateState::from_str(word)
                .map_err(|_| {
                    let known = CertificateState::WORDS.join(", ");
                    invalid(InvalidMember::at("/state", format!("expected one of {known}")))
                })?
                .as_str(),
        ),
    };
    let after = match wanted.after.as_deref() {
        None => None,
        Some(text) => {
            let place =
                text.split_once('/').and_then(|(issuer, serial)| Some((issuer.to_owned(), octets(serial)?)));
            Some(place.ok_or_else(|| {
                invalid(InvalidMember::at(
                    "/after",
                    "expected issuer and serial number, as `next` gives them",
                ))
            })?)
        }
    };
    let limit = wanted.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let listing = Listing { issuer: wanted.issuer, status, after };
    let mut found = app
        .read("list certificates", move |tx| Ok(tx.certificates().page(&listing, limit + 1)?))
        .await
        .map_err(|failure| failed(&app, failure))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| format!("{}/{}", last.issuer, last.serial_hex()));
    let certificates = found.iter().map(|certificate| entry(certificate, false)).collect();
    Ok(logged(Json(CertificatePage { certificates, next }), "list-certificates"))
}

/// `GET /certificates/{issuer}/{serial}`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path((issuer, serial)): Path<(String, String)>,
) -> Result<Response, Response> {
    let serial = octets(&serial).ok_or_else(|| not_found(NO_CERTIFICATE))?;
    let found = app
        .read("show a certificate", move |tx| Ok(tx.certificates().find(&issuer, &serial)?))
        .await
        .map_err(|failure| failed(&app, failure))?;
    let found = found.ok_or_else(|| not_found(NO_CERTIFICATE))?;
    Ok(logged(Json(entry(&found, true)), "show-certificate"))
}

/// `POST /certificates/{issuer}/{serial}/revoke`. Revoking what is revoked changes nothing and is no error.
pub(super) async fn revoke(
    State(app): State<App>,
    Path(place): Path<(String, String)>,
    Ordered(operator, wanted): Ordered<RevokeCertificate>,
) -> Result<Response, Response> {
    let reason = RevocationReason::from_str(&wanted.reason).map_err(|_| {
        let known: Vec<_> = RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect();
        invalid(InvalidMember::at("/reason", format!("expected one of {}", known.join(", "))))
    })?;
    let (act, kind) = (Act::RevokeCertificate, CeremonyAct::Revoke);
    let act = CertificateAct { act, kind, operator, evidence: wanted.evidence };
    change(&app, place, act, move |certificate, now| Ok((certificate.revoke(reason, now), reason.as_str())))
        .await
}

/// `POST /certificates/{issuer}/{serial}/suspend`
pub(super) async fn suspend(
    State(app): State<App>,
    Path(place): Path<(String, String)>,
    Ordered(operator, wanted): Ordered<OnWhoseWord>,
) -> Result<Response, Response> {
    let (act, kind) = (Act::SuspendCertificate, CeremonyAct::Suspend);
    let act = CertificateAct { act, kind, operator, evidence: wanted.evidence };
    change(&app, place, act, |certificate, now| Ok((certificate.suspend(now)?, "certificateHold"))).await
}

/// `POST /certificates/{issuer}/{serial}/resume`
pub(super) async fn resume(
    State(app): State<App>,
    Path(place): Path<(String, String)>,
    Ordered(operator, wanted): Ordered<OnWhoseWord>,
) -> Result<Response, Response> {
    let (act, kind) = (Act::ResumeCertificate, CeremonyAct::Resume);
    let act = CertificateAct { act, kind, operator, evidence: wanted.evidence };
    change(&app, place, act, |certificate, _| Ok((certificate.resume()?, "no longer on hold"))).await
}

/// Who does what, on whose word.
struct CertificateAct {
    act: Act,
    kind: CeremonyAct,
    operator: Operator,
    evidence: Option<String>,
}

type Changed = ((IssuedCertificate, Vec<Event>), &'static str);

/// Changes the status of a certificate, and writes that down when there was something to change.
async fn change(
    app: &App,
    (issuer, serial): (String, String),
    act: CertificateAct,
    rule: impl FnOnce(IssuedCertificate, jiff::Timestamp) -> Result<Changed, NotPossible> + Send + 'static,
) -> Result<Response, Response> {
    let serial = octets(&serial).ok_or_else(|| not_found(NO_CERTIFICATE))?;
    let CertificateAct { act, kind, operator, evidence: proof } = act;
    let proof = proof.as_deref().map(evidence).transpose()?;
    let by = operator.name.clone();
    let changed = operator.execute(app, act, "change a certificate's status", move |tx, context| {
        let certificate = tx.certificates().find(&issuer, &serial)?.ok_or_else(|| missing(NO_CERTIFICATE))?;
        let ((certificate, events), detail) =
            rule(certificate, context.now).map_err(|not| conflict(&not.to_string()))?;
        if !events.is_empty() {
            tx.certificates().update(&certificate)?;
            context.record(events);
            let subject = format!("{issuer}/{}", certificate.serial_hex());
            let word = proof.as_ref().map_or("", |proof| proof.as_str());
            write_down(tx, context, &by, kind, &subject, detail, word)?;
        }
        Ok(entry(&certificate, false))
    });
    Ok(logged(Json(changed.await?), kind.as_str()))
}

/// `POST /certificates`
pub(super) async fn issue(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<IssueCertificate>,
) -> Result<Response, Response> {
    let authorities = app.authorities().ok_or_else(|| not_found(NO_AUTHORITY))?;
    let proof = wanted.evidence.as_deref().map(evidence).transpose()?;
    if !(1..=DAYS_MAX).contains(&wanted.days) {
        return Err(invalid(InvalidMember::at("/days", format!("expected 1 to {DAYS_MAX} days"))));
    }
    let request = CertificationRequest::from_pem(&wanted.request).map_err(|error| {
        invalid(InvalidMember::at("/request", format!("expected a certification request in PEM: {error}")))
    })?;
    let Some(ca) = authorities.cas().iter().find(|ca| ca.name() == wanted.issuer).cloned() else {
        return Err(invalid(InvalidMember::at("/issuer", "expected the name of a CA")));
    };
    fit(authorities, &ca, &wanted)?;
    let name = subject(&ca, &wanted)
        .map_err(|error| invalid(InvalidMember::at("/commonName", error.to_string())))?;
    let (inner, now, profile, days) = (app.clone(), app.now(), wanted.profile, wanted.days);
    let signing = ca.clone();
    let made = app
        .compute()
        .run(move || make(&inner, &signing, profile, name, &request, now, days))
        .await
        .map_err(|busy| failed(&app, busy.into()))?;
    let certificate = made.map_err(|error| {
        invalid(InvalidMember::at("/request", format!("this certificate cannot be issued: {error}")))
    })?;
    let stored = issued(&ca, &certificate);
    let by = operator.name.clone();
    let entry = operator
        .execute(&app, Act::IssueCertificate, "issue a certificate", move |tx, context| {
            tx.certificates().insert(&stored)?;
            context.record([Event::CertificateIssued {
                issuer: stored.issuer.clone(),
                serial: stored.serial_hex(),
                document: None,
            }]);
            let subject = format!("{}/{}", stored.issuer, stored.serial_hex());
            let detail = format!("{profile}, SHA-256 {}", hex(&Digest::Sha256.of(&stored.der)));
            let word = proof.as_ref().map_or("", |proof| proof.as_str());
            write_down(tx, context, &by, CeremonyAct::Issue, &subject, &detail, word)?;
            Ok(entry(&stored, true))
        })
        .await?;
    Ok(logged(Json(entry), CeremonyAct::Issue.as_str()))
}

/// Refuses what a CA does not issue.
fn fit(authorities: &Authorities, ca: &Ca, wanted: &IssueCertificate) -> Result<(), Response> {
    let wrong = |expected: &str| Err(invalid(InvalidMember::at("/issuer", expected)));
    match wanted.profile {
        IssueProfile::Seal if ca.level() != Some(CertificateLevel::Advanced) => wrong(
            "expected a CA of the level ADVANCED: a key that is not in a certified device makes no qualified seal",
        ),
        IssueProfile::Seal if authorities.issuing(CertificateLevel::Advanced).name() != ca.name() => {
            wrong("expected the CA that issues now: this one only answers for what it issued")
        }
        IssueProfile::Seal if wanted.organization.is_none() => {
            Err(invalid(InvalidMember::at("/organization", "expected the organisation whose seal it is")))
        }
        IssueProfile::TimeStampingUnit if ca.level().is_some() => wrong("expected the root"),
        IssueProfile::OcspResponder if wanted.days > 366 => {
            Err(invalid(InvalidMember::at("/days", "expected at most 366: nobody can revoke a responder")))
        }
        IssueProfile::Seal | IssueProfile::OcspResponder | IssueProfile::TimeStampingUnit => Ok(()),
    }
}

fn subject(ca: &Ca, wanted: &IssueCertificate) -> Result<Name, countersign_pki::Error> {
    let of_ca = |oid| ca.certificate().subject().find(oid).unwrap_or_default();
    let organization = match (&wanted.organization, wanted.profile) {
        (Some(holder), IssueProfile::Seal) => Organization {
            country: holder.country.clone(),
            name: holder.name.clone(),
            identifier: holder.identifier.clone(),
        },
        (Some(_) | None, _) => Organization {
            country: of_ca(name::COUNTRY),
            name: of_ca(name::ORGANIZATION),
            identifier: of_ca(name::ORGANIZATION_IDENTIFIER),
        },
    };
    organization.named(&wanted.common_name)
}

fn make(
    app: &App,
    ca: &Ca,
    profile: IssueProfile,
    subject: Name,
    request: &CertificationRequest,
    now: jiff::Timestamp,
    days: u16,
) -> Result<Certificate, countersign_pki::Error> {
    let missing = countersign_pki::Error::Missing { what: "profile of the CA" };
    let validity = Validity::days(ca.backdated(now), days)?;
    let (issuer, key, mut rng) = (ca.issuer()?, request.public_key(), app.randomness());
    match profile {
        IssueProfile::Seal => {
            issuer.issue_seal(ca.profile().ok_or(missing)?, subject, key, validity, &mut rng)
        }
        IssueProfile::OcspResponder => issuer.issue_ocsp_responder(subject, key, validity, &mut rng),
        IssueProfile::TimeStampingUnit => {
            let authorities = app.authorities().ok_or(missing)?;
            let policy = Policy { oid: time_stamp_policy(app), cps: Some(authorities.places().cps.clone()) };
            // The key is used for the first third; the rest is for those who check.
            let signs_until = now
                .saturating_add(SignedDuration::from_hours(8 * i64::from(days)))
                .unwrap_or(validity.not_after);
            let addresses = authorities.places().addresses(ca.name());
            issuer.issue_time_stamping_unit(
                subject,
                &policy,
                &addresses,
                key,
                validity,
                signs_until,
                &mut rng,
            )
        }
    }
}

/// `GET /authorities`
pub(super) async fn authorities(State(app): State<App>, _: Operator) -> Result<Response, Response> {
    let authorities = app.authorities().ok_or_else(|| not_found(NO_AUTHORITY))?;
    let responders = responders(&app, authorities).await.map_err(|failure| failed(&app, failure))?;
    let cas = authorities.cas();
    let now = app.now();
    let mut members: Vec<_> = cas
        .iter()
        .map(|ca| {
            let current = ca.level().is_none_or(|level| authorities.issuing(level).name() == ca.name());
            let role = if ca.level().is_none() { AuthorityRole::Root } else { AuthorityRole::IssuingCa };
            member(ca.name(), role, ca.level(), current, ca.certificate(), ca.signer().is_remote())
        })
        .collect();
    members.extend(responders.all().filter_map(|(place, newest, certificate, remote)| {
        let ca = cas.get(place)?;
        Some(member(ca.name(), AuthorityRole::OcspResponder, None, newest, certificate, remote))
    }));
    let unit = authorities.time_stamping();
    let role = AuthorityRole::TimeStampingUnit;
    members.push(member("tsa", role, None, true, unit.certificate(), unit.unit().is_remote()));
    let doubt = app.believed_now().err().map(|doubt| doubt.to_string());
    let status = AuthorityStatus { members, clock: ClockStatus { now, doubt } };
    Ok(logged(Json(status), "show-authorities"))
}

fn member(
    name: &str,
    role: AuthorityRole,
    level: Option<CertificateLevel>,
    current: bool,
    certificate: &Certificate,
    remote: bool,
) -> AuthorityEntry {
    AuthorityEntry {
        name: name.to_owned(),
        role,
        level,
        current,
        subject: certificate.subject().rfc4514(),
        serial: hex(certificate.serial().magnitude()),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        sha256: hex(&Digest::Sha256.of(certificate.as_der())),
        key: if remote { "pkcs11" } else { "software" }.to_owned(),
    }
}

/// `POST /authorities/{name}/rollover`: a new CA takes over from this one.
pub(super) async fn roll_over(
    State(app): State<App>,
    Path(name): Path<String>,
    Ordered(operator, wanted): Ordered<OnWhoseWord>,
) -> Result<Response, Response> {
    let authorities = app.authorities().ok_or_else(|| not_found(NO_AUTHORITY))?;
    let proof = wanted.evidence.as_deref().map(evidence).transpose()?;
    let Some(ca) = authorities.cas().iter().find(|ca| ca.name() == name).cloned() else {
        return Err(not_found("no CA has this name"));
    };
    let cannot = |detail: &str| Err(failed(&app, conflict(detail)));
    let Some(level) = ca.level() else {
        return cannot("the root is not rolled over here: make a new hierarchy, and publish both for a time");
    };
    if authorities.issuing(level).name() != name {
        return cannot("another CA has taken over from this one already");
    }
    // A key in a token cannot be unmade.
    operator.may_begin(&app, Act::RollOverCa)?;
    let (inner, now) = (app.clone(), app.now());
    let made = app
        .compute()
        .run(move || {
            let authorities = inner.authorities().ok_or_else(|| Failure::Fault(NO_AUTHORITY.to_owned()))?;
            authorities
                .successor(level, inner.custody(), now, &mut inner.randomness())
                .map_err(|error| Failure::Fault(error.to_string()))
        })
        .await
        .map_err(|busy| failed(&app, busy.into()))?
        .map_err(|failure| failed(&app, failure))?;
    let parts = (made.clone(), name, operator.name.clone());
    let done = operator.execute(&app, Act::RollOverCa, "roll over a CA", move |tx, context| {
        let (made, from, by) = parts;
        let certificate = Certificate::from_der(&made.certificate).map_err(|error| fault(&error))?;
        tx.issuing_cas().insert(&made)?;
        let root =
            context.app.authorities().ok_or_else(|| Failure::Fault(NO_AUTHORITY.to_owned()))?.root().name();
        tx.certificates().insert(&IssuedCertificate {
            issuer: root.to_owned(),
            serial: certificate.serial().magnitude().to_vec(),
            account: None,
            der: made.certificate.clone(),
            not_after: certificate.not_after(),
            status: CertificateStatus::Good,
        })?;
        context.record([Event::CertificateIssued {
            issuer: root.to_owned(),
            serial: hex(certificate.serial().magnitude()),
            document: None,
        }]);
        let detail = format!("from {from}, SHA-256 {}", hex(&Digest::Sha256.of(&made.certificate)));
        let word = proof.as_ref().map_or("", |proof| proof.as_str());
        write_down(tx, context, &by, CeremonyAct::RollOver, &made.name, &detail, word)
    });
    done.await?;
    take_over(&app, &made).await.map_err(|failure| failed(&app, failure))?;
    let ca = authorities.issuing(level);
    let remote = ca.signer().is_remote();
    let entry = member(ca.name(), AuthorityRole::IssuingCa, ca.level(), true, ca.certificate(), remote);
    Ok(logged(Json(entry), CeremonyAct::RollOver.as_str()))
}

/// The new CA is on disk: from here on it issues. Where a responder cannot be made, others are answered for all the same, and
/// it is tried again.
async fn take_over(app: &App, made: &IssuingCa) -> Result<(), Failure> {
    let authorities = app.authorities().ok_or_else(|| Failure::Fault(NO_AUTHORITY.to_owned()))?;
    authorities.take_in(made, app.custody()).map_err(|error| fault(&error))?;
    // What it finds is in the log.
    let _ = renew(app).await;
    Ok(())
}

/// `POST /responders/rollover`: new keys and certificates for every OCSP responder; those before are not used any more.
pub(super) async fn roll_over_responders(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<OnWhoseWord>,
) -> Result<Response, Response> {
    let authorities = app.authorities().ok_or_else(|| not_found(NO_AUTHORITY))?;
    let proof = wanted.evidence.as_deref().map(evidence).transpose()?;
    let log = move |tx: &Tx<'_>, context: &Command, issued: &[IssuedCertificate]| {
        let serials: Vec<_> = issued.iter().map(IssuedCertificate::serial_hex).collect();
        let detail = format!("serial numbers {}", serials.join(", "));
        let word = proof.as_ref().map_or("", |proof| proof.as_str());
        let act = CeremonyAct::RollOverResponders;
        write_down(tx, context, &operator.name, act, "responders", &detail, word)
    };
    let made = replace(&app, log).await.map_err(|failure| failed(&app, failure))?;
    let cas = authorities.cas();
    let members: Vec<_> = made
        .all()
        .filter_map(|(place, newest, certificate, remote)| {
            let name = cas.get(place)?.name();
            Some(member(name, AuthorityRole::OcspResponder, None, newest, certificate, remote))
        })
        .collect();
    Ok(logged(Json(members), CeremonyAct::RollOverResponders.as_str()))
}

/// `POST /clock/accept`: the clock is right after all.
pub(super) async fn accept_clock(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<OnWhoseWord>,
) -> Result<Response, Response> {
    let proof = wanted.evidence.as_deref().map(evidence).transpose()?;
    let doubt = app.believed_now().err();
    let detail = doubt.map_or_else(|| "there was no doubt".to_owned(), |doubt| doubt.to_string());
    let by = operator.name.clone();
    let done = operator.execute(&app, Act::AcceptClock, "accept the clock", move |tx, context| {
        move_mark(tx, context.now)?;
        let word = proof.as_ref().map_or("", |proof| proof.as_str());
        write_down(tx, context, &by, CeremonyAct::AcceptClock, "clock", &detail, word)
    });
    done.await?;
    app.believe_clock();
    let status = ClockStatus { now: app.now(), doubt: None };
    Ok(logged(Json(status), CeremonyAct::AcceptClock.as_str()))
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<u64>,
    limit: Option<usize>,
}

/// `GET /ceremony`
pub(super) async fn ceremony(
    State(app): State<App>,
    _: Operator,
    Query(wanted): Query<After>,
) -> Result<Response, Response> {
    let (after, limit) = (wanted.after.unwrap_or(0), wanted.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX));
    let mut entries = app
        .read("read the ceremony log", move |tx| Ok(tx.ceremony().after(after, limit + 1)?))
        .await
        .map_err(|failure| failed(&app, failure))?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(logged(Json(CeremonyLog { entries, more }), "read-ceremony-log"))
}

/// `POST /ceremony`
pub(super) async fn note(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<CeremonyNote>,
) -> Result<Response, Response> {
    let proof = wanted.evidence.as_deref().map(evidence).transpose()?;
    let length = wanted.text.chars().count();
    if !(1..=NOTE_MAX).contains(&length) || wanted.text.chars().any(char::is_control) {
        let expected = format!("expected one line of 1 to {NOTE_MAX} characters");
        return Err(invalid(InvalidMember::at("/text", expected)));
    }
    let by = operator.name.clone();
    let entry = operator
        .execute(&app, Act::NoteCeremony, "note in the ceremony log", move |tx, context| {
            let word = proof.as_ref().map_or("", |proof| proof.as_str());
            write_down(tx, context, &by, CeremonyAct::Note, "", &wanted.text, word)?;
            Ok(tx.ceremony().last()?)
        })
        .await?;
    Ok(logged(Json(entry), CeremonyAct::Note.as_str()))
}

/// The next entry of the ceremony log. Before the first one comes what was there when the log began.
fn write_down(
    tx: &Tx<'_>,
    context: &Command,
    operator: &str,
    act: CeremonyAct,
    subject: &str,
    detail: &str,
    evidence: &str,
) -> Result<(), Failure> {
    let mut last = tx.ceremony().last()?;
    if last.is_none() {
        for (name, sha256) in context.app.authorities().map(fingerprints).unwrap_or_default() {
            let detail = format!("SHA-256 {sha256}");
            let act = CeremonyAct::Begin;
            let begin = CeremonyEntry::after(last.as_ref(), context.now, "service", act, &name, &detail, "");
            tx.ceremony().append(&begin)?;
            last = Some(begin);
        }
    }
    let entry = CeremonyEntry::after(last.as_ref(), context.now, operator, act, subject, detail, evidence);
    Ok(tx.ceremony().append(&entry)?)
}

fn fingerprints(authorities: &Authorities) -> Vec<(String, String)> {
    let cas = authorities.cas();
    let unit = ("tsa", authorities.time_stamping().certificate());
    let all = cas.iter().map(|ca| (ca.name(), ca.certificate())).chain([unit]);
    all.map(|(name, certificate)| (name.to_owned(), hex(&Digest::Sha256.of(certificate.as_der())))).collect()
}

fn entry(certificate: &IssuedCertificate, with_certificate: bool) -> CertificateEntry {
    let (state, since, reason) = match certificate.status {
        CertificateStatus::Good => (CertificateState::Good, None, None),
        CertificateStatus::OnHold { since } => {
            (CertificateState::OnHold, Some(since), Some("certificateHold".to_owned()))
        }
        CertificateStatus::Revoked { at, reason } => {
            (CertificateState::Revoked, Some(at), Some(reason.as_str().to_owned()))
        }
    };
    let pem = || Certificate::from_der(&certificate.der).ok().map(|certificate| certificate.to_pem());
    CertificateEntry {
        issuer: certificate.issuer.clone(),
        serial: certificate.serial_hex(),
        state,
        since,
        reason,
        not_after: certificate.not_after,
        document_number: certificate.account.as_ref().map(ToString::to_string),
        certificate: if with_certificate { pem() } else { None },
    }
}

/// A serial number as operators write it: hexadecimal, colons or a `0x` in front do not matter.
fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.trim_start_matches("0x").chars().filter(|letter| *letter != ':').collect();
    if digits.is_empty() || digits.len() > 42 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let even = if digits.len().is_multiple_of(2) { digits } else { format!("0{digits}") };
    let octets: Option<Vec<u8>> =
        (0..even.len()).step_by(2).map(|at| u8::from_str_radix(&even[at..at + 2], 16).ok()).collect();
    octets.map(|octets| octets.iter().skip_while(|octet| **octet == 0).copied().collect())
}

fn fault(error: &dyn std::error::Error) -> Failure {
    Failure::Fault(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_read_as_people_write_them() {
        for text in ["0x4A01", "4a01", "4A:01", "004a01"] {
            assert_eq!(octets(text), Some(vec![0x4a, 1]), "{text}");
        }
        assert_eq!(octets("a01"), Some(vec![0x0a, 1]));
        for text in ["", "0x", "4g", "-1", &"00".repeat(22), "õ"] {
            assert_eq!(octets(text), None, "{text}");
        }
    }
}
