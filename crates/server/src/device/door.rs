//! What the device API keeps in memory, one per application.

use std::future::Future;

use countersign_split_key::Parameters;
use tokio_util::task::TaskTracker;

use super::limit::Limiter;
use super::outer_keys::OuterKeys;
use super::seen::Seen;
use crate::App;
use crate::config::Limits;

/// Proofs of devices that are remembered for two minutes at least: as many as 8700 a second make.
const CAPACITY: usize = 1 << 20;
/// The same for keys that are no device's yet.
const CAPACITY_OF_STRANGERS: usize = 1 << 14;

/// What the device API keeps in memory.
#[derive(Debug)]
pub(crate) struct Door {
    parameters: Parameters,
    outer_keys: OuterKeys,
    seen: Seen,
    seen_of_strangers: Seen,
    limiter: Limiter,
    open_work: TaskTracker,
}

impl Door {
    /// Makes keys of these sizes, with so many outer keys kept ready, and lets in so many.
    pub(crate) fn new(parameters: Parameters, outer_keys: usize, limits: &Limits) -> Self {
        Self {
            outer_keys: OuterKeys::new(parameters, outer_keys),
            parameters,
            seen: Seen::new(CAPACITY),
            seen_of_strangers: Seen::new(CAPACITY_OF_STRANGERS),
            limiter: Limiter::new(limits),
            open_work: TaskTracker::new(),
        }
    }

    /// The sizes of new keys.
    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The outer keys that wait for a phone.
    pub(super) fn outer_keys(&self) -> &OuterKeys {
        &self.outer_keys
    }

    /// The proofs of devices that were accepted lately.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// The same for keys that are no device's yet. Anybody can fill this one.
    pub(super) fn seen_of_strangers(&self) -> &Seen {
        &self.seen_of_strangers
    }

    /// How often who may knock.
    pub(super) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Carries `work` to its end, also when the phone hangs up: a counted try gets its result, and the answer is
    /// kept for when the phone asks again.
    pub(super) async fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        match self.open_work.spawn(work).await {
            Ok(result) => result,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this future with it: it is not polled again.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

/// Ends when the application has been asked to stop and every computation has its result written down.
pub(crate) async fn finish_open_work(app: App) {
    app.stopping().await;
    app.door().open_work.close();
    app.door().open_work.wait().await;
}
