//! Keys of the authority in a PKCS#11 token: SoftHSM stands in for the device. Where it is not installed, the tests are
//! skipped by name.

#[path = "../../../pkcs11/tests/setup/softhsm.rs"]
mod softhsm;

use std::path::Path;

use axum::body::Body;
use countersign_pki::ocsp::{BasicOcspResponse, CertId, CertIdHash, OcspRequest};
use countersign_pki::tsp::{MessageImprint, PkiFailureInfo, TimeStampReq, TimeStampResp};
use countersign_pki::{Certificate, Digest, Signer as _};
use countersign_server::Config;
use countersign_server::authority::{KeyHomes, dev as authority};
use countersign_server::config::{Pkcs11, Secret};
use countersign_testkit::World;
use http::{Method, Request};
use serde_json::json;

use self::softhsm::PIN;
use super::{act, config, over, sealed};

const NAMES: [&str; 7] = ["root", "eid-q", "eid-nq", "root-ocsp", "eid-q-ocsp", "eid-nq-ocsp", "tsa"];

#[test]
fn every_key_may_be_in_a_token_that_goes_away_and_comes_back() {
    let name = "token::every_key_may_be_in_a_token_that_goes_away_and_comes_back";
    let fill = |softhsm: &dyn Fn(&[&str])| NAMES.iter().enumerate().for_each(|each| import(softhsm, each));
    if let Some(directory) = softhsm::start(name, "authority", fill) {
        inside(&directory);
    }
}

fn import(softhsm: &dyn Fn(&[&str]), (number, name): (usize, &&str)) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/authority");
    let (file, id) = (fixtures.join(format!("{name}.key.pem")), u8::try_from(number).expect("few"));
    softhsm::import(softhsm, "authority", &file, name, id);
}

/// What is configured for a token with these keys.
fn pkcs11(directory: &Path, names: &[&str]) -> Pkcs11 {
    let pin_file = directory.join("pin");
    std::fs::write(&pin_file, format!("{PIN}\n")).expect("written");
    Pkcs11 {
        module: softhsm::module(),
        token: "authority".into(),
        pin_file: Some(pin_file),
        new_keys: true,
        keys: names.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect(),
        ..Pkcs11::default()
    }
}

