//! What all requests have in common that can cost a try.
//!
//! ```text
//! a place in the compute pool       too much waits: 503, and nothing was counted
//! transaction 1                     the rule judges; the try is counted; durable before any arithmetic
//! compute pool                      the arithmetic, and the next token is sealed to the device
//! transaction 2                     the result is settled, the token rotates, the answer is kept
//! ```
//!
//! All of it runs to its end also when the phone hangs up ([`super::door::Door::carry_out`]).

use countersign_domain::Refusal;
use countersign_domain::SigningFailure;
use countersign_domain::device::{Device, NextToken};
use countersign_domain::session::cancel;
use countersign_store::Tx;
use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{PartialSignature, Sealed};
use countersign_wire::words::EndResult;

use crate::App;
use crate::command::{Command, Failure};
use crate::operations::metrics::Try;

/// Opens the phone's part of a signature. What does not open was not sealed to this core for this purpose.
pub(super) fn open_part(
    app: &App,
    sealed: &Sealed,
    purpose: SealedFor<'_>,
) -> Result<PartialSignature, Refusal> {
    let not_possible = Refusal::NotPossible { expected: "a part of a signature, sealed to this service" };
    let key = app.core_keys().find(&sealed.id).ok_or(not_possible.clone())?;
    let plaintext = key.open(sealed, purpose).map_err(|_| not_possible.clone())?;
    PartialSignature::from_plaintext(&plaintext).map_err(|_| not_possible)
}

/// The token that follows, sealed to the device.
pub(super) fn next_token(app: &App, device: &Device) -> Result<NextToken, Failure> {
    NextToken::make(device.id(), device.sealing_key(), &mut app.randomness())
        .map_err(|error| Failure::Fault(error.to_string()))
}

/// Saves a frozen device and ends everything that is open for it.
pub(super) fn freeze(tx: &Tx<'_>, context: &mut Command, device: &Device) -> Result<(), Failure> {
    tx.devices().update(device)?;
    tracing::warn!(device.id = %device.id(), "two copies of a device seem to exist: it was frozen");
    end_open_sessions(tx, context, device, EndResult::DocumentUnusable)
}

/// Ends everything that is open for a device.
pub(super) fn end_open_sessions(
    tx: &Tx<'_>,
    context: &mut Command,
    device: &Device,
    result: EndResult,
) -> Result<(), Failure> {
    for session in tx.sessions().pending_for(device.account(), context.now)? {
        if session.addressed().is_some_and(|to| to.device == *device.id()) {
            let (session, events) = cancel(session, result, context.now);
            context.record(events);
            context.update_session(tx, &session)?;
        }
    }
    Ok(())
}

/// Counts how a computation with a PIN ended.
pub(super) fn count<T>(app: &App, result: &Result<T, SigningFailure>) {
    match result {
        Ok(_) => app.metrics().pin_try(Try::Right),
        Err(SigningFailure::WrongPin) => app.metrics().pin_try(Try::Wrong),
        Err(SigningFailure::Fault(error)) => {
            tracing::error!(error = %error, "a computation with a key failed");
        }
        Err(_) => {}
    }
}
