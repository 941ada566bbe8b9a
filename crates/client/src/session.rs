//! A session that was started: a value that the caller keeps until the result is in.
//!
//! It holds everything that later steps need: links and QR codes, the callback, polling, and the checks of the
//! result, which rebuild what was signed from the texts that were sent. It can be written with serde and read back
//! by another process. It is a secret: whoever reads it can make links and answer callbacks for the session.

use std::fmt;

use countersign_wire::acsp::SchemeName;
use countersign_wire::callback::{CallbackUrl, SessionSecret};
use countersign_wire::device_link::{DeviceLinkBase, Language, LinkContext, LinkKind, UnprotectedLink};
use countersign_wire::endpoint::{Operation, Recipient};
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier, SessionId, SessionToken};
use countersign_wire::session::Started;
use countersign_wire::start::{Asked, FlowMembers, StartRequest};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::FlowType;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::qr::QrCode;

/// A started session. Keep it where the person's browser or app cannot read it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartedSession {
    /// What was asked, with every text as sent.
    pub request: StartRequest,
    /// Who was asked.
    #[serde(with = "stored_recipient")]
    pub recipient: Recipient,
    /// The name of the environment, in links and in what is signed.
    pub scheme: SchemeName,
    /// The name behind a broker; empty for ordinary relying parties.
    #[serde(default)]
    pub brokered_rp_name: String,
    /// The address of the result.
    pub session_id: SessionId,
    /// What the answer held besides.
    pub answer: Answer,
    /// When the answer came: QR codes say how long ago that is.
    pub started_at: Timestamp,
    /// The ways that were offered to the person. All that the session permits, until
    /// [`offering`](Self::offering) narrows them.
    pub offered: Vec<FlowType>,
}

/// What the answer to a start request held besides the session id.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// What links are made of.
    DeviceLink {
        /// The handle inside links.
        token: SessionToken,
        /// The key of links and callbacks.
        #[serde(with = "stored_secret")]
        secret: SessionSecret,
        /// Where links lead.
        base: DeviceLinkBase,
    },
    /// The code of a notification signature, chosen by the service.
    VerificationCode {
        /// The code to show.
        code: VerificationCode,
    },
    /// Nothing.
    Session,
}

impl StartedSession {
    pub(crate) fn new(
        request: StartRequest,
        recipient: Recipient,
        scheme: SchemeName,
        brokered_rp_name: String,
        started: Started,
        started_at: Timestamp,
    ) -> Self {
        let session_id = started.session_id();
        let answer = match started {
            Started::DeviceLink(started) => Answer::DeviceLink {
                token: started.session_token,
                secret: started.session_secret,
                base: started.device_link_base,
            },
            Started::VerificationCode(started) => Answer::VerificationCode { code: started.vc.value },
            Started::Session(_) => Answer::Session,
        };
        let offered = permitted(&request);
        Self { request, recipient, scheme, brokered_rp_name, session_id, answer, started_at, offered }
    }

    /// The same session with only these ways offered: a page that shows nothing but a QR code offers nothing else,
    /// and the checks then refuse a result that came another way.
    pub fn offering(self, flows: &[FlowType]) -> Self {
        let offered = self.offered.iter().copied().filter(|flow| flows.contains(flow)).collect();
        Self { offered, ..self }
    }

    /// What the session is for.
    pub fn operation(&self) -> Operation {
        self.request.operation()
    }

    /// The code to show to the person: computed in a notification authentication, given by the service in a
    /// notification signature, absent elsewhere.
    pub fn verification_code(&self) -> Option<VerificationCode> {
        match (&self.request.asked, &self.request.flow, &self.answer) {
            (_, _, Answer::VerificationCode { code }) => Some(*code),
            (Asked::Authenticate { rp_challenge, .. }, FlowMembers::Notification, _) => {
                Some(VerificationCode::of_challenge(&rp_challenge.to_bytes()))
            }
            (Asked::Authenticate { .. } | Asked::Sign { .. } | Asked::ChooseCertificate, _, _) => None,
        }
    }

