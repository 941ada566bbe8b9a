//! From a signed document to the neutral input of the validation process.
//!
//! What only PDF knows is judged here: what a signature covers, what was changed after it, and the form of the CMS in it
//! [EN 319 142-1 §6.3].

use countersign_pki::cms::{self, SignedData};
use countersign_pki::tsp::TimeStampToken;
use countersign_pki::{Certificate, SignatureAlgorithm, asn1};
use jiff::Timestamp;

use super::input::{
    Block, CertificateReference, Covered, Fault, Found, IssuerSerial, Method, Scope, SignatureUnderTest,
    SignedObject, Statements, Stored, TimeStampKind, TimeStampUnderTest, ValueForm,
};
use super::signature::{Check, broken};
use super::{Context, Policy, TrustAnchors, empty_report};
use crate::level::SignatureFormat;
use crate::pades::{Document, PdfError, PdfLimits, PdfSignature, SubFilter, open, signature_time_stamps};
use crate::report::{DataFileInfo, Finding, Part, Report, SubIndication};
use crate::xades::algorithm::signature_uri;

/// The place of things in a document relative to a signature: with the signature, its time-stamp, then each later
/// revision, its validation data before its time-stamp.
const AT_SIGNING: u32 = 0;
const AT_TIME_STAMP: u32 = 1;

/// Whether the bytes say that they are a PDF document.
pub(super) fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// Validates every signature of a document, as of `now`. What is no document that is read here gets a report, too.
pub(super) fn validate_document(
    bytes: &[u8],
    filename: Option<&str>,
    limits: &PdfLimits,
    anchors: &TrustAnchors,
    now: Timestamp,
    policy: &Policy,
) -> Report {
    let mut report = empty_report(now, policy);
    let document = match open(bytes, limits) {
        Ok(document) => document,
        Err(error) => {
            report.errors.push(unreadable(&error));
            return report;
        }
    };
    report.signature_form = Some("PDF".to_owned());
    report.warnings = document
        .remarks
        .iter()
        .map(|remark| Finding::new(Part::Document, "remark", "nothing of the kind", remark))
        .collect();
    let name = filename.unwrap_or("document.pdf");
    let context = Context { anchors, now, policy };
    for signature in document.signatures.iter().filter(|signature| !signature.is_time_stamp()) {
        report.signatures.push(match under_test(&document, signature, bytes, name) {
            Ok(signature) => Check::new(context, &signature).run(),
            Err(finding) => {
                broken(&format!("revision {}", signature.revision + 1), &signature.field, finding)
            }
        });
    }
    for field in &document.broken {
        let finding = Finding::new(Part::Structure, field.rule, &field.expected, &field.found);
        report.signatures.push(broken("document", &field.field, finding));
    }
    report.signatures_count = report.signatures.len();
    report.valid_signatures_count = report.signatures.iter().filter(|report| report.is_valid()).count();
    report.data_files = vec![DataFileInfo {
        name: name.to_owned(),
        media_type: "application/pdf".to_owned(),
        size: bytes.len() as u64,
        signed: report.valid_signatures_count > 0,
    }];
    report
}

fn unreadable(error: &PdfError) -> Finding {
    Finding::new(Part::Document, error.fault.rule(), "a sound PDF document", error)
}

/// A signature of a document as input of the process. `name` is the document's.
///
/// # Errors
/// A finding when its value is no CMS that is read here.
pub fn under_test(
    document: &Document,
    signature: &PdfSignature,
    file: &[u8],
    name: &str,
) -> Result<SignatureUnderTest, Finding> {
    let signed = SignedData::from_der(&signature.contents).map_err(|error| {
        Finding::new(
            Part::Structure,
            "cms",
            "signed data in DER with one signer and signed attributes",
            error,
        )
    })?;
    let mut reader =
        Reader { document, signature, signed: &signed, faults: Vec::new(), warnings: Vec::new() };
    reader.check_form();
    reader.check_changes();
    Ok(reader.finish(file, name))
}

