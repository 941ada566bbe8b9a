//! Accounts, devices and keys.

use countersign_domain::KeyUse;
use countersign_domain::account::Account;
use countersign_domain::device::Device;
use countersign_domain::key::Key;
use countersign_domain::session::Candidate;
use countersign_wire::device::Thumbprint;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, SemanticsIdentifier};
use rusqlite::{Connection, params};

use crate::body;
use crate::error::Error;

/// The table of accounts.
pub struct Accounts<'a> {
    pub(crate) connection: &'a Connection,
}

/// The table of devices.
pub struct Devices<'a> {
    pub(crate) connection: &'a Connection,
}

/// The table of keys.
pub struct Keys<'a> {
    pub(crate) connection: &'a Connection,
}

impl Accounts<'_> {
    const TABLE: &'static str = "accounts";

    /// A new account. [`Error::Duplicate`] when its document number is taken.
    pub fn insert(&self, account: &Account) -> Result<(), Error> {
        self.save(
            "INSERT INTO accounts (document, person, created_at, body) VALUES ($1, $2, $3, $4)",
            account,
        )
    }

    /// The account as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, account: &Account) -> Result<(), Error> {
        self.save("UPDATE accounts SET person = $2, created_at = $3, body = $4 WHERE document = $1", account)
    }

    /// The account with this document number.
    pub fn find(&self, document: &DocumentNumber) -> Result<Option<Account>, Error> {
        let query = "SELECT body FROM accounts WHERE document = $1";
        body::find(self.connection, Self::TABLE, query, [document.as_str()])
    }

    /// The account with this document number; [`Error::Missing`] when it is not there.
    pub fn get(&self, document: &DocumentNumber) -> Result<Account, Error> {
        self.find(document)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// Every account of a person, oldest first.
    pub fn of_person(&self, person: &SemanticsIdentifier) -> Result<Vec<Account>, Error> {
        let query = "SELECT body FROM accounts WHERE person = $1 ORDER BY created_at, document";
        body::list(self.connection, Self::TABLE, query, [person.as_str()])
    }

    /// A page of all accounts, by document number.
    pub fn after(&self, document: Option<&DocumentNumber>, limit: usize) -> Result<Vec<Account>, Error> {
        let query = "SELECT body FROM accounts WHERE document > $1 ORDER BY document LIMIT $2";
        let after = document.map_or("", DocumentNumber::as_str);
        body::list(self.connection, Self::TABLE, query, params![after, body::limit(limit)])
    }

    /// The accounts that a request names, oldest first, each with its device and its key for this use. An account that
    /// has no such key yet is left out; an anonymous recipient names none.
    pub fn candidates(&self, recipient: &Recipient, usage: KeyUse) -> Result<Vec<Candidate>, Error> {
        let accounts = match recipient {
            Recipient::Anonymous => Vec::new(),
            Recipient::Person(person) => self.of_person(person)?,
            Recipient::Document(document) => self.find(document)?.into_iter().collect(),
        };
        accounts.into_iter().filter_map(|account| self.candidate(account, usage).transpose()).collect()
    }

    /// An account with its device and its key for this use; `None` while it has no such key.
    pub fn candidate(&self, account: Account, usage: KeyUse) -> Result<Option<Candidate>, Error> {
        let connection = self.connection;
        let Some(key) = account.key(usage) else { return Ok(None) };
        let key = Keys { connection }.get(key)?;
        let device = Devices { connection }.get(&account.device)?;
        Ok(Some(Candidate { account, device, key }))
    }

    fn save(&self, statement: &'static str, account: &Account) -> Result<(), Error> {
        let row = params![
            account.document.as_str(),
            account.person.as_str(),
            body::millis(account.created_at),
            body::write(Self::TABLE, account)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

impl Devices<'_> {
    const TABLE: &'static str = "devices";

    /// A new device. [`Error::Duplicate`] when its id or proof key is taken; [`Error::Duplicate`] also when its account
    /// is not there.
    pub fn insert(&self, device: &Device) -> Result<(), Error> {
        self.save("INSERT INTO devices (id, account, thumbprint, body) VALUES ($1, $2, $3, $4)", device)
    }

    /// The device as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, device: &Device) -> Result<(), Error> {
        self.save("UPDATE devices SET account = $2, thumbprint = $3, body = $4 WHERE id = $1", device)
    }

    /// The device with this id.
    pub fn find(&self, id: &DeviceId) -> Result<Option<Device>, Error> {
        body::find(self.connection, Self::TABLE, "SELECT body FROM devices WHERE id = $1", [id.as_str()])
    }

    /// The device with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: &DeviceId) -> Result<Device, Error> {
        self.find(id)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// The device whose proof key has this thumbprint: `kid` of a device proof.
    pub fn find_by_thumbprint(&self, thumbprint: &Thumbprint) -> Result<Option<Device>, Error> {
        let query = "SELECT body FROM devices WHERE thumbprint = $1";
        body::find(self.connection, Self::TABLE, query, [thumbprint.as_str()])
    }

    /// Every device of an account.
    pub fn of_account(&self, account: &DocumentNumber) -> Result<Vec<Device>, Error> {
        let query = "SELECT body FROM devices WHERE account = $1 ORDER BY id";
        body::list(self.connection, Self::TABLE, query, [account.as_str()])
    }

    fn save(&self, statement: &'static str, device: &Device) -> Result<(), Error> {
        let thumbprint = device.proof_key().thumbprint();
        let row = params![
            device.id().as_str(),
            device.account().as_str(),
            thumbprint.as_str(),
            body::write(Self::TABLE, device)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

impl Keys<'_> {
    const TABLE: &'static str = "keys";

    /// A new key. [`Error::Duplicate`] when its id, or the phone's modulus inside it, is taken.
    pub fn insert(&self, key: &Key) -> Result<(), Error> {
        self.save("INSERT INTO keys (id, account, phone_modulus, body) VALUES ($1, $2, $3, $4)", key)
    }

    /// The key as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, key: &Key) -> Result<(), Error> {
        self.save("UPDATE keys SET account = $2, phone_modulus = $3, body = $4 WHERE id = $1", key)
    }

    /// The key with this id.
    pub fn find(&self, id: &KeyId) -> Result<Option<Key>, Error> {
        body::find(self.connection, Self::TABLE, "SELECT body FROM keys WHERE id = $1", [id.as_str()])
    }

    /// The key with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: &KeyId) -> Result<Key, Error> {
        self.find(id)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// Every key of an account, also replaced ones.
    pub fn of_account(&self, account: &DocumentNumber) -> Result<Vec<Key>, Error> {
        let query = "SELECT body FROM keys WHERE account = $1 ORDER BY id";
        body::list(self.connection, Self::TABLE, query, [account.as_str()])
    }

    /// A page of all keys, by id: for wrapping anew, and for comparing moduli.
    pub fn after(&self, id: Option<&KeyId>, limit: usize) -> Result<Vec<Key>, Error> {
        let query = "SELECT body FROM keys WHERE id > $1 ORDER BY id LIMIT $2";
        let after = id.map_or("", KeyId::as_str);
        body::list(self.connection, Self::TABLE, query, params![after, body::limit(limit)])
    }

    fn save(&self, statement: &'static str, key: &Key) -> Result<(), Error> {
        let row = params![
            key.id().as_str(),
            key.account().as_str(),
            key.phone_modulus_hash(),
            body::write(Self::TABLE, key)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}
