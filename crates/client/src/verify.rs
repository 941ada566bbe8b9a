//! Checks of results: does this answer prove what was asked, of whom it was asked?
//!
//! The order is that of the checks in existing clients (5.7): form of the answer, algorithm, certificate level, path,
//! purpose, signature, identity; then what those leave to the application: identity against the person asked, the
//! flow against the flows offered, revocation of leaf and intermediates. Each fault has its own error.
//!
//! Checks are functions of values: nothing here reads a clock or a socket. [`Client`](crate::Client) has the same
//! checks with certificate status fetched on the way.

pub mod certificate;
pub mod identity;
pub mod revocation;
mod status;

use countersign_pki::ocsp;
use countersign_pki::path::Path;
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use countersign_wire::acsp::{AcspPayload, ServerRandom, callback_field};
use countersign_wire::callback::UserChallenge;
use countersign_wire::endpoint::Operation;
use countersign_wire::id::DocumentNumber;
use countersign_wire::session::{CertificateResponse, SessionStatus};
use countersign_wire::start::{Asked, SignatureScheme};
use countersign_wire::words::{
    CertificateLevel, FlowType, InteractionType, RequestedLevel, SignatureProtocol,
};
use jiff::Timestamp;

use crate::callback::CheckedCallback;
use crate::session::StartedSession;
use crate::{Error, Shown};
use certificate::{Policies, TrustStore, Use};
use identity::Identity;
use revocation::{Evidence, Revocation};

/// Whom and what to trust: the same for the three verifiers.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Anchors and intermediates.
    pub trust: TrustStore,
    /// Policies that certificates must have; those of Smart-ID compatible services unless set.
    pub policies: Policies,
    /// Whose revocation is checked; everyone's below the anchor unless set.
    pub revocation: Revocation,
    /// How fresh an OCSP response must be, and how far clocks may differ; 15 minutes and 1 minute unless set.
    pub freshness: ocsp::Policy,
}

impl Rules {
    /// The defaults with these anchors.
    pub fn new(trust: TrustStore) -> Self {
        Self {
            trust,
            policies: Policies::default(),
            revocation: Revocation::default(),
            freshness: ocsp::Policy::fetched(),
        }
    }
}

/// Checks results of authentication sessions.
#[derive(Debug, Clone)]
pub struct AuthenticationVerifier {
    rules: Rules,
}

/// Checks results of signature sessions.
#[derive(Debug, Clone)]
pub struct SignatureVerifier {
    rules: Rules,
    expected: Option<Certificate>,
}

/// Checks results of certificate choices, and answers to requests for signing certificates.
#[derive(Debug, Clone)]
pub struct CertificateChoiceVerifier {
    rules: Rules,
}

/// Who authenticated, proven.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The person.
    pub identity: Identity,
    /// The account that was used.
    pub document: DocumentNumber,
    /// The level of the certificate.
    pub level: CertificateLevel,
    /// The way that the person took.
    pub flow: FlowType,
    /// What the person saw.
    pub interaction: InteractionType,
    /// The certificate's path, leaf first, anchor last.
    pub path: Path,
    /// What was signed, for the record: the ACSP_V2 payload.
    pub payload: Vec<u8>,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// How it was made.
    pub scheme: SignatureScheme,
    /// The address of the person's device, when asked for, permitted and recorded.
    pub device_ip_address: Option<String>,
    /// What proved that no certificate is revoked; empty when that was not checked.
    pub evidence: Evidence,
}

/// Who signed, proven, with the signature.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The person.
    pub identity: Identity,
    /// The account that was used.
    pub document: DocumentNumber,
    /// The level of the certificate.
    pub level: CertificateLevel,
    /// The way that the person took.
    pub flow: FlowType,
    /// What the person saw.
    pub interaction: InteractionType,
    /// The certificate's path, leaf first, anchor last.
    pub path: Path,
    /// The signature over the digest of the request.
    pub signature: Vec<u8>,
    /// How it was made.
    pub scheme: SignatureScheme,
    /// The address of the person's device, when asked for, permitted and recorded.
    pub device_ip_address: Option<String>,
    /// What proved that no certificate is revoked; empty when that was not checked.
    pub evidence: Evidence,
}

/// A signing certificate, checked. Nothing is signed yet.
#[derive(Debug, Clone)]
pub struct ChosenCertificate {
    /// The person.
    pub identity: Identity,
    /// The account.
    pub document: DocumentNumber,
    /// The level of the certificate.
    pub level: CertificateLevel,
    /// The way that the person took; `None` when there was no session, or the service does not say.
    pub flow: Option<FlowType>,
    /// The certificate's path, leaf first, anchor last.
    pub path: Path,
    /// What proved that no certificate is revoked; empty when that was not checked.
    pub evidence: Evidence,
}

impl Authenticated {
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        self.path.leaf()
    }
}

impl Signed {
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        self.path.leaf()
    }
}

impl ChosenCertificate {
    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        self.path.leaf()
    }
}

