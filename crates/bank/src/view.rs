//! What the page is told about a transaction.

use countersign_client::Authenticated;
use countersign_client::checklist::CheckLine;
use countersign_client::verify::identity::Identity;
use countersign_client::wire::id::DocumentNumber;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::acsp::Payload;
use crate::advice::Failure;
use crate::format::Format;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    LogIn,
    Sign,
}

/// How the person is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Way {
    /// A QR code, or a link on the same device.
    DeviceLink,
    /// The phone shows the request by itself.
    Notification,
    /// Signatures only: whoever scans chooses the account, and signs at once.
    Linked,
}

/// How a transaction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    Running,
    Complete,
    Failed,
}

/// A step of the work.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    pub(crate) name: StepName,
    pub(crate) state: StepState,
    /// What came of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

/// The steps, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StepName {
    /// The signing certificate is asked for and checked.
    Certificate,
    /// The service is asked to reach the person.
    Ask,
    /// The person decides.
    Person,
    /// The answer is checked.
    Check,
    /// The time-stamp is asked for.
    TimeStamp,
    /// The responder is asked.
    Status,
    /// The signed file is made and validated.
    File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum StepState {
    Waiting,
    Running,
    Done,
    Failed,
}

/// Who logged in, or who signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonShown {
    pub(crate) given_name: String,
    pub(crate) surname: String,
    pub(crate) identifier: String,
    pub(crate) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date_of_birth: Option<String>,
    pub(crate) document_number: String,
    pub(crate) certificate_level: String,
    pub(crate) flow: String,
}

impl PersonShown {
    pub(crate) fn of(identity: &Identity, document: &DocumentNumber, level: String, flow: String) -> Self {
        Self {
            given_name: identity.given_name.clone(),
            surname: identity.surname.clone(),
            identifier: identity.person.as_str().to_owned(),
            country: identity.country.clone(),
            date_of_birth: identity.date_of_birth.map(|date| date.to_string()),
            document_number: document.as_str().to_owned(),
            certificate_level: level,
            flow,
        }
    }

    pub(crate) fn authenticated(found: &Authenticated) -> Self {
        Self::of(&found.identity, &found.document, found.level.to_string(), found.flow.to_string())
    }
}

/// The file that came out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignedFile {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) bytes: usize,
    pub(crate) level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_stamp: Option<Timestamp>,
    pub(crate) valid: bool,
}

/// Everything about a transaction but its exchanges.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct View {
    /// Grows with every change.
    pub(crate) version: u64,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) way: Way,
    pub(crate) state: State,
    pub(crate) started_at: Timestamp,
    pub(crate) steps: Vec<Step>,
    /// The code that the phone must show too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verification_code: Option<String>,
    /// Whether there is a link to show now.
    pub(crate) has_link: bool,
    /// What the person reads on the phone.
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<PersonShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<SignedFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What was odd on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) checks: Vec<CheckLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Payload>,
}

/// A view with what travelled.
#[derive(Serialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) view: View,
    pub(crate) exchanges: Vec<Value>,
}
