//! `[crl]`: revocation lists.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[crl]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Crl {
    /// Hours from a list to its nextUpdate.
    pub life_hours: u32,
    /// Hours after which there is a new list even if nothing was revoked. What is left until nextUpdate is the time in which
    /// a failure can be mended.
    pub renewed_hours: u32,
    /// A directory into which each new list is written as `NAME.crl`, for web servers that publish it elsewhere.
    pub directory: Option<PathBuf>,
}

impl Default for Crl {
    fn default() -> Self {
        Self { life_hours: 24, renewed_hours: 12, directory: None }
    }
}

impl Crl {
    pub(super) fn life(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.life_hours))
    }

    pub(super) fn renewed_after(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.renewed_hours))
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if !(1..=8_784).contains(&self.life_hours) {
            found.push(Mend::new("crl.life_hours", "is out of range", "give 1 to 8784 hours"));
        }
        if self.renewed_hours == 0 || self.renewed_hours >= self.life_hours {
            found.push(Mend::new(
                "crl.renewed_hours",
                "lists would not overlap",
                "give at least 1, and less than life_hours",
            ));
        }
        if let Some(directory) = &self.directory
            && !directory.is_dir()
        {
            found.push(Mend::new(
                "crl.directory",
                format!("{} is no directory", directory.display()),
                "make it, and let the service write into it",
            ));
        }
    }
}
