//! Who may come in: a bearer key where one is asked for, so many files a minute, so many at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_pki::Digest;
use countersign_wire::problem::ProblemType;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::config::Validation;
use super::trust::Trust;
use crate::compute::Compute;
use crate::problem::Problem;

/// Clients that are told apart; more than that share one count.
const MOST_CLIENTS: usize = 10_000;

pub(super) struct Door {
    config: Validation,
    keys: Vec<[u8; 32]>,
    places: Arc<Semaphore>,
    compute: Compute,
    trust: Trust,
    counts: Mutex<Counts>,
}

/// Files in the present minute.
#[derive(Default)]
struct Counts {
    minute: i64,
    by_client: HashMap<Client, u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Key([u8; 32]),
    Address(IpAddr),
    Others,
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
            counts: Mutex::default(),
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
        let presented = headers.get(AUTHORIZATION).map(|value| {
            let text = value.to_str().ok()?;
            let (scheme, key) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Bearer").then_some(key.trim())
        });
        match presented {
            // Digests are compared, so how long it takes says nothing about a key.
            Some(Some(key)) => {
                let digest = Digest::Sha256.of(key.as_bytes());
                let known = self.keys.iter().find(|known| known.as_slice() == digest);
                known
                    .copied()
                    .map(Client::Key)
                    .ok_or_else(|| unauthorized("the bearer key is not known here"))
            }
            Some(None) => Err(unauthorized("expected Authorization: Bearer KEY")),
            None if self.config.open => Ok(Client::Address(address)),
            None if self.keys.is_empty() => {
                Err(Problem::of(ProblemType::NotFound, "this service validates no files for others"))
            }
            None => Err(unauthorized("expected Authorization: Bearer KEY")),
        }
    }

    fn count(&self, now: Timestamp, client: Client) -> Result<(), Problem> {
        if self.config.per_minute == 0 {
            return Ok(());
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.as_second().div_euclid(60);
        if counts.minute != minute {
            counts.minute = minute;
            counts.by_client.clear();
        }
        let full = counts.by_client.len() >= MOST_CLIENTS && !counts.by_client.contains_key(&client);
        let count = counts.by_client.entry(if full { Client::Others } else { client }).or_default();
        if *count >= self.config.per_minute {
            let detail = format!("at most {} files a minute; come back in the next", self.config.per_minute);
            return Err(Problem::of(ProblemType::TooManyRequests, detail));
        }
        *count += 1;
        Ok(())
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::of(ProblemType::Unauthorized, detail)
}
