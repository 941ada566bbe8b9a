//! Ending things for good: certificates, devices, accounts.

use countersign_wire::id::DocumentNumber;
use countersign_wire::words;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountState};
use crate::bytes;
use crate::device::Device;
use crate::event::Event;
use crate::key::Key;

words! {
    /// Why a certificate was revoked [RFC 5280 §5.3.1]: the reasons that an issuer of people's certificates gives.
    pub enum RevocationReason {
        /// No reason given.
        Unspecified = "unspecified",
        /// The key, or the device, is in other hands.
        KeyCompromise = "keyCompromise",
        /// Name or status of the person changed.
        AffiliationChanged = "affiliationChanged",
        /// A newer certificate takes its place.
        Superseded = "superseded",
        /// No longer needed; also on the person's own wish.
        CessationOfOperation = "cessationOfOperation",
        /// The person no longer has the right to it.
        PrivilegeWithdrawn = "privilegeWithdrawn",
    }
}

impl RevocationReason {
    /// The number in `CRLReason`.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::PrivilegeWithdrawn => 9,
        }
    }
}

/// A certificate as its issuer remembers it, for as long as anyone may ask.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCertificate {
    /// The issuer's key: its name in the configuration, unique and never given to another key.
    pub issuer: String,
    /// Serial number, big-endian, as in the certificate's INTEGER without leading zero.
    #[serde(with = "bytes")]
    pub serial: Vec<u8>,
    /// The account, for certificates of people.
    pub account: Option<DocumentNumber>,
    /// DER.
    #[serde(with = "bytes")]
    pub der: Vec<u8>,
    /// End of its validity.
    pub not_after: Timestamp,
    /// Whether it counts.
    pub status: CertificateStatus,
}

/// Whether a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CertificateStatus {
    /// It does.
    Good,
    /// It does not.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
}

impl IssuedCertificate {
    /// The serial number in hexadecimal.
    pub fn serial_hex(&self) -> String {
        self.serial.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Revokes the certificate. The first reason and time stay when it is revoked already.
    pub fn revoke(mut self, reason: RevocationReason, now: Timestamp) -> (Self, Vec<Event>) {
        match self.status {
            CertificateStatus::Revoked { .. } => (self, Vec::new()),
            CertificateStatus::Good => {
                self.status = CertificateStatus::Revoked { at: now, reason };
                let event = Event::CertificateRevoked {
                    issuer: self.issuer.clone(),
                    serial: self.serial_hex(),
                    reason,
                };
                (self, vec![event])
            }
        }
    }
}

/// Issuer, serial number and status: the certificate names the person.
impl std::fmt::Debug for IssuedCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedCertificate({} {}, {:?})", self.issuer, self.serial_hex(), self.status)
    }
}

/// Everything that belongs to an account and ends with it.
#[derive(Debug)]
pub struct Belongings {
    /// The account.
    pub account: Account,
    /// Its device.
    pub device: Device,
    /// Its keys.
    pub keys: Vec<Key>,
    /// Its certificates.
    pub certificates: Vec<IssuedCertificate>,
}

/// Revokes an account with its device, keys and certificates. Open sessions read as ended from then on, because
/// every rule asks the account first; [`crate::session::cancel`] ends them at once.
pub fn revoke_account(
    belongings: Belongings,
    reason: RevocationReason,
    now: Timestamp,
) -> (Belongings, Vec<Event>) {
    let Belongings { mut account, device, keys, certificates } = belongings;
    let mut events = Vec::new();
    if !matches!(account.state, AccountState::Revoked { .. }) {
        account.state = AccountState::Revoked { at: now };
        account.awaiting_linked = None;
        events.push(Event::AccountRevoked { document: account.document.clone(), reason });
    }
    let (device, of_device) = device.revoke(now);
    events.extend(of_device);
    let keys = keys.into_iter().map(Key::revoke).collect();
    let certificates = certificates
        .into_iter()
        .map(|certificate| {
            let (certificate, of_certificate) = certificate.revoke(reason, now);
            events.extend(of_certificate);
            certificate
        })
        .collect();
    (Belongings { account, device, keys, certificates }, events)
}
