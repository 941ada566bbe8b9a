//! What the registration desk does for people, beyond what people do for themselves.

pub mod erasure;
mod event;
mod identification;
mod proposal;
mod refusal;
mod right;

use std::fmt;

use countersign_wire::words;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use countersign_wire::admin::right::{Act, Role};
pub use erasure::Erasure;
pub use event::DeskEvent;
pub use identification::{CaseEnd, IdentificationCase};
pub use proposal::{Asked, Proposal, ProposalState};
pub use refusal::Refusal;
pub use right::{RIGHTS, Right};

words! {
    /// What an operator does with an account.
    pub enum OperatorAct {
        /// Hands out an activation code.
        IssueActivation = "issue-activation",
        /// Makes a code worthless.
        WithdrawActivation = "withdraw-activation",
        /// Ends an account.
        RevokeAccount = "revoke-account",
        /// Opens the lock of a key after the person has proven who they are.
        UnlockKey = "unlock-key",
    }
}

/// Where the proof of a person's identity is kept: a reference into the operator's own files, such as a case number.
/// 1 to 64 letters, digits and `.` `_` `:` `/` `-`; never a name or a personal number, since the trail is kept for ever.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence(String);

impl Evidence {
    /// The longest, in characters.
    pub const MAX: usize = 64;

    /// Reads a reference. `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'/' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({:?})", self.0)
    }
}

impl Serialize for Evidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Evidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("expected a reference of 1 to 64 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_and_plain() {
        for right in ["A", "case/2026-11:17_b.2", &"x".repeat(64)] {
            assert_eq!(Evidence::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", " ", "a b", "õ", "a\n", "<b>", &"x".repeat(65)] {
            assert!(Evidence::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
