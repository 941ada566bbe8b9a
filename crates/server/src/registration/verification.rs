//! Codes: sent to a number, and checked. Answers are the same whether anybody is registered with the number or not.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{Checked, Refusal};
use countersign_store::Tx;
use countersign_wire::registration::code::{CheckCode, EnteredCode};
use countersign_wire::registration::confirm::{Confirm, send_code};
use countersign_wire::registration::{ClientId, ErrorCode, PhoneNumber};
use jiff::Timestamp;
use serde_json::json;

use super::caller::{Admitted, WithBody};
use super::{codes, failed, failure, invalid, logged, terms};
use crate::App;
use crate::command::Failure;
use crate::problem::Problem;

/// `POST /api/public/confirm`: two operations, told apart by the body.
pub(super) async fn confirm(
    State(app): State<App>,
    WithBody(admitted, body): WithBody,
) -> Result<Response, Response> {
    match Confirm::from_body(&body).map_err(invalid)? {
        Confirm::SendCode(number) => send_to(&app, admitted, number).await,
        Confirm::Decide(decide) => terms::decide(&app, admitted, decide).await,
    }
}

/// `POST /api/public/phone/verification`
pub(super) async fn send(
    State(app): State<App>,
    WithBody(admitted, body): WithBody,
) -> Result<Response, Response> {
    send_to(&app, admitted, send_code(&body).map_err(invalid)?).await
}

/// `POST /api/public/phone/verification/code`
pub(super) async fn check(
    State(app): State<App>,
    WithBody(admitted, body): WithBody,
) -> Result<Response, Response> {
    let CheckCode { number, code } = CheckCode::from_body(&body).map_err(invalid)?;
    admitted.admit(&number, false, false).map_err(|refusal| failed(&app, refusal))?;
    match entered(&app, admitted.client.id.clone(), number, code).await? {
        Ok(()) => Ok(logged(Json(json!({})), "check-code", Some("right"))),
        Err(refusal) => Err(failed(&app, refusal)),
    }
}

/// Compares a code that was entered with the one that was sent for this client. What is refused inside was counted.
pub(super) async fn entered(
    app: &App,
    client: ClientId,
    number: PhoneNumber,
    code: EnteredCode,
) -> Result<Result<(), Refusal>, Response> {
    let played = app.test_world().is_some_and(|world| world.sandbox().knows(&number));
    if played && code.reveal() == crate::dev::sandbox::EXPIRED_CODE {
        return Ok(Err(Refusal::CodeGone));
    }
    let of = app.clone();
    let checked = app.execute("check a code", move |tx, context| {
        let service = of.registration();
        let Some(challenge) = tx.codes().find(&client, &number)? else { return Ok(Err(Refusal::CodeGone)) };
        match challenge.check(&code, &service.code_key, &service.codes, context.now) {
            Checked::Right(challenge, events) => {
                tx.codes().save(&challenge)?;
                context.record(events.into_iter().map(Into::into));
                Ok(Ok(()))
            }
            // Saved, and refused nevertheless: the try counts.
            Checked::Wrong(challenge, events) => {
                tx.codes().save(&challenge)?;
                context.record(events.into_iter().map(Into::into));
                Ok(Err(Refusal::CodeWrong { tries_left: challenge.tries_left() }))
            }
            Checked::Refused(refusal) => Ok(Err(refusal)),
        }
    });
    checked.await.map_err(|error| failure(app, error))
}

/// Whether the holder of a number has entered a code for this client. Not asked where it makes no difference.
pub(super) fn is_verified(
    tx: &Tx<'_>,
    admitted: &Admitted,
    number: &PhoneNumber,
    now: Timestamp,
) -> Result<bool, countersign_store::Error> {
    if !admitted.must_verify() {
        return Ok(false);
    }
    let challenge = tx.codes().find(&admitted.client.id, number)?;
    Ok(challenge.is_some_and(|challenge| challenge.is_verified(now)))
}

/// Lets a question about a number through. Of a browser it is asked that the holder of the number has entered a code.
pub(super) async fn admitted(
    app: &App,
    admitted: Admitted,
    number: &PhoneNumber,
    now: Timestamp,
) -> Result<Admitted, Failure> {
    let verified = if admitted.must_verify() {
        let (client, number) = (admitted.client.id.clone(), number.clone());
        let challenge = app.read("look for a code", move |tx| Ok(tx.codes().find(&client, &number)?)).await?;
        challenge.is_some_and(|challenge| challenge.is_verified(now))
    } else {
        false
    };
    admitted.admit(number, true, verified).map_err(AnyRefusal::from)?;
    Ok(admitted)
}

async fn send_to(app: &App, admitted: Admitted, number: PhoneNumber) -> Result<Response, Response> {
    admitted.admit(&number, false, false).map_err(|refusal| failed(app, refusal))?;
    // A client's server is one address for all its people; it has a limit of its own.
    let address = admitted.must_verify().then_some(admitted.origin.address);
    codes::limited(app, &number, address).map_err(|refusal| failed(app, refusal))?;
    let made = codes::make(app, admitted.client.id.clone(), number).await;
    let made = made.map_err(|error| failure(app, error))?;
    match codes::hand_over(app, made).await.map_err(|error| failure(app, error))? {
        Ok(()) => Ok(logged(Json(json!({})), "send-code", None)),
        Err(_) => {
            let text = "messages cannot be sent now; try again later";
            Err(Problem::registration(ErrorCode::Unavailable, text).into_response())
        }
    }
}
