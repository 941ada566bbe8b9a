//! Our own pages of the registration: one sheet, made here, without a script unless a page needs one. They are shown to
//! people who have no session with us, so a form counts only when it was sent by the page itself.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use countersign_wire::registration::ErrorCode;
use countersign_wire::registration::form::Form;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, ORIGIN, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};

use super::caller::whole;
use crate::problem::Problem;
use crate::web::escape;
use crate::{App, Origin};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A page with one heading.
pub(super) struct Sheet<'a> {
    pub(super) title: &'a str,
    /// What is said first, as text.
    pub(super) said: &'a str,
    /// HTML, of which every value was escaped.
    pub(super) body: &'a str,
    /// The pages that may show it in a frame beside our own, and learn that it is done; none where nobody may.
    pub(super) around: Option<&'a [String]>,
    /// The path of a script of ours.
    pub(super) script: Option<&'static str>,
}

impl Sheet<'_> {
    /// The page.
    pub(super) fn respond(&self, status: StatusCode) -> Response {
        let script = self.script.map(|path| format!("<script src=\"{path}\"></script>")).unwrap_or_default();
        let title = escape(self.title);
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head>\
             <body data-origins=\"{}\"><main class=\"page\"><section class=\"sheet\"><h1>{title}</h1>\
             <p role=\"status\">{}</p>{}</section></main>{script}</body></html>\n",
            escape(&self.around.unwrap_or_default().join(" ")),
            escape(self.said),
            self.body,
        );
        let mut response = (status, html).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // The address of the page holds a token.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        // Cannot fail: origins are ASCII, as the configuration is checked.
        let policy = HeaderValue::from_str(&self.policy()).expect("a policy of ASCII");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        // Browsers that know `frame-ancestors` pass this over; it says what the default must not.
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
        response
    }

    fn policy(&self) -> String {
        let ancestors =
            self.around.map_or_else(|| "'none'".to_owned(), |around| format!("'self' {}", around.join(" ")));
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; \
             form-action 'self'; frame-ancestors {ancestors}"
        )
    }
}

/// What was entered: a body of at most `most` octets, whole and in time.
pub(super) async fn entered(app: &App, body: Body, most: usize) -> Result<Form, Response> {
    let body = whole(app, body, most).await?;
    Form::read(&body)
        .map_err(|error| Problem::registration(ErrorCode::InvalidRequest, error.to_string()).into_response())
}

/// Lets a form of the page itself in. Browsers say where a form comes from; what says nothing is no browser, and has no
/// person's session to misuse, but it is refused all the same.
pub(super) fn own_form(headers: &HeaderMap, origin: &Origin) -> Result<(), Response> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let from_here = text(&ORIGIN) == Some(origin.base.as_str());
    if from_here && text(&FETCH_SITE).is_none_or(|site| site == "same-origin") {
        Ok(())
    } else {
        let problem = Problem::registration(ErrorCode::OriginNotAllowed, "expected a request of this page");
        Err(problem.into_response())
    }
}
