//! What waits for a person: the list as a long poll, one transaction, and its refusal.
//!
//! The poll subscribes first, reads second and waits third, so that nothing that comes in between is missed.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal;
use countersign_domain::session::{Refused, Session, deliver, display, refuse as rule, transaction_view};
use countersign_wire::device::{
    RefuseAnswer, RefuseRequest, TransactionHint, TransactionsAnswer, WAIT_DEFAULT_SECONDS, WAIT_MAX_SECONDS,
};
use countersign_wire::id::{DeviceId, DocumentNumber, SessionId, TransactionId};

use super::SURFACE;
use super::proof::Proven;
use crate::App;
use crate::command::{Failure, flow_word, kind, operation_word};
use crate::operations::record::Logged;
use crate::problem::Problem;
use crate::watch::Topic;

/// `GET /transactions?wait=25`
pub(super) async fn list(
    State(app): State<App>,
    Query(query): Query<Vec<(String, String)>>,
    proven: Proven,
) -> Result<Response, Problem> {
    let device = proven.active()?;
    let account = proven.device.account().clone();
    let wait = wait(&query)?;
    let mut watch = app.watches().subscribe(Topic::Account(account.clone()));
    let patience = app.clock().sleep(wait);
    tokio::pin!(patience);
    loop {
        let open = look(&app, &device, &account).await.map_err(|failure| app.problem(SURFACE, failure))?;
        let full = app.watches().waiting() > app.config().limits.long_polls as usize;
        if !open.is_empty() || wait.is_zero() || full || app.is_stopping() {
            return Ok(hints(open));
        }
        tokio::select! {
            () = watch.changed() => {}
            () = &mut patience => return Ok(hints(Vec::new())),
            () = app.stopping() => return Ok(hints(Vec::new())),
        }
    }
}

/// `GET /transactions/{tx}`
pub(super) async fn show(
    State(app): State<App>,
    Path(tx): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let device = proven.active()?;
    let id = transaction(&tx)?;
    let (view, logged) = app
        .execute("display a transaction", move |tx, context| {
            let session = find(tx, &id)?;
            // Asked first: another device's transaction is not displayed by looking at it.
            transaction_view(&session, &device, context.now)?;
            let session = match (session.is_running(context.now), session) {
                (true, session) => match display(session) {
                    Ok((session, events)) => {
                        context.record(events);
                        context.update_session(tx, &session)?;
                        session
                    }
                    Err(unchanged) => unchanged,
                },
                (false, session) => session,
            };
            Ok((transaction_view(&session, &device, context.now)?, logged(&session)))
        })
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?;
    Ok(with(Json(view).into_response(), logged))
}

/// `POST /transactions/{tx}/refuse`
pub(super) async fn refuse(
    State(app): State<App>,
    Path(tx): Path<String>,
    proven: Proven,
) -> Result<Response, Problem> {
    let device = proven.active()?;
    let id = transaction(&tx)?;
    let RefuseRequest { req: _, reason, interaction } = proven.json()?;
    let (callback, mut logged) = app
        .execute("refuse a transaction", move |tx, context| {
            let session = find(tx, &id)?;
            let logged = logged(&session);
            match rule(session, &device, reason, interaction, context.now) {
                Refused::Ended { session, callback, events } => {
                    context.record(events);
                    context.update_session(tx, &session)?;
                    Ok((callback, logged))
                }
                Refused::Again { callback } => Ok((callback, logged)),
                Refused::NotPossible(refusal) => Err(refusal.into()),
            }
        })
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?;
    logged.outcome = Some(reason.as_str());
    Ok(with(Json(RefuseAnswer { callback }).into_response(), logged))
}

/// The transaction in the path; what is no id is the id of none.
pub(super) fn transaction(text: &str) -> Result<TransactionId, Problem> {
    TransactionId::parse(text).map_err(|_| Problem::refused(SURFACE, &Refusal::NotFound))
}

/// The session that a device calls by this name.
pub(super) fn find(tx: &countersign_store::Tx<'_>, id: &TransactionId) -> Result<Session, Failure> {
    tx.sessions().find_by_tx(id)?.ok_or(Failure::Refused(Refusal::NotFound))
}

/// What the log line says of a session.
pub(super) fn logged(session: &Session) -> Logged {
    let flow = match kind(session).flow {
        "device-link" => countersign_wire::endpoint::Flow::DeviceLink,
        _ => countersign_wire::endpoint::Flow::Notification,
    };
    Logged {
        session: Some(session.id().to_string()),
        operation: Some(operation_word(session.operation())),
        flow: Some(flow_word(flow)),
        ..Logged::default()
    }
}

pub(super) fn with(mut response: Response, logged: Logged) -> Response {
    response.extensions_mut().insert(logged);
    response
}

fn hints(transactions: Vec<TransactionHint>) -> Response {
    Json(TransactionsAnswer { transactions }).into_response()
}

fn wait(query: &[(String, String)]) -> Result<Duration, Problem> {
    let given = query.iter().find(|(name, _)| name == "wait").map(|(_, value)| value.parse::<u8>());
    match given {
        None => Ok(Duration::from_secs(u64::from(WAIT_DEFAULT_SECONDS))),
        Some(Ok(seconds)) if seconds <= WAIT_MAX_SECONDS => Ok(Duration::from_secs(u64::from(seconds))),
        Some(_) => {
            let expected = format!("wait: expected 0 to {WAIT_MAX_SECONDS} seconds");
            Err(Problem::device(countersign_wire::device::DeviceErrorCode::BadRequest, expected))
        }
    }
}

/// What is open for the device. Notes that it was told.
async fn look(
    app: &App,
    device: &DeviceId,
    account: &DocumentNumber,
) -> Result<Vec<TransactionHint>, Failure> {
    let now = app.now();
    let (id, document) = (device.clone(), account.clone());
    let (open, untold) = app
        .read("look for transactions", move |tx| {
            let mut open = Vec::new();
            let mut untold: Vec<SessionId> = Vec::new();
            for session in tx.sessions().pending_for(&document, now)? {
                if session.addressed().is_none_or(|to| to.device != id) || !session.is_running(now) {
                    continue;
                }
                open.extend(session.hint());
                let session_id = session.id();
                untold.extend(deliver(session).is_ok().then_some(session_id));
            }
            Ok((open, untold))
        })
        .await?;
    if !untold.is_empty() {
        app.execute("deliver transactions", move |tx, context| {
            for id in untold {
                if let Some(session) = tx.sessions().find(id)?
                    && session.is_running(context.now)
                    && let Ok(session) = deliver(session)
                {
                    context.update_session(tx, &session)?;
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(open)
}
