//! A relying party's look at a token: does it cover this data, was it signed by a time-stamping unit, and
//! is that unit trusted at the time it states [RFC 3161 §2.3, §2.4.2; EN 319 422 §6].

use const_oid::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};

use super::request::{MessageImprint, TimeStampReq};
use super::response::{PkiFailureInfo, PkiStatus, TimeStampResp};
use super::token::{Accuracy, TimeStampToken};
use crate::asn1;
use crate::certificate::extension::oid;
use crate::certificate::{KeyUsage, Name};
use crate::path::{self, Path, PathError, Purpose};
use crate::{Certificate, Digest, Error, SignatureAlgorithm};

/// Why a token or a response proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TspError {
    /// The bytes are not a token or a response. This covers several signers, another content type than
    /// `TSTInfo`, signed attributes out of order, and times that are not UTC.
    #[error("the time-stamp cannot be read: {0}")]
    Malformed(#[from] Error),
    /// The authority did not grant a token.
    #[error("the time-stamping authority answered {status:?} {failures:?}")]
    Refused {
        /// The status.
        status: PkiStatus,
        /// The reasons given.
        failures: Vec<PkiFailureInfo>,
    },
    /// The response was made for another request.
    #[error("the time-stamp has another nonce than the request, or none")]
    WrongNonce,
    /// The token was issued under another policy than asked for.
    #[error("the time-stamp was issued under policy {found}, not {expected}")]
    WrongPolicy {
        /// The policy asked for.
        expected: ObjectIdentifier,
        /// The token's.
        found: ObjectIdentifier,
    },
    /// The token is over other data.
    #[error("the time-stamp is over other data")]
    WrongImprint,
    /// The imprint's hash function no longer proves anything.
    #[error("the time-stamp's imprint is made with {0}, which is too weak")]
    WeakImprint(Digest),
    /// The imprint's hash function is not known.
    #[error("the time-stamp's imprint is made with an unknown hash function")]
    UnknownImprintAlgorithm,
    /// The signature names no certificate: the attribute signingCertificate(V2) is missing.
    #[error("the time-stamp does not name its certificate")]
    MissingSigningCertificate,
    /// The certificate that the signature names is neither in the token nor given.
    #[error("the time-stamp names another certificate than those at hand")]
    WrongSigningCertificate,
    /// The signed digest is not that of the `TSTInfo`.
    #[error("the time-stamp's content was changed: {0}")]
    WrongContent(Error),
    /// The signature uses an algorithm that no longer proves anything.
    #[error("the time-stamp is signed with {0}, which is too weak")]
    WeakSignature(SignatureAlgorithm),
    /// The signature does not verify, or cannot be verified.
    #[error("the time-stamp's signature does not verify: {0}")]
    WrongSignature(Error),
    /// The certificate is not for time-stamping: the extended key usage must be critical and hold
    /// timeStamping alone, and the key usage must allow signatures only.
    #[error("the certificate is not for time-stamping: {0}")]
    WrongPurpose(&'static str),
    /// The token says it comes from someone else than the certificate's subject.
    #[error("the time-stamp names another authority than its certificate")]
    WrongAuthority,
    /// A critical extension is not understood.
    #[error("the time-stamp has the critical extension {0}, which is not understood")]
    UnknownCriticalExtension(ObjectIdentifier),
    /// The time lies in the future.
    #[error("the time-stamp is from the future: {gen_time}, and it is {at}")]
    FromTheFuture {
        /// The token's time.
        gen_time: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// The certificate was not valid at the token's time.
    #[error("the time-stamping certificate was not valid at {gen_time}")]
    CertificateNotValid {
        /// The token's time.
        gen_time: Timestamp,
    },
    /// No trusted CA stands behind the certificate at the token's time.
    #[error("the time-stamping certificate is not trusted: {0}")]
    Untrusted(#[from] PathError),
}

/// What a token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedTimeStamp {
    /// When the data existed, at the latest.
    pub gen_time: Timestamp,
    /// How far that may be off.
    pub accuracy: Option<Accuracy>,
    /// The certificate of the unit that signed.
    pub tsu: Certificate,
    /// From that certificate to a trusted CA.
    pub path: Path,
}

/// Checks that `token` is a trusted authority's statement that data with this `imprint` existed.
///
/// The unit's certificate is looked for in the token, then in `others`; intermediates may be in either.
/// `anchors` are the trusted CAs. The path must be valid at the token's own time, so that a token outlives
/// its certificate; revocation of the unit's certificate is for the caller to look into. `at` is the time
/// of the check.
///
/// # Errors
/// One [`TspError`] per reason.
pub fn check(
    token: &TimeStampToken,
    imprint: &MessageImprint,
    others: &[Certificate],
    anchors: &[Certificate],
    at: Timestamp,
    clock_skew: SignedDuration,
) -> Result<CheckedTimeStamp, TspError> {
    let tsu = check_signature(token, imprint, others, at, clock_skew)?;
    let inside = token.signed_data().certificates().iter();
    let intermediates: Vec<Certificate> =
        inside.filter_map(|der| Certificate::from_der(der).ok()).chain(others.iter().cloned()).collect();
    let path = path::validate(&tsu, &intermediates, anchors, token.gen_time(), Purpose::TimeStamping)?;
    Ok(CheckedTimeStamp { gen_time: token.gen_time(), accuracy: token.info().accuracy, tsu, path })
}

/// Checks a response (DER) to `request`: granted, made for this request, and [`check`]ed.
///
/// # Errors
/// One [`TspError`] per reason.
pub fn check_response(
    response: &[u8],
    request: &TimeStampReq,
    others: &[Certificate],
    anchors: &[Certificate],
    at: Timestamp,
    clock_skew: SignedDuration,
) -> Result<(TimeStampToken, CheckedTimeStamp), TspError> {
    let token = match TimeStampResp::from_der(response)? {
        TimeStampResp::Granted(token) => *token,
        TimeStampResp::Refused { status, failures } => return Err(TspError::Refused { status, failures }),
    };
    let info = token.info();
    if request.nonce().is_some() && info.nonce.as_deref() != request.nonce() {
        return Err(TspError::WrongNonce);
    }
    match request.policy() {
        Some(expected) if expected != info.policy => {
            return Err(TspError::WrongPolicy { expected, found: info.policy });
        }
        Some(_) | None => {}
    }
    if request.cert_req() && token.signed_data().certificates().is_empty() {
        return Err(TspError::WrongSigningCertificate);
    }
    let checked = check(&token, request.imprint(), others, anchors, at, clock_skew)?;
    Ok((token, checked))
}

/// Everything but trust: that the token covers `imprint` and was signed by the unit whose certificate it
/// names. Returns that certificate.
fn check_signature(
    token: &TimeStampToken,
    imprint: &MessageImprint,
    others: &[Certificate],
    at: Timestamp,
    clock_skew: SignedDuration,
) -> Result<Certificate, TspError> {
    let info = token.info();
    // The qualified statement is known, and never critical.
    if let Some(extension) = info.extensions.iter().find(|extension| extension.critical) {
        return Err(TspError::UnknownCriticalExtension(extension.id));
    }
    let digest = info.imprint.digest().ok_or(TspError::UnknownImprintAlgorithm)?;
    if digest.is_weak() {
        return Err(TspError::WeakImprint(digest));
    }
    if !info.imprint.same_as(imprint) {
        return Err(TspError::WrongImprint);
    }
    let gen_time = info.gen_time;
    if gen_time.duration_since(at) > clock_skew {
        return Err(TspError::FromTheFuture { gen_time, at });
    }

    let signed = token.signed_data();
    if signed.signed_attributes().signing_certificates().is_empty() {
        return Err(TspError::MissingSigningCertificate);
    }
    let tsu = token
        .tsu_certificate()
        .or_else(|| others.iter().find(|certificate| signed.names_signer(certificate)).cloned())
        .ok_or(TspError::WrongSigningCertificate)?;
    signed.check_content(signed.content().unwrap_or_default()).map_err(TspError::WrongContent)?;
    let algorithm = signed.signature_algorithm();
    if algorithm.digest().is_weak() {
        return Err(TspError::WeakSignature(algorithm));
    }
    signed.verify_signature(&tsu).map_err(TspError::WrongSignature)?;

    check_purpose(&tsu)?;
    if let Some(name) = &info.tsa {
        // Names of other kinds than directoryName are not compared: the certificate is bound by its hash.
        let directory_name = asn1::Parser::new(name, "tsa").optional(asn1::context_constructed(4))?;
        let mut alternatives = tsu.subject_alt_name().directory_names.iter().map(Name::as_der);
        if directory_name.is_some_and(|tlv| {
            tlv.value != tsu.subject_der() && !alternatives.any(|alternative| alternative == tlv.value)
        }) {
            return Err(TspError::WrongAuthority);
        }
    }
    if !tsu.is_valid_at(gen_time) {
        return Err(TspError::CertificateNotValid { gen_time });
    }
    Ok(tsu)
}

/// Whether `certificate` may sign time-stamps, and nothing else [RFC 3161 §2.3].
pub(super) fn check_purpose(certificate: &Certificate) -> Result<(), TspError> {
    let usage = certificate
        .extension(oid::EXTENDED_KEY_USAGE)
        .ok_or(TspError::WrongPurpose("there is no extended key usage"))?;
    if certificate.extended_key_usages() != [oid::KP_TIME_STAMPING] {
        return Err(TspError::WrongPurpose("the extended key usage is not timeStamping alone"));
    }
    if !usage.critical {
        return Err(TspError::WrongPurpose("the extended key usage is not critical"));
    }
    let signatures = KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::NON_REPUDIATION);
    if certificate.key_usage().is_some_and(|usage| !signatures.contains(usage) || usage.0 == 0) {
        return Err(TspError::WrongPurpose("the key usage is not for signatures alone"));
    }
    Ok(())
}
