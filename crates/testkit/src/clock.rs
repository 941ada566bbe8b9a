//! A clock that stands still until a test moves it.

use std::sync::Mutex;
use std::time::Duration;

use countersign_server::clock::{Clock, Wait};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A clock that stands still. Waits end only when it is moved far enough, so a test decides what happens when.
#[derive(Debug)]
pub struct FakeClock {
    now: Mutex<Timestamp>,
    /// How far the time was moved without any passing.
    jumped: Mutex<SignedDuration>,
    moved: watch::Sender<()>,
}

impl FakeClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now), jumped: Mutex::new(SignedDuration::ZERO), moved: watch::Sender::new(()) }
    }

    /// Moves the clock and wakes everything that waits for a time.
    pub fn advance(&self, duration: SignedDuration) {
        {
            let mut now = self.now.lock().unwrap();
            *now = now.checked_add(duration).unwrap();
        }
        self.moved.send_replace(());
    }

    /// Sets the clock ahead, or back, while no time passes: as a faulty time source does.
    pub fn jump(&self, by: SignedDuration) {
        *self.jumped.lock().unwrap() += by;
        self.advance(by);
    }

    /// How many waits there are now.
    pub fn waiting(&self) -> usize {
        self.moved.receiver_count()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn steady(&self) -> SignedDuration {
        self.now().duration_since(Timestamp::UNIX_EPOCH) - *self.jumped.lock().unwrap()
    }

    fn reached(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            let mut moved = self.moved.subscribe();
            while self.now() < at {
                // The sender is `self`, so this cannot fail.
                moved.changed().await.unwrap();
            }
        })
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        let until = self.now().checked_add(SignedDuration::try_from(duration).unwrap()).unwrap();
        self.reached(until)
    }
}
