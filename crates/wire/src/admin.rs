//! The operator's API (`/admin/v1`): what a registration desk does for people. Ours alone; no other service speaks it.
//!
//! JSON in both directions, times RFC 3339. The operator's key travels as `Authorization: Bearer …` [RFC 6750 §2.1].
//! Members that are not known are refused: a misspelt wish must not be lost.

pub mod audit;
pub mod ca;
pub mod chain;
pub mod identification;
pub mod person;
pub mod right;

use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::device::{AccountState, DeviceState, KeyStatus, KeyUse};
use crate::id::{DeviceId, DocumentNumber, IdentificationId, IdentityType, SemanticsIdentifier};
use crate::registration::{AssuranceLevel, EvidenceId, PerJurisdiction, PhoneNumber, TenantId};
use crate::words;
use crate::words::CertificateLevel;

/// The path below which all endpoints lie.
pub const BASE: &str = "/admin/v1";

words! {
    /// How an activation code reaches the person.
    pub enum CodeDelivery {
        /// As a link or QR code on a screen: 130 bits, 15 minutes.
        Link = "LINK",
        /// On paper, to be typed: 60 bits, 24 hours.
        Letter = "LETTER",
    }

    /// Whether an activation code can be used.
    pub enum CodeState {
        /// It can.
        Waiting = "WAITING",
        /// A device has used it.
        Used = "USED",
        /// Too many wrong codes came, or it was withdrawn.
        Spent = "SPENT",
        /// Its time is over.
        Expired = "EXPIRED",
    }
}

/// `POST /activations`: a code for a person whose identity was proven.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueActivation {
    /// Who: `PNOEE-40504040001`.
    pub person: SemanticsIdentifier,
    /// As in the certificates.
    pub given_name: String,
    /// As in the certificates.
    pub surname: String,
    /// Where the certificates are to hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<civil::Date>,
    /// Of the certificates.
    pub level: CertificateLevel,
    /// How the code gets there.
    pub delivery: CodeDelivery,
    /// Where the proof of identity is kept: a reference into the operator's files, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The answer: the code, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssuedActivation {
    /// What the code is called from now on. Not secret.
    pub activation: String,
    /// The code. Nobody can read it again.
    pub activation_code: String,
    /// Opens the phone app with it.
    pub link: String,
    /// Who.
    pub person: SemanticsIdentifier,
    /// The account to be.
    pub document_number: DocumentNumber,
    /// End of the code's life.
    pub expires: Timestamp,
}

/// The answer to `GET /activations/{activation}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivationStatus {
    /// What the code is called.
    pub activation: String,
    /// Whether it can be used.
    pub state: CodeState,
    /// Who.
    pub person: SemanticsIdentifier,
    /// The account to be.
    pub document_number: DocumentNumber,
    /// End of the code's life.
    pub expires: Timestamp,
    /// While it waits: wrong codes that it still stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u8>,
    /// The device that used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<RegisteredDevice>,
}

/// A device as the desk sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredDevice {
    /// The device.
    pub device_id: DeviceId,
    /// The words that the phone shows too: its key, to be compared.
    pub words: Vec<String>,
    /// As it named itself at activation.
    pub platform: String,
    /// Its state.
    pub state: DeviceState,
}

/// An account as the desk sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredAccount {
    /// The account.
    pub document_number: DocumentNumber,
    /// Whose.
    pub person: SemanticsIdentifier,
    /// Of its certificates.
    pub level: CertificateLevel,
    /// Its state.
    pub state: AccountState,
    /// When its device was activated.
    pub created: Timestamp,
    /// Its devices.
    pub devices: Vec<RegisteredDevice>,
    /// Its keys.
    pub keys: Vec<KeyStatus>,
}

/// The answer to `GET /persons/{person}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredPerson {
    /// Who.
    pub person: SemanticsIdentifier,
    /// One for each device, oldest first.
    pub accounts: Vec<RegisteredAccount>,
}

words! {
    /// Where evidence stands.
    pub enum EvidenceStanding {
        /// It waits for a means: for the first acceptance of terms, or for the desk.
        Waiting = "WAITING",
        /// It counts.
        InForce = "IN_FORCE",
        /// Its five years are over.
        Expired = "EXPIRED",
        /// It was ended.
        Ended = "ENDED",
    }
}

