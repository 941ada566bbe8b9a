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
