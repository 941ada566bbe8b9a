//! Who asks: a bearer key, known by its hash.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use countersign_wire::problem::ProblemType;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use std::time::Duration;

use crate::bearer::{Bearer, bearer};
use crate::problem::Problem;
use crate::{App, Origin};

/// The longest body of a request, in octets.
const BODY_MAX: usize = 16 * 1024;

/// An operator whose key was right.
pub(super) struct Operator {
    /// As the configuration names the key.
    pub(super) name: String,
}

/// The body of an operator's request.
pub(super) struct Ordered<T>(pub(super) Operator, pub(super) T);

impl FromRequestParts<App> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let address = Origin::of(app, parts).address;
        let Bearer::Key(key) = bearer(&parts.headers) else {
            return Err(unauthorized(
                "expected one header Authorization: Bearer, with the key of an operator",
            ));
        };
        let hash = digest(&SHA256, key.as_bytes());
        // Every entry is compared, so that nothing is learned from the time it takes.
        let mut found = None;
        for admin in &app.config().admins {
            if admin.has_key(hash.as_ref()) && admin.calls_from(address) {
                found = Some(admin.name.clone());
            }
        }
        found
            .map(|name| Self { name })
            .ok_or_else(|| unauthorized("no operator has this key, or not from this address"))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Ordered<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        // First of all: a stranger's body is not read.
        let operator = Operator::from_request_parts(&mut parts, app).await?;
        let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
        let refused = |kind, detail: String| Problem::of(kind, detail).into_response();
        let body = match tokio::time::timeout(patience, to_bytes(body, BODY_MAX)).await {
            Ok(Ok(body)) => body,
            Ok(Err(_)) => {
                let expected = format!("expected a whole body of at most {BODY_MAX} bytes");
                return Err(refused(ProblemType::TooLarge, expected));
            }
            Err(_) => {
                return Err(refused(
                    ProblemType::InvalidRequest,
                    "the body did not arrive in time".to_owned(),
                ));
            }
        };
        // The parser's own text would quote what people are called.
        let ordered = serde_json::from_slice(&body).map_err(|error| {
            let kind = error.classify();
            let detail =
                format!("expected the JSON of this endpoint; {kind:?} error at column {}", error.column());
            refused(ProblemType::InvalidRequest, detail)
        })?;
        Ok(Self(operator, ordered))
    }
}

fn unauthorized(detail: &str) -> Response {
    let mut response = Problem::of(ProblemType::Unauthorized, detail).into_response();
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"countersign admin\""));
    response
}
