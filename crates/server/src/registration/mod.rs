//! The registration API (`/oauth/token`, `/api/public`): may the holder of a number sign, and what is there to do first.
//!
//! The paths of the Smart Flows guide, its spellings and its statuses; what it leaves open is in `docs/registration.md`.
//! Every request is let in by [`caller`], asks the store through [`lookup`], and is decided by
//! `countersign_domain::registration`.

mod acceptance;
mod app_session;
mod breaker;
mod caller;
mod codes;
pub mod config;
mod consent;
mod cors;
mod credentials;
pub mod gateway;
pub(crate) mod grounds;
mod hosted;
pub(crate) mod identify;
pub mod lookup;
mod oauth;
mod page;
mod page_words;
pub(crate) mod partner;
mod password;
mod remote;
mod settings;
mod sheet;
mod state;
mod status;
mod step_up;
mod terms;
mod verification;
mod widget;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_domain::Refusal;
use countersign_wire::problem::InvalidMember;
use countersign_wire::registration::path;

use crate::App;
use crate::command::Failure;
use crate::operations::record::Logged;
use crate::problem::{Problem, Surface};

pub(crate) use self::acceptance::accept;
pub(crate) use self::app_session::{is_own, settle};
pub use self::grounds::NotFollowed;
pub(crate) use self::grounds::follow_days;
pub(crate) use self::password::{finish_background, send_invitation};
pub(crate) use self::state::{Fault, Service};
pub use self::step_up::NotAsked;
pub(crate) use self::step_up::follow as follow_confirmations;

const SURFACE: Surface = Surface::Registration;

pub(crate) fn routes(app: &App) -> Router<App> {
    let readable = axum::middleware::from_fn_with_state(app.clone(), cors::readable);
    Router::new()
        .route(path::CONFIRM, post(verification::confirm).options(cors::preflight))
        .route(path::VERIFICATION, post(verification::send).options(cors::preflight))
        .route(path::CODE, post(verification::check).options(cors::preflight))
        .route(path::STATUS, get(status::status).options(cors::preflight))
        .route(path::TERMS, get(terms::link).options(cors::preflight))
        .route(path::POLL, get(terms::poll).options(cors::preflight))
        .route(path::SETTINGS, get(settings::settings).options(cors::preflight))
        .layer(readable)
        // Not for browsers.
        .route(path::WIDGET_TOKEN, post(widget::token))
        .route(path::OAUTH_TOKEN, post(oauth::token))
        .route(page::PATH, get(page::terms))
        .route(identify::PATH, get(identify::show).post(identify::enter))
        .route(consent::PATH, get(consent::show).post(consent::enter))
        .route(consent::SCRIPT_PATH, get(consent::script))
        .route(password::PATH, get(password::show).post(password::enter))
        .route(password::INVITED_PATH, get(password::show_invited).post(password::enter_invited))
        .route(hosted::PAGE, get(hosted::page))
        .route(hosted::EMBED, get(hosted::embed))
        .route(hosted::ASSETS, get(hosted::asset))
        .route(hosted::TOKEN, post(hosted::token))
}

fn failed(app: &App, failure: impl Into<Refusal>) -> Response {
    app.problem(SURFACE, Failure::Refused(failure.into())).into_response()
}

fn failure(app: &App, failure: Failure) -> Response {
    app.problem(SURFACE, failure).into_response()
}

fn invalid(members: Vec<InvalidMember>) -> Response {
    Problem::invalid(SURFACE, members).into_response()
}

/// The one value of a parameter in the query.
fn parameter(query: Option<&str>, name: &'static str) -> Result<String, Response> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut values = pairs.filter(|(each, _)| each == name).map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(invalid(vec![InvalidMember::in_path(name, "missing from the query")])),
        (Some(_), Some(_)) => Err(invalid(vec![InvalidMember::in_path(name, "expected once")])),
    }
}

/// An answer that says in the log what was done.
fn logged(answer: impl IntoResponse, operation: &'static str, outcome: Option<&'static str>) -> Response {
    let mut response = answer.into_response();
    response.extensions_mut().insert(Logged { operation: Some(operation), outcome, ..Logged::default() });
    response
}
