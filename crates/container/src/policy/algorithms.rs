//! Until when digests and keys prove something (ETSI TS 119 312).

use std::sync::LazyLock;

use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::verify::{Curve, KeyKind, PublicKey};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::PolicyError;

/// Rows in one list.
const MAX_ROWS: usize = 200;

/// Until when digests and keys prove something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmLimits {
    digests: Vec<(Digest, Option<Timestamp>)>,
    keys: Vec<KeyLimit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeyLimit {
    kind: Kind,
    from_bits: u32,
    until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Kind {
    #[serde(rename = "RSA-PKCS1")]
    RsaPkcs1,
    #[serde(rename = "RSA-PSS")]
    RsaPss,
    #[serde(rename = "ECDSA")]
    Ecdsa,
}

/// Whether something made by an algorithm proves anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reliability {
    /// It does.
    Reliable,
    /// It did until then.
    ReliableUntil(Timestamp),
    /// It never did.
    Unreliable,
}

impl Reliability {
    /// Whether something that existed at `time` proves anything.
    pub fn at(self, time: Timestamp) -> bool {
        match self {
            Self::Reliable => true,
            Self::ReliableUntil(end) => time < end,
            Self::Unreliable => false,
        }
    }
}

impl std::fmt::Display for Reliability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reliable => f.write_str("reliable"),
            Self::ReliableUntil(end) => write!(f, "reliable until {}", end.strftime("%Y-%m-%d")),
            Self::Unreliable => f.write_str("not reliable"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct DigestRow {
    name: String,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct KeyRow {
    kind: Kind,
    from_bits: u32,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    digests: Vec<DigestRow>,
    keys: Vec<KeyRow>,
}

impl AlgorithmLimits {
    pub(super) fn of(digests: Vec<DigestRow>, keys: Vec<KeyRow>) -> Result<Self, PolicyError> {
        let value = |key, expected| PolicyError::Value { key, expected };
        if digests.len() > MAX_ROWS || keys.len() > MAX_ROWS {
            return Err(value("digests", "at most 200 rows"));
        }
        let digest = |row: DigestRow| {
            let known = Digest::ALL.into_iter().find(|digest| digest.name() == row.name);
            let known = known.ok_or(value("digests.name", "a digest such as SHA-256"))?;
            Ok((known, row.until.as_deref().map(date).transpose()?))
        };
        let key = |row: KeyRow| {
            let until = row.until.as_deref().map(date).transpose()?;
            Ok(KeyLimit { kind: row.kind, from_bits: row.from_bits, until })
        };
        Ok(Self {
            digests: digests.into_iter().map(digest).collect::<Result<_, _>>()?,
            keys: keys.into_iter().map(key).collect::<Result<_, _>>()?,
        })
    }

    /// Of a digest.
    pub fn digest(&self, digest: Digest) -> Reliability {
        match self.digests.iter().find(|(listed, _)| *listed == digest) {
            Some((_, None)) => Reliability::Reliable,
            Some((_, Some(end))) => Reliability::ReliableUntil(*end),
            None => Reliability::Unreliable,
        }
    }

    /// Of a signature by this key, its digest included.
    pub fn signature(&self, algorithm: SignatureAlgorithm, key: &PublicKey) -> Reliability {
        let kind = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => Kind::RsaPkcs1,
            SignatureAlgorithm::RsaPss(_) => Kind::RsaPss,
            SignatureAlgorithm::Ecdsa(_) => Kind::Ecdsa,
        };
        let bits = bits(key);
        let fitting = self.keys.iter().filter(|limit| limit.kind == kind && limit.from_bits <= bits);
        let by_key = match fitting.max_by_key(|limit| limit.from_bits) {
            Some(KeyLimit { until: None, .. }) => Reliability::Reliable,
            Some(KeyLimit { until: Some(end), .. }) => Reliability::ReliableUntil(*end),
            None => Reliability::Unreliable,
        };
        match (by_key, self.digest(algorithm.digest())) {
            (Reliability::Unreliable, _) | (_, Reliability::Unreliable) => Reliability::Unreliable,
            (Reliability::Reliable, other) | (other, Reliability::Reliable) => other,
            (Reliability::ReliableUntil(one), Reliability::ReliableUntil(other)) => {
                Reliability::ReliableUntil(one.min(other))
            }
        }
    }
}

impl Default for AlgorithmLimits {
    fn default() -> Self {
        BUILT_IN.clone()
    }
}

static BUILT_IN: LazyLock<AlgorithmLimits> = LazyLock::new(|| {
    let file: Option<File> = toml::from_str(include_str!("algorithms.toml")).ok();
    // Part of the program; a test reads it. An empty list accepts nothing.
    file.and_then(|file| AlgorithmLimits::of(file.digests, file.keys).ok())
        .unwrap_or(AlgorithmLimits { digests: Vec::new(), keys: Vec::new() })
});

fn bits(key: &PublicKey) -> u32 {
    match key.kind() {
        KeyKind::Rsa { bits } => bits,
        KeyKind::Ec(Curve::P256) => 256,
        KeyKind::Ec(Curve::P384) => 384,
        KeyKind::Ec(Curve::P521) => 521,
    }
}

fn date(text: &str) -> Result<Timestamp, PolicyError> {
    let date = || Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    date().ok_or(PolicyError::Value { key: "until", expected: "a date such as 2029-01-01" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_can_be_read() {
        let limits = AlgorithmLimits::default();
        assert_eq!(limits.digest(Digest::Sha256), Reliability::Reliable);
        let end = "2012-08-01T00:00:00Z".parse().unwrap();
        assert_eq!(limits.digest(Digest::Sha1), Reliability::ReliableUntil(end));
        assert!(!limits.digest(Digest::Sha1).at(end));
        assert_eq!(limits.keys.len(), 7);
    }
}
