//! Bringing a database to the schema that this release knows.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

/// Every step ever made, in order; a released step is never edited. Its number is its place, from 1.
const MIGRATIONS: [&str; 7] = [
    include_str!("../migrations/sqlite/0001_initial.sql"),
    include_str!("../migrations/sqlite/0002_registrant.sql"),
    include_str!("../migrations/sqlite/0003_signing.sql"),
    include_str!("../migrations/sqlite/0004_authority.sql"),
    include_str!("../migrations/sqlite/0005_registration.sql"),
    include_str!("../migrations/sqlite/0006_means.sql"),
    include_str!("../migrations/sqlite/0007_desk.sql"),
];

/// Applies what is missing, each step in its own transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    )?;
    for (number, step) in (1_i64..).zip(MIGRATIONS) {
        // Immediate: of two programs that start at once, the second waits and then finds the step applied.
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if found(&transaction)? < number {
            transaction.execute_batch(step)?;
            transaction.execute(
                "INSERT INTO meta (name, value) VALUES ('schema', $1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [number.to_string()],
            )?;
        }
        transaction.commit()?;
    }
    let (found, known) = (found(connection)?, MIGRATIONS.len() as i64);
    if found > known { Err(Error::NewerSchema { found, known }) } else { Ok(()) }
}

/// The schema number of the file; 0 when it is new.
fn found(connection: &Connection) -> Result<i64, Error> {
    let text: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE name = 'schema'", [], |row| row.get(0))
        .optional()?;
    // A number that does not read was not written here: treat the file as from the future, not as empty.
    Ok(text.map_or(0, |text| text.parse().unwrap_or(i64::MAX)))
}
