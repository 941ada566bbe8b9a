//! ASiC-E containers with XAdES signatures: made, opened and validated.

pub mod asice;
mod error;
mod limits;
pub mod name;
pub mod report;
pub mod validate;
pub mod xades;
mod xml;

pub use asice::{Container, DataFile, Method, Remark};
pub use error::{Bound, Error, ManifestFault, NameFault, Result, ZipFault};
pub use limits::Limits;
pub use name::FileName;
pub use report::{Finding, Indication, Part, Report, SignatureReport, SubIndication};
pub use xades::{
    DataFileDigest, Level, Need, SignatureId, SignatureRequest, SignatureTemplate, SignedSignature,
};
