//! X.509 certificates, read strictly.
//!
//! ```text
//! Certificate  ::=  SEQUENCE  {
//!      tbsCertificate       TBSCertificate,
//!      signatureAlgorithm   AlgorithmIdentifier,
//!      signature            BIT STRING  }
//!
//! TBSCertificate  ::=  SEQUENCE  {
//!      version         [0]  Version DEFAULT v1,
//!      serialNumber         CertificateSerialNumber,
//!      signature            AlgorithmIdentifier,
//!      issuer               Name,
//!      validity             Validity,
//!      subject              Name,
//!      subjectPublicKeyInfo SubjectPublicKeyInfo,
//!      issuerUniqueID  [1]  IMPLICIT UniqueIdentifier OPTIONAL,
//!      subjectUniqueID [2]  IMPLICIT UniqueIdentifier OPTIONAL,
//!      extensions      [3]  Extensions OPTIONAL  }
//! ```
//!
//! [RFC 5280 section 4.1]. A certificate is checked once, when read, and then only answers questions.
//! It keeps its DER: what was signed, hashed or compared is always the bytes that came in.
//!
//! [RFC 5280 section 4.1]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1

pub mod extension;
pub mod name;
mod pem;

use std::ops::Range;
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use jiff::civil::Date;

pub use extension::{
    BasicConstraints, Extension, KeyUsage, PdsLocation, Policy, QcStatements, SubjectAltName,
};
pub use name::Name;

use crate::Error;
use crate::algorithm::{Digest, SignatureAlgorithm};
use crate::asn1::{self, Parser};
use crate::time;
use crate::verify::PublicKey;
use extension::{Extensions, oid};

/// A certificate. Cloning shares it.
#[derive(Clone)]
pub struct Certificate {
    parts: Arc<Parts>,
}

struct Parts {
    der: Vec<u8>,
    tbs: Range<usize>,
    serial: Vec<u8>,
    algorithm_der: Vec<u8>,
    issuer: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    spki: Vec<u8>,
    public_key: Result<PublicKey, Error>,
    key_bits: Vec<u8>,
    extensions: Extensions,
    signature: Vec<u8>,
}

