//! The gateway that carries codes to phones: a receiver on loopback stands for it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use countersign_server::config::Secret;
use countersign_server::{Config, dev};
use countersign_testkit::World;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::{Asker, CODE, CONFIRM, refused};

type Heard = (HeaderMap, Value);

/// A gateway that answers with this status.
async fn gateway(status: u16) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let (sender, heard) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/sms", listener.local_addr().expect("an address"));
    let status = StatusCode::from_u16(status).expect("a status");
    let take =
        async move |State(sender): State<mpsc::UnboundedSender<Heard>>, headers: HeaderMap, body: Bytes| {
            let _ = sender.send((headers, serde_json::from_slice(&body).expect("JSON")));
            status
        };
    let routes = Router::new().route("/sms", post(take)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, heard)
}

fn world(url: &str) -> World {
    let mut config = Config::dev();
    config.registration.clients = dev::config().registration.clients;
    config.registration.gateway_url = url.parse().ok();
    config.registration.gateway_key = Some(Secret::new("the gateway's key"));
    World::with(config)
}

#[tokio::test]
async fn a_code_travels_through_the_gateway() {
    let (url, mut heard) = gateway(202).await;
    let world = world(&url);
    let asker = Asker::server(&world).await;
    assert_eq!(asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await.status, 200);
    let (headers, message) = heard.recv().await.expect("a message");
    assert_eq!(headers["authorization"], "Bearer the gateway's key");
    assert_eq!(message["to"], "+41791234567");
    let code = message["code"].as_str().expect("a code");
    assert!(code.len() == 6 && message["text"].as_str().is_some_and(|text| text.contains(code)), "{message}");
    let right = asker.post(CODE, &json!({ "msisdn": "41791234567", "code": code })).await;
    assert_eq!(right.status, 200, "{}", right.text());
}

#[tokio::test]
async fn a_gateway_that_refuses_is_no_success() {
    for status in [302, 400, 503] {
        let (url, _heard) = gateway(status).await;
        let world = world(&url);
        let asker = Asker::server(&world).await;
        let answer = asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await;
        refused(&answer, 503, "unavailable");
        assert!(!answer.header("retry-after").is_empty());
        let again = asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await;
        refused(&again, 503, "unavailable");
    }
    // Nobody listens there.
    let world = world("http://127.0.0.1:1/sms");
    let asker = Asker::server(&world).await;
    refused(&asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await, 503, "unavailable");
}
