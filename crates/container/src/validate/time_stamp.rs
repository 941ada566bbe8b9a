//! Validation of time-stamps (EN 319 102-1 §5.4), from the outermost inwards (§5.6.3), so that each is
//! judged by what the ones around it prove.

use countersign_pki::Digest;
use countersign_pki::algorithm::SignatureAlgorithm;
use countersign_pki::certificate::Certificate;
use countersign_pki::ocsp::CertificateStatus;
use countersign_pki::path::Path;
use countersign_pki::tsp::{self, CheckedTimeStamp, MessageImprint, TimeStampToken, TspError};
use jiff::Timestamp;

use super::input::{Covered, TimeStampKind, TimeStampUnderTest};
use super::proof::Proofs;
use super::signature::Check;
use super::status::{StatusSources, key_stayed_in_its_hands};
use crate::policy::{AuthorityStatus, ExpiredUnit};
use crate::report::{CertificateRole, EventKind, Finding, Indication, Part, SubIndication, TimeStampReport};

/// Why a time-stamp proves nothing, and what that means for a signature that needs it.
struct Worthless {
    indication: Indication,
    sub_indication: SubIndication,
    rule: &'static str,
    problem: String,
}

fn worthless(rule: &'static str, sub_indication: SubIndication, problem: impl ToString) -> Worthless {
    Worthless { indication: Indication::Indeterminate, sub_indication, rule, problem: problem.to_string() }
}

