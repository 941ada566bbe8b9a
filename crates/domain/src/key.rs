//! A two-party key as the service keeps it: one per PIN, with the counter that makes four digits enough.
//!
//! A try is counted *before* the computation that tells whether the PIN was right, so a hundred requests at once get
//! no more tries than one after another. Locks are data and a comparison: an expired lock needs no timer to open.
//!
//! ```text
//! Active --3 wrong--> Locked 3 h --expiry--> Active --3 wrong--> Locked 24 h --expiry--> Active --3 wrong--> Blocked
//! A right PIN at any point sets tries and lock level back to nothing.
//! ```

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_wire::id::{DocumentNumber, KeyId, TransactionId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bytes;
use crate::custody::{KeyPlace, WrappedKey};
use crate::event::Event;
use crate::settings::PinPolicy;
use crate::{KeyUse, RequestId};

/// One two-party key. The service's shares are inside, wrapped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    #[serde(flatten)]
    body: KeyBody,
    counter: KeyCounter,
    #[serde(skip)]
    stored: Stored,
}

/// The part of a key that its uses leave as it is: kilobytes, which a try need not write again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyBody {
    id: KeyId,
    account: DocumentNumber,
    usage: KeyUse,
    #[serde(with = "bytes")]
    modulus: Vec<u8>,
    /// SHA-256 of the phone's modulus, so that no other key has the same.
    #[serde(with = "bytes")]
    phone_modulus_hash: Vec<u8>,
    wrapped: WrappedKey,
    /// What a PIN change will make of the shares, until a signature with the new PIN succeeds.
    pending_refresh: Option<WrappedKey>,
    /// The proof of possession: DER of a CertificationRequest.
    #[serde(with = "bytes::optional")]
    certification_request: Option<Vec<u8>>,
    certificate: Option<KeyCertificate>,
    created_at: Timestamp,
}

/// Whether the body is the one that was read from the store. It says nothing of the key, so equal keys may differ in it.
#[derive(Clone, Copy, Default)]
struct Stored(bool);

impl PartialEq for Stored {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stored {}

/// The certificate of a key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCertificate {
    /// DER.
    #[serde(with = "bytes")]
    pub der: Vec<u8>,
    /// End of its validity.
    pub not_after: Timestamp,
}

/// Whether a key signs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyState {
    /// Made; the phone has not proven yet that it holds its half.
    Pending {
        /// What the proof is called.
        transaction: TransactionId,
        /// What the proof signs: DER of a CertificationRequestInfo.
        #[serde(with = "bytes")]
        request_info: Vec<u8>,
    },
    /// Signs.
    Active,
    /// Signs again from this moment.
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
    /// Never again: too many wrong PINs.
    Blocked,
    /// Never again: revoked.
    Revoked,
}

/// A computation that is under way, and until when it is believed to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The request that it is done for.
    pub request: RequestId,
    /// After this the computation is taken for crashed. Its try stays counted.
    pub until: Timestamp,
}

/// Why a key gives no try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// Too many wrong PINs lately.
    #[error("the key is locked until {until}")]
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
    /// Too many wrong PINs.
    #[error("the key is blocked")]
    Blocked,
    /// Another computation with this key is under way.
    #[error("the key is in use")]
    InProgress,
    /// Revoked.
    #[error("the key is revoked")]
    Revoked,
    /// The phone has not proven its half yet.
    #[error("the key is not active")]
    NotActive,
}

/// What a wrong PIN costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "consequence", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WrongPin {
    /// There are tries left.
    TriesLeft {
        /// How many.
        tries_left: u8,
    },
    /// That was the last one for now.
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
    /// That was the last one.
    Blocked,
}

/// A key that cannot be unlocked, since it is not locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key is not locked")]
pub struct NotLocked;

/// The computation was taken for crashed and something else happened meanwhile: its result counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the computation came too late")]
pub struct LeaseLost;

impl Key {
    /// A key that the phone has to prove still. `modulus`: the composite, big-endian, without leading zero;
    /// `phone_modulus`: the phone's part of it.
    pub fn pending(
        id: KeyId,
        account: DocumentNumber,
        usage: KeyUse,
        modulus: Vec<u8>,
        phone_modulus: &[u8],
        wrapped: WrappedKey,
        transaction: TransactionId,
        request_info: Vec<u8>,
        now: Timestamp,
    ) -> Self {
        let body = KeyBody {
            id,
            account,
            usage,
            modulus,
            phone_modulus_hash: digest(&SHA256, phone_modulus).as_ref().to_vec(),
            wrapped,
            pending_refresh: None,
            certification_request: None,
            certificate: None,
            created_at: now,
        };
        let counter = KeyCounter {
            state: KeyState::Pending { transaction, request_info },
            tries_used: 0,
            lock_level: 0,
            in_flight: None,
        };
        Self { body, counter, stored: Stored(false) }
    }

