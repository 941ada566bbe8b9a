//! Password and one-time code: the means of people without the app, `SAS` to the guide (registration 4.3, 11).
//!
//! ```text
//! invited ──set──▶ Active ◀──right── Active { wrong }  ──five wrong──▶ Locked { until } ──time──▶ Active
//!                    │ ▲                                                  │
//!                    │ └───────── set anew: another serial ◀──────────────┘
//!                    └──end──▶ Ended ──invited, set──▶ Active
//! ```
//!
//! Whoever sets a password has proven with a code that they hold the number. Every new one has another serial number, so
//! evidence that is bound to the one before reads as `MISSMATCH_SAS_CHANGE_SN` until the person is identified anew.
//!
//! What is kept of the password is its Argon2id hash, which is made and compared outside these rules: it takes the work of
//! tens of milliseconds, and no transaction waits for it.

mod choice;
mod invitation;

pub use choice::{NewPassword, UnfitPassword};
pub use invitation::Invitation;

use std::fmt;

use countersign_wire::registration::{EvidenceId, MeansSerial, PhoneNumber, TenantId};
use countersign_wire::words;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::event::RegistrationEvent;
use super::refusal::Refusal;
use super::seconds_until;

/// How wrong passwords are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Wrong ones before it is locked.
    pub tries: u8,
    /// How long the first lock lasts. Each further one without a right password in between lasts four times as long.
    pub first_lock: SignedDuration,
    /// The longest lock.
    pub longest_lock: SignedDuration,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            tries: 5,
            first_lock: SignedDuration::from_mins(15),
            longest_lock: SignedDuration::from_hours(24),
        }
    }
}

impl PasswordPolicy {
    /// How long the lock lasts after `earlier` others.
    fn lock(&self, earlier: u8) -> SignedDuration {
        let factor = 4_i32.checked_pow(u32::from(earlier)).unwrap_or(i32::MAX);
        self.first_lock.checked_mul(factor).unwrap_or(self.longest_lock).min(self.longest_lock)
    }
}

/// The password of a number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordMeans {
    tenant: TenantId,
    number: PhoneNumber,
    /// The evidence whose holder was invited. What it is called in the trail.
    evidence: EvidenceId,
    serial: MeansSerial,
    /// Argon2id, in its text form.
    hash: String,
    set_at: Timestamp,
    state: PasswordState,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum PasswordState {
    /// It can be used.
    Active {
        /// Wrong ones since the last right one, or since the last lock.
        wrong: u8,
        /// Locks since the last right one.
        locks: u8,
    },
    /// It cannot be used until then. A right one does not count either.
    Locked {
        /// The end of the lock.
        until: Timestamp,
        /// Locks since the last right one, with this one.
        locks: u8,
    },
    /// It counts no more.
    Ended {
        /// Since when.
        at: Timestamp,
    },
}

words! {
    /// How a password came to be.
    pub enum PasswordSetBy {
        /// The person was invited by the desk.
        Invitation = "invitation",
        /// They entered the one before.
        Change = "change",
        /// They had forgotten it.
        Reset = "reset",
    }
}

/// What became of a password that was entered. Save what is inside, also when it was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// It was right, and counts.
    Right(PasswordMeans),
    /// It was wrong, and is counted.
    Wrong(PasswordMeans, Vec<RegistrationEvent>),
    /// Nothing has changed: [`Refusal::PasswordLocked`] or [`Refusal::NoPassword`], whatever was entered.
    Refused(Refusal),
}

