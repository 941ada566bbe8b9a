//! A phone number as digits: what everything hangs on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;

/// A number in the international form of E.164, digits alone: `^[1-9][0-9]{6,14}$`. The guide's samples have no `+`;
/// sister services write one. Input may have `+` or `00` in front, and blanks and hyphens between.
///
/// Says nothing in `Debug`: a number is personal. [`PhoneNumber::masked`] is what a log may show.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(String);

/// The fewest and most digits.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The longest text that is looked at.
const TEXT_MAX: usize = 32;

impl PhoneNumber {
    /// Reads a number. Error: [`Error::MalformedId`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = Error::MalformedId {
            kind: "phone number",
            expected: "7 to 15 digits with the country code first, such as 41791234567",
        };
        if text.len() > TEXT_MAX {
            return Err(malformed);
        }
        let text = text.trim_matches(' ');
        let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
        let digits: String = rest.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let well_formed = DIGITS.contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if well_formed { Ok(Self(digits)) } else { Err(malformed) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first two and last two digits, for logs and for people who know it.
    pub fn masked(&self) -> String {
        let hidden = "*".repeat(self.0.len() - 4);
        format!("{}{hidden}{}", &self.0[..2], &self.0[self.0.len() - 2..])
    }
}

impl FromStr for PhoneNumber {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

/// The digits: for paths and messages, never for logs.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The inconsistency register, row 14.
    #[test]
    fn every_way_of_writing_it_is_one_number() {
        for text in ["41791234567", "+41791234567", "0041791234567", "+41 79 123 45 67", " 41-79-123-45-67 "]
        {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), "41791234567", "{text}");
        }
        // The samples of the guide, with nine and ten digits.
        for text in ["417999999", "4179999999", "1234567", "123456789012345"] {
            assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "00",
            "123456",
            "1234567890123456",
            "0791234567",
            "+0791234567",
            "41*****",
            "4179999999x",
            "４１７９９９９９９９",
            "41\t79999999",
            "++4179999999",
            "+004179999999",
            "41791234567                       ",
        ] {
            assert!(PhoneNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_hides_in_logs() {
        let number = PhoneNumber::parse("41791234567").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
        assert_eq!(number.masked(), "41*******67");
    }

    proptest! {
        #[test]
        fn what_was_read_is_read_back(text in ".{0,40}") {
            if let Ok(number) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number.clone()));
                prop_assert_eq!(number.masked().len(), number.as_str().len());
            }
        }
    }
}
