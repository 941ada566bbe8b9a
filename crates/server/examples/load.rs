//! Measures a server process from outside, each figure beside its yardstick in the same run; see `bench/run.sh`.
//!
//! `load` starts itself again as `load serve` (the service, with the shipped test persons but nobody acting for them)
//! and `load bare` (an axum handler that only waits), and drives both over loopback. `load authentications`,
//! `load polls` and `load responders [NAME]` measure one thing only; `load ask` is who asks responders. The phones live in this
//! process, so the server's CPU time is the server's alone.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::KeyUse;
use countersign_domain::device::NextToken;
use countersign_domain::key::Key;
use countersign_phone::{Choice, HttpTransport, MemoryVault, Phone, Pin};
use countersign_pki::ocsp::{CertId, CertIdHash, OcspRequest};
use countersign_pki::tsp::{MessageImprint, TimeStampReq};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Digest, Signer, SoftwareKey};
use countersign_server::authority::dev as authority;
use countersign_server::dev::fixture::{self, Enrolled, PIN1};
use countersign_server::{App, Clock, Keys, Listeners, Randomness, Server, SystemClock, dev};
use countersign_split_key::{
    Binding, Completion, EncodedMessage, Hash, Kdf, MaskedShare, Modulus, Padding, PartialSignature,
};
use countersign_wire::device::proof::{DeviceKey, ProofClaims, ProvenRequest, UnverifiedProof};
use countersign_wire::device::sealed::{Sealed, SealedFor, SealingKey, seal};
use countersign_wire::device::{Jwk, RefusalReason};
use countersign_wire::id::DeviceId;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Authentications of each person, of whom some act at the same time, as they do. After each turn the arithmetic alone; the
/// middle of the ratios is shown.
const ROUNDS: usize = 15;
const AT_ONCE: usize = 10;
const POLLS: usize = 10_000;
const ANSWERS: usize = 16_000;
/// Turns in which everything is asked; the middle one is shown.
const RESPONDER_TURNS: usize = 7;
/// Connections that ask responders at the same time.
const CONNECTIONS: usize = 64;
/// How long answers lie before they are fetched. Many connections still wait for theirs meanwhile, so the server has work.
const NAP: Duration = Duration::from_micros(300);
/// Octets of an OCSP answer without its signature.
const ANSWER: usize = 1_000;

fn main() -> Result<()> {
    match (std::env::args().nth(1).as_deref(), std::env::args().nth(2)) {
        (Some("ask"), Some(address)) => ask(&address),
        (what, which) => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(measure(what, which.as_deref().unwrap_or_default())),
    }
}

async fn measure(what: Option<&str>, which: &str) -> Result<()> {
    match what {
        Some("serve") => serve().await,
        Some("bare") => bare().await,
        Some("authentications") => authentications().await,
        Some("polls") => long_polls().await,
        Some("responders") => responders(which).await,
        _ => {
            authentications().await?;
            long_polls().await?;
            responders("").await
        }
    }
}

async fn serve() -> Result<()> {
    let app = App::builder(dev::config())
        .authorities(authority::authorities()?)
        .extra_routes(floor(Arc::new(SoftwareKey::generate_ec(Curve::P256)?)))
        .build()?;
    fixture::fill(&app, &fixture::enrolled()?).await?;
    let mut listeners = Listeners::default();
    listeners.http(countersign_server::listen::bind(([127, 0, 0, 1], 0).into()).await?);
    let running = Server::start(app, listeners);
    println!("{}", running.addresses()[0].socket);
    std::future::pending::<()>().await;
    Ok(())
}

/// The floor under a responder: a body that is read and thrown away, an answer of the usual size, and one signature by the
/// library that signs all else, behind the same log, counters and headers. No responder over HTTP can be faster here.
fn floor(key: Arc<SoftwareKey>) -> axum::Router {
    let answer = |signed: usize| axum::body::Bytes::from(vec![7; ANSWER + signed]);
    let signed = move |body: axum::body::Bytes| {
        let signature = key.sign(&body).map_or(0, |signature| signature.len());
        std::future::ready(answer(signature))
    };
    axum::Router::new()
        .route("/floor", axum::routing::post(move |_: axum::body::Bytes| std::future::ready(answer(70))))
        .route("/floor/signed", axum::routing::post(signed))
}

/// The yardstick for long polls: nothing but axum and a wait.
async fn bare() -> Result<()> {
    let bell = Arc::new(tokio::sync::Notify::new());
    let (wait, ring) = (Arc::clone(&bell), bell);
    let routes = axum::Router::new()
        .route("/wait", axum::routing::get(move || async move { wait.notified().await }))
        .route("/ring", axum::routing::get(move || async move { ring.notify_waiters() }));
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", socket.local_addr()?);
    axum::serve(socket, routes).await?;
    Ok(())
}

