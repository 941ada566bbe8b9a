//! The registration API through the router: the guide's own requests, everything that it leaves open, and those who try to
//! get more than they may.

mod abuse;
mod access;
mod gateway;
mod guide;
mod hosted;
mod password;
mod register;
mod remote;
mod sandbox;
mod step_up;
mod terms;

use std::sync::Arc;

use axum::body::Body;
use countersign_server::config::{ClientEntry, Registration};
use countersign_server::registration::gateway::Outbox;
use countersign_server::{Config, MovableClock, Peer, authority, dev};
use countersign_split_key::Parameters;
use countersign_testkit::{Answer, World};
use http::{Method, Request};
use serde_json::{Value, json};

pub(crate) const CONFIRM: &str = "/api/public/confirm";
pub(crate) const CODE: &str = "/api/public/phone/verification/code";
pub(crate) const PAGE: &str = "http://localhost:3000";

/// Keys that are broken in minutes, and made in milliseconds.
pub(crate) fn parameters() -> Parameters {
    Parameters::for_tests(1024)
}

/// A second client, of another tenant, without the old way in.
pub(crate) fn second_client() -> ClientEntry {
    let text = "[[registration.client]]\nid = \"second\"\n\
        secret_sha256 = \"02e03ed42d2621b7acac3de1695ae4cde1614d1047b0914fb731495a940ec542\"\n\
        origins = [\"https://second.example.org\"]\nnumber_prefixes = [\"372\", \"4100\"]\nsees_terms = true\n";
    Config::parse(text).expect("a client").registration.clients.remove(0)
}

/// A world with the test persons and the sandbox in it.
pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

pub(crate) async fn world_with(change: impl FnOnce(&mut Registration)) -> World {
    world_of(|config| change(&mut config.registration)).await
}

pub(crate) async fn world_of(change: impl FnOnce(&mut Config)) -> World {
    let mut config = dev::config();
    config.device_api.kdf_iterations = 2;
    config.registration.clients.push(second_client());
    change(&mut config);
    let world = World::build(config, |builder| {
        let authorities = authority::dev::authorities().expect("the TEST authority");
        builder
            .authorities(authorities)
            .key_parameters(parameters())
            .message_gateway(Arc::new(Outbox::default()))
    });
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    world.again()
}

/// A request with these headers.
pub(crate) async fn call(
    world: &World,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).expect("a request")).await
}

/// The token of a client.
pub(crate) async fn token_of(world: &World, basic: &str) -> String {
    let headers = [("authorization", basic), ("content-type", "application/x-www-form-urlencoded")];
    let form = "grant_type=client_credentials&scope=smartflow";
    let answer = call(world, Method::POST, "/oauth/token", &headers, form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

/// `missswaggerclient:missswaggerclientsecret`
pub(crate) const GUIDE_CLIENT: &str = "Basic bWlzc3N3YWdnZXJjbGllbnQ6bWlzc3N3YWdnZXJjbGllbnRzZWNyZXQ=";
/// `second:secret-of-second`
pub(crate) const SECOND_CLIENT: &str = "Basic c2Vjb25kOnNlY3JldC1vZi1zZWNvbmQ=";

/// Somebody who asks with a token.
pub(crate) struct Asker<'a> {
    pub(crate) world: &'a World,
    bearer: String,
    page: Option<&'a str>,
}

impl<'a> Asker<'a> {
    /// A client's server.
    pub(crate) async fn server(world: &'a World) -> Self {
        Self::with(world, token_of(world, GUIDE_CLIENT).await, None)
    }

    /// Somebody with this token, on a page.
    pub(crate) fn with(world: &'a World, token: String, page: Option<&'a str>) -> Self {
        Self { world, bearer: format!("Bearer {token}"), page }
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        let page = self.page.map(|page| ("origin", page));
        [("authorization", self.bearer.as_str())].into_iter().chain(page).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        call(self.world, Method::GET, path, &self.headers(), "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        call(self.world, Method::POST, path, &self.headers(), body.to_string()).await
    }

    pub(crate) async fn post_from(&self, address: &str, path: &str, body: &Value) -> Answer {
        let mut request = Request::post(path).header("authorization", &self.bearer);
        if let Some(page) = self.page {
            request = request.header("origin", page);
        }
        let mut request = request.body(body.to_string().into()).expect("a request");
        request.extensions_mut().insert(Peer { address: address.parse().expect("an address"), secure: true });
        self.world.send(request).await
    }

    pub(crate) async fn status(&self, number: &str) -> Value {
        let answer = self.get(&format!("/api/public/evidence/status?msisdn={number}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// A link to terms.
    pub(crate) async fn terms(&self, number: &str) -> String {
        let answer = self.get(&format!("/api/public/evidence/{number}/tc")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    pub(crate) async fn decide(&self, token: &str, knows: bool) -> Answer {
        let body =
            json!({ "decizionZertes": true, "decisionEidas": true, "knowsTheRisk": knows, "token": token });
        self.post(CONFIRM, &body).await
    }

    pub(crate) async fn poll(&self, token: &str) -> Value {
        let answer = self.get(&format!("/api/public/mobileid/status?token={token}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

/// A token for the guide's page, for this number or for any.
pub(crate) async fn widget<'a>(world: &'a World, number: Option<&str>) -> Asker<'a> {
    let server = Asker::server(world).await;
    let mut body = json!({ "origin": PAGE });
    if let Some(number) = number {
        body["msisdn"] = json!(number);
    }
    let answer = server.post("/api/public/widget-token", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    Asker::with(world, token, Some(PAGE))
}

/// Checks the form of a refusal.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, error: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!(body["error"], error, "{body}");
    assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    assert!(body["traceId"].as_str().is_some_and(|text| text.len() == 14), "{body}");
    body
}
