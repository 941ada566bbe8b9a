//! A whole service in memory, called without sockets.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use countersign_server::web::WebApps;
use countersign_server::{App, Builder, Config, Peer, router};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tower::ServiceExt;

use crate::clock::FakeClock;
use crate::randomness::seeded;

/// When every world begins: 2026-06-01T12:00:00Z.
pub const START: Timestamp = Timestamp::constant(1_780_315_200, 0);

/// A service with a clock that stands still, seeded randomness and a store in memory.
#[derive(Clone)]
pub struct World {
    app: App,
    clock: Arc<FakeClock>,
    router: Router,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl World {
    /// As `countersign dev` is configured: the relying party DEMO, which may do everything from this machine.
    pub fn new() -> Self {
        Self::with(Config::dev())
    }

    /// Another configuration.
    pub fn with(config: Config) -> Self {
        Self::build(config, |builder| builder)
    }

    /// Another configuration, and more given to the application. It is as if built without the web apps, so that no test
    /// depends on whether they are there.
    pub fn build(config: Config, more: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(FakeClock::at(START));
        let builder =
            App::builder(config).clock(clock.clone()).randomness(seeded(1)).web_apps(WebApps::none());
        let app = more(builder).build().expect("a working application");
        Self { router: router(app.clone()), app, clock }
    }

    /// The same, with the surfaces that came with what was added to the application meanwhile.
    pub fn again(self) -> Self {
        Self { router: router(self.app.clone()), ..self }
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The clock.
    pub fn clock(&self) -> &FakeClock {
        &self.clock
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// All surfaces.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends a request as it is. Without a [`Peer`] it comes from this machine.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, body.to_string()).await
    }

    /// POST with any body that is announced as JSON.
    pub async fn post_text(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(json_request(path, body)).await
    }

    /// POST with a JSON body from an address of one's own.
    pub async fn post_from(&self, address: &str, path: &str, body: &Value) -> Answer {
        let mut request = json_request(path, body.to_string());
        request.extensions_mut().insert(peer(address));
        self.send(request).await
    }

    /// GET from an address of one's own.
    pub async fn get_from(&self, address: &str, path: &str) -> Answer {
        let mut request = Request::get(path).body(Body::empty()).expect("a request");
        request.extensions_mut().insert(peer(address));
        self.send(request).await
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("an ASCII header"))
    }
}

fn json_request(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", "application/json").body(body.into()).expect("a request")
}

fn peer(address: &str) -> Peer {
    let address: IpAddr = address.parse().expect("an address");
    Peer { address, secure: false }
}
