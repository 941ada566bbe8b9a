//! `/validation/v1`: a file in, a report out (EN 319 102-1, by [`countersign_container::validate`]).
//!
//! Nothing is kept: the file lives in memory while it is read, and the report is the answer. The file comes as the
//! body itself or as the part `file` of `multipart/form-data`; the report goes out as JSON, HTML or text, by
//! `Accept`. Whom to trust is this service's own authority, and what the configuration adds. A file that does not hold is no error: the answer is 200
//! and the report says so.

pub(crate) mod config;
mod door;
pub(crate) mod trust;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_container::validate::validate_bytes;
use countersign_container::{Indication, Level, Limits, Policy, Report};
use countersign_wire::problem::{InvalidMember, ProblemType};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, Request};
use serde_json::json;

use self::door::Door;
use self::upload::Upload;
use crate::problem::{Problem, Surface};
use crate::{App, Origin};

/// Where reports are asked for.
pub(crate) const REPORTS: &str = "/validation/v1/reports";
/// Where the policies are listed.
pub(crate) const POLICIES: &str = "/validation/v1/policies";

/// The policy of a request that names none.
pub(crate) const DEFAULT_POLICY: &str = "etsi";

pub(crate) fn routes(app: &App) -> Router<App> {
    let door = Arc::new(Door::new(&app.config().validation));
    Router::new()
        .route(REPORTS, post(report))
        .route(POLICIES, get(policies))
        // The upload has a limit of its own, which can be configured.
        .layer(DefaultBodyLimit::disable())
        .layer(Extension(door))
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Html,
    Text,
}

impl Form {
    /// The first of the client's types that is one of ours; JSON for everything else.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kinds = accepted.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
        kinds
            .filter_map(|kind| match kind {
                "application/json" => Some(Self::Json),
                "text/html" => Some(Self::Html),
                "text/plain" => Some(Self::Text),
                _ => None,
            })
            .next()
            .unwrap_or(Self::Json)
    }
}

async fn report(
    State(app): State<App>,
    Extension(door): Extension<Arc<Door>>,
    origin: Origin,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let _turn = door.enter(app.clock(), origin.address, request.headers()).await?;
    let form = Form::accepted(request.headers());
    let (parts, body) = request.into_parts();
    let asked = Asked::of_query(parts.uri.query().unwrap_or_default())?;
    let upload = upload::read(&parts.headers, body, door.max_bytes(), upload_time(&app)).await?;
    let policy = asked.with(&upload)?.policy()?;
    let now = app.now();
    let anchors = door.trust().anchors(app.authorities(), now).map_err(|error| {
        tracing::error!(error = %error, "whom to trust cannot be read");
        Problem::of(ProblemType::Unavailable, "whom to trust cannot be read right now")
    })?;
    let limits = limits(door.max_bytes());
    let work = move || {
        let Upload { content, filename, .. } = upload;
        validate_bytes(&content, filename.as_deref(), &limits, &anchors, now, &policy)
    };
    let busy =
        |_| Problem::of(ProblemType::Unavailable, "too many files are being validated; try again shortly");
    let report = door.compute().run(work).await.map_err(busy)?;
    app.metrics().validated(outcome(&report));
    Ok(respond(&report, form))
}

/// For the counter: how a validation ended.
fn outcome(report: &Report) -> &'static str {
    let failed = report.signatures.iter().any(|signature| signature.indication == Indication::TotalFailed);
    match (report.is_valid(), report.errors.is_empty(), report.signatures.is_empty()) {
        (true, ..) => "passed",
        (false, false, _) => "refused",
        (false, true, true) => "unsigned",
        (false, true, false) if failed => "failed",
        (false, true, false) => "indeterminate",
    }
}

pub(crate) fn respond(report: &Report, form: Form) -> Response {
    let (kind, body) = match form {
        Form::Json => ("application/json", report.to_json()),
        Form::Html => ("text/html; charset=utf-8", report.to_html()),
        Form::Text => ("text/plain; charset=utf-8", report.to_string()),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // The page of the signing service shows it in a frame.
        (X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
        // What a file says about itself stands in the page: nothing in it may run or fetch.
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
            ),
        ),
    ];
    (headers, body).into_response()
}

async fn policies() -> Response {
    let listed: Vec<_> = Policy::NAMES
        .into_iter()
        .filter_map(Policy::named)
        .map(|policy| {
            json!({
                "name": policy.name,
                "description": policy.description,
                "requiredLevel": policy.required_level.word(),
                "default": policy.name == DEFAULT_POLICY,
            })
        })
        .collect();
    axum::Json(listed).into_response()
}

/// What a request asks for beside the file.
#[derive(Debug, Default)]
struct Asked {
    policy: Option<String>,
    level: Option<String>,
}

impl Asked {
    fn of_query(query: &str) -> Result<Self, Problem> {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "policy" => &mut asked.policy,
                "level" => &mut asked.level,
                _ => return Err(invalid("query", "only policy and level can be given")),
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(invalid("query", "policy and level can be given once"));
            }
        }
        Ok(asked)
    }

    /// Form fields stand in for what the query does not say.
    fn with(self, upload: &Upload) -> Result<Self, Problem> {
        let merge = |query: Option<String>, field: &Option<String>, name: &'static str| match (query, field) {
            (Some(_), Some(_)) => Err(invalid(name, "given in the query and in the form")),
            (query, field) => Ok(query.or_else(|| field.clone())),
        };
        Ok(Self {
            policy: merge(self.policy, &upload.policy, "policy")?,
            level: merge(self.level, &upload.level, "level")?,
        })
    }

    fn policy(&self) -> Result<Policy, Problem> {
        let name = self.policy.as_deref().unwrap_or(DEFAULT_POLICY);
        let known = || format!("one of {}", Policy::NAMES.join(", "));
        let mut policy = Policy::named(name).ok_or_else(|| invalid("policy", known()))?;
        if let Some(level) = &self.level {
            policy.required_level =
                Level::from_word(level).ok_or_else(|| invalid("level", "one of B, T, LT, LTA"))?;
        }
        Ok(policy)
    }
}

fn invalid(name: &'static str, detail: impl Into<String>) -> Problem {
    Problem::invalid(Surface::Own, [InvalidMember::in_path(name, detail)])
}

/// How long a whole upload may take: files are larger than other bodies.
fn upload_time(app: &App) -> std::time::Duration {
    const TIMES: u32 = 6;
    std::time::Duration::from_secs(u64::from(app.config().listen.head_seconds.saturating_mul(TIMES)))
}

/// What a file may unpack to, in relation to what may be sent.
fn limits(max_bytes: usize) -> Limits {
    const TIMES: u64 = 4;
    let most = Limits::default();
    let total_bytes = most.total_bytes.min(TIMES * max_bytes as u64);
    Limits { total_bytes, data_file_bytes: most.data_file_bytes.min(total_bytes), ..most }
}
