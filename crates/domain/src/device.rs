//! A registered phone, and the token that betrays a copy of it.
//!
//! Every request that can cost a try carries the token from the answer before it. The service keeps hashes:
//!
//! ```text
//! H(tok) = current                              process, give a new token, remember the answer
//! H(tok) = previous and req = the last request  the answer was lost on its way: send it again, process nothing
//! otherwise                                     two copies of the phone exist: freeze it
//! ```
//!
//! It detects after the fact: a copy that is used while the owner never comes back goes unnoticed.

use countersign_wire::device::sealed::{Sealed, SealedFor, seal};
use countersign_wire::device::{Jwk, Point, Token};
use countersign_wire::id::{DeviceId, DocumentNumber};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::RequestId;
use crate::answer::Answer;
use crate::bytes;
use crate::event::Event;

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    id: DeviceId,
    account: DocumentNumber,
    proof_key: Jwk,
    sealing_key: Jwk,
    platform: String,
    app_version: String,
    tokens: CloneToken,
    state: DeviceState,
    enrolled_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push: Option<PushSubscription>,
}

/// Where a device wants to be woken, and what messages are sealed to [RFC 8291].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushSubscription {
    endpoint: String,
    key: Point,
    #[serde(with = "bytes")]
    auth: Vec<u8>,
}

impl PushSubscription {
    /// From what a browser gives: the URL of its push service, `p256dh` and `auth`. Whether we go to such a URL is not
    /// judged here. `None` when a key is none.
    pub fn new(endpoint: &str, key: &[u8], auth: &[u8]) -> Option<Self> {
        let key = Point::from_uncompressed(key).ok()?;
        (auth.len() == 16).then(|| Self { endpoint: endpoint.to_owned(), key, auth: auth.to_vec() })
    }

    /// The URL of the push service.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The browser's public key.
    pub fn key(&self) -> &Point {
        &self.key
    }

    /// The secret that browser and sender share.
    pub fn auth(&self) -> [u8; 16] {
        let mut auth = [0; 16];
        // Shorter only if somebody has changed the database.
        auth.iter_mut().zip(&self.auth).for_each(|(to, from)| *to = *from);
        auth
    }
}

/// Says nothing: whoever has the URL can find the browser.
impl std::fmt::Debug for PushSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushSubscription(…)")
    }
}

/// Whether a device may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeviceState {
    /// It may.
    Active,
    /// It may not: two copies of it seem to exist. Only a new registration helps.
    CloneSuspect {
        /// Since when.
        at: Timestamp,
    },
    /// It may not.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
}

/// What the service remembers of a device's tokens: hashes only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CloneToken {
    current: TokenHash,
    previous: Option<Previous>,
    epoch: u64,
}

/// The token before, with the request that used it up and what that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    token: TokenHash,
    request: RequestId,
    answer: Answer,
}

/// SHA-256 of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TokenHash(#[serde(with = "bytes")] Vec<u8>);

impl TokenHash {
    fn of(token: &Token) -> Self {
        Self(token.hash().to_vec())
    }

    fn is(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// What a token says about the request that carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenVerdict {
    /// The next request of the only copy: process it.
    Fresh,
    /// The last request once more: its answer, to be sent again. Process nothing.
    Resend(Answer),
    /// Neither: freeze the device.
    Clone,
}

/// The token that follows, ready to be handed out. Made before the transaction that uses it: sealing takes time.
pub struct NextToken {
    hash: TokenHash,
    sealed: Sealed,
}

impl NextToken {
    /// Draws a token and seals it to the device.
    pub fn make(
        device: &DeviceId,
        sealing_key: &Jwk,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, countersign_wire::Error> {
        let token = Token::generate(rng);
        let thumbprint = sealing_key.thumbprint();
        let purpose = SealedFor::Token { device };
        let sealed = seal(rng, sealing_key.point(), thumbprint.as_str(), purpose, &token.to_plaintext())?;
        Ok(Self { hash: TokenHash::of(&token), sealed })
    }

    /// The sealed token, for the answer.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }
}

impl Device {
    /// A device that was just activated; `first` goes out with the answer.
    pub fn enrolled(
        id: DeviceId,
        account: DocumentNumber,
        proof_key: Jwk,
        sealing_key: Jwk,
        platform: String,
        app_version: String,
        first: NextToken,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            account,
            proof_key,
            sealing_key,
            platform,
            app_version,
            tokens: CloneToken { current: first.hash, previous: None, epoch: 0 },
            state: DeviceState::Active,
            enrolled_at: now,
            push: None,
        }
    }

