//! Evidence at the desk: recorded after an identification, bound to the phone whose words were compared, ended.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::account::Holder;
use countersign_domain::desk::{self, Act};
use countersign_domain::registration::{
    DeskAct, EndReason, Evidence, EvidenceState, Identification, IdentificationMethod, IdentityDocument,
    IssuingRefusal, Means, MeansKind, OfNumber, Refusal, RegistrationEvent, day, permitted, revocation_due,
};
use countersign_store::Tx;
use countersign_wire::admin::{
    BindEvidence, EndEvidence, EvidenceStanding, RecordEvidence, RecordedEvidence,
};
use countersign_wire::id::{IdentificationId, SemanticsIdentifier};
use countersign_wire::problem::{InvalidMember, ProblemType};
use countersign_wire::registration::{AssuranceLevel, EvidenceId, MeansSerial, PerJurisdiction, TenantId};
use countersign_wire::words::CertificateLevel;
use jiff::Timestamp;
use jiff::civil::Date;

use super::operator::{Operator, Ordered};
use super::{conflict, failed, invalid, logged, missing, not_found, reference};
use crate::App;
use crate::command::{Command, Failure};
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
    let found = ToRecord::read(&app, wanted, &operator.name, operator.asked_at(app.now()))?;
    let (act, by) = (act_of(found.evidence.granted()), operator.name.clone());
    let recorded =
        operator.execute(&app, act, "record evidence", move |tx, context| found.save(tx, context, by));
    Ok(logged(Json(recorded.await?), DeskAct::Record.as_str()))
}

/// Evidence that may be recorded.
pub(super) struct ToRecord {
    pub(super) evidence: Evidence,
    events: Vec<RegistrationEvent>,
    reference: Option<desk::Evidence>,
    identification: Option<IdentificationId>,
}

impl ToRecord {
    /// What somebody wants recorded, if it can be. `by`: who found it out; `at`: when, unless that is said.
    pub(super) fn read(app: &App, wanted: RecordEvidence, by: &str, at: Timestamp) -> Result<Self, Response> {
        let holder = Holder::new(&wanted.given_name, &wanted.surname, wanted.date_of_birth)
            .map_err(|unfit| invalid(InvalidMember::at(unfit.member, unfit.to_string())))?;
        let method = word::<IdentificationMethod>("/method", &wanted.method, IdentificationMethod::WORDS)?;
        let kept = wanted.reference.as_deref().map(reference).transpose()?;
        let identification = Identification {
            tenant: wanted.tenant.unwrap_or_else(default_tenant),
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
            identified_at: wanted.identified_at.unwrap_or(at),
            by: by.to_owned(),
            reference: kept.as_ref().map(|kept| kept.as_str().to_owned()),
        };
        let (evidence, events) =
            Evidence::record(identification, app.now(), &mut app.randomness()).map_err(|unfit| {
                invalid(InvalidMember::at(unfit.member, format!("expected {}", unfit.expected)))
            })?;
        Ok(Self { evidence, events, reference: kept, identification: wanted.identification })
    }

    /// Records it, for this operator; the identification that was begun for it is finished.
    pub(super) fn save(
        self,
        tx: &Tx<'_>,
        context: &mut Command,
        operator: String,
    ) -> Result<RecordedEvidence, Failure> {
        let Self { evidence, events, reference, identification } = self;
        if let Some(id) = identification {
            let case = tx.identifications().find(&id)?;
            let same = |case: &desk::IdentificationCase| {
                (case.tenant(), case.number()) == (evidence.tenant(), evidence.number())
            };
            let case = case.filter(same).ok_or_else(|| {
                let expected = "expected an identification for this number";
                let member = InvalidMember::at("/identification", expected);
                Failure::said(Problem::invalid(super::SURFACE, [member]))
            })?;
            let finished = case.finish(evidence.id(), context.now);
            let (case, ended) = finished.map_err(|refusal| Failure::Refused(refusal.into()))?;
            tx.identifications().update(&case)?;
            context.record(ended.into_iter().map(Into::into));
        }
        tx.evidence().insert(&evidence)?;
        context.record([acted(operator, DeskAct::Record, &evidence, reference)]);
        context.record(events.into_iter().map(Into::into));
        Ok(shown(&evidence, day(context.now)))
    }
}

/// Whose people they are where nobody says.
pub(super) fn default_tenant() -> TenantId {
    // Cannot fail: a constant of this form.
    TenantId::parse(TENANT).expect("a plain name")
}

