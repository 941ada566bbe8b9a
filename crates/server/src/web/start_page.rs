//! The start page of a service without a sample bank: what is where.

use std::fmt::Write as _;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};

use super::PAGE_POLICY;
use crate::{App, Origin};

/// A person to try things with. Given by the development module when the application is put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPerson {
    /// Such as `PNOEE-40504040001-DEM0-Q`. Test persons only.
    pub document: String,
    /// What a session with this person ends with.
    pub outcome: String,
    /// Anything worth knowing.
    pub remark: String,
}

/// What the start page shows beyond the URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StartPage {
    /// Test persons; none in production.
    pub persons: Vec<ShownPerson>,
    /// A sentence about the PINs of test persons, or nothing.
    pub pins: String,
    /// Further places under this origin: path and what is there.
    pub places: Vec<(String, String)>,
}

pub(super) fn start_page(app: &App, origin: &Origin) -> Response {
    let page = start_page_html(app, &origin.base);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (VARY, HeaderValue::from_static("Host")),
    ];
    (headers, page).into_response()
}

fn start_page_html(app: &App, base: &str) -> String {
    let shown = app.start_page();
    let base = escape(base);
    let scheme = escape(&app.config().rp_api.scheme);
    let party = app.config().relying_parties.first();
    let uuid = party.map_or_else(String::new, |party| escape(&party.uuid));
    let name = party.and_then(|party| party.names.first()).map_or_else(String::new, |name| escape(name));
    let mut html = String::with_capacity(16 * 1024);
    html.push_str(HEAD);
    let _ = write!(
        html,
        "<div class=\"pair\"><section class=\"sheet\"><h2>Relying party API</h2><dl class=\"facts\">\
         <dt>Base URL</dt><dd><code>{base}/smart-id-rp/v3/</code></dd>\
         <dt>or shorter</dt><dd><code>{base}/v3/</code></dd>\
         <dt>Device link page</dt><dd><code>{base}/device-link</code></dd>\
         <dt>Scheme name</dt><dd><code>{scheme}</code></dd>"
    );
    if party.is_some() {
        let _ = write!(
            html,
            "<dt>Relying party</dt><dd><code>{name}</code></dd><dt>UUID</dt><dd><code>{uuid}</code></dd>"
        );
    }
    html.push_str("</dl></section><section class=\"sheet\"><h2>Also here</h2><dl class=\"facts\">");
    let places = [
        ("/docs", "the whole API, described and tried out"),
        ("/openapi.json", "the same for programs"),
        ("/readyz", "whether everything is in order"),
        ("/metrics", "counters"),
    ];
    let more = shown.places.iter().map(|(path, what)| (path.as_str(), what.as_str()));
    for (path, what) in more.chain(places) {
        let (path, what) = (escape(path), escape(what));
        let _ = write!(html, "<dt><a href=\"{path}\">{path}</a></dt><dd>{what}</dd>");
    }
    html.push_str("</dl></section></div>");
    let trust = match app.authorities() {
        Some(_) => {
            "<p class=\"quiet\">Every client also needs the roots and issuing CAs of this service in its trust store: \
             <a href=\"/trust\">/trust</a>.</p>"
        }
        None => "",
    };
    let _ = write!(
        html,
        "<section class=\"sheet lines\"><h2>Point your own client here</h2>\
         <h3>Java</h3><pre><code>client.setRelyingPartyUUID(\"{uuid}\");\nclient.setRelyingPartyName(\"{name}\");\n\
         client.setHostUrl(\"{base}/smart-id-rp/v3/\");</code></pre>\
         <h3>Rust</h3><pre><code>SMART_ID_ROOT_URL={base}\nSMART_ID_V3_API_PATH=/smart-id-rp/v3\nSMART_ID_SCHEME_NAME={scheme}</code></pre>\
         <h3>Ruby</h3><pre><code>host_url: \"{base}/smart-id-rp/v3/\" # with the slash at the end</code></pre>\
         <h3>Any language</h3><pre><code>curl -sS -H 'Content-Type: application/json' \\\n  -d '{body}' \\\n  {base}/v3/signature/certificate/{document}</code></pre>\
         {trust}</section>",
        body = escape(&format!(
            "{{\"relyingPartyUUID\":\"{}\",\"relyingPartyName\":\"{}\"}}",
            party.map_or("", |party| &party.uuid),
            party.and_then(|party| party.names.first()).map_or("", |name| name)
        )),
        document = shown
            .persons
            .first()
            .map_or_else(|| "DOCUMENT-NUMBER".to_owned(), |person| escape(&person.document)),
    );
    if !shown.persons.is_empty() {
        let _ = write!(
            html,
            "<section class=\"sheet\"><h2>Test persons</h2><p class=\"quiet\">{}</p><div class=\"scroll\">\
             <table class=\"persons\"><thead><tr><th>Document number</th><th>Ends with</th><th>Remark</th></tr></thead><tbody>",
            escape(&shown.pins)
        );
        for person in &shown.persons {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td class=\"quiet\">{}</td></tr>",
                escape(&person.document),
                escape(&person.outcome),
                escape(&person.remark)
            );
        }
        html.push_str("</tbody></table></div></section>");
    }
    html.push_str("</main></body></html>\n");
    html
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Countersign</title>\
    <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body>\
    <main class=\"page\"><header><h1>Countersign</h1><p>People log in and sign documents with a phone; this service \
    keeps the other half of every key. It speaks version 3 of the Smart-ID relying party API.</p></header>";

/// Text for HTML, inside elements and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
    }
}
