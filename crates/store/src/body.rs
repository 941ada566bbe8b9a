//! Rows and their JSON bodies.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::Database;
use crate::error::Error;

/// A value as the body of a row of `table`.
pub(crate) fn write<T: Serialize>(table: &'static str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Unwritable { table, source: Arc::new(source) })
}

/// The body of a row of `table` as a value.
pub(crate) fn read<T: DeserializeOwned>(table: &'static str, body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|source| Error::Unreadable { table, source: Arc::new(source) })
}

/// [`write`], and the value will be known when the body is read.
pub(crate) fn write_known<T>(database: &Database, table: &'static str, value: &T) -> Result<String, Error>
where
    T: Serialize + Clone + Send + Sync + 'static,
{
    let text = write(table, value)?;
    database.known().remember(&text, value);
    Ok(text)
}

/// [`read`], unless the value is known.
pub(crate) fn read_known<T>(database: &Database, table: &'static str, body: &str) -> Result<T, Error>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    if let Some(value) = database.known().value(body) {
        return Ok(value);
    }
    let value = read(table, body)?;
    database.known().remember(body, &value);
    Ok(value)
}

/// A statement, from the cache when it was used before.
///
/// Our text numbers its parameters as PostgreSQL does. SQLite would read `$1` as a name and count names as they appear,
/// so an `UPDATE` that ends in `WHERE id = $1` would get its values in another order: there the numbers are `?1`.
pub(crate) fn prepare<'a>(
    connection: &'a Connection,
    text: &'static str,
) -> rusqlite::Result<CachedStatement<'a>> {
    connection.prepare_cached(&text.replace('$', "?"))
}

/// The one row that `query` (which selects the body only) finds, or nothing.
pub(crate) fn find<T: DeserializeOwned>(
    connection: &Connection,
    table: &'static str,
    query: &'static str,
    parameters: impl Params,
) -> Result<Option<T>, Error> {
    let body: Option<String> =
        prepare(connection, query)?.query_row(parameters, |row| row.get(0)).optional()?;
    body.map(|body| read(table, &body)).transpose()
}

/// [`find`] by [`read_known`].
pub(crate) fn find_known<T>(
    database: &Database,
    table: &'static str,
    query: &'static str,
    parameters: impl Params,
) -> Result<Option<T>, Error>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let mut statement = prepare(database, query)?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(|row| read_known(database, table, body_of(row)?)).transpose()
}

/// [`list`] by [`read_known`].
pub(crate) fn list_known<T>(
    database: &Database,
    table: &'static str,
    query: &'static str,
    parameters: impl Params,
) -> Result<Vec<T>, Error>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    each(database, query, parameters, |body| read_known(database, table, body))
}

/// The first column.
fn body_of<'a>(row: &'a Row<'_>) -> Result<&'a str, Error> {
    Ok(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)
}

/// Every row that `query` (which selects the body only) finds.
pub(crate) fn list<T: DeserializeOwned>(
    connection: &Connection,
    table: &'static str,
    query: &'static str,
    parameters: impl Params,
) -> Result<Vec<T>, Error> {
    each(connection, query, parameters, |body| read(table, body))
}

fn each<T>(
    connection: &Connection,
    query: &'static str,
    parameters: impl Params,
    read: impl Fn(&str) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut statement = prepare(connection, query)?;
    let mut rows = statement.query(parameters)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(read(body_of(row)?)?);
    }
    Ok(values)
}

/// Runs a statement that must touch one row. None touched: [`Error::Missing`]; a uniqueness broken: [`Error::Duplicate`].
pub(crate) fn change(
    connection: &Connection,
    table: &'static str,
    statement: &'static str,
    parameters: impl Params,
) -> Result<(), Error> {
    let changed = prepare(connection, statement)?
        .execute(parameters)
        .map_err(|source| Error::on_write(table, source))?;
    if changed == 0 { Err(Error::Missing { table }) } else { Ok(()) }
}

/// A time as it is stored.
pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A number of rows as SQL takes it.
pub(crate) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
