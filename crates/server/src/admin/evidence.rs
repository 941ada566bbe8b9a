//! Evidence at the desk: recorded after an identification, bound to the phone whose words were compared, ended.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::account::Holder;
use countersign_domain::desk;
use countersign_domain::registration::{
    DeskAct, EndReason, Evidence, EvidenceState, Identification, IdentificationMethod, IdentityDocument,
    IssuingRefusal, Means, MeansKind, OfNumber, Refusal, RegistrationEvent, day, permitted, revocation_due,
};
use countersign_wire::admin::{
    BindEvidence, EndEvidence, EvidenceStanding, RecordEvidence, RecordedEvidence,
};
use countersign_wire::id::SemanticsIdentifier;
use countersign_wire::problem::{InvalidMember, ProblemType};
use countersign_wire::registration::{EvidenceId, MeansSerial, TenantId};
use countersign_wire::words::CertificateLevel;
use jiff::civil::Date;

use super::operator::{Operator, Ordered};
use super::{failed, invalid, logged, not_found, reference};
use crate::App;
use crate::command::Failure;
use crate::device::end_account;
use crate::problem::Problem;
use crate::registration::grounds::{self, LAW};

/// Whose people it is where nobody says.
const TENANT: &str = "default";

/// `POST /evidence`
pub(super) async fn record(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<RecordEvidence>,
) -> Result<Response, Response> {
    let holder = Holder::new(&wanted.given_name, &wanted.surname, wanted.date_of_birth)
        .map_err(|unfit| invalid(InvalidMember::at(unfit.member, unfit.to_string())))?;
    let method = word::<IdentificationMethod>("/method", &wanted.method, IdentificationMethod::WORDS)?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let now = app.now();
    let identification = Identification {
        tenant: match wanted.tenant {
            Some(tenant) => tenant,
            // Cannot fail: a constant of this form.
            None => TenantId::parse(TENANT).expect("a plain name"),
        },
        number: wanted.msisdn,
        person: wanted.person,
        holder,
        document: IdentityDocument {
            kind: wanted.document.kind,
            country: wanted.document.country,
            number: wanted.document.number,
            expires_on: wanted.document.expires_on,
        },
        method,
        method_limit: wanted.method_limit,
        granted: wanted.levels,
        identified_at: wanted.identified_at.unwrap_or(now),
        by: operator.name.clone(),
        reference: kept.as_ref().map(|kept| kept.as_str().to_owned()),
    };
    let (evidence, events) = Evidence::record(identification, now, &mut app.randomness())
        .map_err(|unfit| invalid(InvalidMember::at(unfit.member, format!("expected {}", unfit.expected))))?;
    let recorded = app.execute("record evidence", move |tx, context| {
        tx.evidence().insert(&evidence)?;
        context.record([acted(operator, DeskAct::Record, &evidence, kept)]);
        context.record(events.into_iter().map(Into::into));
        Ok::<_, Failure>(shown(&evidence, day(context.now)))
    });
    let recorded = recorded.await.map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(recorded), DeskAct::Record.as_str()))
}

/// `GET /evidence/{evidence}`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let id = EvidenceId::parse(&id).map_err(|_| not_found(NONE))?;
    let today = day(app.now());
    let found = app.read("look at evidence", move |tx| Ok(tx.evidence().find(&id)?)).await;
    let found = found.map_err(|failure| failed(&app, failure))?.ok_or_else(|| not_found(NONE))?;
    Ok(logged(Json(shown(&found, today)), "show-evidence"))
}

/// `POST /evidence/{evidence}/bind`
pub(super) async fn bind(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<BindEvidence>,
) -> Result<Response, Response> {
    let id = EvidenceId::parse(&id).map_err(|_| not_found(NONE))?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let bound = app.execute("bind evidence", move |tx, context| {
        let Some(evidence) = tx.evidence().find(&id)? else { return Ok(None) };
        let accounts = tx.accounts().of_person(evidence.person())?;
        let theirs = accounts.iter().any(|account| account.is_active() && account.device == wanted.device_id);
        if !theirs {
            return Ok(Some(Err("the person has no active account on this device")));
        }
        let today = day(context.now);
        let all = tx.evidence().of_number(evidence.tenant(), evidence.number())?;
        let in_force = OfNumber::sort(all, today).in_force;
        // Cannot fail: a device's id is made of the same letters, and no longer.
        let serial = MeansSerial::parse(wanted.device_id.as_str()).expect("a device id is a serial");
        let means = Means { kind: MeansKind::App, serial };
        context.record([acted(operator, DeskAct::Bind, &evidence, kept)]);
        match evidence.bind(means, in_force, context.now) {
            Ok((evidence, superseded, events)) => {
                for changed in superseded.iter().chain([&evidence]) {
                    tx.evidence().update(changed)?;
                }
                context.record(events.into_iter().map(Into::into));
                if let Some(superseded) = &superseded {
                    grounds::follow(tx, context, superseded, Some(&evidence))?;
                }
                Ok(Some(Ok(shown(&evidence, today))))
            }
            Err(refusal) => Err(AnyRefusal::from(refusal).into()),
        }
    });
    answered(&app, bound.await, DeskAct::Bind)
}

