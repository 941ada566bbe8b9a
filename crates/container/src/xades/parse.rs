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

use std::collections::HashSet;

use jiff::Timestamp;

pub use super::algorithm::{DigestMethod, SignatureMethod};
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;
use crate::name::name_from_uri;
use crate::xml::{self, ASIC, Canonicalization, DS, Document, NodeId, XADES};

/// The `Type` of the reference to `SignedProperties`, EN 319 132-1 §4.4.2.
pub(crate) const SIGNED_PROPERTIES_TYPE: &str = "http://uri.etsi.org/01903#SignedProperties";
/// Certificates, OCSP responses and CRLs in one signature.
const MAX_VALUES: usize = 256;

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
}

/// `SignatureTimeStamp`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureTimeStamp {
    /// DER of the time-stamp token.
    pub token: Vec<u8>,
    /// `ds:SignatureValue` in the canonical form that the time-stamp asks for: what it covers.
    pub octets: Vec<u8>,
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
                // Canonicalising a part costs as much as the whole document is large, so each of many
                // signatures is read in a document of its own.
                None if children.len() > 1 => read_alone(&document, root, *element, limits),
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

/// Cuts a signature out, puts it into a copy of the root element alone, and reads it there.
fn read_alone(document: &Document<'_>, root: NodeId, signature: NodeId, limits: &Limits) -> Fault<Signature> {
    let fault = |found: &str| ShapeFault::new("ds:Signature", "an element that can be read by itself", found);
    let source = document.node_source(signature).ok_or_else(|| fault("no source text"))?;
    let (start, end) = xml::start_tag(document, root).ok_or_else(|| fault("no root"))?;
    let text = format!("{start}{source}{end}");
    let document = xml::parse("", &text, limits).map_err(|error| fault(&error.to_string()))?;
    let children = document.document_element().and_then(|root| xml::child_elements(&document, root));
    match children.as_deref() {
        Some([signature]) if xml::is(&document, *signature, DS, "Signature") => {
            Reader { document: &document }.signature(*signature)
        }
        _ => Err(fault("something else")),
    }
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

struct Reader<'d> {
    document: &'d Document<'d>,
}

impl<'d> Reader<'d> {
    fn signature(&self, node: NodeId) -> Fault<Signature> {
        let id = self.required_attribute(node, "ds:Signature", "Id")?;
        let parts = self.sequence(
            node,
            "ds:Signature",
            &[(DS, "SignedInfo"), (DS, "SignatureValue"), (DS, "KeyInfo"), (DS, "Object")],
        )?;
        let [signed_info, value, key_info, object] = parts[..] else {
            return Err(ShapeFault::new("ds:Signature", "four parts", "fewer"));
        };
        let qualifying = self.only_child(object, "ds:Object", XADES, "QualifyingProperties")?;
        let target = xml::attribute(self.document, qualifying, "Target").unwrap_or("no Target");
        if target.strip_prefix('#') != Some(id) {
            let expected = format!("Target=\"#{id}\"");
            return Err(ShapeFault::new("xades:QualifyingProperties", expected, target));
        }
        let children = self.elements(qualifying, "xades:QualifyingProperties")?;
        let (signed_node, unsigned_node) = match children[..] {
            [signed] => (signed, None),
            [signed, unsigned] => (signed, Some(unsigned)),
            _ => {
                return Err(ShapeFault::new(
                    "xades:QualifyingProperties",
                    "SignedProperties and UnsignedProperties",
                    format!("{} elements", children.len()),
                ));
            }
        };
        self.expect(signed_node, XADES, "SignedProperties")?;
        let mut ignored = Vec::new();
        let (method, references) = self.signed_info(signed_info, signed_node)?;
        let canonicalization = self.canonicalization(self.elements(signed_info, "ds:SignedInfo")?[0])?;
        let (signed, formats) = self.signed_properties(signed_node, &mut ignored)?;
        let mut files = references.files;
        apply_formats(&mut files, formats)?;
        let unsigned = match unsigned_node {
            None => UnsignedProperties::default(),
            Some(unsigned) => {
                self.expect(unsigned, XADES, "UnsignedProperties")?;
                self.unsigned_properties(unsigned, value, &mut ignored)?
            }
        };
        Ok(Signature {
            id: id.to_owned(),
            method,
            signed_info: canonicalization.element(self.document, signed_info),
            files: files.into_iter().map(|(_, file)| file).collect(),
            properties_reference: references.properties,
            value: self.base64(value, "ds:SignatureValue")?,
            key_info: self.key_info(key_info)?,
            signed,
            unsigned,
            ignored,
        })
    }

