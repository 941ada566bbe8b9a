//! What CAs publish: their certificates, and their revocation lists.

pub(crate) mod config;
mod lists;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use countersign_wire::problem::ProblemType;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::authority::Ca;
use crate::problem::Problem;
use crate::{App, store_error};

pub(crate) use lists::{RevocationLists, publish};

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/ca/{file}", get(file))
}

async fn file(State(app): State<App>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let missing =
        || Problem::of(ProblemType::NotFound, "no CA publishes a file of this name").into_response();
    let Some(authorities) = app.authorities() else { return missing() };
    let Some((name, ending)) = file.split_once('.') else { return missing() };
    let Some(ca) = authorities.cas().iter().find(|ca| ca.name() == name).cloned() else { return missing() };
    match ending {
        "crt" => {
            let certificate = Published::new(ca.certificate().as_der().to_vec());
            certificate.answer("application/pkix-cert", 86_400, &headers)
        }
        "crl" => match list(&app, &ca).await {
            Ok(list) => list.answer("application/pkix-crl", lists::MAX_AGE_SECONDS, &headers),
            Err(problem) => problem.into_response(),
        },
        _ => missing(),
    }
}

async fn list(app: &App, ca: &Arc<Ca>) -> Result<Published, Problem> {
    app.revocation_lists().current(app, ca).await.map_err(|error| {
        store_error("crl", &error);
        Problem::of(ProblemType::Unavailable, "the revocation list cannot be made right now")
    })
}

/// A signed file, with the entity tag that was made of it once.
#[derive(Clone)]
struct Published {
    der: Bytes,
    tag: HeaderValue,
}

impl Published {
    fn new(der: Vec<u8>) -> Self {
        let tag = entity_tag(&der);
        Self { der: der.into(), tag }
    }

    /// As the answer to a request; anyone may keep it for `max_age` seconds.
    fn answer(&self, kind: &'static str, max_age: u32, request: &HeaderMap) -> Response {
        let mut response = match names_tag(request, &self.tag) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(self.der.clone()).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(ETAG, self.tag.clone());
        if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={max_age}")) {
            headers.insert(CACHE_CONTROL, value);
        }
        response
    }
}

/// Whether a request says that it has what this entity tag stands for, by weak comparison (RFC 9110 section 13.1.2).
pub(crate) fn names_tag(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let named = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one).as_bytes() == tag.as_bytes())
}

/// The hash of what is sent, as an entity tag.
pub(crate) fn entity_tag(der: &[u8]) -> HeaderValue {
    let hash = digest(&SHA256, der);
    let hex: String = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    // Hexadecimal digits in quotes are always a header's value.
    HeaderValue::from_str(&format!("\"{hex}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// IMF-fixdate (RFC 9110 section 5.6.7).
pub(crate) fn http_date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
