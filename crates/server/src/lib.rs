//! Every HTTP surface of the trust service, one module each.
//!
//! [`App`] holds what requests need; [`router`] gives all surfaces as one service, which works the same in
//! process and behind sockets; [`Server::start`] puts it on sockets and ends it in order.

pub mod admin;
mod anchors;
mod app;
pub mod authority;
mod bearer;
mod buckets;
mod ca;
pub mod clock;
mod command;
pub mod compute;
pub mod config;
mod derived_key;
pub mod dev;
pub mod device;
mod jobs;
mod json_body;
pub mod keys;
pub mod listen;
mod ocsp;
pub mod openapi;
pub mod operations;
mod password_hash;
mod peer;
mod problem;
pub mod push;
pub mod randomness;
pub mod registrant;
pub mod registration;
mod rp;
mod siga;
mod signing;
pub mod trust;
mod tsa;
mod turns;
mod validation;
pub mod watch;
pub mod web;
mod whole_body;

pub use self::app::{App, Builder, DATABASE, Error, Switches};
pub use self::clock::{Clock, MovableClock, SystemClock};
pub use self::config::Config;
pub use self::keys::Keys;
pub use self::listen::{Listeners, Running, Server};
pub use self::peer::{ClientCertificate, Origin, Peer};
pub use self::randomness::Randomness;

use countersign_wire::device::DeviceErrorCode;
use countersign_wire::problem::ProblemType;

use self::problem::{Problem, Surface};

/// All surfaces as one service. A request without a [`Peer`] extension counts as one from this machine, so do
/// not put this behind sockets by other means than [`Server`].
pub fn router(app: App) -> axum::Router {
    let routes = axum::Router::new()
        .merge(web::routes(&app))
        .merge(operations::routes())
        .merge(openapi::routes())
        .merge(rp::routes(&app))
        .merge(device::routes(&app))
        .merge(admin::routes(&app));
    let routes = routes.merge(ca::routes()).merge(ocsp::routes()).merge(tsa::routes()).merge(trust::routes());
    let routes = routes.merge(validation::routes(&app)).merge(registrant::routes(&app));
    let routes = routes.merge(signing::routes()).merge(siga::routes(&app)).merge(registration::routes(&app));
    let routes = if app.test_world().is_some() { routes.merge(dev::routes()) } else { routes };

    let routes = routes
        .with_state(app.clone())
        .merge(app.extra_routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method);
    // Each layer costs every request something, so only where it has something to do.
    let routes = match app.config().web.phone_origin() {
        Some(_) => routes.layer(axum::middleware::from_fn_with_state(app.clone(), web::keep_apart)),
        None => routes,
    };
    routes.layer(operations::record::Record::new(app))
}

async fn unknown_path(uri: http::Uri) -> Problem {
    match Surface::of_path(uri.path()) {
        surface @ (Surface::RelyingParty | Surface::Registrant | Surface::Registration) => {
            Problem::status(surface, http::StatusCode::NOT_FOUND)
        }
        Surface::Device => Problem::device(DeviceErrorCode::NotFound, "nothing is served at this path"),
        Surface::Own => Problem::of(ProblemType::NotFound, "nothing is served at this path"),
    }
}

async fn wrong_method(uri: http::Uri) -> Problem {
    Problem::status(Surface::of_path(uri.path()), http::StatusCode::METHOD_NOT_ALLOWED)
}

/// One line in the log for a failure of the store behind a responder.
fn store_error(what: &'static str, error: &(dyn std::error::Error + 'static)) {
    tracing::error!(operation = what, error = %error, "the store failed");
}
