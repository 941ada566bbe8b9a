//! Lookups at a remote service: a server on loopback stands for it, that answers, hangs, drips, lies, or is not there.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_server::config::RemoteService;
use countersign_server::registration::lookup::LookupKind;
use countersign_testkit::World;
use futures_util::StreamExt;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Asker, refused, world_with};

const NUMBER: &str = "41791112233";

/// What the service does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plays {
    Answers,
    FindsNothing,
    Hangs,
    /// Begins, and does not go on.
    Drips,
    SaysNothingUseful,
    TalksForEver,
    Fails(u16),
}

struct Service {
    plays: std::sync::Mutex<Plays>,
    calls: AtomicUsize,
}

async fn answer(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    path: http::Uri,
    body: Bytes,
) -> Response {
    service.calls.fetch_add(1, Ordering::Relaxed);
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!((&asked["tenant"], &asked["msisdn"]), (&json!("default"), &json!(NUMBER)));
    assert_eq!(headers["authorization"], "Bearer the key");
    let plays = *service.plays.lock().expect("a lock");
    match plays {
        Plays::Answers if path.path().ends_with("/evidence") => axum::Json(json!({
            "found": true, "levels": { "zertes": 3, "eidas": 4 }, "means": { "kind": "MID", "serial": "phone-1" },
            "advancedUntil": "2031-06-01", "qualifiedUntil": "2029-01-31",
        }))
        .into_response(),
        Plays::Answers if asked["kind"] == "MID" => {
            axum::Json(json!({ "found": true, "serial": "phone-1" })).into_response()
        }
        Plays::Answers | Plays::FindsNothing => axum::Json(json!({ "found": false })).into_response(),
        Plays::Hangs => std::future::pending().await,
        Plays::Drips => {
            let begins = futures_util::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{\"found\":"))]);
            Body::from_stream(begins.chain(futures_util::stream::pending())).into_response()
        }
        Plays::SaysNothingUseful => "<html>not JSON</html>".into_response(),
        Plays::TalksForEver => {
            let spaces = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4096])));
            Body::from_stream(spaces).into_response()
        }
        Plays::Fails(status) => {
            let status = http::StatusCode::from_u16(status).expect("a status");
            (status, axum::Json(json!({ "found": false }))).into_response()
        }
    }
}

async fn service(plays: Plays) -> (Arc<Service>, String) {
    let service = Arc::new(Service { plays: std::sync::Mutex::new(plays), calls: AtomicUsize::new(0) });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let routes = Router::new()
        .route("/v1/evidence", post(answer))
        .route("/v1/means", post(answer))
        .with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (service, url)
}

async fn asking(url: &str, lookups: &[LookupKind]) -> World {
    let remote = RemoteService {
        url: url.parse().expect("a URL"),
        key: Some(countersign_server::config::Secret::new("the key")),
        seconds: 1,
        calls: 4,
        lookups: lookups.to_vec(),
        sign: None,
    };
    world_with(|registration| registration.remote = Some(remote)).await
}

const ALL: [LookupKind; 3] = [LookupKind::Evidence, LookupKind::App, LookupKind::Sas];

#[tokio::test]
async fn the_remote_service_decides_where_it_is_asked() {
    let (service, url) = service(Plays::Answers).await;
    let world = asking(&url, &ALL).await;
    let asker = Asker::server(&world).await;
    let found = asker.status(NUMBER).await;
    assert_eq!(
        found,
        json!({
            "status": [{ "assuranceLevel": 3, "jurisdiction": "zertes" }, { "assuranceLevel": 4, "jurisdiction": "eidas" }],
            "loa4ExpiryDate": "2029-01-31", "signingStatus": "MID", "notFound": false,
        })
    );
    assert_eq!(service.calls.load(Ordering::Relaxed), 3);
    // Its people accept terms there.
    refused(&asker.get(&format!("/api/public/evidence/{NUMBER}/tc")).await, 404, "no_evidence");
    *service.plays.lock().expect("a lock") = Plays::FindsNothing;
    let found = asker.status(NUMBER).await;
    assert_eq!((&found["signingStatus"], &found["notFound"]), (&json!("NOT_RA_MID_SAS"), &json!(true)));
    // The sandbox is our own.
    assert_eq!(asker.status("41001000001").await["signingStatus"], "MID");
    let metrics = world.get("/metrics").await;
    for line in [
        "countersign_registration_lookups_total{lookup=\"evidence\",outcome=\"found\"} 2",
        "countersign_registration_lookups_total{lookup=\"sas\",outcome=\"absent\"} 3",
        "countersign_registration_lookup_breaker{lookup=\"app\"} 0",
    ] {
        assert!(metrics.text().contains(line), "{line}\n{}", metrics.text());
    }
}

