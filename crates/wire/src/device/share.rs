//! What is inside sealed values: JSON like the rest, but zeroized on both sides.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use rand_core::CryptoRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Error;
use crate::base64::{b64u, from_b64u};

/// The longest number inside a sealed value, in octets: twice the largest half key.
const NUMBER_MAX: usize = 1024;

/// The service's share of a new key: `{"n1": …, "b": …}`, big-endian in Base64url.
#[derive(ZeroizeOnDrop)]
pub struct KeyShare {
    /// The phone's half of the modulus.
    pub n1: Vec<u8>,
    /// The service's share of the exponent.
    pub b: Vec<u8>,
}

/// The phone's half of a signature: `{"salt": …, "y": …}`, Base64url; the salt is empty for PKCS#1 v1.5.
///
/// `y` is a PIN test for whoever has the phone's storage: it is never logged and never stored.
#[derive(ZeroizeOnDrop)]
pub struct PartialSignature {
    /// The salt of RSASSA-PSS, chosen by the phone.
    pub salt: Vec<u8>,
    /// The message to the power of the phone's share, big-endian.
    pub y: Vec<u8>,
}

/// The change of the phone's share: `{"delta": "+hex" or "-hex"}`.
#[derive(ZeroizeOnDrop)]
pub struct ShareRefresh {
    /// Whether the old share was the smaller one.
    pub negative: bool,
    /// Old share minus new share without its sign, big-endian.
    pub magnitude: Vec<u8>,
}

/// The rotating token that betrays a copied device: 32 octets, Base64url; `{"token": …}` inside a sealed value.
///
/// Zeroized on drop, compared in constant time, hidden by `Debug`. It can be cloned and serialized because the
/// phone stores it and sends it back in each counted request; the service keeps its hash only.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

impl KeyShare {
    /// The text to seal.
    pub fn to_plaintext(&self) -> Zeroizing<Vec<u8>> {
        object([("n1", Zeroizing::new(b64u(&self.n1))), ("b", Zeroizing::new(b64u(&self.b)))])
    }

    /// Reads an opened value. Error: [`Error::Malformed`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            n1: Number,
            b: Number,
        }
        let Members { mut n1, mut b } = read(plaintext, "key share")?;
        Ok(Self { n1: n1.take(), b: b.take() })
    }
}

impl PartialSignature {
    /// The text to seal.
    pub fn to_plaintext(&self) -> Zeroizing<Vec<u8>> {
        object([("salt", Zeroizing::new(b64u(&self.salt))), ("y", Zeroizing::new(b64u(&self.y)))])
    }

    /// Reads an opened value. Error: [`Error::Malformed`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            salt: Number,
            y: Number,
        }
        let Members { mut salt, mut y } = read(plaintext, "partial signature")?;
        Ok(Self { salt: salt.take(), y: y.take() })
    }
}

impl ShareRefresh {
    /// The text to seal.
    pub fn to_plaintext(&self) -> Zeroizing<Vec<u8>> {
        let mut delta = Zeroizing::new(String::with_capacity(1 + 2 * self.magnitude.len()));
        delta.push(if self.negative { '-' } else { '+' });
        for octet in &self.magnitude {
            for digit in [octet >> 4, octet & 15] {
                // Cannot fail: a half octet is below 16.
                delta.push(char::from_digit(u32::from(digit), 16).expect("below 16"));
            }
        }
        object([("delta", delta)])
    }

    /// Reads an opened value. Error: [`Error::Malformed`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            delta: SignedHex,
        }
        let Members { mut delta } = read(plaintext, "share refresh")?;
        Ok(Self { negative: delta.0, magnitude: delta.1.take() })
    }
}

impl Token {
    /// A new random token.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut token = Self([0; 32]);
        rng.fill_bytes(&mut token.0);
        token
    }

    /// A stored token.
    pub fn from_bytes(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The octets, for the phone's storage.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 over the token: what the service keeps.
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        hash
    }

    /// The text to seal.
    pub fn to_plaintext(&self) -> Zeroizing<Vec<u8>> {
        object([("token", Zeroizing::new(b64u(&self.0)))])
    }

    /// Reads an opened value. Error: [`Error::Malformed`].
    pub fn from_plaintext(plaintext: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            token: Token,
        }
        read::<Members>(plaintext, "token").map(|members| members.token)
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(b64u(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let octets = Zeroizing::new(from_b64u(&text).unwrap_or_default());
        let mut token = Self([0; 32]);
        if octets.len() != token.0.len() {
            return Err(de::Error::custom("expected 32 octets in Base64url"));
        }
        token.0.copy_from_slice(&octets);
        Ok(token)
    }
}