    fn signed_info(&self, node: NodeId, signed_properties: NodeId) -> Fault<(SignatureMethod, References)> {
        const AT: &str = "ds:SignedInfo";
        let children = self.elements(node, AT)?;
        let [canonicalization, method, references @ ..] = &children[..] else {
            return Err(ShapeFault::new(AT, "CanonicalizationMethod, SignatureMethod, Reference", "fewer"));
        };
        self.expect(*canonicalization, DS, "CanonicalizationMethod")?;
        self.expect(*method, DS, "SignatureMethod")?;
        // HMACOutputLength would shorten what is compared; RSAPSSParams belongs to a method we refuse.
        self.no_children(*method, "ds:SignatureMethod")?;
        let method =
            SignatureMethod::from_uri(self.required_attribute(*method, "ds:SignatureMethod", "Algorithm")?);
        let own_properties = self.required_attribute(signed_properties, "xades:SignedProperties", "Id")?;
        let mut read = References::default();
        let mut names = HashSet::new();
        for reference in references {
            self.expect(*reference, DS, "Reference")?;
            self.reference(*reference, signed_properties, own_properties, &mut read)?;
            if let Some((_, file)) = read.files.last()
                && names.len() < read.files.len()
                && !names.insert(file.name.clone())
            {
                return Err(ShapeFault::new("ds:Reference", "one reference for each file", &file.name));
            }
        }
        if read.files.is_empty() {
            return Err(ShapeFault::new(AT, "a reference to a data file", "none"));
        }
        Ok((method, read))
    }

    fn reference(
        &self,
        node: NodeId,
        signed_properties: NodeId,
        own_properties: &str,
        read: &mut References,
    ) -> Fault<()> {
        const AT: &str = "ds:Reference";
        let uri =
            xml::attribute(self.document, node, "URI").ok_or_else(|| ShapeFault::new(AT, "a URI", "none"))?;
        let kind = xml::attribute(self.document, node, "Type");
        let children = self.elements(node, AT)?;
        let (transforms, method, value) = match children[..] {
            [method, value] => (None, method, value),
            [transforms, method, value] => (Some(transforms), method, value),
            _ => return Err(ShapeFault::new(AT, "Transforms, DigestMethod, DigestValue", "other parts")),
        };
        if let Some(transforms) = transforms {
            self.expect(transforms, DS, "Transforms")?;
        }
        let (digest, value) = self.digest(method, value)?;
        match kind {
            Some(SIGNED_PROPERTIES_TYPE) => {
                if uri.strip_prefix('#') != Some(own_properties) {
                    let expected = format!("URI=\"#{own_properties}\", the signature's own SignedProperties");
                    return Err(ShapeFault::new(AT, expected, uri));
                }
                let canonicalization = self.properties_transform(transforms)?;
                let octets = canonicalization.referenced_element(self.document, signed_properties);
                let reference = PropertiesReference { digest, value, octets };
                if read.properties.replace(reference).is_some() {
                    return Err(ShapeFault::new(AT, "one reference to SignedProperties", "two"));
                }
            }
            Some(other) => return Err(ShapeFault::new(AT, "no Type but SignedProperties", other)),
            None => {
                let name = name_from_uri(uri).map_err(|problem| {
                    ShapeFault::new(AT, "the URI of a file in the container", format!("{problem}: {uri}"))
                })?;
                if transforms.is_some() {
                    return Err(ShapeFault::new(AT, "no Transforms on a file", "Transforms"));
                }
                let id = self.required_attribute(node, AT, "Id")?;
                read.files.push((id.to_owned(), FileReference { name, digest, value, media_type: None }));
            }
        }
        Ok(())
    }

    fn properties_transform(&self, transforms: Option<NodeId>) -> Fault<Canonicalization> {
        const AT: &str = "ds:Transforms";
        let Some(transforms) = transforms else {
            // XML-DSig §4.4.3.2: a node set becomes octets by Canonical XML 1.0.
            return Ok(Canonicalization::INCLUSIVE);
        };
        match self.elements(transforms, AT)?[..] {
            [transform] => {
                self.expect(transform, DS, "Transform")?;
                self.canonicalization(transform)
            }
            _ => Err(ShapeFault::new(AT, "one Transform", "another number")),
        }
    }

