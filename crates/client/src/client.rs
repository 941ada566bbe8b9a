//! The relying party's side of the API: start sessions, poll for results, ask for certificates.

use std::time::{Duration, Instant};

use countersign_pki::Certificate;
use countersign_wire::acsp::SchemeName;
use countersign_wire::callback::CallbackUrl;
use countersign_wire::endpoint::{AnswerKind, CERTIFICATE_PATH, Flow, Recipient, SESSION_PATH};
use countersign_wire::id::{DocumentNumber, RelyingPartyUuid, SemanticsIdentifier, SessionId};
use countersign_wire::session::{
    CertificateResponse, DeviceLinkStarted, SessionStarted, SessionStatus, Started, TIMEOUT_MAX, TIMEOUT_MIN,
    VerificationCodeStarted,
};
use countersign_wire::start::{
    Asked, CertificateRequest, FlowMembers, InteractionSet, Interactions, RpChallenge, StartRequest,
};
use countersign_wire::words::RequestedLevel;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use crate::Error;
use crate::http::{Http, What};
use crate::observe::{Exchange, Observer};
use crate::request::{Authentication, Signing};
use crate::session::StartedSession;
use crate::tls::Roots;

/// A relying party's client. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) http: Http,
    base: String,
    relying_party: RelyingPartyUuid,
    relying_party_name: String,
    brokered_rp_name: String,
    scheme: SchemeName,
}

/// Makes a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    base: String,
    relying_party: RelyingPartyUuid,
    relying_party_name: String,
    brokered_rp_name: String,
    scheme: SchemeName,
    what: What,
}

/// Time for the network, on top of the time that a poll waits.
const POLL_MARGIN: Duration = Duration::from_secs(5);

impl Client {
    /// A client of the service at `base`, with or without `/v3` at its end, such as
    /// `https://sid.demo.sk.ee/smart-id-rp/v3/`; for this relying party, with its name as registered.
    pub fn builder(
        base: &str,
        relying_party: RelyingPartyUuid,
        relying_party_name: impl Into<String>,
    ) -> ClientBuilder {
        ClientBuilder {
            base: base.to_owned(),
            relying_party,
            relying_party_name: relying_party_name.into(),
            brokered_rp_name: String::new(),
            scheme: SchemeName::LIVE,
            what: What::with_roots(Roots::System),
        }
    }

    /// The same client, with `observer` called for every request that it makes, once the answer is there or given up.
    pub fn observed(&self, observer: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        Self { http: self.http.observed(Observer::new(observer)), ..self.clone() }
    }

    /// The name of the environment.
    pub fn scheme(&self) -> &SchemeName {
        &self.scheme
    }

    /// Asks the person's devices to authenticate, by notification. Show the session's
    /// [`verification_code`](StartedSession::verification_code) meanwhile. `recipient` is a person or a document.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn authenticate_by_notification(
        &self,
        recipient: &Recipient,
        wanted: &Authentication,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<StartedSession, Error> {
        self.authenticate(recipient, wanted, FlowMembers::Notification, now, rng).await
    }

    /// Starts an authentication by device link or QR code, of anybody, of a person, or of a document. `callback` is
    /// needed if a same-device link is going to be used; it should hold a fresh unpredictable parameter.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn authenticate_by_device_link(
        &self,
        recipient: &Recipient,
        wanted: &Authentication,
        callback: Option<CallbackUrl>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<StartedSession, Error> {
        self.authenticate(recipient, wanted, FlowMembers::DeviceLink { callback }, now, rng).await
    }

