//! Public keys, and checking signatures with them.
//!
//! ```text
//! SubjectPublicKeyInfo  ::=  SEQUENCE  {
//!      algorithm            AlgorithmIdentifier,
//!      subjectPublicKey     BIT STRING  }
//!
//! RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
//!
//! ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
//! ```
//!
//! [RFC 5280 section 4.1.2.7], [RFC 8017 appendix A.1.1], [RFC 5480]. A key is judged once, when read:
//! size, exponent, point on the curve. A [`PublicKey`] that exists is one we are willing to use.
//!
//! aws-lc does the arithmetic. The two things it does not offer, RSA with SHA-3 and RSA below 2048 bits
//! for very old signatures, go to the `rsa` crate, which sees public keys only.
//!
//! [RFC 5280 section 4.1.2.7]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7
//! [RFC 8017 appendix A.1.1]: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1
//! [RFC 5480]: https://www.rfc-editor.org/rfc/rfc5480

use std::sync::Arc;

use aws_lc_rs::digest as lc_digest;
use aws_lc_rs::signature as lc;
use const_oid::ObjectIdentifier;

use crate::algorithm::{Digest, SignatureAlgorithm};
use crate::asn1::{self, Parser};
use crate::error::Error;

/// The sizes of RSA keys that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLimits {
    /// Smallest modulus in bits.
    pub min_rsa_bits: u32,
    /// Largest modulus in bits; checking cost grows with its square.
    pub max_rsa_bits: u32,
}

impl KeyLimits {
    /// 2048 to 8192 bits.
    pub const DEFAULT: KeyLimits = KeyLimits { min_rsa_bits: 2048, max_rsa_bits: 8192 };
    /// 1024 to 8192 bits: only to look at signatures that a time-stamp proves to be old.
    pub const HISTORIC: KeyLimits = KeyLimits { min_rsa_bits: 1024, max_rsa_bits: 8192 };
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A NIST curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
    /// secp521r1
    P521,
}

impl Curve {
    const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    /// The length of a coordinate, and of `r` and `s`, in bytes.
    pub const fn coordinate_len(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The object identifier of the named curve.
    pub const fn oid(self) -> ObjectIdentifier {
        // Read when compiled: these are asked for in every signature.
        match self {
            Curve::P256 => const { ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7") },
            Curve::P384 => const { ObjectIdentifier::new_unwrap("1.3.132.0.34") },
            Curve::P521 => const { ObjectIdentifier::new_unwrap("1.3.132.0.35") },
        }
    }

    /// The digest as strong as the curve.
    pub const fn natural_digest(self) -> Digest {
        match self {
            Curve::P256 => Digest::Sha256,
            Curve::P384 => Digest::Sha384,
            Curve::P521 => Digest::Sha512,
        }
    }

    /// `P-256`, `P-384` or `P-521`.
    pub const fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
        }
    }

    /// The group order, big-endian, [`coordinate_len`](Self::coordinate_len) bytes (FIPS 186-4 D.1.2).
    const fn order(self) -> &'static [u8] {
        match self {
            Curve::P256 => &P256_ORDER,
            Curve::P384 => &P384_ORDER,
            Curve::P521 => &P521_ORDER,
        }
    }
}

/// What kind of key, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with a modulus of this many bits.
    Rsa {
        /// Bits from the highest set one; a "6144-bit" modulus may have 6143.
        bits: u32,
    },
    /// An elliptic curve key.
    Ec(Curve),
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyKind::Rsa { bits } => write!(f, "RSA {bits}"),
            KeyKind::Ec(curve) => f.write_str(curve.name()),
        }
    }
}

/// A public key that has been checked. Cloning shares it.
#[derive(Clone)]
pub struct PublicKey {
    parts: Arc<Parts>,
}