impl Check<'_> {
    /// What the time-stamps prove.
    pub(super) fn check_time_stamps(&mut self, pool: &[Certificate], sources: &StatusSources<'_>) -> Proofs {
        let mut proofs = Proofs::new(self.context.now);
        let mut ordered: Vec<&TimeStampUnderTest> = self.signature.time_stamps.iter().collect();
        // Outermost first: archive time-stamps come after what they cover.
        ordered.sort_by_key(|time_stamp| std::cmp::Reverse((time_stamp.position, time_stamp.kind)));
        let mut sound: Vec<(u32, Timestamp)> = Vec::new();
        for time_stamp in ordered {
            let part = match time_stamp.kind {
                TimeStampKind::Signature => Part::TimeStamp,
                TimeStampKind::Archive => Part::ArchiveTimeStamp,
                TimeStampKind::Content => Part::TimeStamp,
            };
            let outcome = self.check_time_stamp(time_stamp, pool, sources, &proofs);
            let outcome =
                outcome.and_then(|checked| match sound.iter().find(|(_, outer)| *outer < checked.gen_time) {
                    Some((_, outer)) => Err(worthless(
                        "time-stamp-order",
                        SubIndication::TimestampOrderFailure,
                        format!("{}, and the time-stamp around it is from {outer}", checked.gen_time),
                    )),
                    None => Ok(checked),
                });
            match outcome {
                Ok(checked) => self.take_time_stamp(time_stamp, &checked, &mut proofs, &mut sound),
                Err(fault) => self.refuse_time_stamp(time_stamp, part, fault),
            }
        }
        self.time_stamps.reverse();
        if proofs.signature().is_some() {
            self.level = crate::level::Level::T;
        }
        proofs
    }

    fn take_time_stamp(
        &mut self,
        time_stamp: &TimeStampUnderTest,
        checked: &CheckedTimeStamp,
        proofs: &mut Proofs,
        sound: &mut Vec<(u32, Timestamp)>,
    ) {
        let gen_time = checked.gen_time;
        sound.push((time_stamp.position, gen_time));
        let (role, event) = match time_stamp.kind {
            TimeStampKind::Signature => (CertificateRole::SignatureTimestamp, EventKind::TimeStamp),
            TimeStampKind::Archive | TimeStampKind::Content => {
                (CertificateRole::ArchiveTimestamp, EventKind::ArchiveTimeStamp)
            }
        };
        match time_stamp.kind {
            TimeStampKind::Signature => {
                proofs.add_signature(gen_time);
                let known = self.info.timestamp_creation_time.get_or_insert(gen_time);
                *known = (*known).min(gen_time);
            }
            TimeStampKind::Archive | TimeStampKind::Content => {
                proofs.add_archive(time_stamp.position, gen_time);
                self.info.archive_time_stamps.insert(0, gen_time);
            }
        }
        self.use_certificate(role, &checked.tsu);
        let unit = super::signature::display_name(&checked.tsu);
        self.event(gen_time, event, Some(unit.clone()));
        self.event(checked.tsu.not_after(), EventKind::UnitExpiry, Some(unit.clone()));
        self.time_stamps.push(TimeStampReport {
            kind: time_stamp.kind.as_str().to_owned(),
            indication: Indication::TotalPassed,
            sub_indication: None,
            signed_by: Some(unit),
            signed_time: Some(gen_time),
            timestamp_level: self.time_stamp_level(&checked.path, gen_time),
            errors: Vec::new(),
        });
    }

    fn refuse_time_stamp(&mut self, time_stamp: &TimeStampUnderTest, part: Part, fault: Worthless) {
        let expected = match time_stamp.kind {
            TimeStampKind::Signature => "a time-stamp that proves when the signature existed",
            TimeStampKind::Archive => "an archive time-stamp that proves when everything before it existed",
            TimeStampKind::Content => "a time-stamp that proves when the file existed",
        };
        let finding = Finding::new(part, fault.rule, expected, fault.problem);
        let token = TimeStampToken::from_der(&time_stamp.token).ok();
        self.time_stamps.push(TimeStampReport {
            kind: time_stamp.kind.as_str().to_owned(),
            indication: fault.indication,
            sub_indication: Some(fault.sub_indication),
            signed_by: None,
            signed_time: token.map(|token| token.gen_time()),
            timestamp_level: "N/A".to_owned(),
            errors: vec![finding.clone()],
        });
        let out_of_order = fault.sub_indication == SubIndication::TimestampOrderFailure;
        match time_stamp.kind {
            // Without it nothing proves the signature's age, or a stranger put something in its place.
            TimeStampKind::Signature => {
                let sub = match fault.sub_indication {
                    SubIndication::CryptoConstraintsFailure
                    | SubIndication::CryptoConstraintsFailureNoPoe
                    | SubIndication::TimestampOrderFailure => fault.sub_indication,
                    _ => SubIndication::NoPoe,
                };
                self.indeterminate(sub, finding);
            }
            TimeStampKind::Archive if out_of_order => self.indeterminate(fault.sub_indication, finding),
            // What it would have covered is judged by what is left.
            TimeStampKind::Archive | TimeStampKind::Content => self.push_warning(finding),
        }
    }

    fn check_time_stamp(
        &self,
        time_stamp: &TimeStampUnderTest,
        pool: &[Certificate],
        sources: &StatusSources<'_>,
        proofs: &Proofs,
    ) -> Result<CheckedTimeStamp, Worthless> {
        let policy = self.context.policy;
        let token = TimeStampToken::from_der(&time_stamp.token)
            .map_err(|error| worthless("time-stamp-form", SubIndication::NoPoe, error))?;
        let digest = token.imprint().digest().unwrap_or(Digest::Sha256);
        let imprint = match &time_stamp.covered {
            Covered::Octets(octets) => MessageImprint::of(digest, octets),
            Covered::Digest { digest, value } => MessageImprint::new(*digest, value)
                .map_err(|error| worthless("time-stamp", SubIndication::NoPoe, error))?,
            Covered::Unknown(problem) => {
                return Err(worthless("time-stamp", SubIndication::SignedDataNotFound, problem));
            }
        };
        let anchors = self.context.anchors.for_time_stamps(pool, &token);
        let now = self.context.now;
        let checked =
            tsp::check(&token, &imprint, pool, &anchors, now, policy.clock_skew).map_err(|error| {
                let indication = match &error {
                    TspError::WrongImprint => Indication::TotalFailed,
                    _ => Indication::Indeterminate,
                };
                Worthless { indication, ..worthless("time-stamp", tsp_sub_indication(&error), error) }
            })?;
        let exists_since = proofs.of(time_stamp.position);
        self.check_service(&checked.path, checked.gen_time, super::trust::ServiceUse::TimeStamping).map_err(
            |problem| worthless("service-status", SubIndication::NoCertificateChainFound, problem),
        )?;
        self.check_token_algorithms(&token, &checked, digest, exists_since)?;
        self.check_unit(&checked, sources, exists_since)?;
        Ok(checked)
    }

    /// The algorithms were strong enough when the token is known to have existed.
    fn check_token_algorithms(
        &self,
        token: &TimeStampToken,
        checked: &CheckedTimeStamp,
        imprint: Digest,
        exists_since: Timestamp,
    ) -> Result<(), Worthless> {
        let limits = &self.context.policy.algorithms;
        let algorithm: SignatureAlgorithm = token.signed_data().signature_algorithm();
        let key = checked.tsu.public_key();
        let by_signature = limits.signature(algorithm, key);
        let by_imprint = limits.digest(imprint);
        let weak = |what: String| worthless("algorithm", SubIndication::CryptoConstraintsFailureNoPoe, what);
        if !by_imprint.at(exists_since) {
            return Err(weak(format!("an imprint with {imprint}: {by_imprint}")));
        }
        if !by_signature.at(exists_since) {
            return Err(weak(format!(
                "a signature with {algorithm} by a key of {}: {by_signature}",
                key.kind()
            )));
        }
        Ok(())
    }

    /// Past certificate validation for the unit (§5.6.2.1): nothing that happened to its certificates before
    /// the token is known to have existed.
    fn check_unit(
        &self,
        checked: &CheckedTimeStamp,
        sources: &StatusSources<'_>,
        exists_since: Timestamp,
    ) -> Result<(), Worthless> {
        let policy = self.context.policy;
        let certificates = checked.path.certificates();
        for (index, pair) in certificates.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            if policy.expired_unit == ExpiredUnit::NeedsProof && certificate.not_after() < exists_since {
                return Err(worthless(
                    "proof-of-existence",
                    SubIndication::OutOfBoundsNoPoe,
                    format!(
                        "the certificate {} expired {}, and nothing proves that the time-stamp is older",
                        certificate.serial(),
                        certificate.not_after()
                    ),
                ));
            }
            let (statements, _) = sources.about(certificate, issuer, None, checked.gen_time, policy);
            for statement in &statements {
                let gone = match statement.status {
                    CertificateStatus::Good => continue,
                    CertificateStatus::Revoked { at, reason } => {
                        let proven = exists_since < at;
                        let trusted = at > checked.gen_time && key_stayed_in_its_hands(reason);
                        if proven || trusted {
                            continue;
                        }
                        format!("was revoked at {at} ({})", reason.as_str())
                    }
                    CertificateStatus::NotIssued => "was never issued".to_owned(),
                };
                let problem = format!("serial number {} {gone}", certificate.serial());
                let sub =
                    if index == 0 { SubIndication::RevokedNoPoe } else { SubIndication::RevokedCaNoPoe };
                return Err(worthless("revocation", sub, problem));
            }
            if statements.is_empty()
                && policy.authority_status == AuthorityStatus::Required
                && !certificate.has_ocsp_nocheck()
            {
                let problem = format!("no status of the certificate {}", certificate.serial());
                return Err(worthless("revocation", SubIndication::TryLater, problem));
            }
        }
        Ok(())
    }

    /// `QTSA` when a trusted list says that the service was qualified and granted.
    fn time_stamp_level(&self, path: &Path, at: Timestamp) -> String {
        let qualified = self.context.anchors.is_qualified_time_stamp(path, at);
        if qualified { "QTSA" } else { "TSA" }.to_owned()
    }
}

fn tsp_sub_indication(error: &TspError) -> SubIndication {
    match error {
        TspError::WeakImprint(_) | TspError::WeakSignature(_) | TspError::UnknownImprintAlgorithm => {
            SubIndication::CryptoConstraintsFailure
        }
        TspError::WrongImprint | TspError::WrongContent(_) => SubIndication::HashFailure,
        TspError::WrongSignature(_) => SubIndication::SigCryptoFailure,
        TspError::Malformed(_) => SubIndication::FormatFailure,
        TspError::Untrusted(_) => SubIndication::NoCertificateChainFound,
        TspError::WrongPurpose(_) => SubIndication::ChainConstraintsFailure,
        _ => SubIndication::NoPoe,
    }
}
