//! Where the time comes from.
//!
//! Only [`App`](crate::App) holds a [`Clock`]; it is read once per command, so one request has one time, and
//! everything below takes that time as an argument. Expiry is a comparison made when something is read: the
//! futures here only say when it is worth reading again, and nothing is wrong when they are late.

mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch as channel;

pub use self::watch::{ClockWatch, Doubt};

/// A wait that a clock hands out.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A source of time. [`SystemClock`] in production, [`MovableClock`] in development; tests bring a third that
/// stands still.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Time that passes evenly from some moment on, whatever is done to the system's clock: what [`now`](Self::now) is held
    /// against. A clock that has nothing of the kind gives its own time, and is then never caught jumping.
    fn steady(&self) -> SignedDuration {
        self.now().duration_since(Timestamp::UNIX_EPOCH)
    }

    /// Completes when [`Clock::now`] has reached `at`; at once when that is past. A clock that is moved forward
    /// over `at` completes it too.
    fn reached(&self, at: Timestamp) -> Wait<'_>;

    /// Completes after `duration` of real waiting, however the clock is moved meanwhile (a long poll that asked
    /// for 30 s waits 30 s of its caller's life).
    fn sleep(&self, duration: Duration) -> Wait<'_>;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        system_time()
    }

    fn steady(&self) -> SignedDuration {
        steady_time()
    }

    fn reached(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            while let Some(left) = until(at, self.now()) {
                tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
            }
        })
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The operating system's clock, moved by an offset that can be changed while the server runs. The control
/// interface of `countersign dev` does that, so that expiry and renewal can be tried in minutes.
#[derive(Debug)]
pub struct MovableClock {
    offset_nanoseconds: AtomicI64,
    moved: channel::Sender<()>,
}

impl MovableClock {
    /// A clock that shows the system's time until it is moved.
    pub fn new() -> Self {
        Self { offset_nanoseconds: AtomicI64::new(0), moved: channel::Sender::new(()) }
    }

    /// How far this clock is ahead of the system's (negative: behind).
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_nanos(self.offset_nanoseconds.load(Ordering::SeqCst))
    }

    /// Sets the offset and wakes everything that waits for a time. Offsets beyond ± 292 years are cut there.
    pub fn set_offset(&self, offset: SignedDuration) {
        let nanoseconds = i64::try_from(offset.as_nanos()).unwrap_or(if offset.is_negative() {
            i64::MIN
        } else {
            i64::MAX
        });
        self.offset_nanoseconds.store(nanoseconds, Ordering::SeqCst);
        self.moved.send_replace(());
    }

    /// Moves the clock by `duration` (negative: back).
    pub fn advance(&self, duration: SignedDuration) {
        self.set_offset(self.offset().saturating_add(duration));
    }
}

impl Default for MovableClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let now = system_time();
        now.saturating_add(self.offset()).unwrap_or(now)
    }

    fn steady(&self) -> SignedDuration {
        // Moved on purpose, this clock has not jumped.
        steady_time().saturating_add(self.offset())
    }

    fn reached(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            let mut moved = self.moved.subscribe();
            while let Some(left) = until(at, self.now()) {
                tokio::select! {
                    () = tokio::time::sleep(left.min(LONGEST_SLEEP)) => {}
                    // An error would mean that the sender is gone, but `self` holds it.
                    _ = moved.changed() => {}
                }
            }
        })
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Timers run on a clock that does not see the wall clock being set, so a long wait looks again every minute.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// The only reading of the wall clock in this crate.
#[expect(clippy::disallowed_methods, reason = "the clock itself")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

/// Time since the machine was started, its sleep included: a laptop that slept has a clock that is right.
#[cfg(target_os = "linux")]
fn steady_time() -> SignedDuration {
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let nanoseconds = i32::try_from(since.tv_nsec).unwrap_or_default();
    SignedDuration::new(since.tv_sec, nanoseconds)
}

/// Time since this was first asked. Where the system does not count its sleep, the clock has jumped after one.
#[cfg(not(target_os = "linux"))]
fn steady_time() -> SignedDuration {
    static BEGIN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    SignedDuration::try_from(BEGIN.elapsed()).unwrap_or(SignedDuration::MAX)
}

/// What is left until `at`, or nothing when it is reached.
fn until(at: Timestamp, now: Timestamp) -> Option<Duration> {
    let left = at.duration_since(now);
    (left > SignedDuration::ZERO).then(|| left.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_moved_clock_wakes_those_who_wait_for_a_time() {
        let clock = std::sync::Arc::new(MovableClock::new());
        let at = clock.now().saturating_add(SignedDuration::from_hours(48)).expect("within range");
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.reached(at).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(SignedDuration::from_hours(49));
        waiting.await.expect("the wait ends");
        assert!(clock.now() >= at);
    }

    #[tokio::test]
    async fn a_past_time_is_reached_at_once() {
        SystemClock.reached(Timestamp::UNIX_EPOCH).await;
        MovableClock::new().reached(Timestamp::UNIX_EPOCH).await;
    }

    #[test]
    fn an_offset_beyond_range_is_cut() {
        let clock = MovableClock::new();
        clock.set_offset(SignedDuration::MAX);
        assert_eq!(clock.offset(), SignedDuration::from_nanos(i64::MAX));
        clock.set_offset(SignedDuration::MIN);
        assert_eq!(clock.offset(), SignedDuration::from_nanos(i64::MIN));
    }
}
