//! The page that a link to terms opens: which texts there are, and the token that the guide has partners look for in it.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{Progress, Refusal};
use countersign_wire::registration::{Jurisdiction, TermsToken};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, VARY};
use std::fmt::Write as _;

use super::page_words::Words;
use super::{failed, failure};
use crate::App;
use crate::web::{PAGE_POLICY, escape};

/// Where the links lead.
pub(super) const PATH: &str = "/t/{token}";
/// What comes before the token.
pub(super) const BASE: &str = "/t/";

/// `GET /t/{token}`
pub(super) async fn terms(
    State(app): State<App>,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let words = Words::of(query.as_deref(), &headers);
    let token = TermsToken::parse(&text).map_err(|_| failed(&app, Refusal::UnknownTransaction))?;
    let (now, of) = (app.now(), app.clone());
    let shown = token.clone();
    let html = app.read("show terms", move |tx| {
        let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
        let transaction = tx.terms().find(&shown)?.ok_or(unknown)?;
        let progress = transaction.progress(now).map_err(AnyRefusal::from)?;
        let mut html = head(&shown, words);
        for jurisdiction in Jurisdiction::ALL {
            let Some(version) = transaction.asked(*jurisdiction) else { continue };
            let _ = write!(
                html,
                "<section data-jurisdiction=\"{jurisdiction}\"><h2>{}</h2><ul>",
                match jurisdiction {
                    Jurisdiction::Zertes => words.zertes,
                    Jurisdiction::Eidas => words.eidas,
                }
            );
            for text in of.registration().terms().texts(*jurisdiction, version) {
                let (url, language) = (escape(&text.url), escape(&text.language));
                let _ = write!(
                    html,
                    "<li><a href=\"{url}\" hreflang=\"{language}\">{} {} ({language})</a></li>",
                    words.version,
                    escape(version)
                );
            }
            html.push_str("</ul></section>");
        }
        let said = match progress {
            Progress::Open => words.open,
            Progress::Waiting { .. } => words.waiting,
            Progress::Confirmed { .. } => words.confirmed,
            Progress::Failed(_) => words.failed,
        };
        let _ = write!(html, "<p>{said}</p>");
        html.push_str("</section></main></body></html>\n");
        Ok(html)
    });
    let html = html.await.map_err(|error| failure(&app, error))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("accept-language")),
    ];
    Ok((headers, html).into_response())
}

fn head(token: &TermsToken, words: &Words) -> String {
    let Words { language, title, .. } = words;
    // A token has no letters that mean anything in HTML.
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body><main class=\"page\">\
         <section class=\"sheet\" id=\"terms\" data-token=\"{}\"><h1>{title}</h1>",
        token.as_str()
    )
}
