//! Start requests that may come a second time.

use countersign_domain::session::Repeated;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const TABLE: &str = "idempotency";

/// The table of start requests that may come a second time.
pub struct Idempotency<'a> {
    pub(crate) connection: &'a Database,
}

impl Idempotency<'_> {
    /// Remembers a request; a newer one with the same key takes its place.
    pub fn remember(&self, repeated: &Repeated) -> Result<(), Error> {
        let statement = "INSERT INTO idempotency (key, purge_at, body) VALUES ($1, $2, $3)
                         ON CONFLICT (key) DO UPDATE SET purge_at = excluded.purge_at, body = excluded.body";
        let row =
            params![hex::encode(repeated.key), body::millis(repeated.until), body::write(TABLE, repeated)?];
        body::change(self.connection, TABLE, statement, row)
    }

    /// The request with this key, if one came lately. [`Repeated::applies`] says whether it still counts.
    pub fn find(&self, key: &[u8; 32]) -> Result<Option<Repeated>, Error> {
        body::find(self.connection, TABLE, "SELECT body FROM idempotency WHERE key = $1", [hex::encode(key)])
    }
}
