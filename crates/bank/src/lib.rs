//! A sample e-service: a bank that logs people in and lets them sign files.
//!
//! It is an honest relying party and nothing more. Everything that it knows about a person comes out of
//! `countersign-client` after all of its checks; it reaches the service over HTTP, like any other e-service would, and
//! knows no crate of the service. What it does beyond a real bank: it shows what travelled.
//!
//! [`routes`] gives its paths, to be served beside others:
//!
//! | Path | What |
//! |---|---|
//! | `GET /bank/api/about` | who it is, and who is logged in |
//! | `POST /bank/api/log-in` · `DELETE` | start a log-in · log out |
//! | `PUT /bank/api/file` | the file to sign, kept for ten minutes |
//! | `POST /bank/api/sign` | start a signature over it |
//! | `GET /bank/api/transactions/{id}` | how it stands; with `seen`, waits for something newer |
//! | `GET /bank/api/transactions/{id}/link` | the device link of this second |
//! | `GET /bank/api/transactions/{id}/file` · `report.json` · `report.html` | what was signed |
//! | `POST /bank/api/verify` | the report about a signed file |
//! | `GET /bank/callback` | where same-device links lead back to |
//!
//! What keeps strangers out: a cookie that scripts cannot read and other sites cannot send; for whatever changes
//! something, a method or media type that other sites cannot use and an `Origin` that is our own; bounds on the number,
//! size and age of everything kept. All of it is in memory.

mod acsp;
mod advice;
mod callback;
mod cookie;
mod door;
mod download;
mod exchange;
mod file;
mod format;
mod log_in;
mod message_page;
mod office;
mod sign;
mod transaction;
mod view;
mod visitor;
mod workpiece;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::id::RelyingPartyUuid;
use countersign_container::TrustAnchors;
use countersign_pki::Certificate;
use jiff::Timestamp;
use url::Url;

use crate::office::Bank;

/// What the bank has to be told.
#[derive(Clone)]
pub struct Settings {
    /// The service that it relies on, without a path: `http://127.0.0.1:8080`.
    pub provider: Url,
    /// Who vouches for that service over TLS; with none, it is reached without TLS only.
    pub tls_roots: Vec<Certificate>,
    /// The UUID under which it is registered there.
    pub relying_party: RelyingPartyUuid,
    /// The name under which it is registered there.
    pub relying_party_name: String,
    /// The name of the environment.
    pub scheme: SchemeName,
    /// Whom to trust in what people sign.
    pub anchors: TrustAnchors,
    /// Where the same bank is reached over TLS, if anywhere: same-device log-in needs it.
    pub secure_origin: Option<String>,
    /// The time.
    pub clock: Clock,
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why there can be no bank.
#[derive(Debug, thiserror::Error)]
#[error("the sample bank cannot be opened: {0}")]
pub struct Error(#[from] countersign_client::Error);

/// The bank's paths. What it works on ends when the router is dropped.
///
/// # Errors
/// [`Error`] when the address of the service cannot be used.
pub fn routes(settings: Settings) -> Result<Router, Error> {
    let bank = Arc::new(Bank::open(settings)?);
    let small = DefaultBodyLimit::max(door::JSON_MAX);
    Ok(Router::new()
        .route("/bank/api/about", get(door::about))
        .route("/bank/api/log-in", post(log_in::start).delete(log_in::end).layer(small))
        .route("/bank/api/file", put(file::keep).layer(DefaultBodyLimit::max(file::FILE_MAX)))
        .route("/bank/api/sign", post(sign::start).layer(small))
        .route("/bank/api/transactions/{id}", get(transaction::show).delete(transaction::end))
        .route("/bank/api/transactions/{id}/link", get(transaction::link))
        .route("/bank/api/transactions/{id}/file", get(download::file))
        .route("/bank/api/transactions/{id}/report.json", get(download::report_json))
        .route("/bank/api/transactions/{id}/report.html", get(download::report_html))
        .route("/bank/api/verify", post(download::verify).layer(DefaultBodyLimit::max(download::VERIFY_MAX)))
        .route("/bank/callback", get(callback::come_back))
        .with_state(bank))
}
