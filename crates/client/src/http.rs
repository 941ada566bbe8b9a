//! Requests to the service and to sources of certificate status, with every answer bounded in size and time.

use std::sync::Arc;
use std::time::Duration;

use countersign_pki::crl::MAX_CRL_LEN;
use countersign_pki::ocsp::MAX_RESPONSE_LEN;
use countersign_pki::tsp::MAX_TOKEN_LEN;
use countersign_wire::problem::{NO_SUITABLE_ACCOUNT_FOUND, Problem};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::Error;
use crate::error::Service;
use crate::observe::{Exchange, Observer};
use crate::tls::{Roots, configuration};

/// The longest JSON answer that is read, in octets. A status with a certificate has about 6 000.
const JSON_MAX: usize = 256 * 1024;

/// What the connections need to know.
#[derive(Debug, Clone)]
pub(crate) struct What {
    pub(crate) roots: Roots,
    pub(crate) pins: Vec<[u8; 32]>,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) status_origin: Option<String>,
}

impl What {
    /// The times that do for everybody, with these roots.
    pub(crate) fn with_roots(roots: Roots) -> Self {
        Self {
            roots,
            pins: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            status_origin: None,
        }
    }
}

/// Connections, shared by clones.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    api: reqwest::Client,
    /// For OCSP and CRLs: other machines, which no pin of ours is about.
    status: reqwest::Client,
    timeout: Duration,
    status_origin: Option<Arc<url::Url>>,
    observer: Option<Observer>,
}

impl Http {
    pub(crate) fn new(what: What) -> Result<Self, Error> {
        let client = |pins: &[[u8; 32]]| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(configuration(&what.roots, pins)?)
                .connect_timeout(what.connect_timeout)
                // The API never redirects, and a redirect would take the request to a place nobody chose.
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("countersign-client/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| Error::Setting { setting: "HTTP", why: error.to_string() })
        };
        let status_origin = what
            .status_origin
            .as_deref()
            .map(|origin| {
                url::Url::parse(origin)
                    .ok()
                    .filter(|url| url.has_host() && url.path() == "/" && url.query().is_none())
                    .ok_or_else(|| Error::Setting {
                        setting: "status_origin",
                        why: "it is not scheme, host and port alone".to_owned(),
                    })
            })
            .transpose()?
            .map(Arc::new);
        Ok(Self {
            api: client(&what.pins)?,
            status: client(&[])?,
            timeout: what.timeout,
            status_origin,
            observer: None,
        })
    }

    /// The same connections, watched.
    pub(crate) fn observed(&self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self.clone() }
    }

    pub(crate) async fn post_json<T: DeserializeOwned>(&self, url: &str, body: Vec<u8>) -> Result<T, Error> {
        let request = self.api.post(url).header(CONTENT_TYPE, "application/json").body(body);
        self.json(request, self.timeout, Error::AccountNotFound).await
    }

    pub(crate) async fn get_json<T: DeserializeOwned>(&self, url: &str, wait: Duration) -> Result<T, Error> {
        self.json(self.api.get(url), self.timeout.max(wait), Error::SessionNotFound).await
    }

    async fn json<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
        timeout: Duration,
        not_found: Error,
    ) -> Result<T, Error> {
        const SERVICE: Service = Service::RelyingPartyApi;
        let request = request.header(ACCEPT, "application/json").timeout(timeout);
        let (status, body) = self.answer(request, SERVICE, JSON_MAX).await?;
        // The answer that starts a device-link session holds its secret.
        let body = Zeroizing::new(body);
        if status != 200 {
            return Err(refusal(status, &body, not_found));
        }
        serde_json::from_slice(&body)
            .map_err(|error| Error::UnreadableAnswer { service: SERVICE, why: where_it_broke(&error) })
    }

    /// Asks an OCSP responder.
    pub(crate) async fn ocsp(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        let request = self
            .status
            .post(self.status_url(url, Service::OcspResponder)?)
            .header(CONTENT_TYPE, "application/ocsp-request")
            .header(ACCEPT, "application/ocsp-response")
            .timeout(self.timeout)
            .body(request);
        found(self.answer(request, Service::OcspResponder, MAX_RESPONSE_LEN).await?, Service::OcspResponder)
    }

    /// Fetches a revocation list.
    pub(crate) async fn crl(&self, url: &str) -> Result<Vec<u8>, Error> {
        const SERVICE: Service = Service::RevocationLists;
        let request = self.status.get(self.status_url(url, SERVICE)?).timeout(self.timeout);
        found(self.answer(request, SERVICE, MAX_CRL_LEN).await?, SERVICE)
    }

    /// Asks a time-stamping authority [RFC 3161 §3.4].
    pub(crate) async fn time_stamp(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        const SERVICE: Service = Service::TimeStampingAuthority;
        let request = self
            .status
            .post(http_url(url, SERVICE)?)
            .header(CONTENT_TYPE, "application/timestamp-query")
            .header(ACCEPT, "application/timestamp-reply")
            .timeout(self.timeout)
            .body(request);
        found(self.answer(request, SERVICE, MAX_TOKEN_LEN + 1024).await?, SERVICE)
    }

    /// Where to ask in fact.
    fn status_url(&self, url: &str, service: Service) -> Result<url::Url, Error> {
        let url = http_url(url, service)?;
        let Some(origin) = &self.status_origin else { return Ok(url) };
        let mut moved = url::Url::clone(origin);
        moved.set_path(url.path());
        moved.set_query(url.query());
        Ok(moved)
    }

    async fn answer(
        &self,
        request: reqwest::RequestBuilder,
        service: Service,
        limit: usize,
    ) -> Result<(u16, Vec<u8>), Error> {
        let lost = |error: reqwest::Error| {
            if error.is_timeout() {
                Error::NoAnswer { service }
            } else {
                Error::Connection { service, why: causes(&error.without_url()) }
            }
        };
        let (client, request) = request.build_split();
        let request = request.map_err(lost)?;
        let mut seen = self.observer.as_ref().map(|observer| Seen::of(observer, service, &request));
        let mut answer = client.execute(request).await.map_err(lost)?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > limit {
                return Err(Error::AnswerTooLong { service, limit });
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(seen) = &mut seen {
            seen.answered(status, &body);
        }
        Ok((status, body))
    }
}

