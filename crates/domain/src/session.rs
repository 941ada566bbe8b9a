//! A session: what a relying party asked, and how far the person's device has come with it.
//!
//! ```text
//! Offered ──claim──▶ Addressed ──confirm──▶ Complete(Signed | Chosen)
//!    │                   ├──refuse──▶ Complete(Ended)          Addressed: Created → Delivered → Displayed → Confirming
//!    └──time, wrong link─┴──time, lock──▶ Complete(Ended)
//! ```
//!
//! Notification sessions are addressed from the start. Expiry is a comparison made when a session is read: nothing
//! depends on a timer, and a session that nobody looks at again is swept away later.

mod claim;
mod confirm;
mod idempotency;
mod refuse;
mod start;
mod status;
#[cfg(test)]
mod tests;

use countersign_wire::acsp::{AcspPayload, SchemeName, ServerRandom, callback_field};
use countersign_wire::callback::{SessionSecret, UserChallenge};
use countersign_wire::device::CallbackTask;
use countersign_wire::device_link::{DeviceLinkBase, LinkContext};
use countersign_wire::endpoint::{Operation, Recipient};
use countersign_wire::id::{
    DeviceId, DocumentNumber, KeyId, RelyingPartyUuid, SemanticsIdentifier, SessionId, SessionToken,
    TransactionId,
};
use countersign_wire::session::{DeviceLinkStarted, SessionStarted, Started, VerificationCodeStarted};
use countersign_wire::start::{Asked, FlowMembers, StartRequest};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{CertificateLevel, EndResult, FlowType, InteractionType};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::net::IpAddr;

use crate::account::Account;
use crate::device::Device;
use crate::event::Event;
use crate::key::Key;
use crate::settings::PinPolicy;
use crate::{KeyUse, RequestId, bytes};

pub use claim::{Claim, claim, token_in};
pub use confirm::{Begun, Confirmation, Finish, Finished, SigningWork, begin_confirm, finish_confirm};
pub use idempotency::Repeated;
pub use refuse::{Refused, cancel, deliver, display, expire, refuse};
pub use start::{SessionStart, StartSession, certificate, start};
pub use status::{status, transaction_view};

/// A session.
///
/// It holds a secret shared with the relying party, so it has no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    id: SessionId,
    #[serde(with = "RecipientText")]
    recipient: Recipient,
    request: StartRequest,
    brokered_name: Option<String>,
    scheme: SchemeName,
    server_random: ServerRandom,
    link: Option<LinkOffer>,
    codes: Option<Codes>,
    /// The certificate choice that this signature is linked to.
    choice: Option<LinkedChoice>,
    /// The signature that was linked to this certificate choice.
    successor: Option<SessionId>,
    created_at: Timestamp,
    expires_at: Timestamp,
    result_kept: SignedDuration,
    state: State,
}

/// How far a session has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Its link waits for a device.
    Offered,
    /// It has reached a device.
    Addressed {
        /// Which.
        to: Addressed,
        /// What the device has done with it.
        progress: Progress,
    },
    /// It has ended.
    Complete {
        /// How.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// The device that a session has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// What the device calls it.
    pub transaction: TransactionId,
    /// The account.
    pub account: DocumentNumber,
    /// The device.
    pub device: DeviceId,
    /// The key to sign with, or whose certificate is chosen.
    pub key: KeyId,
    /// The way that it got there.
    pub flow_type: FlowType,
    /// The link that brought it there, hashed: the same device may send the same link again.
    #[serde(with = "bytes::optional")]
    pub link: Option<Vec<u8>>,
    /// Whether the relying party's library counts the callback URL for QR codes too (a leniency).
    pub callback_in_qr: bool,
}

/// What a device has done with a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "progress", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Progress {
    /// Nothing.
    Created,
    /// It was told that there is one.
    Delivered,
    /// It fetched what to show.
    Displayed,
    /// The person approved; the signature is being computed.
    Confirming {
        /// For this request.
        request: RequestId,
        /// Approved on this screen.
        interaction: InteractionType,
        /// The device's randomness; authentication only.
        user_challenge: Option<UserChallenge>,
        /// After this the computation is taken for crashed, and the session for displayed.
        until: Timestamp,
    },
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// With a signature.
    Signed {
        /// By whom.
        by: Addressed,
        /// The RSA signature.
        #[serde(with = "bytes")]
        signature: Vec<u8>,
        /// The certificate of the key, DER.
        #[serde(with = "bytes")]
        certificate: Vec<u8>,
        /// Its level.
        level: CertificateLevel,
        /// The screen that it was approved on.
        interaction: InteractionType,
        /// The device's randomness; authentication only.
        user_challenge: Option<UserChallenge>,
        /// Where the device was, if the relying party may know.
        device_ip: Option<IpAddr>,
    },
    /// With a certificate.
    Chosen {
        /// By whom.
        by: Addressed,
        /// The signing certificate, DER.
        #[serde(with = "bytes")]
        certificate: Vec<u8>,
        /// Its level.
        level: CertificateLevel,
        /// Where the device was, if the relying party may know.
        device_ip: Option<IpAddr>,
    },
    /// Without either.
    Ended {
        /// Why.
        result: EndResult,
        /// The screen that was refused.
        interaction: Option<InteractionType>,
        /// The device that it had reached.
        by: Option<Addressed>,
    },
}

