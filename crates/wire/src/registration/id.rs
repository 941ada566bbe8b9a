//! Identifiers of the registration API, each of its own type.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;
use crate::base64::b64u;

macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident, $kind:literal, $expected:literal, $fits:expr) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads one. Error: [`Error::MalformedId`].
            pub fn parse(text: &str) -> Result<Self, Error> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::MalformedId { kind: $kind, expected: $expected })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

macro_rules! shown {
    ($($name:ident),+) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+ };
}

macro_rules! hidden {
    ($($name:ident),+) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+ };
}

/// 128 bits in Base64url.
fn random_text(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn plain(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

text_id! {
    /// One identification of one person: `RAS` and 24 hexadecimal digits. Opaque; never on the public API.
    EvidenceId, "evidence id", "RAS and 24 hexadecimal digits in lower case",
    |text| text.strip_prefix("RAS").is_some_and(|rest| {
        rest.len() == 24 && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}
text_id! {
    /// Whose people these are: a name in the configuration.
    TenantId, "tenant", "1 to 64 letters, digits, '.', '_' and '-'", plain
}
text_id! {
    /// A client of the API: `client_id`.
    ClientId, "client id", "1 to 64 letters, digits, '.', '_' and '-'", plain
}
text_id! {
    /// Which copy of a means it is: another one after a new activation or a new password. Compared exactly; never on the
    /// public API.
    MeansSerial, "serial number of a means", "1 to 64 letters, digits, '.', '_' and '-'", plain
}
text_id! {
    /// The handle of an acceptance of terms, in its link and in the API: 22 characters, 128 random bits. Whoever has it
    /// can open the page of the terms; to decide takes the client's token as well.
    TermsToken, "token", "22 characters of the Base64url alphabet",
    random_text
}
text_id! {
    /// The handle of an invitation to set a password, in the link that goes to the person's phone: 22 characters, 128
    /// random bits. To use it takes a code that is sent to the same number.
    InvitationToken, "token", "22 characters of the Base64url alphabet",
    random_text
}
text_id! {
    /// One question that another service is to put to a person: 22 characters, 128 random bits. The same however often it
    /// is sent.
    StepUpId, "id of a request", "22 characters of the Base64url alphabet",
    random_text
}
text_id! {
    /// What another service calls such a question: whoever has it can ask for the outcome.
    ResponseId, "id of an answer", "1 to 128 visible characters of ASCII",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

shown!(EvidenceId, TenantId, ClientId, StepUpId);
hidden!(MeansSerial, TermsToken, InvitationToken, ResponseId);

impl EvidenceId {
    /// A new random one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = [0; 12];
        rng.fill_bytes(&mut octets);
        Self(octets.iter().fold("RAS".to_owned(), |text, octet| format!("{text}{octet:02x}")))
    }
}

impl StepUpId {
    /// A new random one.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(drawn(rng))
    }
}

impl MeansSerial {
    /// A new random one of a password: `SAS` and 128 bits. That of an app is the id of its device.
    pub fn of_password(rng: &mut impl CryptoRng) -> Self {
        Self(format!("SAS{}", drawn(rng)))
    }
}

macro_rules! handle {
    ($($name:ident),+) => { $(
        impl $name {
            /// A new random one.
            pub fn generate(rng: &mut impl CryptoRng) -> Self {
                Self(drawn(rng))
            }

            /// What is kept of it, in Base64url: SHA-256.
            pub fn digest(&self) -> String {
                b64u(digest(&SHA256, self.0.as_bytes()).as_ref())
            }
        }
    )+ };
}

handle!(TermsToken, InvitationToken);

fn drawn(rng: &mut impl CryptoRng) -> String {
    let mut octets = [0; 16];
    rng.fill_bytes(&mut octets);
    b64u(&octets)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn what_is_made_is_read() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let evidence = EvidenceId::generate(&mut rng);
        assert_eq!(EvidenceId::parse(evidence.as_str()).unwrap(), evidence);
        assert_eq!(evidence.as_str().len(), 27);
        let token = TermsToken::generate(&mut rng);
        assert_eq!(TermsToken::parse(token.as_str()).unwrap(), token);
        assert_eq!(format!("{token:?}"), "TermsToken(…)");
        assert_ne!(token.digest(), TermsToken::generate(&mut rng).digest());
        let serial = MeansSerial::of_password(&mut rng);
        assert_eq!(MeansSerial::parse(serial.as_str()).unwrap(), serial);
        assert!(serial.as_str().starts_with("SAS") && serial.as_str().len() == 25);
        assert_ne!(serial, MeansSerial::of_password(&mut rng));
        let step_up = StepUpId::generate(&mut rng);
        assert_eq!(StepUpId::parse(step_up.as_str()).unwrap(), step_up);
        let invitation = InvitationToken::generate(&mut rng);
        assert_eq!(InvitationToken::parse(invitation.as_str()).unwrap(), invitation);
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "RAS",
            "ras0123456789abcdef01234567",
            "RAS0123456789ABCDEF01234567",
            "RAS0123456789abcdef012345678",
        ] {
            assert!(EvidenceId::parse(text).is_err(), "{text}");
        }
        for text in ["", "a b", "õ", &"x".repeat(65), "a/b"] {
            assert!(ClientId::parse(text).is_err(), "{text}");
        }
        for text in
            ["", "*****", "abcdefghijklmnopqrstu", "abcdefghijklmnopqrstuvw", "abcdefghijklmnopqrstu="]
        {
            assert!(TermsToken::parse(text).is_err() && StepUpId::parse(text).is_err(), "{text}");
        }
        for text in ["", "a b", "õ", "a\n", &"x".repeat(129)] {
            assert!(ResponseId::parse(text).is_err(), "{text}");
        }
    }
}