/// What recording is, by what it grants: level 4 may take a second person where level 3 does not.
fn act_of(granted: &PerJurisdiction<Option<AssuranceLevel>>) -> Act {
    let qualified = granted.iter().any(|(_, level)| *level == Some(AssuranceLevel::Qualified));
    if qualified { Act::RecordQualified } else { Act::RecordEvidence }
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
    let by = operator.name.clone();
    let bound = operator.execute(&app, Act::BindEvidence, "bind evidence", move |tx, context| {
        let evidence = tx.evidence().find(&id)?.ok_or_else(|| missing(NONE))?;
        let accounts = tx.accounts().of_person(evidence.person())?;
        let theirs = accounts.iter().any(|account| account.is_active() && account.device == wanted.device_id);
        if !theirs {
            return Err(conflict("the person has no active account on this device"));
        }
        let today = day(context.now);
        let all = tx.evidence().of_number(evidence.tenant(), evidence.number())?;
        let in_force = OfNumber::sort(all, today).in_force;
        // Cannot fail: a device's id is made of the same letters, and no longer.
        let serial = MeansSerial::parse(wanted.device_id.as_str()).expect("a device id is a serial");
        let means = Means { kind: MeansKind::App, serial };
        context.record([acted(by, DeskAct::Bind, &evidence, kept)]);
        let (evidence, superseded, events) =
            evidence.bind(means, in_force, context.now).map_err(|refusal| refused(&refusal))?;
        for changed in superseded.iter().chain([&evidence]) {
            tx.evidence().update(changed)?;
        }
        context.record(events.into_iter().map(Into::into));
        if let Some(superseded) = &superseded {
            grounds::follow(tx, context, superseded, Some(&evidence))?;
        }
        Ok(shown(&evidence, today))
    });
    Ok(logged(Json(bound.await?), DeskAct::Bind.as_str()))
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
    let act = if reason == EndReason::Wrong { Act::EndWrong } else { Act::EndEvidence };
    let by = operator.name.clone();
    let ended = operator.execute(&app, act, "end evidence", move |tx, context| {
        let evidence = tx.evidence().find(&id)?.ok_or_else(|| missing(NONE))?;
        context.record([acted(by, DeskAct::End, &evidence, kept)]);
        let evidence = end_with_all(tx, context, evidence, reason)?;
        Ok(shown(&evidence, day(context.now)))
    });
    Ok(logged(Json(ended.await?), DeskAct::End.as_str()))
}

/// Ends evidence. What stands on it goes with it, and so does the phone that it was bound to.
pub(super) fn end_with_all(
    tx: &Tx<'_>,
    context: &mut Command,
    evidence: Evidence,
    reason: EndReason,
) -> Result<Evidence, Failure> {
    let bound = evidence.bound_to().cloned();
    let (evidence, events) = evidence.end(reason, context.now).map_err(|refusal| refused(&refusal))?;
    tx.evidence().update(&evidence)?;
    context.record(events.into_iter().map(Into::into));
    let today = day(context.now);
    grounds::follow(tx, context, &evidence, None)?;
    for account in tx.accounts().of_person(evidence.person())? {
        let theirs = |means: &&Means| account.is_active() && means.serial.as_str() == account.device.as_str();
        let Some(means) = bound.as_ref().filter(theirs) else { continue };
        if let Some(due) = revocation_due(&evidence, None, means, account.level, today) {
            end_account(tx, context, account, due)?;
        }
    }
    Ok(evidence)
}

/// The evidence that a code for a phone names, if it allows a certificate of this level: what is issued stands on it. A
/// reference that is the id of no evidence of ours is the operator's own and says nothing; where recording evidence takes
/// two people, that would be a way around the second one, and is refused.
pub(super) async fn allows(
    app: &App,
    reference: Option<&desk::Evidence>,
    person: &SemanticsIdentifier,
    holder: &Holder,
    level: CertificateLevel,
) -> Result<Option<EvidenceId>, Response> {
    let Some(id) = reference.and_then(|reference| EvidenceId::parse(reference.as_str()).ok()) else {
        let four_eyes = &app.config().desk.four_eyes;
        let takes_two = four_eyes.iter().any(|act| matches!(act, Act::RecordEvidence | Act::RecordQualified));
        let expected = "expected the id of recorded evidence: recording it takes two people here";
        return if takes_two { Err(invalid(InvalidMember::at("/evidence", expected))) } else { Ok(None) };
    };
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

/// Evidence that has ended, or a number that is another person's.
fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::EvidenceEnded | Refusal::NumberTaken => conflict(&refusal.to_string()),
        other => Failure::Refused(AnyRefusal::from(other.clone())),
    }
}

pub(super) fn acted(
    operator: String,
    act: DeskAct,
    evidence: &Evidence,
    reference: Option<desk::Evidence>,
) -> countersign_domain::Event {
    let evidence = evidence.id().clone();
    RegistrationEvent::DeskActed { operator, act, evidence, reference }.into()
}

fn word<W: std::str::FromStr>(pointer: &'static str, text: &str, known: &[&str]) -> Result<W, Response> {
    let expected = || invalid(InvalidMember::at(pointer, format!("expected one of {}", known.join(", "))));
    if !known.contains(&text) {
        return Err(expected());
    }
    W::from_str(text).map_err(|_| expected())
}

pub(super) fn shown(evidence: &Evidence, today: Date) -> RecordedEvidence {
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
