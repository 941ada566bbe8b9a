//! What a responder answers: `OCSPResponse` and the one response type in use, `BasicOCSPResponse`
//! [RFC 6960 §4.2.1].

use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, GeneralizedTime, Null, OctetString};
use der::{Choice, Encode, Enumerated, Sequence, Tag, Tagged};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;

use super::request::{Nonce, Version, refuse_critical};
use super::{CertId, strict};
use crate::asn1::{self, Backwards};
use crate::crl::Reason;
use crate::{Certificate, Digest, Error, SignatureAlgorithm, Signer};

/// The largest response read, in bytes: 32 answers and a short chain of certificates fit many times.
pub const MAX_RESPONSE_LEN: usize = 64 * 1024;

/// The most certificates read from a response.
const MAX_CERTIFICATES: usize = 8;

const ID_PKIX_OCSP_BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const ID_PKIX_OCSP_ARCHIVE_CUTOFF: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.6");
const ID_PKIX_OCSP_EXTENDED_REVOKE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.9");

/// Whether a responder answered, and if not, why [RFC 6960 §4.2.1].
///
/// ```text
/// OCSPResponseStatus ::= ENUMERATED {
///     successful          (0),  -- Response has valid confirmations
///     malformedRequest    (1),  -- Illegal confirmation request
///     internalError       (2),  -- Internal error in issuer
///     tryLater            (3),  -- Try again later
///                               -- (4) is not used
///     sigRequired         (5),  -- Must sign the request
///     unauthorized        (6)   -- Request unauthorized }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enumerated)]
#[repr(u8)]
pub enum ResponseStatus {
    /// The response holds an answer.
    Successful = 0,
    /// The request could not be read.
    MalformedRequest = 1,
    /// The responder failed.
    InternalError = 2,
    /// The responder is busy.
    TryLater = 3,
    /// The request must be signed.
    SigRequired = 5,
    /// The responder does not answer for that issuer.
    Unauthorized = 6,
}

impl ResponseStatus {
    /// The DER of a response without an answer. It is not signed.
    pub fn to_der(self) -> Vec<u8> {
        vec![0x30, 0x03, 0x0a, 0x01, self as u8]
    }
}

/// A response that holds an answer: read from its DER, or just signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicOcspResponse {
    der: Vec<u8>,
    tbs_der: Vec<u8>,
    tbs: ResponseData,
    /// The DER of the AlgorithmIdentifier.
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
    certificates: Vec<Vec<u8>>,
}

impl BasicOcspResponse {
    /// Reads a whole `OCSPResponse`. One that is an error is returned as `Ok(Err(status))`.
    pub fn from_der(bytes: &[u8]) -> Result<Result<Self, ResponseStatus>, Error> {
        if bytes.len() > MAX_RESPONSE_LEN {
            return Err(Error::TooLarge {
                what: "OCSPResponse",
                limit: MAX_RESPONSE_LEN,
                found: bytes.len(),
            });
        }
        let wire: Wire = strict(bytes)?;
        let response_bytes = match (wire.response_status, wire.response_bytes) {
            (ResponseStatus::Successful, Some(bytes)) => bytes,
            (ResponseStatus::Successful, None) => return Err(Error::Missing { what: "responseBytes" }),
            (_, Some(_)) => {
                return Err(Error::malformed("OCSPResponse", "an error response carries responseBytes"));
            }
            (status, None) => return Ok(Err(status)),
        };
        if response_bytes.response_type != ID_PKIX_OCSP_BASIC {
            return Err(Error::UnsupportedAlgorithm {
                what: "responseType",
                oid: response_bytes.response_type,
            });
        }
        let basic: BasicWire = strict(response_bytes.response.as_bytes())?;
        let tbs_der = basic.tbs_response_data.to_der()?;
        let tbs: ResponseData = strict(&tbs_der)?;
        tbs.check()?;
        let certs = basic.certs.unwrap_or_default();
        if certs.len() > MAX_CERTIFICATES {
            return Err(Error::TooLarge { what: "certs", limit: MAX_CERTIFICATES, found: certs.len() });
        }
        let signature = basic
            .signature
            .as_bytes()
            .ok_or(Error::malformed("signature", "it is not a whole number of octets"))?
            .to_vec();
        Ok(Ok(Self {
            der: bytes.to_vec(),
            tbs_der,
            tbs,
            signature_algorithm: basic.signature_algorithm.to_der()?,
            signature,
            certificates: certs.iter().map(Encode::to_der).collect::<Result<_, _>>()?,
        }))
    }

