//! Digest and signature algorithms, and their identifiers in ASN.1.
//!
//! ```text
//! AlgorithmIdentifier  ::=  SEQUENCE  {
//!      algorithm               OBJECT IDENTIFIER,
//!      parameters              ANY DEFINED BY algorithm OPTIONAL  }
//!
//! RSASSA-PSS-params  ::=  SEQUENCE  {
//!     hashAlgorithm     [0] HashAlgorithm    DEFAULT sha1Identifier,
//!     maskGenAlgorithm  [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier,
//!     saltLength        [2] INTEGER          DEFAULT 20,
//!     trailerField      [3] INTEGER          DEFAULT 1  }
//! ```
//!
//! [RFC 5280 section 4.1.1.2], [RFC 4055], [RFC 5758]; the SHA-3 identifiers are NIST's. Of the many
//! RSASSA-PSS parameter sets only one family is accepted: the mask is made with the same hash and the
//! salt is as long as the hash. That is what every signer we meet does, and it leaves no room for the
//! SHA-1 defaults.
//!
//! [RFC 5280 section 4.1.1.2]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.1.2
//! [RFC 4055]: https://www.rfc-editor.org/rfc/rfc4055
//! [RFC 5758]: https://www.rfc-editor.org/rfc/rfc5758

use aws_lc_rs::digest as lc;
use const_oid::ObjectIdentifier;
use der::asn1::AnyRef;
use der::{Decode, Encode};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};

use crate::Error;
use crate::asn1::{self, Parser};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-1: as an identifier (OCSP CertID, key identifiers) and to read old signatures; never to sign.
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA3-256
    Sha3_256,
    /// SHA3-384
    Sha3_384,
    /// SHA3-512
    Sha3_512,
}

impl Digest {
    /// Every digest.
    pub const ALL: [Digest; 7] = [
        Digest::Sha1,
        Digest::Sha256,
        Digest::Sha384,
        Digest::Sha512,
        Digest::Sha3_256,
        Digest::Sha3_384,
        Digest::Sha3_512,
    ];

    /// The digest of `data`.
    pub fn of(self, data: &[u8]) -> Vec<u8> {
        lc::digest(self.lc(), data).as_ref().to_vec()
    }

    /// Starts a digest over data that arrives in pieces.
    pub fn hasher(self) -> Hasher {
        Hasher { context: lc::Context::new(self.lc()) }
    }

    /// The length of a digest in bytes.
    #[allow(clippy::len_without_is_empty)] // a length of the algorithm, not of a collection
    pub const fn len(self) -> usize {
        match self {
            Digest::Sha1 => 20,
            Digest::Sha256 | Digest::Sha3_256 => 32,
            Digest::Sha384 | Digest::Sha3_384 => 48,
            Digest::Sha512 | Digest::Sha3_512 => 64,
        }
    }

    /// The object identifier.
    pub const fn oid(self) -> ObjectIdentifier {
        // Read when compiled: these are asked for in every signature.
        match self {
            Digest::Sha1 => const { ObjectIdentifier::new_unwrap("1.3.14.3.2.26") },
            Digest::Sha256 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1") },
            Digest::Sha384 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2") },
            Digest::Sha512 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3") },
            Digest::Sha3_256 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.8") },
            Digest::Sha3_384 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.9") },
            Digest::Sha3_512 => const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.10") },
        }
    }

