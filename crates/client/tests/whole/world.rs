//! A service with its test persons on free ports, and the browser that they come back to.

use std::net::SocketAddr;
use std::sync::Arc;

use countersign_client::verify::certificate::TrustStore;
use countersign_client::{Client, ClientBuilder, Rules};
use countersign_pki::certificate::Name;
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::name;
use countersign_pki::profile::{CaProfile, Issuer, issue_root};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Digest, Signer, SoftwareKey};
use countersign_server::listen::{bind, tls_from_pem};
use countersign_server::{App, Listeners, MovableClock, Running, Server, authority, dev};
use countersign_wire::acsp::SchemeName;
use countersign_wire::id::RelyingPartyUuid;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The time of the service, whatever today is: the test persons' certificates are valid.
const NOW: Timestamp = Timestamp::constant(1_800_014_400, 0); // 2027-01-15T12:00:00Z

pub(crate) struct World {
    running: Running,
    origin: String,
    secure: String,
    pub(crate) tls_root: Certificate,
    pub(crate) tls_pin: [u8; 32],
    tls: Arc<rustls::ServerConfig>,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        let clock = Arc::new(MovableClock::new());
        let app = App::builder(dev::config())
            .clock(clock.clone())
            .authorities(authority::dev::authorities().unwrap())
            .build()
            .unwrap();
        // TLS is checked by the machine's clock, whatever the service believes.
        let (tls_root, tls, tls_pin) = tls(app.now());
        clock.set_offset(NOW.duration_since(app.now()));
        dev::enter(&app, clock, None).await.unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut listeners = Listeners::new();
        listeners.http(bind(any).await.unwrap());
        listeners.https(bind(any).await.unwrap(), tls.clone());
        let running = Server::start(app, listeners);
        let [origin, secure] = [0, 1].map(|index| running.addresses()[index].url());
        // The test world has installed a provider, which this client of the controls is fine with.
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { running, origin, secure, tls_root, tls_pin, tls, http }
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.running.app().now()
    }

    fn builder(&self, origin: &str) -> ClientBuilder {
        let party = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
        Client::builder(&format!("{origin}/smart-id-rp/v3/"), party, "DEMO")
            .scheme(SchemeName::DEMO)
            // The certificates name the port that `countersign dev` has by default.
            .status_origin(&self.origin)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder(&self.origin).tls_roots(&[]).build().unwrap()
    }

    pub(crate) fn secure_builder(&self) -> ClientBuilder {
        self.builder(&self.secure)
    }

    /// As a relying party has them: from the service's trust page, once.
    pub(crate) fn rules(&self) -> Rules {
        let authorities = self.running.app().authorities().unwrap();
        let pem: String = authorities.cas().iter().map(|ca| ca.certificate().to_pem()).collect();
        Rules::new(TrustStore::from_pem(&pem).unwrap())
    }

    /// The person scans a QR code.
    pub(crate) async fn scans(&self, document: &str, link: &str) {
        let body = json!({ "documentNumber": document, "deviceLink": link, "flowType": "QR" });
        self.post("/mock/device-link", body).await;
    }

    /// The person opens a link on the same device.
    pub(crate) async fn opens(&self, document: &str, link: &str, flow: &str, callback: &str) {
        let body = json!({
            "documentNumber": document,
            "deviceLink": link,
            "flowType": flow,
            "browserCookie": "a=b",
            "initialCallbackUrl": callback,
        });
        self.post("/mock/device-link", body).await;
    }

    pub(crate) async fn revoke(&self, document: &str) {
        self.post(&format!("/control/v1/revoke/{document}"), json!({})).await;
    }

    async fn post(&self, path: &str, body: Value) {
        let request = self.http.post(format!("{}{path}", self.origin)).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }
}

/// A root and a server's certificate for this machine, valid today, whenever that is.
fn tls(today: Timestamp) -> (Certificate, Arc<rustls::ServerConfig>, [u8; 32]) {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = || SoftwareKey::generate_ec(Curve::P256).unwrap();
    let validity = Validity::days(today - SignedDuration::from_hours(24), 397).unwrap();
    let attributes =
        [(name::COUNTRY, "EE"), (name::ORGANIZATION, "TEST"), (name::COMMON_NAME, "TEST TLS ROOT")];
    let root_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let profile = CaProfile::root(Name::of(&attributes).unwrap());
    let root = issue_root(&profile, &root_key, validity, &mut rng).unwrap();
    let server_key = key();
    let addresses = ["127.0.0.1".parse().unwrap()];
    let certificate = Issuer::new(&root, &root_key)
        .unwrap()
        .issue_tls_server(&["localhost".to_owned()], &addresses, server_key.public_key(), validity, &mut rng)
        .unwrap();
    let config = tls_from_pem(&certificate.to_pem(), &server_key.to_pem().unwrap()).unwrap();
    let mut pin = [0; 32];
    pin.copy_from_slice(&Digest::Sha256.of(certificate.spki_der()));
    (root, config, pin)
}

/// The person's browser on the same device, seen from the relying party: it comes back once.
pub(crate) struct Browser {
    pub(crate) origin: String,
    came_back: tokio::task::JoinHandle<String>,
}

impl Browser {
    pub(crate) async fn start(world: &World) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://127.0.0.1:{}", socket.local_addr().unwrap().port());
        let tls = TlsAcceptor::from(Arc::new({
            let mut config = rustls::ServerConfig::clone(&world.tls);
            config.alpn_protocols.clear();
            config
        }));
        let came_back = tokio::spawn(async move {
            let (stream, _) = socket.accept().await.unwrap();
            let mut stream = tls.accept(stream).await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut chunk = [0; 1024];
                let read = stream.read(&mut chunk).await.unwrap();
                assert_ne!(read, 0);
                head.extend_from_slice(&chunk[..read]);
            }
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            stream.shutdown().await.unwrap();
            let head = String::from_utf8(head).unwrap();
            assert!(head.to_lowercase().contains("cookie: a=b"), "{head}");
            head.split(' ').nth(1).unwrap().to_owned()
        });
        Self { origin, came_back }
    }

    /// The path and query that it came back to.
    pub(crate) async fn asked_for(self) -> String {
        self.came_back.await.unwrap()
    }
}