    /// Signs an answer. `certificates` are DER, the responder's first.
    pub fn sign(tbs: ResponseData, signer: &dyn Signer, certificates: &[&[u8]]) -> Result<Self, Error> {
        let tbs_der = tbs.written()?;
        debug_assert_eq!(Ok(&tbs_der), tbs.to_der().as_ref(), "both encoders agree");
        let signature = signer.sign(&tbs_der)?;
        let signature_algorithm = signer.algorithm().algorithm_identifier_der();
        let room = tbs_der.len() + certificates.iter().map(|der| der.len()).sum::<usize>();
        let mut der = Backwards::with_room(room + signature.len() + 128);
        der.around(asn1::SEQUENCE, |der| {
            der.around(asn1::context_constructed(0), |der| {
                der.around(asn1::SEQUENCE, |der| {
                    der.around(asn1::OCTET_STRING, |der| {
                        der.around(asn1::SEQUENCE, |der| {
                            if !certificates.is_empty() {
                                der.around(asn1::context_constructed(0), |der| {
                                    der.around(asn1::SEQUENCE, |der| {
                                        certificates
                                            .iter()
                                            .rev()
                                            .for_each(|certificate| der.put(certificate));
                                    });
                                });
                            }
                            der.around(asn1::BIT_STRING, |der| {
                                der.put(&signature);
                                der.put(&[0]);
                            });
                            der.put(&signature_algorithm);
                            der.put(&tbs_der);
                        });
                    });
                    der.value(asn1::OBJECT_IDENTIFIER, ID_PKIX_OCSP_BASIC.as_bytes());
                });
            });
            der.value(asn1::ENUMERATED, &[ResponseStatus::Successful as u8]);
        });
        Ok(Self {
            der: der.finish(),
            tbs_der,
            tbs,
            signature_algorithm,
            signature,
            certificates: certificates.iter().map(|der| der.to_vec()).collect(),
        })
    }

    /// The whole `OCSPResponse`.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The whole `OCSPResponse`.
    pub fn into_der(self) -> Vec<u8> {
        self.der
    }

    /// The signed bytes: the DER of [`ResponseData`].
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs_der
    }

    /// What was signed.
    pub fn data(&self) -> &ResponseData {
        &self.tbs
    }

    /// The algorithm the response says it is signed with.
    ///
    /// # Errors
    /// As [`SignatureAlgorithm::from_algorithm_identifier`].
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        SignatureAlgorithm::from_algorithm_identifier_der(&self.signature_algorithm)
    }

    /// The signature's octets.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The certificates sent along, as DER.
    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.certificates
    }
}

/// What a responder signs [RFC 6960 §4.2.1].
///
/// ```text
/// ResponseData ::= SEQUENCE {
///     version              [0] EXPLICIT Version DEFAULT v1,
///     responderID              ResponderID,
///     producedAt               GeneralizedTime,
///     responses                SEQUENCE OF SingleResponse,
///     responseExtensions   [1] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct ResponseData {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    version: Version,
    responder_id: ResponderId,
    produced_at: GeneralizedTime,
    responses: Vec<SingleResponse>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    response_extensions: Option<Vec<Extension>>,
}

impl ResponseData {
    /// An answer made at `produced_at` (whole seconds; a fraction is dropped). `nonce` is the request's.
    /// The extended-revoke extension is added when an answer needs it.
    pub fn new(
        responder_id: ResponderId,
        produced_at: Timestamp,
        responses: Vec<SingleResponse>,
        nonce: Option<&Nonce>,
    ) -> Result<Self, Error> {
        let mut extensions = Vec::new();
        if let Some(nonce) = nonce {
            extensions.push(nonce.to_extension()?);
        }
        if responses.iter().any(|response| response.cert_status.is_not_issued()) {
            extensions.push(Extension {
                extn_id: ID_PKIX_OCSP_EXTENDED_REVOKE,
                critical: false,
                extn_value: OctetString::new(Null.to_der()?)?,
            });
        }
        Ok(Self {
            version: Version::V1,
            responder_id,
            produced_at: super::generalized_time(produced_at)?,
            responses,
            response_extensions: (!extensions.is_empty()).then_some(extensions),
        })
    }