    /// The device with another first token: nobody got the one before. Only while it has made no counted request.
    pub(crate) fn with_first_token(mut self, first: NextToken) -> Self {
        self.tokens.current = first.hash;
        self
    }

    /// Its id.
    pub fn id(&self) -> &DeviceId {
        &self.id
    }

    /// The account that it answers for.
    pub fn account(&self) -> &DocumentNumber {
        &self.account
    }

    /// Verifies its requests.
    pub fn proof_key(&self) -> &Jwk {
        &self.proof_key
    }

    /// Tokens are sealed to this.
    pub fn sealing_key(&self) -> &Jwk {
        &self.sealing_key
    }

    /// What it says it is.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// What it says it runs.
    pub fn app_version(&self) -> &str {
        &self.app_version
    }

    /// Where it wants to be woken.
    pub fn push(&self) -> Option<&PushSubscription> {
        self.push.as_ref()
    }

    /// Wakes the device there from now on, and nowhere else.
    pub fn subscribe(mut self, subscription: PushSubscription) -> (Self, Vec<Event>) {
        if self.push.as_ref() == Some(&subscription) {
            return (self, Vec::new());
        }
        self.push = Some(subscription);
        let event = Event::PushSubscribed { device: self.id.clone(), document: self.account.clone() };
        (self, vec![event])
    }

    /// Wakes the device no longer.
    pub fn unsubscribe(mut self) -> (Self, Vec<Event>) {
        if self.push.take().is_none() {
            return (self, Vec::new());
        }
        let event = Event::PushUnsubscribed { device: self.id.clone(), document: self.account.clone() };
        (self, vec![event])
    }

    /// Whether it may act.
    pub fn state(&self) -> DeviceState {
        self.state
    }

    /// Whether it may act.
    pub fn is_active(&self) -> bool {
        self.state == DeviceState::Active
    }

    /// How many counted requests it has made.
    pub fn epoch(&self) -> u64 {
        self.tokens.epoch
    }

    /// Judges the token of a request whose device proof was verified.
    pub fn judge(&self, token: &Token, request: &RequestId) -> TokenVerdict {
        let token = TokenHash::of(token);
        if self.tokens.current.is(&token) {
            return TokenVerdict::Fresh;
        }
        match &self.tokens.previous {
            // Only token and id: after a crash the person types the PIN again, so the bytes may differ.
            Some(previous) if previous.token.is(&token) && previous.request == *request => {
                TokenVerdict::Resend(previous.answer.clone())
            }
            Some(_) | None => TokenVerdict::Clone,
        }
    }

    /// After a counted request: `next` is the token from now on, `answer` is kept to be sent again.
    pub fn rotate(mut self, request: RequestId, next: NextToken, answer: Answer) -> Self {
        let used = std::mem::replace(&mut self.tokens.current, next.hash);
        self.tokens.previous = Some(Previous { token: used, request, answer });
        self.tokens.epoch += 1;
        self
    }

    /// Freezes the device: its keys make no more signatures. The first suspicion stays.
    pub fn freeze(mut self, now: Timestamp) -> (Self, Vec<Event>) {
        match self.state {
            DeviceState::Active => {
                self.state = DeviceState::CloneSuspect { at: now };
                let event = Event::CloneSuspected { device: self.id.clone(), document: self.account.clone() };
                (self, vec![event])
            }
            DeviceState::CloneSuspect { .. } | DeviceState::Revoked { .. } => (self, Vec::new()),
        }
    }

    /// Revokes the device. The first time stays.
    pub fn revoke(mut self, now: Timestamp) -> (Self, Vec<Event>) {
        match self.state {
            DeviceState::Active | DeviceState::CloneSuspect { .. } => {
                self.state = DeviceState::Revoked { at: now };
                self.push = None;
                let event = Event::DeviceRevoked { device: self.id.clone(), document: self.account.clone() };
                (self, vec![event])
            }
            DeviceState::Revoked { .. } => (self, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests;
