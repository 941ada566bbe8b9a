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

mod attributes;
mod signed_data;
mod unsigned;

pub use attributes::{Attribute, SignedAttributes, SigningCertificate};
pub use signed_data::{SignedData, SignerIdentifier};
pub use unsigned::with_unsigned_attribute;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use crate::asn1::{self, Backwards};
use crate::{Certificate, Digest, Error, SignatureAlgorithm, Signer};

/// id-data: content without further meaning.
pub const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-signedData.
pub const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-aa-signatureTimeStampToken: an unsigned attribute, a time-stamp over the signature value.
pub const ID_SIGNATURE_TIME_STAMP: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// The largest signed data read, in bytes.
pub const MAX_SIGNED_DATA_LEN: usize = 4 * 1024 * 1024;

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
    let template = Template::new(content_type, signer.algorithm(), certificate, certificates);
    let time = match signing_time {
        Some(time) => Some(Attribute::new(attributes::ID_SIGNING_TIME, crate::time::time(time)?)),
        None => None,
    };
    template.sign(content, signer, time.as_slice(), true)
}

/// What is the same in every signature that one key makes over one kind of content: put together once, for those who sign
/// thousands of times a second.
#[derive(Debug, Clone)]
pub struct Template {
    content_type: ObjectIdentifier,
    algorithm: SignatureAlgorithm,
    attributes: AttributeParts,
    signer: SignerParts,
    /// The certificates to send along: `[0]`, or nothing.
    certificates: Vec<u8>,
}

/// The attributes contentType, messageDigest and signingCertificateV2, DER, with a message digest of zeros.
#[derive(Debug, Clone)]
struct AttributeParts {
    /// In the order of DER, which the digest does not change: attributes differ before it.
    sorted: [Vec<u8>; 3],
    /// Which of them is messageDigest. The digest is its end.
    digest_in: usize,
}

/// What names the signer and its algorithms, DER.
#[derive(Debug, Clone)]
struct SignerParts {
    sid: Vec<u8>,
    digest_algorithm: Vec<u8>,
    signature_algorithm: Vec<u8>,
}

impl Template {
    /// For signatures under `certificate`. `certificates` are the DER of those to send along, which need not include it.
    pub fn new(
        content_type: ObjectIdentifier,
        algorithm: SignatureAlgorithm,
        certificate: &Certificate,
        certificates: &[&[u8]],
    ) -> Self {
        Self {
            content_type,
            algorithm,
            attributes: AttributeParts::new(content_type, algorithm.digest(), certificate),
            signer: SignerParts::new(certificate, algorithm),
            certificates: certificate_set(certificates),
        }
    }

    /// Signs `content`, which is inside the result, with `signer`; `more` attributes are covered too.
    ///
    /// # Errors
    /// Those of the signer; [`Error::WrongKeyKind`] when its algorithm is not the template's.
    pub fn sign(
        &self,
        content: &[u8],
        signer: &dyn Signer,
        more: &[Attribute],
        with_certificates: bool,
    ) -> Result<Vec<u8>, Error> {
        let mut der = self.room(content, with_certificates);
        self.sign_into(content, signer, more, with_certificates, &mut der)?;
        Ok(der.finish())
    }

    /// Room for a signature with this content, and a little around it.
    pub(crate) fn room(&self, content: &[u8], with_certificates: bool) -> Backwards {
        let certificates = if with_certificates { self.certificates.len() } else { 0 };
        let attributes: usize = self.attributes.sorted.iter().map(Vec::len).sum();
        // A signature has at most the octets of an RSA key of 8192 bits; most have 72.
        let signature = if matches!(self.algorithm, SignatureAlgorithm::Ecdsa(_)) { 160 } else { 1024 };
        let room = content.len() + certificates + attributes + self.signer.sid.len() + signature;
        Backwards::with_room(room + 256)
    }

    /// [`sign`](Self::sign), before everything that is in `der`.
    pub(crate) fn sign_into(
        &self,
        content: &[u8],
        signer: &dyn Signer,
        more: &[Attribute],
        with_certificates: bool,
        der: &mut Backwards,
    ) -> Result<(), Error> {
        if signer.algorithm() != self.algorithm {
            let (algorithm, key) = (self.algorithm.to_string(), signer.public_key().kind().to_string());
            return Err(Error::WrongKeyKind { algorithm, key });
        }
        let covered = self.attributes.with(&self.algorithm.digest().of(content), more);
        let signature = signer.sign(&covered)?;
        let certificates = if with_certificates { &self.certificates[..] } else { &[] };
        self.signer.put_together(
            self.content_type,
            Some(content),
            certificates,
            &covered,
            &signature,
            &[],
            der,
        );
        Ok(())
    }
}

