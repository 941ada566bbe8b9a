//! How a refusal looks from outside, and in the log.

use axum::response::{IntoResponse, Response};
use countersign_domain::registrant::Refusal;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};

use crate::App;
use crate::command::Failure;
use crate::operations::record::Logged;
use crate::problem::{Problem, Surface};

/// The text of every 401.
const NOT_AUTHORIZED: &str = "Not authorized";

/// An answer that is no success, with the word for the log.
#[derive(Debug)]
pub(super) struct Refused {
    problem: Problem,
    call: &'static str,
    word: &'static str,
    challenge: Option<&'static str>,
}

/// Calls that make tokens.
const TOKEN: &str = "token";
/// Calls that are opened by one.
const RESOURCE: &str = "resource";

impl Refused {
    /// A parameter is missing or wrong: 422, as documented.
    pub(super) fn parameter(member: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, member, text, "parameter")
    }

    /// A parameter is missing or blank.
    pub(super) fn missing(member: &'static str) -> Self {
        Self::parameter(member, "parameter is required")
    }

    /// The body as a whole cannot be used.
    pub(super) fn body(status: StatusCode, text: impl Into<String>) -> Self {
        Self::new(status, "base", text, "body")
    }

    /// Too many tries.
    pub(super) fn limited(seconds: u32) -> Self {
        let mut refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "base", "Too many requests", "limited");
        refused.problem = refused.problem.retry_after(seconds);
        refused
    }

    /// Too much work waits.
    pub(super) fn busy() -> Self {
        let mut refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, "base", "Try again shortly", "busy");
        refused.problem = refused.problem.retry_after(1);
        refused
    }

    /// The token could not be made: our fault. The text is the documented one.
    pub(super) fn unmade(cause: impl std::fmt::Display) -> Self {
        let text = "Cannot create generate session token";
        let mut refused = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "base", text, "fault");
        refused.problem = refused.problem.fault(cause);
        refused
    }

    /// A page parameter is out of range: 400, as documented.
    pub(super) fn out_of_range(member: &'static str) -> Self {
        let mut refused = Self::new(StatusCode::BAD_REQUEST, member, "parameter is out of range", "range");
        refused.call = RESOURCE;
        refused
    }

    /// Nothing of this name.
    pub(super) fn not_found(text: &'static str) -> Self {
        let mut refused = Self::new(StatusCode::NOT_FOUND, "base", text, "not-found");
        refused.call = RESOURCE;
        refused
    }

    /// 401 of a call with a token, for this reason.
    pub(super) fn unauthorized(word: &'static str) -> Self {
        let mut refused = Self::new(StatusCode::UNAUTHORIZED, "base", NOT_AUTHORIZED, word);
        refused.call = RESOURCE;
        refused.challenge = Some("Bearer realm=\"registrant\"");
        refused
    }

    /// The token is good, and the person has to prove anew who they are [RFC 9470 §3].
    pub(super) fn step_up() -> Self {
        let mut refused = Self::unauthorized("step-up");
        refused.challenge = Some(
            "Bearer realm=\"registrant\", error=\"insufficient_user_authentication\", acr_values=\"high\", max_age=600",
        );
        refused
    }

    /// 422 of a call with a token.
    pub(super) fn unprocessable(text: &'static str) -> Self {
        let mut refused = Self::parameter("base", text);
        refused.call = RESOURCE;
        refused
    }

    /// Our fault, or the store's.
    pub(super) fn failed(app: &App, failure: Failure) -> Self {
        let problem = app.problem(Surface::Registrant, failure);
        Self { problem, call: TOKEN, word: "fault", challenge: None }
    }

    /// Counts the refusal, and logs it.
    pub(super) fn respond(self, app: &App) -> Response {
        app.metrics().token_refused(self.call, self.word);
        tracing::info!(
            event = "registrant.refused",
            operation = self.call,
            outcome = self.word,
            "a registrant call was refused: {}",
            self.word
        );
        let mut response = self.problem.into_response();
        response.extensions_mut().insert(Logged {
            operation: Some(self.call),
            outcome: Some(self.word),
            ..Logged::default()
        });
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }

    fn new(status: StatusCode, member: &'static str, text: impl Into<String>, word: &'static str) -> Self {
        Self { problem: Problem::registrant(status, member, text), call: TOKEN, word, challenge: None }
    }
}

/// The one list of how refusals of the rules look. What only the owner of a session hears is said in words.
impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let word = refusal.word();
        let told = |member| Self::new(StatusCode::UNPROCESSABLE_ENTITY, member, refusal.to_string(), word);
        match refusal {
            Refusal::SessionRunning
            | Refusal::SessionFailed
            | Refusal::SessionUsed
            | Refusal::NoAuthentication => told("session_id"),
            Refusal::Mismatch(member) => {
                let text = "does not match the verified identity";
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, member, text, word)
            }
            // Not the person's fault, and worth another try.
            Refusal::StatusUnknown => {
                let text = "the status of the certificate cannot be found out";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "base", text, word)
            }
            _ => Self::new(StatusCode::UNAUTHORIZED, "base", NOT_AUTHORIZED, word),
        }
    }
}
