//! What a signature has to fulfil beyond being sound: data, not code.
//!
//! Three policies are built in, each a TOML file beside this one: `strict` (the default), `etsi` and
//! `lenient`. A file of the same form can be given instead; a key that is not known is refused, because a
//! misspelt rule would silently not apply. No policy makes something pass whose digest or value is wrong,
//! whose signer leads to no anchor, or whose certificate was revoked before the signature existed.

mod algorithms;

use jiff::SignedDuration;
use serde::Deserialize;

pub use self::algorithms::{AlgorithmLimits, Reliability};
use crate::level::Level;

/// A larger file is no policy.
const MAX_POLICY_BYTES: usize = 64 << 10;

/// The rules of a validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is called in reports.
    pub name: String,
    /// The same in one sentence.
    pub description: String,
    /// The level that a signature has to reach. Below [`Level::Lt`] a signature can pass although nothing
    /// proves that the signer's certificate was not revoked, unless [`Self::signer_status`] says otherwise;
    /// the report says so.
    pub required_level: Level,
    /// How long after the time-stamp the OCSP response may be made without a warning.
    pub ocsp_delay: SignedDuration,
    /// Whether the signer's status has to be proven below level LT, too.
    pub signer_status: SignerStatus,
    /// Whether the status of authorities and time-stamping units has to be proven.
    pub authority_status: AuthorityStatus,
    /// Whether a CRL can prove the signer's status. OCSP always can.
    pub accept_crl: bool,
    /// How long before the time-stamp the signer's status may have been established.
    pub status_before_time_stamp: SignedDuration,
    /// How old the signer's status may be when no time-stamp proves the signature's age.
    pub max_status_age: Option<SignedDuration>,
    /// What a time-stamp is worth whose unit's certificate has expired since.
    pub expired_unit: ExpiredUnit,
    /// What a signer's certificate has to be for.
    pub key_usage: KeyUsageRule,
    /// How far the clocks of signers, authorities and validators may differ.
    pub clock_skew: SignedDuration,
    /// Until when algorithms prove something.
    pub algorithms: AlgorithmLimits,
}

macro_rules! choices {
    ($($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal;)* })*) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// The word in a policy file.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    )*};
}

choices! {
    /// When the signer's status has to be proven.
    SignerStatus {
        /// Always (EN 319 102-1 §5.2.6: without it the outcome is TRY_LATER).
        Required = "required";
        /// Only where the required level includes it.
        ByLevel = "by-level";
    }
    /// When the status of authorities has to be proven.
    AuthorityStatus {
        /// For each that is no anchor.
        Required = "required";
        /// Never; but a revocation that is there counts.
        IfPresent = "if-present";
    }
    /// What a time-stamp is worth whose unit's certificate has expired since.
    ExpiredUnit {
        /// Nothing, unless a later time-stamp proves that it is older (EN 319 102-1 §5.6.2).
        NeedsProof = "needs-proof";
        /// As much as before. Whoever gets hold of an old key can then make old time-stamps.
        Accepted = "accepted";
    }
    /// What a signer's certificate has to be for.
    KeyUsageRule {
        /// keyUsage nonRepudiation.
        NonRepudiation = "non-repudiation";
        /// keyUsage nonRepudiation or digitalSignature.
        AnySignature = "any-signature";
    }
    /// Where a status may come from.
    StatusSource {
        /// OCSP responses.
        Ocsp = "ocsp";
        /// Certificate revocation lists.
        Crl = "crl";
    }
}

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is not TOML of the form of a policy. The text says what and where.
    #[error("not a validation policy: {0}")]
    Malformed(String),
    /// A value is out of range.
    #[error("not a validation policy: {key}: expected {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl Policy {
    /// The names of the built-in policies.
    pub const NAMES: [&'static str; 3] = ["strict", "etsi", "lenient"];

    /// The built-in policy of this name.
    pub fn named(name: &str) -> Option<Self> {
        let text = match name {
            "strict" => include_str!("strict.toml"),
            "etsi" => include_str!("etsi.toml"),
            "lenient" => include_str!("lenient.toml"),
            _ => return None,
        };
        // They are part of the program, and a test reads them all.
        Self::from_toml(text).ok()
    }

    /// Our own rules: level LT, nonRepudiation, an OCSP response that is not older than the time-stamp.
    pub fn strict() -> Self {
        Self::default()
    }

    /// EN 319 102-1 for any baseline level.
    pub fn etsi() -> Self {
        Self::named("etsi").unwrap_or_default()
    }

    /// For old files.
    pub fn lenient() -> Self {
        Self::named("lenient").unwrap_or_default()
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] for anything that is missing, unknown or out of range.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::Malformed("it has more than 64 KiB".to_owned()));
        }
        let file: PolicyFile =
            toml::from_str(text).map_err(|error| PolicyError::Malformed(error.to_string()))?;
        file.into_policy()
    }
}

