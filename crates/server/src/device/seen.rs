//! Which proofs have been seen: a proof counts once.
//!
//! A proof is refused when its time is more than a minute from ours in either direction, so it can be replayed for
//! two minutes at most. Ids are kept in two generations of two minutes each: between two and four minutes.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use countersign_wire::device::proof::IAT_TOLERANCE_SECONDS;
use jiff::{SignedDuration, Timestamp};

/// How long a proof can be replayed.
const GENERATION: SignedDuration = SignedDuration::from_secs(2 * IAT_TOLERANCE_SECONDS);

/// The ids of proofs that were accepted lately.
#[derive(Debug)]
pub(crate) struct Seen {
    generations: Mutex<Generations>,
    capacity: usize,
}

#[derive(Debug)]
struct Generations {
    young: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
    begun: Timestamp,
}

impl Seen {
    /// Remembers up to twice `capacity`, at some 16 octets each. Past that the oldest are forgotten early: a request
    /// that is replayed then is still counted once only, by its own id and token.
    pub(crate) fn new(capacity: usize) -> Self {
        let generations =
            Generations { young: HashSet::new(), old: HashSet::new(), begun: Timestamp::UNIX_EPOCH };
        Self { generations: Mutex::new(generations), capacity }
    }

    /// Whether this id has not been seen; remembers it. An id that is not 16 octets long is never new.
    pub(crate) fn is_new(&self, id: &[u8], now: Timestamp) -> bool {
        let Ok(id) = <[u8; 16]>::try_from(id) else { return false };
        // A panic elsewhere leaves two sets of ids, whatever they hold.
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.duration_since(generations.begun);
        let full = generations.young.len() >= self.capacity;
        if age >= GENERATION || age <= -GENERATION || full {
            if full {
                tracing::warn!(
                    ids = self.capacity,
                    "more device proofs than are remembered: older ones are forgotten"
                );
            }
            generations.old = std::mem::take(&mut generations.young);
            if age >= GENERATION * 2 {
                generations.old.clear();
            }
            generations.begun = now;
        }
        !generations.old.contains(&id) && generations.young.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_341_600 + second).unwrap()
    }

    #[test]
    fn an_id_is_new_once_for_as_long_as_its_proof_can_be_replayed() {
        for begun in [0, 1, 60, 119, 120, 121, 239] {
            let seen = Seen::new(100);
            assert!(seen.is_new(&[9; 16], at(0)), "a generation begins");
            assert!(seen.is_new(&[7; 16], at(begun)));
            for second in [0, 1, 59, 60, 119, 120] {
                assert!(!seen.is_new(&[7; 16], at(begun + second)), "{begun} + {second}");
                assert!(seen.is_new(&[second as u8; 16], at(begun + second)));
            }
        }
    }

    #[test]
    fn what_can_no_longer_be_replayed_is_forgotten() {
        let seen = Seen::new(100);
        assert!(seen.is_new(&[7; 16], at(0)));
        assert!(seen.is_new(&[8; 16], at(1000)));
        let generations = seen.generations.lock().unwrap();
        assert_eq!((generations.young.len(), generations.old.len()), (1, 0));
    }

    #[test]
    fn no_more_is_kept_than_fits() {
        let seen = Seen::new(10);
        for id in 0..100u8 {
            assert!(seen.is_new(&[id; 16], at(0)));
            assert!(!seen.is_new(&[id; 16], at(0)));
        }
        let generations = seen.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 20);
    }

    #[test]
    fn an_id_of_another_length_is_never_new() {
        assert!(!Seen::new(100).is_new(&[7; 15], at(0)));
    }
}
