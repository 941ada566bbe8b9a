//! The documented mock device (relying party API, section 8.1): a test person scans a QR code or opens a same-device
//! link, and the browser returns to the relying party's callback URL.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_wire::id::DocumentNumber;
use countersign_wire::problem::ProblemType;
use http::StatusCode;
use http::header::COOKIE;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::Error;
use super::actor::lock;
use crate::App;
use crate::peer::is_this_machine;
use crate::problem::Problem;

const PATH: &str = "/mock/device-link";

/// The longest wait for a callback.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, post(device_link))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    document_number: String,
    device_link: String,
    flow_type: LinkFlow,
    browser_cookie: Option<Value>,
    initial_callback_url: Option<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
enum LinkFlow {
    #[serde(rename = "QR")]
    Qr,
    Web2App,
    App2App,
}

/// 200 also when the link is no good, as the documented service does: the effect shows in the session alone.
async fn device_link(State(app): State<App>, body: Bytes) -> Response {
    let bad = |what: &str| Problem::of(ProblemType::InvalidRequest, what.to_owned()).into_response();
    let Some(world) = app.test_world() else { return StatusCode::NOT_FOUND.into_response() };
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return bad(&format!("expected documentNumber, deviceLink and flowType: {error}")),
    };
    let Ok(document) = DocumentNumber::parse(&request.document_number) else {
        return bad("documentNumber is not a document number");
    };
    if world.script(&document).is_none() {
        return bad("documentNumber is not one of the test persons");
    }
    let named = format!(
        "deviceLinkType={}&",
        match request.flow_type {
            LinkFlow::Qr => "QR",
            LinkFlow::Web2App => "Web2App",
            LinkFlow::App2App => "App2App",
        }
    );
    if !request.device_link.contains(&named) {
        return bad("deviceLink is not of the kind that flowType names");
    }
    if request.flow_type != LinkFlow::Qr {
        if request.initial_callback_url.as_deref().is_none_or(str::is_empty) {
            return bad("initialCallbackUrl is needed for Web2App and App2App");
        }
        world.callbacks().expect_from(&document, request.browser_cookie.as_ref());
    }
    if let Err(error) = world.claim(&app, &document, &request.device_link).await {
        tracing::info!(error = %error, "a test person's phone did not take a device link");
    }
    StatusCode::OK.into_response()
}

/// The browser of the test persons: opens callback URLs with the cookies that belong to them.
pub(super) struct Callbacks {
    /// For this machine: any certificate will do.
    here: reqwest::Client,
    elsewhere: reqwest::Client,
    cookies: Mutex<HashMap<DocumentNumber, String>>,
}

impl Callbacks {
    pub(super) fn new() -> Result<Self, Error> {
        let builder = || {
            reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).no_proxy()
        };
        let failed = |error: reqwest::Error| Error::Callbacks(error.to_string());
        // The process may have chosen a provider already; any is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self {
            here: builder().tls_danger_accept_invalid_certs(true).build().map_err(failed)?,
            elsewhere: builder().build().map_err(failed)?,
            cookies: Mutex::default(),
        })
    }

    /// Remembers the browser's cookies for the callback to come: `a=b;c=d`, or JSON.
    fn expect_from(&self, document: &DocumentNumber, cookie: Option<&Value>) {
        let text = match cookie {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => match serde_json::from_str::<Value>(text) {
                Ok(json @ (Value::Object(_) | Value::Array(_))) => cookie_header(&json),
                Ok(_) | Err(_) => text.clone(),
            },
            Some(json) => cookie_header(json),
        };
        lock(&self.cookies).insert(document.clone(), text);
    }

    /// Opens a URL in the background.
    pub(super) fn open(&self, document: &DocumentNumber, url: &str) {
        let Ok(url) = Url::parse(url) else { return };
        let client = if is_this_machine(&url) { &self.here } else { &self.elsewhere };
        let mut request = client.get(url);
        if let Some(cookie) = lock(&self.cookies).remove(document).filter(|cookie| !cookie.is_empty()) {
            request = request.header(COOKIE, cookie);
        }
        tokio::spawn(async move {
            // The URL holds secrets of the relying party, and so does the error's.
            if let Err(error) = request.send().await {
                tracing::warn!(error = %error.without_url(), "a callback URL could not be opened");
            }
        });
    }
}

/// `{"a":"b"}`, or a list of objects with name and value, as a cookie header.
fn cookie_header(json: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<String> = match json {
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name}={}", text(value))).collect()
        }
        Value::Array(list) => list
            .iter()
            .filter_map(|each| Some(format!("{}={}", each.get("name")?.as_str()?, text(each.get("value")?))))
            .collect(),
        _ => Vec::new(),
    };
    pairs.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_come_as_text_or_json() {
        let callbacks = Callbacks::new().unwrap();
        let document = DocumentNumber::parse("PNOEE-40404040009-MOCK-Q").unwrap();
        for (given, header) in [
            (serde_json::json!("a=b;c=d"), "a=b;c=d"),
            (serde_json::json!("{\"a\":\"b\",\"c\":1}"), "a=b; c=1"),
            (serde_json::json!([{"name": "a", "value": "b"}]), "a=b"),
        ] {
            callbacks.expect_from(&document, Some(&given));
            assert_eq!(lock(&callbacks.cookies)[&document], header);
        }
    }

    #[test]
    fn only_loopback_is_here() {
        for (url, here) in [
            ("https://localhost:1/x", true),
            ("https://127.3.2.1/x", true),
            ("https://[::1]/x", true),
            ("https://localhost.example.org/x", false),
            ("https://10.0.0.1/x", false),
        ] {
            assert_eq!(is_this_machine(&Url::parse(url).unwrap()), here, "{url}");
        }
    }
}
