//! Formats of signatures and their baseline levels, for making and validating alike.

use std::fmt;

/// What a signature is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureFormat {
    /// XML in an ASiC container (EN 319 132-1).
    Xades,
    /// CMS in a PDF document (EN 319 142-1).
    Pades,
    /// CMS beside its data (EN 319 122-1).
    Cades,
}

impl SignatureFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Xades, Self::Pades, Self::Cades];

    /// The name that stands before a level in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xades => "XAdES",
            Self::Pades => "PAdES",
            Self::Cades => "CAdES",
        }
    }

    /// A level's full name, such as `PAdES_BASELINE_LT`.
    pub fn at(self, level: Level) -> String {
        format!("{}_BASELINE_{}", self.as_str(), level.word())
    }
}

/// The baseline levels of EN 319 132-1 §6 and EN 319 142-1 §6. Each includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A signature with its certificate and properties.
    B,
    /// B, and a time-stamp over the signature value.
    T,
    /// T, and the certificates and revocation data needed to validate it later.
    Lt,
    /// LT, and a time-stamp over all of that, which can be renewed.
    Lta,
}

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Self; 4] = [Self::B, Self::T, Self::Lt, Self::Lta];

    /// The level's short name: `B`, `T`, `LT`, `LTA`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::B => "B",
            Self::T => "T",
            Self::Lt => "LT",
            Self::Lta => "LTA",
        }
    }

    /// The level of that short name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word().eq_ignore_ascii_case(word))
    }

    /// The level's name for XML signatures, such as `XAdES_BASELINE_LT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::B => "XAdES_BASELINE_B",
            Self::T => "XAdES_BASELINE_T",
            Self::Lt => "XAdES_BASELINE_LT",
            Self::Lta => "XAdES_BASELINE_LTA",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
