//! `POST /control/v1/activations`

use countersign_phone::{Enrolment, MemoryVault, Phone, Pin, Pins};
use countersign_pki::Certificate;
use countersign_server::device::InProcess;
use countersign_testkit::World;
use countersign_wire::base64::from_b64;
use countersign_wire::id::DocumentNumber;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use crate::{parameters, world};

const PATH: &str = "/control/v1/activations";

async fn given(world: &World, wanted: Value) -> Value {
    let answer = world.post(PATH, &wanted).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()
}

/// Enrols a phone with this code. Gives the subject of its certificate for signatures.
async fn enrol(world: &World, code: &str, seed: u64) -> (DocumentNumber, Certificate) {
    let transport = InProcess::through(world.app(), world.router());
    let pins = Pins { pin1: Pin::parse("7351").unwrap(), pin2: Pin::parse("92640").unwrap() };
    let enrolment = Enrolment { activation_code: code, platform: "test", parameters: parameters() };
    let vault = Box::new(MemoryVault::default());
    let (now, mut rng) = (world.app().now(), ChaCha20Rng::seed_from_u64(seed));
    let (phone, certificates) =
        Phone::activate(transport, vault, &enrolment, pins, now, &mut rng).await.expect("an enrolled phone");
    let der = from_b64(&certificates[1].value).expect("Base64");
    (phone.document_number().clone(), Certificate::from_der(&der).expect("a certificate"))
}

#[tokio::test]
async fn a_new_test_person_gets_a_phone() {
    let world = world().await;
    let given = given(&world, json!({})).await;
    let code = given["activationCode"].as_str().unwrap();
    assert_eq!(given["link"], format!("http://localhost/phone/#activate={code}"));
    assert_eq!(given["expires"], "2026-06-01T12:15:00Z");
    let person = given["person"].as_str().unwrap();
    assert!(person.starts_with("PNOEE-"), "{person}");
    let (document, certificate) = enrol(&world, code, 1).await;
    assert_eq!(given["documentNumber"], document.as_str());
    assert_eq!(document.semantics().as_str(), person);
    assert!(document.is_qualified());
    let subject = certificate.subject();
    assert_eq!(subject.serial_number().as_deref(), Some(person));
    assert_eq!(subject.common_name().as_deref(), Some("TESTNUMBER,NEW"));
}

#[tokio::test]
async fn two_new_persons_are_not_the_same() {
    let world = world().await;
    let (first, second) = (given(&world, json!({})).await, given(&world, json!({})).await);
    assert_ne!(first["person"], second["person"]);
    assert_ne!(first["activationCode"], second["activationCode"]);
}

#[tokio::test]
async fn a_person_of_the_list_gets_a_further_phone() {
    let world = world().await;
    let wanted = json!({ "country": "LT", "personalCode": "40504040001", "level": "ADVANCED" });
    let given = given(&world, wanted).await;
    assert_eq!(given["person"], "PNOLT-40504040001");
    let (document, certificate) = enrol(&world, given["activationCode"].as_str().unwrap(), 2).await;
    assert!(!document.is_qualified() && document.as_str() != "PNOLT-40504040001-MOCK-Q", "{document}");
    assert_eq!(certificate.subject().common_name().as_deref(), Some("TESTNUMBER,OK"));
}

#[tokio::test]
async fn somebody_may_bring_names() {
    let world = world().await;
    let wanted = json!({
        "givenName": "ŽIBUTĖ", "surname": "O’TEST", "country": "DE", "personalCode": "T22000129", "level": "QUALIFIED",
    });
    let given = given(&world, wanted).await;
    assert_eq!(given["person"], "PNODE-T22000129");
    let (_, certificate) = enrol(&world, given["activationCode"].as_str().unwrap(), 3).await;
    assert_eq!(certificate.subject().common_name().as_deref(), Some("O’TEST,ŽIBUTĖ"));
    assert_eq!(certificate.subject().country().as_deref(), Some("DE"));
}

#[tokio::test]
async fn a_code_is_worth_nothing_after_a_quarter_of_an_hour() {
    let world = world().await;
    let given = given(&world, json!({})).await;
    world.advance(15 * 60);
    let transport = InProcess::through(world.app(), world.router());
    let pins = Pins { pin1: Pin::parse("7351").unwrap(), pin2: Pin::parse("92640").unwrap() };
    let code = given["activationCode"].as_str().unwrap();
    let enrolment = Enrolment { activation_code: code, platform: "test", parameters: parameters() };
    let vault = Box::new(MemoryVault::default());
    let (now, mut rng) = (world.app().now(), ChaCha20Rng::seed_from_u64(4));
    let refused = Phone::activate(transport, vault, &enrolment, pins, now, &mut rng).await;
    let error = refused.err().expect("a refusal");
    assert_eq!(error.code().map(|code| code.as_str()), Some("ACTIVATION_INVALID"), "{error}");
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong_and_make_nothing() {
    let world = world().await;
    let events = || async {
        let all = world.app().store().read("look", |tx| tx.events().after(0, 10)).await.unwrap();
        all.len()
    };
    let before = events().await;
    for (wanted, member) in [
        (json!({ "personalCode": "40504040002" }), "personalCode"),
        (json!({ "country": "LV", "personalCode": "05040510009" }), "personalCode"),
        (json!({ "country": "DE", "personalCode": "a b" }), "personalCode"),
        (json!({ "country": "LV" }), "personalCode"),
        (json!({ "country": "ee", "personalCode": "40504040001" }), "country"),
        (json!({ "country": "EEE", "personalCode": "40504040001" }), "country"),
        (json!({ "givenName": "" }), "givenName"),
        (json!({ "surname": "\u{202e}TSET" }), "surname"),
        (json!({ "surname": "T".repeat(70) }), "surname"),
    ] {
        let answer = world.post(PATH, &wanted).await;
        assert_eq!(answer.status, 400, "{wanted}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["errors"][0]["paramName"], member, "{wanted}: {}", answer.text());
    }
    for body in ["", "[]", "{\"level\":\"HIGH\"}", "{\"names\":1}"] {
        let answer = world.post_text(PATH, body).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert_eq!(events().await, before);
}

#[tokio::test]
async fn in_production_there_is_no_such_door() {
    let answer = World::new().post(PATH, &json!({})).await;
    assert_eq!(answer.status, 404);
}
