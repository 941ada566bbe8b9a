//! What little is kept about registrant tokens.

use countersign_domain::registrant::{Denial, Denied, Exchanged};
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const DENIALS: &str = "token_denials";
const EXCHANGES: &str = "session_exchanges";

/// The table of tokens and persons that are denied.
pub struct TokenDenials<'a> {
    pub(crate) connection: &'a Database,
}

impl TokenDenials<'_> {
    /// Remembers a denial; a newer one about the same takes its place.
    pub fn insert(&self, denial: &Denial) -> Result<(), Error> {
        let subject = match &denial.denied {
            Denied::Token(id) => format!("token {id}"),
            Denied::Holder(subject) => format!("holder {subject}"),
        };
        let statement = "INSERT INTO token_denials (subject, purge_at, body) VALUES ($1, $2, $3)
                         ON CONFLICT (subject) DO UPDATE SET purge_at = excluded.purge_at, body = excluded.body";
        let row = params![subject, body::millis(denial.until), body::write(DENIALS, denial)?];
        body::change(self.connection, DENIALS, statement, row)
    }

    /// All that still matter.
    pub fn all(&self, now: Timestamp) -> Result<Vec<Denial>, Error> {
        let query = "SELECT body FROM token_denials WHERE purge_at > $1 ORDER BY subject";
        body::list(self.connection, DENIALS, query, [body::millis(now)])
    }
}

/// The table of sessions that were turned into a token.
pub struct SessionExchanges<'a> {
    pub(crate) connection: &'a Database,
}

impl SessionExchanges<'_> {
    /// Remembers that a session was used. [`Error::Duplicate`] when it was before.
    pub fn insert(&self, exchanged: &Exchanged) -> Result<(), Error> {
        let statement = "INSERT INTO session_exchanges (session, purge_at) VALUES ($1, $2)";
        let row = params![exchanged.session.to_string(), body::millis(exchanged.until)];
        body::change(self.connection, EXCHANGES, statement, row)
    }
}
