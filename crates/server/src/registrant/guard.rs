//! What asks for a token: an extractor of its claims.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use countersign_token::legacy::LegacyKey;
use countersign_token::{Assurance, Claims, Method, Rejection, TokenId, bearer};
use http::header::AUTHORIZATION;
use http::request::Parts;
use jiff::Timestamp;

use super::refused::Refused;
use super::{Registrant, sha256};
use crate::buckets::Network;
use crate::command::Failure;
use crate::{App, Origin};

/// The claims of the token that came with a request.
pub(super) struct Bearer(pub(super) Arc<Claims>);

impl FromRequestParts<App> for Bearer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match shown(app, parts).await {
            Ok(claims) => Ok(Self(claims)),
            Err(refused) => Err(refused.respond(app)),
        }
    }
}

async fn shown(app: &App, parts: &Parts) -> Result<Arc<Claims>, Refused> {
    let malformed = || Refused::unauthorized(Rejection::Malformed.word());
    let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Err(Refused::unauthorized("no-token")),
        (Some(line), None) => line,
        (Some(_), Some(_)) => return Err(malformed()),
    };
    let token = std::str::from_utf8(line.as_bytes()).ok().and_then(bearer).ok_or_else(malformed)?;
    app.registrant().open(app, token, parts).await.map_err(|unopened| unopened.refused(app))
}

/// Why a token says nothing.
pub(super) enum Unopened {
    /// It is not good: 401 where it opens something.
    Rejected(Rejection),
    /// Too many tokens of the old system that were not good, from the same network. Come back in so many seconds.
    Limited(u32),
    /// Our own fault.
    Failed(Failure),
}

impl Unopened {
    /// The answer to whoever shows the token.
    pub(super) fn refused(self, app: &App) -> Refused {
        match self {
            Self::Rejected(rejection) => Refused::unauthorized(rejection.word()),
            Self::Limited(seconds) => Refused::limited(seconds),
            Self::Failed(failure) => Refused::failed(app, failure),
        }
    }
}

impl Registrant {
    /// What a token says, if it is good now. `parts`: the request that it came with.
    pub(super) async fn open(&self, app: &App, token: &str, parts: &Parts) -> Result<Arc<Claims>, Unopened> {
        let now = app.now();
        let claims = match self.reader().open(token, now) {
            Err(Rejection::Malformed) if LegacyKey::looks_like_one(token) => {
                Arc::new(self.open_legacy(app, token, parts, now)?)
            }
            opened => opened.map_err(Unopened::Rejected)?,
        };
        match self.deny.denies(app, &claims).await {
            Ok(false) => Ok(claims),
            Ok(true) => Err(Unopened::Rejected(Rejection::Denied)),
            Err(failure) => Err(Unopened::Failed(failure)),
        }
    }

    /// A token of the old system, where that is switched on. Those that are not good count against their network, since
    /// whoever may ask often enough learns what is in others'; good ones do not, however many there are.
    fn open_legacy(&self, app: &App, token: &str, parts: &Parts, now: Timestamp) -> Result<Claims, Unopened> {
        let key = self.legacy.as_ref().ok_or(Unopened::Rejected(Rejection::Malformed))?;
        let network = Network::of(Origin::of(app, parts).address);
        self.old_tokens.take(network, now).map_err(Unopened::Limited)?;
        let claims = self.read_legacy(key, token, now).map_err(Unopened::Rejected)?;
        self.old_tokens.give_back(&network);
        Ok(claims)
    }

    /// What such a token says: worth as much as a partner's word that nobody vouches for.
    fn read_legacy(&self, key: &LegacyKey, token: &str, now: Timestamp) -> Result<Claims, Rejection> {
        let old = key.open(token, now)?;
        // It has no name of its own: its hash serves, so that it can be withdrawn, too.
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(token.as_bytes())[..16]);
        let lifetime = self.rules.lifetime;
        let made = old.expires_at.checked_sub(lifetime).unwrap_or(old.expires_at);
        let claims =
            Claims::new(&self.rules, old.holder, Method::Asserted, Assurance::Low, TokenId(id), made);
        // An end further away than a token lives was made by nobody.
        if made.duration_since(now) > self.rules.leeway {
            return Err(Rejection::NotAuthentic);
        }
        tracing::warn!(event = "registrant.legacy", "a token of the old system was accepted");
        Ok(Claims { expires_at: old.expires_at, ..claims })
    }
}
