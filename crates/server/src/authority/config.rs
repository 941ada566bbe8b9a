//! `[pkcs11]`: the token that holds keys of the authority.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use countersign_pkcs11::Settings;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Error, MEMBERS, RESPONDERS};
use crate::config::{Mend, Secret};

/// `[pkcs11]`: a device that holds keys of the authority, each chosen in `[pkcs11.keys]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pkcs11 {
    /// The device's driver, a shared library such as `/usr/lib/softhsm/libsofthsm2.so`. Without it keys are in files.
    pub module: Option<PathBuf>,
    /// The label of the token.
    pub token: String,
    /// The PIN of the token's user. Better give a file, or the variable `COUNTERSIGN_PKCS11_PIN`.
    pub pin: Option<Secret>,
    /// A file with the PIN; white space around it does not count.
    pub pin_file: Option<PathBuf>,
    /// Sessions with the token at the same time: signatures that it makes at once.
    pub sessions: u32,
    /// Milliseconds that a signature may wait for a session.
    pub wait_ms: u32,
    /// Whether keys of CAs that take over are made in the token (`countersign ca rollover`).
    pub new_keys: bool,
    /// Which keys are in the token, by their labels there: `eid-q = "label"`. Others are in files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, String>,
}

impl Default for Pkcs11 {
    fn default() -> Self {
        Self {
            module: None,
            token: "countersign".into(),
            pin: None,
            pin_file: None,
            sessions: 4,
            wait_ms: 2_000,
            new_keys: false,
            keys: BTreeMap::new(),
        }
    }
}

impl Pkcs11 {
    /// What the driver is opened with; nothing when there is none.
    pub(super) fn settings(&self) -> Result<Option<Settings>, Error> {
        let Some(module) = self.module.clone() else { return Ok(None) };
        let pin = match (&self.pin, &self.pin_file) {
            (Some(pin), _) => Zeroizing::new(pin.reveal().to_owned()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map(Zeroizing::new)
                    .map_err(|source| Error::Unreadable { path: path.clone(), source })?;
                Zeroizing::new(text.trim().to_owned())
            }
            (None, None) => return Err(Error::TokenConfig("has no pin_file, and no pin".to_owned())),
        };
        Ok(Some(Settings {
            module,
            token: self.token.clone(),
            pin,
            sessions: self.sessions as usize,
            wait: Duration::from_millis(u64::from(self.wait_ms)),
        }))
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if self.pin.is_some() && self.pin_file.is_some() {
            found.push(Mend::new("pkcs11.pin", "is given here and as a file", "remove it or pin_file"));
        }
        if self.module.is_some() && self.pin.is_none() && self.pin_file.is_none() {
            found.push(Mend::new("pkcs11.pin_file", "is missing", "name a file that holds the PIN"));
        }
        if self.module.is_none() && (!self.keys.is_empty() || self.new_keys) {
            found.push(Mend::new("pkcs11.module", "is missing", "name the driver of the device"));
        }
        if !(1..=256).contains(&self.sessions) {
            found.push(Mend::new("pkcs11.sessions", "is out of range", "give 1 to 256"));
        }
        for (name, label) in &self.keys {
            if !MEMBERS.iter().chain(&RESPONDERS).any(|known| known == name) {
                let known: Vec<_> = MEMBERS.into_iter().chain(RESPONDERS).collect();
                let expected = format!("use one of {}", known.join(", "));
                found.push(Mend::new(format!("pkcs11.keys.{name}"), "is no key of the authority", expected));
            }
            if label.is_empty() {
                let key = format!("pkcs11.keys.{name}");
                found.push(Mend::new(key, "has no label", "give the CKA_LABEL of the key in the token"));
            }
        }
    }
}
