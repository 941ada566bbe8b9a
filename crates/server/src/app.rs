//! What every request needs, behind one cheap handle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, SystemClock};
use crate::compute::Compute;
use crate::config::Config;
use crate::operations::metrics::Metrics;
use crate::randomness::Randomness;
use crate::watch::Watches;
use crate::web::StartPage;

/// The application: state, clock, randomness, keys and configuration. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    watches: Watches,
    compute: Compute,
    metrics: Metrics,
    switches: Switches,
    start_page: StartPage,
    stopping: CancellationToken,
}

/// What can be turned on and off while the server runs.
#[derive(Debug)]
pub struct Switches {
    maintenance: AtomicBool,
}

impl Switches {
    /// Whether every call of the relying party API is answered with 580.
    pub fn maintenance(&self) -> bool {
        self.maintenance.load(Ordering::Relaxed)
    }

    /// Turns maintenance on or off.
    pub fn set_maintenance(&self, on: bool) {
        self.maintenance.store(on, Ordering::Relaxed);
    }
}

/// Puts an [`App`] together.
pub struct Builder {
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    start_page: StartPage,
}

impl App {
    /// Starts with a configuration; everything else has a default that is right in production.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            clock: Arc::new(SystemClock),
            randomness: Randomness::system(),
            start_page: StartPage::default(),
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The clock. Read it once per command.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The source of randomness, as a generator.
    pub fn randomness(&self) -> Randomness {
        self.0.randomness.clone()
    }

    /// Who waits for what.
    pub fn watches(&self) -> &Watches {
        &self.0.watches
    }

    /// Where heavy arithmetic runs.
    pub fn compute(&self) -> &Compute {
        &self.0.compute
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What can be turned on and off while the server runs.
    pub fn switches(&self) -> &Switches {
        &self.0.switches
    }

    /// What the start page shows beyond the URLs.
    pub fn start_page(&self) -> &StartPage {
        &self.0.start_page
    }

    /// Completes when the server is asked to stop. Whoever waits for something ends then with what it has.
    pub async fn stopping(&self) {
        self.0.stopping.cancelled().await;
    }

    /// Whether the server has been asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.is_cancelled()
    }

    pub(crate) fn stop(&self) {
        self.0.stopping.cancel();
    }
}

impl Builder {
    /// Another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Other randomness than the system's.
    pub fn randomness(mut self, randomness: Randomness) -> Self {
        self.randomness = randomness;
        self
    }

    /// What the start page shows beyond the URLs.
    pub fn start_page(mut self, page: StartPage) -> Self {
        self.start_page = page;
        self
    }

    /// The finished application.
    pub fn build(self) -> App {
        let Self { config, clock, randomness, start_page } = self;
        App(Arc::new(Inner {
            clock,
            randomness,
            watches: Watches::new(),
            compute: Compute::for_this_machine(config.limits.queued_computations as usize),
            metrics: Metrics::new(),
            switches: Switches { maintenance: AtomicBool::new(config.rp_api.maintenance) },
            start_page,
            stopping: CancellationToken::new(),
            config,
        }))
    }

    #[cfg(test)]
    pub(crate) fn build_for_tests(self) -> App {
        self.build()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
