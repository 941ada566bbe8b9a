//! What can go wrong with a token.

use std::path::PathBuf;
use std::time::Duration;

use cryptoki::error::{Error as Driver, RvError};

/// Why a token or a key in it cannot be used. No variant holds a PIN.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The driver cannot be loaded.
    #[error("the PKCS#11 module {} cannot be loaded: {reason}", .path.display())]
    Module {
        /// The shared library.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No token has this label.
    #[error("no token with the label {label:?} is there")]
    NoToken {
        /// The label.
        label: String,
    },
    /// The token refuses the PIN.
    #[error("the token {label:?} refuses the PIN")]
    WrongPin {
        /// The token's label.
        label: String,
    },
    /// No key has this label.
    #[error("no {class} key with the label {label:?} is in the token")]
    NoKey {
        /// `private` or `public`.
        class: &'static str,
        /// The label.
        label: String,
    },
    /// A key that was found before is not there any more.
    #[error("the key with the label {label:?} is not in the token any more")]
    KeyGone {
        /// The label.
        label: String,
    },
    /// Several keys have this label.
    #[error("{count} {class} keys have the label {label:?}")]
    Ambiguous {
        /// `private` or `public`.
        class: &'static str,
        /// The label.
        label: String,
        /// How many.
        count: usize,
    },
    /// A key of this label is there already.
    #[error("a key with the label {label:?} is in the token already")]
    Taken {
        /// The label.
        label: String,
    },
    /// The key is of a kind that is not used here.
    #[error("the key {label:?} cannot be used: {reason}")]
    UnsuitableKey {
        /// The label.
        label: String,
        /// Why.
        reason: String,
    },
    /// Every session was busy for longer than a signature may wait.
    #[error("all {sessions} sessions with the token were busy for {waited:?}")]
    Busy {
        /// How many there are.
        sessions: usize,
        /// How long it was waited.
        waited: Duration,
    },
    /// The driver or the token refuses.
    #[error("the token refuses: {0}")]
    Driver(#[from] Driver),
}

impl Error {
    /// Whether the sessions are worth nothing any more, so that new ones should be tried.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Driver(Driver::Pkcs11(code, _)) => is_lost(*code),
            // Found before, and not now. A key that was never there is no sign of anything.
            Self::NoToken { .. } | Self::KeyGone { .. } => true,
            _ => false,
        }
    }
}

fn is_lost(code: RvError) -> bool {
    matches!(
        code,
        RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::CryptokiNotInitialized
            | RvError::DeviceError
            | RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::UserNotLoggedIn
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::GeneralError
            | RvError::FunctionFailed
    )
}
