//! Registrant tokens through the router: how they are got, what they open, how they end.

mod asserted;
mod card;
mod malformed;
mod partners;
mod password;
mod resource;
mod session;

use countersign_server::{ClientCertificate, Config, Peer};
use countersign_testkit::{Answer, World};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "/auth/token";
pub(crate) const PARTNER_KEY: &str = "a key of 128 random bits, or more";

/// The sample of the document.
pub(crate) fn sample() -> Value {
    json!({ "ident": "30110100103", "first_name": "Jan", "last_name": "Tamm" })
}

/// `{"errors":[{"base":["Not authorized"]}]}`
pub(crate) fn not_authorized() -> Value {
    json!({ "errors": [{ "base": ["Not authorized"] }] })
}

pub(crate) fn errors(member: &str, text: &str) -> Value {
    json!({ "errors": [{ member: [text] }] })
}

/// A configuration with nothing but these lines of `[registrant]`, and the relying party DEMO.
pub(crate) fn config(registrant: &str) -> Config {
    let mut config = Config::dev();
    config.registrant = Config::parse(registrant).expect("a configuration").registrant;
    config
}

/// A partner with a key, from one network, that is believed.
pub(crate) const PARTNER: &str = r#"
    [[registrant.partner]]
    name = "portal"
    key_sha256 = "9d6ef8bd3bd2cd1b2b2a3a0a6ea5d1d6b3a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
    addresses = ["192.0.2.0/24", "2001:db8::/32"]
    may_assert = true
"#;

/// [`PARTNER`] with the hash of [`PARTNER_KEY`].
pub(crate) fn partner() -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, PARTNER_KEY.as_bytes());
    let hash: String = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    PARTNER.replace("9d6ef8bd3bd2cd1b2b2a3a0a6ea5d1d6b3a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0", &hash)
}

/// A call, as it comes from somewhere.
#[derive(Clone, Default)]
pub(crate) struct Call {
    pub(crate) headers: HeaderMap,
    pub(crate) from: Option<&'static str>,
    pub(crate) certificate: Option<Vec<u8>>,
}

impl Call {
    pub(crate) fn from(address: &'static str) -> Self {
        Self { from: Some(address), ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().expect("a header"));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn send(&self, world: &World, method: Method, path: &str, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://localhost/api/v1/registrant{path}"))
            .body(body.to_owned().into())
            .expect("a request");
        request.headers_mut().extend(self.headers.clone());
        if let Some(address) = self.from {
            let address = address.parse().expect("an address");
            request.extensions_mut().insert(Peer { address, secure: true });
        }
        if let Some(certificate) = &self.certificate {
            request.extensions_mut().insert(ClientCertificate::new(certificate));
        }
        world.send(request).await
    }

    pub(crate) async fn post(&self, world: &World, path: &str, body: &Value) -> Answer {
        self.clone()
            .with("content-type", "application/json")
            .send(world, Method::POST, path, &body.to_string())
            .await
    }

    pub(crate) async fn get(&self, world: &World, path: &str) -> Answer {
        self.send(world, Method::GET, path, "").await
    }
}

/// The token in an answer that is one.
#[track_caller]
pub(crate) fn token(answer: &Answer) -> String {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text());
    let body = answer.json();
    let names: Vec<_> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "expires_at", "type", "token_type", "expires_in"]);
    body["access_token"].as_str().expect("a text").to_owned()
}

/// Whose a token is.
pub(crate) async fn me(world: &World, token: &str) -> Value {
    let answer = Call::default().bearer(token).get(world, "/me").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, body: &Value) {
    assert_eq!((answer.status.as_u16(), &answer.json()), (status, body));
    assert_eq!(answer.header("content-type"), "application/json");
}

/// How often something was refused for this reason.
pub(crate) async fn count(world: &World, call: &str, reason: &str) -> u64 {
    let metrics = world.get("/metrics").await;
    let line = format!("countersign_registrant_refusals_total{{call=\"{call}\",reason=\"{reason}\"}} ");
    metrics.text().lines().find_map(|each| each.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
}
