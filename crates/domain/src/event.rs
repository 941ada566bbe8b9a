//! What happened: the audit trail, written in the same transaction as the state that it explains.
//!
//! No secrets, no names, no texts of relying parties. People appear as document numbers only.

use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, RelyingPartyUuid, SessionId, TransactionId};
use countersign_wire::words::{EndResult, FlowType};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::KeyUse;
use crate::desk::{DeskEvent, Evidence, OperatorAct};
use crate::registration::RegistrationEvent;
use crate::revocation::RevocationReason;

/// One thing that happened. The store adds number and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A relying party asked.
    SessionStarted {
        /// The session.
        session: SessionId,
        /// Who asked.
        relying_party: RelyingPartyUuid,
        /// The endpoint, which says what, how and whom: `/v3/…` with `{addressee}`.
        endpoint: String,
        /// The account, where it is known already.
        document: Option<DocumentNumber>,
    },
    /// A device opened the session's link.
    SessionClaimed {
        /// The session.
        session: SessionId,
        /// The account.
        document: DocumentNumber,
        /// The device.
        device: DeviceId,
        /// How it got there.
        flow_type: FlowType,
    },
    /// The device fetched what there is to approve.
    TransactionDisplayed {
        /// The session.
        session: SessionId,
        /// The transaction.
        transaction: TransactionId,
    },
    /// A session came to its end.
    SessionCompleted {
        /// The session.
        session: SessionId,
        /// How.
        result: EndResult,
        /// The account, where one was reached.
        document: Option<DocumentNumber>,
    },
    /// A device waits for the signature that follows a certificate choice.
    LinkedSignatureAwaited {
        /// The certificate choice.
        session: SessionId,
        /// The account.
        document: DocumentNumber,
        /// Until when.
        until: Timestamp,
    },

    /// A PIN is about to be checked.
    TryCounted {
        /// The key.
        key: KeyId,
        /// Tries since the last right PIN or lock, this one included.
        tries_used: u8,
    },
    /// The PIN was right.
    PinAccepted {
        /// The key.
        key: KeyId,
    },
    /// The PIN was wrong.
    PinRejected {
        /// The key.
        key: KeyId,
        /// Tries since the last right PIN or lock, this one included.
        tries_used: u8,
    },
    /// Too many wrong PINs.
    KeyLocked {
        /// The key.
        key: KeyId,
        /// End of the lock.
        until: Timestamp,
    },
    /// Too many wrong PINs, for the last time.
    KeyBlocked {
        /// The key.
        key: KeyId,
    },
    /// A lock was opened before its time.
    KeyUnlocked {
        /// The key.
        key: KeyId,
    },
    /// A computation failed on our side. Somebody has to look.
    ComputationFailed {
        /// The key.
        key: KeyId,
    },
    /// The PIN was changed.
    PinChanged {
        /// The key.
        key: KeyId,
    },

    /// An activation code was made.
    ActivationIssued {
        /// The account to be.
        document: DocumentNumber,
        /// End of the code's life.
        until: Timestamp,
    },
    /// A wrong activation code came.
    ActivationFailed {
        /// The account to be.
        document: DocumentNumber,
        /// Tries left.
        tries_left: u8,
    },
    /// An operator did something for a person; what came of it is in the events of the same transaction.
    OperatorActed {
        /// Who: the name of the key in the configuration.
        operator: String,
        /// What.
        act: OperatorAct,
        /// The account.
        document: DocumentNumber,
        /// Where the proof of identity is kept, in the operator's own words.
        evidence: Option<Evidence>,
    },
    /// A device used an activation code.
    DeviceEnrolled {
        /// The account.
        document: DocumentNumber,
        /// The device.
        device: DeviceId,
    },
    /// A two-party key was put together.
    KeyMade {
        /// The key.
        key: KeyId,
        /// The account.
        document: DocumentNumber,
        /// Which PIN.
        usage: KeyUse,
    },
    /// The device proved its half.
    KeyProven {
        /// The key.
        key: KeyId,
    },
    /// The proof failed: the key was thrown away.
    KeyDiscarded {
        /// The key.
        key: KeyId,
    },
    /// A certificate was issued.
    CertificateIssued {
        /// The issuer's key.
        issuer: String,
        /// Serial number, hexadecimal.
        serial: String,
        /// The account, for certificates of people.
        document: Option<DocumentNumber>,
    },
    /// Both certificates are there: relying parties may address the account.
    AccountActivated {
        /// The account.
        document: DocumentNumber,
    },

    /// A finished authentication was turned into a registrant token.
    SessionExchanged {
        /// The session.
        session: SessionId,
        /// The token's name.
        token: String,
    },
    /// Registrant tokens were withdrawn before their end.
    TokensDenied {
        /// The name of the one token; none: all of a person.
        token: Option<String>,
        /// Whose, by country and code; none where only the token's name was known.
        holder: Option<String>,
        /// Who did it: the name of an operator's or partner's key, or `holder`.
        by: String,
    },

    /// Two devices seem to use one token: the device was frozen.
    CloneSuspected {
        /// The device.
        device: DeviceId,
        /// The account.
        document: DocumentNumber,
    },
    /// A device wants to be woken.
    PushSubscribed {
        /// The device.
        device: DeviceId,
        /// The account.
        document: DocumentNumber,
    },
    /// A device is not woken any more: it said so, or listens no longer.
    PushUnsubscribed {
        /// The device.
        device: DeviceId,
        /// The account.
        document: DocumentNumber,
    },
    /// A device was revoked.
    DeviceRevoked {
        /// The device.
        device: DeviceId,
        /// The account.
        document: DocumentNumber,
    },
    /// An account was revoked, with its keys and certificates.
    AccountRevoked {
        /// The account.
        document: DocumentNumber,
        /// Why.
        reason: RevocationReason,
    },
    /// A certificate was put on hold.
    CertificateSuspended {
        /// The issuer's key.
        issuer: String,
        /// Serial number, hexadecimal.
        serial: String,
    },
    /// A certificate was taken off hold.
    CertificateResumed {
        /// The issuer's key.
        issuer: String,
        /// Serial number, hexadecimal.
        serial: String,
    },
    /// A certificate was revoked.
    CertificateRevoked {
        /// The issuer's key.
        issuer: String,
        /// Serial number, hexadecimal.
        serial: String,
        /// Why.
        reason: RevocationReason,
    },

    /// Something of a registration: evidence, codes, terms.
    Registration(RegistrationEvent),
    /// Something at the desk: proposals, identifications, what is held of a person.
    Desk(DeskEvent),
}

