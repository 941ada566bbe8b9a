//! Tokens: client credentials in, a signed token out [RFC 6749 §4.4, RFC 7519], and tokens for browsers.
//!
//! The request is read here; who the client is and what it may have is decided by the rules, and signed by the server.

use std::fmt;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::id::ClientId;
use super::phone_number::PhoneNumber;
use super::problem::OauthRefused;
use super::read;
use super::words::{OauthError, Scope};
use crate::problem::InvalidMember;

/// The longest body of a token request that is looked at, in octets.
pub const REQUEST_MAX: usize = 4096;

/// `POST /oauth/token`
pub struct TokenRequest {
    /// Who asks.
    pub client: ClientId,
    /// As it came; compare its hash.
    pub secret: Zeroizing<String>,
    /// What for; empty when nothing was said, which means everything that the client has.
    pub scopes: Vec<Scope>,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("client", &self.client).finish_non_exhaustive()
    }
}

impl TokenRequest {
    /// Reads a request: the form in the body, the header `Authorization` if there is one, and the query, which must hold
    /// nothing: what is in a URL ends up in logs.
    pub fn read(form: &[u8], authorization: Option<&str>, query: Option<&str>) -> Result<Self, OauthRefused> {
        let malformed = |what| OauthRefused::new(OauthError::InvalidRequest, what);
        if query.is_some_and(|query| !query.is_empty()) {
            return Err(malformed("expected every parameter in the body, none in the URL"));
        }
        let mut parameters = Parameters::default();
        for (name, value) in form_urlencoded::parse(form) {
            let place = match &*name {
                "grant_type" => &mut parameters.grant_type,
                "scope" => &mut parameters.scope,
                "client_id" => &mut parameters.client_id,
                "client_secret" => &mut parameters.client_secret,
                // To be passed over [RFC 6749 §3.2].
                _ => continue,
            };
            if place.replace(Zeroizing::new(value.into_owned())).is_some() {
                return Err(malformed("a parameter came twice"));
            }
        }
        let grant_type =
            parameters.grant_type.ok_or_else(|| malformed("grant_type is missing: client_credentials"))?;
        if *grant_type != "client_credentials" {
            return Err(OauthRefused::new(
                OauthError::UnsupportedGrantType,
                "expected grant_type client_credentials",
            ));
        }
        let in_body = parameters.client_secret.is_some();
        let (client, secret) = match (authorization, parameters.client_id, parameters.client_secret) {
            (Some(_), _, Some(_)) => {
                return Err(malformed("expected the credentials in the header or in the body, not in both"));
            }
            (Some(header), named, None) => {
                let basic = basic(header).ok_or_else(unknown_client)?;
                if named.is_some_and(|named| *named != *basic.0) {
                    return Err(malformed("client_id and the header name two clients"));
                }
                basic
            }
            (None, Some(client), Some(secret)) => (client, secret),
            (None, _, _) if in_body => return Err(malformed("client_id is missing")),
            (None, _, _) => return Err(unknown_client()),
        };
        let scopes = parameters
            .scope
            .as_ref()
            .map(|text| &***text)
            .unwrap_or_default()
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| {
                word.parse().map_err(|_| OauthRefused::new(OauthError::InvalidScope, "an unknown scope"))
            })
            .collect::<Result<_, _>>()?;
        let client = ClientId::parse(&client).map_err(|_| unknown_client())?;
        Ok(Self { client, secret, scopes })
    }
}

/// 401: which of the two was wrong is not told.
pub fn unknown_client() -> OauthRefused {
    OauthRefused::new(
        OauthError::InvalidClient,
        "expected Authorization: Basic with the client's id and secret; no client has these",
    )
}

#[derive(Default)]
struct Parameters {
    grant_type: Option<Zeroizing<String>>,
    scope: Option<Zeroizing<String>>,
    client_id: Option<Zeroizing<String>>,
    client_secret: Option<Zeroizing<String>>,
}

/// `Basic` and Base64 of `id:secret`, each form-encoded first [RFC 6749 §2.3.1].
fn basic(header: &str) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim()).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (client, secret) = text.split_once(':')?;
    Some((form_decoded(client)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<Zeroizing<String>> {
    // One name without a value is how the parser sees a lone text; a separator in it would be a second.
    if text.contains(['&', '=']) {
        return None;
    }
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| Zeroizing::new(name.into_owned()))
}

/// The answer to a token request [RFC 6749 §5.1].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// To be shown as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    /// What it is good for.
    pub scope: String,
}

/// What a token says. `iss` and `aud` are the origin of the service, times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who gave it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// The client.
    pub sub: ClientId,
    /// Words with blanks between.
    pub scope: String,
    /// Since when.
    pub iat: i64,
    /// Until when.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
    /// Only in tokens for browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widget: Option<WidgetClaims>,
}

/// What a token for a browser is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetClaims {
    /// The origin of the page that may use it.
    pub origin: String,
    /// The only number that it may be used for, where the client has said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msisdn: Option<PhoneNumber>,
}

