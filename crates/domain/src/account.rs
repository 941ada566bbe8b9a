//! One person on one device: the document number that relying parties address.

use countersign_wire::base64::b64;
use countersign_wire::device::{self, AccountAnswer, DeviceStatus, KeyStatus};
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, SemanticsIdentifier, SessionId, TransactionId};
use countersign_wire::words::CertificateLevel;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::KeyUse;
use crate::device::{Device, DeviceState};
use crate::key::{Key, KeyState};
use crate::settings::PinPolicy;

/// An account. A person with two devices has two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// What relying parties call it; also in its certificates.
    pub document: DocumentNumber,
    /// Whose it is.
    pub person: SemanticsIdentifier,
    /// The level of its certificates.
    pub level: CertificateLevel,
    /// What its certificates say of the person.
    pub holder: Holder,
    /// The one device that answers for it.
    pub device: DeviceId,
    /// Whether it can be used.
    pub state: AccountState,
    /// Its two keys, once made.
    pub keys: AccountKeys,
    /// The certificate choice whose linked signature the device is waiting for.
    pub awaiting_linked: Option<AwaitingLinked>,
    /// When the account was drafted.
    pub created_at: Timestamp,
}

/// The person as a certificate names them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `givenName`.
    pub given_name: String,
    /// `surname`.
    pub surname: String,
    /// `id-pda-dateOfBirth`, where the certificate is to hold it.
    pub date_of_birth: Option<civil::Date>,
}

/// A name that no certificate can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct UnfitName {
    /// Which one, as a JSON pointer.
    pub member: &'static str,
    /// What would fit.
    pub expected: &'static str,
}

/// `ub-common-name` [RFC 5280 appendix A.1], in characters. The common name is `SURNAME,GIVEN`.
const COMMON_NAME_MAX: usize = 64;

impl Holder {
    /// A holder whose names fit into a certificate and show as what they are: not empty, no comma (it parts the names in
    /// the common name), no control characters, nothing invisible or that turns the direction of writing. Blanks around
    /// them are taken off.
    pub fn new(
        given_name: &str,
        surname: &str,
        date_of_birth: Option<civil::Date>,
    ) -> Result<Self, UnfitName> {
        let (given_name, surname) = (given_name.trim(), surname.trim());
        for (member, name) in [("/givenName", given_name), ("/surname", surname)] {
            if name.is_empty() || name.chars().any(is_unfit) {
                return Err(UnfitName { member, expected: "visible characters without a comma" });
            }
        }
        if given_name.chars().count() + 1 + surname.chars().count() > COMMON_NAME_MAX {
            return Err(UnfitName {
                member: "/surname",
                expected: "at most 63 characters in both names together",
            });
        }
        Ok(Self { given_name: given_name.to_owned(), surname: surname.to_owned(), date_of_birth })
    }
}

fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            ',' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Says nothing: names are personal.
impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Holder(…)")
    }
}

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// The device is enrolling; there are no certificates yet.
    Registering,
    /// Both keys have certificates.
    Active,
    /// Never again.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
}

/// The keys of an account. Each is made in its own request, so for a while one may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountKeys {
    /// PIN1: authentication.
    pub auth: Option<KeyId>,
    /// PIN2: signatures.
    pub sign: Option<KeyId>,
}

/// A device that stays in the foreground after a certificate choice (relying party API, section 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitingLinked {
    /// The finished certificate choice.
    pub session: SessionId,
    /// When the device gives up.
    pub until: Timestamp,
}

impl Account {
    /// Whether relying parties may address the account.
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// The same without what its holder was called: for people who are forgotten.
    pub fn without_names(mut self) -> Self {
        self.holder = Holder { given_name: String::new(), surname: String::new(), date_of_birth: None };
        self
    }

    /// The key for this use, once made.
    pub fn key(&self, usage: KeyUse) -> Option<&KeyId> {
        match usage {
            KeyUse::Auth => self.keys.auth.as_ref(),
            KeyUse::Sign => self.keys.sign.as_ref(),
        }
    }

