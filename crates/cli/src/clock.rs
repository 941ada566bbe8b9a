//! The one reading of the wall clock in this program's own commands; everything below takes the time as a value.

use jiff::Timestamp;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "the clock of the command line")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
