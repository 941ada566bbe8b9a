//! What asks for a token: an extractor of its claims.

use axum::extract::FromRequestParts;
use axum::response::Response;
use countersign_token::legacy::LegacyKey;
use countersign_token::{Assurance, Claims, Method, Rejection, TokenId, bearer, open};
use http::header::{AUTHORIZATION, HeaderMap};
use http::request::Parts;
use jiff::Timestamp;

use super::refused::Refused;
use super::{Registrant, sha256};
use crate::App;

/// The claims of the token that came with a request.
pub(super) struct Bearer(pub(super) Claims);

impl FromRequestParts<App> for Bearer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match shown(app, &parts.headers).await {
            Ok(claims) => Ok(Self(claims)),
            Err(refused) => Err(refused.respond(app)),
        }
    }
}

async fn shown(app: &App, headers: &HeaderMap) -> Result<Claims, Refused> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return Err(Refused::unauthorized("no-token")),
        (Some(line), None) => line,
        (Some(_), Some(_)) => return Err(Refused::unauthorized(Rejection::Malformed.word())),
    };
    let token = line.to_str().ok().and_then(bearer);
    let token = token.ok_or_else(|| Refused::unauthorized(Rejection::Malformed.word()))?;
    let opened = app.registrant().open(app, token).await.map_err(|failure| Refused::failed(app, failure))?;
    opened.map_err(|rejection| Refused::unauthorized(rejection.word()))
}

impl Registrant {
    /// What a token says, if it is good now. Outside: our own faults.
    pub(super) async fn open(
        &self,
        app: &App,
        token: &str,
    ) -> Result<Result<Claims, Rejection>, crate::command::Failure> {
        let now = app.now();
        let claims = match open(token, &self.ring(), &self.rules, now) {
            Ok(claims) => claims,
            Err(Rejection::Malformed) if LegacyKey::looks_like_one(token) => {
                match self.open_legacy(token, now) {
                    Ok(claims) => claims,
                    Err(rejection) => return Ok(Err(rejection)),
                }
            }
            Err(rejection) => return Ok(Err(rejection)),
        };
        if self.deny.denies(app, &claims).await? {
            return Ok(Err(Rejection::Denied));
        }
        Ok(Ok(claims))
    }

    /// A token of the old system, where that is switched on: worth as much as a partner's word that nobody vouches for.
    fn open_legacy(&self, token: &str, now: Timestamp) -> Result<Claims, Rejection> {
        let key = self.legacy.as_ref().ok_or(Rejection::Malformed)?;
        let old = key.open(token, now)?;
        tracing::warn!(event = "registrant.legacy", "a token of the old system was accepted");
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
        Ok(Claims { expires_at: old.expires_at, ..claims })
    }
}
