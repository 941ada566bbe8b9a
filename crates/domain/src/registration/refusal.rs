//! Every way in which a request of the registration is refused.

/// A request that is not carried out. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The token does not hold this scope, or the client has this part switched off.
    #[error("the token is not for this")]
    ScopeMissing,
    /// The page that asks is not one of the client's, or not the one of its token.
    #[error("the page that asks may not use this token")]
    OriginNotAllowed,
    /// The client may not ask about this number, or its token is for another.
    #[error("this number may not be asked about")]
    NumberNotAllowed,
    /// A browser asks about a number whose holder has not entered a code for this client.
    #[error("the holder of the number has to enter a code first")]
    NumberNotVerified,

    /// A code was sent a moment ago, or there were too many.
    #[error("a code can be sent again in {seconds} s")]
    CodeTooSoon {
        /// Until then.
        seconds: u32,
    },
    /// The code is wrong. It was counted.
    #[error("the code is wrong")]
    CodeWrong {
        /// Wrong codes that are still forgiven.
        tries_left: u8,
    },
    /// None was sent, it was used, or its time is over.
    #[error("there is no code to compare with: ask for a new one")]
    CodeGone,
    /// Too many wrong codes.
    #[error("too many wrong codes: ask for a new one later")]
    CodeLocked,

    /// Nobody was identified for this number.
    #[error("nobody was identified for this number")]
    NoEvidence,
    /// The terms in force are accepted.
    #[error("the terms in force are accepted")]
    NothingToAccept,
    /// No such transaction, or another client's. Which of these is not told.
    #[error("there is no such transaction")]
    UnknownTransaction,
    /// The terms were decided on before.
    #[error("the terms were decided on before")]
    AlreadyDecided,
    /// Its time is over.
    #[error("the time of this transaction is over")]
    TransactionExpired,
    /// A lookup beneath failed; the same request may come again.
    #[error("a service beneath does not answer")]
    LookupFailed,

    /// Too many wrong passwords.
    #[error("too many wrong passwords: try again in {seconds} s")]
    PasswordLocked {
        /// Until then.
        seconds: u32,
    },
    /// The number has no password, or it was ended.
    #[error("there is no password for this number")]
    NoPassword,

    /// The evidence has ended.
    #[error("the evidence has ended")]
    EvidenceEnded,
    /// Another person's evidence is in force for this number.
    #[error("another person is registered with this number")]
    NumberTaken,
}
