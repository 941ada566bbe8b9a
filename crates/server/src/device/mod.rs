//! The device API (`/device/v1`): what a phone asks of the service.
//!
//! Every request proves its device ([`proof`]), every answer carries the next nonce. Requests that can cost a try
//! go through two transactions with the arithmetic between them ([`counted`]); everything else is one command or
//! one query. What the messages look like is `countersign_wire::device`; what they may do is the domain's.
//!
//! A counted request carries an id (`req`) and the token of the answer before. When its answer is lost, a phone sends
//! the same id with the same token again and gets the kept answer, or has the request carried out if it never
//! arrived. What else may be in the request is not compared: the person types the PIN anew. A phone that only wants
//! to know what became of it sends a part with an empty `y`: the kept answer if there is one, else `BAD_REQUEST`, and
//! nothing is counted.

mod account;
mod answer;
mod claim;
pub mod config;
mod confirm;
mod counted;
mod door;
mod enrol;
mod in_process;
mod limit;
mod outer_keys;
mod pin;
mod proof;
mod push;
mod seen;
mod transactions;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};
use countersign_wire::device::{BASE, DEVICE_NONCE};
use http::HeaderValue;

use crate::App;
use crate::problem::Surface;

pub(crate) use self::account::end_account;
pub(crate) use self::door::{Door, finish_open_work};
pub use self::in_process::InProcess;
use self::limit::Limited;
pub(crate) use self::outer_keys::keep_ready;

const SURFACE: Surface = Surface::Device;

pub(crate) fn routes(app: &App) -> Router<App> {
    let limited = |door: Limited| {
        let app = app.clone();
        from_fn(move |request: Request, next: Next| limit::by_address(door, app.clone(), request, next))
    };
    // Whole paths, not a router below a prefix: that would take each request's URL apart and put it together again.
    let at = |path: &str| format!("{BASE}{path}");
    Router::new()
        .route(&at("/activations"), post(enrol::activate).layer(limited(Limited::Activate)))
        .route(&at("/keys"), post(enrol::make_key))
        .route(&at("/keys/{kid}/proof"), post(enrol::prove_key))
        .route(&at("/registration/complete"), post(enrol::complete))
        .route(&at("/keys/{kid}/pin-check"), post(pin::check))
        .route(&at("/keys/{kid}/pin-change"), post(pin::change))
        .route(&at("/keys/{kid}/pin-change/commit"), post(pin::commit))
        .route(&at("/account"), get(account::account))
        .route(&at("/account/revoke"), post(account::revoke))
        .route(&at("/push"), put(push::subscribe).delete(push::unsubscribe))
        .route(&at("/push/key"), get(push::key))
        .route(&at("/transactions"), get(transactions::list))
        .route(&at("/transactions/claim"), post(claim::claim).layer(limited(Limited::Claim)))
        .route(&at("/transactions/{tx}"), get(transactions::show))
        .route(&at("/transactions/{tx}/confirm"), post(confirm::confirm).layer(limited(Limited::Confirm)))
        .route(&at("/transactions/{tx}/refuse"), post(transactions::refuse))
        .layer(from_fn_with_state(app.clone(), next_nonce))
}

/// Every answer, also a refusal, brings the nonce for the next request.
async fn next_nonce(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    // Base64url: printable ASCII.
    if let Ok(nonce) = HeaderValue::from_str(&app.nonces().issue(app.now())) {
        response.headers_mut().insert(DEVICE_NONCE, nonce);
    }
    response
}
