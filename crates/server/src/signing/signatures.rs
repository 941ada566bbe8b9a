//! Signatures over HTTP: begun, watched, ended.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use countersign_client::wire::device_link::{Language, LinkKind};
use countersign_client::wire::session::TIMEOUT_MAX;
use countersign_client::{check_callback, request};
use countersign_container::Level;
use countersign_pki::{Certificate, SignatureAlgorithm};
use countersign_wire::base64::{b64, from_b64};
use countersign_wire::problem::ProblemType;
use countersign_wire::signing::SignatureBody;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, LOCATION};
use http::{HeaderValue, Request, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::kept::{
    Container, Failure, Form, Signature, Standing, State as Kept, Wanted, Way, new_id, operation_word,
    prepared_name,
};
use super::service::Work;
use super::upload::invalid;
use crate::json_body::json_of;
use crate::problem::{Problem, Surface};
use crate::watch::Topic;
use crate::{App, Origin};

/// The longest JSON body: a picture and a font may be in it.
pub(super) const BODY_MAX: usize = 8 << 20;
/// How long a QR code is shown, in seconds (relying party API, 4.5).
const QR_SHOWN: u32 = 60;
/// Signatures of one container that may be on their way at the same time.
const OPEN_MAX: usize = 32;
/// Signatures of one container.
const SIGNATURES_MAX: usize = 500;

/// A signature as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    id: String,
    state: Standing,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<Way>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    /// What the person reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<ShownSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_code: Option<String>,
    has_link: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_sign: Option<ToSign>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<ShownResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ShownFailure>,
}

/// The session of the relying party API that the person is asked by.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownSession {
    id: String,
    operation: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownResult {
    signature: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    file: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_stamp: Option<Timestamp>,
}

#[derive(Serialize)]
struct ShownFailure {
    code: String,
    detail: String,
}

/// What whoever has the key signs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToSign {
    algorithm: &'static str,
    hash: &'static str,
    /// The bytes, in base64.
    data: String,
    /// Their digest, in base64: what a card or a service that takes digests is given.
    digest: String,
}

impl ToSign {
    fn of((algorithm, data): (SignatureAlgorithm, Vec<u8>)) -> Self {
        let digest = algorithm.digest();
        Self {
            algorithm: algorithm_word(algorithm),
            hash: digest.name(),
            digest: b64(&digest.of(&data)),
            data: b64(&data),
        }
    }
}

fn algorithm_word(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(_) => "rsassa-pkcs1-v1_5",
        SignatureAlgorithm::RsaPss(_) => "rsassa-pss",
        SignatureAlgorithm::Ecdsa(_) => "ecdsa",
    }
}

impl Shown {
    pub(super) fn of(signature: &Signature) -> Self {
        let wanted = signature.wanted.as_ref();
        let open = match &signature.state {
            Kept::Choosing { session } | Kept::Asking { session, .. } => session.open(),
            _ => None,
        };
        let (mut result, mut failure) = (None, None);
        match &signature.state {
            Kept::Complete(done) => {
                result = Some(ShownResult {
                    signature: done.signature.clone(),
                    file: done.file.clone(),
                    format: done.format.clone(),
                    signed_by: done.signed_by.clone(),
                    time_stamp: done.time_stamp,
                });
            }
            Kept::Failed(Failure { code, detail, .. }) => {
                failure = Some(ShownFailure { code: code.clone(), detail: detail.clone() });
            }
            _ => {}
        }
        Self {
            id: signature.id.clone(),
            state: signature.state.standing(),
            created_at: signature.created_at,
            flow: wanted.map(|wanted| wanted.way),
            level: wanted.map(|wanted| wanted.level.clone()),
            text: wanted.filter(|wanted| wanted.way != Way::Remote).map(|wanted| wanted.text.clone()),
            session: open.as_ref().map(|session| ShownSession {
                id: session.session_id.to_string(),
                operation: operation_word(session.operation()),
            }),
            verification_code: open
                .as_ref()
                .and_then(|session| session.verification_code())
                .map(|code| code.to_string()),
            has_link: signature.shown_link().is_some(),
            document_number: signature
                .chosen
                .as_ref()
                .and_then(|chosen| chosen.document.as_ref())
                .map(|document| document.as_str().to_owned()),
            to_sign: None,
            result,
            failure,
        }
    }
}

