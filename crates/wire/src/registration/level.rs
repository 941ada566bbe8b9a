//! Levels of assurance, one for each jurisdiction.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::words::Jurisdiction;

/// What an identification is good for. A number on this interface; sister services write it as text, so both are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssuranceLevel {
    /// 3: advanced electronic signatures.
    Advanced,
    /// 4: qualified electronic signatures.
    Qualified,
}

impl AssuranceLevel {
    /// Both, low to high.
    pub const ALL: [Self; 2] = [Self::Advanced, Self::Qualified];

    /// 3 or 4.
    pub const fn number(self) -> u8 {
        match self {
            Self::Advanced => 3,
            Self::Qualified => 4,
        }
    }

    /// The level of this number.
    pub fn of_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| u64::from(level.number()) == number)
    }
}

impl Serialize for AssuranceLevel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for AssuranceLevel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;
        impl de::Visitor<'_> for NumberOrText {
            type Value = AssuranceLevel;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("3 or 4")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<AssuranceLevel, E> {
                AssuranceLevel::of_number(number).ok_or_else(|| E::custom("expected 3 or 4"))
            }
            /// As TOML has all its numbers.
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<AssuranceLevel, E> {
                self.visit_u64(u64::try_from(number).unwrap_or_default())
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<AssuranceLevel, E> {
                match text {
                    "3" => Ok(AssuranceLevel::Advanced),
                    "4" => Ok(AssuranceLevel::Qualified),
                    _ => Err(E::custom("expected 3 or 4")),
                }
            }
        }
        deserializer.deserialize_any(NumberOrText)
    }
}

/// Something for each jurisdiction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerJurisdiction<T> {
    /// For [`Jurisdiction::Zertes`].
    pub zertes: T,
    /// For [`Jurisdiction::Eidas`].
    pub eidas: T,
}

impl<T> PerJurisdiction<T> {
    /// What `make` gives for each.
    pub fn of(mut make: impl FnMut(Jurisdiction) -> T) -> Self {
        Self { zertes: make(Jurisdiction::Zertes), eidas: make(Jurisdiction::Eidas) }
    }

    /// The one of a jurisdiction.
    pub const fn get(&self, jurisdiction: Jurisdiction) -> &T {
        match jurisdiction {
            Jurisdiction::Zertes => &self.zertes,
            Jurisdiction::Eidas => &self.eidas,
        }
    }

    /// Both, with the jurisdiction, in the order of the interface.
    pub fn iter(&self) -> impl Iterator<Item = (Jurisdiction, &T)> {
        Jurisdiction::ALL.iter().map(|each| (*each, self.get(*each)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_written_as_a_number_and_read_as_text_too() {
        assert_eq!(serde_json::to_string(&AssuranceLevel::Advanced).unwrap(), "3");
        for (text, level) in [("3", AssuranceLevel::Advanced), ("\"4\"", AssuranceLevel::Qualified)] {
            assert_eq!(serde_json::from_str::<AssuranceLevel>(text).unwrap(), level);
        }
        for wrong in ["2", "5", "\"03\"", "3.0", "null", "-3", "\"\""] {
            assert!(serde_json::from_str::<AssuranceLevel>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_jurisdiction_has_its_own() {
        let words = PerJurisdiction::of(Jurisdiction::as_str);
        assert!(words.iter().all(|(jurisdiction, word)| jurisdiction.as_str() == *word));
    }
}
