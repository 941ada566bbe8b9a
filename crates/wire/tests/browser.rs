//! What the phone in the browser makes, read here; and the fixtures that it reads, made here.

use std::path::{Path, PathBuf};

use countersign_wire::base64::{b64u, from_b64u};
use countersign_wire::device::proof::{DeviceKey, ProofClaims, ProvenRequest, UnverifiedProof};
use countersign_wire::device::sealed::{SealedFor, SealingKey, seal};
use countersign_wire::device::{Jwk, KeyUse, Point, Sealed};
use countersign_wire::id::{DeviceId, KeyId, TransactionId};
use jiff::Timestamp;
use rand_core::SeedableRng;
use serde_json::{Value, json};

const NOW: i64 = 1_795_341_600;
const NONCE: &str = "AAAAAGsFfGAAAAAAAAAAAAAAAAAAAAAA";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/device").join(name)
}

fn fixture(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn secret(value: &Value) -> [u8; 32] {
    from_b64u(text(value, "d")).unwrap().try_into().unwrap()
}

fn with_purpose<T>(value: &Value, then: impl FnOnce(SealedFor<'_>) -> T) -> T {
    let get = |name: &str| value[name].as_str().unwrap_or("absent");
    let (kid, tx) = (KeyId::parse(get("kid")).unwrap(), TransactionId::parse(get("tx")).unwrap());
    let device = DeviceId::parse(get("device")).unwrap();
    then(match get("purpose") {
        "key-share" => SealedFor::KeyShare { key_use: get("use").parse::<KeyUse>().unwrap() },
        "proof" => SealedFor::Proof { kid: &kid },
        "confirm" => SealedFor::Confirm { tx: &tx, kid: &kid },
        "pin-check" => SealedFor::PinCheck { kid: &kid },
        "refresh" => SealedFor::Refresh { kid: &kid },
        "token" => SealedFor::Token { device: &device },
        other => panic!("{other}"),
    })
}

fn purposes() -> [Value; 7] {
    [
        json!({"purpose": "key-share", "use": "AUTH"}),
        json!({"purpose": "key-share", "use": "SIGN"}),
        json!({"purpose": "proof", "kid": "key-1"}),
        json!({"purpose": "confirm", "tx": "tx-1", "kid": "key-1"}),
        json!({"purpose": "pin-check", "kid": "key-1"}),
        json!({"purpose": "refresh", "kid": "key-1"}),
        json!({"purpose": "token", "device": "device-1"}),
    ]
}

fn check(fixture: &Value) {
    let proofs = fixture["proofs"].as_array().unwrap();
    let sealed = fixture["sealed"].as_array().unwrap();
    assert!(proofs.len() >= 2 && sealed.len() == purposes().len());
    for proof in proofs {
        let jwk: Jwk = serde_json::from_value(proof["jwk"].clone()).unwrap();
        assert_eq!(jwk.thumbprint().as_str(), text(proof, "thumbprint"));
        assert_eq!(json!(jwk.thumbprint().words()), proof["words"]);
        let request = ProvenRequest {
            method: text(proof, "method"),
            url: text(proof, "url"),
            body: text(proof, "body").as_bytes(),
            now: Timestamp::from_second(proof["iat"].as_i64().unwrap()).unwrap(),
        };
        let nonce = text(proof, "nonce");
        let verify = |request: &ProvenRequest<'_>| {
            UnverifiedProof::parse(text(proof, "proof")).unwrap().verify(
                &jwk,
                request,
                |given| given == nonce,
                |_| true,
            )
        };
        verify(&request).unwrap();
        assert!(verify(&ProvenRequest { body: b"another body", ..request }).is_err());
    }
    for case in sealed {
        let key = SealingKey::from_secret(&secret(case)).unwrap();
        let sealed: Sealed = serde_json::from_value(case["sealed"].clone()).unwrap();
        assert_eq!(sealed.id, "core-1");
        with_purpose(&case["for"], |purpose| {
            let plaintext = key.open(&sealed, purpose).unwrap();
            assert_eq!(plaintext.as_slice(), text(case, "plaintext").as_bytes());
        });
        let opened_otherwise = purposes()
            .iter()
            .filter(|other| **other != case["for"])
            .any(|other| with_purpose(other, |purpose| key.open(&sealed, purpose).is_ok()));
        assert!(!opened_otherwise);
    }
}

#[test]
fn what_the_browser_makes_is_read() {
    check(&fixture("made-in-the-browser.json"));
}

#[test]
fn the_fixtures_made_here_are_still_right() {
    check(&fixture("made-in-rust.json"));
}

#[test]
#[ignore = "writes fixtures/device/made-in-rust.json anew"]
fn write_the_fixtures() {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2026);
    let requests = [
        ("GET", "http://127.0.0.1:8080/device/v1/transactions?wait=25", ""),
        ("POST", "https://sid.example.test/device/v1/keys", r#"{"use":"AUTH","name":"ÄÖ€"}"#),
    ];
    let proofs = requests.map(|(method, url, body)| {
        let key = DeviceKey::generate(&mut rng);
        let now = Timestamp::from_second(NOW).unwrap();
        let claims = ProofClaims::new(method, url, body.as_bytes(), NONCE, now, &mut rng);
        let thumbprint = key.jwk().thumbprint();
        json!({
            "jwk": key.jwk(), "thumbprint": thumbprint.as_str(), "words": thumbprint.words(), "method": method,
            "url": url, "body": body, "iat": NOW, "nonce": NONCE, "proof": key.prove(&claims).unwrap(),
        })
    });
    let sealed = purposes().map(|purpose| {
        let key = SealingKey::generate(&mut rng);
        let point: &Point = key.point();
        let plaintext = format!("for {}", text(&purpose, "purpose"));
        let sealed = with_purpose(&purpose, |purpose| {
            seal(&mut rng, point, "core-1", purpose, plaintext.as_bytes()).unwrap()
        });
        json!({
            "d": b64u(key.to_secret().as_ref()), "jwk": Jwk::from(point.clone()), "for": purpose,
            "plaintext": plaintext, "sealed": sealed,
        })
    });
    let fixture = json!({ "proofs": proofs, "sealed": sealed });
    let written = format!("{}\n", serde_json::to_string_pretty(&fixture).unwrap());
    std::fs::write(path("made-in-rust.json"), written).unwrap();
}
