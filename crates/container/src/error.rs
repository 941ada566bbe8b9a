//! What can be wrong with a container, as data.
//!
//! A signature that does not hold is not an error of this crate: it is a result, in [`crate::report`].
//! Errors are for bytes that cannot be taken as a container at all, and for refusing to make one.

use std::fmt;

/// The result of everything in this crate that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a container was not opened, or not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The source or the sink failed; nothing is known about the bytes.
    #[error("reading or writing the container failed: {0}")]
    Io(#[from] std::io::Error),

    /// The ZIP structure is broken, or uses something that a container may not use.
    #[error("{fault}{}: expected {expected}, found {found}", in_entry(entry))]
    Zip {
        /// Which rule of the archive format.
        fault: ZipFault,
        /// The entry, when the fault belongs to one.
        entry: Option<String>,
        /// What a sound archive has here.
        expected: String,
        /// What this one has.
        found: String,
    },

    /// A bound of [`crate::Limits`] was reached.
    #[error("too much{}: {bound} may be at most {allowed}, found {found}", in_entry(entry))]
    LimitExceeded {
        /// Which bound.
        bound: Bound,
        /// The entry, when the bound is per entry.
        entry: Option<String>,
        /// The bound's value.
        allowed: u64,
        /// What was declared or reached; the real amount may be larger.
        found: u64,
    },

    /// A name in the archive, or one given for a new data file, cannot be used.
    #[error("file name {name:?} {fault}")]
    Name {
        /// The name as far as it could be read.
        name: String,
        /// What is wrong with it.
        fault: NameFault,
    },

    /// The `mimetype` entry breaks EN 319 162-1 A.1.
    #[error("mimetype entry: expected {expected}, found {found}")]
    Mimetype {
        /// What the standard asks for.
        expected: String,
        /// What is there.
        found: String,
    },

    /// `META-INF/manifest.xml` is missing, or does not describe the files that are there.
    #[error("META-INF/manifest.xml: {fault}: {subject:?}")]
    Manifest {
        /// What is wrong.
        fault: ManifestFault,
        /// The path, attribute or element concerned.
        subject: String,
    },

    /// An XML file is not well-formed, or uses what is refused here (DTD, entities, other encodings).
    #[error("{file}: {problem}")]
    Xml {
        /// The entry's name.
        file: String,
        /// The parser's words: what and where.
        problem: String,
    },

    /// A signatures file does not have the one accepted shape (EN 319 132-1).
    #[error("{file}: {}: expected {expected}, found {found}", at_element(element))]
    Shape {
        /// The entry's name.
        file: String,
        /// The element that is wrong or missing, as a path from the signature.
        element: String,
        /// What has to be there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A change that would break the signatures already in the container.
    #[error("data files can't be changed: the container holds {signatures} signature file(s)")]
    AlreadySigned {
        /// How many signature files there are.
        signatures: usize,
    },

    /// There is nothing to sign, or nothing to write.
    #[error("the container has no data files")]
    NoDataFiles,

    /// A data file was asked for that is not in the container.
    #[error("there is no data file {name:?} in the container")]
    NoSuchDataFile {
        /// The name asked for.
        name: String,
    },

    /// A signature is not one over exactly the container's data files.
    #[error("the signature does not cover the container's data files: {name:?}: {problem}")]
    DoesNotCover {
        /// The file concerned.
        name: String,
        /// What is wrong.
        problem: String,
    },

    /// Nothing can be made with this algorithm in an ASiC-E container.
    #[error("{what} can't be used in a XAdES signature: {algorithm}")]
    UnsupportedAlgorithm {
        /// Where it was to be used.
        what: &'static str,
        /// Its name.
        algorithm: String,
    },

    /// The signature value that came back does not verify with the certificate it was asked for.
    #[error("the signature value is not one of the signer certificate's key over the digest to sign")]
    WrongSignatureValue,

    /// The certificate given does not fit where it was given.
    #[error("{what}: {problem}")]
    WrongCertificate {
        /// The certificate's role.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },

    /// The identifier can't be used as an XML `Id`.
    #[error("{id:?} can't be a signature's Id: a letter, then letters, digits, '-', '_', '.', at most 64")]
    WrongIdentifier {
        /// The identifier.
        id: String,
    },

    /// The time-stamp does not answer the question.
    #[error("the time-stamp can't be used: {problem}")]
    WrongTimeStamp {
        /// What is wrong.
        problem: String,
    },

    /// The OCSP response does not answer the question.
    #[error("the OCSP response can't be used: {problem}")]
    WrongOcspResponse {
        /// What is wrong.
        problem: String,
    },

    /// The OCSP response was made before the time-stamp, so it says nothing about the time at which the
    /// signature is proven to exist. Ask again.
    #[error("the OCSP response was made at {produced_at}, before the time-stamp at {earliest}: ask again")]
    OcspTooEarly {
        /// When it was made.
        produced_at: jiff::Timestamp,
        /// The time-stamp's time.
        earliest: jiff::Timestamp,
    },

    /// The bytes are not a PDF file, or not one that is read here.
    #[error(transparent)]
    Pdf(#[from] crate::pades::pdf::PdfError),

    /// A PDF document that may not, or should not, be signed or extended.
    #[error("the document can't be signed: {problem}")]
    Unsignable {
        /// A short stable name of the rule.
        rule: &'static str,
        /// What stands in the way.
        problem: String,
    },

    /// A signature that cannot be taken out of a document again.
    #[error("the signature can't be removed: {problem}")]
    NotRemovable {
        /// What stands in the way.
        problem: String,
    },

    /// What a signature shall show cannot be shown.
    #[error("the signature can't be shown: {problem}")]
    Appearance {
        /// Why not.
        problem: String,
    },

    /// The signatures of one container name its files in more orders than an honest program would, and
    /// each order costs an archive time-stamp a pass over all files.
    #[error("the archive time-stamps of the container begin in more than {allowed} different ways")]
    TooManyArchiveInputs {
        /// How many are digested.
        allowed: usize,
    },

    /// A signature was asked for that is not in the container.
    #[error("there is no signature {id:?} in {file:?}")]
    NoSuchSignature {
        /// The signatures file.
        file: String,
        /// The signature's `Id`, or its number.
        id: String,
    },

    /// Another signature was to take the place of one, and not the same with more in it.
    #[error("the signature is not the one in {file:?} with something added: {problem}")]
    NotAnExtension {
        /// The signatures file.
        file: String,
        /// What is wrong.
        problem: &'static str,
    },

    /// A data file gave more or fewer bytes than it was said to have.
    #[error("{name:?} changed while it was read: {expected} bytes were expected, found {found}")]
    SizeChanged {
        /// The data file.
        name: String,
        /// Bytes that were announced.
        expected: u64,
        /// Bytes that came, or came at least.
        found: u64,
    },

    /// The bytes of a data file are needed, or another digest of them, and are not in the container.
    #[error("the data file {name:?} is not here, and what is needed of it is not known")]
    DataNotHere {
        /// The data file.
        name: String,
    },

    /// A list of digests that stands for data files is not sound, or the container is of another kind.
    #[error("{file}: {problem}")]
    Hashcodes {
        /// The list.
        file: &'static str,
        /// What is wrong.
        problem: String,
    },

    /// An ASiC-S container that breaks EN 319 162-1 §4.3.
    #[error("ASiC-S: {problem}")]
    NotAsicS {
        /// What is wrong.
        problem: String,
    },

    /// Stored state of a signature being made could not be read back.
    #[error("the stored signature template is damaged: {problem}")]
    DamagedTemplate {
        /// What is wrong.
        problem: String,
    },
}

impl Error {
    /// A short stable name of the rule that was broken, as used in reports.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Zip { fault, .. } => fault.rule(),
            Self::LimitExceeded { bound, .. } => bound.rule(),
            Self::Name { .. } => "name",
            Self::Mimetype { .. } => "mimetype",
            Self::Manifest { .. } => "manifest",
            Self::Xml { .. } => "xml",
            Self::Shape { .. } => "structure",
            Self::AlreadySigned { .. } => "already-signed",
            Self::NoDataFiles => "no-data-files",
            Self::NoSuchDataFile { .. } => "no-such-data-file",
            Self::DoesNotCover { .. } => "coverage",
            Self::UnsupportedAlgorithm { .. } => "unsupported-algorithm",
            Self::WrongSignatureValue => "signature-value",
            Self::WrongCertificate { .. } => "certificate",
            Self::WrongIdentifier { .. } => "identifier",
            Self::WrongTimeStamp { .. } => "time-stamp",
            Self::WrongOcspResponse { .. } => "ocsp-response",
            Self::OcspTooEarly { .. } => "ocsp-too-early",
            Self::Pdf(error) => error.fault.rule(),
            Self::Unsignable { rule, .. } => rule,
            Self::NotRemovable { .. } => "not-removable",
            Self::Appearance { .. } => "appearance",
            Self::TooManyArchiveInputs { .. } => "archive-inputs",
            Self::NoSuchSignature { .. } => "no-such-signature",
            Self::NotAnExtension { .. } => "not-an-extension",
            Self::SizeChanged { .. } => "size-changed",
            Self::DataNotHere { .. } => "data-not-here",
            Self::Hashcodes { .. } => "hashcodes",
            Self::NotAsicS { .. } => "asic-s",
            Self::DamagedTemplate { .. } => "damaged-template",
        }
    }

    pub(crate) fn zip(
        fault: ZipFault,
        entry: Option<&str>,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self::Zip {
            fault,
            entry: entry.map(str::to_owned),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }

    pub(crate) fn limit(bound: Bound, entry: Option<&str>, allowed: u64, found: u64) -> Self {
        Self::LimitExceeded { bound, entry: entry.map(str::to_owned), allowed, found }
    }
}

macro_rules! faults {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $rule:literal, $text:literal;)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// A short stable name, as used in reports.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)* })
            }
        }
    };
}

