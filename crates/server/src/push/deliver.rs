//! The job that sends wake-ups, a few at a time, and again where it did not work.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::device::PushSubscription;
use countersign_wire::id::{DeviceId, SessionId};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{Sent, WakeUp};
use crate::App;
use crate::command::Failure;

/// Messages on their way at the same time.
const AT_ONCE: usize = 32;
/// Attempts for one message.
const ATTEMPTS: u32 = 4;
/// After the first attempt; twice as long after each other.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that a push service may tell us to wait: sessions are over soon.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Sends wake-ups until the application stops. Only one of it runs; a second ends at once.
pub async fn deliver(app: App) {
    let Some(mut sessions) = app.wake_ups().take() else { return };
    let (places, open) = (Arc::new(Semaphore::new(AT_ONCE)), TaskTracker::new());
    loop {
        let session = tokio::select! {
            () = app.stopping() => break,
            session = sessions.recv() => session,
        };
        let Some(session) = session else { break };
        let place = tokio::select! {
            () = app.stopping() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let app = app.clone();
        open.spawn(async move {
            let _place = place;
            tokio::select! {
                () = app.stopping() => {}
                result = wake(&app, session) => if let Err(error) = result {
                    tracing::error!(error = %error, "a phone could not be woken");
                },
            }
        });
    }
    open.close();
    open.wait().await;
}

/// Wakes the phone that a session waits for, if it wants to be woken.
async fn wake(app: &App, session: SessionId) -> Result<(), Failure> {
    let mut pause = PAUSE;
    for attempt in 1..=ATTEMPTS {
        let Some((device, wake_up)) = waiting(app, session).await? else { return Ok(()) };
        let sent = app.notifier().notify(&wake_up, app.now()).await;
        app.metrics().pushed(match sent {
            Sent::Taken => "sent",
            Sent::Later { .. } => "later",
            Sent::Gone => "gone",
            Sent::Refused { .. } => "refused",
        });
        match sent {
            Sent::Taken => return Ok(()),
            Sent::Gone => return forget(app, device, wake_up.subscription).await,
            Sent::Refused { status } => {
                tracing::warn!(http.status = status, "a push service refuses a message");
                return Ok(());
            }
            Sent::Later { after } if attempt < ATTEMPTS => {
                let told = after.map(|seconds| Duration::from_secs(u64::from(seconds)));
                app.clock().sleep(told.unwrap_or(pause).clamp(pause, LONGEST_PAUSE)).await;
                pause *= 2;
            }
            Sent::Later { .. } => tracing::warn!("a push service did not take a message"),
        }
    }
    Ok(())
}

/// The phone and what to say, while the session still waits for it and the phone listens somewhere.
async fn waiting(app: &App, session: SessionId) -> Result<Option<(DeviceId, WakeUp)>, Failure> {
    let now = app.now();
    app.read("whom to wake", move |tx| {
        let Some(session) = tx.sessions().find(session)? else { return Ok(None) };
        let (true, Some(to)) = (session.is_running(now), session.addressed()) else { return Ok(None) };
        let device = tx.devices().get(&to.device)?;
        let (true, Some(subscription)) = (device.is_active(), device.push()) else { return Ok(None) };
        let Some(transaction) = session.transaction().cloned() else { return Ok(None) };
        let subscription = subscription.clone();
        let wake_up = WakeUp { transaction, expires: session.expires_at(), subscription };
        Ok(Some((device.id().clone(), wake_up)))
    })
    .await
}

/// The phone listens there no longer. A new subscription, made meanwhile, stays.
async fn forget(app: &App, device: DeviceId, gone: PushSubscription) -> Result<(), Failure> {
    app.execute("forget a push subscription", move |tx, context| {
        let device = tx.devices().get(&device)?;
        if device.push() == Some(&gone) {
            let (device, events) = device.unsubscribe();
            context.record(events);
            tx.devices().update(&device)?;
        }
        Ok(())
    })
    .await
}
