//! The endpoints of the relying party API, as one table (1.2).
//!
//! Twelve of the fourteen differ in three words only: what is asked, how the person is reached, and who is
//! asked. Server, client and tests all read [`STARTS`].

use crate::id::{DocumentNumber, SemanticsIdentifier};
use crate::words::{SessionType, SignatureProtocol};
use crate::{Error, InvalidMember};

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Prove who one is.
    Authenticate,
    /// Pick the account to sign with, and give its signing certificate.
    ChooseCertificate,
    /// Sign a digest.
    Sign,
}

/// How the person is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flow {
    /// The person opens a link or scans a QR code.
    DeviceLink,
    /// The service sends a notification to the person's device.
    Notification,
}

/// How a request names the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Addressee {
    /// Not at all: whoever opens the link.
    Anonymous,
    /// By semantics identifier: any suitable account of the person.
    Person,
    /// By document number: this very account.
    Document,
    /// By document number, on the device that waits after a certificate choice (section 7).
    Linked,
}

/// What the answer to a start request holds (1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnswerKind {
    /// Session id, token, secret and link base.
    DeviceLink,
    /// Session id.
    Session,
    /// Session id and a verification code.
    VerificationCode,
}

/// Whom a request is for: [`Addressee`] with its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// Whoever opens the link.
    Anonymous,
    /// Any suitable account of this person.
    Person(SemanticsIdentifier),
    /// This very account; also for linked signatures.
    Document(DocumentNumber),
}

/// An endpoint that starts a session. Server, client, API document and tests all read this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Start {
    /// Path below a base, with `{addressee}` where the person is named.
    pub path: &'static str,
    /// What the session is for.
    pub operation: Operation,
    /// How the person is reached.
    pub flow: Flow,
    /// How the request names the person.
    pub addressee: Addressee,
}

use Addressee::{Anonymous, Document, Linked, Person};
use Flow::{DeviceLink, Notification};
use Operation::{Authenticate, ChooseCertificate, Sign};

/// Every endpoint that starts a session.
pub static STARTS: [Start; 12] = [
    row("/v3/authentication/device-link/anonymous", Authenticate, DeviceLink, Anonymous),
    row("/v3/authentication/device-link/etsi/{addressee}", Authenticate, DeviceLink, Person),
    row("/v3/authentication/device-link/document/{addressee}", Authenticate, DeviceLink, Document),
    row("/v3/authentication/notification/etsi/{addressee}", Authenticate, Notification, Person),
    row("/v3/authentication/notification/document/{addressee}", Authenticate, Notification, Document),
    row("/v3/signature/device-link/etsi/{addressee}", Sign, DeviceLink, Person),
    row("/v3/signature/device-link/document/{addressee}", Sign, DeviceLink, Document),
    row("/v3/signature/notification/etsi/{addressee}", Sign, Notification, Person),
    row("/v3/signature/notification/document/{addressee}", Sign, Notification, Document),
    row("/v3/signature/notification/linked/{addressee}", Sign, Notification, Linked),
    row("/v3/signature/certificate-choice/device-link/anonymous", ChooseCertificate, DeviceLink, Anonymous),
    row(
        "/v3/signature/certificate-choice/notification/etsi/{addressee}",
        ChooseCertificate,
        Notification,
        Person,
    ),
];

/// Endpoints of older drafts that cost nothing to serve.
pub static ALIASES: [Start; 1] = [
    // In 3.1 drafts; gone from the present OpenAPI document.
    row(
        "/v3/signature/certificate-choice/notification/document/{addressee}",
        ChooseCertificate,
        Notification,
        Document,
    ),
];

/// Asks for the signing certificate of an account; answers at once, without a session.
pub const CERTIFICATE_PATH: &str = "/v3/signature/certificate/{addressee}";

/// Asks how a session stands; waits for up to `timeoutMs` milliseconds.
pub const SESSION_PATH: &str = "/v3/session/{session_id}";

/// Prefixes under which the whole API is served: at the root, and where the demo environment has it.
pub const BASES: [&str; 2] = ["", "/smart-id-rp"];

const fn row(path: &'static str, operation: Operation, flow: Flow, addressee: Addressee) -> Start {
    Start { path, operation, flow, addressee }
}