/// What a device link of the session is made of and checked against.
#[derive(Clone, Serialize, Deserialize)]
struct LinkOffer {
    token: SessionToken,
    /// Forgotten when the session ends.
    #[serde(with = "secret")]
    secret: Option<SessionSecret>,
    secret_digest: String,
    base: DeviceLinkBase,
}

/// The code that the person compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Codes {
    right: VerificationCode,
    /// With two wrong ones, shuffled, when the relying party offers the choice between them.
    choice: Option<[VerificationCode; 3]>,
}

/// The certificate choice behind a linked signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LinkedChoice {
    session: SessionId,
    callback: Option<CallbackTask>,
}

/// An account with what is needed to use it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The account.
    pub account: Account,
    /// Its device.
    pub device: Device,
    /// Its key for [`key_use`] of the operation.
    pub key: Key,
}

impl Candidate {
    /// Whether the account could do it now.
    pub fn is_usable(&self, now: Timestamp, policy: &PinPolicy) -> bool {
        self.account.is_active() && self.device.is_active() && self.key.is_usable(now, policy)
    }
}

/// The key that an operation needs: PIN1 for authentication, the signing key's certificate for a choice.
pub const fn key_use(operation: Operation) -> KeyUse {
    match operation {
        Operation::Authenticate => KeyUse::Auth,
        Operation::ChooseCertificate | Operation::Sign => KeyUse::Sign,
    }
}

impl Session {
    /// The address of its result.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Who asked.
    pub fn relying_party(&self) -> RelyingPartyUuid {
        self.request.relying_party
    }

    /// What was asked, as it was asked.
    pub fn request(&self) -> &StartRequest {
        &self.request
    }

    /// Whom the relying party named.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// What it is for.
    pub fn operation(&self) -> Operation {
        self.request.operation()
    }

    /// The handle in its links.
    pub fn token(&self) -> Option<&SessionToken> {
        self.link.as_ref().map(|link| &link.token)
    }

    /// The name behind a broker.
    pub fn brokered_name(&self) -> Option<&str> {
        self.brokered_name.as_deref()
    }

    /// When it started.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it ends by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When nobody may ask for it any more and it can be deleted.
    pub fn purge_at(&self) -> Timestamp {
        match &self.state {
            State::Offered | State::Addressed { .. } => self.expires_at + self.result_kept,
            State::Complete { at, .. } => *at + self.result_kept,
        }
    }

    /// The state as stored. See [`Session::is_overdue`]: one that is over may not have been told so yet.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The device that it has reached, also after its end.
    pub fn addressed(&self) -> Option<&Addressed> {
        match &self.state {
            State::Offered => None,
            State::Addressed { to, .. } => Some(to),
            State::Complete { outcome, .. } => outcome.by(),
        }
    }

    /// What its device calls it.
    pub fn transaction(&self) -> Option<&TransactionId> {
        self.addressed().map(|to| &to.transaction)
    }

