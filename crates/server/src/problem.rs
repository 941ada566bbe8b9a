//! How things that go wrong are shown: the one place where they become HTTP.
//!
//! A handler returns `Result<_, Problem>`. The outermost layer (`operations::record`) adds the reference to the
//! log line; our own faults show nothing but that reference. The relying party API sends its problems as
//! `application/json`, since its clients read nothing else; all other surfaces as `application/problem+json`.

use std::fmt;

use axum::response::{IntoResponse, Response};
use countersign_domain::{Refusal, desk, registration};
use countersign_wire::device::{DeviceErrorCode, DeviceProblem};
use countersign_wire::problem::{self as wire, InvalidMember, PROBLEM_JSON, ProblemType, status_title};
use countersign_wire::registration::ErrorCode;
use countersign_wire::registration::problem::Refused;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::App;
use crate::command::Failure;

/// Whose form an answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// The relying party API: `application/json`, `about:blank`.
    RelyingParty,
    /// The device API: problems with a `code`.
    Device,
    /// Registrant tokens: `{"errors":[{"base":["…"]}]}`.
    Registrant,
    /// The registration API: `{"error", "message", "traceId"}`.
    Registration,
    /// Everything else.
    Own,
}

impl Surface {
    /// The surface that a path belongs to, also when it leads nowhere.
    pub(crate) fn of_path(path: &str) -> Self {
        let ends = |rest: &str| rest.is_empty() || rest.starts_with('/');
        let below = |base: &str| path.strip_prefix(base).is_some_and(ends);
        let version = |base: &&str| path.strip_prefix(*base)?.strip_prefix("/v3");
        if countersign_wire::endpoint::BASES.iter().filter_map(version).any(ends) || below("/smart-id-rp") {
            Self::RelyingParty
        } else if below(countersign_wire::device::BASE) {
            Self::Device
        } else if below(crate::registrant::BASE) {
            Self::Registrant
        } else if below(countersign_wire::registration::BASE) || below("/oauth") {
            Self::Registration
        } else {
            Self::Own
        }
    }
}

/// An answer that is no success.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    surface: Surface,
    body: Body,
    instance: Option<String>,
    cause: Option<String>,
    retry_after: Option<u32>,
}

#[derive(Clone, Debug)]
enum Body {
    General(Box<wire::Problem>),
    Device(Box<DeviceProblem>),
    Registrant(RegistrantErrors),
    Registration(Box<Refused>),
}

/// The documented form of the registrant API: what is wrong, under the parameter's name or `base`.
#[derive(Clone, Debug)]
struct RegistrantErrors {
    status: u16,
    member: &'static str,
    text: String,
}

impl Problem {
    /// Fully described by its status.
    pub(crate) fn status(surface: Surface, status: StatusCode) -> Self {
        if surface == Surface::Registration {
            let code = match status {
                StatusCode::NOT_FOUND => ErrorCode::NotFound,
                StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
                _ => ErrorCode::Internal,
            };
            return Self::registration(code, status_title(code.status()));
        }
        Self::general(surface, wire::Problem::status(status.as_u16()))
    }

    /// 400, one entry for each wrong member.
    pub(crate) fn invalid(surface: Surface, members: impl IntoIterator<Item = InvalidMember>) -> Self {
        if surface == Surface::Registration {
            let members: Vec<_> = members.into_iter().collect();
            return Self::from_registration(Refused::invalid(&members));
        }
        let body = wire::Problem::invalid(members);
        match surface {
            Surface::RelyingParty | Surface::Registrant => Self::general(surface, body),
            Surface::Own | Surface::Registration => {
                let named = wire::Problem::of(ProblemType::InvalidRequest, body.detail);
                Self::general(surface, wire::Problem { errors: body.errors, ..named })
            }
            Surface::Device => {
                let details: Vec<_> = body.errors.into_iter().filter_map(|entry| entry.detail).collect();
                Self::device(DeviceErrorCode::BadRequest, details.join("; "))
            }
        }
    }

    /// A problem of one of our own types.
    pub(crate) fn of(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self::general(Surface::Own, wire::Problem::of(kind, detail))
    }

