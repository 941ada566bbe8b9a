//! XAdES signatures (EN 319 132-1): made from a signature value that comes from elsewhere, extended with
//! a time-stamp and validation data, and read.

pub(crate) mod algorithm;
pub mod archive;
pub mod build;
pub mod extend;
pub mod parse;

use countersign_pki::algorithm::Digest;

pub use self::archive::{ArchiveDigests, ArchiveInput, ArchivePart};
pub use self::build::{ProductionPlace, SignatureId, SignatureRequest, SignatureTemplate};
pub use self::extend::{ARCHIVE_DIGEST, Need, SignedSignature};
pub use crate::level::Level;
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
