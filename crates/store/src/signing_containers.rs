//! Containers of the signing service. Their bodies belong to the surface that keeps them; here are the columns by which
//! they are found, counted and deleted.

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const TABLE: &str = "signing_containers";

/// The table of containers.
pub struct SigningContainers<'a> {
    pub(crate) connection: &'a Database,
}

/// The columns of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningRow<'a> {
    /// Its id.
    pub id: &'a str,
    /// Who may use it.
    pub owner: &'a str,
    /// What it takes on the disk, in octets.
    pub bytes: u64,
    /// When it is deleted.
    pub purge_at: Timestamp,
}

/// What one owner keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Containers.
    pub containers: u64,
    /// Octets in them.
    pub bytes: u64,
}

impl SigningContainers<'_> {
    /// A new container. [`Error::Duplicate`] when its id is taken.
    pub fn insert(&self, row: &SigningRow<'_>, body: &impl Serialize) -> Result<(), Error> {
        self.save(
            "INSERT INTO signing_containers (id, owner, bytes, purge_at, body)
             VALUES ($1, $2, $3, $4, $5)",
            row,
            body,
        )
    }

    /// The container as it is now. [`Error::Missing`] when it is not there.
    pub fn update(&self, row: &SigningRow<'_>, body: &impl Serialize) -> Result<(), Error> {
        self.save(
            "UPDATE signing_containers SET owner = $2, bytes = $3, purge_at = $4, body = $5
             WHERE id = $1",
            row,
            body,
        )
    }

    /// The container with this id.
    pub fn find<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, Error> {
        body::find(self.connection, TABLE, "SELECT body FROM signing_containers WHERE id = $1", [id])
    }

    /// All of them.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        let query = "SELECT body FROM signing_containers ORDER BY id";
        body::list(self.connection, TABLE, query, [])
    }

    /// What an owner keeps at `now`.
    pub fn kept_by(&self, owner: &str, now: Timestamp) -> Result<Kept, Error> {
        let query = "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM signing_containers
                     WHERE owner = $1 AND purge_at > $2";
        let row = params![owner, body::millis(now)];
        let kept = body::prepare(self.connection, query)?.query_row(row, |row| {
            let (containers, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Kept { containers: containers.unsigned_abs(), bytes: bytes.unsigned_abs() })
        })?;
        Ok(kept)
    }

    /// The ids of those whose time is over, at most `limit`.
    pub fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<String>, Error> {
        let query = "SELECT id FROM signing_containers WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2";
        let mut statement = body::prepare(self.connection, query)?;
        let row = params![body::millis(now), body::limit(limit)];
        let ids = statement.query_map(row, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Deletes a container. Whether there was one.
    pub fn delete(&self, id: &str) -> Result<bool, Error> {
        let statement = "DELETE FROM signing_containers WHERE id = $1";
        Ok(body::prepare(self.connection, statement)?.execute([id])? > 0)
    }

    fn save(
        &self,
        statement: &'static str,
        row: &SigningRow<'_>,
        body: &impl Serialize,
    ) -> Result<(), Error> {
        let row = params![
            row.id,
            row.owner,
            i64::try_from(row.bytes).unwrap_or(i64::MAX),
            body::millis(row.purge_at),
            body::write(TABLE, body)?,
        ];
        body::change(self.connection, TABLE, statement, row)
    }
}
