//! Our fault, as far as rules can have one: stored secrets that do not open, arithmetic and certificates that fail.

use crate::refusal::Refusal;

/// What can go wrong inside a rule. Shown outside only as an incident. No variant holds a secret or a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key-encryption key is not configured.
    #[error("the key-encryption key {found} is not configured")]
    UnknownKey {
        /// The name beside the secret.
        found: String,
    },
    /// The secret was changed, moved, or wrapped by another key of the same name.
    #[error("a stored secret does not open in this place")]
    DoesNotOpen,
    /// The cipher library failed.
    #[error("the cipher failed")]
    Cipher,
    /// The two-party key is damaged, or its arithmetic failed.
    #[error(transparent)]
    SplitKey(#[from] countersign_split_key::Error),
    /// A name, request or certificate could not be made.
    #[error(transparent)]
    Pki(#[from] countersign_pki::Error),
    /// A message could not be made.
    #[error(transparent)]
    Wire(#[from] countersign_wire::Error),
}

/// Why something that takes a computation was not done: it was refused, or it failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our fault.
    #[error(transparent)]
    Fault(#[from] Error),
}

impl From<countersign_split_key::Error> for Failure {
    fn from(error: countersign_split_key::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<countersign_pki::Error> for Failure {
    fn from(error: countersign_pki::Error) -> Self {
        Self::Fault(error.into())
    }
}
