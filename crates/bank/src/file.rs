//! The file that is to be signed: taken once, kept in memory for minutes.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_client::wire::problem::ProblemType;
use countersign_container::FileName;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, Uri};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::cookie::{self, TokenHash, VISITOR};
use crate::door::{OwnPage, Refused};
use crate::format::{Format, Formats};
use crate::office::{Bank, lock};

/// The largest file, in bytes.
pub(crate) const FILE_MAX: usize = 10 << 20;

/// The name, percent-encoded UTF-8. Not in the URL, which ends up in logs.
const FILE_NAME: HeaderName = HeaderName::from_static("x-file-name");

/// The type of files whose browser does not know it.
const OCTETS: &str = "application/octet-stream";

/// A file to be signed.
pub(crate) struct StoredFile {
    pub(crate) name: FileName,
    pub(crate) media_type: String,
    pub(crate) content: Bytes,
    /// What it can become.
    pub(crate) formats: Formats,
}

impl StoredFile {
    pub(crate) fn len(&self) -> usize {
        self.content.len()
    }

    /// What it shall become: what was asked for, if that is possible, or else the usual.
    pub(crate) fn format(&self, wanted: Option<Format>) -> Result<Format, Refused> {
        let Formats { usual, other, not_as_pdf } = &self.formats;
        match wanted {
            None => Ok(*usual),
            Some(format) if format == *usual || Some(format) == *other => Ok(format),
            Some(_) => {
                let why = not_as_pdf.as_deref().unwrap_or("only a PDF document can become a signed PDF");
                Err(Refused::because(ProblemType::Conflict, why))
            }
        }
    }
}

/// What the page is told about a file that is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a> {
    name: &'a str,
    bytes: usize,
    media_type: &'a str,
    #[serde(flatten)]
    formats: &'a Formats,
}

pub(crate) async fn keep(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
    content: Bytes,
) -> Result<Response, Refused> {
    let page = OwnPage::of(&uri, &headers)?;
    if content.is_empty() {
        return Err(Refused::invalid("the file is empty"));
    }
    let encoded = headers.get(FILE_NAME).and_then(|name| name.to_str().ok());
    let encoded = encoded.ok_or_else(|| Refused::invalid("expected the name of the file in X-File-Name"))?;
    let name = percent_decode_str(encoded).decode_utf8();
    let name = name.map_err(|_| Refused::invalid("X-File-Name: expected percent-encoded UTF-8"))?;
    if name.contains('/') {
        return Err(Refused::invalid("X-File-Name: expected a name without folders"));
    }
    let name = FileName::parse(&name).map_err(|error| Refused::invalid(error.to_string()))?;
    let media_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let media_type = media_type.filter(|kind| is_media_type(kind)).unwrap_or(OCTETS).to_owned();
    let now = bank.office.now();
    let (office, bytes) = (Arc::clone(&bank.office), content.clone());
    let formats = tokio::task::spawn_blocking(move || Formats::of(&bytes, &office.anchors, now)).await;
    let formats =
        formats.map_err(|_| Refused::because(ProblemType::Internal, "reading the file was interrupted"))?;
    let file = Arc::new(StoredFile { name, media_type, content, formats });
    let answer = Json(Kept {
        name: file.name.as_str(),
        bytes: file.len(),
        media_type: &file.media_type,
        formats: &file.formats,
    })
    .into_response();

    let mut visitors = lock(&bank.visitors);
    if !visitors.has_room(file.len(), now) {
        return Err(Refused::because(
            ProblemType::Unavailable,
            "the bank keeps as many files as it can at once; try again in some minutes",
        ));
    }
    let token = TokenHash::received(&headers, VISITOR);
    if let Some(visitor) = visitors.find(token, now) {
        visitor.file = Some((file, now));
        return Ok(answer);
    }
    let (token, visitor) = visitors.renew(None, now).map_err(|_| Refused::full())?;
    visitor.file = Some((file, now));
    Ok(cookie::with(answer, &[token.set(VISITOR, page.is_secure())]))
}

/// `type/subtype` in the characters of RFC 6838, without parameters.
fn is_media_type(text: &str) -> bool {
    let restricted = |part: &str| {
        (1..=64).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| restricted(kind) && restricted(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_media_types_are_taken() {
        for good in ["text/plain", "application/vnd.etsi.asic-e+zip", "image/svg+xml"] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "text", "/", "text/", "text/html; charset=utf-8", "text/a b", "a/b/c", "text/<x>"] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
