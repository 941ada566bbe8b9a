//! Surfaces of other crates are behind the same log, counters and headers.

use axum::Router;
use axum::routing::get;
use countersign_server::Config;
use countersign_testkit::World;

fn world() -> World {
    World::build(Config::dev(), |builder| {
        let bank = Router::new().route("/bank/api/accounts/{id}", get(async || "1234"));
        builder.extra_routes(bank).extra_routes(Router::new().route("/bank/api/fault", get(fault)))
    })
}

async fn fault() -> &'static str {
    panic!("the secret cause")
}

#[tokio::test]
async fn they_are_served_counted_and_protected() {
    let world = world();
    let answer = world.get("/bank/api/accounts/7").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "1234"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    let metrics = world.get("/metrics").await;
    let line =
        r#"countersign_http_requests_total{route="/bank/api/accounts/{id}",method="GET",status="200"} 1"#;
    assert!(metrics.text().contains(line), "{}", metrics.text());
}

#[tokio::test]
async fn their_faults_and_wrong_calls_are_answered_in_our_form() {
    let world = world();
    let answer = world.get("/bank/api/fault").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text().contains("secret"), "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(world.post_text("/bank/api/accounts/7", "{}").await.status, 405);
    let missing = world.get("/bank/api/nothing").await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.header("content-type"), "application/problem+json");
}
