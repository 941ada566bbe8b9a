//! A container as it is kept, with the signatures that are in it and those that are being made.

use std::fmt;

use countersign_client::StartedSession;
use countersign_client::wire::endpoint::{Operation, Recipient};
use countersign_client::wire::id::DocumentNumber;
use countersign_client::wire::words::{HashAlgorithm, RequestedLevel};
use countersign_container::{Level, SignatureTemplate};
use countersign_store::SigningRow;
pub(crate) use countersign_wire::signing::{Certify, Form, Pdf, Person, Place, Statements, Visible, Way};
use countersign_wire::words;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bearer::Caller;
use crate::randomness::Randomness;

words! {
    /// How a signature stands.
    pub(crate) enum Standing {
        /// The person chooses the account to sign with.
        Choosing = "choosing",
        /// The person is asked to sign.
        Asking = "asking",
        /// The signature value is waited for.
        AwaitingValue = "awaiting-value",
        /// The person has signed; time-stamp and status are fetched.
        Completing = "completing",
        /// It is in the container.
        Complete = "complete",
        /// It will not be.
        Failed = "failed",
        /// Whoever began it has ended it.
        Cancelled = "cancelled",
    }
}

/// Who may use a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner(String);

impl Owner {
    /// Whoever shows this key; without keys, whoever knows the container's id.
    pub(crate) fn of(caller: Caller) -> Self {
        match caller {
            Caller::Key(digest) => Self(format!("key:{}", hex(&digest))),
            Caller::Address(_) => Self("open".to_owned()),
        }
    }

    /// A service of the gateway.
    pub(crate) fn gateway(service: &str) -> Self {
        Self(format!("siga:{service}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A new id: 122 random bits, so knowing one is a right.
pub(crate) fn new_id(randomness: &Randomness) -> String {
    uuid::Builder::from_random_bytes(randomness.bytes()).into_uuid().to_string()
}

/// A container.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) form: Form,
    pub(crate) name: String,
    pub(crate) files: Vec<DataFile>,
    /// What it takes on the disk.
    pub(crate) bytes: u64,
    /// The file of its present state. Another state lies in another file.
    pub(crate) file: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) signatures: Vec<Signature>,
    /// Accounts that people were asked to choose, of the gateway; the newest first.
    #[serde(default)]
    pub(crate) choices: Vec<Choice>,
}

/// A person who is asked to choose an account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) id: String,
    pub(crate) session: KeptSession,
}

/// A data file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataFile {
    pub(crate) name: String,
    pub(crate) media_type: String,
    pub(crate) bytes: u64,
}

/// A signature: in the container, or on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) id: String,
    pub(crate) created_at: Timestamp,
    /// None: it came with the container.
    pub(crate) wanted: Option<Wanted>,
    /// The account that signs, once it is known.
    pub(crate) chosen: Option<Chosen>,
    /// What is signed, in a container; a document's lies in a file.
    pub(crate) template: Option<SignatureTemplate>,
    /// The person's browser has come back from the phone with the proof.
    pub(crate) has_returned: bool,
    pub(crate) state: State,
}

/// What was asked for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub(crate) way: Way,
    pub(crate) person: Person,
    pub(crate) level: String,
    pub(crate) hash: HashAlgorithm,
    pub(crate) certificate_level: RequestedLevel,
    pub(crate) text: String,
    pub(crate) callback_url: Option<String>,
    /// RSA keys sign by PKCS#1 v1.5, which is what cards do, in place of PSS.
    #[serde(default)]
    pub(crate) pkcs1: bool,
    #[serde(default)]
    pub(crate) statements: Statements,
}

impl Wanted {
    pub(crate) fn level(&self) -> Level {
        // Written from a level.
        Level::from_word(&self.level).unwrap_or(Level::Lt)
    }
}

/// Who signs.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) document: Option<DocumentNumber>,
    /// DER in base64.
    pub(crate) certificate: String,
    pub(crate) by_same_device: bool,
}

/// How a signature stands, with what is true only then.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    Choosing { session: KeptSession },
    Asking { session: KeptSession, choice: Option<KeptSession> },
    AwaitingValue,
    Completing { value: String },
    Complete(Done),
    Failed(Failure),
    Cancelled { at: Timestamp },
}

/// A signature that is in the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Done {
    pub(crate) at: Timestamp,
    /// The signature's `Id`, or the field of a document.
    pub(crate) signature: String,
    /// The entry that it lies in; the field again in a document.
    pub(crate) file: String,
    /// Such as `XAdES_BASELINE_LT`.
    pub(crate) format: String,
    pub(crate) signed_by: Option<String>,
    pub(crate) time_stamp: Option<Timestamp>,
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    pub(crate) at: Timestamp,
    /// A fixed word for programs.
    pub(crate) code: String,
    /// For people who run the e-service.
    pub(crate) detail: String,
}

