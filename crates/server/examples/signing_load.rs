//! Fifty users sign at once through `/signing/v1`, while OCSP and time-stamps come from the same process to others: how long
//! each takes from upload to the signed file, what an answer takes meanwhile, and whether any request fails.
//! `signing_load [USERS] [ROUNDS]`.
//!
//! The service, its responders, the phones of the test persons and everybody who asks share this process and this machine, so
//! the figures are an upper bound for the service alone. Whatever fails ends the program with an error.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_pki::ocsp::{BasicOcspResponse, CertId, CertIdHash, Nonce, OcspRequest};
use countersign_pki::tsp::{MessageImprint, TimeStampReq, TimeStampResp};
use countersign_pki::{Certificate, Digest};
use countersign_server::authority::dev as authority;
use countersign_server::dev::fixture;
use countersign_server::dev::persons::{Outcome, PERSONS};
use countersign_server::listen::bind;
use countersign_server::{App, Listeners, MovableClock, Randomness, Server, dev};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What each user signs, in bytes.
const FILE: usize = 100_000;

/// Those who ask for statuses, and those who ask for time-stamps, one request after another on connections kept open.
const ASKING: usize = 2;

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

    let done = CancellationToken::new();
    let mut asking = Vec::new();
    for (name, path) in [("OCSP answers with a nonce", "/ocsp"), ("time-stamps", "/tsa")] {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..ASKING {
            let (http, url, done) = (http.clone(), format!("{origin}{path}"), done.clone());
            tasks.spawn(async move { ask(&http, &url, &done).await });
        }
        asking.push((name, tasks));
    }
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
    let took = begun.elapsed().as_secs_f64();
    done.cancel();
    println!(
        "{} signatures (ASiC-E, XAdES LT, {FILE} bytes) by {users} users at once, {} accounts, 0 failed",
        times.len(),
        persons.len().min(users),
    );
    println!("  upload to signed file: {}; {:.1} a second", parts(&mut times), times.len() as f64 / took);
    for (name, mut tasks) in asking {
        let mut times = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            times.extend(ended??);
        }
        println!(
            "  {name} meanwhile, asked by {ASKING}: {}; {:.0} a second, {} in all, 0 failed",
            parts(&mut times),
            times.len() as f64 / took,
            times.len()
        );
    }
    running.shutdown().await;
    Ok(())
}

fn parts(times: &mut [Duration]) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() * part).div_ceil(100).max(1) - 1].as_secs_f64() * 1e3;
    format!("p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms", at(50), at(90), at(99))
}

/// Asks for statuses or time-stamps until it is over. Any answer that is none is an error.
async fn ask(http: &reqwest::Client, url: &str, done: &CancellationToken) -> Result<Vec<Duration>> {
    let person = fixture::enrolled()?.into_iter().next().ok_or("nobody")?;
    let certificate = Certificate::from_der(&person.certificates.first().ok_or("no certificate")?.der)?;
    let cas = authority::authorities()?.cas();
    let issuer =
        cas.iter().find(|ca| certificate.is_signed_by(ca.certificate()).is_ok()).ok_or("no issuer")?;
    let (is_ocsp, rng) = (url.ends_with("/ocsp"), Randomness::system());
    let mut times = Vec::new();
    while !done.is_cancelled() {
        let nonce = rng.bytes::<16>();
        let (body, kind) = if is_ocsp {
            let id = CertId::of(CertIdHash::Sha1, &certificate, issuer.certificate())?;
            (OcspRequest::new(vec![id], Some(Nonce::new(&nonce)?))?.to_der()?, "application/ocsp-request")
        } else {
            let imprint = MessageImprint::of(Digest::Sha256, &nonce);
            (TimeStampReq::new(imprint, &nonce)?.to_der(), "application/timestamp-query")
        };
        let begun = Instant::now();
        let answer = http.post(url).header("content-type", kind).body(body).send().await?;
        let answer = answer.error_for_status()?.bytes().await?;
        times.push(begun.elapsed());
        if is_ocsp {
            BasicOcspResponse::from_der(&answer)?.map_err(|status| format!("no OCSP answer: {status:?}"))?;
        } else if !matches!(TimeStampResp::from_der(&answer)?, TimeStampResp::Granted(_)) {
            return Err("no time-stamp".into());
        }
    }
    Ok(times)
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
