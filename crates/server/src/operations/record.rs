//! The outermost layer: every request gets an id, one log line, its counters and the headers that all answers
//! carry; a panic becomes an incident instead of a lost connection.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tower::{Layer, Service};

use super::metrics::Route;
use crate::App;
use crate::problem::{Problem, Surface};

/// What a handler wants in the log line beside the usual. Put it into the answer's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logged {
    /// `session.id`
    pub(crate) session: Option<String>,
    /// `rp.name`: the registered name, not what was sent.
    pub(crate) relying_party: Option<String>,
    /// `operation`
    pub(crate) operation: Option<&'static str>,
    /// `flow`
    pub(crate) flow: Option<&'static str>,
    /// `outcome`
    pub(crate) outcome: Option<&'static str>,
}

/// Characters of a [`RequestId`].
const ID: usize = 14;

/// The id of a request: in the log line, and as `instance` in a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestId([u8; ID]);

impl RequestId {
    fn as_str(&self) -> &str {
        // Letters and digits.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Random octets for ids, fetched for many requests at once: asking the system for each would cost as much as the rest of
/// this layer. Whoever knows an id can do nothing with it, so the next ones may lie in memory.
struct Ids {
    octets: [u8; Self::AT_ONCE * ID],
    used: usize,
}

impl Ids {
    const AT_ONCE: usize = 64;

    fn draw(&mut self, app: &App) -> RequestId {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        if self.used == self.octets.len() {
            self.octets = app.randomness().bytes();
            self.used = 0;
        }
        let mut id = [0; ID];
        id.copy_from_slice(&self.octets[self.used..self.used + ID]);
        self.used += ID;
        RequestId(id.map(|octet| LETTERS[usize::from(octet % 32)]))
    }
}

/// Puts every route into a [`Recorded`].
#[derive(Clone)]
pub(crate) struct Record(Arc<Recorder>);

struct Recorder {
    app: App,
    ids: Mutex<Ids>,
    /// What every answer carries unless its handler has set something else.
    protecting: HeaderMap,
}

impl Record {
    /// One for all routes of an application.
    pub(crate) fn new(app: App) -> Self {
        // Only where an operator has said that HTTPS is how people come here: on a developer's machine the header that goes
        // with it would break every other plain-HTTP service on localhost.
        let https = app.config().listen.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        let ids = Mutex::new(Ids { octets: [0; Ids::AT_ONCE * ID], used: Ids::AT_ONCE * ID });
        let protecting = PROTECTING.into_iter().chain(https.then_some(BY_HTTPS)).collect();
        Self(Arc::new(Recorder { app, ids, protecting }))
    }
}

impl<S> Layer<S> for Record {
    type Service = Recorded<S>;

    fn layer(&self, inner: S) -> Recorded<S> {
        Recorded { inner, recorder: Arc::clone(&self.0), route: Arc::default() }
    }
}

/// A route whose requests are recorded. A service of its own and no function between two others: every request passes here.
#[derive(Clone)]
pub(crate) struct Recorded<S> {
    inner: S,
    recorder: Arc<Recorder>,
    /// The counters of the template that this route was first reached by; it has no other.
    route: Arc<OnceLock<Route>>,
}

impl<S> Service<Request> for Recorded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let begun = Instant::now();
        let recorder = Arc::clone(&self.recorder);
        let method = method_word(request.method());
        let surface = Surface::of_path(request.uri().path());
        let template = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        let known = self.route.get_or_init(|| recorder.app.metrics().route(template));
        let route =
            if known.template() == template { known.clone() } else { recorder.app.metrics().route(template) };
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            // What the panic said is on standard error already; it is not repeated, since it may quote a value.
            let response = answer.await.unwrap_or_else(|_| {
                let problem = Problem::status(surface, StatusCode::INTERNAL_SERVER_ERROR);
                Ok(problem.fault("a panic").into_response())
            });
            response.map(|response| recorder.record(response, method, &route, begun))
        })
    }
}

impl Recorder {
    fn record(
        &self,
        mut response: Response,
        method: &'static str,
        route: &Route,
        begun: Instant,
    ) -> Response {
        let id = self.ids.lock().unwrap_or_else(PoisonError::into_inner).draw(&self.app);
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            response = finish(&self.app, &id, problem, response);
        }
        protect(&mut response, &self.protecting);

