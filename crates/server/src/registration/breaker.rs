//! A circuit breaker: a service that fails again and again is left alone for a while, and then tried with one request.
//!
//! ```text
//! Closed { failures } ──one too many──▶ Open { until } ──time, next request──▶ HalfOpen { since } ──success──▶ Closed
//!                                         ▲                                       │
//!                                         └──────────────── failure ──────────────┘
//! ```

use jiff::{SignedDuration, Timestamp};

/// Failures in a row that open it.
const FAILURES: u32 = 5;
/// How long it stays open, and how long a try may take before another is let through.
const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Breaker {
    /// Requests pass.
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    /// None passes until then.
    Open { until: Timestamp },
    /// One has passed, and its outcome decides.
    HalfOpen { since: Timestamp },
}

impl Breaker {
    /// As in the beginning.
    pub(super) const fn new() -> Self {
        Self::Closed { failures: 0 }
    }

    /// Whether a request may pass.
    pub(super) fn admit(self, now: Timestamp) -> (Self, bool) {
        match self {
            Self::Closed { .. } => (self, true),
            Self::Open { until } if now < until => (self, false),
            // The caller of the last try went away with its outcome, if it is that old.
            Self::HalfOpen { since } if now < since + PAUSE => (self, false),
            Self::Open { .. } | Self::HalfOpen { .. } => (Self::HalfOpen { since: now }, true),
        }
    }

    /// A request was answered. What was asked before it opened, and comes now, closes nothing.
    pub(super) fn succeeded(self) -> Self {
        match self {
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::new(),
            Self::Open { .. } => self,
        }
    }

    /// A request failed.
    pub(super) fn failed(self, now: Timestamp) -> Self {
        match self {
            Self::Closed { failures } if failures + 1 < FAILURES => Self::Closed { failures: failures + 1 },
            Self::Closed { .. } | Self::HalfOpen { .. } => Self::Open { until: now + PAUSE },
            Self::Open { .. } => self,
        }
    }

    /// As a number, for the metric: 0 closed, 1 half open, 2 open.
    pub(super) const fn level(self) -> i64 {
        match self {
            Self::Closed { .. } => 0,
            Self::HalfOpen { .. } => 1,
            Self::Open { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use Breaker::{Closed, HalfOpen, Open};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::constant(1_780_315_200, 0) + SignedDuration::from_secs(seconds)
    }

    /// A row: the state, what a request at this second finds, and what success and failure make of the state after it.
    #[test]
    fn what_becomes_of_a_request() {
        let open = |seconds| Open { until: at(seconds) };
        let half = |seconds| HalfOpen { since: at(seconds) };
        let fresh = Closed { failures: 0 };
        for (state, second, after, passes, good, bad) in [
            (fresh, 0, fresh, true, fresh, Closed { failures: 1 }),
            (Closed { failures: 3 }, 0, Closed { failures: 3 }, true, fresh, Closed { failures: 4 }),
            (Closed { failures: 4 }, 0, Closed { failures: 4 }, true, fresh, open(10)),
            (open(10), 9, open(10), false, open(10), open(10)),
            (open(10), 10, half(10), true, fresh, open(20)),
            (half(10), 19, half(10), false, fresh, open(29)),
            (half(10), 20, half(20), true, fresh, open(30)),
        ] {
            let found = state.admit(at(second));
            assert_eq!(found, (after, passes), "{state:?} at {second}");
            assert_eq!(after.succeeded(), good, "{state:?} at {second}");
            assert_eq!(after.failed(at(second)), bad, "{state:?} at {second}");
        }
    }

    #[test]
    fn it_opens_after_five_failures_in_a_row_and_closes_after_one_success() {
        let mut breaker = Breaker::new();
        for _ in 0..4 {
            breaker = breaker.failed(at(0));
        }
        breaker = breaker.succeeded();
        for _ in 0..4 {
            breaker = breaker.failed(at(0));
            assert_eq!((breaker.admit(at(0)).1, breaker.level()), (true, 0));
        }
        breaker = breaker.failed(at(0));
        assert_eq!((breaker.admit(at(1)).1, breaker.level()), (false, 2));
        let (half, passes) = breaker.admit(at(10));
        assert_eq!((passes, half.level(), half.admit(at(11)).1), (true, 1, false), "one alone");
        assert_eq!(half.succeeded(), Breaker::new());
    }
}