    /// `CanonicalizationMethod` or `Transform`: one of six identifiers, and no parameters.
    fn canonicalization(&self, node: NodeId) -> Fault<Canonicalization> {
        let at = xml::shown_name(self.document, node);
        self.no_children(node, &at)?;
        let uri = self.required_attribute(node, &at, "Algorithm")?;
        Canonicalization::from_uri(uri).ok_or_else(|| ShapeFault::new(&at, "a canonicalization method", uri))
    }

    fn key_info(&self, node: NodeId) -> Fault<Vec<Vec<u8>>> {
        let mut certificates = Vec::new();
        for data in self.elements(node, "ds:KeyInfo")? {
            if !xml::is(self.document, data, DS, "X509Data") {
                continue;
            }
            for child in self.elements(data, "ds:X509Data")? {
                if xml::is(self.document, child, DS, "X509Certificate") {
                    self.push_value(&mut certificates, child, "ds:X509Certificate")?;
                }
            }
        }
        Ok(certificates)
    }

    fn signed_properties(
        &self,
        node: NodeId,
        ignored: &mut Vec<String>,
    ) -> Fault<(SignedProperties, Vec<Format>)> {
        const AT: &str = "xades:SignedProperties";
        let children = self.elements(node, AT)?;
        let (signature, objects) = match children[..] {
            [signature] => (signature, None),
            [signature, objects] => (signature, Some(objects)),
            _ => return Err(ShapeFault::new(AT, "one or two parts", children.len().to_string())),
        };
        self.expect(signature, XADES, "SignedSignatureProperties")?;
        let mut properties = SignedProperties::default();
        let mut last_rank = 0;
        for child in self.elements(signature, "xades:SignedSignatureProperties")? {
            let rank = self.signature_property(child, &mut properties, ignored)?;
            if rank <= last_rank && rank < RANK_OTHER {
                let found = xml::shown_name(self.document, child);
                return Err(ShapeFault::new(
                    "xades:SignedSignatureProperties",
                    "each property once, in the schema's order",
                    found,
                ));
            }
            last_rank = rank;
        }
        let mut formats = Vec::new();
        if let Some(objects) = objects {
            self.expect(objects, XADES, "SignedDataObjectProperties")?;
            for child in self.elements(objects, "xades:SignedDataObjectProperties")? {
                if xml::is(self.document, child, XADES, "DataObjectFormat") {
                    formats.push(self.data_object_format(child)?);
                } else {
                    ignored.push(xml::shown_name(self.document, child));
                }
            }
        }
        Ok((properties, formats))
    }

    /// Reads one property and returns its place in the schema's sequence.
    fn signature_property(
        &self,
        node: NodeId,
        properties: &mut SignedProperties,
        ignored: &mut Vec<String>,
    ) -> Fault<u8> {
        let name = xml::shown_name(self.document, node);
        Ok(match name.as_str() {
            "xades:SigningTime" => {
                let text = self.text(node, &name)?;
                let time = text.trim().parse::<Timestamp>().map_err(|_| {
                    ShapeFault::new(&name, "a date and time with zone, such as 2026-11-22T09:00:00Z", &text)
                })?;
                properties.signing_time = Some(time);
                1
            }
            "xades:SigningCertificate" => {
                properties.signing_certificate = Some(self.signing_certificate(node, &name)?);
                2
            }
            "xades:SigningCertificateV2" => {
                if properties.signing_certificate.is_some() {
                    return Err(ShapeFault::new(&name, "one version of SigningCertificate", "both"));
                }
                properties.signing_certificate = Some(self.signing_certificate(node, &name)?);
                3
            }
            "xades:SignaturePolicyIdentifier" => {
                properties.policy = Some(self.policy(node)?);
                4
            }
            "xades:SignatureProductionPlace" | "xades:SignatureProductionPlaceV2" => {
                if !properties.production_place.is_empty() {
                    return Err(ShapeFault::new(&name, "one production place", "two"));
                }
                for part in self.elements(node, &name)? {
                    properties.production_place.push(self.text(part, &name)?);
                }
                5
            }
            "xades:SignerRole" | "xades:SignerRoleV2" => {
                self.roles(node, properties, ignored)?;
                6
            }
            other if other.starts_with("xades:") => {
                return Err(ShapeFault::new("xades:SignedSignatureProperties", "a known property", other));
            }
            other => {
                ignored.push(other.to_owned());
                RANK_OTHER
            }
        })
    }

