//! Codes: issued, looked at, withdrawn.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use countersign_domain::account::Holder;
use countersign_domain::desk::{Act, OperatorAct};
use countersign_domain::enrolment::{Activation, ActivationState, Delivery, Locator};
use countersign_wire::admin::{ActivationStatus, CodeDelivery, CodeState, IssueActivation, IssuedActivation};
use countersign_wire::problem::InvalidMember;
use jiff::Timestamp;

use super::accounts::registered_device;
use super::issue::{Issued, OnBehalf, Order, issue};
use super::operator::{Operator, Ordered};
use super::{evidence, failed, invalid, logged, missing, not_found};
use crate::{App, Origin};

/// `POST /activations`
pub(super) async fn activate(
    State(app): State<App>,
    origin: Origin,
    Ordered(operator, wanted): Ordered<IssueActivation>,
) -> Result<Response, Response> {
    let IssueActivation { person, given_name, surname, date_of_birth, level, delivery, evidence: proof } =
        wanted;
    let holder = Holder::new(&given_name, &surname, date_of_birth)
        .map_err(|unfit| invalid(InvalidMember::at(unfit.member, unfit.to_string())))?;
    if date_of_birth.is_some_and(|born| born > app.now().to_zoned(jiff::tz::TimeZone::UTC).date()) {
        return Err(invalid(InvalidMember::at("/dateOfBirth", "expected a day that has come")));
    }
    let evidence = proof.as_deref().map(evidence).transpose()?;
    let stands_on = super::evidence::allows(&app, evidence.as_ref(), &person, &holder, level).await?;
    let delivery = match delivery {
        CodeDelivery::Link => Delivery::Screen,
        CodeDelivery::Letter => Delivery::Letter,
    };
    let on_behalf = Some(OnBehalf { operator: operator.name, evidence });
    let order = Order { person: person.clone(), level, holder, delivery, on_behalf, stands_on };
    let Issued { code, document, expires } =
        issue(&app, order).await.map_err(|failure| failed(&app, failure))?;
    let activation_code = code.to_text().to_string();
    let link = crate::web::activation_link(&app, &origin, &activation_code);
    let answer = IssuedActivation {
        activation: code.locator().to_string(),
        activation_code,
        link,
        person,
        document_number: document,
        expires,
    };
    Ok(logged(Json(answer), OperatorAct::IssueActivation.as_str()))
}

/// `GET /activations/{activation}`
pub(super) async fn show(
    State(app): State<App>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let now = app.now();
    let status = match Locator::parse(&id) {
        Some(locator) => app
            .read("look at an activation", move |tx| {
                let Some(activation) = tx.activations().find(&locator)? else { return Ok(None) };
                let device = activation.used_by().map(|device| tx.devices().get(device)).transpose()?;
                let device = device.as_ref().map(registered_device);
                Ok(Some(ActivationStatus { device, ..status(&activation, now) }))
            })
            .await
            .map_err(|failure| failed(&app, failure))?,
        None => None,
    };
    status.map(|status| logged(Json(status), "show-activation")).ok_or_else(|| not_found(NO_CODE))
}

/// `DELETE /activations/{activation}`: nobody can use the code any more.
pub(super) async fn withdraw(
    State(app): State<App>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    let Some(locator) = Locator::parse(&id) else { return Err(not_found(NO_CODE)) };
    let by = operator.name.clone();
    let status = operator
        .execute(&app, Act::WithdrawActivation, "withdraw an activation", move |tx, context| {
            let activation = tx.activations().find(&locator)?.ok_or_else(|| missing(NO_CODE))?;
            let activation = activation.withdraw();
            let document = &activation.draft().document;
            let on_behalf = OnBehalf { operator: by, evidence: None };
            context.record([on_behalf.event(OperatorAct::WithdrawActivation, document)]);
            tx.activations().update(&activation)?;
            Ok(status(&activation, context.now))
        })
        .await?;
    Ok(logged(Json(status), OperatorAct::WithdrawActivation.as_str()))
}

const NO_CODE: &str = "no activation has this id, or it is no longer kept";

/// Without the device.
fn status(activation: &Activation, now: Timestamp) -> ActivationStatus {
    let (state, tries_left) = match activation.state(now) {
        ActivationState::Waiting { tries_left } => (CodeState::Waiting, Some(tries_left)),
        ActivationState::Used { .. } => (CodeState::Used, None),
        ActivationState::Spent => (CodeState::Spent, None),
        ActivationState::Expired => (CodeState::Expired, None),
    };
    ActivationStatus {
        activation: activation.locator().to_string(),
        state,
        person: activation.draft().person.clone(),
        document_number: activation.draft().document.clone(),
        expires: activation.expires_at(),
        tries_left,
        device: None,
    }
}
