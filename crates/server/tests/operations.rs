//! What operators look at.

use countersign_server::listen::bind;
use countersign_server::{Config, Listeners, Server};
use countersign_testkit::{AccountDraft, World};
use countersign_wire::endpoint::STARTS;
use serde_json::json;

#[tokio::test]
async fn a_working_server_is_live_and_ready() {
    let world = World::new();
    assert_eq!(world.get("/livez").await.json(), json!({ "status": "live" }));
    let answer = world.get("/readyz").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["status"], "ready");
    assert_eq!(world.get("/version").await.json()["name"], "countersign");
}

#[tokio::test]
async fn what_happened_is_counted_without_saying_to_whom() {
    let world = World::new();
    AccountDraft::new("PNOEE-40504040001-DEM0-Q").create(&world).await;
    let path = "/v3/authentication/notification/etsi/PNOEE-40504040001";
    let started = world.post(path, &countersign_server::openapi::example(&STARTS[3])).await.json();
    world.post_text(path, "{}").await;
    world.get("/nowhere/PNOEE-40504040001").await;
    let answer = world.get("/metrics").await;
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text();
    for line in [
        "countersign_http_requests_total{route=\"/v3/authentication/notification/etsi/{addressee}\",method=\"POST\",status=\"200\"} 1",
        "countersign_http_requests_total{route=\"/v3/authentication/notification/etsi/{addressee}\",method=\"POST\",status=\"400\"} 1",
        "countersign_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "countersign_sessions_started_total{operation=\"authenticate\",flow=\"notification\",addressee=\"person\"} 1",
        "countersign_long_polls_open 0",
    ] {
        assert!(text.lines().any(|each| each == line), "{line}\n--\n{text}");
    }
    assert!(!text.contains("40504040001") && !text.contains(started["sessionID"].as_str().unwrap()));
}

#[tokio::test]
async fn metrics_are_for_this_machine_unless_others_are_named() {
    let world = World::new();
    let answer = world.get_from("192.0.2.1", "/metrics").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["type"], "urn:countersign:problem:forbidden");
    let mut config = Config::dev();
    config.operations.metrics_addresses = vec!["192.0.2.0/24".parse().unwrap()];
    let world = World::with(config);
    assert_eq!(world.get_from("192.0.2.1", "/metrics").await.status, 200);
    assert_eq!(world.get("/metrics").await.status, 403);
}

#[tokio::test]
async fn the_start_page_and_its_files_come_from_here() {
    let world = World::new();
    let page = world.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.text().contains("http://localhost/smart-id-rp/v3/"));
    for html in [page.text(), world.get("/docs").await.text()] {
        assert!(!html.contains("style=") && !html.contains("<script>") && !html.contains("//cdn"));
        for attribute in ["href=\"", "src=\""] {
            for (at, _) in html.match_indices(attribute) {
                let target = html[at + attribute.len()..].split('"').next().unwrap();
                if target.starts_with("/assets/") || target.starts_with("/openapi") || target == "/docs" {
                    assert_eq!(world.get(target).await.status, 200, "{target}");
                }
                assert!(!target.starts_with("http"), "{target}");
            }
        }
    }
    let style = world.get("/assets/page.css").await;
    let known = http::Request::get("/assets/page.css")
        .header("if-none-match", style.header("etag"))
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = world.send(known).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
}

#[tokio::test]
async fn a_sweep_ends_overdue_sessions_and_forgets_old_ones() {
    let world = World::new();
    let started = world.post(STARTS[0].path, &countersign_server::openapi::example(&STARTS[0])).await.json();
    let address = "127.0.0.1:0".parse().unwrap();
    let mut listeners = Listeners::new();
    listeners.http(bind(address).await.unwrap());
    let running = Server::start(world.app().clone(), listeners);
    world.advance(120);
    let count = |text: &str| text.lines().any(|line| line.ends_with("outcome=\"TIMEOUT\"} 1"));
    while !count(world.get("/metrics").await.text()) {
        tokio::task::yield_now().await;
    }
    world.advance(300);
    let id = countersign_wire::id::SessionId::parse(started["sessionID"].as_str().unwrap()).unwrap();
    loop {
        let found = world.app().store().read("look", move |tx| tx.sessions().find(id)).await.unwrap();
        if found.is_none() {
            break;
        }
        tokio::task::yield_now().await;
    }
    running.shutdown().await;
    assert_eq!(world.get("/readyz").await.status, 503);
}
