//! Log in by QR with a virtual phone, exchange the session, call `me`.

use std::sync::Arc;

use countersign_server::authority::dev as authority;
use countersign_server::openapi::example;
use countersign_server::{MovableClock, dev};
use countersign_testkit::World;
use countersign_wire::acsp::SchemeName;
use countersign_wire::callback::SessionSecret;
use countersign_wire::device_link::{DeviceLinkBase, Language, LinkContext, LinkKind, UnprotectedLink};
use countersign_wire::endpoint::{Operation, STARTS, Start};
use countersign_wire::id::SessionToken;
use countersign_wire::start::StartRequest;
use countersign_wire::words::SessionType;
use serde_json::{Value, json};

use super::{Call, TOKEN, count, errors, me, not_authorized, refused, sample, token};

const DEMO: &str = "00000000-0000-4000-8000-000000000000";
const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";

async fn world() -> World {
    let world = World::build(dev::config(), |builder| builder.authorities(authority::authorities().unwrap()));
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    world.again()
}

fn row(end: &str) -> &'static Start {
    STARTS.iter().find(|row| row.path.ends_with(end)).expect("an endpoint")
}

/// Starts a session and lets somebody's phone scan its QR code.
async fn scanned(world: &World, document: &str) -> String {
    let start = row("authentication/device-link/anonymous");
    let body = example(start);
    let started = world.post(start.path, &body).await.json();
    let text = |name: &str| started[name].as_str().expect("a text").to_owned();
    let request = StartRequest::from_body(start, body.to_string().as_bytes()).expect("the request");
    let link = UnprotectedLink {
        base: DeviceLinkBase::parse(&text("deviceLinkBase")).unwrap(),
        kind: LinkKind::Qr { elapsed_seconds: 0 },
        token: SessionToken::parse(&text("sessionToken")).unwrap(),
        session_type: SessionType::Auth,
        lang: Language::ENGLISH,
    };
    let scheme = SchemeName::DEMO;
    let context = LinkContext { scheme: &scheme, request: &request, brokered_rp_name: "" };
    let link = link.protect(&context, &SessionSecret::parse(&text("sessionSecret")).unwrap());
    let scan = json!({ "documentNumber": document, "deviceLink": link, "flowType": "QR" });
    assert_eq!(world.post("/mock/device-link", &scan).await.status, 200);
    text("sessionID")
}

async fn ended(world: &World, session: &str) -> Value {
    world.get(&format!("/v3/session/{session}?timeoutMs=120000")).await.json()
}

fn exchange(session: &str, asker: &str) -> Value {
    json!({ "session_id": session, "relying_party_uuid": asker })
}

#[tokio::test]
async fn a_log_in_by_qr_becomes_a_token_that_opens_me() {
    let world = world().await;
    let session = scanned(&world, DOCUMENT).await;
    assert_eq!(ended(&world, &session).await["result"]["endResult"], "OK");
    let token = token(&Call::default().post(&world, TOKEN, &exchange(&session, DEMO)).await);
    let held = me(&world, &token).await;
    assert_eq!(
        (&held["ident"], &held["first_name"], &held["last_name"]),
        (&json!("40504040001"), &json!("OK"), &json!("TESTNUMBER"))
    );
    assert_eq!(
        held["authentication"],
        json!({ "method": "smartid", "assurance": "high", "proven": true, "time": "2026-06-01T12:00:00Z" })
    );
    // It serves once.
    let again = Call::default().post(&world, TOKEN, &exchange(&session, DEMO)).await;
    refused(&again, 422, &errors("session_id", "the session was used before"));
    me(&world, &token).await;
    let events = world.app().store().read("look", {
        let session = session.clone();
        move |tx| tx.events().of_subject(&session)
    });
    let events: Result<Vec<_>, countersign_store::Error> = events.await;
    let kinds: Vec<_> = events.unwrap().iter().map(|recorded| recorded.event.kind()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "SessionExchanged").count(), 1, "{kinds:?}");
}

#[tokio::test]
async fn a_session_is_worth_nothing_to_others() {
    let world = world().await;
    let session = scanned(&world, DOCUMENT).await;
    ended(&world, &session).await;
    let other = "11111111-0000-4000-8000-000000000000";
    for (call, body) in [
        (Call::default(), exchange(&session, other)),
        (Call::default(), exchange(other, DEMO)),
        (Call::default(), exchange("x", DEMO)),
        (Call::from("192.0.2.1"), exchange(&session, DEMO)),
    ] {
        refused(&call.post(&world, TOKEN, &body).await, 401, &not_authorized());
    }
    assert_eq!(count(&world, "token", "no-session").await, 4);
    for (body, member) in [
        (json!({ "session_id": session }), "relying_party_uuid"),
        (json!({ "relying_party_uuid": DEMO }), "session_id"),
    ] {
        let wanted = errors(member, "parameter is required");
        refused(&Call::default().post(&world, TOKEN, &body).await, 422, &wanted);
    }
    // Nothing of that used it up.
    token(&Call::default().post(&world, "/auth/eid", &exchange(&session, DEMO)).await);
}

#[tokio::test]
async fn only_a_finished_authentication_serves() {
    let world = world().await;
    let start = row("authentication/device-link/anonymous");
    let running = world.post(start.path, &example(start)).await.json();
    let running = running["sessionID"].as_str().unwrap();
    let answer = Call::default().post(&world, TOKEN, &exchange(running, DEMO)).await;
    refused(&answer, 422, &errors("session_id", "the session is still running"));

    let refused_one = scanned(&world, "PNOEE-30403039917-MOCK-Q").await;
    let result = ended(&world, &refused_one).await;
    assert_ne!(result["result"]["endResult"], "OK", "{result}");
    let answer = Call::default().post(&world, TOKEN, &exchange(&refused_one, DEMO)).await;
    refused(&answer, 422, &errors("session_id", "the session did not end with OK"));

    let sign = STARTS
        .iter()
        .find(|row| row.operation == Operation::Sign && row.path.contains("device-link/etsi"))
        .unwrap();
    let path = sign.path.replace("{addressee}", "PNOEE-40504040001");
    let signing = world.post(&path, &example(sign)).await.json();
    let signing = signing["sessionID"].as_str().unwrap();
    let answer = Call::default().post(&world, TOKEN, &exchange(signing, DEMO)).await;
    refused(&answer, 422, &errors("session_id", "the session is no authentication"));

    // Kept for five minutes, as for the relying party itself.
    let session = scanned(&world, DOCUMENT).await;
    ended(&world, &session).await;
    world.advance(300);
    let answer = Call::default().post(&world, TOKEN, &exchange(&session, DEMO)).await;
    refused(&answer, 401, &not_authorized());
}

#[tokio::test]
async fn what_comes_with_a_session_must_agree() {
    let world = world().await;
    let session = scanned(&world, DOCUMENT).await;
    ended(&world, &session).await;
    let mut body = sample();
    body.as_object_mut().unwrap().extend(exchange(&session, DEMO).as_object().unwrap().clone());
    let answer = Call::default().post(&world, TOKEN, &body).await;
    refused(&answer, 422, &errors("ident", "does not match the verified identity"));
}
