//! What the validation process looks at: signatures and time-stamps as plain data, whatever format they
//! came in.
//!
//! A reader of a format (XAdES in ASiC, CMS in PDF) fills in a [`SignatureUnderTest`]: it does all the
//! parsing, canonicalizes, computes digests over what was signed, and judges the rules that only its
//! format has, as [`Fault`]s. Everything after that is one process for all of them
//! ([EN 319 102-1](super)).

use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use jiff::Timestamp;

use crate::level::SignatureFormat;
use crate::report::{Finding, Indication, Part, SubIndication};

/// A signature as a reader found it. Nothing in it has been verified but what the reader says.
#[derive(Debug, Clone)]
pub struct SignatureUnderTest {
    /// The format it is written in.
    pub format: SignatureFormat,
    /// What it is called: the `Id` of an XML signature, the field name in a PDF.
    pub id: String,
    /// Where it lies: the entry of a container; for a PDF the revision, such as `revision 2`.
    pub place: String,
    /// What the reader found wrong by the rules of the format.
    pub faults: Vec<Fault>,
    /// What the reader found odd.
    pub warnings: Vec<Finding>,
    /// What was signed, with the digests in the signature and those of what is there.
    pub objects: Vec<SignedObject>,
    /// How the value was made.
    pub method: Method,
    /// What the value was made over: the canonical `SignedInfo`, or the signed attributes as SET OF.
    pub signed_octets: Vec<u8>,
    /// The signature value.
    pub value: Vec<u8>,
    /// The form of an ECDSA value.
    pub value_form: ValueForm,
    /// What the signer stated.
    pub statements: Statements,
    /// Certificates in the signature, in DER. Those at position 0 came with the signature itself.
    pub certificates: Vec<Stored>,
    /// OCSP responses in DER.
    pub ocsp_responses: Vec<Stored>,
    /// CRLs in DER.
    pub crls: Vec<Stored>,
    /// Time-stamps over the signature and over what was added to it.
    pub time_stamps: Vec<TimeStampUnderTest>,
    /// Whether there is a place for revocation data, even an empty one.
    pub has_revocation_values: bool,
}

/// Something that is wrong, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// When in the process it counts.
    pub block: Block,
    /// What follows.
    pub indication: Indication,
    /// The reason.
    pub sub_indication: SubIndication,
    /// The details.
    pub finding: Finding,
}

impl Fault {
    /// The signature is proven not to hold.
    pub fn failed(block: Block, sub_indication: SubIndication, finding: Finding) -> Self {
        Self { block, indication: Indication::TotalFailed, sub_indication, finding }
    }

    /// It can't be decided.
    pub fn indeterminate(block: Block, sub_indication: SubIndication, finding: Finding) -> Self {
        Self { block, indication: Indication::Indeterminate, sub_indication, finding }
    }

    /// The form is wrong: EN 319 102-1 §5.2.2.
    pub fn format(finding: Finding) -> Self {
        Self::failed(Block::Format, SubIndication::FormatFailure, finding)
    }
}

/// The basic building blocks of EN 319 102-1 §5.2 in which a reader may find faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Block {
    /// Format checking, §5.2.2.
    Format,
    /// Cryptographic verification, §5.2.7: digests and values.
    Cryptography,
    /// Signature acceptance validation, §5.2.8: properties and coverage.
    Acceptance,
}

/// A thing that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedObject {
    /// What faults in it are faults of.
    pub part: Part,
    /// Its name for people; none for the signature's own properties.
    pub name: Option<String>,
    /// How much of it is covered.
    pub scope: Scope,
    /// The identifier of the digest method as written: a URI or an OID.
    pub digest_identifier: String,
    /// The digest method, when it can be computed here.
    pub digest: Option<Digest>,
    /// The digest in the signature.
    pub expected: Vec<u8>,
    /// What is there.
    pub found: Found,
}

/// What is there of a signed thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is not there.
    Missing,
    /// It is, with this digest. Any bytes will do when the digest method can't be computed.
    Digest(Vec<u8>),
    /// Only a digest that somebody stated for it is there: the data itself was not seen.
    StatedDigest(Vec<u8>),
}

