//! The OCSP responder: RFC 6960 over HTTP, POST and GET, with the caching of RFC 5019.
//!
//! A request with a nonce gets an answer of its own; the status comes from memory or from the store ([`Kept`]). One without
//! gets the answer that was signed for the same request before, as long as it is fresh. Keys in this process sign inline:
//! a P-256 signature takes some 20 µs, less than handing it to another thread would. Keys in a device sign elsewhere.

pub(crate) mod config;
mod kept;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use countersign_domain::revocation::IssuedCertificate;
use countersign_pki::ocsp::{self, Freshness, Plan, ResponseStatus, Status};
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;

use self::kept::{Answer, Version};
use crate::authority::{Authorities, Responders, responders};
use crate::ca::{entity_tag, http_date, names_tag};
use crate::command::Failure;
use crate::whole_body::whole_body;
use crate::{App, store_error};

pub(crate) use self::kept::Kept;

/// Where requests go: POST, or GET with the request in the path.
pub(crate) const PATH: &str = "/ocsp";

/// The largest request that is read, in octets. Certificates by the dozen fit.
const REQUEST_MAX: usize = countersign_pki::ocsp::MAX_REQUEST_LEN;

/// The media type of every answer.
const RESPONSE: HeaderValue = HeaderValue::from_static("application/ocsp-response");

pub(crate) fn routes() -> Router<App> {
    Router::new().route(PATH, post(by_post)).route("/ocsp/{*request}", get(by_get))
}

async fn by_post(State(app): State<App>, body: Body) -> Response {
    let Ok(request) = whole_body(&app, body, REQUEST_MAX).await else {
        return plain(ResponseStatus::MalformedRequest.to_der());
    };
    match answer(&app, &request).await {
        Ok(Answered::Kept(answer)) => plain(answer.der),
        Ok(Answered::Fresh(der)) => plain(der),
        Err(status) => plain(status.to_der()),
    }
}

async fn by_get(State(app): State<App>, Path(request): Path<String>, headers: HeaderMap) -> Response {
    // The router has decoded the percent signs already; what is left is Base64 in either state.
    let Ok(request) = ocsp::decode_get_path(&request) else {
        return plain(ResponseStatus::MalformedRequest.to_der());
    };
    match answer(&app, &request).await {
        Ok(Answered::Kept(answer)) => cacheable(&answer, app.now(), &headers),
        Ok(Answered::Fresh(der)) => plain(der),
        Err(status) => plain(status.to_der()),
    }
}

/// An answer.
enum Answered {
    /// For everybody who asks the same.
    Kept(Answer),
    /// For this client alone.
    Fresh(Bytes),
}

async fn answer(app: &App, request: &[u8]) -> Result<Answered, ResponseStatus> {
    let authorities = app.authorities().ok_or(ResponseStatus::TryLater)?;
    // What states a wrong time cannot be taken back.
    let now = app.believed_now().map_err(|_| ResponseStatus::TryLater)?;
    let responders = responders(app, authorities).await.map_err(|failure| {
        tracing::error!(error = %failure, "the OCSP responders have no certificates");
        match failure {
            Failure::Busy(_) | Failure::Store(_) => ResponseStatus::TryLater,
            Failure::Refused(_) | Failure::Fault(_) | Failure::Said(_) => ResponseStatus::InternalError,
        }
    })?;
    // Before anything is read of the store.
    let version = Version { statuses: app.store().status_version(), responders: responders.number() };
    let config = &app.config().ocsp;
    let oldest = now.saturating_sub(config.reused()).unwrap_or(now);
    if let Some(kept) = app.ocsp_kept().answer(request, version, oldest, now) {
        return Ok(Answered::Kept(kept));
    }
    let plan = responders.responder().plan(request)?;
    let statuses = statuses(app, authorities, &plan, version.statuses).await.map_err(|error| {
        store_error("ocsp", &error);
        ResponseStatus::TryLater
    })?;
    let begun = authorities.cas().get(plan.authority()).map(|ca| ca.certificate().not_before());
    let keepable = !plan.has_nonce();
    let freshness = Freshness {
        next_update: keepable.then(|| config.kept()),
        // Expired certificates stay in the store, so the answer holds for all of them.
        archive_cutoff: begun.map(|begun| config.archive_cutoff(begun, now)),
    };
    let only_known = statuses.iter().all(|status| matches!(status, Status::Good | Status::Revoked { .. }));
    let der = sign(app, &responders, plan, statuses, now, freshness).await?;
    if !keepable {
        return Ok(Answered::Fresh(der));
    }
    let tag = entity_tag(&der);
    let next_update = now.saturating_add(config.kept()).unwrap_or(now);
    // As the answer says it: in whole seconds.
    let whole = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let answer = Answer { version, this_update: whole(now), next_update: whole(next_update), der, tag };
    if only_known && config.reused_seconds > 0 {
        app.ocsp_kept().keep_answer(request, &answer);
    }
    Ok(Answered::Kept(answer))
}

