//! Who may come in: a bearer key where one is asked for, so many files a minute, so many at once.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_wire::problem::ProblemType;
use http::header::HeaderMap;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::Validation;
use super::trust::Trust;
use crate::bearer::{Callers, digests};
use crate::compute::Compute;
use crate::problem::Problem;

pub(super) struct Door {
    max_bytes: usize,
    callers: Callers,
    places: Arc<Semaphore>,
    compute: Compute,
    trust: Trust,
}

impl Door {
    pub(super) fn new(config: &Validation) -> Self {
        let keys = digests(&config.keys).unwrap_or_default();
        Self {
            max_bytes: config.max_bytes as usize,
            callers: Callers::new(config.open, keys, config.per_minute),
            places: Arc::new(Semaphore::new(config.at_once as usize)),
            // Half of the processors at most: a hostile file must not keep people's signatures waiting.
            compute: Compute::for_half_of_this_machine(config.at_once as usize),
            trust: Trust::new(config),
        }
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Where files are validated, apart from computations with keys.
    pub(super) fn compute(&self) -> &Compute {
        &self.compute
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Lets a request in until what is returned is dropped.
    pub(super) fn enter(
        &self,
        now: Timestamp,
        address: IpAddr,
        headers: &HeaderMap,
    ) -> Result<OwnedSemaphorePermit, Problem> {
        let caller = self.callers.identify(address, headers, "this service validates no files for others")?;
        self.callers.count(caller, now, "files")?;
        let busy = "too many files are being validated; try again shortly";
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| Problem::of(ProblemType::Unavailable, busy))
    }
}
