//! Revocation: OCSP first, a revocation list where that gives no answer, for the leaf and for every intermediate.
//!
//! A source that fails in any way (no answer, wrong signature, too old, another nonce) proves nothing, and the next is
//! tried; if none is left the check fails. Revoked is final.

use countersign_pki::Certificate;
use countersign_pki::crl::{CertificateList, CrlError};
use countersign_pki::ocsp::{self, CertIdHash, CertificateStatus, OcspError};
use countersign_pki::path::{Path, Position};
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::Error;
use crate::error::StatusFault;
use crate::evidence::{OCSP_NONCE_LEN, ocsp_request};
use crate::http::Http;
use crate::verify::Rules;

/// Whose revocation is checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Revocation {
    /// The leaf's and every intermediate's.
    #[default]
    Chain,
    /// The leaf's alone.
    Leaf,
    /// Nobody's: the certificate of a stolen phone passes.
    Unchecked,
}

/// What is known about the status of certificates, as it was received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    ocsp: Vec<OcspAnswer>,
    crls: Vec<Vec<u8>>,
    /// What could not be fetched, by certificate.
    failed: Vec<(Certificate, Source, String)>,
}

/// A response, and the nonce that was sent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OcspAnswer {
    response: Vec<u8>,
    nonce: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Ocsp,
    Crl,
}

/// The most addresses per certificate and kind of source that are tried.
const ADDRESSES_MAX: usize = 2;

impl Evidence {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// With an `OCSPResponse` in DER. `nonce` is the one that was sent for it; without one the response may be an
    /// earlier one sent again, within its age.
    pub fn with_ocsp(mut self, response: Vec<u8>, nonce: Option<Vec<u8>>) -> Self {
        self.ocsp.push(OcspAnswer { response, nonce });
        self
    }

    /// With a `CertificateList` in DER.
    pub fn with_crl(mut self, crl: Vec<u8>) -> Self {
        self.crls.push(crl);
        self
    }

    /// The OCSP responses, in DER.
    pub fn ocsp_responses(&self) -> impl Iterator<Item = &[u8]> {
        self.ocsp.iter().map(|answer| answer.response.as_slice())
    }

    /// The revocation lists, in DER.
    pub fn crls(&self) -> impl Iterator<Item = &[u8]> {
        self.crls.iter().map(Vec::as_slice)
    }

    fn join(&mut self, other: Self) {
        self.ocsp.extend(other.ocsp);
        self.crls.extend(other.crls);
        self.failed.extend(other.failed);
    }

    fn failure(&self, certificate: &Certificate, source: Source) -> Option<StatusFault> {
        let failed = self.failed.iter().find(|(about, which, _)| about == certificate && *which == source);
        failed.map(|(_, _, why)| StatusFault::NotFetched(why.clone()))
    }
}

impl Rules {
    /// Checks that no certificate is revoked that must not be, and gives the evidence that was used.
    pub(crate) fn check_revocation(
        &self,
        path: &Path,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Evidence, Error> {
        let mut used = Evidence::default();
        for link in self.links(path) {
            used.join(self.check_link(&link, evidence, now)?);
        }
        Ok(used)
    }

    /// Fetches what is needed, and checks it.
    pub(crate) async fn fetch_and_check(
        &self,
        http: &Http,
        path: &Path,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Evidence, Error> {
        let mut used = Evidence::default();
        for link in self.links(path) {
            let mut evidence = fetch_ocsp(http, &link, rng).await;
            match self.check_link(&link, &evidence, now) {
                Err(Error::RevocationUnknown { .. }) => {}
                decided => {
                    used.join(decided?);
                    continue;
                }
            }
            evidence.join(fetch_crls(http, &link).await);
            used.join(self.check_link(&link, &evidence, now)?);
        }
        Ok(used)
    }

    fn links<'a>(&self, path: &'a Path) -> Vec<Link<'a>> {
        let certificates = path.certificates();
        let count = match self.revocation {
            Revocation::Chain => certificates.len().saturating_sub(1),
            Revocation::Leaf => certificates.len().saturating_sub(1).min(1),
            Revocation::Unchecked => 0,
        };
        let position = |index| if index == 0 { Position::Leaf } else { Position::Intermediate(index) };
        let pairs = certificates.iter().zip(certificates.iter().skip(1)).enumerate().take(count);
        pairs
            .map(|(index, (certificate, issuer))| Link { certificate, issuer, position: position(index) })
            .collect()
    }