/// `POST /evidence`: somebody was identified.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordEvidence {
    /// Whose person it is; without it, `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The number that the person holds.
    pub msisdn: PhoneNumber,
    /// Who.
    pub person: SemanticsIdentifier,
    /// As in the document.
    pub given_name: String,
    /// As in the document.
    pub surname: String,
    /// As in the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<civil::Date>,
    /// The document.
    pub document: ShownDocument,
    /// `in-person`, `video`, `automatic`, `electronic-id`, `signature` or `bank`.
    pub method: String,
    /// The last day for level 4 that the method itself sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method_limit: Option<civil::Date>,
    /// What it grants: 3 or 4, or nothing.
    pub levels: PerJurisdiction<Option<AssuranceLevel>>,
    /// When; without it, now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identified_at: Option<Timestamp>,
    /// Where the file of it is kept: a reference, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The identification that was begun for it, whose number the person has shown to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification: Option<IdentificationId>,
}

/// The document that a person has shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShownDocument {
    /// `PAS`, `IDC`, or `PNO` for any other.
    #[serde(rename = "type")]
    pub kind: IdentityType,
    /// Two capital letters.
    pub country: String,
    /// Its number.
    pub number: String,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<civil::Date>,
}

/// Evidence as the desk sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedEvidence {
    /// What it is called; also where a code for a phone asks for proof.
    pub evidence: EvidenceId,
    /// Whose person it is.
    pub tenant: TenantId,
    /// Who.
    pub person: SemanticsIdentifier,
    /// The number.
    pub msisdn: PhoneNumber,
    /// Where it stands.
    pub state: EvidenceStanding,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// `MID` or `SAS`, once a means is bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub means: Option<String>,
    /// What was granted.
    pub levels: PerJurisdiction<Option<AssuranceLevel>>,
    /// The last day of level 3.
    pub advanced_until: civil::Date,
    /// The last day of level 4, where it was granted.
    pub qualified_until: civil::Date,
    /// Who recorded it.
    pub by: String,
    /// When.
    pub recorded: Timestamp,
}

/// `POST /evidence/{evidence}/bind`: the operator has compared the words that phone and desk show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BindEvidence {
    /// The phone, of an active account of the person.
    pub device_id: DeviceId,
    /// Where it is written down that the words were equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// `POST /evidence/{evidence}/end`: it counts no more, and what was issued on it is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndEvidence {
    /// `wrong` or `withdrawn`.
    pub reason: String,
    /// Where the request for it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

words! {
    /// Where the password of a number stands.
    pub enum PasswordStanding {
        /// Nobody has set one.
        None = "NONE",
        /// It can be used.
        Active = "ACTIVE",
        /// Too many wrong ones came; it can be used again after a while.
        Locked = "LOCKED",
        /// It was ended.
        Ended = "ENDED",
    }
}

/// `POST /evidence/{evidence}/password`: a link to set a password goes to the number of the evidence. Also
/// `POST /evidence/{evidence}/password/end`: the password of that number counts no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderPassword {
    /// Where the request for it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The password of the number of some evidence, as the desk sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredPassword {
    /// The evidence.
    pub evidence: EvidenceId,
    /// Where it stands.
    pub state: PasswordStanding,
    /// When it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Timestamp>,
    /// Until when it is locked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Timestamp>,
    /// After an invitation: until when the link can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_until: Option<Timestamp>,
}

/// `POST /accounts/{document-number}/revoke`: account, device, keys and certificates end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RevokeAccount {
    /// As in the revocation list: `keyCompromise`, `cessationOfOperation` and so on.
    pub reason: String,
    /// Where the request for it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// `POST /accounts/{document-number}/unlock`: a locked key counts from nothing again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnlockKey {
    /// Which PIN.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// Where the new proof of identity is kept. There is no unlocking without one.
    pub evidence: String,
}

/// `POST /token-denials`: withdraws registrant tokens before their end. One of the two members.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DenyTokens {
    /// The name of one token: `jti`, 22 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// A person, all of whose tokens that were made up to now are withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<SemanticsIdentifier>,
}

/// Says nothing of the person.
impl std::fmt::Debug for DenyTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DenyTokens(…)")
    }
}

/// What was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeniedTokens {
    /// When the denial may be forgotten, since every token concerned is over by itself.
    pub until: Timestamp,
}
