//! A remote service over HTTP (`[registration.remote]`): bounded in time, in size, in how many requests are open, and left
//! alone by a circuit breaker while it fails. The wire form is `countersign_wire::registration::lookup`.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::registration::{Counting, Lookup, Means, MeansKind, OfNumber, Validity};
use countersign_wire::registration::MeansSerial;
use countersign_wire::registration::lookup::{ANSWER_MAX, LookupRequest, RemoteEvidence, evidence, means};
use tokio::sync::Semaphore;
use url::Url;

use super::{Answering, Answers, Asked, Connector, FoundEvidence, LookupKind};
use crate::App;
use crate::config::Secret;
use crate::registration::breaker::Breaker;
use crate::registration::config::RemoteLookups;

/// The service.
pub(super) struct Remote {
    client: reqwest::Client,
    url: Url,
    key: Option<Secret>,
    patience: Duration,
    /// Requests that may be open. Who finds no place is told at once that it failed: a queue would only wait for what hangs.
    places: Semaphore,
    /// One for each kind: behind one address there may be several services.
    breakers: [Mutex<Breaker>; LookupKind::ALL.len()],
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
enum NoAnswer {
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

impl Remote {
    /// A service as configured.
    pub(super) fn new(config: &RemoteLookups) -> Result<Self, reqwest::Error> {
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
            breakers: std::array::from_fn(|_| Mutex::new(Breaker::new())),
        })
    }

    /// One lookup: what `read` makes of the answer.
    async fn look<T>(
        &self,
        app: &App,
        asked: &Asked,
        kind: LookupKind,
        read: impl FnOnce(&[u8]) -> Option<Option<T>>,
    ) -> Lookup<T> {
        let found = match self.answer(app, asked, kind).await {
            Ok(body) => read(&body).ok_or(NoAnswer::Failed),
            Err(none) => Err(none),
        };
        let outcome = match &found {
            Ok(Some(_)) => "found",
            Ok(None) => "absent",
            Err(none) => none.as_str(),
        };
        let breaker = self.change(kind, |breaker| match &found {
            Ok(_) => breaker.succeeded(),
            Err(NoAnswer::Timeout | NoAnswer::Failed) => breaker.failed(app.now()),
            Err(NoAnswer::Open | NoAnswer::Busy) => breaker,
        });
        app.metrics().lookup(kind.as_str(), outcome, breaker.level());
        match found {
            Ok(found) => Lookup::from(found),
            Err(none) => {
                tracing::warn!(lookup = kind.as_str(), outcome = none.as_str(), "a remote lookup failed");
                Lookup::Failed
            }
        }
    }

    async fn answer(&self, app: &App, asked: &Asked, kind: LookupKind) -> Result<Vec<u8>, NoAnswer> {
        let Ok(_place) = self.places.try_acquire() else { return Err(NoAnswer::Busy) };
        let mut passes = false;
        self.change(kind, |breaker| {
            let (after, admitted) = breaker.admit(app.now());
            passes = admitted;
            after
        });
        if !passes {
            return Err(NoAnswer::Open);
        }
        // The client has the same patience, of its own clock; this one bounds a body that drips, too.
        match tokio::time::timeout(self.patience, self.fetch(asked, kind)).await {
            Ok(Ok(body)) => Ok(body),
            Ok(Err(Some(error))) if error.is_timeout() => Err(NoAnswer::Timeout),
            Ok(Err(_)) => Err(NoAnswer::Failed),
            Err(_) => Err(NoAnswer::Timeout),
        }
    }

    /// The body of a 200. Error: none where it is the service that fails the form.
    async fn fetch(&self, asked: &Asked, kind: LookupKind) -> Result<Vec<u8>, Option<reqwest::Error>> {
        let (path, means) = match kind {
            LookupKind::Evidence => ("evidence", None),
            LookupKind::App => ("means", Some(MeansKind::App)),
            LookupKind::Sas => ("means", Some(MeansKind::Sas)),
        };
        let body = LookupRequest {
            tenant: asked.tenant.clone(),
            msisdn: asked.number.clone(),
            kind: means.map(|kind| kind.as_str().to_owned()),
        };
        let url = format!("{}/{path}", self.url.as_str().trim_end_matches('/'));
        let mut request = self.client.post(url).json(&body);
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
            if body.len() + chunk.len() > ANSWER_MAX {
                return Err(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn change(&self, kind: LookupKind, change: impl FnOnce(Breaker) -> Breaker) -> Breaker {
        let mut breaker = self.breakers[kind as usize].lock().unwrap_or_else(PoisonError::into_inner);
        *breaker = change(*breaker);
        *breaker
    }

    async fn means_of(&self, app: &App, asked: &Asked, kind: LookupKind) -> Lookup<MeansSerial> {
        self.look(app, asked, kind, |body| means(body).ok()).await
    }
}

impl Connector for Remote {
    fn ask<'a>(
        &'a self,
        app: &'a App,
        asked: &'a Asked,
        kinds: &'a [LookupKind],
        mut known: Answers,
    ) -> Answering<'a> {
        Box::pin(async move {
            let wanted = |kind| kinds.contains(&kind);
            let evidence = async {
                if !wanted(LookupKind::Evidence) {
                    return None;
                }
                let read = |body: &[u8]| match evidence(body).ok()? {
                    Some(found) => Some(Some(counting(found)?)),
                    None => Some(None),
                };
                Some(self.look(app, asked, LookupKind::Evidence, read).await)
            };
            let means = async |kind| {
                if wanted(kind) { Some(self.means_of(app, asked, kind).await) } else { None }
            };
            // At the same time: together they take no longer than the slowest.
            let (evidence, of_app, of_sas) =
                tokio::join!(evidence, means(LookupKind::App), means(LookupKind::Sas));
            if let Some(found) = evidence {
                known.evidence = Some(match found {
                    Lookup::Found(counts) => {
                        Lookup::Found(FoundEvidence { counts: Some(counts), own: OfNumber::default() })
                    }
                    Lookup::Absent => Lookup::Absent,
                    Lookup::Failed => Lookup::Failed,
                });
            }
            known.app = of_app.or(known.app);
            known.sas = of_sas.or(known.sas);
            Ok(known)
        })
    }
}

/// What counts of the evidence; nothing when it is bound to a means of no kind that we know.
fn counting(found: RemoteEvidence) -> Option<Counting> {
    let kind = found.means.kind.parse::<MeansKind>().ok()?;
    Some(Counting {
        bound: Means { kind, serial: found.means.serial },
        granted: found.levels,
        validity: Validity {
            advanced_until: found.advanced_until,
            // Level 4 never outlasts level 3.
            qualified_until: found.qualified_until.min(found.advanced_until),
        },
        lowered: found.lowered,
    })
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}
