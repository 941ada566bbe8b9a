//! Which certificate is meant: `CertID` [RFC 6960 §4.1.1].

use der::asn1::{Any, Int, OctetString};
use der::{Sequence, Tag};
use spki::AlgorithmIdentifierOwned;

use crate::asn1::{self, Backwards, Parser};
use crate::{Certificate, Digest, Error, SerialNumber};

/// The hash that names an issuer inside a [`CertId`].
///
/// SHA-1 is what `openssl ocsp` and most signing programs send unless told otherwise. Nothing rests on
/// its collision resistance: the hashed values are the issuer's, and the answer repeats them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CertIdHash {
    /// SHA-1, the default of most clients.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl CertIdHash {
    const fn digest(self) -> Digest {
        match self {
            Self::Sha1 => Digest::Sha1,
            Self::Sha256 => Digest::Sha256,
        }
    }
}

/// A certificate named by its issuer's hashes and its serial number [RFC 6960 §4.1.1].
///
/// ```text
/// CertID ::= SEQUENCE {
///     hashAlgorithm       AlgorithmIdentifier,
///     issuerNameHash      OCTET STRING, -- Hash of issuer's DN
///     issuerKeyHash       OCTET STRING, -- Hash of issuer's public key
///     serialNumber        CertificateSerialNumber }
/// ```
///
/// Kept as it was asked, algorithm parameters included, because clients compare the answer's `CertID`
/// with their own byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct CertId {
    hash_algorithm: AlgorithmIdentifierOwned,
    issuer_name_hash: OctetString,
    issuer_key_hash: OctetString,
    serial_number: Int,
}

impl CertId {
    /// Names `certificate`, which `issuer` issued.
    pub fn of(hash: CertIdHash, certificate: &Certificate, issuer: &Certificate) -> Result<Self, Error> {
        Self::new(hash, &IssuerHashes::of(issuer), certificate.serial())
    }

    /// Names the certificate with this serial number.
    pub fn new(hash: CertIdHash, issuer: &IssuerHashes, serial: &SerialNumber) -> Result<Self, Error> {
        let hashes = issuer.by(hash);
        Ok(Self {
            // NULL parameters, as openssl writes them: old responders compare the encoding.
            hash_algorithm: AlgorithmIdentifierOwned {
                oid: hash.digest().oid(),
                parameters: Some(Any::null()),
            },
            issuer_name_hash: OctetString::new(hashes.name.as_slice())?,
            issuer_key_hash: OctetString::new(hashes.key.as_slice())?,
            serial_number: Int::new(serial.as_bytes())?,
        })
    }

    /// Reads one, and refuses what cannot name any certificate.
    pub(super) fn read(fields: &mut Parser<'_>) -> Result<Self, Error> {
        const WHAT: &str = "CertID";
        let mut fields = fields.expect(asn1::SEQUENCE)?.inside(WHAT);
        let mut algorithm = fields.sequence()?;
        let oid = algorithm.oid()?;
        let parameters = match algorithm.is_empty() {
            true => None,
            false => {
                if !algorithm.expect(asn1::NULL)?.value.is_empty() {
                    return Err(Error::malformed(WHAT, "a NULL is not empty"));
                }
                Some(Any::null())
            }
        };
        algorithm.end()?;
        let id = Self {
            hash_algorithm: AlgorithmIdentifierOwned { oid, parameters },
            issuer_name_hash: OctetString::new(fields.expect(asn1::OCTET_STRING)?.value)?,
            issuer_key_hash: OctetString::new(fields.expect(asn1::OCTET_STRING)?.value)?,
            serial_number: Int::new(fields.integer_bytes()?)?,
        };
        fields.end()?;
        id.check()?;
        Ok(id)
    }

    /// Writes the DER, as it was read.
    pub(super) fn write(&self, der: &mut Backwards) {
        der.around(asn1::SEQUENCE, |der| {
            der.value(asn1::INTEGER, self.serial_number.as_bytes());
            der.value(asn1::OCTET_STRING, self.issuer_key_hash.as_bytes());
            der.value(asn1::OCTET_STRING, self.issuer_name_hash.as_bytes());
            der.around(asn1::SEQUENCE, |der| {
                if let Some(parameters) = &self.hash_algorithm.parameters {
                    // NULL, or it would not have been read.
                    der.value(asn1::NULL, parameters.value());
                }
                der.value(asn1::OBJECT_IDENTIFIER, self.hash_algorithm.oid.as_bytes());
            });
        });
    }

    /// The hash in use, or none when it is one that no issuer is known by here.
    pub fn hash(&self) -> Option<CertIdHash> {
        let digest = Digest::from_algorithm_identifier(&self.hash_algorithm).ok()?;
        [CertIdHash::Sha1, CertIdHash::Sha256].into_iter().find(|hash| hash.digest() == digest)
    }

    /// The serial number.
    ///
    /// # Errors
    /// When no certificate can have it: it is negative or longer than 20 octets.
    pub fn serial(&self) -> Result<SerialNumber, Error> {
        let content = self.serial_number.as_bytes();
        if content.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(Error::malformed("CertID serialNumber", "it is negative"));
        }
        SerialNumber::from_unsigned(content)
    }

    /// Whether this names that certificate of that issuer.
    pub fn names(&self, serial: &SerialNumber, issuer: &IssuerHashes) -> bool {
        self.serial_number.as_bytes() == serial.as_bytes() && self.is_issued_by(issuer)
    }

    /// The issuer key's hash, as asked.
    pub fn issuer_key_hash(&self) -> &[u8] {
        self.issuer_key_hash.as_bytes()
    }

    /// Whether this names a certificate of that issuer: both hashes must agree.
    pub fn is_issued_by(&self, issuer: &IssuerHashes) -> bool {
        self.hash().is_some_and(|hash| {
            let hashes = issuer.by(hash);
            self.issuer_name_hash.as_bytes() == hashes.name && self.issuer_key_hash.as_bytes() == hashes.key
        })
    }

    /// Refuses what cannot name any certificate, so that answers stay small.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.serial()?;
        for hash in [&self.issuer_name_hash, &self.issuer_key_hash] {
            let found = hash.as_bytes().len();
            if found > 64 {
                return Err(Error::TooLarge { what: "CertID issuer hash", limit: 64, found });
            }
        }
        match &self.hash_algorithm.parameters {
            Some(parameters) if der::Tagged::tag(parameters) != Tag::Null => {
                Err(Error::malformed("CertID hashAlgorithm", "hash algorithms take no parameters"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What the `CertID`s of one issuer's certificates contain, computed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerHashes {
    sha1: Hashes,
    sha256: Hashes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Hashes {
    name: Vec<u8>,
    key: Vec<u8>,
}

impl IssuerHashes {
    /// Hashes the issuer's subject name (its DER) and public key (the bits, without tag, length and the
    /// count of unused bits).
    pub fn of(issuer: &Certificate) -> Self {
        let hashes = |digest: Digest| Hashes {
            name: digest.of(issuer.subject().as_der()),
            key: digest.of(issuer.subject_public_key()),
        };
        Self { sha1: hashes(Digest::Sha1), sha256: hashes(Digest::Sha256) }
    }

    fn by(&self, hash: CertIdHash) -> &Hashes {
        match hash {
            CertIdHash::Sha1 => &self.sha1,
            CertIdHash::Sha256 => &self.sha256,
        }
    }
}
