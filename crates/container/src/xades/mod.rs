//! XAdES signatures (EN 319 132-1): made from a signature value that comes from elsewhere, extended with
//! a time-stamp and validation data, and read.

pub(crate) mod algorithm;
pub mod build;
pub mod extend;
pub mod parse;

use std::fmt;

use countersign_pki::algorithm::Digest;

pub use self::build::{ProductionPlace, SignatureId, SignatureRequest, SignatureTemplate};
pub use self::extend::{Need, SignedSignature};
use crate::name::FileName;

/// A data file as a signature refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFileDigest {
    /// The file's name.
    pub name: FileName,
    /// The media type in the manifest; the signature repeats it.
    pub media_type: String,
    /// The digest algorithm.
    pub digest: Digest,
    /// The digest of the file's bytes.
    pub value: Vec<u8>,
}

/// The baseline levels of EN 319 132-1 §6 that are made and validated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A signature with its certificate and properties.
    B,
    /// B, and a time-stamp over the signature value.
    T,
    /// T, and the certificates and OCSP responses needed to validate it later.
    Lt,
}

impl Level {
    /// The level's name in reports, such as `XAdES_BASELINE_LT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::B => "XAdES_BASELINE_B",
            Self::T => "XAdES_BASELINE_T",
            Self::Lt => "XAdES_BASELINE_LT",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