impl AuthenticationVerifier {
    /// With these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// Its rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Checks a result. `callback` is needed if the person came by a same-device link. `evidence` tells how the
    /// certificates stand, unless [`Rules::revocation`] says not to ask.
    ///
    /// # Errors
    /// [`Error::Ended`] when the session ended without success; one error for every other fault.
    pub fn verify(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        callback: Option<&CheckedCallback>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Authenticated, Error> {
        let mut authenticated = self.examine(session, status, callback, now)?;
        authenticated.evidence = self.rules.check_revocation(&authenticated.path, evidence, now)?;
        Ok(authenticated)
    }

    /// Everything but revocation.
    pub(crate) fn examine(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        callback: Option<&CheckedCallback>,
        now: Timestamp,
    ) -> Result<Authenticated, Error> {
        let request = &session.request;
        let Asked::Authenticate { rp_challenge, signature: scheme, interactions } = &request.asked else {
            let found = session.operation();
            return Err(Error::WrongOperation { expected: Operation::Authenticate, found });
        };
        let document = status::document(status)?;
        status::protocol(status, SignatureProtocol::AcspV2)?;
        let signature = status::signature(status)?;
        let value = status::value(signature)?;
        let server_random =
            status::text(signature.server_random.as_ref(), "signature.serverRandom", |text| {
                ServerRandom::parse(text).ok()
            })?;
        let user_challenge =
            status::text(signature.user_challenge.as_ref(), "signature.userChallenge", |text| {
                UserChallenge::parse(text).ok()
            })?;
        let flow = status::flow(signature, session)?;
        status::algorithm(signature, *scheme)?;
        let (certificate, level) = status::certificate(status)?;
        let interaction = status::interaction(status, interactions)?;
        match flow {
            FlowType::Web2App | FlowType::App2App => {
                let callback = callback.ok_or(Error::CallbackNeeded(flow))?;
                callback.check_session(session)?;
                callback.check_user_challenge(&user_challenge)?;
            }
            FlowType::Qr | FlowType::Notification => {}
        }
        level_suffices(request.certificate_level, level)?;
        let path = self.rules.trust.path(&certificate, now)?;
        self.rules.policies.check(&certificate, level, Use::Authentication)?;
        let payload = AcspPayload {
            scheme: &session.scheme,
            server_random: server_random.as_str(),
            rp_challenge: rp_challenge.as_str(),
            user_challenge: &user_challenge,
            relying_party_name: &request.relying_party_name,
            brokered_rp_name: &session.brokered_rp_name,
            interactions: interactions.as_str(),
            interaction_type_used: interaction,
            initial_callback_url: callback_field(flow, session.callback_url()),
            flow_type: flow,
        }
        .to_bytes();
        let digest = scheme.hash().digest(&payload);
        verify_digest(&certificate, *scheme, &digest, &value)?;
        let identity = Identity::of(&certificate)?;
        identity::check(&identity, &certificate, &document, session)?;
        Ok(Authenticated {
            identity,
            document,
            level,
            flow,
            interaction,
            path,
            payload,
            signature: value,
            scheme: *scheme,
            device_ip_address: status.device_ip_address.clone(),
            evidence: Evidence::default(),
        })
    }
}

impl SignatureVerifier {
    /// With these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, expected: None }
    }

    /// Demands that this very certificate signed. A signature format that names the signer's certificate in what is
    /// signed (XAdES, CAdES) is worthless under another one.
    pub fn expecting(self, certificate: &Certificate) -> Self {
        Self { expected: Some(certificate.clone()), ..self }
    }

    /// Its rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Checks a result. `evidence` tells how the certificates stand, unless [`Rules::revocation`] says not to ask.
    ///
    /// After a same-device link the callback is checked apart, by [`check_callback`](crate::check_callback): nothing in
    /// a signature over a digest depends on it.
    ///
    /// # Errors
    /// [`Error::Ended`] when the session ended without success; one error for every other fault.
    pub fn verify(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Signed, Error> {
        let mut signed = self.examine(session, status, now)?;
        signed.evidence = self.rules.check_revocation(&signed.path, evidence, now)?;
        Ok(signed)
    }

    /// Everything but revocation.
    pub(crate) fn examine(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        now: Timestamp,
    ) -> Result<Signed, Error> {
        let request = &session.request;
        let Asked::Sign { digest, signature: scheme, interactions } = &request.asked else {
            return Err(Error::WrongOperation { expected: Operation::Sign, found: session.operation() });
        };
        let document = status::document(status)?;
        let interaction = status::interaction(status, interactions)?;
        status::protocol(status, SignatureProtocol::RawDigestSignature)?;
        let signature = status::signature(status)?;
        let value = status::value(signature)?;
        let flow = status::flow(signature, session)?;
        status::algorithm(signature, *scheme)?;
        let (certificate, level) = status::certificate(status)?;
        if self.expected.as_ref().is_some_and(|expected| *expected != certificate) {
            return Err(Error::AnotherCertificate);
        }
        level_suffices(request.certificate_level, level)?;
        let path = self.rules.trust.path(&certificate, now)?;
        self.rules.policies.check(&certificate, level, Use::Signature(request.certificate_level))?;
        // The digest is the message hash itself: it is not hashed again (5.3).
        verify_digest(&certificate, *scheme, &digest.to_bytes(), &value)?;
        let identity = Identity::of(&certificate)?;
        identity::check(&identity, &certificate, &document, session)?;
        Ok(Signed {
            identity,
            document,
            level,
            flow,
            interaction,
            path,
            signature: value,
            scheme: *scheme,
            device_ip_address: status.device_ip_address.clone(),
            evidence: Evidence::default(),
        })
    }
}

impl CertificateChoiceVerifier {
    /// With these rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules }
    }

