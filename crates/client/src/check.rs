//! Checks of results with the status of certificates fetched on the way: OCSP, and lists where that gives no answer.
//!
//! Nothing is fetched for a result that fails another check: addresses come from certificates, so a certificate must
//! be trusted before its addresses are called.

use countersign_wire::id::DocumentNumber;
use countersign_wire::session::{CertificateResponse, SessionStatus};
use countersign_wire::words::RequestedLevel;
use jiff::Timestamp;
use rand_core::CryptoRng;

use crate::Error;
use crate::callback::CheckedCallback;
use crate::client::Client;
use crate::session::StartedSession;
use crate::verify::{
    Authenticated, AuthenticationVerifier, CertificateChoiceVerifier, ChosenCertificate, SignatureVerifier,
    Signed,
};

impl Client {
    /// [`AuthenticationVerifier::verify`] with evidence fetched. `rng` makes the nonces.
    ///
    /// # Errors
    /// As there.
    pub async fn verify_authentication(
        &self,
        verifier: &AuthenticationVerifier,
        session: &StartedSession,
        status: &SessionStatus,
        callback: Option<&CheckedCallback>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Authenticated, Error> {
        let mut authenticated = verifier.examine(session, status, callback, now)?;
        let path = &authenticated.path;
        authenticated.evidence = verifier.rules().fetch_and_check(&self.http, path, now, rng).await?;
        Ok(authenticated)
    }

    /// [`SignatureVerifier::verify`] with evidence fetched. `rng` makes the nonces.
    ///
    /// # Errors
    /// As there.
    pub async fn verify_signature(
        &self,
        verifier: &SignatureVerifier,
        session: &StartedSession,
        status: &SessionStatus,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<Signed, Error> {
        let mut signed = verifier.examine(session, status, now)?;
        signed.evidence = verifier.rules().fetch_and_check(&self.http, &signed.path, now, rng).await?;
        Ok(signed)
    }

    /// [`CertificateChoiceVerifier::verify`] with evidence fetched. `rng` makes the nonces.
    ///
    /// # Errors
    /// As there.
    pub async fn verify_certificate_choice(
        &self,
        verifier: &CertificateChoiceVerifier,
        session: &StartedSession,
        status: &SessionStatus,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<ChosenCertificate, Error> {
        let mut chosen = verifier.examine(session, status, now)?;
        chosen.evidence = verifier.rules().fetch_and_check(&self.http, &chosen.path, now, rng).await?;
        Ok(chosen)
    }

    /// [`CertificateChoiceVerifier::verify_certificate`] with evidence fetched. `rng` makes the nonces.
    ///
    /// # Errors
    /// As there.
    pub async fn verify_certificate(
        &self,
        verifier: &CertificateChoiceVerifier,
        response: &CertificateResponse,
        document: &DocumentNumber,
        level: RequestedLevel,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<ChosenCertificate, Error> {
        let mut chosen = verifier.examine_certificate(response, document, level, now)?;
        chosen.evidence = verifier.rules().fetch_and_check(&self.http, &chosen.path, now, rng).await?;
        Ok(chosen)
    }
}
