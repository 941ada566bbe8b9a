//! Pages without scripts: the validation report for people, and a message.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use countersign_client::wire::base64::b64;
use countersign_container::{Finding, Report, SignatureReport};
use countersign_pki::Digest;
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--back:#f4f6f8;--good:#14683f;--bad:#a3261f}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a3aebb;--line:#333d49;--paper:#1b222b;--back:#12171d;--good:#6fd3a0;--bad:#ff9d94}}\
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem}h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.1rem}\
section{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1rem 1.25rem;margin:1rem 0}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1.25rem;margin:0}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\
.good{color:var(--good)}.bad{color:var(--bad)}a{color:inherit}li{overflow-wrap:anywhere}\
@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}";

/// Lets the page above have its style and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = b64(&Digest::Sha256.of(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'")
});

/// A title and a text.
pub(crate) fn message(title: &str, text: &str) -> Response {
    page(
        title,
        &format!(
            "<h1>{}</h1><section><p>{}</p><p><a href=\"/\">To the bank</a></p></section>",
            escape(title),
            escape(text)
        ),
    )
}

/// A validation report.
pub(crate) fn report(name: &str, report: &Report) -> Response {
    let mut html = String::new();
    let verdict = if report.is_valid() {
        "<span class=\"good\">Valid</span>"
    } else {
        "<span class=\"bad\">Not valid</span>"
    };
    let _ = write!(html, "<h1>{verdict}: {}</h1><section><dl>", escape(name));
    fact(&mut html, "Checked", report.validation_time);
    let signatures = format!("{} of {} valid", report.valid_signatures_count, report.signatures_count);
    fact(&mut html, "Signatures", signatures);
    fact(&mut html, "Required level", &report.policy.required_level);
    for file in &report.data_files {
        let covered = if file.signed { "" } else { ", covered by no valid signature" };
        fact(&mut html, "File", format!("{} ({}, {} bytes{covered})", file.name, file.media_type, file.size));
    }
    html.push_str("</dl></section>");
    findings(&mut html, "Faults of the container", &report.errors);
    findings(&mut html, "Oddities of the container", &report.warnings);
    for each in &report.signatures {
        signature(&mut html, each);
    }
    page(name, &html)
}

fn signature(html: &mut String, signature: &SignatureReport) {
    let tone = if signature.is_valid() { "good" } else { "bad" };
    let _ = write!(
        html,
        "<section><h2>Signature <span class=\"{tone}\">{}</span></h2><dl>",
        signature.indication
    );
    if let Some(sub) = signature.sub_indication {
        fact(html, "Because", format!("{}: {}", sub.as_str(), sub.explanation()));
    }
    let subject = signature.subject_distinguished_name.as_ref();
    let number = subject.and_then(|name| name.serial_number.as_deref()).unwrap_or_default();
    if let Some(signer) = &signature.signed_by {
        fact(html, "Signed by", format!("{signer} {number}"));
    }
    if let Some(time) = signature.info.best_signature_time {
        fact(html, "Existed at", format!("{time}, by time-stamp"));
    }
    if let Some(time) = signature.info.ocsp_response_creation_time {
        fact(html, "Certificate good at", format!("{time}, by OCSP"));
    }
    if let Some(time) = signature.claimed_signing_time {
        fact(html, "Signed at", format!("{time}, as the signer says"));
    }
    if let Some(format) = &signature.signature_format {
        fact(html, "Level", format);
    }
    for scope in &signature.signature_scopes {
        fact(html, "Covers", format!("{} ({})", scope.name, scope.hash_algo));
    }
    for certificate in &signature.certificates {
        fact(
            html,
            "Certificate",
            format!("{:?}: {}", certificate.role, certificate.common_name.as_deref().unwrap_or("unnamed")),
        );
    }
    html.push_str("</dl></section>");
    findings(html, "What is wrong", &signature.errors);
    findings(html, "What is odd", &signature.warnings);
}

fn findings(html: &mut String, title: &str, list: &[Finding]) {
    if list.is_empty() {
        return;
    }
    let _ = write!(html, "<section><h2>{title}</h2><ul>");
    for finding in list {
        let _ = write!(html, "<li>{}</li>", escape(&finding.to_string()));
    }
    html.push_str("</ul></section>");
}

fn fact(html: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = write!(html, "<dt>{name}</dt><dd>{}</dd>", escape(&value.to_string()));
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n",
        escape(title)
    );
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Text for HTML, inside elements and quoted attributes.
fn escape(text: &str) -> String {
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
    fn the_name_of_a_file_is_no_markup() {
        let report = countersign_container::validate_bytes(
            b"no container",
            None,
            &countersign_container::Limits::default(),
            &countersign_container::TrustAnchors::default(),
            jiff::Timestamp::UNIX_EPOCH,
            &countersign_container::Policy::default(),
        );
        let mut html = String::new();
        findings(&mut html, "x", &report.errors);
        assert!(html.contains("<li>container: "), "{html}");
        assert_eq!(
            escape("<img src=x onerror='a()'>&\""),
            "&lt;img src=x onerror=&#39;a()&#39;&gt;&amp;&quot;"
        );
    }

    #[test]
    fn the_policy_names_the_style() {
        assert!(POLICY.contains("style-src 'sha256-") && !POLICY.contains("unsafe"));
    }
}
