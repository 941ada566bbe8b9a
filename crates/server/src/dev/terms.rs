//! The terms of a development server: texts that say that they are none.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign_domain::registration::TermsDocument;
use countersign_wire::problem::ProblemType;
use countersign_wire::registration::Jurisdiction;
use http::header::CONTENT_TYPE;
use jiff::civil::date;

use super::hex_sha256;
use crate::App;
use crate::problem::Problem;

/// A language and its text.
static TEXTS: [(&str, &str); 4] = [
    (
        "de",
        "TEST. Dies sind keine Nutzungsbestimmungen. Sie stehen dort, wo ein Betreiber die seinen veröffentlicht.\n",
    ),
    ("en", "TEST. These are no terms. They stand where an operator publishes theirs.\n"),
    ("fr", "TEST. Ceci ne constitue pas des conditions d’utilisation, mais en tient la place.\n"),
    ("it", "TEST. Queste non sono condizioni d’uso; ne occupano il posto.\n"),
];

/// Every text for every jurisdiction, in one edition.
pub(super) fn documents() -> Vec<TermsDocument> {
    let each = |jurisdiction: Jurisdiction| {
        TEXTS.iter().map(move |(language, text)| TermsDocument {
            jurisdiction,
            version: "test-1".to_owned(),
            language: (*language).to_owned(),
            url: format!("/terms/{jurisdiction}/test-1/{language}"),
            sha256: hex_sha256(text.as_bytes()),
            valid_from: date(2020, 1, 1),
        })
    };
    Jurisdiction::ALL.iter().copied().flat_map(each).collect()
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/terms/{jurisdiction}/test-1/{language}", get(text))
}

async fn text(Path((jurisdiction, language)): Path<(String, String)>) -> Response {
    let found = TEXTS.iter().find(|(each, _)| *each == language);
    match found.filter(|_| jurisdiction.parse::<Jurisdiction>().is_ok()) {
        Some((_, text)) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], *text).into_response(),
        None => Problem::of(ProblemType::NotFound, "no such text").into_response(),
    }
}
