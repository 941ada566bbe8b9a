//! Whose token this is, and the end of it.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::registrant::Denial;
use countersign_token::Claims;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::body;
use super::guard::Bearer;
use super::refused::Refused;
use crate::App;

/// Who the holder of a token is, and how that is known.
#[derive(Serialize)]
struct Me<'a> {
    ident: &'a str,
    country_code: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    authentication: Authentication,
    token: Token<'a>,
}

#[derive(Serialize)]
struct Authentication {
    method: &'static str,
    assurance: &'static str,
    /// Whether the person proved it; otherwise a partner said so.
    proven: bool,
    time: jiff::Timestamp,
}

#[derive(Serialize)]
struct Token<'a> {
    id: String,
    audience: &'a str,
    issued_at: jiff::Timestamp,
    expires_at: jiff::Timestamp,
}

/// `GET /me`
pub(super) async fn me(Bearer(claims): Bearer) -> Response {
    // The call that comes most: there is room for names of usual length, so that it is written without growing.
    let mut body = Vec::with_capacity(512);
    // Texts and times, all of which JSON can say.
    serde_json::to_writer(&mut body, &shown(&claims)).expect("claims can be written as JSON");
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn shown(claims: &Claims) -> Me<'_> {
    Me {
        ident: claims.holder.code(),
        country_code: claims.holder.country(),
        first_name: claims.holder.given_name(),
        last_name: claims.holder.family_name(),
        authentication: Authentication {
            method: claims.method.word(),
            assurance: claims.assurance.word(),
            proven: claims.is_proven(),
            time: claims.authenticated_at,
        },
        token: Token {
            id: claims.id.to_string(),
            audience: &claims.audience,
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
        },
    }
}

/// What may be in the body of a logout.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Logout {
    /// All tokens of the person, not this one alone.
    everywhere: bool,
}

/// `POST /logout`
pub(super) async fn logout(
    State(app): State<App>,
    Bearer(claims): Bearer,
    request: Request<Body>,
) -> Response {
    let ended = async {
        let (parts, body) = request.into_parts();
        let octets = body::octets(&app, body).await?;
        let wanted = if octets.is_empty() {
            Logout::default()
        } else if body::is(&parts.headers, "application/json") {
            serde_json::from_slice(&octets).map_err(|_| {
                Refused::body(StatusCode::BAD_REQUEST, "expected {\"everywhere\": true} or no body")
            })?
        } else {
            let text = "expected Content-Type: application/json";
            return Err(Refused::body(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        };
        let now = app.now();
        let rules = &app.registrant().rules;
        let denial = if wanted.everywhere {
            Denial::of_holder(claims.holder.subject(), rules, now)
        } else {
            Denial::of_token(&claims, now)
        };
        app.deny(denial, "holder").await.map_err(|failure| Refused::failed(&app, failure))?;
        Ok(wanted.everywhere)
    };
    match ended.await {
        Ok(everywhere) => {
            Json(serde_json::json!({ "logged_out": true, "everywhere": everywhere })).into_response()
        }
        Err(refused) => refused.respond(&app),
    }
}
