//! A relying party's look at a response: is it an answer about this certificate, from someone entitled
//! to give it, and fresh enough [RFC 6960 §3.2, §4.2.2.2].

use jiff::{SignedDuration, Timestamp};

use super::IssuerHashes;
use super::response::{BasicOcspResponse, CertStatus, ResponseStatus};
use crate::certificate::KeyUsage;
use crate::certificate::extension::oid;
use crate::crl::Reason;
use crate::{Certificate, Error, SignatureAlgorithm};

/// Why a response proves nothing. Revocation is not an error: see [`CertificateStatus`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspError {
    /// The bytes are not a response.
    #[error("the OCSP response cannot be read: {0}")]
    Malformed(#[from] Error),
    /// The responder did not answer.
    #[error("the responder answered {0:?}")]
    NotSuccessful(ResponseStatus),
    /// The response has no answers at all.
    #[error("the OCSP response is empty")]
    NoResponses,
    /// None of the answers is about this certificate.
    #[error("the OCSP response is about another certificate")]
    WrongCertId,
    /// Several answers are about this certificate and do not agree.
    #[error("the OCSP response contradicts itself")]
    ContradictoryStatus,
    /// The responder does not know the certificate.
    #[error("the responder does not know the certificate")]
    UnknownStatus,
    /// The response names a responder whose certificate is neither the issuer's nor sent along.
    #[error("the responderID matches neither the issuer nor a certificate in the response")]
    WrongResponderId,
    /// The response was signed by the key whose status it states.
    #[error("the certificate vouches for itself")]
    SelfIssued,
    /// The responder's certificate was issued by another CA than the certificate's.
    #[error("the responder's certificate was not issued by the certificate's own CA")]
    ResponderNotDelegated,
    /// The responder's certificate lacks the extended key usage OCSPSigning.
    #[error("the responder's certificate lacks the extended key usage OCSPSigning")]
    ResponderWithoutOcspSigning,
    /// The responder's certificate has another fault: a critical extension that is not understood, or a
    /// key usage that does not allow signatures.
    #[error("the responder's certificate is not usable: {0}")]
    ResponderUnusable(&'static str),
    /// The responder's certificate was not valid when the response was made.
    #[error("the responder's certificate was not valid at {produced_at}")]
    ResponderNotValid {
        /// When the response was made.
        produced_at: Timestamp,
    },
    /// The responder's certificate may itself be revoked, and the policy does not allow to leave that open.
    #[error("the responder's certificate lacks ocsp-nocheck")]
    ResponderWithoutNoCheck,
    /// The signature uses an algorithm that no longer proves anything.
    #[error("the OCSP response is signed with {0}, which is too weak")]
    WeakSignature(SignatureAlgorithm),
    /// The signature does not verify, or cannot be verified.
    #[error("the OCSP response's signature does not verify: {0}")]
    WrongSignature(Error),
    /// The request had a nonce, the response has none.
    #[error("the OCSP response has no nonce")]
    MissingNonce,
    /// The response was made for another request.
    #[error("the OCSP response has another nonce")]
    WrongNonce,
    /// thisUpdate or producedAt lies in the future.
    #[error("the OCSP response is from the future: {time}, and it is {at}")]
    FromTheFuture {
        /// The later of thisUpdate and producedAt.
        time: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// nextUpdate is before thisUpdate, or thisUpdate after producedAt.
    #[error("the OCSP response's times are out of order")]
    TimesOutOfOrder,
    /// The status is older than the policy allows.
    #[error("the OCSP response is from {this_update}, too old at {at}")]
    TooOld {
        /// When the status was known to be right.
        this_update: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// Newer information should have been available.
    #[error("the OCSP response was to be replaced by {next_update}, and it is {at}")]
    Expired {
        /// When a newer answer was promised.
        next_update: Timestamp,
        /// The time of the check.
        at: Timestamp,
    },
    /// The response was made before the event it must cover, such as a signature's time-stamp.
    #[error("the OCSP response was made at {produced_at}, before {earliest}")]
    ProducedTooEarly {
        /// When the response was made.
        produced_at: Timestamp,
        /// The earliest time that the policy accepts.
        earliest: Timestamp,
    },
}

/// How fresh a response must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How far clocks may differ.
    pub clock_skew: SignedDuration,
    /// How old the status may be at the time of the check; none for a response stored with a signature.
    pub max_age: Option<SignedDuration>,
    /// Whether a nextUpdate in the past makes the response unusable.
    pub must_be_current: bool,
    /// The response must have been made in this second or later: the time of a signature's time-stamp.
    pub produced_from: Option<Timestamp>,
    /// Whether a delegated responder's certificate must carry ocsp-nocheck. Without it the responder's
    /// own status would have to be asked for, which is then the caller's task.
    pub require_no_check: bool,
}

impl Policy {
    /// For a response that was just fetched: a status at most 15 minutes old, clocks within one minute.
    pub const fn fetched() -> Self {
        Self {
            clock_skew: SignedDuration::from_secs(60),
            max_age: Some(SignedDuration::from_mins(15)),
            must_be_current: true,
            produced_from: None,
            require_no_check: true,
        }
    }

    /// For a response stored with a signature that existed at `best_signature_time`: made then or later,
    /// however long ago that is now.
    pub const fn stored(best_signature_time: Timestamp) -> Self {
        Self {
            clock_skew: SignedDuration::from_secs(60),
            max_age: None,
            must_be_current: false,
            produced_from: Some(best_signature_time),
            require_no_check: true,
        }
    }
}

/// What a response proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedStatus {
    /// The certificate's status.
    pub status: CertificateStatus,
    /// When the status was known to be right.
    pub this_update: Timestamp,
    /// When newer information was promised.
    pub next_update: Option<Timestamp>,
    /// When the response was signed.
    pub produced_at: Timestamp,
    /// Since when the responder keeps answers for expired certificates.
    pub archive_cutoff: Option<Timestamp>,
    /// Who signed.
    pub signer: ResponseSigner,
}

/// A certificate's status. Whether a revocation matters depends on when the signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Issued, and not revoked.
    Good,
    /// Revoked, or on hold.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why; [`Reason::CertificateHold`] may be lifted again.
        reason: Reason,
    },
    /// Never issued [RFC 6960 §2.2].
    NotIssued,
}

