//! The token call: one answer, several ways to prove who somebody is.
//!
//! | In the body | Way |
//! |---|---|
//! | `ident`, `first_name`, `last_name` | a partner says so ([`asserted`](super::asserted)) |
//! | `username`, `password` | a password ([`password`](super::password)) |
//! | `session_id`, `relying_party_uuid` | a finished authentication of ours ([`session`](super::session)) |
//! | `auth_token`, `challenge` | Web eID ([`web_eid`](super::web_eid)) |
//! | nothing, with a client certificate | a card in the TLS handshake ([`card`](super::card)) |
//!
//! `/auth/token` takes all of them and answers 201, as documented; `/auth/eid` takes all but passwords and answers 200, as the
//! system does whose document this is; `/auth/username` takes passwords alone. The fields of the first row may come with a
//! proof, and then have to say the same.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::registrant::{Proven, agree};
use countersign_token::{Claims, TokenId, seal};
use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::json;

use super::body::Fields;
use super::refused::Refused;
use super::{asserted, card, password, session, web_eid};
use crate::operations::record::Logged;
use crate::{App, ClientCertificate, Origin};

/// Which path was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Any,
    Eid,
    Username,
}

/// What is known of a call beside its body.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) parts: Parts,
    pub(super) origin: Origin,
    pub(super) certificate: Option<ClientCertificate>,
    /// The one time of this call.
    pub(super) now: Timestamp,
}

/// Who somebody was proven to be, and who asks for it.
pub(super) struct Found {
    pub(super) proven: Proven,
    pub(super) client: Option<String>,
    /// The name that the token is to have, where it is written down already.
    pub(super) id: Option<TokenId>,
}

/// `POST /auth/token`
pub(super) async fn any(State(app): State<App>, request: Request) -> Response {
    answer(app, request, Path::Any).await
}

/// `POST /auth/eid`
pub(super) async fn eid(State(app): State<App>, request: Request) -> Response {
    answer(app, request, Path::Eid).await
}

/// `POST /auth/username`
pub(super) async fn username(State(app): State<App>, request: Request) -> Response {
    answer(app, request, Path::Username).await
}

async fn answer(app: App, request: Request, path: Path) -> Response {
    let (parts, body) = request.into_parts();
    let call = Call {
        origin: Origin::of(&app, &parts),
        certificate: ClientCertificate::of(&app, &parts),
        now: app.now(),
        app: app.clone(),
        parts,
    };
    let made = async {
        let fields = Fields::read(&call.app, &call.parts.headers, body).await?;
        let found = prove(&call, &fields, path).await?;
        make(&call, found).await
    };
    match made.await {
        Ok(made) => respond(&made, path, call.now),
        Err(refused) => refused.respond(&app),
    }
}

async fn prove(call: &Call, fields: &Fields, path: Path) -> Result<Found, Refused> {
    let by_password = fields.username.is_some() || fields.password.is_some() || path == Path::Username;
    let by_session = fields.session_id.is_some() || fields.relying_party_uuid.is_some();
    let by_web_eid = fields.auth_token.is_some() || fields.challenge.is_some();
    let ways = [by_password, by_session, by_web_eid].into_iter().filter(|way| *way).count();
    if ways > 1 || (by_password && (fields.names_a_person() || path == Path::Eid)) {
        let text = "expected the parameters of one way to log in";
        return Err(Refused::parameter("base", text));
    }
    let found = if by_password {
        return password::prove(call, fields).await;
    } else if by_session {
        session::prove(call, fields).await?
    } else if by_web_eid {
        web_eid::prove(call, fields).await?
    } else {
        match asserted::partner(call) {
            // Who asks comes before what is asked (401 before 422).
            Ok((partner, standing)) => return asserted::prove(call, fields, partner, standing),
            Err(_) if call.certificate.is_some() && call.app.registrant().cards.is_some() => {
                card::prove(call).await?
            }
            Err(refusal) => return Err(refusal.into()),
        }
    };
    let told = fields.told()?;
    let plain = |value: &'_ Option<super::body::Text>| value.as_ref().map(|text| text.to_string());
    let (country, ident) = (plain(&told.country_code), plain(&told.ident));
    let (first, last) = (plain(&told.first_name), plain(&told.last_name));
    agree(&found.proven.holder, country.as_deref(), ident.as_deref(), first.as_deref(), last.as_deref())?;
    Ok(found)
}

/// A token that was made.
struct Made {
    token: String,
    claims: Claims,
}

async fn make(call: &Call, found: Found) -> Result<Made, Refused> {
    let (app, registrant) = (&call.app, call.app.registrant());
    let mut rng = app.randomness();
    let Found { proven, client, id } = found;
    // After a person's tokens were all withdrawn, one made in the same second would be, too.
    let deny = registrant.deny.ready(app).await.map_err(|failure| Refused::failed(app, failure))?;
    let from = deny.earliest(&proven.holder.subject(), call.now);
    let id = id.unwrap_or_else(|| TokenId::generate(&mut rng));
    let claims = Claims {
        client,
        certificate: proven.certificate,
        authenticated_at: Timestamp::from_second(proven.at.as_second()).unwrap_or(proven.at),
        ..Claims::new(&registrant.rules, proven.holder, proven.method, proven.assurance, id, from)
    };
    let reader = registrant.reader();
    let token = seal(&claims, reader.ring().sealing(call.now), &mut rng).map_err(Refused::unmade)?;
    app.metrics().token_made(claims.method.word(), claims.assurance.word());
    tracing::info!(
        event = "registrant.token",
        operation = "token",
        method = claims.method.word(),
        assurance = claims.assurance.word(),
        client = claims.client,
        token.id = %claims.id,
        "a registrant token was made"
    );
    Ok(Made { token, claims })
}

fn respond(made: &Made, path: Path, now: Timestamp) -> Response {
    let expires = made.claims.expires_at;
    // The first three are the documented ones, in their order; the others are those of RFC 6749 §5.1.
    let body = json!({
        "access_token": made.token,
        "expires_at": time(expires),
        "type": "Bearer",
        "token_type": "Bearer",
        "expires_in": expires.duration_since(now).as_secs(),
    });
    let status = match path {
        Path::Any | Path::Username => StatusCode::CREATED,
        Path::Eid => StatusCode::OK,
    };
    let mut response = (status, Json(body)).into_response();
    response.extensions_mut().insert(Logged {
        operation: Some("token"),
        outcome: Some(made.claims.method.word()),
        ..Logged::default()
    });
    response
}

/// The documented form of a time: `2018-07-13 11:30:51 UTC`.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
