//! What a signature needs to prove itself for years: a time-stamp over it, and an answer of the responder after that.
//!
//! The containers that hold them are made elsewhere (`countersign-container`); here they are asked for and checked.

use std::sync::Arc;
use std::time::Duration;

use countersign_pki::ocsp::{self, CertId, CertIdHash, CertificateStatus, CheckedStatus, Nonce, OcspRequest};
use countersign_pki::path::Position;
use countersign_pki::tsp::{self, MessageImprint, TimeStampReq, TimeStampToken};
use countersign_pki::{Certificate, Digest};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use crate::Error;
use crate::client::Client;
use crate::error::Service;
use crate::http::{Http, What};
use crate::tls::Roots;

/// How far clocks may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Octets in the nonces of time-stamp requests.
const TSP_NONCE_LEN: usize = 8;

/// Octets in the nonces of OCSP requests [RFC 9654 §2.1].
pub(crate) const OCSP_NONCE_LEN: usize = 32;

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
    /// [`Error::Revoked`], [`Error::NotIssued`], [`Error::NoGoodStatus`]; those of the network.
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

/// Asks OCSP responders about certificates: for those who hold a certificate and its issuer, and start no session. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct StatusClient {
    http: Http,
    responder: Option<Arc<str>>,
}

impl StatusClient {
    /// With connections of its own. `responder`: whom to ask in place of those that certificates name. `patience`: how long
    /// one may take.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn new(responder: Option<&str>, patience: Duration) -> Result<Self, Error> {
        let what = What { connect_timeout: patience, timeout: patience, ..What::with_roots(Roots::System) };
        Ok(Self { http: Http::new(what)?, responder: responder.map(Arc::from) })
    }

    /// How `certificate`, which `issuer` issued, stands now.
    ///
    /// # Errors
    /// [`Error::NoGoodStatus`] for an answer that proves nothing; those of the network.
    pub async fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<CertificateStatus, Error> {
        // SHA-1 names the issuer, nothing more, and is what every responder knows.
        let question = Question { certificate, issuer, hash: CertIdHash::Sha1, produced_from: None };
        question.ask(&self.http, self.responder.as_deref(), now, rng).await.map(|(_, found)| found.status)
    }
}

/// A request for the status of one certificate, with a nonce.
pub(crate) fn ocsp_request(
    certificate: &Certificate,
    issuer: &Certificate,
    hash: CertIdHash,
    nonce: &[u8],
) -> Result<Vec<u8>, countersign_pki::Error> {
    let id = CertId::of(hash, certificate, issuer)?;
    OcspRequest::new(vec![id], Some(Nonce::new(nonce)?))?.to_der()
}

/// What a responder is asked.
struct Question<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    hash: CertIdHash,
    /// When the answer may have been made, at the earliest.
    produced_from: Option<Timestamp>,
}

impl Question<'_> {
    /// The answer in DER, and what it says. `responder`: whom to ask in place of the one that the certificate names.
    async fn ask(
        &self,
        http: &Http,
        responder: Option<&str>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(Vec<u8>, CheckedStatus), Error> {
        let Self { certificate, issuer, hash, produced_from } = *self;
        let mut nonce = [0; OCSP_NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let request = ocsp_request(certificate, issuer, hash, &nonce).map_err(Error::Certificate)?;
        let named = certificate.ocsp_urls();
        let url = responder.or_else(|| named.first().map(String::as_str)).ok_or_else(|| {
            let why = "the certificate names no responder".to_owned();
            Error::UnreadableAnswer { service: Service::OcspResponder, why }
        })?;
        let response = http.ocsp(url, request).await?;
        let policy = ocsp::Policy { produced_from, ..ocsp::Policy::fetched() };
        let checked = ocsp::check(&response, certificate, issuer, Some(&nonce), now, &policy)
            .map_err(|error| Error::NoGoodStatus(Box::new(error)))?;
        Ok((response, checked))
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
    let hash = CertIdHash::Sha256;
    let question = Question { certificate, issuer, hash, produced_from: Some(produced_from) };
    let (response, checked) = question.ask(http, responder, now, rng).await?;
    match checked.status {
        CertificateStatus::Good => Ok(GoodStatus { response, produced_at: checked.produced_at }),
        CertificateStatus::Revoked { at, reason } => {
            Err(Error::Revoked { position: Position::Leaf, at, reason })
        }
        CertificateStatus::NotIssued => Err(Error::NotIssued { position: Position::Leaf }),
    }
}
