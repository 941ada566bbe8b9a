//! Why bytes are not taken as a PDF file.

use std::fmt;

/// The result of reading a PDF file.
pub type Result<T, E = PdfError> = std::result::Result<T, E>;

/// What is wrong with a PDF file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfError {
    /// Which rule.
    pub fault: PdfFault,
    /// The byte in the file, where one can be named.
    pub offset: Option<usize>,
    /// What is there, or which bound was reached.
    pub found: String,
}

impl PdfError {
    pub(crate) fn new(fault: PdfFault, offset: usize, found: impl fmt::Display) -> Self {
        Self { fault, offset: Some(offset), found: found.to_string() }
    }

    pub(crate) fn anywhere(fault: PdfFault, found: impl fmt::Display) -> Self {
        Self { fault, offset: None, found: found.to_string() }
    }
}

impl fmt::Display for PdfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PDF: {}", self.fault)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.found)
    }
}

impl std::error::Error for PdfError {}

macro_rules! faults {
    ($($(#[$meta:meta])* $variant:ident = $rule:literal, $text:literal;)*) => {
        /// Rules of ISO 32000, narrowed to what two programs read alike.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum PdfFault { $($(#[$meta])* $variant,)* }

        impl PdfFault {
            /// A short stable name, as used in reports.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }
        }

        impl fmt::Display for PdfFault {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)* })
            }
        }
    };
}

faults! {
    /// No `%PDF-` in the first bytes.
    NotAPdf = "pdf-header", "the file does not begin as a PDF";
    /// No `startxref … %%EOF` at the end.
    NoEnd = "pdf-end", "the file does not end as a PDF";
    /// Something that is no object where one has to be.
    BrokenObject = "pdf-object", "broken object";
    /// A key twice in one dictionary: readers differ in which they take.
    DuplicateKey = "pdf-duplicate-key", "a key occurs twice in a dictionary";
    /// A cross-reference section that cannot be read.
    BrokenXref = "pdf-xref", "broken cross-reference section";
    /// Cross-reference sections that lead in a circle, or outside the file.
    XrefChain = "pdf-xref-chain", "the cross-reference sections do not form a chain";
    /// One object number twice in one section.
    DuplicateEntry = "pdf-xref-duplicate", "an object number occurs twice in one cross-reference section";
    /// A table and a stream for one revision: readers differ in which objects they see.
    Hybrid = "pdf-hybrid", "hybrid cross-reference sections (a table with XRefStm)";
    /// `Encrypt` in the trailer.
    Encrypted = "pdf-encrypted", "the file is encrypted";
    /// A stream that does not end where it says.
    BrokenStream = "pdf-stream", "broken stream";
    /// A filter that is not implemented here for structural streams.
    UnknownFilter = "pdf-filter", "a filter that is not read here";
    /// References that lead in a circle.
    ReferenceLoop = "pdf-reference-loop", "references lead in a circle";
    /// A bound was reached.
    TooLarge = "pdf-limit", "more than is read here";
    /// A part that every document has is missing or of another kind.
    Structure = "pdf-structure", "the document lacks something that it must have";
}
