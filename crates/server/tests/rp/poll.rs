//! The long poll.

use countersign_server::Config;
use countersign_server::watch::Topic;
use countersign_testkit::World;
use countersign_wire::endpoint::STARTS;
use countersign_wire::id::SessionId;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{example, path, problem, world};

async fn started(world: &World) -> String {
    let body = world.post(&path(&STARTS[3]), &example(&STARTS[3])).await.json();
    body["sessionID"].as_str().unwrap().to_owned()
}

fn poll(world: &World, path: String) -> tokio::task::JoinHandle<Value> {
    let world = world.clone();
    tokio::spawn(async move { world.get(&path).await.json() })
}

/// Lets everything run until `count` polls wait for both of their times.
async fn until_waiting(world: &World, count: usize) {
    while world.app().watches().waiting() < count || world.clock().waiting() < 2 * count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_session_that_ends_by_itself_ends_its_polls_at_that_moment() {
    let world = world().await;
    let id = started(&world).await;
    let polls: Vec<_> = (0..3).map(|_| poll(&world, format!("/v3/session/{id}?timeoutMs=120000"))).collect();
    until_waiting(&world, 3).await;
    world.clock().advance(SignedDuration::from_millis(119_999));
    until_waiting(&world, 3).await;
    assert!(polls.iter().all(|poll| !poll.is_finished()));
    world.clock().advance(SignedDuration::from_millis(1));
    for poll in polls {
        assert_eq!(poll.await.unwrap(), json!({ "state": "COMPLETE", "result": { "endResult": "TIMEOUT" } }));
    }
    assert_eq!(world.app().watches().waiting(), 0);
}

#[tokio::test]
async fn a_poll_answers_running_when_its_own_time_is_over() {
    let world = world().await;
    let id = started(&world).await;
    for (query, millis) in [("?timeoutMs=1000", 1_000), ("", 60_500), ("?timeoutMs=1", 1_000)] {
        let waiting = poll(&world, format!("/v3/session/{id}{query}"));
        until_waiting(&world, 1).await;
        world.clock().advance(SignedDuration::from_millis(millis - 1));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "{query}");
        world.clock().advance(SignedDuration::from_millis(1));
        assert_eq!(waiting.await.unwrap(), json!({ "state": "RUNNING" }), "{query}");
    }
}

#[tokio::test]
async fn a_change_wakes_a_poll() {
    let world = world().await;
    let id = started(&world).await;
    let waiting = poll(&world, format!("/v3/session/{id}"));
    until_waiting(&world, 1).await;
    // Changed behind the poll's back: only the wake-up makes it look again.
    let session = SessionId::parse(&id).unwrap();
    let now = world.app().now();
    world
        .app()
        .store()
        .write("end a session", move |tx| -> Result<(), countersign_store::Error> {
            let ended = countersign_wire::words::EndResult::UserRefused;
            let (session, _) = countersign_domain::session::cancel(tx.sessions().get(session)?, ended, now);
            tx.sessions().update(&session)
        })
        .await
        .unwrap();
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    world.app().watches().wake(&Topic::Session(session));
    assert_eq!(
        waiting.await.unwrap(),
        json!({ "state": "COMPLETE", "result": { "endResult": "USER_REFUSED" } })
    );
}

#[tokio::test]
async fn a_result_is_kept_for_five_minutes() {
    let world = world().await;
    let path = format!("/v3/session/{}", started(&world).await);
    world.advance(120);
    for _ in 0..2 {
        assert_eq!(world.get(&path).await.json()["result"]["endResult"], "TIMEOUT");
    }
    world.advance(299);
    assert_eq!(world.get(&path).await.status, 200);
    world.advance(1);
    problem(&world.get(&path).await, 404);
}

#[tokio::test]
async fn what_is_no_session_is_not_found() {
    let world = world().await;
    for id in ["fa20fd1e-e320-4c68-8315-f6a507a0b4a9", "x", "..", "%ff", "fa20fd1ee3204c688315f6a507a0b4a9"] {
        let body = problem(&world.get(&format!("/v3/session/{id}")).await, 404);
        assert_eq!(body.get("errors"), None);
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_refused_and_one_out_of_range_is_taken_as_its_bound() {
    let world = world().await;
    let id = started(&world).await;
    for wrong in ["abc", "1.5", "", "1e3", "%20"] {
        let body = problem(&world.get(&format!("/v3/session/{id}?timeoutMs={wrong}")).await, 400);
        assert_eq!(body["errors"][0]["paramName"], "timeoutMs", "{wrong}");
    }
    let mut config = Config::dev();
    config.rp_api.strict_timeout = true;
    let strict = World::with(config);
    for wrong in ["999", "120001", "0", "-1"] {
        problem(&strict.get(&format!("/v3/session/{id}?timeoutMs={wrong}")).await, 400);
    }
}

#[tokio::test]
async fn more_polls_than_allowed_are_answered_at_once() {
    let mut config = Config::dev();
    config.limits.long_polls = 2;
    let world = World::with(config);
    let body = world.post(STARTS[0].path, &example(&STARTS[0])).await.json();
    let path = format!("/v3/session/{}", body["sessionID"].as_str().unwrap());
    let polls: Vec<_> = (0..2).map(|_| poll(&world, path.clone())).collect();
    until_waiting(&world, 2).await;
    assert_eq!(world.get(&path).await.json(), json!({ "state": "RUNNING" }));
    polls.iter().for_each(|poll| poll.abort());
}
