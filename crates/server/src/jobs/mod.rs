//! Work that nobody asks for: owned by the running server, which waits for it at shutdown.

mod clock;
mod sweep;

use std::future::Future;
use std::pin::Pin;

use crate::{App, ca, device, push, registrant, registration, signing};

/// One job, which ends by itself when the application stops.
pub(crate) type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every job of a running server.
pub(crate) fn all(app: &App) -> Vec<Job> {
    vec![
        Box::pin(sweep::sweep(app.clone())),
        Box::pin(device::finish_open_work(app.clone())),
        Box::pin(device::keep_ready(app.clone())),
        Box::pin(push::deliver(app.clone())),
        Box::pin(registrant::follow(app.clone())),
        Box::pin(registration::follow_days(app.clone())),
        Box::pin(registration::follow_confirmations(app.clone())),
        Box::pin(registration::finish_background(app.clone())),
        Box::pin(signing::work(app.clone())),
        Box::pin(ca::publish(app.clone())),
        Box::pin(clock::watch(app.clone())),
    ]
}
