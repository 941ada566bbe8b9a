//! Why a signature cannot be made: with a word for programs, and as a problem where somebody waits for the answer.

use countersign_client::{Ending, Error as ClientError, checklist, long_term};
use countersign_container::Error as ContainerError;
use countersign_wire::problem::ProblemType;
use serde_json::json;

use crate::compute::Busy;
use crate::problem::{Problem, Surface};

/// Why something did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Whoever began it has ended it, or the container is gone. There is nobody to tell.
    #[error("it was ended")]
    Ended,
    /// The relying party API, or what it answered.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A time-stamp or a status.
    #[error(transparent)]
    LongTerm(#[from] long_term::Error),
    /// The container or the document.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// The signature was approved on this device, and its browser has not come back.
    #[error("the person approved on this device, and the browser that was sent out has not come back")]
    NoReturn,
    /// Another person than was named has answered.
    #[error("another person than was asked has chosen an account")]
    AnotherPerson,
    /// What was made does not hold.
    #[error("the finished file does not pass the service's own check: {0}")]
    OwnCheck(String),
    /// There is nobody to ask.
    #[error("there is no relying party API to sign with: {0}")]
    NoService(String),
    /// The files that containers lie in.
    #[error("a file of the signing service failed: {0}")]
    Io(#[from] std::io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    /// Too much work waits.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// What was kept cannot be read back.
    #[error("what was kept of the signature cannot be read: {0}")]
    Damaged(&'static str),
}

impl Fault {
    /// The word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Ended => "CANCELLED",
            Self::Client(error) | Self::LongTerm(long_term::Error::Evidence(error)) => code_of(error),
            Self::Container(_) | Self::LongTerm(_) | Self::OwnCheck(_) => "CONTAINER",
            Self::NoReturn => "CALLBACK_MISSING",
            Self::AnotherPerson => "ANOTHER_PERSON",
            Self::NoService(_) => "NO_SERVICE",
            Self::Io(_) | Self::Store(_) | Self::Busy(_) | Self::Damaged(_) => "INTERNAL",
        }
    }

    /// Whether it is this program's own fault: then outsiders are told no more than that.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Store(_) | Self::Damaged(_))
    }

    /// What outsiders are told.
    pub(crate) fn told(&self) -> String {
        if self.is_ours() { "the service failed; its log says why".to_owned() } else { self.to_string() }
    }

    /// As the answer to whoever waits.
    pub(crate) fn problem(&self) -> Problem {
        let detail = self.told();
        let kind = match self {
            Self::Ended => return Problem::of(ProblemType::NotFound, "no such container, or no longer"),
            Self::Client(error) => match error {
                ClientError::AccountNotFound
                | ClientError::NoSuitableAccount
                | ClientError::DocumentUnusable
                | ClientError::LevelTooLow { .. }
                | ClientError::Revoked { .. }
                | ClientError::Untrusted(_)
                | ClientError::NotForSignatures
                | ClientError::PersonShouldViewPortal => ProblemType::UnsuitableCertificate,
                ClientError::Request(_) | ClientError::BadRequest { .. } => ProblemType::InvalidRequest,
                _ => ProblemType::UpstreamFailed,
            },
            Self::LongTerm(_) => ProblemType::UpstreamFailed,
            Self::Container(error) => match error {
                ContainerError::Io(_) => return Problem::internal(Surface::Own, error),
                ContainerError::WrongSignatureValue => ProblemType::InvalidSignature,
                ContainerError::WrongCertificate { .. } | ContainerError::UnsupportedAlgorithm { .. } => {
                    ProblemType::UnsuitableCertificate
                }
                _ => ProblemType::InvalidContainer,
            },
            Self::NoReturn | Self::AnotherPerson => ProblemType::NotApproved,
            Self::NoService(_) | Self::Busy(_) => ProblemType::Unavailable,
            Self::OwnCheck(_) | Self::Io(_) | Self::Store(_) | Self::Damaged(_) => {
                return Problem::internal(Surface::Own, self);
            }
        };
        Problem::of(kind, detail).member("code", json!(self.code()))
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        fault.problem()
    }
}

fn code_of(error: &ClientError) -> &'static str {
    match error {
        ClientError::Ended(ending) => ended(ending),
        ClientError::DocumentUnusable => ended(&Ending::DocumentUnusable),
        ClientError::StillRunning => ended(&Ending::Timeout),
        ClientError::AccountNotFound => "ACCOUNT_NOT_FOUND",
        ClientError::NoSuitableAccount => "NO_SUITABLE_ACCOUNT_FOUND",
        ClientError::PersonShouldViewPortal => "PERSON_SHOULD_VIEW_PORTAL",
        ClientError::BadRequest { .. } | ClientError::Request(_) => "BAD_REQUEST",
        ClientError::Forbidden { .. } | ClientError::Unauthorized => "FORBIDDEN",
        ClientError::Maintenance | ClientError::ClientTooOld => "MAINTENANCE",
        ClientError::SessionNotFound => "SESSION_NOT_FOUND",
        ClientError::Connection { .. }
        | ClientError::NoAnswer { .. }
        | ClientError::AnswerTooLong { .. }
        | ClientError::UnreadableAnswer { .. }
        | ClientError::UnexpectedStatus { .. } => "SERVICE_FAILED",
        ClientError::Revoked { .. } => "REVOKED",
        ClientError::RevocationUnknown { .. }
        | ClientError::NotIssued { .. }
        | ClientError::NoGoodStatus(_) => "STATUS_UNKNOWN",
        ClientError::Untrusted(_) => "UNTRUSTED",
        ClientError::TimeStamp(_) => "TIME_STAMP",
        ClientError::AnotherPerson | ClientError::AnotherDocument(_) => "ANOTHER_PERSON",
        other if checklist::failed_in(other).is_some() => "NOT_ACCEPTED",
        _ => "FAILED",
    }
}

/// The words of the relying party API (4.3).
fn ended(ending: &Ending) -> &'static str {
    match ending {
        Ending::UserRefused => "USER_REFUSED",
        Ending::Timeout => "TIMEOUT",
        Ending::DocumentUnusable => "DOCUMENT_UNUSABLE",
        Ending::WrongVerificationCode => "WRONG_VC",
        Ending::InteractionNotSupported => "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP",
        Ending::UserRefusedCertificateChoice => "USER_REFUSED_CERT_CHOICE",
        Ending::UserRefusedInteraction { .. } => "USER_REFUSED_INTERACTION",
        Ending::ProtocolFailure => "PROTOCOL_FAILURE",
        Ending::ExpectedLinkedSession => "EXPECTED_LINKED_SESSION",
        Ending::ServerError => "SERVER_ERROR",
        Ending::AccountUnusable => "ACCOUNT_UNUSABLE",
        _ => "UNKNOWN_END_RESULT",
    }
}
