//! Errors of the device API: problem details [RFC 9457] with a stable code beside the `type`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::words;
use crate::words::Open;

words! {
    /// The `code` of a problem of the device API; stable, for programs.
    pub enum DeviceErrorCode {
        /// Wrong PIN; `triesLeft` and `token` follow.
        WrongPin = "WRONG_PIN",
        /// Too many wrong PINs; `until` and perhaps `token` follow.
        Locked = "LOCKED",
        /// Too many wrong PINs, for good; perhaps `token` follows.
        Blocked = "BLOCKED",
        /// Another copy of this device has been used.
        CloneSuspect = "CLONE_SUSPECT",
        /// The transaction's time is over.
        TxExpired = "TX_EXPIRED",
        /// The service withdrew the transaction.
        TxCancelled = "TX_CANCELLED",
        /// The transaction has been decided already.
        AlreadyDone = "ALREADY_DONE",
        /// Another request on this key is being computed.
        InProgress = "IN_PROGRESS",
        /// The nonce is missing or old; the answer carries a new one.
        UseNonce = "USE_NONCE",
        /// This version of the app is too old.
        UpgradeRequired = "UPGRADE_REQUIRED",
        /// No active device has this key.
        UnknownDevice = "UNKNOWN_DEVICE",
        /// The proof does not prove this request.
        ProofInvalid = "PROOF_INVALID",
        /// No such activation code, or used, or old.
        ActivationInvalid = "ACTIVATION_INVALID",
        /// The key share was refused; `reason` follows.
        KeyRefused = "KEY_REFUSED",
        /// The person chose a wrong code; the session has ended.
        WrongCode = "WRONG_CODE",
        /// The link's authentication code is wrong; the session has ended.
        LinkInvalid = "LINK_INVALID",
        /// The link is too old or from the future; the session goes on.
        LinkStale = "LINK_STALE",
        /// Another device has the session.
        LinkTaken = "LINK_TAKEN",
        /// A same-device link to a session without callback.
        LinkNoCallback = "LINK_NO_CALLBACK",
        /// The session is for somebody else.
        WrongPerson = "WRONG_PERSON",
        /// The request is malformed.
        BadRequest = "BAD_REQUEST",
        /// Nothing of this id here.
        NotFound = "NOT_FOUND",
        /// Too many requests lately; `Retry-After` says when to come back.
        TooManyRequests = "TOO_MANY_REQUESTS",
    }
}

impl DeviceErrorCode {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::KeyRefused | Self::LinkInvalid | Self::LinkNoCallback => 400,
            Self::UseNonce | Self::UnknownDevice | Self::ProofInvalid => 401,
            Self::WrongPin | Self::ActivationInvalid | Self::CloneSuspect | Self::WrongPerson => 403,
            Self::NotFound => 404,
            Self::AlreadyDone | Self::InProgress | Self::LinkTaken | Self::LinkStale | Self::WrongCode => 409,
            Self::TxExpired | Self::TxCancelled => 410,
            Self::Locked | Self::Blocked => 423,
            Self::UpgradeRequired => 426,
            Self::TooManyRequests => 429,
        }
    }

    /// The short text for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::WrongPin => "Wrong PIN",
            Self::Locked => "Locked for a while",
            Self::Blocked => "Locked for good",
            Self::CloneSuspect => "Register again",
            Self::TxExpired => "The request has expired",
            Self::TxCancelled => "The request was withdrawn",
            Self::AlreadyDone => "Already decided",
            Self::InProgress => "Another request is being computed",
            Self::UseNonce => "A fresh nonce is needed",
            Self::UpgradeRequired => "This app is too old",
            Self::UnknownDevice => "Unknown device",
            Self::ProofInvalid => "The device proof is not valid",
            Self::ActivationInvalid => "The activation code is not valid",
            Self::KeyRefused => "The key was refused",
            Self::WrongCode => "Wrong code",
            Self::LinkInvalid => "The link is not valid",
            Self::LinkStale => "The link is too old",
            Self::LinkTaken => "Taken by another device",
            Self::LinkNoCallback => "The link has no way back",
            Self::WrongPerson => "Meant for somebody else",
            Self::BadRequest => "The request is not valid",
            Self::NotFound => "Not found",
            Self::TooManyRequests => "Too many requests",
        }
    }

    /// The `type` URI: `urn:countersign:device:CODE`.
    pub fn uri(self) -> String {
        format!("urn:countersign:device:{}", self.as_str())
    }
}

/// A problem of the device API: problem details [RFC 9457] with a stable `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceProblem {
    /// `urn:countersign:device:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text of the code, for people.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What happened, in words.
    pub detail: String,
    /// The code, for programs.
    pub code: Open<DeviceErrorCode>,
    /// With `WRONG_PIN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
    /// With `LOCKED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The next token, when the request was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Sealed>,
    /// With `KEY_REFUSED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl DeviceProblem {
    /// A problem with this code.
    pub fn new(code: DeviceErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: code.uri(),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code: code.into(),
            tries_left: None,
            until: None,
            token: None,
            reason: None,
        }
    }
}
