//! Identifications: begun at the desk, looked at, cancelled. Where the person enters the code is
//! `registration::identify`.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use countersign_domain::desk::{Act, CaseEnd, IdentificationCase};
use countersign_wire::admin::identification::{
    IdentificationStanding, IdentificationStatus, StartIdentification,
};
use countersign_wire::id::IdentificationId;
use countersign_wire::registration::TermsToken;
use jiff::Timestamp;

use super::evidence::default_tenant;
use super::operator::{Operator, Ordered};
use super::{failed, logged, missing, not_found, reference};
use crate::registration::identify;
use crate::{App, Origin};

const NONE: &str = "there is no such identification, or it is no longer kept";

/// `POST /identifications`
pub(super) async fn start(
    State(app): State<App>,
    origin: Origin,
    Ordered(operator, wanted): Ordered<StartIdentification>,
) -> Result<Response, Response> {
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let tenant = wanted.tenant.unwrap_or_else(default_tenant);
    let by = operator.name.clone();
    let begun =
        operator.execute(&app, Act::StartIdentification, "begin an identification", move |tx, context| {
            let (case, token, events) =
                IdentificationCase::begin(tenant, wanted.msisdn, &by, kept, context.now, &mut context.rng);
            tx.identifications().insert(&case)?;
            context.record(events.into_iter().map(Into::into));
            Ok((status(&case, context.now), token))
        });
    let (status, token): (IdentificationStatus, TermsToken) = begun.await?;
    let link = Some(format!("{}{}{}", origin.base, identify::BASE, token.as_str()));
    let answer = IdentificationStatus { link, ..status };
    Ok(logged(Json(answer), Act::StartIdentification.as_str()))
}

/// `GET /identifications/{identification}`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let id = IdentificationId::parse(&id).map_err(|_| not_found(NONE))?;
    let now = app.now();
    let found = app.read("look at an identification", move |tx| {
        let case = tx.identifications().find(&id)?.ok_or_else(|| missing(NONE))?;
        Ok(status(&case, now))
    });
    let found = found.await.map_err(|failure| failed(&app, failure))?;
    Ok(logged(Json(found), "show-identification"))
}

/// `POST /identifications/{identification}/cancel`
pub(super) async fn cancel(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, _): Ordered<serde_json::Map<String, serde_json::Value>>,
) -> Result<Response, Response> {
    let id = IdentificationId::parse(&id).map_err(|_| not_found(NONE))?;
    let by = operator.name.clone();
    let cancelled =
        operator.execute(&app, Act::CancelIdentification, "cancel an identification", move |tx, context| {
            let case = tx.identifications().find(&id)?.ok_or_else(|| missing(NONE))?;
            let (case, events) = case
                .cancel(&by, context.now)
                .map_err(|refusal| crate::command::Failure::Refused(refusal.into()))?;
            tx.identifications().update(&case)?;
            context.record(events.into_iter().map(Into::into));
            Ok(status(&case, context.now))
        });
    Ok(logged(Json(cancelled.await?), Act::CancelIdentification.as_str()))
}

fn status(case: &IdentificationCase, now: Timestamp) -> IdentificationStatus {
    let (state, evidence) = match case.end() {
        Some(CaseEnd::Finished { evidence }) => (IdentificationStanding::Finished, Some(evidence.clone())),
        Some(CaseEnd::Cancelled) => (IdentificationStanding::Cancelled, None),
        None if now >= case.expires_at() => (IdentificationStanding::Expired, None),
        None if case.proven_at().is_some() => (IdentificationStanding::Proven, None),
        None => (IdentificationStanding::Begun, None),
    };
    IdentificationStatus {
        identification: case.id().clone(),
        tenant: case.tenant().clone(),
        msisdn: case.number().clone(),
        state,
        by: case.by().to_owned(),
        begun: case.begun_at(),
        expires: case.expires_at(),
        proven: case.proven_at(),
        evidence,
        link: None,
    }
}
