//! A finished authentication of a relying party, exchanged for a token once.

use countersign_domain::Event;
use countersign_domain::registrant::{Refusal, exchange};
use countersign_token::TokenId;
use countersign_wire::id::{RelyingPartyUuid, SessionId};

use super::body::{Fields, needed};
use super::refused::Refused;
use super::token::{Call, Found};
use crate::command::Failure;

pub(super) async fn prove(call: &Call, fields: &Fields) -> Result<Found, Refused> {
    let session = needed("session_id", &fields.session_id)?;
    let asker = needed("relying_party_uuid", &fields.relying_party_uuid)?;
    // What is no id is the id of nothing.
    let (Ok(session), Ok(asker)) = (SessionId::parse(session.trim()), RelyingPartyUuid::parse(asker.trim()))
    else {
        return Err(Refusal::NoSession.into());
    };
    let (app, address) = (call.app.clone(), call.origin.address);
    let inner = app.clone();
    let exchanged = app
        .execute("exchange a session for a token", move |tx, context| {
            let found = tx.sessions().find(session)?;
            let (proven, exchanged) =
                match exchange(found.as_ref(), asker, address, inner.relying_parties(), context.now) {
                    Ok(exchanged) => exchanged,
                    Err(refusal) => return Ok::<_, Failure>(Err(refusal)),
                };
            match tx.session_exchanges().insert(&exchanged) {
                Ok(()) => {}
                Err(countersign_store::Error::Duplicate { .. }) => return Ok(Err(Refusal::SessionUsed)),
                Err(error) => return Err(error.into()),
            }
            let id = TokenId::generate(&mut context.rng);
            context.record([Event::SessionExchanged { session, token: id.to_string() }]);
            Ok(Ok((proven, id)))
        })
        .await
        .map_err(|failure| Refused::failed(&call.app, failure))?;
    let (proven, id) = exchanged?;
    Ok(Found { proven, client: Some(asker.to_string()), id: Some(id) })
}