/// `POST /evidence/{evidence}/end`
pub(super) async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<EndEvidence>,
) -> Result<Response, Response> {
    let id = EvidenceId::parse(&id).map_err(|_| not_found(NONE))?;
    let reason = word::<EndReason>("/reason", &wanted.reason, &["wrong", "withdrawn"])?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let ended = app.execute("end evidence", move |tx, context| {
        let Some(evidence) = tx.evidence().find(&id)? else { return Ok(None) };
        let bound = evidence.bound_to().cloned();
        context.record([acted(operator, DeskAct::End, &evidence, kept)]);
        let (evidence, events) = evidence.end(reason, context.now).map_err(AnyRefusal::from)?;
        tx.evidence().update(&evidence)?;
        context.record(events.into_iter().map(Into::into));
        let today = day(context.now);
        // What stands on it goes with it, and so does the phone that it was bound to.
        grounds::follow(tx, context, &evidence, None)?;
        for account in tx.accounts().of_person(evidence.person())? {
            let theirs =
                |means: &&Means| account.is_active() && means.serial.as_str() == account.device.as_str();
            let Some(means) = bound.as_ref().filter(theirs) else { continue };
            if let Some(due) = revocation_due(&evidence, None, means, account.level, today) {
                end_account(tx, context, account, due)?;
            }
        }
        Ok(Some(Ok(shown(&evidence, today))))
    });
    answered(&app, ended.await, DeskAct::End)
}

/// The evidence that a code for a phone names, if it allows a certificate of this level: what is issued stands on it. A
/// reference that is the id of no evidence of ours is the operator's own and says nothing.
pub(super) async fn allows(
    app: &App,
    reference: &desk::Evidence,
    person: &SemanticsIdentifier,
    holder: &Holder,
    level: CertificateLevel,
) -> Result<Option<EvidenceId>, Response> {
    let Ok(id) = EvidenceId::parse(reference.as_str()) else { return Ok(None) };
    let found = app.read("look at evidence", move |tx| Ok(tx.evidence().find(&id)?)).await;
    let found = found.map_err(|failure| failed(app, failure))?;
    let evidence = found.ok_or_else(|| invalid(InvalidMember::at("/evidence", NONE)))?;
    let allowed = permitted(&evidence, person, holder, None, level, LAW, day(app.now()));
    // Until when is asked again when the certificates are issued.
    allowed.map(|_| Some(evidence.id().clone())).map_err(|refusal| match refusal {
        IssuingRefusal::OtherPerson => invalid(InvalidMember::at("/person", refusal.to_string())),
        IssuingRefusal::OtherNames => invalid(InvalidMember::at("/surname", refusal.to_string())),
        IssuingRefusal::NotInForce | IssuingRefusal::LevelTooHigh => {
            Problem::of(ProblemType::Conflict, refusal.to_string()).into_response()
        }
    })
}

pub(super) const NONE: &str = "there is no such evidence";

type Outcome = Result<Option<Result<RecordedEvidence, &'static str>>, Failure>;

fn answered(app: &App, outcome: Outcome, act: DeskAct) -> Result<Response, Response> {
    let conflict = |text: String| Problem::of(ProblemType::Conflict, text).into_response();
    match outcome {
        Ok(Some(Ok(evidence))) => Ok(logged(Json(evidence), act.as_str())),
        Ok(Some(Err(text))) => Err(conflict(text.to_owned())),
        Ok(None) => Err(not_found(NONE)),
        Err(Failure::Refused(AnyRefusal::Registration(
            refusal @ (Refusal::EvidenceEnded | Refusal::NumberTaken),
        ))) => Err(conflict(refusal.to_string())),
        Err(failure) => Err(failed(app, failure)),
    }
}

pub(super) fn acted(
    operator: Operator,
    act: DeskAct,
    evidence: &Evidence,
    reference: Option<desk::Evidence>,
) -> countersign_domain::Event {
    let evidence = evidence.id().clone();
    RegistrationEvent::DeskActed { operator: operator.name, act, evidence, reference }.into()
}

fn word<W: std::str::FromStr>(pointer: &'static str, text: &str, known: &[&str]) -> Result<W, Response> {
    let expected = || invalid(InvalidMember::at(pointer, format!("expected one of {}", known.join(", "))));
    if !known.contains(&text) {
        return Err(expected());
    }
    W::from_str(text).map_err(|_| expected())
}

fn shown(evidence: &Evidence, today: Date) -> RecordedEvidence {
    let (state, ended) = match evidence.state() {
        EvidenceState::Ended { reason, .. } => (EvidenceStanding::Ended, Some(reason.as_str().to_owned())),
        EvidenceState::Bound(_) if evidence.in_force(today) => (EvidenceStanding::InForce, None),
        EvidenceState::Recorded if evidence.is_waiting(today) => (EvidenceStanding::Waiting, None),
        EvidenceState::Bound(_) | EvidenceState::Recorded => (EvidenceStanding::Expired, None),
    };
    let validity = evidence.validity();
    RecordedEvidence {
        evidence: evidence.id().clone(),
        tenant: evidence.tenant().clone(),
        person: evidence.person().clone(),
        msisdn: evidence.number().clone(),
        state,
        ended,
        means: evidence.bound_to().map(|means| means.kind.as_str().to_owned()),
        levels: *evidence.granted(),
        advanced_until: validity.advanced_until,
        qualified_until: validity.qualified_until,
        by: evidence.by().to_owned(),
        recorded: evidence.recorded_at(),
    }
}
