//! The relying party's side of the API v3: start sessions, show links and QR codes, check every answer.
//!
//! | Module | What |
//! |---|---|
//! | [`client`] | calls to the service |
//! | [`request`] | what to ask for |
//! | [`session`] | a started session: a value to keep until the result is in |
//! | [`qr`] | QR codes as SVG, PNG and text |
//! | [`callback`] | the way back on the same device |
//! | [`verify`] | the checks of results, with trust, policies, identity and revocation |
//! | [`checklist`] | the same checks as a list for people |
//! | [`evidence`] | time-stamps and OCSP answers for signatures that are kept |
//! | [`registrant`] | a layer for services that take registrant tokens |
//! | [`long_term`] | signatures brought to level T, LT and LTA by them |
//! | [`observe`] | every request and answer, as it travelled |
//!
//! The crate keeps no state: no background task, no cache, no session behind a lock. A result is only worth what its
//! check says, so the certificate, the signature and the person are reached through a verifier alone.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use countersign_client::verify::certificate::TrustStore;
//! use countersign_client::{Authentication, AuthenticationVerifier, Client, Error, Rules, SystemRandom};
//! use countersign_client::wire::acsp::SchemeName;
//! use countersign_client::wire::endpoint::Recipient;
//! use countersign_client::wire::id::{DocumentNumber, RelyingPartyUuid};
//! use jiff::Timestamp;
//!
//! # async fn login(now: Timestamp, trust_pem: &str) -> Result<(), Error> {
//! let relying_party = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000")?;
//! let client = Client::builder("http://127.0.0.1:8080/smart-id-rp/v3", relying_party, "DEMO")
//!     .scheme(SchemeName::DEMO)
//!     .build()?;
//! let document = Recipient::Document(DocumentNumber::parse("PNOEE-40504040001-DEM0-Q")?);
//! let wanted = Authentication::with_text("Log in to the example?");
//! let session = client.authenticate_by_notification(&document, &wanted, now, &mut SystemRandom).await?;
//! // Show session.verification_code() while the person looks at the phone.
//! let status = client.wait(session.session_id, Duration::from_secs(120)).await?;
//! let verifier = AuthenticationVerifier::new(Rules::new(TrustStore::from_pem(trust_pem)?));
//! let who = client
//!     .verify_authentication(&verifier, &session, &status, None, now, &mut SystemRandom)
//!     .await?;
//! assert_eq!(who.document.as_str(), "PNOEE-40504040001-DEM0-Q");
//! # Ok(())
//! # }
//! ```

pub mod callback;
mod check;
pub mod checklist;
pub mod client;
pub mod error;
pub mod evidence;
mod http;
pub mod long_term;
pub mod observe;
pub mod qr;
mod randomness;
pub mod registrant;
pub mod request;
pub mod session;
mod shown;
mod tls;
pub mod verify;

pub use countersign_pki as pki;
pub use countersign_wire as wire;

pub use callback::{CheckedCallback, check_callback};
pub use client::{Client, ClientBuilder};
pub use error::{Ending, Error};
pub use evidence::StatusClient;
pub use long_term::LongTerm;
pub use observe::Exchange;
pub use qr::QrCode;
pub use randomness::SystemRandom;
pub use request::{Authentication, Signing};
pub use session::StartedSession;
pub use shown::Shown;
pub use verify::{
    Authenticated, AuthenticationVerifier, CertificateChoiceVerifier, ChosenCertificate, Rules,
    SignatureVerifier, Signed,
};
