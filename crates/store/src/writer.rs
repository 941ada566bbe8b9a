//! The one writer.
//!
//! On a file it is a thread. Closures queue; the thread takes what is there, runs them in one SQLite transaction, each in a
//! savepoint of its own once there is something before it, commits with `synchronous=FULL`, and only then tells everyone. So a
//! result is on disk before anyone hears of it, and writers that compete share one `fsync`. A lone writer waits for nobody.
//!
//! In memory there is no disk to wait for, so nothing is gained by gathering: whoever comes runs its closure itself,
//! one after another, and is spared two changes of thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::database::Database;
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

/// What the writing thread has done since it started, and what it has before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Commits, each of which made one group durable.
    pub commits: u64,
    /// Closures that were run, kept or undone.
    pub closures: u64,
    /// Closures that wait.
    pub waiting: u64,
}

/// Counts for [`Written`]. They are looked at by people, so they need not agree with each other to the last one.
#[derive(Default)]
struct Tally {
    commits: AtomicU64,
    closures: AtomicU64,
    sent: AtomicU64,
    /// Commits that changed the status of a certificate. Raised before anybody hears of such a commit.
    statuses: AtomicU64,
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

/// The outcome of running one closure: keep or undo what it did, and whom to tell.
pub(crate) struct Ran {
    keep: bool,
    tell: Tell,
}

/// A closure with its types removed.
pub(crate) struct Job {
    name: &'static str,
    run: Box<Run>,
}

/// Runs the closure in a transaction, or passes on why there is none.
type Run = dyn FnOnce(Result<&Tx<'_>, Error>) -> Ran + Send;

/// What a finished closure is sent back as.
pub(crate) type Reply<T, E> = oneshot::Receiver<Result<T, E>>;

impl Job {
    /// Wraps `work`: its answer is held back until [`Fate`] is known, a panic becomes [`Error::Panicked`], and writing
    /// where only reading was announced becomes [`Error::WroteWhileReading`].
    pub(crate) fn new<T, E, F>(name: &'static str, reads_only: bool, work: F) -> (Self, Reply<T, E>)
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let run = move |tx: Result<&Tx<'_>, Error>| {
            // What it did is undone after a panic and `work` is gone, so nothing half-made is seen again.
            let outcome = tx.map_err(E::from).and_then(|tx| {
                let before = tx.rows_changed();
                let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)))
                    .unwrap_or_else(|_| Err(E::from(Error::Panicked { name })));
                if reads_only && tx.rows_changed() != before {
                    return Err(E::from(Error::WroteWhileReading { name }));
                }
                outcome
            });
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
        (Self { name, run: Box::new(run) }, receiver)
    }

    /// Runs a reading closure on a connection where nothing else runs.
    pub(crate) fn run_alone(self, connection: &Database) {
        let tx = Tx::new(connection);
        let begun = execute(connection, "BEGIN DEFERRED").map_err(Error::from);
        let ran = (self.run)(begun.map(|()| &tx));
        // Nothing was written, so there is nothing to lose.
        undo_all(connection);
        (ran.tell)(Fate::Committed);
    }
}

/// The writing thread and the way to it.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    tally: Arc<Tally>,
}

impl Writer {
    pub(crate) fn start(connection: Database, grouping: Grouping) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel(QUEUE);
        let name = "store-writer";
        let tally = Arc::new(Tally::default());
        let of_thread = Arc::clone(&tally);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(&connection, &receiver, grouping, &of_thread))
            .map_err(|error| Error::Thread { name: name.to_owned(), reason: error.to_string() })?;
        Ok(Self { jobs: Some(sender), thread: Some(thread), tally })
    }

    pub(crate) fn send(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        self.tally.sent.fetch_add(1, Relaxed);
        jobs.send(job).map_err(|_| Error::Closed)
    }

    pub(crate) fn status_version(&self) -> u64 {
        self.tally.status_version()
    }

    pub(crate) fn written(&self) -> Written {
        self.tally.written()
    }
}

/// The writer of a database in memory: nobody's thread.
pub(crate) struct Alone {
    connection: Mutex<Database>,
    tally: Tally,
}

impl Alone {
    pub(crate) fn new(connection: Database) -> Self {
        Self { connection: Mutex::new(connection), tally: Tally::default() }
    }

    /// Runs a closure that may write, and commits.
    pub(crate) fn write(&self, job: Job) {
        self.tally.sent.fetch_add(1, Relaxed);
        // Panics of closures are caught inside, so a poisoned lock still guards a sound connection.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        write_group(&connection, job, || None, Grouping::default(), &self.tally);
    }

