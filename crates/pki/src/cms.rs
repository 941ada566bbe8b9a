//! Signed data: the part of CMS that time-stamp tokens and PDF signatures are made of [RFC 5652 §5].
//!
//! One signer, signed attributes always, the signer's certificate named by its hash [RFC 5035]. What
//! other software may do besides (several signers, no attributes, BER) is refused: each of them has been
//! used to make one program see another signature than the next.
//!
//! Making a signature comes in two steps, so that the key may be elsewhere: [`SignedAttributes`] are the
//! bytes to be signed, and [`assemble`] puts the signature value beside them. [`sign`] does both.
//!
//! [RFC 5652 §5]: https://www.rfc-editor.org/rfc/rfc5652#section-5
//! [RFC 5035]: https://www.rfc-editor.org/rfc/rfc5035

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::asn1::{self, Parser};
use crate::{Certificate, Digest, Error, SerialNumber, SignatureAlgorithm, Signer};

/// id-data: content without further meaning.
pub const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-signedData.
pub const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-aa-signatureTimeStampToken: an unsigned attribute, a time-stamp over the signature value.
pub const ID_SIGNATURE_TIME_STAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const ID_SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const ID_SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The largest signed data read, in bytes.
pub const MAX_SIGNED_DATA_LEN: usize = 4 * 1024 * 1024;

const MAX_CERTIFICATES: usize = 32;
const MAX_REVOCATION_LISTS: usize = 32;
const MAX_ATTRIBUTES: usize = 32;

/// An attribute of a signature: a type and its values [RFC 5652 §5.3].
///
/// ```text
/// Attribute ::= SEQUENCE {
///   attrType OBJECT IDENTIFIER,
///   attrValues SET OF AttributeValue }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// What kind of attribute.
    pub attr_type: ObjectIdentifier,
    /// The DER of each value.
    pub values: Vec<Vec<u8>>,
}

impl Attribute {
    /// An attribute with one value.
    pub fn new(attr_type: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { attr_type, values: vec![value] }
    }

    fn to_der(&self) -> Vec<u8> {
        asn1::sequence(&[asn1::oid(&self.attr_type), asn1::set_of(self.values.clone())])
    }
}

/// The attributes a signature covers, which in turn cover the content by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedAttributes {
    /// As the signature covers it: a `SET OF`, not the `[0]` of the message [RFC 5652 §5.4].
    der: Vec<u8>,
    content_type: ObjectIdentifier,
    message_digest: Vec<u8>,
    signing_time: Option<Timestamp>,
    signing_certificates: Vec<SigningCertificate>,
    attributes: Vec<Attribute>,
}

impl SignedAttributes {
    /// Attributes for content with this digest, to be signed by the holder of `certificate`.
    ///
    /// # Errors
    /// When `signing_time` does not fit the format.
    pub fn new(
        content_type: ObjectIdentifier,
        message_digest: &[u8],
        certificate: &Certificate,
        signing_time: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let mut attributes = vec![
            Attribute::new(ID_CONTENT_TYPE, asn1::oid(&content_type)),
            Attribute::new(ID_MESSAGE_DIGEST, asn1::octet_string(message_digest)),
            Attribute::new(ID_SIGNING_CERTIFICATE_V2, SigningCertificate::v2_der(certificate)),
        ];
        if let Some(time) = signing_time {
            attributes.push(Attribute::new(ID_SIGNING_TIME, crate::time::time(time)?));
        }
        Self::from_der(&asn1::set_of(attributes.iter().map(Attribute::to_der).collect()))
    }

    /// Reads the attributes from the content of a `SET OF` or `[0]`.
    fn from_der(set: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "signedAttrs";
        let tlv = Parser::only(set, asn1::SET, WHAT)?;
        let attributes = attributes(tlv.inside(WHAT), WHAT, true)?;
        let one = |oid| single_value(&attributes, oid, WHAT);
        let content_type = one(ID_CONTENT_TYPE)?.ok_or(Error::Missing { what: "contentType" })?;
        let message_digest = one(ID_MESSAGE_DIGEST)?.ok_or(Error::Missing { what: "messageDigest" })?;
        let signing_time = match one(ID_SIGNING_TIME)? {
            Some(der) => Some(crate::time::read_time(only_value(der, WHAT)?)?),
            None => None,
        };
        let mut signing_certificates = Vec::new();
        if let Some(der) = one(ID_SIGNING_CERTIFICATE_V2)? {
            signing_certificates.push(SigningCertificate::from_v2_der(der)?);
        }
        if let Some(der) = one(ID_SIGNING_CERTIFICATE)? {
            signing_certificates.push(SigningCertificate::from_v1_der(der)?);
        }
        Ok(Self {
            der: set.to_vec(),
            content_type: Parser::only(content_type, asn1::OBJECT_IDENTIFIER, WHAT)?.to_oid(WHAT)?,
            message_digest: Parser::only(message_digest, asn1::OCTET_STRING, WHAT)?.value.to_vec(),
            signing_time,
            signing_certificates,
            attributes,
        })
    }

