//! The issuing side through the router: OCSP, time-stamps, revocation lists, and what operators do to all of them.
//! OpenSSL is the judge of what is signed; where it is missing, that part is skipped by name.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod ca;
mod ocsp;
mod openssl;
mod token;
mod tsa;

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_pki::certificate::{Name, name};
use countersign_pki::csr::CertificationRequest;
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, SoftwareKey};
use countersign_server::authority::{KeyHomes, dev as authority};
use countersign_server::config::Admin;
use countersign_server::{Config, Keys, Randomness};
use countersign_store::{Location, Store};
use countersign_testkit::{Answer, World};
use http::{Method, Request};
use serde_json::{Value, json};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

pub(crate) fn config() -> Config {
    let text = format!("[keys]\ncustody = \"{}\"\ncore = \"{}\"", "5a".repeat(32), "3c".repeat(32));
    Config {
        keys: Config::parse(&text).expect("keys").keys,
        admins: vec![Admin::of_key("desk-1", KEY)],
        ..Config::dev()
    }
}

pub(crate) fn world() -> World {
    with(config())
}

pub(crate) fn with(config: Config) -> World {
    World::build(config, |builder| builder.authorities(authority::authorities().expect("the TEST authority")))
}

/// A service over this database: started again when it is called again, as after a crash.
pub(crate) fn over(directory: &std::path::Path, config: Config) -> World {
    let store = Store::open(Location::File(directory.join("test.db"))).expect("a store");
    let homes = KeyHomes::open(&config.pkcs11).expect("the keys' homes");
    let keys = Keys::load(&config, &mut countersign_testkit::seeded(7)).expect("keys");
    World::build(config, |builder| {
        let authorities = authority::authorities_with(&homes).expect("the TEST authority");
        builder.authorities(authorities).store(store).keys(keys).randomness(next_randomness())
    })
}

/// Another one for each start: serial numbers of certificates do not come again.
fn next_randomness() -> Randomness {
    static STARTS: AtomicU64 = AtomicU64::new(100);
    countersign_testkit::seeded(STARTS.fetch_add(1, Ordering::Relaxed))
}

pub(crate) async fn admin(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = Request::builder()
        .method(method)
        .uri(format!("/admin/v1{path}"))
        .header("authorization", format!("Bearer {KEY}"))
        .body(body)
        .expect("a request");
    world.send(request).await
}

#[track_caller]
pub(crate) fn done(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub(crate) async fn act(world: &World, path: &str, body: Value) -> Value {
    done(&admin(world, Method::POST, path, Some(body)).await)
}

/// A certification request for a new key.
pub(crate) fn request() -> String {
    let key = SoftwareKey::generate_ec(Curve::P256).expect("a key");
    let subject = Name::of(&[(name::COMMON_NAME, "not looked at")]).expect("a name");
    let request = CertificationRequest::sign(&subject, &key).expect("a request");
    let text = STANDARD.encode(request.as_der());
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", lines.join("\n"))
}

pub(crate) fn seal(ca: &str) -> Value {
    json!({
        "profile": "seal", "issuer": ca, "request": request(), "commonName": "TEST seal", "days": 365,
        "organization": { "country": "EE", "name": "TEST Example", "identifier": "NTREE-12345678" },
        "evidence": "case/1",
    })
}

/// A certificate to ask about.
pub(crate) async fn sealed(world: &World, ca: &str) -> Certificate {
    let issued = act(world, "/certificates", seal(ca)).await;
    Certificate::from_pem(issued["certificate"].as_str().expect("PEM")).expect("a certificate")
}

pub(crate) fn serial(certificate: &Certificate) -> String {
    certificate.serial().magnitude().iter().map(|octet| format!("{octet:02x}")).collect()
}
