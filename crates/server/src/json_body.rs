//! A JSON body as a value, on our own surfaces.

use axum::body::Body;
use countersign_wire::problem::{InvalidMember, ProblemType};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Request, StatusCode};
use serde::de::DeserializeOwned;

use crate::App;
use crate::problem::{Problem, Surface};
use crate::whole_body::{Unread, whole_body};

/// Reads a body that is announced as JSON, within a size and a time.
pub(crate) async fn json_of<T: DeserializeOwned>(
    app: &App,
    request: Request<Body>,
    limit: usize,
) -> Result<T, Problem> {
    let headers = request.headers();
    // A request without this type could be sent by any web page, without the browser asking first.
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Problem::of(
            ProblemType::UnsupportedMediaType,
            "expected Content-Type: application/json",
        ));
    }
    let too_large = || Problem::of(ProblemType::TooLarge, format!("the body is longer than {limit} bytes"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let body = whole_body(app, request.into_body(), limit).await.map_err(|unread| match unread {
        Unread::TooLong | Unread::Broken => too_large(),
        Unread::Late => Problem::status(Surface::Own, StatusCode::REQUEST_TIMEOUT)
            .detail("the body did not arrive in time"),
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        // The place, not the text: serde's own message may quote what was sent.
        let kind = match error.classify() {
            serde_json::error::Category::Data => {
                "a member is missing, unknown, or not of its form; see /docs"
            }
            _ => "it is not JSON",
        };
        let detail = format!("{kind} (line {}, column {})", error.line(), error.column());
        Problem::invalid(Surface::Own, [InvalidMember::body(detail)])
    })
}
