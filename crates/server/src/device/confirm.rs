//! The person approves.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal;
use countersign_domain::answer::Answer;
use countersign_domain::device::{Device, TokenVerdict};
use countersign_domain::session::{Begun, Confirmation, Finish, SigningWork, begin_confirm, finish_confirm};
use countersign_store::Tx;
use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{
    CallbackTask, ConfirmAnswer, ConfirmRequest, DeviceErrorCode, PartialSignature, TransactionState,
};
use countersign_wire::id::{DeviceId, SessionId, TransactionId};

use super::SURFACE;
use super::answer::respond;
use super::counted::{Computed, compute_try, freeze, note_clone, note_refused, open_part, save};
use super::limit::{Limited, by_device};
use super::proof::Proven;
use super::transactions::{logged, transaction, with};
use crate::App;
use crate::command::{Command, Failure};
use crate::operations::record::Logged;
use crate::problem::Problem;

/// `POST /transactions/{tx}/confirm`
pub(super) async fn confirm(
    State(app): State<App>,
    Path(tx): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let device = proven.active()?;
    by_device(&app, Limited::Confirm, &device)?;
    let tx = transaction(&tx)?;
    let request: ConfirmRequest = proven.json()?;
    let work = carry_out(app.clone(), device, tx, request, proven.address);
    let (confirmed, mut logged) =
        app.door().carry_out(work).await.map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(match confirmed {
        Confirmed::Counted(answer) => respond(answer, logged),
        Confirmed::Chosen(callback) => {
            logged.outcome = Some("OK");
            let answer = ConfirmAnswer { state: TransactionState::Done, token: None, callback };
            with(Json(answer).into_response(), logged)
        }
        Confirmed::Refused(refusal) => with(Problem::refused(SURFACE, &refusal).into_response(), logged),
        Confirmed::WrongCode => {
            logged.outcome = Some(DeviceErrorCode::WrongCode.as_str());
            let problem = Problem::device(DeviceErrorCode::WrongCode, "the wrong code was chosen");
            with(problem.into_response(), logged)
        }
    })
}

/// What to tell the device; everything is saved.
enum Confirmed {
    Counted(Answer),
    Chosen(Option<CallbackTask>),
    WrongCode,
    Refused(Refusal),
}

/// What transaction 1 left to do.
enum Next {
    Tell(Confirmed),
    Compute { session: SessionId, device: Device, work: SigningWork, part: PartialSignature },
}

async fn carry_out(
    app: App,
    device: DeviceId,
    transaction: TransactionId,
    request: ConfirmRequest,
    address: IpAddr,
) -> Result<(Confirmed, Logged), Failure> {
    // Before anything is counted: a full queue must not cost a try.
    let place = match &request.approval {
        Some(_) => Some(app.compute().admit()?),
        None => None,
    };
    let part = request.approval.as_ref().map(|approval| {
        open_part(&app, &approval.sealed, SealedFor::Confirm { tx: &transaction, kid: &approval.kid })
    });
    let (inner, id) = (app.clone(), device.clone());
    let (next, logged) = app
        .execute("begin a confirmation", move |tx, context| {
            begin(&inner, tx, context, &device, &transaction, request, part)
        })
        .await?;
    let (session, device, work, part, place) = match (next, place) {
        (Next::Tell(confirmed), _) => {
            match &confirmed {
                Confirmed::Refused(Refusal::CloneSuspect) => note_clone(&id),
                Confirmed::Refused(refusal) => note_refused(&app, refusal),
                Confirmed::Counted(_) | Confirmed::Chosen(_) | Confirmed::WrongCode => {}
            }
            return Ok((confirmed, logged));
        }
        (Next::Compute { session, device, work, part }, Some(place)) => (session, device, work, part, place),
        // Without an approval the rule asks for none.
        (Next::Compute { .. }, None) => return Err(Failure::Fault("work without an approval".to_owned())),
    };
    let request = work.request().clone();
    let Computed { result, next } =
        compute_try(&app, place, device, move |custody, _| work.run(custody, &part)).await?;
    let inner = app.clone();
    let answer = app
        .execute("finish a confirmation", move |tx, context| {
            let session = tx.sessions().get(session)?;
            let device = tx.devices().get(&id)?;
            let account = tx.accounts().get(device.account())?;
            let key = session.addressed().map(|to| to.key.clone()).ok_or(Refusal::NotFound)?;
            let key = tx.keys().get(&key)?;
            let device_ip = Some(address);
            let finish = Finish { session, account, device, key, request, result, next, device_ip };
            // A lost lease: somebody else has the key by now, and the device asks again.
            let finished =
                finish_confirm(finish, inner.settings(), context.now).map_err(|_| Refusal::InProgress)?;
            context.record(finished.events);
            context.update_session(tx, &finished.session)?;
            save(tx, context, &finished.device, &finished.key, &finished.answer)?;
            Ok(finished.answer)
        })
        .await?;
    let confirmed = answer.map_or_else(Confirmed::Refused, Confirmed::Counted);
    Ok((confirmed, logged))
}

/// Transaction 1.
fn begin(
    app: &App,
    tx: &Tx<'_>,
    context: &mut Command,
    device: &DeviceId,
    transaction: &TransactionId,
    request: ConfirmRequest,
    part: Option<Result<PartialSignature, Refusal>>,
) -> Result<(Next, Logged), Failure> {
    let device = tx.devices().get(device)?;
    let session = match (tx.sessions().find_by_tx(transaction)?, &request.approval) {
        (Some(session), _) => session,
        // Answers are kept longer than sessions: the phone may have been off for a day.
        (None, Some(approval)) => match device.judge(&approval.token, &request.req) {
            TokenVerdict::Resend(answer) => {
                return Ok((Next::Tell(Confirmed::Counted(answer)), Logged::default()));
            }
            TokenVerdict::Fresh | TokenVerdict::Clone => return Err(Refusal::NotFound.into()),
        },
        (None, None) => return Err(Refusal::NotFound.into()),
    };
    let logged = logged(&session);
    let account = tx.accounts().get(device.account())?;
    let key = session.addressed().map(|to| to.key.clone()).ok_or(Refusal::NotFound)?;
    let key = tx.keys().get(&key)?;
    let confirmation = Confirmation { session, account, device: device.clone(), key, request };
    let confirmed = match begin_confirm(confirmation, app.settings(), context.now) {
        Begun::Work { session, key, work, events } => {
            // Refused before the try is counted: this transaction is undone.
            let part =
                part.ok_or(Refusal::NotPossible { expected: "the device's part of the signature" })??;
            context.record(events);
            context.update_session(tx, &session)?;
            tx.keys().update(&key)?;
            return Ok((Next::Compute { session: session.id(), device, work, part }, logged));
        }
        Begun::Chosen { session, account, callback, events } => {
            context.record(events);
            context.update_session(tx, &session)?;
            tx.accounts().update(&account)?;
            Confirmed::Chosen(callback)
        }
        Begun::Resend(answer) => Confirmed::Counted(answer),
        Begun::WrongCode { session, events } => {
            context.record(events);
            context.update_session(tx, &session)?;
            Confirmed::WrongCode
        }
        Begun::Clone { device, session, events } => {
            context.record(events);
            context.update_session(tx, &session)?;
            freeze(tx, context, &device)?;
            Confirmed::Refused(Refusal::CloneSuspect)
        }
        Begun::Unusable { session, refusal, events } => {
            context.record(events);
            context.update_session(tx, &session)?;
            Confirmed::Refused(refusal)
        }
        Begun::Refused(refusal) => Confirmed::Refused(refusal),
    };
    Ok((Next::Tell(confirmed), logged))
}
