//! Signatures in PDF documents: PAdES [EN 319 142-1, ISO 32000].
//!
//! - [`prepare`] and [`PreparedSignature`]: a signature in two steps, the key being elsewhere.
//! - [`SignedPdf`]: levels T, LT and LTA, and their renewal.
//! - [`open`]: what is signed, and what was changed afterwards.
//! - [`pdf`]: the reader and the writer of revisions below all of it.
//!
//! A document is only ever appended to. Refused are encrypted documents, hybrid cross-references, XFA forms, bytes
//! behind the end, and whatever two programs would read in two ways.

mod appearance;
mod date;
pub mod document;
mod dss;
mod extend;
mod fields;
pub mod modification;
pub mod pdf;
mod remove;
mod sign;

pub use appearance::{Appearance, Font, Picture};
pub use document::{BrokenSignature, Document, FieldLock, PdfSignature, Permission, SubFilter, open};
pub use dss::SecurityStore;
pub use extend::SignedPdf;
pub(crate) use extend::signature_time_stamps;
pub use modification::{Modification, ModificationKind};
pub use pdf::{PdfError, PdfFault, PdfLimits};
pub use remove::without_last_signature;
pub use sign::{PdfSignatureRequest, PreparedSignature, check_signable, prepare};
