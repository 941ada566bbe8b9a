//! Accounts, devices and keys.

use countersign_domain::KeyUse;
use countersign_domain::account::Account;
use countersign_domain::device::Device;
use countersign_domain::key::Key;
use countersign_domain::session::Candidate;
use countersign_wire::device::Thumbprint;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, SemanticsIdentifier};
use rusqlite::{Params, params};

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The table of accounts.
pub struct Accounts<'a> {
    pub(crate) connection: &'a Database,
}

/// The table of devices.
pub struct Devices<'a> {
    pub(crate) connection: &'a Database,
}

/// The table of keys.
pub struct Keys<'a> {
    pub(crate) connection: &'a Database,
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
        // Whose it is and since when stays, so no index is touched.
        let row =
            params![account.document.as_str(), body::write_known(self.connection, Self::TABLE, account)?];
        body::change(self.connection, Self::TABLE, "UPDATE accounts SET body = $2 WHERE document = $1", row)
    }

    /// The account with this document number.
    pub fn find(&self, document: &DocumentNumber) -> Result<Option<Account>, Error> {
        let query = "SELECT body FROM accounts WHERE document = $1";
        body::find_known(self.connection, Self::TABLE, query, [document.as_str()])
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
            body::write_known(self.connection, Self::TABLE, account)?,
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
        // Its account and its key stay, so no index is touched.
        let row = params![device.id().as_str(), body::write_known(self.connection, Self::TABLE, device)?];
        body::change(self.connection, Self::TABLE, "UPDATE devices SET body = $2 WHERE id = $1", row)
    }

    /// The device with this id.
    pub fn find(&self, id: &DeviceId) -> Result<Option<Device>, Error> {
        body::find_known(
            self.connection,
            Self::TABLE,
            "SELECT body FROM devices WHERE id = $1",
            [id.as_str()],
        )
    }

    /// The device with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: &DeviceId) -> Result<Device, Error> {
        self.find(id)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// The device whose proof key has this thumbprint: `kid` of a device proof.
    pub fn find_by_thumbprint(&self, thumbprint: &Thumbprint) -> Result<Option<Device>, Error> {
        let query = "SELECT body FROM devices WHERE thumbprint = $1";
        body::find_known(self.connection, Self::TABLE, query, [thumbprint.as_str()])
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
            body::write_known(self.connection, Self::TABLE, device)?,
        ];
        body::change(self.connection, Self::TABLE, statement, row)
    }
}

impl Keys<'_> {
    const TABLE: &'static str = "keys";
    const COUNTERS: &'static str = "key_counters";

    /// A new key. [`Error::Duplicate`] when its id, or the phone's modulus inside it, is taken.
    pub fn insert(&self, key: &Key) -> Result<(), Error> {
        let row = params![
            key.id().as_str(),
            key.account().as_str(),
            key.phone_modulus_hash(),
            body::write_known(self.connection, Self::TABLE, key.body())?,
        ];
        let statement = "INSERT INTO keys (id, account, phone_modulus, body) VALUES ($1, $2, $3, $4)";
        body::change(self.connection, Self::TABLE, statement, row)?;
        let row = params![key.id().as_str(), body::write(Self::COUNTERS, key.counter())?];
        let statement = "INSERT INTO key_counters (key, body) VALUES ($1, $2)";
        body::change(self.connection, Self::COUNTERS, statement, row)
    }

    /// The key as it is now. [`Error::Missing`] when it is not there. A use changes some hundred octets of the kilobytes
    /// that a key has, and only those are written then.
    pub fn update(&self, key: &Key) -> Result<(), Error> {
        if !key.is_body_stored() {
            // Its account and the phone's modulus stay, so no index is touched.
            let row =
                params![key.id().as_str(), body::write_known(self.connection, Self::TABLE, key.body())?];
            body::change(self.connection, Self::TABLE, "UPDATE keys SET body = $2 WHERE id = $1", row)?;
        }
        let row = params![key.id().as_str(), body::write(Self::COUNTERS, key.counter())?];
        let statement = "UPDATE key_counters SET body = $2 WHERE key = $1";
        body::change(self.connection, Self::TABLE, statement, row)
    }

    /// The key with this id.
    pub fn find(&self, id: &KeyId) -> Result<Option<Key>, Error> {
        let query = "SELECT k.body, c.body FROM keys k JOIN key_counters c ON c.key = k.id WHERE k.id = $1";
        Ok(self.list(query, [id.as_str()])?.pop())
    }

    /// The key with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: &KeyId) -> Result<Key, Error> {
        self.find(id)?.ok_or(Error::Missing { table: Self::TABLE })
    }

    /// Every key of an account, also replaced ones.
    pub fn of_account(&self, account: &DocumentNumber) -> Result<Vec<Key>, Error> {
        let query =
            "SELECT k.body, c.body FROM keys k JOIN key_counters c ON c.key = k.id WHERE k.account = $1
                     ORDER BY k.id";
        self.list(query, [account.as_str()])
    }

    /// A page of all keys, by id: for wrapping anew, and for comparing moduli.
    pub fn after(&self, id: Option<&KeyId>, limit: usize) -> Result<Vec<Key>, Error> {
        let query = "SELECT k.body, c.body FROM keys k JOIN key_counters c ON c.key = k.id WHERE k.id > $1
                     ORDER BY k.id LIMIT $2";
        let after = id.map_or("", KeyId::as_str);
        self.list(query, params![after, body::limit(limit)])
    }

    /// Every key that `query` (which selects both bodies) finds.
    fn list(&self, query: &'static str, parameters: impl Params) -> Result<Vec<Key>, Error> {
        let mut statement = body::prepare(self.connection, query)?;
        let mut rows = statement.query(parameters)?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
            let body = body::read_known(self.connection, Self::TABLE, text(0)?)?;
            keys.push(Key::stored(body, body::read(Self::COUNTERS, text(1)?)?));
        }
        Ok(keys)
    }
}
