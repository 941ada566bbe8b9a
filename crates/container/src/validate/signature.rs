//! One signature: its form, what it covers, its value, its signer, and when it was made.

use countersign_pki::algorithm::Digest;
use countersign_pki::asn1::{self, Parser};
use countersign_pki::certificate::{Certificate, KeyUsage};
use jiff::Timestamp;

use super::input::{
    Block, CertificateReference, Found, IssuerSerial, SignatureUnderTest, SignedObject, ValueForm,
};
use super::{Context, may_sign_documents};
use crate::level::Level;
use crate::policy::KeyUsageRule;
use crate::report::{
    CertificateInfo, CertificateRole, Event, EventKind, Finding, Indication, Part, SignatureInfo,
    SignatureQualification, SignatureReport, SignatureScope, SubIndication, SubjectDistinguishedName,
    TimeStampReport,
};
use crate::xades::build::verify_value;
use crate::xml;

/// The report on something that is no signature of the accepted form.
pub(super) fn broken(place: &str, id: &str, finding: Finding) -> SignatureReport {
    SignatureReport {
        id: id.to_owned(),
        file: place.to_owned(),
        signature_format: None,
        signature_method: None,
        signed_by: None,
        subject_distinguished_name: None,
        indication: Indication::TotalFailed,
        sub_indication: Some(SubIndication::FormatFailure),
        errors: vec![finding],
        warnings: Vec::new(),
        claimed_signing_time: None,
        signature_scopes: Vec::new(),
        info: SignatureInfo::default(),
        certificates: Vec::new(),
        time_stamps: Vec::new(),
        timeline: Vec::new(),
        qualification: None,
    }
}

/// What is being found out about one signature.
pub(super) struct Check<'c> {
    pub(super) context: Context<'c>,
    pub(super) signature: &'c SignatureUnderTest,
    pub(super) info: SignatureInfo,
    pub(super) level: Level,
    pub(super) time_stamps: Vec<TimeStampReport>,
    /// Where the statement stands that made the signature LT.
    pub(super) status_position: Option<u32>,
    pub(super) qualification: Option<SignatureQualification>,
    events: Vec<Event>,
    errors: Vec<(Indication, SubIndication, Finding)>,
    warnings: Vec<Finding>,
    certificates: Vec<CertificateInfo>,
}