/// Who signed a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseSigner {
    /// The CA that issued the certificate.
    Issuer,
    /// A responder that the CA delegated to.
    Delegate(Box<Certificate>),
}

/// Checks `response` (DER) as proof of the status of `certificate`, which `issuer` issued.
///
/// That `issuer` is itself trusted, and really issued the certificate, is for the caller to establish.
/// `nonce` is the one sent, if one was. `at` is the time of the check.
///
/// # Errors
/// One [`OcspError`] per reason.
pub fn check(
    response: &[u8],
    certificate: &Certificate,
    issuer: &Certificate,
    nonce: Option<&[u8]>,
    at: Timestamp,
    policy: &Policy,
) -> Result<CheckedStatus, OcspError> {
    let response = BasicOcspResponse::from_der(response)?.map_err(OcspError::NotSuccessful)?;
    let data = response.data();
    if data.responses().is_empty() {
        return Err(OcspError::NoResponses);
    }
    let signer = find_signer(&response, certificate, issuer)?;
    match &signer {
        ResponseSigner::Delegate(delegate) if policy.require_no_check && !delegate.has_ocsp_nocheck() => {
            return Err(OcspError::ResponderWithoutNoCheck);
        }
        ResponseSigner::Delegate(_) | ResponseSigner::Issuer => {}
    }

    match (nonce, data.nonce()?) {
        (Some(sent), Some(echoed)) if sent != echoed.value() => return Err(OcspError::WrongNonce),
        (Some(_), None) => return Err(OcspError::MissingNonce),
        (Some(_), Some(_)) | (None, _) => {}
    }

    let hashes = IssuerHashes::of(issuer);
    let mut about_it =
        data.responses().iter().filter(|single| single.cert_id().names(certificate.serial(), &hashes));
    let single = about_it.next().ok_or(OcspError::WrongCertId)?;
    // A request may name one certificate twice, by SHA-1 and by SHA-256.
    if about_it.any(|other| other.status() != single.status()) {
        return Err(OcspError::ContradictoryStatus);
    }

    let times = Times {
        produced_at: data.produced_at(),
        this_update: single.this_update(),
        next_update: single.next_update(),
    };
    times.check(at, policy)?;

    let status = match single.status() {
        CertStatus::Good(_) => CertificateStatus::Good,
        CertStatus::Revoked(info) if data.has_extended_revoke() && info.says_not_issued() => {
            CertificateStatus::NotIssued
        }
        CertStatus::Revoked(info) => CertificateStatus::Revoked { at: info.at(), reason: info.reason() },
        CertStatus::Unknown(_) => return Err(OcspError::UnknownStatus),
    };
    Ok(CheckedStatus {
        status,
        this_update: times.this_update,
        next_update: times.next_update,
        produced_at: times.produced_at,
        archive_cutoff: single.archive_cutoff()?,
        signer,
    })
}

