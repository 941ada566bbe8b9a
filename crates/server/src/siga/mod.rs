//! `/siga`: the interface of the Estonian signature gateway, for clients that were written for it (registrant reference,
//! 13; source `open-eid/SiGa`). The containers are those of [`crate::signing`]; only the form differs.
//!
//! Two families with parallel paths: `/siga/hashcodecontainers`, whose data files stay with the client, and
//! `/siga/containers`. Every request carries an HMAC. Not here: Mobile-ID, which needs another operator's service, and
//! ASiC-S, so a container's list of its own time-stamps is always empty.

mod authorization;
pub(crate) mod config;
mod containers;
mod error;
mod request;
mod signing;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

use self::error::Error;
use self::request::Authorized;
use crate::App;

/// The path below which the gateway's own paths begin.
pub(crate) const CONTEXT: &str = "/siga";

pub(crate) fn routes(app: &App) -> Router<App> {
    if app.config().siga.services.is_empty() {
        return Router::new();
    }
    Router::new()
        .merge(family("/siga/hashcodecontainers"))
        .merge(family("/siga/containers"))
        .route("/siga/upload/hashcodecontainers", post(containers::upload))
        .route("/siga/upload/containers", post(containers::upload))
        .route("/siga/containers/{id}/timestamps", get(containers::time_stamps))
        .route("/siga/containers/{id}/augmentation", put(containers::augment))
        .layer(DefaultBodyLimit::disable())
}

fn family(base: &str) -> Router<App> {
    let at = |rest: &str| format!("{base}{rest}");
    Router::new()
        .route(base, post(containers::create))
        .route(&at("/validationreport"), post(containers::validate))
        .route(&at("/{id}"), get(containers::show).delete(containers::delete))
        .route(&at("/{id}/datafiles"), get(containers::data_files).post(containers::add_data_files))
        .route(&at("/{id}/datafiles/{name}"), delete(containers::delete_data_file))
        .route(&at("/{id}/signatures"), get(signing::list))
        .route(&at("/{id}/signatures/{signature}"), get(signing::details))
        .route(&at("/{id}/validationreport"), get(containers::report))
        .route(&at("/{id}/remotesigning"), post(signing::begin_remote))
        .route(&at("/{id}/remotesigning/{signature}"), put(signing::finish_remote))
        .route(&at("/{id}/smartidsigning"), post(signing::begin))
        .route(&at("/{id}/smartidsigning/{signature}/status"), get(signing::status))
        .route(&at("/{id}/smartidsigning/certificatechoice"), post(signing::choose))
        .route(&at("/{id}/smartidsigning/certificatechoice/{choice}/status"), get(signing::choice_status))
        .route(&at("/{id}/mobileidsigning"), post(mobile_id))
        .route(&at("/{id}/mobileidsigning/{signature}/status"), get(mobile_id))
}

async fn mobile_id(_: Authorized) -> Error {
    Error::new(error::Code::Mid, "Mobile-ID is not offered here")
}
