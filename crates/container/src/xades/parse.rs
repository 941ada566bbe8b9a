//! Reading a signatures file with one fixed idea of what a signature looks like.
//!
//! A general XML-DSig engine follows references wherever they point and runs the transforms it finds;
//! most attacks on XML signatures live there. This reader knows two kinds of reference (a file of the
//! container; the `SignedProperties` inside the signature's own object), finds every element by its place
//! and never by its `Id`, and refuses whatever has another shape:
//!
//! ```text
//! asic:XAdESSignatures
//!   ds:Signature Id
//!     ds:SignedInfo · ds:SignatureValue · ds:KeyInfo · ds:Object
//!       xades:QualifyingProperties Target
//!         xades:SignedProperties Id
//!         xades:UnsignedProperties ?
//! ```
//!
//! EN 319 162-1 A.5, XML-DSig 1.1 §4, EN 319 132-1 §4 and §5. Octets to be hashed are canonicalised here,
//! while the tree exists; afterwards a signature is plain data.

mod reader;

use std::collections::HashSet;

use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::Certificate;
use jiff::Timestamp;

use self::reader::Reader;
pub use super::algorithm::{DigestMethod, SignatureMethod};
pub use super::archive::{ArchiveInput, ArchivePart};
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;
use crate::xml::{self, ASIC, DS, Document, NodeId};

/// The `Type` of the reference to `SignedProperties`, EN 319 132-1 §4.4.2.
pub(crate) const SIGNED_PROPERTIES_TYPE: &str = "http://uri.etsi.org/01903#SignedProperties";
/// Certificates, OCSP responses and CRLs in one signature.
const MAX_VALUES: usize = 256;
/// Archive time-stamps in one signature; renewed each year, that is more than a century.
const MAX_ARCHIVE_TIME_STAMPS: usize = 128;
/// Unsigned properties of one signature: some for each of its archive time-stamps.
const MAX_UNSIGNED_PROPERTIES: usize = 1024;
/// Canonicalization methods of the archive time-stamps of one signature: each costs a pass over the signature.
const MAX_ARCHIVE_METHODS: usize = 3;

/// A signatures file, read: each signature, or why it is none.
#[derive(Debug, Clone)]
pub struct SignaturesFile {
    signatures: Vec<Result<Signature, ShapeFault>>,
}

/// Why an element is not the signature that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShapeFault {
    /// The signature's `Id`, when it has one.
    pub id: Option<String>,
    /// The element that is wrong or missing.
    pub element: String,
    /// What has to be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl ShapeFault {
    fn new(element: &str, expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        let found = found.as_ref().chars().filter(|c| !c.is_control()).take(200).collect();
        Self { id: None, element: element.to_owned(), expected: expected.into(), found }
    }

    /// The same as an error of a whole file.
    pub fn into_error(self, file: &str) -> Error {
        let Self { element, expected, found, .. } = self;
        Error::Shape { file: file.to_owned(), element, expected, found }
    }
}

/// A XAdES signature as data. Nothing in it has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `ds:Signature/@Id`.
    pub id: String,
    /// `ds:SignatureMethod`.
    pub method: SignatureMethod,
    /// The canonical form of `ds:SignedInfo`: what was signed.
    pub signed_info: Vec<u8>,
    /// The references to files, in document order.
    pub files: Vec<FileReference>,
    /// The reference to the signed properties; its absence is for the validator to judge.
    pub properties_reference: Option<PropertiesReference>,
    /// `ds:SignatureValue`, decoded.
    pub value: Vec<u8>,
    /// The certificates in `ds:KeyInfo` in DER, in document order.
    pub key_info: Vec<Vec<u8>>,
    /// What the signer stated.
    pub signed: SignedProperties,
    /// What was added afterwards.
    pub unsigned: UnsignedProperties,
    /// Parts that are allowed, and not looked at.
    pub ignored: Vec<String>,
}