    /// The bytes to be signed.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.der
    }

    /// The type of the content.
    pub fn content_type(&self) -> ObjectIdentifier {
        self.content_type
    }

    /// The digest of the content.
    pub fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }

    /// When the signer says it signed. A claim, not a proof.
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.signing_time
    }

    /// The signer's certificate by its hash; two entries when both versions of the attribute are there.
    pub fn signing_certificates(&self) -> &[SigningCertificate] {
        &self.signing_certificates
    }

    /// Every attribute, in the order of the encoding.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }
}

/// The signer's certificate by its hash: ESSCertIDv2 [RFC 5035 §4] or ESSCertID [RFC 2634 §5.4.1].
///
/// ```text
/// SigningCertificateV2 ::= SEQUENCE {
///     certs        SEQUENCE OF ESSCertIDv2,
///     policies     SEQUENCE OF PolicyInformation OPTIONAL }
/// ESSCertIDv2 ::= SEQUENCE {
///     hashAlgorithm           AlgorithmIdentifier DEFAULT {algorithm id-sha256},
///     certHash                Hash,
///     issuerSerial            IssuerSerial OPTIONAL }
/// SigningCertificate ::= SEQUENCE {
///     certs        SEQUENCE OF ESSCertID,
///     policies     SEQUENCE OF PolicyInformation OPTIONAL }
/// ESSCertID ::= SEQUENCE {
///     certHash                 Hash,  -- SHA-1
///     issuerSerial             IssuerSerial OPTIONAL }
/// IssuerSerial ::= SEQUENCE {
///     issuer                   GeneralNames,
///     serialNumber             CertificateSerialNumber }
/// ```
///
/// Only the first entry counts: it is the signer's, further ones restrict the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningCertificate {
    /// The hash function; SHA-1 in version 1.
    pub digest: Digest,
    /// The hash of the certificate's DER.
    pub hash: Vec<u8>,
    /// The DER of the issuer's name and the serial number, if given.
    pub issuer_serial: Option<(Vec<u8>, SerialNumber)>,
}

impl SigningCertificate {
    /// Whether this names that certificate: the hash, and issuer and serial number if they are given.
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.digest.of(certificate.as_der()) == self.hash
            && self.issuer_serial.as_ref().is_none_or(|(issuer, serial)| {
                issuer == certificate.issuer_der() && serial == certificate.serial()
            })
    }

    fn v2_der(certificate: &Certificate) -> Vec<u8> {
        // SHA-256 is the default, so DER leaves the algorithm out.
        let hash = asn1::octet_string(&Digest::Sha256.of(certificate.as_der()));
        let issuer = asn1::tlv(asn1::context_constructed(4), certificate.issuer_der());
        let serial = certificate.serial().to_der();
        let issuer_serial = asn1::sequence(&[asn1::sequence(&[issuer]), serial]);
        asn1::sequence(&[asn1::sequence(&[asn1::sequence(&[hash, issuer_serial])])])
    }

    fn from_v2_der(der: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "SigningCertificateV2";
        let mut id = Self::first(der, WHAT)?;
        let digest = match id.peek() {
            // SHA-256 may stand here although it is the default: not DER, but common, and it means the same.
            Some(asn1::SEQUENCE) => digest_algorithm(id.any()?.raw)?,
            _ => Digest::Sha256,
        };
        Self::rest(digest, id, WHAT)
    }

    fn from_v1_der(der: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "SigningCertificate";
        Self::rest(Digest::Sha1, Self::first(der, WHAT)?, WHAT)
    }

    /// A parser inside the first certificate identifier.
    fn first<'a>(der: &'a [u8], what: &'static str) -> Result<Parser<'a>, Error> {
        let mut outer = Parser::only(der, asn1::SEQUENCE, what)?.inside(what);
        let mut certs = outer.sequence()?;
        outer.optional(asn1::SEQUENCE)?;
        outer.end()?;
        certs.sequence()
    }

    fn rest(digest: Digest, mut id: Parser<'_>, what: &'static str) -> Result<Self, Error> {
        let hash = id.expect(asn1::OCTET_STRING)?.value;
        if hash.len() != digest.len() {
            return Err(Error::malformed(what, "the hash has the wrong length"));
        }
        let issuer_serial = match id.optional(asn1::SEQUENCE)? {
            Some(tlv) => {
                let mut fields = tlv.inside(what);
                let mut names = fields.sequence()?;
                let issuer = names.expect(asn1::context_constructed(4))?;
                names.end()?;
                let name = Parser::only(issuer.value, asn1::SEQUENCE, what)?.raw.to_vec();
                let serial = SerialNumber::from_unsigned(fields.unsigned_bytes()?)?;
                fields.end()?;
                Some((name, serial))
            }
            None => None,
        };
        id.end()?;
        Ok(Self { digest, hash: hash.to_vec(), issuer_serial })
    }
}

