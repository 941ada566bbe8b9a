//! What happened in a registration. People appear as evidence ids only: no numbers, no names, no serials.

use countersign_wire::id::{ChallengeId, DocumentNumber, SessionId, TermsId};
use countersign_wire::registration::{ClientId, EvidenceId, StepUpId, TenantId, TermsError};
use countersign_wire::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::evidence::EndReason;
use super::means::MeansKind;
use super::password::PasswordSetBy;
use crate::desk;
use crate::revocation::RevocationReason;

words! {
    /// What an operator does with evidence.
    pub enum DeskAct {
        /// Records an identification.
        Record = "record-evidence",
        /// Binds the phone whose words they have compared.
        Bind = "bind-evidence",
        /// Ends it.
        End = "end-evidence",
        /// Has a link sent with which its holder can set a password.
        InvitePassword = "invite-password",
        /// Ends the password of its holder.
        EndPassword = "end-password",
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "registration", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum RegistrationEvent {
    /// Somebody was identified.
    EvidenceRecorded {
        /// The evidence.
        evidence: EvidenceId,
        /// Whose person it is.
        tenant: TenantId,
        /// Who recorded it: an operator's key, or a provider.
        by: String,
    },
    /// An operator did something with evidence; what came of it is in the events of the same transaction.
    DeskActed {
        /// Who: the name of the key in the configuration.
        operator: String,
        /// What.
        act: DeskAct,
        /// The evidence.
        evidence: EvidenceId,
        /// Where the reason for it is kept, in the operator's own words.
        reference: Option<desk::Evidence>,
    },
    /// The evidence counts from now on, with this kind of means.
    EvidenceBound {
        /// The evidence.
        evidence: EvidenceId,
        /// The kind.
        means: MeansKind,
    },
    /// The evidence does not count any more.
    EvidenceEnded {
        /// The evidence.
        evidence: EvidenceId,
        /// Why.
        reason: EndReason,
    },
    /// The level ends at 3: terms were accepted with another means.
    EvidenceLowered {
        /// The evidence.
        evidence: EvidenceId,
    },
    /// A code was made, to be sent.
    CodeIssued {
        /// The challenge.
        challenge: ChallengeId,
        /// Who asked.
        client: ClientId,
    },
    /// A wrong code came.
    CodeRejected {
        /// The challenge.
        challenge: ChallengeId,
        /// Wrong codes that are still forgiven.
        tries_left: u8,
    },
    /// The holder of the number has shown that they are.
    NumberVerified {
        /// The challenge.
        challenge: ChallengeId,
        /// For whom.
        client: ClientId,
    },
    /// A link to terms was given out.
    TermsOffered {
        /// The acceptance.
        acceptance: TermsId,
        /// For whom.
        evidence: EvidenceId,
        /// To whom.
        client: ClientId,
    },
    /// The person said which terms they accept; their means is asked now.
    TermsDecided {
        /// The acceptance.
        acceptance: TermsId,
        /// What they are asked to confirm with.
        means: MeansKind,
        /// The session that asks their app.
        session: Option<SessionId>,
        /// The question that another service puts to them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<StepUpId>,
    },
    /// The terms are accepted, and the proof is kept.
    TermsAccepted {
        /// The acceptance.
        acceptance: TermsId,
        /// For whom.
        evidence: EvidenceId,
        /// The level ends at 3.
        downgrade: bool,
    },
    /// A password was set: the means has another serial number from now on.
    PasswordSet {
        /// The evidence whose holder was invited to have one.
        evidence: EvidenceId,
        /// How.
        by: PasswordSetBy,
    },
    /// A wrong password came, from somebody who holds the number.
    PasswordRejected {
        /// The evidence.
        evidence: EvidenceId,
        /// Wrong passwords that are still forgiven.
        tries_left: u8,
    },
    /// One too many: none counts until then.
    PasswordLocked {
        /// The evidence.
        evidence: EvidenceId,
        /// Until then.
        until: Timestamp,
    },
    /// The password counts no more.
    PasswordEnded {
        /// The evidence.
        evidence: EvidenceId,
    },
    /// What was issued on the evidence has to go.
    CertificatesDue {
        /// The evidence.
        evidence: EvidenceId,
        /// The account that stood on it.
        document: DocumentNumber,
        /// Why.
        reason: RevocationReason,
    },
    /// It ended without an acceptance.
    TermsEnded {
        /// The acceptance.
        acceptance: TermsId,
        /// Why.
        error: TermsError,
    },
}

impl RegistrationEvent {
    /// The kind as one word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::EvidenceRecorded { .. } => "EvidenceRecorded",
            Self::DeskActed { .. } => "DeskActed",
            Self::EvidenceBound { .. } => "EvidenceBound",
            Self::EvidenceEnded { .. } => "EvidenceEnded",
            Self::EvidenceLowered { .. } => "EvidenceLowered",
            Self::CodeIssued { .. } => "CodeIssued",
            Self::CodeRejected { .. } => "CodeRejected",
            Self::NumberVerified { .. } => "NumberVerified",
            Self::TermsOffered { .. } => "TermsOffered",
            Self::TermsDecided { .. } => "TermsDecided",
            Self::TermsAccepted { .. } => "TermsAccepted",
            Self::TermsEnded { .. } => "TermsEnded",
            Self::PasswordSet { .. } => "PasswordSet",
            Self::PasswordRejected { .. } => "PasswordRejected",
            Self::PasswordLocked { .. } => "PasswordLocked",
            Self::PasswordEnded { .. } => "PasswordEnded",
            Self::CertificatesDue { .. } => "CertificatesDue",
        }
    }

    /// What it happened to.
    pub fn subject(&self) -> String {
        match self {
            Self::EvidenceRecorded { evidence, .. }
            | Self::DeskActed { evidence, .. }
            | Self::EvidenceBound { evidence, .. }
            | Self::EvidenceEnded { evidence, .. }
            | Self::EvidenceLowered { evidence }
            | Self::PasswordSet { evidence, .. }
            | Self::PasswordRejected { evidence, .. }
            | Self::PasswordLocked { evidence, .. }
            | Self::PasswordEnded { evidence }
            | Self::CertificatesDue { evidence, .. } => evidence.to_string(),
            Self::CodeIssued { challenge, .. }
            | Self::CodeRejected { challenge, .. }
            | Self::NumberVerified { challenge, .. } => challenge.to_string(),
            Self::TermsOffered { acceptance, .. }
            | Self::TermsDecided { acceptance, .. }
            | Self::TermsAccepted { acceptance, .. }
            | Self::TermsEnded { acceptance, .. } => acceptance.to_string(),
        }
    }
}
