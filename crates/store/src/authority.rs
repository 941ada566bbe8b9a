//! The authority's own tables: issuing CAs that took over, and the ceremony log.

use countersign_domain::authority::IssuingCa;
use countersign_wire::admin::ca::CeremonyEntry;
use rusqlite::params;

use crate::body;
use crate::database::Database;
use crate::error::Error;

/// The table of issuing CAs that were made by rollovers.
pub struct IssuingCas<'a> {
    pub(crate) connection: &'a Database,
}

impl IssuingCas<'_> {
    /// A new CA. [`Error::Duplicate`] when its name is taken.
    pub fn insert(&self, ca: &IssuingCa) -> Result<(), Error> {
        let statement = "INSERT INTO issuing_cas (seq, name, body)
                         SELECT COALESCE(MAX(seq), 0) + 1, $1, $2 FROM issuing_cas";
        let row = params![ca.name, body::write("issuing_cas", ca)?];
        body::change(self.connection, "issuing_cas", statement, row)
    }

    /// All of them, oldest first.
    pub fn all(&self) -> Result<Vec<IssuingCa>, Error> {
        body::list(self.connection, "issuing_cas", "SELECT body FROM issuing_cas ORDER BY seq", [])
    }
}

/// The table of what operators did to the authority. Rows are added, never changed or deleted; the database refuses both.
pub struct Ceremony<'a> {
    pub(crate) connection: &'a Database,
}

impl Ceremony<'_> {
    /// The newest entry.
    pub fn last(&self) -> Result<Option<CeremonyEntry>, Error> {
        body::find(self.connection, "ceremony", "SELECT body FROM ceremony ORDER BY seq DESC LIMIT 1", [])
    }

    /// Adds the entry after [`last`](Self::last). [`Error::Duplicate`] when its number is taken.
    pub fn append(&self, entry: &CeremonyEntry) -> Result<(), Error> {
        let row = params![i64::try_from(entry.seq).unwrap_or(i64::MAX), body::write("ceremony", entry)?];
        body::change(self.connection, "ceremony", "INSERT INTO ceremony (seq, body) VALUES ($1, $2)", row)
    }

    /// What came after a number, in order.
    pub fn after(&self, seq: u64, limit: usize) -> Result<Vec<CeremonyEntry>, Error> {
        let row = params![i64::try_from(seq).unwrap_or(i64::MAX), body::limit(limit)];
        let query = "SELECT body FROM ceremony WHERE seq > $1 ORDER BY seq LIMIT $2";
        body::list(self.connection, "ceremony", query, row)
    }
}