/// What an operator did, as the audit trail is searched for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acted<'a> {
    /// The name of their key.
    pub operator: &'a str,
    /// The word of the act.
    pub act: &'a str,
    /// On whose word.
    pub reference: Option<&'a str>,
}

impl From<RegistrationEvent> for Event {
    fn from(event: RegistrationEvent) -> Self {
        Self::Registration(event)
    }
}

impl From<DeskEvent> for Event {
    fn from(event: DeskEvent) -> Self {
        Self::Desk(event)
    }
}

impl Event {
    /// The kind as one word, for look-ups.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SessionStarted { .. } => "SessionStarted",
            Self::SessionClaimed { .. } => "SessionClaimed",
            Self::TransactionDisplayed { .. } => "TransactionDisplayed",
            Self::SessionCompleted { .. } => "SessionCompleted",
            Self::LinkedSignatureAwaited { .. } => "LinkedSignatureAwaited",
            Self::TryCounted { .. } => "TryCounted",
            Self::PinAccepted { .. } => "PinAccepted",
            Self::PinRejected { .. } => "PinRejected",
            Self::KeyLocked { .. } => "KeyLocked",
            Self::KeyBlocked { .. } => "KeyBlocked",
            Self::KeyUnlocked { .. } => "KeyUnlocked",
            Self::ComputationFailed { .. } => "ComputationFailed",
            Self::PinChanged { .. } => "PinChanged",
            Self::ActivationIssued { .. } => "ActivationIssued",
            Self::ActivationFailed { .. } => "ActivationFailed",
            Self::OperatorActed { .. } => "OperatorActed",
            Self::DeviceEnrolled { .. } => "DeviceEnrolled",
            Self::KeyMade { .. } => "KeyMade",
            Self::KeyProven { .. } => "KeyProven",
            Self::KeyDiscarded { .. } => "KeyDiscarded",
            Self::CertificateIssued { .. } => "CertificateIssued",
            Self::AccountActivated { .. } => "AccountActivated",
            Self::SessionExchanged { .. } => "SessionExchanged",
            Self::TokensDenied { .. } => "TokensDenied",
            Self::CloneSuspected { .. } => "CloneSuspected",
            Self::PushSubscribed { .. } => "PushSubscribed",
            Self::PushUnsubscribed { .. } => "PushUnsubscribed",
            Self::DeviceRevoked { .. } => "DeviceRevoked",
            Self::AccountRevoked { .. } => "AccountRevoked",
            Self::CertificateSuspended { .. } => "CertificateSuspended",
            Self::CertificateResumed { .. } => "CertificateResumed",
            Self::CertificateRevoked { .. } => "CertificateRevoked",
            Self::Registration(event) => event.kind(),
            Self::Desk(event) => event.kind(),
        }
    }

    /// What it happened to: the id of a session, key, device, account or certificate.
    pub fn subject(&self) -> String {
        match self {
            Self::SessionStarted { session, .. }
            | Self::SessionClaimed { session, .. }
            | Self::TransactionDisplayed { session, .. }
            | Self::SessionCompleted { session, .. }
            | Self::LinkedSignatureAwaited { session, .. }
            | Self::SessionExchanged { session, .. } => session.to_string(),
            Self::TokensDenied { token, holder, .. } => {
                token.as_ref().or(holder.as_ref()).cloned().unwrap_or_default()
            }
            Self::TryCounted { key, .. }
            | Self::PinAccepted { key }
            | Self::PinRejected { key, .. }
            | Self::KeyLocked { key, .. }
            | Self::KeyBlocked { key }
            | Self::KeyUnlocked { key }
            | Self::ComputationFailed { key }
            | Self::PinChanged { key }
            | Self::KeyMade { key, .. }
            | Self::KeyProven { key }
            | Self::KeyDiscarded { key } => key.to_string(),
            Self::CloneSuspected { device, .. }
            | Self::DeviceRevoked { device, .. }
            | Self::PushSubscribed { device, .. }
            | Self::PushUnsubscribed { device, .. }
            | Self::DeviceEnrolled { device, .. } => device.to_string(),
            Self::ActivationIssued { document, .. }
            | Self::ActivationFailed { document, .. }
            | Self::OperatorActed { document, .. }
            | Self::AccountActivated { document }
            | Self::AccountRevoked { document, .. } => document.to_string(),
            Self::CertificateIssued { issuer, serial, .. }
            | Self::CertificateSuspended { issuer, serial }
            | Self::CertificateResumed { issuer, serial }
            | Self::CertificateRevoked { issuer, serial, .. } => {
                format!("{issuer}/{serial}")
            }
            Self::Registration(event) => event.subject(),
            Self::Desk(event) => event.subject(),
        }
    }

    /// Who did this and on what word, where it was an operator.
    pub fn acted(&self) -> Option<Acted<'_>> {
        let (operator, act, reference) = match self {
            Self::OperatorActed { operator, act, evidence, .. } => {
                (operator.as_str(), act.as_str(), evidence.as_ref())
            }
            Self::Registration(RegistrationEvent::DeskActed { operator, act, reference, .. }) => {
                (operator.as_str(), act.as_str(), reference.as_ref())
            }
            Self::TokensDenied { by, .. } => (by.as_str(), "deny-tokens", None),
            Self::Desk(event) => event.acted()?,
            _ => return None,
        };
        Some(Acted { operator, act, reference: reference.map(Evidence::as_str) })
    }
}