impl AttributeParts {
    fn new(content_type: ObjectIdentifier, digest: Digest, certificate: &Certificate) -> Self {
        let zeros = asn1::octet_string(&vec![0; digest.len()]);
        let message_digest = Attribute::new(attributes::ID_MESSAGE_DIGEST, zeros).to_der();
        let mut sorted = [
            Attribute::new(attributes::ID_CONTENT_TYPE, asn1::oid(&content_type)).to_der(),
            message_digest.clone(),
            SigningCertificate::attribute(certificate).to_der(),
        ];
        sorted.sort();
        let digest_in = sorted.iter().position(|attribute| *attribute == message_digest).unwrap_or_default();
        Self { sorted, digest_in }
    }

    /// The `SET OF` these and `more`, with this message digest.
    fn with(&self, digest: &[u8], more: &[Attribute]) -> Vec<u8> {
        let mut sorted = self.sorted.clone();
        let of_digest = &mut sorted[self.digest_in];
        let end = of_digest.len();
        of_digest[end - digest.len()..].copy_from_slice(digest);
        if more.is_empty() {
            return asn1::constructed(asn1::SET, &sorted);
        }
        asn1::set_of(sorted.into_iter().chain(more.iter().map(Attribute::to_der)).collect())
    }
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
    let parts = SignerParts::new(certificate, algorithm);
    let set = certificate_set(certificates);
    let covered = attributes.to_be_signed();
    let room = content.map_or(0, <[u8]>::len) + set.len() + covered.len() + signature.len();
    let mut der = Backwards::with_room(room + parts.sid.len() + 256);
    parts.put_together(attributes.content_type(), content, &set, covered, signature, unsigned, &mut der);
    der.finish()
}

impl SignerParts {
    fn new(certificate: &Certificate, algorithm: SignatureAlgorithm) -> Self {
        Self {
            sid: asn1::sequence(&[certificate.issuer_der(), &certificate.serial().to_der()]),
            digest_algorithm: digest_algorithm_der(algorithm.digest()),
            signature_algorithm: algorithm.algorithm_identifier_der(),
        }
    }

    fn put_together(
        &self,
        content_type: ObjectIdentifier,
        content: Option<&[u8]>,
        certificates: &[u8],
        covered: &[u8],
        signature: &[u8],
        unsigned: &[Attribute],
        der: &mut Backwards,
    ) {
        // Version 3 says that the content is something else than id-data [RFC 5652 §5.1].
        let version = if content_type == ID_DATA { 1 } else { 3 };
        der.around(asn1::SEQUENCE, |der| {
            der.around(asn1::context_constructed(0), |der| {
                der.around(asn1::SEQUENCE, |der| {
                    der.around(asn1::SET, |der| self.signer_info(covered, signature, unsigned, der));
                    der.put(certificates);
                    der.around(asn1::SEQUENCE, |der| {
                        if let Some(content) = content {
                            der.around(asn1::context_constructed(0), |der| {
                                der.value(asn1::OCTET_STRING, content);
                            });
                        }
                        der.value(asn1::OBJECT_IDENTIFIER, content_type.as_bytes());
                    });
                    der.around(asn1::SET, |der| der.put(&self.digest_algorithm));
                    der.value(asn1::INTEGER, &[version]);
                });
            });
            der.value(asn1::OBJECT_IDENTIFIER, ID_SIGNED_DATA.as_bytes());
        });
    }

    fn signer_info(&self, covered: &[u8], signature: &[u8], unsigned: &[Attribute], der: &mut Backwards) {
        der.around(asn1::SEQUENCE, |der| {
            if !unsigned.is_empty() {
                let set = asn1::set_of(unsigned.iter().map(Attribute::to_der).collect());
                der.put(&retag(&set, asn1::context_constructed(1)));
            }
            der.value(asn1::OCTET_STRING, signature);
            der.put(&self.signature_algorithm);
            // The same value under another tag.
            der.put(covered.get(1..).unwrap_or_default());
            der.put(&[asn1::context_constructed(0)]);
            der.put(&self.digest_algorithm);
            der.put(&self.sid);
            // The signer is named by issuer and serial number.
            der.value(asn1::INTEGER, &[1]);
        });
    }
}

/// Certificates as signed data holds them: `[0]`, or nothing when there are none.
fn certificate_set(certificates: &[&[u8]]) -> Vec<u8> {
    if certificates.is_empty() {
        return Vec::new();
    }
    let set = asn1::set_of(certificates.iter().map(|der| der.to_vec()).collect());
    retag(&set, asn1::context_constructed(0))
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
