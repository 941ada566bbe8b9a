//! What can go wrong on a phone.

use countersign_wire::device::{DeviceErrorCode, DeviceProblem};
use countersign_wire::words::Open;
use jiff::Timestamp;

/// Why the phone could not do what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The PIN was wrong.
    #[error("wrong PIN: {tries_left} tries left")]
    WrongPin {
        /// Wrong PINs that are still free.
        tries_left: u32,
    },
    /// Too many wrong PINs, for now.
    #[error("locked after wrong PINs until {until}")]
    Locked {
        /// When it opens again.
        until: Timestamp,
    },
    /// Too many wrong PINs, for good.
    #[error("blocked after too many wrong PINs; register again")]
    Blocked,
    /// The service has seen another copy of this phone.
    #[error("another copy of this phone has been used; register again")]
    CloneSuspect,
    /// The service refused the request.
    #[error("the service refused: {} ({})", .0.detail, .0.code.as_str())]
    Refused(Box<DeviceProblem>),
    /// No answer came. The request may have been carried out: the same call again finds out.
    #[error("no answer from the service: {0}")]
    NoAnswer(String),
    /// The answer is not what the protocol says.
    #[error("unexpected answer from the service: expected {expected}, found {found}")]
    UnexpectedAnswer {
        /// What was expected.
        expected: &'static str,
        /// What came, without its content.
        found: String,
    },
    /// The relying party offers no interaction that this phone can show.
    #[error("the request offers no interaction that this phone can show")]
    NoInteraction,
    /// The transaction cannot be signed as it is.
    #[error("the transaction is malformed: {0}")]
    MalformedTransaction(&'static str),
    /// The request to certify is not for this phone's key.
    #[error("the certification request does not hold this phone's key")]
    ForeignCertificationRequest,
    /// An earlier request is open; it has to be finished first.
    #[error("an earlier request has not been answered yet; finish it first")]
    PendingFirst,
    /// An earlier request was sent a moment ago and may still arrive.
    #[error("an earlier request may still be on its way; try again from {until} on")]
    OnItsWay {
        /// From when on it counts as lost.
        until: Timestamp,
    },
    /// The phone has no such key.
    #[error("this phone has no key {0}")]
    UnknownKey(String),
    /// The storage could not be written; nothing was sent.
    #[error("the phone's storage could not be written: {0}")]
    Vault(#[source] std::io::Error),
    /// The stored data is damaged.
    #[error("the phone's storage is damaged: {0}")]
    Storage(String),
    /// The arithmetic failed.
    #[error(transparent)]
    SplitKey(#[from] countersign_split_key::Error),
    /// A message could not be built or read.
    #[error(transparent)]
    Wire(#[from] countersign_wire::Error),
}

impl Error {
    /// The code of a refusal by the service.
    pub fn code(&self) -> Option<DeviceErrorCode> {
        match self {
            Error::Refused(problem) => match &problem.code {
                Open::Known(code) => Some(*code),
                Open::Unknown(_) => None,
            },
            Error::WrongPin { .. } => Some(DeviceErrorCode::WrongPin),
            Error::Locked { .. } => Some(DeviceErrorCode::Locked),
            Error::Blocked => Some(DeviceErrorCode::Blocked),
            Error::CloneSuspect => Some(DeviceErrorCode::CloneSuspect),
            Error::NoAnswer(_)
            | Error::UnexpectedAnswer { .. }
            | Error::NoInteraction
            | Error::MalformedTransaction(_)
            | Error::ForeignCertificationRequest
            | Error::PendingFirst
            | Error::OnItsWay { .. }
            | Error::UnknownKey(_)
            | Error::Vault(_)
            | Error::Storage(_)
            | Error::SplitKey(_)
            | Error::Wire(_) => None,
        }
    }
}

impl From<DeviceProblem> for Error {
    fn from(problem: DeviceProblem) -> Self {
        match (&problem.code, problem.tries_left, problem.until) {
            (Open::Known(DeviceErrorCode::WrongPin), Some(tries_left), _) => Error::WrongPin { tries_left },
            (Open::Known(DeviceErrorCode::Locked), _, Some(until)) => Error::Locked { until },
            (Open::Known(DeviceErrorCode::Blocked), _, _) => Error::Blocked,
            (Open::Known(DeviceErrorCode::CloneSuspect), _, _) => Error::CloneSuspect,
            _ => Error::Refused(Box::new(problem)),
        }
    }
}
