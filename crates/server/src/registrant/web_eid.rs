//! Web eID: a card behind a browser extension signs our origin and a challenge of ours (Web eID authentication token,
//! version 1; registrant reference 11).
//!
//! The card signs `hash(origin) ‖ hash(challenge)`, which its algorithm hashes again. Where the page was is never told: it
//! is compared by the signature alone. A challenge serves once, for five minutes, in the browser that fetched it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_domain::registrant::Refusal;
use countersign_pki::verify::{KeyKind, ecdsa_der_from_fixed};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::body::{Fields, needed};
use super::refused::Refused;
use super::sha256;
use super::token::{Call, Found};
use super::{BASE, card};
use crate::buckets::Network;
use crate::peer::is_this_machine;
use crate::{App, Origin};

/// How long a challenge is good.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// Challenges that wait at the same time; beyond it the oldest is forgotten.
const WAITING_MAX: usize = 65_536;
/// Octets of a challenge, and of what its browser is known by.
const CHALLENGE: usize = 32;
const BROWSER: usize = 16;
/// The cookie that a browser is known by.
const COOKIE_NAME: &str = "countersign-web-eid";
/// Characters of a token (reference 11).
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 100..=10_000;

/// Challenges that wait for their answer.
#[derive(Default)]
pub(super) struct Challenges(Mutex<HashMap<String, Waiting>>);

struct Waiting {
    browser: [u8; 32],
    until: Timestamp,
}

impl Challenges {
    fn insert(&self, challenge: String, browser: [u8; 32], now: Timestamp) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING_MAX {
            waiting.retain(|_, each| now < each.until);
        }
        if waiting.len() >= WAITING_MAX
            && let Some(oldest) =
                waiting.iter().min_by_key(|(_, each)| each.until).map(|(key, _)| key.clone())
        {
            waiting.remove(&oldest);
        }
        waiting.insert(challenge, Waiting { browser, until: now.saturating_add(LIFE).unwrap_or(now) });
    }

    /// Takes a challenge out, whatever comes of it.
    fn take(&self, challenge: &str, browser: [u8; 32], now: Timestamp) -> Result<(), Refusal> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(challenge);
        let good = taken.is_some_and(|taken| taken.browser == browser && now < taken.until);
        if good { Ok(()) } else { Err(Refusal::NoChallenge) }
    }
}

/// `GET /auth/challenge`: `{"nonce":"…"}`, and a cookie that has to come back with the token.
pub(super) async fn challenge(State(app): State<App>, origin: Origin) -> Response {
    let registrant = app.registrant();
    if registrant.cards.is_none() {
        return Refused::from(Refusal::SwitchedOff).respond(&app);
    }
    let now = app.now();
    if let Err(seconds) = registrant.tries.take(Network::of(origin.address), now) {
        app.metrics().limited("registrant", "challenge");
        return Refused::limited(seconds).respond(&app);
    }
    let nonce = STANDARD.encode(app.randomness().bytes::<CHALLENGE>());
    let browser = URL_SAFE_NO_PAD.encode(app.randomness().bytes::<BROWSER>());
    registrant.challenges.insert(nonce.clone(), sha256(browser.as_bytes()), now);
    let secure = if origin.base.starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE_NAME}={browser}; Path={BASE}/auth; HttpOnly; SameSite=Strict; Max-Age={}{secure}",
        LIFE.as_secs()
    );
    let mut response = Json(json!({ "nonce": nonce })).into_response();
    // Base64url, digits and our own words.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// The members that matter. `appVersion` is for statistics, and `supportedSignatureAlgorithms` of version 1.1 for signing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthToken {
    unverified_certificate: String,
    algorithm: String,
    signature: String,
    format: String,
}