    /// The digest with this object identifier.
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.oid() == *oid)
    }

    /// The name as people and JSON write it: `SHA-256`, `SHA3-512`.
    pub const fn name(self) -> &'static str {
        match self {
            Digest::Sha1 => "SHA-1",
            Digest::Sha256 => "SHA-256",
            Digest::Sha384 => "SHA-384",
            Digest::Sha512 => "SHA-512",
            Digest::Sha3_256 => "SHA3-256",
            Digest::Sha3_384 => "SHA3-384",
            Digest::Sha3_512 => "SHA3-512",
        }
    }

    /// The digest with this [`name`](Self::name).
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.name() == name)
    }

    /// The identifier as CMS, OCSP and time-stamps write it: no parameters for SHA-2 and SHA-3
    /// (RFC 5754 section 2), `NULL` for SHA-1 because that is what OCSP clients send.
    pub fn algorithm_identifier(self) -> AlgorithmIdentifierOwned {
        let parameters = match self {
            Digest::Sha1 => Some(der::asn1::Any::null()),
            Digest::Sha256
            | Digest::Sha384
            | Digest::Sha512
            | Digest::Sha3_256
            | Digest::Sha3_384
            | Digest::Sha3_512 => None,
        };
        AlgorithmIdentifierOwned { oid: self.oid(), parameters }
    }

    /// Reads an identifier; parameters may be absent or `NULL`.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] or [`Error::AlgorithmParameters`].
    pub fn from_algorithm_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, Error> {
        Self::with_parameters(identifier.oid, identifier.parameters.as_ref().map(AnyRef::from))
    }

    /// As [`from_algorithm_identifier`](Self::from_algorithm_identifier), and for broken DER.
    ///
    /// # Errors
    /// Those, and [`Error::Malformed`].
    pub fn from_algorithm_identifier_der(der: &[u8]) -> Result<Self, Error> {
        let identifier = AlgorithmIdentifierRef::from_der(der)?;
        Self::with_parameters(identifier.oid, identifier.parameters)
    }

    fn with_parameters(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>) -> Result<Self, Error> {
        let digest =
            Self::from_oid(&oid).ok_or(Error::UnsupportedAlgorithm { what: "digest algorithm", oid })?;
        null_or_absent(parameters, digest.name())?;
        Ok(digest)
    }

    /// True where a collision is within reach, so that the digest proves nothing about content.
    pub const fn is_weak(self) -> bool {
        match self {
            Digest::Sha1 => true,
            Digest::Sha256
            | Digest::Sha384
            | Digest::Sha512
            | Digest::Sha3_256
            | Digest::Sha3_384
            | Digest::Sha3_512 => false,
        }
    }

    pub(crate) fn lc(self) -> &'static lc::Algorithm {
        match self {
            Digest::Sha1 => &lc::SHA1_FOR_LEGACY_USE_ONLY,
            Digest::Sha256 => &lc::SHA256,
            Digest::Sha384 => &lc::SHA384,
            Digest::Sha512 => &lc::SHA512,
            Digest::Sha3_256 => &lc::SHA3_256,
            Digest::Sha3_384 => &lc::SHA3_384,
            Digest::Sha3_512 => &lc::SHA3_512,
        }
    }

    /// The identifier inside RSASSA-PSS parameters, where RFC 4055 wants `NULL` for SHA-2.
    fn pss_identifier(self) -> Vec<u8> {
        let oid = asn1::oid(&self.oid());
        match self {
            Digest::Sha1 | Digest::Sha256 | Digest::Sha384 | Digest::Sha512 => {
                asn1::sequence(&[oid, asn1::null()])
            }
            Digest::Sha3_256 | Digest::Sha3_384 | Digest::Sha3_512 => asn1::sequence(&[oid]),
        }
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest being computed.
#[derive(Clone)]
pub struct Hasher {
    context: lc::Context,
}

impl Hasher {
    /// Adds more data.
    pub fn update(&mut self, data: &[u8]) {
        self.context.update(data);
    }

    /// The digest of everything added.
    pub fn finish(self) -> Vec<u8> {
        self.context.finish().as_ref().to_vec()
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

/// A signature algorithm with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(Digest),
    /// RSASSA-PSS with MGF1 over the same digest, a salt of the digest's length and trailer 0xBC.
    RsaPss(Digest),
    /// ECDSA.
    Ecdsa(Digest),
}

const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");

impl SignatureAlgorithm {
    /// The digest over the message.
    pub const fn digest(self) -> Digest {
        match self {
            SignatureAlgorithm::RsaPkcs1(d)
            | SignatureAlgorithm::RsaPss(d)
            | SignatureAlgorithm::Ecdsa(d) => d,
        }
    }

    /// The object identifier; for RSASSA-PSS the digest is in the parameters.
    pub const fn oid(self) -> ObjectIdentifier {
        // Read when compiled: these are asked for in every signature.
        match self {
            SignatureAlgorithm::RsaPkcs1(Digest::Sha1) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha256) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha384) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha512) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha3_256) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.14") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha3_384) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.15") }
            }
            SignatureAlgorithm::RsaPkcs1(Digest::Sha3_512) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.16") }
            }
            SignatureAlgorithm::RsaPss(_) => RSASSA_PSS,
            SignatureAlgorithm::Ecdsa(Digest::Sha1) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.1") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha256) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha384) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha512) => {
                const { ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha3_256) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.10") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha3_384) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.11") }
            }
            SignatureAlgorithm::Ecdsa(Digest::Sha3_512) => {
                const { ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.12") }
            }
        }
    }

    /// The identifier in DER: `NULL` parameters for PKCS#1, explicit ones for PSS (trailer omitted,
    /// it is the default), none for ECDSA and for the SHA-3 variant of PKCS#1.
    pub fn algorithm_identifier_der(self) -> Vec<u8> {
        let oid = asn1::oid(&self.oid());
        match self {
            SignatureAlgorithm::RsaPkcs1(_) => asn1::sequence(&[oid, asn1::null()]),
            SignatureAlgorithm::Ecdsa(_) => asn1::sequence(&[oid]),
            SignatureAlgorithm::RsaPss(digest) => {
                let hash = digest.pss_identifier();
                let mask = asn1::sequence(&[asn1::oid(&MGF1), hash.clone()]);
                let salt = asn1::integer(digest.len() as u64);
                let parameters = asn1::sequence(&[
                    asn1::tlv(asn1::context_constructed(0), &hash),
                    asn1::tlv(asn1::context_constructed(1), &mask),
                    asn1::tlv(asn1::context_constructed(2), &salt),
                ]);
                asn1::sequence(&[oid, parameters])
            }
        }
    }

    /// [`algorithm_identifier_der`](Self::algorithm_identifier_der) as the `spki` crate's type.
    pub fn algorithm_identifier(self) -> AlgorithmIdentifierOwned {
        // Cannot fail: the line above is a well-formed AlgorithmIdentifier for every variant (tested).
        AlgorithmIdentifierOwned::from_der(&self.algorithm_identifier_der()).expect("our own DER")
    }

    /// Reads an identifier.
    ///
    /// # Errors
    /// [`Error::UnsupportedAlgorithm`] for one not listed here, [`Error::AlgorithmParameters`] when PSS
    /// parameters are absent, default to SHA-1 or mix hashes, or when another algorithm has some.
    pub fn from_algorithm_identifier(identifier: &AlgorithmIdentifierOwned) -> Result<Self, Error> {
        if identifier.oid == RSASSA_PSS {
            let parameters = identifier.parameters.as_ref().ok_or(pss_fault("they are absent"))?;
            return pss_digest(&parameters.to_der()?).map(SignatureAlgorithm::RsaPss);
        }
        for digest in Digest::ALL {
            if identifier.oid == SignatureAlgorithm::RsaPkcs1(digest).oid() {
                null_or_absent(identifier.parameters.as_ref().map(AnyRef::from), "RSASSA-PKCS1-v1_5")?;
                return Ok(SignatureAlgorithm::RsaPkcs1(digest));
            }
            if identifier.oid == SignatureAlgorithm::Ecdsa(digest).oid() {
                return match identifier.parameters {
                    None => Ok(SignatureAlgorithm::Ecdsa(digest)),
                    Some(_) => {
                        Err(Error::AlgorithmParameters { algorithm: "ECDSA", why: "there must be none" })
                    }
                };
            }
        }
        Err(Error::UnsupportedAlgorithm { what: "signature algorithm", oid: identifier.oid })
    }

    /// Reads an identifier from its DER.
    ///
    /// # Errors
    /// As [`from_algorithm_identifier`](Self::from_algorithm_identifier), and for broken DER.
    pub fn from_algorithm_identifier_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_algorithm_identifier(&AlgorithmIdentifierOwned::from_der(der)?)
    }
}

