//! A request of the gateway: read, authorised, understood.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, OriginalUri, Request};
use bytes::Bytes;
use countersign_wire::siga::Family;
use serde::de::DeserializeOwned;

use super::CONTEXT;
use super::authorization::{Asked, service_of};
use super::error::{Code, Error};
use crate::signing::kept::{Container, Form, Owner};
use crate::{App, Origin};

/// A request of a service that is known.
pub(super) struct Authorized {
    pub(super) owner: Owner,
    pub(super) family: Family,
    pub(super) origin: Origin,
    body: Bytes,
}

impl FromRequest<App> for Authorized {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let config = &app.config().siga;
        let limit = config.max_bytes as usize;
        let (parts, body) = request.into_parts();
        let origin = Origin::of(app, &parts);
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let patience = Duration::from_secs(u64::from(app.config().listen.head_seconds));
        // The HMAC is over the body, so it is read before anybody is believed; that is why it is bounded.
        let body = tokio::time::timeout(patience, to_bytes(body, limit)).await;
        let body = body.map_err(|_| Error::invalid("the body did not arrive in time"))?;
        let body = body.map_err(|_| {
            Error::new(Code::RequestSizeLimit, format!("the request is longer than {limit} bytes"))
        })?;
        let asked = Asked {
            method: parts.method.as_str(),
            target: uri.path_and_query().map_or("", |target| target.as_str()),
            headers: &parts.headers,
            body: &body,
        };
        let service = service_of(config, CONTEXT, &asked, app.now())
            .map_err(|why| Error::new(Code::AuthorizationError, why))?;
        let family = if uri.path().split('/').any(|segment| segment == "hashcodecontainers") {
            Family::Hashcode
        } else {
            Family::DataFile
        };
        Ok(Self { owner: Owner::gateway(&service), family, origin, body })
    }
}

impl Authorized {
    /// The body as JSON. Members that are not known are passed over, as the gateway does.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The place, not the text: serde's own message may quote what was sent.
            let place = format!("(line {}, column {})", error.line(), error.column());
            Error::invalid(format!("the body is no JSON, or a member is missing or not of its form {place}"))
        })
    }

    /// The container of this service and family.
    pub(super) async fn container(&self, app: &App, id: &str) -> Result<Container, Error> {
        let container = app.find_signing(id).await?.ok_or_else(Error::not_found)?;
        let is_hashcode = container.form == Form::Hashcode;
        if container.owner != self.owner || is_hashcode != (self.family == Family::Hashcode) {
            return Err(Error::not_found());
        }
        Ok(container)
    }
}
