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

pub mod build;
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
use crate::verify::{KeyLimits, PublicKey};
use extension::{Extensions, oid};

/// A certificate. Cloning shares it.
#[derive(Clone)]
pub struct Certificate {
    parts: Arc<Parts>,
}

struct Parts {
    der: Vec<u8>,
    tbs: Range<usize>,
    serial: SerialNumber,
    algorithm_der: Vec<u8>,
    issuer: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    public_key: PublicKey,
    extensions: Extensions,
    signature: Vec<u8>,
}

const WHAT: &str = "Certificate";
const SERIAL: &str = "serialNumber";
/// Real certificates are a few kilobytes; those with many names reach tens.
const MAX_SIZE: usize = 64 * 1024;

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Malformed`] for what is not DER or not a certificate: trailing bytes, a negative serial
    /// number, an extension twice, another algorithm outside than inside; [`Error::TooLarge`] above 64 KiB;
    /// what [`PublicKey::from_spki_der`] says when the key is of no use.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_der_within(der, KeyLimits::DEFAULT)
    }

    /// Reads a certificate whose key may be of other sizes.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der).
    pub fn from_der_within(der: &[u8], limits: KeyLimits) -> Result<Self, Error> {
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
        let serial = SerialNumber::read(&mut fields)?;
        if fields.expect(asn1::SEQUENCE)?.raw != algorithm.raw {
            return Err(Error::malformed(WHAT, "the signature algorithm differs inside and outside"));
        }
        let issuer = Name::from_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        let mut validity = fields.sequence()?;
        let not_before = time::read_time(validity.any()?)?;
        let not_after = time::read_time(validity.any()?)?;
        validity.end()?;
        let subject = Name::from_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        let public_key = PublicKey::from_spki_der_within(fields.expect(asn1::SEQUENCE)?.raw, limits)?;
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
                public_key,
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
        pem::blocks(text)?
            .into_iter()
            .next()
            .ok_or(Error::NotPem { expected: pem::LABEL })
            .and_then(|der| Self::from_der(&der))
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

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.parts.serial
    }

    /// The issuer's name.
    pub fn issuer(&self) -> &Name {
        &self.parts.issuer
    }

    /// The issuer's name in DER.
    pub fn issuer_der(&self) -> &[u8] {
        self.parts.issuer.as_der()
    }

    /// The subject's name in DER.
    pub fn subject_der(&self) -> &[u8] {
        self.parts.subject.as_der()
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
    pub fn public_key(&self) -> &PublicKey {
        &self.parts.public_key
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub fn spki_der(&self) -> &[u8] {
        self.public_key().spki_der()
    }

    /// The content of `subjectPublicKey`, for OCSP's issuerKeyHash.
    pub fn subject_public_key(&self) -> &[u8] {
        self.public_key().subject_public_key()
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

    /// True for a CA whose key may sign revocation lists: keyUsage absent or with cRLSign.
    pub fn may_sign_crls(&self) -> bool {
        self.is_ca() && self.key_usage().is_none_or(|u| u.contains(KeyUsage::CRL_SIGN))
    }

    /// True for a CA whose key may sign certificates: keyUsage absent or with keyCertSign.
    pub fn may_sign_certificates(&self) -> bool {
        self.is_ca() && self.key_usage().is_none_or(|u| u.contains(KeyUsage::KEY_CERT_SIGN))
    }

    /// Checks that `issuer` signed this certificate: names match and the signature verifies. Says
    /// nothing about whether `issuer` may, which is for [`crate::path`].
    ///
    /// # Errors
    /// [`Error::Mismatch`], [`Error::SignatureInvalid`], or what is wrong with the algorithm.
    pub fn is_signed_by(&self, issuer: &Certificate) -> Result<(), Error> {
        if self.issuer() != issuer.subject() {
            return Err(Error::Mismatch {
                what: "issuer name",
                expected: "the issuer's subject".into(),
                found: "another name".into(),
            });
        }
        self.is_signed_with(issuer.public_key())
    }

    /// Checks the signature with a key.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`] or what is wrong with the algorithm.
    pub fn is_signed_with(&self, key: &PublicKey) -> Result<(), Error> {
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
        write!(f, "Certificate(serial {})", self.serial())
    }
}

/// A certificate's serial number: the content octets of its INTEGER, at most 20 and never negative.
///
/// ```text
/// CertificateSerialNumber  ::=  INTEGER
/// ```
///
/// [RFC 5280 section 4.1.2.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SerialNumber {
    content: Vec<u8>,
}

impl SerialNumber {
    /// The longest serial number in octets.
    pub const MAX_LEN: usize = 20;

    /// A serial number from an unsigned number, big-endian.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when its encoding needs more than 20 octets.
    pub fn from_unsigned(big_endian: &[u8]) -> Result<Self, Error> {
        Self::read(&mut Parser::new(&asn1::unsigned(big_endian), SERIAL))
    }

    /// Reads the hexadecimal form that [`Display`](std::fmt::Display) writes.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything but an even number of hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let fault = Error::malformed(SERIAL, "it is not pairs of hexadecimal digits");
        if text.is_empty() || !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(fault);
        }
        let pair = |i: usize| u8::from_str_radix(&text[i..i + 2], 16).map_err(|_| fault.clone());
        Self::from_unsigned(&(0..text.len()).step_by(2).map(pair).collect::<Result<Vec<u8>, _>>()?)
    }

    /// The content octets of the INTEGER: big-endian, with a zero first when the highest bit is set.
    pub fn as_bytes(&self) -> &[u8] {
        &self.content
    }

    /// The number, big-endian, without a sign octet. Zero is empty.
    pub fn magnitude(&self) -> &[u8] {
        self.content.strip_prefix(&[0]).unwrap_or(&self.content)
    }

    /// The INTEGER in DER.
    pub fn to_der(&self) -> Vec<u8> {
        asn1::tlv(asn1::INTEGER, &self.content)
    }

    /// The number in decimal, as XML signatures have it.
    pub fn decimal(&self) -> String {
        decimal(&self.content)
    }

    fn read(fields: &mut Parser<'_>) -> Result<Self, Error> {
        let content = fields.integer_bytes()?;
        if content.first().is_some_and(|b| b & 0x80 != 0) {
            return Err(Error::malformed(SERIAL, "it is negative"));
        }
        if content.len() > Self::MAX_LEN {
            return Err(Error::TooLarge { what: SERIAL, limit: Self::MAX_LEN, found: content.len() });
        }
        Ok(Self { content: content.to_vec() })
    }
}

impl std::fmt::Display for SerialNumber {
    /// Lower-case hexadecimal without a sign octet, two digits an octet; zero is `00`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.magnitude().is_empty() {
            return f.write_str("00");
        }
        self.magnitude().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
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

    #[test]
    fn serial_numbers_have_one_hexadecimal_form() {
        for hex in ["00", "7f", "80", "0102", "ff00000000000000000000000000000000000f"] {
            let serial = SerialNumber::from_hex(hex).unwrap();
            assert_eq!(serial.to_string(), hex);
            assert_eq!(SerialNumber::from_unsigned(serial.magnitude()).unwrap(), serial);
        }
        assert_eq!(SerialNumber::from_hex("80").unwrap().as_bytes(), [0, 0x80]);
        assert!(SerialNumber::from_hex("8").is_err());
        assert!(SerialNumber::from_hex("+1").is_err());
        assert!(SerialNumber::from_hex(&"ff".repeat(20)).is_err());
    }
}
