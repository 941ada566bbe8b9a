//! What a token costs a request: `me` with a registrant token beside a bare route of the same server, in one run.
//!
//! The server is a process of its own, so that its CPU time is its alone; the routes are asked in turns, over connections
//! which stay open. The bare route answers as many bytes, looks at nothing, and is asked without a token; it is behind the
//! same log, counters and headers as every route of this service, which is what a token adds to. What those cost is shown
//! beside it: the same handler on a socket of its own, with nothing around it but axum. See `bench/run.sh`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_server::{App, Listeners, Server, dev};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The allocator of the program that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;
/// Requests of a connection in one turn, and turns of each route.
const REQUESTS: usize = 250;
const TURNS: usize = 60;
const GOAL: f64 = 0.9;
const ME: &str = "/api/v1/registrant/me";
/// What is asked, in the order of the turns.
const NAKED: usize = 0;
const BARE: usize = 1;
const WITH_TOKEN: usize = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("serve") { serve().await } else { measure().await }
}

async fn serve() -> Result<()> {
    let body = "x".repeat(400);
    let bare: axum::Router = axum::Router::new()
        .route("/bare", axum::routing::get(move || std::future::ready(axum::Json(json!({ "x": body })))));
    let app = App::builder(dev::config()).extra_routes(bare.clone()).build()?;
    let mut listeners = Listeners::default();
    listeners.http(countersign_server::listen::bind(([127, 0, 0, 1], 0).into()).await?);
    let running = Server::start(app, listeners);
    let naked = TcpListener::bind("127.0.0.1:0").await?;
    println!("{} {}", running.addresses()[0].socket, naked.local_addr()?);
    axum::serve(naked, bare).await?;
    Ok(())
}

struct Process {
    child: Child,
    address: String,
    /// Where the bare route is with nothing around it.
    naked: String,
}

impl Process {
    fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg("serve").stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let (address, naked) = line.trim().split_once(' ').ok_or("no addresses")?;
        Ok(Self { child, address: address.to_owned(), naked: naked.to_owned() })
    }

    /// Processor time so far, of all threads.
    fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += stat.split_whitespace().next().ok_or("schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept, with what it reads.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 * 1024] })
    }

    /// Sends one request and reads its whole answer.
    async fn ask(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let count = self.stream.read(&mut self.buffer[filled..]).await?;
            if count == 0 {
                return Err("the connection ended".into());
            }
            filled += count;
            let seen = &self.buffer[..filled];
            let Some(head) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&seen[..head])?.to_ascii_lowercase();
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .ok_or("no length")?
                .trim()
                .parse()?;
            if filled >= head + 4 + length {
                let status = text.split(' ').nth(1).ok_or("no status")?.parse()?;
                return Ok((status, seen[head + 4..head + 4 + length].to_vec()));
            }
        }
    }
}

async fn measure() -> Result<()> {
    let server = Process::start()?;
    let mut first = Connection::open(&server.address).await?;
    let body = json!({ "ident": "30110100103", "first_name": "Jan", "last_name": "Tamm" }).to_string();
    let request = format!(
        "POST /api/v1/registrant/auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = first.ask(request.as_bytes()).await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let token = answer["access_token"].as_str().ok_or(format!("no token: {status} {answer}"))?;
    let with_token =
        format!("GET {ME} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes();
    let bare = b"GET /bare HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec();
    for request in [&with_token, &bare] {
        let (status, answer) = first.ask(request).await?;
        if status != 200 {
            return Err(format!("{status} {}", String::from_utf8_lossy(&answer)).into());
        }
    }

    let mut connections = [const { Vec::new() }; 3];
    for (kind, address) in [&server.naked, &server.address, &server.address].into_iter().enumerate() {
        for _ in 0..CONNECTIONS {
            connections[kind].push(Connection::open(address).await?);
        }
    }
    let mut took = [Duration::ZERO; 3];
    let mut ratios = Vec::with_capacity(TURNS);
    let mut cpu = [Duration::ZERO; 3];
    // The first turn of each warms up and does not count.
    for turn in 0..=TURNS {
        let mut of_turn = [Duration::ZERO; 3];
        for (kind, request) in [&bare, &bare, &with_token].into_iter().enumerate() {
            let (before, begun) = (server.cpu()?, Instant::now());
            let asking = connections[kind].drain(..).map(|mut connection| {
                let request = request.clone();
                tokio::spawn(async move {
                    for _ in 0..REQUESTS {
                        let (status, _) = connection.ask(&request).await?;
                        if status != 200 {
                            return Err(format!("status {status}").into());
                        }
                    }
                    Ok::<_, Box<dyn Error + Send + Sync>>(connection)
                })
            });
            let asking: Vec<_> = asking.collect();
            for each in asking {
                connections[kind].push(each.await??);
            }
            of_turn[kind] = begun.elapsed();
            if turn > 0 {
                took[kind] += of_turn[kind];
                cpu[kind] += server.cpu()?.saturating_sub(before);
            }
        }
        if turn > 0 {
            ratios.push(of_turn[BARE].as_secs_f64() / of_turn[WITH_TOKEN].as_secs_f64());
        }
    }
    // The middle turn: one that somebody else disturbed says nothing.
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let requests = (CONNECTIONS * REQUESTS * TURNS) as f64;
    let per_second = |kind: usize| requests / took[kind].as_secs_f64();
    let microseconds = |kind: usize| cpu[kind].as_secs_f64() * 1e6 / requests;
    for (kind, name) in
        [(NAKED, "the bare route with nothing around it"), (BARE, "the bare route"), (WITH_TOKEN, "me")]
    {
        println!(
            "{name}: {:.0} requests/s, {:.1} µs of server CPU each",
            per_second(kind),
            microseconds(kind)
        );
    }
    println!(
        "me / bare: {ratio:.3} in the middle turn ({:.3} and {:.3} in those at a tenth and nine tenths), goal at least {GOAL}: {}",
        ratios[ratios.len() / 10],
        ratios[ratios.len() * 9 / 10],
        if ratio >= GOAL { "met" } else { "MISSED" }
    );
    println!(
        "of server CPU alone: {:.3}; me / bare with nothing around it: {:.3}",
        microseconds(BARE) / microseconds(WITH_TOKEN),
        per_second(WITH_TOKEN) / per_second(NAKED)
    );
    Ok(())
}
