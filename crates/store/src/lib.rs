//! Everything that is kept: one SQLite database, one writer, events beside the state.
//!
//! A command of the server opens one named transaction, loads what its rule needs, saves what the rule gave back
//! together with the rule's events, and hears of the result only when it is on disk:
//!
//! ```
//! use countersign_store::{Error, Location, Store};
//!
//! let store = Store::open(Location::Memory)?;
//! let number = store.write_blocking("number a CRL", |tx| tx.counters().next("crl"))?;
//! assert_eq!(number, 1);
//! # Ok::<(), Error>(())
//! ```
//!
//! Nothing here decides anything: rules live in `countersign-domain`. What is refused here: SQL from outside, writing
//! while reading, a file of a newer release.

mod accounts;
mod activations;
mod authority;
mod body;
mod certificates;
mod counters;
mod database;
mod desk;
mod error;
mod events;
mod known;
mod means;
mod readers;
mod registrant;
mod registration;
mod repeated;
mod schema;
mod sessions;
mod signing_containers;
mod trail;
mod tx;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use accounts::{Accounts, Devices, Keys};
pub use activations::Activations;
pub use authority::{Ceremony, IssuingCas};
pub use certificates::{Certificates, Listing};
pub use counters::Counters;
pub use desk::{Erasures, Identifications, PartnerResults, Proposals};
pub use error::Error;
pub use events::{Events, Recorded};
pub use means::{Grounds, Passwords};
pub use registrant::{SessionExchanges, TokenDenials};
pub use registration::{Codes, EvidenceTable, TermsTables};
pub use repeated::Idempotency;
pub use sessions::Sessions;
pub use signing_containers::{Kept, SigningContainers, SigningRow};
pub use trail::{Broken, Compared, Trail, TrailFilter};
pub use tx::{Swept, Tx};
pub use writer::{Grouping, Written};

use database::Database;
use known::Known;
use readers::Readers;
use writer::{Alone, Job, Reply, Writer};

/// Where the data are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Nowhere: gone with the last handle.
    Memory,
    /// In this file and its `-wal` and `-shm` companions; made when missing.
    File(PathBuf),
}

/// How a store is run. `Options::default()` is right unless measured otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Reading threads on a file; at least one. In memory there are none.
    pub readers: usize,
    /// How much one commit may gather.
    pub grouping: Grouping,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, grouping: Grouping::default() }
    }
}

/// A handle to the database. Clones share it; it is closed with the last one.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

/// Who runs the closures.
enum Engine {
    /// Whoever comes, one after another.
    Memory(Alone),
    /// Threads. Readers end first, so that the writer's connection is the last and folds the log into the file.
    File { readers: Readers, writer: Writer },
}

/// How long a statement waits for another program on the same file.
const BUSY: Duration = Duration::from_secs(5);

impl Store {
    /// Opens or makes the database and brings it to this release's schema.
    pub fn open(location: Location) -> Result<Self, Error> {
        Self::open_with(location, &Options::default())
    }

    /// [`Store::open`] with options of one's own.
    pub fn open_with(location: Location, options: &Options) -> Result<Self, Error> {
        let known = Arc::new(Known::default());
        let database = |connection| Database::new(connection, Arc::clone(&known));
        let engine = match location {
            Location::Memory => {
                let connection = open_writing(Path::new(":memory:"), Connection::open_in_memory())?;
                Engine::Memory(Alone::new(database(connection)))
            }
            Location::File(path) => {
                let writing = database(open_writing(&path, Connection::open(&path))?);
                let reading = (0..options.readers.max(1))
                    .map(|_| open_reading(&path).map(database))
                    .collect::<Result<_, _>>()?;
                let readers = Readers::start(reading)?;
                Engine::File { readers, writer: Writer::start(writing, options.grouping)? }
            }
        };
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Runs `work` where it may write. `Ok` comes back only when everything it wrote is durable; after `Err` or a
    /// panic nothing of it is there. `name` appears in errors and logs.
    ///
    /// `work` must be short and may run together with others in one commit. Dropping the future once it was polled
    /// does not undo anything.
    pub async fn write<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.start_writing(name, work)?.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Runs `work` on one consistent view of the database. Writing inside fails.
    pub async fn read<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.start_reading(name, work)?.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// [`Store::write`] for programs and tests without a runtime. Panics inside an asynchronous task.
    pub fn write_blocking<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.start_writing(name, work)?.blocking_recv().unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// [`Store::read`] for programs and tests without a runtime. Panics inside an asynchronous task.
    pub fn read_blocking<T, E, F>(&self, name: &'static str, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.start_reading(name, work)?.blocking_recv().unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// What the writer has done, and what it has before it: for metrics.
    pub fn written(&self) -> Written {
        match &*self.engine {
            Engine::Memory(alone) => alone.written(),
            Engine::File { writer, .. } => writer.written(),
        }
    }

    fn start_writing<T, E, F>(&self, name: &'static str, work: F) -> Result<Reply<T, E>, Error>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (job, reply) = Job::new(name, false, work);
        match &*self.engine {
            Engine::Memory(alone) => alone.write(job),
            Engine::File { writer, .. } => writer.send(job)?,
        }
        Ok(reply)
    }

    /// Goes up with every commit that changed the status of a certificate, before anybody hears of that commit. What was
    /// read after a look at this number is true as long as the number stays: that is how answers about statuses may be
    /// kept in memory.
    pub fn status_version(&self) -> u64 {
        match &*self.engine {
            Engine::Memory(alone) => alone.status_version(),
            Engine::File { writer, .. } => writer.status_version(),
        }
    }

    fn start_reading<T, E, F>(&self, name: &'static str, work: F) -> Result<Reply<T, E>, Error>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (job, reply) = Job::new(name, true, work);
        match &*self.engine {
            Engine::Memory(alone) => alone.read(job),
            Engine::File { readers, .. } => readers.send(job)?,
        }
        Ok(reply)
    }
}

fn open_writing(path: &Path, opened: rusqlite::Result<Connection>) -> Result<Connection, Error> {
    let cannot = |source| Error::Open { path: path.to_owned(), source: Arc::new(source) };
    let mut connection = opened.map_err(cannot)?;
    connection.busy_timeout(BUSY).map_err(cannot)?;
    // FULL: a commit is on disk when it returns, also when the machine (not only the program) stops right after.
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // After a burst the log shrinks again to this many octets.
        ("journal_size_limit", "67108864"),
    ] {
        connection
            .pragma_update_and_check(None, pragma, value, |_| Ok(()))
            .or_else(no_rows)
            .map_err(cannot)?;
    }
    keep_statements(&connection).map_err(cannot)?;
    schema::migrate(&mut connection)?;
    Ok(connection)
}

fn open_reading(path: &Path) -> Result<Connection, Error> {
    let cannot = |source| Error::Open { path: path.to_owned(), source: Arc::new(source) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(cannot)?;
    connection.busy_timeout(BUSY).map_err(cannot)?;
    keep_statements(&connection).map_err(cannot)?;
    Ok(connection)
}

/// Prepares each statement once, and keeps it whatever values come: by itself, SQLite plans some of them anew for every value.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Some pragmas answer with their new value, others with nothing.
fn no_rows(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}