    /// The DER, put together by hand: what is derived measures every value once for each value around it, and a responder
    /// does this thousands of times a second.
    fn written(&self) -> Result<Vec<u8>, Error> {
        let mut der = Backwards::with_room(256 * (1 + self.responses.len()));
        der.around(asn1::SEQUENCE, |der| {
            if let Some(extensions) = &self.response_extensions {
                der.around(asn1::context_constructed(1), |der| write_extensions(extensions, der));
            }
            der.around(asn1::SEQUENCE, |der| {
                self.responses.iter().rev().try_for_each(|response| response.write(der))
            })?;
            write_time(self.produced_at, der)?;
            // The version before it is the default, which is not written.
            match &self.responder_id {
                ResponderId::ByName(name) => {
                    der.value(asn1::context_constructed(1), &name.to_der()?);
                }
                ResponderId::ByKey(key) => {
                    let key = key.as_bytes();
                    der.around(asn1::context_constructed(2), |der| der.value(asn1::OCTET_STRING, key));
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(der.finish())
    }

    /// Who signed.
    pub fn responder_id(&self) -> &ResponderId {
        &self.responder_id
    }

    /// When the answer was signed.
    pub fn produced_at(&self) -> Timestamp {
        super::timestamp(self.produced_at)
    }

    /// The answers, one per certificate.
    pub fn responses(&self) -> &[SingleResponse] {
        &self.responses
    }

    /// The echoed nonce.
    pub fn nonce(&self) -> Result<Option<Nonce>, Error> {
        Nonce::find(self.response_extensions.as_deref().unwrap_or_default())
    }

    /// Whether the responder says "revoked" of certificates that were never issued [RFC 6960 §4.4.8].
    pub fn has_extended_revoke(&self) -> bool {
        self.response_extensions.iter().flatten().any(|e| e.extn_id == ID_PKIX_OCSP_EXTENDED_REVOKE)
    }

    fn check(&self) -> Result<(), Error> {
        const LIMIT: usize = super::MAX_CERT_IDS;
        let found = self.responses.len();
        if found > LIMIT {
            return Err(Error::TooLarge { what: "responses", limit: LIMIT, found });
        }
        let extensions = self.response_extensions.as_deref().unwrap_or_default();
        refuse_critical(extensions, &[super::request::ID_PKIX_OCSP_NONCE, ID_PKIX_OCSP_EXTENDED_REVOKE])?;
        for response in &self.responses {
            response.cert_id.check()?;
            let extensions = response.single_extensions.as_deref().unwrap_or_default();
            refuse_critical(extensions, &[ID_PKIX_OCSP_ARCHIVE_CUTOFF])?;
            response.archive_cutoff()?;
        }
        match &self.responder_id {
            ResponderId::ByName(name) if name.tag() != Tag::Sequence => {
                Err(Error::malformed("responderID", "byName is not a Name"))
            }
            ResponderId::ByKey(key) if key.as_bytes().len() != 20 => {
                Err(Error::malformed("responderID", "byKey is not a SHA-1 value"))
            }
            ResponderId::ByName(_) | ResponderId::ByKey(_) => Ok(()),
        }
    }
}

/// The responder's name in its answer [RFC 6960 §4.2.1].
///
/// ```text
/// ResponderID ::= CHOICE {
///     byName               [1] Name,
///     byKey                [2] KeyHash }
/// KeyHash ::= OCTET STRING -- SHA-1 hash of responder's public key
///                          -- (excluding the tag and length fields)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub enum ResponderId {
    /// The subject of the responder's certificate.
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    ByName(Any),
    /// SHA-1 of the responder's public key.
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    ByKey(OctetString),
}

impl ResponderId {
    /// The `byKey` form for this certificate.
    pub fn by_key(certificate: &Certificate) -> Result<Self, Error> {
        Ok(Self::ByKey(OctetString::new(Digest::Sha1.of(certificate.subject_public_key()))?))
    }

    /// The `byName` form for this certificate.
    pub fn by_name(certificate: &Certificate) -> Result<Self, Error> {
        Ok(Self::ByName(strict(certificate.subject().as_der())?))
    }

    /// Whether this names that certificate's holder.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::ByName(name) => name.to_der().is_ok_and(|der| der == certificate.subject().as_der()),
            Self::ByKey(key) => key.as_bytes() == Digest::Sha1.of(certificate.subject_public_key()),
        }
    }
}

/// The answer for one certificate [RFC 6960 §4.2.1].
///
/// ```text
/// SingleResponse ::= SEQUENCE {
///     certID                   CertID,
///     certStatus               CertStatus,
///     thisUpdate               GeneralizedTime,
///     nextUpdate           [0] EXPLICIT GeneralizedTime OPTIONAL,
///     singleExtensions     [1] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct SingleResponse {
    cert_id: CertId,
    cert_status: CertStatus,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    single_extensions: Option<Vec<Extension>>,
}

