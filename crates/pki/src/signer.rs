//! Signing, without the caller seeing a key.
//!
//! Everything that signs a certificate, an OCSP response or a time-stamp takes a `&dyn Signer`. The key
//! behind it may be in this process ([`SoftwareKey`]) or in a device that speaks PKCS#11.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature as lc;
use aws_lc_rs::signature::KeyPair;
use std::sync::Arc;
use zeroize::Zeroizing;

use crate::Error;
use crate::algorithm::{Digest, SignatureAlgorithm};
use crate::asn1::{self, Parser};
use crate::verify::{Curve, PublicKey};

/// Something that holds a private key and signs with it.
pub trait Signer: Send + Sync {
    /// The public half of the key.
    fn public_key(&self) -> &PublicKey;

    /// The algorithm [`sign`](Self::sign) uses.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// Signs `message` (not its digest). ECDSA signatures are in DER.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// Whether signing waits for a device, so that it should not be done where others must not wait.
    fn is_remote(&self) -> bool {
        false
    }
}

/// How large a generated RSA key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaSize {
    /// 2048 bits.
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

/// A private key in the memory of this process, held by aws-lc.
///
/// Keys are generated and signatures randomised by aws-lc's own generator, which takes no other source;
/// only RSASSA-PKCS1-v1_5 signatures are the same each time.
pub struct SoftwareKey {
    secret: Secret,
    public: PublicKey,
    algorithm: SignatureAlgorithm,
}

enum Secret {
    Ec(Arc<lc::EcdsaKeyPair>),
    Rsa(Arc<lc::RsaKeyPair>),
}

const PEM_LABEL: &str = "PRIVATE KEY";

impl SoftwareKey {
    /// Generates an elliptic curve key; it signs with the curve's natural digest.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the library fails.
    pub fn generate_ec(curve: Curve) -> Result<Self, Error> {
        let pair = lc::EcdsaKeyPair::generate(ec_signing(curve))
            .map_err(|_| Error::PrivateKey { operation: "generate an EC key" })?;
        Self::from_ec(curve, pair)
    }

    /// Generates an RSA key with exponent 65537; it signs RSASSA-PSS with SHA-256 until told otherwise.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the library fails.
    pub fn generate_rsa(size: RsaSize) -> Result<Self, Error> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let pair = lc::RsaKeyPair::generate(size)
            .map_err(|_| Error::PrivateKey { operation: "generate an RSA key" })?;
        Self::from_rsa(pair)
    }

    /// Reads a PKCS#8 `PrivateKeyInfo`, unencrypted. The algorithm is the one a generated key would have.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when it is not a consistent key; [`Error::UnsupportedAlgorithm`] for another
    /// kind of key.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Error> {
        let unreadable = |_| Error::PrivateKey { operation: "read a PKCS#8 key" };
        match pkcs8_curve(der)? {
            Some(curve) => {
                let pair = lc::EcdsaKeyPair::from_pkcs8(ec_signing(curve), der).map_err(unreadable)?;
                Self::from_ec(curve, pair)
            }
            None => Self::from_rsa(lc::RsaKeyPair::from_pkcs8(der).map_err(unreadable)?),
        }
    }

    /// Reads a PEM block `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`Error::NotPem`], else as [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let (label, der) =
            der::pem::decode_vec(pem.as_bytes()).map_err(|_| Error::NotPem { expected: PEM_LABEL })?;
        let der = Zeroizing::new(der);
        if label != PEM_LABEL {
            return Err(Error::NotPem { expected: PEM_LABEL });
        }
        Self::from_pkcs8_der(&der)
    }

    /// The key as PKCS#8, for storing it encrypted.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the library fails.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let failed = |_| Error::PrivateKey { operation: "export a key" };
        match &self.secret {
            Secret::Ec(pair) => {
                pair.to_pkcs8v1().map(|d| Zeroizing::new(d.as_ref().to_vec())).map_err(failed)
            }
            Secret::Rsa(pair) => pair.as_der().map(|d| Zeroizing::new(d.as_ref().to_vec())).map_err(failed),
        }
    }

    /// The key as a PEM block `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the library fails.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Error> {
        let der = self.to_pkcs8_der()?;
        der::pem::encode_string(PEM_LABEL, der::pem::LineEnding::LF, &der)
            .map(Zeroizing::new)
            .map_err(|_| Error::PrivateKey { operation: "write a key as PEM" })
    }

    /// The same key signing with another algorithm. An EC key has only its natural digest.
    ///
    /// # Errors
    /// [`Error::WrongKeyKind`] when the key cannot.
    pub fn with_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<Self, Error> {
        let secret = match (&self.secret, algorithm) {
            (
                Secret::Rsa(pair),
                SignatureAlgorithm::RsaPkcs1(Digest::Sha256 | Digest::Sha384 | Digest::Sha512)
                | SignatureAlgorithm::RsaPss(Digest::Sha256 | Digest::Sha384 | Digest::Sha512),
            ) => Secret::Rsa(Arc::clone(pair)),
            (Secret::Ec(pair), _) if algorithm == self.algorithm => Secret::Ec(Arc::clone(pair)),
            (Secret::Rsa(_) | Secret::Ec(_), _) => {
                let key = self.public.kind().to_string();
                return Err(Error::WrongKeyKind { algorithm: algorithm.to_string(), key });
            }
        };
        Ok(Self { secret, public: self.public.clone(), algorithm })
    }

    fn from_ec(curve: Curve, pair: lc::EcdsaKeyPair) -> Result<Self, Error> {
        let public = PublicKey::from_ec_point(curve, pair.public_key().as_ref())?;
        let algorithm = SignatureAlgorithm::Ecdsa(curve.natural_digest());
        Ok(Self { secret: Secret::Ec(Arc::new(pair)), public, algorithm })
    }

    fn from_rsa(pair: lc::RsaKeyPair) -> Result<Self, Error> {
        const WHAT: &str = "RSAPublicKey";
        let mut fields = Parser::only(pair.public_key().as_ref(), asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let public = PublicKey::from_rsa_components(fields.unsigned_bytes()?, fields.unsigned_bytes()?)?;
        let algorithm = SignatureAlgorithm::RsaPss(Digest::Sha256);
        Ok(Self { secret: Secret::Rsa(Arc::new(pair)), public, algorithm })
    }
}