    fn signing_certificate(&self, node: NodeId, at: &str) -> Fault<SigningCertificate> {
        let mut certificates = Vec::new();
        for cert in self.elements(node, at)? {
            self.expect(cert, XADES, "Cert")?;
            let children = self.elements(cert, "xades:Cert")?;
            let (digest, issuer_serial) = match children[..] {
                [digest] => (digest, None),
                [digest, issuer_serial] => (digest, Some(self.issuer_serial(issuer_serial)?)),
                _ => return Err(ShapeFault::new("xades:Cert", "CertDigest and issuer", "other parts")),
            };
            self.expect(digest, XADES, "CertDigest")?;
            let [method, value] = self.elements(digest, "xades:CertDigest")?[..] else {
                return Err(ShapeFault::new("xades:CertDigest", "DigestMethod, DigestValue", "other parts"));
            };
            let (digest, value) = self.digest(method, value)?;
            certificates.push(CertificateReference { digest, value, issuer_serial });
        }
        if certificates.is_empty() || certificates.len() > MAX_VALUES {
            return Err(ShapeFault::new(at, "1 to 256 Cert elements", certificates.len().to_string()));
        }
        Ok(SigningCertificate { certificates })
    }

    fn issuer_serial(&self, node: NodeId) -> Fault<IssuerSerial> {
        if xml::is(self.document, node, XADES, "IssuerSerialV2") {
            return Ok(IssuerSerial::Der(self.base64(node, "xades:IssuerSerialV2")?));
        }
        const AT: &str = "xades:IssuerSerial";
        self.expect(node, XADES, "IssuerSerial")?;
        let parts = self.sequence(node, AT, &[(DS, "X509IssuerName"), (DS, "X509SerialNumber")])?;
        let [issuer, serial] = parts[..] else {
            return Err(ShapeFault::new(AT, "issuer and serial number", "other parts"));
        };
        Ok(IssuerSerial::Names {
            issuer: self.text(issuer, AT)?.trim().to_owned(),
            serial: self.text(serial, AT)?.trim().to_owned(),
        })
    }

    fn policy(&self, node: NodeId) -> Fault<SignaturePolicy> {
        const AT: &str = "xades:SignaturePolicyIdentifier";
        let [choice] = self.elements(node, AT)?[..] else {
            return Err(ShapeFault::new(AT, "one choice", "another number"));
        };
        if xml::is(self.document, choice, XADES, "SignaturePolicyImplied") {
            return Ok(SignaturePolicy::Implied);
        }
        self.expect(choice, XADES, "SignaturePolicyId")?;
        let identifier: String = self.document.text_content_deep(choice).trim().chars().take(200).collect();
        Ok(SignaturePolicy::Explicit(identifier))
    }

    fn roles(&self, node: NodeId, properties: &mut SignedProperties, ignored: &mut Vec<String>) -> Fault<()> {
        for group in self.elements(node, "xades:SignerRole")? {
            if xml::is(self.document, group, XADES, "ClaimedRoles") {
                for role in self.elements(group, "xades:ClaimedRoles")? {
                    properties.claimed_roles.push(self.text(role, "xades:ClaimedRole")?);
                }
            } else {
                ignored.push(xml::shown_name(self.document, group));
            }
        }
        Ok(())
    }

    fn data_object_format(&self, node: NodeId) -> Fault<Format> {
        const AT: &str = "xades:DataObjectFormat";
        let reference = self.required_attribute(node, AT, "ObjectReference")?;
        let target = reference
            .strip_prefix('#')
            .ok_or_else(|| ShapeFault::new(AT, "ObjectReference=\"#…\"", reference))?;
        let mut media_type = None;
        for child in self.elements(node, AT)? {
            if xml::is(self.document, child, XADES, "MimeType") {
                let text = self.text(child, "xades:MimeType")?;
                if media_type.replace(text).is_some() {
                    return Err(ShapeFault::new(AT, "one MimeType", "two"));
                }
            }
        }
        Ok(Format { target: target.to_owned(), media_type })
    }