    fn check_link(&self, link: &Link<'_>, evidence: &Evidence, now: Timestamp) -> Result<Evidence, Error> {
        let ocsp = match self.by_ocsp(link, evidence, now)? {
            Ok(used) => return Ok(used),
            Err(fault) => fault.or_else(|| evidence.failure(link.certificate, Source::Ocsp)),
        };
        let crl = match self.by_crl(link, evidence, now)? {
            Ok(used) => return Ok(used),
            Err(fault) => fault.or_else(|| evidence.failure(link.certificate, Source::Crl)),
        };
        Err(Error::RevocationUnknown { position: link.position, ocsp, crl })
    }

    /// Outside: revoked. Inside: the response that proves the certificate good, or why none does.
    fn by_ocsp(
        &self,
        link: &Link<'_>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Result<Evidence, Option<StatusFault>>, Error> {
        let mut fault = None;
        for answer in &evidence.ocsp {
            let nonce = answer.nonce.as_deref();
            let checked =
                ocsp::check(&answer.response, link.certificate, link.issuer, nonce, now, &self.freshness);
            match checked.map(|checked| checked.status) {
                Ok(CertificateStatus::Good) => {
                    return Ok(Ok(Evidence { ocsp: vec![answer.clone()], ..Evidence::default() }));
                }
                Ok(CertificateStatus::Revoked { at, reason }) => return Err(link.revoked(at, reason)),
                Ok(CertificateStatus::NotIssued) => {
                    return Err(Error::NotIssued { position: link.position });
                }
                // A response for another certificate of the path is no fault of this one's.
                Err(OcspError::WrongCertId | OcspError::WrongResponderId) if fault.is_some() => {}
                Err(why) => fault = Some(StatusFault::Ocsp(why)),
            }
        }
        Ok(Err(fault))
    }

    /// The same with lists.
    fn by_crl(
        &self,
        link: &Link<'_>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Result<Evidence, Option<StatusFault>>, Error> {
        let mut fault = None;
        for der in &evidence.crls {
            let list = match CertificateList::from_der(der) {
                Ok(list) => list,
                Err(why) => {
                    fault = Some(StatusFault::Malformed(why));
                    continue;
                }
            };
            let entry = list
                .check(link.issuer, now, self.freshness.clock_skew)
                .and_then(|()| list.find(link.certificate));
            match entry {
                Ok(None) => {
                    return Ok(Ok(Evidence { crls: vec![der.clone()], ..Evidence::default() }));
                }
                Ok(Some(entry)) => return Err(link.revoked(entry.revoked_at, entry.reason)),
                // A list of another issuer of the path is no fault of this one's.
                Err(CrlError::WrongIssuer) if fault.is_some() => {}
                Err(why) => fault = Some(StatusFault::Crl(why)),
            }
        }
        Ok(Err(fault))
    }
}

/// A certificate of a path with its issuer.
struct Link<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    position: Position,
}

impl Link<'_> {
    fn revoked(&self, at: Timestamp, reason: countersign_pki::crl::Reason) -> Error {
        Error::Revoked { position: self.position, at, reason }
    }
}

/// Asks the responders that a certificate names, until one answers.
async fn fetch_ocsp(http: &Http, link: &Link<'_>, rng: &mut impl CryptoRng) -> Evidence {
    let mut evidence = Evidence::default();
    for url in link.certificate.ocsp_urls().iter().take(ADDRESSES_MAX) {
        let mut nonce = [0; OCSP_NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        // SHA-1 names the issuer, nothing more, and is what every responder knows.
        let answer = match ocsp_request(link.certificate, link.issuer, CertIdHash::Sha1, &nonce) {
            Ok(request) => http.ocsp(url, request).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match answer {
            Ok(response) => return evidence.with_ocsp(response, Some(nonce.to_vec())),
            Err(why) => evidence.failed.push((link.certificate.clone(), Source::Ocsp, why)),
        }
    }
    evidence
}

/// Fetches the list that a certificate names.
async fn fetch_crls(http: &Http, link: &Link<'_>) -> Evidence {
    let mut evidence = Evidence::default();
    for url in link.certificate.crl_urls().iter().take(ADDRESSES_MAX) {
        match http.crl(url).await {
            Ok(list) => return evidence.with_crl(list),
            Err(error) => {
                evidence.failed.push((link.certificate.clone(), Source::Crl, error.to_string()));
            }
        }
    }
    evidence
}
