//! The one thread that writes.
//!
//! Closures queue; the thread takes what is there, runs each in its own savepoint of one SQLite transaction,
//! commits with `synchronous=FULL`, and only then tells everyone. So a result is on disk before anyone hears of it,
//! and writers that compete share one `fsync`. A lone writer waits for nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::tx::Tx;

/// How much one commit may gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping {
    /// Closures in one commit.
    pub closures: usize,
    /// Work in one commit, after which no further closure is taken.
    pub work: Duration,
}

impl Default for Grouping {
    fn default() -> Self {
        Self { closures: 256, work: Duration::from_millis(5) }
    }
}

/// Jobs that may wait before senders are held back.
const QUEUE: usize = 8192;

/// What became of the group that a closure was part of.
pub(crate) enum Fate {
    Committed,
    Lost(Error),
}

/// Tells the caller, once the fate of the group is known.
type Tell = Box<dyn FnOnce(Fate) + Send>;

/// The outcome of running one closure: keep or undo its savepoint, and whom to tell.
pub(crate) struct Ran {
    keep: bool,
    tell: Tell,
}

/// A closure with its types removed.
pub(crate) struct Job {
    name: &'static str,
    reads_only: bool,
    run: Box<dyn FnOnce(&Tx<'_>) -> Ran + Send>,
}

/// What a finished closure is sent back as.
pub(crate) type Reply<T, E> = oneshot::Receiver<Result<T, E>>;

impl Job {
    /// Wraps `work`: its answer is held back until [`Fate`] is known, a panic becomes [`Error::Panicked`].
    pub(crate) fn new<T, E, F>(name: &'static str, reads_only: bool, work: F) -> (Self, Reply<T, E>)
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let run = move |tx: &Tx<'_>| {
            // The savepoint is undone after a panic and `work` is gone, so nothing half-made is seen again.
            let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)));
            let outcome = outcome.unwrap_or_else(|_| Err(E::from(Error::Panicked { name })));
            Ran {
                keep: outcome.is_ok(),
                tell: Box::new(move |fate| {
                    let told = match (outcome, fate) {
                        (Ok(value), Fate::Committed) => Ok(value),
                        (Ok(_), Fate::Lost(error)) => Err(E::from(error)),
                        (Err(error), Fate::Committed | Fate::Lost(_)) => Err(error),
                    };
                    // A caller that has gone away does not undo what it asked for.
                    drop(sender.send(told));
                }),
            }
        };
        (Self { name, reads_only, run: Box::new(run) }, receiver)
    }

    /// Runs a reading closure on a connection of its own.
    pub(crate) fn run_alone(self, connection: &Connection) {
        let begun = connection.prepare_cached("BEGIN DEFERRED").and_then(|mut begin| begin.execute([]));
        let ran = (self.run)(&Tx::new(connection));
        let ended = connection.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([]));
        (ran.tell)(match begun.and(ended) {
            Ok(_) => Fate::Committed,
            Err(source) => Fate::Lost(source.into()),
        });
    }
}

/// The writing thread and the way to it.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection, grouping: Grouping) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel(QUEUE);
        let name = "store-writer";
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&connection, &receiver, grouping))
            .map_err(|error| Error::Thread { name: name.to_owned(), reason: error.to_string() })?;
        Ok(Self { jobs: Some(sender), thread: Some(thread) })
    }

    pub(crate) fn send(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(job).map_err(|_| Error::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        join(self.thread.take());
    }
}

/// Waits for a thread, unless it is the one that asks: a closure may hold the last handle of the store.
pub(crate) fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread
        && thread.thread().id() != std::thread::current().id()
        && thread.join().is_err()
    {
        tracing::error!("a thread of the store ended with a panic");
    }
}

fn serve(connection: &Connection, jobs: &Receiver<Job>, grouping: Grouping) {
    while let Ok(first) = jobs.recv() {
        let mut told = Vec::new();
        let fate = group(connection, first, jobs, grouping, &mut told);
        for (name, tell) in told {
            tell(match &fate {
                Ok(()) => Fate::Committed,
                Err(Lost::Statement(source)) => {
                    Fate::Lost(Error::NotCommitted { name, source: Arc::clone(source) })
                }
                Err(Lost::Abandoned) => Fate::Lost(Error::GroupAbandoned { name }),
            });
        }
    }
}

/// Why nothing of a group happened.
enum Lost {
    Statement(Arc<rusqlite::Error>),
    Abandoned,
}

impl From<rusqlite::Error> for Lost {
    fn from(source: rusqlite::Error) -> Self {
        Self::Statement(Arc::new(source))
    }
}

/// Runs one group and commits it. Every closure that was taken is in `told`, whatever happens.
fn group(
    connection: &Connection,
    first: Job,
    jobs: &Receiver<Job>,
    grouping: Grouping,
    told: &mut Vec<(&'static str, Tell)>,
) -> Result<(), Lost> {
    if let Err(source) = execute(connection, "BEGIN IMMEDIATE") {
        let lost = Arc::new(source);
        let ran = refused(first, &lost);
        told.push(ran);
        return Err(Lost::Statement(lost));
    }
    let since = Instant::now();
    let mut next = Some(first);
    let mut count = 0;
    while let Some(job) = next {
        let name = job.name;
        let result = run(connection, job, told);
        if connection.is_autocommit() {
            // Disk full, I/O error and the like make SQLite roll back everything by itself.
            tracing::error!(transaction = name, "the database gave up a group of transactions");
            return Err(match result {
                Ok(()) => Lost::Abandoned,
                Err(source) => source.into(),
            });
        }
        if let Err(source) = result {
            undo_all(connection);
            return Err(source.into());
        }
        count += 1;
        next = if count < grouping.closures && since.elapsed() < grouping.work {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    if let Err(source) = execute(connection, "COMMIT") {
        undo_all(connection);
        return Err(source.into());
    }
    Ok(())
}

/// Runs one closure in its savepoint. An error is the savepoint's, not the closure's.
fn run(connection: &Connection, job: Job, told: &mut Vec<(&'static str, Tell)>) -> rusqlite::Result<()> {
    let Job { name, reads_only, run } = job;
    let begun =
        if reads_only { query_only(connection, true) } else { execute(connection, "SAVEPOINT closure") };
    let ran = run(&Tx::new(connection));
    told.push((name, ran.tell));
    begun?;
    if reads_only {
        return query_only(connection, false);
    }
    if !ran.keep && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO closure")?;
    }
    if connection.is_autocommit() { Ok(()) } else { execute(connection, "RELEASE closure") }
}

/// A job of a group that could not even begin: the caller is told without its closure having run.
fn refused(job: Job, source: &Arc<rusqlite::Error>) -> (&'static str, Tell) {
    tracing::error!(transaction = job.name, error = %source, "the database refuses to begin a transaction");
    // Dropping the closure drops the sender; the receiving side reads that as a closed store.
    let name = job.name;
    drop(job);
    (name, Box::new(|_| ()))
}

fn undo_all(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "the database refuses to roll back");
    }
}

fn execute(connection: &Connection, statement: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

/// In memory there is one connection only, so reading closures run here; they must not write either.
fn query_only(connection: &Connection, on: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "query_only", on)
}
