//! Starting sessions: every row of the table.

use countersign_testkit::{AccountDraft, World};
use countersign_wire::endpoint::{ALIASES, Addressee, AnswerKind, BASES, STARTS};
use serde_json::json;

use crate::{DOCUMENT, PERSON, example, path, problem, world};

#[tokio::test]
async fn every_row_starts_a_session_with_the_example_body() {
    for row in STARTS.iter().chain(&ALIASES) {
        // A linked signature needs a certificate choice, which needs a phone.
        if row.addressee == Addressee::Linked {
            continue;
        }
        let world = world().await;
        let answer = world.post(&path(row), &example(row)).await;
        assert_eq!(answer.status, 200, "{}: {:?}", row.path, answer.body);
        assert_eq!(answer.header("content-type"), "application/json");
        let body = answer.json();
        let mut members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let expected: &[&str] = match row.answer() {
            AnswerKind::DeviceLink => &["deviceLinkBase", "sessionID", "sessionSecret", "sessionToken"],
            AnswerKind::Session => &["sessionID"],
            AnswerKind::VerificationCode => &["sessionID", "vc"],
        };
        assert_eq!(members, expected, "{}", row.path);
        match row.answer() {
            AnswerKind::DeviceLink => {
                assert_eq!(body["deviceLinkBase"], "http://localhost/device-link");
                assert_eq!(body["sessionToken"].as_str().unwrap().len(), 24);
                assert_eq!(body["sessionSecret"].as_str().unwrap().len(), 44);
            }
            AnswerKind::VerificationCode => {
                assert_eq!(body["vc"]["type"], "numeric4");
                assert_eq!(body["vc"]["value"].as_str().unwrap().len(), 4);
            }
            AnswerKind::Session => {}
        }
        let status = format!("/v3/session/{}?timeoutMs=1000", body["sessionID"].as_str().unwrap());
        let waiting = tokio::spawn({
            let world = world.clone();
            async move { world.get(&status).await }
        });
        while world.clock().waiting() == 0 {
            tokio::task::yield_now().await;
        }
        world.advance(1);
        assert_eq!(waiting.await.unwrap().json(), json!({ "state": "RUNNING" }), "{}", row.path);
    }
}

#[tokio::test]
async fn both_prefixes_and_a_host_of_ones_own_work() {
    let world = world().await;
    for base in BASES {
        let request = http::Request::post(format!("{base}{}", STARTS[0].path))
            .header("content-type", "application/json; charset=utf-8")
            .header("host", "sid.localhost:8080")
            .body(example(&STARTS[0]).to_string().into())
            .unwrap();
        let answer = world.send(request).await;
        assert_eq!(answer.status, 200, "{base}");
        assert_eq!(answer.json()["deviceLinkBase"], "http://sid.localhost:8080/device-link");
    }
}

#[tokio::test]
async fn equal_requests_for_a_signature_get_one_session_for_fifteen_seconds() {
    let world = world().await;
    for row in STARTS.iter().filter(|row| row.addressee != Addressee::Linked) {
        let first = world.post(&path(row), &example(row)).await.json();
        world.advance(14);
        let second = world.post(&path(row), &example(row)).await.json();
        let repeats = row.operation != countersign_wire::endpoint::Operation::Authenticate;
        assert_eq!(first == second, repeats, "{}", row.path);
        let mut other = example(row);
        other["nonce"] = json!("another");
        assert_ne!(
            world.post(&path(row), &other).await.json()["sessionID"],
            first["sessionID"],
            "{}",
            row.path
        );
        world.advance(1);
        assert_ne!(world.post(&path(row), &example(row)).await.json()["sessionID"], first["sessionID"]);
    }
}

#[tokio::test]
async fn a_person_without_a_suitable_account_is_told_apart_from_nobody() {
    let world = World::new();
    AccountDraft::new("PNOLT-40504049999-MOCK-NQ").create(&world).await;
    for row in STARTS.iter().filter(|row| row.addressee != Addressee::Anonymous) {
        let path = |person: &str, document: &str| {
            row.path
                .replace("{addressee}", if row.addressee == Addressee::Person { person } else { document })
        };
        let basic = path("PNOLT-40504049999", "PNOLT-40504049999-MOCK-NQ");
        let body = problem(&world.post(&basic, &example(row)).await, 404);
        assert_eq!(body["errors"][0]["code"], "NO_SUITABLE_ACCOUNT_FOUND", "{}", row.path);
        let nobody = problem(&world.post(&path(PERSON, DOCUMENT), &example(row)).await, 404);
        assert_eq!(nobody.get("errors"), None, "{}", row.path);
        if row.addressee != Addressee::Linked {
            let mut advanced = example(row);
            advanced["certificateLevel"] = json!("ADVANCED");
            assert_eq!(world.post(&basic, &advanced).await.status, 200, "{}", row.path);
        }
    }
}

#[tokio::test]
async fn the_status_of_earlier_revisions_is_a_switch() {
    let mut config = countersign_server::Config::dev();
    config.rp_api.status_471 = true;
    let world = World::with(config);
    AccountDraft::new("PNOLT-40504049999-MOCK-NQ").create(&world).await;
    let row = &STARTS[3];
    let answer = world.post(&row.path.replace("{addressee}", "PNOLT-40504049999"), &example(row)).await;
    problem(&answer, 471);
    problem(&world.post(&path(row), &example(row)).await, 404);
}

#[tokio::test]
async fn a_linked_signature_needs_a_finished_certificate_choice() {
    let world = world().await;
    let linked = STARTS.iter().find(|row| row.addressee == Addressee::Linked).unwrap();
    let choice = world.post(STARTS[10].path, &example(&STARTS[10])).await.json();
    let other = world.post(STARTS[0].path, &example(&STARTS[0])).await.json();
    for session in [&choice["sessionID"], &other["sessionID"], &json!("fa20fd1e-e320-4c68-8315-f6a507a0b4a9")]
    {
        let mut body = example(linked);
        body["linkedSessionID"] = session.clone();
        let body = problem(&world.post(&path(linked), &body).await, 400);
        assert_eq!(body["errors"][0]["paramName"], "linkedSessionID");
        assert_eq!(body["errors"][0]["pointer"], "/linkedSessionID");
    }
}

#[tokio::test]
async fn unknown_request_properties_are_given_back_in_the_status() {
    let world = world().await;
    let mut body = example(&STARTS[0]);
    body["requestProperties"] = json!({ "vcChoice": true, "shareMdClientIpAddress": false });
    let started = world.post(STARTS[0].path, &body).await.json();
    world.advance(120);
    let status = world.get(&format!("/v3/session/{}", started["sessionID"].as_str().unwrap())).await.json();
    assert_eq!(
        status,
        json!({ "state": "COMPLETE", "result": { "endResult": "TIMEOUT" }, "ignoredProperties": ["vcChoice"] })
    );
}

#[tokio::test]
async fn seeded_worlds_answer_byte_for_byte_alike() {
    let (first, second) = (world().await, world().await);
    for row in &STARTS {
        let (a, b) =
            (first.post(&path(row), &example(row)).await, second.post(&path(row), &example(row)).await);
        assert_eq!((a.status, a.body, a.headers), (b.status, b.body, b.headers), "{}", row.path);
    }
}
