//! Identity cards: whose a certificate is, who vouches for it, and whether it is revoked.
//!
//! Revocation is asked last: only a certificate of a CA that we trust says where to ask, and only somebody who has its key
//! makes us ask.

use std::time::Duration;

use const_oid::ObjectIdentifier;
use countersign_client::StatusClient;
use countersign_domain::registrant::{Proven, Refusal, holder_of};
use countersign_pki::Certificate;
use countersign_pki::certificate::extension::oid;
use countersign_pki::ocsp::CertificateStatus;
use countersign_pki::path::{self, Purpose};
use countersign_token::{Assurance, Method};
use jiff::Timestamp;

use super::config::Registrant as Config;
use super::keys::Error;
use super::refused::Refused;
use super::token::{Call, Found};
use crate::App;
use crate::anchors::anchors_in;
use crate::buckets::Network;

/// Who vouches for cards, and who is asked about them.
pub(super) struct Cards {
    anchors: Vec<Certificate>,
    responders: StatusClient,
}

/// How long a responder may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Policies of certificates that are on no card: Estonian Mobile-ID.
const NO_CARDS: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.1.3"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.1.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.1.3.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.10015.1.3.3"),
];

impl Cards {
    /// None where no CA is trusted for it.
    pub(super) fn new(config: &Config) -> Result<Option<Self>, Error> {
        if config.card_trust.is_empty() {
            return Ok(None);
        }
        let mut anchors = Vec::new();
        for path in &config.card_trust {
            let found = anchors_in(path).map_err(|fault| Error::CardTrust { path: path.clone(), fault })?;
            anchors.extend(found);
        }
        let responder = config.ocsp_url.as_ref().map(|url| url.as_str());
        let responders = StatusClient::new(responder, PATIENCE).map_err(Error::Connections)?;
        Ok(Some(Self { anchors, responders }))
    }

    /// Finds who issued a certificate and that it is for logging in with a card. Gives the issuer.
    pub(super) fn trusted(&self, certificate: &Certificate, now: Timestamp) -> Result<Certificate, Refusal> {
        let refused = Refusal::UntrustedCertificate;
        let path = path::validate(certificate, &[], &self.anchors, now, Purpose::Authentication).map_err(
            |fault| {
                tracing::debug!(error = %fault, "a card's certificate leads to nobody who is trusted for it");
                refused
            },
        )?;
        let for_clients = certificate.extended_key_usages().contains(&oid::KP_CLIENT_AUTH);
        let on_no_card = certificate.policies().iter().any(|policy| NO_CARDS.contains(&policy.oid));
        match path.issuer() {
            Some(issuer) if for_clients && !on_no_card && !certificate.is_ca() => Ok(issuer.clone()),
            Some(_) | None => Err(refused),
        }
    }

    /// Asks whether a certificate is revoked. No answer is no yes.
    pub(super) async fn good(
        &self,
        app: &App,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), Refusal> {
        match self.responders.status(certificate, issuer, app.now(), &mut app.randomness()).await {
            Ok(CertificateStatus::Good) => Ok(()),
            Ok(CertificateStatus::Revoked { .. } | CertificateStatus::NotIssued) => Err(Refusal::Revoked),
            Err(error) => {
                tracing::warn!(error = %error, "the status of a card's certificate is not known");
                Err(Refusal::StatusUnknown)
            }
        }
    }
}

/// A card in the TLS handshake: the listener has checked that the client has the key.
pub(super) async fn prove(call: &Call) -> Result<Found, Refused> {
    let Some(cards) = &call.app.registrant().cards else { return Err(Refusal::SwitchedOff.into()) };
    let Some(shown) = &call.certificate else { return Err(Refusal::NoCertificate.into()) };
    let certificate = Certificate::from_der(shown.der()).map_err(|_| Refusal::UntrustedCertificate)?;
    throttle(call)?;
    let issuer = cards.trusted(&certificate, call.now)?;
    of_card(call, cards, &certificate, &issuer).await
}

/// What a certificate proves whose key was used just now.
pub(super) async fn of_card(
    call: &Call,
    cards: &Cards,
    certificate: &Certificate,
    issuer: &Certificate,
) -> Result<Found, Refused> {
    let holder = holder_of(certificate).ok_or(Refusal::NoPerson)?;
    cards.good(&call.app, certificate, issuer).await?;
    let proven = Proven {
        holder,
        method: Method::IdCard,
        assurance: Assurance::High,
        at: call.now,
        certificate: Some(certificate.sha256()),
    };
    Ok(Found { proven, client: None, id: None })
}

/// Counts one try of whoever calls.
pub(super) fn throttle(call: &Call) -> Result<(), Refused> {
    let network = Network::of(call.origin.address);
    call.app.registrant().tries.take(network, call.now).map_err(|seconds| {
        call.app.metrics().limited("registrant", "address");
        Refused::limited(seconds)
    })
}