    /// A problem of the device API.
    pub(crate) fn device(code: DeviceErrorCode, detail: impl Into<String>) -> Self {
        Self::from_device(DeviceProblem::new(code, detail))
    }

    /// A problem of the device API with members of its own.
    pub(crate) fn from_device(problem: DeviceProblem) -> Self {
        Self {
            surface: Surface::Device,
            body: Body::Device(Box::new(problem)),
            instance: None,
            cause: None,
            retry_after: None,
        }
    }

    /// A problem of the registrant API, about a parameter or `base`.
    pub(crate) fn registrant(status: StatusCode, member: &'static str, text: impl Into<String>) -> Self {
        let body = RegistrantErrors { status: status.as_u16(), member, text: text.into() };
        Self {
            surface: Surface::Registrant,
            body: Body::Registrant(body),
            instance: None,
            cause: None,
            retry_after: None,
        }
    }

    /// A problem of the registration API.
    pub(crate) fn registration(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::from_registration(Refused::new(code, message))
    }

    fn from_registration(refused: Refused) -> Self {
        Self {
            surface: Surface::Registration,
            body: Body::Registration(Box::new(refused)),
            instance: None,
            cause: None,
            retry_after: None,
        }
    }

    fn general(surface: Surface, body: wire::Problem) -> Self {
        let body = match surface {
            Surface::Registrant => {
                Body::Registrant(RegistrantErrors { status: body.status, member: "base", text: body.detail })
            }
            Surface::RelyingParty | Surface::Device | Surface::Registration | Surface::Own => {
                Body::General(Box::new(body))
            }
        };
        Self { surface, body, instance: None, cause: None, retry_after: None }
    }

    /// Another text than the status phrase.
    pub(crate) fn detail(mut self, text: impl Into<String>) -> Self {
        match &mut self.body {
            Body::General(body) => body.detail = text.into(),
            Body::Device(body) => body.detail = text.into(),
            Body::Registrant(body) => body.text = text.into(),
            Body::Registration(body) => body.message = text.into(),
        }
        self
    }

    /// With a further member.
    pub(crate) fn member(mut self, name: &str, value: serde_json::Value) -> Self {
        if let Body::General(body) = &mut self.body {
            body.members.insert(name.to_owned(), value);
        }
        self
    }

