//! What a counted request is answered with.
//!
//! The answer is stored beside the token it hands out, and sent again when it was lost on its way. So it is data
//! here and becomes HTTP in one place, for the first time as for every later one.

use countersign_wire::device::{CallbackTask, Sealed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The outcome of a counted request, with the token that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What came of it.
    pub result: Answered,
    /// The next token, sealed to the device.
    pub token: Sealed,
}

/// What came of a counted request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answered", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum Answered {
    /// The transaction is confirmed: state `DONE`.
    Confirmed {
        /// Where the device returns to, after a same-device flow.
        callback: Option<CallbackTask>,
    },
    /// The PIN was right, but the transaction was over when that became known: `TX_EXPIRED` or `TX_CANCELLED`.
    TooLate {
        /// Whether it had run out, rather than been ended.
        expired: bool,
    },
    /// The new key works: state `ACTIVE`.
    KeyProven,
    /// The new key does not work and is gone: the device makes another.
    KeyDiscarded,
    /// The PIN was right; nothing was signed.
    PinRight,
    /// The new PIN is noted: state `PENDING`.
    PinChangeProposed,
    /// The new PIN counts from now on: state `ACTIVE`.
    PinChanged,
    /// `WRONG_PIN`.
    WrongPin {
        /// Tries left before a lock.
        tries_left: u8,
    },
    /// `LOCKED`: that was the last try for now.
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
    /// `BLOCKED`: that was the last try.
    Blocked,
}
