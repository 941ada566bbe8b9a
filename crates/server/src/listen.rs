//! Sockets: plain HTTP and TLS, both with HTTP/1.1 and HTTP/2, and an orderly end.
//!
//! Everything that is spawned here is waited for by [`Running::shutdown`]: first no new connection is taken and
//! long polls answer with what they know, then open requests have `drain_seconds`, then the rest is cut.

mod client_certificate;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::config;
use crate::peer::{ClientCertificate, Peer};
use crate::{App, router};

/// Why the server cannot listen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// An address is taken, or is not ours.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A PEM file is missing, or holds something else.
    #[error("{} holds no usable {expected}: {source}", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// A certificate or a private key.
        expected: &'static str,
        /// What the reader says.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or the key's kind is not supported.
    #[error("the TLS certificate cannot be issued: {0}")]
    Certificate(String),
    /// The certificate and key do not work together.
    #[error("the TLS certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// HTTPS is asked for without a certificate and key.
    #[error("HTTPS needs listen.certificate and listen.key")]
    NoCertificate,
}

/// Bound sockets, ready to be served.
#[derive(Debug, Default)]
pub struct Listeners(Vec<Door>);

#[derive(Debug)]
struct Door {
    socket: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Listeners {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds every address of the configuration. Call inside a tokio runtime.
    pub async fn bind(listen: &config::Listen) -> Result<Self, Error> {
        let mut listeners = Self::new();
        for &address in &listen.http {
            listeners.http(bind(address).await?);
        }
        if !listen.https.is_empty() {
            let (Some(certificate), Some(key)) = (&listen.certificate, &listen.key) else {
                return Err(Error::NoCertificate);
            };
            let tls = tls_from_files(certificate, key)?;
            for &address in &listen.https {
                listeners.https(bind(address).await?, tls.clone());
            }
        }
        if !listen.mutual_tls.is_empty() {
            let (Some(certificate), Some(key)) = (&listen.certificate, &listen.key) else {
                return Err(Error::NoCertificate);
            };
            let tls = client_certificate::asked_for(&*tls_from_files(certificate, key)?)?;
            for &address in &listen.mutual_tls {
                listeners.https(bind(address).await?, tls.clone());
            }
        }
        Ok(listeners)
    }

    /// Where they listen, in their order.
    pub fn addresses(&self) -> Vec<Address> {
        let address = |door: &Door| {
            let socket = door.socket.local_addr().ok()?;
            Some(Address { socket, secure: door.tls.is_some() })
        };
        self.0.iter().filter_map(address).collect()
    }

    /// Adds a socket for plain HTTP.
    pub fn http(&mut self, socket: TcpListener) -> &mut Self {
        self.0.push(Door { socket, tls: None });
        self
    }

    /// Adds a socket for HTTPS. See [`tls`] and [`tls_from_files`].
    pub fn https(&mut self, socket: TcpListener, tls: Arc<rustls::ServerConfig>) -> &mut Self {
        self.0.push(Door { socket, tls: Some(tls) });
        self
    }
}

/// Binds one address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|source| Error::Bind { address, source })
}

/// TLS 1.2 and 1.3 with this chain (server's certificate first) and key, for HTTP/2 and HTTP/1.1.
pub fn tls(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<rustls::ServerConfig>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The same from PEM text.
pub fn tls_from_pem(chain: &str, key: &str) -> Result<Arc<rustls::ServerConfig>, Error> {
    let pem = |expected| move |source| Error::Pem { path: PathBuf::new(), expected, source };
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(pem("certificate"))?;
    tls(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(pem("private key"))?)
}

/// The same from PEM files.
pub fn tls_from_files(certificate: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, Error> {
    let pem = |path: &Path, expected| {
        let path = path.to_owned();
        move |source| Error::Pem { path, expected, source }
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(pem(certificate, "certificate"))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(pem(key, "private key"))?;
    tls(chain, key)
}

/// The same, also asking for a client certificate, which may be missing. What it is worth is for the surfaces to say.
pub fn with_client_certificates(tls: &rustls::ServerConfig) -> Result<Arc<rustls::ServerConfig>, Error> {
    client_certificate::asked_for(tls)
}

/// Starts servers.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Serves [`router`] on all `listeners` and runs the server's own jobs, until [`Running::shutdown`]. Call
    /// inside a tokio runtime.
    pub fn start(app: App, listeners: Listeners) -> Running {
        let routes = router(app.clone());
        let mut tasks = JoinSet::new();
        let addresses = listeners.addresses();
        app.signing().set_own(&addresses);
        let places = Arc::new(Semaphore::new(app.config().limits.connections as usize));
        for door in listeners.0 {
            tasks.spawn(accept(app.clone(), routes.clone(), door, places.clone()));
        }
        for job in crate::jobs::all(&app) {
            tasks.spawn(job);
        }
        Running { app, addresses, tasks }
    }
}

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Address and port.
    pub socket: SocketAddr,
    /// Whether it speaks TLS.
    pub secure: bool,
}

impl Address {
    /// A URL that reaches it from this machine, without a slash at the end.
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let host = match self.socket.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        format!("{scheme}://{host}:{}", self.socket.port())
    }
}

