//! Certification requests ([RFC 2986], PKCS#10).
//!
//! ```text
//! CertificationRequest ::= SEQUENCE {
//!      certificationRequestInfo  CertificationRequestInfo,
//!      signatureAlgorithm        AlgorithmIdentifier,
//!      signature                 BIT STRING }
//! CertificationRequestInfo ::= SEQUENCE {
//!      version       INTEGER { v1(0) },
//!      subject       Name,
//!      subjectPKInfo SubjectPublicKeyInfo,
//!      attributes    [0] Attributes }
//! ```
//!
//! A request proves possession of a key whose two halves never meet: the information is built here,
//! signed elsewhere, and put together with the signature here again.
//!
//! [RFC 2986]: https://www.rfc-editor.org/rfc/rfc2986

use crate::Error;
use crate::algorithm::SignatureAlgorithm;
use crate::asn1::{self, Parser};
use crate::certificate::Name;
use crate::signer::Signer;
use crate::verify::PublicKey;

const WHAT: &str = "CertificationRequest";
/// An 8192-bit key, its signature and a long name are far below this.
const MAX_SIZE: usize = 16 * 1024;

/// A certification request whose signature has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationRequest {
    der: Vec<u8>,
    subject: Name,
    public_key: PublicKey,
    algorithm: SignatureAlgorithm,
}

/// The `CertificationRequestInfo` for a subject and key, without attributes: the bytes to sign.
pub fn certification_request_info(subject: &Name, key: &PublicKey) -> Vec<u8> {
    asn1::sequence(&[
        &asn1::integer(0)[..],
        subject.as_der(),
        key.spki_der(),
        &asn1::tlv(asn1::context_constructed(0), &[]),
    ])
}

impl CertificationRequest {
    /// Puts a `CertificationRequestInfo` and its signature together. ECDSA signatures are in DER.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`] when the signature is not one by the key inside; else as
    /// [`from_der`](Self::from_der).
    pub fn assemble(info: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Result<Self, Error> {
        Self::from_der(&asn1::sequence(&[
            info,
            &algorithm.algorithm_identifier_der(),
            &asn1::bit_string(signature),
        ]))
    }

    /// Makes a request with a key at hand.
    ///
    /// # Errors
    /// [`Error::PrivateKey`]
    pub fn sign(subject: &Name, signer: &dyn Signer) -> Result<Self, Error> {
        let info = certification_request_info(subject, signer.public_key());
        Self::assemble(&info, signer.algorithm(), &signer.sign(&info)?)
    }

    /// Reads a request and verifies that its signature was made with the key it names.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::TooLarge`] above 16 KiB, [`Error::SignatureInvalid`], or what is
    /// wrong with key or algorithm; a SHA-1 signature is refused.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_SIZE {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_SIZE, found: der.len() });
        }
        let mut outer = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let info = outer.expect(asn1::SEQUENCE)?;
        let algorithm = SignatureAlgorithm::from_algorithm_identifier_der(outer.expect(asn1::SEQUENCE)?.raw)?;
        let signature = outer.whole_bits()?;
        outer.end()?;

        let mut fields = info.inside("CertificationRequestInfo");
        if fields.small_integer()? != 0 {
            return Err(Error::malformed(WHAT, "its version is not v1"));
        }
        let subject = Name::from_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        let public_key = PublicKey::from_spki_der(fields.expect(asn1::SEQUENCE)?.raw)?;
        // Attributes are requests to the CA that this one does not grant; OpenSSL always writes the tag.
        fields.optional(asn1::context_constructed(0))?;
        fields.end()?;

        if algorithm.digest().is_weak() {
            return Err(Error::AlgorithmParameters { algorithm: "signature", why: "the digest is too weak" });
        }
        public_key.verify(algorithm, info.raw, signature).map_err(|e| match e {
            Error::SignatureInvalid { .. } => Error::SignatureInvalid { what: "a certification request" },
            other => other,
        })?;
        Ok(Self { der: der.to_vec(), subject, public_key, algorithm })
    }

    /// The request in DER.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The subject asked for.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// Reads a PEM block `CERTIFICATE REQUEST`, or `NEW CERTIFICATE REQUEST` as some programs call it.
    ///
    /// # Errors
    /// [`Error::NotPem`]; else as [`from_der`](Self::from_der).
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        const LABEL: &str = "CERTIFICATE REQUEST";
        let not_pem = Error::NotPem { expected: LABEL };
        match der::pem::decode_vec(pem.as_bytes()) {
            Ok((label, der)) if label.trim_start_matches("NEW ") == LABEL => Self::from_der(&der),
            Ok(_) | Err(_) => Err(not_pem),
        }
    }

    /// The key whose possession the request proves.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The algorithm of the proof.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::name::COMMON_NAME;
    use crate::signer::{RsaSize, SoftwareKey};
    use crate::verify::Curve;

    fn subject() -> Name {
        Name::of(&[(COMMON_NAME, "key")]).unwrap()
    }

    #[test]
    fn a_request_reads_back() {
        let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
        for key in [SoftwareKey::generate_ec(Curve::P256).unwrap(), rsa] {
            let request = CertificationRequest::sign(&subject(), &key).unwrap();
            assert_eq!(CertificationRequest::from_der(request.as_der()).unwrap(), request);
            assert_eq!(request.public_key(), key.public_key());
            assert_eq!(request.subject(), &subject());
        }
    }

    #[test]
    fn a_request_for_anothers_key_is_refused() {
        let (own, other) =
            (SoftwareKey::generate_ec(Curve::P256).unwrap(), SoftwareKey::generate_ec(Curve::P256).unwrap());
        let info = certification_request_info(&subject(), other.public_key());
        let signature = own.sign(&info).unwrap();
        assert_eq!(
            CertificationRequest::assemble(&info, own.algorithm(), &signature),
            Err(Error::SignatureInvalid { what: "a certification request" })
        );
    }

    #[test]
    fn no_flipped_byte_survives() {
        let key = SoftwareKey::generate_ec(Curve::P256).unwrap();
        let request = CertificationRequest::sign(&subject(), &key).unwrap();
        for i in 0..request.as_der().len() {
            let mut der = request.as_der().to_vec();
            der[i] ^= 0x01;
            assert!(CertificationRequest::from_der(&der).is_err(), "byte {i}");
        }
    }
}