impl Signature {
    /// The certificate that `SigningCertificate` names by its digest, wherever in the signature it stands;
    /// the order in `KeyInfo`, which nobody signed, decides nothing. None when it is not there, cannot
    /// be read, or is named with a digest that proves nothing.
    pub fn signer_certificate(&self) -> Option<Certificate> {
        let named = self.signed.signing_certificate.as_ref()?.certificates.first()?;
        let digest = named.digest.known().filter(|digest| !digest.is_weak())?;
        let mut candidates = self.key_info.iter().chain(&self.unsigned.certificates);
        let der = candidates.find(|der| digest.of(der) == named.value)?;
        Certificate::from_der(der).ok()
    }
}

/// A reference to a file of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReference {
    /// The name after percent-decoding.
    pub name: String,
    /// The digest method.
    pub digest: DigestMethod,
    /// The digest.
    pub value: Vec<u8>,
    /// `xades:MimeType` of the `DataObjectFormat` that belongs to the reference.
    pub media_type: Option<String>,
}

/// The reference to `SignedProperties`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertiesReference {
    /// The digest method.
    pub digest: DigestMethod,
    /// The digest.
    pub value: Vec<u8>,
    /// `SignedProperties` in the canonical form that the reference asks for.
    pub octets: Vec<u8>,
}

/// EN 319 132-1 §5.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignedProperties {
    /// `SigningTime`: a claim, never proof.
    pub signing_time: Option<Timestamp>,
    /// `SigningCertificateV2`, or `SigningCertificate` in older signatures.
    pub signing_certificate: Option<SigningCertificate>,
    /// `SignaturePolicyIdentifier`.
    pub policy: Option<SignaturePolicy>,
    /// `SignatureProductionPlace(V2)`: the parts that are there, in schema order.
    pub production_place: Vec<String>,
    /// `ClaimedRole`s.
    pub claimed_roles: Vec<String>,
}

/// Which certificates the signer says were used; the first is the signer's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningCertificate {
    /// One `Cert` each.
    pub certificates: Vec<CertificateReference>,
}

/// A `Cert` in `SigningCertificate` or `SigningCertificateV2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateReference {
    /// The digest method.
    pub digest: DigestMethod,
    /// The digest of the certificate's DER.
    pub value: Vec<u8>,
    /// Issuer and serial number, in the form of the property's version.
    pub issuer_serial: Option<IssuerSerial>,
}

/// Issuer and serial number of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerSerial {
    /// `X509IssuerName` and `X509SerialNumber` of version 1.
    Names {
        /// RFC 4514 text.
        issuer: String,
        /// Decimal digits.
        serial: String,
    },
    /// `IssuerSerialV2`: DER of `IssuerSerial` (RFC 5035).
    Der(Vec<u8>),
}

/// `SignaturePolicyIdentifier`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignaturePolicy {
    /// `SignaturePolicyImplied`.
    Implied,
    /// `SignaturePolicyId` with its identifier.
    Explicit(String),
}

/// EN 319 132-1 §5.3 to §5.5, as far as this crate evaluates it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnsignedProperties {
    /// The one `SignatureTimeStamp`.
    pub time_stamp: Option<SignatureTimeStamp>,
    /// DER of the certificates in `CertificateValues` and `TimeStampValidationData`.
    pub certificates: Vec<Vec<u8>>,
    /// DER of the OCSP responses, likewise.
    pub ocsp_responses: Vec<Vec<u8>>,
    /// DER of the CRLs, likewise.
    pub crls: Vec<Vec<u8>>,
    /// Whether there is a `RevocationValues`.
    pub has_revocation_values: bool,
    /// The `ArchiveTimeStamp`s, in document order: each covers everything before it.
    pub archive_time_stamps: Vec<ArchiveTimeStamp>,
}

/// `SignatureTimeStamp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureTimeStamp {
    /// DER of the time-stamp token.
    pub token: Vec<u8>,
    /// `ds:SignatureValue` in the canonical form that the time-stamp asks for: what it covers.
    pub octets: Vec<u8>,
}

