//! How things that go wrong are shown: the one place where they become HTTP.
//!
//! A handler returns `Result<_, Problem>`. The outermost layer (`operations::record`) adds the reference to the
//! log line; our own faults show nothing but that reference. The relying party API sends its problems as
//! `application/json`, since its clients read nothing else; all other surfaces as `application/problem+json`.

use std::fmt;

use axum::response::{IntoResponse, Response};
use countersign_wire::problem::{self as wire, InvalidMember, PROBLEM_JSON, ProblemType, status_title};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

use crate::compute::Busy;

/// Whose form an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// The relying party API: `application/json`, `about:blank`.
    RelyingParty,
    /// Everything else.
    Own,
}

impl Surface {
    /// The surface that a path belongs to, also when it leads nowhere.
    pub(crate) fn of_path(path: &str) -> Self {
        let below =
            |base: &str| path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let relying_party = countersign_wire::endpoint::BASES.iter().any(|base| below(&format!("{base}/v3")))
            || below("/smart-id-rp");
        if relying_party { Self::RelyingParty } else { Self::Own }
    }
}

/// An answer that is no success.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    surface: Surface,
    body: Box<wire::Problem>,
    cause: Option<String>,
}

impl Problem {
    /// Fully described by its status.
    pub(crate) fn status(surface: Surface, status: StatusCode) -> Self {
        Self::from_wire(surface, wire::Problem::status(status.as_u16()))
    }

    /// 400, one entry for each wrong member.
    pub(crate) fn invalid(surface: Surface, members: impl IntoIterator<Item = InvalidMember>) -> Self {
        let body = wire::Problem::invalid(members);
        match surface {
            Surface::RelyingParty => Self::from_wire(surface, body),
            Surface::Own => {
                let named = wire::Problem::of(ProblemType::InvalidRequest, body.detail);
                Self::from_wire(surface, wire::Problem { errors: body.errors, ..named })
            }
        }
    }

    /// A problem of one of our own types.
    pub(crate) fn of(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self::from_wire(Surface::Own, wire::Problem::of(kind, detail))
    }

    /// As the wire knows it.
    pub(crate) fn from_wire(surface: Surface, body: wire::Problem) -> Self {
        Self { surface, body: Box::new(body), cause: None }
    }

    /// Another text than the status phrase.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.body.detail = detail.into();
        self
    }

    /// Our fault: `cause` goes to the log, never into the answer.
    pub(crate) fn fault(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub(crate) fn instance(mut self, instance: String) -> Self {
        self.body.instance = Some(instance);
        self
    }

    /// An internal error of this surface.
    pub(crate) fn internal(surface: Surface, cause: impl fmt::Display) -> Self {
        let body = match surface {
            Surface::RelyingParty => wire::Problem::status(500),
            Surface::Own => wire::Problem::of(ProblemType::Internal, status_title(500)),
        };
        Self::from_wire(surface, body).fault(cause)
    }

    /// Too much work waits already.
    pub(crate) fn busy(surface: Surface, busy: Busy) -> Self {
        let body = match surface {
            Surface::RelyingParty => wire::Problem::status(503),
            Surface::Own => {
                wire::Problem::of(ProblemType::Unavailable, "too much work waits; try again shortly")
            }
        };
        tracing::warn!(limit = busy.limit, "a computation was refused: too many wait");
        Self::from_wire(surface, body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Statuses come from our own tables, all of which are within 100..999.
        let status = StatusCode::from_u16(self.body.status).expect("a status of our own tables");
        let form = match self.surface {
            Surface::RelyingParty => "application/json",
            Surface::Own => PROBLEM_JSON,
        };
        // A problem is made of texts and numbers, all of which JSON can say.
        let body = serde_json::to_vec(&*self.body).expect("a problem can be written as JSON");
        let mut response = (status, [(CONTENT_TYPE, HeaderValue::from_static(form))], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_belong_to_the_surface_whose_form_they_have() {
        for path in ["/v3", "/v3/x", "/smart-id-rp/v3/session/1", "/smart-id-rp", "/smart-id-rp/v2/x"] {
            assert_eq!(Surface::of_path(path), Surface::RelyingParty, "{path}");
        }
        for path in ["/", "/v3x", "/device/v1/keys", "/docs", "/smart-id-rpx/v3"] {
            assert_eq!(Surface::of_path(path), Surface::Own, "{path}");
        }
    }
}
