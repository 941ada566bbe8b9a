//! Signed data, read [RFC 5652 §5].
//!
//! [RFC 5652 §5]: https://www.rfc-editor.org/rfc/rfc5652#section-5

use const_oid::ObjectIdentifier;

use super::attributes::{Attribute, SignedAttributes, read_attributes, read_set};
use super::{ID_SIGNED_DATA, MAX_SIGNED_DATA_LEN, retag};
use crate::asn1::{self, Parser};
use crate::{Certificate, Digest, Error, SerialNumber, SignatureAlgorithm};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const MAX_CERTIFICATES: usize = 32;
const MAX_REVOCATION_LISTS: usize = 32;

/// Signed data that was read [RFC 5652 §5.1].
///
/// ```text
/// ContentInfo ::= SEQUENCE {
///   contentType ContentType,
///   content [0] EXPLICIT ANY DEFINED BY contentType }
/// SignedData ::= SEQUENCE {
///   version CMSVersion,
///   digestAlgorithms DigestAlgorithmIdentifiers,
///   encapContentInfo EncapsulatedContentInfo,
///   certificates [0] IMPLICIT CertificateSet OPTIONAL,
///   crls [1] IMPLICIT RevocationInfoChoices OPTIONAL,
///   signerInfos SignerInfos }
/// EncapsulatedContentInfo ::= SEQUENCE {
///   eContentType ContentType,
///   eContent [0] EXPLICIT OCTET STRING OPTIONAL }
/// SignerInfo ::= SEQUENCE {
///   version CMSVersion,
///   sid SignerIdentifier,
///   digestAlgorithm DigestAlgorithmIdentifier,
///   signedAttrs [0] IMPLICIT SignedAttributes OPTIONAL,
///   signatureAlgorithm SignatureAlgorithmIdentifier,
///   signature SignatureValue,
///   unsignedAttrs [1] IMPLICIT UnsignedAttributes OPTIONAL }
/// ```
///
/// Sets that no signature covers may be unsorted, as many encoders leave them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedData {
    content_type: ObjectIdentifier,
    content: Option<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    revocation_lists: Vec<Vec<u8>>,
    sid: SignerIdentifier,
    digest: Digest,
    signed_attributes: SignedAttributes,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
    unsigned_attributes: Vec<Attribute>,
}

/// How the signer is named beside the signature. It is not signed, so it is only a hint.
///
/// ```text
/// SignerIdentifier ::= CHOICE {
///   issuerAndSerialNumber IssuerAndSerialNumber,
///   subjectKeyIdentifier [0] SubjectKeyIdentifier }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerIdentifier {
    /// The DER of the issuer's name, and the serial number.
    IssuerAndSerialNumber(Vec<u8>, SerialNumber),
    /// The subject key identifier.
    SubjectKeyIdentifier(Vec<u8>),
}

