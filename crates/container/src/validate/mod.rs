//! Whether the signatures in a container hold (EN 319 102-1).
//!
//! A function of the container, the anchors, a time and a policy. Nothing is fetched: what proves a
//! signature has to be in the container, and whom to trust has to be given. Every check that can be
//! made is made, so a report lists all faults and not only the first; the first of the gravest kind gives
//! the indication.

mod certificates;
mod signature;

use std::collections::HashMap;

use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::{Certificate, KeyUsage};
use jiff::{SignedDuration, Timestamp};

use self::signature::Check;
use crate::asice::Container;
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;
use crate::report::{DataFileInfo, Finding, Part, PolicyInfo, Report, SignatureReport, ValidatedDocument};
use crate::xades::Level;
use crate::xades::parse::SignaturesFile;
use crate::xml;

/// Whom to trust, and for what. A certificate that is an anchor for time-stamps is none for signers.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors {
    /// Authorities that issue signers' certificates, or stand above those that do.
    pub ca: Vec<Certificate>,
    /// Certificates that may link a certificate to an anchor. They are not trusted by themselves.
    pub intermediates: Vec<Certificate>,
    /// Authorities that issue the certificates of time-stamping units, or those certificates themselves.
    pub tsa: Vec<Certificate>,
}

/// What a signature has to fulfil beyond being sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// The level it has to reach. Below [`Level::Lt`] a signature can pass although nothing proves that
    /// the signer's certificate was not revoked; the report says so.
    pub required_level: Level,
    /// How long after the time-stamp the OCSP response may be made without a warning.
    pub ocsp_delay: SignedDuration,
}

impl Default for Policy {
    /// Level LT, and an OCSP response within 15 minutes of the time-stamp.
    fn default() -> Self {
        Self { required_level: Level::Lt, ocsp_delay: SignedDuration::from_mins(15) }
    }
}

/// Validates every signature in an opened container, as of `now`.
pub fn validate(container: &Container, anchors: &TrustAnchors, now: Timestamp, policy: &Policy) -> Report {
    let mut report = empty_report(now, policy);
    report.signature_form = Some("ASiC-E".to_owned());
    report.warnings = container
        .remarks()
        .iter()
        .map(|remark| Finding::new(Part::Container, "remark", "nothing of the kind", remark))
        .collect();
    let mut context = Context { container, anchors, now, policy, digests: HashMap::new() };
    if let Err(error) = context.check_all(&mut report.signatures) {
        report.errors.push(container_finding(&error));
    }
    report.signatures_count = report.signatures.len();
    report.valid_signatures_count = report.signatures.iter().filter(|report| report.is_valid()).count();
    let covered = |name: &str| {
        let mut valid = report.signatures.iter().filter(|signature| signature.is_valid());
        valid.any(|signature| signature.signature_scopes.iter().any(|scope| scope.name == name))
    };
    report.data_files = container
        .data_files()
        .iter()
        .map(|file| DataFileInfo {
            name: file.name().to_string(),
            media_type: file.media_type().to_owned(),
            size: file.size(),
            signed: covered(file.name().as_str()),
        })
        .collect();
    report
}

/// Opens a container and validates it. What cannot be opened gets a report, too: one with the reason
/// among its errors, and never valid.
pub fn validate_bytes(
    bytes: &[u8],
    filename: Option<&str>,
    limits: &Limits,
    anchors: &TrustAnchors,
    now: Timestamp,
    policy: &Policy,
) -> Report {
    let mut report = match Container::open_with(std::io::Cursor::new(bytes), limits) {
        Ok(container) => validate(&container, anchors, now, policy),
        Err(error) => {
            let mut report = empty_report(now, policy);
            report.errors.push(container_finding(&error));
            report
        }
    };
    report.validated_document = Some(ValidatedDocument {
        filename: filename.map(str::to_owned),
        file_hash: xml::to_base64(&Digest::Sha256.of(bytes)),
        hash_algo: Digest::Sha256.name().to_owned(),
    });
    report
}

/// Whether a certificate is for signatures that bind a person: keyUsage nonRepudiation.
pub(crate) fn may_sign_documents(certificate: &Certificate) -> bool {
    certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::NON_REPUDIATION))
}

fn empty_report(now: Timestamp, policy: &Policy) -> Report {
    Report {
        validation_time: now,
        policy: PolicyInfo {
            required_level: policy.required_level.as_str().to_owned(),
            ocsp_delay_seconds: policy.ocsp_delay.as_secs(),
        },
        signature_form: None,
        validated_document: None,
        signatures_count: 0,
        valid_signatures_count: 0,
        data_files: Vec::new(),
        signatures: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
    }
}

fn container_finding(error: &Error) -> Finding {
    Finding::new(Part::Container, error.rule(), "a sound ASiC-E container", error)
}

struct Context<'a> {
    container: &'a Container,
    anchors: &'a TrustAnchors,
    now: Timestamp,
    policy: &'a Policy,
    /// Each file is hashed once for each algorithm, however many signatures refer to it.
    digests: HashMap<(String, Digest), Vec<u8>>,
}

impl Context<'_> {
    fn check_all(&mut self, reports: &mut Vec<SignatureReport>) -> Result<()> {
        let limits = *self.container.limits();
        for (file, bytes) in self.container.signature_files()? {
            match SignaturesFile::parse(&file, &bytes, &limits) {
                Ok(read) => {
                    let count = reports.len() + read.signatures().len();
                    if count > limits.signatures {
                        let allowed = limits.signatures as u64;
                        return Err(Error::limit(Bound::Signatures, None, allowed, count as u64));
                    }
                    for signature in read.signatures() {
                        reports.push(match signature {
                            Ok(signature) => Check::new(self, signature).run(&file),
                            Err(fault) => signature::broken(&file, fault),
                        });
                    }
                }
                Err(error) => reports.push(signature::unreadable(&file, &error)),
            }
        }
        Ok(())
    }

    /// The digest of a data file; `None` when there is no such file.
    fn digest(&mut self, name: &str, digest: Digest) -> Option<Vec<u8>> {
        if let Some(known) = self.digests.get(&(name.to_owned(), digest)) {
            return Some(known.clone());
        }
        let value = self.container.digest_data_file(name, digest).ok()?;
        self.digests.insert((name.to_owned(), digest), value.clone());
        Some(value)
    }
}
