//! Keys of the authority in a PKCS#11 token: SoftHSM stands in for the device. Where it is not installed, the test is
//! skipped by name.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::body::Body;
use countersign_pki::Digest;
use countersign_pki::ocsp::{BasicOcspResponse, CertId, CertIdHash, OcspRequest};
use countersign_pki::tsp::{MessageImprint, PkiFailureInfo, TimeStampReq, TimeStampResp};
use countersign_server::Config;
use countersign_server::authority::{KeyHomes, dev as authority};
use countersign_server::config::{Pkcs11, Secret};
use countersign_testkit::World;
use http::Request;
use serde_json::json;

use super::{act, config, over, sealed};

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];
const PIN: &str = "4711";
const NAMES: [&str; 7] = ["root", "eid-q", "eid-nq", "root-ocsp", "eid-q-ocsp", "eid-nq-ocsp", "tsa"];

/// SoftHSM reads where its tokens are from the environment, which a test must not change: it starts itself again.
#[test]
fn every_key_may_be_in_a_token_that_goes_away_and_comes_back() {
    let name = "token::every_key_may_be_in_a_token_that_goes_away_and_comes_back";
    if std::env::var_os("SOFTHSM2_CONF").is_some() {
        return inside();
    }
    if !MODULES.iter().any(|module| Path::new(module).exists()) {
        println!("SKIP {name}: softhsm2 is not installed");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let tokens = directory.path().join("tokens");
    std::fs::create_dir(&tokens).expect("created");
    let configuration = directory.path().join("softhsm2.conf");
    std::fs::write(
        &configuration,
        format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
    )
    .expect("written");
    let softhsm = |arguments: &[&str]| {
        let output =
            Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", &configuration).output();
        let output = output.expect("softhsm2-util runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    softhsm(&["--init-token", "--free", "--label", "authority", "--so-pin", "0000", "--pin", PIN]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/authority");
    for (number, name) in NAMES.iter().enumerate() {
        let file = fixtures.join(format!("{name}.key.pem"));
        let (file, id) = (file.to_string_lossy().into_owned(), format!("{number:02x}"));
        softhsm(&["--import", &file, "--token", "authority", "--label", name, "--id", &id, "--pin", PIN]);
    }
    let again = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", name, "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .status()
        .expect("the test runs");
    assert!(again.success());
}

#[tokio::main(flavor = "current_thread")]
async fn inside() {
    let configuration = PathBuf::from(std::env::var_os("SOFTHSM2_CONF").expect("set"));
    let directory = configuration.parent().expect("a directory").to_owned();
    let pin_file = directory.join("pin");
    std::fs::write(&pin_file, format!("{PIN}\n")).expect("written");
    let module = MODULES.iter().map(PathBuf::from).find(|module| module.exists());
    let pkcs11 = Pkcs11 {
        module,
        token: "authority".into(),
        pin_file: Some(pin_file),
        new_keys: true,
        keys: NAMES.map(|name| (name.to_owned(), name.to_owned())).into(),
        ..Pkcs11::default()
    };
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

    let world = start(&directory, &pkcs11);
    answers(&world).await;
    let status = super::admin(&world, http::Method::GET, "/authorities", None).await.json();
    for member in status["members"].as_array().expect("members") {
        assert_eq!(member["key"], "pkcs11", "{member}");
    }
    // A CA that takes over has its key in the token, too.
    let made = act(&world, "/authorities/eid-nq/rollover", json!({})).await;
    assert_eq!((&made["name"], &made["key"]), (&json!("eid-nq-2"), &json!("pkcs11")));
    sealed(&world, "eid-nq-2").await;
    drop(world);
    let world = start(&directory, &pkcs11);
    sealed(&world, "eid-nq-2").await;

    // The token goes away while the service runs: it refuses, and goes on by itself when the token is back.
    let tokens = directory.join("tokens");
    let elsewhere = directory.join("elsewhere");
    std::fs::rename(&tokens, &elsewhere).expect("moved away");
    std::fs::create_dir(&tokens).expect("an empty one");
    assert_eq!(time_stamp(&world).await, Err(PkiFailureInfo::SystemFailure.to_der()));
    std::fs::remove_dir(&tokens).expect("removed");
    std::fs::rename(&elsewhere, &tokens).expect("moved back");
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
