//! What a closure may do with the database: one accessor per table, never SQL.

use std::cell::Cell;

use countersign_domain::session;
use countersign_wire::id::SessionId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::accounts::{Accounts, Devices, Keys};
use crate::activations::Activations;
use crate::authority::{Ceremony, IssuingCas};
use crate::body;
use crate::certificates::Certificates;
use crate::counters::Counters;
use crate::error::Error;
use crate::events::Events;
use crate::means::{Grounds, Passwords};
use crate::registrant::{SessionExchanges, TokenDenials};
use crate::registration::{Codes, EvidenceTable, TermsTables};
use crate::repeated::Idempotency;
use crate::sessions::Sessions;
use crate::signing_containers::SigningContainers;

/// One transaction. Given to the closures of [`crate::Store::write`] and [`crate::Store::read`].
pub struct Tx<'a> {
    connection: &'a Connection,
    /// Whether the status of a certificate was changed.
    statuses: Cell<bool>,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that were told that their time is over. Whoever waits for them may be woken.
    pub expired: Vec<SessionId>,
    /// Rows that nobody may ask for any more, deleted.
    pub purged: usize,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self { connection, statuses: Cell::new(false) }
    }

    /// Rows that this connection has changed since it was opened. In memory there is one connection, on which reading
    /// closures run too: this tells whether one of them wrote. (`PRAGMA query_only` would refuse it, and make SQLite
    /// parse every prepared statement anew.)
    pub(crate) fn rows_changed(&self) -> u64 {
        self.connection.total_changes()
    }

    /// Sessions.
    pub fn sessions(&self) -> Sessions<'a> {
        Sessions { connection: self.connection }
    }

    /// Accounts.
    pub fn accounts(&self) -> Accounts<'a> {
        Accounts { connection: self.connection }
    }

    /// Devices.
    pub fn devices(&self) -> Devices<'a> {
        Devices { connection: self.connection }
    }

    /// Two-party keys.
    pub fn keys(&self) -> Keys<'a> {
        Keys { connection: self.connection }
    }

    /// Issued certificates.
    pub fn certificates(&self) -> Certificates<'_> {
        Certificates { connection: self.connection, changed: &self.statuses }
    }

    /// Whether the status of a certificate was changed in this transaction.
    pub(crate) fn changed_statuses(&self) -> bool {
        self.statuses.get()
    }

    /// Issuing CAs that were made by rollovers.
    pub fn issuing_cas(&self) -> IssuingCas<'a> {
        IssuingCas { connection: self.connection }
    }

    /// What operators did to the authority.
    pub fn ceremony(&self) -> Ceremony<'a> {
        Ceremony { connection: self.connection }
    }

    /// The audit trail.
    pub fn events(&self) -> Events<'a> {
        Events { connection: self.connection }
    }

    /// Activation codes.
    pub fn activations(&self) -> Activations<'a> {
        Activations { connection: self.connection }
    }

    /// Who was identified.
    pub fn evidence(&self) -> EvidenceTable<'a> {
        EvidenceTable { connection: self.connection }
    }

    /// One-time codes.
    pub fn codes(&self) -> Codes<'a> {
        Codes { connection: self.connection }
    }

    /// Terms: what is being accepted, and what was.
    pub fn terms(&self) -> TermsTables<'a> {
        TermsTables { connection: self.connection }
    }

    /// Passwords of people, and invitations to set one.
    pub fn passwords(&self) -> Passwords<'a> {
        Passwords { connection: self.connection }
    }

    /// Which accounts stand on which evidence.
    pub fn grounds(&self) -> Grounds<'a> {
        Grounds { connection: self.connection }
    }

    /// Start requests that may come a second time.
    pub fn idempotency(&self) -> Idempotency<'a> {
        Idempotency { connection: self.connection }
    }

    /// Registrant tokens that are denied.
    pub fn token_denials(&self) -> TokenDenials<'a> {
        TokenDenials { connection: self.connection }
    }

    /// Sessions that were turned into a registrant token.
    pub fn session_exchanges(&self) -> SessionExchanges<'a> {
        SessionExchanges { connection: self.connection }
    }

    /// Containers of the signing service.
    pub fn signing_containers(&self) -> SigningContainers<'a> {
        SigningContainers { connection: self.connection }
    }

    /// Numbers that only go up.
    pub fn counters(&self) -> Counters<'a> {
        Counters { connection: self.connection }
    }

    /// A small text kept under a name, such as which keys belong to this database.
    pub fn meta(&self, name: &str) -> Result<Option<String>, Error> {
        let query = "SELECT value FROM meta WHERE name = $1";
        Ok(body::prepare(self.connection, query)?.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Keeps a small text under a name; an earlier one is replaced.
    pub fn set_meta(&self, name: &str, value: &str) -> Result<(), Error> {
        let statement = "INSERT INTO meta (name, value) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        body::change(self.connection, "meta", statement, params![name, value])
    }

    /// Cleans up, at most `limit` rows of a kind: tells overdue sessions that they are over, deletes what is no longer
    /// kept. Nothing correct depends on when, or whether, this runs.
    pub fn sweep(&self, now: Timestamp, limit: usize) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for session in self.sessions().overdue(now, limit)? {
            let (session, events) = session::expire(session, now);
            // No events: a signature is just being computed and may still finish.
            if !events.is_empty() {
                self.sessions().update(&session)?;
                self.events().append_all(&events, now)?;
                swept.expired.push(session.id());
            }
        }
        swept.purged += self.sessions().purge(now, limit)?;
        for statement in [
            "DELETE FROM idempotency WHERE key IN
             (SELECT key FROM idempotency WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM activations WHERE locator IN
             (SELECT locator FROM activations WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM token_denials WHERE subject IN
             (SELECT subject FROM token_denials WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM session_exchanges WHERE session IN
             (SELECT session FROM session_exchanges WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM codes WHERE (client, number) IN
             (SELECT client, number FROM codes WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM terms_transactions WHERE token IN
             (SELECT token FROM terms_transactions WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
            "DELETE FROM password_invitations WHERE token IN
             (SELECT token FROM password_invitations WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)",
        ] {
            let row = params![body::millis(now), body::limit(limit)];
            swept.purged += body::prepare(self.connection, statement)?.execute(row)?;
        }
        Ok(swept)
    }
}
