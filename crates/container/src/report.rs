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
use crate::policy::Policy;

mod html;
pub mod rules;
mod text;

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
    /// Time-stamps that stand for themselves (ASiC-S), the first one first. They prove that the file existed; nobody signed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_stamp_tokens: Vec<EvidenceReport>,
    /// Faults of the container itself. With one of these nothing in it is valid.
    pub errors: Vec<Finding>,
    /// Oddities of the container itself.
    pub warnings: Vec<Finding>,
}

/// The rules of a validation, as far as a reader of the report needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyInfo {
    /// Its name.
    pub policy_name: String,
    /// The same in one sentence.
    pub policy_description: String,
    /// The level that a signature has to reach.
    pub required_level: String,
    /// How long after the time-stamp an OCSP response may be made without a warning, in seconds.
    pub ocsp_delay_seconds: i64,
}

impl PolicyInfo {
    /// As far as a reader of the report needs it.
    pub fn of(policy: &Policy) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_description: policy.description.clone(),
            required_level: policy.required_level.as_str().to_owned(),
            ocsp_delay_seconds: policy.ocsp_delay.as_secs(),
        }
    }
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

impl ValidatedDocument {
    /// Names a file by the digest of all its bytes.
    pub fn new(filename: Option<&str>, digest: countersign_pki::Digest, value: &[u8]) -> Self {
        Self {
            filename: filename.map(str::to_owned),
            file_hash: crate::xml::to_base64(value),
            hash_algo: digest.name().to_owned(),
        }
    }
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
    /// Every time-stamp, in the order in which they were added.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub time_stamps: Vec<TimeStampReport>,
    /// What happened when, the earliest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub timeline: Vec<Event>,
    /// What trusted lists make of it; none when no list was given.
    #[serde(skip_serializing_if = "Option::is_none", default, flatten)]
    pub qualification: Option<SignatureQualification>,
}

/// What was found out about a time-stamp.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeStampReport {
    /// `SIGNATURE_TIMESTAMP` or `ARCHIVE_TIMESTAMP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The verdict.
    pub indication: Indication,
    /// Its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_indication: Option<SubIndication>,
    /// The unit that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// The time in it; proven only when the verdict is TOTAL-PASSED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_time: Option<Timestamp>,
    /// `QTSA` when a trusted list names the service as qualified, `TSA` when not, `N/A` when unsound.
    pub timestamp_level: String,
    /// What is wrong.
    pub errors: Vec<Finding>,
}

/// What was found out about a time-stamp that stands for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReport {
    /// The entry it lies in.
    pub file: String,
    /// The verdict, the unit and the time.
    #[serde(flatten)]
    pub time_stamp: TimeStampReport,
    /// The entries that it covers.
    pub timestamp_scopes: Vec<String>,
}

/// Something that happened to a signature or its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// What.
    #[serde(rename = "event")]
    pub kind: EventKind,
    /// Who did it, where that is someone else than the signer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

