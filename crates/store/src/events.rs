//! The audit trail, which is the outbox as well.

use countersign_domain::Event;
use jiff::Timestamp;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;
use crate::trail::Trail;

const TABLE: &str = "events";

/// The table of events. Rows are added, never changed or deleted.
pub struct Events<'a> {
    pub(crate) connection: &'a Database,
}

/// An event with its place in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: 1 for the first, then without gaps.
    pub seq: i64,
    /// When it happened, to the millisecond.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

impl Events<'_> {
    /// Adds what happened, in the same transaction as the state that it explains; gives its number.
    pub fn append(&self, event: &Event, now: Timestamp) -> Result<i64, Error> {
        let seq = self.last()? + 1;
        self.append_as(seq, event, now)?;
        Ok(seq)
    }

    /// Adds what happened, in order.
    pub fn append_all(&self, events: &[Event], now: Timestamp) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        let next = self.last()? + 1;
        (next..).zip(events).try_for_each(|(seq, event)| self.append_as(seq, event, now))
    }

    /// One writer at a time, and nothing is deleted: numbers that follow the last have no gaps and are visible in order.
    fn append_as(&self, seq: i64, event: &Event, now: Timestamp) -> Result<(), Error> {
        let row = params![seq, body::millis(now), event.kind(), event.subject(), body::write(TABLE, event)?];
        let statement = "INSERT INTO events (seq, at, kind, subject, body) VALUES ($1, $2, $3, $4, $5)";
        body::change(self.connection, TABLE, statement, row)?;
        Trail { connection: self.connection }.index(seq, now, event)
    }

    /// What came after a number, in order.
    pub fn after(&self, seq: i64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let query = "SELECT seq, at, body FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
        self.list(query, params![seq, body::limit(limit)])
    }

    /// What happened to one thing (see [`Event::subject`]), in order.
    pub fn of_subject(&self, subject: &str) -> Result<Vec<Recorded>, Error> {
        self.list("SELECT seq, at, body FROM events WHERE subject = $1 ORDER BY seq", [subject])
    }

    /// The number of the newest event; 0 when there is none.
    pub fn last(&self) -> Result<i64, Error> {
        let query = "SELECT COALESCE(MAX(seq), 0) FROM events";
        Ok(body::prepare(self.connection, query)?.query_row([], |row| row.get(0))?)
    }

    pub(crate) fn list(
        &self,
        query: &'static str,
        parameters: impl rusqlite::Params,
    ) -> Result<Vec<Recorded>, Error> {
        let mut statement = body::prepare(self.connection, query)?;
        let mut rows = statement.query(parameters)?;
        let mut recorded = Vec::new();
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(1)?;
            let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            recorded.push(Recorded {
                seq: row.get(0)?,
                // A time outside the calendar was not written here.
                at: Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN),
                event: body::read(TABLE, text)?,
            });
        }
        Ok(recorded)
    }
}
