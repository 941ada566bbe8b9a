//! Whether the clock can be believed: what is signed with a wrong time cannot be taken back.
//!
//! Two things are held against it. While the program runs, time that passes evenly: a clock that is set, ahead or back,
//! leaves that line. From one start to the next, the *mark* in the store, which is seconds behind the last time that was
//! signed at most.
//! A clock that is slewed, as NTP does, keeps to the line: it is drawn anew every minute.
//!
//! Doubt ends when the clock is back on its line, or when an operator says that it is right.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// After this time the line is drawn anew from where the clock is, if it is on it. At 500 ppm, the most that NTP slews, a
/// clock has moved 30 ms by then.
const REDRAWN_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// Why the clock is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Doubt {
    /// It was set, or its source is wrong.
    #[error("the clock is {0:#} away from where evenly passing time would have it")]
    Jumped(SignedDuration),
    /// It shows less than what was signed before.
    #[error("the clock is {0:#} behind a time that was signed before")]
    WentBack(SignedDuration),
}

/// Watches a clock. Cheap: ask before each signature that states a time.
#[derive(Debug)]
pub struct ClockWatch {
    tolerance: SignedDuration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A moment at which the clock was right, and the evenly passing time then.
    line: Option<(Timestamp, SignedDuration)>,
    /// No time before this may be signed again.
    mark: Option<Timestamp>,
    doubt: Option<Doubt>,
}

impl ClockWatch {
    /// Lets the clock be off by `tolerance`, which is less than what time-stamps state as their accuracy.
    pub fn new(tolerance: SignedDuration) -> Self {
        Self { tolerance, state: Mutex::default() }
    }

    /// Whether `now` is to be believed, `steady` being the evenly passing time at that moment. Says so in the log when the
    /// answer changes.
    pub fn look(&self, now: Timestamp, steady: SignedDuration) -> Result<(), Doubt> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, at) = *state.line.get_or_insert((now, steady));
        let passed = steady.saturating_sub(at);
        let off = now.duration_since(since).saturating_sub(passed);
        let behind = state.mark.map_or(SignedDuration::ZERO, |mark| mark.duration_since(now));
        let doubt = if off.abs() > self.tolerance {
            Some(Doubt::Jumped(off))
        } else if behind > self.tolerance {
            Some(Doubt::WentBack(behind))
        } else {
            None
        };
        match (state.doubt, doubt) {
            (None, Some(doubt)) => {
                tracing::error!(doubt = %doubt, "the clock is not believed: nothing that states a time is signed");
            }
            (Some(_), None) => tracing::warn!("the clock is believed again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        state.doubt = doubt;
        match doubt {
            Some(doubt) => Err(doubt),
            None => {
                if passed >= REDRAWN_AFTER {
                    state.line = Some((now, steady));
                }
                Ok(())
            }
        }
    }

    /// A time that was signed, as the store remembers it from before this start.
    pub fn remember(&self, mark: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.mark = state.mark.max(Some(mark));
    }

    /// Somebody who knows says that the clock is right: the line begins here, and earlier marks do not count.
    pub fn accept(&self, now: Timestamp, steady: SignedDuration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { line: Some((now, steady)), mark: None, doubt: None };
    }

    /// What was found at the last look.
    pub fn doubt(&self) -> Option<Doubt> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).doubt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_780_315_200, 0);

    fn ms(count: i64) -> SignedDuration {
        SignedDuration::from_millis(count)
    }

    fn watch() -> ClockWatch {
        let watch = ClockWatch::new(ms(1000));
        watch.look(NOON, ms(5000)).expect("the first look");
        watch
    }

    #[test]
    fn a_clock_that_is_set_is_not_believed_until_it_is_back() {
        let watch = watch();
        assert_eq!(watch.look(NOON + ms(10_000), ms(15_000)), Ok(()));
        assert_eq!(watch.look(NOON + ms(12_001), ms(16_000)), Err(Doubt::Jumped(ms(1001))));
        assert_eq!(watch.look(NOON + ms(8_000), ms(16_000)), Err(Doubt::Jumped(ms(-3000))));
        assert!(watch.doubt().is_some());
        assert_eq!(watch.look(NOON + ms(11_500), ms(16_000)), Ok(()));
        assert_eq!(watch.doubt(), None);
    }

    #[test]
    fn doubt_does_not_wear_off() {
        let watch = watch();
        for hour in 1..100 {
            let passed = ms(hour * 3_600_000);
            assert!(watch.look(NOON + passed + ms(2000), ms(5000) + passed).is_err());
        }
    }

    #[test]
    fn slewing_passes_and_small_steps_do_not_add_up_within_a_minute() {
        let watch = watch();
        for minute in 1..600 {
            // 30 ms in each minute: 18 s in all.
            let (now, steady) = (NOON + ms(minute * 60_030), ms(5000 + minute * 60_000));
            assert_eq!(watch.look(now, steady), Ok(()), "minute {minute}");
        }
        let watch = self::watch();
        assert_eq!(watch.look(NOON + ms(10_600), ms(15_000)), Ok(()));
        assert!(watch.look(NOON + ms(21_200), ms(25_000)).is_err());
    }

    #[test]
    fn a_time_that_was_signed_does_not_come_again() {
        let watch = watch();
        watch.remember(NOON + ms(60_000));
        watch.remember(NOON);
        assert_eq!(watch.look(NOON + ms(1), ms(5001)), Err(Doubt::WentBack(ms(59_999))));
        assert_eq!(watch.look(NOON + ms(59_500), ms(64_500)), Ok(()));
    }

    #[test]
    fn an_operator_ends_it() {
        let watch = watch();
        watch.remember(NOON + ms(1_000_000));
        assert!(watch.look(NOON + ms(5_000), ms(5_000)).is_err());
        watch.accept(NOON + ms(5_000), ms(5_000));
        assert_eq!(watch.look(NOON + ms(6_000), ms(6_000)), Ok(()));
    }
}