    /// Runs a closure that only reads.
    pub(crate) fn read(&self, job: Job) {
        job.run_alone(&self.connection.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn status_version(&self) -> u64 {
        self.tally.status_version()
    }

    pub(crate) fn written(&self) -> Written {
        self.tally.written()
    }
}

impl Tally {
    fn status_version(&self) -> u64 {
        self.statuses.load(Acquire)
    }

    fn written(&self) -> Written {
        let (commits, closures) = (self.commits.load(Relaxed), self.closures.load(Relaxed));
        Written { commits, closures, waiting: self.sent.load(Relaxed).saturating_sub(closures) }
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

fn serve(connection: &Database, jobs: &Receiver<Job>, grouping: Grouping, tally: &Tally) {
    while let Ok(first) = jobs.recv() {
        write_group(connection, first, || jobs.try_recv().ok(), grouping, tally);
    }
}

/// Runs one group, commits it and tells everybody what became of it.
fn write_group(
    connection: &Database,
    first: Job,
    next: impl FnMut() -> Option<Job>,
    grouping: Grouping,
    tally: &Tally,
) {
    let (mut told, mut statuses) = (Vec::new(), false);
    let fate = group(connection, first, next, grouping, &mut told, &mut statuses);
    if statuses {
        tally.statuses.fetch_add(1, Release);
    }
    tally.commits.fetch_add(u64::from(fate.is_ok()), Relaxed);
    tally.closures.fetch_add(told.len() as u64, Relaxed);
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

/// Runs one group and commits it. Every closure that was taken is in `told`, whatever happens; `statuses` says whether
/// one of them changed the status of a certificate.
fn group(
    connection: &Database,
    first: Job,
    mut more: impl FnMut() -> Option<Job>,
    grouping: Grouping,
    told: &mut Vec<(&'static str, Tell)>,
    statuses: &mut bool,
) -> Result<(), Lost> {
    if let Err(source) = execute(connection, "BEGIN IMMEDIATE") {
        let (name, source) = (first.name, Arc::new(source));
        let ran = (first.run)(Err(Error::NotCommitted { name, source: Arc::clone(&source) }));
        told.push((name, ran.tell));
        return Err(Lost::Statement(source));
    }
    let since = Instant::now();
    let mut next = Some(first);
    let (mut count, mut before) = (0, Before::Nothing);
    while let Some(job) = next {
        let name = job.name;
        let result = run(connection, job, &mut before, told, statuses);
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
        next = if count < grouping.closures && since.elapsed() < grouping.work { more() } else { None };
    }
    if let Err(source) = execute(connection, "COMMIT") {
        undo_all(connection);
        return Err(source.into());
    }
    Ok(())
}

/// What the transaction holds that a closure which fails must not undo.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Then the whole transaction can be undone: a savepoint copies every page that is written a second time.
    Nothing,
    Kept,
}

/// Runs one closure. An error is the transaction's, not the closure's.
fn run(
    connection: &Database,
    job: Job,
    before: &mut Before,
    told: &mut Vec<(&'static str, Tell)>,
    statuses: &mut bool,
) -> rusqlite::Result<()> {
    let Job { name, run } = job;
    let begun = match before {
        Before::Nothing => Ok(()),
        Before::Kept => execute(connection, "SAVEPOINT closure"),
    };
    let tx = Tx::new(connection);
    let ran = run(begun.as_ref().map(|()| &tx).map_err(|_| Error::GroupAbandoned { name }));
    *statuses |= tx.changed_statuses();
    told.push((name, ran.tell));
    begun?;
    if connection.is_autocommit() {
        // SQLite has given up the whole transaction under the closure; the caller looks.
        return Ok(());
    }
    match (*before, ran.keep) {
        (Before::Nothing, true) => *before = Before::Kept,
        (Before::Nothing, false) => {
            execute(connection, "ROLLBACK")?;
            execute(connection, "BEGIN IMMEDIATE")?;
        }
        (Before::Kept, true) => execute(connection, "RELEASE closure")?,
        (Before::Kept, false) => {
            execute(connection, "ROLLBACK TO closure")?;
            execute(connection, "RELEASE closure")?;
        }
    }
    Ok(())
}

fn undo_all(connection: &Database) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "the database refuses to roll back");
    }
}

fn execute(connection: &Database, statement: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