faults! {
    /// Rules of the archive, APPNOTE 6.3 narrowed to what a container needs.
    ZipFault {
        /// No end of central directory where it has to be.
        NotAnArchive = "zip-end-record", "no end of central directory at the end of the file";
        /// A header's magic number or length is wrong.
        BrokenHeader = "zip-header", "broken header";
        /// An archive comment other than `mimetype=...`.
        Comment = "zip-comment", "archive comment";
        /// Bytes that belong to no entry: before the first, between two, or before the directory.
        StrayBytes = "zip-stray-bytes", "bytes outside every entry";
        /// Two entries share bytes, or an entry reaches into the directory.
        Overlap = "zip-overlap", "overlapping entries";
        /// Split over several disks.
        MultiDisk = "zip-multi-disk", "archive split over several disks";
        /// ZIP64 fields where nothing needs them, or that contradict what they stand for.
        Zip64 = "zip-zip64", "ZIP64 field";
        /// Encrypted entries, patched data and other uses of the flag bits.
        Flags = "zip-flags", "flag bits that are not accepted";
        /// A compression method other than stored and deflated.
        Method = "zip-method", "compression method";
        /// The local header says something else than the central directory.
        HeaderMismatch = "zip-header-mismatch", "local header and central directory differ";
        /// The data descriptor after an entry does not repeat the sizes and checksum.
        Descriptor = "zip-descriptor", "data descriptor";
        /// The unpacked bytes have another length than declared.
        Size = "zip-size", "unpacked size";
        /// The CRC-32 of the unpacked bytes.
        Checksum = "zip-checksum", "CRC-32";
        /// The deflated data is broken or has bytes after its end.
        Deflate = "zip-deflate", "deflated data";
        /// Two entries with one name.
        DuplicateName = "zip-duplicate-name", "two entries with one name";
        /// A symbolic link, device or other thing that is not a plain file.
        NotAFile = "zip-not-a-file", "entry that is not a plain file";
        /// An extra field that gives the entry another name.
        ExtraField = "zip-extra-field", "extra field";
    }
}