    /// A key from its two parts, as they were stored.
    pub fn stored(body: KeyBody, counter: KeyCounter) -> Self {
        Self { body, counter, stored: Stored(true) }
    }

    /// What its uses leave as it is.
    pub fn body(&self) -> &KeyBody {
        &self.body
    }

    /// What every use changes.
    pub fn counter(&self) -> &KeyCounter {
        &self.counter
    }

    /// Whether the body is still the stored one, so that the counter alone has to be saved.
    pub fn is_body_stored(&self) -> bool {
        self.stored.0
    }

    fn body_mut(&mut self) -> &mut KeyBody {
        self.stored = Stored(false);
        &mut self.body
    }

    /// Its id, `kid` in the device API.
    pub fn id(&self) -> &KeyId {
        &self.body.id
    }

    /// The account that it signs for.
    pub fn account(&self) -> &DocumentNumber {
        &self.body.account
    }

    /// Which PIN.
    pub fn usage(&self) -> KeyUse {
        self.body.usage
    }

    /// The composite modulus, big-endian, without leading zero. The exponent is always 65537.
    pub fn modulus(&self) -> &[u8] {
        &self.body.modulus
    }

    /// SHA-256 of the phone's modulus in hexadecimal: no two keys may have the same.
    pub fn phone_modulus_hash(&self) -> String {
        self.body.phone_modulus_hash.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// What its secrets are bound to.
    pub fn place(&self) -> KeyPlace<'_> {
        KeyPlace { account: &self.body.account, key: &self.body.id, modulus: &self.body.modulus }
    }

    /// The service's shares, wrapped.
    pub fn wrapped(&self) -> &WrappedKey {
        &self.body.wrapped
    }

    /// The shares that a PIN change waits to put in place.
    pub fn pending_refresh(&self) -> Option<&WrappedKey> {
        self.body.pending_refresh.as_ref()
    }

    /// The proof that the phone holds its half, once given: DER of a CertificationRequest [RFC 2986].
    pub fn certification_request(&self) -> Option<&[u8]> {
        self.body.certification_request.as_deref()
    }

    /// The certificate, once issued.
    pub fn certificate(&self) -> Option<&KeyCertificate> {
        self.body.certificate.as_ref()
    }

    /// When the key was made.
    pub fn created_at(&self) -> Timestamp {
        self.body.created_at
    }

    /// The proof of possession while it is still due: what it is called, and what it signs.
    pub fn due_proof(&self) -> Option<(&TransactionId, &[u8])> {
        match &self.counter.state {
            KeyState::Pending { transaction, request_info } => Some((transaction, request_info)),
            KeyState::Active | KeyState::Locked { .. } | KeyState::Blocked | KeyState::Revoked => None,
        }
    }

    /// The state at `now`: an expired lock is open, a crashed last try has locked.
    pub fn state(&self, now: Timestamp, policy: &PinPolicy) -> KeyState {
        self.counter.clone().settled(now, policy).state
    }

    /// Tries left before the next lock, at `now`.
    pub fn tries_left(&self, now: Timestamp, policy: &PinPolicy) -> u8 {
        let counter = self.counter.clone().settled(now, policy);
        match counter.state {
            KeyState::Active | KeyState::Pending { .. } => policy.tries.saturating_sub(counter.tries_used),
            KeyState::Locked { .. } | KeyState::Blocked | KeyState::Revoked => 0,
        }
    }

    /// Wrong PINs in the row that runs: as stored, whatever the time.
    pub fn tries_used(&self) -> u8 {
        self.counter.tries_used
    }

    /// How many rows of wrong PINs have locked the key since the last right one.
    pub fn lock_level(&self) -> u8 {
        self.counter.lock_level
    }

    /// Whether the key could make a signature at `now`: active, certified, not expired. It may be busy for a moment.
    pub fn is_usable(&self, now: Timestamp, policy: &PinPolicy) -> bool {
        self.is_certified(now) && self.state(now, policy) == KeyState::Active
    }

    /// Whether there is a certificate that has not run out.
    pub fn is_certified(&self, now: Timestamp) -> bool {
        self.body.certificate.as_ref().is_some_and(|certificate| now <= certificate.not_after)
    }

    /// The request that the key computes for at `now`.
    pub fn in_flight(&self, now: Timestamp) -> Option<&RequestId> {
        self.counter
            .in_flight
            .as_ref()
            .filter(|in_flight| now < in_flight.until)
            .map(|in_flight| &in_flight.request)
    }