/// A started session in the form in which it is kept. It is a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeptSession(serde_json::Value);

impl KeptSession {
    pub(crate) fn of(session: &StartedSession) -> Self {
        // Texts and numbers: there is nothing in it that JSON could refuse.
        Self(serde_json::to_value(session).unwrap_or_default())
    }

    /// The session; none when this was not written here.
    pub(crate) fn open(&self) -> Option<StartedSession> {
        serde_json::from_value(self.0.clone()).ok()
    }
}

impl fmt::Debug for KeptSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptSession(…)")
    }
}

impl State {
    pub(crate) const fn standing(&self) -> Standing {
        match self {
            Self::Choosing { .. } => Standing::Choosing,
            Self::Asking { .. } => Standing::Asking,
            Self::AwaitingValue => Standing::AwaitingValue,
            Self::Completing { .. } => Standing::Completing,
            Self::Complete(_) => Standing::Complete,
            Self::Failed(_) => Standing::Failed,
            Self::Cancelled { .. } => Standing::Cancelled,
        }
    }

    /// Whether it will not change any more.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self, Self::Complete(_) | Self::Failed(_) | Self::Cancelled { .. })
    }

    /// Whether this program works on it, rather than whoever began it.
    const fn is_work(&self) -> bool {
        matches!(self, Self::Choosing { .. } | Self::Asking { .. } | Self::Completing { .. })
    }
}

impl Signature {
    /// The device-link session that links are made of and the callback belongs to.
    pub(crate) fn link_session(&self) -> Option<StartedSession> {
        match &self.state {
            State::Choosing { session } => session.open(),
            State::Asking { session, choice } => choice.as_ref().unwrap_or(session).open(),
            _ => None,
        }
        .filter(|session| session.secret().is_some())
    }

    /// Everything in the container has been brought to this level.
    pub(crate) fn reached(&mut self, level: Level) {
        if let State::Complete(done) = &mut self.state {
            level.as_str().clone_into(&mut done.format);
        }
    }

    /// The session whose link can still be used: after a choice the phone has the person's attention already.
    pub(crate) fn shown_link(&self) -> Option<StartedSession> {
        match &self.state {
            State::Asking { choice: Some(_), .. } => None,
            _ => self.link_session(),
        }
    }
}

impl Container {
    pub(crate) fn find(&self, signature: &str) -> Option<&Signature> {
        self.signatures.iter().find(|known| known.id == signature)
    }

    pub(crate) fn find_mut(&mut self, signature: &str) -> Option<&mut Signature> {
        self.signatures.iter_mut().find(|known| known.id == signature)
    }

    /// Signatures on their way.
    pub(crate) fn open_signatures(&self) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter(|signature| !signature.state.is_over())
    }

    /// Signatures that are in the container.
    pub(crate) fn done(&self) -> impl Iterator<Item = (&Signature, &Done)> {
        self.signatures.iter().filter_map(|signature| match &signature.state {
            State::Complete(done) => Some((signature, done)),
            _ => None,
        })
    }

    /// What this program works on.
    pub(crate) fn work(&self) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter(|signature| signature.state.is_work())
    }

    /// Every file that belongs to it.
    pub(crate) fn all_files(&self) -> impl Iterator<Item = String> {
        let prepared = self.signatures.iter().map(|signature| prepared_name(&self.id, &signature.id));
        std::iter::once(self.file.clone()).chain(prepared)
    }

    pub(crate) fn row(&self) -> SigningRow<'_> {
        SigningRow { id: &self.id, owner: self.owner.as_str(), bytes: self.bytes, purge_at: self.expires_at }
    }

    /// It was used: it is kept for a while longer.
    pub(crate) fn touch(&mut self, now: Timestamp, keep_seconds: u32) {
        let until = now + SignedDuration::from_secs(i64::from(keep_seconds));
        self.expires_at = self.expires_at.max(until);
    }
}

/// A name for the file of a container's next state.
pub(crate) fn file_name(container: &str, randomness: &Randomness) -> String {
    format!("{container}.{}", new_id(randomness))
}

/// The file of a document that is prepared for a signature.
pub(crate) fn prepared_name(container: &str, signature: &str) -> String {
    format!("{container}.{signature}")
}

/// What the session of a signature is for.
pub(crate) fn operation_word(operation: Operation) -> &'static str {
    crate::command::operation_word(operation)
}

/// The account of a session's recipient.
pub(crate) fn recipient(document: &DocumentNumber) -> Recipient {
    Recipient::Document(document.clone())
}
