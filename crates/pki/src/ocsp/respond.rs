//! The responder: from a request, and what is known about the certificates, to a signed answer.
//!
//! A pure function in two halves, so that a server can look statuses up in between:
//!
//! ```text
//! Responder::plan(request)  ->  Plan { queries }  --(database)-->  Plan::answer(statuses, now)  ->  bytes
//! ```
//!
//! "Good" is said only of what the caller says was issued and is not revoked; there is no way to get it
//! from an empty revocation list.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::request::OcspRequest;
use super::response::{
    BasicOcspResponse, CertStatus, ResponderId, ResponseData, ResponseStatus, SingleResponse,
};
use super::{CertId, IssuerHashes};
use crate::crl::Reason;
use crate::{Certificate, Error, SerialNumber, Signer};

/// Answers for the certificates of one or several issuers.
pub struct Responder {
    authorities: Vec<Authority>,
}

/// One issuer that a [`Responder`] answers for, and the keys it answers with.
pub struct Authority {
    issuer: IssuerHashes,
    /// In the order in which they are tried.
    keys: Vec<ResponderKey>,
}

/// A key that answers for an issuer, and its certificate.
struct ResponderKey {
    responder_id: ResponderId,
    certificate: Certificate,
    signer: Arc<dyn Signer>,
}

impl Authority {
    /// Answers for `issuer` with `signer`, whose certificate `certificate` is: one that `issuer` issued
    /// with the extended key usage OCSPSigning, or `issuer` itself.
    ///
    /// # Errors
    /// When the signer's key is not the certificate's, or no client would accept it as responder.
    pub fn new(
        issuer: &Certificate,
        certificate: &Certificate,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, Error> {
        let key = ResponderKey::new(issuer, certificate, signer)?;
        Ok(Self { issuer: IssuerHashes::of(issuer), keys: vec![key] })
    }

    /// An issuer that nobody can answer for yet: its certificates are recognized, and answering fails until there is a
    /// key. So others can be answered for meanwhile.
    pub fn without_key(issuer: &Certificate) -> Self {
        Self { issuer: IssuerHashes::of(issuer), keys: Vec::new() }
    }

    /// The same with one more key, which answers when those before it cannot: their certificate is not valid, or their
    /// device is away. This is how one responder certificate follows another without a gap.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn or(
        mut self,
        issuer: &Certificate,
        certificate: &Certificate,
        signer: Arc<dyn Signer>,
    ) -> Result<Self, Error> {
        self.keys.push(ResponderKey::new(issuer, certificate, signer)?);
        Ok(self)
    }
}

impl ResponderKey {
    fn new(issuer: &Certificate, certificate: &Certificate, signer: Arc<dyn Signer>) -> Result<Self, Error> {
        if signer.public_key() != certificate.public_key() {
            return Err(Error::malformed("responder", "the signer's key is not the certificate's"));
        }
        if certificate.as_der() != issuer.as_der() {
            super::check::authorized(certificate, issuer)
                .map_err(|_| Error::malformed("responder certificate", "it is no delegate of the issuer"))?;
        }
        Ok(Self { responder_id: ResponderId::by_key(certificate)?, certificate: certificate.clone(), signer })
    }
}

/// What the caller knows about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Issued, and not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Its issuer is ours, but never issued it. Answered as revoked with extended-revoke [RFC 6960 §2.2].
    NotIssued,
    /// Nothing can be said: the issuer is not (or no longer) served. Answered as unknown.
    UnknownIssuer,
}

/// What an answer says about its own age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Freshness {
    /// How long the answer may be used. None for one made on the spot, which says nothing about later.
    pub next_update: Option<SignedDuration>,
    /// Since when answers for expired certificates are kept, such as the CA's `notBefore`.
    pub archive_cutoff: Option<Timestamp>,
}

/// One certificate whose status must be known before the answer can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The issuer: its place in the list given to [`Responder::new`].
    pub authority: usize,
    /// The certificate's serial number.
    pub serial: SerialNumber,
}

/// A request that was read, waiting for statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    request: OcspRequest,
    authority: usize,
    /// For each certificate asked about: whether the chosen authority issues such.
    ours: Vec<bool>,
    queries: Vec<Query>,
}

impl Plan {
    /// The certificates to look up. Several entries may name the same one.
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// The issuer that is answered for: its place in the list given to [`Responder::new`].
    pub fn authority(&self) -> usize {
        self.authority
    }

    /// Whether the answer is for this client only, and so must be made fresh and never cached.
    pub fn has_nonce(&self) -> bool {
        self.request.nonce().is_some()
    }
}

impl Responder {
    /// A responder for these issuers.
    pub fn new(authorities: Vec<Authority>) -> Self {
        Self { authorities }
    }

