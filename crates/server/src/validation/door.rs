//! Who may come in: a bearer key where one is asked for, so many files a minute, so many at once.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_pki::Digest;
use countersign_wire::problem::ProblemType;
use http::header::HeaderMap;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::Validation;
use super::trust::Trust;
use crate::bearer::{Bearer, bearer};
use crate::buckets::{Buckets, Network};
use crate::compute::Compute;
use crate::problem::Problem;

pub(super) struct Door {
    config: Validation,
    keys: Vec<[u8; 32]>,
    places: Arc<Semaphore>,
    compute: Compute,
    trust: Trust,
    files: Buckets<Client>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Key([u8; 32]),
    Address(Network),
}

impl Door {
    pub(super) fn new(config: &Validation) -> Self {
        Self {
            keys: config.digests().unwrap_or_default(),
            places: Arc::new(Semaphore::new(config.at_once as usize)),
            // Half of the processors at most: a hostile file must not keep people's signatures waiting.
            compute: Compute::new(
                std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2)),
                config.at_once as usize,
            ),
            trust: Trust::new(config),
            files: Buckets::new(config.per_minute),
            config: config.clone(),
        }
    }

    pub(super) fn max_bytes(&self) -> usize {
        self.config.max_bytes as usize
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
        let client = self.identify(address, headers)?;
        self.count(now, client)?;
        let busy = "too many files are being validated; try again shortly";
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| Problem::of(ProblemType::Unavailable, busy))
    }

    fn identify(&self, address: IpAddr, headers: &HeaderMap) -> Result<Client, Problem> {
        match bearer(headers) {
            Bearer::Key(key) => {
                let digest = Digest::Sha256.of(key.as_bytes());
                let known = self.keys.iter().find(|known| known.as_slice() == digest);
                known
                    .copied()
                    .map(Client::Key)
                    .ok_or_else(|| unauthorized("the bearer key is not known here"))
            }
            Bearer::Malformed => Err(unauthorized("expected one header Authorization: Bearer KEY")),
            Bearer::Absent if self.config.open => Ok(Client::Address(Network::of(address))),
            Bearer::Absent if self.keys.is_empty() => {
                Err(Problem::of(ProblemType::NotFound, "this service validates no files for others"))
            }
            Bearer::Absent => Err(unauthorized("expected Authorization: Bearer KEY")),
        }
    }

    fn count(&self, now: Timestamp, client: Client) -> Result<(), Problem> {
        self.files.take(client, now).map_err(|wait| {
            let detail = format!("at most {} files a minute; come back in {wait} s", self.config.per_minute);
            Problem::of(ProblemType::TooManyRequests, detail).retry_after(wait)
        })
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::of(ProblemType::Unauthorized, detail)
}
