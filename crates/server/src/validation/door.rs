//! Who may come in: a bearer key where one is asked for, so many files a minute, so many at once.

use std::net::IpAddr;
use std::time::Duration;

use countersign_wire::problem::ProblemType;
use http::header::HeaderMap;

use super::config::Validation;
use super::trust::Trust;
use crate::bearer::{Callers, digests};
use crate::clock::Clock;
use crate::compute::Compute;
use crate::problem::Problem;
use crate::turns::{Turn, Turns};

/// Files that may wait until others are done, and for how long; nothing of them is read meanwhile.
const WAITING: usize = 256;
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Door {
    max_bytes: usize,
    callers: Callers,
    turns: Turns,
    compute: Compute,
    trust: Trust,
}

impl Door {
    pub(super) fn new(config: &Validation) -> Self {
        let keys = digests(&config.keys).unwrap_or_default();
        Self {
            max_bytes: config.max_bytes as usize,
            callers: Callers::new(config.open, keys, config.per_minute),
            turns: Turns::new(config.at_once as usize, WAITING, PATIENCE),
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

    /// Lets a request in, when its turn has come, until what is returned is dropped.
    pub(super) async fn enter(
        &self,
        clock: &dyn Clock,
        address: IpAddr,
        headers: &HeaderMap,
    ) -> Result<Turn, Problem> {
        let caller = self.callers.identify(address, headers, "this service validates no files for others")?;
        self.callers.count(caller, clock.now(), "files")?;
        let busy =
            |why| Problem::of(ProblemType::Unavailable, format!("too many files are being validated: {why}"));
        self.turns.take(clock).await.map_err(busy)
    }
}