    /// The certificate choice whose linked signature is still awaited at `now`.
    pub fn awaited(&self, now: Timestamp) -> Option<&AwaitingLinked> {
        self.awaiting_linked.as_ref().filter(|awaited| now < awaited.until)
    }
}

/// What a device is told about its account. `keys` are those of [`Account::keys`], `open` what waits for the person.
pub fn account_view(
    account: &Account,
    devices: &[Device],
    keys: &[Key],
    open: Vec<TransactionId>,
    policy: &PinPolicy,
    now: Timestamp,
) -> AccountAnswer {
    let frozen = devices.iter().any(|device| {
        *device.id() == account.device && matches!(device.state(), DeviceState::CloneSuspect { .. })
    });
    AccountAnswer {
        state: match account.state {
            AccountState::Revoked { .. } => device::AccountState::Revoked,
            AccountState::Registering | AccountState::Active if frozen => device::AccountState::CloneSuspect,
            AccountState::Registering => device::AccountState::Draft,
            AccountState::Active => device::AccountState::Certified,
        },
        document_number: account.document.clone(),
        keys: keys.iter().map(|key| key_status(key, frozen, policy, now)).collect(),
        devices: devices.iter().map(device_status).collect(),
        open_transactions: open,
    }
}

fn key_status(key: &Key, frozen: bool, policy: &PinPolicy, now: Timestamp) -> KeyStatus {
    let certificate = key.certificate();
    let (state, locked_until) = match key.state(now, policy) {
        KeyState::Revoked => (device::KeyState::Revoked, None),
        KeyState::Blocked => (device::KeyState::Blocked, None),
        KeyState::Pending { .. } | KeyState::Active | KeyState::Locked { .. } if frozen => {
            (device::KeyState::CloneSuspect, None)
        }
        KeyState::Pending { .. } => (device::KeyState::Pending, None),
        KeyState::Locked { until } => (device::KeyState::Locked, Some(until)),
        KeyState::Active if certificate.is_some() && !key.is_certified(now) => {
            (device::KeyState::Expired, None)
        }
        KeyState::Active => (device::KeyState::Active, None),
    };
    KeyStatus {
        kid: key.id().clone(),
        key_use: key.usage(),
        state,
        tries_left: u32::from(key.tries_left(now, policy)),
        locked_until,
        certificate: certificate.map(|certificate| b64(&certificate.der)),
        not_after: certificate.map(|certificate| certificate.not_after),
    }
}

fn device_status(device: &Device) -> DeviceStatus {
    DeviceStatus {
        device_id: device.id().clone(),
        platform: device.platform().to_owned(),
        state: match device.state() {
            DeviceState::Active => device::DeviceState::Active,
            DeviceState::CloneSuspect { .. } => device::DeviceState::CloneSuspect,
            DeviceState::Revoked { .. } => device::DeviceState::Revoked,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_fit() {
        for (given, surname) in
            [("MARI-LIIS", "MÄNNIK"), ("  Ильма ", "О’Коннор"), ("光", "王"), ("A", &"Ö".repeat(62))]
        {
            let holder = Holder::new(given, surname, None).unwrap();
            assert_eq!((holder.given_name.as_str(), holder.surname.as_str()), (given.trim(), surname.trim()));
        }
    }

    #[test]
    fn names_that_mislead_or_do_not_fit_are_refused() {
        for wrong in
            ["", " ", "A,B", "A\nB", "A\0", "\u{202e}A", "A\u{200b}", "A\u{feff}", "\u{e0041}", "\u{2028}"]
        {
            assert_eq!(Holder::new(wrong, "TEST", None).unwrap_err().member, "/givenName", "{wrong:?}");
            assert_eq!(Holder::new("TEST", wrong, None).unwrap_err().member, "/surname", "{wrong:?}");
        }
        assert!(Holder::new("A", &"Ö".repeat(63), None).is_err());
    }
}
