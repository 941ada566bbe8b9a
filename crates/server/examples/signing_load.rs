//! Fifty users sign at once through `/signing/v1`, while OCSP and time-stamps come from the same process: how long each
//! takes from upload to the signed file, and whether any request fails. `signing_load [USERS] [ROUNDS]`.
//!
//! The service, its responders and the phones of the test persons share this process and this machine, so the figures are
//! an upper bound for the service alone.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_server::authority::dev as authority;
use countersign_server::dev::persons::{Outcome, PERSONS};
use countersign_server::listen::bind;
use countersign_server::{App, Listeners, MovableClock, Server, dev};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What each user signs, in bytes.
const FILE: usize = 100_000;

#[tokio::main]
async fn main() -> Result<()> {
    let number = |index: usize, usual: usize| {
        std::env::args().nth(index).map_or(Ok(usual), |text| text.parse::<usize>())
    };
    let (users, rounds) = (number(1, 50)?, number(2, 2)?);
    let clock = Arc::new(MovableClock::new());
    let app =
        App::builder(dev::config()).clock(clock.clone()).authorities(authority::authorities()?).build()?;
    dev::enter(&app, clock, None).await?;
    let socket = bind(([127, 0, 0, 1], 0).into()).await?;
    let origin = format!("http://{}", socket.local_addr()?);
    let mut listeners = Listeners::default();
    listeners.http(socket);
    let running = Server::start(app, listeners);

    let persons: Vec<&'static str> = PERSONS
        .iter()
        .filter(|person| matches!(person.outcome, Outcome::Ok) && person.document.ends_with("-Q"))
        .map(|person| person.document)
        .collect();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build()?;
    let begun = Instant::now();
    let mut times = Vec::new();
    for _ in 0..rounds {
        let mut open = tokio::task::JoinSet::new();
        for user in 0..users {
            let (http, origin, person) = (http.clone(), origin.clone(), persons[user % persons.len()]);
            open.spawn(async move { sign(&http, &origin, person).await });
        }
        while let Some(ended) = open.join_next().await {
            times.push(ended??);
        }
    }
    let took = begun.elapsed();
    times.sort();
    let at = |part: usize| times[(times.len() * part).div_ceil(100).max(1) - 1];
    println!(
        "{} signatures (ASiC-E, XAdES LT, {FILE} bytes) by {users} users at once, {} accounts, 0 failed",
        times.len(),
        persons.len().min(users),
    );
    println!(
        "  upload to signed file: p50 {:.2} s, p90 {:.2} s, p99 {:.2} s; {:.1} signatures a second",
        at(50).as_secs_f64(),
        at(90).as_secs_f64(),
        at(99).as_secs_f64(),
        times.len() as f64 / took.as_secs_f64(),
    );
    running.shutdown().await;
    Ok(())
}

/// From the upload to the signed file. Any answer that is no success is an error.
async fn sign(http: &reqwest::Client, origin: &str, person: &str) -> Result<Duration> {
    let begun = Instant::now();
    let containers = format!("{origin}/signing/v1/containers");
    let mut form =
        b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n".to_vec();
    form.extend((0..FILE).map(|byte| byte as u8));
    form.extend(b"\r\n--b--\r\n");
    let sent = http.post(&containers).header("content-type", "multipart/form-data; boundary=b").body(form);
    let container: Value = sent.send().await?.error_for_status()?.json().await?;
    let container = format!("{containers}/{}", container["id"].as_str().ok_or("no container")?);
    let asked = json!({ "flow": "notification", "documentNumber": person });
    let begin = http.post(format!("{container}/signatures")).json(&asked);
    let signature: Value = begin.send().await?.error_for_status()?.json().await?;
    let signature = format!("{container}/signatures/{}", signature["id"].as_str().ok_or("no signature")?);
    loop {
        let shown = http.get(format!("{signature}?timeoutMs=60000")).send().await?.error_for_status()?;
        let shown: Value = shown.json().await?;
        match shown["state"].as_str() {
            Some("complete") => break,
            Some("asking" | "completing" | "choosing") => {}
            _ => return Err(format!("a signature failed: {shown}").into()),
        }
    }
    let file = http.get(format!("{container}/file")).send().await?.error_for_status()?.bytes().await?;
    if !file.starts_with(b"PK") {
        return Err("the file is no container".into());
    }
    http.delete(&container).send().await?.error_for_status()?;
    Ok(begun.elapsed())
}
