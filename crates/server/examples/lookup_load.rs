//! Whether a remote lookup that hangs slows other requests: p99 of status requests that do not need it, while it hangs and
//! while it answers, in turns, in one run (goal: at most 1.2).
//!
//! Meanwhile others ask, at the same pace in both, about a number that takes the remote lookup. It may take 30 seconds, so
//! while it hangs every place for such requests is taken all the time. See `bench/run.sh`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use countersign_server::config::RemoteService;
use countersign_server::registration::lookup::LookupKind;
use countersign_server::{App, Listeners, MovableClock, Server, dev};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Turns of each kind, and requests of one turn on each connection.
const TURNS: usize = 12;
const REQUESTS: usize = 250;
/// Connections that are measured, and such that take the remote lookup.
const CONNECTIONS: usize = 2;
const OTHERS: usize = 48;
/// Between two requests of one of the others.
const PACE: Duration = Duration::from_millis(250);
/// Requests to the remote service that may be open.
const PLACES: u16 = 32;
const GOAL: f64 = 1.2;
/// Answered by our own store.
const OWN: &str = "41001000001";
/// Takes the remote lookup.
const REMOTE: &str = "41791112233";

/// The remote service: hangs while it is told to.
#[derive(Clone)]
struct Remote {
    hangs: watch::Receiver<bool>,
    open: Arc<AtomicUsize>,
}

async fn lookup(State(mut remote): State<Remote>) -> axum::Json<serde_json::Value> {
    remote.open.fetch_add(1, Ordering::Relaxed);
    // Fails when the benchmark ends.
    let _ = remote.hangs.wait_for(|hangs| !hangs).await;
    remote.open.fetch_sub(1, Ordering::Relaxed);
    axum::Json(json!({ "found": false }))
}

#[tokio::main]
async fn main() -> Result<()> {
    let (switch, hangs) = watch::channel(false);
    let open = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let remote = Remote { hangs, open: open.clone() };
    let routes = Router::new().route("/means", post(lookup)).with_state(remote);
    let service = tokio::spawn(async move { axum::serve(listener, routes).await });

    let mut config = dev::config();
    let lookups = vec![LookupKind::Sas];
    config.registration.remote =
        Some(RemoteService { url: url.parse()?, key: None, seconds: 30, calls: PLACES, lookups, sign: None });
    let clock = Arc::new(MovableClock::new());
    let app = App::builder(config).clock(clock.clone()).build()?;
    dev::enter(&app, clock, None).await?;
    let mut listeners = Listeners::default();
    listeners.http(countersign_server::listen::bind(([127, 0, 0, 1], 0).into()).await?);
    let server = Server::start(app, listeners);
    let base = server.addresses()[0].url();

    let client = reqwest::Client::builder().build()?;
    let answer = client.post(format!("{base}/oauth/token"));
    let answer = answer.basic_auth("missswaggerclient", Some("missswaggerclientsecret"));
    let answer = answer.header("content-type", "application/x-www-form-urlencoded");
    let answer = answer.body("grant_type=client_credentials&scope=smartflow").send().await?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await?)?;
    let token = answer["access_token"].as_str().ok_or("no token")?.to_owned();
    let ask = Ask { client, base, token };

    let mut others = tokio::task::JoinSet::new();
    for place in 0..OTHERS {
        let ask = ask.clone();
        others.spawn(async move {
            tokio::time::sleep(PACE * u32::try_from(place).unwrap_or(0) / OTHERS as u32).await;
            loop {
                let began = Instant::now();
                // Whatever it says: it is there to be waited for.
                let _ = ask.status(REMOTE).await;
                tokio::time::sleep(PACE.saturating_sub(began.elapsed())).await;
            }
        });
    }
    let mut took = [Vec::new(), Vec::new()];
    // The first turn of each warms up and does not count.
    for turn in 0..=TURNS {
        for (kind, hanging) in [false, true].into_iter().enumerate() {
            switch.send_replace(hanging);
            while hanging && open.load(Ordering::Relaxed) < usize::from(PLACES) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let times = measure(&ask).await?;
            if turn > 0 {
                took[kind].extend(times);
            }
        }
    }
    others.shutdown().await;
    service.abort();
    let [answering, hanging] = took.map(p99);
    let ratio = hanging.as_secs_f64() / answering.as_secs_f64();
    println!(
        "lookups  p99 of other requests: {answering:?} while the remote service answers, {hanging:?} while it hangs"
    );
    println!(
        "lookups  ratio {ratio:.2} (goal: at most {GOAL}) over {} requests each",
        TURNS * REQUESTS * CONNECTIONS
    );
    Ok(())
}

#[derive(Clone)]
struct Ask {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Ask {
    async fn status(&self, number: &str) -> Result<reqwest::StatusCode> {
        let url = format!("{}/api/public/evidence/status?msisdn={number}", self.base);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        answer.bytes().await?;
        Ok(status)
    }
}

/// The times of one turn.
async fn measure(ask: &Ask) -> Result<Vec<Duration>> {
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let ask = ask.clone();
        connections.spawn(async move {
            let mut times = Vec::with_capacity(REQUESTS);
            for _ in 0..REQUESTS {
                let began = Instant::now();
                let status = ask.status(OWN).await?;
                if status != reqwest::StatusCode::OK {
                    return Err(format!("{status}").into());
                }
                times.push(began.elapsed());
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(times)
        });
    }
    let mut all = Vec::new();
    for times in connections.join_all().await {
        all.extend(times?);
    }
    Ok(all)
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}
