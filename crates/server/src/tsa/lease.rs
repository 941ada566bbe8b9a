//! Serial numbers and times that were taken in advance, so that no token waits for the disk and none repeats.
//!
//! A lease is a block of numbers and a stretch of time, both written down before the first of them is used. After a crash
//! the numbers of the block that were not used are lost, and the clock is held against the beginning of the stretch
//! ([`ClockWatch`](crate::clock::ClockWatch)): a number is given once, whatever happens; over a crash, time goes back by less
//! than the stretch and the clock's tolerance.

use std::sync::{Mutex, PoisonError};

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
    left: Mutex<Option<Left>>,
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Left {
    next: u64,
    end: u64,
    until: Timestamp,
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
    /// The next number, for a token with the time `now`.
    pub(crate) async fn number(&self, app: &App, now: Timestamp) -> Result<u64, NoNumber> {
        loop {
            if let Some(number) = self.take(now) {
                return Ok(number);
            }
            let _only_one = self.renewing.lock().await;
            if let Some(number) = self.take(now) {
                return Ok(number);
            }
            self.renew(app, now).await?;
        }
    }

    /// Gives up what is left: the stretch of time was that of another clock.
    pub(crate) fn forget(&self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn take(&self, now: Timestamp) -> Option<u64> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = left.as_mut().filter(|left| left.next < left.end && now <= left.until)?;
        left.next += 1;
        Some(left.next - 1)
    }

    async fn renew(&self, app: &App, now: Timestamp) -> Result<(), NoNumber> {
        let known = self.left.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !known {
            look_at_mark(app).await?;
            app.believed_now()?;
        }
        let until = now.saturating_add(AHEAD).unwrap_or(now);
        let first = app
            .store()
            .write("reserve time-stamp serials", move |tx| -> Result<u64, Failure> {
                tx.counters().raise(MARK, milliseconds(until))?;
                Ok(tx.counters().reserve(SERIALS, NUMBERS)?)
            })
            .await?;
        let left = Left { next: first, end: first + u64::from(NUMBERS), until };
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
        Ok(())
    }
}

/// Tells the watch what was signed before this start. A mark is ahead of the last signature by the length of a lease.
pub(crate) async fn look_at_mark(app: &App) -> Result<(), Failure> {
    let mark = app.read("the clock's mark", |tx| Ok(tx.counters().last(MARK)?)).await?;
    let mark = i64::try_from(mark).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    if let Some(signed) = mark.filter(|mark| *mark > Timestamp::UNIX_EPOCH) {
        app.clock_watch().remember(signed.saturating_sub(AHEAD).unwrap_or(signed));
    }
    Ok(())
}

/// Forgets what was signed later than now: somebody said that the clock is right.
pub(crate) fn move_mark(
    tx: &countersign_store::Tx<'_>,
    now: Timestamp,
) -> Result<(), countersign_store::Error> {
    tx.counters().set(MARK, milliseconds(now))
}

fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}