impl Signer for SoftwareKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = Error::PrivateKey { operation: "sign" };
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Ec(pair) => pair.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(|_| failed),
            Secret::Rsa(pair) => {
                let encoding: &dyn lc::RsaEncoding = match self.algorithm {
                    SignatureAlgorithm::RsaPkcs1(Digest::Sha256) => &lc::RSA_PKCS1_SHA256,
                    SignatureAlgorithm::RsaPkcs1(Digest::Sha384) => &lc::RSA_PKCS1_SHA384,
                    SignatureAlgorithm::RsaPkcs1(Digest::Sha512) => &lc::RSA_PKCS1_SHA512,
                    SignatureAlgorithm::RsaPss(Digest::Sha256) => &lc::RSA_PSS_SHA256,
                    SignatureAlgorithm::RsaPss(Digest::Sha384) => &lc::RSA_PSS_SHA384,
                    SignatureAlgorithm::RsaPss(Digest::Sha512) => &lc::RSA_PSS_SHA512,
                    // `with_algorithm` lets no other one in.
                    SignatureAlgorithm::RsaPkcs1(_)
                    | SignatureAlgorithm::RsaPss(_)
                    | SignatureAlgorithm::Ecdsa(_) => return Err(failed),
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).map_err(|_| failed)?;
                Ok(signature)
            }
        }
    }
}

fn ec_signing(curve: Curve) -> &'static lc::EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &lc::ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &lc::ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &lc::ECDSA_P521_SHA512_ASN1_SIGNING,
    }
}

/// The curve a `PrivateKeyInfo` names, or `None` when it is an RSA key.
fn pkcs8_curve(der: &[u8]) -> Result<Option<Curve>, Error> {
    const WHAT: &str = "PrivateKeyInfo";
    let mut fields = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    fields.small_integer()?;
    let mut algorithm = fields.sequence()?;
    let oid = algorithm.oid()?;
    if oid == const_oid::db::rfc5912::RSA_ENCRYPTION {
        return Ok(None);
    }
    if oid != const_oid::db::rfc5912::ID_EC_PUBLIC_KEY {
        return Err(Error::UnsupportedAlgorithm { what: "private key algorithm", oid });
    }
    let named = algorithm.oid()?;
    [Curve::P256, Curve::P384, Curve::P521]
        .into_iter()
        .find(|c| c.oid() == named)
        .map(Some)
        .ok_or(Error::UnsupportedAlgorithm { what: "curve", oid: named })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_pkcs8_and_pem() {
        for curve in [Curve::P256, Curve::P384, Curve::P521] {
            let key = SoftwareKey::generate_ec(curve).unwrap();
            let pem = key.to_pem().unwrap();
            assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
            let again = SoftwareKey::from_pem(&pem).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            let signature = again.sign(b"m").unwrap();
            key.public_key().verify(key.algorithm(), b"m", &signature).unwrap();
        }
        let key = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
        let again = SoftwareKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }

    #[test]
    fn what_is_no_private_key_is_refused() {
        assert!(matches!(SoftwareKey::from_pem("hello"), Err(Error::NotPem { .. })));
        let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        assert!(matches!(SoftwareKey::from_pem(certificate), Err(Error::NotPem { .. })));
        assert!(SoftwareKey::from_pkcs8_der(&[0x30, 0]).is_err());
    }

    #[test]
    fn an_ec_key_takes_no_other_algorithm() {
        let key = SoftwareKey::generate_ec(Curve::P256).unwrap();
        assert!(key.with_algorithm(SignatureAlgorithm::Ecdsa(Digest::Sha256)).is_ok());
        assert!(key.with_algorithm(SignatureAlgorithm::Ecdsa(Digest::Sha512)).is_err());
        assert!(key.with_algorithm(SignatureAlgorithm::RsaPss(Digest::Sha256)).is_err());
    }
}
