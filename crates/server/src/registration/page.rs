//! The page that a link to terms opens: which texts there are, and the token that the guide has partners look for in it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use countersign_domain::Refusal as AnyRefusal;
use countersign_domain::registration::{Progress, Refusal};
use countersign_wire::registration::{Jurisdiction, TermsToken};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use std::fmt::Write as _;

use super::{failed, failure};
use crate::App;
use crate::web::{PAGE_POLICY, escape};

/// Where the links lead.
pub(super) const PATH: &str = "/t/{token}";
/// What comes before the token.
pub(super) const BASE: &str = "/t/";

/// `GET /t/{token}`
pub(super) async fn terms(State(app): State<App>, Path(text): Path<String>) -> Result<Response, Response> {
    let token = TermsToken::parse(&text).map_err(|_| failed(&app, Refusal::UnknownTransaction))?;
    let (now, of) = (app.now(), app.clone());
    let shown = token.clone();
    let html = app.read("show terms", move |tx| {
        let unknown = AnyRefusal::from(Refusal::UnknownTransaction);
        let transaction = tx.terms().find(&shown)?.ok_or(unknown)?;
        let progress = transaction.progress(now).map_err(AnyRefusal::from)?;
        let mut html = head(&shown);
        for jurisdiction in Jurisdiction::ALL {
            let Some(version) = transaction.asked(*jurisdiction) else { continue };
            let _ = write!(
                html,
                "<section data-jurisdiction=\"{jurisdiction}\"><h2>{}</h2><ul>",
                match jurisdiction {
                    Jurisdiction::Zertes => "Switzerland",
                    Jurisdiction::Eidas => "European Union",
                }
            );
            for text in of.registration().terms().texts(*jurisdiction, version) {
                let (url, language) = (escape(&text.url), escape(&text.language));
                let _ = write!(
                    html,
                    "<li><a href=\"{url}\" hreflang=\"{language}\">Terms, version {} ({language})</a></li>",
                    escape(version)
                );
            }
            html.push_str("</ul></section>");
        }
        html.push_str(match progress {
            Progress::Open => "<p>Accept or decline in the service that sent you here.</p>",
            Progress::Waiting { .. } => "<p>Confirm with your app, or where you enter your password.</p>",
            Progress::Confirmed { .. } => "<p>These terms are accepted.</p>",
            Progress::Failed(_) => "<p>This link has been used. Ask for a new one.</p>",
        });
        html.push_str("</section></main></body></html>\n");
        Ok(html)
    });
    let html = html.await.map_err(|error| failure(&app, error))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, html).into_response())
}

fn head(token: &TermsToken) -> String {
    // A token has no letters that mean anything in HTML.
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Terms for electronic signatures</title><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body><main class=\"page\">\
         <section class=\"sheet\" id=\"terms\" data-token=\"{}\"><h1>Terms for electronic signatures</h1>",
        token.as_str()
    )
}
