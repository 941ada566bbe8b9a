//! What is checked in an answer, line by line, for people to see: the verifiers stop at the first check that fails;
//! here each check gets its line.

use serde::Serialize;

use crate::Error;
use crate::verify::revocation::Evidence;
use crate::verify::{Authenticated, Signed};

/// The checks in the order in which they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
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

/// All of them, in their order.
pub const ALL: [Check; 11] = [
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

/// One check with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// What was checked.
    pub check: &'static str,
    /// How it ended.
    pub result: Outcome,
    /// What was found, or what is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It did not.
    Failed,
    /// An earlier one failed.
    NotReached,
}

impl Check {
    /// What is checked, in words.
    pub fn describe(self) -> &'static str {
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
pub fn failed_in(error: &Error) -> Option<Check> {
    Some(match error {
        Error::Ended(_) | Error::DocumentUnusable | Error::StillRunning => Check::Ending,
        Error::Missing { .. }
        | Error::Malformed { .. }
        | Error::UnknownWord { .. }
        | Error::UnknownState(_)
        | Error::WrongOperation { .. }
        | Error::WrongProtocol { .. }
        | Error::Certificate(_) => Check::Form,
        Error::FlowNotOffered { .. }
        | Error::CallbackNeeded(_)
        | Error::ForeignCallback
        | Error::MalformedCallback { .. }
        | Error::WrongSessionSecret
        | Error::NoUserChallengeVerifier
        | Error::WrongUserChallenge => Check::Flow,
        Error::WrongAlgorithm { .. } | Error::WrongAlgorithmParameters { .. } | Error::WrongHash { .. } => {
            Check::Algorithm
        }
        Error::InteractionNotOffered { .. } => Check::Interaction,
        Error::AnotherCertificate | Error::LevelTooLow { .. } => Check::Level,
        Error::Untrusted(_) => Check::Path,
        Error::MissingPolicy { .. }
        | Error::NotForAuthentication
        | Error::NotForSignatures
        | Error::NotForQualifiedSignatures
        | Error::NoQualifiedDevice => Check::Purpose,
        Error::Signature(_) => Check::Signature,
        Error::MissingAttribute { .. }
        | Error::MalformedIdentity
        | Error::AnotherPerson
        | Error::AnotherDocument(_) => Check::Identity,
        Error::Revoked { .. } | Error::NotIssued { .. } | Error::RevocationUnknown { .. } => {
            Check::Revocation
        }
        // Of the network, the service and the request: nothing was checked.
        _ => return None,
    })
}

/// Every check with its result. `detail` says what was found by one that passed.
pub fn lines(failure: Option<&Error>, detail: impl Fn(Check) -> String) -> Vec<CheckLine> {
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

/// The checks of an authentication's result.
pub fn of_authentication(checked: Result<&Authenticated, &Error>) -> Vec<CheckLine> {
    lines(checked.err(), |check| {
        checked.map_or_else(
            |_| String::new(),
            |found| match check {
                Check::Ending => found.document.as_str().to_owned(),
                Check::Form => String::new(),
                Check::Flow => found.flow.to_string(),
                Check::Algorithm => format!("rsassa-pss with {}", found.scheme.hash()),
                Check::Interaction => found.interaction.to_string(),
                Check::Level => found.level.to_string(),
                Check::Path => found.path.anchor().subject().readable(),
                Check::Purpose => "authentication".to_owned(),
                Check::Signature => {
                    format!("{} bytes over the ACSP_V2 payload rebuilt here", found.signature.len())
                }
                Check::Identity => found.identity.person.as_str().to_owned(),
                Check::Revocation => revocation(&found.evidence),
            },
        )
    })
}

/// The checks of a signature's result.
pub fn of_signature(checked: Result<&Signed, &Error>) -> Vec<CheckLine> {
    lines(checked.err(), |check| {
        checked.map_or_else(
            |_| String::new(),
            |found| match check {
                Check::Ending => found.document.as_str().to_owned(),
                Check::Form => String::new(),
                Check::Flow => found.flow.to_string(),
                Check::Algorithm => format!("rsassa-pss with {}", found.scheme.hash()),
                Check::Interaction => found.interaction.to_string(),
                Check::Level => found.level.to_string(),
                Check::Path => found.path.anchor().subject().readable(),
                Check::Purpose => "signatures".to_owned(),
                Check::Signature => {
                    format!("{} bytes over the digest that was sent", found.signature.len())
                }
                Check::Identity => found.identity.person.as_str().to_owned(),
                Check::Revocation => revocation(&found.evidence),
            },
        )
    })
}

fn revocation(evidence: &Evidence) -> String {
    format!(
        "{} OCSP answers and {} revocation lists, fetched now",
        evidence.ocsp_responses().count(),
        evidence.crls().count()
    )
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