/// `xades141:ArchiveTimeStamp`, EN 319 132-1 §5.5.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveTimeStamp {
    /// DER of the time-stamp token.
    pub token: Vec<u8>,
    /// What it covers, in the canonical form that it asks for.
    pub input: ArchiveInput,
    /// How many of [`UnsignedProperties::certificates`] stand before it, and so are covered by it.
    pub certificates: usize,
    /// The same for [`UnsignedProperties::ocsp_responses`].
    pub ocsp_responses: usize,
    /// The same for [`UnsignedProperties::crls`].
    pub crls: usize,
}

/// A signature with what is needed to add unsigned properties to its text.
#[derive(Debug, Clone)]
pub(crate) struct Editable {
    pub(crate) signature: Signature,
    pub(crate) insertion: Insertion,
    /// `ds:SignatureValue` in exclusive canonical form, for a signature time-stamp.
    pub(crate) value_octets: Vec<u8>,
    /// What an archive time-stamp at the end covers, in exclusive canonical form.
    pub(crate) archive_input: ArchiveInput,
    /// Whether there is a `CertificateValues` among the unsigned signature properties.
    pub(crate) has_certificate_values: bool,
}

/// Where the next unsigned signature property goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Insertion {
    /// The bytes of the text that give way: none, or the `/>` of an empty element.
    pub(crate) range: std::ops::Range<usize>,
    /// What has to stand before the property.
    pub(crate) before: String,
    /// What has to stand after it.
    pub(crate) after: String,
}

type Fault<T> = std::result::Result<T, ShapeFault>;

