//! What can go wrong below the rules: the file, the disk, a row that does not read.

use std::path::PathBuf;
use std::sync::Arc;

/// Our fault, never the caller's: shown outside only as an incident.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database could not be opened.
    #[error("cannot open the database {path}: {source}")]
    Open {
        /// The file, or `:memory:`.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// A statement failed.
    #[error("a database statement failed: {0}")]
    Statement(#[source] Arc<rusqlite::Error>),
    /// The group could not be made durable: nothing in it happened.
    #[error("the transaction {name} was not committed: {source}")]
    NotCommitted {
        /// The name given to [`crate::Store::write`].
        name: &'static str,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },
    /// SQLite gave up the whole transaction while another closure of the group ran: nothing in it happened.
    #[error("the transaction {name} was given up together with its group")]
    GroupAbandoned {
        /// The name given to [`crate::Store::write`].
        name: &'static str,
    },
    /// The closure panicked: what it wrote was undone.
    #[error("the transaction {name} panicked and was undone")]
    Panicked {
        /// The name given to [`crate::Store::write`].
        name: &'static str,
    },
    /// A closure given to [`crate::Store::read`] wrote: what it wrote was undone.
    #[error("the transaction {name} was to read only, and wrote: it was undone")]
    WroteWhileReading {
        /// The name given to [`crate::Store::read`].
        name: &'static str,
    },
    /// The thread that owns the connection has ended.
    #[error("the store is closed")]
    Closed,
    /// A thread could not be started.
    #[error("cannot start the thread {name}: {reason}")]
    Thread {
        /// The thread's name.
        name: String,
        /// What the operating system said.
        reason: String,
    },
    /// The file was written by a later release.
    #[error("the database has schema {found}, this release knows {known}: start the newer release")]
    NewerSchema {
        /// Schema number in the file.
        found: i64,
        /// Highest schema number known here.
        known: i64,
    },
    /// A stored body does not read as its type.
    #[error("a row of {table} cannot be read: {source}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// What the decoder said.
        source: Arc<serde_json::Error>,
    },
    /// A value could not be written as JSON.
    #[error("a value for {table} cannot be written: {source}")]
    Unwritable {
        /// The table.
        table: &'static str,
        /// What the encoder said.
        source: Arc<serde_json::Error>,
    },
    /// A row that has to be there is not.
    #[error("{table} has no such row")]
    Missing {
        /// The table.
        table: &'static str,
    },
    /// The row, or one of its unique columns, is there already.
    #[error("{table} has such a row already")]
    Duplicate {
        /// The table.
        table: &'static str,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        Self::Statement(Arc::new(source))
    }
}

impl Error {
    /// A failed insert or update of `table`: a broken uniqueness is told apart from the rest.
    pub(crate) fn on_write(table: &'static str, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) => Self::Duplicate { table },
            _ => source.into(),
        }
    }
}
