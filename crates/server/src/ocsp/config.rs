//! `[ocsp]`: how long answers are good for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[ocsp]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ocsp {
    /// Seconds that others may keep an answer without nonce: its nextUpdate. A revocation shows to them after this time at
    /// the latest.
    pub kept_seconds: u32,
    /// Seconds that this service gives the same answer without nonce again before it signs another. Some programs take no
    /// answer that is older than two minutes. 0 signs each one.
    pub reused_seconds: u32,
    /// Days that answers for expired certificates go back (archive cutoff). 0: to the beginning of their CA.
    pub retention_days: u32,
}

impl Default for Ocsp {
    fn default() -> Self {
        Self { kept_seconds: 300, reused_seconds: 60, retention_days: 0 }
    }
}

impl Ocsp {
    pub(super) fn kept(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.kept_seconds))
    }

    pub(super) fn reused(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.reused_seconds))
    }

    /// Since when answers for expired certificates are kept, for a CA that began at `begun` (RFC 6960 section 4.4.4).
    pub(super) fn archive_cutoff(&self, begun: Timestamp, now: Timestamp) -> Timestamp {
        if self.retention_days == 0 {
            return begun;
        }
        let kept = SignedDuration::from_hours(24 * i64::from(self.retention_days));
        now.saturating_sub(kept).map_or(begun, |cutoff| cutoff.max(begun))
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if !(10..=604_800).contains(&self.kept_seconds) {
            found.push(Mend::new(
                "ocsp.kept_seconds",
                format!("{} s is out of range", self.kept_seconds),
                "give 10 to 604800",
            ));
        }
        if self.reused_seconds >= self.kept_seconds {
            found.push(Mend::new(
                "ocsp.reused_seconds",
                "answers would be given again when they are over",
                "give less than kept_seconds",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cutoff_is_the_later_of_beginning_and_retention() {
        let (begun, now) = (Timestamp::UNIX_EPOCH, Timestamp::constant(400 * 86_400, 0));
        let days = |retention_days| Ocsp { retention_days, ..Ocsp::default() };
        assert_eq!(days(0).archive_cutoff(begun, now), begun);
        assert_eq!(days(365).archive_cutoff(begun, now), Timestamp::constant(35 * 86_400, 0));
        assert_eq!(days(500).archive_cutoff(begun, now), begun);
    }
}
