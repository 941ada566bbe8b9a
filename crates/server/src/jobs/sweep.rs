//! Cleaning up: sessions whose time is over are told so, and what is kept no longer is deleted.
//!
//! A session reads as ended without this; the sweep makes its row, the trail and the counters say so.

use std::time::Duration;

use countersign_domain::session::State;

use crate::App;
use crate::command::{Failure, kind};
use crate::watch::Topic;

/// Between two rounds that had little to do.
const PAUSE: Duration = Duration::from_secs(5);

/// Rows of a kind in one transaction, so that requests do not wait long behind it.
const LIMIT: usize = 200;

/// Runs until the application stops.
pub(super) async fn sweep(app: App) {
    while !app.is_stopping() {
        match round(&app).await {
            // There may be more: go on at once.
            Ok(found) if found >= LIMIT => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(error = %error, "the sweep failed; it will be tried again"),
        }
        app.registrant().forget_expired(app.now());
        if let Err(error) = app.sweep_signing(LIMIT).await {
            tracing::error!(error = %error, "containers cannot be swept; it will be tried again");
        }
        tokio::select! {
            () = app.stopping() => {}
            () = app.clock().sleep(PAUSE) => {}
        }
    }
}

/// One round: how many rows there were.
pub(crate) async fn round(app: &App) -> Result<usize, Failure> {
    let now = app.now();
    let (swept, ended) = app
        .store()
        .write("sweep", move |tx| -> Result<_, Failure> {
            let swept = tx.sweep(now, LIMIT)?;
            let mut ended = Vec::new();
            for id in &swept.expired {
                if let Some(session) = tx.sessions().find(*id)?
                    && let State::Complete { outcome, at } = session.state()
                {
                    let account = session.addressed().map(|to| to.account.clone());
                    ended.push((
                        kind(&session),
                        outcome.end_result(),
                        at.duration_since(session.created_at()),
                        account,
                    ));
                }
            }
            Ok((swept, ended))
        })
        .await?;
    for id in &swept.expired {
        app.watches().wake(&Topic::Session(*id));
    }
    for (kind, result, lived, account) in ended {
        app.metrics().session_ended(kind, result.as_str(), lived.unsigned_abs());
        if let Some(account) = account {
            app.watches().wake(&Topic::Account(account));
        }
    }
    app.metrics().rows_purged(swept.purged as u64);
    Ok(swept.expired.len() + swept.purged)
}
