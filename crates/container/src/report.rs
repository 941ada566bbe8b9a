//! What a validation found, for programs (JSON) and for people (text).
//!
//! Indications and sub-indications are those of EN 319 102-1 §5; the fields of the report follow the
//! validation service that is in use in Estonia, so existing programs find what they look for. Beside
//! the indication every fault is listed as a [`Finding`]: which part of the container, which rule, what
//! was expected and what was there.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::level::{Level, SignatureFormat};

/// The outcome for a whole container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The time the validation was made for.
    pub validation_time: Timestamp,
    /// By which rules.
    pub policy: PolicyInfo,
    /// The form of container; none when the file could not be opened as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_form: Option<String>,
    /// Name and digest of the file, where the caller gave them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated_document: Option<ValidatedDocument>,
    /// How many signatures there are.
    pub signatures_count: usize,
    /// How many of them are valid.
    pub valid_signatures_count: usize,
    /// Every data file in the container, whether a signature covers it or not.
    pub data_files: Vec<DataFileInfo>,
    /// One entry for each signature.
    pub signatures: Vec<SignatureReport>,
    /// Faults of the container itself. With one of these nothing in it is valid.
    pub errors: Vec<Finding>,
    /// Oddities of the container itself.
    pub warnings: Vec<Finding>,
}

/// The rules of a validation, as far as a reader of the report needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyInfo {
    /// The level that a signature has to reach.
    pub required_level: String,
    /// How long after the time-stamp an OCSP response may be made without a warning, in seconds.
    pub ocsp_delay_seconds: i64,
}

/// The file that was validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatedDocument {
    /// Its name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Digest of all its bytes in base64.
    pub file_hash: String,
    /// The digest's name.
    pub hash_algo: String,
}

/// A data file in the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataFileInfo {
    /// Its name.
    pub name: String,
    /// Its media type in the manifest.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether at least one valid signature covers it.
    pub signed: bool,
}

/// The outcome for one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureReport {
    /// The signature's `Id`; empty when it has none.
    pub id: String,
    /// The entry it lies in.
    pub file: String,
    /// The level that was found to hold, such as `XAdES_BASELINE_LT`; none for a broken signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_format: Option<String>,
    /// The signature method's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_method: Option<String>,
    /// The signer as the certificate's common name has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The signer's name in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_distinguished_name: Option<SubjectDistinguishedName>,
    /// The verdict.
    pub indication: Indication,
    /// Its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
    /// What is wrong, the most important first. Empty for a valid signature.
    pub errors: Vec<Finding>,
    /// What is odd.
    pub warnings: Vec<Finding>,
    /// When the signer says to have signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_signing_time: Option<Timestamp>,
    /// The files that the signature refers to.
    pub signature_scopes: Vec<SignatureScope>,
    /// Times and claims.
    pub info: SignatureInfo,
    /// Certificates that were used.
    pub certificates: Vec<CertificateInfo>,
}

/// Parts of the signer's name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubjectDistinguishedName {
    /// `serialNumber`, such as `PNOEE-…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// `commonName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// `givenName`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// `surname`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
}

/// A file that a signature refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureScope {
    /// The file's name.
    pub name: String,
    /// Always `FullSignatureScope`: files are covered as a whole.
    pub scope: String,
    /// The same in words.
    pub content: String,
    /// The digest's name or identifier.
    pub hash_algo: String,
    /// The digest in the signature, in base64.
    pub hash: String,
}

/// Times and claims of a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignatureInfo {
    /// The earliest time at which the signature is proven to have existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_signature_time: Option<Timestamp>,
    /// The time in the time-stamp, once that was found to be sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_creation_time: Option<Timestamp>,
    /// `producedAt` of the OCSP response that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ocsp_response_creation_time: Option<Timestamp>,
    /// Claimed roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signer_role: Vec<String>,
    /// Claimed place, part by part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signature_production_place: Vec<String>,
}

/// A certificate that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateInfo {
    /// The subject's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// For what.
    #[serde(rename = "type")]
    pub role: CertificateRole,
    /// The certificate, base64 of DER.
    pub content: String,
}

/// For what a certificate was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateRole {
    /// The signature.
    Signing,
    /// The OCSP response.
    Revocation,
    /// The signature's time-stamp.
    SignatureTimestamp,
}