impl SingleResponse {
    /// An answer known to be right at `this_update`. `archive_cutoff`: since when answers for expired
    /// certificates are kept [RFC 6960 §4.4.4]. Fractions of seconds are dropped.
    pub fn new(
        cert_id: CertId,
        cert_status: CertStatus,
        this_update: Timestamp,
        next_update: Option<Timestamp>,
        archive_cutoff: Option<Timestamp>,
    ) -> Result<Self, Error> {
        let single_extensions = match archive_cutoff {
            Some(cutoff) => Some(vec![Extension {
                extn_id: ID_PKIX_OCSP_ARCHIVE_CUTOFF,
                critical: false,
                extn_value: OctetString::new(super::generalized_time(cutoff)?.to_der()?)?,
            }]),
            None => None,
        };
        Ok(Self {
            cert_id,
            cert_status,
            this_update: super::generalized_time(this_update)?,
            next_update: next_update.map(super::generalized_time).transpose()?,
            single_extensions,
        })
    }

    fn write(&self, der: &mut Backwards) -> Result<(), Error> {
        der.around(asn1::SEQUENCE, |der| {
            if let Some(extensions) = &self.single_extensions {
                der.around(asn1::context_constructed(1), |der| write_extensions(extensions, der));
            }
            if let Some(next_update) = self.next_update {
                der.around(asn1::context_constructed(0), |der| write_time(next_update, der))?;
            }
            write_time(self.this_update, der)?;
            match &self.cert_status {
                CertStatus::Good(_) => der.value(asn1::context(0), &[]),
                CertStatus::Revoked(info) => {
                    let mut info = info.to_der()?;
                    info[0] = asn1::context_constructed(1);
                    der.put(&info);
                }
                CertStatus::Unknown(_) => der.value(asn1::context(2), &[]),
            }
            self.cert_id.write(der);
            Ok(())
        })
    }

    /// Which certificate this is about.
    pub fn cert_id(&self) -> &CertId {
        &self.cert_id
    }

    /// Its status.
    pub fn status(&self) -> &CertStatus {
        &self.cert_status
    }

    /// When the status was known to be right.
    pub fn this_update(&self) -> Timestamp {
        super::timestamp(self.this_update)
    }

    /// When newer information will be available, if that is known.
    pub fn next_update(&self) -> Option<Timestamp> {
        self.next_update.map(super::timestamp)
    }

    /// Since when answers for expired certificates are kept.
    pub fn archive_cutoff(&self) -> Result<Option<Timestamp>, Error> {
        let found =
            self.single_extensions.iter().flatten().find(|e| e.extn_id == ID_PKIX_OCSP_ARCHIVE_CUTOFF);
        match found {
            Some(extension) => Ok(Some(super::timestamp(strict(extension.extn_value.as_bytes())?))),
            None => Ok(None),
        }
    }
}

/// `Extensions`
fn write_extensions(extensions: &[Extension], der: &mut Backwards) {
    der.around(asn1::SEQUENCE, |der| {
        for extension in extensions.iter().rev() {
            der.around(asn1::SEQUENCE, |der| {
                der.value(asn1::OCTET_STRING, extension.extn_value.as_bytes());
                if extension.critical {
                    der.value(asn1::BOOLEAN, &[0xFF]);
                }
                der.value(asn1::OBJECT_IDENTIFIER, extension.extn_id.as_bytes());
            });
        }
    });
}

