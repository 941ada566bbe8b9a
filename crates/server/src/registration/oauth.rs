//! `POST /oauth/token`: client credentials in, a signed token out [RFC 6749 §4.4].

use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use countersign_wire::base64::b64u;
use countersign_wire::registration::ClientId;
use countersign_wire::registration::problem::OauthRefused;
use countersign_wire::registration::token::{
    Claims, REQUEST_MAX, TokenAnswer, TokenRequest, WidgetClaims, unknown_client,
};
use countersign_wire::registration::words::{OauthError, Scope};
use http::header::{AUTHORIZATION, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use std::time::Duration;

use crate::buckets::Network;
use crate::operations::record::Logged;
use crate::problem::{Problem, Surface};
use crate::{App, Origin};

/// `POST /oauth/token`
pub(super) async fn token(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let (origin, now) = (Origin::of(&app, &parts), app.now());
    let service = app.registration();
    if let Err(wait) = service.limits.tokens_of_address.take(Network::of(origin.address), now) {
        app.metrics().limited("token", "address");
        let mut answer =
            refused(OauthRefused::new(OauthError::TemporarilyUnavailable, "too many token requests"));
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        return Ok(answer);
    }
    let malformed = |what| Ok(refused(OauthRefused::new(OauthError::InvalidRequest, what)));
    let form = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = form.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return malformed("expected a body of application/x-www-form-urlencoded");
    }
    let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
    let Ok(Ok(body)) = tokio::time::timeout(patience, to_bytes(body, REQUEST_MAX)).await else {
        return malformed("expected a whole body of at most 4096 bytes");
    };
    let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
    let (line, second) = (lines.next(), lines.next());
    if second.is_some() {
        return malformed("expected one header Authorization");
    }
    let authorization = match line.map(HeaderValue::to_str) {
        Some(Ok(text)) => Some(text),
        Some(Err(_)) => return Ok(refused(unknown_client())),
        None => None,
    };
    let request = match TokenRequest::read(&body, authorization, parts.uri.query()) {
        Ok(request) => request,
        Err(refusal) => return Ok(refused(refusal)),
    };
    let hash = digest(&SHA256, request.secret.as_bytes());
    // Every client's secret is compared, so that nothing is learned from the time it takes.
    let mut found = None;
    for known in &service.clients {
        if known.has_secret(hash.as_ref()) && known.client.id == request.client {
            found = Some(&known.client);
        }
    }
    let Some(client) = found else { return Ok(refused(unknown_client())) };
    let Some(scopes) = client.granted(&request.scopes) else {
        return Ok(refused(OauthRefused::new(
            OauthError::InvalidScope,
            "the client does not have this scope",
        )));
    };
    let lifetime = i64::from(app.config().registration.token_seconds);
    let (access_token, scope) = signed(&app, &origin, &client.id, &scopes, None, lifetime, now)?;
    let answer = TokenAnswer { access_token, token_type: "Bearer".to_owned(), expires_in: lifetime, scope };
    let mut response = ([(PRAGMA, "no-cache")], Json(answer)).into_response();
    response.extensions_mut().insert(Logged { operation: Some("issue-token"), ..Logged::default() });
    Ok(response)
}

/// A token, and its scope as text.
pub(super) fn signed(
    app: &App,
    origin: &Origin,
    client: &ClientId,
    scopes: &[Scope],
    widget: Option<WidgetClaims>,
    lifetime: i64,
    now: Timestamp,
) -> Result<(String, String), Problem> {
    let words: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let scope = words.join(" ");
    let claims = Claims {
        iss: origin.base.clone(),
        aud: origin.base.clone(),
        sub: client.clone(),
        scope: scope.clone(),
        iat: now.as_second(),
        exp: now.as_second() + lifetime,
        jti: b64u(&app.randomness().bytes::<12>()),
        widget,
    };
    let token = app.registration().token_key.jwt(&claims);
    let token = token.map_err(|_| Problem::internal(Surface::Registration, "a token could not be signed"))?;
    Ok((token, scope))
}

fn refused(refusal: OauthRefused) -> Response {
    // Statuses come from our own table, all of which are within 100..999.
    let status = StatusCode::from_u16(refusal.error.status()).expect("a status of our own table");
    let challenge = refusal.error == OauthError::InvalidClient;
    let mut response = (status, Json(refusal)).into_response();
    if challenge {
        let basic = HeaderValue::from_static("Basic realm=\"countersign\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, basic);
    }
    response
}
