//! What went wrong, and what a correct e-service does then. One list for every way in which a session ends.

use countersign_client::checklist::failed_in;
use countersign_client::{Ending, Error};
use serde::Serialize;

/// Why a transaction failed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    /// A fixed word for programs: the session's end result, or one of ours.
    pub(crate) code: String,
    /// For the person at the bank.
    pub(crate) title: String,
    /// What the bank found, in the words of the library.
    pub(crate) detail: String,
    /// What a correct e-service does.
    pub(crate) advice: String,
}

impl Failure {
    pub(crate) fn new(code: &str, title: &str, detail: impl Into<String>, advice: &str) -> Self {
        Self {
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.into(),
            advice: advice.to_owned(),
        }
    }

    pub(crate) fn of(error: &Error) -> Self {
        let (code, title, advice) = words(error);
        Self::new(code, title, error.to_string(), advice)
    }
}

fn words(error: &Error) -> (&'static str, &'static str, &'static str) {
    match error {
        Error::Ended(ending) => ended(ending),
        Error::DocumentUnusable => ended(&Ending::DocumentUnusable),
        Error::StillRunning => ended(&Ending::Timeout),
        Error::AccountNotFound => (
            "ACCOUNT_NOT_FOUND",
            "The service knows no such person",
            "HTTP 404: no session was started. Say that this person has no account, or one that is no longer active, and \
             offer other ways to log in. Check the number for a typing error before you ask.",
        ),
        Error::NoSuitableAccount => (
            "NO_SUITABLE_ACCOUNT_FOUND",
            "The account is not of the kind that was asked for",
            "HTTP 404 with a code: the person has an account, but not a qualified one. Ask for a lower level only if yours \
             may accept it.",
        ),
        Error::BadRequest { .. } => (
            "BAD_REQUEST",
            "The service found the request malformed",
            "HTTP 400: a fault of the e-service. The members that are wrong are named; show nothing of it to the person.",
        ),
        Error::Forbidden { .. } | Error::Unauthorized => (
            "FORBIDDEN",
            "The service does not permit this",
            "HTTP 401 or 403: a fault of registration, not of the person. Tell your operators.",
        ),
        Error::Maintenance => (
            "MAINTENANCE",
            "The service is under maintenance",
            "HTTP 580: try again later, and say so to the person.",
        ),
        Error::Connection { .. }
        | Error::NoAnswer { .. }
        | Error::AnswerTooLong { .. }
        | Error::UnreadableAnswer { .. }
        | Error::UnexpectedStatus { .. }
        | Error::SessionNotFound => (
            "SERVICE_FAILED",
            "The service could not be asked",
            "Nothing is known about the person: log nobody in, and let them try again.",
        ),
        Error::Revoked { .. } => (
            "REVOKED",
            "The certificate is revoked",
            "The signature holds, and still it proves nothing: the phone may be in other hands. Log nobody in, and tell the \
             person to contact the issuer.",
        ),
        Error::RevocationUnknown { .. } | Error::NotIssued { .. } | Error::NoGoodStatus(_) => (
            "STATUS_UNKNOWN",
            "Nobody says whether the certificate is good",
            "Neither the responder nor a revocation list gave a usable answer. Unknown is not good: log nobody in.",
        ),
        Error::Untrusted(_) => (
            "UNTRUSTED",
            "The certificate cannot be trusted now",
            "No path to an authority that the bank trusts is valid at this time. Whatever the service says, the e-service \
             checks the path itself, and lets nobody in.",
        ),
        Error::CallbackNeeded(_) => (
            "CALLBACK_MISSING",
            "The browser did not come back",
            "The person approved on this device, but the browser that was sent out has not returned with the proof. It may \
             have been another person's browser: log nobody in.",
        ),
        Error::TimeStamp(_) => (
            "TIME_STAMP",
            "There is no time-stamp",
            "Without one nothing proves when the signature was made. Keep the signature, and ask again.",
        ),
        other if failed_in(other).is_some() => (
            "NOT_ACCEPTED",
            "The answer does not prove what was asked",
            "A check failed. Log nobody in, keep the answer for your operators, and tell the person that it did not work.",
        ),
        _ => {
            ("FAILED", "It did not work", "Nothing was proven: log nobody in, and let the person try again.")
        }
    }
}

fn ended(ending: &Ending) -> (&'static str, &'static str, &'static str) {
    match ending {
        Ending::UserRefused => (
            "USER_REFUSED",
            "The person refused",
            "Say that it was cancelled on the phone, and offer to begin again. Do not start a new request by yourself.",
        ),
        Ending::UserRefusedInteraction { .. } => (
            "USER_REFUSED_INTERACTION",
            "The person cancelled on the phone's screen",
            "The result names the screen. Treat it like any refusal: say so, and wait for the person.",
        ),
        Ending::UserRefusedCertificateChoice => (
            "USER_REFUSED_CERT_CHOICE",
            "The person chose no account",
            "They have several accounts and cancelled the choice. Offer to begin again.",
        ),
        Ending::Timeout => (
            "TIMEOUT",
            "Nobody answered in time",
            "The session is over. Offer to begin again; an answer to the old request counts no more.",
        ),
        Ending::WrongVerificationCode => (
            "WRONG_VC",
            "The person chose another code",
            "The person did not see your code: somebody else may have started a request in their name. Do not try again by \
             yourself; say why it ended.",
        ),
        Ending::DocumentUnusable => (
            "DOCUMENT_UNUSABLE",
            "The account cannot be used now",
            "Locked after wrong PINs, or suspended. Say that the phone app tells more, and offer another way.",
        ),
        Ending::InteractionNotSupported => (
            "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP",
            "The phone app is too old for this screen",
            "Give a fallback in `interactions`, or ask the person to update the app.",
        ),
        Ending::ProtocolFailure => (
            "PROTOCOL_FAILURE",
            "The protocol was not followed",
            "For example a link whose authCode is wrong: somebody changed it. Begin again with a new session.",
        ),
        Ending::ExpectedLinkedSession => (
            "EXPECTED_LINKED_SESSION",
            "The phone waited for another session",
            "After a choice by device link the signature must be started as a linked one, at once.",
        ),
        Ending::ServerError => {
            ("SERVER_ERROR", "The service failed", "Let the person try again, a little later.")
        }
        Ending::AccountUnusable => (
            "ACCOUNT_UNUSABLE",
            "The account is unusable",
            "Say that the phone app tells more, and offer another way.",
        ),
        _ => (
            "UNKNOWN_END_RESULT",
            "The session ended in a way that this bank does not know",
            "Services grow. Whatever is not OK is a failure.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_what_to_do() {
        for error in [
            Error::Ended(Ending::UserRefused),
            Error::Ended(Ending::Timeout),
            Error::AccountNotFound,
            Error::AnotherPerson,
            Error::Maintenance,
        ] {
            let failure = Failure::of(&error);
            assert!(!failure.title.is_empty() && failure.advice.len() > 20, "{}", failure.code);
        }
        assert_eq!(Failure::of(&Error::AnotherPerson).code, "NOT_ACCEPTED");
        assert_eq!(Failure::of(&Error::StillRunning).code, "TIMEOUT");
    }
}
