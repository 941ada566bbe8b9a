//! X.509 validation of the signer (EN 319 102-1 §5.2.6) at the best signature time, and what became of the
//! certificates since: past certificate validation with validation time sliding (§5.6.2.1, §5.6.2.2) and
//! past signature validation (§5.6.2.4).

use countersign_pki::certificate::Certificate;
use countersign_pki::crl::Reason;
use countersign_pki::ocsp::CertificateStatus;
use countersign_pki::path::{self, Path, PathError, Position, Purpose};
use jiff::Timestamp;

use super::input::Stored;
use super::proof::Proofs;
use super::signature::{Check, display_name};
use super::status::{Statement, StatusSources, Useless, is_graver};
use super::trust::ServiceUse;
use crate::level::Level;
use crate::policy::{AuthorityStatus, SignerStatus};
use crate::report::{CertificateRole, EventKind, Finding, Part, SubIndication};

impl Check<'_> {
    /// Everything that depends on certificates other than the signature value itself.
    /// Returns the signer's path to an anchor.
    pub(super) fn check_certificates(&mut self, signer: Option<&Certificate>) -> Option<Path> {
        let pool = self.pool();
        let sources = StatusSources::new(self.signature, self.context.policy, self.context.now);
        let proofs = self.check_time_stamps(&pool, &sources);
        self.check_claimed_time(&proofs);
        let proven = proofs.signature();
        let best_signature_time = proven.unwrap_or(self.now());
        self.info.best_signature_time = Some(best_signature_time);
        self.check_algorithms(signer, &proofs, best_signature_time);
        let signer = signer?;
        self.event(signer.not_before(), EventKind::SignerIssued, None);
        self.event(signer.not_after(), EventKind::SignerExpiry, None);
        let path = self.check_path(signer, &pool, best_signature_time, proven.is_some())?;
        let usable_until = self.check_authorities(&path, &sources, proven);
        self.check_signer_status(&path, &sources, &proofs, usable_until);
        self.check_archive(&proofs);
        Some(path)
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

    /// A claim is never proof, but it can be impossible.
    fn check_claimed_time(&mut self, proofs: &Proofs) {
        let Some(claimed) = self.signature.statements.signing_time else { return };
        self.event(claimed, EventKind::Claimed, None);
        if let Some(proven) = proofs.signature()
            && claimed.duration_since(proven) > self.context.policy.clock_skew
        {
            let expected = format!("a claimed signing time before the time-stamp's {proven}");
            self.warn(Part::SignedProperties, "signing-time", expected, claimed);
        }
    }

    fn check_path(
        &mut self,
        signer: &Certificate,
        pool: &[Certificate],
        at: Timestamp,
        proven: bool,
    ) -> Option<Path> {
        let anchors = self.context.anchors.for_signers(signer, pool);
        match path::validate(signer, pool, &anchors, at, Purpose::Any) {
            Ok(path) => {
                if let Err(problem) = self.check_service(&path, at, ServiceUse::Signing) {
                    let expected = format!("an authority whose service was granted at {at}");
                    let finding = Finding::new(Part::Chain, "service-status", expected, problem);
                    self.indeterminate(SubIndication::NoCertificateChainFound, finding);
                }
                self.check_path_algorithms(&path, at);
                Some(path)
            }
            Err(error) => {
                self.report_path_error(&error, at, proven);
                None
            }
        }
    }

    pub(super) fn check_service(&self, path: &Path, at: Timestamp, usage: ServiceUse) -> Result<(), String> {
        self.context.anchors.check_service(path, at, usage)
    }

    /// The authorities' signatures have to prove something at the time of the signature.
    fn check_path_algorithms(&mut self, path: &Path, at: Timestamp) {
        for pair in path.certificates().windows(2) {
            let [certificate, issuer] = pair else { continue };
            let Ok(algorithm) = certificate.signature_algorithm() else { continue };
            let key = issuer.public_key();
            let reliability = self.context.policy.algorithms.signature(algorithm, key);
            if !reliability.at(at) {
                let expected = format!("algorithms that prove something at {at}");
                let found = format!("{algorithm} by a key of {}: {reliability}", key.kind());
                let finding = Finding::new(Part::Chain, "algorithm", expected, found);
                self.indeterminate(SubIndication::CryptoConstraintsFailureNoPoe, finding);
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
                let finding =
                    || Finding::new(part.clone(), "validity", "a certificate valid when signing", error);
                match (proven, error) {
                    // A proven time turns the doubt into a certainty.
                    (true, PathError::Expired { .. }) => {
                        return self.failed(SubIndication::Expired, finding());
                    }
                    (true, _) => return self.failed(SubIndication::NotYetValid, finding()),
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

    /// Slides the validation time over the authorities, from the anchor down (§5.6.2.2): an authority that
    /// was revoked speaks only for what is proven to be older. Returns until when the signer's certificate and
    /// its status have to be proven to have existed; none when now will do.
    fn check_authorities(
        &mut self,
        path: &Path,
        sources: &StatusSources<'_>,
        proven: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let certificates = path.certificates();
        let best = proven.unwrap_or(self.now());
        let mut until: Option<Timestamp> = None;
        for pair in certificates.windows(2).skip(1).rev() {
            let [authority, issuer] = pair else { continue };
            let policy = self.context.policy;
            let (statements, _) = sources.about(authority, issuer, None, best, policy);
            for statement in &statements {
                let serial = authority.serial();
                let expected = "authorities that are not revoked";
                match statement.status {
                    CertificateStatus::Good => {}
                    CertificateStatus::Revoked { reason: Reason::CertificateHold, at } => self.indeterminate(
                        SubIndication::TryLater,
                        Finding::new(
                            Part::Chain,
                            "revocation",
                            expected,
                            format!("serial number {serial} is on hold since {at}"),
                        ),
                    ),
                    CertificateStatus::Revoked { at, reason } if at > best => {
                        until = Some(until.map_or(at, |known| known.min(at)));
                        self.warn(
                            Part::Chain,
                            "revocation",
                            expected,
                            format!("serial number {serial} was revoked at {at} ({})", reason.as_str()),
                        );
                    }
                    CertificateStatus::Revoked { at, reason } => self.indeterminate(
                        SubIndication::RevokedCaNoPoe,
                        Finding::new(
                            Part::Chain,
                            "revocation",
                            expected,
                            format!("serial number {serial} was revoked at {at} ({})", reason.as_str()),
                        ),
                    ),
                    CertificateStatus::NotIssued => self.indeterminate(
                        SubIndication::RevokedCaNoPoe,
                        Finding::new(
                            Part::Chain,
                            "revocation",
                            expected,
                            format!("serial number {serial} was never issued"),
                        ),
                    ),
                }
            }
            if statements.is_empty() && policy.authority_status == AuthorityStatus::Required {
                let expected = format!("proof that the authority {} was not revoked", authority.serial());
                let finding = Finding::new(Part::RevocationData, "revocation", expected, "none");
                self.indeterminate(SubIndication::TryLater, finding);
            }
        }
        until
    }

    /// What all responses and lists together prove: a revocation in any of them counts.
    fn check_signer_status(
        &mut self,
        path: &Path,
        sources: &StatusSources<'_>,
        proofs: &Proofs,
        usable_until: Option<Timestamp>,
    ) {
        const PART: Part = Part::RevocationData;
        let [signer, issuer, ..] = path.certificates() else {
            if self.signature.has_revocation_values {
                // An anchor has nobody above who could revoke it; the caller vouches for it.
                self.warn(PART, "revocation", "a signer below an anchor", "the signer is an anchor");
            }
            return;
        };
        let policy = self.context.policy;
        let proven = proofs.signature();
        let from = proven.map(|time| time - policy.status_before_time_stamp);
        let (statements, useless) = sources.about(signer, issuer, from, proven.unwrap_or(self.now()), policy);
        let mut gravest: Option<&Statement> = None;
        for statement in &statements {
            if gravest.is_none_or(|known| is_graver(statement, known)) {
                gravest = Some(statement);
            }
        }
        let Some(statement) = gravest.cloned() else {
            return self.report_useless(useless, policy.signer_status);
        };
        if let Some(responder) = &statement.responder {
            self.use_certificate(CertificateRole::Revocation, responder);
        }
        if statement.is_ocsp {
            self.info.ocsp_response_creation_time = Some(statement.produced_at);
        }
        let by = statement.responder.as_ref().map(display_name).or(Some(display_name(issuer)));
        let kind = if statement.is_ocsp { EventKind::Ocsp } else { EventKind::Crl };
        self.event(statement.produced_at, kind, by);
        if let (None, Some(max_age)) = (proven, policy.max_status_age)
            && self.now().duration_since(statement.this_update) > max_age + policy.clock_skew
        {
            let expected = format!("a status at most {} minutes old, or a time-stamp", max_age.as_mins());
            let found = format!("one of {}", statement.this_update);
            let finding = Finding::new(PART, "freshness", expected, found);
            self.indeterminate(SubIndication::TryLater, finding);
        }
        if let Some(until) = usable_until {
            self.check_proof_before(signer, &statement, proofs, until);
        }
        self.judge_status(&statement, proven);
    }

    /// An authority was revoked later: its statements only count if they are proven to be older.
    fn check_proof_before(
        &mut self,
        signer: &Certificate,
        statement: &Statement,
        proofs: &Proofs,
        until: Timestamp,
    ) {
        let holds = |stored: &&Stored| stored.der == signer.as_der();
        let places = self.signature.certificates.iter().filter(holds).map(|stored| stored.position);
        let certificate = places.map(|position| proofs.of(position)).min().unwrap_or(self.now());
        let exist = certificate.max(proofs.of(statement.position));
        if exist >= until {
            let expected = format!(
                "proof that the signer's certificate and its status existed before the authority was revoked at {until}"
            );
            let finding =
                Finding::new(Part::Chain, "proof-of-existence", expected, format!("proof for {exist}"));
            self.indeterminate(SubIndication::RevokedCaNoPoe, finding);
        }
    }

    fn report_useless(&mut self, useless: Vec<Useless>, required: SignerStatus) {
        const PART: Part = Part::RevocationData;
        // What is about other certificates says nothing as long as there is another fault to show.
        let about_others = useless.iter().all(|useless| useless.about_others);
        let shown: Vec<Useless> =
            useless.into_iter().filter(|useless| about_others || !useless.about_others).collect();
        if shown.is_empty() && required == SignerStatus::Required {
            let expected = "proof that the signer's certificate was not revoked";
            let found = "neither an OCSP response nor a list about it";
            let finding = Finding::new(PART, "revocation", expected, found);
            self.indeterminate(SubIndication::TryLater, finding);
        }
        for useless in shown {
            let expected = "a statement that proves the certificate's status";
            let finding = Finding::new(PART, useless.rule, expected, useless.problem);
            self.indeterminate(useless.sub_indication, finding);
        }
    }

    fn judge_status(&mut self, statement: &Statement, proven: Option<Timestamp>) {
        const PART: Part = Part::RevocationData;
        match statement.status {
            CertificateStatus::Good => self.reach_lt(statement, proven),
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
                self.event(at, EventKind::Revoked, None);
                let found = format!("revoked at {at} ({})", reason.as_str());
                match proven {
                    Some(time) if at > time => {
                        let expected = format!("no revocation; the signature existed at {time}");
                        self.warn(PART, "revocation", expected, found);
                        self.reach_lt(statement, proven);
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

    fn reach_lt(&mut self, statement: &Statement, proven: Option<Timestamp>) {
        let Some(time) = proven else { return };
        self.level = Level::Lt;
        self.status_position = Some(statement.position);
        let delay = statement.produced_at.duration_since(time);
        let allowed = self.context.policy.ocsp_delay;
        if delay > allowed && statement.is_ocsp {
            let expected = format!("an OCSP response within {} seconds of the time-stamp", allowed.as_secs());
            self.warn(Part::RevocationData, "ocsp-delay", expected, format!("{} seconds", delay.as_secs()));
        }
    }

    /// LTA: an archive time-stamp that covers what makes the signature LT.
    fn check_archive(&mut self, proofs: &Proofs) {
        if self.level == Level::Lt
            && self.status_position.is_some_and(|position| proofs.is_archived(position))
        {
            self.level = Level::Lta;
        }
    }

    /// What the signer used has to have been strong enough when the signature is known to have existed.
    fn check_algorithms(&mut self, signer: Option<&Certificate>, proofs: &Proofs, best: Timestamp) {
        let limits = &self.context.policy.algorithms;
        let sub = match proofs.signature() {
            Some(_) => SubIndication::CryptoConstraintsFailure,
            None => SubIndication::CryptoConstraintsFailureNoPoe,
        };
        let expected = format!("algorithms that prove something at {best}");
        let mut found = Vec::new();
        for object in &self.signature.objects {
            let Some(digest) = object.digest else { continue };
            let reliability = limits.digest(digest);
            if !reliability.at(best) {
                found.push((object.part.clone(), "digest-method", format!("{digest}: {reliability}")));
            }
        }
        let named = self.signature.statements.signing_certificate.as_ref();
        if let Some(digest) = named.and_then(|named| named.digest) {
            let reliability = limits.digest(digest);
            if !reliability.at(best) {
                found.push((Part::SigningCertificate, "digest-method", format!("{digest}: {reliability}")));
            }
        }
        if let (Some(algorithm), Some(signer)) = (self.signature.method.algorithm, signer) {
            let key = signer.public_key();
            let reliability = limits.signature(algorithm, key);
            if !reliability.at(best) {
                let text = format!("{algorithm} by a key of {}: {reliability}", key.kind());
                found.push((Part::SignatureValue, "signature-method", text));
            }
        }
        for (part, rule, text) in found {
            self.indeterminate(sub, Finding::new(part, rule, &expected, text));
        }
    }
}
