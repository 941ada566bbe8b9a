//! Error bodies: problem details [RFC 9457], as the relying party API sends them (1.6) and as our own surfaces do.
//!
//! The relying party API uses `about:blank` always, so the status is all there is to tell problems apart. Our
//! other surfaces name each kind of problem with a stable URI from [`ProblemType`]; `docs/errors.md` describes them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words;

/// The media type of problems on our own surfaces. The relying party API sends `application/json` instead,
/// because its clients refuse anything else.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The `detail` of a 400 of the relying party API.
pub const INVALID_PARAMETERS: &str = "Invalid request parameters found";

/// The `errors[].code` of a 404 when the person has accounts, but none of the kind that was asked for.
pub const NO_SUITABLE_ACCOUNT_FOUND: &str = "NO_SUITABLE_ACCOUNT_FOUND";

/// One member of a request that is missing or wrong. It names the member, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidMember {
    /// The member's name.
    pub param_name: Cow<'static, str>,
    /// Where it is (or should be): a JSON pointer [RFC 6901]; empty for the whole body.
    pub pointer: String,
    /// What was expected.
    pub detail: String,
}

impl InvalidMember {
    /// A wrong member of the body at this pointer, which ends with the member's name.
    pub fn at(pointer: &'static str, detail: impl Into<String>) -> Self {
        let param_name = pointer.rsplit('/').next().unwrap_or_default();
        Self { param_name: Cow::Borrowed(param_name), pointer: pointer.to_owned(), detail: detail.into() }
    }

    /// A wrong part of the path or of the query, which no JSON pointer reaches.
    pub fn in_path(param_name: &'static str, detail: impl Into<String>) -> Self {
        Self { param_name: Cow::Borrowed(param_name), pointer: String::new(), detail: detail.into() }
    }

    /// A body that cannot be read at all.
    pub fn body(detail: impl Into<String>) -> Self {
        Self { param_name: Cow::Borrowed("body"), pointer: String::new(), detail: detail.into() }
    }
}

impl From<InvalidMember> for ProblemEntry {
    fn from(invalid: InvalidMember) -> Self {
        Self {
            code: None,
            detail: Some(format!("Invalid {}: {}", invalid.param_name, invalid.detail)),
            param_name: Some(invalid.param_name.into_owned()),
            pointer: Some(invalid.pointer).filter(|pointer| !pointer.is_empty()),
        }
    }
}

/// Problem details.
///
/// ```json
/// {"type":"about:blank","status":400,"title":"Bad Request","detail":"Invalid request parameters found",
///  "errors":[{"detail":"Invalid vcType: expected numeric4","paramName":"vcType","pointer":"/vcType"}]}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank` in the relying party API, a [`ProblemType`] URI elsewhere.
    #[serde(rename = "type", default = "about_blank")]
    pub kind: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// The status phrase, or the title of the problem type.
    #[serde(default)]
    pub title: String,
    /// What happened, in words.
    #[serde(default)]
    pub detail: String,
    /// An opaque relative reference to this occurrence, for the service desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What was wrong, one entry each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemEntry>,
    /// Further members of our own problem types.
    #[serde(flatten)]
    pub members: BTreeMap<String, serde_json::Value>,
}

