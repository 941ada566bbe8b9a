//! A signature before its value exists: everything that will be signed, fixed byte for byte.
//!
//! With a remote signer minutes and a process restart may lie between asking for a signature value and
//! getting it, so the state in between is a value that can be stored: [`SignatureTemplate`]. It holds
//! `SignedInfo` and `SignedProperties` as text in canonical form (Exclusive XML Canonicalization), with
//! every namespace declared where it is first needed. That text goes into the file as it is, so the bytes
//! that were hashed for the signer are the bytes in the file.

use std::collections::HashSet;

use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::certificate::Certificate;
use countersign_pki::verify::{KeyKind, PublicKey, ecdsa_der_from_fixed};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::algorithm::{digest_uri, signature_uri};
use super::extend::SignedSignature;
use super::parse::{SIGNED_PROPERTIES_TYPE, Signature, SignaturesFile};
use super::{DataFileDigest, extend};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::xml::{self, CanonicalText, Canonicalization, DS, XADES};

/// The `Id` of a signature; its parts get identifiers that start with it. It need not differ from those
/// of other signatures in a container, as each has a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignatureId(String);

impl SignatureId {
    /// Checks an identifier.
    ///
    /// # Errors
    ///
    /// [`Error::WrongIdentifier`] unless it is an ASCII letter followed by at most 63 letters, digits,
    /// `-`, `_` and `.`.
    pub fn parse(id: &str) -> Result<Self> {
        let sound = id.starts_with(|c: char| c.is_ascii_alphabetic())
            && id.len() <= 64
            && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if sound { Ok(Self(id.to_owned())) } else { Err(Error::WrongIdentifier { id: id.to_owned() }) }
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for SignatureId {
    /// `S0`.
    fn default() -> Self {
        Self("S0".to_owned())
    }
}

/// What shall be signed, by whom and how.
#[derive(Debug, Clone)]
pub struct SignatureRequest {
    /// The signature's `Id`.
    pub id: SignatureId,
    /// The data files with their digests, in the order of the references.
    pub data_files: Vec<DataFileDigest>,
    /// The signer's certificate. It is part of what is signed, so it has to be known before.
    pub certificate: Certificate,
    /// The digest for the signed properties and the certificate.
    pub digest: Digest,
    /// The signature algorithm; its digest is the one the signer is given.
    pub algorithm: SignatureAlgorithm,
    /// The claimed signing time; written with whole seconds.
    pub signing_time: Timestamp,
    /// Where the signer says to be.
    pub production_place: Option<ProductionPlace>,
    /// In which roles the signer says to sign.
    pub claimed_roles: Vec<String>,
}

/// `SignatureProductionPlaceV2`, EN 319 132-1 §5.2.5.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductionPlace {
    /// `City`
    pub city: Option<String>,
    /// `StateOrProvince`
    pub state_or_province: Option<String>,
    /// `PostalCode`
    pub postal_code: Option<String>,
    /// `CountryName`
    pub country: Option<String>,
}

/// A signature that lacks only its value. [`Self::to_bytes`] and serde store it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SignatureTemplate {
    id: SignatureId,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    signed_info: String,
    signed_properties: String,
}

impl SignatureTemplate {
    /// Writes what shall be signed.
    ///
    /// # Errors
    ///
    /// [`Error::NoDataFiles`]; [`Error::UnsupportedAlgorithm`] for SHA-1 and for algorithms without
    /// an XML identifier; [`Error::WrongCertificate`] when the certificate's key is of another kind than
    /// the algorithm, is refused, or may not be used for signatures (no nonRepudiation);
    /// [`Error::Name`] when two files have one name.
    pub fn new(request: &SignatureRequest) -> Result<Self> {
        check_certificate(&request.certificate, request.algorithm)?;
        check_files(&request.data_files)?;
        let digest = writable_digest(request.digest)?;
        let method = signature_uri(request.algorithm).ok_or_else(|| unsupported(request.algorithm))?;
        writable_digest(request.algorithm.digest())?;
        let signed_properties = signed_properties(request, digest)?;
        let signed_info = signed_info(request, method, digest, &signed_properties)?;
        let template = Self {
            id: request.id.clone(),
            certificate: request.certificate.clone(),
            algorithm: request.algorithm,
            signed_info,
            signed_properties,
        };
        template.check(&[])?;
        Ok(template)
    }

