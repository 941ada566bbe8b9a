//! What a relying party wants, in its own terms; [`Client`](crate::Client) makes the wire's requests of it.

use countersign_wire::start::{Digest, Interaction, Nonce, RequestProperties, SignatureScheme};
use countersign_wire::words::{HashAlgorithm, InteractionType, RequestedLevel};

use crate::Error;

/// An authentication to ask for.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// What the person sees, in order of preference.
    pub interactions: Vec<Interaction>,
    /// The lowest certificate level that will do.
    pub level: RequestedLevel,
    /// The signature algorithm and its hash.
    pub signature: SignatureScheme,
    /// Further wishes.
    pub properties: RequestProperties,
}

impl Authentication {
    /// An authentication at level `QUALIFIED` with RSASSA-PSS and SHA-512, shown with this text (60 characters) on
    /// the PIN screen.
    pub fn with_text(text: impl Into<String>) -> Self {
        Self::new(vec![Interaction { kind: InteractionType::DisplayTextAndPin, text: text.into() }])
    }

    /// The same with these interactions.
    pub fn new(interactions: Vec<Interaction>) -> Self {
        Self {
            interactions,
            level: RequestedLevel::default(),
            signature: SignatureScheme::pss(HashAlgorithm::Sha512),
            properties: RequestProperties::default(),
        }
    }
}

/// A signature to ask for.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The digest of what is to be signed.
    pub digest: Digest,
    /// What the person sees, in order of preference.
    pub interactions: Vec<Interaction>,
    /// The lowest certificate level that will do.
    pub level: RequestedLevel,
    /// The signature algorithm and its hash, which is also the digest's.
    pub signature: SignatureScheme,
    /// Makes two equal requests within 15 s two sessions.
    pub nonce: Option<Nonce>,
    /// Further wishes.
    pub properties: RequestProperties,
}

impl Signing {
    /// A signature at level `QUALIFIED` with RSASSA-PSS over this digest, which `hash` made, shown with this text (60
    /// characters) on the PIN screen.
    ///
    /// # Errors
    /// [`Error::Request`] when the digest is not as long as `hash` makes them.
    pub fn of_digest(digest: &[u8], hash: HashAlgorithm, text: impl Into<String>) -> Result<Self, Error> {
        if digest.len() != hash.octets() {
            return Err(Error::Request(countersign_wire::Error::Malformed {
                name: "digest",
                expected: "as many octets as the hash makes",
            }));
        }
        Ok(Self {
            digest: Digest::from_bytes(digest)?,
            interactions: vec![Interaction { kind: InteractionType::DisplayTextAndPin, text: text.into() }],
            level: RequestedLevel::default(),
            signature: SignatureScheme::pss(hash),
            nonce: None,
            properties: RequestProperties::default(),
        })
    }

    /// The same over the digest of `data`.
    ///
    /// # Errors
    /// As [`of_digest`](Self::of_digest); there is none in fact.
    pub fn of_data(data: &[u8], hash: HashAlgorithm, text: impl Into<String>) -> Result<Self, Error> {
        Self::of_digest(&hash.digest(data), hash, text)
    }
}

/// The most characters on the PIN screen.
pub const PIN_TEXT_MAX: usize = 60;

/// What a person reads when nobody says more: the name of the file, cut at the end of the PIN screen, or how many files
/// there are.
pub fn text_for_files<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let text = match (names.next(), names.count()) {
        (None, _) => "Sign".to_owned(),
        (Some(name), 0) => format!("Sign {name}"),
        (Some(_), more) => format!("Sign {} files", more + 1),
    };
    if text.chars().count() <= PIN_TEXT_MAX {
        text
    } else {
        text.chars().take(PIN_TEXT_MAX - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_at_the_end_of_the_screen() {
        let long = "õ".repeat(80);
        let text = text_for_files([long.as_str()]);
        assert_eq!(text.chars().count(), 60);
        assert!(text.starts_with("Sign õõ") && text.ends_with('…'));
        assert_eq!(text_for_files(["leping.txt"]), "Sign leping.txt");
        assert_eq!(text_for_files(["a", "b"]), "Sign 2 files");
    }
}