/// The status of each certificate of a plan: from memory, or else from the store.
async fn statuses(
    app: &App,
    authorities: &Authorities,
    plan: &Plan,
    version: u64,
) -> Result<Vec<Status>, countersign_store::Error> {
    let kept = app.ocsp_kept();
    let known: Vec<_> = plan.queries().iter().map(|query| kept.status(query, version)).collect();
    if let Some(known) = known.iter().copied().collect() {
        return Ok(known);
    }
    let cas = authorities.cas();
    let wanted: Vec<(String, Vec<u8>)> = plan
        .queries()
        .iter()
        .map(|query| (cas[query.authority].name().to_owned(), query.serial.magnitude().to_vec()))
        .collect();
    let stored = app
        .store()
        .read("ocsp", move |tx| {
            wanted
                .iter()
                .map(|(issuer, serial)| tx.certificates().find(issuer, serial))
                .collect::<Result<Vec<Option<IssuedCertificate>>, countersign_store::Error>>()
        })
        .await?;
    let found = plan.queries().iter().zip(&stored).map(|(query, stored)| {
        let issuer = &cas[query.authority];
        let status = authorities.status(issuer, query.serial.magnitude(), stored.as_ref());
        kept.keep_status(query, version, status);
        status
    });
    Ok(found.collect())
}

async fn sign(
    app: &App,
    responders: &std::sync::Arc<Responders>,
    plan: Plan,
    statuses: Vec<Status>,
    now: Timestamp,
    freshness: Freshness,
) -> Result<Bytes, ResponseStatus> {
    let signed = if responders.responder().is_remote(&plan) {
        let responders = std::sync::Arc::clone(responders);
        let work = move || responders.responder().try_answer(&plan, &statuses, now, &freshness);
        app.device_work().run(work).await.map_err(|busy| {
            tracing::error!(error = %busy, "an OCSP answer could not be signed");
            ResponseStatus::TryLater
        })?
    } else {
        responders.responder().try_answer(&plan, &statuses, now, &freshness)
    };
    signed.map(|answer| answer.into_der().into()).map_err(|error| {
        tracing::error!(error = %error, "an OCSP answer could not be signed");
        ResponseStatus::TryLater
    })
}

/// An answer for this client alone (RFC 5019 section 6.2: nothing about caching is said in POST).
fn plain(der: impl Into<Bytes>) -> Response {
    let headers = [(CONTENT_TYPE, RESPONSE), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (headers, Body::from(der.into())).into_response()
}

/// An answer that caches may keep until its nextUpdate (RFC 5019 section 6.2), or word that theirs still holds.
fn cacheable(answer: &Answer, now: Timestamp, request: &HeaderMap) -> Response {
    let left = answer.next_update.duration_since(now).as_secs().max(0);
    let modified = http_date(answer.this_update);
    let known = match request.get(IF_NONE_MATCH) {
        Some(_) => names_tag(request, &answer.tag),
        // RFC 9110 section 13.1.3: looked at only without the other. The same second is what a cache sends back.
        None => request.get(IF_MODIFIED_SINCE).is_some_and(|since| since.as_bytes() == modified.as_bytes()),
    };
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(answer.der.clone()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, RESPONSE);
        response
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, answer.tag.clone());
    for (name, value) in [
        (CACHE_CONTROL, format!("max-age={left}, public, no-transform, must-revalidate")),
        (LAST_MODIFIED, modified),
        (EXPIRES, http_date(answer.next_update)),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
