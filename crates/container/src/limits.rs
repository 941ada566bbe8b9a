//! How much a stranger's container may ask of us.
//!
//! Every reader in this crate takes its bounds from here. Declared sizes are never trusted: the same
//! bounds are checked against the bytes that really come out of the inflater.

/// Bounds for opening a container and the XML inside it.
///
/// The defaults admit everything that real signing software writes and keep the cost of a hostile file
/// at seconds of time and a small multiple of its own size in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries in the archive, directories included.
    pub entries: usize,
    /// Bytes of one file in `META-INF/`, unpacked.
    pub metadata_bytes: u64,
    /// Bytes of all files in `META-INF/` together, unpacked: they are parsed, which costs more than hashing.
    pub all_metadata_bytes: u64,
    /// Bytes of one data file, unpacked.
    pub data_file_bytes: u64,
    /// Bytes of all entries together, unpacked.
    pub total_bytes: u64,
    /// Unpacked bytes for each packed byte; looked at after the first mebibyte of an entry.
    pub ratio: u64,
    /// Nesting depth of elements in one XML file.
    pub xml_depth: u32,
    /// Elements, attributes, namespace declarations and references such as `&amp;` in one XML file.
    pub xml_items: usize,
    /// Attributes of one XML element, and namespace declarations in scope for it.
    pub xml_attributes: usize,
    /// Bytes of namespace declarations, and of attributes such as `xml:lang`, in scope for one XML element.
    pub xml_scope_bytes: usize,
    /// Signatures in the whole container.
    pub signatures: usize,
}

impl Limits {
    /// For sources that are read in pieces, such as files on a disk: data files up to 64 GiB. Everything
    /// else is as bounded as by default, so memory does not grow; time does, with what is unpacked.
    pub fn streaming() -> Self {
        Self { data_file_bytes: 64 << 30, total_bytes: 256 << 30, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 256,
            metadata_bytes: 10 << 20,
            all_metadata_bytes: 32 << 20,
            data_file_bytes: 100 << 20,
            total_bytes: 512 << 20,
            ratio: 100,
            xml_depth: 64,
            // Some hundred signatures in one file; who writes many gives each a file of its own.
            xml_items: 30_000,
            xml_attributes: 128,
            xml_scope_bytes: 4 << 10,
            signatures: 1_000,
        }
    }
}
