//! The web apps that the build has put into the program: the phone, the sample bank, the elements for other pages.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};

use super::asset::Asset;
use super::config::{SELF, Web};
use super::file_form;
use crate::App;
use crate::problem::Problem;
use countersign_wire::problem::ProblemType;

/// One file, as the build script lists it.
struct Embedded {
    path: &'static str,
    media_type: &'static str,
    etag: &'static str,
    is_hashed: bool,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

static EMBEDDED: &[Embedded] = include!(concat!(env!("OUT_DIR"), "/web_apps.rs"));

/// The built files by their path in `web/dist`, such as `phone/index.html`. Cheap to clone.
#[derive(Clone, Default)]
pub struct WebApps(Arc<HashMap<String, Asset>>);

impl WebApps {
    /// Those that this program was built with.
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|file| {
            let asset = Asset::embedded(file.media_type, file.etag, file.is_hashed, file.plain, file.gzip);
            (file.path.to_owned(), asset)
        });
        Self(Arc::new(files.collect()))
    }

    /// None at all, as in a program that was built without them.
    pub fn none() -> Self {
        Self::default()
    }

    /// Others. A file of a kind that is not known is left out.
    pub fn of(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let files = files.into_iter().filter_map(|(path, plain)| {
            let media_type = file_form::media_type(&path)?;
            let asset = Asset::packed(media_type, file_form::is_hashed(&path), plain);
            Some((path, asset))
        });
        Self(Arc::new(files.collect()))
    }

    /// The file at this path.
    pub(crate) fn find(&self, path: &str) -> Option<&Asset> {
        self.0.get(path)
    }
}

impl fmt::Debug for WebApps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebApps({} files)", self.0.len())
    }
}

/// `GET /phone`
pub(super) async fn phone_folder() -> Redirect {
    Redirect::permanent("/phone/")
}

/// `GET /phone/`
pub(super) async fn phone_index(State(app): State<App>, headers: HeaderMap) -> Response {
    phone_page(&app, "phone/index.html", &headers).unwrap_or_else(without_apps)
}

