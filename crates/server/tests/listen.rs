//! Over real sockets, on this machine: TLS, HTTP/2, and an orderly end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use countersign_server::authority::dev;
use countersign_server::listen::bind;
use countersign_server::{App, Clock, Config, Listeners, Randomness, Running, Server, SystemClock};
use countersign_wire::endpoint::STARTS;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(config: Config) -> Running {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut listeners = Listeners::new();
    listeners.http(bind(any).await.unwrap());
    listeners
        .https(bind(any).await.unwrap(), dev::tls(SystemClock.now(), &mut Randomness::system()).unwrap());
    Server::start(App::builder(config).build().unwrap(), listeners)
}

fn builder() -> reqwest::ClientBuilder {
    // Another test may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::builder()
}

fn client() -> reqwest::Client {
    let root = reqwest::Certificate::from_der(dev::tls_root().unwrap().as_der()).unwrap();
    builder().tls_certs_only([root]).build().unwrap()
}

async fn started(client: &reqwest::Client, url: &str) -> Value {
    let body = countersign_server::openapi::example(&STARTS[0]).to_string();
    let request = client.post(format!("{url}{}", STARTS[0].path)).header("content-type", "application/json");
    serde_json::from_str(&request.body(body).send().await.unwrap().text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn urls_follow_scheme_and_port_of_the_request() {
    let running = start(Config::dev()).await;
    let client = client();
    for address in running.addresses() {
        let url = address.url().replace("127.0.0.1", "localhost");
        let body = started(&client, &url).await;
        assert_eq!(body["deviceLinkBase"], format!("{url}/device-link"));
    }
    running.shutdown().await;
}

#[tokio::test]
async fn tls_speaks_http_2() {
    let running = start(Config::dev()).await;
    let [plain, secure] = [0, 1].map(|index| running.addresses()[index].url());
    let client = client();
    let version = async |url: &str| client.get(format!("{url}/livez")).send().await.unwrap().version();
    assert_eq!(version(&plain).await, http::Version::HTTP_11);
    assert_eq!(version(&secure).await, http::Version::HTTP_2);
    running.shutdown().await;
}

#[tokio::test]
async fn shutdown_ends_long_polls_with_what_they_know() {
    let running = start(Config::dev()).await;
    let (client, url) = (client(), running.addresses()[0].url());
    let id = started(&client, &url).await["sessionID"].as_str().unwrap().to_owned();
    let polls: Vec<_> = (0..20)
        .map(|_| {
            let request = client.get(format!("{url}/v3/session/{id}?timeoutMs=120000"));
            tokio::spawn(async move { request.send().await.unwrap().text().await.unwrap() })
        })
        .collect();
    while running.app().watches().waiting() < 20 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    running.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for poll in polls {
        assert_eq!(poll.await.unwrap(), r#"{"state":"RUNNING"}"#);
    }
    assert!(client.get(format!("{url}/livez")).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let running = start(Config::dev()).await;
    let mut idle = Vec::new();
    for address in running.addresses() {
        idle.push(TcpStream::connect(address.socket).await.unwrap());
    }
    let url = running.addresses()[0].url();
    client().get(format!("{url}/livez")).send().await.unwrap();
    let begun = Instant::now();
    running.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_no_http_and_no_tls_is_turned_away() {
    let running = start(Config::dev()).await;
    for address in running.addresses() {
        let mut stream = TcpStream::connect(address.socket).await.unwrap();
        stream.write_all(b"\x00\x01\x02 nonsense\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        // Closed, with a short farewell at most; a reset is as good.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.len() < 512, "{}", answer.len());
    }
    let url = running.addresses()[0].url();
    assert_eq!(client().get(format!("{url}/livez")).send().await.unwrap().status(), 200);
    running.shutdown().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let mut config = Config::dev();
    config.listen.idle_seconds = 1;
    let running = start(config).await;
    let mut stream = TcpStream::connect(running.addresses()[0].socket).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    running.shutdown().await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let mut config = Config::dev();
    config.listen.head_seconds = 1;
    let running = start(config).await;
    for address in running.addresses() {
        for beginning in ["", "P", "PRI * HTTP/2.0\r\n"] {
            let mut stream = TcpStream::connect(address.socket).await.unwrap();
            stream.write_all(beginning.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        }
    }
    running.shutdown().await;
}

#[tokio::test]
async fn http_2_works_without_tls_too() {
    let running = start(Config::dev()).await;
    let url = running.addresses()[0].url();
    let client = builder().http2_prior_knowledge().build().unwrap();
    assert_eq!(client.get(format!("{url}/livez")).send().await.unwrap().version(), http::Version::HTTP_2);
    running.shutdown().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let running = start(Config::dev()).await;
    let taken = running.addresses()[0].socket;
    let error = bind(taken).await.unwrap_err().to_string();
    assert!(error.contains(&taken.to_string()), "{error}");
    running.shutdown().await;
}
