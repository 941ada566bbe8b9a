//! What operators may do, word by word: roles of keys, acts, and acts that wait for a second person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ProposalId;
use crate::words;

words! {
    /// What somebody's key is for. A key may have several.
    pub enum Role {
        /// Identifies people, records it, hands out codes, binds phones.
        Registrar = "registrar",
        /// The second person for what registrars, revokers and data protection propose.
        Approver = "approver",
        /// Ends evidence, accounts, certificates and tokens.
        Revoker = "revoker",
        /// Reads everything, changes nothing.
        Auditor = "auditor",
        /// Runs the certificate authority; the second person there, too.
        Authority = "authority",
        /// Exports and erases what is held of a person.
        Privacy = "privacy",
        /// A partner's own system, which hands in the results of its identifications and nothing else.
        Partner = "partner",
        /// All of them, as every key had it before there were roles.
        All = "all",
    }

    /// What operators do. The one list: `domain::desk` says who may, and what takes two.
    pub enum Act {
        /// Looks at activations, people, accounts, evidence and identifications.
        LookUp = "look-up",
        /// Looks at certificates, CAs and responders.
        LookAtAuthority = "look-at-authority",
        /// Reads the ceremony log.
        ReadCeremony = "read-ceremony-log",
        /// Looks at what waits for a second person.
        LookAtProposals = "look-at-proposals",
        /// Approves or rejects it.
        Decide = "decide-proposal",
        /// Reads the audit trail, and has it checked.
        ReadTrail = "read-trail",
        /// Hands out a code for a phone.
        IssueActivation = "issue-activation",
        /// Makes one worthless.
        WithdrawActivation = "withdraw-activation",
        /// Begins an identification.
        StartIdentification = "start-identification",
        /// Ends one that leads nowhere.
        CancelIdentification = "cancel-identification",
        /// Records an identification that grants level 3 at most.
        RecordEvidence = "record-evidence",
        /// Records one that grants level 4.
        RecordQualified = "record-qualified-evidence",
        /// Hands in the result of a partner's identification.
        UploadResult = "upload-result",
        /// Binds the phone whose words were compared.
        BindEvidence = "bind-evidence",
        /// Ends evidence because it is not wanted any more.
        EndEvidence = "end-evidence",
        /// Ends evidence because it is wrong.
        EndWrong = "end-evidence-as-wrong",
        /// Has a link to set a password sent to the holder of evidence.
        InvitePassword = "invite-to-password",
        /// Ends what they have set.
        EndPassword = "end-password",
        /// Ends an account.
        RevokeAccount = "revoke-account",
        /// Opens the lock of a key.
        UnlockKey = "unlock-key",
        /// Withdraws registrant tokens.
        DenyTokens = "deny-tokens",
        /// Takes out everything that is held of a person.
        ExportPerson = "export-person",
        /// Erases it, as far as the law lets it go.
        ErasePerson = "erase-person",
        /// Has a certificate made for a request.
        IssueCertificate = "issue-certificate",
        /// Ends a certificate.
        RevokeCertificate = "revoke-certificate",
        /// Puts one on hold.
        SuspendCertificate = "suspend-certificate",
        /// Takes one off hold.
        ResumeCertificate = "resume-certificate",
        /// Lets a new CA take over.
        RollOverCa = "roll-over-ca",
        /// Gives responders new keys.
        RollOverResponders = "roll-over-responders",
        /// Says that the clock is right.
        AcceptClock = "accept-clock",
        /// Notes something in the ceremony log.
        NoteCeremony = "note-in-ceremony-log",
    }

    /// Where a proposal stands.
    pub enum ProposalStanding {
        /// It waits for a second person.
        Open = "OPEN",
        /// Somebody else agreed, and it was done.
        Approved = "APPROVED",
        /// Somebody said no, or whoever proposed it took it back.
        Rejected = "REJECTED",
        /// Nobody decided in time.
        Expired = "EXPIRED",
    }
}

/// What an operator wants to do, and another has to agree to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalEntry {
    /// What it is called.
    pub proposal: ProposalId,
    /// What is to be done.
    pub act: Act,
    /// Where it stands.
    pub state: ProposalStanding,
    /// Who proposes it.
    pub by: String,
    /// When.
    pub proposed: Timestamp,
    /// Until when it waits.
    pub expires: Timestamp,
    /// SHA-256, in hexadecimal, of method, path and body, each followed by a line feed. Who approves repeats it.
    pub sha256: String,
    /// The request as it came. Only while it waits: afterwards the hash is all that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ProposedRequest>,
    /// Who decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Timestamp>,
}

/// A request that waits, letter by letter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedRequest {
    /// `POST`.
    pub method: String,
    /// With what comes before: `/admin/v1/evidence`.
    pub path: String,
    /// The body's text.
    pub body: String,
}

/// The answer to `GET /proposals`, newest first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposalList {
    /// At most 500.
    pub proposals: Vec<ProposalEntry>,
}

/// `POST /proposals/{proposal}/approve`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveProposal {
    /// That of the proposal, so that nothing is approved but what was looked at.
    pub sha256: String,
}

/// `POST /proposals/{proposal}/reject`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RejectProposal {
    /// Where the reason for it is kept: a reference, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// What came of an approval: the proposal, and what the act itself answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedProposal {
    /// As it stands now.
    pub proposal: ProposalEntry,
    /// What the proposed request would have answered at once.
    pub answer: serde_json::Value,
}

/// The answer to `GET /operator`: whose key this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorEntry {
    /// The name of the key.
    pub operator: String,
    /// What it is for.
    pub roles: Vec<Role>,
    /// What may be done with it.
    pub acts: Vec<Act>,
    /// What of that waits for a second person.
    pub four_eyes: Vec<Act>,
    /// What may not be done with it, and which roles may.
    pub others: Vec<OthersAct>,
}

/// An act that a key is not for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OthersAct {
    /// The act.
    pub act: Act,
    /// Any of these lets a key do it.
    pub roles: Vec<Role>,
}