struct Parts {
    kind: KeyKind,
    spki: Vec<u8>,
    /// Where the content of `subjectPublicKey` starts in `spki`; it reaches to the end.
    bits_at: usize,
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

impl PublicKey {
    /// Reads and checks a `SubjectPublicKeyInfo` under [`KeyLimits::DEFAULT`].
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::UnsupportedAlgorithm`], [`Error::AlgorithmParameters`] or
    /// [`Error::WeakKey`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_spki_der_within(der, KeyLimits::DEFAULT)
    }

    /// Reads and checks a `SubjectPublicKeyInfo` under other limits.
    ///
    /// # Errors
    /// As [`from_spki_der`](Self::from_spki_der).
    pub fn from_spki_der_within(der: &[u8], limits: KeyLimits) -> Result<Self, Error> {
        const WHAT: &str = "SubjectPublicKeyInfo";
        let mut fields = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut algorithm = fields.sequence()?;
        let oid = algorithm.oid()?;
        let bits = fields.whole_bits()?;
        fields.end()?;

        let kind = if oid == RSA_ENCRYPTION {
            match algorithm.remaining() {
                [] | [asn1::NULL, 0] => check_rsa(bits, limits)?,
                _ => return Err(Error::AlgorithmParameters { algorithm: "RSA", why: "they must be NULL" }),
            }
        } else if oid == EC_PUBLIC_KEY {
            let named = algorithm.any()?.to_oid(WHAT).map_err(|_| Error::AlgorithmParameters {
                algorithm: "id-ecPublicKey",
                why: "the curve must be a named one",
            })?;
            algorithm.end()?;
            let curve = Curve::ALL
                .into_iter()
                .find(|c| c.oid() == named)
                .ok_or(Error::UnsupportedAlgorithm { what: "curve", oid: named })?;
            check_point(curve, bits)?;
            KeyKind::Ec(curve)
        } else {
            return Err(Error::UnsupportedAlgorithm { what: "public key algorithm", oid });
        };
        Ok(Self { parts: Arc::new(Parts { kind, spki: der.to_vec(), bits_at: der.len() - bits.len() }) })
    }

    /// Makes a key from an RSA modulus and exponent, big-endian.
    ///
    /// # Errors
    /// [`Error::WeakKey`] when they are not acceptable.
    pub fn from_rsa_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, Error> {
        let key = asn1::sequence(&[asn1::unsigned(modulus), asn1::unsigned(exponent)]);
        let algorithm = asn1::sequence(&[asn1::oid(&RSA_ENCRYPTION), asn1::null()]);
        Self::from_spki_der(&asn1::sequence(&[algorithm, asn1::bit_string(&key)]))
    }

    /// Makes a key from a point in uncompressed form (`04 ‖ x ‖ y`).
    ///
    /// # Errors
    /// [`Error::WeakKey`] when it is not a point of the curve.
    pub fn from_ec_point(curve: Curve, point: &[u8]) -> Result<Self, Error> {
        let algorithm = asn1::sequence(&[asn1::oid(&EC_PUBLIC_KEY), asn1::oid(&curve.oid())]);
        Self::from_spki_der(&asn1::sequence(&[algorithm, asn1::bit_string(point)]))
    }

    /// What kind of key this is.
    pub fn kind(&self) -> KeyKind {
        self.parts.kind
    }

    /// The `SubjectPublicKeyInfo` in DER, as it was read.
    pub fn spki_der(&self) -> &[u8] {
        &self.parts.spki
    }

    /// The content of `subjectPublicKey` without tag, length and unused-bits byte: what key identifiers
    /// and OCSP's issuerKeyHash are computed over.
    pub fn subject_public_key(&self) -> &[u8] {
        &self.parts.spki[self.parts.bits_at..]
    }

    /// SHA-1 of [`subject_public_key`](Self::subject_public_key): the key identifier of RFC 5280
    /// section 4.2.1.2 method 1.
    pub fn key_identifier(&self) -> [u8; 20] {
        let mut out = [0; 20];
        out.copy_from_slice(&Digest::Sha1.of(self.subject_public_key()));
        out
    }

    /// Modulus and exponent, big-endian without leading zeros, of an RSA key.
    pub fn rsa_components(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        match self.kind() {
            KeyKind::Rsa { .. } => {
                let (n, e) = rsa_parts(self.subject_public_key()).ok()?;
                Some((n.to_vec(), e.to_vec()))
            }
            KeyKind::Ec(_) => None,
        }
    }

    /// Checks a signature over `message`. ECDSA signatures are in DER.
    ///
    /// # Errors
    /// [`Error::SignatureInvalid`]; [`Error::WrongKeyKind`] when the algorithm is not for this kind of key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        self.verify_digest(algorithm, &algorithm.digest().of(message), signature)
    }

    /// Checks a signature over a message of which only the digest is at hand. ECDSA signatures are in DER.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and [`Error::Mismatch`] when the digest has the wrong length.
    pub fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        if digest.len() != algorithm.digest().len() {
            return Err(Error::Mismatch {
                what: "digest length",
                expected: algorithm.digest().len().to_string(),
                found: digest.len().to_string(),
            });
        }
        let wrong_kind =
            || Error::WrongKeyKind { algorithm: algorithm.to_string(), key: self.kind().to_string() };
        match (algorithm, self.kind()) {
            (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_), KeyKind::Rsa { bits }) => {
                self.verify_rsa(algorithm, bits, digest, signature)
            }
            (SignatureAlgorithm::Ecdsa(hash), KeyKind::Ec(curve)) => {
                self.verify_ecdsa(hash, curve, digest, signature)
            }
            (SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_), KeyKind::Ec(_))
            | (SignatureAlgorithm::Ecdsa(_), KeyKind::Rsa { .. }) => Err(wrong_kind()),
        }
    }

    fn verify_rsa(
        &self,
        algorithm: SignatureAlgorithm,
        bits: u32,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let parameters = match algorithm {
            SignatureAlgorithm::RsaPkcs1(Digest::Sha1) => {
                Some(&lc::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha256) => Some(&lc::RSA_PKCS1_2048_8192_SHA256),
            SignatureAlgorithm::RsaPkcs1(Digest::Sha384) => Some(&lc::RSA_PKCS1_2048_8192_SHA384),
            SignatureAlgorithm::RsaPkcs1(Digest::Sha512) => Some(&lc::RSA_PKCS1_2048_8192_SHA512),
            SignatureAlgorithm::RsaPss(Digest::Sha256) => Some(&lc::RSA_PSS_2048_8192_SHA256),
            SignatureAlgorithm::RsaPss(Digest::Sha384) => Some(&lc::RSA_PSS_2048_8192_SHA384),
            SignatureAlgorithm::RsaPss(Digest::Sha512) => Some(&lc::RSA_PSS_2048_8192_SHA512),
            SignatureAlgorithm::RsaPkcs1(Digest::Sha3_256 | Digest::Sha3_384 | Digest::Sha3_512)
            | SignatureAlgorithm::RsaPss(
                Digest::Sha1 | Digest::Sha3_256 | Digest::Sha3_384 | Digest::Sha3_512,
            )
            | SignatureAlgorithm::Ecdsa(_) => None,
        };
        match parameters {
            Some(parameters) if bits >= 2048 => lc_verify_digest(
                parameters,
                self.subject_public_key(),
                algorithm.digest().lc(),
                digest,
                signature,
            ),
            Some(_) | None => self.verify_rsa_elsewhere(algorithm, digest, signature),
        }
    }

    /// The combinations aws-lc has not, with the `rsa` crate.
    fn verify_rsa_elsewhere(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let (n, e) = rsa_parts(self.subject_public_key())?;
        let number = |bytes: &[u8]| rsa::BoxedUint::from_be_slice_vartime(bytes);
        let key = rsa::RsaPublicKey::new_with_size_limits(number(n), number(e), 1024..=8192)
            .map_err(|_| Error::WeakKey { kind: "RSA", why: "it is not a usable public key".into() })?;
        let pkcs1 = || match algorithm.digest() {
            Digest::Sha1 => rsa::Pkcs1v15Sign::new::<sha1::Sha1>(),
            Digest::Sha256 => rsa::Pkcs1v15Sign::new::<sha2::Sha256>(),
            Digest::Sha384 => rsa::Pkcs1v15Sign::new::<sha2::Sha384>(),
            Digest::Sha512 => rsa::Pkcs1v15Sign::new::<sha2::Sha512>(),
            Digest::Sha3_256 => rsa::Pkcs1v15Sign::new::<sha3::Sha3_256>(),
            Digest::Sha3_384 => rsa::Pkcs1v15Sign::new::<sha3::Sha3_384>(),
            Digest::Sha3_512 => rsa::Pkcs1v15Sign::new::<sha3::Sha3_512>(),
        };
        let verdict = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => key.verify(pkcs1(), digest, signature),
            SignatureAlgorithm::RsaPss(hash) => match hash {
                Digest::Sha1 => key.verify(rsa::Pss::<sha1::Sha1>::new_with_salt(20), digest, signature),
                Digest::Sha256 => key.verify(rsa::Pss::<sha2::Sha256>::new_with_salt(32), digest, signature),
                Digest::Sha384 => key.verify(rsa::Pss::<sha2::Sha384>::new_with_salt(48), digest, signature),
                Digest::Sha512 => key.verify(rsa::Pss::<sha2::Sha512>::new_with_salt(64), digest, signature),
                Digest::Sha3_256 => {
                    key.verify(rsa::Pss::<sha3::Sha3_256>::new_with_salt(32), digest, signature)
                }
                Digest::Sha3_384 => {
                    key.verify(rsa::Pss::<sha3::Sha3_384>::new_with_salt(48), digest, signature)
                }
                Digest::Sha3_512 => {
                    key.verify(rsa::Pss::<sha3::Sha3_512>::new_with_salt(64), digest, signature)
                }
            },
            SignatureAlgorithm::Ecdsa(_) => return Err(Error::SignatureInvalid { what: "a message" }),
        };
        verdict.map_err(|_| Error::SignatureInvalid { what: "a message" })
    }

    fn verify_ecdsa(&self, hash: Digest, curve: Curve, digest: &[u8], signature: &[u8]) -> Result<(), Error> {
        // Range and strictness of r and s are checked here first, so that the rule does not depend on
        // how lenient the library's parser happens to be.
        ecdsa_fixed_from_der(curve, signature)?;
        // An ECDSA signature does not say which hash made the digest, only how long it is, so digests
        // aws-lc has no ECDSA name for (SHA-3) go under the SHA-2 name of the same length.
        let (parameters, named) = match (curve, hash.len()) {
            (Curve::P256, 20) => (&lc::ECDSA_P256_SHA1_ASN1, Digest::Sha1),
            (Curve::P521, 20) => (&lc::ECDSA_P521_SHA1_ASN1, Digest::Sha1),
            (Curve::P256, 32) => (&lc::ECDSA_P256_SHA256_ASN1, Digest::Sha256),
            (Curve::P256, 48) => (&lc::ECDSA_P256_SHA384_ASN1, Digest::Sha384),
            (Curve::P256, 64) => (&lc::ECDSA_P256_SHA512_ASN1, Digest::Sha512),
            (Curve::P384, 32) => (&lc::ECDSA_P384_SHA256_ASN1, Digest::Sha256),
            (Curve::P384, 48) => (&lc::ECDSA_P384_SHA384_ASN1, Digest::Sha384),
            (Curve::P384, 64) => (&lc::ECDSA_P384_SHA512_ASN1, Digest::Sha512),
            (Curve::P521, 32) => (&lc::ECDSA_P521_SHA256_ASN1, Digest::Sha256),
            (Curve::P521, 48) => (&lc::ECDSA_P521_SHA384_ASN1, Digest::Sha384),
            (Curve::P521, 64) => (&lc::ECDSA_P521_SHA512_ASN1, Digest::Sha512),
            _ => {
                return Err(Error::UnsupportedAlgorithm { what: "digest for this curve", oid: hash.oid() });
            }
        };
        lc_verify_digest(parameters, self.subject_public_key(), named.lc(), digest, signature)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.subject_public_key() == other.subject_public_key()
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({})", self.kind())
    }
}

/// `r ‖ s` of fixed length, as XML signatures and PKCS#11 have it, to `ECDSA-Sig-Value`.
///
/// # Errors
/// [`Error::Malformed`] when the length is not twice the curve's, or `r` or `s` is zero or not below the
/// group order.
pub fn ecdsa_der_from_fixed(curve: Curve, fixed: &[u8]) -> Result<Vec<u8>, Error> {
    let half = curve.coordinate_len();
    if fixed.len() != 2 * half {
        return Err(Error::malformed("ECDSA signature", "it is not twice as long as a coordinate"));
    }
    let (r, s) = fixed.split_at(half);
    check_scalar(curve, r)?;
    check_scalar(curve, s)?;
    Ok(asn1::sequence(&[asn1::unsigned(r), asn1::unsigned(s)]))
}

/// `ECDSA-Sig-Value` to `r ‖ s` of fixed length.
///
/// # Errors
/// [`Error::Malformed`] when it is not DER, or `r` or `s` is zero or not below the group order.
pub fn ecdsa_fixed_from_der(curve: Curve, der: &[u8]) -> Result<Vec<u8>, Error> {
    const WHAT: &str = "ECDSA-Sig-Value";
    let mut fields = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let half = curve.coordinate_len();
    let mut fixed = vec![0; 2 * half];
    for place in fixed.chunks_exact_mut(half) {
        let number = fields.unsigned_bytes()?;
        let start = half.checked_sub(number.len()).ok_or(Error::malformed(WHAT, "r or s is out of range"))?;
        place[start..].copy_from_slice(number);
        check_scalar(curve, place)?;
    }
    fields.end()?;
    Ok(fixed)
}

fn check_scalar(curve: Curve, scalar: &[u8]) -> Result<(), Error> {
    // Both sides have the same length, so comparing bytes compares numbers.
    if scalar.iter().all(|b| *b == 0) || scalar >= curve.order() {
        return Err(Error::malformed("ECDSA-Sig-Value", "r or s is out of range"));
    }
    Ok(())
}

fn lc_verify_digest(
    algorithm: &'static dyn lc::VerificationAlgorithm,
    key: &[u8],
    named: &'static lc_digest::Algorithm,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let invalid = Error::SignatureInvalid { what: "a message" };
    let digest = lc_digest::Digest::import_less_safe(digest, named).map_err(|_| invalid.clone())?;
    lc::UnparsedPublicKey::new(algorithm, key).verify_digest(&digest, signature).map_err(|_| invalid)
}

fn rsa_parts(bits: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    const WHAT: &str = "RSAPublicKey";
    let mut fields = Parser::only(bits, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let modulus = fields.unsigned_bytes()?;
    let exponent = fields.unsigned_bytes()?;
    fields.end()?;
    Ok((modulus, exponent))
}

fn check_rsa(bits: &[u8], limits: KeyLimits) -> Result<KeyKind, Error> {
    let weak = |why: String| Error::WeakKey { kind: "RSA", why };
    let (modulus, exponent) = rsa_parts(bits)?;
    let size = bit_length(modulus);
    if size < limits.min_rsa_bits as usize {
        return Err(weak(format!("{size} bits, at least {} are required", limits.min_rsa_bits)));
    }
    if size > limits.max_rsa_bits as usize {
        return Err(weak(format!("{size} bits, at most {} are read", limits.max_rsa_bits)));
    }
    if modulus.last().is_none_or(|low| low & 1 == 0) {
        return Err(weak("the modulus is even".into()));
    }
    // aws-lc and the rsa crate both stop at 33 bits; larger exponents only make checking slow.
    match (bit_length(exponent), exponent.last()) {
        (0 | 1, _) | (_, None) => Err(weak("the public exponent is below 3".into())),
        (34.., _) => Err(weak("the public exponent is longer than 33 bits".into())),
        (_, Some(low)) if low & 1 == 0 => Err(weak("the public exponent is even".into())),
        // `size` is at most `max_rsa_bits`, which is a u32.
        _ => Ok(KeyKind::Rsa { bits: size as u32 }),
    }
}

fn check_point(curve: Curve, point: &[u8]) -> Result<(), Error> {
    let weak = |why: &str| Error::WeakKey { kind: curve.name(), why: why.into() };
    if point.first() != Some(&4) || point.len() != 1 + 2 * curve.coordinate_len() {
        return Err(weak("the point is not in uncompressed form"));
    }
    let algorithm = match curve {
        Curve::P256 => &lc::ECDSA_P256_SHA256_ASN1,
        Curve::P384 => &lc::ECDSA_P384_SHA384_ASN1,
        Curve::P521 => &lc::ECDSA_P521_SHA512_ASN1,
    };
    // Parsing checks that the coordinates are below the prime and satisfy the curve's equation.
    lc::ParsedPublicKey::new(algorithm, point).map(|_| ()).map_err(|_| weak("the point is not on the curve"))
}

fn bit_length(number: &[u8]) -> usize {
    match number.first() {
        Some(first) => number.len() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

const P256_ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
    0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];
const P384_ORDER: [u8; 48] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF, 0x58, 0x1A,
    0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
];
const P521_ORDER: [u8; 66] = [
    0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFA,
    0x51, 0x86, 0x87, 0x83, 0xBF, 0x2F, 0x96, 0x6B, 0x7F, 0xCC, 0x01, 0x48, 0xF7, 0x09, 0xA5, 0xD0, 0x3B,
    0xB5, 0xC9, 0xB8, 0x89, 0x9C, 0x47, 0xAE, 0xBB, 0x6F, 0xB7, 0x1E, 0x91, 0x38, 0x64, 0x09,
];

#[cfg(test)]
mod tests;
