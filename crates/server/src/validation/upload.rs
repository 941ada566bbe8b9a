//! The file in a request: the body itself, or a part of a form.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Multipart};
use bytes::Bytes;
use countersign_wire::problem::ProblemType;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode};

use crate::problem::{Problem, Surface};

/// What belongs to a form beside its file: boundaries and part headers.
const FORM_OVERHEAD: usize = 64 * 1024;
/// The longest field of a form that is no file.
const FIELD_MAX: usize = 64;
/// The longest file name that is kept, in characters.
const NAME_MAX: usize = 255;

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pub(super) content: Bytes,
    pub(super) filename: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) level: Option<String>,
}

/// Reads the file, within a size and a time.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    patience: Duration,
) -> Result<Upload, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split_once(';').map_or(kind, |(kind, _)| kind).trim().to_ascii_lowercase();
    let is_form = kind == "multipart/form-data";
    if !is_form && !is_file(&kind) {
        let detail = "expected the file itself, announced as application/vnd.etsi.asic-e+zip, application/pdf or \
            application/octet-stream, or multipart/form-data with the part `file`";
        return Err(Problem::of(ProblemType::UnsupportedMediaType, detail));
    }
    let limit = if is_form { max_bytes.saturating_add(FORM_OVERHEAD) } else { max_bytes };
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(max_bytes));
    }
    let reading = async {
        if is_form {
            read_form(headers, body, max_bytes).await
        } else {
            let content = to_bytes(body, limit).await.map_err(|error| read_error(&error, max_bytes))?;
            Ok(Upload { content, ..Upload::default() })
        }
    };
    let upload = tokio::time::timeout(patience, reading).await.map_err(|_| {
        Problem::status(Surface::Own, StatusCode::REQUEST_TIMEOUT).detail("the file did not arrive in time")
    })??;
    if upload.content.is_empty() {
        return Err(Problem::of(ProblemType::InvalidRequest, "the file is empty"));
    }
    Ok(upload)
}

/// Media types of files. What is in the file decides what it is; a type that any web page may send without the
/// browser asking first is not among them.
fn is_file(kind: &str) -> bool {
    matches!(
        kind,
        "application/octet-stream"
            | "application/pdf"
            | "application/zip"
            | "application/vnd.etsi.asic-e+zip"
            | "application/vnd.etsi.asic-s+zip"
    )
}

async fn read_form(headers: &HeaderMap, body: Body, max_bytes: usize) -> Result<Upload, Problem> {
    let invalid = |detail: &str| Problem::of(ProblemType::InvalidRequest, detail);
    let mut request =
        Request::new(Body::new(http_body_util::Limited::new(body, max_bytes.saturating_add(FORM_OVERHEAD))));
    *request.headers_mut() = headers.clone();
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| invalid("the form has no boundary"))?;
    let mut upload = Upload::default();
    let mut has_file = false;
    while let Some(mut field) = form.next_field().await.map_err(|error| form_error(&error, max_bytes))? {
        let name = field.name().unwrap_or_default().to_owned();
        let limit = if name == "file" { max_bytes } else { FIELD_MAX };
        if name == "file" {
            upload.filename = field.file_name().and_then(shown_name);
        }
        let mut content = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|error| form_error(&error, max_bytes))? {
            if content.len() + piece.len() > limit {
                return Err(if name == "file" {
                    too_large(max_bytes)
                } else {
                    invalid("a field of the form is too long")
                });
            }
            content.extend_from_slice(&piece);
        }
        let mut text = |place: &mut Option<String>| {
            let text =
                String::from_utf8(std::mem::take(&mut content)).map_err(|_| invalid("a field is no text"))?;
            match place.replace(text) {
                None => Ok(()),
                Some(_) => Err(invalid("a field of the form occurs twice")),
            }
        };
        match name.as_str() {
            "file" if std::mem::replace(&mut has_file, true) => {
                return Err(invalid("the form has two parts `file`; send one file at a time"));
            }
            "file" => upload.content = content.into(),
            "policy" => text(&mut upload.policy)?,
            "level" => text(&mut upload.level)?,
            _ => return Err(invalid("the form has a part that is none of file, policy, level")),
        }
    }
    if has_file { Ok(upload) } else { Err(invalid("the form has no part `file`")) }
}

/// The last part of a path, without characters that no name has.
fn shown_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    (!name.is_empty()).then_some(name)
}

fn form_error(error: &axum::extract::multipart::MultipartError, max_bytes: usize) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(max_bytes),
        _ => read_error(error, max_bytes),
    }
}

fn read_error(error: &(dyn std::error::Error + 'static), max_bytes: usize) -> Problem {
    let mut source = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return too_large(max_bytes);
        }
        source = error.source();
    }
    Problem::of(ProblemType::InvalidRequest, "the body ended early, or is no form")
}

fn too_large(max_bytes: usize) -> Problem {
    Problem::of(ProblemType::TooLarge, format!("the file is longer than {max_bytes} bytes"))
}
