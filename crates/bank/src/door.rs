//! What every request passes: is it from our own page, is its body what it should be; and how a refusal looks.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_client::SystemRandom;
use countersign_client::wire::problem::{PROBLEM_JSON, Problem, ProblemType};
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::cookie::{Token, TokenHash, VISITOR};
use crate::office::{Bank, lock};
use crate::view::PersonShown;

/// The longest JSON body, in octets.
pub(crate) const JSON_MAX: usize = 4096;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// An answer that is no success.
pub(crate) struct Refused(Problem);

impl Refused {
    pub(crate) fn because(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self(Problem::of(kind, detail))
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::because(ProblemType::InvalidRequest, detail)
    }

    pub(crate) fn full() -> Self {
        Self::because(
            ProblemType::Unavailable,
            "the bank keeps as much as it can at once; try again in some minutes",
        )
    }

    pub(crate) fn no_visitor() -> Self {
        Self::because(ProblemType::Unauthorized, "no log-in is kept for this browser, or no longer")
    }

    pub(crate) fn no_transaction() -> Self {
        Self::because(ProblemType::NotFound, "this browser has no such transaction, or no longer")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}

/// Where a request that changes something came from: our own page, by its `Origin`, or a program that has none.
pub(crate) struct OwnPage {
    origin: Option<Url>,
}

impl OwnPage {
    /// Refuses what another site sends. Browsers say where a POST, PUT or DELETE comes from; a request that says nothing
    /// comes from no browser, and nobody's cookies are at risk.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Refused> {
        let refused =
            || Refused::because(ProblemType::Forbidden, "this has to come from the bank's own page");
        let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        if !matches!(text(&SEC_FETCH_SITE), None | Some("same-origin" | "none")) {
            return Err(refused());
        }
        let Some(origin) = text(&ORIGIN) else { return Ok(Self { origin: None }) };
        let asked = uri.authority().map(http::uri::Authority::as_str).or_else(|| text(&HOST));
        let origin = Url::parse(origin).ok().filter(|origin| matches!(origin.scheme(), "http" | "https"));
        let origin = origin.ok_or_else(refused)?;
        // With the scheme of the origin, so that a port left out means the same on both sides.
        let own = asked.and_then(|asked| Url::parse(&format!("{}://{asked}/", origin.scheme())).ok());
        if own.is_some_and(|own| own.origin() == origin.origin()) {
            Ok(Self { origin: Some(origin) })
        } else {
            Err(refused())
        }
    }

    /// Whether cookies may be for HTTPS alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.scheme() == "https")
    }

    /// Whether the page is open at this origin.
    pub(crate) fn is_at(&self, origin: Option<&str>) -> bool {
        let here = self.origin.as_ref().map(|here| here.origin().ascii_serialization());
        here.is_some() && here.as_deref() == origin
    }

    /// An address of ours where a phone may lead the browser back: HTTPS only, as the API demands.
    /// With a fresh part of our own that nobody can guess.
    pub(crate) fn callback(&self) -> Option<String> {
        let origin = self.origin.as_ref().filter(|origin| origin.scheme() == "https")?;
        let own = Token::draw(&mut SystemRandom);
        Some(format!("{}/bank/callback?value={}", origin.origin().ascii_serialization(), own.as_str()))
    }
}

/// Reads a JSON body that says it is one: other sites cannot send that media type unasked.
pub(crate) fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Refused> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Refused::because(ProblemType::UnsupportedMediaType, "expected application/json"));
    }
    serde_json::from_slice(body).map_err(|error| Refused::invalid(error.to_string()))
}

/// What the page shows before anything happens.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    provider: String,
    relying_party_name: String,
    #[serde(rename = "relyingPartyUUID")]
    relying_party_uuid: String,
    scheme: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secure_origin: Option<String>,
    file_bytes_max: usize,
    now: jiff::Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonShown>,
}

pub(crate) async fn about(State(bank): State<Arc<Bank>>, headers: HeaderMap) -> Json<About> {
    let office = &bank.office;
    let now = office.now();
    let person = lock(&bank.visitors)
        .find(TokenHash::received(&headers, VISITOR), now)
        .and_then(|visitor| visitor.log_in.as_ref()?.person());
    Json(About {
        provider: office.provider.as_str().trim_end_matches('/').to_owned(),
        relying_party_name: office.relying_party_name.clone(),
        relying_party_uuid: office.relying_party.clone(),
        scheme: office.scheme.clone(),
        secure_origin: office.secure_origin.clone(),
        file_bytes_max: crate::file::FILE_MAX,
        now,
        person,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(uri: &str, lines: &[(&'static str, &'static str)]) -> Option<OwnPage> {
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), http::HeaderValue::from_static(value)));
        OwnPage::of(&uri.parse().expect("a URI"), &headers.collect()).ok()
    }

    #[test]
    fn only_our_own_page_changes_anything() {
        let host = ("host", "127.0.0.1:8080");
        assert!(check("/x", &[host, ("origin", "http://127.0.0.1:8080")]).is_some());
        assert!(check("/x", &[host]).is_some(), "no browser");
        for (name, value) in [
            ("origin", "http://127.0.0.1:9090"),
            ("origin", "http://evil.example"),
            ("origin", "http://127.0.0.1:8080.evil.example"),
            ("origin", "null"),
            ("origin", "ftp://127.0.0.1:8080"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            assert!(check("/x", &[host, (name, value)]).is_none(), "{name}: {value}");
        }
        assert!(check("/x", &[("origin", "http://127.0.0.1:8080")]).is_none(), "no host to compare with");
    }

    #[test]
    fn a_way_back_is_offered_over_https_alone() {
        let plain = check("/x", &[("host", "bank.example"), ("origin", "http://bank.example")]);
        assert!(plain.expect("ours").callback().is_none());
        let secure = check("https://bank.example/x", &[("origin", "https://bank.example")]).expect("ours");
        assert!(secure.is_secure());
        let url = secure.callback().expect("a way back");
        let own = url.strip_prefix("https://bank.example/bank/callback?value=").expect("ours");
        assert_eq!(own.len(), 43);
    }

    #[test]
    fn a_form_of_another_site_is_no_json() {
        let mut headers = HeaderMap::new();
        let body = Bytes::from_static(b"{}");
        assert!(json::<serde_json::Value>(&headers, &body).is_err());
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
        assert!(json::<serde_json::Value>(&headers, &body).is_err());
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json; charset=utf-8"));
        assert!(json::<serde_json::Value>(&headers, &body).is_ok());
    }
}
