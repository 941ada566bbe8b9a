//! Whom the client trusts over TLS: roots and, if the relying party pins the service, its keys.
//!
//! The service asks relying parties to pin its key. A pin is checked besides the chain and the host name, never in
//! their place: SHA-256 over the SubjectPublicKeyInfo of the server's certificate, as in RFC 7469 section 2.4.

use std::sync::Arc;

use countersign_pki::Digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::Error;

/// Which roots vouch for the service.
#[derive(Debug, Clone, Default)]
pub(crate) enum Roots {
    /// Those of the operating system.
    #[default]
    System,
    /// These (DER), and no others.
    Only(Vec<Vec<u8>>),
}

/// A configuration with these roots and pins; no pins = any key will do.
pub(crate) fn configuration(roots: &Roots, pins: &[[u8; 32]]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let fault = |error: rustls::Error| Error::Setting { setting: "TLS", why: error.to_string() };
    let inner = verifier(roots, &provider)?;
    let verifier: Arc<dyn ServerCertVerifier> = match pins {
        [] => inner,
        pins => Arc::new(Pinned { inner, pins: pins.to_vec() }),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fault)?
        .dangerous() // not so here: the verifier is a whole one, with pins on top
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(roots: &Roots, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let list = match roots {
        Roots::System => {
            return Ok(match rustls_platform_verifier::Verifier::new(provider.clone()) {
                Ok(verifier) => Arc::new(verifier),
                // A machine without roots can still talk to one without TLS.
                Err(error) => Arc::new(NoRoots { why: error.to_string(), provider: provider.clone() }),
            });
        }
        Roots::Only(list) if list.is_empty() => {
            let why = "no roots are trusted".to_owned();
            return Ok(Arc::new(NoRoots { why, provider: provider.clone() }));
        }
        Roots::Only(list) => list,
    };
    let fault = |why: String| Error::Setting { setting: "TLS roots", why };
    let mut store = RootCertStore::empty();
    for der in list {
        store
            .add(CertificateDer::from(der.clone()))
            .map_err(|error| fault(format!("one cannot be used: {error}")))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(|error| fault(error.to_string()))?;
    Ok(verifier)
}

/// Trusts no server, and says why.
#[derive(Debug)]
struct NoRoots {
    why: String,
    provider: Arc<CryptoProvider>,
}

impl NoRoots {
    fn refusal<T>(&self) -> Result<T, rustls::Error> {
        Err(rustls::Error::General(self.why.clone()))
    }
}

impl ServerCertVerifier for NoRoots {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.refusal()
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.refusal()
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.refusal()
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// The usual checks, and then the pins.
#[derive(Debug)]
struct Pinned {
    inner: Arc<dyn ServerCertVerifier>,
    pins: Vec<[u8; 32]>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified =
            self.inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)?;
        let spki = ParsedCertificate::try_from(end_entity)?.subject_public_key_info();
        let found = Digest::Sha256.of(spki.as_ref());
        if self.pins.iter().any(|pin| pin[..] == found[..]) {
            Ok(verified)
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