    /// Reads a request and says which certificates must be looked up.
    ///
    /// One response has one signer, and a client accepts it only for the issuer that delegated to that
    /// signer. So the first certificate with a known issuer decides, and certificates of other issuers in
    /// the same request, ours or not, are answered as unknown.
    ///
    /// # Errors
    /// [`ResponseStatus::MalformedRequest`], or [`ResponseStatus::Unauthorized`] when no issuer is known:
    /// send [`ResponseStatus::to_der`].
    pub fn plan(&self, request: &[u8]) -> Result<Plan, ResponseStatus> {
        let request = OcspRequest::from_der(request).map_err(|_| ResponseStatus::MalformedRequest)?;
        let issued_by = |authority: &Authority, id: &CertId| id.is_issued_by(&authority.issuer);
        let authority = request
            .cert_ids()
            .iter()
            .find_map(|id| self.authorities.iter().position(|authority| issued_by(authority, id)))
            .ok_or(ResponseStatus::Unauthorized)?;
        let mut ours = Vec::with_capacity(request.cert_ids().len());
        let mut queries = Vec::new();
        for id in request.cert_ids() {
            let is_ours = issued_by(&self.authorities[authority], id);
            ours.push(is_ours);
            if is_ours {
                let serial = id.serial().map_err(|_| ResponseStatus::MalformedRequest)?;
                queries.push(Query { authority, serial });
            }
        }
        Ok(Plan { request, authority, ours, queries })
    }

    /// Answers a plan of this responder. `statuses` belong to [`Plan::queries`], one each, in order.
    ///
    /// Failures become [`ResponseStatus::InternalError`]; [`try_answer`](Self::try_answer) names them.
    pub fn answer(&self, plan: &Plan, statuses: &[Status], now: Timestamp, freshness: &Freshness) -> Vec<u8> {
        match self.try_answer(plan, statuses, now, freshness) {
            Ok(response) => response.into_der(),
            Err(_) => ResponseStatus::InternalError.to_der(),
        }
    }

    /// Like [`answer`](Self::answer), for callers that report failures.
    ///
    /// # Errors
    /// Those of the signer, [`Error::Mismatch`] when the number of statuses is wrong,
    /// [`Error::Malformed`] when no responder certificate is valid at `now`, and [`Error::Missing`] when there is none.
    pub fn try_answer(
        &self,
        plan: &Plan,
        statuses: &[Status],
        now: Timestamp,
        freshness: &Freshness,
    ) -> Result<BasicOcspResponse, Error> {
        let authority = self
            .authorities
            .get(plan.authority)
            .ok_or_else(|| Error::malformed("plan", "it was made by another responder"))?;
        let expected = plan.queries.len();
        if statuses.len() != expected {
            return Err(Error::Mismatch {
                what: "number of statuses",
                expected: expected.to_string(),
                found: statuses.len().to_string(),
            });
        }
        let next_update = match freshness.next_update {
            Some(period) => Some(now.checked_add(period).map_err(|_| Error::TimeOutOfRange {
                what: "nextUpdate",
                first: 1970,
                last: 9999,
            })?),
            None => None,
        };
        let mut statuses = statuses.iter();
        let mut responses = plan
            .request
            .cert_ids()
            .iter()
            .zip(&plan.ours)
            .map(|(id, ours)| {
                // The lengths were compared above; running short would mean "unknown", never "good".
                let known = if *ours { statuses.next() } else { None };
                let status = match known.copied().unwrap_or(Status::UnknownIssuer) {
                    Status::Good => CertStatus::GOOD,
                    Status::Revoked { at, reason } => CertStatus::revoked(at, reason)?,
                    Status::NotIssued => CertStatus::not_issued()?,
                    Status::UnknownIssuer => CertStatus::UNKNOWN,
                };
                SingleResponse::new(id.clone(), status, now, next_update, freshness.archive_cutoff)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut keys = authority.keys.iter().filter(|key| key.certificate.is_valid_at(now)).peekable();
        let mut failed = None;
        while let Some(key) = keys.next() {
            // Kept for the next key only where there is one.
            let responses =
                if keys.peek().is_some() { responses.clone() } else { std::mem::take(&mut responses) };
            let data = ResponseData::new(key.responder_id.clone(), now, responses, plan.request.nonce())?;
            match BasicOcspResponse::sign(data, key.signer.as_ref(), &[key.certificate.as_der()]) {
                Ok(response) => return Ok(response),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| match authority.keys.is_empty() {
            true => Error::Missing { what: "responder certificate" },
            false => Error::malformed("responder certificate", "it is not valid at this time"),
        }))
    }

    /// Whether answering this plan waits for a device.
    pub fn is_remote(&self, plan: &Plan) -> bool {
        let authority = self.authorities.get(plan.authority);
        authority.is_some_and(|authority| authority.keys.iter().any(|key| key.signer.is_remote()))
    }

    /// Both halves in one, for callers that have every status at hand.
    pub fn respond(
        &self,
        request: &[u8],
        statuses: impl Fn(&Query) -> Status,
        now: Timestamp,
        freshness: &Freshness,
    ) -> Vec<u8> {
        match self.plan(request) {
            Ok(plan) => {
                let statuses: Vec<Status> = plan.queries().iter().map(statuses).collect();
                self.answer(&plan, &statuses, now, freshness)
            }
            Err(status) => status.to_der(),
        }
    }
}
