//! Every HTTP surface of the trust service, one module each.
//!
//! [`App`] holds what requests need; [`router`] gives all surfaces as one service, which works the same in
//! process and behind sockets; [`Server::start`] puts it on sockets and ends it in order.

pub mod address;
mod app;
pub mod clock;
pub mod compute;
pub mod config;
mod jobs;
pub mod listen;
pub mod operations;
mod peer;
pub mod randomness;
pub mod watch;

pub use self::app::{App, Builder, Switches};
pub use self::clock::{Clock, MovableClock, SystemClock};
pub use self::config::Config;
pub use self::listen::{Listeners, Running, Server};
pub use self::peer::{Origin, Peer};
pub use self::randomness::Randomness;

/// All surfaces as one service. A request without a [`Peer`] extension counts as one from this machine, so do
/// not put this behind sockets by other means than [`Server`].
pub fn router(app: App) -> axum::Router {
    axum::Router::new().with_state(app)
}