pub(super) async fn prove(call: &Call, fields: &Fields) -> Result<Found, Refused> {
    let registrant = call.app.registrant();
    let Some(cards) = &registrant.cards else { return Err(Refusal::SwitchedOff.into()) };
    let challenge = needed("challenge", &fields.challenge)?;
    let token = fields.auth_token.as_ref().ok_or_else(|| Refused::missing("auth_token"))?;
    if !token.is_object() {
        return Err(Refused::parameter("auth_token", "parameter must be an object"));
    }
    card::throttle(call)?;
    // First of all: whatever is wrong with the token, this challenge has served.
    registrant.challenges.take(&challenge, browser(call), call.now)?;
    let token = AuthToken::read(token)?;
    let certificate = token.certificate()?;
    let issuer = cards.trusted(&certificate, call.now)?;
    token.verify(&certificate, site(call)?, &challenge)?;
    card::of_card(call, cards, &certificate, &issuer).await
}

/// The origin that a card signs for: the one that is configured. What a request calls this server counts only where nobody
/// else can answer to it, on this machine: anywhere else a page could have a card sign for itself and pass it on here.
fn site(call: &Call) -> Result<&str, Refusal> {
    let origin = call.origin.base.as_str();
    let known = call.app.config().listen.public_url.is_some()
        || Url::parse(origin).is_ok_and(|url| is_this_machine(&url));
    if known { Ok(origin) } else { Err(Refusal::SwitchedOff) }
}

/// The hash of the cookie that came.
fn browser(call: &Call) -> [u8; 32] {
    let lines = call.parts.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let value = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map_or("", |(_, value)| value);
    sha256(value.as_bytes())
}

impl AuthToken {
    /// Reads a token of version 1.
    pub(super) fn read(token: &Value) -> Result<Self, Refusal> {
        let malformed = Refusal::MalformedWebEid;
        if !TOKEN_LENGTH.contains(&token.to_string().len()) {
            return Err(malformed);
        }
        let read: Self = serde_json::from_value(token.clone()).map_err(|_| malformed)?;
        // Minor versions are compatible.
        let version = read.format.strip_prefix("web-eid:1").ok_or(malformed)?;
        if version.is_empty() || version.starts_with('.') { Ok(read) } else { Err(malformed) }
    }

    /// The certificate, of which nothing is known yet.
    pub(super) fn certificate(&self) -> Result<Certificate, Refusal> {
        let der = STANDARD.decode(&self.unverified_certificate).map_err(|_| Refusal::MalformedWebEid)?;
        Certificate::from_der(&der).map_err(|_| Refusal::MalformedWebEid)
    }

    /// Whether the certificate's key signed our origin and this challenge.
    pub(super) fn verify(
        &self,
        certificate: &Certificate,
        origin: &str,
        challenge: &str,
    ) -> Result<(), Refusal> {
        let malformed = Refusal::MalformedWebEid;
        let algorithm = algorithm(&self.algorithm).ok_or(malformed)?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| malformed)?;
        let signature = match (algorithm, certificate.public_key().kind()) {
            (SignatureAlgorithm::Ecdsa(_), KeyKind::Ec(curve)) => {
                ecdsa_der_from_fixed(curve, &signature).map_err(|_| malformed)?
            }
            _ => signature,
        };
        let digest = algorithm.digest();
        let mut signed = digest.of(origin.as_bytes());
        signed.extend(digest.of(challenge.as_bytes()));
        let verified = certificate.public_key().verify(algorithm, &signed, &signature);
        verified.map_err(|_| Refusal::WrongSignature)
    }
}

