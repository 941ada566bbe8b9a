//! What happened at the desk beyond evidence and accounts.

use countersign_wire::admin::right::Act;
use countersign_wire::id::{IdentificationId, ProposalId, SemanticsIdentifier};
use countersign_wire::registration::{EvidenceId, TenantId};
use serde::{Deserialize, Serialize};

use super::Evidence;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "desk", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum DeskEvent {
    /// An operator wants something that takes two.
    Proposed {
        /// The proposal.
        proposal: ProposalId,
        /// Who.
        operator: String,
        /// What.
        act: Act,
    },
    /// Another agreed, and it was done: what came of it is in the events of the same transaction.
    ProposalApproved {
        /// The proposal.
        proposal: ProposalId,
        /// Who.
        operator: String,
        /// What.
        act: Act,
    },
    /// It will not be done.
    ProposalRejected {
        /// The proposal.
        proposal: ProposalId,
        /// Who.
        operator: String,
        /// What.
        act: Act,
        /// Where the reason for it is kept.
        reference: Option<Evidence>,
    },
    /// Nobody decided in time.
    ProposalExpired {
        /// The proposal.
        proposal: ProposalId,
        /// What.
        act: Act,
    },
    /// An identification was begun.
    IdentificationStarted {
        /// The identification.
        identification: IdentificationId,
        /// Who.
        operator: String,
        /// Whose person it is.
        tenant: TenantId,
        /// Where the file of it is kept.
        reference: Option<Evidence>,
    },
    /// The person has shown that they hold the number.
    NumberProven {
        /// The identification.
        identification: IdentificationId,
    },
    /// It led to evidence.
    IdentificationFinished {
        /// The identification.
        identification: IdentificationId,
        /// What it led to.
        evidence: EvidenceId,
    },
    /// It was ended without any.
    IdentificationCancelled {
        /// The identification.
        identification: IdentificationId,
        /// Who.
        operator: String,
    },
    /// A partner's result became evidence.
    ResultTaken {
        /// Whose result: the name of the partner in the configuration.
        partner: String,
        /// Who handed it in.
        operator: String,
        /// The result's own name (`jti`), hashed: partners choose it, and it may say anything.
        result: String,
        /// What it led to.
        evidence: EvidenceId,
    },
    /// What is held of a person was taken out.
    PersonExported {
        /// Who.
        operator: String,
        /// Whose.
        person: SemanticsIdentifier,
        /// Where the request for it is kept.
        reference: Option<Evidence>,
    },
    /// What is held of a person was erased, as far as it may be.
    PersonErased {
        /// Who.
        operator: String,
        /// Whose.
        person: SemanticsIdentifier,
        /// Where the request for it is kept.
        reference: Option<Evidence>,
    },
}

impl DeskEvent {
    /// The kind as one word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Proposed { .. } => "Proposed",
            Self::ProposalApproved { .. } => "ProposalApproved",
            Self::ProposalRejected { .. } => "ProposalRejected",
            Self::ProposalExpired { .. } => "ProposalExpired",
            Self::IdentificationStarted { .. } => "IdentificationStarted",
            Self::NumberProven { .. } => "IdentificationNumberProven",
            Self::IdentificationFinished { .. } => "IdentificationFinished",
            Self::IdentificationCancelled { .. } => "IdentificationCancelled",
            Self::ResultTaken { .. } => "ResultTaken",
            Self::PersonExported { .. } => "PersonExported",
            Self::PersonErased { .. } => "PersonErased",
        }
    }

    /// What it happened to.
    pub fn subject(&self) -> String {
        match self {
            Self::Proposed { proposal, .. }
            | Self::ProposalApproved { proposal, .. }
            | Self::ProposalRejected { proposal, .. }
            | Self::ProposalExpired { proposal, .. } => proposal.to_string(),
            Self::IdentificationStarted { identification, .. }
            | Self::NumberProven { identification }
            | Self::IdentificationFinished { identification, .. }
            | Self::IdentificationCancelled { identification, .. } => identification.to_string(),
            Self::ResultTaken { evidence, .. } => evidence.to_string(),
            Self::PersonExported { person, .. } | Self::PersonErased { person, .. } => person.to_string(),
        }
    }

    /// Who did what, on what word; nothing where it happened by itself.
    pub fn acted(&self) -> Option<(&str, &'static str, Option<&Evidence>)> {
        match self {
            Self::Proposed { operator, .. } => Some((operator, "propose", None)),
            Self::ProposalApproved { operator, .. } => Some((operator, "approve-proposal", None)),
            Self::ProposalRejected { operator, reference, .. } => {
                Some((operator, "reject-proposal", reference.as_ref()))
            }
            Self::IdentificationStarted { operator, reference, .. } => {
                Some((operator, Act::StartIdentification.as_str(), reference.as_ref()))
            }
            Self::IdentificationCancelled { operator, .. } => {
                Some((operator, Act::CancelIdentification.as_str(), None))
            }
            Self::ResultTaken { operator, .. } => Some((operator, Act::UploadResult.as_str(), None)),
            Self::PersonExported { operator, reference, .. } => {
                Some((operator, Act::ExportPerson.as_str(), reference.as_ref()))
            }
            Self::PersonErased { operator, reference, .. } => {
                Some((operator, Act::ErasePerson.as_str(), reference.as_ref()))
            }
            Self::ProposalExpired { .. }
            | Self::NumberProven { .. }
            | Self::IdentificationFinished { .. } => None,
        }
    }
}