        let status = response.status().as_u16();
        let took = begun.elapsed();
        route.answered(method, status, took);
        let logged = response.extensions_mut().remove::<Logged>().unwrap_or_default();
        tracing::info!(
            request.id = id.as_str(),
            http.method = method,
            http.route = route.template(),
            http.status = status,
            session.id = logged.session,
            rp.name = logged.relying_party,
            operation = logged.operation,
            flow = logged.flow,
            outcome = logged.outcome,
            duration_ms = took.as_secs_f64() * 1e3,
            "answered {method} {} with {status}",
            route.template()
        );
        response
    }
}

/// Gives a problem its reference, and writes down what it was when it is our fault.
fn finish(app: &App, id: &RequestId, problem: Problem, unfinished: Response) -> Response {
    if let Some(cause) = problem.cause() {
        app.metrics().fault();
        tracing::error!(request.id = id.as_str(), cause, "a request was answered with an incident");
    }
    let (parts, _) = unfinished.into_parts();
    let mut response = problem.instance(format!("/task-id/{}", id.as_str())).into_response();
    response.extensions_mut().remove::<Problem>();
    for (name, value) in &parts.headers {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    if let Some(logged) = parts.extensions.get::<Logged>() {
        response.extensions_mut().insert(logged.clone());
    }
    response
}

/// Headers that every answer carries unless its handler has set others.
const PROTECTING: [(HeaderName, HeaderValue); 8] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), geolocation=(), microphone=()"),
    ),
];
/// One more, where people come by HTTPS.
const BY_HTTPS: (HeaderName, HeaderValue) =
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));

/// Puts what the handler has set into a copy of what all answers carry: to find the place of each of these among the
/// handler's few would take longer.
fn protect(response: &mut Response, protecting: &HeaderMap) {
    let own = std::mem::replace(response.headers_mut(), protecting.clone());
    let headers = response.headers_mut();
    let mut last = None;
    for (name, value) in own {
        match (name, &last) {
            (Some(name), _) => {
                headers.insert(name.clone(), value);
                last = Some(name);
            }
            // One more value of the same name.
            (None, Some(name)) => drop(headers.append(name.clone(), value)),
            (None, None) => {}
        }
    }
}

/// A word of our own for the method: a stranger can send any.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt;

    async fn shown(problem: fn() -> Problem) -> (StatusCode, String, String) {
        let app = App::builder(crate::Config::dev()).build().expect("an application");
        let handler = move || async move { problem() };
        let routes: Router = Router::new().route("/v3/x", get(handler)).layer(Record::new(app.clone()));
        let request = Request::get("/v3/x").body(Body::empty()).expect("a request");
        let response = routes.oneshot(request).await.unwrap_or_else(|never| match never {});
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"), app.metrics().text(0, 0))
    }

    #[tokio::test]
    async fn our_faults_show_nothing_but_a_reference() {
        let (status, body, metrics) =
            shown(|| Problem::internal(Surface::RelyingParty, "the secret cause")).await;
        assert_eq!(status, 500);
        assert!(body.contains("\"instance\":\"/task-id/") && !body.contains("secret"), "{body}");
        assert!(metrics.contains("countersign_faults_total 1"), "{metrics}");
    }

    #[tokio::test]
    async fn a_panic_becomes_an_incident() {
        let (status, body, metrics) = shown(|| panic!("the secret cause")).await;
        assert_eq!(status, 500);
        assert!(body.contains("\"instance\":\"/task-id/") && !body.contains("secret"), "{body}");
        assert!(metrics.contains("countersign_faults_total 1"), "{metrics}");
        assert!(metrics.contains("status=\"500\"} 1"), "{metrics}");
    }

    #[test]
    fn what_a_handler_sets_stays_and_the_rest_is_put_beside_it() {
        let own =
            [("cache-control", "max-age=60"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-own", "1")];
        let mut response = Response::new(Body::empty());
        for (name, value) in own {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        protect(&mut response, &PROTECTING.into_iter().collect());
        let all = |name| -> Vec<_> { response.headers().get_all(name).into_iter().collect() };
        assert_eq!(all("cache-control"), ["max-age=60"]);
        assert_eq!(all("set-cookie"), ["a=1", "b=2"]);
        assert_eq!(all("x-own"), ["1"]);
        assert_eq!(all("x-content-type-options"), ["nosniff"]);
        assert_eq!(response.headers().len(), PROTECTING.len() + 3);
    }
}
