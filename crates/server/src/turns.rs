//! Turns: so many do something at once, a bounded number of others wait for theirs in order of arrival, each for a bounded
//! time.
//!
//! For what costs while somebody far away sends (open files, memory, room on a disk): who waits costs a connection, and
//! nothing of what they send is read. Computations wait in [`Compute`](crate::compute::Compute).

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;

/// Why there is no turn.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum NoTurn {
    /// Too many wait already.
    #[error("{0} wait already")]
    Full(usize),
    /// The wait was in vain.
    #[error("no turn came within {} s", .0.as_secs())]
    Late(Duration),
}

/// Who may, and who waits.
#[derive(Debug)]
pub(crate) struct Turns {
    at_once: Arc<Semaphore>,
    waiting: Semaphore,
    most_waiting: usize,
    patience: Duration,
}

/// Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// `at_once` have their turn, `waiting` more wait for at most `patience`.
    pub(crate) fn new(at_once: usize, waiting: usize, patience: Duration) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            waiting: Semaphore::new(waiting.min(Semaphore::MAX_PERMITS)),
            most_waiting: waiting,
            patience,
        }
    }

    /// The next turn. Whoever goes away while they wait gives their place to the next.
    pub(crate) async fn take(&self, clock: &dyn Clock) -> Result<Turn, NoTurn> {
        if let Ok(permit) = Arc::clone(&self.at_once).try_acquire_owned() {
            return Ok(Turn { _permit: Some(permit) });
        }
        let _place = self.waiting.try_acquire().map_err(|_| NoTurn::Full(self.most_waiting))?;
        tokio::select! {
            // It is never closed; if it were, nothing would be limited.
            permit = Arc::clone(&self.at_once).acquire_owned() => Ok(Turn { _permit: permit.ok() }),
            () = clock.sleep(self.patience) => Err(NoTurn::Late(self.patience)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_turn_waits_for_one_and_not_for_ever() {
        let patience = Duration::from_secs(5);
        let turns = Arc::new(Turns::new(1, 2, patience));
        let first = turns.take(&SystemClock).await.expect("the first turn");
        let waiting = |turns: &Arc<Turns>| {
            let turns = Arc::clone(turns);
            tokio::spawn(async move { turns.take(&SystemClock).await })
        };
        let (second, third) = (waiting(&turns), waiting(&turns));
        while turns.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.take(&SystemClock).await.err(), Some(NoTurn::Full(2)));
        drop(first);
        let second = second.await.expect("joins").expect("the second turn");
        // The clock of this test runs on when nobody has anything to do.
        assert_eq!(third.await.expect("joins").err(), Some(NoTurn::Late(patience)));
        drop(second);
        turns.take(&SystemClock).await.expect("nobody is left in it");
    }

    #[tokio::test]
    async fn who_goes_away_gives_the_place_to_the_next() {
        let turns = Arc::new(Turns::new(1, 1, Duration::from_secs(60)));
        let first = turns.take(&SystemClock).await.expect("the first turn");
        let waiting = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take(&SystemClock).await.map(drop) }
        });
        while turns.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(turns.waiting.available_permits(), 1);
        drop(first);
        turns.take(&SystemClock).await.expect("a turn");
    }
}
