//! How often a device, and an address, may claim, activate and confirm: what costs a try is counted elsewhere, in the
//! store; this is against floods.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use countersign_wire::device::{DeviceErrorCode, DeviceProblem};
use countersign_wire::id::DeviceId;

use crate::buckets::{Buckets, Network};
use crate::config::Limits;
use crate::problem::Problem;
use crate::{App, Origin};

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limited {
    /// `POST /activations`: an address guesses codes.
    Activate,
    /// `POST /transactions/claim`: a device guesses links.
    Claim,
    /// `POST /transactions/{tx}/confirm`: arithmetic.
    Confirm,
}

impl Limited {
    /// For the counters.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Claim => "claim",
            Self::Confirm => "confirm",
        }
    }
}

/// The buckets of a server.
#[derive(Debug)]
pub(super) struct Limiter {
    activations: Buckets<Network>,
    requests: Buckets<Network>,
    claims: Buckets<DeviceId>,
    confirmations: Buckets<DeviceId>,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            activations: Buckets::new(limits.activations_per_address),
            requests: Buckets::new(limits.requests_per_address),
            claims: Buckets::new(limits.claims_per_device),
            confirmations: Buckets::new(limits.confirmations_per_device),
        }
    }
}

/// Lets an address knock only so often: before anything about the request is looked at, since that is what costs.
pub(super) async fn by_address(door: Limited, app: App, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let network = Network::of(Origin::of(&app, &parts).address);
    let limiter = app.door().limiter();
    let buckets = match door {
        Limited::Activate => &limiter.activations,
        Limited::Claim | Limited::Confirm => &limiter.requests,
    };
    match buckets.take(network, app.now()) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(wait) => too_many(&app, door, "address", wait).into_response(),
    }
}

/// Lets a proven device through only so often.
pub(super) fn by_device(app: &App, door: Limited, device: &DeviceId) -> Result<(), Problem> {
    let limiter = app.door().limiter();
    let buckets = match door {
        Limited::Claim => &limiter.claims,
        Limited::Confirm => &limiter.confirmations,
        // Who activates is no device yet.
        Limited::Activate => return Ok(()),
    };
    buckets.take(device.clone(), app.now()).map_err(|wait| too_many(app, door, "device", wait))
}

fn too_many(app: &App, door: Limited, by: &'static str, wait: u32) -> Problem {
    app.metrics().limited(door.word(), by);
    let detail = format!("too many of these requests; come back in {wait} s");
    Problem::from_device(DeviceProblem::new(DeviceErrorCode::TooManyRequests, detail)).retry_after(wait)
}
