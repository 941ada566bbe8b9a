//! Identifiers, each of its own type, parsed at the edge (section 2 of the relying party API).
//!
//! `Display` of a personal identifier gives its value, because it goes into the paths of requests; `Debug` does
//! not, because that is what ends up in logs and panics. Never put one into a log field by `%`.

use std::fmt;
use std::str::FromStr;

use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::base64::b64u;
use crate::{Error, words};

words! {
    /// The kind of document behind a semantics identifier [ETSI EN 319 412-1 §5.1.3].
    pub enum IdentityType {
        /// Passport number.
        Passport = "PAS",
        /// National identity card number.
        IdentityCard = "IDC",
        /// National personal number.
        PersonalNumber = "PNO",
    }
}

/// Longest identifier part of a semantics identifier. Nothing is published; our choice.
const IDENTIFIER_MAX: usize = 30;

/// A natural person: three letters of type, two of country, a hyphen, an identifier that may itself hold hyphens.
///
/// `(PAS|IDC|PNO)[A-Z]{2}-[A-Za-z0-9][A-Za-z0-9-]{0,29}`. The national number is not checked further: a wrong
/// one is an unknown person, not a malformed request.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SemanticsIdentifier(String);

impl SemanticsIdentifier {
    /// Reads an identifier. Error: [`Error::MalformedId`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = Error::MalformedId {
            kind: "semantics identifier",
            expected: "PAS, IDC or PNO, a country in upper case, a hyphen, and 1 to 30 letters, digits or hyphens",
        };
        // Clients split at the first hyphen only: Latvian numbers hold one themselves.
        let Some((prefix, identifier)) = text.split_once('-') else { return Err(malformed) };
        let well_formed = prefix.len() == 5
            && prefix.is_ascii()
            && prefix[..3].parse::<IdentityType>().is_ok()
            && prefix.bytes().skip(3).all(|b| b.is_ascii_uppercase())
            && identifier.len() <= IDENTIFIER_MAX
            && identifier.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
            && identifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(malformed) }
    }

    /// The kind of document.
    pub fn identity_type(&self) -> IdentityType {
        // Cannot fail: `parse` saw these three letters, and nothing else makes the type.
        self.0[..3].parse().expect("checked by parse")
    }

    /// The ISO 3166-1 alpha-2 country.
    pub fn country(&self) -> &str {
        &self.0[3..5]
    }

    /// What follows the first hyphen.
    pub fn identifier(&self) -> &str {
        &self.0[6..]
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account: a semantics identifier, four upper-case letters or digits, and `Q` or `NQ`.
///
/// `Q` = the account holds qualified certificates. One person may have several accounts, one per device.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentNumber {
    text: String,
    semantics: SemanticsIdentifier,
}

impl DocumentNumber {
    /// Reads a document number. Error: [`Error::MalformedId`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let malformed = || Error::MalformedId {
            kind: "document number",
            expected: "a semantics identifier, a hyphen, 4 upper-case letters or digits, and -Q or -NQ",
        };
        let mut parts = text.rsplitn(3, '-');
        let (Some(grade), Some(code), Some(person)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed());
        };
        let semantics = SemanticsIdentifier::parse(person).map_err(|_| malformed())?;
        let well_formed = matches!(grade, "Q" | "NQ")
            && code.len() == 4
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if well_formed { Ok(Self { text: text.to_owned(), semantics }) } else { Err(malformed()) }
    }

    /// Puts a document number together. Error: [`Error::MalformedId`] when `code` is not four upper-case
    /// letters or digits.
    pub fn compose(semantics: &SemanticsIdentifier, code: &str, qualified: bool) -> Result<Self, Error> {
        Self::parse(&format!("{semantics}-{code}-{}", if qualified { "Q" } else { "NQ" }))
    }

    /// The person.
    pub fn semantics(&self) -> &SemanticsIdentifier {
        &self.semantics
    }

    /// The four characters that tell a person's accounts apart.
    pub fn code(&self) -> &str {
        &self.suffix()[..4]
    }

    /// What follows the person: the four characters and the grade, such as `K2GN-NQ`.
    pub fn suffix(&self) -> &str {
        &self.text[self.semantics.0.len() + 1..]
    }

    /// Whether the account holds qualified certificates.
    pub fn is_qualified(&self) -> bool {
        self.suffix().ends_with("-Q")
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

macro_rules! personal_text {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        /// The value, for paths and for the wire. Not for logs.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Type and country only; the rest is personal.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({}-…)"), &self.as_str()[..5])
            }
        }

        text_serde!($name);
    };
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