struct Times {
    produced_at: Timestamp,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
}

impl Times {
    fn check(&self, at: Timestamp, policy: &Policy) -> Result<(), OcspError> {
        let skew = policy.clock_skew;
        let latest = self.produced_at.max(self.this_update);
        if latest.duration_since(at) > skew {
            return Err(OcspError::FromTheFuture { time: latest, at });
        }
        if self.next_update.is_some_and(|next| next < self.this_update)
            || self.this_update.duration_since(self.produced_at) > skew
        {
            return Err(OcspError::TimesOutOfOrder);
        }
        if policy.max_age.is_some_and(|max| at.duration_since(self.this_update) > max + skew) {
            return Err(OcspError::TooOld { this_update: self.this_update, at });
        }
        if let Some(next_update) = self.next_update
            && policy.must_be_current
            && at.duration_since(next_update) > skew
        {
            return Err(OcspError::Expired { next_update, at });
        }
        match policy.produced_from {
            // producedAt has no fraction, so it is compared by whole seconds.
            Some(earliest) if self.produced_at.as_second() < earliest.as_second() => {
                Err(OcspError::ProducedTooEarly { produced_at: self.produced_at, earliest })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Finds who signed, and makes sure that they may and did.
fn find_signer(
    response: &BasicOcspResponse,
    certificate: &Certificate,
    issuer: &Certificate,
) -> Result<ResponseSigner, OcspError> {
    let responder_id = response.data().responder_id();
    if responder_id.names(issuer) {
        if issuer.spki_der() == certificate.spki_der() {
            return Err(OcspError::SelfIssued);
        }
        verify(response, issuer)?;
        return Ok(ResponseSigner::Issuer);
    }
    // Several certificates can bear the responder's name, old ones for instance: any that works will do.
    let mut fault = OcspError::WrongResponderId;
    for der in response.certificates() {
        let Ok(candidate) = Certificate::from_der(der) else { continue };
        if !responder_id.names(&candidate) {
            continue;
        }
        match delegate(response, &candidate, certificate, issuer) {
            Ok(()) => return Ok(ResponseSigner::Delegate(Box::new(candidate))),
            Err(error) => fault = error,
        }
    }
    Err(fault)
}

fn delegate(
    response: &BasicOcspResponse,
    responder: &Certificate,
    certificate: &Certificate,
    issuer: &Certificate,
) -> Result<(), OcspError> {
    if responder.spki_der() == certificate.spki_der() {
        return Err(OcspError::SelfIssued);
    }
    authorized(responder, issuer)?;
    let produced_at = response.data().produced_at();
    if !responder.is_valid_at(produced_at) {
        return Err(OcspError::ResponderNotValid { produced_at });
    }
    verify(response, responder)
}

/// Whether `issuer` delegated the answering to `responder` [RFC 6960 §4.2.2.2].
pub(super) fn authorized(responder: &Certificate, issuer: &Certificate) -> Result<(), OcspError> {
    if responder.is_signed_by(issuer).is_err() {
        return Err(OcspError::ResponderNotDelegated);
    }
    if !responder.extended_key_usages().contains(&oid::KP_OCSP_SIGNING) {
        return Err(OcspError::ResponderWithoutOcspSigning);
    }
    if !responder.unknown_critical_extensions().is_empty() {
        return Err(OcspError::ResponderUnusable("a critical extension is not understood"));
    }
    let may_sign = KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::NON_REPUDIATION);
    if responder.key_usage().is_some_and(|usage| !usage.intersects(may_sign)) {
        return Err(OcspError::ResponderUnusable("its key usage does not allow signatures"));
    }
    Ok(())
}

fn verify(response: &BasicOcspResponse, signer: &Certificate) -> Result<(), OcspError> {
    let algorithm = response.signature_algorithm().map_err(OcspError::WrongSignature)?;
    if algorithm.digest().is_weak() {
        return Err(OcspError::WeakSignature(algorithm));
    }
    signer
        .public_key()
        .verify(algorithm, response.tbs_der(), response.signature())
        .map_err(OcspError::WrongSignature)
}