#[test]
fn one_ca_s_key_that_is_away_stops_no_other() {
    let name = "token::one_ca_s_key_that_is_away_stops_no_other";
    let fill = |softhsm: &dyn Fn(&[&str])| {
        import(softhsm, (0, &"eid-nq"));
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/authority");
        softhsm::import(softhsm, "authority", &fixtures.join("root.key.pem"), "eid-q-2", 9);
    };
    if let Some(directory) = softhsm::start(name, "authority", fill) {
        one_away(&directory);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn one_away(directory: &Path) {
    let pkcs11 = pkcs11(directory, &["eid-nq"]);
    let world = start(directory, &pkcs11);
    let own = |name: &str| issuer(&world, name);
    let (under_root, under_nq) = (own("eid-q"), sealed(&world, "eid-nq").await);
    let by_root = async || signer(&world, &under_root, &own("root")).await;
    let by_nq = async || signer(&world, &under_nq, &own("eid-nq")).await;
    let (first_root, first_nq) = (by_root().await.expect("an answer"), by_nq().await.expect("an answer"));

    softhsm::away(directory, async || {
        // Time for the next responders. Everybody hears from those before, until there are others.
        world.advance(60 * 86_400);
        let renewed = async {
            while by_root().await.expect("an answer") == first_root {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), renewed).await.expect("a new responder");
        assert_eq!(by_nq().await.as_ref(), Some(&first_nq));
        // A CA that takes over brings nobody to silence. What an earlier try has left in the token is taken only if it was
        // made there.
        let order = json!({ "evidence": "case/1" });
        let refused = super::admin(&world, Method::POST, "/authorities/eid-q/rollover", Some(order)).await;
        assert_eq!(refused.status, 500, "{}", refused.text());
        assert_ne!(by_root().await, Some(first_root.clone()));
        assert_eq!(by_nq().await.as_ref(), Some(&first_nq));
    })
    .await;

    // Back again, it is tried again.
    world.advance(30);
    let renewed = async {
        while by_nq().await.expect("an answer") == first_nq {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), renewed).await.expect("a new responder");
    let order = json!({ "evidence": "case/2" });
    let refused =
        super::admin(&world, Method::POST, "/authorities/eid-q/rollover", Some(order.clone())).await;
    assert_eq!(refused.status, 500, "a key from elsewhere: {}", refused.text());

    // A try that was broken off: its keys are in the token, and nothing is written down.
    let settings = countersign_pkcs11::Settings {
        module: softhsm::module().expect("a module"),
        token: "authority".into(),
        pin: PIN.to_owned().into(),
        sessions: 1,
        wait: std::time::Duration::from_secs(30),
    };
    let token = countersign_pkcs11::Token::open(settings).expect("the token");
    let left = token.generate_ec("eid-nq-2", countersign_pki::verify::Curve::P384).expect("a key");
    let made = act(&world, "/authorities/eid-nq/rollover", order).await;
    assert_eq!((&made["name"], &made["key"]), (&json!("eid-nq-2"), &json!("pkcs11")));
    assert_eq!(issuer(&world, "eid-nq-2").public_key(), left.public_key());
    sealed(&world, "eid-nq-2").await;
}

fn issuer(world: &World, name: &str) -> Certificate {
    let cas = world.app().authorities().expect("an authority").cas();
    cas.iter().find(|ca| ca.name() == name).expect("a CA").certificate().clone()
}

/// The certificate that signed an answer about this one; none where there is no answer.
async fn signer(world: &World, certificate: &Certificate, issuer: &Certificate) -> Option<Vec<u8>> {
    let id = CertId::of(CertIdHash::Sha256, certificate, issuer).expect("an id");
    let asked = OcspRequest::new(vec![id], None).expect("a request").to_der().expect("DER");
    let answer = world.send(Request::post("/ocsp").body(Body::from(asked)).expect("a request")).await;
    let read = BasicOcspResponse::from_der(&answer.body).expect("DER").ok()?;
    Some(read.certificates()[0].to_vec())
}

#[tokio::main(flavor = "current_thread")]
async fn inside(directory: &Path) {
    let pkcs11 = pkcs11(directory, &NAMES);
    // A wrong PIN, or no such token or key, is said at the start, and the PIN is not repeated.
    for wrong in [
        Pkcs11 { pin: Some(Secret::new("31415")), pin_file: None, ..pkcs11.clone() },
        Pkcs11 { token: "another".into(), ..pkcs11.clone() },
    ] {
        let error = KeyHomes::open(&wrong).err().expect("refused").to_string();
        assert!(!error.contains("31415"), "{error}");
    }
    let missing = Pkcs11 { keys: [("tsa".to_owned(), "no such key".to_owned())].into(), ..pkcs11.clone() };
    let homes = KeyHomes::open(&missing).expect("the token");
    assert!(authority::authorities_with(&homes).is_err());

    let world = start(directory, &pkcs11);
    answers(&world).await;
    let status = super::admin(&world, Method::GET, "/authorities", None).await.json();
    for member in status["members"].as_array().expect("members") {
        assert_eq!(member["key"], "pkcs11", "{member}");
    }
    // A CA that takes over has its key in the token, too.
    let made = act(&world, "/authorities/eid-nq/rollover", json!({})).await;
    assert_eq!((&made["name"], &made["key"]), (&json!("eid-nq-2"), &json!("pkcs11")));
    sealed(&world, "eid-nq-2").await;
    drop(world);
    let world = start(directory, &pkcs11);
    sealed(&world, "eid-nq-2").await;

    // The token goes away while the service runs: it refuses, and goes on by itself when the token is back.
    let refused = softhsm::away(directory, async || time_stamp(&world).await).await;
    assert_eq!(refused, Err(PkiFailureInfo::SystemFailure.to_der()));
    time_stamp(&world).await.expect("a time-stamp");
    answers(&world).await;
}

fn start(directory: &Path, pkcs11: &Pkcs11) -> World {
    let config = Config { pkcs11: pkcs11.clone(), ..config() };
    assert_eq!(config.check(), []);
    over(directory, config)
}

/// One of everything that is signed.
async fn answers(world: &World) {
    time_stamp(world).await.expect("a time-stamp");
    let cas = world.app().authorities().expect("an authority").cas();
    let (root, ca) = (cas[0].certificate(), cas[1].certificate());
    let id = CertId::of(CertIdHash::Sha256, ca, root).expect("an id");
    let asked = OcspRequest::new(vec![id], None).expect("a request").to_der().expect("DER");
    let answer = world.send(Request::post("/ocsp").body(Body::from(asked)).expect("a request")).await;
    BasicOcspResponse::from_der(&answer.body).expect("DER").expect("an answer");
    for name in ["root", "eid-q", "eid-nq"] {
        assert_eq!(world.get(&format!("/ca/{name}.crl")).await.status, 200, "{name}");
    }
}

async fn time_stamp(world: &World) -> Result<(), Vec<u8>> {
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    let asked = TimeStampReq::new(imprint, &[7; 8]).expect("a request").to_der();
    let answer = world.send(Request::post("/tsa").body(Body::from(asked)).expect("a request")).await;
    match TimeStampResp::from_der(&answer.body).expect("a response") {
        TimeStampResp::Granted(_) => Ok(()),
        _ => Err(answer.body.to_vec()),
    }
}