    fn unsigned_properties(
        &self,
        node: NodeId,
        signature_value: NodeId,
        ignored: &mut Vec<String>,
    ) -> Fault<UnsignedProperties> {
        let mut unsigned = UnsignedProperties::default();
        for group in self.elements(node, "xades:UnsignedProperties")? {
            if !xml::is(self.document, group, XADES, "UnsignedSignatureProperties") {
                ignored.push(xml::shown_name(self.document, group));
                continue;
            }
            for property in self.elements(group, "xades:UnsignedSignatureProperties")? {
                let name = xml::shown_name(self.document, property);
                match name.as_str() {
                    "xades:SignatureTimeStamp" => {
                        let time_stamp = self.time_stamp(property, signature_value)?;
                        if unsigned.time_stamp.replace(time_stamp).is_some() {
                            return Err(ShapeFault::new(&name, "one", "two"));
                        }
                    }
                    "xades:CertificateValues" => self.certificate_values(property, &mut unsigned)?,
                    "xades:RevocationValues" => {
                        unsigned.has_revocation_values = true;
                        self.revocation_values(property, &mut unsigned, ignored)?;
                    }
                    "xades141:TimeStampValidationData" => {
                        for values in self.elements(property, &name)? {
                            if xml::is(self.document, values, XADES, "CertificateValues") {
                                self.certificate_values(values, &mut unsigned)?;
                            } else if xml::is(self.document, values, XADES, "RevocationValues") {
                                self.revocation_values(values, &mut unsigned, ignored)?;
                            }
                        }
                    }
                    _ => ignored.push(name),
                }
            }
        }
        Ok(unsigned)
    }

    fn time_stamp(&self, node: NodeId, signature_value: NodeId) -> Fault<SignatureTimeStamp> {
        const AT: &str = "xades:SignatureTimeStamp";
        let children = self.elements(node, AT)?;
        let (canonicalization, token) = match children[..] {
            [token] => (Canonicalization::INCLUSIVE, token),
            [method, token] => {
                self.expect(method, DS, "CanonicalizationMethod")?;
                (self.canonicalization(method)?, token)
            }
            _ => {
                let expected = "CanonicalizationMethod and one EncapsulatedTimeStamp";
                return Err(ShapeFault::new(AT, expected, format!("{} elements", children.len())));
            }
        };
        self.expect(token, XADES, "EncapsulatedTimeStamp")?;
        Ok(SignatureTimeStamp {
            token: self.base64(token, "xades:EncapsulatedTimeStamp")?,
            octets: canonicalization.element(self.document, signature_value),
        })
    }

    fn certificate_values(&self, node: NodeId, unsigned: &mut UnsignedProperties) -> Fault<()> {
        for value in self.elements(node, "xades:CertificateValues")? {
            if xml::is(self.document, value, XADES, "EncapsulatedX509Certificate") {
                self.push_value(&mut unsigned.certificates, value, "xades:EncapsulatedX509Certificate")?;
            }
        }
        Ok(())
    }

    fn revocation_values(
        &self,
        node: NodeId,
        unsigned: &mut UnsignedProperties,
        ignored: &mut Vec<String>,
    ) -> Fault<()> {
        for group in self.elements(node, "xades:RevocationValues")? {
            let name = xml::shown_name(self.document, group);
            let (into, element) = match name.as_str() {
                "xades:OCSPValues" => (&mut unsigned.ocsp_responses, "EncapsulatedOCSPValue"),
                "xades:CRLValues" => (&mut unsigned.crls, "EncapsulatedCRLValue"),
                _ => {
                    ignored.push(name);
                    continue;
                }
            };
            for value in self.elements(group, &name)? {
                self.expect(value, XADES, element)?;
                self.push_value(into, value, element)?;
            }
        }
        Ok(())
    }

    fn push_value(&self, into: &mut Vec<Vec<u8>>, node: NodeId, at: &str) -> Fault<()> {
        if into.len() >= MAX_VALUES {
            return Err(ShapeFault::new(at, format!("at most {MAX_VALUES}"), "more"));
        }
        into.push(self.base64(node, at)?);
        Ok(())
    }

