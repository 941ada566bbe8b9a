//! Reading a body: announced as JSON, not too large, not too slow.

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode};

use crate::App;
use crate::problem::{Problem, Surface};
use crate::whole_body::{Unread, whole_body};

/// The longest body that is taken in, in bytes. What the parser accepts is shorter; it says so with 400.
pub(crate) const LIMIT: usize = 64 * 1024;

/// The whole body of a JSON request.
pub(crate) async fn json_bytes(
    app: &App,
    surface: Surface,
    request: Request<Body>,
) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(Problem::status(surface, StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .detail("expected Content-Type: application/json"));
    }
    let announced =
        parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LIMIT as u64) {
        return Err(too_large(surface));
    }
    whole_body(app, body, LIMIT).await.map_err(|unread| match unread {
        Unread::TooLong => too_large(surface),
        Unread::Broken => Problem::status(surface, StatusCode::BAD_REQUEST).detail("the body ended early"),
        Unread::Late => {
            Problem::status(surface, StatusCode::REQUEST_TIMEOUT).detail("the body did not arrive in time")
        }
    })
}

/// `application/json`, with whatever parameters. A request without this header could be sent by any web page to a
/// service on its reader's own machine, without the browser asking first.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split_once(';').map_or(value, |(kind, _)| kind);
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn too_large(surface: Surface) -> Problem {
    Problem::status(surface, StatusCode::PAYLOAD_TOO_LARGE)
        .detail(format!("the body is longer than {LIMIT} bytes"))
}
