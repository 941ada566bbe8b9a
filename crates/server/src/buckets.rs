//! Limits on how often something may be asked: token buckets in memory, so a limit is per server and begins anew at
//! its start.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Keys that are remembered at the same time. Beyond it the one that has waited longest is forgotten, which gives it its
/// full bucket back.
const REMEMBERED: usize = 65_536;

/// Buckets of one size, one for each key. A full one takes a minute's worth at once and fills evenly.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    per_minute: u32,
    /// When each bucket is full again, in milliseconds since 1970. Full ones need no entry.
    full_at: Mutex<HashMap<K, i64>>,
}

const MINUTE: i64 = 60_000;

impl<K: Eq + Hash + Clone> Buckets<K> {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, full_at: Mutex::default() }
    }

    /// Takes one out of the bucket of `key`. `Err`: seconds until there is one. Zero per minute is no limit.
    pub(crate) fn take(&self, key: K, now: Timestamp) -> Result<(), u32> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let (now, one) = (now.as_millisecond(), (MINUTE / i64::from(self.per_minute)).max(1));
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was moved back must lock nobody out for longer than a bucket takes to fill.
        let at = full_at.get(&key).copied().unwrap_or(now).clamp(now, now + MINUTE);
        let next = at + one;
        if next > now + MINUTE {
            // As it reads now: after a clock that went back, what is kept must not lie in the far future.
            full_at.insert(key, at);
            let wait = next - now - MINUTE;
            return Err(u32::try_from(wait.div_euclid(1000) + 1).unwrap_or(u32::MAX));
        }
        if full_at.len() >= REMEMBERED && !full_at.contains_key(&key) {
            full_at.retain(|_, at| *at > now);
            if full_at.len() >= REMEMBERED
                && let Some(oldest) = full_at.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone())
            {
                full_at.remove(&oldest);
            }
        }
        full_at.insert(key, next);
        Ok(())
    }

    /// Puts back one that was taken and turned out not to count.
    pub(crate) fn give_back(&self, key: &K) {
        if self.per_minute == 0 {
            return;
        }
        let one = (MINUTE / i64::from(self.per_minute)).max(1);
        // Without an entry the bucket is full already.
        if let Some(at) = self.full_at.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            *at -= one;
        }
    }
}

/// Whose requests are counted together: an IPv4 address, or the 64 bits of IPv6 that one household has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Network(u64, bool);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u64::from(u32::from(address)), false),
            IpAddr::V6(address) => Self((u128::from(address) >> 64) as u64, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_780_315_200_000 + millis).unwrap()
    }

    #[test]
    fn a_minute_s_worth_at_once_and_then_evenly() {
        let buckets = Buckets::new(6);
        for _ in 0..6 {
            assert_eq!(buckets.take(1, at(0)), Ok(()));
        }
        assert_eq!(buckets.take(1, at(0)), Err(11));
        assert_eq!(buckets.take(2, at(0)), Ok(()), "another key has its own");
        assert_eq!(buckets.take(1, at(9_999)), Err(1));
        assert_eq!(buckets.take(1, at(10_000)), Ok(()));
        assert_eq!(buckets.take(1, at(10_000)), Err(11));
        for _ in 0..6 {
            assert_eq!(buckets.take(1, at(130_000)), Ok(()));
        }
        assert!(buckets.take(1, at(130_000)).is_err());
    }

    #[test]
    fn what_is_put_back_can_be_taken_again() {
        let buckets = Buckets::new(2);
        for _ in 0..10 {
            assert_eq!(buckets.take(1, at(0)), Ok(()));
            buckets.give_back(&1);
        }
        buckets.give_back(&2);
        assert_eq!(buckets.take(1, at(0)), Ok(()));
        assert_eq!(buckets.take(1, at(0)), Ok(()));
        assert!(buckets.take(1, at(0)).is_err());
        assert_eq!(buckets.take(2, at(0)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out() {
        let buckets = Buckets::new(2);
        assert_eq!(buckets.take(1, at(86_400_000)), Ok(()));
        assert!(buckets.take(1, at(0)).is_err());
        assert_eq!(buckets.take(1, at(30_000)), Ok(()));
    }

    #[test]
    fn zero_is_no_limit() {
        let buckets = Buckets::new(0);
        assert!((0..10_000).all(|_| buckets.take(1, at(0)).is_ok()));
        assert!(buckets.full_at.lock().unwrap().is_empty());
    }

    #[test]
    fn only_so_many_are_remembered() {
        let buckets = Buckets::new(60);
        let most = i32::try_from(REMEMBERED).unwrap();
        for key in 0..most + 10 {
            assert_eq!(buckets.take(key, at(i64::from(key) / 1000)), Ok(()));
        }
        assert_eq!(buckets.full_at.lock().unwrap().len(), REMEMBERED);
        // All are full again: there is room.
        assert_eq!(buckets.take(-1, at(10 * MINUTE)), Ok(()));
        assert_eq!(buckets.full_at.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_household_counts_as_one() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