personal_text!(SemanticsIdentifier);
personal_text!(DocumentNumber);

macro_rules! uuid_id {
    ($(#[$meta:meta])* $name:ident, $kind:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated form of 36 characters, in either case. Error: [`Error::MalformedId`].
            pub fn parse(text: &str) -> Result<Self, Error> {
                // The uuid crate also takes braces, `urn:uuid:` and no hyphens; the interface does not.
                Some(text)
                    .filter(|text| text.len() == 36)
                    .and_then(|text| Uuid::try_parse(text).ok())
                    .map(Self)
                    .ok_or(Error::MalformedId { kind: $kind, expected: "a UUID of 36 characters" })
            }

            /// A new random one (version 4) from this source.
            pub fn generate(rng: &mut impl CryptoRng) -> Self {
                let mut octets = [0; 16];
                rng.fill_bytes(&mut octets);
                Self(uuid::Builder::from_random_bytes(octets).into_uuid())
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

uuid_id! {
    /// A session: `sessionID`. It is the whole address of a result, so it must be random.
    SessionId, "session id"
}
uuid_id! {
    /// A relying party: `relyingPartyUUID`.
    RelyingPartyUuid, "relying party UUID"
}

/// The public handle of a session inside a device link: `sessionToken`, letters and digits, at least 24.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionToken(String);

impl SessionToken {
    /// Characters in the tokens that we issue: 24 of 62 kinds, 142 bits.
    pub const LENGTH: usize = 24;
    /// The longest that we read. No limit is published; links must stay short enough for a QR code.
    pub const MAX: usize = 128;

    /// Reads a token. Error: [`Error::MalformedId`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let well_formed = (Self::LENGTH..=Self::MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::MalformedId { kind: "session token", expected: "24 to 128 letters and digits" })
        }
    }

    /// A new random token.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut text = String::with_capacity(Self::LENGTH);
        let mut octets = [0; 32];
        while text.len() < Self::LENGTH {
            rng.fill_bytes(&mut octets);
            // 248 = 4·62: larger octets are dropped, or the first letters would come more often.
            let fair = octets.iter().filter(|octet| **octet < 248);
            text.extend(fair.map(|octet| char::from(ALPHABET[usize::from(octet % 62)])));
        }
        text.truncate(Self::LENGTH);
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

text_serde!(SessionToken);

macro_rules! opaque_id {
    ($(#[$meta:meta])* $name:ident, $kind:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads an id: 1 to 64 characters of the Base64url alphabet. Error: [`Error::MalformedId`].
            pub fn parse(text: &str) -> Result<Self, Error> {
                let well_formed = (1..=64).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                if well_formed {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::MalformedId { kind: $kind, expected: "1 to 64 letters, digits, - or _" })
                }
            }

            /// A new random id: 16 octets in Base64url.
            pub fn generate(rng: &mut impl CryptoRng) -> Self {
                let mut octets = [0; 16];
                rng.fill_bytes(&mut octets);
                Self(b64u(&octets))
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

        text_serde!($name);
    };
}

opaque_id! {
    /// What a phone is asked to approve: `tx` in the device API.
    TransactionId, "transaction id"
}
opaque_id! {
    /// One registered phone: `deviceId` in the device API.
    DeviceId, "device id"
}
opaque_id! {
    /// One two-party key, so one PIN: `kid` in the device API.
    KeyId, "key id"
}
opaque_id! {
    /// One code sent to one phone number, by its own name: the trail knows no numbers.
    ChallengeId, "challenge id"
}
opaque_id! {
    /// One acceptance of terms, by a name that is not its token.
    TermsId, "id of an acceptance"
}
opaque_id! {
    /// Something that an operator has proposed and another has to approve.
    ProposalId, "id of a proposal"
}
opaque_id! {
    /// An identification that was begun at the desk: the number of the case, which people may be told.
    IdentificationId, "id of an identification"
}
opaque_id! {
    /// A counted request, chosen by the phone: `req` in the device API. The same id with the same token gets the
    /// stored answer again.
    RequestId, "request id"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semantics_identifiers_of_the_specification_are_read() {
        for (text, kind, country, identifier) in [
            ("PNOEE-48010010101", IdentityType::PersonalNumber, "EE", "48010010101"),
            ("PASKZ-987654321012", IdentityType::Passport, "KZ", "987654321012"),
            ("IDCCZ-1234567890", IdentityType::IdentityCard, "CZ", "1234567890"),
            ("PNOLV-030303-10012", IdentityType::PersonalNumber, "LV", "030303-10012"),
        ] {
            let id = SemanticsIdentifier::parse(text).unwrap();
            assert_eq!((id.identity_type(), id.country(), id.identifier()), (kind, country, identifier));
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn malformed_semantics_identifiers_are_refused() {
        let longest = format!("PNOEE-{}", "1".repeat(30));
        assert!(SemanticsIdentifier::parse(&longest).is_ok());
        let too_long = format!("{longest}1");
        for text in [
            "",
            "PNOEE",
            "PNOEE-",
            "PNOee-48010010101",
            "XXXEE-48010010101",
            "PNOE-480",
            "PNOEST-480",
            "PNOEE--480",
            "PNOEE-48 01",
            "PNOEE-4801/..",
            "pnoEE-48010010101",
            "PNOEÉ-1",
            "ÄÄ-1",
            " PNOEE-48010010101",
            too_long.as_str(),
        ] {
            assert!(SemanticsIdentifier::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn document_numbers_are_read_from_the_right() {
        let document = DocumentNumber::parse("PNOEE-30001010004-K2GN-NQ").unwrap();
        assert_eq!(document.semantics().as_str(), "PNOEE-30001010004");
        assert_eq!((document.code(), document.suffix(), document.is_qualified()), ("K2GN", "K2GN-NQ", false));
        let document = DocumentNumber::parse("PNOLV-030303-10012-DEM0-Q").unwrap();
        assert_eq!(document.semantics().as_str(), "PNOLV-030303-10012");
        assert!(document.is_qualified());
        assert_eq!(DocumentNumber::compose(document.semantics(), "DEM0", true).unwrap(), document);
    }

    #[test]
    fn malformed_document_numbers_are_refused() {
        for text in [
            "",
            "PNOEE-30001010004",
            "PNOEE-30001010004-K2GN",
            "PNOEE-30001010004-K2GN-X",
            "PNOEE-30001010004-K2G-Q",
            "PNOEE-30001010004-K2GNN-Q",
            "PNOEE-30001010004-k2gn-Q",
            "PNOEE-30001010004-K2GN-q",
            "-K2GN-Q",
            "PNOEE--K2GN-Q",
        ] {
            assert!(DocumentNumber::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_of_a_personal_identifier_hides_the_person() {
        let document = DocumentNumber::parse("PNOEE-30001010004-K2GN-NQ").unwrap();
        assert_eq!(format!("{document:?}"), "DocumentNumber(PNOEE-…)");
        assert_eq!(format!("{:?}", document.semantics()), "SemanticsIdentifier(PNOEE-…)");
        let error = DocumentNumber::parse("PNOEE-30001010004-K2GN-x").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("30001010004"));
    }

    #[test]
    fn only_hyphenated_uuids_are_session_ids() {
        let text = "fa20fd1e-e320-4c68-8315-f6a507a0b4a9";
        assert_eq!(SessionId::parse(text).unwrap().to_string(), text);
        assert_eq!(SessionId::parse(&text.to_uppercase()).unwrap().to_string(), text);
        for wrong in [
            "fa20fd1ee3204c688315f6a507a0b4a9",
            "{fa20fd1e-e320-4c68-8315-f6a507a0b4a9}",
            "x",
            "",
            &text[1..],
        ] {
            assert!(SessionId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn generated_ids_are_well_formed() {
        use rand_core::SeedableRng;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        for _ in 0..100 {
            let token = SessionToken::generate(&mut rng);
            assert_eq!(token.as_str().len(), 24);
            assert_eq!(SessionToken::parse(token.as_str()).unwrap(), token);
            assert_eq!(SessionId::generate(&mut rng).0.get_version_num(), 4);
            let device = DeviceId::generate(&mut rng);
            assert_eq!(DeviceId::parse(device.as_str()).unwrap(), device);
        }
    }

    #[test]
    fn session_tokens_have_at_least_24_letters_and_digits() {
        assert!(SessionToken::parse(&"a".repeat(23)).is_err());
        assert!(SessionToken::parse(&"a".repeat(24)).is_ok());
        assert!(SessionToken::parse(&"a".repeat(128)).is_ok());
        assert!(SessionToken::parse(&"a".repeat(129)).is_err());
        assert!(SessionToken::parse("aaaaaaaaaaaaaaaaaaaaaaa-").is_err());
    }
}
