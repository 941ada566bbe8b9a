//! How a message reaches a phone: a gateway that somebody runs, or in development an outbox that shows what would be sent.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::registration::OneTimeCode;
use countersign_wire::registration::PhoneNumber;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use crate::config::Secret;

/// A message that could not be handed over. What the gateway said goes to the log, and holds neither number nor code.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// No gateway is configured.
    #[error("no gateway for messages is configured: set registration.gateway_url")]
    NoGateway,
    /// It did not answer in time, or not at all.
    #[error("the gateway for messages does not answer")]
    NoAnswer,
    /// It refused.
    #[error("the gateway for messages answered {0}")]
    Refused(u16),
}

/// The future of a message.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), NotSent>> + Send + 'a>>;

/// What a person is told on their phone.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// A one-time code.
    Code(&'a OneTimeCode),
    /// A link to set a password.
    Link(&'a str),
    /// That the password was set: whoever did not do it has to know.
    PasswordSet,
}

impl Message<'_> {
    /// The words of it.
    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Code(code) => format!("{} is your confirmation code. Tell it to nobody.", code.reveal()),
            Self::Link(url) => format!("Set your password for electronic signatures within a day: {url}"),
            Self::PasswordSet => "Your password for electronic signatures was set. If it was not you, \
                tell whoever has identified you."
                .to_owned(),
        })
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Code(code) => Some(code.reveal()),
            Self::Link(_) | Self::PasswordSet => None,
        }
    }

    fn link(&self) -> Option<&str> {
        match self {
            Self::Link(url) => Some(url),
            Self::Code(_) | Self::PasswordSet => None,
        }
    }
}

/// Carries messages to phones: [`Webhook`], or [`Outbox`].
pub trait Gateway: Send + Sync + fmt::Debug {
    /// Hands one message over, once.
    fn send<'a>(&'a self, number: &'a PhoneNumber, message: Message<'a>, now: Timestamp) -> Sending<'a>;
    /// What was handed over, where that can be shown.
    fn shown(&self) -> Vec<Sent> {
        Vec::new()
    }
}

/// A message as the inspector shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// To whom.
    pub msisdn: PhoneNumber,
    /// The words of it.
    pub text: String,
    /// The code in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The link in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// None at all: every message fails, and the API says that it is not available.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGateway;

impl Gateway for NoGateway {
    fn send<'a>(&'a self, _: &'a PhoneNumber, _: Message<'a>, _: Timestamp) -> Sending<'a> {
        Box::pin(async { Err(NotSent::NoGateway) })
    }
}

/// Posts `{"to":"+41791234567","text":"…","code":"123456"}` to a URL, with `link` in place of `code` in an invitation.
/// Any 2xx is success; nothing is repeated.
pub struct Webhook {
    client: reqwest::Client,
    url: Url,
    key: Option<Secret>,
}

impl Webhook {
    /// A gateway at this URL.
    pub fn new(url: Url, key: Option<Secret>, patience: Duration) -> Result<Self, reqwest::Error> {
        // The process may have chosen a provider already; any is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(patience)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, url, key })
    }
}

impl Gateway for Webhook {
    fn send<'a>(&'a self, number: &'a PhoneNumber, message: Message<'a>, _: Timestamp) -> Sending<'a> {
        Box::pin(async move {
            let mut body = json!({ "to": format!("+{number}"), "text": *message.text() });
            for (name, value) in [("code", message.code()), ("link", message.link())] {
                if let Some(value) = value {
                    body[name] = value.into();
                }
            }
            let mut request = self.client.post(self.url.clone()).json(&body);
            if let Some(key) = &self.key {
                request = request.bearer_auth(key.reveal());
            }
            let answer = request.send().await.map_err(|_| NotSent::NoAnswer)?;
            let status = answer.status();
            if status.is_success() { Ok(()) } else { Err(NotSent::Refused(status.as_u16())) }
        })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

/// Messages that the outbox keeps.
const SHOWN: usize = 100;

/// Sends nothing and shows what would be sent: for development.
#[derive(Default)]
pub struct Outbox(Mutex<VecDeque<Sent>>);

impl Gateway for Outbox {
    fn send<'a>(&'a self, number: &'a PhoneNumber, message: Message<'a>, now: Timestamp) -> Sending<'a> {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push_front(Sent {
            msisdn: number.clone(),
            text: message.text().to_string(),
            code: message.code().map(str::to_owned),
            link: message.link().map(str::to_owned),
            at: now,
        });
        messages.truncate(SHOWN);
        Box::pin(async { Ok(()) })
    }

    fn shown(&self) -> Vec<Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}
