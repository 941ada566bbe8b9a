//! The body of a token call.

use axum::body::Body;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::refused::Refused;
use crate::App;
use crate::whole_body::{Unread, whole_body};

/// The longest body, in octets. A Web eID token has 3 to 5 thousand.
pub(super) const BODY_MAX: usize = 24 * 1024;
/// The longest text of a member, in octets.
const TEXT_MAX: usize = 1024;

/// What may be in it. Other members are passed over; a member that comes twice is refused, since readers disagree on
/// which counts.
#[derive(Default, Deserialize)]
pub(super) struct Fields {
    pub(super) ident: Option<Value>,
    pub(super) first_name: Option<Value>,
    pub(super) last_name: Option<Value>,
    pub(super) country_code: Option<Value>,
    pub(super) username: Option<Value>,
    pub(super) password: Option<Value>,
    pub(super) session_id: Option<Value>,
    pub(super) relying_party_uuid: Option<Value>,
    pub(super) auth_token: Option<Value>,
    pub(super) challenge: Option<Value>,
}

/// Values that name a person, where they came.
pub(super) struct Told {
    pub(super) ident: Option<Text>,
    pub(super) first_name: Option<Text>,
    pub(super) last_name: Option<Text>,
    pub(super) country_code: Option<Text>,
}

/// A text that is wiped when dropped: some are passwords.
pub(super) type Text = Zeroizing<String>;

impl Fields {
    /// Reads a body: nothing, or a JSON object that is announced as JSON. Forms are not read: any page in a browser could
    /// send one here.
    pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Self, Refused> {
        let octets = octets(app, body).await?;
        if octets.is_empty() {
            return Ok(Self::default());
        }
        if !is(headers, "application/json") {
            let text = "expected Content-Type: application/json";
            return Err(Refused::body(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        // A list would do for the parser, by position.
        if octets.iter().find(|octet| !octet.is_ascii_whitespace()) != Some(&b'{') {
            let text = "the body is not the JSON of this call: expected an object";
            return Err(Refused::body(StatusCode::BAD_REQUEST, text));
        }
        // The parser's own text would quote what people are called.
        serde_json::from_slice(&octets).map_err(|error| {
            let text = format!(
                "the body is not the JSON of this call: {:?} error at line {}, column {}",
                error.classify(),
                error.line(),
                error.column()
            );
            Refused::body(StatusCode::BAD_REQUEST, text)
        })
    }

    /// Whether there is anything that names a person.
    pub(super) fn names_a_person(&self) -> bool {
        [&self.ident, &self.first_name, &self.last_name, &self.country_code].into_iter().any(Option::is_some)
    }

    /// The values that name a person, as texts.
    pub(super) fn told(&self) -> Result<Told, Refused> {
        Ok(Told {
            ident: text("ident", &self.ident)?,
            first_name: text("first_name", &self.first_name)?,
            last_name: text("last_name", &self.last_name)?,
            country_code: text("country_code", &self.country_code)?,
        })
    }
}

/// A whole body within its size and time.
pub(super) async fn octets(app: &App, body: Body) -> Result<Zeroizing<Vec<u8>>, Refused> {
    match whole_body(app, body, BODY_MAX).await {
        Ok(octets) => Ok(Zeroizing::new(octets.to_vec())),
        Err(Unread::TooLong | Unread::Broken) => {
            let text = format!("expected a whole body of at most {BODY_MAX} bytes");
            Err(Refused::body(StatusCode::PAYLOAD_TOO_LARGE, text))
        }
        Err(Unread::Late) => {
            Err(Refused::body(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"))
        }
    }
}

/// Whether a body is announced as this, with whatever parameters.
pub(super) fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let announced = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let announced = announced.split_once(';').map_or(announced, |(kind, _)| kind);
    announced.trim().eq_ignore_ascii_case(media_type)
}

/// A member as text; blank is as if missing.
pub(super) fn text(member: &'static str, value: &Option<Value>) -> Result<Option<Text>, Refused> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() > TEXT_MAX => {
            Err(Refused::parameter(member, format!("parameter is longer than {TEXT_MAX} bytes")))
        }
        Some(Value::String(text)) => {
            Ok(Some(Zeroizing::new(text.clone())).filter(|text| !text.trim().is_empty()))
        }
        Some(_) => Err(Refused::parameter(member, "parameter must be a string")),
    }
}

/// A member that has to be there.
pub(super) fn needed(member: &'static str, value: &Option<Value>) -> Result<Text, Refused> {
    text(member, value)?.ok_or_else(|| Refused::missing(member))
}
