//! Whether certificates had been revoked: every OCSP response and CRL in the signature is asked.

use countersign_pki::certificate::Certificate;
use countersign_pki::crl::{CertificateList, CrlError, Reason};
use countersign_pki::ocsp::{
    self, BasicOcspResponse, CertificateStatus, IssuerHashes, OcspError, ResponseSigner,
};
use jiff::Timestamp;

use super::input::{SignatureUnderTest, Stored};
use crate::policy::{AlgorithmLimits, Policy};
use crate::report::SubIndication;

/// What one response or list states about one certificate.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) status: CertificateStatus,
    /// When the status was known to be right.
    pub(super) this_update: Timestamp,
    /// When it was stated.
    pub(super) produced_at: Timestamp,
    /// The responder, when it is not the issuer.
    pub(super) responder: Option<Certificate>,
    /// Where it stands in the signature.
    pub(super) position: u32,
    /// Whether it is an OCSP response.
    pub(super) is_ocsp: bool,
}

/// Why a response or list says nothing about a certificate.
#[derive(Debug, Clone)]
pub(super) struct Useless {
    pub(super) rule: &'static str,
    pub(super) sub_indication: SubIndication,
    pub(super) problem: String,
    /// It is about others.
    pub(super) about_others: bool,
}

/// Reads the lists once, however many certificates are looked up in them.
pub(super) struct StatusSources<'s> {
    signature: &'s SignatureUnderTest,
    lists: Vec<(u32, Result<CertificateList, String>)>,
    now: Timestamp,
}

impl<'s> StatusSources<'s> {
    pub(super) fn new(signature: &'s SignatureUnderTest, policy: &Policy, now: Timestamp) -> Self {
        let read = |stored: &Stored| {
            (stored.position, CertificateList::from_der(&stored.der).map_err(|error| error.to_string()))
        };
        let lists = if policy.accept_crl { signature.crls.iter().map(read).collect() } else { Vec::new() };
        Self { signature, lists, now }
    }

    /// Everything that is stated about `certificate`, which `issuer` issued. A status has to have been
    /// established at `from` or later; `at` is the time that a list has to be in force for.
    pub(super) fn about(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        from: Option<Timestamp>,
        at: Timestamp,
        policy: &Policy,
    ) -> (Vec<Statement>, Vec<Useless>) {
        let (mut statements, mut useless) = (Vec::new(), Vec::new());
        let stored = ocsp::Policy {
            produced_from: from,
            clock_skew: policy.clock_skew,
            ..ocsp::Policy::stored(self.now)
        };
        for response in &self.signature.ocsp_responses {
            match ocsp::check(&response.der, certificate, issuer, None, self.now, &stored) {
                Ok(checked) => {
                    let knew_it = checked.this_update <= certificate.not_after()
                        || checked.archive_cutoff.is_some_and(|cutoff| cutoff <= certificate.not_after());
                    if !knew_it && checked.status == CertificateStatus::Good {
                        useless.push(Useless {
                            rule: "ocsp",
                            sub_indication: SubIndication::TryLater,
                            problem: format!(
                                "the status is from {}, after the certificate expired, and the responder \
                                 does not say that it keeps expired ones",
                                checked.this_update
                            ),
                            about_others: false,
                        });
                        continue;
                    }
                    if let Some(problem) =
                        weakness(&response.der, &checked.signer, issuer, policy, checked.produced_at)
                    {
                        useless.push(Useless {
                            rule: "algorithm",
                            sub_indication: SubIndication::CryptoConstraintsFailureNoPoe,
                            problem,
                            about_others: false,
                        });
                        continue;
                    }
                    statements.push(Statement {
                        status: checked.status,
                        this_update: checked.this_update,
                        produced_at: checked.produced_at,
                        responder: match checked.signer {
                            ResponseSigner::Issuer => None,
                            ResponseSigner::Delegate(responder) => Some(*responder),
                        },
                        position: response.position,
                        is_ocsp: true,
                    });
                }
                Err(error) => useless.push(Useless {
                    rule: "ocsp",
                    sub_indication: ocsp_sub_indication(&error),
                    about_others: !is_about(&response.der, certificate, issuer),
                    problem: error.to_string(),
                }),
            }
        }
        for (position, list) in &self.lists {
            match list.as_ref().map_err(Clone::clone).and_then(|list| {
                look_up(list, certificate, issuer, from, at, policy, self.now)
                    .map_err(|error| error.to_string())
            }) {
                Ok((status, list)) => statements.push(Statement {
                    status,
                    this_update: list.this_update(),
                    produced_at: list.this_update(),
                    responder: None,
                    position: *position,
                    is_ocsp: false,
                }),
                Err(problem) => useless.push(Useless {
                    rule: "crl",
                    sub_indication: SubIndication::TryLater,
                    about_others: problem == CrlError::WrongIssuer.to_string(),
                    problem,
                }),
            }
        }
        (statements, useless)
    }
}

