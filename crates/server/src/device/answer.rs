//! Answers of counted requests, for the first time and for every later one: the one place where they become HTTP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use countersign_domain::answer::{Answer, Answered};
use countersign_wire::device::{
    ConfirmAnswer, DeviceErrorCode, DeviceProblem, KeyProofAnswer, KeyState, PinChangeAnswer, PinChangeState,
    PinCheckAnswer, TransactionState,
};

use crate::operations::record::Logged;
use crate::problem::Problem;

/// The answer as HTTP.
pub(super) fn respond(answer: Answer, mut logged: Logged) -> Response {
    let Answer { result, token } = answer;
    let (outcome, mut response) = match result {
        Answered::Confirmed { callback } => {
            let body = ConfirmAnswer { state: TransactionState::Done, token: Some(token), callback };
            ("OK", Json(body).into_response())
        }
        Answered::KeyProven => {
            ("OK", Json(KeyProofAnswer { state: KeyState::Active, token }).into_response())
        }
        Answered::PinRight => ("OK", Json(PinCheckAnswer { token }).into_response()),
        Answered::PinChangeProposed => {
            ("OK", Json(PinChangeAnswer { state: PinChangeState::Pending, token }).into_response())
        }
        Answered::PinChanged => {
            ("OK", Json(PinChangeAnswer { state: PinChangeState::Active, token }).into_response())
        }
        Answered::TooLate { expired } => {
            let code = if expired { DeviceErrorCode::TxExpired } else { DeviceErrorCode::TxCancelled };
            let detail = "the transaction was over before the signature was there";
            problem(DeviceProblem { token: Some(token), ..DeviceProblem::new(code, detail) })
        }
        Answered::KeyDiscarded => problem(DeviceProblem {
            token: Some(token),
            reason: Some("the proof does not fit the key".to_owned()),
            ..DeviceProblem::new(DeviceErrorCode::KeyRefused, "the key is discarded; make another")
        }),
        Answered::WrongPin { tries_left } => problem(DeviceProblem {
            token: Some(token),
            tries_left: Some(u32::from(tries_left)),
            ..DeviceProblem::new(DeviceErrorCode::WrongPin, "the PIN was wrong")
        }),
        Answered::Locked { until } => problem(DeviceProblem {
            token: Some(token),
            until: Some(until),
            ..DeviceProblem::new(DeviceErrorCode::Locked, "the PIN was wrong too often")
        }),
        Answered::Blocked => problem(DeviceProblem {
            token: Some(token),
            ..DeviceProblem::new(DeviceErrorCode::Blocked, "the PIN was wrong too often; register again")
        }),
    };
    logged.outcome = Some(outcome);
    response.extensions_mut().insert(logged);
    response
}

fn problem(problem: DeviceProblem) -> (&'static str, Response) {
    let outcome = problem.code.known().map_or("REFUSED", |code| code.as_str());
    (outcome, Problem::from_device(problem).into_response())
}
