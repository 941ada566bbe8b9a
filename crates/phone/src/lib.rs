//! The person's side of the device API: a phone without a screen.
//!
//! The test persons of `countersign dev`, the load generator, the tests and a phone in a terminal are all this crate.
//! It holds one half of two two-party keys, shows nothing, and does what it is told: [`Phone::activate`],
//! [`Phone::transactions`], [`Phone::claim`], [`Phone::approve`], [`Phone::refuse`], [`Phone::change_pin`].
//!
//! What it insists on, like any good phone:
//! - it encodes the message itself from what it shows, with its own salt and its own user challenge;
//! - it never stores the PIN, the share without its mask, or its part `y` of a signature;
//! - it writes down what it is about to send before it sends it, and the new token before it goes on
//!   ([`Vault`]), so that a lost answer can be asked for again and a crash never looks like a copied phone;
//! - it signs a certification request only while registering, and only one that holds its own key.
//!
//! It refuses to decide: whether to approve, and with which PIN, is the caller's.

mod approve;
mod channel;
mod enrol;
mod error;
mod pin_change;
mod settle;
mod storage;
mod transport;

use countersign_wire::device::{AccountAnswer, Empty, RevocationScope, RevokeRequest};
use countersign_wire::id::DocumentNumber;
use jiff::Timestamp;
use rand_core::CryptoRng;

pub use approve::{Approved, Choice, Opened};
pub use countersign_split_key::{Pin, weak_pin};
pub use enrol::Enrolment;
pub use error::Error;
pub use settle::Settled;
pub use storage::{
    FileVault, MemoryVault, Pending, PendingKind, PinStep, Secret, Storage, StoredKey, StoredShare, Vault,
};
pub use transport::{HttpTransport, Transport};

use channel::Channel;

/// PIN1 for authentication, PIN2 for signatures.
pub struct Pins {
    /// Guards the authentication key.
    pub pin1: Pin,
    /// Guards the signature key.
    pub pin2: Pin,
}

/// An enrolled phone.
pub struct Phone<T> {
    channel: Channel<T>,
    storage: Storage,
    vault: Box<dyn Vault>,
}

impl<T: Transport> Phone<T> {
    /// A phone from what it stored earlier.
    pub fn open(transport: T, storage: Storage, vault: Box<dyn Vault>) -> Result<Self, Error> {
        Ok(Self { channel: Channel::new(transport, storage.proof_key()?), storage, vault })
    }

    /// The account that this phone belongs to.
    pub fn document_number(&self) -> &DocumentNumber {
        &self.storage.document_number
    }

    /// What the phone stores. Enough, with the PINs, to be this person.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The account as the service sees it: keys, tries left, open transactions.
    pub async fn account(
        &mut self,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<AccountAnswer, Error> {
        self.channel.get("/account", now, rng).await
    }

    /// Revokes the account, or this device. Needs no PIN: making it easy is right.
    pub async fn revoke(
        &mut self,
        scope: RevocationScope,
        reason: &str,
        now: Timestamp,
        rng: &mut (impl CryptoRng + Send),
    ) -> Result<(), Error> {
        let request = RevokeRequest { scope, reason: reason.to_owned() };
        self.channel.post::<_, Empty>("/account/revoke", &request, now, rng).await.map(|Empty {}| ())
    }

    /// Writes the storage down; nothing is sent and nothing goes on before it is.
    fn save(&mut self) -> Result<(), Error> {
        self.vault.save(&self.storage).map_err(Error::Vault)
    }
}