fn look_up<'l>(
    list: &'l CertificateList,
    certificate: &Certificate,
    issuer: &Certificate,
    from: Option<Timestamp>,
    at: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> Result<(CertificateStatus, &'l CertificateList), CrlError> {
    // A list made after the time in question says all that one in force then said; a later one may not
    // come from the future.
    let time = list.this_update().max(at).min(now);
    list.check(issuer, time, policy.clock_skew)?;
    let status = match list.find(certificate)? {
        Some(entry) => CertificateStatus::Revoked { at: entry.revoked_at, reason: entry.reason },
        None => CertificateStatus::Good,
    };
    // A revocation counts whenever it was stated; the absence of one only from the signature on, or from
    // a list that was in force then.
    let spans = list.next_update().is_some_and(|next| from.is_none_or(|from| next >= from));
    if status == CertificateStatus::Good && !spans {
        return Err(CrlError::Expired { next_update: list.next_update().unwrap_or(time), at: time });
    }
    Ok((status, list))
}

/// Whether the response's signature was too weak when it was made.
fn weakness(
    response: &[u8],
    signer: &ResponseSigner,
    issuer: &Certificate,
    policy: &Policy,
    time: Timestamp,
) -> Option<String> {
    let limits: &AlgorithmLimits = &policy.algorithms;
    let algorithm = BasicOcspResponse::from_der(response).ok()?.ok()?.signature_algorithm().ok()?;
    let certificate = match signer {
        ResponseSigner::Issuer => issuer,
        ResponseSigner::Delegate(responder) => responder,
    };
    let reliability = limits.signature(algorithm, certificate.public_key());
    (!reliability.at(time)).then(|| {
        format!(
            "the OCSP response is signed with {algorithm} by a key of {}: {reliability}",
            certificate.public_key().kind()
        )
    })
}

/// Revoked counts more than good, the earliest revocation most, and of two good answers the earlier one is
/// nearer to the signature.
pub(super) fn is_graver(one: &Statement, known: &Statement) -> bool {
    use CertificateStatus::{Good, NotIssued, Revoked};
    match (one.status, known.status) {
        (Good, Good) => one.produced_at < known.produced_at,
        (Good, Revoked { .. } | NotIssued) => false,
        (Revoked { at, .. }, Revoked { at: known, .. }) => at < known,
        (Revoked { .. }, Good) => true,
        (Revoked { .. }, NotIssued) => false,
        (NotIssued, _) => true,
    }
}

/// Whether things that a key made before its certificate was revoked are still to be trusted although
/// nothing proves that they are older [RFC 3161 §4]: the key was not in other hands.
pub(super) fn key_stayed_in_its_hands(reason: Reason) -> bool {
    matches!(reason, Reason::AffiliationChanged | Reason::Superseded | Reason::CessationOfOperation)
}

fn ocsp_sub_indication(error: &OcspError) -> SubIndication {
    match error {
        OcspError::WrongResponderId
        | OcspError::SelfIssued
        | OcspError::ResponderNotDelegated
        | OcspError::ResponderWithoutOcspSigning
        | OcspError::ResponderUnusable(_)
        | OcspError::ResponderNotValid { .. }
        | OcspError::ResponderWithoutNoCheck => SubIndication::CertificateChainGeneralFailure,
        OcspError::WeakSignature(_) => SubIndication::CryptoConstraintsFailure,
        _ => SubIndication::TryLater,
    }
}

/// Whether a response says anything of this certificate. Those that complete a signature are about authorities,
/// too, and are signed by whoever answers for those.
fn is_about(response: &[u8], certificate: &Certificate, issuer: &Certificate) -> bool {
    let Ok(Ok(response)) = BasicOcspResponse::from_der(response) else { return true };
    let (answers, issuer) = (response.data().responses(), IssuerHashes::of(issuer));
    answers.is_empty() || answers.iter().any(|answer| answer.cert_id().names(certificate.serial(), &issuer))
}