impl<'c> Check<'c> {
    pub(super) fn new(context: Context<'c>, signature: &'c SignatureUnderTest) -> Self {
        let info = SignatureInfo {
            signer_role: signature.statements.roles.clone(),
            signing_reason: signature.statements.reason.clone(),
            signature_production_place: signature.statements.production_place.clone(),
            ..SignatureInfo::default()
        };
        Self {
            context,
            signature,
            info,
            level: Level::B,
            time_stamps: Vec::new(),
            status_position: None,
            qualification: None,
            events: Vec::new(),
            errors: Vec::new(),
            warnings: signature.warnings.clone(),
            certificates: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> SignatureReport {
        self.take_faults(Block::Format);
        self.check_objects();
        self.take_faults(Block::Cryptography);
        self.take_faults(Block::Acceptance);
        self.check_policy_statement();
        let signer = self.find_signer();
        if let Some(signer) = &signer {
            self.use_certificate(CertificateRole::Signing, signer);
            self.check_value(signer);
            if !self.has_fitting_usage(signer) {
                self.indeterminate(
                    SubIndication::ChainConstraintsFailure,
                    Finding::new(
                        Part::SigningCertificate,
                        "key-usage",
                        "a certificate for signatures (keyUsage nonRepudiation)",
                        "another key usage",
                    ),
                );
            }
        }
        let path = self.check_certificates(signer.as_ref());
        self.check_level();
        if let Some(path) = path {
            self.qualify(&path);
        }
        self.report(signer)
    }

    fn has_fitting_usage(&self, signer: &Certificate) -> bool {
        match self.context.policy.key_usage {
            KeyUsageRule::NonRepudiation => may_sign_documents(signer),
            KeyUsageRule::AnySignature => {
                let any = KeyUsage::NON_REPUDIATION.with(KeyUsage::DIGITAL_SIGNATURE);
                signer.key_usage().is_none_or(|usage| usage.intersects(any))
            }
        }
    }

    fn take_faults(&mut self, block: Block) {
        for fault in self.signature.faults.iter().filter(|fault| fault.block == block) {
            self.errors.push((fault.indication, fault.sub_indication, fault.finding.clone()));
        }
    }

    fn check_policy_statement(&mut self) {
        if let Some(policy) = &self.signature.statements.policy {
            self.indeterminate(
                SubIndication::SignaturePolicyNotAvailable,
                Finding::new(
                    Part::SignedProperties,
                    "signature-policy",
                    "no policy, or an implied one",
                    policy,
                ),
            );
        }
    }

    fn check_objects(&mut self) {
        for object in &self.signature.objects {
            let part = || object.part.clone();
            let found = match &object.found {
                Found::Missing => {
                    let expected = "the file in the container";
                    self.indeterminate(
                        SubIndication::SignedDataNotFound,
                        Finding::new(part(), "file-present", expected, "no file of this name"),
                    );
                    continue;
                }
                Found::Digest(found) | Found::StatedDigest(found) => found,
            };
            let Some(digest) = self.known_digest(part(), object.digest, &object.digest_identifier) else {
                continue;
            };
            if *found != object.expected {
                self.failed(
                    SubIndication::HashFailure,
                    Finding::new(
                        part(),
                        "digest",
                        format!("{digest} {}", xml::to_base64(&object.expected)),
                        xml::to_base64(found),
                    ),
                );
            }
        }
    }

    /// The signer's certificate is the one whose digest is among the signed properties, wherever in the
    /// signature it stands. The order in `KeyInfo`, which nobody signed, decides nothing.
    fn find_signer(&mut self) -> Option<Certificate> {
        const PART: Part = Part::SigningCertificate;
        let signature = self.signature;
        let Some(named) = &signature.statements.signing_certificate else {
            self.missing(PART, "signing-certificate", "SigningCertificateV2");
            return None;
        };
        let digest = self.known_digest(PART, named.digest, &named.digest_identifier)?;
        let candidates = signature.certificates.iter().map(|stored| &stored.der);
        let Some(der) = candidates.clone().find(|der| digest.of(der) == named.value) else {
            self.indeterminate(
                SubIndication::NoSigningCertificateFound,
                Finding::new(
                    PART,
                    "signing-certificate",
                    format!("a certificate with {digest} {}", xml::to_base64(&named.value)),
                    format!("{} other certificates", candidates.count()),
                ),
            );
            return None;
        };
        let certificate = match Certificate::from_der(der) {
            Ok(certificate) => certificate,
            Err(error) => {
                let sub = match &error {
                    countersign_pki::Error::WeakKey { .. } => SubIndication::CryptoConstraintsFailure,
                    _ => SubIndication::NoSigningCertificateFound,
                };
                self.indeterminate(
                    sub,
                    Finding::new(PART, "certificate", "a certificate that can be read", error),
                );
                return None;
            }
        };
        self.check_issuer_serial(named, &certificate);
        Some(certificate)
    }

    fn check_issuer_serial(&mut self, named: &CertificateReference, certificate: &Certificate) {
        const PART: Part = Part::SigningCertificate;
        let own_serial = certificate.serial().to_string();
        match &named.issuer_serial {
            None => {}
            Some(IssuerSerial::Names { issuer, serial }) => {
                if *serial != certificate.serial().decimal() {
                    self.indeterminate(
                        SubIndication::SigConstraintsFailure,
                        Finding::new(PART, "issuer-serial", format!("serial number {serial}"), own_serial),
                    );
                }
                // Programs write names in several forms, and the digest has already decided.
                let own_issuer = certificate.issuer().rfc4514();
                if comparable(issuer) != comparable(&own_issuer) {
                    self.warn(PART, "issuer-serial", format!("issuer {issuer:?}"), format!("{own_issuer:?}"));
                }
            }
            Some(IssuerSerial::Der(der)) if is_issuer_serial(der, certificate) => {}
            Some(IssuerSerial::Der(_)) => self.indeterminate(
                SubIndication::SigConstraintsFailure,
                Finding::new(
                    PART,
                    "issuer-serial",
                    "issuer and serial number of the certificate in IssuerSerialV2",
                    "others",
                ),
            ),
        }
    }

    fn check_value(&mut self, signer: &Certificate) {
        const PART: Part = Part::SignatureValue;
        let method = &self.signature.method;
        let Some(algorithm) = method.algorithm else {
            // HMAC has no place in a signature by a certificate; others may just be new or forgotten.
            let finding =
                Finding::new(PART, "signature-method", "a signature method known here", &method.identifier);
            if method.identifier.contains("hmac") {
                self.failed(SubIndication::FormatFailure, finding);
            } else {
                self.indeterminate(SubIndication::CryptoConstraintsFailure, finding);
            }
            return;
        };
        let digest = algorithm.digest().of(&self.signature.signed_octets);
        let (key, value) = (signer.public_key(), &self.signature.value);
        let verified = match self.signature.value_form {
            ValueForm::Fixed => verify_value(key, algorithm, &digest, value),
            ValueForm::Der => key.verify_digest(algorithm, &digest, value),
        };
        if let Err(error) = verified {
            self.failed(
                SubIndication::SigCryptoFailure,
                Finding::new(
                    PART,
                    "signature-value",
                    "a value made with the certificate's key over what was signed",
                    error,
                ),
            );
        }
    }

    fn check_level(&mut self) {
        let required = self.context.policy.required_level;
        let format = self.signature.format;
        if self.errors.is_empty() && self.level < required {
            let part = match self.level {
                Level::B => Part::TimeStamp,
                Level::T => Part::RevocationData,
                Level::Lt | Level::Lta => Part::ArchiveTimeStamp,
            };
            let finding = Finding::new(part, "level", format.at(required), format.at(self.level));
            self.indeterminate(SubIndication::SigConstraintsFailure, finding);
        }
        if required < Level::Lt && self.level < Level::Lt && self.errors.is_empty() {
            self.warn(
                Part::RevocationData,
                "revocation",
                "proof that the certificate was not revoked",
                format!("none; the policy asks for {} only", format.at(required)),
            );
        }
    }

    /// A digest that can be computed; whether it still proves something is judged once the time is known.
    fn known_digest(&mut self, part: Part, digest: Option<Digest>, identifier: &str) -> Option<Digest> {
        if digest.is_none() {
            let expected = "a digest that is known here";
            self.indeterminate(
                SubIndication::CryptoConstraintsFailure,
                Finding::new(part, "digest-method", expected, identifier),
            );
        }
        digest
    }

    fn missing(&mut self, part: Part, rule: &str, expected: &str) {
        let finding = Finding::new(part, rule, expected, "nothing of the kind");
        self.indeterminate(SubIndication::SigConstraintsFailure, finding);
    }

    pub(super) fn indeterminate(&mut self, sub: SubIndication, finding: Finding) {
        self.errors.push((Indication::Indeterminate, sub, finding));
    }

    pub(super) fn failed(&mut self, sub: SubIndication, finding: Finding) {
        self.errors.push((Indication::TotalFailed, sub, finding));
    }

    pub(super) fn warn(
        &mut self,
        part: Part,
        rule: &str,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) {
        self.warnings.push(Finding::new(part, rule, expected, found));
    }

    pub(super) fn push_warning(&mut self, finding: Finding) {
        self.warnings.push(finding);
    }

    /// Puts something on the timeline.
    pub(super) fn event(&mut self, time: Timestamp, kind: EventKind, by: Option<String>) {
        self.events.push(Event { time, kind, by });
    }

    pub(super) fn use_certificate(&mut self, role: CertificateRole, certificate: &Certificate) {
        self.certificates.push(CertificateInfo {
            common_name: certificate.subject().common_name(),
            role,
            content: xml::to_base64(certificate.as_der()),
        });
    }

    fn report(mut self, signer: Option<Certificate>) -> SignatureReport {
        // Failures before doubts; otherwise in the order of the checks.
        self.errors.sort_by_key(|(indication, ..)| *indication != Indication::TotalFailed);
        let verdict = self.errors.first().map(|(indication, sub, _)| (*indication, *sub));
        let signature = self.signature;
        let mut timeline = self.events;
        timeline.push(Event { time: self.context.now, kind: EventKind::Validation, by: None });
        // What happened in one second stays in the order in which it was found.
        timeline.sort_by_key(|event| event.time);
        timeline.dedup();
        let name = signer.as_ref().map(|signer| SubjectDistinguishedName {
            serial_number: signer.subject().serial_number(),
            common_name: signer.subject().common_name(),
            given_name: signer.subject().given_name(),
            surname: signer.subject().surname(),
        });
        SignatureReport {
            id: signature.id.clone(),
            file: signature.place.clone(),
            signature_format: Some(signature.format.at(self.level)),
            signature_method: Some(signature.method.identifier.clone()),
            signed_by: signer.as_ref().map(display_name),
            subject_distinguished_name: name,
            indication: verdict.map_or(Indication::TotalPassed, |(indication, _)| indication),
            sub_indication: verdict.map(|(_, sub)| sub),
            errors: self.errors.into_iter().map(|(.., finding)| finding).collect(),
            warnings: self.warnings,
            claimed_signing_time: signature.statements.signing_time,
            signature_scopes: signature.objects.iter().filter_map(scope).collect(),
            info: self.info,
            certificates: self.certificates,
            time_stamps: self.time_stamps,
            timeline,
            qualification: self.qualification,
        }
    }

    /// The verdict by what has been found so far.
    pub(super) fn verdict(&self) -> Indication {
        let failed =
            |(indication, ..): &(Indication, SubIndication, Finding)| *indication == Indication::TotalFailed;
        match (self.errors.iter().any(failed), self.errors.is_empty()) {
            (true, _) => Indication::TotalFailed,
            (false, false) => Indication::Indeterminate,
            (false, true) => Indication::TotalPassed,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.context.now
    }
}

fn scope(object: &SignedObject) -> Option<SignatureScope> {
    Some(SignatureScope {
        name: object.name.clone()?,
        scope: object.scope.as_str().to_owned(),
        content: object.scope.explanation().to_owned(),
        hash_algo: match object.digest {
            Some(digest) => digest.name().to_owned(),
            None => object.digest_identifier.clone(),
        },
        hash: xml::to_base64(&object.expected),
    })
}

pub(super) fn display_name(certificate: &Certificate) -> String {
    let subject = certificate.subject();
    subject.common_name().or_else(|| subject.organization()).unwrap_or_else(|| subject.readable())
}

/// `CN = A, C=EE` and `cn=A,c=ee` are one name to a person.
fn comparable(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '\\').flat_map(char::to_lowercase).collect()
}

/// ```text
/// IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber CertificateSerialNumber }
/// GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName    -- directoryName [4] Name
/// ```
///
/// RFC 5035 §5.
fn is_issuer_serial(der: &[u8], certificate: &Certificate) -> bool {
    const WHAT: &str = "IssuerSerial";
    let read = || -> Result<bool, countersign_pki::Error> {
        let mut fields = Parser::only(der, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut names = fields.sequence()?;
        let name = names.expect(asn1::context_constructed(4))?;
        names.end()?;
        let serial = fields.unsigned_bytes()?;
        fields.end()?;
        Ok(name.value == certificate.issuer().as_der() && serial == certificate.serial().magnitude())
    };
    read().unwrap_or(false)
}