struct Reader<'r> {
    document: &'r Document,
    signature: &'r PdfSignature,
    signed: &'r SignedData,
    faults: Vec<Fault>,
    warnings: Vec<Finding>,
}

impl Reader<'_> {
    fn check_form(&mut self) {
        let signed = self.signed;
        let mut fault = |rule: &str, expected: &str, found: String| {
            self.faults.push(Fault::format(Finding::new(Part::Structure, rule, expected, found)));
        };
        if signed.content().is_some() {
            fault(
                "cms-content",
                "a detached signature, the document being what is signed",
                "content inside".to_owned(),
            );
        }
        if signed.content_type() != cms::ID_DATA {
            fault("cms-content-type", "content of type id-data", signed.content_type().to_string());
        }
        if signed.signed_attributes().content_type() != signed.content_type() {
            let found = signed.signed_attributes().content_type().to_string();
            fault("cms-content-type", "the attribute content-type to name the content's", found);
        }
        if signature_time_stamps(signed).len() > 1 {
            let found = signature_time_stamps(signed).len().to_string();
            fault("time-stamp-form", "one signature time-stamp", found);
        }
        let named = signed.signed_attributes().signing_certificates();
        let is_named = |der: &Vec<u8>| {
            Certificate::from_der(der).is_ok_and(|certificate| signed.names_signer(&certificate))
        };
        if !named.is_empty() && !signed.certificates().iter().any(is_named) {
            let finding = Finding::new(
                Part::SigningCertificate,
                "signer-identifier",
                "the signer's certificate in the signature, named alike in all places",
                "none that all places name",
            );
            self.faults.push(Fault::indeterminate(
                Block::Acceptance,
                SubIndication::SigConstraintsFailure,
                finding,
            ));
        }
        match self.signature.sub_filter {
            SubFilter::CadesDetached if signed.signed_attributes().signing_time().is_some() => {
                let expected = "the signing time in the signature dictionary alone";
                self.warn("signing-time", expected, "a signed attribute, too");
            }
            SubFilter::Pkcs7Detached => {
                self.warn("sub-filter", SubFilter::CadesDetached.as_str(), SubFilter::Pkcs7Detached.as_str());
            }
            SubFilter::CadesDetached | SubFilter::Rfc3161 => {}
        }
        if self.signature.signing_time.is_none() {
            let finding = Finding::new(
                Part::SignedProperties,
                "signing-time",
                "M, with the time",
                "none that can be read",
            );
            self.faults.push(Fault::indeterminate(
                Block::Acceptance,
                SubIndication::SigConstraintsFailure,
                finding,
            ));
        }
    }

    fn check_changes(&mut self) {
        const EXPECTED: &str = "no change after signing but those that the signature permits";
        for change in &self.signature.modifications {
            if !change.permitted {
                self.faults.push(Fault::format(Finding::new(
                    Part::Document,
                    "changed-after-signing",
                    EXPECTED,
                    change,
                )));
            }
        }
        if let Some(trailing) = &self.document.trailing {
            let found = format!("{} bytes behind the last %%EOF", trailing.len());
            self.faults.push(Fault::format(Finding::new(
                Part::Document,
                "trailing-bytes",
                "the end of the file",
                found,
            )));
        }
    }

    fn warn(&mut self, rule: &str, expected: &str, found: &str) {
        self.warnings.push(Finding::new(Part::Structure, rule, expected, found));
    }

    fn finish(self, file: &[u8], name: &str) -> SignatureUnderTest {
        let (signature, signed) = (self.signature, self.signed);
        let algorithm = signed.signature_algorithm();
        let whole = signature.covers_whole_file && self.document.trailing.is_none();
        let object = SignedObject {
            part: Part::Document,
            name: Some(name.to_owned()),
            scope: if whole { Scope::WholeDocument } else { Scope::Revision },
            digest_identifier: signed.digest().oid().to_string(),
            digest: Some(signed.digest()),
            expected: signed.signed_attributes().message_digest().to_vec(),
            found: Found::Digest(signature.digest(file, signed.digest())),
        };
        let (certificates, ocsp_responses, crls) = self.material();
        let time_stamps = self.time_stamps(file);
        SignatureUnderTest {
            format: SignatureFormat::Pades,
            id: signature.field.clone(),
            place: format!("revision {}", signature.revision + 1),
            objects: vec![object],
            method: method(algorithm),
            signed_octets: signed.signed_attributes().to_be_signed().to_vec(),
            value: signed.signature().to_vec(),
            value_form: ValueForm::Der,
            statements: self.statements(),
            has_revocation_values: !ocsp_responses.is_empty() || !crls.is_empty(),
            certificates,
            ocsp_responses,
            crls,
            time_stamps,
            faults: self.faults,
            warnings: self.warnings,
        }
    }

    fn statements(&self) -> Statements {
        let named = self.signed.signed_attributes().signing_certificates().first();
        Statements {
            signing_time: self.signature.signing_time,
            signing_certificate: named.map(|named| CertificateReference {
                digest_identifier: named.digest.oid().to_string(),
                digest: Some(named.digest),
                value: named.hash.clone(),
                issuer_serial: named.issuer_serial.as_ref().map(|(issuer, serial)| {
                    let issuer = asn1::tlv(asn1::context_constructed(4), issuer);
                    IssuerSerial::Der(asn1::sequence(&[asn1::sequence(&[issuer]), serial.to_der()]))
                }),
            }),
            production_place: self.signature.location.iter().cloned().collect(),
            reason: self.signature.reason.clone(),
            ..Statements::default()
        }
    }

    /// What was there when a revision was added comes before its document time-stamp.
    fn position(&self, revision: usize) -> u32 {
        let later = revision.saturating_sub(self.signature.revision);
        // Files have a few hundred revisions at most.
        AT_TIME_STAMP + 1 + 2 * later as u32
    }

    fn material(&self) -> (Vec<Stored>, Vec<Stored>, Vec<Stored>) {
        let stored = |position: u32, values: &[Vec<u8>]| -> Vec<Stored> {
            values.iter().map(|der| Stored { position, der: der.clone() }).collect()
        };
        let mut certificates = stored(AT_SIGNING, self.signed.certificates());
        let mut crls = stored(AT_SIGNING, self.signed.revocation_lists());
        let mut responses = Vec::new();
        for (revision, store) in self.document.stores.iter().enumerate() {
            let position = self.position(revision);
            certificates.extend(stored(position, &store.certificates));
            responses.extend(stored(position, &store.ocsp_responses));
            crls.extend(stored(position, &store.crls));
        }
        (certificates, responses, crls)
    }

    fn time_stamps(&self, file: &[u8]) -> Vec<TimeStampUnderTest> {
        let value = self.signed.signature();
        let own = signature_time_stamps(self.signed)
            .into_iter()
            .map(|token| TimeStampUnderTest::over_signature(AT_TIME_STAMP, token, value.to_vec()));
        let later = self
            .document
            .signatures
            .iter()
            .filter(|other| other.is_time_stamp() && other.revision > self.signature.revision)
            .map(|other| TimeStampUnderTest {
                kind: TimeStampKind::Archive,
                position: self.position(other.revision) + 1,
                token: other.contents.clone(),
                covered: covered(other, file),
            });
        own.chain(later).collect()
    }
}

fn covered(time_stamp: &PdfSignature, file: &[u8]) -> Covered {
    match TimeStampToken::from_der(&time_stamp.contents).map(|token| token.imprint().digest()) {
        Ok(Some(digest)) => Covered::Digest { digest, value: time_stamp.digest(file, digest) },
        Ok(None) => Covered::Unknown("its imprint is made with an unknown hash function".to_owned()),
        Err(error) => Covered::Unknown(error.to_string()),
    }
}

fn method(algorithm: SignatureAlgorithm) -> Method {
    let identifier = signature_uri(algorithm).map_or_else(|| algorithm.oid().to_string(), str::to_owned);
    Method { identifier, algorithm: Some(algorithm) }
}
