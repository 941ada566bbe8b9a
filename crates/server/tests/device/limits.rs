//! Floods: how often a device and an address may knock.

use countersign_phone::{MemoryVault, Phone, Vault};
use countersign_server::Peer;
use countersign_wire::device::proof::DeviceKey;
use countersign_wire::device::{ActivationRequest, DeviceErrorCode};
use serde_json::json;

use super::*;

fn limited(change: impl FnOnce(&mut Config)) -> World {
    let mut config = config();
    change(&mut config);
    World::build(config, |builder| {
        let authorities = dev::authorities().expect("the TEST authority");
        builder.authorities(authorities).key_parameters(parameters())
    })
}

/// A person whose own enrolment was not limited.
async fn person(change: impl FnOnce(&mut Config)) -> (Person, Raw) {
    let person = Person::in_world(limited(change), DOCUMENT, 1).await;
    let raw = Raw::of(&person.storage()).fresh(&person.world).await;
    (person, raw)
}

#[track_caller]
fn too_many(answer: &Answer, seconds: &str) {
    problem(answer, DeviceErrorCode::TooManyRequests);
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), seconds);
}

#[tokio::test]
async fn a_device_claims_so_many_links_in_a_minute() {
    let (person, mut raw) = person(|config| config.limits.claims_per_device = 3).await;
    let world = &person.world;
    for _ in 0..3 {
        let answer = raw.post(world, "/transactions/claim", &json!({ "link": "x" })).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
    let answer = raw.post(world, "/transactions/claim", &json!({ "link": "x" })).await;
    too_many(&answer, "21");
    // Everything else goes on, and another device is not meant.
    assert_eq!(raw.get(world, "/account").await.status, 200);
    let other = Person::in_world(world.clone(), OTHER, 2).await;
    let mut other = Raw::of(&other.storage()).fresh(world).await;
    let answer = other.post(world, "/transactions/claim", &json!({ "link": "x" })).await;
    problem(&answer, DeviceErrorCode::BadRequest);

    world.advance(20);
    let answer = raw.post(world, "/transactions/claim", &json!({ "link": "x" })).await;
    problem(&answer, DeviceErrorCode::BadRequest);
    let metrics = world.get("/metrics").await;
    let line = r#"countersign_requests_limited_total{door="claim",by="device"} 1"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
}

#[tokio::test]
async fn a_device_confirms_so_often_and_a_refused_one_costs_no_try() {
    let (mut person, mut raw) = person(|config| config.limits.confirmations_per_device = 2).await;
    let (_, tx) = person.asked_to_log_in().await;
    let (path, nothing) = (format!("/transactions/{tx}/confirm"), json!({}));
    for _ in 0..2 {
        problem(&raw.post(&person.world, &path, &nothing).await, DeviceErrorCode::BadRequest);
    }
    too_many(&raw.post(&person.world, &path, &nothing).await, "31");
    refused(person.approve(&tx, PIN1).await, DeviceErrorCode::TooManyRequests);
    assert_eq!(person.key(KeyUse::Auth).await.tries_used(), 0);
    person.world.advance(30);
    person.restart();
    person.approve(&tx, PIN1).await.expect("approved a little later");
}

/// An activation with a code that cannot be right, from an address.
async fn guess(world: &World, address: &str, seed: u64) -> Answer {
    let key = DeviceKey::generate(&mut rng(seed));
    let request = ActivationRequest {
        activation_code: "00000000-00000000000000000000000000".into(),
        dk: key.jwk().clone(),
        ek: key.jwk().clone(),
        platform: "test".into(),
        app_version: "1".into(),
    };
    let mut raw = Raw::with(key).fresh(world).await;
    let body = serde_json::to_vec(&request).expect("JSON");
    let claims = raw.claims(world, &Method::POST, "/activations", &body);
    let mut request = Request::post(format!("http://localhost{BASE}/activations"))
        .header(DEVICE_PROOF, raw.prove(&claims))
        .body(body.into())
        .expect("a request");
    request.extensions_mut().insert(Peer { address: address.parse().expect("an address"), secure: false });
    world.send(request).await
}

#[tokio::test]
async fn an_address_guesses_so_many_codes_in_a_minute() {
    let world = limited(|config| config.limits.activations_per_address = 2);
    for seed in 0..2 {
        problem(&guess(&world, "2001:db8::1", seed).await, DeviceErrorCode::ActivationInvalid);
    }
    too_many(&guess(&world, "2001:db8::1", 3).await, "31");
    // The whole household counts as one; its neighbours do not.
    too_many(&guess(&world, "2001:db8::ffff:1", 4).await, "31");
    problem(&guess(&world, "2001:db8:0:1::1", 5).await, DeviceErrorCode::ActivationInvalid);
    // A good code waits as well: nothing about it is looked at.
    let code = activation_code(&world, DOCUMENT).await;
    world.advance(30);
    let vault: Box<dyn Vault> = Box::new(MemoryVault::default());
    Phone::activate(Line::to(&world), vault, &enrolment(&code), pins(), world.app().now(), &mut rng(6))
        .await
        .expect("an enrolled phone");
}

#[tokio::test]
async fn an_address_asks_so_often_whatever_device_it_has() {
    let (person, mut raw) = person(|config| config.limits.requests_per_address = 2).await;
    for _ in 0..2 {
        let answer = raw.post(&person.world, "/transactions/claim", &json!({ "link": "x" })).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
    let nothing = json!({});
    too_many(&raw.post(&person.world, "/transactions/x/confirm", &nothing).await, "31");
    // Also without a proof: nothing is computed for it.
    let unproven = send(&person.world, Method::POST, "/transactions/claim", Vec::new(), &[]).await;
    too_many(&unproven, "31");
    let metrics = person.world.get("/metrics").await;
    let line = r#"countersign_requests_limited_total{door="claim",by="address"} 1"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
}