    /// Asks the person's devices to sign, by notification. Show the session's
    /// [`verification_code`](StartedSession::verification_code) meanwhile. `recipient` is a person or a document.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn sign_by_notification(
        &self,
        recipient: &Recipient,
        wanted: &Signing,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        self.sign(recipient, wanted, FlowMembers::Notification, now).await
    }

    /// Starts a signature by device link or QR code, of a person or of a document. `callback` is needed if a
    /// same-device link is going to be used; it should hold a fresh unpredictable parameter.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn sign_by_device_link(
        &self,
        recipient: &Recipient,
        wanted: &Signing,
        callback: Option<CallbackUrl>,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        self.sign(recipient, wanted, FlowMembers::DeviceLink { callback }, now).await
    }

    /// Asks the device that waits after a device-link certificate choice to sign. `document` is the result of the
    /// choice. The callback of the choice is opened at the end of this session.
    ///
    /// # Errors
    /// As [`start`](Self::start); [`Error::NotACertificateChoice`].
    pub async fn sign_linked(
        &self,
        choice: &StartedSession,
        document: &DocumentNumber,
        wanted: &Signing,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        match (&choice.request.asked, &choice.request.flow) {
            (Asked::ChooseCertificate, FlowMembers::DeviceLink { .. }) => {}
            (Asked::Authenticate { .. } | Asked::Sign { .. } | Asked::ChooseCertificate, _) => {
                return Err(Error::NotACertificateChoice);
            }
        }
        let flow = FlowMembers::Linked { session: choice.session_id };
        self.sign(&Recipient::Document(document.clone()), wanted, flow, now).await
    }

    /// Lets anybody choose an account to sign with, by device link or QR code. A signature by
    /// [`sign_linked`](Self::sign_linked) must follow at once: the device waits for it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn choose_certificate_by_device_link(
        &self,
        level: RequestedLevel,
        callback: Option<CallbackUrl>,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        let request = self.request(Asked::ChooseCertificate, FlowMembers::DeviceLink { callback }, level);
        self.start(request, &Recipient::Anonymous, now).await
    }

    /// Lets a person choose an account to sign with, by notification.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn choose_certificate_by_notification(
        &self,
        person: &SemanticsIdentifier,
        level: RequestedLevel,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        let request = self.request(Asked::ChooseCertificate, FlowMembers::Notification, level);
        self.start(request, &Recipient::Person(person.clone()), now).await
    }

    /// Asks for the signing certificate of an account, which takes no session. Check what comes with
    /// [`CertificateChoiceVerifier::verify_certificate`](crate::CertificateChoiceVerifier::verify_certificate).
    ///
    /// # Errors
    /// Those of the network and of the service.
    pub async fn signing_certificate(
        &self,
        document: &DocumentNumber,
        level: RequestedLevel,
    ) -> Result<CertificateResponse, Error> {
        let request = CertificateRequest {
            relying_party: self.relying_party,
            relying_party_name: self.relying_party_name.clone(),
            certificate_level: level,
        };
        let path = CERTIFICATE_PATH.replace("{addressee}", document.as_str());
        self.http.post_json(&format!("{}{path}", self.base), request.to_body()).await
    }

    /// Starts any session. The row of the API is found by what the request asks, its flow and the recipient; a
    /// combination without a row is refused before anything is sent.
    ///
    /// `now` is the time of the call; the session's own start is counted from the answer.
    ///
    /// # Errors
    /// [`Error::NoSuchEndpoint`]; those of the network and of the service.
    pub async fn start(
        &self,
        request: StartRequest,
        recipient: &Recipient,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        let row = request.row(recipient).ok_or_else(|| no_such_endpoint(&request, recipient))?;
        let path = row.path_for(recipient).map_err(|error| match error {
            countersign_wire::Error::WrongRecipient { expected } => Error::WrongRecipient { expected },
            other => Error::Request(other),
        })?;
        let url = format!("{}{path}", self.base);
        let called = Instant::now();
        let body = request.to_body();
        let started = match row.answer() {
            AnswerKind::DeviceLink => {
                Started::DeviceLink(self.http.post_json::<DeviceLinkStarted>(&url, body).await?)
            }
            AnswerKind::Session => Started::Session(self.http.post_json::<SessionStarted>(&url, body).await?),
            AnswerKind::VerificationCode => {
                let started = self.http.post_json::<VerificationCodeStarted>(&url, body).await?;
                Started::VerificationCode(started)
            }
        };
        let waited = SignedDuration::try_from(called.elapsed()).unwrap_or(SignedDuration::ZERO);
        let started_at = now.checked_add(waited).unwrap_or(now);
        Ok(StartedSession::new(
            request,
            recipient.clone(),
            self.scheme.clone(),
            self.brokered_rp_name.clone(),
            started,
            started_at,
        ))
    }

    /// Asks how a session stands, and lets the service wait for up to `wait` (1 to 120 s, the nearest limit is
    /// taken) before it answers that the session is still running.
    ///
    /// # Errors
    /// [`Error::SessionNotFound`]; those of the network and of the service.
    pub async fn poll(&self, session: SessionId, wait: Duration) -> Result<SessionStatus, Error> {
        let wait = wait.clamp(TIMEOUT_MIN, TIMEOUT_MAX);
        let path = SESSION_PATH.replace("{session_id}", &session.to_string());
        let url = format!("{}{path}?timeoutMs={}", self.base, wait.as_millis());
        self.http.get_json(&url, wait + POLL_MARGIN).await
    }

    /// Polls until the session has ended, for at most `patience`.
    ///
    /// # Errors
    /// [`Error::StillRunning`] when it has not; those of [`poll`](Self::poll).
    pub async fn wait(&self, session: SessionId, patience: Duration) -> Result<SessionStatus, Error> {
        /// The longest single poll: below the limits that proxies commonly have.
        const ONE_POLL: Duration = Duration::from_secs(30);
        let began = Instant::now();
        loop {
            let left = patience.saturating_sub(began.elapsed());
            let status = self.poll(session, left.min(ONE_POLL)).await?;
            if status.is_complete() {
                return Ok(status);
            }
            if began.elapsed() >= patience {
                return Err(Error::StillRunning);
            }
        }
    }

    async fn authenticate(
        &self,
        recipient: &Recipient,
        wanted: &Authentication,
        flow: FlowMembers,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<StartedSession, Error> {
        let mut challenge = [0; 64];
        rng.fill_bytes(&mut challenge);
        let asked = Asked::Authenticate {
            rp_challenge: RpChallenge::from_bytes(&challenge)?,
            signature: wanted.signature,
            interactions: Interactions::new(&wanted.interactions, interaction_set(&flow))?,
        };
        let mut request = self.request(asked, flow, wanted.level);
        request.request_properties = wanted.properties;
        self.start(request, recipient, now).await
    }

    async fn sign(
        &self,
        recipient: &Recipient,
        wanted: &Signing,
        flow: FlowMembers,
        now: Timestamp,
    ) -> Result<StartedSession, Error> {
        let asked = Asked::Sign {
            digest: wanted.digest.clone(),
            signature: wanted.signature,
            interactions: Interactions::new(&wanted.interactions, interaction_set(&flow))?,
        };
        let mut request = self.request(asked, flow, wanted.level);
        request.request_properties = wanted.properties;
        request.nonce = wanted.nonce.clone();
        self.start(request, recipient, now).await
    }

    fn request(&self, asked: Asked, flow: FlowMembers, level: RequestedLevel) -> StartRequest {
        let name = self.relying_party_name.clone();
        StartRequest { certificate_level: level, ..StartRequest::new(self.relying_party, name, asked, flow) }
    }
}