faults! {
    /// What is bounded; see [`crate::Limits`].
    Bound {
        /// [`crate::Limits::entries`].
        Entries = "limit-entries", "the number of entries";
        /// [`crate::Limits::metadata_bytes`].
        MetadataBytes = "limit-metadata-bytes", "the size of a file in META-INF in bytes";
        /// [`crate::Limits::all_metadata_bytes`].
        AllMetadataBytes = "limit-all-metadata-bytes", "the size of all files in META-INF in bytes";
        /// [`crate::Limits::data_file_bytes`].
        DataFileBytes = "limit-data-file-bytes", "the size of a data file in bytes";
        /// [`crate::Limits::total_bytes`].
        TotalBytes = "limit-total-bytes", "the size of all files in bytes";
        /// [`crate::Limits::ratio`].
        Ratio = "limit-ratio", "the compression ratio";
        /// [`crate::Limits::xml_depth`].
        XmlDepth = "limit-xml-depth", "the depth of XML elements";
        /// [`crate::Limits::xml_items`].
        XmlItems = "limit-xml-items", "the number of XML elements and attributes";
        /// [`crate::Limits::xml_attributes`].
        XmlAttributes = "limit-xml-attributes", "the number of attributes of an XML element";
        /// [`crate::Limits::xml_scope_bytes`].
        XmlScopeBytes = "limit-xml-scope-bytes", "the size of the namespaces of an XML element in bytes";
        /// Eight for each of [`crate::Limits::xml_items`].
        XmlScopes = "limit-xml-scopes", "the number of namespaces of all XML elements, counted for each that they reach,";
        /// [`crate::Limits::signatures`].
        Signatures = "limit-signatures", "the number of signatures";
    }
}