/// EN 319 102-1 §5.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Indication {
    /// Everything holds. Only this may be shown as valid.
    #[serde(rename = "TOTAL-PASSED")]
    TotalPassed,
    /// It can't be decided with what is there.
    #[serde(rename = "INDETERMINATE")]
    Indeterminate,
    /// It is proven not to hold.
    #[serde(rename = "TOTAL-FAILED")]
    TotalFailed,
}

impl Indication {
    /// The standard's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL-PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL-FAILED",
        }
    }
}

impl fmt::Display for Indication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! sub_indications {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $text:literal;)*) => {
        /// EN 319 102-1 §5.1.3, as far as they occur here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum SubIndication { $($(#[$meta])* #[serde(rename = $word)] $variant,)* }

        impl SubIndication {
            /// The standard's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The same for people.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

sub_indications! {
    /// Not a signature of the accepted form.
    FormatFailure = "FORMAT_FAILURE", "the signature does not have the form that the standard asks for";
    /// Something signed was changed.
    HashFailure = "HASH_FAILURE", "something that was signed has been changed";
    /// The signature value is not one of this key over this data.
    SigCryptoFailure = "SIG_CRYPTO_FAILURE", "the signature value does not belong to this data and key";
    /// The signer's certificate had been revoked.
    Revoked = "REVOKED", "the signer's certificate had been revoked before the signature was made";
    /// The signer's certificate had expired.
    Expired = "EXPIRED", "the signer's certificate had expired when the signature was made";
    /// The signer's certificate was not valid yet.
    NotYetValid = "NOT_YET_VALID", "the signer's certificate was not valid yet when the signature was made";
    /// A property that is required is missing or has an unacceptable value.
    SigConstraintsFailure = "SIG_CONSTRAINTS_FAILURE", "something that the rules ask for is missing";
    /// A certificate may not be used for this.
    ChainConstraintsFailure = "CHAIN_CONSTRAINTS_FAILURE", "a certificate may not be used for this";
    /// The chain of a responder is unusable.
    CertificateChainGeneralFailure = "CERTIFICATE_CHAIN_GENERAL_FAILURE", "a certificate chain can't be relied on";
    /// An algorithm or key is too weak.
    CryptoConstraintsFailure = "CRYPTO_CONSTRAINTS_FAILURE", "an algorithm or key is too weak to prove anything";
    /// A signature policy is named that is not known.
    SignaturePolicyNotAvailable = "SIGNATURE_POLICY_NOT_AVAILABLE", "the signature follows a policy that is not known here";
    /// The signer's certificate is not there.
    NoSigningCertificateFound = "NO_SIGNING_CERTIFICATE_FOUND", "the signer's certificate is not in the signature";
    /// No path to an anchor.
    NoCertificateChainFound = "NO_CERTIFICATE_CHAIN_FOUND", "the certificate does not lead to an authority that is trusted here";
    /// Revoked now, and nothing proves that the signature is older.
    RevokedNoPoe = "REVOKED_NO_POE", "the certificate is revoked, and nothing proves that the signature is older";
    /// A CA in the path is revoked.
    RevokedCaNoPoe = "REVOKED_CA_NO_POE", "an authority above the signer's certificate is revoked";
    /// Not valid now, and nothing proves that the signature is older.
    OutOfBoundsNoPoe = "OUT_OF_BOUNDS_NO_POE", "the certificate is not valid now, and nothing proves when the signature was made";
    /// The time-stamp proves nothing.
    NoPoe = "NO_POE", "nothing proves when the signature was made";
    /// The status of the certificate is not known.
    TryLater = "TRY_LATER", "it is not known whether the certificate was revoked";
    /// A signed file is not in the container.
    SignedDataNotFound = "SIGNED_DATA_NOT_FOUND", "a signed file is missing";
}

impl fmt::Display for SubIndication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong or odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Where.
    #[serde(flatten)]
    pub part: Part,
    /// The rule's stable name.
    pub rule: String,
    /// What would be right.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Finding {
    pub(crate) fn new(part: Part, rule: &str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { part, rule: rule.to_owned(), expected: expected.to_string(), found: found.to_string() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, rule, expected, found } = self;
        write!(f, "{part}: expected {expected}; found {found} [{rule}]")
    }
}

/// A part of a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "part", content = "name", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Part {
    /// The archive, its manifest, or a file that is no data file.
    Container,
    /// A data file.
    DataFile(String),
    /// The form of the signature as XML.
    Structure,
    /// What the signer stated.
    SignedProperties,
    /// The signature value, or what it covers.
    SignatureValue,
    /// The signer's certificate.
    SigningCertificate,
    /// The path from the signer's certificate to an anchor.
    Chain,
    /// The time-stamp.
    TimeStamp,
    /// The document as a whole: a PDF and its revisions.
    Document,
    /// OCSP responses.
    RevocationData,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container => f.write_str("container"),
            Self::DataFile(name) => write!(f, "data file {name:?}"),
            Self::Structure => f.write_str("signature structure"),
            Self::SignedProperties => f.write_str("signed properties"),
            Self::SignatureValue => f.write_str("signature value"),
            Self::SigningCertificate => f.write_str("signer's certificate"),
            Self::Chain => f.write_str("certificate chain"),
            Self::TimeStamp => f.write_str("time-stamp"),
            Self::Document => f.write_str("document"),
            Self::RevocationData => f.write_str("revocation data"),
        }
    }
}

