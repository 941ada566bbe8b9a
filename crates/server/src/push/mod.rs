//! Waking phones: somebody asks a person for something, and their phone is not open.
//!
//! A [`Notifier`] carries the wake-up; what it says is only that there is something, and its id. The phone fetches the
//! rest, or learns of it by its long poll: a push may be late, lost or come twice, and nothing correct depends on it.

pub mod config;
mod deliver;
mod encrypt;
pub(crate) mod endpoint;
mod vapid;
mod web_push;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use countersign_domain::device::PushSubscription;
use countersign_wire::id::{SessionId, TransactionId};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;

pub use self::deliver::deliver;
pub use self::vapid::VapidKey;
pub use self::web_push::WebPush;

/// What is said to a phone.
#[derive(Clone, Debug)]
pub struct WakeUp {
    /// The transaction that waits.
    pub transaction: TransactionId,
    /// When it ends: nobody needs to hear of it later.
    pub expires: Timestamp,
    /// The phone.
    pub subscription: PushSubscription,
}

impl WakeUp {
    /// All that is sent. Never a text, a name or a digest.
    fn content(&self) -> Vec<u8> {
        json!({ "type": "TX", "tx": self.transaction }).to_string().into_bytes()
    }
}

/// How a wake-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Whoever carries it has taken it.
    Taken,
    /// Not this time; it may be tried again, after so many seconds if they say so.
    Later {
        /// As `Retry-After` says.
        after: Option<u32>,
    },
    /// The phone does not listen there any more.
    Gone,
    /// Refused; the same would be refused again.
    Refused {
        /// The HTTP status, or 0 where it was not even sent.
        status: u16,
    },
}

/// The future of a wake-up.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// Carries wake-ups to phones: [`WebPush`], or [`Log`].
pub trait Notifier: Send + Sync + fmt::Debug {
    /// Sends one wake-up, once.
    fn notify<'a>(&'a self, wake_up: &'a WakeUp, now: Timestamp) -> Sending<'a>;
}

/// Sends nothing, and says so in the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Notifier for Log {
    fn notify<'a>(&'a self, _: &'a WakeUp, _: Timestamp) -> Sending<'a> {
        tracing::info!("a phone would be woken, but nothing is sent: push.web_push is off");
        Box::pin(async { Sent::Taken })
    }
}

/// Sessions whose phones are to be woken. What does not fit is not sent: phones poll.
pub(crate) struct Queue {
    sender: mpsc::Sender<SessionId>,
    receiver: Mutex<Option<mpsc::Receiver<SessionId>>>,
}

/// Wake-ups that wait to be sent.
const QUEUED: usize = 4096;

impl Queue {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUED);
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }

    /// Whether there was room.
    pub(crate) fn put(&self, session: SessionId) -> bool {
        self.sender.try_send(session).is_ok()
    }

    /// The other end, for the one job that empties it.
    fn take(&self) -> Option<mpsc::Receiver<SessionId>> {
        self.receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}
