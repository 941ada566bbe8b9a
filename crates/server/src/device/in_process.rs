//! A phone in the same process: requests go through the same router, without sockets.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use countersign_phone::{Error, Transport};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{App, router};

/// Carries a phone's requests to the router of an application in this process.
#[derive(Clone, Debug)]
pub struct InProcess {
    origin: String,
    routes: Router,
}

impl InProcess {
    /// To this application.
    pub fn new(app: &App) -> Self {
        Self::through(app, router(app.clone()))
    }

    /// To this application through a router that is there already.
    pub fn through(app: &App, routes: Router) -> Self {
        let public = app.config().listen.public_url.as_ref();
        let origin =
            public.map_or_else(|| "http://localhost".to_owned(), |url| url.origin().ascii_serialization());
        Self { origin, routes }
    }
}

impl Transport for InProcess {
    fn origin(&self) -> &str {
        &self.origin
    }

    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Error> {
        let response =
            self.routes.clone().oneshot(request.map(Body::from)).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| Error::NoAnswer(error.to_string()))?;
        Ok(http::Response::from_parts(parts, body.to_bytes()))
    }
}