impl PasswordMeans {
    /// A first password, or one after the desk has invited the person again.
    pub fn set_up(
        invitation: &Invitation,
        hash: String,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> (Self, Vec<RegistrationEvent>) {
        let means = Self {
            tenant: invitation.tenant().clone(),
            number: invitation.number().clone(),
            evidence: invitation.evidence().clone(),
            serial: MeansSerial::of_password(rng),
            hash,
            set_at: now,
            state: PasswordState::Active { wrong: 0, locks: 0 },
        };
        let event = means.was_set(PasswordSetBy::Invitation);
        (means, vec![event])
    }

    /// Another password takes its place, with another serial number. Whoever has proven to hold the number opens a lock
    /// with it: what they get is a means that the evidence is not bound to.
    ///
    /// Refused: [`Refusal::NoPassword`] when it has ended.
    pub fn replace(
        self,
        hash: String,
        by: PasswordSetBy,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<RegistrationEvent>), Refusal> {
        match self.state {
            PasswordState::Active { .. } | PasswordState::Locked { .. } => {}
            PasswordState::Ended { .. } => return Err(Refusal::NoPassword),
        }
        let means = Self {
            serial: MeansSerial::of_password(rng),
            hash,
            set_at: now,
            state: PasswordState::Active { wrong: 0, locks: 0 },
            ..self
        };
        let event = means.was_set(by);
        Ok((means, vec![event]))
    }

    /// A password was entered, and `right` says whether it has the hash. Only to be asked for somebody who has shown that
    /// they hold the number: strangers lock nobody out.
    pub fn judge(mut self, right: bool, policy: &PasswordPolicy, now: Timestamp) -> Judged {
        let (wrong, locks) = match self.state {
            PasswordState::Ended { .. } => return Judged::Refused(Refusal::NoPassword),
            PasswordState::Locked { until, .. } if now < until => {
                return Judged::Refused(Refusal::PasswordLocked { seconds: seconds_until(until, now) });
            }
            PasswordState::Locked { locks, .. } => (0, locks),
            PasswordState::Active { wrong, locks } => (wrong, locks),
        };
        if right {
            self.state = PasswordState::Active { wrong: 0, locks: 0 };
            return Judged::Right(self);
        }
        let evidence = self.evidence.clone();
        let wrong = wrong + 1;
        let event = if wrong >= policy.tries {
            let until = now + policy.lock(locks);
            self.state = PasswordState::Locked { until, locks: locks.saturating_add(1) };
            RegistrationEvent::PasswordLocked { evidence, until }
        } else {
            self.state = PasswordState::Active { wrong, locks };
            RegistrationEvent::PasswordRejected { evidence, tries_left: policy.tries - wrong }
        };
        Judged::Wrong(self, vec![event])
    }

    /// It counts no more. Refused: [`Refusal::NoPassword`] when it did not before.
    pub fn end(mut self, now: Timestamp) -> Result<(Self, Vec<RegistrationEvent>), Refusal> {
        match self.state {
            PasswordState::Active { .. } | PasswordState::Locked { .. } => {}
            PasswordState::Ended { .. } => return Err(Refusal::NoPassword),
        }
        self.state = PasswordState::Ended { at: now };
        let event = RegistrationEvent::PasswordEnded { evidence: self.evidence.clone() };
        Ok((self, vec![event]))
    }

    /// Which copy of the means it is; none once it has ended. A locked one is still there: it may be used again.
    pub fn serial(&self) -> Option<&MeansSerial> {
        match self.state {
            PasswordState::Active { .. } | PasswordState::Locked { .. } => Some(&self.serial),
            PasswordState::Ended { .. } => None,
        }
    }

    /// Whose person it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Whose number.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }

    /// The hash, for the one place that compares it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// When it was set.
    pub fn set_at(&self) -> Timestamp {
        self.set_at
    }

    /// Where it stands, as it is written down.
    pub fn state(&self) -> PasswordState {
        self.state
    }

    fn was_set(&self, by: PasswordSetBy) -> RegistrationEvent {
        RegistrationEvent::PasswordSet { evidence: self.evidence.clone(), by }
    }
}

/// Where it stands: the rest is personal or secret.
impl fmt::Debug for PasswordMeans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordMeans").field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::registration::evidence::sample;
    use crate::world;

    fn later(seconds: i64) -> Timestamp {
        sample::NOW + SignedDuration::from_secs(seconds)
    }

    fn means() -> PasswordMeans {
        let (_, invitation) = Invitation::make(&sample::recorded(), sample::NOW, &mut world::rng(1)).unwrap();
        let (means, events) =
            PasswordMeans::set_up(&invitation, "hash".into(), sample::NOW, &mut world::rng(2));
        assert_eq!(events[0].kind(), "PasswordSet");
        means
    }

    fn judge(means: PasswordMeans, right: bool, seconds: i64) -> Judged {
        means.judge(right, &PasswordPolicy::default(), later(seconds))
    }

    fn wrong(means: PasswordMeans, seconds: i64) -> PasswordMeans {
        match judge(means, false, seconds) {
            Judged::Wrong(means, events) => {
                assert_eq!(events.len(), 1);
                means
            }
            other => panic!("{other:?}"),
        }
    }

