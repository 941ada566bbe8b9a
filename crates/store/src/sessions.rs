//! Sessions.

use countersign_domain::session::{Session, State};
use countersign_wire::id::{DocumentNumber, SessionId, SessionToken, TransactionId};
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

const TABLE: &str = "sessions";

/// The table of sessions.
pub struct Sessions<'a> {
    pub(crate) connection: &'a Database,
}

impl Sessions<'_> {
    /// A new session. [`Error::Duplicate`] when its id, token or transaction is taken.
    pub fn insert(&self, session: &Session) -> Result<(), Error> {
        Row::of(self.connection, session)?.save(
            self.connection,
            "INSERT INTO sessions (id, token, tx, account, state, created_at, expires_at, purge_at, version, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)",
        )
    }

    /// The session as it is now. [`Error::Missing`] when it is not there.
    ///
    /// Most changes are inside the body. A statement that names a column writes every index that has it anew, also when
    /// the value is the same, so the columns are named only when one differs.
    pub fn update(&self, session: &Session) -> Result<(), Error> {
        let row = Row::of(self.connection, session)?;
        let statement = "UPDATE sessions SET version = version + 1, body = $9
                         WHERE id = $1 AND token IS NOT DISTINCT FROM $2 AND tx IS NOT DISTINCT FROM $3
                               AND account IS NOT DISTINCT FROM $4 AND state = $5 AND created_at = $6
                               AND expires_at = $7 AND purge_at = $8";
        match row.save(self.connection, statement) {
            Err(Error::Missing { .. }) => row.save(
                self.connection,
                "UPDATE sessions SET token = $2, tx = $3, account = $4, state = $5, created_at = $6,
                        expires_at = $7, purge_at = $8, version = version + 1, body = $9
                 WHERE id = $1",
            ),
            saved => saved,
        }
    }

    /// The session with this id.
    pub fn find(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let query = "SELECT body FROM sessions WHERE id = $1";
        body::find_known(self.connection, TABLE, query, [id.to_string()])
    }

    /// The session with this id; [`Error::Missing`] when it is not there.
    pub fn get(&self, id: SessionId) -> Result<Session, Error> {
        self.find(id)?.ok_or(Error::Missing { table: TABLE })
    }

    /// The session whose links carry this token.
    pub fn find_by_token(&self, token: &SessionToken) -> Result<Option<Session>, Error> {
        let query = "SELECT body FROM sessions WHERE token = $1";
        body::find_known(self.connection, TABLE, query, [token.as_str()])
    }

    /// The session that a device calls by this name.
    pub fn find_by_tx(&self, tx: &TransactionId) -> Result<Option<Session>, Error> {
        let query = "SELECT body FROM sessions WHERE tx = $1";
        body::find_known(self.connection, TABLE, query, [tx.as_str()])
    }

    /// The newest, in whatever state.
    pub fn newest(&self, limit: usize) -> Result<Vec<Session>, Error> {
        let query = "SELECT body FROM sessions ORDER BY created_at DESC, id LIMIT $1";
        body::list(self.connection, TABLE, query, [body::limit(limit)])
    }

    /// What waits for the person behind this account, oldest first.
    pub fn pending_for(&self, account: &DocumentNumber, now: Timestamp) -> Result<Vec<Session>, Error> {
        let query = "SELECT body FROM sessions WHERE account = $1 AND state = 'ADDRESSED' AND expires_at > $2
                     ORDER BY created_at, id";
        body::list_known(self.connection, TABLE, query, params![account.as_str(), body::millis(now)])
    }

    /// Sessions whose time is over and which were not told so yet, the longest overdue first.
    pub fn overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Session>, Error> {
        let query = "SELECT body FROM sessions WHERE state IN ('OFFERED', 'ADDRESSED') AND expires_at <= $1
                     ORDER BY expires_at LIMIT $2";
        body::list(self.connection, TABLE, query, params![body::millis(now), body::limit(limit)])
    }

    /// Deletes sessions that nobody may ask for any more; says how many.
    pub(crate) fn purge(&self, now: Timestamp, limit: usize) -> Result<usize, Error> {
        let statement = "DELETE FROM sessions WHERE id IN
                         (SELECT id FROM sessions WHERE purge_at <= $1 ORDER BY purge_at LIMIT $2)";
        Ok(body::prepare(self.connection, statement)?
            .execute(params![body::millis(now), body::limit(limit)])?)
    }
}

/// A session as its columns, in the order of the statements.
struct Row<'a> {
    session: &'a Session,
    id: String,
    state: &'static str,
    body: String,
}

impl<'a> Row<'a> {
    fn of(connection: &Database, session: &'a Session) -> Result<Self, Error> {
        let state = match session.state() {
            State::Offered => "OFFERED",
            State::Addressed { .. } => "ADDRESSED",
            State::Complete { .. } => "COMPLETE",
        };
        Ok(Self {
            session,
            id: session.id().to_string(),
            state,
            body: body::write_known(connection, TABLE, session)?,
        })
    }

    fn save(&self, connection: &Database, statement: &'static str) -> Result<(), Error> {
        let session = self.session;
        let addressed = session.addressed();
        let row = params![
            self.id,
            session.token().map(SessionToken::as_str),
            addressed.map(|to| to.transaction.as_str()),
            addressed.map(|to| to.account.as_str()),
            self.state,
            body::millis(session.created_at()),
            body::millis(session.expires_at()),
            body::millis(session.purge_at()),
            self.body,
        ];
        body::change(connection, TABLE, statement, row)
    }
}