    /// With the seconds after which it is worth to come back.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
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
        self.instance = Some(instance);
        self
    }

    /// An internal error of this surface.
    pub(crate) fn internal(surface: Surface, cause: impl fmt::Display) -> Self {
        if surface == Surface::Registration {
            return Self::registration(ErrorCode::Internal, status_title(500)).fault(cause);
        }
        let body = match surface {
            Surface::RelyingParty | Surface::Registrant => wire::Problem::status(500),
            Surface::Device | Surface::Own | Surface::Registration => {
                wire::Problem::of(ProblemType::Internal, status_title(500))
            }
        };
        Self::general(surface, body).fault(cause)
    }

    /// 503 of this surface.
    fn unavailable(surface: Surface) -> Self {
        if surface == Surface::Registration {
            return Self::registration(ErrorCode::Unavailable, "too much work waits; try again shortly");
        }
        let body = match surface {
            Surface::RelyingParty | Surface::Registrant => wire::Problem::status(503),
            Surface::Device | Surface::Own | Surface::Registration => {
                wire::Problem::of(ProblemType::Unavailable, "too much work waits; try again shortly")
            }
        };
        Self::general(surface, body)
    }

    /// What a refusal of the registration looks like from outside.
    fn registration_refused(refusal: &registration::Refusal) -> Self {
        use registration::Refusal as R;
        let (code, wait) = match refusal {
            R::ScopeMissing => (ErrorCode::InsufficientScope, None),
            R::OriginNotAllowed => (ErrorCode::OriginNotAllowed, None),
            R::NumberNotAllowed => (ErrorCode::NumberNotAllowed, None),
            R::NumberNotVerified => (ErrorCode::NumberNotVerified, None),
            R::CodeTooSoon { seconds } => (ErrorCode::TooManyRequests, Some(*seconds)),
            R::CodeWrong { .. } => (ErrorCode::OtpInvalid, None),
            R::CodeGone => (ErrorCode::OtpExpired, None),
            R::CodeLocked => (ErrorCode::OtpLocked, None),
            R::NoEvidence => (ErrorCode::NoEvidence, None),
            R::NothingToAccept => (ErrorCode::TcAlreadyAccepted, None),
            R::UnknownTransaction => (ErrorCode::UnknownToken, None),
            R::AlreadyDecided => (ErrorCode::AlreadyDecided, None),
            R::TransactionExpired => (ErrorCode::TokenExpired, None),
            R::LookupFailed => (ErrorCode::Unavailable, Some(5)),
            // The list may grow in a crate below; these have no request of their own yet.
            other => {
                let cause = format!("a refusal without an answer: {other}");
                return Self::internal(Surface::Registration, cause);
            }
        };
        let mut refused = Refused::new(code, refusal.to_string());
        if let R::CodeWrong { tries_left } = refusal {
            refused.attempts_left = Some(*tries_left);
        }
        let problem = Self::from_registration(refused);
        wait.map_or(problem.clone(), |seconds| problem.retry_after(seconds))
    }

    /// What a refusal at the desk looks like from outside.
    pub(crate) fn desk_refused(refusal: &desk::Refusal) -> Self {
        use desk::Refusal as R;
        let kind = match refusal {
            R::NotPermitted { .. } | R::SamePerson | R::ProposerGone => ProblemType::Forbidden,
            R::ProposalExpired => ProblemType::Expired,
            R::TakesTwo { .. }
            | R::OtherContent
            | R::ProposalDecided
            | R::NumberNotProven
            | R::IdentificationOver => ProblemType::Conflict,
            // The list may grow in a crate below; what is not known here is our fault, and is logged.
            other => return Self::internal(Surface::Own, format!("a refusal without an answer: {other}")),
        };
        Self::of(kind, refusal.to_string())
    }

    /// What a refusal looks like from outside: the one list.
    pub(crate) fn refused(surface: Surface, refusal: &Refusal) -> Self {
        let plain = |status: u16| Self::general(surface, wire::Problem::status(status));
        let told =
            |status: u16| Self::general(surface, wire::Problem::status(status)).detail(refusal.to_string());
        let member = |pointer: &'static str| {
            let detail = match refusal {
                // As the original service words it.
                Refusal::AddressSharingNotPermitted => {
                    "Relying Party does not have permissions to request the MD client IP address sharing"
                        .to_owned()
                }
                other => other.to_string(),
            };
            Self::general(surface, wire::Problem::forbidden(InvalidMember::at(pointer, detail)))
        };
        let device = |code: DeviceErrorCode| Self::device(code, refusal.to_string());
        match refusal {
            Refusal::UnknownRelyingParty => member("/relyingPartyUUID"),
            Refusal::AddressNotAllowed => told(401),
            Refusal::NameNotRegistered => member("/relyingPartyName"),
            Refusal::LevelNotPermitted => member("/certificateLevel"),
            Refusal::AddressSharingNotPermitted => member("/requestProperties/shareMdClientIpAddress"),
            Refusal::CapabilityNotPermitted => member("/capabilities"),
            Refusal::NoAccount | Refusal::NoSession => plain(404),
            Refusal::NoSuitableAccount => Self::general(surface, wire::Problem::no_suitable_account()),
            Refusal::LinkedSession(fault) => {
                Self::invalid(surface, [InvalidMember::at("/linkedSessionID", fault.to_string())])
            }
            Refusal::NotFound => device(DeviceErrorCode::NotFound),
            Refusal::Expired => device(DeviceErrorCode::TxExpired),
            Refusal::Cancelled => device(DeviceErrorCode::TxCancelled),
            Refusal::AlreadyDone => device(DeviceErrorCode::AlreadyDone),
            Refusal::InProgress => device(DeviceErrorCode::InProgress),
            Refusal::Locked { until } => Self::from_device(DeviceProblem {
                until: Some(*until),
                ..DeviceProblem::new(DeviceErrorCode::Locked, refusal.to_string())
            }),
            Refusal::Blocked => device(DeviceErrorCode::Blocked),
            Refusal::CloneSuspect => device(DeviceErrorCode::CloneSuspect),
            Refusal::DeviceRevoked => device(DeviceErrorCode::UnknownDevice),
            Refusal::NotPossible { .. } => device(DeviceErrorCode::BadRequest),
            Refusal::ActivationInvalid => device(DeviceErrorCode::ActivationInvalid),
            Refusal::KeyRefused { reason } => Self::from_device(DeviceProblem {
                reason: Some((*reason).to_owned()),
                ..DeviceProblem::new(DeviceErrorCode::KeyRefused, refusal.to_string())
            }),
            Refusal::KeyNotActive => device(DeviceErrorCode::BadRequest),
            Refusal::Registration(refusal) => Self::registration_refused(refusal),
            Refusal::Desk(refusal) => Self::desk_refused(refusal),
            Refusal::Fault => Self::internal(surface, "a computation with a key failed"),
            // The list may grow in a crate below; what is not known here is our fault, and is logged.
            other => Self::internal(surface, format!("a refusal without an answer: {other}")),
        }
    }
}

