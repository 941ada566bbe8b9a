//! Serial numbers and times that were taken in advance, so that no token waits for the disk and none repeats.
//!
//! A lease is a block of numbers and a stretch of time, both written down before the first of them is used. After a crash
//! the numbers of the block that were not used are lost, and the clock is held against the beginning of the stretch
//! ([`ClockWatch`](crate::clock::ClockWatch)): a number is given once, whatever happens; over a crash, time goes back by less
//! than the stretch and the clock's tolerance.

use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_store::Tx;
use jiff::{SignedDuration, Timestamp};

use crate::App;
use crate::clock::Doubt;
use crate::command::Failure;

/// Numbers in a block.
const NUMBERS: u32 = 1_024;

/// How far ahead times are written down.
const AHEAD: SignedDuration = SignedDuration::from_secs(10);

/// The counter of serial numbers.
const SERIALS: &str = "tsa/serial";
/// The latest time that may have been signed, in milliseconds since 1970.
const MARK: &str = "clock/mark";

/// What is left of the present lease.
#[derive(Default)]
pub(crate) struct Lease {
    left: Mutex<Left>,
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Left {
    next: u64,
    /// What stands behind the numbers that are left, one for each. Asked for with the block: a call of the system for each token would be
    /// a fiftieth of it.
    random: Vec<[u8; 8]>,
    /// Until when it may be used; none at the beginning.
    until: Option<Timestamp>,
    /// The time of the last token.
    last: Option<Timestamp>,
}

/// What one token takes from the lease.
pub(crate) struct Next {
    pub(crate) number: u64,
    pub(crate) random: [u8; 8],
    pub(crate) time: Timestamp,
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoNumber {
    #[error(transparent)]
    Clock(#[from] Doubt),
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl Lease {
    /// Number and time of the next token, and random bits to stand behind the number. They are taken together: a later number
    /// never has an earlier time, however long somebody waits for a lease (EN 319 421 section 7.7.2).
    pub(crate) async fn next(&self, app: &App) -> Result<Next, NoNumber> {
        loop {
            if let Some(next) = self.take(app)? {
                return Ok(next);
            }
            let _only_one = self.renewing.lock().await;
            if let Some(next) = self.take(app)? {
                return Ok(next);
            }
            self.renew(app).await?;
        }
    }

    /// Gives up what is left: the stretch of time was that of another clock.
    pub(crate) fn forget(&self) {
        *self.left() = Left::default();
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, app: &App) -> Result<Option<Next>, Doubt> {
        let mut left = self.left();
        let now = app.believed_now()?;
        // A clock that was put back by less than its tolerance stands still until it has caught up.
        let time = left.last.map_or(now, |last| last.max(now));
        if left.until.is_none_or(|until| until < time) {
            return Ok(None);
        }
        let Some(random) = left.random.pop() else { return Ok(None) };
        let number = left.next;
        left.next += 1;
        left.last = Some(time);
        Ok(Some(Next { number, random, time }))
    }

    async fn renew(&self, app: &App) -> Result<(), NoNumber> {
        let now = app.believed_now()?;
        let from = self.left().last.map_or(now, |last| last.max(now));
        let until = from.saturating_add(AHEAD).unwrap_or(from);
        let first = app
            .store()
            .write("reserve time-stamp serials", move |tx| -> Result<u64, Failure> {
                tx.counters().raise(MARK, milliseconds(until))?;
                Ok(tx.counters().reserve(SERIALS, NUMBERS)?)
            })
            .await?;
        let random = app.randomness().bytes::<{ 8 * NUMBERS as usize }>().as_chunks().0.to_vec();
        let mut left = self.left();
        *left = Left { next: first, random, until: Some(until), last: left.last };
        Ok(())
    }
}

/// What was signed before this start, at the latest: the mark is ahead of it by the length of a lease. Read once, when an
/// application is put together.
pub(crate) fn last_signed(tx: &Tx<'_>) -> Result<Option<Timestamp>, countersign_store::Error> {
    let mark = i64::try_from(tx.counters().last(MARK)?).ok();
    let mark = mark.filter(|ms| *ms > 0).and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Ok(mark.map(|mark| mark.saturating_sub(AHEAD).unwrap_or(mark)))
}

/// Forgets what was signed later than now: somebody said that the clock is right.
pub(crate) fn move_mark(tx: &Tx<'_>, now: Timestamp) -> Result<(), countersign_store::Error> {
    tx.counters().set(MARK, milliseconds(now))
}

fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}
