//! The OCSP responder: RFC 6960 over HTTP, POST and GET.
//!
//! The answer is put together by `pki` from what the store knows at this moment. It is signed inline: a P-256
//! signature takes some 20 µs, less than handing it to another thread would.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_domain::revocation::IssuedCertificate;
use countersign_pki::ocsp::{self, Freshness, ResponseStatus};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use crate::ca::{entity_tag, http_date};
use crate::{App, store_error};

/// Where requests go: POST, or GET with the request in the path.
pub(crate) const PATH: &str = "/ocsp";

/// The largest request that is read, in octets. Certificates by the dozen fit.
const REQUEST_MAX: usize = countersign_pki::ocsp::MAX_REQUEST_LEN;

/// How long an answer without nonce may be kept by others. A revocation shows after this time at the latest.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

pub(crate) fn routes() -> Router<App> {
    Router::new().route(PATH, post(by_post)).route("/ocsp/{*request}", get(by_get))
}

async fn by_post(State(app): State<App>, body: Body) -> Response {
    match to_bytes(body, REQUEST_MAX).await {
        Ok(request) => answer(&app, &request, Method::Post).await,
        Err(_) => plain(ResponseStatus::MalformedRequest.to_der()),
    }
}

async fn by_get(State(app): State<App>, Path(request): Path<String>) -> Response {
    // The router has decoded the percent signs already; what is left is Base64 in either state.
    match ocsp::decode_get_path(&request) {
        Ok(request) => answer(&app, &request, Method::Get).await,
        Err(_) => plain(ResponseStatus::MalformedRequest.to_der()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

async fn answer(app: &App, request: &[u8], method: Method) -> Response {
    let Some(authorities) = app.authorities() else { return plain(ResponseStatus::TryLater.to_der()) };
    let now = app.now();
    let responders = match authorities.responders(now, &mut app.randomness()) {
        Ok(responders) => responders,
        Err(error) => {
            tracing::error!(error = %error, "an OCSP responder's certificate could not be issued");
            return plain(ResponseStatus::InternalError.to_der());
        }
    };
    let plan = match responders.responder().plan(request) {
        Ok(plan) => plan,
        Err(status) => return plain(status.to_der()),
    };
    let wanted: Vec<(&'static str, Vec<u8>)> = plan
        .queries()
        .iter()
        .map(|query| (authorities.cas()[query.authority].name(), query.serial.magnitude().to_vec()))
        .collect();
    let looked_up = app
        .store()
        .read("ocsp", move |tx| {
            wanted
                .iter()
                .map(|(issuer, serial)| tx.certificates().find(issuer, serial))
                .collect::<Result<Vec<Option<IssuedCertificate>>, countersign_store::Error>>()
        })
        .await;
    let stored = match looked_up {
        Ok(stored) => stored,
        Err(error) => {
            store_error("ocsp", &error);
            return plain(ResponseStatus::TryLater.to_der());
        }
    };
    let statuses: Vec<_> = plan
        .queries()
        .iter()
        .zip(&stored)
        .map(|(query, stored)| {
            let issuer = &authorities.cas()[query.authority];
            authorities.status(issuer, query.serial.magnitude(), stored.as_ref())
        })
        .collect();
    let keepable = !plan.has_nonce();
    let freshness = Freshness {
        next_update: keepable.then_some(KEPT),
        // Expired certificates stay in the store, so the answer holds for all of them.
        archive_cutoff: Some(authorities.root().certificate().not_before()),
    };
    let der = responders.responder().answer(&plan, &statuses, now, &freshness);
    if keepable && method == Method::Get { cacheable(der, now) } else { plain(der) }
}

/// An answer for this client alone (RFC 5019 section 6.2: nothing about caching is said in POST).
fn plain(der: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/ocsp-response")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, der).into_response()
}

/// An answer that caches may keep until its nextUpdate (RFC 5019 section 6.2).
fn cacheable(der: Vec<u8>, now: Timestamp) -> Response {
    let mut headers = HeaderMap::new();
    let control = format!("max-age={}, public, no-transform, must-revalidate", KEPT.as_secs());
    for (name, value) in [
        (CONTENT_TYPE, "application/ocsp-response".to_owned()),
        (CACHE_CONTROL, control),
        (ETAG, entity_tag(&der)),
        (LAST_MODIFIED, http_date(now)),
        (EXPIRES, http_date(now.saturating_add(KEPT).unwrap_or(now))),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    (headers, der).into_response()
}
