//! Numbers that only go up: revocation lists, time-stamps.

use rusqlite::{Connection, OptionalExtension};

use crate::body;
use crate::error::Error;

/// The table of counters.
pub struct Counters<'a> {
    pub(crate) connection: &'a Connection,
}

impl Counters<'_> {
    /// The next number under this name, from 1. Given out once, unless the transaction fails.
    pub fn next(&self, name: &str) -> Result<u64, Error> {
        let statement = "INSERT INTO counters (name, value) VALUES ($1, 1)
                         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
        let value: i64 = body::prepare(self.connection, statement)?.query_row([name], |row| row.get(0))?;
        Ok(value.unsigned_abs())
    }

    /// The last number given out under this name; 0 when none was.
    pub fn last(&self, name: &str) -> Result<u64, Error> {
        let query = "SELECT value FROM counters WHERE name = $1";
        let value: Option<i64> =
            body::prepare(self.connection, query)?.query_row([name], |row| row.get(0)).optional()?;
        Ok(value.unwrap_or(0).unsigned_abs())
    }
}
