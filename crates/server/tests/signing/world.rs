//! A server with its test persons, and an e-service that uses it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use countersign_container::validate::validate_bytes;
use countersign_container::{Limits, Policy, Report, TrustAnchors};
use countersign_server::config::Config;
use countersign_server::listen::bind;
use countersign_server::{
    App, Clock as _, Listeners, MovableClock, Running, Server, SystemClock, authority, dev,
};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The time of the service, whatever today is: the test persons' certificates are valid.
const NOW: Timestamp = Timestamp::constant(1_800_014_400, 0); // 2027-01-15T12:00:00Z

pub(crate) const OK: &str = "PNOEE-40504040001-DEM0-Q";
pub(crate) const OTHER: &str = "PNOEE-40404040009-MOCK-Q";
pub(crate) const REFUSES: &str = "PNOEE-30403039917-MOCK-Q";

pub(crate) const CONTAINERS: &str = "/signing/v1/containers";

pub(crate) struct World {
    running: Running,
    clock: Arc<MovableClock>,
    http: reqwest::Client,
    pub(crate) origin: String,
    pub(crate) key: Option<&'static str>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    #[track_caller]
    pub(crate) fn good(&self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        self.json()
    }

    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.json()["type"], format!("urn:countersign:problem:{kind}"), "{}", self.text());
    }
}

/// From the machine's time to the service's: the same for every server, so that time goes on over a restart.
fn offset() -> SignedDuration {
    static OFFSET: OnceLock<SignedDuration> = OnceLock::new();
    *OFFSET.get_or_init(|| NOW.duration_since(SystemClock.now()))
}

/// One part of a form.
pub(crate) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(dev::config()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let clock = Arc::new(MovableClock::new());
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let plain = bind(any).await.unwrap();
        let origin = format!("http://{}", plain.local_addr().unwrap());
        let phones = config.store.directory.as_ref().map(|directory| directory.join("phones"));
        if let Some(phones) = &phones {
            std::fs::create_dir_all(phones).unwrap();
        }
        let app = App::builder(config)
            .clock(clock.clone())
            .authorities(authority::dev::authorities().unwrap())
            .build()
            .unwrap();
        clock.set_offset(offset());
        dev::enter(&app, clock.clone(), phones.as_deref()).await.unwrap();
        let mut listeners = Listeners::new();
        listeners.http(plain);
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { running: Server::start(app, listeners), clock, http, origin, key: None }
    }

    /// The same server once more, over the same data.
    pub(crate) fn kept_in(directory: &Path) -> Config {
        let mut config = dev::config();
        config.store.directory = Some(directory.to_owned());
        config
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await;
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.set_offset(offset() + SignedDuration::from_secs(seconds));
    }

    pub(crate) fn app(&self) -> &App {
        self.running.app()
    }

    pub(crate) async fn send(&self, method: Method, path: &str, kind: &str, body: Option<Vec<u8>>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.origin));
        if let Some(key) = self.key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await.unwrap();
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "", None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, "application/json", Some(body.to_string().into_bytes())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, "application/json", Some(body.to_string().into_bytes())).await
    }

    pub(crate) async fn form(&self, parts: &[Part<'_>]) -> Answer {
        let kind = "multipart/form-data; boundary=b";
        self.send(Method::POST, CONTAINERS, kind, Some(form(parts))).await
    }

    /// A container of one file; its path.
    pub(crate) async fn container(&self) -> String {
        let made = self.form(&[("file", Some("leping.txt"), "Leping: õun\n".as_bytes())]).await.good();
        path_of(&made)
    }

    /// Begins a signature; its path.
    pub(crate) async fn begin(&self, container: &str, asked: Value) -> (String, Value) {
        let begun = self.post(&format!("{container}/signatures"), asked).await.good();
        (format!("{container}/signatures/{}", begun["id"].as_str().unwrap()), begun)
    }

    /// The signature when it is over.
    pub(crate) async fn end_of(&self, signature: &str) -> Value {
        self.get(&format!("{signature}?timeoutMs=60000")).await.good()
    }

    /// Signs by notification, and gives the container's file.
    pub(crate) async fn signed(&self, container: &str, asked: Value) -> Vec<u8> {
        let (signature, _) = self.begin(container, asked).await;
        let ended = self.end_of(&signature).await;
        assert_eq!(ended["state"], "complete", "{ended}");
        let file = self.get(&format!("{container}/file")).await;
        assert_eq!(file.status, 200, "{}", file.text());
        file.body
    }

    /// What anybody finds who checks a file with this service's anchors.
    pub(crate) fn check(&self, file: &[u8]) -> Report {
        let authorities = authority::dev::authorities().unwrap();
        let cas: Vec<_> = authorities.cas().iter().map(|ca| ca.certificate().clone()).collect();
        let (roots, intermediates): (Vec<_>, Vec<_>) = cas.into_iter().partition(|ca| ca.is_self_issued());
        let tsa = vec![authorities.time_stamping().certificate().clone(), roots[0].clone()];
        let anchors = TrustAnchors { ca: roots, intermediates, tsa, ..TrustAnchors::default() };
        let now = self.app().now();
        validate_bytes(file, None, &Limits::default(), &anchors, now, &Policy::default())
    }

    /// A test person's phone opens a link.
    pub(crate) async fn opens(&self, document: &str, link: &str, flow: &str) {
        let body = json!({
            "documentNumber": document,
            "deviceLink": link,
            "flowType": flow,
            "browserCookie": "",
            "initialCallbackUrl": "https://the.phone/knows",
        });
        let answer = self.post("/mock/device-link", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

pub(crate) fn path_of(container: &Value) -> String {
    format!("{CONTAINERS}/{}", container["id"].as_str().unwrap())
}

pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        body.extend(
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

/// A document of one empty page.
pub(crate) fn pdf() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ];
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.extend(format!("{} 0 obj{object}endobj\n", number + 1).as_bytes());
    }
    let start = file.len();
    file.extend(b"xref\n0 4\n0000000000 65535 f \n");
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").as_bytes());
    }
    file.extend(format!("trailer<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    file
}