impl App {
    /// What a failure looks like from outside.
    pub(crate) fn problem(&self, surface: Surface, failure: Failure) -> Problem {
        match failure {
            Failure::Refused(Refusal::NoSuitableAccount) if self.config().rp_api.status_471 => {
                Problem::general(surface, wire::Problem::status(471))
            }
            Failure::Refused(refusal) => Problem::refused(surface, &refusal),
            Failure::Busy(busy) => {
                tracing::warn!(limit = busy.limit, "a computation was refused: too many wait");
                Problem::unavailable(surface)
            }
            Failure::Store(error) => Problem::internal(surface, error),
            Failure::Fault(cause) => Problem::internal(surface, cause),
            Failure::Said(problem) => *problem,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Problems are made of texts, numbers and times, all of which JSON can say.
        let (status, body) = match &self.body {
            Body::General(body) => {
                let body = wire::Problem { instance: self.instance.clone(), ..(**body).clone() };
                (body.status, serde_json::to_vec(&body).expect("a problem can be written as JSON"))
            }
            Body::Device(body) => {
                (body.status, serde_json::to_vec(body).expect("a problem can be written as JSON"))
            }
            Body::Registrant(RegistrantErrors { status, member, text }) => {
                (*status, serde_json::json!({ "errors": [{ *member: [text] }] }).to_string().into_bytes())
            }
            Body::Registration(body) => {
                let trace_id = self.instance.as_deref().and_then(|path| path.rsplit('/').next());
                let body = Refused { trace_id: trace_id.map(str::to_owned), ..(**body).clone() };
                let status = body.error.status();
                (status, serde_json::to_vec(&body).expect("a problem can be written as JSON"))
            }
        };
        // Statuses come from our own tables, all of which are within 100..999.
        let status = StatusCode::from_u16(status).expect("a status of our own tables");
        let form = match self.surface {
            Surface::RelyingParty | Surface::Registrant | Surface::Registration => "application/json",
            Surface::Device | Surface::Own => PROBLEM_JSON,
        };
        let mut response = (status, [(CONTENT_TYPE, HeaderValue::from_static(form))], body).into_response();
        let usual = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some(1),
            StatusCode::TOO_MANY_REQUESTS => Some(60),
            _ => None,
        };
        if let Some(seconds) = self.retry_after.or(usual) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
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
        for path in ["/device/v1", "/device/v1/keys"] {
            assert_eq!(Surface::of_path(path), Surface::Device, "{path}");
        }
        for path in ["/api/v1/registrant", "/api/v1/registrant/me"] {
            assert_eq!(Surface::of_path(path), Surface::Registrant, "{path}");
        }
        for path in ["/oauth/token", "/api/public/confirm", "/api/public"] {
            assert_eq!(Surface::of_path(path), Surface::Registration, "{path}");
        }
        for path in ["/", "/oauthx", "/v3x", "/device/v2/keys", "/device-link", "/docs", "/smart-id-rpx/v3"] {
            assert_eq!(Surface::of_path(path), Surface::Own, "{path}");
        }
    }
}