/// Signs `content` and puts everything together: a `ContentInfo` with the content inside.
///
/// `certificates` are the DER of those to send along, which need not include the signer's.
///
/// # Errors
/// Those of the signer; [`Error::Malformed`] when its key is not the certificate's.
pub fn sign(
    content_type: ObjectIdentifier,
    content: &[u8],
    signer: &dyn Signer,
    certificate: &Certificate,
    certificates: &[&[u8]],
    signing_time: Option<Timestamp>,
) -> Result<Vec<u8>, Error> {
    if signer.public_key() != certificate.public_key() {
        return Err(Error::malformed("signer", "its key is not the certificate's"));
    }
    let algorithm = signer.algorithm();
    let digest = algorithm.digest().of(content);
    let attributes = SignedAttributes::new(content_type, &digest, certificate, signing_time)?;
    let signature = signer.sign(attributes.to_be_signed())?;
    Ok(assemble(&attributes, Some(content), certificate, certificates, algorithm, &signature, &[]))
}

/// Puts a signature value beside the attributes it covers: a `ContentInfo`.
///
/// `content` is none for a detached signature. `certificate` is the signer's, `certificates` the DER of
/// those to send along.
pub fn assemble(
    attributes: &SignedAttributes,
    content: Option<&[u8]>,
    certificate: &Certificate,
    certificates: &[&[u8]],
    algorithm: SignatureAlgorithm,
    signature: &[u8],
    unsigned: &[Attribute],
) -> Vec<u8> {
    let digest_algorithm = digest_algorithm_der(algorithm.digest());
    let mut encapsulated = vec![asn1::oid(&attributes.content_type)];
    if let Some(content) = content {
        encapsulated.push(asn1::tlv(asn1::context_constructed(0), &asn1::octet_string(content)));
    }
    let sid = asn1::sequence(&[certificate.issuer_der(), &certificate.serial().to_der()]);
    let mut signer_info = vec![
        asn1::integer(1), // the signer is named by issuer and serial number
        sid,
        digest_algorithm.clone(),
        retag(&attributes.der, asn1::context_constructed(0)),
        algorithm.algorithm_identifier_der(),
        asn1::octet_string(signature),
    ];
    if !unsigned.is_empty() {
        let set = asn1::set_of(unsigned.iter().map(Attribute::to_der).collect());
        signer_info.push(retag(&set, asn1::context_constructed(1)));
    }

    // Version 3 says that the content is something else than id-data [RFC 5652 §5.1].
    let version = if attributes.content_type == ID_DATA { 1 } else { 3 };
    let mut signed_data =
        vec![asn1::integer(version), asn1::set_of(vec![digest_algorithm]), asn1::sequence(&encapsulated)];
    if !certificates.is_empty() {
        let set = asn1::set_of(certificates.iter().map(|der| der.to_vec()).collect());
        signed_data.push(retag(&set, asn1::context_constructed(0)));
    }
    signed_data.push(asn1::set_of(vec![asn1::sequence(&signer_info)]));
    asn1::sequence(&[
        asn1::oid(&ID_SIGNED_DATA),
        asn1::tlv(asn1::context_constructed(0), &asn1::sequence(&signed_data)),
    ])
}

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
            certificates = elements(set.inside("certificates"), "certificates", MAX_CERTIFICATES)?;
            // Attribute certificates and the like have context tags, and no use here.
            certificates.retain(|der| der.first() == Some(&asn1::SEQUENCE));
        }
        let mut revocation_lists = Vec::new();
        if let Some(set) = fields.optional(asn1::context_constructed(1))? {
            revocation_lists = elements(set.inside("crls"), "crls", MAX_REVOCATION_LISTS)?;
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
        let digest = digest_algorithm(signer.expect(asn1::SEQUENCE)?.raw)?;
        let signed_attrs =
            signer.optional(asn1::context_constructed(0))?.ok_or(Error::Missing { what: "signedAttrs" })?;
        let signed_attributes = SignedAttributes::from_der(&retag(signed_attrs.raw, asn1::SET))?;
        let signature_algorithm = signature_algorithm(signer.expect(asn1::SEQUENCE)?.raw, digest)?;
        let signature = signer.expect(asn1::OCTET_STRING)?.value.to_vec();
        let unsigned_attributes = match signer.optional(asn1::context_constructed(1))? {
            Some(tlv) => attributes(tlv.inside("unsignedAttrs"), "unsignedAttrs", false)?,
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
        if self.signed_attributes.content_type != self.content_type {
            return Err(Error::malformed("contentType", "it is not the type of the content"));
        }
        if self.digest.of(content) != self.signed_attributes.message_digest {
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

/// The same value under another tag of one byte.
fn retag(der: &[u8], tag: u8) -> Vec<u8> {
    let mut der = der.to_vec();
    if let Some(first) = der.first_mut() {
        *first = tag;
    }
    der
}

fn digest_algorithm_der(digest: Digest) -> Vec<u8> {
    // RFC 5754 §2: no parameters for SHA-2, and nothing else is ever written here.
    asn1::sequence(&[asn1::oid(&digest.oid())])
}

fn digest_algorithm(der: &[u8]) -> Result<Digest, Error> {
    use der::Decode as _;
    Digest::from_algorithm_identifier(&spki::AlgorithmIdentifierOwned::from_der(der)?)
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

/// The one value that `der` consists of, whatever its tag.
fn only_value<'a>(der: &'a [u8], what: &'static str) -> Result<asn1::Tlv<'a>, Error> {
    let mut parser = Parser::new(der, what);
    let value = parser.any()?;
    parser.end()?;
    Ok(value)
}

fn elements(mut set: Parser<'_>, what: &'static str, limit: usize) -> Result<Vec<Vec<u8>>, Error> {
    let mut found = Vec::new();
    while !set.is_empty() {
        if found.len() == limit {
            return Err(Error::TooLarge { what, limit, found: limit + 1 });
        }
        found.push(set.any()?.raw.to_vec());
    }
    Ok(found)
}

/// Reads attributes. Those `signed` must be in DER order and of different types, because the
/// signature covers how they are written.
fn attributes(set: Parser<'_>, what: &'static str, signed: bool) -> Result<Vec<Attribute>, Error> {
    let elements = elements(set, what, MAX_ATTRIBUTES)?;
    if signed && !elements.is_sorted() {
        return Err(Error::malformed(what, "it is not sorted as DER demands"));
    }
    let mut attributes: Vec<Attribute> = Vec::with_capacity(elements.len());
    for der in &elements {
        let mut fields = Parser::only(der, asn1::SEQUENCE, what)?.inside(what);
        let attr_type = fields.oid()?;
        let mut set = fields.expect(asn1::SET)?.inside(what);
        fields.end()?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.any()?.raw.to_vec());
        }
        if signed && !values.is_sorted() {
            return Err(Error::malformed(what, "the values of an attribute are not sorted as DER demands"));
        }
        if signed && attributes.iter().any(|earlier| earlier.attr_type == attr_type) {
            return Err(Error::malformed(what, "an attribute occurs twice"));
        }
        attributes.push(Attribute { attr_type, values });
    }
    Ok(attributes)
}

/// The value of an attribute that must have exactly one.
fn single_value<'a>(
    attributes: &'a [Attribute],
    attr_type: ObjectIdentifier,
    what: &'static str,
) -> Result<Option<&'a [u8]>, Error> {
    match attributes.iter().find(|attribute| attribute.attr_type == attr_type) {
        None => Ok(None),
        Some(Attribute { values, .. }) => match values.as_slice() {
            [value] => Ok(Some(value)),
            _ => Err(Error::malformed(what, "an attribute does not have exactly one value")),
        },
    }
}
