//! Heavy arithmetic, kept off the threads that answer requests.
//!
//! A signature with a 6144-bit key takes milliseconds to tens of them. As many run at once as there are
//! processors; a bounded number wait in order of arrival; past that the caller hears [`Busy`] at once, which is
//! better than a queue that outlives the sessions in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;
use tokio::sync::Semaphore;

/// The queue is full: try again later.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{limit} computations wait already")]
pub struct Busy {
    /// How many may wait.
    pub limit: usize,
}

/// The pool. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Compute {
    running: Arc<Semaphore>,
    admitted: Arc<AtomicUsize>,
    limit: usize,
    width: usize,
}

impl Compute {
    /// A pool that runs `width` computations at once (at least one) and lets `limit` more wait.
    pub fn new(width: usize, limit: usize) -> Self {
        let width = width.max(1);
        Self { running: Arc::new(Semaphore::new(width)), admitted: Arc::default(), limit, width }
    }

    /// A pool as wide as this machine has processors.
    pub fn for_this_machine(limit: usize) -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from), limit)
    }

    /// A pool half as wide: for work that must not keep people's signatures waiting.
    pub(crate) fn for_half_of_this_machine(limit: usize) -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2)), limit)
    }

    /// Computations that run or wait now.
    pub fn load(&self) -> usize {
        self.admitted.load(Ordering::Relaxed)
    }

    /// Runs `work` on a thread of its own and gives its result. Once begun it is finished even if the caller
    /// goes away; while it waits, a caller who goes away takes it out of the queue. A panic inside goes on in
    /// the caller.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let place = self.admit()?;
        self.run_admitted(place, work).await
    }

    /// [`Compute::run`] in a place that was taken before. It still fails when the program ends.
    pub async fn run_admitted<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        // The semaphore is never closed, and one that were would only mean that nothing is limited.
        let permit = self.running.clone().acquire_owned().await.ok();
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((permit, place));
            result
        });
        match task.await {
            Ok(result) => Ok(result),
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Blocking tasks are cancelled only when the runtime itself ends.
                Err(_) => Err(Busy { limit: self.limit }),
            },
        }
    }

    /// Takes a place in the queue, for work that something has to be written down for first.
    pub fn admit(&self) -> Result<Place, Busy> {
        let limit = self.limit + self.width;
        self.admitted
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < limit).then_some(now + 1))
            .map(|_| Place(self.admitted.clone()))
            .map_err(|_| Busy { limit: self.limit })
    }
}

/// A place in the queue, given back on drop.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let compute = Compute::new(1, 1);
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(move || held.recv().is_ok()).await }
        });
        let second = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(|| 2).await }
        });
        while compute.load() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(compute.run(|| 3).await, Err(Busy { limit: 1 }));
        release.send(()).expect("the first computation waits");
        assert_eq!(first.await.expect("joins"), Ok(true));
        assert_eq!(second.await.expect("joins"), Ok(2));
        assert_eq!(compute.run(|| 4).await, Ok(4));
        assert_eq!(compute.load(), 0);
    }

    #[tokio::test]
    async fn a_caller_who_leaves_gives_the_place_back() {
        let compute = Compute::new(1, 1);
        let (release, held) = mpsc::channel::<()>();
        let first = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(move || held.recv().is_ok()).await }
        });
        while compute.load() < 1 {
            tokio::task::yield_now().await;
        }
        let waiting = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(|| ()).await }
        });
        while compute.load() < 2 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.is_err());
        assert_eq!(compute.load(), 1);
        release.send(()).expect("the first computation waits");
        assert_eq!(first.await.expect("joins"), Ok(true));
    }
}