/// `GET /phone/…`: a file, or the app itself, which knows what its own paths mean.
pub(super) async fn phone_file(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    if let Some(file) = phone_page(&app, &format!("phone/{path}"), &headers) {
        return file;
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if is_file { missing() } else { phone_index(State(app), headers).await }
}

/// A file of the phone app with its policy. Scripts have it too: a worker lives by its own script's.
pub(crate) fn phone_page(app: &App, path: &str, headers: &HeaderMap) -> Option<Response> {
    let mut response = app.web_apps().find(path)?.respond(headers);
    let web = &app.config().web;
    let headers = response.headers_mut();
    // Of a checked configuration: visible ASCII.
    if let Ok(policy) = HeaderValue::from_str(&phone_policy(web)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if web.phone_frames == [SELF] {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    isolate(headers, "same-origin");
    Some(response)
}

/// What the phone may load, and who may show it: what this server has, and whom the configuration names
/// (split-key 3.3). Text becomes script only through the one policy that makes the URLs of the workers.
fn phone_policy(web: &Web) -> String {
    let frames = match web.phone_frames.as_slice() {
        [] => "'none'".to_owned(),
        some => some.join(" "),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {frames}; \
         require-trusted-types-for 'script'; trusted-types countersign-screens"
    )
}

/// What the sample bank may load: its own, and the phone in a frame. The name of a policy is its app's own, so that each
/// page can make one.
const BANK_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data: blob:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types countersign-bank";

/// The sample bank's page, where there is one.
pub(super) fn bank_page(app: &App, headers: &HeaderMap) -> Option<Response> {
    let mut response = app.web_apps().find("bank/index.html")?.respond(headers);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(BANK_POLICY));
    isolate(headers, "same-origin");
    Some(response)
}

/// `GET /bank/…`
pub(super) async fn bank_file(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let file = app.web_apps().find(&format!("bank/{path}")).map(|file| file.respond(&headers));
    let Some(mut response) = file else { return missing() };
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(BANK_POLICY));
    isolate(response.headers_mut(), "same-origin");
    response
}

/// What the page of the signing service may load: its own, and reports in a frame. The one form sends a file to be
/// validated.
const SIGNING_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types countersign-signing";

/// `GET /signing`
pub(super) async fn signing_page(State(app): State<App>, headers: HeaderMap) -> Response {
    signing_app(&app, "signing/index.html", &headers).unwrap_or_else(without_apps)
}

/// `GET /signing/assets/…`
pub(super) async fn signing_file(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    signing_app(&app, &format!("signing/assets/{path}"), &headers).unwrap_or_else(missing)
}

fn signing_app(app: &App, path: &str, headers: &HeaderMap) -> Option<Response> {
    guarded(app, path, SIGNING_POLICY, headers)
}

/// What the registration desk may load: its own, and nothing is ever sent by a form.
const DESK_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// `GET /desk`
pub(super) async fn desk_page(State(app): State<App>, headers: HeaderMap) -> Response {
    guarded(&app, "desk/index.html", DESK_POLICY, &headers).unwrap_or_else(without_apps)
}

/// `GET /desk/assets/…`
pub(super) async fn desk_file(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    guarded(&app, &format!("desk/assets/{path}"), DESK_POLICY, &headers).unwrap_or_else(missing)
}

/// A file of an app for this origin alone, with its policy.
fn guarded(app: &App, path: &str, policy: &'static str, headers: &HeaderMap) -> Option<Response> {
    let mut response = app.web_apps().find(path)?.respond(headers);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(resource, HeaderValue::from_static("same-origin"));
    Some(response)
}

/// What the example pages of the elements may load. Scripts live by the policy of the page that loads them.
const EXAMPLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /elements/…`: for pages of any origin, which load modules with CORS.
pub(super) async fn element_file(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Response {
    let file = app.web_apps().find(&format!("elements/{path}")).map(|file| file.respond(&headers));
    let Some(mut response) = file else { return missing() };
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(EXAMPLE_POLICY));
    isolate(response.headers_mut(), "cross-origin");
    response
}

/// Nothing without its consent goes into a page, and pages of `readers` alone get what this is.
fn isolate(headers: &mut HeaderMap, readers: &'static str) {
    let embedder = HeaderName::from_static("cross-origin-embedder-policy");
    headers.insert(embedder, HeaderValue::from_static("require-corp"));
    let resource = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(resource, HeaderValue::from_static(readers));
}

fn missing() -> Response {
    Problem::of(ProblemType::NotFound, "nothing is served at this path").into_response()
}

/// Instead of an app that this program does not have.
fn without_apps() -> Response {
    const PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Countersign</title>\
        <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head><body>\
        <main class=\"page\"><section class=\"sheet\"><h1>No phone in here</h1><p>This program was built without the web \
        apps: run <code>make run</code>.</p></section></main></body></html>\n";
    let mut response = Asset::html(PAGE).respond(&HeaderMap::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for hashed in [
            "phone/assets/index-B3xw_9aZ.js",
            "bank/assets/a.b/assets/x-12345678.css",
            "p/assets/q-a-b_cD1-.js",
        ] {
            assert!(file_form::is_hashed(hashed), "{hashed}");
        }
        for plain in [
            "phone/index.html",
            "phone/sw.js",
            "phone/icon-B3xw_9aZ.png",
            "elements/assets/countersign-elements.js",
            "phone/assets/index-B3xw_9a.js",
            "phone/assets/B3xw_9aZ.js",
            "phone/assets/.js",
            "",
        ] {
            assert!(!file_form::is_hashed(plain), "{plain}");
        }
    }

    #[test]
    fn kinds_are_known_by_name() {
        assert_eq!(file_form::media_type("phone/manifest.webmanifest"), Some("application/manifest+json"));
        assert_eq!(file_form::media_type("phone/LICENSE"), None);
        assert_eq!(file_form::media_type("phone/a.exe"), None);
    }

    #[test]
    fn what_is_packed_already_stays_as_it_is() {
        let text = vec![b'a'; 1000];
        assert!(file_form::gzip("text/css; charset=utf-8", &text).is_some());
        assert!(file_form::gzip("image/png", &text).is_none());
        assert!(file_form::gzip("text/css; charset=utf-8", b"a").is_none());
    }
}
