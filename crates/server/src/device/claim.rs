//! A phone takes the session behind a device link.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal;
use countersign_domain::session::{Claim, claim as rule, key_use, token_in};
use countersign_wire::device::{ClaimAnswer, ClaimRequest, DeviceErrorCode};
use countersign_wire::device_link::AuthCode;
use countersign_wire::id::TransactionId;
use countersign_wire::words::EndResult;

use super::SURFACE;
use super::limit::{Limited, by_device};
use super::proof::Proven;
use crate::App;
use crate::command::{Failure, operation_word};
use crate::operations::record::Logged;
use crate::problem::Problem;

/// What became of the claim; saved already where something changed.
enum Claimed {
    Here { tx: TransactionId, session: String, operation: &'static str },
    Denied { code: DeviceErrorCode, detail: &'static str },
}

/// `POST /transactions/claim`
pub(super) async fn claim(State(app): State<App>, proven: Proven) -> Result<Response, Problem> {
    let device = proven.active()?;
    by_device(&app, Limited::Claim, &device)?;
    let ClaimRequest { link } = proven.json()?;
    let denied = |code, detail| Err(Problem::device(code, detail));
    let Some(token) = token_in(&link) else {
        return denied(DeviceErrorCode::BadRequest, "this is not written as a device link is");
    };
    let inner = app.clone();
    let claimed = app
        .execute("claim a session", move |tx, context| {
            let Some(session) = tx.sessions().find_by_token(&token)? else {
                return Err(Failure::Refused(Refusal::NotFound));
            };
            let device = tx.devices().get(&device)?;
            let account = tx.accounts().get(device.account())?;
            let operation = session.operation();
            let Some(candidate) = tx.accounts().candidate(account, key_use(operation))? else {
                return Err(Failure::Refused(Refusal::KeyNotActive));
            };
            let here = |session: &countersign_domain::session::Session| Claimed::Here {
                // Claimed sessions are addressed.
                tx: session.transaction().cloned().expect("a claimed session is a transaction"),
                session: session.id().to_string(),
                operation: operation_word(operation),
            };
            Ok(match rule(session, &link, &candidate, inner.settings(), context.now, &mut context.rng) {
                Claim::Claimed { session, auth_code, events } => {
                    if let AuthCode::Lenient { .. } = auth_code {
                        tracing::info!(session.id = %session.id(), "a device link was accepted with leniency");
                    }
                    context.record(events);
                    context.update_session(tx, &session)?;
                    here(&session)
                }
                Claim::Again { session } => here(&session),
                Claim::Ended { session, result, events } => {
                    context.record(events);
                    context.update_session(tx, &session)?;
                    ended(result)
                }
                Claim::NoCallback { session, events } => {
                    context.record(events);
                    context.update_session(tx, &session)?;
                    Claimed::Denied {
                        code: DeviceErrorCode::LinkNoCallback,
                        detail: "the link is for the same device, and the session names no way back",
                    }
                }
                Claim::Malformed => Claimed::Denied {
                    code: DeviceErrorCode::BadRequest,
                    detail: "this is not a link of this session",
                },
                Claim::Stale => Claimed::Denied {
                    code: DeviceErrorCode::LinkStale,
                    detail: "the code is not the present one; scan again",
                },
                Claim::Taken => Claimed::Denied {
                    code: DeviceErrorCode::LinkTaken,
                    detail: "another device has the session",
                },
                Claim::WrongPerson => Claimed::Denied {
                    code: DeviceErrorCode::WrongPerson,
                    detail: "the session is for another person or document",
                },
                Claim::NotSuitable => Claimed::Denied {
                    code: DeviceErrorCode::WrongPerson,
                    detail: "the session asks for a higher level than this account has",
                },
                Claim::Expired => Claimed::Denied {
                    code: DeviceErrorCode::TxExpired,
                    detail: "the session is over",
                },
            })
        })
        .await
        .map_err(|failure| app.problem(SURFACE, failure))?;
    match claimed {
        Claimed::Here { tx, session, operation } => {
            let mut response = Json(ClaimAnswer { tx }).into_response();
            let logged = Logged {
                session: Some(session),
                operation: Some(operation),
                flow: Some("device-link"),
                ..Logged::default()
            };
            response.extensions_mut().insert(logged);
            Ok(response)
        }
        Claimed::Denied { code, detail } => denied(code, detail),
    }
}

/// The session ended instead of being claimed.
fn ended(result: EndResult) -> Claimed {
    let (code, detail) = match result {
        EndResult::DocumentUnusable | EndResult::AccountUnusable => {
            (DeviceErrorCode::TxCancelled, "the session has ended: this account cannot be used now")
        }
        EndResult::ExpectedLinkedSession => {
            (DeviceErrorCode::TxCancelled, "the session has ended: this device waits for another signature")
        }
        EndResult::ProtocolFailure
        | EndResult::Ok
        | EndResult::UserRefused
        | EndResult::UserRefusedInteraction
        | EndResult::UserRefusedCertChoice
        | EndResult::Timeout
        | EndResult::WrongVc
        | EndResult::RequiredInteractionNotSupportedByApp
        | EndResult::ServerError => {
            (DeviceErrorCode::LinkInvalid, "the link's authentication code is wrong; the session has ended")
        }
    };
    Claimed::Denied { code, detail }
}
