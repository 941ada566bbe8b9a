//! Time and trust: the time-stamp, the path to an anchor, and whether a certificate had been revoked.
//!
//! The time-stamp comes first, because everything after it is asked for the time that it proves. Without
//! a sound one the only time at which the signature is known to exist is now.

use countersign_pki::certificate::Certificate;
use countersign_pki::crl::Reason;
use countersign_pki::ocsp::{self, CertificateStatus, CheckedStatus, OcspError, ResponseSigner};
use countersign_pki::path::{self, Path, PathError, Position, Purpose};
use countersign_pki::tsp::{self, MessageImprint, TimeStampToken, TspError};
use jiff::{SignedDuration, Timestamp};

use super::input::{Covered, TimeStampKind};
use super::signature::Check;
use crate::level::Level;
use crate::report::{CertificateRole, Finding, Part, SubIndication};

/// How far the clocks of signers, authorities and validators may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

impl Check<'_> {
    /// Everything that depends on certificates other than the signature value itself.
    pub(super) fn check_certificates(&mut self, signer: Option<&Certificate>) {
        let pool = self.pool();
        let proven = self.check_time_stamp(&pool);
        let best_signature_time = proven.unwrap_or(self.now());
        self.info.best_signature_time = Some(best_signature_time);
        let Some(signer) = signer else { return };
        let Some(path) = self.check_path(signer, &pool, best_signature_time, proven.is_some()) else {
            return;
        };
        self.check_revocation(&path, proven);
    }

    /// Certificates that may link others to an anchor: those of the caller first, so that what a
    /// stranger put into the signature can't use up the search's budget before them.
    fn pool(&self) -> Vec<Certificate> {
        let mut pool = self.context.anchors.intermediates.clone();
        let inside = self.signature.certificates.iter();
        for certificate in inside.filter_map(|stored| Certificate::from_der(&stored.der).ok()) {
            if !pool.contains(&certificate) {
                pool.push(certificate);
            }
        }
        pool
    }

    /// The time that the time-stamp proves.
    fn check_time_stamp(&mut self, pool: &[Certificate]) -> Option<Timestamp> {
        const PART: Part = Part::TimeStamp;
        let mut time_stamps = self.signature.time_stamps.iter();
        let time_stamp = time_stamps.find(|time_stamp| time_stamp.kind == TimeStampKind::Signature)?;
        let no_proof = |rule: &str, error: String| {
            Finding::new(PART, rule, "a time-stamp that proves when the signature existed", error)
        };
        let token = match TimeStampToken::from_der(&time_stamp.token) {
            Ok(token) => token,
            Err(error) => {
                self.indeterminate(SubIndication::NoPoe, no_proof("time-stamp-form", error.to_string()));
                return None;
            }
        };
        let now = self.now();
        let tsa = &self.context.anchors.tsa;
        let digest = token.imprint().digest().unwrap_or(countersign_pki::Digest::Sha256);
        let imprint = match &time_stamp.covered {
            Covered::Octets(octets) => Ok(MessageImprint::of(digest, octets)),
            Covered::Digest { digest, value } => {
                MessageImprint::new(*digest, value).map_err(|error| error.to_string())
            }
            Covered::Unknown(problem) => Err(problem.clone()),
        };
        let imprint = match imprint {
            Ok(imprint) => imprint,
            Err(problem) => {
                self.indeterminate(SubIndication::NoPoe, no_proof("time-stamp", problem));
                return None;
            }
        };
        let checked = match tsp::check(&token, &imprint, pool, tsa, now, CLOCK_SKEW) {
            Ok(checked) => checked,
            Err(error) => {
                let sub = match &error {
                    TspError::WeakImprint(_)
                    | TspError::WeakSignature(_)
                    | TspError::UnknownImprintAlgorithm => SubIndication::CryptoConstraintsFailure,
                    _ => SubIndication::NoPoe,
                };
                self.indeterminate(sub, no_proof("time-stamp", error.to_string()));
                return None;
            }
        };
        self.use_certificate(CertificateRole::SignatureTimestamp, &checked.tsu);
        for pair in checked.path.certificates().windows(2) {
            let [certificate, issuer] = pair else { continue };
            if let Some(found) = self.find_revocation(certificate, issuer, Some(checked.gen_time)) {
                self.indeterminate(SubIndication::NoPoe, no_proof("revocation", found));
                return None;
            }
        }
        self.info.timestamp_creation_time = Some(checked.gen_time);
        self.level = Level::T;
        if let Some(claimed) = self.signature.statements.signing_time
            && claimed.duration_since(checked.gen_time) > CLOCK_SKEW
        {
            let expected = format!("a claimed signing time before the time-stamp's {}", checked.gen_time);
            self.warn(Part::SignedProperties, "signing-time", expected, claimed);
        }
        Some(checked.gen_time)
    }

    fn check_path(
        &mut self,
        signer: &Certificate,
        pool: &[Certificate],
        at: Timestamp,
        proven: bool,
    ) -> Option<Path> {
        match path::validate(signer, pool, &self.context.anchors.ca, at, Purpose::Any) {
            Ok(path) => Some(path),
            Err(error) => {
                self.report_path_error(&error, at, proven);
                None
            }
        }
    }

    fn report_path_error(&mut self, error: &PathError, at: Timestamp, proven: bool) {
        let leaf = |position: Position| position == Position::Leaf || position == Position::Anchor;
        let part = |position: Position| if leaf(position) { Part::SigningCertificate } else { Part::Chain };
        let (part, rule, sub) = match error {
            PathError::NotYetValid { at, .. } | PathError::Expired { at, .. }
                if at.position == Position::Leaf =>
            {
                let part = part(at.position);
                match (proven, error) {
                    // A proven time turns the doubt into a certainty.
                    (true, PathError::Expired { .. }) => {
                        let finding =
                            Finding::new(part, "validity", "a certificate valid when signing", error);
                        return self.failed(SubIndication::Expired, finding);
                    }
                    (true, _) => {
                        let finding =
                            Finding::new(part, "validity", "a certificate valid when signing", error);
                        return self.failed(SubIndication::NotYetValid, finding);
                    }
                    (false, _) => (part, "validity", SubIndication::OutOfBoundsNoPoe),
                }
            }
            PathError::NotYetValid { .. } | PathError::Expired { .. } => {
                (Part::Chain, "validity", SubIndication::CertificateChainGeneralFailure)
            }
            PathError::WeakAlgorithm { .. } => {
                (Part::Chain, "algorithm", SubIndication::CryptoConstraintsFailure)
            }
            PathError::UnknownCriticalExtension { at, .. } | PathError::WrongUsage { at, .. } => {
                (part(at.position), "extensions", SubIndication::ChainConstraintsFailure)
            }
            PathError::NotACa { .. }
            | PathError::PathLengthExceeded { .. }
            | PathError::MayNotSignCertificates { .. }
            | PathError::NameConstraintsViolated { .. }
            | PathError::NameConstraintsNotUnderstood { .. } => {
                (Part::Chain, "constraints", SubIndication::ChainConstraintsFailure)
            }
            _ => (Part::Chain, "path", SubIndication::NoCertificateChainFound),
        };
        let expected = format!("a path to a trusted authority, valid at {at}");
        self.indeterminate(sub, Finding::new(part, rule, expected, error));
    }

    fn check_revocation(&mut self, path: &Path, proven: Option<Timestamp>) {
        let certificates = path.certificates();
        for (index, pair) in certificates.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            if index == 0 {
                self.check_signer_status(certificate, issuer, proven);
            } else if let Some(found) = self.find_revocation(certificate, issuer, proven) {
                let expected = "authorities that are not revoked";
                self.indeterminate(
                    SubIndication::RevokedCaNoPoe,
                    Finding::new(Part::Chain, "revocation", expected, found),
                );
            }
        }
        if certificates.len() == 1 && self.signature.has_revocation_values {
            // An anchor has nobody above who could revoke it; the caller vouches for it.
            self.warn(
                Part::RevocationData,
                "revocation",
                "a signer below an anchor",
                "the signer is an anchor",
            );
        }
    }

    /// What all responses together prove: a revocation in any of them counts.
    fn check_signer_status(&mut self, signer: &Certificate, issuer: &Certificate, proven: Option<Timestamp>) {
        const PART: Part = Part::RevocationData;
        let signature = self.signature;
        let policy = ocsp::Policy {
            produced_from: proven,
            clock_skew: CLOCK_SKEW,
            ..ocsp::Policy::stored(self.now())
        };
        let mut best: Option<CheckedStatus> = None;
        let mut faults = Vec::new();
        for response in &signature.ocsp_responses {
            match ocsp::check(&response.der, signer, issuer, None, self.now(), &policy) {
                Ok(checked) => {
                    let replaces = best.as_ref().is_none_or(|known| is_graver(&checked, known));
                    if replaces {
                        best = Some(checked);
                    }
                }
                Err(error) => faults.push(error),
            }
        }
        let Some(checked) = best else {
            // Responses about other certificates say nothing as long as there is another fault to show.
            let about_others = faults.iter().all(|fault| *fault == OcspError::WrongCertId);
            for fault in faults {
                if about_others || fault != OcspError::WrongCertId {
                    let expected = "an OCSP response that proves the certificate's status";
                    self.indeterminate(
                        ocsp_sub_indication(&fault),
                        Finding::new(PART, "ocsp", expected, fault),
                    );
                }
            }
            return;
        };
        if let ResponseSigner::Delegate(responder) = &checked.signer {
            self.use_certificate(CertificateRole::Revocation, responder);
        }
        self.info.ocsp_response_creation_time = Some(checked.produced_at);
        self.judge_status(&checked, proven);
    }

    fn judge_status(&mut self, checked: &CheckedStatus, proven: Option<Timestamp>) {
        const PART: Part = Part::RevocationData;
        match checked.status {
            CertificateStatus::Good => self.reach_lt(checked, proven),
            CertificateStatus::NotIssued => {
                let found = "the authority says that it never issued it";
                self.indeterminate(
                    SubIndication::CertificateChainGeneralFailure,
                    Finding::new(Part::SigningCertificate, "revocation", "an issued certificate", found),
                );
            }
            CertificateStatus::Revoked { reason: Reason::CertificateHold, at } => {
                let found = format!("on hold since {at}");
                self.indeterminate(
                    SubIndication::TryLater,
                    Finding::new(Part::SigningCertificate, "revocation", "a certificate in force", found),
                );
            }
            CertificateStatus::Revoked { at, reason } => {
                let found = format!("revoked at {at} ({reason:?})");
                match proven {
                    Some(time) if at > time => {
                        self.warn(
                            PART,
                            "revocation",
                            format!("no revocation; the signature existed at {time}"),
                            found,
                        );
                        self.reach_lt(checked, proven);
                    }
                    Some(time) => {
                        let expected = format!("a certificate not revoked at {time}");
                        let finding = Finding::new(Part::SigningCertificate, "revocation", expected, found);
                        self.failed(SubIndication::Revoked, finding);
                    }
                    None => {
                        let expected = "a certificate not revoked, or proof that the signature is older";
                        let finding = Finding::new(Part::SigningCertificate, "revocation", expected, found);
                        self.indeterminate(SubIndication::RevokedNoPoe, finding);
                    }
                }
            }
        }
    }

    fn reach_lt(&mut self, checked: &CheckedStatus, proven: Option<Timestamp>) {
        let Some(time) = proven else { return };
        self.level = Level::Lt;
        let delay = checked.produced_at.duration_since(time);
        let allowed = self.context.policy.ocsp_delay;
        if delay > allowed {
            let expected = format!("an OCSP response within {} seconds of the time-stamp", allowed.as_secs());
            self.warn(Part::RevocationData, "ocsp-delay", expected, format!("{} seconds", delay.as_secs()));
        }
    }

    /// Whether the signature brings an OCSP response by which a certificate other than the signer's was
    /// revoked when it was used; none has to be there.
    fn find_revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        used_at: Option<Timestamp>,
    ) -> Option<String> {
        let policy =
            ocsp::Policy { clock_skew: CLOCK_SKEW, produced_from: None, ..ocsp::Policy::stored(self.now()) };
        let mut responses = self.signature.ocsp_responses.iter();
        responses.find_map(|response| {
            let checked = ocsp::check(&response.der, certificate, issuer, None, self.now(), &policy).ok()?;
            match checked.status {
                CertificateStatus::Good => None,
                CertificateStatus::Revoked { at, .. } if used_at.is_some_and(|used_at| at > used_at) => None,
                CertificateStatus::Revoked { at, .. } => {
                    Some(format!("serial number {} was revoked at {at}", certificate.serial()))
                }
                CertificateStatus::NotIssued => {
                    Some(format!("serial number {} was never issued", certificate.serial()))
                }
            }
        })
    }
}

/// Revoked counts more than good, the earliest revocation most, and of two good answers the earlier one is
/// nearer to the signature.
fn is_graver(checked: &CheckedStatus, known: &CheckedStatus) -> bool {
    match (checked.status, known.status) {
        (CertificateStatus::Good, CertificateStatus::Good) => checked.produced_at < known.produced_at,
        (CertificateStatus::Good, CertificateStatus::Revoked { .. } | CertificateStatus::NotIssued) => false,
        (CertificateStatus::Revoked { at, .. }, CertificateStatus::Revoked { at: known, .. }) => at < known,
        (CertificateStatus::Revoked { .. }, CertificateStatus::Good) => true,
        (CertificateStatus::Revoked { .. }, CertificateStatus::NotIssued) => false,
        (CertificateStatus::NotIssued, _) => true,
    }
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