fn algorithm(name: &str) -> Option<SignatureAlgorithm> {
    let digest = match name.get(2..)? {
        "256" => Digest::Sha256,
        "384" => Digest::Sha384,
        "512" => Digest::Sha512,
        _ => return None,
    };
    match name.get(..2)? {
        "ES" => Some(SignatureAlgorithm::Ecdsa(digest)),
        "PS" => Some(SignatureAlgorithm::RsaPss(digest)),
        "RS" => Some(SignatureAlgorithm::RsaPkcs1(digest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that the Web eID application made with a test card; see `fixtures/web-eid/PROVENANCE.md`.
    const VECTOR: &str = include_str!("../../../../fixtures/web-eid/es384.json");

    fn vector() -> (Value, String, String) {
        let vector: Value = serde_json::from_str(VECTOR).unwrap();
        let text = |name: &str| vector[name].as_str().unwrap().to_owned();
        (vector["token"].clone(), text("origin"), text("nonce"))
    }

    fn verified(token: &Value, origin: &str, nonce: &str) -> Result<(), Refusal> {
        let token = AuthToken::read(token)?;
        let certificate = token.certificate()?;
        token.verify(&certificate, origin, nonce)
    }

    #[test]
    fn a_token_of_a_real_card_verifies() {
        let (token, origin, nonce) = vector();
        assert_eq!(verified(&token, &origin, &nonce), Ok(()));
        let certificate = AuthToken::read(&token).unwrap().certificate().unwrap();
        let holder = countersign_domain::registrant::holder_of(&certificate).unwrap();
        assert_eq!(holder.subject(), "EE-38001085718");
        assert!(
            certificate
                .extended_key_usages()
                .contains(&countersign_pki::certificate::extension::oid::KP_CLIENT_AUTH)
        );
    }

    #[test]
    fn another_origin_or_challenge_does_not() {
        let (token, origin, nonce) = vector();
        for (origin, nonce) in [
            (origin.as_str(), "12345678123456781234567812345678912356789124"),
            (origin.as_str(), ""),
            ("https://ria.ee/", nonce.as_str()),
            ("http://ria.ee", nonce.as_str()),
            ("https://evil.example", nonce.as_str()),
        ] {
            assert_eq!(verified(&token, origin, nonce), Err(Refusal::WrongSignature), "{origin} {nonce}");
        }
    }

    #[test]
    fn tokens_of_another_form_are_refused() {
        let (token, origin, nonce) = vector();
        for (member, value) in [
            ("format", json!("web-eid:2.0")),
            ("format", json!("web-eid:10")),
            ("format", json!("")),
            ("format", Value::Null),
            ("algorithm", json!("none")),
            ("algorithm", json!("ES")),
            ("algorithm", json!("HS256")),
            ("signature", json!("!")),
            ("signature", json!("AAAA")),
            ("unverifiedCertificate", json!("AAAA")),
            ("unverifiedCertificate", json!(1)),
            ("appVersion", json!("x".repeat(10_000))),
        ] {
            let mut wrong = token.clone();
            wrong[member] = value.clone();
            assert_eq!(verified(&wrong, &origin, &nonce), Err(Refusal::MalformedWebEid), "{member} {value}");
        }
        for algorithm in ["RS256", "PS384", "ES256", "ES512"] {
            let mut wrong = token.clone();
            wrong["algorithm"] = json!(algorithm);
            assert_eq!(verified(&wrong, &origin, &nonce), Err(Refusal::WrongSignature), "{algorithm}");
        }
        let mut newer = token;
        newer["format"] = json!("web-eid:1.1");
        newer["supportedSignatureAlgorithms"] = json!([]);
        assert_eq!(verified(&newer, &origin, &nonce), Ok(()));
    }

    #[test]
    fn a_challenge_serves_once_in_one_browser_for_five_minutes() {
        let at = |second: i64| Timestamp::from_second(1_780_315_200 + second).unwrap();
        let challenges = Challenges::default();
        for (browser, later, good) in
            [([1; 32], 0, true), ([1; 32], 299, true), ([1; 32], 300, false), ([2; 32], 0, false)]
        {
            challenges.insert("n".into(), [1; 32], at(0));
            assert_eq!(challenges.take("n", browser, at(later)).is_ok(), good, "{later}");
            assert!(challenges.take("n", [1; 32], at(0)).is_err(), "used");
        }
    }
}
