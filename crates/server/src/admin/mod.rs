//! The operator's API (`/admin/v1`): the registration desk for people, and the certificate authority ([`ca`]). Who asks is
//! known by a bearer key ([`operator`]); what they did is in the audit trail, with the name of the key.
//!
//! Nothing here brings back what is gone: a blocked key, a frozen or revoked device and a revoked account end in a new
//! registration, and a revoked certificate stays so.

mod accounts;
mod activations;
mod ca;
pub mod config;
mod denials;
mod evidence;
pub(crate) mod issue;
mod operator;
mod passwords;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_domain::desk::Evidence;
use countersign_wire::admin::BASE;
use countersign_wire::problem::{InvalidMember, ProblemType};

use crate::App;
use crate::command::Failure;
use crate::operations::record::Logged;
use crate::problem::{Problem, Surface};

const SURFACE: Surface = Surface::Own;

pub(crate) fn routes() -> Router<App> {
    let table = Router::new()
        .route("/activations", post(activations::activate))
        .route("/activations/{activation}", get(activations::show).delete(activations::withdraw))
        .route("/token-denials", post(denials::deny))
        .route("/evidence", post(evidence::record))
        .route("/evidence/{evidence}", get(evidence::show))
        .route("/evidence/{evidence}/bind", post(evidence::bind))
        .route("/evidence/{evidence}/end", post(evidence::end))
        .route("/evidence/{evidence}/password", get(passwords::show).post(passwords::invite))
        .route("/evidence/{evidence}/password/end", post(passwords::end))
        .route("/persons/{person}", get(accounts::person))
        .route("/accounts/{document}", get(accounts::account))
        .route("/accounts/{document}/revoke", post(accounts::revoke))
        .route("/accounts/{document}/unlock", post(accounts::unlock))
        .route("/certificates", get(ca::list).post(ca::issue))
        .route("/certificates/{issuer}/{serial}", get(ca::show))
        .route("/certificates/{issuer}/{serial}/revoke", post(ca::revoke))
        .route("/certificates/{issuer}/{serial}/suspend", post(ca::suspend))
        .route("/certificates/{issuer}/{serial}/resume", post(ca::resume))
        .route("/authorities", get(ca::authorities))
        .route("/authorities/{name}/rollover", post(ca::roll_over))
        .route("/responders/rollover", post(ca::roll_over_responders))
        .route("/clock/accept", post(ca::accept_clock))
        .route("/ceremony", get(ca::ceremony).post(ca::note));
    Router::new().nest(BASE, table)
}

fn failed(app: &App, failure: Failure) -> Response {
    app.problem(SURFACE, failure).into_response()
}

fn not_found(what: &str) -> Response {
    Problem::of(ProblemType::NotFound, what).into_response()
}

fn invalid(member: InvalidMember) -> Response {
    Problem::invalid(SURFACE, [member]).into_response()
}

fn evidence(text: &str) -> Result<Evidence, Response> {
    kept_at("/evidence", text)
}

fn reference(text: &str) -> Result<Evidence, Response> {
    kept_at("/reference", text)
}

fn kept_at(pointer: &'static str, text: &str) -> Result<Evidence, Response> {
    let expected =
        "expected a reference of 1 to 64 letters, digits and . _ : / -, such as a case number; no name";
    Evidence::parse(text).ok_or_else(|| invalid(InvalidMember::at(pointer, expected)))
}

/// An answer that says in the log what was done.
fn logged(answer: impl IntoResponse, operation: &'static str) -> Response {
    let mut response = answer.into_response();
    response.extensions_mut().insert(Logged { operation: Some(operation), ..Logged::default() });
    response
}
