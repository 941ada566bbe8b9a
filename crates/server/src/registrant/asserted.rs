//! A partner says who somebody is.
//!
//! The values prove nothing, so the token says `asserted`, is worth `substantial` at most (`low` where the partner is
//! known by its address alone), and does not open what needs proof.

use countersign_domain::registrant::{Caller, Partner, Proven, Refusal, Standing, told};
use countersign_token::Method;

use super::body::Fields;
use super::refused::Refused;
use super::sha256;
use super::token::{Call, Found};
use crate::bearer::{Bearer, bearer};

/// The partner that calls, if it is believed who somebody is.
pub(super) fn partner(call: &Call) -> Result<(&Partner, Standing), Refusal> {
    with_caller(call, |caller| call.app.registrant().partners.asserting(caller))
}

/// The partner that calls and has proven itself.
pub(super) fn proven_partner(call: &Call) -> Result<&Partner, Refusal> {
    let found = with_caller(call, |caller| call.app.registrant().partners.identify(caller))?;
    match found {
        (partner, Standing::Proven) => Ok(partner),
        (_, Standing::AddressOnly) => Err(Refusal::NoPartner),
    }
}

fn with_caller<'a, T>(
    call: &'a Call,
    ask: impl FnOnce(Caller<'_>) -> Result<T, Refusal> + 'a,
) -> Result<T, Refusal> {
    let key = match bearer(&call.parts.headers) {
        Bearer::Key(key) => Some(sha256(key.as_bytes())),
        Bearer::Absent => None,
        Bearer::Malformed => return Err(Refusal::NoPartner),
    };
    let certificate = call.certificate.as_ref().map(|certificate| sha256(certificate.der()));
    ask(Caller { address: call.origin.address, key: key.as_ref(), certificate: certificate.as_ref() })
}

pub(super) fn prove(
    call: &Call,
    fields: &Fields,
    partner: &Partner,
    standing: Standing,
) -> Result<Found, Refused> {
    let given = fields.told()?;
    let country = given.country_code.map_or_else(super::config::estonia, |country| country.to_string());
    // In the documented order.
    let ident = given.ident.ok_or_else(|| Refused::missing("ident"))?;
    let first_name = given.first_name.ok_or_else(|| Refused::missing("first_name"))?;
    let last_name = given.last_name.ok_or_else(|| Refused::missing("last_name"))?;
    let holder = told(&country, &ident, &first_name, &last_name, partner.foreign)
        .map_err(|unfit| Refused::parameter(unfit.member, format!("expected {}", unfit.expected)))?;
    let proven = Proven {
        holder,
        method: Method::Asserted,
        assurance: standing.assurance(),
        at: call.now,
        certificate: None,
    };
    Ok(Found { proven, client: Some(partner.name.clone()), id: None })
}