impl Start {
    /// The row of this combination; a combination without a row (an anonymous signature) does not exist.
    pub fn find(operation: Operation, flow: Flow, addressee: Addressee) -> Option<&'static Start> {
        STARTS.iter().find(|row| (row.operation, row.flow, row.addressee) == (operation, flow, addressee))
    }

    /// The path for this recipient. Error: [`Error::WrongRecipient`] when the row names people another way.
    pub fn path_for(&self, recipient: &Recipient) -> Result<String, Error> {
        let wrong = Error::WrongRecipient { expected: self.addressee };
        let segment = match (self.addressee, recipient) {
            (Anonymous, Recipient::Anonymous) => return Ok(self.path.to_owned()),
            (Person, Recipient::Person(person)) => person.as_str(),
            (Document | Linked, Recipient::Document(document)) => document.as_str(),
            (Anonymous, Recipient::Person(_) | Recipient::Document(_))
            | (Person, Recipient::Anonymous | Recipient::Document(_))
            | (Document | Linked, Recipient::Anonymous | Recipient::Person(_)) => return Err(wrong),
        };
        // Both identifiers consist of characters that a path segment may hold unescaped.
        Ok(self.path.replace("{addressee}", segment))
    }

    /// Reads the last segment of a request's path (`None` for anonymous rows).
    pub fn recipient(&self, segment: Option<&str>) -> Result<Recipient, InvalidMember> {
        let segment = segment.unwrap_or_default();
        match self.addressee {
            Anonymous => Ok(Recipient::Anonymous),
            Person => SemanticsIdentifier::parse(segment)
                .map(Recipient::Person)
                .map_err(|error| InvalidMember::in_path("semanticsIdentifier", error.to_string())),
            Document | Linked => DocumentNumber::parse(segment)
                .map(Recipient::Document)
                .map_err(|error| InvalidMember::in_path("documentNumber", error.to_string())),
        }
    }

    /// What the answer holds.
    pub const fn answer(&self) -> AnswerKind {
        match (self.flow, self.operation, self.addressee) {
            (DeviceLink, _, _) => AnswerKind::DeviceLink,
            (Notification, Sign, Person | Document) => AnswerKind::VerificationCode,
            (Notification, Sign, Linked | Anonymous) => AnswerKind::Session,
            (Notification, Authenticate | ChooseCertificate, _) => AnswerKind::Session,
        }
    }
}

impl Operation {
    /// The word for this operation in a device link.
    pub const fn session_type(self) -> SessionType {
        match self {
            Authenticate => SessionType::Auth,
            ChooseCertificate => SessionType::Cert,
            Sign => SessionType::Sign,
        }
    }

    /// What is signed; a certificate choice signs nothing.
    pub const fn signature_protocol(self) -> Option<SignatureProtocol> {
        match self {
            Authenticate => Some(SignatureProtocol::AcspV2),
            ChooseCertificate => None,
            Sign => Some(SignatureProtocol::RawDigestSignature),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn paths_and_combinations_are_unique() {
        let rows = || STARTS.iter().chain(&ALIASES);
        let paths: HashSet<_> = rows().map(|row| row.path).chain([CERTIFICATE_PATH, SESSION_PATH]).collect();
        assert_eq!(paths.len(), 15);
        let words: HashSet<_> = rows().map(|row| (row.operation, row.flow, row.addressee)).collect();
        assert_eq!(words.len(), 13);
    }

    #[test]
    fn paths_say_the_words_of_their_row() {
        for row in STARTS.iter().chain(&ALIASES) {
            let operation = match row.operation {
                Authenticate => "/v3/authentication/",
                ChooseCertificate => "/v3/signature/certificate-choice/",
                Sign => "/v3/signature/",
            };
            let flow = match row.flow {
                DeviceLink => "device-link/",
                Notification => "notification/",
            };
            let addressee = match row.addressee {
                Anonymous => "anonymous",
                Person => "etsi/{addressee}",
                Document => "document/{addressee}",
                Linked => "linked/{addressee}",
            };
            assert_eq!(row.path, format!("{operation}{flow}{addressee}"));
        }
    }

    #[test]
    fn a_recipient_goes_into_the_path_and_comes_back() {
        let document = Recipient::Document(DocumentNumber::parse("PNOLV-030303-10012-DEM0-Q").unwrap());
        let person = Recipient::Person(SemanticsIdentifier::parse("PNOLV-030303-10012").unwrap());
        for row in &STARTS {
            let right = match row.addressee {
                Anonymous => &Recipient::Anonymous,
                Person => &person,
                Document | Linked => &document,
            };
            let path = row.path_for(right).unwrap();
            assert!(!path.contains('{'));
            let segment = row.path.ends_with('}').then(|| path.rsplit('/').next().unwrap());
            assert_eq!(&row.recipient(segment).unwrap(), right);
            for wrong in [&Recipient::Anonymous, &person, &document] {
                assert_eq!(row.path_for(wrong).is_ok(), wrong == right);
            }
        }
    }

    #[test]
    fn a_malformed_person_names_the_path_parameter() {
        let row = Start::find(Sign, Notification, Person).unwrap();
        let invalid = row.recipient(Some("PNOEE")).unwrap_err();
        assert_eq!(invalid.param_name, "semanticsIdentifier");
        let row = Start::find(Sign, Notification, Linked).unwrap();
        assert_eq!(row.recipient(Some("x")).unwrap_err().param_name, "documentNumber");
    }

    #[test]
    fn combinations_outside_the_table_do_not_exist() {
        assert!(Start::find(Sign, DeviceLink, Anonymous).is_none());
        assert!(Start::find(Authenticate, Notification, Anonymous).is_none());
        assert!(Start::find(ChooseCertificate, DeviceLink, Document).is_none());
        assert!(Start::find(Authenticate, Notification, Linked).is_none());
    }

    #[test]
    fn answers_are_those_of_the_specification() {
        let kinds: Vec<_> = STARTS.iter().map(Start::answer).collect();
        use AnswerKind::{DeviceLink as L, Session as S, VerificationCode as V};
        assert_eq!(kinds, [L, L, L, S, S, L, L, V, V, S, L, S]);
    }
}
