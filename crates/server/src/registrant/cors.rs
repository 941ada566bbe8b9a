//! Pages of other origins that may use the API with a token [Fetch standard, CORS protocol]. Never with cookies: there are
//! none that matter here.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use futures_util::future::Either;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderValue, Method, StatusCode};
use tower::{Layer, Service};

use crate::App;
use crate::problem::{Problem, Surface};

/// A route that preflights reach: without a method of their own they would be answered before they come here.
pub(super) fn reached(route: MethodRouter<App>) -> MethodRouter<App> {
    route.options(async || Problem::status(Surface::Registrant, StatusCode::METHOD_NOT_ALLOWED))
}

/// Answers preflights of configured origins, and lets their pages read answers. Requests of programs, which name no origin,
/// pass as if it were not there.
#[derive(Clone)]
pub(super) struct Allow(pub(super) App);

impl<S> Layer<S> for Allow {
    type Service = Allowing<S>;

    fn layer(&self, inner: S) -> Allowing<S> {
        Allowing { inner, app: self.0.clone() }
    }
}

/// A route behind [`Allow`].
#[derive(Clone)]
pub(super) struct Allowing<S> {
    inner: S,
    app: App,
}

impl<S> Service<Request> for Allowing<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let origins = &self.app.config().registrant.origins;
        let allowed = |origin: &&HeaderValue| {
            origin.to_str().is_ok_and(|origin| origins.iter().any(|one| one == origin))
        };
        let Some(origin) = request.headers().get(ORIGIN).filter(allowed).cloned() else {
            return Either::Left(self.inner.call(request));
        };
        let preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        let answer = (!preflight).then(|| self.inner.call(request));
        Either::Right(Box::pin(async move {
            let mut response = match answer {
                Some(answer) => answer.await?,
                None => StatusCode::OK.into_response(),
            };
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
            Ok(response)
        }))
    }
}
