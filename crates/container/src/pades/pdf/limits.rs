//! How much a stranger's PDF may ask of us.

/// Bounds for reading a PDF file. Only its structure is decoded, never page content, pictures or fonts.
///
/// The defaults admit what real programs write, and keep the cost of a hostile file at a fraction of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PdfLimits {
    /// Bytes of the file.
    pub file_bytes: usize,
    /// Entries of all cross-reference sections together, and the largest object number.
    pub entries: usize,
    /// Nesting of arrays and dictionaries, and of trees of fields and pages.
    pub depth: usize,
    /// Values (numbers, names, strings, …) parsed in all.
    pub values: usize,
    /// Bytes inflated in all; cross-reference and object streams alone are.
    pub inflated_bytes: usize,
    /// Cross-reference sections: revisions of the document.
    pub sections: usize,
    /// Signature fields.
    pub signatures: usize,
}

impl Default for PdfLimits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            entries: 1_000_000,
            depth: 64,
            values: 8_000_000,
            inflated_bytes: 32 << 20,
            sections: 512,
            signatures: 128,
        }
    }
}
