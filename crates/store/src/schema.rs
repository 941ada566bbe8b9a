//! Bringing a database to the schema that this release knows.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

/// Every step ever made, in order; a released step is never edited. Its number is its place, from 1.
const MIGRATIONS: [&str; 9] = [
    include_str!("../migrations/sqlite/0001_initial.sql"),
    include_str!("../migrations/sqlite/0002_registrant.sql"),
    include_str!("../migrations/sqlite/0003_signing.sql"),
    include_str!("../migrations/sqlite/0004_authority.sql"),
    include_str!("../migrations/sqlite/0005_registration.sql"),
    include_str!("../migrations/sqlite/0006_means.sql"),
    include_str!("../migrations/sqlite/0007_desk.sql"),
    include_str!("../migrations/sqlite/0008_key_counters.sql"),
    include_str!("../migrations/sqlite/0009_asked_elsewhere.sql"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_of_keys_move_to_their_own_table() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/sqlite/0001_initial.sql")).unwrap();
        connection
            .execute_batch(
                r#"INSERT INTO accounts VALUES ('d', 'p', 0, '{}');
                   INSERT INTO keys VALUES ('k', 'd', 'm', '{"id":"k","counter":{"tries_used":2},"usage":"AUTH"}');"#,
            )
            .unwrap();
        connection.execute_batch(include_str!("../migrations/sqlite/0008_key_counters.sql")).unwrap();
        let query = "SELECT k.body, c.body FROM keys k JOIN key_counters c ON c.key = k.id";
        let found = connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let expected = (r#"{"id":"k","usage":"AUTH"}"#.to_owned(), r#"{"tries_used":2}"#.to_owned());
        assert_eq!(found, expected);
    }
}
