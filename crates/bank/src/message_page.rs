//! A page with a message, for the one address of the bank that browsers are sent to. Its words are the bank's own: nothing
//! that a request holds is shown, so nothing has to be made safe.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use countersign_client::wire::base64::b64;
use countersign_pki::Digest;
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1a1f2b;--line:#dfdacf;--paper:#fff;--back:#f6f4ef}\
@media(prefers-color-scheme:dark){:root{--ink:#eceae4;--line:#303948;--paper:#1b212b;--back:#11151c}}\
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:40rem;margin:0 auto;padding:2rem 1rem 4rem}h1{font-size:1.5rem;line-height:1.25}\
section{background:var(--paper);border:1px solid var(--line);border-radius:1rem;padding:1rem 1.5rem}a{color:inherit}";

/// Lets the page above have its style and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = b64(&Digest::Sha256.of(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'")
});

/// A title and a text, both without markup.
pub(crate) fn message(title: &'static str, text: &'static str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1><section><p>{text}</p><p><a href=\"/\">To the bank</a></p></section></main></body></html>\n"
    );
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_style() {
        assert!(POLICY.contains("style-src 'sha256-") && !POLICY.contains("unsafe"));
    }
}
