//! What a person signs with, and what is known of it now.

use countersign_wire::registration::MeansSerial;
use countersign_wire::words;
use serde::{Deserialize, Serialize};

use crate::account::Account;

words! {
    /// The kinds of means. The guide's own words: our app stands where it says Mobile ID.
    pub enum MeansKind {
        /// The app, with its two-party key.
        App = "MID",
        /// Password and one-time code.
        Sas = "SAS",
    }
}

/// One copy of a means. After a new activation or a new password it is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Means {
    /// Which kind.
    pub kind: MeansKind,
    /// Which copy.
    pub serial: MeansSerial,
}

/// The answer to a question that somebody else may have to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It is not there; that was answered.
    Absent,
    /// There was no answer. Nothing is known.
    Failed,
}

impl<T> Lookup<T> {
    /// What was found.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Absent | Self::Failed => None,
        }
    }

    /// The same of a reference.
    pub const fn as_ref(&self) -> Lookup<&T> {
        match self {
            Self::Found(value) => Lookup::Found(value),
            Self::Absent => Lookup::Absent,
            Self::Failed => Lookup::Failed,
        }
    }
}

impl<T> From<Option<T>> for Lookup<T> {
    fn from(found: Option<T>) -> Self {
        found.map_or(Self::Absent, Self::Found)
    }
}

/// What the services of the means say of a number now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeansLookups {
    /// The app: the serial of the active one.
    pub app: Lookup<MeansSerial>,
    /// Password and one-time code.
    pub sas: Lookup<MeansSerial>,
}

impl MeansLookups {
    /// The means that a signature would be asked of now: the app goes before password and code. `Failed` where that cannot
    /// be told.
    pub fn in_use(&self) -> Lookup<Means> {
        let of = |kind, lookup: &Lookup<MeansSerial>| match lookup {
            Lookup::Found(serial) => Lookup::Found(Means { kind, serial: serial.clone() }),
            Lookup::Absent => Lookup::Absent,
            Lookup::Failed => Lookup::Failed,
        };
        match of(MeansKind::App, &self.app) {
            Lookup::Absent => of(MeansKind::Sas, &self.sas),
            known => known,
        }
    }
}

/// The serial of a person's app: the id of the device of an active account, so that every new activation has another. Of
/// several phones the bound one counts, if it is among them; otherwise the newest.
pub fn app_serial(accounts: &[Account], bound: Option<&Means>) -> Option<MeansSerial> {
    let bound = bound.filter(|means| means.kind == MeansKind::App).map(|means| means.serial.as_str());
    let active = || accounts.iter().filter(|account| account.is_active());
    active()
        .find(|account| Some(account.device.as_str()) == bound)
        .or_else(|| active().max_by_key(|account| account.created_at))
        // Cannot fail: a device's id is made of the same letters, and no longer.
        .map(|account| MeansSerial::parse(account.device.as_str()).expect("a device id is a serial"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;

    fn serial(text: &str) -> MeansSerial {
        MeansSerial::parse(text).unwrap()
    }

    #[test]
    fn the_app_goes_before_password_and_code() {
        let all = || [Lookup::Found(serial("A")), Lookup::Absent, Lookup::Failed];
        for app in all() {
            for sas in all() {
                let found = MeansLookups { app: app.clone(), sas: sas.clone() }.in_use();
                let expected = match (&app, &sas) {
                    (Lookup::Found(_), _) => Lookup::Found(MeansKind::App),
                    (Lookup::Failed, _) | (Lookup::Absent, Lookup::Failed) => Lookup::Failed,
                    (Lookup::Absent, Lookup::Found(_)) => Lookup::Found(MeansKind::Sas),
                    (Lookup::Absent, Lookup::Absent) => Lookup::Absent,
                };
                let kind = match found {
                    Lookup::Found(means) => Lookup::Found(means.kind),
                    Lookup::Absent => Lookup::Absent,
                    Lookup::Failed => Lookup::Failed,
                };
                assert_eq!(kind, expected, "{app:?} {sas:?}");
            }
        }
    }

    #[test]
    fn of_several_phones_the_bound_one_counts() {
        let one = |document, seconds| {
            let account = world::candidate(document, crate::KeyUse::Sign).0.account;
            Account { created_at: world::at(seconds), ..account }
        };
        let (older, newer) = (one(world::DOCUMENT, -20), one(world::OTHER, -10));
        let accounts = [older.clone(), newer.clone()];
        let bound = Means { kind: MeansKind::App, serial: serial(older.device.as_str()) };
        assert_eq!(app_serial(&accounts, Some(&bound)), Some(serial(older.device.as_str())));
        assert_eq!(app_serial(&accounts, None), Some(serial(newer.device.as_str())));
        let sas = Means { kind: MeansKind::Sas, serial: serial(older.device.as_str()) };
        assert_eq!(app_serial(&accounts, Some(&sas)), Some(serial(newer.device.as_str())));
        assert_eq!(app_serial(&[], Some(&bound)), None);
        let gone = crate::account::AccountState::Revoked { at: older.created_at };
        let revoked = [Account { state: gone, ..older }, newer.clone()];
        assert_eq!(app_serial(&revoked, Some(&bound)), Some(serial(newer.device.as_str())));
    }
}
