//! What can go wrong.

use thiserror::Error;

/// Why something cannot be made or read. Tokens that are refused have a [`Rejection`] instead.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The claims do not fit into the longest token.
    #[error("the claims have {found} bytes; a token holds at most {most}")]
    TooLong {
        /// Bytes of the claims.
        found: usize,
        /// Bytes that fit.
        most: usize,
    },
    /// The cipher failed, which it does for lengths far beyond ours only.
    #[error("the token cannot be sealed")]
    Unsealable,
    /// A key ring without keys.
    #[error("a key ring needs at least one key")]
    NoKey,
    /// Two keys of one name.
    #[error("two keys of the ring are called {id}")]
    SameName {
        /// The name.
        id: crate::KeyId,
    },
    /// A line of a key file that is no key. The line is not repeated: it may hold a secret.
    #[error("line {line} is no key: expected an id of 8 hexadecimal digits, a secret of 64, and a time")]
    MalformedKey {
        /// Which line, from 1.
        line: usize,
    },
}

/// Why a token was refused. For logs and counters; outside all are one answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// No text of this format.
    #[error("the token is malformed")]
    Malformed,
    /// No key of the ring has the name that it says.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Altered, cut, or made by somebody else.
    #[error("the token is not authentic")]
    NotAuthentic,
    /// Authentic, under a key that has been retired for longer than a token lives.
    #[error("the token's key is retired")]
    RetiredKey,
    /// Authentic, and does not hold claims of this version.
    #[error("the token's claims cannot be read")]
    Unreadable,
    /// Of another issuer.
    #[error("the token has another issuer")]
    WrongIssuer,
    /// For another service.
    #[error("the token is for another audience")]
    WrongAudience,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Withdrawn before its end.
    #[error("the token is denied")]
    Denied,
}

impl Rejection {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::UnknownKey,
        Self::NotAuthentic,
        Self::RetiredKey,
        Self::Unreadable,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::NotYetValid,
        Self::Expired,
        Self::Denied,
    ];

    /// The word for logs and counters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::NotAuthentic => "not-authentic",
            Self::RetiredKey => "retired-key",
            Self::Unreadable => "unreadable",
            Self::WrongIssuer => "wrong-issuer",
            Self::WrongAudience => "wrong-audience",
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::Denied => "denied",
        }
    }
}
