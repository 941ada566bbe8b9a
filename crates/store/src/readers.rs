//! Threads that only read, each with its own connection, on a database file.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::database::Database;
use crate::error::Error;
use crate::writer::{Job, join};

/// Jobs that may wait before senders are held back.
const QUEUE: usize = 8192;

/// The reading threads and the way to them.
pub(crate) struct Readers {
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// One thread per connection.
    pub(crate) fn start(connections: Vec<Database>) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel::<Job>(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::with_capacity(connections.len());
        for (number, connection) in connections.into_iter().enumerate() {
            let receiver = Arc::clone(&receiver);
            let name = format!("store-reader-{number}");
            let thread = std::thread::Builder::new()
                .name(name.clone())
                .spawn(move || {
                    while let Some(job) = next(&receiver) {
                        job.run_alone(&connection);
                    }
                })
                .map_err(|error| Error::Thread { name, reason: error.to_string() })?;
            threads.push(thread);
        }
        Ok(Self { jobs: Some(sender), threads })
    }

    pub(crate) fn send(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(job).map_err(|_| Error::Closed)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            join(Some(thread));
        }
    }
}

/// The next job; whoever holds the lock waits for it on behalf of all.
fn next(receiver: &Mutex<Receiver<Job>>) -> Option<Job> {
    // Closures run outside the lock, so a poisoned lock still guards a sound receiver.
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