    /// A row: the state before, what was entered and when, the state after. Nothing: refused, nothing has changed.
    #[test]
    fn what_becomes_of_a_password_that_was_entered() {
        use PasswordState::{Active, Ended, Locked};
        let minutes = |count: i64| later(60 * count);
        let fresh = Active { wrong: 0, locks: 0 };
        for (before, right, second, after) in [
            (fresh, true, 0, Some(fresh)),
            (fresh, false, 0, Some(Active { wrong: 1, locks: 0 })),
            (Active { wrong: 3, locks: 0 }, false, 0, Some(Active { wrong: 4, locks: 0 })),
            (Active { wrong: 4, locks: 0 }, true, 0, Some(fresh)),
            (Active { wrong: 4, locks: 0 }, false, 0, Some(Locked { until: minutes(15), locks: 1 })),
            (Active { wrong: 4, locks: 1 }, false, 0, Some(Locked { until: minutes(60), locks: 2 })),
            (Active { wrong: 4, locks: 2 }, false, 0, Some(Locked { until: minutes(240), locks: 3 })),
            (Active { wrong: 4, locks: 4 }, false, 0, Some(Locked { until: minutes(1440), locks: 5 })),
            (Active { wrong: 4, locks: 255 }, false, 0, Some(Locked { until: minutes(1440), locks: 255 })),
            (Locked { until: later(10), locks: 1 }, true, 9, None),
            (Locked { until: later(10), locks: 1 }, false, 9, None),
            (Locked { until: later(10), locks: 1 }, true, 10, Some(fresh)),
            (Locked { until: later(10), locks: 1 }, false, 10, Some(Active { wrong: 1, locks: 1 })),
            (Ended { at: later(0) }, true, 1, None),
            (Ended { at: later(0) }, false, 1, None),
        ] {
            let means = PasswordMeans { state: before, ..means() };
            let found = match judge(means, right, second) {
                Judged::Right(means) => {
                    assert!(right);
                    Some(means.state)
                }
                Judged::Wrong(means, _) => {
                    assert!(!right);
                    Some(means.state)
                }
                Judged::Refused(_) => None,
            };
            assert_eq!(found, after, "{before:?} {right} {second}");
        }
    }

    #[test]
    fn a_lock_says_how_long_it_lasts() {
        let mut means = means();
        for _ in 0..5 {
            means = wrong(means, 0);
        }
        let refused = |seconds| Judged::Refused(Refusal::PasswordLocked { seconds });
        assert_eq!(judge(means.clone(), true, 1), refused(899));
        assert!(means.serial().is_some(), "it is still there");
        assert!(matches!(judge(means, true, 900), Judged::Right(_)));
    }

    #[test]
    fn every_new_password_is_another_copy() {
        let first = means();
        for by in [PasswordSetBy::Change, PasswordSetBy::Reset] {
            let (second, events) =
                first.clone().replace("other".into(), by, later(5), &mut world::rng(3)).unwrap();
            assert_ne!(first.serial(), second.serial());
            assert_eq!((second.hash(), second.set_at()), ("other", later(5)));
            let evidence = sample::recorded().id().clone();
            assert_eq!(events, [RegistrationEvent::PasswordSet { evidence, by }]);
        }
        let mut locked = first;
        for _ in 0..5 {
            locked = wrong(locked, 0);
        }
        let (opened, _) =
            locked.replace("x".into(), PasswordSetBy::Reset, later(1), &mut world::rng(4)).unwrap();
        assert!(matches!(judge(opened, true, 2), Judged::Right(_)));
    }

    #[test]
    fn what_has_ended_comes_back_by_the_desk_alone() {
        let (ended, _) = means().end(later(1)).unwrap();
        assert_eq!(ended.serial(), None);
        assert_eq!(ended.clone().end(later(2)).unwrap_err(), Refusal::NoPassword);
        let again = ended.replace("x".into(), PasswordSetBy::Reset, later(2), &mut world::rng(3));
        assert_eq!(again.unwrap_err(), Refusal::NoPassword);
    }

    #[test]
    fn what_is_kept_reads_back_and_shows_nothing() {
        let means = wrong(means(), 1);
        let text = serde_json::to_string(&means).unwrap();
        assert_eq!(serde_json::from_str::<PasswordMeans>(&text).unwrap(), means);
        let shown = format!("{means:?}");
        assert!(!shown.contains("hash") && !shown.contains("41791234567"), "{shown}");
    }

    proptest! {
        /// Whatever somebody enters who does not know it: five guesses to begin with, and then fewer than sixty a week.
        #[test]
        fn nobody_guesses_often(waits in proptest::collection::vec(0..7_200_i64, 0..400)) {
            let (mut means, mut seconds, mut guesses) = (means(), 0, 0);
            for wait in waits {
                seconds += wait;
                if seconds > 7 * 86_400 {
                    break;
                }
                if let Judged::Wrong(counted, _) = judge(means.clone(), false, seconds) {
                    guesses += 1;
                    means = counted;
                }
            }
            prop_assert!(guesses < 60, "{guesses}");
        }
    }
}
