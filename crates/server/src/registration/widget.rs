//! `POST /api/public/widget-token`: a token that a client gives a browser. The client's own never leaves its server.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::registration::{Caller, Refusal};
use countersign_wire::problem::InvalidMember;
use countersign_wire::registration::token::{TokenAnswer, WidgetClaims, WidgetTokenRequest};
use countersign_wire::registration::words::Scope;

use super::caller::WithBody;
use super::oauth::signed;
use super::{failed, invalid, logged};
use crate::App;

/// `POST /api/public/widget-token`
pub(super) async fn token(
    State(app): State<App>,
    WithBody(admitted, body): WithBody,
) -> Result<Response, Response> {
    let WidgetTokenRequest { origin, number } = WidgetTokenRequest::from_body(&body).map_err(invalid)?;
    // A browser makes no tokens of its token.
    if !matches!(admitted.caller, Caller::Server) {
        return Err(failed(&app, Refusal::ScopeMissing));
    }
    if !admitted.client.has_origin(&origin) {
        let expected = "expected one of the client's origins, as the operator has registered them";
        return Err(invalid(vec![InvalidMember::at("/origin", expected)]));
    }
    if let Some(number) = &number {
        admitted.admit(number, false, false).map_err(|refusal| failed(&app, refusal))?;
    }
    let lifetime = i64::from(app.config().registration.widget_token_seconds);
    let claims = WidgetClaims { origin, msisdn: number };
    let (access_token, scope) = signed(
        &app,
        &admitted.origin,
        &admitted.client.id,
        &[Scope::Smartflow],
        Some(claims),
        lifetime,
        app.now(),
    )
    .map_err(IntoResponse::into_response)?;
    let answer = TokenAnswer { access_token, token_type: "Bearer".to_owned(), expires_in: lifetime, scope };
    Ok(logged(Json(answer), "issue-widget-token", None))
}
