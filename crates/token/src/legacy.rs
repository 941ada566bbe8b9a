//! The tokens of the system that this one replaces, for the hours of a migration.
//!
//! ```text
//! base64url, with padding, of AES-256-CBC, initialisation vector zero, PKCS#7, no MAC, over
//! {"user_ident":"EE-30110100103","user_username":"Jan Tamm","expires_at":"2018-07-13 11:30:51 UTC"}
//! key: the first 32 characters of the application's secret, as they are
//! ```
//!
//! What is wrong with it: nothing proves that such a token was not altered, and whether it decrypts can be asked again
//! and again, which gives away what other tokens say and helps to make new ones. So this reader has one failure and no
//! second thoughts: no padding, JSON, name or time error can be told apart, all work is done before the verdict, and
//! what it yields is worth no more than a partner's word. Whoever turns it on has two hours, and has to bound how often one
//! address may be wrong, as the server does.

use aes_gcm::KeyInit;
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::BlockCipherDecrypt;
use base64ct::{Base64Url, Encoding};
use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Holder, Rejection};

/// The key of an old system: 32 characters. Zeroized on drop; no `Debug`, no `Clone`.
pub struct LegacyKey(Aes256);

/// What an old token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyClaims {
    /// Whose it is. The old form has one name; what stands before its last blank counts as given names.
    pub holder: Holder,
    /// Its end.
    pub expires_at: Timestamp,
}

/// Characters of the longest old token that is looked at.
pub const LONGEST: usize = MAX.div_ceil(3) * 4;

const BLOCK: usize = 16;
const MAX: usize = 1024;

impl LegacyKey {
    /// The first 32 characters of the old application's secret. Nothing when there are fewer.
    pub fn of_secret(secret: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(secret.as_bytes().get(..32)?);
        Some(Self(Aes256::new((&*key).into())))
    }

    /// Whether a text looks like an old token rather than one of ours: what it decodes to is a number of whole blocks.
    /// Ours never is.
    pub fn looks_like_one(token: &str) -> bool {
        token.len().is_multiple_of(4) && {
            let padding = token.bytes().rev().take_while(|b| *b == b'=').count();
            let octets = (token.len() / 4 * 3).saturating_sub(padding);
            octets > 0 && octets <= MAX && octets % BLOCK == 0
        }
    }

    /// Reads an old token.
    ///
    /// # Errors
    /// [`Rejection::NotAuthentic`] for whatever is wrong.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<LegacyClaims, Rejection> {
        let refused = Rejection::NotAuthentic;
        if !Self::looks_like_one(token) {
            return Err(refused);
        }
        let mut octets = Zeroizing::new([0; MAX]);
        let length = Base64Url::decode(token, octets.as_mut()).map_err(|_| refused)?.len();
        let mut before = [0; BLOCK];
        for block in octets[..length].chunks_exact_mut(BLOCK) {
            let mut cipher = [0; BLOCK];
            cipher.copy_from_slice(block);
            let mut plain = cipher.into();
            self.0.decrypt_block(&mut plain);
            for ((octet, plain), before) in block.iter_mut().zip(plain).zip(before) {
                *octet = plain ^ before;
            }
            before = cipher;
        }
        // A wrong padding goes on as if there were none; the JSON then does not end where the text does.
        let padding = usize::from(octets[length - 1]);
        let padded = (1..=BLOCK).contains(&padding)
            && octets[length - padding..length].iter().all(|octet| usize::from(*octet) == padding);
        let end = if padded { length - padding } else { length };
        let claims = read(&octets[..end]).filter(|claims| padded && now < claims.expires_at);
        claims.ok_or(refused)
    }
}

#[derive(Deserialize)]
struct Text {
    user_ident: String,
    user_username: String,
    expires_at: String,
}

fn read(json: &[u8]) -> Option<LegacyClaims> {
    let text: Text = serde_json::from_slice(json).ok()?;
    let (country, code) = text.user_ident.split_once('-')?;
    let (given, family) = text.user_username.rsplit_once(' ')?;
    let day_and_time = text.expires_at.strip_suffix(" UTC")?.replace(' ', "T");
    Some(LegacyClaims {
        holder: Holder::new(country, code, given, family).ok()?,
        expires_at: format!("{day_and_time}Z").parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl enc -aes-256-cbc -K … -iv 0`; see `fixtures/token/PROVENANCE.md`.
    const VECTOR: &str = include_str!("../../../fixtures/token/legacy.json");

    #[derive(Deserialize)]
    struct Vector {
        secret: String,
        token: String,
        expires: Timestamp,
    }

    fn vector() -> (LegacyKey, String, Timestamp) {
        let vector: Vector = serde_json::from_str(VECTOR).unwrap();
        (LegacyKey::of_secret(&vector.secret).unwrap(), vector.token, vector.expires)
    }

    #[test]
    fn what_openssl_made_is_read_until_its_end() {
        let (key, token, expires) = vector();
        let before = expires - jiff::SignedDuration::from_secs(1);
        let claims = key.open(&token, before).unwrap();
        assert_eq!(claims.holder, Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap());
        assert_eq!(claims.expires_at, expires);
        assert_eq!(key.open(&token, expires), Err(Rejection::NotAuthentic));
    }

    #[test]
    fn whatever_is_wrong_is_one_refusal() {
        let (key, token, expires) = vector();
        let before = expires - jiff::SignedDuration::from_secs(1);
        let other = LegacyKey::of_secret(&"0".repeat(64)).unwrap();
        assert_eq!(other.open(&token, before), Err(Rejection::NotAuthentic));
        let long = "A".repeat(64 * 1024);
        for wrong in
            ["", "=", "====", "AAAA", &token[4..], &token[..token.len() - 4], "ä".repeat(32).as_str(), &long]
        {
            assert_eq!(key.open(wrong, before), Err(Rejection::NotAuthentic), "{wrong}");
        }
        assert!(LegacyKey::of_secret("short").is_none());
        assert!(LegacyKey::of_secret(&"ä".repeat(16)).is_some());
    }

    #[test]
    fn ours_never_look_like_one() {
        for blocks in [700, 1340, 1980, 2620] {
            assert!(!LegacyKey::looks_like_one(&"A".repeat(blocks)), "{blocks}");
        }
    }
}
