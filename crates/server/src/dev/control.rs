//! `/control/v1`: move the clock, script persons, register, revoke, look. In `countersign dev` alone.

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_domain::key::KeyState;
use countersign_domain::revocation::RevocationReason;
use countersign_wire::device::KeyUse;
use countersign_wire::id::DocumentNumber;
use countersign_wire::problem::ProblemType;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::activations;
use super::actor::{Script, TestWorld};
use super::persons::{Outcome, PERSONS, Person};
use crate::problem::{Problem, Surface};
use crate::{App, Clock};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/control/v1/activations", post(activations::activation))
        .route("/control/v1/clock", get(show_clock).post(move_clock))
        .route("/control/v1/outbox", get(outbox))
        .route("/control/v1/outcomes", post(set_outcome).delete(clear_outcome))
        .route("/control/v1/reset", post(reset))
        .route("/control/v1/persons", get(persons))
        .route("/control/v1/persons/{document}", get(person))
        .route("/control/v1/revoke/{document}", post(revoke))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MoveClock {
    advance_seconds: Option<i64>,
    #[serde(default)]
    reset: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockShown {
    now: Timestamp,
    offset_seconds: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetOutcome {
    document_number: String,
    outcome: Option<Outcome>,
    delay_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonShown {
    document_number: &'static str,
    given_name: &'static str,
    surname: &'static str,
    outcome: Outcome,
    remark: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<KeyShown>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyShown {
    #[serde(rename = "use")]
    key_use: KeyUse,
    state: &'static str,
    tries_used: u8,
    lock_level: u8,
}

/// The longest that the clock may be ahead or behind: 50 years.
const OFFSET_MAX: i64 = 50 * 366 * 86_400;

async fn show_clock(State(app): State<App>) -> Response {
    with_world(&app, |world| Json(shown(world)).into_response())
}

async fn move_clock(State(app): State<App>, body: Bytes) -> Response {
    let request: MoveClock = match read(&body) {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    with_world(&app, |world| {
        match (request.advance_seconds, request.reset) {
            (None, true) => world.clock().set_offset(SignedDuration::ZERO),
            (Some(seconds), false) => {
                let offset = world.clock().offset().as_secs().saturating_add(seconds);
                if offset.abs() > OFFSET_MAX {
                    return bad("the clock moves at most 50 years either way");
                }
                world.clock().set_offset(SignedDuration::from_secs(offset));
            }
            (Some(_), true) | (None, false) => return bad("give advanceSeconds or reset: true"),
        }
        // Moved on purpose: what is signed goes on from here.
        app.believe_clock();
        Json(shown(world)).into_response()
    })
}

/// The codes that would have been sent, newest first.
async fn outbox(State(app): State<App>) -> Response {
    with_world(&app, |_| Json(app.registration().outbox()).into_response())
}

async fn set_outcome(State(app): State<App>, body: Bytes) -> Response {
    let request: SetOutcome = match read(&body) {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Some(outcome) = request.outcome else {
        let known: Vec<_> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
        return bad(&format!("outcome is missing; one of {}", known.join(", ")));
    };
    let delay = Duration::from_millis(request.delay_ms.unwrap_or(0));
    if delay > Duration::from_secs(600) {
        return bad("delayMs is at most 600000");
    }
    change(&app, &request.document_number, Some(Script { outcome, delay }))
}

async fn clear_outcome(State(app): State<App>, body: Bytes) -> Response {
    match read::<SetOutcome>(&body) {
        Ok(request) => change(&app, &request.document_number, None),
        Err(problem) => problem.into_response(),
    }
}

async fn reset(State(app): State<App>) -> Response {
    with_world(&app, |world| {
        world.reset();
        world.clock().set_offset(SignedDuration::ZERO);
        app.believe_clock();
        Json(shown(world)).into_response()
    })
}

async fn persons(State(app): State<App>) -> Response {
    with_world(&app, |world| {
        let list: Vec<_> = PERSONS.iter().filter_map(|person| about(world, person)).collect();
        Json(list).into_response()
    })
}

async fn person(State(app): State<App>, Path(document): Path<String>) -> Response {
    let Some(world) = app.test_world() else { return none() };
    let listed = PERSONS.iter().find(|person| person.document == document);
    let (Some(mut shown), Ok(document)) =
        (listed.and_then(|person| about(world, person)), DocumentNumber::parse(&document))
    else {
        return nobody();
    };
    let (now, policy) = (app.now(), app.settings().pins);
    let keys = app
        .read("a test person's keys", move |tx| {
            let keys = tx.keys().of_account(&document)?;
            Ok(keys
                .iter()
                .map(|key| KeyShown {
                    key_use: key.usage(),
                    state: match key.state(now, &policy) {
                        KeyState::Pending { .. } => "PENDING",
                        KeyState::Active => "ACTIVE",
                        KeyState::Locked { .. } => "LOCKED",
                        KeyState::Blocked => "BLOCKED",
                        KeyState::Revoked => "REVOKED",
                    },
                    tries_used: key.tries_used(),
                    lock_level: key.lock_level(),
                })
                .collect())
        })
        .await;
    match keys {
        Ok(keys) => {
            shown.keys = Some(keys);
            Json(shown).into_response()
        }
        Err(failure) => app.problem(Surface::Own, failure).into_response(),
    }
}

/// Revokes both certificates of a person, as the authority would.
async fn revoke(State(app): State<App>, Path(document): Path<String>) -> Response {
    let Some(document) = DocumentNumber::parse(&document)
        .ok()
        .filter(|document| app.test_world().is_some_and(|w| w.script(document).is_some()))
    else {
        return nobody();
    };
    let revoked = app
        .execute("revoke a test person's certificates", move |tx, command| {
            for certificate in tx.certificates().of_account(&document)? {
                let (certificate, events) = certificate.revoke(RevocationReason::KeyCompromise, command.now);
                tx.certificates().update(&certificate)?;
                command.record(events);
            }
            Ok(())
        })
        .await;
    match revoked {
        Ok(()) => Json(serde_json::json!({})).into_response(),
        Err(failure) => app.problem(Surface::Own, failure).into_response(),
    }
}

fn change(app: &App, document: &str, script: Option<Script>) -> Response {
    with_world(app, |world| match DocumentNumber::parse(document) {
        Ok(document) if world.set_script(&document, script) => Json(serde_json::json!({})).into_response(),
        Ok(_) | Err(_) => nobody(),
    })
}

fn about(world: &TestWorld, person: &'static Person) -> Option<PersonShown> {
    let document = DocumentNumber::parse(person.document).ok()?;
    Some(PersonShown {
        document_number: person.document,
        given_name: person.given_name,
        surname: person.surname,
        outcome: world.script(&document)?.outcome,
        remark: person.remark,
        keys: None,
    })
}

fn shown(world: &TestWorld) -> ClockShown {
    ClockShown { now: world.clock().now(), offset_seconds: world.clock().offset().as_secs() }
}

fn with_world(app: &App, answer: impl FnOnce(&TestWorld) -> Response) -> Response {
    app.test_world().map_or_else(none, answer)
}

pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::of(ProblemType::InvalidRequest, error.to_string()))
}

fn bad(what: &str) -> Response {
    Problem::of(ProblemType::InvalidRequest, what.to_owned()).into_response()
}

fn nobody() -> Response {
    Problem::of(ProblemType::NotFound, "no test person has this document number; see /control/v1/persons")
        .into_response()
}

fn none() -> Response {
    Problem::of(ProblemType::NotFound, "this server has no test world").into_response()
}
