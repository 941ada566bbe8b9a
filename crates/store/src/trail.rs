//! The audit trail as auditors read it: searched, sealed, compared with its seals.

use aws_lc_rs::digest::{Context, SHA256};
use countersign_wire::admin::audit::EventSeal;
use countersign_wire::admin::ca::hex;
use countersign_wire::admin::chain::{BrokenLog, continues};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::body;
use crate::database::Database;
use crate::error::Error;
use crate::events::{Events, Recorded};

/// The trail and its seals.
pub struct Trail<'a> {
    pub(crate) connection: &'a Database,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// What this operator did.
    pub operator: Option<String>,
    /// Acts of this word.
    pub act: Option<String>,
    /// On this word.
    pub reference: Option<String>,
    /// To this subject.
    pub subject: Option<String>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Before then.
    pub until: Option<Timestamp>,
    /// Before this number.
    pub before: Option<u64>,
}

/// What came of comparing events with their seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The last seal that was looked at.
    pub seal: Option<EventSeal>,
    /// Whether there are more.
    pub more: bool,
    /// What is not as it was.
    pub broken: Option<Broken>,
}

/// What is not as it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The seals themselves.
    #[error("the seals: {0}")]
    Seals(#[from] BrokenLog),
    /// Events below a seal.
    #[error("events {first} to {last} are not those that were sealed")]
    Events {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
}

impl Trail<'_> {
    /// Events, newest first.
    pub fn page(&self, filter: &TrailFilter, limit: usize) -> Result<Vec<Recorded>, Error> {
        // Acts of operators are few among all events: whoever asks for them gets them by their own index.
        let query = if filter.operator.is_some() || filter.act.is_some() || filter.reference.is_some() {
            "SELECT events.seq, events.at, events.body FROM operator_acts JOIN events ON events.seq = operator_acts.seq
             WHERE ($1 IS NULL OR operator = $1) AND ($2 IS NULL OR act = $2) AND ($3 IS NULL OR reference = $3)
               AND ($4 IS NULL OR events.subject = $4) AND ($5 IS NULL OR events.at >= $5)
               AND ($6 IS NULL OR events.at < $6) AND ($7 IS NULL OR events.seq < $7)
             ORDER BY events.seq DESC LIMIT $8"
        } else {
            "SELECT seq, at, body FROM events
             WHERE ($1 IS NULL AND $2 IS NULL AND $3 IS NULL) AND ($4 IS NULL OR subject = $4)
               AND ($5 IS NULL OR at >= $5) AND ($6 IS NULL OR at < $6) AND ($7 IS NULL OR seq < $7)
             ORDER BY seq DESC LIMIT $8"
        };
        let row = params![
            filter.operator,
            filter.act,
            filter.reference,
            filter.subject,
            filter.from.map(body::millis),
            filter.until.map(body::millis),
            filter.before.map(|before| i64::try_from(before).unwrap_or(i64::MAX)),
            body::limit(limit),
        ];
        Events { connection: self.connection }.list(query, row)
    }

    /// Every event whose text holds this. Looks at all of them: for what is asked once in a while.
    pub fn naming(&self, text: &str) -> Result<Vec<Recorded>, Error> {
        let query = "SELECT seq, at, body FROM events WHERE instr(body, $1) > 0 ORDER BY seq";
        Events { connection: self.connection }.list(query, [text])
    }

    /// Seals the events that came since the last seal, at most `limit`; none when there are none. Whether it did.
    pub fn seal(&self, now: Timestamp, limit: usize) -> Result<bool, Error> {
        let before = self.last_seal()?;
        let first = before.as_ref().map_or(1, |before| before.last + 1);
        let (count, content) = self.content(first, limit)?;
        if count == 0 {
            return Ok(false);
        }
        let seal = EventSeal::after(before.as_ref(), first + count - 1, content, now);
        let row = params![i64::try_from(seal.last).unwrap_or(i64::MAX), body::write(SEALS, &seal)?];
        let statement = "INSERT INTO event_seals (seq, body) VALUES ($1, $2)";
        body::change(self.connection, SEALS, statement, row)?;
        Ok(true)
    }

    /// When the oldest event came that is not sealed, and how many there are.
    pub fn unsealed(&self) -> Result<Option<(Timestamp, u64)>, Error> {
        let sealed = self.last_seal()?.map_or(0, |seal| seal.last);
        let query = "SELECT at FROM events WHERE seq = $1";
        let next = i64::try_from(sealed + 1).unwrap_or(i64::MAX);
        let at: Option<i64> =
            body::prepare(self.connection, query)?.query_row([next], |row| row.get(0)).optional()?;
        let Some(at) = at else { return Ok(None) };
        // Numbers have no gaps, so that nothing need be counted.
        let last = Events { connection: self.connection }.last()?.unsigned_abs();
        Ok(Some((Timestamp::from_millisecond(at).unwrap_or(Timestamp::MIN), last.saturating_sub(sealed))))
    }

    /// Compares events with their seals, from the seal that ends with event `after` on, at most `limit` seals.
    pub fn compare(&self, after: u64, limit: usize) -> Result<Compared, Error> {
        let mut before = self.seal_ending(after)?;
        let query = "SELECT body FROM event_seals WHERE seq > $1 ORDER BY seq LIMIT $2";
        let row = params![i64::try_from(after).unwrap_or(i64::MAX), body::limit(limit + 1)];
        let mut seals: Vec<EventSeal> = body::list(self.connection, SEALS, query, row)?;
        let more = seals.len() > limit;
        seals.truncate(limit);
        for seal in seals {
            let broken = match continues(before.as_ref(), &seal) {
                Err(broken) => Some(broken.into()),
                Ok(()) => {
                    let wanted = seal.last - seal.first + 1;
                    let rows = usize::try_from(wanted).unwrap_or(usize::MAX);
                    let found = self.content(seal.first, rows)?;
                    let same = found == (wanted, seal.content.clone());
                    (!same).then_some(Broken::Events { first: seal.first, last: seal.last })
                }
            };
            if broken.is_some() {
                return Ok(Compared { seal: before, more: false, broken });
            }
            before = Some(seal);
        }
        Ok(Compared { seal: before, more, broken: None })
    }

    fn last_seal(&self) -> Result<Option<EventSeal>, Error> {
        body::find(self.connection, SEALS, "SELECT body FROM event_seals ORDER BY seq DESC LIMIT 1", [])
    }

    fn seal_ending(&self, last: u64) -> Result<Option<EventSeal>, Error> {
        let query = "SELECT body FROM event_seals WHERE seq = $1";
        body::find(self.connection, SEALS, query, [i64::try_from(last).unwrap_or(i64::MAX)])
    }

    /// How many events there are from `first` on without a gap, at most `limit`, and the hash over them.
    fn content(&self, first: u64, limit: usize) -> Result<(u64, String), Error> {
        let query = "SELECT seq, at, kind, subject, body FROM events WHERE seq >= $1 ORDER BY seq LIMIT $2";
        let mut statement = body::prepare(self.connection, query)?;
        let mut rows =
            statement.query(params![i64::try_from(first).unwrap_or(i64::MAX), body::limit(limit)])?;
        let (mut count, mut hash) = (0, Context::new(&SHA256));
        while let Some(row) = rows.next()? {
            let (seq, at): (i64, i64) = (row.get(0)?, row.get(1)?);
            if seq.unsigned_abs() != first + count {
                break;
            }
            hash.update(format!("{seq}\n{at}\n").as_bytes());
            for column in 2..5 {
                hash.update(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?.as_bytes());
                hash.update(b"\n");
            }
            count += 1;
        }
        Ok((count, hex(hash.finish().as_ref())))
    }

    /// Notes who did what, beside the event that says so.
    pub(crate) fn index(
        &self,
        seq: i64,
        at: Timestamp,
        event: &countersign_domain::Event,
    ) -> Result<(), Error> {
        let Some(acted) = event.acted() else { return Ok(()) };
        let statement = "INSERT INTO operator_acts (seq, at, operator, act, subject, reference)
                         VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![seq, body::millis(at), acted.operator, acted.act, event.subject(), acted.reference];
        body::change(self.connection, "operator_acts", statement, row)
    }
}

const SEALS: &str = "event_seals";
