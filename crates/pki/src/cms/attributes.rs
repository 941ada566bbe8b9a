//! What a signature covers: signed attributes [RFC 5652 §11], the signer's certificate among them
//! [RFC 5035].
//!
//! [RFC 5652 §11]: https://www.rfc-editor.org/rfc/rfc5652#section-11
//! [RFC 5035]: https://www.rfc-editor.org/rfc/rfc5035

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::asn1::{self, Parser};
use crate::{Certificate, Digest, Error, SerialNumber};

pub(super) const ID_CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
pub(super) const ID_MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
pub(super) const ID_SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const ID_SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.12");
const ID_SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// Attributes of a signature, and values of an attribute.
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

    pub(super) fn to_der(&self) -> Vec<u8> {
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
            SigningCertificate::attribute(certificate),
        ];
        if let Some(time) = signing_time {
            attributes.push(Attribute::new(ID_SIGNING_TIME, crate::time::time(time)?));
        }
        Self::from_der(&asn1::set_of(attributes.iter().map(Attribute::to_der).collect()))
    }

    /// Reads the attributes from the content of a `SET OF` or `[0]`.
    pub(super) fn from_der(set: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "signedAttrs";
        let tlv = Parser::only(set, asn1::SET, WHAT)?;
        let attributes = read_attributes(tlv.inside(WHAT), WHAT, true)?;
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

    /// The attribute that names a signer's certificate.
    pub(super) fn attribute(certificate: &Certificate) -> Attribute {
        Attribute::new(ID_SIGNING_CERTIFICATE_V2, Self::v2_der(certificate))
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
            Some(asn1::SEQUENCE) => Digest::from_algorithm_identifier_der(id.any()?.raw)?,
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

/// Reads attributes. Those `signed` must be in DER order and of different types, because the
/// signature covers how they are written.
pub(super) fn read_attributes(
    set: Parser<'_>,
    what: &'static str,
    signed: bool,
) -> Result<Vec<Attribute>, Error> {
    let elements = read_set(set, what, MAX_ATTRIBUTES)?;
    if signed && !elements.is_sorted() {
        return Err(Error::malformed(what, "it is not sorted as DER demands"));
    }
    let mut attributes: Vec<Attribute> = Vec::with_capacity(elements.len());
    for der in &elements {
        let mut fields = Parser::only(der, asn1::SEQUENCE, what)?.inside(what);
        let attr_type = fields.oid()?;
        let values = read_set(fields.expect(asn1::SET)?.inside(what), what, MAX_ATTRIBUTES)?;
        fields.end()?;
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

/// The one value that `der` consists of, whatever its tag.
fn only_value<'a>(der: &'a [u8], what: &'static str) -> Result<asn1::Tlv<'a>, Error> {
    let mut parser = Parser::new(der, what);
    let value = parser.any()?;
    parser.end()?;
    Ok(value)
}

pub(super) fn read_set(mut set: Parser<'_>, what: &'static str, limit: usize) -> Result<Vec<Vec<u8>>, Error> {
    let mut found = Vec::new();
    while !set.is_empty() {
        if found.len() == limit {
            return Err(Error::TooLarge { what, limit, found: limit + 1 });
        }
        found.push(set.any()?.raw.to_vec());
    }
    Ok(found)
}