macro_rules! events {
    ($($(#[$meta:meta])* $variant:ident = $word:literal, $text:literal, $proven:literal;)*) => {
        /// What can stand on a timeline.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum EventKind { $($(#[$meta])* #[serde(rename = $word)] $variant,)* }

        impl EventKind {
            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The same for people.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Whether the time is somebody else's statement and not the signer's own.
            pub const fn is_proven(self) -> bool {
                match self { $(Self::$variant => $proven,)* }
            }
        }
    };
}

events! {
    /// The signer's certificate becomes valid.
    SignerIssued = "SIGNER_CERTIFICATE_VALID_FROM", "The signer's certificate becomes valid", true;
    /// The signer says to have signed.
    Claimed = "CLAIMED_SIGNING_TIME", "Signed, as the signer's device says", false;
    /// A time-stamp over the signature value.
    TimeStamp = "SIGNATURE_TIMESTAMP", "Time-stamp: the signature existed", true;
    /// An OCSP response.
    Ocsp = "OCSP_RESPONSE", "OCSP: the certificate's status is stated", true;
    /// A revocation list.
    Crl = "CRL", "CRL: the certificate's status is stated", true;
    /// The signer's certificate is revoked.
    Revoked = "SIGNER_CERTIFICATE_REVOKED", "The signer's certificate is revoked", true;
    /// An archive time-stamp.
    ArchiveTimeStamp = "ARCHIVE_TIMESTAMP", "Archive time-stamp: everything so far existed", true;
    /// The signer's certificate expires.
    SignerExpiry = "SIGNER_CERTIFICATE_EXPIRES", "The signer's certificate expires", true;
    /// A time-stamping unit's certificate expires.
    UnitExpiry = "TIMESTAMP_CERTIFICATE_EXPIRES", "The time-stamp's certificate expires", true;
    /// The time of the validation.
    Validation = "VALIDATION", "This validation", true;
}

/// What trusted lists make of a signature (TS 119 615).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureQualification {
    /// `QESIG`, `QESEAL`, `ADESIG_QC` and so on, with `INDETERMINATE_` in front or `NOT_` where it applies.
    pub signature_level: String,
    /// How that came about, step by step.
    pub qualification_details: Vec<String>,
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
    /// The stated reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_reason: Option<String>,
    /// Times of the sound archive time-stamps, the earliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archive_time_stamps: Vec<Timestamp>,
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
    /// An archive time-stamp.
    ArchiveTimestamp,
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
        /// EN 319 102-1 §5.1.3, in full.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum SubIndication { $($(#[$meta])* #[serde(rename = $word)] $variant,)* }

        impl SubIndication {
            /// Every one, in the order of the standard.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The identifier of TS 119 102-2, `urn:etsi:019102:subindication:…`.
            pub const fn urn(self) -> &'static str {
                match self { $(Self::$variant => concat!("urn:etsi:019102:subindication:", $word),)* }
            }

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
    /// An algorithm or key is too weak, and was when it was used.
    CryptoConstraintsFailure = "CRYPTO_CONSTRAINTS_FAILURE", "an algorithm or key is too weak to prove anything";
    /// An algorithm or key is too weak now, and nothing proves that it was used before.
    CryptoConstraintsFailureNoPoe = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "an algorithm or key is too weak by now, and nothing proves that it was used in time";
    /// A policy is named that can't be processed.
    PolicyProcessingError = "POLICY_PROCESSING_ERROR", "the signature follows a policy that can't be used";
    /// A signature policy is named that is not known.
    SignaturePolicyNotAvailable = "SIGNATURE_POLICY_NOT_AVAILABLE", "the signature follows a policy that is not known here";
    /// Time-stamps are not in the order in which they cover each other.
    TimestampOrderFailure = "TIMESTAMP_ORDER_FAILURE", "the time-stamps contradict each other";
    /// The signer's certificate is not there.
    NoSigningCertificateFound = "NO_SIGNING_CERTIFICATE_FOUND", "the signer's certificate is not in the signature";
    /// No path to an anchor.
    NoCertificateChainFound = "NO_CERTIFICATE_CHAIN_FOUND", "the certificate does not lead to an authority that is trusted here";
    /// No path to an anchor, and nothing proves that there was one in time.
    NoCertificateChainFoundNoPoe = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE", "the certificate does not lead to an authority that was trusted at a proven time";
    /// Revoked now, and nothing proves that the signature is older.
    RevokedNoPoe = "REVOKED_NO_POE", "the certificate is revoked, and nothing proves that the signature is older";
    /// A CA in the path is revoked.
    RevokedCaNoPoe = "REVOKED_CA_NO_POE", "an authority above the signer's certificate is revoked";
    /// Not valid now, and nothing proves that the signature is older.
    OutOfBoundsNoPoe = "OUT_OF_BOUNDS_NO_POE", "the certificate is not valid now, and nothing proves when the signature was made";
    /// Not valid now, known not to be revoked, and nothing proves that the signature is older.
    OutOfBoundsNotRevoked = "OUT_OF_BOUNDS_NOT_REVOKED", "the certificate is not valid now, though never revoked, and nothing proves when the signature was made";
    /// The revocation data's own signer is not valid now.
    RevocationOutOfBoundsNoPoe = "REVOCATION_OUT_OF_BOUNDS_NO_POE", "who stated the certificate's status is not valid now, and nothing proves when it was stated";
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
    /// Where the rule is written down.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clause: Option<String>,
    /// What would be right.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Finding {
    pub(crate) fn new(part: Part, rule: &str, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self {
            part,
            rule: rule.to_owned(),
            clause: rules::find(rule).map(|rule| rule.clause.to_owned()),
            expected: expected.to_string(),
            found: shown(&found.to_string()),
        }
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
    /// An archive time-stamp.
    ArchiveTimeStamp,
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
            Self::ArchiveTimeStamp => f.write_str("archive time-stamp"),
            Self::Document => f.write_str("document"),
            Self::RevocationData => f.write_str("revocation data"),
        }
    }
}

/// Text from a file as it may stand in a report: no control characters that would act on a terminal, and
/// not longer than a reader reads.
pub fn shown(text: &str) -> String {
    const MOST: usize = 2_000;
    let harmless = |c: char| !c.is_control() && !is_direction_control(c);
    text.chars().map(|c| if harmless(c) { c } else { '\u{fffd}' }).take(MOST).collect()
}

/// Characters that turn the direction of text, and with it what a reader believes to see.
pub(crate) fn is_direction_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Report {
    /// Whether the file is proven to have existed by time-stamps of its own, all of them sound. It may be that nobody signed it:
    /// then [`Self::is_valid`] says no all the same.
    pub fn is_time_stamped(&self) -> bool {
        let sound = |token: &EvidenceReport| token.time_stamp.indication == Indication::TotalPassed;
        self.errors.is_empty()
            && !self.time_stamp_tokens.is_empty()
            && self.time_stamp_tokens.iter().all(sound)
    }

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
