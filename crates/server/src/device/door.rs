//! What the device API keeps in memory, one per application.

use std::future::Future;

use countersign_split_key::Parameters;
use tokio_util::task::TaskTracker;

use super::outer_keys::OuterKeys;
use super::seen::Seen;
use crate::App;

/// What the device API keeps in memory.
#[derive(Debug)]
pub(crate) struct Door {
    parameters: Parameters,
    outer_keys: OuterKeys,
    seen: Seen,
    open_work: TaskTracker,
}

impl Door {
    /// Makes keys of these sizes, with so many outer keys kept ready.
    pub(crate) fn new(parameters: Parameters, outer_keys: usize) -> Self {
        Self {
            outer_keys: OuterKeys::new(parameters, outer_keys),
            parameters,
            seen: Seen::new(),
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

    /// The proofs that were accepted lately.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
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