impl Report {
    /// Whether there is at least one signature, all of them are valid, and the container is sound.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
            && !self.signatures.is_empty()
            && self.signatures.iter().all(SignatureReport::is_valid)
    }

    /// The report as JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists; there is nothing in them that JSON could refuse.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl SignatureReport {
    /// Whether the signature is valid: `TOTAL-PASSED` and nothing else.
    pub fn is_valid(&self) -> bool {
        self.indication == Indication::TotalPassed
    }

    /// The level that was found to hold.
    pub fn level(&self) -> Option<Level> {
        let format = self.signature_format.as_deref()?;
        let at = |level: &Level| SignatureFormat::ALL.into_iter().any(|kind| kind.at(*level) == format);
        Level::ALL.into_iter().find(at)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_valid() { "VALID" } else { "NOT VALID" };
        match (self.signatures_count, self.valid_signatures_count) {
            _ if !self.errors.is_empty() => writeln!(f, "{verdict}: this is not a sound container")?,
            (0, _) => writeln!(f, "{verdict}: there are no signatures")?,
            (1, 1) => writeln!(f, "{verdict}: one signature")?,
            (1, _) => writeln!(f, "{verdict}: one signature, and it is not valid")?,
            (all, valid) => writeln!(f, "{verdict}: {valid} of {all} signatures are valid")?,
        }
        for error in &self.errors {
            writeln!(f, "  error    {error}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning  {warning}")?;
        }
        for file in &self.data_files {
            let state = if file.signed { "" } else { ", no valid signature covers it" };
            writeln!(f, "  file     {:?} ({}, {} bytes{state})", file.name, file.media_type, file.size)?;
        }
        for signature in &self.signatures {
            write!(f, "\n{signature}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SignatureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = if self.id.is_empty() { "without Id" } else { &self.id };
        write!(f, "Signature {id} in {}: {}", self.file, self.indication)?;
        match self.sub_indication {
            Some(sub) => writeln!(f, ", {sub}\n  because  {}", sub.explanation())?,
            None => writeln!(f)?,
        }
        if let Some(signed_by) = &self.signed_by {
            let number =
                self.subject_distinguished_name.as_ref().and_then(|name| name.serial_number.as_ref());
            let number = number.map(|number| format!(", {number}")).unwrap_or_default();
            writeln!(f, "  signer   {signed_by}{number}")?;
        }
        match (self.info.timestamp_creation_time, self.claimed_signing_time) {
            (Some(time), _) => writeln!(f, "  signed   before {time}, by time-stamp")?,
            (None, Some(time)) => writeln!(f, "  signed   {time}, as the signer says; nothing proves it")?,
            (None, None) => {}
        }
        if let Some(format) = &self.signature_format {
            writeln!(f, "  level    {format}")?;
        }
        for scope in &self.signature_scopes {
            writeln!(f, "  covers   {:?}", scope.name)?;
        }
        for error in &self.errors {
            writeln!(f, "  error    {error}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "  warning  {warning}")?;
        }
        Ok(())
    }
}
