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

use crate::asn1;
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
    let mut encapsulated = vec![asn1::oid(&attributes.content_type())];
    if let Some(content) = content {
        encapsulated.push(asn1::tlv(asn1::context_constructed(0), &asn1::octet_string(content)));
    }
    let sid = asn1::sequence(&[certificate.issuer_der(), &certificate.serial().to_der()]);
    let mut signer_info = vec![
        asn1::integer(1), // the signer is named by issuer and serial number
        sid,
        digest_algorithm.clone(),
        retag(attributes.to_be_signed(), asn1::context_constructed(0)),
        algorithm.algorithm_identifier_der(),
        asn1::octet_string(signature),
    ];
    if !unsigned.is_empty() {
        let set = asn1::set_of(unsigned.iter().map(Attribute::to_der).collect());
        signer_info.push(retag(&set, asn1::context_constructed(1)));
    }

    // Version 3 says that the content is something else than id-data [RFC 5652 §5.1].
    let version = if attributes.content_type() == ID_DATA { 1 } else { 3 };
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