    /// Counts a try for `request` and takes the key for the length of a lease. Save the result before computing.
    pub fn reserve_try(
        mut self,
        request: &RequestId,
        now: Timestamp,
        policy: &PinPolicy,
    ) -> Result<(Self, Vec<Event>), KeyRefusal> {
        self.counter = self.counter.settled(now, policy);
        match &self.counter.state {
            KeyState::Active => {}
            KeyState::Pending { .. } => return Err(KeyRefusal::NotActive),
            KeyState::Locked { until } => return Err(KeyRefusal::Locked { until: *until }),
            KeyState::Blocked => return Err(KeyRefusal::Blocked),
            KeyState::Revoked => return Err(KeyRefusal::Revoked),
        }
        if self.counter.in_flight.is_some() {
            return Err(KeyRefusal::InProgress);
        }
        self.counter.tries_used += 1;
        self.counter.in_flight = Some(InFlight { request: request.clone(), until: now + policy.lease });
        let event = Event::TryCounted { key: self.body.id.clone(), tries_used: self.counter.tries_used };
        Ok((self, vec![event]))
    }

    /// The PIN of `request` was right: tries and locks are forgotten.
    ///
    /// A computation that outlived its lease still counts, unless the end of the lease has locked the key: from then on
    /// everybody saw it locked, or blocked for good, and what was seen stays.
    pub fn settle_right(
        mut self,
        request: &RequestId,
        now: Timestamp,
        policy: &PinPolicy,
    ) -> Result<(Self, Vec<Event>), LeaseLost> {
        if self.state(now, policy) != KeyState::Active {
            return Err(LeaseLost);
        }
        self.counter = self.counter.released(request)?;
        self.counter.tries_used = 0;
        self.counter.lock_level = 0;
        let event = Event::PinAccepted { key: self.body.id.clone() };
        Ok((self, vec![event]))
    }

    /// The PIN of `request` was wrong: the try stays counted, and the last one locks.
    pub fn settle_wrong(
        mut self,
        request: &RequestId,
        now: Timestamp,
        policy: &PinPolicy,
    ) -> Result<(Self, WrongPin, Vec<Event>), LeaseLost> {
        self.counter = self.counter.released(request)?;
        let mut events =
            vec![Event::PinRejected { key: self.body.id.clone(), tries_used: self.counter.tries_used }];
        self.counter.punish(now, policy);
        let consequence = match &self.counter.state {
            KeyState::Locked { until } => {
                events.push(Event::KeyLocked { key: self.body.id.clone(), until: *until });
                WrongPin::Locked { until: *until }
            }
            KeyState::Blocked => {
                events.push(Event::KeyBlocked { key: self.body.id.clone() });
                WrongPin::Blocked
            }
            KeyState::Pending { .. } | KeyState::Active | KeyState::Revoked => {
                WrongPin::TriesLeft { tries_left: policy.tries.saturating_sub(self.counter.tries_used) }
            }
        };
        Ok((self, consequence, events))
    }

    /// The computation for `request` failed without telling whether the PIN was right. The key is free again; the
    /// try stays counted, since giving it back could be provoked.
    pub fn settle_fault(
        mut self,
        request: &RequestId,
        now: Timestamp,
        policy: &PinPolicy,
    ) -> Result<Self, LeaseLost> {
        self.counter = self.counter.released(request)?;
        self.counter.punish(now, policy);
        Ok(self)
    }

    /// Takes a key that is still to be proven for the length of a lease. It has one try: a wrong proof discards it.
    pub fn reserve_proof(
        mut self,
        request: &RequestId,
        now: Timestamp,
        policy: &PinPolicy,
    ) -> Result<Self, KeyRefusal> {
        self.counter = self.counter.settled(now, policy);
        match (&self.counter.state, &self.counter.in_flight) {
            (KeyState::Pending { .. }, None) => {
                self.counter.in_flight =
                    Some(InFlight { request: request.clone(), until: now + policy.lease });
                Ok(self)
            }
            (KeyState::Pending { .. }, Some(_)) => Err(KeyRefusal::InProgress),
            (KeyState::Revoked, _) => Err(KeyRefusal::Revoked),
            (KeyState::Blocked, _) => Err(KeyRefusal::Blocked),
            (KeyState::Active | KeyState::Locked { .. }, _) => Err(KeyRefusal::NotActive),
        }
    }

    /// The phone has proven its half to `request`: the key signs once it has a certificate.
    pub fn prove(
        mut self,
        request: &RequestId,
        certification_request: Vec<u8>,
    ) -> Result<(Self, Vec<Event>), LeaseLost> {
        self.counter = self.counter.proof_released(request)?;
        self.counter.state = KeyState::Active;
        self.body_mut().certification_request = Some(certification_request);
        let event = Event::KeyProven { key: self.body.id.clone() };
        Ok((self, vec![event]))
    }