const WHAT: &str = "Certificate";
/// Real certificates are a few kilobytes; those with many names reach tens.
const MAX_SIZE: usize = 64 * 1024;

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is not DER or not a certificate: trailing bytes, a negative serial
    /// number, an extension twice, another algorithm outside than inside; [`Error::TooLarge`] above 64 KiB.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_SIZE {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_SIZE, found: der.len() });
        }
        let mut outer = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let tbs = outer.expect(asn1::SEQUENCE)?;
        let algorithm = outer.expect(asn1::SEQUENCE)?;
        let signature = outer.whole_bits()?.to_vec();
        outer.end()?;

        let mut fields = tbs.inside("TBSCertificate");
        let version = match fields.optional(asn1::context_constructed(0))? {
            None => 0,
            Some(explicit) => {
                let mut inside = explicit.inside("Version");
                let version = inside.small_integer()?;
                inside.end()?;
                version
            }
        };
        if version > 2 {
            return Err(Error::malformed("Version", "it is none of v1, v2 and v3"));
        }
        let serial = serial_number(&mut fields)?;
        if fields.expect(asn1::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::malformed(WHAT, "the signature algorithm differs inside and outside"));
        }
        let issuer = Name::from_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        let mut validity = fields.sequence()?;
        let not_before = time::read_time(validity.any()?)?;
        let not_after = time::read_time(validity.any()?)?;
        validity.end()?;
        let subject = Name::from_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        let spki = fields.expect(asn1::SEQUENCE)?;
        let mut spki_fields = spki.inside("SubjectPublicKeyInfo");
        spki_fields.expect(asn1::SEQUENCE)?;
        let key_bits = spki_fields.whole_bits()?.to_vec();
        spki_fields.end()?;
        if version > 0 {
            fields.optional(asn1::context(1))?;
            fields.optional(asn1::context(2))?;
        }
        let extensions = match fields.optional(asn1::context_constructed(3))? {
            Some(explicit) if version == 2 => Extensions::read(explicit.value)?,
            Some(_) => return Err(Error::malformed("Version", "extensions need v3")),
            None => Extensions::default(),
        };
        fields.end()?;

        let tbs_start = tbs.raw.as_ptr() as usize - der.as_ptr() as usize;
        Ok(Self {
            parts: Arc::new(Parts {
                tbs: tbs_start..tbs_start + tbs.raw.len(),
                serial,
                algorithm_der: algorithm.raw.to_vec(),
                issuer,
                not_before,
                not_after,
                subject,
                spki: spki.raw.to_vec(),
                public_key: PublicKey::from_spki_der(spki.raw),
                key_bits,
                extensions,
                signature,
                der: der.to_vec(),
            }),
        })
    }

    /// Reads the first certificate of a PEM text.
    ///
    /// # Errors
    /// [`Error::NotPem`] when there is none, else as [`from_der`](Self::from_der).
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        pem::blocks(text)?.into_iter().next().ok_or(Error::NotPem { expected: pem::LABEL }).and_then(|der| Self::from_der(&der))
    }

    /// Reads every certificate of a PEM text; text between them is skipped.
    ///
    /// # Errors
    /// [`Error::NotPem`] when there is none or one is cut, else as [`from_der`](Self::from_der).
    pub fn pem_bundle(text: &str) -> Result<Vec<Self>, Error> {
        let blocks = pem::blocks(text)?;
        if blocks.is_empty() {
            return Err(Error::NotPem { expected: pem::LABEL });
        }
        blocks.iter().map(|der| Self::from_der(der)).collect()
    }

    /// The certificate as PEM, lines of 64 characters.
    pub fn to_pem(&self) -> String {
        pem::encode(self.as_der())
    }

    /// The certificate in DER, as it was read.
    pub fn as_der(&self) -> &[u8] {
        &self.parts.der
    }

    /// The signed part in DER.
    pub fn tbs_der(&self) -> &[u8] {
        &self.parts.der[self.parts.tbs.clone()]
    }

    /// SHA-256 of the DER.
    pub fn sha256(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(&Digest::Sha256.of(self.as_der()));
        out
    }

    /// The serial number, big-endian, without a sign byte. Zero is empty.
    pub fn serial(&self) -> &[u8] {
        &self.parts.serial
    }

    /// The serial number in lower-case hexadecimal, two digits a byte.
    pub fn serial_hex(&self) -> String {
        self.serial().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The serial number in decimal, as XML signatures have it.
    pub fn serial_decimal(&self) -> String {
        decimal(self.serial())
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &Name {
        &self.parts.issuer
    }

    /// The subject's name.
    pub fn subject(&self) -> &Name {
        &self.parts.subject
    }

    /// The first instant of validity.
    pub fn not_before(&self) -> Timestamp {
        self.parts.not_before
    }

    /// The last second of validity.
    pub fn not_after(&self) -> Timestamp {
        self.parts.not_after
    }

    /// True from `notBefore` to `notAfter`, both included.
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        // notAfter names a whole second.
        self.parts.not_before <= at && at.as_second() <= self.parts.not_after.as_second()
    }

    /// The subject's key.
    ///
    /// # Errors
    /// The reason why [`PublicKey::from_spki_der`] refused it; the certificate may still be looked at.
    pub fn public_key(&self) -> Result<&PublicKey, Error> {
        self.parts.public_key.as_ref().map_err(Clone::clone)
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub fn spki_der(&self) -> &[u8] {
        &self.parts.spki
    }

    /// The content of `subjectPublicKey`, for OCSP's issuerKeyHash.
    pub fn subject_public_key(&self) -> &[u8] {
        &self.parts.key_bits
    }

    /// The algorithm of the issuer's signature.
    ///
    /// # Errors
    /// As [`SignatureAlgorithm::from_algorithm_identifier`].
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        SignatureAlgorithm::from_algorithm_identifier_der(&self.parts.algorithm_der)
    }

    /// The issuer's signature.
    pub fn signature(&self) -> &[u8] {
        &self.parts.signature
    }

    /// Every extension, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.parts.extensions.all
    }

    /// The extension with this identifier.
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&Extension> {
        self.extensions().iter().find(|e| e.oid == oid)
    }

    /// Identifiers of critical extensions this crate does not understand; such a certificate must not be
    /// relied on.
    pub fn unknown_critical_extensions(&self) -> Vec<ObjectIdentifier> {
        const UNDERSTOOD: [ObjectIdentifier; 8] = [
            oid::BASIC_CONSTRAINTS,
            oid::KEY_USAGE,
            oid::EXTENDED_KEY_USAGE,
            oid::CERTIFICATE_POLICIES,
            oid::SUBJECT_ALT_NAME,
            oid::QC_STATEMENTS,
            oid::NAME_CONSTRAINTS,
            oid::OCSP_NOCHECK,
        ];
        let unknown = |e: &&Extension| e.critical && !UNDERSTOOD.contains(&e.oid);
        self.extensions().iter().filter(unknown).map(|e| e.oid).collect()
    }

    /// keyUsage
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.parts.extensions.key_usage
    }

    /// The purposes of extKeyUsage; empty when it is absent.
    pub fn extended_key_usages(&self) -> &[ObjectIdentifier] {
        &self.parts.extensions.extended_key_usages
    }

    /// certificatePolicies; empty when absent.
    pub fn policies(&self) -> &[Policy] {
        &self.parts.extensions.policies
    }

    /// True when `policy` is one of the certificate's policies.
    pub fn has_policy(&self, policy: ObjectIdentifier) -> bool {
        self.policies().iter().any(|p| p.oid == policy)
    }

    /// basicConstraints
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.parts.extensions.basic_constraints
    }

    /// True when basicConstraints says so.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|c| c.ca)
    }

    /// pathLenConstraint
    pub fn path_len(&self) -> Option<u32> {
        self.basic_constraints().and_then(|c| c.path_len)
    }

    /// qcStatements
    pub fn qc_statements(&self) -> Option<&QcStatements> {
        self.parts.extensions.qc_statements.as_ref()
    }

    /// subjectAltName; empty when absent.
    pub fn subject_alt_name(&self) -> &SubjectAltName {
        &self.parts.extensions.subject_alt_name
    }

    /// The common name of the first directoryName in subjectAltName: the document number of a
    /// Smart-ID compatible certificate.
    pub fn document_number(&self) -> Option<String> {
        self.subject_alt_name().directory_names.first().and_then(Name::common_name)
    }

    /// dateOfBirth of subjectDirectoryAttributes, as a date in UTC.
    pub fn date_of_birth(&self) -> Option<Date> {
        self.parts.extensions.date_of_birth
    }

    /// Where to ask for this certificate's status.
    pub fn ocsp_urls(&self) -> &[String] {
        &self.parts.extensions.ocsp_urls
    }

    /// Where the issuer's certificate is.
    pub fn ca_issuer_urls(&self) -> &[String] {
        &self.parts.extensions.ca_issuer_urls
    }

    /// Where revocation lists are.
    pub fn crl_urls(&self) -> &[String] {
        &self.parts.extensions.crl_urls
    }

    /// subjectKeyIdentifier
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.parts.extensions.subject_key_identifier.as_deref()
    }

    /// keyIdentifier of authorityKeyIdentifier
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.parts.extensions.authority_key_identifier.as_deref()
    }

    /// True when ocsp-nocheck is present (RFC 6960 section 4.2.2.2.1).
    pub fn has_ocsp_nocheck(&self) -> bool {
        self.parts.extensions.ocsp_nocheck
    }

    /// True when issuer and subject are the same name; says nothing about the signature.
    pub fn is_self_issued(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// Checks that `issuer` signed this certificate: names match and the signature verifies. Says
    /// nothing about whether `issuer` may, which is for [`crate::path`].
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::SignatureInvalid`], or what is wrong with key or algorithm.
    pub fn verify_signed_by(&self, issuer: &Certificate) -> Result<(), Error> {
        if self.issuer() != issuer.subject() {
            return Err(Error::Mismatch {
                what: "issuer name",
                expected: "the issuer's subject".into(),
                found: "another name".into(),
            });
        }
        self.verify_with_key(issuer.public_key()?)
    }

    /// True when [`verify_signed_by`](Self::verify_signed_by) finds nothing wrong.
    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        self.verify_signed_by(issuer).is_ok()
    }

    /// Checks the signature with a key.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`] or what is wrong with the algorithm.
    pub fn verify_with_key(&self, key: &PublicKey) -> Result<(), Error> {
        key.verify(self.signature_algorithm()?, self.tbs_der(), self.signature()).map_err(|e| match e {
            Error::SignatureInvalid { .. } => Error::SignatureInvalid { what: "a certificate" },
            other => other,
        })
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.as_der() == other.as_der()
    }
}

