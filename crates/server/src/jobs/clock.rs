//! Looks at the clock also when nobody asks for a signature, so that doubt is in the log when it begins.

use std::time::Duration;

use crate::App;
use crate::tsa::lease::look_at_mark;

/// Between two looks. A clock that is set and set back in between signs nothing wrong.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs until the application stops. Only where something states a time.
pub(super) async fn watch(app: App) {
    if app.authorities().is_none() {
        return;
    }
    if let Err(error) = look_at_mark(&app).await {
        tracing::error!(error = %error, "what was signed last could not be read");
    }
    while !app.is_stopping() {
        // What it finds is in the log, in `/readyz` and in the metrics.
        let _ = app.believed_now();
        tokio::select! {
            () = app.stopping() => {}
            () = app.clock().sleep(PAUSE) => {}
        }
    }
}
