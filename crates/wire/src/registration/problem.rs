//! Error bodies of the registration API: `{"error":"code","message":"text","traceId":"…"}` (registration 5.4), and of
//! `POST /oauth/token` [RFC 6749 §5.2].

use serde::{Deserialize, Serialize};

use super::words::{ErrorCode, OauthError};
use crate::problem::InvalidMember;

/// What was wrong. The status of the answer is [`ErrorCode::status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// The word for programs.
    pub error: ErrorCode,
    /// What happened, and what was expected. Names members, never repeats values.
    pub message: String,
    /// A reference to our log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// With [`ErrorCode::OtpInvalid`]: wrong codes that are still forgiven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u8>,
}

impl Refused {
    /// A refusal.
    pub fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self { error, message: message.into(), trace_id: None, attempts_left: None }
    }

    /// 400 that names every wrong member.
    pub fn invalid(members: &[InvalidMember]) -> Self {
        let texts: Vec<_> =
            members.iter().map(|wrong| format!("{}: {}", wrong.param_name, wrong.detail)).collect();
        Self::new(ErrorCode::InvalidRequest, texts.join("; "))
    }
}

/// A refused token request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthRefused {
    /// The word for programs.
    pub error: OauthError,
    /// What was expected, in printable ASCII without `"` and `\`.
    pub error_description: String,
}

impl OauthRefused {
    /// A refusal.
    pub fn new(error: OauthError, description: &'static str) -> Self {
        Self { error, error_description: description.to_owned() }
    }
}
