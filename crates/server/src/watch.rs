//! Who waits for what: long polls subscribe to a topic, and whoever commits a change wakes it.
//!
//! The order is always the same: subscribe first, read second, wait third. In the other order a change that
//! arrives in between is missed. A topic exists only while somebody waits for it; one waiting poll costs a map
//! entry and a notification, a few hundred bytes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use countersign_wire::id::{DocumentNumber, SessionId};
use tokio::sync::{Notify, mpsc};

/// What can be waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A session of the relying party API.
    Session(SessionId),
    /// What is open for an account.
    Account(DocumentNumber),
    /// A signature of the signing service.
    Signing(String),
}

/// The registry. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Watches(Arc<Shards>);

impl Watches {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on [`Watch::changed`] completes once for every change that is announced after the last one seen.
    pub fn subscribe(&self, topic: Topic) -> Watch {
        let shard = self.0.shard(&topic);
        let bell = {
            let mut bells = lock(shard);
            let bell = bells.entry(topic.clone()).or_default();
            bell.listeners.fetch_add(1, Ordering::Relaxed);
            bell.clone()
        };
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        let seen = bell.rung.load(Ordering::SeqCst);
        Watch { registry: self.0.clone(), topic, bell, seen }
    }

    /// From now on every change of an account is also sent here: how test persons learn of it without waiting.
    /// Only the first call counts.
    pub fn notify_accounts(&self, sender: mpsc::UnboundedSender<DocumentNumber>) {
        let _ = self.0.accounts.set(sender);
    }

    /// Wakes everybody who waits for `topic`. Call it after the commit, never before.
    pub fn wake(&self, topic: &Topic) {
        if let (Topic::Account(document), Some(sender)) = (topic, self.0.accounts.get()) {
            // Nobody listens any more when the server stops.
            let _ = sender.send(document.clone());
        }
        let bell = lock(self.0.shard(topic)).get(topic).cloned();
        if let Some(bell) = bell {
            bell.ring();
        }
    }

    /// Wakes everybody, so that each looks again. Used at shutdown.
    pub fn wake_all(&self) {
        for shard in &self.0.shards {
            let bells: Vec<_> = lock(shard).values().cloned().collect();
            bells.iter().for_each(|bell| bell.ring());
        }
    }

    /// How many wait now.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }
}

/// One subscription; dropped, it costs nothing any more.
#[derive(Debug)]
pub struct Watch {
    registry: Arc<Shards>,
    topic: Topic,
    bell: Arc<Bell>,
    seen: u64,
}

impl Watch {
    /// Completes when something has changed since the subscription, or since the last time this completed.
    pub async fn changed(&mut self) {
        loop {
            // Made before the count is read: a change in between completes it.
            let rung = self.bell.notify.notified();
            let count = self.bell.rung.load(Ordering::SeqCst);
            if count != self.seen {
                self.seen = count;
                return;
            }
            rung.await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut bells = lock(self.registry.shard(&self.topic));
        if self.bell.listeners.fetch_sub(1, Ordering::Relaxed) == 1 {
            bells.remove(&self.topic);
        }
        self.registry.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Bell {
    notify: Notify,
    rung: AtomicU64,
    listeners: AtomicUsize,
}

impl Bell {
    fn ring(&self) {
        self.rung.fetch_add(1, Ordering::SeqCst);
        self.notify.notify_waiters();
    }
}

type Bells = HashMap<Topic, Arc<Bell>>;

#[derive(Debug, Default)]
struct Shards {
    shards: [Mutex<Bells>; 16],
    waiting: AtomicUsize,
    accounts: OnceLock<mpsc::UnboundedSender<DocumentNumber>>,
}

impl Shards {
    fn shard(&self, topic: &Topic) -> &Mutex<Bells> {
        let mut hasher = DefaultHasher::new();
        topic.hash(&mut hasher);
        &self.shards[hasher.finish() as usize % self.shards.len()]
    }
}

/// A panic elsewhere cannot leave the map half changed: every change of it is one call.
fn lock(shard: &Mutex<Bells>) -> MutexGuard<'_, Bells> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn topic(number: u128) -> Topic {
        let text = uuid::Uuid::from_u128(number).to_string();
        Topic::Session(SessionId::parse(&text).expect("a session id"))
    }

    fn account() -> Topic {
        Topic::Account(DocumentNumber::parse("PNOEE-40504040001-DEM0-Q").expect("a document number"))
    }

    #[tokio::test]
    async fn a_change_between_subscribing_and_waiting_is_seen() {
        let watches = Watches::new();
        let mut watch = watches.subscribe(topic(1));
        watches.wake(&topic(1));
        watch.changed().await;
        assert!(watch.changed().now_or_never().is_none(), "one change is seen once");
    }

    #[tokio::test]
    async fn other_topics_do_not_wake() {
        let watches = Watches::new();
        let mut watch = watches.subscribe(topic(1));
        watches.wake(&topic(2));
        watches.wake(&account());
        assert!(watch.changed().now_or_never().is_none());
    }

    #[tokio::test]
    async fn every_listener_of_a_topic_is_woken() {
        let watches = Watches::new();
        let mut first = watches.subscribe(topic(1));
        let second = watches.subscribe(topic(1));
        drop(second);
        let mut third = watches.subscribe(topic(1));
        assert_eq!(watches.waiting(), 2);
        watches.wake_all();
        first.changed().await;
        third.changed().await;
    }

    #[test]
    fn a_topic_nobody_waits_for_is_forgotten() {
        let watches = Watches::new();
        let held: Vec<_> = (0..100).map(|n| watches.subscribe(topic(n))).collect();
        assert_eq!(watches.waiting(), 100);
        drop(held);
        assert_eq!(watches.waiting(), 0);
        assert!(watches.0.shards.iter().all(|shard| lock(shard).is_empty()));
    }
}
