//! The time-stamping authority: RFC 3161 over HTTP (section 3.4).
//!
//! Serial numbers are 128 random bits, so that none is ever given twice, whatever is restored or copied. The token is
//! signed inline: a P-256 signature takes some 20 µs, less than handing it to another thread would.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_pki::tsp::{PkiFailureInfo, TokenSerialNumber};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::App;

/// Where requests go.
pub(crate) const PATH: &str = "/tsa";

/// The largest request that is read, in octets.
const REQUEST_MAX: usize = countersign_pki::tsp::MAX_REQUEST_LEN;

pub(crate) fn routes() -> Router<App> {
    Router::new().route(PATH, post(time_stamp))
}

async fn time_stamp(State(app): State<App>, body: Body) -> Response {
    let Ok(request) = to_bytes(body, REQUEST_MAX).await else {
        return reply(PkiFailureInfo::BadDataFormat.to_der());
    };
    let Some(authorities) = app.authorities() else { return reply(PkiFailureInfo::SystemFailure.to_der()) };
    let time_stamping = authorities.time_stamping();
    let request = match time_stamping.unit().accept(&request) {
        Ok(request) => request,
        Err(failure) => return reply(failure.to_der()),
    };
    let now = app.now();
    if !time_stamping.advances_to(now) {
        tracing::error!("the clock went back behind the last time-stamp: refusing to time-stamp");
        return reply(PkiFailureInfo::TimeNotAvailable.to_der());
    }
    let serial = TokenSerialNumber::random(&mut app.randomness());
    match time_stamping.unit().issue(&request, &serial, now) {
        Ok(issued) => reply(issued.response_der()),
        Err(error) => {
            tracing::error!(error = %error, "a time-stamp could not be signed");
            reply(PkiFailureInfo::SystemFailure.to_der())
        }
    }
}

fn reply(der: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/timestamp-reply")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, der).into_response()
}
