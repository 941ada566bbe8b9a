//! A PIN is checked or changed.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::answer::Answer;
use countersign_domain::device::Device;
use countersign_domain::key::Key;
use countersign_domain::pin::{BegunPin, FinishPin, PinRequest, PinStep, PinWork, begin_pin, finish_pin};
use countersign_domain::{Refusal, RequestId};
use countersign_store::Tx;
use countersign_wire::base64::B64u;
use countersign_wire::device::sealed::SealedFor;
use countersign_wire::device::{
    PartialSignature, PinChangeCommit, PinChangeRequest, PinCheckRequest, Sealed, ShareRefresh, Token,
};
use countersign_wire::id::{DeviceId, KeyId};

use super::SURFACE;
use super::answer::respond;
use super::counted::{Computed, compute_try, freeze, note_clone, note_refused, open_part, save};
use super::proof::Proven;
use crate::App;
use crate::command::{Command, Failure};
use crate::operations::record::Logged;
use crate::problem::Problem;

/// `POST /keys/{kid}/pin-check`
pub(super) async fn check(
    State(app): State<App>,
    Path(kid): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let PinCheckRequest { req, token, nonce, sealed } = proven.json()?;
    let asked = Asked { step: PinStep::Check, request: req, token, nonce, sealed, refresh: None };
    answer(app, &kid, proven.active()?, asked).await
}

/// `POST /keys/{kid}/pin-change`
pub(super) async fn change(
    State(app): State<App>,
    Path(kid): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let PinChangeRequest { req, token, nonce, sealed, refresh } = proven.json()?;
    let refresh = Some(refresh);
    let asked = Asked { step: PinStep::Propose, request: req, token, nonce, sealed, refresh };
    answer(app, &kid, proven.active()?, asked).await
}

/// `POST /keys/{kid}/pin-change/commit`
pub(super) async fn commit(
    State(app): State<App>,
    Path(kid): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let PinChangeCommit { req, token, nonce, sealed } = proven.json()?;
    let asked = Asked { step: PinStep::Commit, request: req, token, nonce, sealed, refresh: None };
    answer(app, &kid, proven.active()?, asked).await
}

/// What the phone asks for, still sealed.
struct Asked {
    step: PinStep,
    request: RequestId,
    token: Token,
    nonce: B64u,
    sealed: Sealed,
    refresh: Option<Sealed>,
}

/// The phone's part, opened, with the difference of its share where one belongs.
type Opened = (PartialSignature, Option<ShareRefresh>);

/// What transaction 1 left to do.
enum Next {
    Tell(Result<Answer, Refusal>),
    Compute { device: Device, work: PinWork, opened: Opened },
}

async fn answer(app: App, kid: &str, device: DeviceId, asked: Asked) -> Result<Response, Problem> {
    let kid = KeyId::parse(kid).map_err(|_| Problem::refused(SURFACE, &Refusal::NotFound))?;
    let operation = match asked.step {
        PinStep::Check => "check-pin",
        PinStep::Propose => "change-pin",
        PinStep::Commit => "commit-pin",
    };
    let logged = Logged { operation: Some(operation), ..Logged::default() };
    let work = carry_out(app.clone(), kid, device, asked);
    match app.door().carry_out(work).await.map_err(|failure| app.problem(SURFACE, failure))? {
        Ok(answer) => Ok(respond(answer, logged)),
        Err(refusal) => {
            let mut response = Problem::refused(SURFACE, &refusal).into_response();
            response.extensions_mut().insert(logged);
            Ok(response)
        }
    }
}

async fn carry_out(
    app: App,
    kid: KeyId,
    device: DeviceId,
    asked: Asked,
) -> Result<Result<Answer, Refusal>, Failure> {
    let place = app.compute().admit()?;
    let opened = open(&app, &kid, &asked);
    let (inner, id, key) = (app.clone(), device.clone(), kid.clone());
    let next = app
        .execute("begin a PIN check", move |tx, context| {
            begin(&inner, tx, context, &device, &kid, &asked, opened)
        })
        .await?;
    let (device, work, (part, refresh)) = match next {
        Next::Compute { device, work, opened } => (device, work, opened),
        Next::Tell(told) => {
            match &told {
                Err(Refusal::CloneSuspect) => note_clone(&id),
                Err(refusal) => note_refused(&app, refusal),
                Ok(_) => {}
            }
            return Ok(told);
        }
    };
    let request = work.request().clone();
    let Computed { result, next } =
        compute_try(&app, place, device, move |custody, rng| work.run(custody, &part, refresh.as_ref(), rng))
            .await?;
    let inner = app.clone();
    app.execute("finish a PIN check", move |tx, context| {
        let (device, key) = (tx.devices().get(&id)?, tx.keys().get(&key)?);
        let finish = FinishPin { device, key, request, result, next };
        let finished = finish_pin(finish, inner.settings(), context.now).map_err(|_| Refusal::InProgress)?;
        context.record(finished.events);
        save(tx, context, &finished.device, &finished.key, &finished.answer)?;
        Ok(finished.answer)
    })
    .await
}

/// Transaction 1.
fn begin(
    app: &App,
    tx: &Tx<'_>,
    context: &mut Command,
    device: &DeviceId,
    kid: &KeyId,
    asked: &Asked,
    opened: Result<Opened, Refusal>,
) -> Result<Next, Failure> {
    let device = tx.devices().get(device)?;
    let key: Key = tx
        .keys()
        .find(kid)?
        .filter(|key| key.account() == device.account())
        .ok_or(Failure::Refused(Refusal::NotFound))?;
    let request = PinRequest {
        device: device.clone(),
        key,
        step: asked.step,
        request: &asked.request,
        token: &asked.token,
        nonce: asked.nonce.as_ref(),
    };
    Ok(match begin_pin(request, app.settings(), context.now) {
        BegunPin::Work { key, work, events } => {
            // Refused before the try is counted: this transaction is undone.
            let opened = opened?;
            context.record(events);
            tx.keys().update(&key)?;
            Next::Compute { device, work, opened }
        }
        BegunPin::Resend(answer) => Next::Tell(Ok(answer)),
        BegunPin::Clone { device, events } => {
            context.record(events);
            freeze(tx, context, &device)?;
            Next::Tell(Err(Refusal::CloneSuspect))
        }
        BegunPin::Refused(refusal) => Next::Tell(Err(refusal)),
    })
}

fn open(app: &App, kid: &KeyId, asked: &Asked) -> Result<Opened, Refusal> {
    let part = open_part(app, &asked.sealed, SealedFor::PinCheck { kid })?;
    let refresh = match &asked.refresh {
        None => None,
        Some(sealed) => {
            let not_possible =
                Refusal::NotPossible { expected: "the difference of the shares, sealed to this service" };
            let key = app.core_keys().find(&sealed.id).ok_or(not_possible.clone())?;
            let plaintext = key.open(sealed, SealedFor::Refresh { kid }).map_err(|_| not_possible.clone())?;
            Some(ShareRefresh::from_plaintext(&plaintext).map_err(|_| not_possible)?)
        }
    };
    Ok((part, refresh))
}
