//! Every way in which a request is refused. The server turns these into answers in one `match`.

use jiff::Timestamp;

use crate::key::KeyRefusal;
use crate::{desk, registration};

/// A request that is not carried out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    // Relying party API: permissions.
    /// 403: the UUID belongs to no relying party.
    #[error("no relying party has this UUID")]
    UnknownRelyingParty,
    /// 401: the relying party does not call from this address.
    #[error("the relying party does not call from this address")]
    AddressNotAllowed,
    /// 403: the name is not one of the relying party's.
    #[error("the relying party has no such name")]
    NameNotRegistered,
    /// 403: `certificateLevel` ADVANCED needs a permission.
    #[error("the relying party may not ask for advanced certificates")]
    LevelNotPermitted,
    /// 403: `shareMdClientIpAddress` needs a permission.
    #[error("the relying party may not ask for the address of the device")]
    AddressSharingNotPermitted,
    /// 403: a capability needs a permission.
    #[error("the relying party may not ask for this capability")]
    CapabilityNotPermitted,

    // Relying party API: whom it asks for.
    /// 404: no such account, or no longer active.
    #[error("no such account")]
    NoAccount,
    /// 404 with code `NO_SUITABLE_ACCOUNT_FOUND`: there are accounts, but none of the kind asked for.
    #[error("no suitable account")]
    NoSuitableAccount,
    /// 400 on `linkedSessionID`.
    #[error("the linked session does not fit: {0}")]
    LinkedSession(LinkedSessionFault),
    /// 404: no such session, or its result is no longer kept.
    #[error("no such session")]
    NoSession,

    // Device API.
    /// `NOT_FOUND`: no such transaction or key for this device.
    #[error("no such transaction")]
    NotFound,
    /// `TX_EXPIRED`.
    #[error("the time for the transaction is over")]
    Expired,
    /// `TX_CANCELLED`: the session ended some other way.
    #[error("the transaction was ended")]
    Cancelled,
    /// `ALREADY_DONE`.
    #[error("the transaction is done")]
    AlreadyDone,
    /// `IN_PROGRESS`: the key or the transaction is being used by another request.
    #[error("another request is being worked on")]
    InProgress,
    /// `LOCKED`.
    #[error("the key is locked until {until}")]
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
    /// `BLOCKED`.
    #[error("the key is blocked")]
    Blocked,
    /// `CLONE_SUSPECT`: the device has been frozen.
    #[error("two copies of this device seem to exist")]
    CloneSuspect,
    /// `UNKNOWN_DEVICE`: revoked.
    #[error("the device is revoked")]
    DeviceRevoked,
    /// `BAD_REQUEST`: the request is well-formed but not possible here.
    #[error("the request is not possible here: {expected}")]
    NotPossible {
        /// What would have been possible.
        expected: &'static str,
    },
    /// `ACTIVATION_INVALID`: unknown, used, expired or tried too often; which of these is not told.
    #[error("the activation code is not valid")]
    ActivationInvalid,
    /// `KEY_REFUSED`.
    #[error("the key is refused: {reason}")]
    KeyRefused {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Our fault: shown as an incident. The same request may come again.
    #[error("the service failed")]
    Fault,
    /// The key has no use yet.
    #[error("the key is not active")]
    KeyNotActive,

    // Registration.
    /// Who may sign, and what there is to accept.
    #[error(transparent)]
    Registration(#[from] registration::Refusal),

    // The operator's API.
    /// Roles, and what takes two people.
    #[error(transparent)]
    Desk(#[from] desk::Refusal),
}

/// Why `linkedSessionID` does not fit (relying party API, section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkedSessionFault {
    /// No such session, or another relying party's. Which of these is not told.
    #[error("there is no such session")]
    Unknown,
    /// Not a device-link certificate choice.
    #[error("it is not a device-link certificate choice")]
    WrongKind,
    /// The certificate choice has not been made, or ended otherwise.
    #[error("it has not completed with a certificate")]
    NotChosen,
    /// Another account was chosen.
    #[error("another document was chosen")]
    OtherDocument,
    /// A signature was linked to it already.
    #[error("it has been used")]
    Used,
    /// The device no longer waits.
    #[error("the time for the linked signature is over")]
    Expired,
}

impl From<KeyRefusal> for Refusal {
    fn from(refusal: KeyRefusal) -> Self {
        match refusal {
            KeyRefusal::Locked { until } => Self::Locked { until },
            KeyRefusal::Blocked => Self::Blocked,
            KeyRefusal::InProgress => Self::InProgress,
            KeyRefusal::Revoked => Self::Blocked,
            KeyRefusal::NotActive => Self::KeyNotActive,
        }
    }
}
