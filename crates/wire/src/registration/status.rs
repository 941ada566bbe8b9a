//! `GET /api/public/evidence/status` (registration 5.3.3).

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::level::AssuranceLevel;
use super::words::{Jurisdiction, SigningStatus};

/// The combined status of a number.
///
/// ```
/// # use countersign_wire::registration::status::StatusAnswer;
/// let sample = r#"{"status":[{"assuranceLevel":3,"jurisdiction":"zertes"},{"assuranceLevel":3,"jurisdiction":"eidas"}],
///     "loa4ExpiryDate":null,"signingStatus":"MISMATCH","notFound":false}"#;
/// let answer: StatusAnswer = serde_json::from_str(sample).unwrap();
/// assert_eq!(serde_json::to_string(&answer).unwrap(), sample.replace("\n    ", ""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusAnswer {
    /// One entry for each jurisdiction in which there is a level now.
    pub status: Vec<LevelEntry>,
    /// The last day of level 4; `null` where there is none. `YYYY-MM-DD`.
    #[serde(default)]
    pub loa4_expiry_date: Option<Date>,
    /// Whether the means fits. Written in the guide's spelling, read in both.
    #[serde(deserialize_with = "either_spelling")]
    pub signing_status: SigningStatus,
    /// Nobody was identified for this number.
    pub not_found: bool,
    /// Whether the terms in force are accepted; only for clients that have asked for it. The guide promises it in a
    /// heading and shows no member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tc: Option<Vec<TermsEntry>>,
}

/// The level in one jurisdiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelEntry {
    /// 3 or 4.
    pub assurance_level: AssuranceLevel,
    /// Where.
    pub jurisdiction: Jurisdiction,
}

/// The terms of one jurisdiction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TermsEntry {
    /// Where.
    pub jurisdiction: Jurisdiction,
    /// Whether those in force are accepted.
    pub current: bool,
    /// Which are in force.
    pub version: String,
}

fn either_spelling<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SigningStatus, D::Error> {
    let word = String::deserialize(deserializer)?;
    SigningStatus::read(&word).ok_or_else(|| de::Error::custom("unknown signingStatus"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_written_as_the_guide_spells_it() {
        for status in SigningStatus::ALL {
            let answer = StatusAnswer {
                status: vec![LevelEntry {
                    assurance_level: AssuranceLevel::Qualified,
                    jurisdiction: Jurisdiction::Eidas,
                }],
                loa4_expiry_date: Some(jiff::civil::date(2027, 2, 28)),
                signing_status: *status,
                not_found: false,
                tc: None,
            };
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(
                text,
                format!(
                    r#"{{"status":[{{"assuranceLevel":4,"jurisdiction":"eidas"}}],"loa4ExpiryDate":"2027-02-28","signingStatus":"{status}","notFound":false}}"#
                )
            );
            assert_eq!(serde_json::from_str::<StatusAnswer>(&text).unwrap(), answer);
            let newer = text.replace(status.as_str(), status.plain());
            assert_eq!(serde_json::from_str::<StatusAnswer>(&newer).unwrap(), answer);
        }
    }
}
