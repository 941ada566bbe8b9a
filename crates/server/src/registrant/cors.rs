//! Pages of other origins that may use the API with a token [Fetch standard, CORS protocol]. Never with cookies: there are
//! none that matter here.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, StatusCode};

use crate::App;
use crate::problem::{Problem, Surface};

/// A route that preflights reach: without a method of their own they would be answered before they come here.
pub(super) fn reached(route: MethodRouter<App>) -> MethodRouter<App> {
    route.options(async || Problem::status(Surface::Registrant, StatusCode::METHOD_NOT_ALLOWED))
}

/// Answers preflights of configured origins, and lets their pages read answers.
pub(super) async fn allow(State(app): State<App>, request: Request, next: Next) -> Response {
    let origins = &app.config().registrant.origins;
    let origin = request
        .headers()
        .get(ORIGIN)
        .filter(|origin| origin.to_str().is_ok_and(|origin| origins.iter().any(|allowed| allowed == origin)));
    let Some(origin) = origin.cloned() else { return next.run(request).await };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight { StatusCode::OK.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(VARY, HeaderValue::from_static("origin"));
    if preflight {
        for (name, value) in [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, OPTIONS"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "Accept, Authorization, Content-Type"),
            (ACCESS_CONTROL_MAX_AGE, "3600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
