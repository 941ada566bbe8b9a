//! Who asks: a client's server with its token, a browser with a token that the client has given it, or, where the operator
//! has switched it on, a page with the deprecated API key.
//!
//! The guide's samples carry a token *and* a key *and* a `Referer`: the token decides then, and the rest is passed over.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use countersign_domain::registration::{Caller, Client, Refusal};
use countersign_wire::registration::token::Claims;
use countersign_wire::registration::words::Scope;
use countersign_wire::registration::{ErrorCode, PhoneNumber};
use http::header::{HeaderMap, ORIGIN, REFERER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

use super::failed;
use crate::bearer::{Bearer, bearer};
use crate::buckets::Network;
use crate::problem::Problem;
use crate::{App, Origin};

/// The longest body of a request, in octets.
const BODY_MAX: usize = 16 * 1024;
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that was let in.
#[derive(Clone)]
pub(super) struct Admitted {
    pub(super) client: Arc<Client>,
    pub(super) caller: Caller,
    /// The origin of the page that asks, where there is one.
    pub(super) page: Option<String>,
    pub(super) origin: Origin,
}

/// The same, with the body.
pub(super) struct WithBody(pub(super) Admitted, pub(super) Bytes);

impl Admitted {
    /// Whether this number may be asked about by whoever has shown what they have shown.
    pub(super) fn admit(&self, number: &PhoneNumber, must_hold: bool, verified: bool) -> Result<(), Refusal> {
        self.client.admit(&self.caller, self.page.as_deref(), number, must_hold, verified)
    }

    /// Whether a code has to be entered first.
    pub(super) fn must_verify(&self) -> bool {
        !matches!(self.caller, Caller::Server)
    }
}

impl FromRequestParts<App> for Admitted {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let origin = Origin::of(app, parts);
        let (service, now) = (app.registration(), app.now());
        let too_many = |by, wait| {
            app.metrics().limited("registration", by);
            let text = format!("too many requests; come back in {wait} s");
            Problem::registration(ErrorCode::TooManyRequests, text).retry_after(wait).into_response()
        };
        service
            .limits
            .requests_of_address
            .take(Network::of(origin.address), now)
            .map_err(|wait| too_many("address", wait))?;
        let (client, caller) = match bearer(&parts.headers) {
            Bearer::Key(token) => of_token(app, &origin, token)?,
            Bearer::Absent => (of_api_key(app, &parts.headers)?, Caller::LegacyKey),
            Bearer::Malformed => return Err(unauthorized("expected one header Authorization: Bearer")),
        };
        service
            .limits
            .requests_of_client
            .take(client.id.clone(), now)
            .map_err(|wait| too_many("client", wait))?;
        let page = page(&parts.headers, &origin, &caller);
        client.admit_page(&caller, page.as_deref()).map_err(|refusal| failed(app, refusal))?;
        Ok(Self { client, caller, page, origin })
    }
}

impl FromRequest<App> for WithBody {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        // First of all: a stranger's body is not read.
        let admitted = Admitted::from_request_parts(&mut parts, app).await?;
        Ok(Self(admitted, whole(app, body, BODY_MAX).await?))
    }
}

/// A body of at most `limit` octets that arrives in time.
pub(super) async fn whole(app: &App, body: Body, limit: usize) -> Result<Bytes, Response> {
    let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
    let refused = |code, text: String| Problem::registration(code, text).into_response();
    match tokio::time::timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            Err(refused(ErrorCode::TooLarge, format!("expected a whole body of at most {limit} bytes")))
        }
        Err(_) => Err(refused(ErrorCode::InvalidRequest, "the body did not arrive in time".to_owned())),
    }
}

fn of_token(app: &App, origin: &Origin, token: &str) -> Result<(Arc<Client>, Caller), Response> {
    let wrong = || unauthorized("expected a token of POST /oauth/token that has not run out");
    let service = app.registration();
    let claims: Claims = service.token_key.claims(token).ok_or_else(wrong)?;
    // Where the service has one name, tokens are for that name.
    let elsewhere = app.config().listen.public_url.is_some() && claims.aud != origin.base;
    if app.now().as_second() >= claims.exp || elsewhere {
        return Err(wrong());
    }
    let known = service.clients.iter().find(|known| known.client.id == claims.sub).ok_or_else(wrong)?;
    let scope = Scope::Smartflow;
    let granted = claims.scope.split(' ').any(|word| word == scope.as_str());
    if !granted || !known.client.scopes.contains(&scope) {
        return Err(failed(app, Refusal::ScopeMissing));
    }
    let caller = claims.widget.map_or(Caller::Server, Caller::Widget);
    Ok((known.client.clone(), caller))
}

fn of_api_key(app: &App, headers: &HeaderMap) -> Result<Arc<Client>, Response> {
    let wrong = || unauthorized("expected Authorization: Bearer with a token of POST /oauth/token");
    let mut keys = headers.get_all(API_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else { return Err(wrong()) };
    let hash = digest(&SHA256, key.as_bytes());
    // Every entry is compared, so that nothing is learned from the time it takes.
    let mut found = None;
    for known in &app.registration().clients {
        if known.has_api_key(hash.as_ref()) {
            found = Some(&known.client);
        }
    }
    let client = found.ok_or_else(wrong)?;
    if client.scopes.contains(&Scope::Smartflow) { Ok(client.clone()) } else { Err(wrong()) }
}

/// The origin of the page that asks, as its browser says.
fn page(headers: &HeaderMap, origin: &Origin, caller: &Caller) -> Option<String> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(said) = text(&ORIGIN) {
        return Some(said.to_owned());
    }
    // Browsers leave `Origin` out when a page gets something of its own origin.
    if matches!(caller, Caller::Widget(_)) && text(&FETCH_SITE) == Some("same-origin") {
        return Some(origin.base.clone());
    }
    match caller {
        Caller::LegacyKey => {
            text(&REFERER).and_then(|url| Url::parse(url).ok()).map(|url| url.origin().ascii_serialization())
        }
        Caller::Server | Caller::Widget(_) => None,
    }
}

fn unauthorized(text: &str) -> Response {
    let mut response = Problem::registration(ErrorCode::InvalidToken, text).into_response();
    let challenge = HeaderValue::from_static("Bearer realm=\"countersign\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}