    /// The data to be signed: `SignedInfo` in canonical form.
    pub fn dtbs(&self) -> &[u8] {
        self.signed_info.as_bytes()
    }

    /// The digest of [`Self::dtbs`], which is what a remote signer gets. It must not be hashed again.
    pub fn digest_to_sign(&self) -> Vec<u8> {
        self.algorithm.digest().of(self.dtbs())
    }

    /// The algorithm by which the value has to be made.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The certificate whose key has to make it.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Puts in the signature value: as long as the modulus for RSA, `r ‖ s` of fixed length for ECDSA
    /// (see [`countersign_pki::verify::ecdsa_fixed_from_der`] for those who have DER).
    ///
    /// # Errors
    ///
    /// [`Error::WrongSignatureValue`] when the value does not verify with the certificate. Nothing is
    /// written then, and the template can be used again.
    pub fn finish(&self, value: &[u8]) -> Result<SignedSignature> {
        let wrong = |_| Error::WrongSignatureValue;
        verify_value(self.certificate.public_key(), self.algorithm, &self.digest_to_sign(), value)
            .map_err(wrong)?;
        self.check(value)?;
        SignedSignature::from_xml(&self.assemble(value))
    }

    /// Bytes that [`Self::from_bytes`] reads back. They hold what is to be signed, file names and
    /// the certificate, and no secret.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers; there is nothing in them that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a stored template.
    ///
    /// # Errors
    ///
    /// [`Error::DamagedTemplate`] when the bytes are not one, or its parts do not fit each other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))
    }

    fn assemble(&self, value: &[u8]) -> String {
        let Self { id, certificate, algorithm: _, signed_info, signed_properties } = self;
        extend::assemble(id, signed_info, value, certificate, signed_properties)
    }

    /// Reads the signature as a stranger would, and sees that all parts hold each other: nothing leaves
    /// this file that the validator would refuse for its form, and nothing stored is taken on faith.
    fn check(&self, value: &[u8]) -> Result<()> {
        let xml = self.assemble(value);
        let read = SignaturesFile::parse("the signature", xml.as_bytes(), &Limits::default())?;
        let [Ok(signature)] = read.signatures() else {
            let fault = read.signatures().iter().find_map(|signature| signature.as_ref().err());
            return Err(match fault {
                Some(fault) => fault.clone().into_error("the signature"),
                None => damaged("it has another number of signatures".to_owned()),
            });
        };
        self.check_parts(signature).map_err(|problem| damaged(problem.to_owned()))
    }

    fn check_parts(&self, signature: &Signature) -> std::result::Result<(), &'static str> {
        if signature.signed_info != self.signed_info.as_bytes() {
            return Err("SignedInfo is not in canonical form");
        }
        let own_id = format!("Id=\"{}-SignedProperties\"", self.id.as_str());
        if !self.signed_properties.contains(&own_id) {
            return Err("the Id is another one");
        }
        if signature.method.known() != Some(self.algorithm) {
            return Err("the signature method is another one");
        }
        let properties = signature.properties_reference.as_ref().ok_or("SignedProperties are not signed")?;
        if properties.octets != self.signed_properties.as_bytes() {
            return Err("SignedProperties are not in canonical form");
        }
        if properties.digest.known().map(|digest| digest.of(&properties.octets))
            != Some(properties.value.clone())
        {
            return Err("the digest of SignedProperties is another one");
        }
        let named =
            signature.signed.signing_certificate.as_ref().and_then(|named| named.certificates.first());
        let named = named.ok_or("SigningCertificateV2 is missing")?;
        if named.digest.known().map(|digest| digest.of(self.certificate.as_der()))
            != Some(named.value.clone())
        {
            return Err("SigningCertificateV2 names another certificate");
        }
        Ok(())
    }
}

