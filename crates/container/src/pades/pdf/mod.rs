//! PDF files, as far as signatures need them [ISO 32000-1 §7]: objects, revisions, and appending to a file
//! without touching what is there.
//!
//! The reader is strict on purpose. What one program reads in this way and another in that way has been used
//! to show two documents under one signature, so nothing is repaired or guessed: the header is at the first byte,
//! cross-references are right, a key occurs once, streams end where they say. It is practical in what honest
//! files have: classic tables and cross-reference streams, object streams, linearized files, comments.
//!
//! Page content, pictures and fonts are bytes to it. [`PdfLimits`] bounds the rest.

mod error;
mod file;
mod filter;
mod limits;
pub(crate) mod object;
mod parser;
mod update;
mod xref;

#[cfg(test)]
mod tests;

pub use error::{PdfError, PdfFault, Result};
pub use file::{Pdf, Revision, View};
pub use limits::PdfLimits;
pub(crate) use object::hex;
pub use object::{Dictionary, Id, Name, Object, Stream, read_text_string, text_string};
pub(crate) use parser::is_space;
pub use update::Update;
pub(crate) use update::byte_range_text;
pub(crate) use xref::Entry;
