//! Results of partners' identifications: signed by the partner, handed in by an operator or by the partner's own system.
//!
//! The signature says who found it out; what a partner may find out is in its entry of the configuration. A result counts
//! once, and only while it is fresh.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use countersign_domain::desk::{Act, DeskEvent};
use countersign_pki::Digest;
use countersign_store::Error as StoreError;
use countersign_wire::admin::ca::hex;
use countersign_wire::admin::identification::{PartnerResult, RESULT_TYPE, UploadResult};
use countersign_wire::jws::CompactJws;
use countersign_wire::problem::{InvalidMember, ProblemType};
use jiff::{SignedDuration, Timestamp};

use super::evidence::ToRecord;
use super::operator::Ordered;
use super::{conflict, failed, invalid, logged};
use crate::App;
use crate::command::Failure;
use crate::problem::Problem;
use crate::registration::partner::KnownPartner;

/// How far the clocks of a partner may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// `POST /results`
pub(super) async fn upload(
    State(app): State<App>,
    Ordered(operator, wanted): Ordered<UploadResult>,
) -> Result<Response, Response> {
    let asked_at = operator.asked_at(app.now());
    let (partner, result) = verified(&app, &wanted.result)?;
    let signed_at = fresh(partner, &result, asked_at)?;
    permitted(partner, &result)?;
    let mut wanted = result.evidence;
    wanted.tenant = Some(partner.tenant.clone());
    let found = ToRecord::read(&app, wanted, &partner.name, signed_at)?;
    // As long as the same result could come again, an approval that is waited for included.
    let kept = partner.max_age + SignedDuration::from_hours(i64::from(app.config().desk.proposal_hours) + 1);
    let name = hex(&Digest::Sha256.of(result.jti.as_bytes()));
    let (partner, by) = (partner.name.clone(), operator.name.clone());
    let recorded =
        operator.execute(&app, Act::UploadResult, "take a partner's result", move |tx, context| {
            let until = context.now.saturating_add(kept).unwrap_or(Timestamp::MAX);
            match tx.partner_results().take(&partner, &name, until) {
                Err(StoreError::Duplicate { .. }) => return Err(conflict("this result was taken before")),
                other => other?,
            }
            let evidence = found.evidence.id().clone();
            let event = DeskEvent::ResultTaken { partner, operator: by.clone(), result: name, evidence };
            context.record([event.into()]);
            found.save(tx, context, by)
        });
    Ok(logged(Json(recorded.await?), Act::UploadResult.as_str()))
}

/// A result whose partner has signed it. Which of a strange name and a wrong signature it was is not told.
fn verified<'a>(app: &'a App, text: &str) -> Result<(&'a KnownPartner, PartnerResult), Response> {
    let wrong = |expected: String| invalid(InvalidMember::at("/result", expected));
    let jws = CompactJws::parse(text).map_err(|unfit| wrong(unfit.to_string()))?;
    if jws.kind != RESULT_TYPE {
        return Err(wrong(format!("expected typ to be {RESULT_TYPE}")));
    }
    // Nothing of it counts before the signature is verified; the name only says with whose key.
    let result = PartnerResult::read(&jws.payload);
    let named = |partner: &&KnownPartner| result.as_ref().is_some_and(|result| result.iss == partner.name);
    let partner = app.registration().partners().iter().find(named);
    match (partner, result) {
        (Some(partner), Some(result)) if partner.signed(&jws) => Ok((partner, result)),
        (_, None) => Err(wrong("expected the payload that docs/operating/desk.md describes".to_owned())),
        (_, Some(_)) => Err(failed(
            app,
            Failure::said(Problem::of(
                ProblemType::InvalidSignature,
                "no partner that is known here has signed this",
            )),
        )),
    }
}

fn fresh(partner: &KnownPartner, result: &PartnerResult, now: Timestamp) -> Result<Timestamp, Response> {
    let wrong = |expected: String| Err(invalid(InvalidMember::at("/result/aud", expected)));
    if result.aud != partner.audience {
        return wrong(format!("expected aud to be {}", partner.audience));
    }
    let stale = |expected: &str| Err(invalid(InvalidMember::at("/result/iat", expected)));
    let Ok(signed_at) = Timestamp::from_second(result.iat) else {
        return stale("expected seconds since 1970");
    };
    let age = now.duration_since(signed_at);
    if age > partner.max_age {
        return stale("expected a result that was signed lately; have the partner sign it anew");
    }
    if age < -AHEAD {
        return stale("expected a time that has come");
    }
    Ok(signed_at.min(now))
}

/// What this partner may find out.
fn permitted(partner: &KnownPartner, result: &PartnerResult) -> Result<(), Response> {
    let evidence = &result.evidence;
    if !partner.methods.iter().any(|method| method.as_str() == evidence.method) {
        let expected = "expected a method that the partner may use";
        return Err(invalid(InvalidMember::at("/result/evidence/method", expected)));
    }
    let above = |(jurisdiction, level): (_, &Option<_>)| *level > *partner.ceiling.get(jurisdiction);
    if evidence.levels.iter().any(above) {
        let expected = "expected no more than the partner may grant";
        return Err(invalid(InvalidMember::at("/result/evidence/levels", expected)));
    }
    if evidence.tenant.as_ref().is_some_and(|tenant| *tenant != partner.tenant) {
        let expected = "expected the tenant of the partner";
        return Err(invalid(InvalidMember::at("/result/evidence/tenant", expected)));
    }
    Ok(())
}
