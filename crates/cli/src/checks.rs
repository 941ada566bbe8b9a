//! What a relying party checks in an answer, line by line: the client library makes every check and stops at the first
//! that fails; here each gets its line.

use countersign_client::Error;
use countersign_client::error::Error as Fault;
use serde::Serialize;

/// The checks in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Check {
    /// The session ended with OK.
    Ending,
    /// Every member is there and has its form.
    Form,
    /// The person came by a way that was offered.
    Flow,
    /// The algorithm and all its parameters are those asked for.
    Algorithm,
    /// What the person saw was asked for.
    Interaction,
    /// The level of the certificate suffices.
    Level,
    /// The certificate leads to an anchor.
    Path,
    /// The certificate is for this purpose.
    Purpose,
    /// The signature holds.
    Signature,
    /// The person is the one that was asked.
    Identity,
    /// No certificate is revoked.
    Revocation,
}

/// All of them.
pub(crate) const ALL: [Check; 11] = [
    Check::Ending,
    Check::Form,
    Check::Flow,
    Check::Algorithm,
    Check::Interaction,
    Check::Level,
    Check::Path,
    Check::Purpose,
    Check::Signature,
    Check::Identity,
    Check::Revocation,
];

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckLine {
    /// What was checked.
    pub(crate) check: &'static str,
    /// How it ended.
    pub(crate) result: Outcome,
    /// What was found, or what is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It did not.
    Failed,
    /// An earlier one failed.
    NotReached,
}

impl Check {
    /// What is checked, in words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Ending => "the session ended with OK",
            Self::Form => "the answer has its form",
            Self::Flow => "the person came by a way that was offered",
            Self::Algorithm => "the signature algorithm is the one asked for",
            Self::Interaction => "the person saw what was asked for",
            Self::Level => "the certificate's level suffices",
            Self::Path => "the certificate leads to a trusted authority",
            Self::Purpose => "the certificate is for this purpose",
            Self::Signature => "the signature holds",
            Self::Identity => "the person is the one asked",
            Self::Revocation => "no certificate is revoked",
        }
    }
}

/// The check that this error comes from; none when no answer was there to check.
pub(crate) fn failed_in(error: &Error) -> Option<Check> {
    Some(match error {
        Fault::Ended(_) | Fault::DocumentUnusable | Fault::StillRunning => Check::Ending,
        Fault::Missing { .. }
        | Fault::Malformed { .. }
        | Fault::UnknownWord { .. }
        | Fault::UnknownState(_)
        | Fault::WrongOperation { .. }
        | Fault::WrongProtocol { .. }
        | Fault::Certificate(_) => Check::Form,
        Fault::FlowNotOffered { .. } => Check::Flow,
        Fault::WrongAlgorithm { .. } | Fault::WrongAlgorithmParameters { .. } | Fault::WrongHash { .. } => {
            Check::Algorithm
        }
        Fault::InteractionNotOffered { .. } => Check::Interaction,
        Fault::AnotherCertificate | Fault::LevelTooLow { .. } => Check::Level,
        Fault::Untrusted(_) => Check::Path,
        Fault::MissingPolicy { .. }
        | Fault::NotForAuthentication
        | Fault::NotForSignatures
        | Fault::NotForQualifiedSignatures
        | Fault::NoQualifiedDevice => Check::Purpose,
        Fault::Signature(_) => Check::Signature,
        Fault::MissingAttribute { .. }
        | Fault::MalformedIdentity
        | Fault::AnotherPerson
        | Fault::AnotherDocument(_) => Check::Identity,
        Fault::Revoked { .. } | Fault::NotIssued { .. } | Fault::RevocationUnknown { .. } => {
            Check::Revocation
        }
        // Of the network, the service and the request: nothing was checked.
        _ => return None,
    })
}

/// Every check with its result. `detail` says what was found by one that passed.
pub(crate) fn lines(failure: Option<&Error>, detail: impl Fn(Check) -> String) -> Vec<CheckLine> {
    let failed = failure.map(|error| (failed_in(error), error));
    ALL.into_iter()
        .map(|check| {
            let (result, detail) = match failed {
                None => (Outcome::Passed, detail(check)),
                Some((Some(at), error)) if check == at => (Outcome::Failed, error.to_string()),
                Some((Some(at), _)) if check < at => (Outcome::Passed, String::new()),
                Some(_) => (Outcome::NotReached, String::new()),
            };
            CheckLine { check: check.describe(), result, detail }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_before_the_failed_one_passed_and_those_after_it_were_not_made() {
        let lines = lines(Some(&Error::AnotherPerson), |_| String::new());
        let results: Vec<_> = lines.iter().map(|line| line.result).collect();
        assert_eq!(results.iter().filter(|result| **result == Outcome::Passed).count(), 9);
        assert_eq!(results[9..], [Outcome::Failed, Outcome::NotReached]);
        assert!(lines[9].detail.contains("another person"));
    }

    #[test]
    fn nothing_passed_when_there_was_no_answer() {
        let lines = lines(Some(&Error::AccountNotFound), |_| String::new());
        assert!(lines.iter().all(|line| line.result == Outcome::NotReached));
    }
}
