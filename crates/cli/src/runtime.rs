//! Threads.

use tokio::runtime::{Builder, Runtime};

use crate::error::Error;

/// A runtime for commands that wait for one thing at a time.
pub(crate) fn small() -> Result<Runtime, Error> {
    Builder::new_current_thread().enable_all().build().map_err(Error::Start)
}