/// Octets in Base64url, at most [`NUMBER_MAX`].
struct Number(Zeroizing<Vec<u8>>);

impl Number {
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        from_b64u(&text)
            .map(Zeroizing::new)
            .filter(|octets| octets.len() <= NUMBER_MAX)
            .map(Self)
            .ok_or_else(|| de::Error::custom("expected Base64url"))
    }
}

/// A sign and an even number of hexadecimal digits.
struct SignedHex(bool, Number);

impl<'de> Deserialize<'de> for SignedHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        read_signed_hex(&text).ok_or_else(|| de::Error::custom("expected + or - and hexadecimal octets"))
    }
}

fn read_signed_hex(text: &str) -> Option<SignedHex> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits.as_bytes()),
        None => (false, text.strip_prefix('+')?.as_bytes()),
    };
    if digits.is_empty() || digits.len() % 2 != 0 || digits.len() > 2 * NUMBER_MAX {
        return None;
    }
    let mut magnitude = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
        magnitude.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Some(SignedHex(negative, Number(magnitude)))
}

fn read<T: DeserializeOwned>(plaintext: &[u8], name: &'static str) -> Result<T, Error> {
    // The parser's own error could quote what it read.
    serde_json::from_slice(plaintext)
        .map_err(|_| Error::Malformed { name, expected: "an object with exactly its members" })
}

/// Writes an object of texts that need no escaping, into one buffer that never moves.
fn object<const N: usize>(members: [(&str, Zeroizing<String>); N]) -> Zeroizing<Vec<u8>> {
    let size: usize = members.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(size + 2));
    text.push(b'{');
    for (index, (name, mut value)) in members.into_iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        for part in ["\"", name, "\":\"", &value, "\""] {
            text.extend_from_slice(part.as_bytes());
        }
        value.zeroize();
    }
    text.push(b'}');
    text
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn messages_are_read_back() {
        let share = KeyShare { n1: vec![0xc0, 1, 2], b: vec![4; 400] };
        let read = KeyShare::from_plaintext(&share.to_plaintext()).unwrap();
        assert_eq!((&read.n1, &read.b), (&share.n1, &share.b));
        let partial = PartialSignature { salt: Vec::new(), y: vec![9; 384] };
        let text = partial.to_plaintext();
        assert!(text.starts_with(br#"{"salt":"","y":"CQkJ"#));
        let read = PartialSignature::from_plaintext(&text).unwrap();
        assert_eq!((&read.salt, &read.y), (&partial.salt, &partial.y));
        let token = Token::generate(&mut rand_chacha::ChaCha20Rng::seed_from_u64(3));
        assert!(Token::from_plaintext(&token.to_plaintext()).unwrap() == token);
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_refresh_keeps_its_sign() {
        for (negative, text) in [(false, br#"{"delta":"+00ff"}"#), (true, br#"{"delta":"-00ff"}"#)] {
            let refresh = ShareRefresh { negative, magnitude: vec![0, 255] };
            assert_eq!(refresh.to_plaintext().as_slice(), text);
            let read = ShareRefresh::from_plaintext(text).unwrap();
            assert_eq!((read.negative, &read.magnitude), (negative, &refresh.magnitude));
        }
        for wrong in ["00ff", "+", "+f", "+gg", "++0", "-", ""] {
            let text = format!(r#"{{"delta":"{wrong}"}}"#);
            assert!(ShareRefresh::from_plaintext(text.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn malformed_plaintexts_are_refused_without_quoting_them() {
        for wrong in [
            r#"{"salt":"AA"}"#,
            r#"{"salt":"AA","y":"secret!"}"#,
            r#"{"salt":"AA","y":"AA","z":"AA"}"#,
            r#"{"salt":"AA","salt":"AA","y":"AA"}"#,
            "",
        ] {
            let error = PartialSignature::from_plaintext(wrong.as_bytes()).err().unwrap();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        let long = format!(r#"{{"n1":"AA","b":"{}"}}"#, b64u(&[1; NUMBER_MAX + 1]));
        assert!(KeyShare::from_plaintext(long.as_bytes()).is_err());
    }
}
