//! The two Base64 alphabets of the interface, always in canonical form [RFC 4648 §4, §5, §3.5].
//!
//! Decoding is strict (exact padding, no stray bits, no white space): strings are compared, hashed and
//! authenticated as text, so one value must have one text.

use std::fmt;

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes that travel as Base64url without padding.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct B64u(pub Vec<u8>);

impl B64u {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        from_b64u(text).map(Self)
    }
}

impl AsRef<[u8]> for B64u {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for B64u {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for B64u {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Display for B64u {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&b64u(&self.0))
    }
}

/// Says how long it is, not what it is: some of these are challenges and ciphertexts.
impl fmt::Debug for B64u {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "B64u({} octets)", self.0.len())
    }
}

impl Serialize for B64u {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64u(&self.0))
    }
}

impl<'de> Deserialize<'de> for B64u {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not Base64url without padding"))
    }
}

/// Standard Base64 with padding.
pub fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard Base64 with padding.
pub fn from_b64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64url without padding.
pub fn b64u(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads Base64url without padding.
pub fn from_b64u(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Base64url with padding: not in the specification, but one client writes its name so in a device link.
pub(crate) fn b64u_padded(bytes: &[u8]) -> String {
    URL_SAFE.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        assert_eq!(from_b64("AA=="), Some(vec![0]));
        assert_eq!(from_b64("AB=="), None);
        assert_eq!(from_b64("AA"), None);
        assert_eq!(from_b64("AA==\n"), None);
        assert_eq!(from_b64u("AA"), Some(vec![0]));
        assert_eq!(from_b64u("AA=="), None);
        assert_eq!(from_b64u("AB"), None);
        assert_eq!(from_b64u("+/8"), None);
    }

    #[test]
    fn debug_does_not_print_the_bytes() {
        assert_eq!(format!("{:?}", B64u(vec![1, 2, 3])), "B64u(3 octets)");
    }
}