impl std::fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SignatureAlgorithm::RsaPkcs1(d) => write!(f, "RSASSA-PKCS1-v1_5 with {d}"),
            SignatureAlgorithm::RsaPss(d) => write!(f, "RSASSA-PSS with {d}"),
            SignatureAlgorithm::Ecdsa(d) => write!(f, "ECDSA with {d}"),
        }
    }
}

fn pss_fault(why: &'static str) -> Error {
    Error::AlgorithmParameters { algorithm: "RSASSA-PSS", why }
}

fn pss_digest(parameters: &[u8]) -> Result<Digest, Error> {
    const WHAT: &str = "RSASSA-PSS-params";
    let mut fields = Parser::only(parameters, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let hash = fields
        .optional(asn1::context_constructed(0))?
        .ok_or(pss_fault("the hash algorithm is absent and would default to SHA-1"))?;
    let mask = fields
        .optional(asn1::context_constructed(1))?
        .ok_or(pss_fault("the mask generation is absent and would default to SHA-1"))?;
    let salt = fields
        .optional(asn1::context_constructed(2))?
        .ok_or(pss_fault("the salt length is absent and would default to 20"))?;
    if let Some(trailer) = fields.optional(asn1::context_constructed(3))? {
        // The default, written out: not DER, but seen, and it means the same.
        if trailer.inside(WHAT).small_integer()? != 1 {
            return Err(pss_fault("the trailer field is not 1"));
        }
    }
    fields.end()?;

    let digest = Digest::from_algorithm_identifier(&AlgorithmIdentifierOwned::from_der(hash.value)?)?;
    let mut mask_fields = Parser::only(mask.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    if mask_fields.oid()? != MGF1 {
        return Err(pss_fault("the mask generation function is not MGF1"));
    }
    let mask_hash = AlgorithmIdentifierOwned::from_der(mask_fields.remaining())?;
    if Digest::from_algorithm_identifier(&mask_hash)? != digest {
        return Err(pss_fault("the mask generation hash is another than the hash"));
    }
    let mut salt = salt.inside(WHAT);
    if salt.small_integer()? != digest.len() as u64 {
        return Err(pss_fault("the salt is not as long as the hash"));
    }
    salt.end()?;
    Ok(digest)
}

fn null_or_absent(parameters: Option<AnyRef<'_>>, algorithm: &'static str) -> Result<(), Error> {
    match parameters {
        None => Ok(()),
        Some(any) if any == AnyRef::NULL => Ok(()),
        Some(_) => Err(Error::AlgorithmParameters { algorithm, why: "they must be NULL or absent" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_algorithm() -> impl Iterator<Item = SignatureAlgorithm> {
        Digest::ALL.into_iter().flat_map(|d| {
            [SignatureAlgorithm::RsaPkcs1(d), SignatureAlgorithm::RsaPss(d), SignatureAlgorithm::Ecdsa(d)]
        })
    }

    #[test]
    fn digests_are_the_published_ones() {
        // FIPS 180-4 and FIPS 202 examples for "abc".
        for (digest, start) in [
            (Digest::Sha1, [0xa9, 0x99, 0x3e, 0x36]),
            (Digest::Sha256, [0xba, 0x78, 0x16, 0xbf]),
            (Digest::Sha384, [0xcb, 0x00, 0x75, 0x3f]),
            (Digest::Sha512, [0xdd, 0xaf, 0x35, 0xa1]),
            (Digest::Sha3_256, [0x3a, 0x98, 0x5d, 0xa7]),
            (Digest::Sha3_384, [0xec, 0x01, 0x49, 0x82]),
            (Digest::Sha3_512, [0xb7, 0x51, 0x85, 0x0b]),
        ] {
            assert_eq!(digest.of(b"abc")[..4], start, "{digest}");
            assert_eq!(digest.of(b"abc").len(), digest.len());
            let mut hasher = digest.hasher();
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.finish(), digest.of(b"abc"));
            assert_eq!(Digest::by_name(digest.name()), Some(digest));
            assert_eq!(Digest::from_algorithm_identifier(&digest.algorithm_identifier()).unwrap(), digest);
        }
    }

    #[test]
    fn every_identifier_reads_back() {
        for algorithm in every_algorithm() {
            let identifier = algorithm.algorithm_identifier();
            assert_eq!(identifier.to_der().unwrap(), algorithm.algorithm_identifier_der());
            assert_eq!(SignatureAlgorithm::from_algorithm_identifier(&identifier).unwrap(), algorithm);
        }
    }

    #[test]
    fn pss_parameters_are_those_openssl_writes() {
        // From `openssl req -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sha256`.
        let expected = "304106092a864886f70d01010a3034a00f300d06096086480165030402010500\
                        a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";
        assert_eq!(hex(&SignatureAlgorithm::RsaPss(Digest::Sha256).algorithm_identifier_der()), expected);
    }

    #[test]
    fn pss_without_parameters_or_with_mixed_ones_is_refused() {
        let good = SignatureAlgorithm::RsaPss(Digest::Sha256).algorithm_identifier_der();
        assert!(SignatureAlgorithm::from_algorithm_identifier_der(&good).is_ok());
        let oid = asn1::oid(&RSASSA_PSS);
        let empty = asn1::sequence(&[oid.clone(), asn1::sequence::<Vec<u8>>(&[])]);
        for der in [asn1::sequence(std::slice::from_ref(&oid)), empty, asn1::sequence(&[oid, asn1::null()])] {
            assert!(SignatureAlgorithm::from_algorithm_identifier_der(&der).is_err());
        }
        let mut short_salt = good.clone();
        *short_salt.last_mut().unwrap() = 20;
        assert_eq!(
            SignatureAlgorithm::from_algorithm_identifier_der(&short_salt),
            Err(pss_fault("the salt is not as long as the hash"))
        );
        // The second occurrence of the SHA-256 identifier is the mask's: make it SHA-384.
        let mut mixed = good;
        let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
        let at = mixed.windows(9).rposition(|w| w == sha256).unwrap();
        mixed[at + 8] = 0x02;
        assert_eq!(
            SignatureAlgorithm::from_algorithm_identifier_der(&mixed),
            Err(pss_fault("the mask generation hash is another than the hash"))
        );
    }

    #[test]
    fn ecdsa_with_parameters_is_refused() {
        let der =
            asn1::sequence(&[asn1::oid(&SignatureAlgorithm::Ecdsa(Digest::Sha256).oid()), asn1::null()]);
        assert!(SignatureAlgorithm::from_algorithm_identifier_der(&der).is_err());
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }
}
