//! `Device-Proof` as an extractor: a handler that takes [`Proven`] hears nobody but a registered device.
//!
//! Checked in this order: shape and size, key known, signature, method, URL, body, time, nonce, replay.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use countersign_domain::Refusal;
use countersign_domain::device::{Device, DeviceState};
use countersign_wire::device::proof::{ProvenRequest, UnverifiedProof};
use countersign_wire::device::{DEVICE_PROOF, DeviceErrorCode, Jwk};
use countersign_wire::id::DeviceId;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::SURFACE;
use super::seen::Seen;
use crate::App;
use crate::peer::Origin;
use crate::problem::Problem;
use crate::whole_body::{Unread, whole_body};

/// The longest body of a device, in octets. The largest is a change of PIN at 4096 bits: two sealed values of
/// some 2 kB each.
const BODY_MAX: usize = 32 * 1024;

/// A request whose device is known and whose proof holds.
pub(super) struct Proven {
    /// The device as it was when the request came. A command reads it again.
    pub(super) device: Device,
    /// Where it is.
    pub(super) address: IpAddr,
    body: Bytes,
}

/// A request that proves the key in its own body: an activation.
pub(super) struct Introduced {
    /// The body.
    pub(super) body: Bytes,
    proof: Claimed,
}

impl Proven {
    /// The device, unless it is frozen.
    pub(super) fn active(&self) -> Result<DeviceId, Problem> {
        match self.device.state() {
            DeviceState::Active => Ok(self.device.id().clone()),
            DeviceState::CloneSuspect { .. } => Err(Problem::refused(SURFACE, &Refusal::CloneSuspect)),
            DeviceState::Revoked { .. } => Err(Problem::refused(SURFACE, &Refusal::DeviceRevoked)),
        }
    }

    /// The body as this message.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        json(&self.body)
    }
}

impl Introduced {
    /// Checks that the request was proven with this key.
    pub(super) fn verify(self, app: &App, key: &Jwk) -> Result<(), Problem> {
        let Self { body, proof } = self;
        let unverified = parse(&proof.header)?;
        proof.verify(app, app.door().seen_of_strangers(), unverified, key, &body)
    }
}

impl FromRequest<App> for Proven {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let (claimed, address) = Claimed::of(app, &parts)?;
        let proof = parse(&claimed.header)?;
        let kid = proof.kid().clone();
        let found = app.read("find a device", move |tx| Ok(tx.devices().find_by_thumbprint(&kid)?)).await;
        let device = found
            .map_err(|failure| app.problem(SURFACE, failure))?
            .filter(|device| !matches!(device.state(), DeviceState::Revoked { .. }))
            .ok_or_else(|| {
                Problem::device(DeviceErrorCode::UnknownDevice, "no active device has this key")
            })?;
        let body = read(app, body).await?;
        claimed.verify(app, app.door().seen(), proof, device.proof_key(), &body)?;
        Ok(Self { device, address, body })
    }
}

impl FromRequest<App> for Introduced {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let (proof, _) = Claimed::of(app, &parts)?;
        parse(&proof.header)?;
        Ok(Self { body: read(app, body).await?, proof })
    }
}

/// A proof and what it has to prove.
struct Claimed {
    header: String,
    method: String,
    url: String,
}

impl Claimed {
    fn of(app: &App, parts: &Parts) -> Result<(Self, IpAddr), Problem> {
        let mut headers = parts.headers.get_all(DEVICE_PROOF).iter();
        let header = match (headers.next(), headers.next()) {
            (Some(one), None) => one.to_str().ok(),
            (None, _) | (Some(_), Some(_)) => None,
        };
        let header = header.ok_or_else(|| {
            Problem::device(DeviceErrorCode::ProofInvalid, "expected one Device-Proof header")
        })?;
        let origin = Origin::of(app, parts);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", origin.base);
        Ok((Self { header: header.to_owned(), method: parts.method.to_string(), url }, origin.address))
    }

    fn verify(
        &self,
        app: &App,
        seen: &Seen,
        proof: UnverifiedProof<'_>,
        key: &Jwk,
        body: &[u8],
    ) -> Result<(), Problem> {
        let now = app.now();
        let request = ProvenRequest { method: &self.method, url: &self.url, body, now };
        let verified = proof.verify(
            key,
            &request,
            |nonce| app.nonces().is_fresh(nonce, now),
            |jti| seen.is_new(jti, now),
        );
        verified.map(drop).map_err(|error| refused(&error))
    }
}

fn parse(header: &str) -> Result<UnverifiedProof<'_>, Problem> {
    UnverifiedProof::parse(header).map_err(|error| refused(&error))
}

fn refused(error: &countersign_wire::Error) -> Problem {
    let code = match error {
        countersign_wire::Error::Proof(fault) => fault.code(),
        // Reading and verifying give no other error.
        _ => DeviceErrorCode::ProofInvalid,
    };
    Problem::device(code, error.to_string())
}

async fn read(app: &App, body: Body) -> Result<Bytes, Problem> {
    whole_body(app, body, BODY_MAX).await.map_err(|unread| {
        let detail = match unread {
            Unread::TooLong | Unread::Broken => format!("expected a whole body of at most {BODY_MAX} bytes"),
            Unread::Late => "the body did not arrive in time".to_owned(),
        };
        Problem::device(DeviceErrorCode::BadRequest, detail)
    })
}

/// A message from its JSON. What was wrong is told by place only: the parser's own text could quote a token.
pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let expected = "expected the JSON of this endpoint";
        let detail = format!("{expected}; {:?} error at column {}", error.classify(), error.column());
        Problem::device(DeviceErrorCode::BadRequest, detail)
    })
}
