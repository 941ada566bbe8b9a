//! What a client asks: `TimeStampReq` [RFC 3161 §2.4.1].

use const_oid::ObjectIdentifier;

use crate::asn1::{self, Backwards, Parser};
use crate::{Digest, Error};

/// The largest request read, in bytes. A usual one has about 100.
pub const MAX_REQUEST_LEN: usize = 4096;

/// The longest nonce read, in bytes; 8 to 20 are usual.
const MAX_NONCE_LEN: usize = 64;

/// A request for a time-stamp.
///
/// ```text
/// TimeStampReq ::= SEQUENCE  {
///    version                  INTEGER  { v1(1) },
///    messageImprint           MessageImprint,
///    reqPolicy                TSAPolicyId              OPTIONAL,
///    nonce                    INTEGER                  OPTIONAL,
///    certReq                  BOOLEAN                  DEFAULT FALSE,
///    extensions               [0] IMPLICIT Extensions  OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStampReq {
    version: u64,
    imprint: MessageImprint,
    policy: Option<ObjectIdentifier>,
    nonce: Option<Vec<u8>>,
    cert_req: bool,
    has_extensions: bool,
}

impl TimeStampReq {
    /// Asks for a time-stamp with the authority's certificate inside. `nonce` is a number, big-endian,
    /// which the answer must repeat; 8 random bytes do.
    ///
    /// # Errors
    /// When the nonce is empty or needs more than 64 bytes.
    pub fn new(imprint: MessageImprint, nonce: &[u8]) -> Result<Self, Error> {
        if nonce.is_empty() {
            return Err(Error::Missing { what: "nonce" });
        }
        let nonce = Some(read_nonce(&mut Parser::new(&asn1::unsigned(nonce), "nonce"))?);
        Ok(Self { version: 1, imprint, policy: None, nonce, cert_req: true, has_extensions: false })
    }

    /// The same, under a certain policy.
    pub fn with_policy(self, policy: ObjectIdentifier) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// The same, with or without the authority's certificate in the answer.
    pub fn with_cert_req(self, cert_req: bool) -> Self {
        Self { cert_req, ..self }
    }

    /// Reads a request. Whether it can be granted is for the authority to say: an unknown version, hash
    /// or extension is read without error.
    ///
    /// # Errors
    /// When the bytes are not a request in DER, or too many.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "TimeStampReq";
        if bytes.len() > MAX_REQUEST_LEN {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_REQUEST_LEN, found: bytes.len() });
        }
        let mut fields = Parser::only(bytes, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let version = fields.small_integer()?;
        let imprint = MessageImprint::read(&mut fields)?;
        let policy = match fields.peek() {
            Some(asn1::OBJECT_IDENTIFIER) => Some(fields.oid()?),
            _ => None,
        };
        let nonce = match fields.peek() {
            Some(asn1::INTEGER) => Some(read_nonce(&mut fields)?),
            _ => None,
        };
        let cert_req = fields.boolean_or(false)?;
        let has_extensions = fields.optional(asn1::context_constructed(0))?.is_some();
        fields.end()?;
        Ok(Self { version, imprint, policy, nonce, cert_req, has_extensions })
    }

    /// The DER of the request.
    pub fn to_der(&self) -> Vec<u8> {
        let mut fields = vec![asn1::integer(self.version), self.imprint.to_der()];
        if let Some(policy) = &self.policy {
            fields.push(asn1::oid(policy));
        }
        if let Some(nonce) = &self.nonce {
            fields.push(asn1::tlv(asn1::INTEGER, nonce));
        }
        if self.cert_req {
            fields.push(asn1::boolean_true());
        }
        asn1::sequence(&fields)
    }

    /// The version asked for; 1 is the only one there is.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The hash to be time-stamped.
    pub fn imprint(&self) -> &MessageImprint {
        &self.imprint
    }

    /// The policy asked for.
    pub fn policy(&self) -> Option<ObjectIdentifier> {
        self.policy
    }

    /// The content octets of the nonce's INTEGER.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Whether the answer must contain the authority's certificate.
    pub fn cert_req(&self) -> bool {
        self.cert_req
    }

    /// Whether the request has extensions. None are defined, so none can be granted.
    pub fn has_extensions(&self) -> bool {
        self.has_extensions
    }
}

/// The hash of what is time-stamped [RFC 3161 §2.4.1].
///
/// ```text
/// MessageImprint ::= SEQUENCE  {
///      hashAlgorithm                AlgorithmIdentifier,
///      hashedMessage                OCTET STRING  }
/// ```
///
/// Kept as it was asked, parameters included, because the token repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageImprint {
    hash_algorithm: Vec<u8>,
    hashed_message: Vec<u8>,
}

impl MessageImprint {
    /// The imprint of `data`.
    pub fn of(digest: Digest, data: &[u8]) -> Self {
        Self::from_parts(digest, digest.of(data))
    }

    /// An imprint from a hash computed elsewhere.
    ///
    /// # Errors
    /// When the hash has another length than the algorithm's.
    pub fn new(digest: Digest, hash: &[u8]) -> Result<Self, Error> {
        if hash.len() != digest.len() {
            return Err(Error::malformed("messageImprint", "the hash has the wrong length"));
        }
        Ok(Self::from_parts(digest, hash.to_vec()))
    }

    fn from_parts(digest: Digest, hashed_message: Vec<u8>) -> Self {
        Self { hash_algorithm: asn1::sequence(&[asn1::oid(&digest.oid())]), hashed_message }
    }

    pub(super) fn read(parser: &mut Parser<'_>) -> Result<Self, Error> {
        let mut fields = parser.sequence()?;
        let hash_algorithm = fields.expect(asn1::SEQUENCE)?;
        // Unknown ones are for the caller to refuse, but it must be an AlgorithmIdentifier.
        hash_algorithm.inside("hashAlgorithm").oid()?;
        let hashed_message = fields.expect(asn1::OCTET_STRING)?.value.to_vec();
        fields.end()?;
        Ok(Self { hash_algorithm: hash_algorithm.raw.to_vec(), hashed_message })
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let mut der = Backwards::with_room(128);
        self.write(&mut der);
        der.finish()
    }

    pub(super) fn write(&self, der: &mut Backwards) {
        der.around(asn1::SEQUENCE, |der| {
            der.value(asn1::OCTET_STRING, &self.hashed_message);
            der.put(&self.hash_algorithm);
        });
    }

    /// The hash function, or none when it is not one of ours, or has parameters.
    pub fn digest(&self) -> Option<Digest> {
        Digest::from_algorithm_identifier_der(&self.hash_algorithm).ok()
    }

    /// The hash.
    pub fn hashed_message(&self) -> &[u8] {
        &self.hashed_message
    }

    /// Whether both stand for the same data; parameters NULL and absent are the same.
    pub fn same_as(&self, other: &Self) -> bool {
        self.digest().is_some()
            && self.digest() == other.digest()
            && self.hashed_message == other.hashed_message
    }
}

pub(super) fn read_nonce(parser: &mut Parser<'_>) -> Result<Vec<u8>, Error> {
    let nonce = parser.integer_bytes()?;
    if nonce.len() > MAX_NONCE_LEN {
        return Err(Error::TooLarge { what: "nonce", limit: MAX_NONCE_LEN, found: nonce.len() });
    }
    Ok(nonce.to_vec())
}
