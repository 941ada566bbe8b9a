//! Bringing a database to the schema that this release knows.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

/// Every step ever made, in order; a released step is never edited. Its number is its place, from 1.
const MIGRATIONS: [&str; 10] = [
    include_str!("../migrations/sqlite/0001_initial.sql"),
    include_str!("../migrations/sqlite/0002_registrant.sql"),
    include_str!("../migrations/sqlite/0003_signing.sql"),
    include_str!("../migrations/sqlite/0004_authority.sql"),
    include_str!("../migrations/sqlite/0005_registration.sql"),
    include_str!("../migrations/sqlite/0006_means.sql"),
    include_str!("../migrations/sqlite/0007_desk.sql"),
    include_str!("../migrations/sqlite/0008_key_counters.sql"),
    include_str!("../migrations/sqlite/0009_asked_elsewhere.sql"),
    include_str!("../migrations/sqlite/0010_event_numbers.sql"),
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

    #[test]
    fn events_keep_their_numbers_and_can_still_not_be_changed() {
        let connection = Connection::open_in_memory().unwrap();
        for step in &MIGRATIONS[..9] {
            connection.execute_batch(step).unwrap();
        }
        connection
            .execute_batch("INSERT INTO events VALUES (2, 20, 'B', 's', '{}'), (1, 10, 'A', 's', '{}')")
            .unwrap();
        connection.execute_batch(MIGRATIONS[9]).unwrap();
        let mut query = connection.prepare("SELECT seq, at, kind FROM events WHERE subject = 's'").unwrap();
        let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let expected: Vec<(i64, i64, String)> = vec![(1, 10, "A".to_owned()), (2, 20, "B".to_owned())];
        assert_eq!(found.collect::<Result<Vec<_>, _>>().unwrap(), expected);
        for forbidden in ["UPDATE events SET at = 0", "DELETE FROM events"] {
            let refused = connection.execute(forbidden, []).unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert!(connection.execute("INSERT INTO events VALUES (2, 0, 'C', 's', '{}')", []).is_err());
    }
}