/// One entry of `errors`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemEntry {
    /// A fixed word for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The member concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub param_name: Option<String>,
    /// Where it is in the request body, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// A problem that is fully described by its HTTP status.
    pub fn status(status: u16) -> Self {
        let title = status_title(status);
        Self {
            kind: about_blank(),
            status,
            title: title.to_owned(),
            detail: title.to_owned(),
            instance: None,
            errors: Vec::new(),
            members: BTreeMap::new(),
        }
    }

    /// 400 of the relying party API: one entry for each wrong member.
    pub fn invalid(members: impl IntoIterator<Item = InvalidMember>) -> Self {
        Self {
            detail: INVALID_PARAMETERS.to_owned(),
            errors: members.into_iter().map(ProblemEntry::from).collect(),
            ..Self::status(400)
        }
    }

    /// 404 when the person has accounts, but none of the kind that was asked for (since 3.2.0).
    pub fn no_suitable_account() -> Self {
        let entry = ProblemEntry {
            code: Some(NO_SUITABLE_ACCOUNT_FOUND.to_owned()),
            detail: Some(
                "No suitable account of requested type found, but user has some other accounts".to_owned(),
            ),
            ..ProblemEntry::default()
        };
        Self { errors: vec![entry], ..Self::status(404) }
    }

    /// 403 with the member that asked for what is not permitted.
    pub fn forbidden(member: InvalidMember) -> Self {
        let entry = ProblemEntry {
            code: None,
            detail: Some(member.detail),
            param_name: Some(member.param_name.into_owned()),
            pointer: Some(member.pointer).filter(|pointer| !pointer.is_empty()),
        };
        Self { errors: vec![entry], ..Self::status(403) }
    }

    /// A problem of one of our own types.
    pub fn of(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri(),
            title: kind.title().to_owned(),
            detail: detail.into(),
            ..Self::status(kind.status())
        }
    }

    /// The same problem with a reference to this occurrence.
    pub fn with_instance(self, instance: impl Into<String>) -> Self {
        Self { instance: Some(instance.into()), ..self }
    }

    /// The same problem with one more member.
    pub fn with_member(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }
}

fn about_blank() -> String {
    "about:blank".to_owned()
}

/// The phrase of a status of the relying party API (1.5), and of those that our other surfaces use.
pub const fn status_title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        423 => "Locked",
        429 => "Too Many Requests",
        471 => "No Suitable Account Of Requested Type",
        472 => "Person Should View App Or Self-Service Portal",
        480 => "Client Too Old",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        580 => "System Under Maintenance",
        _ => "Error",
    }
}

words! {
    /// The kinds of problem of our own surfaces. The word is the last part of the `type` URI and never changes.
    pub enum ProblemType {
        /// A member is missing or wrong; `errors` says which.
        InvalidRequest = "invalid-request",
        /// No credentials, or wrong ones.
        Unauthorized = "unauthorized",
        /// Good credentials without this permission.
        Forbidden = "forbidden",
        /// Nothing of this name here.
        NotFound = "not-found",
        /// The state of the thing does not allow this.
        Conflict = "conflict",
        /// It was here and is not kept any longer.
        Expired = "expired",
        /// The body is longer than this surface reads.
        TooLarge = "too-large",
        /// A media type that this surface does not read.
        UnsupportedMediaType = "unsupported-media-type",
        /// The file is not a container that can be read.
        InvalidContainer = "invalid-container",
        /// A signature value that does not verify over the digest that was given.
        InvalidSignature = "invalid-signature",
        /// A certificate that cannot be used for this.
        UnsuitableCertificate = "unsuitable-certificate",
        /// The person refused, or did not answer in time.
        NotApproved = "not-approved",
        /// Too many requests; `Retry-After` says when to come back.
        TooManyRequests = "too-many-requests",
        /// A responder that this request needs (OCSP, time-stamping) did not answer usefully.
        UpstreamFailed = "upstream-failed",
        /// Switched off by configuration, or not ready yet.
        Unavailable = "unavailable",
        /// Our fault; `instance` is the incident id in the log.
        Internal = "internal",
    }
}

