//! A service with its test persons and a bank beside it, and a browser that has the bank's page open.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign_bank::Settings;
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::id::RelyingPartyUuid;
use countersign_container::TrustAnchors;
use countersign_pki::certificate::Name;
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::name;
use countersign_pki::profile::{CaProfile, Issuer, issue_root};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer, SoftwareKey};
use countersign_server::listen::{bind, tls_from_pem};
use countersign_server::{App, Listeners, MovableClock, Running, Server, authority, dev};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use reqwest::header::{CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The time of the service, whatever today is: the test persons' certificates are valid.
const NOW: Timestamp = Timestamp::constant(1_800_014_400, 0); // 2027-01-15T12:00:00Z

pub(crate) const OK: &str = "PNOEE-40504040001-DEM0-Q";

pub(crate) struct World {
    running: Running,
    pub(crate) anchors: TrustAnchors,
    pub(crate) origin: String,
    pub(crate) secure: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(MovableClock::new());
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (plain, tls) = (bind(any).await.unwrap(), bind(any).await.unwrap());
        let origin = format!("http://{}", plain.local_addr().unwrap());
        let secure = format!("https://localhost:{}", tls.local_addr().unwrap().port());
        let authorities = authority::dev::authorities().unwrap();
        let cas: Vec<_> = authorities.cas().iter().map(|ca| ca.certificate().clone()).collect();
        let (roots, intermediates): (Vec<_>, Vec<_>) = cas.into_iter().partition(|ca| ca.is_self_issued());
        let tsa = vec![authorities.time_stamping().certificate().clone(), roots[0].clone()];
        let anchors = TrustAnchors { ca: roots, intermediates, tsa, ..TrustAnchors::default() };
        // TLS is checked by the machine's clock, whatever the service believes.
        let (tls_root, config) = tls_config(countersign_server::Clock::now(&*clock));
        let time = clock.clone();
        let bank = countersign_bank::routes(Settings {
            provider: origin.parse().unwrap(),
            tls_roots: vec![tls_root],
            relying_party: RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap(),
            relying_party_name: "DEMO".to_owned(),
            scheme: SchemeName::DEMO,
            anchors: anchors.clone(),
            secure_origin: Some(secure.clone()),
            clock: Arc::new(move || countersign_server::Clock::now(&*time)),
        })
        .unwrap();
        let app = App::builder(dev::config())
            .clock(clock.clone())
            .authorities(authorities)
            .extra_routes(bank)
            .build()
            .unwrap();
        clock.set_offset(NOW.duration_since(app.now()));
        dev::enter(&app, clock, None).await.unwrap();
        let mut listeners = Listeners::new();
        listeners.http(plain);
        listeners.https(tls, config);
        Self { running: Server::start(app, listeners), anchors, origin, secure }
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.running.app().now()
    }

    /// A browser with the bank's page open.
    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.origin)
    }

    /// The same over HTTPS.
    pub(crate) fn secure_browser(&self) -> Browser {
        Browser::at(&self.secure)
    }

    /// A call of the service's own controls.
    pub(crate) async fn control(&self, path: &str, body: Value) {
        let answer = self.browser().send(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    }

    /// A test person's phone opens a link.
    pub(crate) async fn opens(&self, document: &str, link: &str, flow: &str, cookie: &str) {
        let body = json!({
            "documentNumber": document,
            "deviceLink": link,
            "flowType": flow,
            "browserCookie": cookie,
            "initialCallbackUrl": "https://the.phone/knows",
        });
        self.control("/mock/device-link", body).await;
    }
}

/// A server's certificate for this machine, valid today, whenever that is.
fn tls_config(today: Timestamp) -> (Certificate, Arc<rustls::ServerConfig>) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let validity = Validity::days(today - SignedDuration::from_hours(24), 397).unwrap();
    let attributes =
        [(name::COUNTRY, "EE"), (name::ORGANIZATION, "TEST"), (name::COMMON_NAME, "TEST TLS ROOT")];
    let root_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let profile = CaProfile::root(Name::of(&attributes).unwrap());
    let root = issue_root(&profile, &root_key, validity, &mut rng).unwrap();
    let key = SoftwareKey::generate_ec(Curve::P256).unwrap();
    let issuer = Issuer::new(&root, &root_key).unwrap();
    let certificate = issuer
        .issue_tls_server(&["localhost".to_owned()], &[], key.public_key(), validity, &mut rng)
        .unwrap();
    let config = tls_from_pem(&certificate.to_pem(), &key.to_pem().unwrap()).unwrap();
    (root, config)
}

/// What a browser is to the bank: cookies, and an origin that it tells.
pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    pub(crate) origin: Option<String>,
    pub(crate) cookies: Vec<(String, String)>,
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

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Browser {
    fn at(origin: &str) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Whom the certificate comes from is not the matter here.
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        Self { http, base: origin.to_owned(), origin: Some(origin.to_owned()), cookies: Vec::new() }
    }

    pub(crate) fn cookie_line(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        self.send_bytes(method, path, "application/json", &[], body).await
    }

    pub(crate) async fn send_bytes(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        more: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method != Method::GET
            && let Some(origin) = &self.origin
        {
            request = request.header(ORIGIN, origin);
        }
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookie_line());
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// Puts a file there.
    pub(crate) async fn drop_file(&mut self, name: &str, content: &[u8]) -> Answer {
        let more = [("x-file-name", name)];
        self.send_bytes(Method::PUT, "/bank/api/file", "text/plain", &more, Some(content.to_vec())).await
    }

    /// Asks until the transaction has ended.
    pub(crate) async fn end_of(&mut self, transaction: &Value) -> Value {
        let id = transaction["id"].as_str().unwrap();
        let mut shown = transaction.clone();
        while shown["state"] == "running" {
            let seen = shown["version"].as_u64().unwrap();
            shown = self.get(&format!("/bank/api/transactions/{id}?seen={seen}")).await.json();
        }
        shown
    }

    pub(crate) async fn link_of(&mut self, transaction: &Value) -> Value {
        let id = transaction["id"].as_str().unwrap();
        self.get(&format!("/bank/api/transactions/{id}/link")).await.json()
    }
}