    /// Its rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Checks the result of a certificate choice.
    ///
    /// # Errors
    /// [`Error::Ended`] when the session ended without success; one error for every other fault.
    pub fn verify(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<ChosenCertificate, Error> {
        let mut chosen = self.examine(session, status, now)?;
        chosen.evidence = self.rules.check_revocation(&chosen.path, evidence, now)?;
        Ok(chosen)
    }

    /// Checks the answer to a request for the signing certificate of `document` at `level`.
    ///
    /// # Errors
    /// [`Error::DocumentUnusable`]; one error for every other fault.
    pub fn verify_certificate(
        &self,
        response: &CertificateResponse,
        document: &DocumentNumber,
        level: RequestedLevel,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<ChosenCertificate, Error> {
        let mut chosen = self.examine_certificate(response, document, level, now)?;
        chosen.evidence = self.rules.check_revocation(&chosen.path, evidence, now)?;
        Ok(chosen)
    }

    /// Everything but revocation.
    pub(crate) fn examine(
        &self,
        session: &StartedSession,
        status: &SessionStatus,
        now: Timestamp,
    ) -> Result<ChosenCertificate, Error> {
        if session.operation() != Operation::ChooseCertificate {
            let found = session.operation();
            return Err(Error::WrongOperation { expected: Operation::ChooseCertificate, found });
        }
        let document = status::document(status)?;
        // Older services send no `signature` here at all; where there is one it must hold a way that was offered.
        let flow = status.signature.as_ref().map(|it| status::flow(it, session)).transpose()?;
        let (certificate, level) = status::certificate(status)?;
        let requested = session.request.certificate_level;
        let (path, identity) = self.signing_certificate(&certificate, level, requested, now)?;
        identity::check(&identity, &certificate, &document, session)?;
        Ok(ChosenCertificate { identity, document, level, flow, path, evidence: Evidence::default() })
    }

    /// Everything but revocation.
    pub(crate) fn examine_certificate(
        &self,
        response: &CertificateResponse,
        document: &DocumentNumber,
        requested: RequestedLevel,
        now: Timestamp,
    ) -> Result<ChosenCertificate, Error> {
        let cert = match response {
            CertificateResponse::Ok(cert) => cert,
            CertificateResponse::DocumentUnusable => return Err(Error::DocumentUnusable),
            CertificateResponse::Unknown(word) => return Err(Error::UnknownState(Shown::new(word))),
        };
        let (certificate, level) = status::read_certificate(cert)?;
        let (path, identity) = self.signing_certificate(&certificate, level, requested, now)?;
        identity::check_document(&identity, &certificate, document)?;
        Ok(ChosenCertificate {
            identity,
            document: document.clone(),
            level,
            flow: None,
            path,
            evidence: Evidence::default(),
        })
    }

    fn signing_certificate(
        &self,
        certificate: &Certificate,
        level: CertificateLevel,
        requested: RequestedLevel,
        now: Timestamp,
    ) -> Result<(Path, Identity), Error> {
        level_suffices(requested, level)?;
        let path = self.rules.trust.path(certificate, now)?;
        self.rules.policies.check(certificate, level, Use::Signature(requested))?;
        Ok((path, Identity::of(certificate)?))
    }
}

/// Checks a signature over a digest: of an ACSP_V2 payload, or the digest that was to be signed.
///
/// # Errors
/// [`Error::Signature`].
pub fn verify_digest(
    certificate: &Certificate,
    scheme: SignatureScheme,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    let hash = Digest::by_name(scheme.hash().as_str())
        .ok_or(Error::UnknownWord { member: "hashAlgorithm", found: Shown::new(scheme.hash().as_str()) })?;
    let algorithm = match scheme.is_pss() {
        true => SignatureAlgorithm::RsaPss(hash),
        false => SignatureAlgorithm::RsaPkcs1(hash),
    };
    certificate.public_key().verify_digest(algorithm, digest, signature).map_err(Error::Signature)
}

fn level_suffices(expected: RequestedLevel, found: CertificateLevel) -> Result<(), Error> {
    if expected.accepts(found) { Ok(()) } else { Err(Error::LevelTooLow { expected, found }) }
}