/// What is wanted of this container, and the certificate if the key is elsewhere.
fn read(asked: SignatureBody, container: &Container) -> Result<(Wanted, Option<Certificate>), Problem> {
    let wrong = |member| Problem::invalid(Surface::Own, [member]);
    let asked = asked.read(container.form).map_err(wrong)?;
    let level = asked.level.as_deref().unwrap_or("LT");
    let level = Level::from_word(level).ok_or_else(|| invalid("level", "one of B, T, LT, LTA"))?;
    if container.form == Form::Hashcode && level == Level::Lta {
        return Err(invalid("level", "an archive time-stamp needs the files themselves; LT at most"));
    }
    let certificate = match &asked.certificate {
        Some(der) => {
            let read = Certificate::from_der(der);
            Some(read.map_err(|_| invalid("certificate", "an X.509 certificate, DER in base64"))?)
        }
        None => None,
    };
    let names = container.files.iter().map(|file| file.name.as_str());
    let text = asked.text.unwrap_or_else(|| request::text_for_files(names));
    if text.is_empty() || text.chars().count() > request::PIN_TEXT_MAX {
        return Err(invalid("text", format!("1 to {} characters", request::PIN_TEXT_MAX)));
    }
    let wanted = Wanted {
        way: asked.way,
        person: asked.person,
        level: level.word().to_owned(),
        hash: asked.hash,
        certificate_level: asked.certificate_level,
        text,
        callback_url: asked.callback_url,
        pkcs1: false,
        statements: asked.statements,
    };
    Ok((wanted, certificate))
}

pub(super) async fn begin(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let owner = app.signing_counted(&origin, request.headers())?;
    let container = app.own_signing(&owner, &id).await?;
    let asked: SignatureBody = json_of(&app, request, BODY_MAX).await?;
    let (wanted, certificate) = read(asked, &container)?;
    let conflict = |why: &'static str| Problem::of(ProblemType::Conflict, why);
    let begun = app.try_new_signature(&container, wanted, certificate.as_ref(), &origin.base).await?;
    let signature = begun.map_err(conflict)?;
    let location = format!("/signing/v1/containers/{}/signatures/{}", container.id, signature.id);
    // Ids are letters, digits and dashes.
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/"));
    let shown = app.shown(&container, &signature).await?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(shown)).into_response())
}

impl App {
    /// Begins a signature, keeps it and hands it out to be worked on. The inner error: why the container takes none now.
    pub(crate) async fn try_new_signature(
        &self,
        container: &Container,
        wanted: Wanted,
        certificate: Option<&Certificate>,
        own_base: &str,
    ) -> Result<Result<Signature, &'static str>, Fault> {
        if let Err(why) = room_for_another(container) {
            return Ok(Err(why));
        }
        let id = new_id(&self.randomness());
        let begun = match certificate {
            Some(certificate) => self.begin_remote_signature(container, id, wanted, certificate).await?,
            None => self.begin_signature(container, id, wanted, own_base).await?,
        };
        let (kept, last) = (begun.clone(), container.file.clone());
        let change = move |container: &mut Container| {
            // Something may have changed while the person's certificate was fetched.
            if container.form == Form::Pdf && container.file != last {
                return Ok(Err("the document has changed meanwhile"));
            }
            let room = room_for_another(container);
            if room.is_ok() {
                container.signatures.push(kept);
            }
            Ok(room)
        };
        let (_, room) = self.change_signing(&container.id, Some(&begun.id), change).await?;
        if let Err(why) = room {
            self.signing().files.remove(&prepared_name(&container.id, &begun.id));
            return Ok(Err(why));
        }
        if begun.state.standing() != Standing::AwaitingValue {
            let work = Work { container: container.id.clone(), signature: begun.id.clone() };
            self.signing().begin(work);
        }
        Ok(Ok(begun))
    }

    /// Takes a signature value that was made elsewhere, and waits until it is in the container. The inner error: why the
    /// signature takes none.
    pub(crate) async fn try_give_value(
        &self,
        container: &Container,
        signature: &Signature,
        value: &[u8],
    ) -> Result<Result<Signature, &'static str>, Fault> {
        let work = Work { container: container.id.clone(), signature: signature.id.clone() };
        match &signature.state {
            Kept::AwaitingValue => {
                self.check_value(container, signature, value).await?;
                let (id, value) = (signature.id.clone(), b64(value));
                let change = move |container: &mut Container| {
                    let signature = container.find_mut(&id).ok_or(Fault::Ended)?;
                    let is_waiting = signature.state.standing() == Standing::AwaitingValue;
                    if is_waiting {
                        signature.state = Kept::Completing { value };
                    }
                    Ok(is_waiting)
                };
                let (_, taken) = self.change_signing(&container.id, Some(&signature.id), change).await?;
                if taken {
                    self.signing().begin(work.clone());
                }
            }
            // The same again: whoever lost the answer gets it now.
            Kept::Completing { .. } | Kept::Complete(_) => {}
            Kept::Choosing { .. } | Kept::Asking { .. } => {
                return Ok(Err("the person's phone gives the value"));
            }
            Kept::Failed(_) | Kept::Cancelled { .. } => return Ok(Err("the signature has ended")),
        }
        self.until_over(&work, VALUE_WAIT).await.map(Ok)
    }

    /// The signature once it does not change any more, or after `patience`.
    pub(crate) async fn until_over(&self, work: &Work, patience: Duration) -> Result<Signature, Fault> {
        let mut watch = self.watches().subscribe(Topic::Signing(work.signature.clone()));
        let mut deadline = self.clock().sleep(patience);
        loop {
            let container = self.find_signing(&work.container).await?.ok_or(Fault::Ended)?;
            let signature = container.find(&work.signature).cloned().ok_or(Fault::Ended)?;
            if signature.state.is_over() || self.is_stopping() {
                return Ok(signature);
            }
            tokio::select! {
                () = watch.changed() => {}
                () = self.stopping() => {}
                () = &mut deadline => return Ok(signature),
            }
        }
    }

    async fn shown(&self, container: &Container, signature: &Signature) -> Result<Shown, Problem> {
        let mut shown = Shown::of(signature);
        if signature.state.standing() == Standing::AwaitingValue {
            shown.to_sign = Some(ToSign::of(self.to_be_signed(container, signature).await?));
        }
        Ok(shown)
    }
}

