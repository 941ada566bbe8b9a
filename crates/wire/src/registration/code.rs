//! One-time codes: asked for, and checked (registration 5.3.1, 5.3.2).

use std::fmt;

use zeroize::Zeroizing;

use super::phone_number::PhoneNumber;
use super::read;
use crate::Error;
use crate::problem::InvalidMember;

/// A code as a person types it: 4 to 8 letters and digits. Ours are six digits; the guide's sample is `ABCD`.
///
/// Zeroized on drop; no `Debug` of its value, no `Clone`.
pub struct EnteredCode(Zeroizing<String>);

impl EnteredCode {
    /// Reads a code. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let well_formed = (4..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(Error::Malformed { name: "code", expected: "4 to 8 letters and digits" })
        }
    }

    /// The text, for the one place that compares it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EnteredCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnteredCode(…)")
    }
}

/// `POST /api/public/phone/verification/code`
#[derive(Debug)]
pub struct CheckCode {
    /// Whose.
    pub number: PhoneNumber,
    /// What was typed.
    pub code: EnteredCode,
}

impl CheckCode {
    /// Reads a body. Every wrong member is named.
    pub fn from_body(body: &[u8]) -> Result<Self, Vec<InvalidMember>> {
        let members = read::object(body).map_err(|invalid| vec![invalid])?;
        let mut wrong = Vec::new();
        let number = number(&members).map_err(|invalid| wrong.push(invalid)).ok();
        let code = code(&members).map_err(|invalid| wrong.push(invalid)).ok();
        match (number, code) {
            (Some(number), Some(code)) => Ok(Self { number, code }),
            _ => Err(wrong),
        }
    }
}

/// The number that a body is about.
pub(super) fn number(
    members: &serde_json::Map<String, serde_json::Value>,
) -> Result<PhoneNumber, InvalidMember> {
    const AT: &str = "/msisdn";
    let text = read::text(members, AT)?.ok_or_else(|| InvalidMember::at(AT, "missing"))?;
    PhoneNumber::parse(text).map_err(|error| InvalidMember::at(AT, error.to_string()))
}

fn code(members: &serde_json::Map<String, serde_json::Value>) -> Result<EnteredCode, InvalidMember> {
    const AT: &str = "/code";
    let text = read::text(members, AT)?.ok_or_else(|| InvalidMember::at(AT, "missing"))?;
    EnteredCode::parse(text).map_err(|error| InvalidMember::at(AT, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_s_example_is_read() {
        let check = CheckCode::from_body(br#"{ "msisdn": "4179999999", "code": "ABCD" }"#).unwrap();
        assert_eq!((check.number.as_str(), check.code.reveal()), ("4179999999", "ABCD"));
        assert!(!format!("{check:?}").contains("ABCD"));
    }

    #[test]
    fn what_is_wrong_is_named_and_not_quoted() {
        for (body, names) in [
            ("", &["body"][..]),
            ("[]", &["body"]),
            ("{}", &["msisdn", "code"]),
            (r#"{"msisdn":4179999999,"code":"ABCD"}"#, &["msisdn"]),
            (r#"{"msisdn":"SECRET","code":"1"}"#, &["msisdn", "code"]),
            (r#"{"msisdn":"4179999999","code":"SECRET123"}"#, &["code"]),
            (r#"{"msisdn":"4179999999","code":null}"#, &["code"]),
        ] {
            let wrong = CheckCode::from_body(body.as_bytes()).unwrap_err();
            assert_eq!(wrong.iter().map(|each| &*each.param_name).collect::<Vec<_>>(), names, "{body}");
            assert!(!format!("{wrong:?}").contains("SECRET"), "{wrong:?}");
        }
    }
}