    /// The link to open or to show. `lang` is the language of the page behind it.
    ///
    /// # Errors
    /// [`Error::NoDeviceLink`]; [`Error::NoCallbackUrl`] for a same-device link without a callback.
    pub fn device_link(&self, kind: LinkKind, lang: Language) -> Result<String, Error> {
        let Answer::DeviceLink { token, secret, base } = &self.answer else {
            return Err(Error::NoDeviceLink);
        };
        if kind.link_type().is_same_device() && self.request.callback().is_none() {
            return Err(Error::NoCallbackUrl(kind.link_type().into()));
        }
        let link = UnprotectedLink {
            base: base.clone(),
            kind,
            token: token.clone(),
            session_type: self.operation().session_type(),
            lang,
        };
        let context = LinkContext {
            scheme: &self.scheme,
            request: &self.request,
            brokered_rp_name: &self.brokered_rp_name,
        };
        Ok(link.protect(&context, secret))
    }

    /// The link of the QR code to show at `now`. Make a new one every second; the service ignores old ones.
    ///
    /// # Errors
    /// [`Error::NoDeviceLink`].
    pub fn qr_link(&self, now: Timestamp, lang: Language) -> Result<String, Error> {
        self.device_link(LinkKind::Qr { elapsed_seconds: self.elapsed_seconds(now) }, lang)
    }

    /// The QR code to show at `now`. Make a new one every second; the service ignores old ones.
    ///
    /// # Errors
    /// [`Error::NoDeviceLink`]; [`Error::LinkTooLong`].
    pub fn qr_code(&self, now: Timestamp, lang: Language) -> Result<QrCode, Error> {
        QrCode::of(&self.qr_link(now, lang)?)
    }

    /// Whole seconds since the answer came; zero when `now` is before it.
    pub fn elapsed_seconds(&self, now: Timestamp) -> u32 {
        let seconds = now.duration_since(self.started_at).as_secs();
        // Nine digits are the most that a link has; that is 31 years.
        u32::try_from(seconds.clamp(0, 999_999_999)).unwrap_or(0)
    }

    /// The key of links and callbacks, in device-link sessions.
    pub fn secret(&self) -> Option<&SessionSecret> {
        match &self.answer {
            Answer::DeviceLink { secret, .. } => Some(secret),
            Answer::VerificationCode { .. } | Answer::Session => None,
        }
    }

    /// `initialCallbackUrl`.
    pub fn callback_url(&self) -> Option<&CallbackUrl> {
        self.request.callback()
    }

    /// The person that was asked, if the request named one.
    pub fn person(&self) -> Option<&SemanticsIdentifier> {
        match &self.recipient {
            Recipient::Anonymous => None,
            Recipient::Person(person) => Some(person),
            Recipient::Document(document) => Some(document.semantics()),
        }
    }

    /// The document that was asked, if the request named one.
    pub fn document(&self) -> Option<&DocumentNumber> {
        match &self.recipient {
            Recipient::Anonymous | Recipient::Person(_) => None,
            Recipient::Document(document) => Some(document),
        }
    }
}

/// The ways that a session permits.
fn permitted(request: &StartRequest) -> Vec<FlowType> {
    match &request.flow {
        FlowMembers::Notification => vec![FlowType::Notification],
        FlowMembers::DeviceLink { callback: None } => vec![FlowType::Qr],
        FlowMembers::DeviceLink { callback: Some(_) } => {
            vec![FlowType::Qr, FlowType::Web2App, FlowType::App2App]
        }
        // No source says which word a linked signature answers with; the way was taken in the choice before.
        FlowMembers::Linked { .. } => FlowType::ALL.to_vec(),
    }
}

/// Operation and id only: the rest is secret or personal.
impl fmt::Debug for StartedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedSession")
            .field("operation", &self.operation())
            .field("session_id", &self.session_id)
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

mod stored_secret {
    use countersign_wire::callback::SessionSecret;
    use serde::{Deserialize, Deserializer, Serializer, de};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(secret: &SessionSecret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&secret.to_base64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SessionSecret, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        SessionSecret::parse(&text).map_err(de::Error::custom)
    }
}

mod stored_recipient {
    use countersign_wire::endpoint::Recipient;
    use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Stored {
        Anonymous,
        Person(SemanticsIdentifier),
        Document(DocumentNumber),
    }

    pub(super) fn serialize<S: Serializer>(recipient: &Recipient, serializer: S) -> Result<S::Ok, S::Error> {
        match recipient {
            Recipient::Anonymous => Stored::Anonymous,
            Recipient::Person(person) => Stored::Person(person.clone()),
            Recipient::Document(document) => Stored::Document(document.clone()),
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Recipient, D::Error> {
        Ok(match Stored::deserialize(deserializer)? {
            Stored::Anonymous => Recipient::Anonymous,
            Stored::Person(person) => Recipient::Person(person),
            Stored::Document(document) => Recipient::Document(document),
        })
    }
}
