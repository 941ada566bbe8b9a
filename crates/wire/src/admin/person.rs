//! What is held of a person: taken out, and erased.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::audit::TrailEntry;
use super::{RecordedEvidence, RegisteredAccount};
use crate::id::SemanticsIdentifier;

/// The answer to `GET /persons/{person}/export`: everything that is held of somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonExport {
    /// Who.
    pub person: SemanticsIdentifier,
    /// When this was taken out.
    pub exported: Timestamp,
    /// Identifications, as they are kept: names, number, document, method, levels, state.
    pub evidence: Vec<Value>,
    /// Terms that were accepted, each with its proof.
    pub acceptances: Vec<Value>,
    /// Identifications that were begun for the numbers of that evidence.
    pub identifications: Vec<Value>,
    /// Passwords of those numbers: that there is one, and since when.
    pub passwords: Vec<Value>,
    /// Accounts, with the names in their certificates.
    pub accounts: Vec<ExportedAccount>,
    /// What waits for a second person and names this one.
    pub proposals: Vec<Value>,
    /// What the trail holds of all these, by their ids.
    pub events: Vec<TrailEntry>,
}

/// An account with what belongs to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedAccount {
    /// As the desk sees it.
    pub account: RegisteredAccount,
    /// As in the certificates.
    pub given_name: String,
    /// As in the certificates.
    pub surname: String,
    /// Where the certificates hold it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Date>,
    /// The certificates, in PEM.
    pub certificates: Vec<String>,
}

/// `POST /persons/{person}/erase`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErasePerson {
    /// Where the request for it is kept. There is no erasing without one.
    pub reference: String,
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErasedPerson {
    /// Who.
    pub person: SemanticsIdentifier,
    /// What is gone.
    pub erased: Vec<Erased>,
    /// What stays, until when, and why.
    pub kept: Vec<Kept>,
}

/// What is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// `evidence`, `acceptances`, `identifications`, `passwords`, `proposals`, `accounts`.
    pub what: String,
    /// How many.
    pub count: usize,
}

/// What stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// `evidence`, `acceptances`, `accounts`, `certificates`, `events`.
    pub what: String,
    /// How many.
    pub count: usize,
    /// The last day. None: it is not erased by this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Why it stays.
    pub ground: String,
}

/// The answer to `GET /persons/{person}/evidence`, oldest first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonEvidence {
    /// Who.
    pub person: SemanticsIdentifier,
    /// What was recorded.
    pub evidence: Vec<RecordedEvidence>,
}