    /// The proof to `request` was wrong: the phone has to make another key.
    pub fn discard(mut self, request: &RequestId) -> Result<(Self, Vec<Event>), LeaseLost> {
        self.counter = self.counter.proof_released(request)?;
        let event = Event::KeyDiscarded { key: self.body.id.clone() };
        Ok((self.revoke(), vec![event]))
    }

    /// The computation of the proof failed on our side, or could not be begun: the key is free for another.
    pub fn release_proof(mut self, request: &RequestId) -> Result<Self, LeaseLost> {
        self.counter = self.counter.proof_released(request)?;
        Ok(self)
    }

    /// Opens a lock before its time: tries and locks are forgotten, as after a right PIN. Only for a person whose identity
    /// was proven anew. Refused for a key that is not locked; one that is blocked stays so.
    pub fn unlock(mut self, now: Timestamp, policy: &PinPolicy) -> Result<(Self, Vec<Event>), NotLocked> {
        self.counter = self.counter.settled(now, policy);
        let KeyState::Locked { .. } = self.counter.state else { return Err(NotLocked) };
        self.counter.state = KeyState::Active;
        self.counter.tries_used = 0;
        self.counter.lock_level = 0;
        let event = Event::KeyUnlocked { key: self.body.id.clone() };
        Ok((self, vec![event]))
    }

    /// Puts the certificate beside its key.
    pub fn certify(mut self, certificate: KeyCertificate) -> Self {
        self.body_mut().certificate = Some(certificate);
        self
    }

    /// The key never signs again.
    pub fn revoke(mut self) -> Self {
        self.counter.state = KeyState::Revoked;
        self.counter.in_flight = None;
        if self.body.pending_refresh.is_some() {
            self.body_mut().pending_refresh = None;
        }
        self
    }

    /// Keeps new shares beside the old ones until a signature with the new PIN succeeds.
    pub fn propose_refresh(mut self, refreshed: WrappedKey) -> Self {
        self.body_mut().pending_refresh = Some(refreshed);
        self
    }

    /// The new shares replace the old ones, which are gone.
    pub fn commit_refresh(mut self) -> Self {
        if let Some(refreshed) = self.body_mut().pending_refresh.take() {
            self.body.wrapped = refreshed;
        }
        self
    }
}

/// The id and what it is for: requests and certificates inside name the person.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {}, {:?})", self.body.id, self.body.usage, self.counter)
    }
}

/// How long it is and when it ends: it names the person.
impl fmt::Debug for KeyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCertificate({} octets, until {})", self.der.len(), self.not_after)
    }
}

/// The word, and when it ends.
impl fmt::Debug for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending { .. } => f.write_str("Pending"),
            Self::Active => f.write_str("Active"),
            Self::Locked { until } => write!(f, "Locked(until {until})"),
            Self::Blocked => f.write_str("Blocked"),
            Self::Revoked => f.write_str("Revoked"),
        }
    }
}

/// Tries, locks and the lease: the part of a key that changes with every use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCounter {
    state: KeyState,
    tries_used: u8,
    lock_level: u8,
    in_flight: Option<InFlight>,
}

impl KeyCounter {
    /// Ends the lease of `request`, if it still holds one.
    fn released(mut self, request: &RequestId) -> Result<Self, LeaseLost> {
        match self.in_flight.take() {
            Some(in_flight) if in_flight.request == *request && self.state == KeyState::Active => Ok(self),
            Some(_) | None => Err(LeaseLost),
        }
    }

    /// The same for a key that is still to be proven.
    fn proof_released(mut self, request: &RequestId) -> Result<Self, LeaseLost> {
        match (self.in_flight.take(), &self.state) {
            (Some(in_flight), KeyState::Pending { .. }) if in_flight.request == *request => Ok(self),
            (Some(_) | None, _) => Err(LeaseLost),
        }
    }

    /// Brings the state up to `now`: opens expired locks and ends leases whose computation crashed.
    fn settled(mut self, now: Timestamp, policy: &PinPolicy) -> Self {
        if let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.until <= now) {
            // As if the wrong PIN had been found at the end of the lease; the same on every read.
            self.punish(in_flight.until, policy);
        }
        if let KeyState::Locked { until } = self.state
            && until <= now
        {
            self.state = KeyState::Active;
        }
        self
    }

    /// Locks when the tries are used up.
    fn punish(&mut self, at: Timestamp, policy: &PinPolicy) {
        if self.state != KeyState::Active || self.tries_used < policy.tries {
            return;
        }
        self.tries_used = 0;
        self.lock_level = self.lock_level.saturating_add(1);
        self.state = match self.lock_level {
            1 => KeyState::Locked { until: at + policy.first_lock },
            2 => KeyState::Locked { until: at + policy.second_lock },
            _ => KeyState::Blocked,
        };
    }
}

#[cfg(test)]
mod tests;