impl Eq for Certificate {}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_der().hash(state);
    }
}

impl std::fmt::Debug for Certificate {
    /// The serial number only: subjects are people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate(serial {})", self.serial_hex())
    }
}

/// RFC 5280 section 4.1.2.2: at most 20 octets, and readers need not take negative ones.
fn serial_number(fields: &mut Parser<'_>) -> Result<Vec<u8>, Error> {
    let bytes = fields.integer_bytes()?;
    if bytes.first().is_some_and(|b| b & 0x80 != 0) {
        return Err(Error::malformed("serialNumber", "it is negative"));
    }
    let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    if bytes.len() > 20 {
        return Err(Error::TooLarge { what: "serialNumber", limit: 20, found: bytes.len() });
    }
    Ok(bytes.to_vec())
}

/// Big-endian bytes in decimal, by long division.
fn decimal(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::new();
    while number.iter().any(|b| *b != 0) {
        let mut remainder = 0u16;
        for byte in &mut number {
            let value = remainder << 8 | u16::from(*byte);
            *byte = (value / 10) as u8;
            remainder = value % 10;
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    if digits.is_empty() { "0".into() } else { digits.into_iter().rev().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_written_in_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[255]), "255");
        assert_eq!(decimal(&[1, 0]), "256");
        assert_eq!(decimal(&[0xFF; 16]), u128::MAX.to_string());
    }
}