    fn digest(&self, method: NodeId, value: NodeId) -> Fault<(DigestMethod, Vec<u8>)> {
        self.expect(method, DS, "DigestMethod")?;
        self.expect(value, DS, "DigestValue")?;
        self.no_children(method, "ds:DigestMethod")?;
        let method =
            DigestMethod::from_uri(self.required_attribute(method, "ds:DigestMethod", "Algorithm")?);
        Ok((method, self.base64(value, "ds:DigestValue")?))
    }

    fn elements(&self, node: NodeId, at: &str) -> Fault<Vec<NodeId>> {
        xml::child_elements(self.document, node)
            .ok_or_else(|| ShapeFault::new(at, "only elements", "text between them"))
    }

    fn no_children(&self, node: NodeId, at: &str) -> Fault<()> {
        match self.elements(node, at)?.first() {
            None => Ok(()),
            Some(child) => Err(ShapeFault::new(at, "no parameters", xml::shown_name(self.document, *child))),
        }
    }

    fn only_child(&self, node: NodeId, at: &str, namespace: &str, local: &str) -> Fault<NodeId> {
        let children = self.sequence(node, at, &[(namespace, local)])?;
        Ok(children[0])
    }

    /// Exactly these elements, in this order; as many come back as were asked for.
    fn sequence(&self, node: NodeId, at: &str, names: &[(&str, &str)]) -> Fault<Vec<NodeId>> {
        let children = self.elements(node, at)?;
        for (child, (namespace, local)) in children.iter().zip(names) {
            self.expect(*child, namespace, local)?;
        }
        if children.len() != names.len() {
            let expected = names.iter().map(|(_, local)| *local).collect::<Vec<_>>().join(", ");
            let found = children.iter().map(|child| xml::shown_name(self.document, *child));
            let found = found.take(8).collect::<Vec<_>>().join(", ");
            return Err(ShapeFault::new(at, format!("exactly {expected}"), found));
        }
        Ok(children)
    }

    fn expect(&self, node: NodeId, namespace: &str, local: &str) -> Fault<()> {
        if xml::is(self.document, node, namespace, local) {
            return Ok(());
        }
        let found = xml::shown_name(self.document, node);
        Err(ShapeFault::new(local, format!("{local} of {namespace}"), found))
    }

    fn required_attribute(&self, node: NodeId, at: &str, name: &str) -> Fault<&'d str> {
        match xml::attribute(self.document, node, name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ShapeFault::new(at, format!("the attribute {name}"), "none")),
        }
    }

    fn text(&self, node: NodeId, at: &str) -> Fault<String> {
        xml::text_of(self.document, node).ok_or_else(|| ShapeFault::new(at, "only text", "elements"))
    }

    fn base64(&self, node: NodeId, at: &str) -> Fault<Vec<u8>> {
        xml::from_base64(&self.text(node, at)?).ok_or_else(|| ShapeFault::new(at, "base64", "something else"))
    }
}

/// Elements of foreign namespaces may follow the schema's own, any number of times.
const RANK_OTHER: u8 = 7;

#[derive(Default)]
struct References {
    /// With the `Id` that a `DataObjectFormat` names.
    files: Vec<(String, FileReference)>,
    properties: Option<PropertiesReference>,
}

struct Format {
    target: String,
    media_type: Option<String>,
}

/// Every file has one format and every format its file. EN 319 132-1 §5.2.4 asks for the element,
/// baseline B for one with a `MimeType` for every reference.
fn apply_formats(files: &mut [(String, FileReference)], formats: Vec<Format>) -> Fault<()> {
    const AT: &str = "xades:DataObjectFormat";
    let mut used = HashSet::new();
    for format in formats {
        if !used.insert(format.target.clone()) {
            return Err(ShapeFault::new(AT, "one for each file reference", format.target));
        }
        match files.iter_mut().find(|(id, _)| *id == format.target) {
            Some((_, file)) => file.media_type = format.media_type,
            None => return Err(ShapeFault::new(AT, "the Id of a file reference", format.target)),
        }
    }
    match files.iter().find(|(id, _)| !used.contains(id)) {
        Some((id, _)) => Err(ShapeFault::new(AT, format!("one for #{id}"), "none")),
        None => Ok(()),
    }
}
