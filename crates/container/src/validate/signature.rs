//! One signature: its form, what it covers, its value, its signer, and when it was made.

use std::collections::HashSet;

use countersign_pki::asn1::{self, Parser};
use countersign_pki::certificate::Certificate;
use jiff::Timestamp;

use super::{Context, may_sign_documents};
use crate::error::Error;
use crate::report::{
    CertificateInfo, CertificateRole, Finding, Indication, Part, SignatureInfo, SignatureReport,
    SignatureScope, SubIndication, SubjectDistinguishedName,
};
use crate::xades::Level;
use crate::xades::build::verify_value;
use crate::xades::parse::{
    CertificateReference, DigestMethod, IssuerSerial, ShapeFault, Signature, SignaturePolicy,
};
use crate::xml;

/// The report on something that is no signature of the accepted form.
pub(super) fn broken(file: &str, fault: &ShapeFault) -> SignatureReport {
    let rule = Finding::new(
        Part::Structure,
        "structure",
        format!("{} in {}", fault.expected, fault.element),
        &fault.found,
    );
    form_failure(file, fault.id.as_deref().unwrap_or_default(), rule)
}

/// The report on a file that holds no signatures although its name says so.
pub(super) fn unreadable(file: &str, error: &Error) -> SignatureReport {
    form_failure(file, "", Finding::new(Part::Structure, error.rule(), "a signatures file", error))
}

fn form_failure(file: &str, id: &str, finding: Finding) -> SignatureReport {
    SignatureReport {
        id: id.to_owned(),
        file: file.to_owned(),
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
    }
}

/// What is being found out about one signature.
pub(super) struct Check<'c, 'a> {
    pub(super) context: &'c mut Context<'a>,
    pub(super) signature: &'c Signature,
    pub(super) info: SignatureInfo,
    pub(super) level: Level,
    errors: Vec<(Indication, SubIndication, Finding)>,
    warnings: Vec<Finding>,
    certificates: Vec<CertificateInfo>,
}

impl<'c, 'a> Check<'c, 'a> {
    pub(super) fn new(context: &'c mut Context<'a>, signature: &'c Signature) -> Self {
        let info = SignatureInfo {
            signer_role: signature.signed.claimed_roles.clone(),
            signature_production_place: signature.signed.production_place.clone(),
            ..SignatureInfo::default()
        };
        Self {
            context,
            signature,
            info,
            level: Level::B,
            errors: Vec::new(),
            warnings: Vec::new(),
            certificates: Vec::new(),
        }
    }

