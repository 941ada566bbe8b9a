//! Logs in which each entry holds the hash of the one before, so that none can be changed or left out without changing all
//! that follow.

use aws_lc_rs::digest::{SHA256, digest};

use super::ca::hex;

/// What `previous` is in the first entry.
pub const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry of such a log.
pub trait Link {
    /// The first number that it covers.
    fn first(&self) -> u64;
    /// The last; that of an entry which is about itself alone is its first.
    fn last(&self) -> u64;
    /// The hash of the entry before, in hexadecimal.
    fn previous(&self) -> &str;
    /// Its own hash, as it says.
    fn hash(&self) -> &str;
    /// The text that its hash covers.
    fn covered(&self) -> String;

    /// Its own hash, computed.
    fn computed(&self) -> String {
        hex(digest(&SHA256, self.covered().as_bytes()).as_ref())
    }
}

/// Why a log is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenLog {
    /// An entry is missing, or is not where it belongs.
    #[error("expected entry {expected}, found {found}")]
    Gap {
        /// The number that comes next.
        expected: u64,
        /// The number that is there.
        found: u64,
    },
    /// An entry does not have the hash that it says.
    #[error("entry {seq} was changed: its hash is another")]
    Changed {
        /// Which.
        seq: u64,
    },
    /// An entry does not continue the one before.
    #[error("entry {seq} does not continue the one before it")]
    Unlinked {
        /// Which.
        seq: u64,
    },
}

/// Whether one entry continues the one before: none before the first.
pub fn continues<L: Link>(before: Option<&L>, entry: &L) -> Result<(), BrokenLog> {
    let expected = before.map_or(1, |before| before.last() + 1);
    let seq = entry.first();
    if seq != expected {
        return Err(BrokenLog::Gap { expected, found: seq });
    }
    if entry.hash() != entry.computed() {
        return Err(BrokenLog::Changed { seq });
    }
    if entry.previous() != before.map_or(NOTHING, Link::hash) {
        return Err(BrokenLog::Unlinked { seq });
    }
    Ok(())
}

/// Whether the entries, from the first on, are whole and unchanged. What was cut off at the end cannot be seen: keep the
/// last hash elsewhere.
pub fn check<L: Link>(entries: &[L]) -> Result<(), BrokenLog> {
    let mut before = None;
    for entry in entries {
        continues(before, entry)?;
        before = Some(entry);
    }
    Ok(())
}
