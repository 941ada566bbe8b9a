//! Looks at the clock also when nobody asks for a signature, so that doubt is in the log when it begins.

use std::time::Duration;

use crate::App;

/// Between two looks. A clock that is set and set back in between signs nothing wrong.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs until the application stops. Only where something states a time.
pub(super) async fn watch(app: App) {
    if app.authorities().is_none() {
        return;
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
