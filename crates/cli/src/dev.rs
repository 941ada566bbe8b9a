//! `countersign dev`: the whole stack with its test persons, ready to try.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use countersign_server::authority;
use countersign_server::config::Listen;
use countersign_server::dev::persons::PERSONS;
use countersign_server::listen::{self, Address, Listeners, Server};
use countersign_server::registration::gateway::Outbox;
use countersign_server::{App, MovableClock, Randomness, dev};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::error::Error;
use crate::{allocator, bank, clock, screen, settings};

/// Start the whole stack with test persons, ready to try
///
/// Everything runs in this one process and is kept in memory, unless --data says where. Keys and persons are public and
/// the same on every machine: never use it for anything real.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct Arguments {
    /// Where to listen for HTTP; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT", env = "COUNTERSIGN_LISTEN", hide_env_values = true)]
    listen: Option<SocketAddr>,
    /// Where to listen for HTTPS, or `off` [default: port 8443 of the same address, or a free one]
    ///
    /// Without this option a free port is taken when 8443 is in use or when --listen asks for a free port. The
    /// certificate is for localhost; its root is at /trust.
    #[arg(long, value_name = "ADDR:PORT|off", env = "COUNTERSIGN_TLS_LISTEN", hide_env_values = true)]
    tls_listen: Option<TlsListen>,
    /// Keep state in this directory, from one start to the next
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
    /// Read settings from this file; what it leaves out is as in the test world
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// How to write the log, which goes to standard error; COUNTERSIGN_LOG=debug|info|warn says how much
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "COUNTERSIGN_LOG_FORMAT",
        hide_env_values = true
    )]
    log_format: LogFormat,
}

const AFTER: &str = "\
Examples:
  countersign dev
  countersign dev --listen 127.0.0.1:0          a free port, printed at the start
  countersign dev --data ./state --tls-listen off

Exit codes:
  0  ended by SIGINT or SIGTERM, after open requests were answered
  2  wrong usage
  3  a file cannot be read or written
  4  it cannot listen or start";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy)]
enum TlsListen {
    Off,
    At(SocketAddr),
}

impl FromStr for TlsListen {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" { Ok(Self::Off) } else { text.parse().map(Self::At) }
    }
}

/// How much is logged: a level, or a filter such as `countersign_server=debug`.
const LOG: &str = "COUNTERSIGN_LOG";

/// The default port for TLS.
const TLS_PORT: u16 = 8443;

/// More threads would not answer a developer any faster, and each costs memory.
const WORKERS: usize = 4;

pub(crate) fn run(arguments: Arguments, begun: Instant) -> Result<ExitCode, Error> {
    log(arguments.log_format)?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(Error::Start)?;
    runtime.block_on(serve(arguments, begun))?;
    // Blocking work that outlived its callers is not waited for.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Arguments, begun: Instant) -> Result<(), Error> {
    let mut config = settings::load_dev(arguments.config.as_deref())?;
    if let Some(address) = arguments.listen {
        config.listen.http = vec![address];
    }
    let phones = match arguments.data.or_else(|| config.store.directory.clone()) {
        Some(directory) => {
            let phones = directory.join("phones");
            std::fs::create_dir_all(&phones).map_err(|source| Error::File {
                action: "create",
                path: phones.clone(),
                source,
            })?;
            config.store.directory = Some(directory);
            Some(phones)
        }
        None => None,
    };
    // Before anything is read or made: a taken port is the likeliest fault.
    let Sockets { mut listeners, secure, remark } = bind(&mut config.listen, arguments.tls_listen).await?;
    // A new key is the first to need randomness of AWS-LC, which takes tens of milliseconds to gather it; the test
    // persons are read meanwhile.
    let secure = secure.map(|socket| {
        let tls = || authority::dev::tls(clock::now(), &mut Randomness::system());
        (socket, tokio::task::spawn_blocking(tls))
    });
    let kept = config.store.directory.clone();

    let clock = Arc::new(MovableClock::new());
    let mut addresses = listeners.addresses();
    if let Some(socket) = secure.as_ref().and_then(|(socket, _)| socket.local_addr().ok()) {
        addresses.push(Address { socket, secure: true });
    }
    let bank = bank::open(&addresses, &config, clock.clone())?;
    let homes = authority::KeyHomes::open(&config.pkcs11)?;
    // A gateway that somebody has configured is used; otherwise codes are shown instead of sent.
    let outbox = config.registration.gateway_url.is_none().then(|| Arc::new(Outbox::default()));
    let builder = App::builder(config);
    let builder = match outbox {
        Some(outbox) => builder.message_gateway(outbox),
        None => builder,
    };
    let app = builder
        .extra_routes(bank.unwrap_or_default())
        .clock(clock.clone())
        .authorities(authority::dev::authorities_with(&homes)?)
        .tls_root(authority::dev::tls_root()?)
        .start_page(dev::start_page())
        .build()?;
    dev::enter(&app, clock, phones.as_deref()).await?;
    if let Some((socket, tls)) = secure {
        // Nobody cancels it, so a failure is a panic, which goes on here.
        let tls = tls.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
        listeners.https(socket, tls.map_err(Error::Listen)?);
    }
    let running = Server::start(app, listeners);
    let stop = stop_signals().map_err(Error::Start)?;
    greet(running.addresses(), kept.as_deref(), remark.as_deref(), begun);
    allocator::give_back();

    stop.await;
    running.shutdown().await;
    Ok(())
}