impl ProblemType {
    /// The `type` URI. Stable: other people's programs compare it.
    pub fn uri(self) -> String {
        format!("urn:countersign:problem:{}", self.as_str())
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            ProblemType::InvalidRequest => 400,
            ProblemType::Unauthorized => 401,
            ProblemType::Forbidden => 403,
            ProblemType::NotFound => 404,
            ProblemType::Conflict | ProblemType::NotApproved => 409,
            ProblemType::Expired => 410,
            ProblemType::TooLarge => 413,
            ProblemType::UnsupportedMediaType => 415,
            ProblemType::InvalidContainer
            | ProblemType::InvalidSignature
            | ProblemType::UnsuitableCertificate => 422,
            ProblemType::TooManyRequests => 429,
            ProblemType::Internal => 500,
            ProblemType::UpstreamFailed => 502,
            ProblemType::Unavailable => 503,
        }
    }

    /// The short text for people; the same for every occurrence.
    pub const fn title(self) -> &'static str {
        match self {
            ProblemType::InvalidRequest => "The request is not valid",
            ProblemType::Unauthorized => "Credentials are missing or wrong",
            ProblemType::Forbidden => "Not permitted",
            ProblemType::NotFound => "Not found",
            ProblemType::Conflict => "Not possible in the present state",
            ProblemType::Expired => "No longer kept",
            ProblemType::TooLarge => "The body is too large",
            ProblemType::UnsupportedMediaType => "The media type is not supported",
            ProblemType::InvalidContainer => "The file is not a readable container",
            ProblemType::InvalidSignature => "The signature does not verify",
            ProblemType::UnsuitableCertificate => "The certificate cannot be used for this",
            ProblemType::NotApproved => "The person did not approve",
            ProblemType::TooManyRequests => "Too many requests",
            ProblemType::UpstreamFailed => "A needed service did not answer",
            ProblemType::Unavailable => "Not available now",
            ProblemType::Internal => "Internal error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_member_is_reported_as_the_specification_shows() {
        let member = InvalidMember::at("/initialCallbackUrl", "The callback URL value is invalid");
        assert_eq!(
            serde_json::to_string(&Problem::invalid([member])).unwrap(),
            r#"{"type":"about:blank","status":400,"title":"Bad Request","detail":"Invalid request parameters found","errors":[{"detail":"Invalid initialCallbackUrl: The callback URL value is invalid","paramName":"initialCallbackUrl","pointer":"/initialCallbackUrl"}]}"#
        );
    }

    #[test]
    fn no_suitable_account_is_reported_as_the_specification_shows() {
        let problem = Problem::no_suitable_account().with_instance("/task-id/tdgx2dj9cfumh8");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"about:blank","status":404,"title":"Not Found","detail":"Not Found","instance":"/task-id/tdgx2dj9cfumh8","errors":[{"code":"NO_SUITABLE_ACCOUNT_FOUND","detail":"No suitable account of requested type found, but user has some other accounts"}]}"#
        );
    }

    #[test]
    fn a_missing_permission_is_reported_as_the_specification_shows() {
        let member = InvalidMember::at(
            "/requestProperties/shareMdClientIpAddress",
            "Relying Party does not have permissions to request the MD client IP address sharing",
        );
        let problem = Problem::forbidden(member).with_instance("/task-id/wCbZHrqH+7vY6YL9");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"about:blank","status":403,"title":"Forbidden","detail":"Forbidden","instance":"/task-id/wCbZHrqH+7vY6YL9","errors":[{"detail":"Relying Party does not have permissions to request the MD client IP address sharing","paramName":"shareMdClientIpAddress","pointer":"/requestProperties/shareMdClientIpAddress"}]}"#
        );
    }

    #[test]
    fn problems_are_read_back() {
        for kind in ProblemType::ALL {
            let problem = Problem::of(*kind, "what happened").with_member("needed", 3);
            let json = serde_json::to_string(&problem).unwrap();
            assert!(json.contains(&format!("\"type\":\"urn:countersign:problem:{kind}\"")));
            assert_eq!(serde_json::from_str::<Problem>(&json).unwrap(), problem);
        }
    }

    #[test]
    fn problem_types_use_statuses_that_have_a_phrase() {
        for kind in ProblemType::ALL {
            assert_ne!(status_title(kind.status()), "Error", "{kind}");
        }
    }
}
