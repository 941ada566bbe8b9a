//! A connection, with what is known of the bodies that went through it.

use std::ops::Deref;
use std::sync::Arc;

use rusqlite::Connection;

use crate::known::Known;

/// What tables read from and write to.
pub(crate) struct Database {
    connection: Connection,
    known: Arc<Known>,
}

impl Database {
    /// A connection of the store that `known` belongs to.
    pub(crate) fn new(connection: Connection, known: Arc<Known>) -> Self {
        Self { connection, known }
    }

    /// The bodies that all connections of the store know.
    pub(crate) fn known(&self) -> &Known {
        &self.known
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