/// How long the answer to a value waits for time-stamp and status.
const VALUE_WAIT: Duration = Duration::from_secs(30);

fn room_for_another(container: &Container) -> Result<(), &'static str> {
    let open = container.open_signatures().count();
    if container.form == Form::Pdf && open > 0 {
        return Err("a document is signed by one after the other, and one signature is on its way");
    }
    if open >= OPEN_MAX {
        return Err("too many signatures are on their way in this container");
    }
    if container.signatures.len() >= SIGNATURES_MAX {
        return Err("the container has had as many signatures as it may have");
    }
    Ok(())
}

/// A signature of a container.
type Ids = Path<(String, String)>;

async fn found(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    (container, signature): &(String, String),
) -> Result<(Container, Signature), Problem> {
    let owner = app.signing_owner(origin, headers)?;
    let container = app.own_signing(&owner, container).await?;
    let found = container.find(signature).cloned();
    let signature = found.ok_or_else(|| Problem::of(ProblemType::NotFound, "no such signature"))?;
    Ok((container, signature))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Waiting {
    /// Milliseconds that the answer may wait for a change.
    timeout_ms: Option<u64>,
    /// The state that is known already; otherwise any open one.
    seen: Option<Standing>,
}

pub(super) async fn show(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    waiting: Result<Query<Waiting>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(waiting) = waiting.map_err(|_| invalid("query", "only timeoutMs and seen can be given"))?;
    let mut watch = app.watches().subscribe(Topic::Signing(ids.1.clone()));
    let patience = waiting.timeout_ms.map(|wait| Duration::from_millis(wait).min(TIMEOUT_MAX));
    let mut deadline = app.clock().sleep(patience.unwrap_or_default());
    loop {
        let (container, signature) = found(&app, &origin, &headers, &ids).await?;
        let standing = signature.state.standing();
        let is_news = signature.state.is_over() || waiting.seen.is_some_and(|seen| seen != standing);
        let is_full = app.watches().waiting() > app.config().limits.long_polls as usize;
        if patience.is_none() || is_news || is_full || app.is_stopping() {
            return Ok(Json(app.shown(&container, &signature).await?).into_response());
        }
        tokio::select! {
            () = watch.changed() => {}
            () = app.stopping() => {}
            () = &mut deadline => return Ok(Json(app.shown(&container, &signature).await?).into_response()),
        }
    }
}

pub(super) async fn cancel(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (container, signature) = found(&app, &origin, &headers, &ids).await?;
    let work = Work { container: container.id.clone(), signature: signature.id.clone() };
    let over = || Problem::of(ProblemType::Conflict, "the signature is over already");
    let at = app.now();
    match app.end_signature(&work, Kept::Cancelled { at }).await {
        Ok(container) => {
            let signature = container.find(&ids.1).ok_or_else(over)?;
            Ok(Json(Shown::of(signature)).into_response())
        }
        Err(Fault::Ended) => Err(over()),
        Err(fault) => Err(fault.problem()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LinkAsked {
    /// The language of the page behind the link, three letters.
    lang: Option<String>,
}

/// What a QR element asks for each second.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkShown {
    /// The content of the QR code; absent when none is shown any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The link for this very device, where there is a way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_device_link: Option<String>,
    elapsed_seconds: u32,
    seconds_left: u32,
}

fn language(
    asked: Result<Query<LinkAsked>, axum::extract::rejection::QueryRejection>,
) -> Result<Language, Problem> {
    let Query(asked) = asked.map_err(|_| invalid("query", "only lang can be given"))?;
    match asked.lang {
        None => Ok(Language::ENGLISH),
        Some(lang) => Language::parse(&lang).map_err(|error| invalid("lang", error.to_string())),
    }
}

fn no_link() -> Problem {
    Problem::of(ProblemType::NotFound, "the signature has no device link, or no longer")
}

pub(super) async fn link(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    asked: Result<Query<LinkAsked>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = language(asked)?;
    let (_, signature) = found(&app, &origin, &headers, &ids).await?;
    let session = signature.shown_link().ok_or_else(no_link)?;
    let now = app.now();
    let elapsed_seconds = session.elapsed_seconds(now);
    let seconds_left = QR_SHOWN.saturating_sub(elapsed_seconds);
    let made = |link: Result<String, countersign_client::Error>| link.map_err(|_| no_link());
    let link = if seconds_left > 0 { Some(made(session.qr_link(now, language))?) } else { None };
    let same_device_link = match session.callback_url() {
        Some(_) => Some(made(session.device_link(LinkKind::Web2App, language))?),
        None => None,
    };
    let shown = LinkShown { link, same_device_link, elapsed_seconds, seconds_left };
    Ok(([(CACHE_CONTROL, "no-store")], Json(shown)).into_response())
}

pub(super) async fn qr(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    asked: Result<Query<LinkAsked>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = language(asked)?;
    let (_, signature) = found(&app, &origin, &headers, &ids).await?;
    let session = signature.shown_link().ok_or_else(no_link)?;
    if session.elapsed_seconds(app.now()) >= QR_SHOWN {
        return Err(no_link());
    }
    let code = session.qr_code(app.now(), language).map_err(|_| no_link())?;
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "no-store")];
    Ok((headers, code.svg()).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Returned {
    /// The whole URL that the person's browser came back to.
    url: String,
}

pub(super) async fn callback(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let (container, signature) = found(&app, &origin, &headers, &ids).await?;
    let Returned { url } = json_of(&app, request, BODY_MAX).await?;
    if signature.has_returned || matches!(signature.state, Kept::Complete(_)) {
        return Ok(Json(Shown::of(&signature)).into_response());
    }
    let session = signature.link_session().ok_or_else(no_link)?;
    let refused = |error: countersign_client::Error| invalid("url", error.to_string());
    check_callback(&session, &url).map_err(refused)?;
    let id = signature.id.clone();
    let change = move |container: &mut Container| {
        container.find_mut(&id).ok_or(Fault::Ended)?.has_returned = true;
        Ok(())
    };
    let (container, ()) = app.change_signing(&container.id, Some(&signature.id), change).await?;
    let signature = container.find(&signature.id).ok_or_else(no_link)?;
    Ok(Json(Shown::of(signature)).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Value {
    /// In base64: as long as the modulus for RSA, `r ‖ s` for ECDSA.
    value: String,
}

pub(super) async fn value(
    State(app): State<App>,
    origin: Origin,
    Path(ids): Ids,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let (container, signature) = found(&app, &origin, &headers, &ids).await?;
    let Value { value } = json_of(&app, request, BODY_MAX).await?;
    let value = from_b64(&value).ok_or_else(|| invalid("value", "base64"))?;
    let conflict = |why: &'static str| Problem::of(ProblemType::Conflict, why);
    let signature = app.try_give_value(&container, &signature, &value).await?.map_err(conflict)?;
    Ok(Json(Shown::of(&signature)).into_response())
}
