//! The time-stamping authority: RFC 3161 over HTTP (section 3.4).
//!
//! Serial numbers come from a counter that is on disk before they are used ([`lease`]), with random bits behind: they grow,
//! survive a crash, and do not repeat where an old copy of the database was restored. A clock that is not believed gives no
//! time-stamps. Keys in this process sign inline: a P-256 signature takes some 20 µs, less than handing it to another
//! thread would.

pub(crate) mod config;
pub(crate) mod lease;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_pki::tsp::{PkiFailureInfo, TimeStampReq, TokenSerialNumber};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use self::lease::{Next, NoNumber};
use crate::App;
use crate::authority::TimeStamping;
use crate::whole_body::whole_body;

pub(crate) use self::lease::Lease;

/// Where requests go.
pub(crate) const PATH: &str = "/tsa";

/// The largest request that is read, in octets.
const REQUEST_MAX: usize = countersign_pki::tsp::MAX_REQUEST_LEN;

pub(crate) fn routes() -> Router<App> {
    Router::new().route(PATH, post(time_stamp))
}

async fn time_stamp(State(app): State<App>, body: Body) -> Response {
    let Ok(request) = whole_body(&app, body, REQUEST_MAX).await else {
        return reply(PkiFailureInfo::BadDataFormat.to_der());
    };
    let Some(authorities) = app.authorities() else { return reply(PkiFailureInfo::SystemFailure.to_der()) };
    let time_stamping = authorities.time_stamping();
    let request = match time_stamping.unit().accept(&request) {
        Ok(request) => request,
        Err(failure) => return reply(failure.to_der()),
    };
    match token(&app, time_stamping, request).await {
        Ok(der) => reply(der),
        Err(failure) => reply(failure.to_der()),
    }
}

async fn token(
    app: &App,
    time_stamping: &TimeStamping,
    request: TimeStampReq,
) -> Result<Vec<u8>, PkiFailureInfo> {
    let Next { number, random, time } =
        app.time_stamp_lease().next(app).await.map_err(|error| match error {
            // The watch has said so.
            NoNumber::Clock(_) => PkiFailureInfo::TimeNotAvailable,
            NoNumber::Failure(error) => {
                tracing::error!(error = %error, "there is no serial number for a time-stamp");
                PkiFailureInfo::SystemFailure
            }
        })?;
    let serial = TokenSerialNumber::from_counter_and_random(number, random);
    let issued = if time_stamping.unit().is_remote() {
        let unit = time_stamping.unit_handle();
        app.device_work().run(move || unit.issue(&request, &serial, time)).await.map_err(|busy| {
            tracing::error!(error = %busy, "a time-stamp could not be signed");
            PkiFailureInfo::SystemFailure
        })?
    } else {
        time_stamping.unit().issue(&request, &serial, time)
    };
    match issued {
        Ok(issued) => Ok(issued.into_response_der()),
        Err(error) => {
            tracing::error!(error = %error, "a time-stamp could not be signed");
            Err(PkiFailureInfo::SystemFailure)
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
