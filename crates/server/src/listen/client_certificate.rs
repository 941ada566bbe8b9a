//! Certificates that clients show in the handshake.
//!
//! What is checked here is that the client has the private key: the signature of the handshake. Whom the certificate
//! belongs to and who vouches for it is checked where it matters, by [`countersign_pki::path`], since that depends on what
//! it is used for: a partner's is known by its hash, a person's by its issuer.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, ServerConnection, SignatureScheme};

use super::Error;
use crate::peer::ClientCertificate;

/// The same settings, asking for a client certificate.
pub(super) fn asked_for(tls: &ServerConfig) -> Result<Arc<ServerConfig>, Error> {
    let provider = Arc::clone(tls.crypto_provider());
    let verifier = Arc::new(Possession { provider: Arc::clone(&provider) });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(&tls.cert_resolver));
    config.alpn_protocols.clone_from(&tls.alpn_protocols);
    Ok(Arc::new(config))
}

/// What the client showed.
pub(super) fn shown(connection: &ServerConnection) -> Option<ClientCertificate> {
    connection.peer_certificates()?.first().map(|certificate| ClientCertificate::new(certificate))
}

/// Proves that the client has the key, and nothing else.
#[derive(Debug)]
struct Possession {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for Possession {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // No hints: any of the client's certificates may be shown.
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
