//! Signature levels as people type them.

use clap::ValueEnum;
use countersign_container::Level;

/// `--level`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelName {
    /// The signature alone
    #[value(name = "B", alias = "b")]
    B,
    /// With a time-stamp: proof of when it existed
    #[value(name = "T", alias = "t")]
    T,
    /// With the OCSP answer too: proof that the certificate was in force then
    #[value(name = "LT", alias = "lt")]
    Lt,
    /// With an archive time-stamp over everything: proof that outlives the other certificates
    #[value(name = "LTA", alias = "lta")]
    Lta,
}

impl LevelName {
    /// The level of that name.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::B => Level::B,
            Self::T => Level::T,
            Self::Lt => Level::Lt,
            Self::Lta => Level::Lta,
        }
    }
}