/// A server that runs.
#[derive(Debug)]
#[must_use = "a dropped server stops at once, without an orderly end"]
pub struct Running {
    app: App,
    addresses: Vec<Address>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Where it listens, in the order of the listeners.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// The application behind it.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Ends everything in order and returns when nothing runs any more.
    pub async fn shutdown(mut self) {
        self.app.stop();
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error, "a task of the server ended badly");
            }
        }
    }
}

async fn accept(app: App, routes: Router, door: Door, places: Arc<Semaphore>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let head = Duration::from_secs(u64::from(app.config().listen.head_seconds));
    let tls = door.tls.map(TlsAcceptor::from);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, door.socket.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = app.stopping() => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, address)) => {
                let (app, routes, watcher, tls) =
                    (app.clone(), routes.clone(), graceful.watcher(), tls.clone());
                connections.spawn(async move {
                    serve(app, stream, address, routes, watcher, tls, head).await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, or the client gave up: neither is a reason to stop listening.
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(door.socket);
    let drain = Duration::from_secs(u64::from(app.config().listen.drain_seconds));
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut at shutdown");
    }
    connections.shutdown().await;
}

async fn serve(
    app: App,
    stream: TcpStream,
    address: SocketAddr,
    routes: Router,
    watcher: Watcher,
    tls: Option<TlsAcceptor>,
    head: Duration,
) {
    // Answers are small: waiting to fill packets only costs time. Failure changes nothing but speed.
    let _ = stream.set_nodelay(true);
    let peer = Peer { address: address.ip(), secure: tls.is_some() };
    let idle = Duration::from_secs(u64::from(app.config().listen.idle_seconds));
    let begin = async {
        match tls {
            None => Some((version(&stream).await?, Either::Plain(stream))),
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => {
                    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    Some((if h2 { Version::H2 } else { Version::H1 }, Either::Tls(Box::new(stream))))
                }
                Err(error) => {
                    tracing::debug!(error = %error, "a TLS handshake failed");
                    None
                }
            },
        }
    };
    let begun = tokio::select! {
        () = app.stopping() => return,
        begun = tokio::time::timeout(head, begin) => begun,
    };
    match begun {
        Ok(Some((version, Either::Plain(stream)))) => {
            speak(stream, version, peer, None, routes, watcher, idle).await
        }
        Ok(Some((version, Either::Tls(stream)))) => {
            let shown = client_certificate::shown(stream.get_ref().1);
            speak(stream, version, peer, shown, routes, watcher, idle).await
        }
        Ok(None) => {}
        Err(_) => tracing::debug!("a connection did not begin in time"),
    }
}

enum Either {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::server::TlsStream<TcpStream>>),
}

enum Version {
    H1,
    H2,
}

/// Which version a plain connection begins with: the preface of HTTP/2 [RFC 9113 §3.4], or anything else. Nothing
/// when it ends before that is known. The bytes stay in the socket.
async fn version(stream: &TcpStream) -> Option<Version> {
    const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(0) | Err(_) => return None,
            Ok(PREFACE_LENGTH) if seen == *PREFACE => return Some(Version::H2),
            Ok(count) if !PREFACE.starts_with(&seen[..count]) => return Some(Version::H1),
            // A part of the preface: the socket stays readable, so only time tells whether more comes.
            Ok(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

const PREFACE_LENGTH: usize = 24;

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    version: Version,
    peer: Peer,
    shown: Option<ClientCertificate>,
    routes: Router,
    watcher: Watcher,
    idle: Duration,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if let Some(shown) = &shown {
            request.extensions_mut().insert(shown.clone());
        }
        routes.clone().oneshot(request.map(Body::new))
    });
    let stream = TokioIo::new(stream);
    // Each in a box of its own: otherwise every waiting poll would have room for both, several times.
    let ended = match version {
        Version::H1 => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(idle);
            Box::pin(watcher.watch(builder.serve_connection(stream, service))).await
        }
        Version::H2 => {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .keep_alive_interval(Duration::from_secs(30))
                .max_concurrent_streams(256)
                .max_header_list_size(32 * 1024);
            Box::pin(watcher.watch(builder.serve_connection(stream, service))).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection ended early");
    }
}