/// Verifies a value in the form that XML signatures have (XML-DSig §6.4: for ECDSA `r ‖ s`, not DER).
pub(crate) fn verify_value(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    digest: &[u8],
    value: &[u8],
) -> std::result::Result<(), countersign_pki::Error> {
    match (algorithm, key.kind()) {
        (SignatureAlgorithm::Ecdsa(_), KeyKind::Ec(curve)) => {
            key.verify_digest(algorithm, digest, &ecdsa_der_from_fixed(curve, value)?)
        }
        // A key of the wrong kind is refused there, with the right words.
        (
            SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_),
            KeyKind::Rsa { .. } | KeyKind::Ec(_),
        ) => key.verify_digest(algorithm, digest, value),
    }
}

pub(crate) fn check_certificate(certificate: &Certificate, algorithm: SignatureAlgorithm) -> Result<()> {
    let wrong = |problem: String| Error::WrongCertificate { what: "the signer's certificate", problem };
    let key = certificate.public_key();
    let fits = match (algorithm, key.kind()) {
        (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_), KeyKind::Rsa { .. })
        | (SignatureAlgorithm::Ecdsa(_), KeyKind::Ec(_)) => true,
        (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_), KeyKind::Ec(_))
        | (SignatureAlgorithm::Ecdsa(_), KeyKind::Rsa { .. }) => false,
    };
    if !fits {
        return Err(wrong(format!("{algorithm} can't be made with a key of {}", key.kind())));
    }
    if !crate::validate::may_sign_documents(certificate) {
        return Err(wrong("its key usage lacks nonRepudiation".to_owned()));
    }
    Ok(())
}

fn check_files(files: &[DataFileDigest]) -> Result<()> {
    if files.is_empty() {
        return Err(Error::NoDataFiles);
    }
    let mut names = HashSet::new();
    for file in files {
        if !names.insert(&file.name) {
            let (name, fault) = (file.name.to_string(), crate::error::NameFault::TooSimilar);
            return Err(Error::Name { name, fault });
        }
        if file.value.len() != file.digest.len() {
            let problem = format!("a digest of {} bytes, not {}", file.value.len(), file.digest.len());
            return Err(Error::DoesNotCover { name: file.name.to_string(), problem });
        }
        if !xml::is_xml_text(&file.media_type) {
            let (name, fault) = (file.media_type.clone(), crate::error::NameFault::ControlCharacter);
            return Err(Error::Name { name, fault });
        }
    }
    Ok(())
}

fn writable_digest(digest: Digest) -> Result<&'static str> {
    let known = digest_uri(digest).filter(|_| !digest.is_weak());
    known.ok_or_else(|| Error::UnsupportedAlgorithm { what: "this digest", algorithm: digest.to_string() })
}

fn unsupported(algorithm: SignatureAlgorithm) -> Error {
    Error::UnsupportedAlgorithm { what: "this signature algorithm", algorithm: algorithm.to_string() }
}

fn damaged(problem: String) -> Error {
    Error::DamagedTemplate { problem }
}

/// `xs:dateTime` in UTC with whole seconds.
fn date_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn signed_properties(request: &SignatureRequest, digest: &str) -> Result<String> {
    let id = request.id.as_str();
    let mut text = CanonicalText::default();
    let own_id = format!("{id}-SignedProperties");
    text.open("xades:SignedProperties", &[("xmlns:xades", XADES), ("Id", &own_id)]);
    text.open("xades:SignedSignatureProperties", &[]);
    text.leaf("xades:SigningTime", &[], &date_time(request.signing_time));
    text.open("xades:SigningCertificateV2", &[]).open("xades:Cert", &[]).open("xades:CertDigest", &[]);
    write_digest(&mut text, Some(DS), digest, &request.digest.of(request.certificate.as_der()));
    text.close().close().close();
    if let Some(place) = &request.production_place {
        text.open("xades:SignatureProductionPlaceV2", &[]);
        for (name, value) in [
            ("xades:City", &place.city),
            ("xades:StateOrProvince", &place.state_or_province),
            ("xades:PostalCode", &place.postal_code),
            ("xades:CountryName", &place.country),
        ] {
            if let Some(value) = value {
                text.leaf(name, &[], value);
            }
        }
        text.close();
    }
    if !request.claimed_roles.is_empty() {
        text.open("xades:SignerRoleV2", &[]).open("xades:ClaimedRoles", &[]);
        for role in &request.claimed_roles {
            text.leaf("xades:ClaimedRole", &[], role);
        }
        text.close().close();
    }
    text.close();
    text.open("xades:SignedDataObjectProperties", &[]);
    for (number, file) in request.data_files.iter().enumerate() {
        let reference = format!("#{id}-RefId{number}");
        text.open("xades:DataObjectFormat", &[("ObjectReference", &reference)]);
        text.leaf("xades:MimeType", &[], &file.media_type).close();
    }
    let text = text.finish();
    if !xml::is_xml_text(&text) {
        return Err(Error::Xml {
            file: "the signature".to_owned(),
            problem: "a place, role or media type has characters that XML can't hold".to_owned(),
        });
    }
    Ok(text)
}