/// How much of a thing a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of a file.
    WholeFile,
    /// A PDF as it was when signed, and it has not been added to since.
    WholeDocument,
    /// A PDF up to a revision; more came afterwards.
    Revision,
    /// A file of which only the digest is known.
    DigestOnly,
}

impl Scope {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WholeFile | Self::WholeDocument => "FullSignatureScope",
            Self::Revision => "PartialSignatureScope",
            Self::DigestOnly => "DigestSignatureScope",
        }
    }

    /// The same for people.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::WholeFile => "The whole file",
            Self::WholeDocument => "The whole document",
            Self::Revision => "The document as it was when signed",
            Self::DigestOnly => "The file's digest; the file itself was not seen",
        }
    }
}

/// How a signature value was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The identifier as written: a URI or an OID.
    pub identifier: String,
    /// The algorithm, when it can be verified here.
    pub algorithm: Option<SignatureAlgorithm>,
}

/// The form of an ECDSA value; RSA has one form only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueForm {
    /// `r ‖ s`, XML-DSig §6.4.3.
    Fixed,
    /// DER of `SEQUENCE { r, s }`, as in CMS.
    Der,
}

/// What the signer stated under the signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statements {
    /// A claim, never proof.
    pub signing_time: Option<Timestamp>,
    /// Which certificate is the signer's; without it the signature names no signer.
    pub signing_certificate: Option<CertificateReference>,
    /// A signature policy other than the implied one.
    pub policy: Option<String>,
    /// Claimed roles.
    pub roles: Vec<String>,
    /// Claimed place, part by part.
    pub production_place: Vec<String>,
    /// The reason in a PDF.
    pub reason: Option<String>,
}

/// Which certificate the signer says is the signer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReference {
    /// The identifier of the digest method as written.
    pub digest_identifier: String,
    /// The digest method, when it can be computed here.
    pub digest: Option<Digest>,
    /// The digest of the certificate's DER.
    pub value: Vec<u8>,
    /// Issuer and serial number, when they are stated, too.
    pub issuer_serial: Option<IssuerSerial>,
}

pub use crate::xades::parse::IssuerSerial;

/// A certificate, OCSP response or CRL with the place where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// When it was added, relative to the other things in the signature: a time-stamp covers what has a
    /// lower position than itself. Document order in XAdES, the revision's number in a PDF.
    pub position: u32,
    /// DER.
    pub der: Vec<u8>,
}

/// A time-stamp with what it was found to cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampUnderTest {
    /// What kind.
    pub kind: TimeStampKind,
    /// Its place among the things that were added; see [`Stored::position`].
    pub position: u32,
    /// DER of the token.
    pub token: Vec<u8>,
    /// The digest of what it has to cover.
    pub covered: Covered,
}

/// The kinds of time-stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeStampKind {
    /// Over the signature value.
    Signature,
    /// Over the signature, what it signs, and all that was added before (XAdES `ArchiveTimeStamp`, the
    /// document time-stamp of a PDF).
    Archive,
    /// Over a file that need not be signed, and all that was added before (ASiC-S).
    Content,
}

/// What a time-stamp has to cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// These octets.
    Octets(Vec<u8>),
    /// Something with this digest, by the hash function that the token itself names.
    Digest {
        /// The hash function.
        digest: Digest,
        /// The digest.
        value: Vec<u8>,
    },
    /// It could not be put together, for this reason (data that was not seen, for instance).
    Unknown(String),
}

impl TimeStampKind {
    /// The word in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "SIGNATURE_TIMESTAMP",
            Self::Archive => "ARCHIVE_TIMESTAMP",
            Self::Content => "CONTENT_TIMESTAMP",
        }
    }
}

impl TimeStampUnderTest {
    /// A time-stamp over the signature value.
    pub fn over_signature(position: u32, token: Vec<u8>, octets: Vec<u8>) -> Self {
        Self { kind: TimeStampKind::Signature, position, token, covered: Covered::Octets(octets) }
    }
}
