//! Calls that are not the relying party API: the operator's API, and the trust files of a development server. Every
//! answer is bounded in size and time, and no redirect is followed.

use std::sync::Arc;
use std::time::Duration;

use countersign_client::wire::admin::right::ProposalEntry;
use countersign_pki::Certificate;
pub(crate) use reqwest::Method;
use reqwest::{Client, RequestBuilder};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::Error;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Connections.
pub(crate) struct Http(Client);

impl Http {
    /// Trusts `roots` for TLS, or the operating system's when there are none.
    pub(crate) fn new(roots: &[Certificate]) -> Result<Self, Error> {
        let fault = |error: &dyn std::error::Error| Error::Connections(causes(error));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| fault(&error))?;
        let tls = if roots.is_empty() {
            builder.with_platform_verifier().map_err(|error| fault(&error))?.with_no_client_auth()
        } else {
            let mut store = RootCertStore::empty();
            for root in roots {
                store.add(CertificateDer::from(root.as_der().to_vec())).map_err(|error| fault(&error))?;
            }
            builder.with_root_certificates(store).with_no_client_auth()
        };
        Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Self)
            .map_err(|error| fault(&error))
    }

    /// Fetches at most `limit` bytes.
    pub(crate) async fn get(&self, what: &'static str, url: &Url, limit: usize) -> Result<Vec<u8>, Error> {
        answer(what, url, self.0.get(url.clone()), limit).await
    }

    /// A call with a bearer key, JSON in both directions. A refusal is told in the words of the service.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        what: &'static str,
        method: Method,
        url: &Url,
        key: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Error> {
        let failed = |why: String| Error::Call { what, url: url.to_string(), why };
        let mut request = self.0.request(method, url.clone()).bearer_auth(key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| failed(causes(&error.without_url())))?;
        let status = answer.status();
        let body = read(what, url, answer, LARGEST_ANSWER).await?;
        if status == reqwest::StatusCode::OK {
            let unreadable = |error: serde_json::Error| Error::UnreadableAnswer {
                url: url.to_string(),
                why: format!("{:?} error at column {}", error.classify(), error.column()),
            };
            return serde_json::from_slice(&body).map_err(unreadable);
        }
        if status == reqwest::StatusCode::ACCEPTED
            && let Ok(ProposalEntry { act, proposal, expires, .. }) = serde_json::from_slice(&body)
        {
            let (act, proposal) = (act.to_string(), proposal.to_string());
            return Err(Error::Proposed { act, proposal, expires: expires.to_string() });
        }
        Err(match serde_json::from_slice::<Refusal>(&body) {
            Ok(Refusal { detail, errors }) => {
                let parts = errors.into_iter().filter_map(|entry| entry.detail);
                let why = std::iter::once(detail).chain(parts).collect::<Vec<_>>().join("; ");
                Error::Refused { status: status.as_u16(), why }
            }
            Err(_) => failed(format!("expected HTTP status 200, got {}", status.as_u16())),
        })
    }
}

/// The longest answer of the service to an operator, in octets.
const LARGEST_ANSWER: usize = 1 << 20;

/// What is read of a problem [RFC 9457].
#[derive(Deserialize)]
struct Refusal {
    detail: String,
    #[serde(default)]
    errors: Vec<RefusalEntry>,
}

#[derive(Deserialize)]
struct RefusalEntry {
    detail: Option<String>,
}

async fn answer(
    what: &'static str,
    url: &Url,
    request: RequestBuilder,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let failed = |why: String| Error::Call { what, url: url.to_string(), why };
    let lost = |error: reqwest::Error| failed(causes(&error.without_url()));
    let answer = request.send().await.map_err(lost)?;
    if answer.status() != reqwest::StatusCode::OK {
        return Err(failed(format!("expected HTTP status 200, got {}", answer.status().as_u16())));
    }
    read(what, url, answer, limit).await
}

/// The body, if it is not longer than `limit`.
async fn read(
    what: &'static str,
    url: &Url,
    mut answer: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, Error> {
    let failed = |why: String| Error::Call { what, url: url.to_string(), why };
    let lost = |error: reqwest::Error| failed(causes(&error.without_url()));
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(lost)? {
        if body.len() + piece.len() > limit {
            return Err(failed(format!("expected at most {limit} bytes, got more")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The error and its causes: the last of them is what helps ("Connection refused").
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
