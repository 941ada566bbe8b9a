//! The outermost layer: every request gets an id, one log line, its counters and the headers that all answers
//! carry; a panic becomes an incident instead of a lost connection.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method, StatusCode};

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

/// The id of a request: in the log line, and as `instance` in a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    fn draw(app: &App) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
        let bytes: [u8; 14] = app.randomness().bytes();
        Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
    }
}

pub(crate) async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = RequestId::draw(&app);
    let method = method_word(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let surface = Surface::of_path(request.uri().path());

    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    // What the panic said is on standard error already; it is not repeated, since it may quote a value.
    let mut response = answered.unwrap_or_else(|_| {
        Problem::status(surface, StatusCode::INTERNAL_SERVER_ERROR).fault("a panic").into_response()
    });
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = finish(&app, &id, problem, response);
    }
    protect(&app, &mut response);

    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let status = response.status().as_u16();
    let took = begun.elapsed();
    app.metrics().request(route, method, status, took);
    let logged = response.extensions_mut().remove::<Logged>().unwrap_or_default();
    tracing::info!(
        request.id = %id.0,
        http.method = method,
        http.route = route,
        http.status = status,
        session.id = logged.session,
        rp.name = logged.relying_party,
        operation = logged.operation,
        flow = logged.flow,
        outcome = logged.outcome,
        duration_ms = took.as_secs_f64() * 1e3,
        "answered {method} {route} with {status}"
    );
    response
}

/// Gives a problem its reference, and writes down what it was when it is our fault.
fn finish(app: &App, id: &RequestId, problem: Problem, unfinished: Response) -> Response {
    if let Some(cause) = problem.cause() {
        app.metrics().fault();
        tracing::error!(request.id = %id.0, cause, "a request was answered with an incident");
    }
    let (parts, _) = unfinished.into_parts();
    let mut response = problem.instance(format!("/task-id/{}", id.0)).into_response();
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
fn protect(app: &App, response: &mut Response) {
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(X_FRAME_OPTIONS, "DENY");
    default(REFERRER_POLICY, "no-referrer");
    default(CACHE_CONTROL, "no-store");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=()");
    // Only where an operator has said that HTTPS is how people come here: on a developer's machine this header
    // would break every other plain-HTTP service on localhost.
    if app.config().listen.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
        default(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
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
        let routes: Router = Router::new()
            .route("/v3/x", get(handler))
            .layer(axum::middleware::from_fn_with_state(app.clone(), record));
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
}
