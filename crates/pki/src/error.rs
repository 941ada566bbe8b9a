//! The one error type of this crate: what was wrong with the bytes, the key or the signature.
//!
//! Variants carry data (which field, which limit, which object identifier) and never what a
//! certificate says about a person, so an error may be logged as it is.

use const_oid::ObjectIdentifier;

/// What can be wrong with something this crate was given to read, check or sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not the DER of the structure they should be.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// The structure or field, in the standard's words.
        what: &'static str,
        /// The rule it breaks.
        why: &'static str,
    },
    /// The DER decoder refused the bytes.
    #[error("not valid DER: {0}")]
    Der(#[from] der::Error),
    /// The bytes are not a PEM block with the expected label.
    #[error("not a PEM block labelled {expected}")]
    NotPem {
        /// The label between the dashes.
        expected: &'static str,
    },
    /// A required part is absent.
    #[error("{what} is missing")]
    Missing {
        /// The absent part.
        what: &'static str,
    },
    /// A part is there but is not the one that must be there.
    #[error("{what} does not match: expected {expected}, found {found}")]
    Mismatch {
        /// The compared part.
        what: &'static str,
        /// What it should have been.
        expected: String,
        /// What it was.
        found: String,
    },
    /// More bytes, entries or levels than this crate reads.
    #[error("{what} is too large: {found}, the limit is {limit}")]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The largest accepted count.
        limit: usize,
        /// The count found.
        found: usize,
    },
    /// An algorithm this crate does not implement, or not in this combination.
    #[error("{what} {oid} is not supported")]
    UnsupportedAlgorithm {
        /// The role the algorithm plays.
        what: &'static str,
        /// Its object identifier.
        oid: ObjectIdentifier,
    },
    /// The algorithm's parameters are missing, or not the only ones accepted.
    #[error("parameters of {algorithm} are not accepted: {why}")]
    AlgorithmParameters {
        /// The algorithm.
        algorithm: &'static str,
        /// What is wrong with them.
        why: &'static str,
    },
    /// The signature algorithm cannot be used with this key.
    #[error("{algorithm} does not go with a {key} key")]
    WrongKeyKind {
        /// The algorithm asked for.
        algorithm: String,
        /// The kind of key given.
        key: String,
    },
    /// A key outside the accepted sizes, or not a valid key at all.
    #[error("{kind} key refused: {why}")]
    WeakKey {
        /// The kind of key.
        kind: &'static str,
        /// The rule it breaks.
        why: String,
    },
    /// The signature is not one made by this key over these bytes.
    #[error("the signature over {what} does not verify")]
    SignatureInvalid {
        /// The signed structure.
        what: &'static str,
    },
    /// The device that holds a private key cannot be used.
    #[error("the key {key:?} in its device cannot be used: {reason}")]
    KeyDevice {
        /// What the key is called there.
        key: String,
        /// What the device or its driver says.
        reason: String,
    },
    /// A private key could not be read, generated or used. The cause is withheld on purpose.
    #[error("private key operation failed: {operation}")]
    PrivateKey {
        /// What was attempted.
        operation: &'static str,
    },
    /// A time that the structure cannot hold.
    #[error("{what} holds a time outside the years {first} to {last}")]
    TimeOutOfRange {
        /// The structure or field.
        what: &'static str,
        /// First year it can hold.
        first: i16,
        /// Last year it can hold.
        last: i16,
    },
    /// A certificate that its own rules forbid to sign. See [`crate::lint`].
    #[error("refused to issue: {}", .findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lint {
        /// Every broken rule.
        findings: Vec<crate::lint::Finding>,
    },
}

impl Error {
    /// Shorthand for [`Error::Malformed`].
    pub(crate) const fn malformed(what: &'static str, why: &'static str) -> Self {
        Error::Malformed { what, why }
    }
}
