//! What operators look at: whether the server lives and is ready, what it counts, what it is.

pub mod metrics;
mod ready;
pub(crate) mod record;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use countersign_wire::problem::ProblemType;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem::Problem;
use crate::{App, Origin};

pub(crate) const LIVE: &str = "/livez";
pub(crate) const READY: &str = "/readyz";
pub(crate) const METRICS: &str = "/metrics";
pub(crate) const VERSION: &str = "/version";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(LIVE, get(live))
        .route(READY, get(ready))
        .route(METRICS, get(metrics))
        .route(VERSION, get(version))
}

/// The process answers. Nothing is looked at: a server that waits for its disk is alive.
async fn live() -> impl IntoResponse {
    (NO_STORE, Json(Status { status: "live" }))
}

/// Whether this server should be given requests: everything it needs is there, and it is not stopping.
async fn ready(State(app): State<App>) -> Response {
    let checks = ready::checks(&app).await;
    let all = checks.iter().all(|check| check.ok);
    let status = if all { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, NO_STORE, Json(Readiness { status: if all { "ready" } else { "not ready" }, checks }))
        .into_response()
}

/// The counters, for addresses that may see them.
async fn metrics(State(app): State<App>, origin: Origin) -> Response {
    if !app.config().operations.may_read_metrics(origin.address) {
        let detail = "metrics are shown to the addresses in operations.metrics_addresses";
        return Problem::of(ProblemType::Forbidden, detail).into_response();
    }
    app.metrics().clock_doubted(app.believed_now().is_err());
    let text = app.metrics().text(app.watches().waiting(), app.compute().load());
    ([(CONTENT_TYPE, HeaderValue::from_static(metrics::OPENMETRICS))], NO_STORE, text).into_response()
}

async fn version() -> impl IntoResponse {
    Json(Version { name: "countersign", version: env!("CARGO_PKG_VERSION") })
}

const NO_STORE: [(http::HeaderName, HeaderValue); 1] =
    [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    checks: Vec<ready::Check>,
}

#[derive(Serialize)]
struct Version {
    name: &'static str,
    version: &'static str,
}
