//! What counts of an identification: all that the status has to know of it, wherever it is kept.

use countersign_wire::registration::{AssuranceLevel, PerJurisdiction};
use jiff::civil::Date;

use super::evidence::Evidence;
use super::means::Means;
use super::validity::Validity;

/// Evidence that is bound to a means, and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// The means of the identification.
    pub bound: Means,
    /// What it granted.
    pub granted: PerJurisdiction<Option<AssuranceLevel>>,
    /// Until when.
    pub validity: Validity,
    /// Terms were accepted with another means.
    pub lowered: bool,
}

impl Counting {
    /// Whether its days are not over.
    pub fn in_force(&self, today: Date) -> bool {
        today <= self.validity.advanced_until
    }
}

impl Evidence {
    /// What counts of it; nothing while it waits for a means, and after its end.
    pub fn counting(&self) -> Option<Counting> {
        Some(Counting {
            bound: self.bound_to()?.clone(),
            granted: *self.granted(),
            validity: self.validity(),
            lowered: self.is_lowered(),
        })
    }
}
