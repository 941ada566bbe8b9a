//! The operator's API (`/admin/v1`): the registration desk for people, and the certificate authority ([`ca`]). Who asks is
//! known by a bearer key, what they may do by its roles, and what takes two people waits for the second ([`operator`]); what
//! they did is in the audit trail, with the name of the key.
//!
//! Nothing here brings back what is gone: a blocked key, a frozen or revoked device and a revoked account end in a new
//! registration, and a revoked certificate stays so.

mod accounts;
mod activations;
mod ca;
pub mod config;
mod denials;
mod evidence;
mod identifications;
pub(crate) mod issue;
mod operator;
mod passwords;
mod persons;
mod proposals;
mod results;
mod trail;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use countersign_domain::desk::{Act, Evidence};
use countersign_wire::admin::BASE;
use countersign_wire::problem::{InvalidMember, ProblemType};

use self::operator::door;
use crate::App;
use crate::command::Failure;
use crate::operations::record::Logged;
use crate::problem::{Problem, Surface};

const SURFACE: Surface = Surface::Own;

/// Every route, behind a door that says which act it is.
pub(crate) fn routes(app: &App) -> Router<App> {
    let at = |act, handler: MethodRouter<App>| door(app, act, handler);
    let table = Router::new()
        .route("/operator", at(Act::LookAtProposals, get(proposals::who)))
        .route("/proposals", at(Act::LookAtProposals, get(proposals::list)))
        .route("/proposals/{proposal}", at(Act::LookAtProposals, get(proposals::show)))
        .route("/proposals/{proposal}/approve", at(Act::Decide, post(proposals::approve)))
        .route("/proposals/{proposal}/reject", at(Act::Decide, post(proposals::reject)))
        .route("/activations", at(Act::IssueActivation, post(activations::activate)))
        .route(
            "/activations/{activation}",
            at(Act::LookUp, get(activations::show))
                .merge(at(Act::WithdrawActivation, delete(activations::withdraw))),
        )
        .route("/token-denials", at(Act::DenyTokens, post(denials::deny)))
        .route("/evidence", at(Act::RecordEvidence, post(evidence::record)))
        .route("/evidence/{evidence}", at(Act::LookUp, get(evidence::show)))
        .route("/evidence/{evidence}/bind", at(Act::BindEvidence, post(evidence::bind)))
        .route("/evidence/{evidence}/end", at(Act::EndEvidence, post(evidence::end)))
        .route(
            "/evidence/{evidence}/password",
            at(Act::LookUp, get(passwords::show)).merge(at(Act::InvitePassword, post(passwords::invite))),
        )
        .route("/evidence/{evidence}/password/end", at(Act::EndPassword, post(passwords::end)))
        .route("/identifications", at(Act::StartIdentification, post(identifications::start)))
        .route("/identifications/{identification}", at(Act::LookUp, get(identifications::show)))
        .route(
            "/identifications/{identification}/cancel",
            at(Act::CancelIdentification, post(identifications::cancel)),
        )
        .route("/results", at(Act::UploadResult, post(results::upload)))
        .route("/persons/{person}", at(Act::LookUp, get(accounts::person)))
        .route("/persons/{person}/evidence", at(Act::LookUp, get(persons::evidence)))
        .route("/persons/{person}/export", at(Act::ExportPerson, get(persons::export)))
        .route("/persons/{person}/erase", at(Act::ErasePerson, post(persons::erase)))
        .route("/accounts/{document}", at(Act::LookUp, get(accounts::account)))
        .route("/accounts/{document}/revoke", at(Act::RevokeAccount, post(accounts::revoke)))
        .route("/accounts/{document}/unlock", at(Act::UnlockKey, post(accounts::unlock)))
        .route("/trail", at(Act::ReadTrail, get(trail::page)))
        .route("/trail/check", at(Act::ReadTrail, get(trail::check)))
        .route(
            "/certificates",
            at(Act::LookAtAuthority, get(ca::list)).merge(at(Act::IssueCertificate, post(ca::issue))),
        )
        .route("/certificates/{issuer}/{serial}", at(Act::LookAtAuthority, get(ca::show)))
        .route("/certificates/{issuer}/{serial}/revoke", at(Act::RevokeCertificate, post(ca::revoke)))
        .route("/certificates/{issuer}/{serial}/suspend", at(Act::SuspendCertificate, post(ca::suspend)))
        .route("/certificates/{issuer}/{serial}/resume", at(Act::ResumeCertificate, post(ca::resume)))
        .route("/authorities", at(Act::LookAtAuthority, get(ca::authorities)))
        .route("/authorities/{name}/rollover", at(Act::RollOverCa, post(ca::roll_over)))
        .route("/responders/rollover", at(Act::RollOverResponders, post(ca::roll_over_responders)))
        .route("/clock/accept", at(Act::AcceptClock, post(ca::accept_clock)))
        .route(
            "/ceremony",
            at(Act::ReadCeremony, get(ca::ceremony)).merge(at(Act::NoteCeremony, post(ca::note))),
        );
    Router::new().nest(BASE, table)
}

fn failed(app: &App, failure: Failure) -> Response {
    let waits = operator::waits(&failure);
    operator::marked(app.problem(SURFACE, failure).into_response(), waits)
}

/// Refused: there is no such thing.
fn missing(what: &str) -> Failure {
    Failure::said(Problem::of(ProblemType::NotFound, what))
}

/// Refused: the present state does not allow it.
fn conflict(why: &str) -> Failure {
    Failure::said(Problem::of(ProblemType::Conflict, why))
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