    /// Whether its time is over although it was not completed. A signature that is being computed may finish.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Offered => now >= self.expires_at,
            State::Addressed { progress: Progress::Confirming { until, .. }, .. } => {
                now >= self.expires_at && now >= *until
            }
            State::Addressed {
                progress: Progress::Created | Progress::Delivered | Progress::Displayed,
                ..
            } => now >= self.expires_at,
            State::Complete { .. } => false,
        }
    }

    /// Whether the person can still react at `now`.
    pub fn is_running(&self, now: Timestamp) -> bool {
        match self.state {
            State::Offered | State::Addressed { .. } => !self.is_overdue(now),
            State::Complete { .. } => false,
        }
    }

    /// The answer to the request that started it. `None` when it has ended, and its secret with it.
    pub fn answer(&self) -> Option<Started> {
        let session_id = self.id;
        if let Some(link) = &self.link {
            // Cannot fail: these octets come from a secret.
            let session_secret = SessionSecret::from_bytes(link.secret.as_ref()?.as_bytes()).ok()?;
            return Some(Started::DeviceLink(DeviceLinkStarted {
                session_id,
                session_token: link.token.clone(),
                session_secret,
                device_link_base: link.base.clone(),
            }));
        }
        Some(match (&self.request.asked, &self.codes) {
            (Asked::Sign { .. }, Some(codes)) => {
                Started::VerificationCode(VerificationCodeStarted { session_id, vc: codes.right.into() })
            }
            (Asked::Authenticate { .. } | Asked::ChooseCertificate, _) | (Asked::Sign { .. }, None) => {
                Started::Session(SessionStarted { session_id })
            }
        })
    }

    /// Notes where the device was when its person reacted; kept only if the relying party asked for it. For a finished
    /// certificate choice: a signature brings the address along in [`Finish::device_ip`].
    #[must_use]
    pub fn seen_from(mut self, address: IpAddr) -> Self {
        let asked = self.request.request_properties.share_md_client_ip_address;
        match &mut self.state {
            State::Complete {
                outcome: Outcome::Signed { device_ip, .. } | Outcome::Chosen { device_ip, .. },
                ..
            } if asked => *device_ip = Some(address),
            State::Offered | State::Addressed { .. } | State::Complete { .. } => {}
        }
        self
    }

    /// Ends the session. The secret of its links is forgotten.
    fn complete(mut self, outcome: Outcome, at: Timestamp) -> (Self, Vec<Event>) {
        if let Some(link) = &mut self.link {
            link.secret = None;
        }
        let event = Event::SessionCompleted {
            session: self.id,
            result: outcome.end_result(),
            document: outcome.by().map(|by| by.account.clone()),
        };
        self.state = State::Complete { outcome, at };
        (self, vec![event])
    }

    /// Ends the session without what was asked for.
    fn end(
        self,
        result: EndResult,
        interaction: Option<InteractionType>,
        at: Timestamp,
    ) -> (Self, Vec<Event>) {
        let by = self.addressed().cloned();
        self.complete(Outcome::Ended { result, interaction, by }, at)
    }

    fn link_context(&self) -> LinkContext<'_> {
        LinkContext {
            scheme: &self.scheme,
            request: &self.request,
            brokered_rp_name: self.brokered_name.as_deref().unwrap_or_default(),
        }
    }

    /// The callback field of what an authentication signs.
    fn acsp_callback(&self, to: &Addressed) -> &str {
        match (to.flow_type, to.callback_in_qr) {
            (FlowType::Qr, true) => self.request.callback().map_or("", |url| url.as_str()),
            (FlowType::Qr | FlowType::Web2App | FlowType::App2App | FlowType::Notification, _) => {
                callback_field(to.flow_type, self.request.callback())
            }
        }
    }

    /// What an authentication signs: everything from what is stored here, nothing from the device but its challenge.
    fn acsp_payload<'a>(
        &'a self,
        to: &Addressed,
        interaction: InteractionType,
        user_challenge: &'a UserChallenge,
        rp_challenge: &'a str,
        interactions: &'a str,
    ) -> AcspPayload<'a> {
        AcspPayload {
            scheme: &self.scheme,
            server_random: self.server_random.as_str(),
            rp_challenge,
            user_challenge,
            relying_party_name: &self.request.relying_party_name,
            brokered_rp_name: self.brokered_name.as_deref().unwrap_or_default(),
            interactions,
            interaction_type_used: interaction,
            initial_callback_url: self.acsp_callback(to),
            flow_type: to.flow_type,
        }
    }

    /// The callback of the session's own request, if the way taken leads back to it.
    fn own_callback(&self, to: &Addressed) -> Option<CallbackTask> {
        match to.flow_type {
            FlowType::Qr | FlowType::Notification => None,
            FlowType::Web2App | FlowType::App2App => Some(CallbackTask {
                url: self.request.callback()?.clone(),
                session_secret_digest: self.link.as_ref()?.secret_digest.clone(),
            }),
        }
    }

    /// What the device opens when it is done here (relying party API, 6.5 and 7). After a certificate choice over a
    /// device link the person stays in the app: the callback is handed out with the linked signature.
    fn callback(&self, to: &Addressed, done: bool) -> Option<CallbackTask> {
        match (&self.choice, &self.request.asked, &self.request.flow) {
            (Some(choice), _, _) => choice.callback.clone(),
            (None, Asked::ChooseCertificate, FlowMembers::DeviceLink { .. }) if done => None,
            (None, _, _) => self.own_callback(to),
        }
    }
}

impl Outcome {
    /// The word for it.
    pub fn end_result(&self) -> EndResult {
        match self {
            Self::Signed { .. } | Self::Chosen { .. } => EndResult::Ok,
            Self::Ended { result, .. } => *result,
        }
    }

    /// The device that the session had reached.
    pub fn by(&self) -> Option<&Addressed> {
        match self {
            Self::Signed { by, .. } | Self::Chosen { by, .. } => Some(by),
            Self::Ended { by, .. } => by.as_ref(),
        }
    }
}

/// The word: certificates name the person.
impl std::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Signed { interaction, .. } => write!(f, "Signed({interaction})"),
            Self::Chosen { .. } => f.write_str("Chosen"),
            Self::Ended { result, .. } => write!(f, "Ended({result})"),
        }
    }
}

/// [`Recipient`] in stored JSON.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Recipient")]
enum RecipientText {
    Anonymous,
    Person(SemanticsIdentifier),
    Document(DocumentNumber),
}

/// The session secret in stored JSON: standard Base64. The row lives for minutes and the secret is gone from it when
/// the session ends.
mod secret {
    use super::{Deserialize, Deserializer, Serializer, SessionSecret, de};

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<SessionSecret>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.to_base64().as_str()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SessionSecret>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.map(zeroize::Zeroizing::new);
        text.map(|text| SessionSecret::parse(&text).map_err(de::Error::custom)).transpose()
    }
}
