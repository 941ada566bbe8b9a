//! The operator's API through the router, and what phones and relying parties see of it.

mod accounts;
mod activations;
mod evidence;
mod four_eyes;
mod identifications;
mod keys;
mod persons;
mod results;
mod roles;
mod trail;
mod walk;

use countersign_domain::Event;
use countersign_phone::{Enrolment, Error, MemoryVault, Phone, Pin, Pins};
use countersign_server::authority::dev as authority;
use countersign_server::config::Admin;
use countersign_server::device::InProcess;
use countersign_server::{Builder, Config, Peer};
use countersign_split_key::Parameters;
use countersign_testkit::{Answer, World};
use http::{Method, Request};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const PERSON: &str = "PNOEE-40504040001";
pub(crate) const PIN1: &str = "7351";
pub(crate) const PIN2: &str = "92640";

pub(crate) fn parameters() -> Parameters {
    Parameters::for_tests(1024)
}

pub(crate) fn world() -> World {
    world_with(|_| {})
}

/// Another configuration.
pub(crate) fn world_with(change: impl FnOnce(&mut Config)) -> World {
    world_of(change, |builder| builder)
}

/// Another configuration, and more given to the application.
pub(crate) fn world_of(change: impl FnOnce(&mut Config), more: impl FnOnce(Builder) -> Builder) -> World {
    let mut config = Config::dev();
    config.device_api.kdf_iterations = 2;
    let text = format!("[keys]\ncustody = \"{}\"\ncore = \"{}\"", "5a".repeat(32), "3c".repeat(32));
    config.keys = Config::parse(&text).expect("keys").keys;
    config.admins = vec![Admin::of_key("desk-1", KEY), Admin::of_key("desk-2", "another key")];
    change(&mut config);
    World::build(config, |builder| {
        let authorities = authority::authorities().expect("the TEST authority");
        more(builder.authorities(authorities).key_parameters(parameters()))
    })
}

/// A request with these lines of `Authorization`.
pub(crate) async fn call(
    world: &World,
    method: Method,
    path: &str,
    body: &str,
    authorization: &[&str],
    from: Option<&str>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("http://localhost/admin/v1{path}"));
    for line in authorization {
        request = request.header("authorization", *line);
    }
    let mut request = request.body(body.to_owned().into()).expect("a request");
    if let Some(address) = from {
        request.extensions_mut().insert(Peer { address: address.parse().expect("an address"), secure: true });
    }
    world.send(request).await
}

fn bearer() -> String {
    format!("Bearer {KEY}")
}

pub(crate) async fn get(world: &World, path: &str) -> Answer {
    call(world, Method::GET, path, "", &[&bearer()], None).await
}

pub(crate) async fn post(world: &World, path: &str, body: &Value) -> Answer {
    call(world, Method::POST, path, &body.to_string(), &[&bearer()], None).await
}

pub(crate) fn wanted() -> Value {
    json!({
        "person": PERSON, "givenName": "MARI-LIIS", "surname": "MÄNNIK", "level": "QUALIFIED", "delivery": "LINK",
        "evidence": "case/17",
    })
}

/// Issues a code.
pub(crate) async fn issued(world: &World, wanted: &Value) -> Value {
    let answer = post(world, "/activations", wanted).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Uses a code.
pub(crate) async fn enrolled(world: &World, code: &str, seed: u64) -> Result<Phone<InProcess>, Error> {
    let transport = InProcess::through(world.app(), world.router());
    let pins = Pins { pin1: Pin::parse(PIN1).expect("a PIN"), pin2: Pin::parse(PIN2).expect("a PIN") };
    let enrolment = Enrolment { activation_code: code, platform: "test", parameters: parameters() };
    let vault = Box::new(MemoryVault::default());
    let (now, mut rng) = (world.app().now(), ChaCha20Rng::seed_from_u64(seed));
    Ok(Phone::activate(transport, vault, &enrolment, pins, now, &mut rng).await?.0)
}

pub(crate) async fn events(world: &World) -> Vec<Event> {
    let recorded = world.app().store().read("look", |tx| tx.events().after(0, 10_000)).await;
    let recorded: Vec<_> = recorded.map_err(|error: countersign_store::Error| error).expect("events");
    recorded.into_iter().map(|recorded| recorded.event).collect()
}

/// Checks the form of a problem of our own surfaces.
#[track_caller]
pub(crate) fn problem(answer: &Answer, status: u16, kind: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body = answer.json();
    assert!(body["type"].as_str().is_some_and(|uri| uri.ends_with(kind)), "{body}");
    body
}
