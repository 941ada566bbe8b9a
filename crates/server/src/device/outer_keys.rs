//! Outer keys that wait for a phone: making one takes up to a second, and a person waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_split_key::{Error, OuterKey, Parameters, PhoneModulus};
use tokio::sync::Notify;

use crate::App;

/// Between two looks at whether there is a processor to spare.
const PAUSE: Duration = Duration::from_millis(200);

/// The pool. Each key is given out once.
pub(super) struct OuterKeys {
    ready: Mutex<Vec<OuterKey>>,
    size: usize,
    taken: Notify,
}

impl OuterKeys {
    pub(super) fn new(parameters: Parameters, size: usize) -> Self {
        // Without an outer modulus there is nothing to make.
        let size = if parameters.is_composite() { size } else { 0 };
        Self { ready: Mutex::new(Vec::new()), size, taken: Notify::new() }
    }

    /// One that fits this phone modulus: from the pool, or made on the spot. Call where it may take a second.
    pub(super) fn take(&self, modulus: &PhoneModulus) -> Result<OuterKey, Error> {
        let mut tried = Vec::new();
        loop {
            // Not under the lock: the comparison takes a while.
            let Some(key) = self.ready().pop() else { break };
            if key.fits(modulus)? {
                self.ready().append(&mut tried);
                self.taken.notify_one();
                return Ok(key);
            }
            tried.push(key);
        }
        self.ready().append(&mut tried);
        OuterKey::generate_for(modulus)
    }

    fn is_full(&self) -> bool {
        self.ready().len() >= self.size
    }

    /// A panic elsewhere leaves the list whole: every change of it is one call.
    fn ready(&self) -> MutexGuard<'_, Vec<OuterKey>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how many there are.
impl std::fmt::Debug for OuterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OuterKeys({} of {})", self.ready().len(), self.size)
    }
}

/// Keeps the pool full, one key at a time and only while no signature needs the processors. Runs until the
/// application stops.
pub(crate) async fn keep_ready(app: App) {
    while !app.is_stopping() {
        if app.door().outer_keys().is_full() {
            tokio::select! {
                () = app.stopping() => {}
                () = app.door().outer_keys().taken.notified() => {}
            }
        } else if app.compute().load() > 0 {
            tokio::select! {
                () = app.stopping() => {}
                () = app.clock().sleep(PAUSE) => {}
            }
        } else {
            let parameters = *app.door().parameters();
            match app.compute().run(move || OuterKey::generate(&parameters)).await {
                Ok(Ok(key)) => app.door().outer_keys().ready().push(key),
                Ok(Err(error)) => {
                    tracing::error!(error = %error, "no outer key could be made; they are made on demand now");
                    return;
                }
                // Something else was faster; look again.
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_split_key::DeviceKey;

    #[test]
    fn a_key_is_given_out_once_and_made_when_there_is_none() {
        let parameters = Parameters::for_tests(512);
        let mut rng = crate::Randomness::system();
        let n1 = DeviceKey::generate(&parameters, &mut rng).expect("a key").n1;
        let n1 = PhoneModulus::check(&parameters, n1.as_be_bytes()).expect("a good modulus");
        let pool = OuterKeys::new(parameters, 2);
        while !pool.is_full() {
            let key = OuterKey::generate_for(&n1).expect("an outer key");
            pool.ready().push(key);
        }
        for left in [1, 0, 0] {
            assert!(pool.take(&n1).expect("an outer key").fits(&n1).expect("comparable"));
            assert_eq!(pool.ready().len(), left);
        }
    }

    #[test]
    fn a_key_that_does_not_fit_waits_for_another_phone() {
        let parameters = Parameters::for_tests(512);
        let mut rng = crate::Randomness::system();
        let (n1, misfit) = loop {
            let n1 = DeviceKey::generate(&parameters, &mut rng).expect("a key").n1;
            let n1 = PhoneModulus::check(&parameters, n1.as_be_bytes()).expect("a good modulus");
            let outer = OuterKey::generate(&parameters).expect("an outer key");
            if !outer.fits(&n1).expect("comparable") {
                break (n1, outer);
            }
        };
        let pool = OuterKeys::new(parameters, 1);
        pool.ready().push(misfit);
        assert!(pool.take(&n1).expect("an outer key").fits(&n1).expect("comparable"));
        assert_eq!(pool.ready().len(), 1);
    }

    #[tokio::test]
    async fn the_pool_is_filled_and_filled_again_until_the_end() {
        let parameters = Parameters::for_tests(512);
        let mut config = crate::Config::dev();
        config.device_api.outer_keys = 2;
        let app = App::builder(config).key_parameters(parameters).build().expect("an application");
        let job = tokio::spawn(keep_ready(app.clone()));
        let full = async || {
            while !app.door().outer_keys().is_full() {
                tokio::task::yield_now().await;
            }
        };
        full().await;
        let mut rng = crate::Randomness::system();
        let n1 = DeviceKey::generate(&parameters, &mut rng).expect("a key").n1;
        let n1 = PhoneModulus::check(&parameters, n1.as_be_bytes()).expect("a good modulus");
        app.door().outer_keys().take(&n1).expect("an outer key");
        full().await;
        assert_eq!(app.door().outer_keys().ready().len(), 2);
        app.stop();
        job.await.expect("it ends");
    }
}
