//! Numbers that only go up: revocation lists, time-stamps.

use rusqlite::OptionalExtension;

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The table of counters.
pub struct Counters<'a> {
    pub(crate) connection: &'a Database,
}

impl Counters<'_> {
    /// The next number under this name, from 1. Given out once, unless the transaction fails.
    pub fn next(&self, name: &str) -> Result<u64, Error> {
        let statement = "INSERT INTO counters (name, value) VALUES ($1, 1)
                         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
        let value: i64 = body::prepare(self.connection, statement)?.query_row([name], |row| row.get(0))?;
        Ok(value.unsigned_abs())
    }

    /// Takes `count` numbers under this name at once and gives the first of them. Numbers that are taken and not used are
    /// lost, never given again.
    pub fn reserve(&self, name: &str, count: u32) -> Result<u64, Error> {
        let statement = "INSERT INTO counters (name, value) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET value = counters.value + $2 RETURNING value";
        let last: i64 = body::prepare(self.connection, statement)?
            .query_row(rusqlite::params![name, count], |row| row.get(0))?;
        Ok(last.unsigned_abs().saturating_sub(u64::from(count)) + 1)
    }

    /// Raises the number under this name to `value`; one that is higher already stays.
    pub fn raise(&self, name: &str, value: u64) -> Result<(), Error> {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let statement = "INSERT INTO counters (name, value) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET value = MAX(counters.value, $2)";
        body::change(self.connection, "counters", statement, rusqlite::params![name, value])
    }

    /// Sets the number under this name, also to a lower one: for an operator who says that the higher one was wrong.
    pub fn set(&self, name: &str, value: u64) -> Result<(), Error> {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let statement = "INSERT INTO counters (name, value) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET value = $2";
        body::change(self.connection, "counters", statement, rusqlite::params![name, value])
    }

    /// The last number given out under this name; 0 when none was.
    pub fn last(&self, name: &str) -> Result<u64, Error> {
        let query = "SELECT value FROM counters WHERE name = $1";
        let value: Option<i64> =
            body::prepare(self.connection, query)?.query_row([name], |row| row.get(0)).optional()?;
        Ok(value.unwrap_or(0).unsigned_abs())
    }
}