impl SignaturesFile {
    /// Reads a signatures file.
    ///
    /// # Errors
    ///
    /// [`Error::Xml`] when it is not acceptable XML, [`Error::LimitExceeded`], [`Error::Shape`] when its
    /// root is not `asic:XAdESSignatures` or holds no signature. A signature of wrong shape is not an
    /// error here: it is found in [`Self::signatures`].
    pub fn parse(file: &str, bytes: &[u8], limits: &Limits) -> Result<Self> {
        let text = xml::text(file, bytes, limits)?;
        let document = xml::parse(file, text, limits)?;
        let wrong = |expected: &str, found: &str| Error::Shape {
            file: file.to_owned(),
            element: String::new(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        let root = document.document_element().ok_or_else(|| wrong("asic:XAdESSignatures", "nothing"))?;
        if !xml::is(&document, root, ASIC, "XAdESSignatures") {
            return Err(wrong("asic:XAdESSignatures as root", &xml::shown_name(&document, root)));
        }
        let children = xml::child_elements(&document, root)
            .ok_or_else(|| wrong("only ds:Signature elements", "text"))?;
        if children.is_empty() {
            return Err(wrong("at least one ds:Signature", "none"));
        }
        if children.len() > limits.signatures {
            let (allowed, found) = (limits.signatures as u64, children.len() as u64);
            return Err(Error::limit(Bound::Signatures, Some(file), allowed, found));
        }
        if let Some(other) = children.iter().find(|child| !xml::is(&document, **child, DS, "Signature")) {
            return Err(wrong("only ds:Signature elements", &xml::shown_name(&document, *other)));
        }
        let duplicate = find_duplicate_id(&document);
        let read = |element: &NodeId| {
            let id = xml::attribute(&document, *element, "Id").map(str::to_owned);
            match &duplicate {
                Some(value) => Err(ShapeFault::new("Id", "every Id once in the file", value)),
                None => Reader { document: &document }.signature(*element),
            }
            .map_err(|fault| ShapeFault { id, ..fault })
        };
        Ok(Self { signatures: children.iter().map(read).collect() })
    }

    /// The signatures in document order; never empty.
    pub fn signatures(&self) -> &[Result<Signature, ShapeFault>] {
        &self.signatures
    }
}

/// Reads one of a file's signatures together with the places where its text can grow.
///
/// # Errors
///
/// Those of [`SignaturesFile::parse`]; [`Error::Shape`] when it is no signature of the accepted shape, or
/// there are not that many.
pub(crate) fn editable(file: &str, text: &str, number: usize, limits: &Limits) -> Result<Editable> {
    SignaturesFile::parse(file, text.as_bytes(), limits)?
        .signatures
        .into_iter()
        .nth(number)
        .ok_or_else(|| Error::Shape {
            file: file.to_owned(),
            element: "asic:XAdESSignatures".to_owned(),
            expected: format!("at least {} signatures", number + 1),
            found: "fewer".to_owned(),
        })?
        .map_err(|fault| fault.into_error(file))?;
    let text = xml::text(file, text.as_bytes(), limits)?;
    let document = xml::parse(file, text, limits)?;
    let children = document.document_element().and_then(|root| xml::child_elements(&document, root));
    let node = children.and_then(|children| children.get(number).copied());
    // It was found a moment ago.
    let node =
        node.ok_or_else(|| Error::Xml { file: file.to_owned(), problem: "no signature".to_owned() })?;
    Reader { document: &document }.editable(node).map_err(|fault| fault.into_error(file))
}

/// A signatures file without one of its signatures.
pub(crate) enum Removed {
    /// No signature has the `Id`.
    NotThere,
    /// It held no other.
    Last,
    /// The text with the signature cut out.
    Remaining(String),
}

/// Cuts the signature with this `Id` out of a file; the others keep their bytes.
///
/// # Errors
///
/// [`Error::Xml`], [`Error::LimitExceeded`], [`Error::Shape`] as in [`SignaturesFile::parse`].
pub(crate) fn without_signature(file: &str, bytes: &[u8], id: &str, limits: &Limits) -> Result<Removed> {
    let text = xml::text(file, bytes, limits)?;
    let document = xml::parse(file, text, limits)?;
    let children = document.document_element().and_then(|root| xml::child_elements(&document, root));
    let children = children.unwrap_or_default();
    let with_id = |node: &NodeId| xml::attribute(&document, *node, "Id") == Some(id);
    let Some(found) = children.iter().copied().find(with_id) else { return Ok(Removed::NotThere) };
    match document.node_range(found) {
        Some(range) if children.len() > 1 => {
            Ok(Removed::Remaining([&text[..range.start], &text[range.end..]].concat()))
        }
        _ => Ok(Removed::Last),
    }
}

/// The digests by which a signatures file refers to data files, as far as they prove something. A hint for
/// reading the files only once, and no statement about the signatures.
pub(crate) fn reference_digests(document: &Document<'_>) -> Vec<Digest> {
    let mut digests = Vec::new();
    for node in document.descendants(document.root()) {
        let is_file = xml::is(document, node, DS, "Reference")
            && xml::attribute(document, node, "URI").is_some_and(|uri| !uri.starts_with('#'));
        if !is_file {
            continue;
        }
        let children = xml::child_elements(document, node).unwrap_or_default();
        for method in children.into_iter().filter(|child| xml::is(document, *child, DS, "DigestMethod")) {
            let digest = xml::attribute(document, method, "Algorithm").map(DigestMethod::from_uri);
            let digest = digest.and_then(|method| method.known()).filter(|digest| !digest.is_weak());
            digests.extend(digest.filter(|digest| !digests.contains(digest)));
        }
    }
    digests
}

/// One `Id` on two elements lets two readers see two different signed things. All spellings that some
/// reader takes for an identifier count.
fn find_duplicate_id(document: &Document<'_>) -> Option<String> {
    let mut seen = HashSet::new();
    for node in document.descendants(document.root()) {
        let Some(element) = document.element(node) else { continue };
        for attribute in &element.attributes {
            let is_id = attribute.name.local_name.eq_ignore_ascii_case("id");
            if is_id && !seen.insert(attribute.value.to_string()) {
                return Some(attribute.value.to_string());
            }
        }
    }
    None
}
