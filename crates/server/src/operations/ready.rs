//! What has to be in order before requests make sense.

use std::time::Duration;

use serde::Serialize;

use crate::App;

/// A store that takes longer than this to write one row is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What.
    pub(super) name: &'static str,
    /// Whether it is in order.
    pub(super) ok: bool,
}

pub(super) async fn checks(app: &App) -> Vec<Check> {
    vec![
        Check { name: "running", ok: !app.is_stopping() },
        Check { name: "store writable", ok: writable(app).await },
        Check { name: "clock believed", ok: app.believed_now().is_ok() },
        Check { name: "keys loaded", ok: !app.core_keys().public().is_empty() },
        Check {
            name: "processors free",
            ok: app.compute().load() < app.config().limits.queued_computations as usize,
        },
    ]
}

/// Writes one row, through the same thread and disk as everything else.
async fn writable(app: &App) -> bool {
    let now = app.now().to_string();
    let write = app.store().write("readiness", move |tx| tx.set_meta("readiness", &now));
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(error = %error, "the store cannot be written to");
            false
        }
        Err(_) => false,
    }
}