/// A request on its way, for an observer. One that gets no answer is told when it is given up.
struct Seen {
    observer: Observer,
    service: Service,
    method: String,
    url: String,
    request: Zeroizing<Vec<u8>>,
    told: bool,
}

impl Seen {
    fn of(observer: &Observer, service: Service, request: &reqwest::Request) -> Self {
        Self {
            observer: observer.clone(),
            service,
            method: request.method().as_str().to_owned(),
            url: request.url().as_str().to_owned(),
            request: Zeroizing::new(
                request.body().and_then(|body| body.as_bytes()).unwrap_or_default().to_vec(),
            ),
            told: false,
        }
    }

    fn answered(&mut self, status: u16, body: &[u8]) {
        self.tell(Some(status), body);
    }

    fn tell(&mut self, status: Option<u16>, answer: &[u8]) {
        if !std::mem::replace(&mut self.told, true) {
            let Self { service, method, url, request, .. } = &*self;
            (self.observer)(&Exchange { service: *service, method, url, request, status, answer });
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        self.tell(None, &[]);
    }
}

fn found((status, body): (u16, Vec<u8>), service: Service) -> Result<Vec<u8>, Error> {
    if status == 200 { Ok(body) } else { Err(Error::UnexpectedStatus { service, status }) }
}

fn http_url(url: &str, service: Service) -> Result<url::Url, Error> {
    url::Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| Error::UnreadableAnswer { service, why: "its address is not an http URL".to_owned() })
}

/// The error and its causes: the last of them is what helps ("invalid peer certificate: …").
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

/// The meaning of a status other than 200 (1.5).
fn refusal(status: u16, body: &[u8], not_found: Error) -> Error {
    let problem = || serde_json::from_slice::<Problem>(body).ok().map(Box::new);
    match status {
        400 => Error::BadRequest { problem: problem() },
        401 => Error::Unauthorized,
        403 => Error::Forbidden { problem: problem() },
        404 => {
            let unsuitable = problem().is_some_and(|problem| {
                problem.errors.iter().any(|entry| entry.code.as_deref() == Some(NO_SUITABLE_ACCOUNT_FOUND))
            });
            if unsuitable { Error::NoSuitableAccount } else { not_found }
        }
        471 => Error::NoSuitableAccount,
        472 => Error::PersonShouldViewPortal,
        480 => Error::ClientTooOld,
        580 => Error::Maintenance,
        status => Error::UnexpectedStatus { service: Service::RelyingPartyApi, status },
    }
}

/// The place, not the text: serde's own message may quote what was received.
fn where_it_broke(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "a member is missing or not of its form",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Io => "it could not be read",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}
