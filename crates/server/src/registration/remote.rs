//! Calls to the service of `[registration.remote]`: bounded in time, in size, in how many are open, and not made while a
//! circuit breaker is open. What they are for is in [`lookup`](super::lookup) and [`step_up`](super::step_up).

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Semaphore;
use url::Url;

use super::breaker::Breaker;
use super::config::RemoteService;
use crate::App;
use crate::config::Secret;

/// The service, for one purpose.
pub(super) struct Remote {
    client: reqwest::Client,
    url: Url,
    key: Option<Secret>,
    patience: Duration,
    /// Requests that may be open. Who finds no place is told at once that it failed: a queue would only wait for what hangs.
    places: Semaphore,
}

/// One kind of question. Each has its own breaker: behind one address there may be several services.
#[derive(Debug)]
pub(super) struct Line {
    /// As metrics and log call it.
    name: &'static str,
    breaker: Mutex<Breaker>,
}

/// What is asked, and how the answer is read.
pub(super) struct Call<'a, B, T> {
    /// What comes behind the URL of the service.
    pub(super) path: &'static str,
    pub(super) body: &'a B,
    /// The longest answer that is read, in octets.
    pub(super) most: usize,
    /// Nothing where it cannot be read.
    pub(super) read: &'a (dyn Fn(&[u8]) -> Option<T> + Sync),
    /// An answer as the metric calls it.
    pub(super) outcome: fn(&T) -> &'static str,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoAnswer {
    /// The breaker is open.
    Open,
    /// Too many requests are open.
    Busy,
    /// It did not answer in time.
    Timeout,
    /// It could not be reached, refused, or answered what cannot be read.
    Failed,
}

impl NoAnswer {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
        }
    }
}

impl Line {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, breaker: Mutex::new(Breaker::new()) }
    }

    fn change(&self, change: impl FnOnce(Breaker) -> Breaker) -> Breaker {
        let mut breaker = self.breaker.lock().unwrap_or_else(PoisonError::into_inner);
        *breaker = change(*breaker);
        *breaker
    }
}

impl Remote {
    /// A service as configured.
    pub(super) fn new(config: &RemoteService) -> Result<Self, reqwest::Error> {
        // The process may have chosen a provider already; any is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let patience = Duration::from_secs(u64::from(config.seconds));
        let client = reqwest::Client::builder()
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            client,
            url: config.url.clone(),
            key: config.key.clone(),
            patience,
            places: Semaphore::new(usize::from(config.calls)),
        })
    }

    /// Makes one call, once. That there is no answer is in the log.
    pub(super) async fn call<B: Serialize + Sync, T>(
        &self,
        app: &App,
        line: &Line,
        call: Call<'_, B, T>,
    ) -> Result<T, NoAnswer> {
        let answer = match self.answer(app, line, &call).await {
            Ok(body) => (call.read)(&body).ok_or(NoAnswer::Failed),
            Err(none) => Err(none),
        };
        let outcome = match &answer {
            Ok(answer) => (call.outcome)(answer),
            Err(none) => none.as_str(),
        };
        let breaker = line.change(|breaker| match &answer {
            Ok(_) => breaker.succeeded(),
            Err(NoAnswer::Timeout | NoAnswer::Failed) => breaker.failed(app.now()),
            Err(NoAnswer::Open | NoAnswer::Busy) => breaker,
        });
        app.metrics().lookup(line.name, outcome, breaker.level());
        if answer.is_err() {
            tracing::warn!(lookup = line.name, outcome, "a call to the remote service failed");
        }
        answer
    }

    async fn answer<B: Serialize, T>(
        &self,
        app: &App,
        line: &Line,
        call: &Call<'_, B, T>,
    ) -> Result<Vec<u8>, NoAnswer> {
        let Ok(_place) = self.places.try_acquire() else { return Err(NoAnswer::Busy) };
        let mut passes = false;
        line.change(|breaker| {
            let (after, admitted) = breaker.admit(app.now());
            passes = admitted;
            after
        });
        if !passes {
            return Err(NoAnswer::Open);
        }
        // The client has the same patience, of its own clock; this one bounds a body that drips, too.
        match tokio::time::timeout(self.patience, self.fetch(call)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(Some(error))) if error.is_timeout() => Err(NoAnswer::Timeout),
            Ok(Err(_)) => Err(NoAnswer::Failed),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    /// The body of a 200. Error: none where it is the service that fails the form.
    async fn fetch<B: Serialize, T>(&self, call: &Call<'_, B, T>) -> Result<Vec<u8>, Option<reqwest::Error>> {
        let url = format!("{}/{}", self.url.as_str().trim_end_matches('/'), call.path);
        let mut request = self.client.post(url).json(call.body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.reveal());
        }
        let mut answer = request.send().await.map_err(Some)?;
        // Anything else is no answer, a 404 of somebody in between not either.
        if answer.status() != reqwest::StatusCode::OK {
            return Err(None);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Some)? {
            if body.len() + chunk.len() > call.most {
                return Err(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}
