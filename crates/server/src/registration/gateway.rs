//! How a code reaches a phone: a gateway that somebody runs, or in development an outbox that shows what would be sent.

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

/// Carries codes to phones: [`Webhook`], or [`Outbox`].
pub trait Gateway: Send + Sync + fmt::Debug {
    /// Hands one message over, once.
    fn send<'a>(&'a self, number: &'a PhoneNumber, code: &'a OneTimeCode, now: Timestamp) -> Sending<'a>;
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
    /// The code.
    pub code: String,
    /// When.
    pub at: Timestamp,
}

/// None at all: every message fails, and the API says that it is not available.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoGateway;

impl Gateway for NoGateway {
    fn send<'a>(&'a self, _: &'a PhoneNumber, _: &'a OneTimeCode, _: Timestamp) -> Sending<'a> {
        Box::pin(async { Err(NotSent::NoGateway) })
    }
}

/// Posts `{"to":"+41791234567","text":"…","code":"123456"}` to a URL. Any 2xx is success; nothing is repeated.
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
    fn send<'a>(&'a self, number: &'a PhoneNumber, code: &'a OneTimeCode, _: Timestamp) -> Sending<'a> {
        Box::pin(async move {
            let text =
                Zeroizing::new(format!("{} is your confirmation code. Tell it to nobody.", code.reveal()));
            let body = json!({ "to": format!("+{number}"), "text": *text, "code": code.reveal() });
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
    fn send<'a>(&'a self, number: &'a PhoneNumber, code: &'a OneTimeCode, now: Timestamp) -> Sending<'a> {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push_front(Sent { msisdn: number.clone(), code: code.reveal().to_owned(), at: now });
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