fn interaction_set(flow: &FlowMembers) -> InteractionSet {
    match flow {
        FlowMembers::DeviceLink { .. } | FlowMembers::Linked { .. } => InteractionSet::DeviceLink,
        FlowMembers::Notification => InteractionSet::Notification,
    }
}

fn no_such_endpoint(request: &StartRequest, recipient: &Recipient) -> Error {
    Error::NoSuchEndpoint {
        operation: request.operation(),
        flow: match request.flow {
            FlowMembers::DeviceLink { .. } => Flow::DeviceLink,
            FlowMembers::Notification | FlowMembers::Linked { .. } => Flow::Notification,
        },
        recipient: match recipient {
            Recipient::Anonymous => "anonymous",
            Recipient::Person(_) => "person",
            Recipient::Document(_) => "document",
        },
    }
}

impl ClientBuilder {
    fn with(mut self, set: impl FnOnce(&mut What)) -> Self {
        set(&mut self.what);
        self
    }

    /// The name of the environment: [`SchemeName::LIVE`] unless set.
    pub fn scheme(self, scheme: SchemeName) -> Self {
        Self { scheme, ..self }
    }

    /// The name of the party behind this one, for brokers.
    pub fn brokered_rp_name(self, name: impl Into<String>) -> Self {
        Self { brokered_rp_name: name.into(), ..self }
    }

    /// Trusts these roots for TLS instead of the operating system's; with none, nobody over TLS.
    pub fn tls_roots(self, roots: &[Certificate]) -> Self {
        self.with(|what| what.roots = Roots::Only(roots.iter().map(|root| root.as_der().to_vec()).collect()))
    }

    /// Demands one of these keys of the service, besides a valid chain: SHA-256 over SubjectPublicKeyInfo. May be
    /// called again to add the next key before it is used.
    pub fn pin_spki(mut self, sha256: [u8; 32]) -> Self {
        self.what.pins.push(sha256);
        self
    }

    /// How long a connection may take to be made: 10 s unless set.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.with(|what| what.connect_timeout = timeout)
    }

    /// How long an answer may take: 30 s unless set. Polls have the time that they wait for on top.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|what| what.timeout = timeout)
    }

    /// Asks OCSP responders and fetches revocation lists at this origin (`http://127.0.0.1:4711`) instead of the one
    /// that certificates name; paths stay. For test environments whose certificates name a fixed address.
    pub fn status_origin(self, origin: impl Into<String>) -> Self {
        self.with(|what| what.status_origin = Some(origin.into()))
    }

    /// The client.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn build(self) -> Result<Client, Error> {
        let base = self.base.trim_end_matches('/');
        let base = base.strip_suffix("/v3").unwrap_or(base).to_owned();
        let fault = |why: &str| Error::Setting { setting: "base", why: why.to_owned() };
        let url = url::Url::parse(&base).map_err(|error| fault(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(fault("it is not an http or https URL"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(fault("it has a query or a fragment"));
        }
        if self.relying_party_name.is_empty() {
            return Err(Error::Setting { setting: "relying_party_name", why: "it is empty".to_owned() });
        }
        Ok(Client {
            http: Http::new(self.what)?,
            base,
            relying_party: self.relying_party,
            relying_party_name: self.relying_party_name,
            brokered_rp_name: self.brokered_rp_name,
            scheme: self.scheme,
        })
    }
}
