//! Lookups at another service: the evidence of a number, and its means (`[registration.remote]`).
//!
//! ```text
//! POST {url}/evidence {"tenant","msisdn"}          {"found":false}
//!                                                  {"found":true,"levels":{"zertes":3,"eidas":4},"means":{"kind":"MID","serial":"…"},
//!                                                   "advancedUntil":"2031-06-01","qualifiedUntil":"2029-01-31","lowered":false}
//! POST {url}/means    {"tenant","msisdn","kind"}   {"found":false}
//!                                                  {"found":true,"serial":"…"}
//! ```
//!
//! Numbers travel in bodies, which nobody logs. That something is not there is said by `"found":false` and by nothing else.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{MeansSerial, TenantId};
use super::level::{AssuranceLevel, PerJurisdiction};
use super::phone_number::PhoneNumber;
use crate::Error;

/// The longest answer that is read, in octets.
pub const ANSWER_MAX: usize = 16 * 1024;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupRequest {
    /// Whose person it is.
    pub tenant: TenantId,
    /// The number.
    pub msisdn: PhoneNumber,
    /// Of a means: `MID` or `SAS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The evidence that counts for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RemoteEvidence {
    /// What was granted: 3 or 4, or nothing.
    pub levels: PerJurisdiction<Option<AssuranceLevel>>,
    /// The means of the identification.
    pub means: RemoteMeans,
    /// The last day of level 3.
    pub advanced_until: Date,
    /// The last day of level 4.
    pub qualified_until: Date,
    /// Terms were accepted with another means: level 3 at most.
    #[serde(default)]
    pub lowered: bool,
}

/// One copy of a means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteMeans {
    /// `MID` or `SAS`.
    pub kind: String,
    /// Which copy.
    pub serial: MeansSerial,
}

#[derive(Deserialize)]
struct Found {
    found: bool,
}

#[derive(Deserialize)]
struct Serial {
    serial: MeansSerial,
}

/// Reads an answer about evidence; nothing where there is none. Error: [`Error::Malformed`], which quotes nothing.
pub fn evidence(body: &[u8]) -> Result<Option<RemoteEvidence>, Error> {
    read(body)
}

/// Reads an answer about a means; nothing where there is none. Error: [`Error::Malformed`].
pub fn means(body: &[u8]) -> Result<Option<MeansSerial>, Error> {
    Ok(read::<Serial>(body)?.map(|answer| answer.serial))
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<Option<T>, Error> {
    let malformed =
        |_| Error::Malformed { name: "answer of a lookup", expected: "\"found\", and what was found" };
    if !serde_json::from_slice::<Found>(body).map_err(malformed)?.found {
        return Ok(None);
    }
    serde_json::from_slice(body).map(Some).map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVIDENCE: &str = r#"{"found":true,"levels":{"zertes":3,"eidas":4},"means":{"kind":"MID","serial":"phone-1"},
        "advancedUntil":"2031-06-01","qualifiedUntil":"2029-01-31","more":1}"#;

    #[test]
    fn what_is_found_is_read_and_what_is_not_is_said() {
        let found = evidence(EVIDENCE.as_bytes()).unwrap().unwrap();
        assert_eq!(found.levels.eidas, Some(AssuranceLevel::Qualified));
        assert_eq!((found.means.kind.as_str(), found.lowered), ("MID", false));
        assert_eq!(evidence(br#"{"found":false}"#).unwrap(), None);
        assert_eq!(
            means(br#"{"found":true,"serial":"A.1"}"#).unwrap(),
            Some(MeansSerial::parse("A.1").unwrap())
        );
        assert_eq!(means(br#"{"found":false,"serial":"A.1"}"#).unwrap(), None);
    }

    #[test]
    fn anything_else_is_no_answer() {
        for wrong in [
            "",
            "{}",
            "null",
            "[]",
            "<html>",
            r#"{"found":"false"}"#,
            r#"{"found":null}"#,
            r#"{"found":true}"#,
            r#"{"found":true,"serial":""}"#,
            r#"{"found":true,"serial":"a b"}"#,
            r#"{"found":false}x"#,
        ] {
            assert!(means(wrong.as_bytes()).is_err(), "{wrong}");
            assert!(evidence(wrong.as_bytes()).is_err(), "{wrong}");
        }
        for (from, to) in
            [("MID\",", "MID\",\"x\":"), ("2031-06-01", "2031-02-30"), ("\"eidas\":4", "\"eidas\":5")]
        {
            assert!(evidence(EVIDENCE.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
