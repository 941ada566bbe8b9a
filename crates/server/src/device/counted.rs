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

use countersign_domain::answer::{Answer, Answered};
use countersign_domain::custody::Custody;
use countersign_domain::device::{Device, NextToken};
use countersign_domain::key::Key;
use countersign_domain::revocation::RevocationReason;
use countersign_domain::session::cancel;
use countersign_domain::{Refusal, SigningFailure};
use countersign_store::Tx;
use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{PartialSignature, Sealed};
use countersign_wire::id::DeviceId;
use countersign_wire::words::EndResult;

use crate::App;
use crate::command::{Command, Failure};
use crate::compute::Place;
use crate::operations::metrics::Try;
use crate::randomness::Randomness;

/// What a computation gave, and the token that follows.
pub(super) struct Computed<R> {
    pub(super) result: Result<R, SigningFailure>,
    pub(super) next: NextToken,
}

/// Runs the arithmetic with a PIN in the place that was taken for it.
pub(super) async fn compute_try<R: Send + 'static>(
    app: &App,
    place: Place,
    device: Device,
    work: impl FnOnce(&Custody, &mut Randomness) -> Result<R, SigningFailure> + Send + 'static,
) -> Result<Computed<R>, Failure> {
    app.metrics().pin_try(Try::Reserved);
    let computed = compute(app, place, device, work).await?;
    match &computed.result {
        Ok(_) => app.metrics().pin_try(Try::Right),
        Err(SigningFailure::WrongPin) => app.metrics().pin_try(Try::Wrong),
        // Nothing is known of the PIN. The enum may grow, and what is new says nothing either.
        Err(_) => {}
    }
    Ok(computed)
}

/// Runs arithmetic in the place that was taken for it.
pub(super) async fn compute<R: Send + 'static>(
    app: &App,
    place: Place,
    device: Device,
    work: impl FnOnce(&Custody, &mut Randomness) -> Result<R, SigningFailure> + Send + 'static,
) -> Result<Computed<R>, Failure> {
    let inner = app.clone();
    let (result, next) = app
        .compute()
        .run_admitted(place, move || {
            let mut rng = inner.randomness();
            let result = work(inner.custody(), &mut rng);
            (result, NextToken::make(device.id(), device.sealing_key(), &mut rng))
        })
        .await?;
    if let Err(SigningFailure::Fault(error)) = &result {
        tracing::error!(error = %error, "a computation with a key failed");
    }
    let next = next.map_err(|error| Failure::Fault(error.to_string()))?;
    Ok(Computed { result, next })
}

/// Opens the phone's part of a signature. What does not open was not sealed to this core for this purpose.
///
/// An empty part is refused here, before anything is counted: with it a phone asks what became of an earlier request
/// of the same id, without a PIN.
pub(super) fn open_part(
    app: &App,
    sealed: &Sealed,
    purpose: SealedFor<'_>,
) -> Result<PartialSignature, Refusal> {
    let not_possible = Refusal::NotPossible { expected: "a part of a signature, sealed to this service" };
    let key = app.core_keys().find(&sealed.id).ok_or(not_possible.clone())?;
    let plaintext = key.open(sealed, purpose).map_err(|_| not_possible.clone())?;
    match PartialSignature::from_plaintext(&plaintext) {
        Ok(part) if !part.y.is_empty() => Ok(part),
        Ok(_) | Err(_) => Err(not_possible),
    }
}

/// Counts a try that was not given.
pub(super) fn note_refused(app: &App, refusal: &Refusal) {
    if matches!(refusal, Refusal::Locked { .. } | Refusal::Blocked | Refusal::InProgress) {
        app.metrics().pin_try(Try::Refused);
    }
}

/// Saves a frozen device and ends everything that is open for it.
pub(super) fn freeze(tx: &Tx<'_>, context: &mut Command, device: &Device) -> Result<(), Failure> {
    tx.devices().update(device)?;
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

/// Saves device and key as a computation left them. A key that was blocked takes the other one and the
/// certificates with it: the person has to register anew.
pub(super) fn save(
    tx: &Tx<'_>,
    context: &mut Command,
    device: &Device,
    key: &Key,
    answer: &Result<Answer, Refusal>,
) -> Result<(), Failure> {
    tx.devices().update(device)?;
    tx.keys().update(key)?;
    if !matches!(answer, Ok(Answer { result: Answered::Blocked, .. })) {
        return Ok(());
    }
    for other in tx.keys().of_account(key.account())? {
        if other.id() != key.id() {
            tx.keys().update(&other.revoke())?;
        }
    }
    for certificate in tx.certificates().of_account(key.account())? {
        let (certificate, events) = certificate.revoke(RevocationReason::CessationOfOperation, context.now);
        context.record(events);
        tx.certificates().update(&certificate)?;
    }
    end_open_sessions(tx, context, device, EndResult::DocumentUnusable)
}

/// Writes down that a device was frozen.
pub(super) fn note_clone(device: &DeviceId) {
    tracing::warn!(device.id = %device, "two copies of a device seem to exist: it was frozen");
}
