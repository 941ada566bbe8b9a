//! `/status`: the elements as a page of this service, for clients that do not build one: alone, as a pop-up, or in a frame of
//! the client's own pages.
//!
//! The page asks as any browser does, with a token for its own origin. It gets one without a secret, as a secret in a page is
//! none: what counts is that the token opens nothing but what the holder of a number has entered a code for.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use countersign_wire::problem::ProblemType;
use countersign_wire::registration::ErrorCode;
use countersign_wire::registration::token::{TokenAnswer, WidgetClaims};
use countersign_wire::registration::words::Scope;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue};
use serde::Serialize;

use super::caller::{address_may_ask, client_may_ask};
use super::config::KnownClient;
use super::logged;
use super::oauth::signed;
use super::sheet::own_form;
use crate::problem::Problem;
use crate::{App, Origin};

pub(super) const PAGE: &str = "/status";
pub(super) const EMBED: &str = "/status/embed";
pub(super) const ASSETS: &str = "/status/assets/{*path}";
pub(super) const TOKEN: &str = "/status/token";

/// `POST /status/token`
#[derive(Serialize)]
struct HostedToken {
    #[serde(flatten)]
    token: TokenAnswer,
    /// The pages that may learn what happens here.
    origins: Vec<String>,
    #[serde(rename = "themeCss")]
    theme_css: Option<String>,
}

/// `GET /status?client=`
pub(super) async fn page(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&app, query.as_deref(), &headers, false)
}

/// `GET /status/embed?client=`
pub(super) async fn embed(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    show(&app, query.as_deref(), &headers, true)
}

/// `GET /status/assets/…`
pub(super) async fn asset(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    match app.web_apps().find(&format!("status/assets/{path}")) {
        Some(file) => file.respond(&headers),
        None => nothing_here("nothing is served at this path"),
    }
}

/// `POST /status/token?client=`: from the page itself alone.
pub(super) async fn token(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    origin: Origin,
    headers: HeaderMap,
) -> Result<Response, Response> {
    address_may_ask(&app, &origin)?;
    // Another page could use such a token for nothing, and is not to have one all the same.
    own_form(&headers, &origin)?;
    let known = speaks_for(&app, query.as_deref()).ok_or_else(|| {
        Problem::registration(ErrorCode::NotFound, "this page speaks for no such client").into_response()
    })?;
    client_may_ask(&app, &known.client)?;
    let lifetime = i64::from(app.config().registration.widget_token_seconds);
    let claims = WidgetClaims { origin: origin.base.clone(), msisdn: None };
    let (access_token, scope) =
        signed(&app, &origin, &known.client.id, &[Scope::Smartflow], Some(claims), lifetime, app.now())
            .map_err(IntoResponse::into_response)?;
    let answer = HostedToken {
        token: TokenAnswer { access_token, token_type: "Bearer".to_owned(), expires_in: lifetime, scope },
        origins: known.client.origins.clone(),
        theme_css: known.theme_css.as_ref().map(ToString::to_string),
    };
    Ok(logged(Json(answer), "issue-hosted-token", None))
}

fn show(app: &App, query: Option<&str>, headers: &HeaderMap, framed: bool) -> Response {
    let Some(known) = speaks_for(app, query) else {
        return nothing_here("this page speaks for no such client: `hosted` in its configuration");
    };
    let Some(file) = app.web_apps().find("status/index.html") else {
        return nothing_here("this program was built without the web apps: run make");
    };
    let mut response = file.respond(headers);
    let headers = response.headers_mut();
    // Cannot fail: origins and URLs are ASCII, as the configuration is checked.
    let policy = HeaderValue::from_str(&policy(known, framed)).expect("a policy of ASCII");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if framed {
        // Browsers that know `frame-ancestors` pass this over; it says what the default must not.
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    // Whoever has opened it as a pop-up hears what happens: by messages to their exact origin.
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    headers.insert(opener, HeaderValue::from_static("unsafe-none"));
    response
}

/// The client that the query names, else the first that the page speaks for.
fn speaks_for<'a>(app: &'a App, query: Option<&str>) -> Option<&'a KnownClient> {
    let asked = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find_map(|(name, value)| (name == "client").then(|| value.into_owned()));
    let mut hosted = app.registration().clients.iter().filter(|known| known.hosted);
    hosted.find(|known| asked.as_deref().is_none_or(|asked| known.client.id.as_str() == asked))
}

/// What the page may load: its own, the page of password and code in a frame, and the client's one style sheet.
fn policy(known: &KnownClient, framed: bool) -> String {
    let theme = known.theme_css.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
    let ancestors = if framed && !known.client.origins.is_empty() {
        known.client.origins.join(" ")
    } else {
        "'none'".to_owned()
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{theme}; connect-src 'self'; img-src 'self' data:; \
         frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

fn nothing_here(why: &'static str) -> Response {
    Problem::of(ProblemType::NotFound, why).into_response()
}
