//! The documented test world of `countersign dev`: persons who answer by themselves, a mock device, and controls.
//!
//! What is simulated is the human being and nothing else. Each person is a [`countersign_phone::Phone`] that holds its
//! half of real two-party keys and goes through the device API of this very server; only the decisions come from
//! the list in [`persons`] or from `/control/v1`.

mod activations;
mod actor;
mod control;
pub mod fixture;
mod inspect;
mod mock;
mod personal_code;
pub mod persons;
pub(crate) mod sandbox;
mod terms;

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::routing::get;
use countersign_domain::registration::MeansKind;
use countersign_wire::registration::words::Scope;
use thiserror::Error;

use crate::clock::MovableClock;
use crate::config::{Admin, ClientEntry, Secret, Siga};
use crate::registrant::config::dev_user;
use crate::web::{ShownPerson, StartPage};
use crate::{App, Config, tsa};

pub use self::actor::TestWorld;

/// The key that seals shares at rest, and the one that phones seal to. Public, like everything here: with `--data` the
/// state of one start opens at the next.
const CUSTODY_KEY: &str = "7465737420637573746f6479206b6579207465737420637573746f6479206b65";
const CORE_KEY: &str = "7465737420636f7265206b65792d2d2d7465737420636f7265206b65792d2d2d";

/// Why the test world cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The shipped persons do not load.
    #[error("the shipped test persons cannot be read: {0}")]
    Fixture(String),
    /// The store refused them.
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    /// A phone's file cannot be read or written.
    #[error(transparent)]
    Phone(#[from] countersign_phone::Error),
    /// The HTTP client for callbacks.
    #[error("callbacks cannot be opened: {0}")]
    Callbacks(String),
    /// It was entered before.
    #[error("this application has a test world already")]
    Twice,
}

/// The key of the operator's API, as public as all others here.
pub const ADMIN_KEY: &str = "countersign-dev-admin-key";

/// The configuration of `countersign dev`, with its public keys.
pub fn config() -> Config {
    let mut config = Config::dev();
    config.admins = vec![Admin::of_key("dev", ADMIN_KEY)];
    config.siga = Siga::dev();
    config.registration.clients = vec![client()];
    config.registration.terms = terms::documents();
    config.keys.custody = Some(Secret::new(CUSTODY_KEY));
    config.keys.core = Some(Secret::new(CORE_KEY));
    config.registrant.users = vec![dev_user()];
    config
}

/// The client of the Smart Flows guide, whose credentials are printed there.
fn client() -> ClientEntry {
    ClientEntry {
        id: "missswaggerclient".to_owned(),
        secret_sha256: hex_sha256(b"missswaggerclientsecret"),
        tenant: "default".to_owned(),
        scopes: vec![Scope::Smartflow, Scope::Miss],
        origins: vec!["http://localhost:3000".to_owned()],
        api_key_sha256: Some(hex_sha256(b"3StDe481zPEI7nYMGR1FEQkTTtIKFasH")),
        number_prefixes: Vec::new(),
        methods: MeansKind::ALL.to_vec(),
        asks_for_terms: true,
        sees_terms: false,
        identify_url: None,
        hosted: true,
        theme_css: None,
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}

/// What the start page shows of it.
pub fn start_page() -> StartPage {
    StartPage {
        persons: persons::PERSONS
            .iter()
            .map(|person| ShownPerson {
                document: person.document.to_owned(),
                outcome: person.outcome.as_str().to_owned(),
                remark: person.remark.to_owned(),
            })
            .collect(),
        pins: "PIN1 is 1234 and PIN2 is 12345 for all of them; their keys are public.".to_owned(),
        places: vec![
            ("/trust".to_owned(), "roots and issuing CAs for your trust store".to_owned()),
            (
                "/status".to_owned(),
                "may the holder of a number sign? Numbers 41001000001 to 41001000016".to_owned(),
            ),
            (
                "/inspect".to_owned(),
                "sessions as they happen, and the messages that would be sent".to_owned(),
            ),
            ("/control/v1/persons".to_owned(), "test persons and what they will do".to_owned()),
        ],
    }
}

/// Fills the store with the test persons if it is empty, and lets them answer from now on. `phones` is a directory in
/// which their phones keep what they store; without it that ends with the program.
pub async fn enter(app: &App, clock: Arc<MovableClock>, phones: Option<&Path>) -> Result<(), Error> {
    let enrolled = fixture::enrolled()?;
    fixture::fill(app, &enrolled).await?;
    // The clock of the last run may have been moved on purpose; this one begins with the system's.
    let now = app.now();
    app.store().write("begin the clock", move |tx| tsa::lease::move_mark(tx, now)).await?;
    app.believe_clock();
    sandbox::fill(app).await?;
    let world = TestWorld::new(app, clock, enrolled, phones)?;
    app.set_test_world(Arc::clone(&world)).map_err(|_| Error::Twice)?;
    world.start(app.clone());
    Ok(())
}

/// The doors of the test world. Merged only where it was entered.
pub(crate) fn routes() -> Router<App> {
    let inspect = Router::new().route(inspect::PATH, get(inspect::page));
    inspect.merge(mock::routes()).merge(control::routes()).merge(terms::routes())
}
