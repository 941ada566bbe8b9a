//! What CAs publish: their certificates, and their revocation lists.

mod lists;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign_wire::problem::ProblemType;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::authority::Authorities;
use crate::problem::Problem;
use crate::{App, store_error};

pub(crate) use lists::RevocationLists;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/ca/{file}", get(file))
}

async fn file(State(app): State<App>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let missing =
        || Problem::of(ProblemType::NotFound, "no CA publishes a file of this name").into_response();
    let Some(authorities) = app.authorities() else { return missing() };
    let Some((name, ending)) = file.split_once('.') else { return missing() };
    let Some(place) = authorities.cas().iter().position(|ca| ca.name() == name) else { return missing() };
    match ending {
        "crt" => {
            let der = authorities.cas()[place].certificate().as_der().to_vec();
            published("application/pkix-cert", 86_400, der, &headers)
        }
        "crl" => match list(&app, authorities, place).await {
            Ok(der) => published("application/pkix-crl", lists::MAX_AGE_SECONDS, der, &headers),
            Err(problem) => problem.into_response(),
        },
        _ => missing(),
    }
}

async fn list(app: &App, authorities: &Authorities, place: usize) -> Result<Vec<u8>, Problem> {
    app.revocation_lists().current(app, &authorities.cas()[place]).await.map_err(|error| {
        store_error("crl", &error);
        Problem::of(ProblemType::Unavailable, "the revocation list cannot be made right now")
    })
}

/// A signed file that anyone may keep for `max_age` seconds.
fn published(kind: &'static str, max_age: u32, der: Vec<u8>, request: &HeaderMap) -> Response {
    let tag = entity_tag(&der);
    let known = request.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()) == Some(tag.as_str());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { der.into_response() };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in [(CACHE_CONTROL, format!("public, max-age={max_age}")), (ETAG, tag)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// The hash of what is sent, as an entity tag.
pub(crate) fn entity_tag(der: &[u8]) -> String {
    let hash = digest(&SHA256, der);
    let hex: String = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    format!("\"{hex}\"")
}

/// IMF-fixdate (RFC 9110 section 5.6.7).
pub(crate) fn http_date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