impl SignedData {
    /// Reads a whole `ContentInfo`.
    ///
    /// # Errors
    /// For anything but signed data in DER with exactly one signer and signed attributes, and for
    /// algorithms this crate does not know.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "SignedData";
        if bytes.len() > MAX_SIGNED_DATA_LEN {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_SIGNED_DATA_LEN, found: bytes.len() });
        }
        let mut info = Parser::only(bytes, asn1::SEQUENCE, "ContentInfo")?.inside("ContentInfo");
        let content_type = info.oid()?;
        if content_type != ID_SIGNED_DATA {
            return Err(Error::UnsupportedAlgorithm { what: "contentType", oid: content_type });
        }
        let explicit = info.expect(asn1::context_constructed(0))?;
        info.end()?;

        let mut fields = Parser::only(explicit.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        if !(1..=5).contains(&fields.small_integer()?) {
            return Err(Error::malformed(WHAT, "its version is unknown"));
        }
        // The list of digests is for programs that hash in one pass; the signer's own entry counts.
        fields.expect(asn1::SET)?;
        let mut encapsulated = fields.sequence()?;
        let content_type = encapsulated.oid()?;
        let content = match encapsulated.optional(asn1::context_constructed(0))? {
            Some(tlv) => Some(Parser::only(tlv.value, asn1::OCTET_STRING, "eContent")?.value.to_vec()),
            None => None,
        };
        encapsulated.end()?;
        let mut certificates = Vec::new();
        if let Some(set) = fields.optional(asn1::context_constructed(0))? {
            certificates = read_set(set.inside("certificates"), "certificates", MAX_CERTIFICATES)?;
            // Attribute certificates and the like have context tags, and no use here.
            certificates.retain(|der| der.first() == Some(&asn1::SEQUENCE));
        }
        let mut revocation_lists = Vec::new();
        if let Some(set) = fields.optional(asn1::context_constructed(1))? {
            revocation_lists = read_set(set.inside("crls"), "crls", MAX_REVOCATION_LISTS)?;
            revocation_lists.retain(|der| der.first() == Some(&asn1::SEQUENCE));
        }
        let mut signer_infos = fields.expect(asn1::SET)?.inside("signerInfos");
        fields.end()?;
        let mut signer = signer_infos.sequence()?;
        if !signer_infos.is_empty() {
            return Err(Error::malformed("signerInfos", "there is more than one signer"));
        }

        let sid = match signer.small_integer()? {
            1 => {
                let mut id = signer.sequence()?;
                let issuer = id.expect(asn1::SEQUENCE)?.raw.to_vec();
                let serial = SerialNumber::from_unsigned(id.unsigned_bytes()?)?;
                id.end()?;
                SignerIdentifier::IssuerAndSerialNumber(issuer, serial)
            }
            3 => SignerIdentifier::SubjectKeyIdentifier(signer.expect(asn1::context(0))?.value.to_vec()),
            _ => return Err(Error::malformed("SignerInfo", "its version is unknown")),
        };
        let digest = Digest::from_algorithm_identifier_der(signer.expect(asn1::SEQUENCE)?.raw)?;
        let signed_attrs =
            signer.optional(asn1::context_constructed(0))?.ok_or(Error::Missing { what: "signedAttrs" })?;
        let signed_attributes = SignedAttributes::from_der(&retag(signed_attrs.raw, asn1::SET))?;
        let signature_algorithm = signature_algorithm(signer.expect(asn1::SEQUENCE)?.raw, digest)?;
        let signature = signer.expect(asn1::OCTET_STRING)?.value.to_vec();
        let unsigned_attributes = match signer.optional(asn1::context_constructed(1))? {
            Some(tlv) => read_attributes(tlv.inside("unsignedAttrs"), "unsignedAttrs", false)?,
            None => Vec::new(),
        };
        signer.end()?;
        Ok(Self {
            content_type,
            content,
            certificates,
            revocation_lists,
            sid,
            digest,
            signed_attributes,
            signature_algorithm,
            signature,
            unsigned_attributes,
        })
    }

    /// The type of the content.
    pub fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// The content, or none when the signature is detached.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    /// The DER of the certificates sent along, in no particular order.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }

    /// The DER of the revocation lists sent along.
    pub fn revocation_lists(&self) -> &[Vec<u8>] {
        &self.revocation_lists
    }

    /// How the signer is named beside the signature.
    pub fn signer_identifier(&self) -> &SignerIdentifier {
        &self.sid
    }

    /// The digest over the content.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the signature covers.
    pub fn signed_attributes(&self) -> &SignedAttributes {
        &self.signed_attributes
    }

    /// The signature algorithm.
    pub fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// The signature value: DER for ECDSA, the number itself for RSA.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What the signature does not cover, such as a time-stamp over it.
    pub fn unsigned_attributes(&self) -> &[Attribute] {
        &self.unsigned_attributes
    }

    /// Whether the signature names this certificate as its signer's, in signed and unsigned places.
    pub fn names_signer(&self, certificate: &Certificate) -> bool {
        let attributes = self.signed_attributes.signing_certificates();
        !attributes.is_empty()
            && attributes.iter().all(|id| id.names(certificate))
            && self.hints_at(certificate)
    }

    fn hints_at(&self, certificate: &Certificate) -> bool {
        match &self.sid {
            SignerIdentifier::IssuerAndSerialNumber(issuer, serial) => {
                issuer == certificate.issuer_der() && serial == certificate.serial()
            }
            SignerIdentifier::SubjectKeyIdentifier(id) => {
                certificate.subject_key_identifier().is_some_and(|found| found == id.as_slice())
            }
        }
    }

    /// Makes sure that the signed attributes belong to `content` and its type.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the attributes name another type, [`Error::SignatureInvalid`] when the
    /// digest differs.
    pub fn check_content(&self, content: &[u8]) -> Result<(), Error> {
        if self.signed_attributes.content_type() != self.content_type {
            return Err(Error::malformed("contentType", "it is not the type of the content"));
        }
        if self.digest.of(content) != self.signed_attributes.message_digest() {
            return Err(Error::SignatureInvalid { what: "the content" });
        }
        Ok(())
    }

    /// Verifies the signature over the signed attributes.
    ///
    /// # Errors
    /// Those of [`crate::PublicKey::verify`].
    pub fn verify_signature(&self, certificate: &Certificate) -> Result<(), Error> {
        certificate.public_key().verify(
            self.signature_algorithm,
            self.signed_attributes.to_be_signed(),
            &self.signature,
        )
    }
}

/// The signature algorithm, which must go with the digest over the content.
fn signature_algorithm(der: &[u8], digest: Digest) -> Result<SignatureAlgorithm, Error> {
    use der::Decode as _;
    let identifier = spki::AlgorithmIdentifierOwned::from_der(der)?;
    // The older way to say "PKCS#1 v1.5 with the digest named elsewhere" [RFC 3370 §3.2].
    if identifier.oid == RSA_ENCRYPTION {
        return match &identifier.parameters {
            Some(parameters) if !parameters.is_null() => {
                Err(Error::AlgorithmParameters { algorithm: "rsaEncryption", why: "they must be NULL" })
            }
            Some(_) | None => Ok(SignatureAlgorithm::RsaPkcs1(digest)),
        };
    }
    let algorithm = SignatureAlgorithm::from_algorithm_identifier(&identifier)?;
    if algorithm.digest() != digest {
        return Err(Error::Mismatch {
            what: "digest of the signature",
            expected: digest.to_string(),
            found: algorithm.digest().to_string(),
        });
    }
    Ok(algorithm)
}
