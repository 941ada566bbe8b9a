//! Who may ask, and the order in which that is checked (rp-api 12, row 9).

use countersign_server::Config;
use countersign_server::config::RelyingParty;
use countersign_testkit::{AccountDraft, World};
use countersign_wire::endpoint::{ALIASES, CERTIFICATE_PATH, STARTS, Start};
use serde_json::{Value, json};

use crate::{DOCUMENT, example, path, problem};

const ELSEWHERE: &str = "198.51.100.9";

async fn restricted() -> World {
    let party = RelyingParty {
        advanced: false,
        share_device_address: false,
        capabilities: vec!["A".into()],
        addresses: vec!["192.0.2.0/24".parse().unwrap()],
        ..RelyingParty::demo()
    };
    let world = World::with(Config { relying_parties: vec![party], ..Config::default() });
    AccountDraft::new(DOCUMENT).create(&world).await;
    world
}

/// Every POST of the API: path and example.
fn posts() -> Vec<(String, Value)> {
    let certificate = Start { path: CERTIFICATE_PATH, ..ALIASES[0] };
    STARTS.iter().chain(&ALIASES).chain([&certificate]).map(|row| (path(row), example(row))).collect()
}

#[tokio::test]
async fn checks_come_in_the_documented_order() {
    let world = restricted().await;
    for (path, right) in posts() {
        // Everything is wrong at first; then one fault after the other is mended, and the next one shows.
        let mut body = right.clone();
        body["relyingPartyUUID"] = json!("11111111-0000-4000-8000-000000000000");
        body["relyingPartyName"] = json!("Another");
        body["certificateLevel"] = json!("basic");
        let unknown = path.replace(DOCUMENT, "PNOEE-00000000000-NONE-Q");
        problem(&world.post_from(ELSEWHERE, &unknown, &body).await, 400);
        body["certificateLevel"] = json!("ADVANCED");
        let answer = problem(&world.post_from(ELSEWHERE, &unknown, &body).await, 403);
        assert_eq!(answer["errors"][0]["paramName"], "relyingPartyUUID", "{path}");
        body["relyingPartyUUID"] = right["relyingPartyUUID"].clone();
        problem(&world.post_from(ELSEWHERE, &unknown, &body).await, 401);
        let here = "192.0.2.7";
        let answer = problem(&world.post_from(here, &unknown, &body).await, 403);
        assert_eq!(answer["errors"][0]["paramName"], "relyingPartyName", "{path}");
        body["relyingPartyName"] = json!("demo");
        let answer = problem(&world.post_from(here, &unknown, &body).await, 403);
        assert_eq!(answer["errors"][0]["paramName"], "certificateLevel", "{path}");
        body["certificateLevel"] = json!("QUALIFIED");
        if path.ends_with(DOCUMENT) {
            problem(&world.post_from(here, &unknown, &body).await, 404);
        }
        if !path.contains("/linked/") {
            assert_eq!(world.post_from(here, &path, &body).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn sharing_the_phones_address_needs_a_permission() {
    let world = restricted().await;
    for row in &STARTS {
        let mut body = example(row);
        body["requestProperties"] = json!({ "shareMdClientIpAddress": true });
        let answer = problem(&world.post_from("192.0.2.7", &path(row), &body).await, 403);
        assert_eq!(
            answer["errors"],
            json!([{
                "detail": "Relying Party does not have permissions to request the MD client IP address sharing",
                "paramName": "shareMdClientIpAddress",
                "pointer": "/requestProperties/shareMdClientIpAddress",
            }])
        );
    }
}

#[tokio::test]
async fn capabilities_need_a_permission() {
    let world = restricted().await;
    let row = &STARTS[0];
    let mut body = example(row);
    body["capabilities"] = json!(["A"]);
    assert_eq!(world.post_from("192.0.2.7", &path(row), &body).await.status, 200);
    body["capabilities"] = json!(["A", "B"]);
    let answer = problem(&world.post_from("192.0.2.7", &path(row), &body).await, 403);
    assert_eq!(answer["errors"][0]["pointer"], "/capabilities");
}

#[tokio::test]
async fn without_addresses_only_this_machine_is_served() {
    let world = crate::world().await;
    let row = &STARTS[0];
    problem(&world.post_from(ELSEWHERE, &path(row), &example(row)).await, 401);
    for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(world.post_from(here, &path(row), &example(row)).await.status, 200, "{here}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_trusted_names_the_client() {
    let mut config = Config::dev();
    config.relying_parties[0].addresses = vec!["203.0.113.7".parse().unwrap()];
    config.listen.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    let world = World::with(config);
    let row = &STARTS[0];
    let from = |address: &str| {
        http::Request::post(row.path)
            .header("content-type", "application/json")
            .header("x-forwarded-for", address)
            .header("x-forwarded-proto", "https")
            .header("host", "id.example.org")
            .body(example(row).to_string().into())
            .unwrap()
    };
    problem(&world.send(from("203.0.113.8")).await, 401);
    let answer = world.send(from("203.0.113.7")).await;
    assert_eq!(answer.json()["deviceLinkBase"], "https://id.example.org/device-link");
}

#[tokio::test]
async fn maintenance_and_old_clients_come_before_everything() {
    let mut config = Config::dev();
    config.rp_api.refused_clients = vec!["old-client/1".into()];
    let world = World::with(config);
    for (path, _) in posts() {
        let request =
            http::Request::post(&path).header("user-agent", "old-client/1.2").body("".into()).unwrap();
        problem(&world.send(request).await, 480);
    }
    world.app().switches().set_maintenance(true);
    for base in ["", "/smart-id-rp"] {
        for (path, body) in posts() {
            problem(&world.post(&format!("{base}{path}"), &body).await, 580);
        }
        problem(&world.get(&format!("{base}/v3/session/fa20fd1e-e320-4c68-8315-f6a507a0b4a9")).await, 580);
    }
    assert_eq!(world.get("/livez").await.status, 200);
    world.app().switches().set_maintenance(false);
    assert_eq!(world.post(STARTS[0].path, &example(&STARTS[0])).await.status, 200);
}

#[tokio::test]
async fn the_status_is_shown_to_the_relying_partys_addresses_only() {
    let world = restricted().await;
    let started = world.post_from("192.0.2.7", STARTS[0].path, &example(&STARTS[0])).await.json();
    let path = format!("/v3/session/{}?timeoutMs=1000", started["sessionID"].as_str().unwrap());
    problem(&world.get_from(ELSEWHERE, &path).await, 401);
    world.advance(120);
    assert_eq!(world.get_from("192.0.2.8", &path).await.status, 200);
}

#[tokio::test]
async fn another_relying_partys_address_does_not_open_a_session() {
    let mut config = Config::dev();
    config.relying_parties.push(RelyingParty {
        uuid: "22222222-0000-4000-8000-000000000000".into(),
        addresses: vec!["192.0.2.7".parse().unwrap()],
        ..RelyingParty::demo()
    });
    let world = World::with(config);
    let started = world.post(STARTS[0].path, &example(&STARTS[0])).await.json();
    let path = format!("/v3/session/{}", started["sessionID"].as_str().unwrap());
    world.advance(120);
    problem(&world.get_from("192.0.2.7", &path).await, 401);
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn pkcs1_names_can_be_switched_off() {
    let mut config = Config::dev();
    config.rp_api.pkcs1 = false;
    let (off, on) = (World::with(config), World::new());
    let row = &STARTS[0];
    let mut body = example(row);
    body["signatureProtocolParameters"]["signatureAlgorithm"] = json!("sha512WithRSAEncryption");
    body["signatureProtocolParameters"]["signatureAlgorithmParameters"] = json!(null);
    assert_eq!(on.post(row.path, &body).await.status, 200);
    let answer = problem(&off.post(row.path, &body).await, 400);
    assert_eq!(answer["errors"][0]["pointer"], "/signatureProtocolParameters/signatureAlgorithm");
}
