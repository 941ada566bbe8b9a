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
    /// It does not for now, and may again.
    OnHold {
        /// Since when.
        since: Timestamp,
    },
    /// It does not.
    Revoked {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: RevocationReason,
    },
}

/// Why a certificate cannot be suspended or resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// Revocation cannot be undone (RFC 5280 section 5.3.1, EN 319 411-1 REV-6.2.4-12).
    #[error("the certificate is revoked, for good")]
    Revoked,
    /// Only what is on hold can be taken off it.
    #[error("the certificate is not on hold")]
    NotOnHold,
    /// Nobody accepts it any more.
    #[error("the certificate has expired")]
    Expired,
}

impl IssuedCertificate {
    /// The serial number in hexadecimal.
    pub fn serial_hex(&self) -> String {
        self.serial.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Revokes the certificate. The first reason and time stay when it is revoked already; what was on hold is revoked
    /// from the beginning of the hold, so that nothing signed meanwhile becomes good.
    pub fn revoke(mut self, reason: RevocationReason, now: Timestamp) -> (Self, Vec<Event>) {
        let at = match self.status {
            CertificateStatus::Revoked { .. } => return (self, Vec::new()),
            CertificateStatus::OnHold { since } => since,
            CertificateStatus::Good => now,
        };
        self.status = CertificateStatus::Revoked { at, reason };
        let event =
            Event::CertificateRevoked { issuer: self.issuer.clone(), serial: self.serial_hex(), reason };
        (self, vec![event])
    }

    /// Suspends the certificate: OCSP and revocation lists say certificateHold. Nothing happens when it is on hold already.
    ///
    /// # Errors
    /// It is revoked, or has expired.
    pub fn suspend(mut self, now: Timestamp) -> Result<(Self, Vec<Event>), NotPossible> {
        match self.status {
            CertificateStatus::Revoked { .. } => Err(NotPossible::Revoked),
            CertificateStatus::OnHold { .. } => Ok((self, Vec::new())),
            CertificateStatus::Good if self.not_after < now => Err(NotPossible::Expired),
            CertificateStatus::Good => {
                self.status = CertificateStatus::OnHold { since: now };
                let event =
                    Event::CertificateSuspended { issuer: self.issuer.clone(), serial: self.serial_hex() };
                Ok((self, vec![event]))
            }
        }
    }

    /// Ends a suspension: the certificate counts again, and the next revocation list does not name it.
    ///
    /// # Errors
    /// It is not on hold.
    pub fn resume(mut self) -> Result<(Self, Vec<Event>), NotPossible> {
        match self.status {
            CertificateStatus::Revoked { .. } => Err(NotPossible::Revoked),
            CertificateStatus::Good => Err(NotPossible::NotOnHold),
            CertificateStatus::OnHold { .. } => {
                self.status = CertificateStatus::Good;
                let event =
                    Event::CertificateResumed { issuer: self.issuer.clone(), serial: self.serial_hex() };
                Ok((self, vec![event]))
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_780_315_200, 0);

    fn later(seconds: i64) -> Timestamp {
        NOON + jiff::SignedDuration::from_secs(seconds)
    }

    fn certificate() -> IssuedCertificate {
        IssuedCertificate {
            issuer: "eid-q".to_owned(),
            serial: vec![0x40, 0x01],
            account: None,
            der: Vec::new(),
            not_after: later(1000),
            status: CertificateStatus::Good,
        }
    }

    #[test]
    fn a_suspended_certificate_counts_again_when_it_is_resumed() {
        let (held, events) = certificate().suspend(NOON).unwrap();
        assert_eq!(held.status, CertificateStatus::OnHold { since: NOON });
        assert_eq!(events[0].kind(), "CertificateSuspended");
        let (again, events) = held.clone().suspend(later(5)).unwrap();
        assert!(again == held && events.is_empty());
        let (resumed, events) = held.resume().unwrap();
        assert_eq!(resumed.status, CertificateStatus::Good);
        assert_eq!(events[0].kind(), "CertificateResumed");
        assert_eq!(resumed.resume().unwrap_err(), NotPossible::NotOnHold);
    }

    #[test]
    fn what_was_on_hold_is_revoked_from_the_beginning_of_the_hold() {
        let (held, _) = certificate().suspend(NOON).unwrap();
        let (revoked, _) = held.revoke(RevocationReason::KeyCompromise, later(60));
        let reason = RevocationReason::KeyCompromise;
        assert_eq!(revoked.status, CertificateStatus::Revoked { at: NOON, reason });
        assert_eq!(revoked.clone().resume().unwrap_err(), NotPossible::Revoked);
        assert_eq!(revoked.suspend(later(61)).unwrap_err(), NotPossible::Revoked);
    }

    #[test]
    fn what_has_expired_is_not_suspended() {
        assert_eq!(certificate().suspend(later(1001)).unwrap_err(), NotPossible::Expired);
    }

    #[test]
    fn the_stored_form_of_a_hold_reads_back() {
        let (held, _) = certificate().suspend(NOON).unwrap();
        let text = serde_json::to_string(&held).unwrap();
        assert!(text.contains("\"status\":\"ON_HOLD\""), "{text}");
        assert!(serde_json::from_str::<IssuedCertificate>(&text).unwrap() == held);
    }
}
