//! Identifications: begun at the desk, or done by a partner.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::RecordEvidence;
use crate::id::IdentificationId;
use crate::registration::{EvidenceId, PhoneNumber, TenantId};
use crate::words;

words! {
    /// Where an identification stands.
    pub enum IdentificationStanding {
        /// The person has not shown yet that they hold the number.
        Begun = "BEGUN",
        /// They have.
        Proven = "PROVEN",
        /// Evidence was recorded.
        Finished = "FINISHED",
        /// It was ended without any.
        Cancelled = "CANCELLED",
        /// Its time is over.
        Expired = "EXPIRED",
    }
}

/// `POST /identifications`
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartIdentification {
    /// Whose person it is; without it, `default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The number that the person gives.
    pub msisdn: PhoneNumber,
    /// Where the file of it is kept: a reference, no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// An identification as the desk sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentificationStatus {
    /// What it is called: for the file, and for whoever asks about it.
    pub identification: IdentificationId,
    /// Whose person it is.
    pub tenant: TenantId,
    /// The number.
    pub msisdn: PhoneNumber,
    /// Where it stands.
    pub state: IdentificationStanding,
    /// Who began it.
    pub by: String,
    /// When.
    pub begun: Timestamp,
    /// Until when it may take.
    pub expires: Timestamp,
    /// When the person showed that they hold the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Timestamp>,
    /// What it led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceId>,
    /// Where the person enters the code that is sent to the number. Shown this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// `POST /results`: what a partner has found out, signed by the partner.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UploadResult {
    /// A JWS in the compact form over a [`PartnerResult`].
    pub result: String,
}

/// Such a result says something personal.
impl fmt::Debug for UploadResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadResult(…)")
    }
}

/// The type that the header of a result has to say [RFC 8725 §3.11].
pub const RESULT_TYPE: &str = "identification-result+jwt";

/// The payload of a result.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerResult {
    /// The partner, by its name in the configuration.
    pub iss: String,
    /// For which service it is.
    pub aud: String,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// Its own name: no two results of a partner have the same. 1 to 128 characters.
    pub jti: String,
    /// What was found out, as an operator would record it.
    pub evidence: RecordEvidence,
}

impl PartnerResult {
    /// Reads a payload. None when it is no result; what is wrong is not told, since the reader's text would quote it.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let result: Self = serde_json::from_slice(payload).ok()?;
        ((1..=128).contains(&result.jti.len())).then_some(result)
    }
}
