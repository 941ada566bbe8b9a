//! The sample bank of `countersign dev`: a relying party beside the service, which it reaches over HTTP like any other.

use std::sync::Arc;

use axum::Router;
use countersign_bank::{Settings, routes};
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::id::RelyingPartyUuid;
use countersign_server::listen::Address;
use countersign_server::{Clock as _, Config, MovableClock, authority};
use url::Url;

use crate::anchors;
use crate::error::Error;

/// A bank that relies on the service at one of these addresses; none where the service listens nowhere, or knows no
/// relying party. It lives by the service's clock: whoever moves that moves both.
pub(crate) fn open(
    addresses: &[Address],
    config: &Config,
    clock: Arc<MovableClock>,
) -> Result<Option<Router>, Error> {
    // The certificate of the secure one names localhost.
    let secure = addresses.iter().find(|address| address.secure);
    let secure_origin = secure.map(|address| format!("https://localhost:{}", address.socket.port()));
    let plain = addresses.iter().find(|address| !address.secure).map(Address::url);
    let party = config.relying_parties.first();
    let (Some(provider), Some(party)) = (plain.or_else(|| secure_origin.clone()), party) else {
        return Ok(None);
    };
    let (Ok(provider), Ok(uuid), Ok(scheme), Some(name)) = (
        Url::parse(&provider),
        RelyingPartyUuid::parse(&party.uuid),
        SchemeName::parse(&config.rp_api.scheme),
        party.names.first(),
    ) else {
        return Ok(None);
    };
    let settings = Settings {
        provider,
        tls_roots: vec![authority::dev::tls_root()?],
        relying_party: uuid,
        relying_party_name: name.clone(),
        scheme,
        anchors: anchors::embedded()?,
        secure_origin,
        clock: Arc::new(move || clock.now()),
    };
    Ok(Some(routes(settings)?))
}