/// A server in a process of its own.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(mode: &str) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg(mode).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    /// Processor time so far, of all threads. None of them ends while something is measured.
    fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += stat.split_whitespace().next().ok_or("schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Resident memory, in kB.
    fn memory(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("VmRSS")?.parse()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of this thread.
fn thread_cpu() -> Result<Duration> {
    // The system counts when it schedules; without this the figure is up to a tick old, which is half a signature.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(Duration::from_nanos(stat.split_whitespace().next().ok_or("schedstat")?.parse()?))
}

fn persons() -> Result<Vec<Enrolled>> {
    let able = |person: &Enrolled| person.account.document.is_qualified();
    Ok(fixture::enrolled()?.into_iter().filter(able).take(50).collect())
}

fn open(process: &Process, http: &reqwest::Client, person: &Enrolled) -> Result<Phone<HttpTransport>> {
    let transport = HttpTransport::new(&format!("http://{}", process.address), http.clone());
    Ok(Phone::open(transport, person.phone.clone(), Box::new(MemoryVault::default()))?)
}

async fn start_session(process: &Process, http: &reqwest::Client, person: &Enrolled) -> Result<String> {
    let body = json!({
        "relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO",
        "signatureProtocol": "ACSP_V2", "vcType": "numeric4",
        "signatureProtocolParameters": {
            "rpChallenge": countersign_wire::base64::b64(&Randomness::system().bytes::<64>()),
            "signatureAlgorithm": "rsassa-pss", "signatureAlgorithmParameters": { "hashAlgorithm": "SHA-512" } },
        "interactions": countersign_wire::base64::b64(br#"[{"type":"displayTextAndPIN","displayText60":"Log in"}]"#),
    });
    let url = format!(
        "http://{}/v3/authentication/notification/document/{}",
        process.address, person.account.document
    );
    let answer: serde_json::Value =
        http.post(url).json(&body).send().await?.error_for_status()?.json().await?;
    Ok(answer["sessionID"].as_str().ok_or("no sessionID")?.to_owned())
}

async fn authentications() -> Result<()> {
    let process = Process::start("serve")?;
    let http = http()?;
    let persons = persons()?;
    let mut phones =
        persons.iter().map(|person| open(&process, &http, person)).collect::<Result<Vec<_>>>()?;
    let yardstick = Yardstick::new(&persons)?;
    // Warm: connections, nonces, statements.
    rounds(&process, &http, &persons, &mut phones, 1).await?;
    yardstick.run()?;
    // In turns, so that a machine which is slower for a while is slower for both.
    let (mut spent, mut alone) = (Duration::ZERO, Share::default());
    let (mut of_signature, mut of_all) = (Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        let before = process.cpu()?;
        rounds(&process, &http, &persons, &mut phones, 1).await?;
        let (server, share) = (process.cpu()?.saturating_sub(before), yardstick.run()?);
        of_signature.push(server.as_secs_f64() / share.signature.as_secs_f64());
        of_all.push(server.as_secs_f64() / share.all().as_secs_f64());
        spent += server;
        alone = alone.and(share);
    }
    let each = u32::try_from(persons.len() * ROUNDS)?;
    println!("authentications: {:?} of server CPU each", spent / each);
    for (what, time, mut turns) in [
        ("completing the signature alone", alone.signature, of_signature),
        ("and three proofs verified, one part unsealed, one token sealed", alone.all(), of_all),
    ] {
        turns.sort_by(f64::total_cmp);
        let (middle, last) = (turns[turns.len() / 2], turns[turns.len() - 1]);
        println!("  {what}: {:?}, ratio {middle:.2}, in turns {:.2} to {last:.2}", time / each, turns[0]);
    }
    Ok(())
}

/// The same arithmetic alone, by the same code: a phone's part is completed and checked with a key that was just opened, as
/// in every confirmation; and what else the device API has the service compute on curves for it.
struct Yardstick {
    parts: Vec<Part>,
    keys: Keys,
    core: SealingKey,
}

/// What the service gets of one phone, and the key that it belongs to.
struct Part {
    key: Key,
    message: EncodedMessage,
    part: PartialSignature,
    proof: String,
    proof_key: Jwk,
    sealed: Sealed,
    device: DeviceId,
}

/// Processor time of the service's share.
#[derive(Clone, Copy, Default)]
struct Share {
    signature: Duration,
    curves: Duration,
}

impl Share {
    fn and(self, other: Self) -> Self {
        Self { signature: self.signature + other.signature, curves: self.curves + other.curves }
    }

    fn all(self) -> Duration {
        self.signature + self.curves
    }
}

/// What a proof of the yardstick proves.
const PROVEN: (&str, &str, &[u8]) = ("POST", "http://127.0.0.1/device/v1/transactions", b"{}");

impl Yardstick {
    fn new(persons: &[Enrolled]) -> Result<Self> {
        let mut rng = Randomness::system();
        let keys = Keys::load(&dev::config(), &mut rng)?;
        let core = SealingKey::generate(&mut rng);
        let part = |person: &Enrolled| -> Result<Part> {
            let key = person.keys.iter().find(|key| key.usage() == KeyUse::Auth).ok_or("no key")?.clone();
            let stored = person.phone.keys.iter().find(|stored| stored.kid == *key.id()).ok_or("no share")?;
            let n1 = Modulus::from_be_bytes(stored.n1.as_ref())?;
            let salt = stored.share.salt.as_ref().try_into()?;
            let kdf = Kdf { iterations: stored.share.iterations };
            let share = MaskedShare::from_parts(n1.bits(), salt, stored.share.blob.0.clone(), kdf)?;
            let mut rng = Randomness::system();
            let message = Padding::pss(Hash::Sha512, &mut rng).encode(&[7; 64], 2 * n1.bits())?;
            let binding = Binding { kid: stored.kid.as_str().as_bytes(), hardware: &[] };
            let part = share.partial_signature(&Pin::parse(PIN1)?, binding, &n1, &message)?;
            let proof_key = DeviceKey::generate(&mut rng);
            let (method, url, body) = PROVEN;
            let claims = ProofClaims::new(method, url, body, "", SystemClock.now(), &mut rng);
            let device = DeviceId::generate(&mut rng);
            let purpose = SealedFor::Token { device: &device };
            let sealed = seal(&mut rng, core.point(), "core", purpose, &part.to_be_bytes())?;
            let (proof, proof_key) = (proof_key.prove(&claims)?, proof_key.jwk().clone());
            Ok(Part { key, message, part, proof, proof_key, sealed, device })
        };
        Ok(Self { parts: persons.iter().map(part).collect::<Result<_>>()?, keys, core })
    }

    /// Once for everybody, on all processors at the same time: in the run that it is held against they are all busy, too, and
    /// two threads of one core slow each other down.
    fn run(&self) -> Result<Share> {
        let threads = std::thread::available_parallelism()?.get();
        let share = self.parts.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let begun: Vec<_> =
                self.parts.chunks(share).map(|parts| scope.spawn(|| self.complete(parts))).collect();
            begun.into_iter().try_fold(Share::default(), |sum, thread| {
                let spent = thread.join().map_err(|_| "the arithmetic panicked")?;
                Ok(sum.and(spent.map_err(|error| error.to_string())?))
            })
        })
    }

    fn complete(&self, parts: &[Part]) -> std::result::Result<Share, Box<dyn Error + Send + Sync>> {
        let cpu = || thread_cpu().map_err(|error| error.to_string());
        let mut alone = Share::default();
        let mut rng = Randomness::system();
        for part in parts {
            let server = part.key.wrapped().open(part.key.place(), &self.keys.custody)?;
            let proofs = [(); 3].map(|()| UnverifiedProof::parse(&part.proof));
            let begin = cpu()?;
            let completion = server.complete(&part.message, &part.part)?;
            let between = cpu()?;
            for proof in proofs {
                let (method, url, body) = PROVEN;
                let request = ProvenRequest { method, url, body, now: SystemClock.now() };
                proof?.verify(&part.proof_key, &request, |_| true, |_| true)?;
            }
            let opened = self.core.open(&part.sealed, SealedFor::Token { device: &part.device })?;
            NextToken::make(&part.device, &part.proof_key, &mut rng)?;
            alone = alone.and(Share {
                signature: between.saturating_sub(begin),
                curves: cpu()?.saturating_sub(between),
            });
            assert!(matches!(completion, Completion::Signed(_)) && !opened.is_empty());
        }
        Ok(alone)
    }
}

/// Everybody logs in this often.
async fn rounds(
    process: &Process,
    http: &reqwest::Client,
    persons: &[Enrolled],
    phones: &mut [Phone<HttpTransport>],
    rounds: usize,
) -> Result<()> {
    for (persons, phones) in persons.chunks(AT_ONCE).zip(phones.chunks_mut(AT_ONCE)) {
        let group = persons.iter().zip(phones).map(async |(person, phone)| {
            let mut rng = Randomness::system();
            for _ in 0..rounds {
                authenticate(process, http, person, phone, &mut rng).await?;
            }
            Result::Ok(())
        });
        futures_util::future::try_join_all(group).await?;
    }
    Ok(())
}

async fn authenticate(
    process: &Process,
    http: &reqwest::Client,
    person: &Enrolled,
    phone: &mut Phone<HttpTransport>,
    rng: &mut Randomness,
) -> Result<()> {
    let session = start_session(process, http, person).await?;
    let waiting = phone.transactions(5, SystemClock.now(), rng).await?;
    let tx = &waiting.first().ok_or("nothing arrived")?.tx;
    let opened = phone.open_transaction(tx, SystemClock.now(), rng).await?;
    phone.approve(&opened, Pin::parse(PIN1)?, Choice::None, SystemClock.now(), rng).await?;
    let url = format!("http://{}/v3/session/{session}", process.address);
    let status: serde_json::Value = http.get(url).send().await?.json().await?;
    if status["result"]["endResult"] != "OK" {
        return Err(format!("not authenticated: {}", status["result"]).into());
    }
    Ok(())
}

async fn long_polls() -> Result<()> {
    let http = http()?;
    let bare = Process::start("bare")?;
    let mut waiting = Vec::with_capacity(POLLS);
    let before = bare.memory()?;
    for _ in 0..POLLS {
        waiting.push(request(&bare.address, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").await?);
    }
    settle().await;
    let bare_memory = bare.memory()?.saturating_sub(before);
    drop(waiting);
    drop(bare);

    let process = Process::start("serve")?;
    let persons = persons()?;
    let mut rng = Randomness::system();
    let mut sessions = Vec::new();
    for person in &persons {
        sessions.push(start_session(&process, &http, person).await?);
    }
    let before = process.memory()?;
    let mut waiting = Vec::with_capacity(POLLS);
    for session in sessions.iter().cycle().take(POLLS) {
        let text = format!("GET /v3/session/{session}?timeoutMs=110000 HTTP/1.1\r\nHost: x\r\n\r\n");
        waiting.push(request(&process.address, &text).await?);
    }
    settle().await;
    let memory = process.memory()?.saturating_sub(before);
    let begin = Instant::now();
    for person in &persons {
        let mut phone = open(&process, &http, person)?;
        let list = phone.transactions(0, SystemClock.now(), &mut rng).await?;
        let tx = &list.first().ok_or("nothing waits")?.tx;
        phone.refuse(tx, RefusalReason::User, None, SystemClock.now(), &mut rng).await?;
    }
    let refused = begin.elapsed();
    let mut buffer = vec![0; 4096];
    for stream in &mut waiting {
        let read = stream.read(&mut buffer).await?;
        if !String::from_utf8_lossy(&buffer[..read]).contains("COMPLETE") {
            return Err("a poll woke without a result".into());
        }
    }
    println!(
        "long polls: {POLLS} take {memory} kB, {bare_memory} kB on a bare handler: ratio {:.2}; \
         refusing {} sessions took {refused:?}, all polls were answered {:?} after the first",
        memory as f64 / bare_memory as f64,
        persons.len(),
        begin.elapsed()
    );
    Ok(())
}

/// Those whose names have `named` in them.
async fn responders(named: &str) -> Result<()> {
    let process = Process::start("serve")?;
    let person = persons()?.into_iter().next().ok_or("nobody")?;
    let authorities = authority::authorities()?;
    let certificate = Certificate::from_der(&person.certificates[0].der)?;
    let cas = authorities.cas();
    let issuer = cas[1].certificate();
    let ocsp = |nonce: Option<countersign_pki::ocsp::Nonce>| -> Result<Vec<u8>> {
        let id = CertId::of(CertIdHash::Sha1, &certificate, issuer)?;
        Ok(OcspRequest::new(vec![id], nonce)?.to_der()?)
    };
    let (shared, fresh) = (ocsp(None)?, ocsp(Some(countersign_pki::ocsp::Nonce::new(&[9; 32])?))?);
    let tsp = TimeStampReq::new(MessageImprint::of(Digest::Sha256, b"data"), &[7; 16])?
        .with_cert_req(true)
        .to_der();
    let asked = [
        ("nothing at all", "/floor", "application/ocsp-request", fresh.clone()),
        ("one signature and nothing else", "/floor/signed", "application/ocsp-request", fresh.clone()),
        ("OCSP, kept answers", "/ocsp", "application/ocsp-request", shared),
        ("OCSP with a nonce", "/ocsp", "application/ocsp-request", fresh),
        ("time-stamps", "/tsa", "application/timestamp-query", tsp),
    ];
    let asked: Vec<_> = asked.into_iter().filter(|(name, ..)| name.contains(named)).collect();
    // Per second over HTTP, and that divided by what OpenSSL did just before, turn by turn.
    let mut turns = vec![Vec::new(); asked.len()];
    // The first turn makes responders, leases and the like, and does not count.
    for turn in 0..=RESPONDER_TURNS {
        let yardstick = openssl_signatures()?;
        for (figures, (_, path, kind, body)) in turns.iter_mut().zip(&asked) {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let message = [head.as_bytes(), body].concat();
            let before = process.cpu()?;
            let elapsed = Asking::start(&process.address, &message)?.done()?;
            let cpu = process.cpu()?.saturating_sub(before);
            if turn > 0 {
                let (rate, of_cpu) =
                    (ANSWERS as f64 / elapsed.as_secs_f64(), ANSWERS as f64 / cpu.as_secs_f64());
                figures.push([rate / yardstick, rate, of_cpu]);
            }
        }
    }
    for ((name, ..), mut figures) in asked.iter().zip(turns) {
        figures.sort_by(|one, other| one[0].total_cmp(&other[0]));
        let [ratio, rate, of_cpu] = figures[figures.len() / 2];
        println!(
            "{name}: {rate:.0} per second over HTTP, {of_cpu:.0} per second of server CPU; OpenSSL signs {:.0} per second of one \
             processor: ratio {ratio:.2} (in turns {:.2} to {:.2})",
            rate / ratio,
            figures[0][0],
            figures[figures.len() - 1][0]
        );
    }
    Ok(())
}

/// What OpenSSL says that it signs per second on one processor, with a key like ours.
fn openssl_signatures() -> Result<f64> {
    let output = Command::new("openssl")
        .args(["speed", "-seconds", "1", "ecdsap256"])
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("nistp256")).ok_or("openssl speed")?;
    Ok(line.split_whitespace().rev().nth(1).ok_or("openssl speed")?.parse()?)
}

/// A program that sends one message again and again, and waits for each answer. It is one thread that fetches answers now and then
/// ([`NAP`]): woken by each of them it would interrupt, on one machine, who answers the next.
struct Asking {
    child: Child,
    said: BufReader<ChildStdout>,
    begin: Instant,
}

impl Asking {
    /// Starts it, and waits until it has its connections.
    fn start(address: &str, message: &[u8]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["ask", address])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        child.stdin.take().ok_or("no input")?.write_all(message)?;
        let said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut asking = Self { child, said, begin: Instant::now() };
        asking.hear("connected")?;
        asking.begin = Instant::now();
        Ok(asking)
    }

    /// Waits for the last answer; how long all took.
    fn done(mut self) -> Result<Duration> {
        self.hear("answered")?;
        let elapsed = self.begin.elapsed();
        if self.child.wait()?.success() { Ok(elapsed) } else { Err("whoever asks failed".into()) }
    }

    fn hear(&mut self, word: &str) -> Result<()> {
        let mut line = String::new();
        self.said.read_line(&mut line)?;
        if line.trim() == word { Ok(()) } else { Err(format!("whoever asks says {line:?}").into()) }
    }
}

#[expect(clippy::disallowed_methods, reason = "who asks rests; nothing waits for it")]
fn nap() {
    std::thread::sleep(NAP);
}

/// The other side of [`Asking`]: the message comes from the standard input.
fn ask(address: &str) -> Result<()> {
    let mut message = Vec::new();
    std::io::stdin().read_to_end(&mut message)?;
    let message = &message[..];
    let asking = async {
        let connections = (0..CONNECTIONS).map(|_| async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<TcpStream, std::io::Error>(stream)
        });
        let connections = futures_util::future::try_join_all(connections).await?;
        println!("connected");
        let asked = connections.into_iter().map(|mut stream| async move {
            let mut buffer = vec![0; 16 * 1024];
            for _ in 0..ANSWERS / CONNECTIONS {
                stream.write_all(message).await?;
                if stream.read(&mut buffer).await? == 0 {
                    return Err(std::io::Error::other("closed"));
                }
            }
            Ok(())
        });
        let naps = async {
            loop {
                nap();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = futures_util::future::try_join_all(asked) => done.map(drop)?,
            () = naps => {}
        }
        println!("answered");
        Ok(())
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(asking)
}

async fn request(address: &str, text: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    Ok(stream)
}

/// Lets the server take in what was sent.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

fn http() -> Result<reqwest::Client> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}