    pub(super) fn run(mut self, file: &str) -> SignatureReport {
        for ignored in &self.signature.ignored {
            self.warn(Part::Structure, "not-evaluated", "only parts that are looked at", ignored);
        }
        self.check_constraints();
        self.check_signed_properties();
        self.check_files();
        let signer = self.find_signer();
        if let Some(signer) = &signer {
            self.use_certificate(CertificateRole::Signing, signer);
            self.check_value(signer);
            if !may_sign_documents(signer) {
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
        self.check_certificates(signer.as_ref());
        self.check_level();
        self.report(file, signer)
    }

    /// Properties that a baseline signature must or must not have.
    fn check_constraints(&mut self) {
        let signed = &self.signature.signed;
        if self.signature.properties_reference.is_none() {
            self.missing(Part::SignedProperties, "signed-properties", "a reference to SignedProperties");
        }
        if signed.signing_time.is_none() {
            self.missing(Part::SignedProperties, "signing-time", "SigningTime");
        }
        if let Some(SignaturePolicy::Explicit(policy)) = &signed.policy {
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

    fn check_files(&mut self) {
        let signature = self.signature;
        let mut covered = HashSet::new();
        for reference in &signature.files {
            covered.insert(reference.name.as_str());
            let part = || Part::DataFile(reference.name.clone());
            let Some(file) = self.context.container.find_data_file(&reference.name) else {
                self.indeterminate(
                    SubIndication::SignedDataNotFound,
                    Finding::new(part(), "file-present", "the file in the container", "no file of this name"),
                );
                continue;
            };
            let media_type = file.media_type().to_owned();
            match &reference.media_type {
                Some(signed) if *signed == media_type => {}
                Some(signed) => self.failed(
                    SubIndication::FormatFailure,
                    Finding::new(
                        part(),
                        "media-type",
                        format!("the media type {signed:?}, as signed"),
                        &media_type,
                    ),
                ),
                None => self.missing(part(), "media-type", "a MimeType in the signature"),
            }
            let Some(digest) = self.strong_digest(part(), &reference.digest) else { continue };
            let found = self.context.digest(&reference.name, digest).unwrap_or_default();
            if found != reference.value {
                self.failed(
                    SubIndication::HashFailure,
                    Finding::new(
                        part(),
                        "digest",
                        format!("{digest} {}", xml::to_base64(&reference.value)),
                        xml::to_base64(&found),
                    ),
                );
            }
        }
        for file in self.context.container.data_files() {
            if !covered.contains(file.name().as_str()) {
                let part = Part::DataFile(file.name().to_string());
                self.missing(part, "covered", "the signature to cover every file of the container");
            }
        }
    }

    fn check_signed_properties(&mut self) {
        let signature = self.signature;
        let Some(reference) = &signature.properties_reference else { return };
        let Some(digest) = self.strong_digest(Part::SignedProperties, &reference.digest) else { return };
        let found = digest.of(&reference.octets);
        if found != reference.value {
            self.failed(
                SubIndication::HashFailure,
                Finding::new(
                    Part::SignedProperties,
                    "digest",
                    format!("{digest} {}", xml::to_base64(&reference.value)),
                    xml::to_base64(&found),
                ),
            );
        }
    }

    /// The signer's certificate is the one whose digest is among the signed properties, wherever in the
    /// signature it stands. The order in `KeyInfo`, which nobody signed, decides nothing.
    fn find_signer(&mut self) -> Option<Certificate> {
        const PART: Part = Part::SigningCertificate;
        let signature = self.signature;
        let named = signature.signed.signing_certificate.as_ref();
        let Some(named) = named.and_then(|named| named.certificates.first()) else {
            self.missing(PART, "signing-certificate", "SigningCertificateV2");
            return None;
        };
        let digest = self.strong_digest(PART, &named.digest)?;
        let candidates = signature.key_info.iter().chain(&signature.unsigned.certificates);
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
        let Some(algorithm) = method.known() else {
            // HMAC has no place in a signature by a certificate; others may just be new or forgotten.
            let finding =
                Finding::new(PART, "signature-method", "a signature method known here", method.uri());
            if method.uri().contains("hmac") {
                self.failed(SubIndication::FormatFailure, finding);
            } else {
                self.indeterminate(SubIndication::CryptoConstraintsFailure, finding);
            }
            return;
        };
        if algorithm.digest().is_weak() {
            self.indeterminate(
                SubIndication::CryptoConstraintsFailure,
                Finding::new(PART, "signature-method", "a digest that still proves something", algorithm),
            );
        }
        let digest = algorithm.digest().of(&self.signature.signed_info);
        if let Err(error) = verify_value(signer.public_key(), algorithm, &digest, &self.signature.value) {
            self.failed(
                SubIndication::SigCryptoFailure,
                Finding::new(
                    PART,
                    "signature-value",
                    "a value made with the certificate's key over SignedInfo",
                    error,
                ),
            );
        }
    }

    fn check_level(&mut self) {
        let required = self.context.policy.required_level;
        if self.errors.is_empty() && self.level < required {
            let part = if self.level == Level::B { Part::TimeStamp } else { Part::RevocationData };
            let finding = Finding::new(part, "level", required, self.level);
            self.indeterminate(SubIndication::SigConstraintsFailure, finding);
        }
        if required < Level::Lt && self.level < Level::Lt && self.errors.is_empty() {
            self.warn(
                Part::RevocationData,
                "revocation",
                "proof that the certificate was not revoked",
                format!("none; the policy asks for {required} only"),
            );
        }
    }

    /// A digest that can be computed and still proves something.
    fn strong_digest(&mut self, part: Part, method: &DigestMethod) -> Option<countersign_pki::Digest> {
        let strong = method.known().filter(|digest| !digest.is_weak());
        if strong.is_none() {
            let expected = "a digest that still proves something";
            self.indeterminate(
                SubIndication::CryptoConstraintsFailure,
                Finding::new(part, "digest-method", expected, method.uri()),
            );
        }
        strong
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

    pub(super) fn use_certificate(&mut self, role: CertificateRole, certificate: &Certificate) {
        self.certificates.push(CertificateInfo {
            common_name: certificate.subject().common_name(),
            role,
            content: xml::to_base64(certificate.as_der()),
        });
    }

    fn report(mut self, file: &str, signer: Option<Certificate>) -> SignatureReport {
        // Failures before doubts; otherwise in the order of the checks.
        self.errors.sort_by_key(|(indication, ..)| *indication != Indication::TotalFailed);
        let verdict = self.errors.first().map(|(indication, sub, _)| (*indication, *sub));
        let scope = |reference: &crate::xades::parse::FileReference| SignatureScope {
            name: reference.name.clone(),
            scope: "FullSignatureScope".to_owned(),
            content: "The whole file".to_owned(),
            hash_algo: match reference.digest.known() {
                Some(digest) => digest.name().to_owned(),
                None => reference.digest.uri().to_owned(),
            },
            hash: xml::to_base64(&reference.value),
        };
        let name = signer.as_ref().map(|signer| SubjectDistinguishedName {
            serial_number: signer.subject().serial_number(),
            common_name: signer.subject().common_name(),
            given_name: signer.subject().given_name(),
            surname: signer.subject().surname(),
        });
        SignatureReport {
            id: self.signature.id.clone(),
            file: file.to_owned(),
            signature_format: Some(self.level.as_str().to_owned()),
            signature_method: Some(self.signature.method.uri().to_owned()),
            signed_by: signer.as_ref().map(display_name),
            subject_distinguished_name: name,
            indication: verdict.map_or(Indication::TotalPassed, |(indication, _)| indication),
            sub_indication: verdict.map(|(_, sub)| sub),
            errors: self.errors.into_iter().map(|(.., finding)| finding).collect(),
            warnings: self.warnings,
            claimed_signing_time: self.signature.signed.signing_time,
            signature_scopes: self.signature.files.iter().map(scope).collect(),
            info: self.info,
            certificates: self.certificates,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.context.now
    }
}

fn display_name(certificate: &Certificate) -> String {
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
