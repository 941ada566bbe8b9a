//! `/api/v1/registrant`: registrant tokens, and the API that they open.
//!
//! A person proves who they are in one of several ways ([`token`]); the answer is a bearer token of two hours that holds all
//! there is to know, sealed by [`countersign_token`]. Nothing is kept about it, except what is withdrawn before its end
//! ([`deny`]), and which of our own sessions were used for one. Everything else here asks for such a token ([`guard`]).
//!
//! Errors have the documented form `{"errors":[{"base":["…"]}]}`. Whatever a stranger can cause is the one 401; the log says
//! which it was. The reference is `registrant.md`, sections 1 to 9; `docs/registrant.md` is for those who use it.

mod asserted;
mod body;
pub(crate) mod card;
pub mod config;
mod cors;
pub(crate) mod demo;
mod deny;
mod guard;
mod introspect;
mod keys;
mod me;
pub mod password;
mod refused;
mod session;
mod token;
mod web_eid;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::routing::{get, post};
use countersign_domain::registrant::Partners;
use countersign_token::legacy::LegacyKey;
use countersign_token::{Reader, Rules};
use jiff::Timestamp;
use rand_core::CryptoRng;

use self::card::Cards;
use self::deny::Deny;
pub(crate) use self::deny::withdraw;
use self::keys::Keys;
pub use self::keys::{Error, follow, keys_path, load_keys, store_keys};
use self::password::Passwords;
use self::web_eid::Challenges;
use crate::buckets::{Buckets, Network};
use crate::{App, Config};

/// What every path begins with.
pub const BASE: &str = "/api/v1/registrant";

/// What makes and checks tokens. One for each [`App`].
pub(crate) struct Registrant {
    rules: Rules,
    partners: Partners,
    keys: Keys,
    legacy: Option<LegacyKey>,
    deny: Deny,
    passwords: Passwords,
    cards: Option<Cards>,
    challenges: Challenges,
    tries: Buckets<Network>,
    /// Tokens of the old system that were not good.
    old_tokens: Buckets<Network>,
}

impl Registrant {
    /// Everything that the configuration says. A key file that is missing in a data directory is made.
    pub(crate) fn new(config: &Config, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let own = &config.registrant;
        Ok(Self {
            rules: own.rules(),
            partners: own.parties().map_err(Error::Config)?,
            keys: Keys::open(config, now, rng)?,
            legacy: own.legacy_secret.as_ref().and_then(|secret| LegacyKey::of_secret(secret.reveal())),
            deny: Deny::default(),
            passwords: Passwords::new(own),
            cards: Cards::new(own)?,
            challenges: Challenges::default(),
            tries: Buckets::new(own.tries_per_address),
            old_tokens: Buckets::new(own.tries_per_address),
        })
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    fn reader(&self) -> Arc<Reader> {
        self.keys.reader()
    }

    /// Lets go of what was read from tokens that are good no longer.
    pub(crate) fn forget_expired(&self, now: Timestamp) {
        self.reader().forget_expired(now);
    }
}

pub(crate) fn routes(app: &App) -> Router<App> {
    // Whole paths, not a router below a prefix: that would take each request's URL apart and put it together again.
    // Pages of other origins may use what a token opens, if they are configured; never the calls that make one.
    let opened = Router::new()
        .route(&at("/me"), cors::reached(get(me::me)))
        .route(&at("/logout"), cors::reached(post(me::logout)))
        .merge(demo::routes(app));
    let opened = match app.config().registrant.origins.is_empty() {
        true => opened,
        false => opened.layer(cors::Allow(app.clone())),
    };
    opened
        .route(&at("/auth/token"), post(token::any))
        .route(&at("/auth/eid"), post(token::eid))
        .route(&at("/auth/username"), post(token::username))
        .route(&at("/auth/challenge"), get(web_eid::challenge))
        .route(&at("/auth/revoke"), post(introspect::revoke))
        .route(&at("/auth/introspect"), post(introspect::introspect))
}

/// A path of this surface.
fn at(path: &str) -> String {
    format!("{BASE}{path}")
}

/// SHA-256.
fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, octets).as_ref());
    hash
}