/// `POST /api/public/widget-token`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WidgetTokenRequest {
    /// The page's origin, such as `https://portal.example.org`.
    pub origin: String,
    /// The only number that it is to be used for.
    pub number: Option<PhoneNumber>,
}

impl WidgetTokenRequest {
    /// Reads a body.
    pub fn from_body(body: &[u8]) -> Result<Self, Vec<InvalidMember>> {
        let members = read::object(body).map_err(|invalid| vec![invalid])?;
        let origin = read::text(&members, "/origin")
            .and_then(|origin| origin.ok_or_else(|| InvalidMember::at("/origin", "missing")))
            .map_err(|invalid| vec![invalid])?
            .to_owned();
        let number = read::text(&members, "/msisdn")
            .and_then(|text| {
                text.map(PhoneNumber::parse)
                    .transpose()
                    .map_err(|error| InvalidMember::at("/msisdn", error.to_string()))
            })
            .map_err(|invalid| vec![invalid])?;
        Ok(Self { origin, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"grant_type=client_credentials&scope=smartflow";

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[track_caller]
    fn refused(form: &str, authorization: Option<&str>, error: OauthError) {
        let found = TokenRequest::read(form.as_bytes(), authorization, None).unwrap_err();
        assert_eq!(found.error, error, "{form} {authorization:?}");
        let printable = |b: u8| (0x20..0x7f).contains(&b) && b != b'"' && b != b'\\';
        assert!(found.error_description.bytes().all(printable), "{found:?}");
    }

    /// The inconsistency register, row 9: what the guide writes as `Basic CLIENT SECRET`.
    #[test]
    fn basic_is_the_standard_one() {
        let authorization = header("missswaggerclient:missswaggerclientsecret");
        let request = TokenRequest::read(FORM, Some(&authorization), None).unwrap();
        assert_eq!(request.client.as_str(), "missswaggerclient");
        assert_eq!(*request.secret, "missswaggerclientsecret");
        assert_eq!(request.scopes, [Scope::Smartflow]);
        assert!(!format!("{request:?}").contains("secret"));
        refused("grant_type=client_credentials", Some("Basic CLIENT SECRET"), OauthError::InvalidClient);
    }

    #[test]
    fn credentials_are_form_encoded_first() {
        let request = TokenRequest::read(FORM, Some(&header("a%2Eb:p%3Aw+%26%C3%B5")), None).unwrap();
        assert_eq!((request.client.as_str(), &**request.secret), ("a.b", "p:w &õ"));
    }

    #[test]
    fn the_body_may_hold_them() {
        let form = b"grant_type=client_credentials&client_id=a&client_secret=b%20c&other=1";
        let request = TokenRequest::read(form, None, None).unwrap();
        assert_eq!((request.client.as_str(), &**request.secret), ("a", "b c"));
        assert!(request.scopes.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_in_oauth_words() {
        use OauthError::{InvalidClient, InvalidRequest, InvalidScope, UnsupportedGrantType};
        let good = header("a:b");
        refused("", Some(&good), InvalidRequest);
        refused("grant_type=password", Some(&good), UnsupportedGrantType);
        refused("grant_type=client_credentials", None, InvalidClient);
        refused("grant_type=client_credentials&client_id=a", None, InvalidClient);
        refused("grant_type=client_credentials&client_secret=a", None, InvalidRequest);
        refused("grant_type=client_credentials&client_id=a&client_secret=b", Some(&good), InvalidRequest);
        refused("grant_type=client_credentials&client_id=c", Some(&good), InvalidRequest);
        refused("grant_type=client_credentials&grant_type=client_credentials", Some(&good), InvalidRequest);
        refused("grant_type=client_credentials&scope=other", Some(&good), InvalidScope);
        for wrong in
            ["Bearer abc", "Basic", "Basic %", &header("ab"), &header("a&b:c"), &header("õ:c"), &header(":c")]
        {
            refused("grant_type=client_credentials", Some(wrong), InvalidClient);
        }
        let in_url = TokenRequest::read(FORM, Some(&good), Some("client_secret=b")).unwrap_err();
        assert_eq!(in_url.error, InvalidRequest);
    }

    #[test]
    fn a_request_for_a_browser_s_token_is_read() {
        let request =
            WidgetTokenRequest::from_body(br#"{"origin":"https://a.example","msisdn":"+41791234567"}"#);
        let request = request.unwrap();
        assert_eq!(request.number.unwrap().as_str(), "41791234567");
        assert!(
            WidgetTokenRequest::from_body(br#"{"origin":"https://a.example"}"#).unwrap().number.is_none()
        );
        for (wrong, pointer) in
            [("{}", "/origin"), (r#"{"origin":1}"#, "/origin"), (r#"{"origin":"x","msisdn":"1"}"#, "/msisdn")]
        {
            assert_eq!(WidgetTokenRequest::from_body(wrong.as_bytes()).unwrap_err()[0].pointer, pointer);
        }
    }
}
