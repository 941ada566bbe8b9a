//! Whether the signatures in a container hold (EN 319 102-1).
//!
//! A function of the container, the anchors, a time and a policy. Nothing is fetched: what proves a
//! signature has to be in the container, and whom to trust has to be given. Every check that can be
//! made is made, so a report lists all faults and not only the first; the first of the gravest kind gives
//! the indication.

mod chain;
mod evidence;
pub mod input;
pub mod pades;
mod proof;
mod qualify;
mod signature;
mod status;
mod time_stamp;
mod trust;
mod xades;

use std::collections::HashMap;
use std::io::{Read, Seek};

use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::{Certificate, KeyUsage};
use jiff::Timestamp;

use self::input::Found;
pub use self::input::SignatureUnderTest;
use self::signature::Check;
pub use self::trust::{TrustAnchors, Trusted};
use crate::asice::Container;
use crate::error::{Bound, Error, Result};
use crate::limits::Limits;
use crate::pades::PdfLimits;
pub use crate::policy::Policy;
use crate::report::{DataFileInfo, Finding, Part, PolicyInfo, Report, SignatureReport, ValidatedDocument};
use crate::xades::parse::SignaturesFile;
use crate::xades::{ArchiveDigests, ArchiveInput};

/// Validates every signature in an opened container, as of `now`.
pub fn validate(container: &Container, anchors: &TrustAnchors, now: Timestamp, policy: &Policy) -> Report {
    let mut report = empty_report(now, policy);
    report.signature_form = Some(container.form().as_str().to_owned());
    report.warnings = container
        .remarks()
        .iter()
        .map(|remark| Finding::new(Part::Container, "remark", "nothing of the kind", remark))
        .collect();
    let context = Context { anchors, now, policy };
    let checked = check_all(container, context, &mut report.signatures)
        .and_then(|()| evidence::check(container, context).map(|tokens| report.time_stamp_tokens = tokens));
    if let Err(error) = checked {
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
    let source = std::io::Cursor::new(bytes.to_vec());
    let mut report = validate_source(source, filename, limits, anchors, now, policy);
    let digest = Digest::Sha256;
    report.validated_document = Some(ValidatedDocument::new(filename, digest, &digest.of(bytes)));
    report
}

/// The same for a file that is read from where it lies: a container once and in pieces, a PDF document into
/// memory. The report has no [`ValidatedDocument`]: that would take a second pass over the whole.
pub fn validate_source(
    mut source: impl Read + Seek + Send + 'static,
    filename: Option<&str>,
    limits: &Limits,
    anchors: &TrustAnchors,
    now: Timestamp,
    policy: &Policy,
) -> Report {
    let opened = match read_pdf(&mut source) {
        Ok(Some(bytes)) => {
            let limits = PdfLimits::default();
            return pades::validate_document(&bytes, filename, &limits, anchors, now, policy);
        }
        Ok(None) => Container::open_with(source, limits),
        Err(error) => Err(error.into()),
    };
    match opened {
        Ok(container) => validate(&container, anchors, now, policy),
        Err(error) => {
            let mut report = empty_report(now, policy);
            report.errors.push(container_finding(&error));
            report
        }
    }
}

/// The bytes, as far as a document may be long and one more, when they begin as a PDF does.
fn read_pdf(source: &mut (impl Read + Seek)) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    source.rewind()?;
    source.by_ref().take(1024).read_to_end(&mut bytes)?;
    if !pades::is_pdf(&bytes) {
        return Ok(None);
    }
    let most = PdfLimits::default().file_bytes as u64 + 1;
    source.by_ref().take(most - bytes.len() as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Whether a certificate is for signatures that bind a person: keyUsage nonRepudiation.
pub(crate) fn may_sign_documents(certificate: &Certificate) -> bool {
    certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::NON_REPUDIATION))
}