faults! {
    /// Why a name cannot be a file's name in a container.
    NameFault {
        /// No characters, or more than 1024 bytes.
        Length = "name-length", "must have 1 to 1024 bytes";
        /// Not UTF-8.
        NotUtf8 = "name-utf8", "is not UTF-8";
        /// A control character, NUL included.
        ControlCharacter = "name-control", "has a control character";
        /// A backslash, which some systems take for a separator.
        Backslash = "name-backslash", "has a backslash";
        /// Starts with a slash or a drive letter.
        Absolute = "name-absolute", "is an absolute path";
        /// A segment that is empty, `.` or `..`.
        Segment = "name-segment", "has an empty, '.' or '..' segment";
        /// `mimetype` or something in `META-INF/`.
        Reserved = "name-reserved", "is reserved by the container format";
        /// Equal to another name after case folding and Unicode normalisation.
        TooSimilar = "name-too-similar", "differs from another name only in case or Unicode form";
    }
}

faults! {
    /// What is wrong with the manifest.
    ManifestFault {
        /// There is none.
        Missing = "manifest-missing", "the file is missing";
        /// The root element or its namespace is another one.
        Root = "manifest-root", "unexpected root element";
        /// An element or attribute that has no place here.
        Element = "manifest-element", "unexpected or missing element or attribute";
        /// No entry for `/`, or more than one.
        NoRootEntry = "manifest-root-entry", "there must be one entry for '/'";
        /// The entry for `/` names another type than the `mimetype` file.
        RootType = "manifest-root-type", "the type of '/' differs from the mimetype file";
        /// The same path twice.
        Duplicate = "manifest-duplicate", "the path is listed twice";
        /// A path that is listed and not there.
        FileMissing = "manifest-file-missing", "the file is listed and is not in the container";
        /// A file that is there and not listed.
        NotListed = "manifest-not-listed", "the file is in the container and is not listed";
    }
}

fn in_entry(entry: &Option<String>) -> String {
    entry.as_ref().map(|name| format!(" in {name:?}")).unwrap_or_default()
}

fn at_element(element: &str) -> &str {
    if element.is_empty() { "the document" } else { element }
}