/// What is listened on.
struct Sockets {
    /// Those whose certificates are at hand, if they need any.
    listeners: Listeners,
    /// The one that gets the certificate of the test world.
    secure: Option<TcpListener>,
    /// What is not as the person might expect.
    remark: Option<String>,
}

async fn bind(listen: &mut Listen, tls_listen: Option<TlsListen>) -> Result<Sockets, Error> {
    if tls_listen.is_some() {
        listen.https.clear();
    }
    // With the certificate that the configuration names, if it names addresses for HTTPS.
    let listeners = Listeners::bind(listen).await.map_err(Error::Listen)?;
    let mut remark = None;
    let secure = match tls_listen {
        Some(TlsListen::Off) => None,
        Some(TlsListen::At(address)) => Some(listen::bind(address).await.map_err(Error::TlsListen)?),
        None if !listen.https.is_empty() => None,
        None => match listen.http.first() {
            None => None,
            Some(first) => {
                let free = SocketAddr::new(first.ip(), 0);
                let usual = SocketAddr::new(first.ip(), TLS_PORT);
                let wanted = if first.port() == 0 { free } else { usual };
                let bound = match listen::bind(wanted).await {
                    Err(listen::Error::Bind { .. }) if wanted == usual => {
                        remark = Some(format!("port {TLS_PORT} is in use: HTTPS took a free one"));
                        listen::bind(free).await
                    }
                    bound => bound,
                };
                Some(bound.map_err(Error::TlsListen)?)
            }
        },
    };
    Ok(Sockets { listeners, secure, remark })
}

/// At most twelve lines.
fn greet(addresses: &[Address], kept: Option<&Path>, remark: Option<&str>, begun: Instant) {
    let ready = begun.elapsed().as_millis();
    let base = addresses
        .iter()
        .find(|address| !address.secure)
        .or(addresses.first())
        .map_or_else(String::new, Address::url);
    screen::line(format_args!(
        "countersign {} dev, ready in {ready} ms, {} test persons, public TEST keys",
        env!("CARGO_PKG_VERSION"),
        PERSONS.len(),
    ));
    screen::line(format_args!("  start page         {base}/"));
    screen::line(format_args!("  relying party API  {base}/smart-id-rp/v3/"));
    screen::line(format_args!("  status page        {base}/status"));
    screen::line(format_args!("  API and trust      {base}/docs  {base}/trust"));
    for address in addresses.iter().filter(|address| address.secure) {
        // The certificate names localhost, which programs check more gladly than an address.
        let port = address.socket.port();
        let note = remark.map_or_else(String::new, |remark| format!("  ({remark})"));
        screen::line(format_args!("  the same over TLS  https://localhost:{port}/{note}"));
    }
    match kept {
        Some(directory) => screen::line(format_args!("  state is kept in   {}", directory.display())),
        None => screen::line("  state              in memory, gone at the end; --data DIR keeps it"),
    }
    screen::line("  stop with          Ctrl-C");
}

/// Completes when the system or the person asks the program to end. Handlers are in place when this returns.
#[cfg(unix)]
fn stop_signals() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Completes when the person asks the program to end.
#[cfg(not(unix))]
fn stop_signals() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a handler the system ends the program by itself, which is what was asked for.
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn log(format: LogFormat) -> Result<(), Error> {
    let filter = match std::env::var(LOG) {
        Ok(text) => EnvFilter::try_new(&text).map_err(|source| Error::LogFilter { text, source })?,
        Err(_) => EnvFilter::new("info"),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(screen::colours(&io::stderr()));
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    Ok(())
}
