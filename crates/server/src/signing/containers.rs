//! Containers over HTTP: made of what is sent, shown, fetched, deleted.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_container::validate::validate_source;
use countersign_container::{Limits, Policy};
use countersign_wire::problem::ProblemType;
use countersign_wire::signing::DigestsBody;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Request, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use tokio_util::io::ReaderStream;

use super::fault::Fault;
use super::kept::{Container, DataFile, Form, Owner};
use super::signatures::Shown as ShownSignature;
use super::upload::{digests_of, is_form};
use super::{CONTAINERS, signatures};
use crate::json_body::json_of;
use crate::problem::Problem;
use crate::validation::{self, Form as ReportForm};
use crate::{App, Origin};

/// A container as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    format: Form,
    media_type: &'static str,
    bytes: u64,
    created_at: Timestamp,
    expires_at: Timestamp,
    files: &'a [DataFile],
    signatures: Vec<ShownSignature>,
}

impl<'a> Shown<'a> {
    fn of(container: &'a Container) -> Self {
        Self {
            id: &container.id,
            name: &container.name,
            format: container.form,
            media_type: container.form.media_type(),
            bytes: container.bytes,
            created_at: container.created_at,
            expires_at: container.expires_at,
            files: &container.files,
            signatures: container.signatures.iter().map(ShownSignature::of).collect(),
        }
    }
}

impl App {
    /// Whose request it is.
    pub(super) fn signing_owner(&self, origin: &Origin, headers: &HeaderMap) -> Result<Owner, Problem> {
        let closed = "this service signs nothing for others";
        self.signing().callers.identify(origin.address, headers, closed).map(Owner::of)
    }

    /// The same for what costs something.
    pub(super) fn signing_counted(&self, origin: &Origin, headers: &HeaderMap) -> Result<Owner, Problem> {
        let callers = &self.signing().callers;
        let closed = "this service signs nothing for others";
        let caller = callers.identify(origin.address, headers, closed)?;
        callers.count(caller, self.now(), "containers and signatures")?;
        Ok(Owner::of(caller))
    }

    /// The container of this owner. Somebody else's is as if it were not there.
    pub(crate) async fn own_signing(&self, owner: &Owner, id: &str) -> Result<Container, Problem> {
        let found = self.find_signing(id).await?.filter(|container| container.owner == *owner);
        found.ok_or_else(|| Problem::of(ProblemType::NotFound, "no such container, or no longer"))
    }

    /// Writes a new container down; none if its owner has no room for it.
    pub(crate) async fn try_insert_signing(&self, container: Container) -> Result<Option<Container>, Fault> {
        let config = &self.signing().config;
        let (most, bytes, now) = (u64::from(config.containers), config.total_bytes, self.now());
        let file = container.file.clone();
        let inserted = self
            .store()
            .write("keep a container", move |tx| -> Result<_, Fault> {
                let containers = tx.signing_containers();
                let kept = containers.kept_by(container.owner.as_str(), now)?;
                if kept.containers >= most || kept.bytes.saturating_add(container.bytes) > bytes {
                    return Ok(None);
                }
                containers.insert(&container.row(), &container)?;
                Ok(Some(container))
            })
            .await;
        if !matches!(inserted, Ok(Some(_))) {
            self.signing().files.remove(&file);
        }
        inserted
    }
}

pub(super) async fn create(
    State(app): State<App>,
    origin: Origin,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let owner = app.signing_counted(&origin, request.headers())?;
    let busy = |why| Problem::of(ProblemType::Unavailable, format!("too many uploads at once: {why}"));
    let _turn = app.signing().uploads.take(app.clock()).await.map_err(busy)?;
    let container = if is_form(request.headers()) {
        let (parts, body) = request.into_parts();
        app.container_of_form(owner, &parts.headers, body).await?
    } else {
        let body: DigestsBody = json_of(&app, request, signatures::BODY_MAX).await?;
        let (name, files) = digests_of(body, app.signing().config.max_files)?;
        let (making, now) = (app.clone(), app.now());
        app.signing().compute(move || making.pack_digests(owner, files, name, now)).await?
    };
    let full = || {
        let config = &app.signing().config;
        let detail = format!(
            "at most {} containers and {} bytes are kept for one e-service at a time; delete what is done",
            config.containers, config.total_bytes
        );
        Problem::of(ProblemType::TooManyRequests, detail)
    };
    let container = app.try_insert_signing(container).await?.ok_or_else(full)?;
    let location = format!("{CONTAINERS}/{}", container.id);
    // Ids are letters, digits and dashes.
    let location = HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static(CONTAINERS));
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Shown::of(&container))).into_response())
}

pub(super) async fn show(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let owner = app.signing_owner(&origin, &headers)?;
    let container = app.own_signing(&owner, &id).await?;
    Ok(Json(Shown::of(&container)).into_response())
}

pub(super) async fn delete(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let owner = app.signing_owner(&origin, &headers)?;
    let container = app.own_signing(&owner, &id).await?;
    app.delete_signing(&container.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a header's `filename*` takes as it is [RFC 8187 §3.2.1].
const NAME: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'%')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b',')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'{')
    .add(b'}');

pub(super) async fn file(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let owner = app.signing_owner(&origin, &headers)?;
    let container = app.own_signing(&owner, &id).await?;
    if container.done().next().is_none() {
        return Err(Problem::of(ProblemType::Conflict, "there is no signature in the container yet"));
    }
    let (container, file) = app.opened_signing(container).await?;
    let length = file.metadata().map_err(Fault::Io)?.len();
    let stream = ReaderStream::new(tokio::fs::File::from_std(file));
    let disposition = format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(&container.name, NAME));
    let mut response = Body::from_stream(stream).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(container.form.media_type()));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

impl App {
    /// The file of a container's present state. Between reading the row and opening the file a signature may have been
    /// added; then the row is read again.
    pub(crate) async fn opened_signing(
        &self,
        mut container: Container,
    ) -> Result<(Container, std::fs::File), Fault> {
        for _ in 0..4 {
            match self.signing().files.open(&container.file) {
                Ok(file) => return Ok((container, file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    container = self.find_signing(&container.id).await?.ok_or(Fault::Ended)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Fault::Damaged("the container's file, which is not there"))
    }

    /// What a validation says of a container as it is now.
    pub(crate) async fn signing_report(
        &self,
        container: Container,
    ) -> Result<countersign_container::Report, Fault> {
        let (container, file) = self.opened_signing(container).await?;
        let now = self.now();
        let anchors = self.signing_anchors(now)?;
        let work = move || {
            let policy = Policy::named(validation::DEFAULT_POLICY).unwrap_or_default();
            let (name, limits) = (Some(&*container.name), Limits::streaming());
            Ok(validate_source(file, name, &limits, &anchors, now, &policy))
        };
        self.signing().compute(work).await
    }
}

pub(super) async fn report(
    State(app): State<App>,
    origin: Origin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let owner = app.signing_counted(&origin, &headers)?;
    let container = app.own_signing(&owner, &id).await?;
    let report = app.signing_report(container).await?;
    Ok(validation::respond(&report, ReportForm::accepted(&headers)))
}
