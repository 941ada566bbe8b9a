//! Passwords at the desk: the holder of some evidence is invited to set one, and what they have set can be ended. Nobody
//! here sees or chooses a password.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::desk::Act;
use countersign_domain::registration::{
    DeskAct, Evidence, Invitation, PasswordMeans, PasswordState, Refusal,
};
use countersign_store::Tx;
use countersign_wire::admin::{OrderPassword, PasswordStanding, RegisteredPassword};
use countersign_wire::problem::ProblemType;
use countersign_wire::registration::EvidenceId;
use jiff::Timestamp;

use super::evidence::{NONE, acted};
use super::operator::{Operator, Ordered};
use super::{conflict, failed, logged, missing, not_found, reference};
use crate::command::Failure;
use crate::problem::Problem;
use crate::registration::send_invitation;
use crate::{App, Origin};

/// `GET /evidence/{evidence}/password`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let (id, now) = (known(&id)?, app.now());
    let found = app.read("look at a password", move |tx| {
        let evidence = tx.evidence().find(&id)?;
        evidence.map(|evidence| Ok(shown(&evidence, of(tx, &evidence)?.as_ref(), now))).transpose()
    });
    let found = found.await.map_err(|failure| failed(&app, failure))?;
    found.map(|password| logged(Json(password), "show-password")).ok_or_else(|| not_found(NONE))
}

/// `POST /evidence/{evidence}/password`
pub(super) async fn invite(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<OrderPassword>,
) -> Result<Response, Response> {
    let id = known(&id)?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let by = operator.name.clone();
    let invited =
        operator.execute(&app, Act::InvitePassword, "invite to set a password", move |tx, context| {
            let evidence = tx.evidence().find(&id)?.ok_or_else(|| missing(NONE))?;
            let made = Invitation::make(&evidence, context.now, &mut context.rng);
            let (token, invitation) = made.map_err(|refusal| refused(&refusal))?;
            tx.passwords().invite(&invitation)?;
            context.record([acted(by, DeskAct::InvitePassword, &evidence, kept)]);
            let mut answer = shown(&evidence, of(tx, &evidence)?.as_ref(), context.now);
            answer.link_until = Some(invitation.expires_at());
            Ok((token, invitation, answer))
        });
    let (token, invitation, answer) = invited.await?;
    // Only what is written down is sent: a link that arrives can be opened.
    if let Err(error) = send_invitation(&app, &origin, invitation.number(), &token).await {
        tracing::error!(error = %error, "an invitation was not sent");
        let lost =
            app.execute("take back an invitation", move |tx, _| Ok(tx.passwords().use_up(&invitation)?));
        lost.await.map_err(|failure| failed(&app, failure))?;
        let detail = "messages cannot be sent now: look at registration.gateway_url, and try again";
        return Err(Problem::of(ProblemType::Unavailable, detail).into_response());
    }
    Ok(logged(Json(answer), DeskAct::InvitePassword.as_str()))
}

/// `POST /evidence/{evidence}/password/end`
pub(super) async fn end(
    State(app): State<App>,
    Path(id): Path<String>,
    Ordered(operator, wanted): Ordered<OrderPassword>,
) -> Result<Response, Response> {
    let id = known(&id)?;
    let kept = wanted.reference.as_deref().map(reference).transpose()?;
    let by = operator.name.clone();
    let ended = operator.execute(&app, Act::EndPassword, "end a password", move |tx, context| {
        let evidence = tx.evidence().find(&id)?.ok_or_else(|| missing(NONE))?;
        let means = of(tx, &evidence)?.ok_or_else(|| refused(&Refusal::NoPassword))?;
        let (means, events) = means.end(context.now).map_err(|refusal| refused(&refusal))?;
        context.record([acted(by, DeskAct::EndPassword, &evidence, kept)]);
        context.record(events.into_iter().map(Into::into));
        tx.passwords().save(&means)?;
        Ok(shown(&evidence, Some(&means), context.now))
    });
    Ok(logged(Json(ended.await?), DeskAct::EndPassword.as_str()))
}

fn known(id: &str) -> Result<EvidenceId, Response> {
    EvidenceId::parse(id).map_err(|_| not_found(NONE))
}

/// The password of the number that the evidence is for.
fn of(tx: &Tx<'_>, evidence: &Evidence) -> Result<Option<PasswordMeans>, Failure> {
    Ok(tx.passwords().find(evidence.tenant(), evidence.number())?)
}

/// Evidence that has ended, or a password that is not there.
fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::EvidenceEnded | Refusal::NoPassword => conflict(&refusal.to_string()),
        other => Failure::Refused(AnyRefusal::from(other.clone())),
    }
}

fn shown(evidence: &Evidence, means: Option<&PasswordMeans>, now: Timestamp) -> RegisteredPassword {
    let (state, locked_until) = match means.map(PasswordMeans::state) {
        None => (PasswordStanding::None, None),
        Some(PasswordState::Ended { .. }) => (PasswordStanding::Ended, None),
        Some(PasswordState::Locked { until, .. }) if now < until => (PasswordStanding::Locked, Some(until)),
        Some(PasswordState::Active { .. } | PasswordState::Locked { .. }) => (PasswordStanding::Active, None),
    };
    RegisteredPassword {
        evidence: evidence.id().clone(),
        state,
        set: means.map(PasswordMeans::set_at),
        locked_until,
        link_until: None,
    }
}
