//! A finished authentication of a relying party, turned into a token once.

use std::net::IpAddr;

use countersign_pki::Certificate;
use countersign_token::Method;
use countersign_wire::endpoint::Operation;
use countersign_wire::id::{RelyingPartyUuid, SessionId};
use countersign_wire::words::EndResult;
use jiff::Timestamp;

use super::{Proven, Refusal, assurance_of, holder_of};
use crate::relying_party::RelyingParties;
use crate::session::{Outcome, Session, State, status};

/// What is written down so that the session serves once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The session.
    pub session: SessionId,
    /// From when on it is not kept anyway, and this needs not be known either.
    pub until: Timestamp,
}

/// What a session proves to the relying party that started it. Whoever is not that relying party, calling from its
/// address, hears the same as if there were none.
///
/// That it was not used before is for the caller to establish, in the same transaction.
pub fn exchange(
    session: Option<&Session>,
    asker: RelyingPartyUuid,
    address: IpAddr,
    parties: &RelyingParties,
    now: Timestamp,
) -> Result<(Proven, Exchanged), Refusal> {
    let session = session.filter(|session| session.relying_party() == asker).ok_or(Refusal::NoSession)?;
    if !parties.find(asker).is_some_and(|party| party.calls_from(address)) {
        return Err(Refusal::NoSession);
    }
    let told = status(session, now).ok_or(Refusal::NoSession)?;
    if session.operation() != Operation::Authenticate {
        return Err(Refusal::NoAuthentication);
    }
    if !told.is_complete() {
        return Err(Refusal::SessionRunning);
    }
    let State::Complete { outcome: outcome @ Outcome::Signed { certificate, level, .. }, at } =
        session.state()
    else {
        return Err(Refusal::SessionFailed);
    };
    if outcome.end_result() != EndResult::Ok {
        return Err(Refusal::SessionFailed);
    }
    let certificate = Certificate::from_der(certificate).map_err(|_| Refusal::NoPerson)?;
    let proven = Proven {
        holder: holder_of(&certificate).ok_or(Refusal::NoPerson)?,
        method: Method::SmartId,
        assurance: assurance_of(*level),
        at: *at,
        certificate: Some(certificate.sha256()),
    };
    Ok((proven, Exchanged { session: session.id(), until: session.purge_at() }))
}
