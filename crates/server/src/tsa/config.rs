//! `[tsa]` and `[clock]`: what time-stamps promise.

use const_oid::ObjectIdentifier;
use countersign_pki::tsp::Accuracy;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[tsa]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tsa {
    /// The policies that requests may ask for; the first is for those that name none. The default is the best practices
    /// policy of EN 319 421.
    pub policies: Vec<String>,
    /// How far the time in a token may be off, in milliseconds, as every token says. EN 319 421 wants 1000 or less.
    pub accuracy_ms: u32,
}

/// `[clock]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockConfig {
    /// How far the clock may leave evenly passing time, or fall behind what was signed, in milliseconds, before nothing
    /// that states a time is signed any more. Less than `tsa.accuracy_ms`: the rest is for the cut to whole milliseconds, and
    /// for how well the machine's clock is synchronized.
    pub tolerance_ms: u32,
}

impl Default for Tsa {
    fn default() -> Self {
        Self { policies: vec![countersign_pki::tsp::BTSP_POLICY.to_string()], accuracy_ms: 1_000 }
    }
}

impl Default for ClockConfig {
    fn default() -> Self {
        Self { tolerance_ms: 500 }
    }
}

impl ClockConfig {
    pub(crate) fn tolerance(&self) -> SignedDuration {
        SignedDuration::from_millis(i64::from(self.tolerance_ms))
    }
}

impl Tsa {
    pub(crate) fn accuracy(&self) -> Accuracy {
        // Below 1000 after the division.
        let millis = u16::try_from(self.accuracy_ms % 1000).unwrap_or_default();
        Accuracy { seconds: self.accuracy_ms / 1000, millis, micros: 0 }
    }

    /// The policies; nothing when one is no object identifier.
    pub(crate) fn oids(&self) -> Option<Vec<ObjectIdentifier>> {
        self.policies.iter().map(|policy| ObjectIdentifier::new(policy).ok()).collect()
    }

    pub(crate) fn check(&self, clock: &ClockConfig, found: &mut Vec<Mend>) {
        if self.oids().is_none_or(|oids| oids.is_empty()) {
            found.push(Mend::new(
                "tsa.policies",
                "is empty, or holds something else than object identifiers",
                "give at least one such as \"0.4.0.2023.1.1\"",
            ));
        }
        if !(10..=60_000).contains(&self.accuracy_ms) {
            found.push(Mend::new("tsa.accuracy_ms", "is out of range", "give 10 to 60000"));
        }
        if clock.tolerance_ms == 0 || clock.tolerance_ms >= self.accuracy_ms {
            found.push(Mend::new(
                "clock.tolerance_ms",
                "tokens would promise more than the clock keeps",
                "give at least 1, and less than tsa.accuracy_ms",
            ));
        }
    }
}