/// `GeneralizedTime` in whole seconds.
fn write_time(time: GeneralizedTime, der: &mut Backwards) -> Result<(), Error> {
    // Tag, length, and `YYYYMMDDHHMMSSZ`.
    let mut octets = [0; 17];
    der.put(time.encode_to_slice(&mut octets)?);
    Ok(())
}

/// What is known about one certificate [RFC 6960 §4.2.1].
///
/// ```text
/// CertStatus ::= CHOICE {
///     good                 [0] IMPLICIT NULL,
///     revoked              [1] IMPLICIT RevokedInfo,
///     unknown              [2] IMPLICIT UnknownInfo }
/// UnknownInfo ::= NULL
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Choice)]
pub enum CertStatus {
    /// Issued and not revoked.
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    /// Revoked, or never issued.
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedInfo),
    /// The responder does not answer for this issuer.
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

impl CertStatus {
    /// Issued and not revoked.
    pub const GOOD: Self = Self::Good(Null);
    /// The responder does not answer for this issuer.
    pub const UNKNOWN: Self = Self::Unknown(Null);

    /// Revoked at `at`. The reason "unspecified" is left out, as RFC 5280 §5.3.1 asks.
    pub fn revoked(at: Timestamp, reason: Reason) -> Result<Self, Error> {
        Ok(Self::Revoked(RevokedInfo {
            revocation_time: super::generalized_time(at)?,
            revocation_reason: (reason != Reason::Unspecified).then_some(reason),
        }))
    }

    /// Never issued: revoked on 1970-01-01 with reason certificateHold [RFC 6960 §2.2].
    pub fn not_issued() -> Result<Self, Error> {
        Self::revoked(Timestamp::UNIX_EPOCH, Reason::CertificateHold)
    }

    fn is_not_issued(&self) -> bool {
        match self {
            Self::Revoked(info) => info.says_not_issued(),
            Self::Good(_) | Self::Unknown(_) => false,
        }
    }
}

/// When and why a certificate was revoked [RFC 6960 §4.2.1].
///
/// ```text
/// RevokedInfo ::= SEQUENCE {
///     revocationTime           GeneralizedTime,
///     revocationReason     [0] EXPLICIT CRLReason OPTIONAL }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct RevokedInfo {
    revocation_time: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    revocation_reason: Option<Reason>,
}

impl RevokedInfo {
    /// Since when the certificate is revoked.
    pub fn at(&self) -> Timestamp {
        super::timestamp(self.revocation_time)
    }

    /// Why; "unspecified" when nothing is said.
    pub fn reason(&self) -> Reason {
        self.revocation_reason.unwrap_or(Reason::Unspecified)
    }

    /// Whether time and reason are those of a certificate that was never issued.
    pub fn says_not_issued(&self) -> bool {
        self.at() == Timestamp::UNIX_EPOCH && self.reason() == Reason::CertificateHold
    }
}

/// ```text
/// OCSPResponse ::= SEQUENCE {
///     responseStatus           OCSPResponseStatus,
///     responseBytes        [0] EXPLICIT ResponseBytes OPTIONAL }
/// ```
#[derive(Sequence)]
struct Wire {
    response_status: ResponseStatus,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    response_bytes: Option<ResponseBytes>,
}

/// ```text
/// ResponseBytes ::= SEQUENCE {
///     responseType             OBJECT IDENTIFIER,
///     response                 OCTET STRING }
/// ```
#[derive(Sequence)]
struct ResponseBytes {
    response_type: ObjectIdentifier,
    response: OctetString,
}

/// ```text
/// BasicOCSPResponse ::= SEQUENCE {
///     tbsResponseData          ResponseData,
///     signatureAlgorithm       AlgorithmIdentifier,
///     signature                BIT STRING,
///     certs                [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
/// ```
#[derive(Sequence)]
struct BasicWire {
    tbs_response_data: Any,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certs: Option<Vec<Any>>,
}