/// Evidence of another service, and the app of this one.
#[tokio::test]
async fn services_are_mixed() {
    let (_, url) = service(Plays::Answers).await;
    let world = asking(&url, &[LookupKind::Evidence]).await;
    let asker = Asker::server(&world).await;
    let found = asker.status(NUMBER).await;
    assert_eq!(found["signingStatus"], "MISMATCH", "what it is bound to is not here");
    assert_eq!(found["status"][1]["assuranceLevel"], 3);
}

async fn is_not_able_to_retrieve(world: &World) {
    let asker = Asker::server(world).await;
    let found = asker.status(NUMBER).await;
    assert_eq!(found["signingStatus"], "NOT_ABLE_TO_RETRIEVE");
    assert_eq!((&found["notFound"], &found["status"]), (&json!(false), &json!([])));
    refused(&asker.get(&format!("/api/public/evidence/{NUMBER}/tc")).await, 503, "unavailable");
}

/// However it fails: that is never "not registered".
#[tokio::test]
async fn what_fails_is_never_called_not_registered() {
    for plays in [
        Plays::SaysNothingUseful,
        Plays::TalksForEver,
        Plays::Fails(404),
        Plays::Fails(500),
        Plays::Fails(302),
        Plays::Fails(201),
    ] {
        let (_, url) = service(plays).await;
        is_not_able_to_retrieve(&asking(&url, &ALL).await).await;
    }
    // Nobody listens there.
    let world = asking("http://127.0.0.1:1/v1", &[LookupKind::Sas]).await;
    let asker = Asker::server(&world).await;
    let found = asker.status(NUMBER).await;
    assert_eq!(
        found["signingStatus"], "NOT_REGISTERED_AT_ALL",
        "row 3: evidence is absent, and that was answered"
    );
}

/// The clock of the runtime stands still until everybody waits: the second that an answer may take passes at once.
#[tokio::test]
async fn what_hangs_is_never_called_not_registered() {
    for plays in [Plays::Hangs, Plays::Drips] {
        let (_, url) = service(plays).await;
        let world = asking(&url, &ALL).await;
        tokio::time::pause();
        is_not_able_to_retrieve(&world).await;
        assert!(world.get("/metrics").await.text().contains("outcome=\"timeout\"} 2"));
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_service_that_fails_is_left_alone_and_tried_again() {
    let (service, url) = service(Plays::Fails(500)).await;
    let world = asking(&url, &[LookupKind::Evidence]).await;
    let asker = Asker::server(&world).await;
    for _ in 0..9 {
        assert_eq!(asker.status(NUMBER).await["signingStatus"], "NOT_ABLE_TO_RETRIEVE");
    }
    assert_eq!(service.calls.load(Ordering::Relaxed), 5, "after five failures nobody asks");
    let metrics = world.get("/metrics").await;
    assert!(metrics.text().contains("countersign_registration_lookup_breaker{lookup=\"evidence\"} 2"));
    assert!(metrics.text().contains("outcome=\"open\"} 4"));
    // One try after ten seconds, which fails; then one that does not.
    world.advance(10);
    asker.status(NUMBER).await;
    asker.status(NUMBER).await;
    assert_eq!(service.calls.load(Ordering::Relaxed), 6);
    *service.plays.lock().expect("a lock") = Plays::FindsNothing;
    world.advance(10);
    for _ in 0..3 {
        assert_eq!(asker.status(NUMBER).await["signingStatus"], "NOT_RA_MID_SAS");
    }
    assert_eq!(service.calls.load(Ordering::Relaxed), 9);
}

/// While one service hangs, the requests that do not need it are answered, and no more than so many wait for it.
#[tokio::test]
async fn a_service_that_hangs_keeps_nobody_else_waiting() {
    let (service, url) = service(Plays::Hangs).await;
    let world = Arc::new(asking(&url, &[LookupKind::Sas]).await);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let world = world.clone();
        waiting.spawn(async move { Asker::server(&world).await.status(NUMBER).await });
    }
    while service.calls.load(Ordering::Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    // Every place is taken: the next is told at once.
    tokio::time::pause();
    let asker = Asker::server(&world).await;
    assert_eq!(asker.status(NUMBER).await["signingStatus"], "NOT_REGISTERED_AT_ALL");
    assert_eq!(asker.status("41001000001").await["signingStatus"], "MID");
    assert_eq!(service.calls.load(Ordering::Relaxed), 4);
    assert!(world.get("/metrics").await.text().contains("outcome=\"busy\"} 1"));
    waiting.join_all().await;
    assert!(world.get("/metrics").await.text().contains("outcome=\"timeout\"} 4"));
}
