//! For partners: what a token says [RFC 7662], and withdrawing one [RFC 7009]. Both take a form, as the standards have it, and
//! ask for a key or certificate: an address alone is not enough here.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::registrant::Denial;
use http::StatusCode;
use serde_json::{Value, json};

use super::asserted;
use super::body;
use super::guard::Unopened;
use super::refused::Refused;
use super::token::Call;
use crate::{App, ClientCertificate, Origin};

/// `POST /auth/introspect`
pub(super) async fn introspect(State(app): State<App>, request: Request) -> Response {
    let told = async {
        let (call, _, token) = asked(&app, request).await?;
        Ok(match app.registrant().open(&app, &token, &call.parts).await {
            Ok(claims) => {
                let mut told = serde_json::from_slice(&claims.to_json()).unwrap_or_else(|_| json!({}));
                told["active"] = Value::Bool(true);
                told["token_type"] = "Bearer".into();
                told
            }
            // Why it is not is nobody's business but ours.
            Err(Unopened::Rejected(rejection)) => {
                app.metrics().token_refused("introspect", rejection.word());
                json!({ "active": false })
            }
            Err(unopened) => return Err(unopened.refused(&app)),
        })
    };
    match told.await {
        Ok(told) => Json(told).into_response(),
        Err(refused) => Refused::respond(refused, &app),
    }
}

/// `POST /auth/revoke`. What is no good token is as good as withdrawn: 200 [RFC 7009 §2.2].
pub(super) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let done = async {
        let (call, partner, token) = asked(&app, request).await?;
        match app.registrant().open(&app, &token, &call.parts).await {
            Ok(claims) => {
                let denied = app.deny(Denial::of_token(&claims, app.now()), &partner).await;
                denied.map_err(|failure| Refused::failed(&app, failure))
            }
            Err(Unopened::Rejected(_)) => Ok(()),
            Err(unopened) => Err(unopened.refused(&app)),
        }
    };
    match done.await {
        Ok(()) => Json(json!({})).into_response(),
        Err(refused) => Refused::respond(refused, &app),
    }
}

/// The call, the partner that asks, and the token that it asks about.
async fn asked(app: &App, request: Request) -> Result<(Call, String, String), Refused> {
    let (parts, body) = request.into_parts();
    let call = Call {
        origin: Origin::of(app, &parts),
        certificate: ClientCertificate::of(app, &parts),
        now: app.now(),
        app: app.clone(),
        parts,
    };
    // Before the body: a stranger's is not read.
    let partner = asserted::proven_partner(&call)?.name.clone();
    if !body::is(&call.parts.headers, "application/x-www-form-urlencoded") {
        let text = "expected Content-Type: application/x-www-form-urlencoded";
        return Err(Refused::body(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let octets = body::octets(app, body).await?;
    let token = url::form_urlencoded::parse(&octets).find(|(name, _)| name == "token");
    let token = token.map(|(_, value)| value.into_owned()).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refused::missing("token"))?;
    Ok((call, partner, token))
}