fn signed_info(
    request: &SignatureRequest,
    method: &str,
    digest: &str,
    signed_properties: &str,
) -> Result<String> {
    let id = request.id.as_str();
    let exclusive = Canonicalization::EXCLUSIVE.uri();
    let mut text = CanonicalText::default();
    text.open("ds:SignedInfo", &[("xmlns:ds", DS)]);
    text.leaf("ds:CanonicalizationMethod", &[("Algorithm", exclusive)], "");
    text.leaf("ds:SignatureMethod", &[("Algorithm", method)], "");
    for (number, file) in request.data_files.iter().enumerate() {
        let reference = format!("{id}-RefId{number}");
        text.open("ds:Reference", &[("Id", &reference), ("URI", &file.name.to_uri())]);
        write_digest(&mut text, None, writable_digest(file.digest)?, &file.value);
        text.close();
    }
    let (reference, target) = (format!("{id}-RefSigned"), format!("#{id}-SignedProperties"));
    let attributes = [("Id", &*reference), ("Type", SIGNED_PROPERTIES_TYPE), ("URI", &*target)];
    text.open("ds:Reference", &attributes).open("ds:Transforms", &[]);
    text.leaf("ds:Transform", &[("Algorithm", exclusive)], "").close();
    write_digest(&mut text, None, digest, &request.digest.of(signed_properties.as_bytes()));
    Ok(text.finish())
}

/// With the namespace where no element around declares it in the canonical form.
fn write_digest(text: &mut CanonicalText, declare: Option<&str>, algorithm: &str, value: &[u8]) {
    let method: Vec<(&str, &str)> =
        declare.map(|uri| ("xmlns:ds", uri)).into_iter().chain([("Algorithm", algorithm)]).collect();
    let plain: Vec<(&str, &str)> = declare.map(|uri| ("xmlns:ds", uri)).into_iter().collect();
    text.leaf("ds:DigestMethod", &method, "");
    text.leaf("ds:DigestValue", &plain, &xml::to_base64(value));
}

/// What is stored: text for what is signed, so that it comes back byte for byte.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stored {
    version: u8,
    id: String,
    signature_method: String,
    certificate: String,
    signed_info: String,
    signed_properties: String,
}

const STORED_VERSION: u8 = 1;

impl From<SignatureTemplate> for Stored {
    fn from(template: SignatureTemplate) -> Self {
        Self {
            version: STORED_VERSION,
            id: template.id.0,
            signature_method: signature_uri(template.algorithm).unwrap_or_default().to_owned(),
            certificate: xml::to_base64(template.certificate.as_der()),
            signed_info: template.signed_info,
            signed_properties: template.signed_properties,
        }
    }
}

impl TryFrom<Stored> for SignatureTemplate {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        if stored.version != STORED_VERSION {
            return Err(damaged(format!("version {} is unknown", stored.version)));
        }
        let der =
            xml::from_base64(&stored.certificate).ok_or_else(|| damaged("certificate: no base64".into()))?;
        let certificate = Certificate::from_der(&der).map_err(|error| damaged(error.to_string()))?;
        let method = super::algorithm::SignatureMethod::from_uri(&stored.signature_method);
        let template = Self {
            id: SignatureId::parse(&stored.id)?,
            algorithm: method.known().ok_or_else(|| damaged("unknown signature method".into()))?,
            certificate,
            signed_info: stored.signed_info,
            signed_properties: stored.signed_properties,
        };
        check_certificate(&template.certificate, template.algorithm)?;
        template.check(&[])?;
        Ok(template)
    }
}
