//! What a signature needs to prove itself for years: a time-stamp over it, and an answer of the responder after that.
//!
//! The containers that hold them are made elsewhere (`countersign-container`); here they are asked for and checked.

use countersign_pki::ocsp::{self, CertId, CertIdHash, Nonce, OcspRequest};
use countersign_pki::tsp::{self, MessageImprint, TimeStampReq, TimeStampToken};
use countersign_pki::{Certificate, Digest};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use crate::Error;
use crate::client::Client;
use crate::error::Service;
use crate::http::Http;

/// How far clocks may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Octets in the nonces of time-stamp requests.
const TSP_NONCE_LEN: usize = 8;

/// Octets in the nonces of OCSP requests [RFC 9654 §2.1].
const OCSP_NONCE_LEN: usize = 32;

/// An OCSP answer that says that a certificate is good.
#[derive(Debug, Clone)]
pub struct GoodStatus {
    /// `OCSPResponse` in DER.
    pub response: Vec<u8>,
    /// `producedAt`
    pub produced_at: Timestamp,
}

impl Client {
    /// Asks the time-stamping authority at `url` for a time-stamp of `imprint`, which `digest` made, and checks it
    /// against `anchors` with the help of `intermediates` [RFC 3161 §2.2].
    ///
    /// # Errors
    /// [`Error::TimeStamp`]; those of the network.
    pub async fn time_stamp(
        &self,
        url: &str,
        digest: Digest,
        imprint: &[u8],
        intermediates: &[Certificate],
        anchors: &[Certificate],
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<TimeStampToken, Error> {
        time_stamp(&self.http, url, digest, imprint, intermediates, anchors, now, rng).await
    }

    /// Asks the first responder that `certificate` names, and checks that its answer says "good" and was produced at
    /// `produced_from` or later.
    ///
    /// # Errors
    /// [`Error::NoGoodStatus`]; those of the network.
    pub async fn good_status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        produced_from: Timestamp,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<GoodStatus, Error> {
        good_status(&self.http, None, certificate, issuer, produced_from, now, rng).await
    }
}

pub(crate) async fn time_stamp(
    http: &Http,
    url: &str,
    digest: Digest,
    imprint: &[u8],
    intermediates: &[Certificate],
    anchors: &[Certificate],
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<TimeStampToken, Error> {
    let mut nonce = [0; TSP_NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let unusable = |error| Error::TimeStamp(Box::new(tsp::TspError::Malformed(error)));
    let imprint = MessageImprint::new(digest, imprint).map_err(unusable)?;
    let request = TimeStampReq::new(imprint, &nonce).map_err(unusable)?;
    let response = http.time_stamp(url, request.to_der()).await?;
    tsp::check_response(&response, &request, intermediates, anchors, now, CLOCK_SKEW)
        .map(|(token, _)| token)
        .map_err(|error| Error::TimeStamp(Box::new(error)))
}

/// `responder`: whom to ask in place of the one that the certificate names.
pub(crate) async fn good_status(
    http: &Http,
    responder: Option<&str>,
    certificate: &Certificate,
    issuer: &Certificate,
    produced_from: Timestamp,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<GoodStatus, Error> {
    let mut nonce = [0; OCSP_NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let nonce = Nonce::new(&nonce).map_err(Error::Certificate)?;
    let id = CertId::of(CertIdHash::Sha256, certificate, issuer).map_err(Error::Certificate)?;
    let request = OcspRequest::new(vec![id], Some(nonce.clone()))
        .and_then(|request| request.to_der())
        .map_err(Error::Certificate)?;
    let named = certificate.ocsp_urls();
    let url =
        responder.or_else(|| named.first().map(String::as_str)).ok_or_else(|| Error::UnreadableAnswer {
            service: Service::OcspResponder,
            why: "the certificate names no responder".to_owned(),
        })?;
    let response = http.ocsp(url, request).await?;
    let policy = ocsp::Policy { produced_from: Some(produced_from), ..ocsp::Policy::fetched() };
    let checked = ocsp::check(&response, certificate, issuer, Some(nonce.value()), now, &policy)
        .map_err(|error| Error::NoGoodStatus(Box::new(error)))?;
    Ok(GoodStatus { response, produced_at: checked.produced_at })
}
