//! The two cookies: who the visitor is, and that it was this browser that was sent to the phone.
//!
//! Both hold 32 random octets that mean something only here; scripts cannot read them. The first is never sent by
//! another site (`SameSite=Strict`). The second has to come along when the phone app, which may live on another site,
//! leads the browser back (`SameSite=Lax`), and is good for nothing else.

use axum::response::Response;
use countersign_client::wire::base64::{b64u, from_b64u};
use countersign_pki::Digest;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use rand_core::CryptoRng;

/// Who the visitor is.
pub(crate) const VISITOR: &str = "bank_visitor";

/// That this browser was sent to the phone.
pub(crate) const RETURN: &str = "bank_return";

/// Octets in a token.
const TOKEN_LEN: usize = 32;

/// How long a browser keeps them, in seconds; the bank forgets earlier.
const MAX_AGE: u32 = 3600;

/// A token as the browser holds it.
#[derive(Clone)]
pub(crate) struct Token(String);

/// What the bank keeps of a token: whoever reads its memory learns no cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash([u8; 32]);

impl Token {
    pub(crate) fn draw(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; TOKEN_LEN];
        rng.fill_bytes(&mut octets);
        Self(b64u(&octets))
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// For the callback's own parameter, which is no cookie but has the same strength.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// `Set-Cookie`
    pub(crate) fn set(&self, name: &str, secure: bool) -> String {
        attributes(name, &self.0, MAX_AGE, secure)
    }
}

impl TokenHash {
    fn of(text: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(&Digest::Sha256.of(text.as_bytes()));
        Self(hash)
    }

    /// Of the cookie that came with a request.
    pub(crate) fn received(headers: &HeaderMap, name: &str) -> Option<Self> {
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        // Two of one name: one of them was not set here.
        let alone = found.next().is_none();
        (alone && from_b64u(value).is_some_and(|octets| octets.len() == TOKEN_LEN)).then(|| Self::of(value))
    }
}

/// `Set-Cookie` that makes the browser forget.
pub(crate) fn forget(name: &str, secure: bool) -> String {
    attributes(name, "", 0, secure)
}

/// An answer that sets these cookies.
pub(crate) fn with(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        // Base64url and our own words: always a header.
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

fn attributes(name: &str, value: &str, max_age: u32, secure: bool) -> String {
    let same_site = if name == RETURN { "Lax" } else { "Strict" };
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/bank; Max-Age={max_age}; HttpOnly; SameSite={same_site}{secure}")
}

#[cfg(test)]
mod tests {
    use countersign_client::SystemRandom;

    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, cookie.parse().expect("a header"));
        headers
    }

    #[test]
    fn a_cookie_that_was_set_is_known_again() {
        let token = Token::draw(&mut SystemRandom);
        let line = format!("a=b; {VISITOR}={}; c=d", token.as_str());
        assert!(TokenHash::received(&headers(&line), VISITOR) == Some(token.hash()));
        assert!(TokenHash::received(&headers(&line), RETURN).is_none());
    }

    #[test]
    fn what_is_no_token_is_no_cookie_of_ours() {
        let token = Token::draw(&mut SystemRandom);
        let text = token.as_str();
        for line in [
            format!("{VISITOR}="),
            format!("{VISITOR}={}", &text[1..]),
            format!("{VISITOR}={text}x"),
            format!("{VISITOR}={text}; {VISITOR}={text}"),
            format!("x{VISITOR}={text}"),
        ] {
            assert!(TokenHash::received(&headers(&line), VISITOR).is_none(), "{line}");
        }
    }

    #[test]
    fn cookies_are_closed_to_scripts_and_other_sites() {
        let token = Token::draw(&mut SystemRandom);
        let set = token.set(VISITOR, true);
        assert!(set.ends_with("; Path=/bank; Max-Age=3600; HttpOnly; SameSite=Strict; Secure"), "{set}");
        let set = token.set(RETURN, false);
        assert!(set.ends_with("; Path=/bank; Max-Age=3600; HttpOnly; SameSite=Lax"), "{set}");
        assert!(forget(VISITOR, false).starts_with("bank_visitor=; Path=/bank; Max-Age=0;"));
    }
}
