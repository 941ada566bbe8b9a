//! ACSP_V2: the text that an authentication signs (5.2).
//!
//! Joined by `|`, no separator at the end, UTF-8:
//!
//! ```text
//! scheme|ACSP_V2|serverRandom|rpChallenge|userChallenge|b64(RP name)|b64(brokered RP name)|
//! b64(SHA-256(interactions text))|interactionTypeUsed|initialCallbackUrl|flowType
//! ```
//!
//! The texts are those that travelled, untouched: a challenge decoded and encoded again, or a name in another
//! case, gives another signature.

use std::borrow::Cow;
use std::fmt;

use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;
use crate::base64::b64;
use crate::callback::{CallbackUrl, UserChallenge};
use crate::words::{FlowType, HashAlgorithm, InteractionType, SignatureProtocol};

/// The name of the environment, first in what is signed and in what is authenticated, so that nothing from a
/// test environment counts in a live one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemeName(Cow<'static, str>);

impl SchemeName {
    /// Of live environments.
    pub const LIVE: SchemeName = SchemeName(Cow::Borrowed("smart-id"));
    /// Of demo environments.
    pub const DEMO: SchemeName = SchemeName(Cow::Borrowed("smart-id-demo"));

    /// Reads a name: 1 to 64 printable ASCII characters, no `|`. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let well_formed =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() && b != b'|');
        if well_formed {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(Error::Malformed {
                name: "scheme name",
                expected: "1 to 64 printable ASCII characters without |",
            })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SchemeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SchemeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The service's share of randomness in an authentication: standard Base64 text of at least 24 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerRandom(String);

impl ServerRandom {
    /// A new one: 18 random octets, as live services send.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 18];
        rng.fill_bytes(&mut octets);
        Self(b64(&octets))
    }

    /// Reads one: 24 to 256 characters of Base64. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        if (24..=256).contains(&text.len()) && crate::base64::from_b64(text).is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Malformed { name: "serverRandom", expected: "Base64 of at least 24 characters" })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for ServerRandom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ServerRandom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The eleven fields of what an authentication signs, less the fixed second one.
#[derive(Clone, Copy)]
pub struct AcspPayload<'a> {
    /// Field 1.
    pub scheme: &'a SchemeName,
    /// Field 3: Base64 text as returned to the relying party.
    pub server_random: &'a str,
    /// Field 4: Base64 text as the relying party sent it.
    pub rp_challenge: &'a str,
    /// Field 5.
    pub user_challenge: &'a UserChallenge,
    /// Field 6: the name as in the request, plain text.
    pub relying_party_name: &'a str,
    /// Field 7: plain text; empty for ordinary relying parties.
    pub brokered_rp_name: &'a str,
    /// Field 8: Base64 text as the relying party sent it; its hash is what goes in.
    pub interactions: &'a str,
    /// Field 9.
    pub interaction_type_used: InteractionType,
    /// Field 10, as [`callback_field`] gives it.
    pub initial_callback_url: &'a str,
    /// Field 11.
    pub flow_type: FlowType,
}

/// What goes into the callback field of the payload (and of a device link's authCode): the URL for same-device
/// flows, nothing for QR and notification even if the session has one.
pub fn callback_field(flow_type: FlowType, callback: Option<&CallbackUrl>) -> &str {
    match flow_type {
        FlowType::Web2App | FlowType::App2App => callback.map_or("", CallbackUrl::as_str),
        FlowType::Qr | FlowType::Notification => "",
    }
}

impl AcspPayload<'_> {
    /// The octets to be hashed and signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let interactions_hash = HashAlgorithm::Sha256.digest(self.interactions.as_bytes());
        [
            self.scheme.as_str(),
            SignatureProtocol::AcspV2.as_str(),
            self.server_random,
            self.rp_challenge,
            self.user_challenge.as_str(),
            &b64(self.relying_party_name.as_bytes()),
            &b64(self.brokered_rp_name.as_bytes()),
            &b64(&interactions_hash),
            self.interaction_type_used.as_str(),
            self.initial_callback_url,
            self.flow_type.as_str(),
        ]
        .join("|")
        .into_bytes()
    }

    /// The hash that the signature is made over.
    pub fn digest(&self, hash: HashAlgorithm) -> Vec<u8> {
        hash.digest(&self.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_counts_only_on_the_same_device() {
        let callback = CallbackUrl::parse("https://rp.example.org/cb").unwrap();
        assert_eq!(callback_field(FlowType::Web2App, Some(&callback)), "https://rp.example.org/cb");
        assert_eq!(callback_field(FlowType::App2App, Some(&callback)), "https://rp.example.org/cb");
        assert_eq!(callback_field(FlowType::Qr, Some(&callback)), "");
        assert_eq!(callback_field(FlowType::Notification, Some(&callback)), "");
        assert_eq!(callback_field(FlowType::Web2App, None), "");
    }

    #[test]
    fn a_scheme_name_cannot_hold_a_separator() {
        assert!(SchemeName::parse("our-scheme").is_ok());
        for wrong in ["", "a|b", "a b", "ä", &"x".repeat(65)] {
            assert!(SchemeName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_random_has_24_characters() {
        use rand_core::SeedableRng;
        let random = ServerRandom::generate(&mut rand_chacha::ChaCha20Rng::seed_from_u64(1));
        assert_eq!(random.as_str().len(), 24);
        assert_eq!(ServerRandom::parse(random.as_str()).unwrap(), random);
        assert!(ServerRandom::parse(&random.as_str()[4..]).is_err());
    }
}
