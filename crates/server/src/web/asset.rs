//! Files that never change while the program runs, and how they are answered. Browsers keep them and ask whether they
//! are still the same, or do not ask at all where the name says so.

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use http::{HeaderValue, StatusCode};

use super::PAGE_POLICY;
use super::file_form;

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    media_type: &'static str,
    etag: String,
    is_hashed: bool,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl Asset {
    pub(crate) fn html(text: impl Into<String>) -> Self {
        Self::new("text/html; charset=utf-8", text.into())
    }

    pub(crate) fn script(text: impl Into<String>) -> Self {
        Self::new("text/javascript; charset=utf-8", text.into())
    }

    pub(crate) fn style(text: impl Into<String>) -> Self {
        Self::new("text/css; charset=utf-8", text.into())
    }

    pub(crate) fn json(text: impl Into<String>) -> Self {
        Self::new("application/json", text.into())
    }

    fn new(media_type: &'static str, text: String) -> Self {
        Self::packed(media_type, false, text.into())
    }

    /// A file that is packed here and now.
    pub(super) fn packed(media_type: &'static str, is_hashed: bool, plain: Bytes) -> Self {
        let etag = file_form::etag(digest(&SHA256, &plain).as_ref());
        let gzip = file_form::gzip(media_type, &plain).map(Bytes::from);
        Self { media_type, etag, is_hashed, plain, gzip }
    }

    /// A file that the build has packed.
    pub(super) fn embedded(
        media_type: &'static str,
        etag: &str,
        is_hashed: bool,
        plain: &'static [u8],
        gzip: Option<&'static [u8]>,
    ) -> Self {
        let (etag, plain) = (etag.to_owned(), Bytes::from_static(plain));
        Self { media_type, etag, is_hashed, plain, gzip: gzip.map(Bytes::from_static) }
    }

    /// The file, or 304 when the browser has it.
    pub(crate) fn respond(&self, headers: &HeaderMap) -> Response {
        let packed = self.gzip.as_ref().filter(|_| accepts_gzip(headers));
        // The packed form is another representation, and has a tag of its own [RFC 9110 §8.8.3.3].
        let etag = match packed {
            Some(_) => format!("{}.gz\"", self.etag.trim_end_matches('"')),
            None => self.etag.clone(),
        };
        let mut response = if has(headers, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            packed.unwrap_or(&self.plain).clone().into_response()
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        let keep = if self.is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        if self.gzip.is_some() {
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if packed.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(ETAG, etag);
        }
        if self.media_type.starts_with("text/html") {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        }
        response
    }
}

/// Whether one of the tags that the browser names is this one.
fn has(headers: &HeaderMap, etag: &str) -> bool {
    listed(headers, IF_NONE_MATCH.as_str()).any(|tag| tag.trim_start_matches("W/") == etag)
}

/// Whether gzip is among the codings that are taken [RFC 9110 §12.5.3].
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for coding in listed(headers, ACCEPT_ENCODING.as_str()) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.filter_map(|part| part.split_once('=')).any(|(name, weight)| {
            name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0_f32)
        });
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return !refused;
        }
        any |= name == "*" && !refused;
    }
    any
}

/// The members of a header that is a list.
fn listed<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_files_have_equal_tags() {
        assert_eq!(Asset::style("a").etag, Asset::style("a").etag);
        assert_ne!(Asset::style("a").etag, Asset::style("b").etag);
    }

    #[test]
    fn gzip_is_given_to_who_takes_it() {
        for (header, expected) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("deflate, *;q=0.1", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, *", false),
            ("*;q=0", false),
            ("gzipped", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, header.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