fn empty_report(now: Timestamp, policy: &Policy) -> Report {
    Report {
        validation_time: now,
        policy: PolicyInfo::of(policy),
        signature_form: None,
        validated_document: None,
        signatures_count: 0,
        valid_signatures_count: 0,
        data_files: Vec::new(),
        signatures: Vec::new(),
        time_stamp_tokens: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
    }
}

fn container_finding(error: &Error) -> Finding {
    Finding::new(Part::Container, error.rule(), "a sound ASiC-E container", error)
}

/// Validates one signature that a reader made into data, as of `now`. For readers of other formats than
/// ASiC-E, and for programs that keep signatures in their own way.
pub fn validate_signature(
    signature: &SignatureUnderTest,
    anchors: &TrustAnchors,
    now: Timestamp,
    policy: &Policy,
) -> SignatureReport {
    Check::new(Context { anchors, now, policy }, signature).run()
}

/// The report on something that stands where a signature should, and is none: `FORMAT_FAILURE`.
pub fn broken_signature(place: &str, id: &str, finding: Finding) -> SignatureReport {
    signature::broken(place, id, finding)
}

/// What a validation depends on beside the signature.
#[derive(Debug, Clone, Copy)]
struct Context<'a> {
    anchors: &'a TrustAnchors,
    now: Timestamp,
    policy: &'a Policy,
}

fn check_all(container: &Container, context: Context<'_>, reports: &mut Vec<SignatureReport>) -> Result<()> {
    let limits = *container.limits();
    let mut files =
        ContainerFiles { container, digests: HashMap::new(), archive_digests: ArchiveDigests::default() };
    for (file, bytes) in container.signature_files()? {
        match SignaturesFile::parse(&file, &bytes, &limits) {
            Ok(read) => {
                let count = reports.len() + read.signatures().len();
                if count > limits.signatures {
                    let allowed = limits.signatures as u64;
                    return Err(Error::limit(Bound::Signatures, None, allowed, count as u64));
                }
                for signature in read.signatures() {
                    reports.push(match signature {
                        Ok(signature) => {
                            let signature = xades::read(signature, &file, &mut files);
                            Check::new(context, &signature).run()
                        }
                        Err(fault) => {
                            let id = fault.id.as_deref().unwrap_or_default();
                            signature::broken(&file, id, xades::shape_finding(fault))
                        }
                    });
                }
            }
            Err(error) => {
                let finding = Finding::new(Part::Structure, error.rule(), "a signatures file", &error);
                reports.push(signature::broken(&file, "", finding));
            }
        }
    }
    Ok(())
}

struct ContainerFiles<'a> {
    container: &'a Container,
    /// Each file is hashed once for each algorithm, however many signatures refer to it.
    digests: HashMap<(String, Digest), Vec<u8>>,
    /// Likewise for what archive time-stamps cover.
    archive_digests: ArchiveDigests,
}

impl xades::DataFiles for ContainerFiles<'_> {
    fn media_type(&self, name: &str) -> Option<String> {
        self.container.find_data_file(name).map(|file| file.media_type().to_owned())
    }

    fn digest(&mut self, name: &str, digest: Digest) -> Option<Found> {
        let found = match self.container.find_data_file(name)?.is_here() {
            true => Found::Digest,
            false => Found::StatedDigest,
        };
        if let Some(known) = self.digests.get(&(name.to_owned(), digest)) {
            return Some(found(known.clone()));
        }
        let value = self.container.digest_data_file(name, digest).ok()?;
        self.digests.insert((name.to_owned(), digest), value.clone());
        Some(found(value))
    }

    fn names(&self) -> Vec<String> {
        self.container.data_files().iter().map(|file| file.name().to_string()).collect()
    }

    fn archive_imprint(&mut self, input: &ArchiveInput, digest: Digest) -> Result<Vec<u8>, String> {
        let imprint = self.container.archive_imprint_with(&mut self.archive_digests, input, digest);
        imprint.map_err(|error| error.to_string())
    }
}
