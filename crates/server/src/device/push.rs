//! Where a phone wants to be woken.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::device::PushSubscription;
use countersign_wire::base64::B64u;
use countersign_wire::device::{DeviceErrorCode, Empty, PushKeyAnswer, PushRequest};

use super::SURFACE;
use super::proof::Proven;
use crate::App;
use crate::command::Failure;
use crate::problem::Problem;
use crate::push::endpoint;

/// `GET /push/key`: what browsers call `applicationServerKey`. Nothing is to be subscribed for where nothing is sent.
pub(super) async fn key(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    proven.active()?;
    match app.push_key() {
        Some(key) => Ok(Json(PushKeyAnswer { key: B64u(key.to_vec()) }).into_response()),
        None => Err(Problem::device(DeviceErrorCode::NotFound, "this service sends no push messages")),
    }
}

/// `PUT /push`
pub(super) async fn subscribe(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let device = proven.active()?;
    let PushRequest { endpoint, keys } = proven.json()?;
    let bad = |detail: String| Problem::device(DeviceErrorCode::BadRequest, detail);
    let url = endpoint::check(&endpoint, app.config().push.private_networks)
        .map_err(|expected| bad(format!("endpoint: {expected}")))?;
    let subscription = PushSubscription::new(url.as_str(), &keys.p256dh.0, &keys.auth.0)
        .ok_or_else(|| bad("keys: expected a point of P-256 in 65 bytes, and 16 bytes".to_owned()))?;
    app.execute("subscribe for wake-ups", move |tx, context| {
        let (device, events) = tx.devices().get(&device)?.subscribe(subscription);
        context.record(events);
        tx.devices().update(&device)?;
        Ok::<_, Failure>(())
    })
    .await
    .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(Json(Empty {}).into_response())
}

/// `DELETE /push`
pub(super) async fn unsubscribe(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let id = proven.device.id().clone();
    app.execute("end wake-ups", move |tx, context| {
        let (device, events) = tx.devices().get(&id)?.unsubscribe();
        context.record(events);
        tx.devices().update(&device)?;
        Ok::<_, Failure>(())
    })
    .await
    .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(Json(Empty {}).into_response())
}