impl Default for Policy {
    /// `strict`.
    fn default() -> Self {
        Self {
            name: "strict".to_owned(),
            description: "Level LT or above; the signer's status by OCSP, made after the time-stamp"
                .to_owned(),
            required_level: Level::Lt,
            ocsp_delay: SignedDuration::from_mins(15),
            signer_status: SignerStatus::ByLevel,
            authority_status: AuthorityStatus::IfPresent,
            accept_crl: false,
            status_before_time_stamp: SignedDuration::ZERO,
            max_status_age: None,
            expired_unit: ExpiredUnit::NeedsProof,
            key_usage: KeyUsageRule::NonRepudiation,
            clock_skew: SignedDuration::from_secs(60),
            algorithms: AlgorithmLimits::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PolicyFile {
    name: String,
    description: String,
    required_level: String,
    key_usage: KeyUsageRule,
    clock_skew_seconds: u32,
    revocation: RevocationFile,
    time_stamps: TimeStampsFile,
    #[serde(default)]
    digests: Vec<algorithms::DigestRow>,
    #[serde(default)]
    keys: Vec<algorithms::KeyRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RevocationFile {
    signer: SignerStatus,
    authorities: AuthorityStatus,
    sources: Vec<StatusSource>,
    before_time_stamp_minutes: u32,
    warn_after_minutes: u32,
    max_age_minutes: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct TimeStampsFile {
    expired_unit: ExpiredUnit,
}

impl PolicyFile {
    fn into_policy(self) -> Result<Policy, PolicyError> {
        let value = |key, expected| PolicyError::Value { key, expected };
        if self.name.is_empty() || self.name.chars().count() > 64 || self.description.chars().count() > 500 {
            return Err(value("name", "1 to 64 characters, and a description of at most 500"));
        }
        if !self.revocation.sources.contains(&StatusSource::Ocsp) {
            return Err(value("revocation.sources", "\"ocsp\" and, if wanted, \"crl\""));
        }
        if self.clock_skew_seconds > 600 {
            return Err(value("clock-skew-seconds", "at most 600"));
        }
        let minutes = |minutes: u32| SignedDuration::from_mins(i64::from(minutes));
        Ok(Policy {
            required_level: Level::from_word(&self.required_level)
                .ok_or(value("required-level", "one of B, T, LT, LTA"))?,
            name: self.name,
            description: self.description,
            ocsp_delay: minutes(self.revocation.warn_after_minutes),
            signer_status: self.revocation.signer,
            authority_status: self.revocation.authorities,
            accept_crl: self.revocation.sources.contains(&StatusSource::Crl),
            status_before_time_stamp: minutes(self.revocation.before_time_stamp_minutes),
            max_status_age: self.revocation.max_age_minutes.map(minutes),
            expired_unit: self.time_stamps.expired_unit,
            key_usage: self.key_usage,
            clock_skew: SignedDuration::from_secs(i64::from(self.clock_skew_seconds)),
            algorithms: match (self.digests.is_empty(), self.keys.is_empty()) {
                (true, true) => AlgorithmLimits::default(),
                (false, false) => AlgorithmLimits::of(self.digests, self.keys)?,
                (true, false) | (false, true) => {
                    return Err(value("digests", "both lists, digests and keys, or none"));
                }
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_policy_can_be_read_and_the_default_is_strict() {
        for name in Policy::NAMES {
            assert_eq!(Policy::named(name).expect(name).name, name);
        }
        assert_eq!(Policy::named("strict"), Some(Policy::default()));
        assert_eq!(Policy::named("Strict"), None);
    }

    #[test]
    fn what_is_misspelt_or_out_of_range_is_refused() {
        let strict = include_str!("strict.toml");
        let with = |from: &str, to: &str| {
            assert!(strict.contains(from), "{from}");
            Policy::from_toml(&strict.replacen(from, to, 1))
        };
        assert!(with("\"LT\"", "\"LTA\"").is_ok());
        for (from, to) in [
            ("\"LT\"", "\"XL\""),
            ("required-level", "requiredlevel"),
            ("[revocation]", "[revocation]\nfoo = 1"),
            ("sources = [\"ocsp\"]", "sources = []"),
            ("sources = [\"ocsp\"]", "sources = [\"crl\"]"),
            ("clock-skew-seconds = 60", "clock-skew-seconds = 6000"),
            ("clock-skew-seconds = 60", "clock-skew-seconds = -1"),
            ("\"needs-proof\"", "\"whatever\""),
            ("name = \"strict\"", "name = \"\""),
            ("name = \"strict\"", "name = \"strict\"\n[[digests]]\nname = \"SHA-256\"\n"),
        ] {
            assert!(with(from, to).is_err(), "{from} to {to}");
        }
        assert!(Policy::from_toml(&"#".repeat(70_000)).is_err());
    }
}
