//! What was signed, to take home; and the check of any signed file that somebody brings.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_client::wire::problem::ProblemType;
use countersign_container::{Limits, Policy, Report, validate_bytes};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::door::{OwnPage, Refused};
use crate::format::Format;
use crate::office::Bank;
use crate::transaction::Transaction;

/// The largest signed file that is checked, in bytes: a file of the largest size with its signature.
pub(crate) const VERIFY_MAX: usize = crate::file::FILE_MAX + (1 << 20);

/// What `filename*` may hold as it is [RFC 8187 §3.2.1].
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the report's page may do: have its own style.
const REPORT_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox";

/// Bounds for what strangers bring: far below those for one's own files.
fn limits() -> Limits {
    Limits {
        entries: 64,
        data_file_bytes: 32 << 20,
        total_bytes: 64 << 20,
        signatures: 32,
        ..Limits::default()
    }
}

pub(crate) async fn file(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let transaction = bank.transaction(&headers, &id)?;
    let made = made(&transaction)?;
    Ok(attachment(made.format, &made.name, made.content.clone()))
}

pub(crate) async fn report_json(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let transaction = bank.transaction(&headers, &id)?;
    Ok(json(&made(&transaction)?.report))
}

pub(crate) async fn report_html(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let transaction = bank.transaction(&headers, &id)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        // What a file says about itself stands in the page: nothing in it may run or fetch.
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(REPORT_POLICY)),
    ];
    Ok((headers, made(&transaction)?.report.to_html()).into_response())
}

/// Checks a signed file that the page sends. Nothing of it is kept.
pub(crate) async fn verify(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
    content: Bytes,
) -> Result<Response, Refused> {
    OwnPage::of(&uri, &headers)?;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if Format::of_media_type(kind).is_none() {
        let [asice, pdf] = [Format::Asice, Format::Pdf].map(Format::media_type);
        let expected = format!("expected {asice} or {pdf}");
        return Err(Refused::because(ProblemType::UnsupportedMediaType, expected));
    }
    let office = Arc::clone(&bank.office);
    let report = tokio::task::spawn_blocking(move || {
        validate_bytes(&content, None, &limits(), &office.anchors, office.now(), &Policy::default())
    });
    let report =
        report.await.map_err(|_| Refused::because(ProblemType::Internal, "the check was interrupted"))?;
    Ok(json(&report))
}

fn made(transaction: &Transaction) -> Result<&crate::transaction::Made, Refused> {
    transaction.made().ok_or_else(|| Refused::because(ProblemType::Conflict, "nothing is signed yet"))
}

fn json(report: &Report) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], report.to_json()).into_response()
}

fn attachment(format: Format, name: &str, content: Vec<u8>) -> Response {
    let name = utf8_percent_encode(name, ATTR_CHAR);
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let mut response = content.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    response
}
