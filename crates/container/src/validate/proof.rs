//! Proofs of existence (EN 319 102-1 §5.6.2.3): what is known to be how old.
//!
//! Everything exists now. A sound time-stamp proves that what it covers existed at its time: the signature
//! value for a signature time-stamp; for an archive time-stamp also everything that was added before it.

use jiff::Timestamp;

/// What is known to be how old.
#[derive(Debug, Clone)]
pub(super) struct Proofs {
    now: Timestamp,
    signature: Option<Timestamp>,
    /// Archive time-stamps: position and time.
    archive: Vec<(u32, Timestamp)>,
}

impl Proofs {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, signature: None, archive: Vec::new() }
    }

    /// A time-stamp covers the signature value.
    pub(super) fn add_signature(&mut self, time: Timestamp) {
        self.signature = Some(self.signature.map_or(time, |known| known.min(time)));
    }

    /// A time-stamp covers the signature, and what was added at positions before its own.
    pub(super) fn add_archive(&mut self, position: u32, time: Timestamp) {
        self.add_signature(time);
        self.archive.push((position, time));
    }

    /// When the signature is proven to have existed, if anything proves it: the best signature time.
    pub(super) fn signature(&self) -> Option<Timestamp> {
        self.signature
    }

    /// When what stands at this position is known to have existed; now at the latest.
    pub(super) fn of(&self, position: u32) -> Timestamp {
        let covering = self.archive.iter().filter(|(at, _)| *at > position).map(|(_, time)| *time);
        covering.min().unwrap_or(self.now).min(self.now)
    }

    /// Whether an archive time-stamp covers everything at this position.
    pub(super) fn is_archived(&self, position: u32) -> bool {
        self.archive.iter().any(|(at, _)| *at > position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stamp_proves_what_stands_before_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, early, late) =
            (at("2026-11-22T12:00:00Z"), at("2020-01-01T00:00:00Z"), at("2023-01-01T00:00:00Z"));
        let mut proofs = Proofs::new(now);
        assert_eq!((proofs.signature(), proofs.of(0)), (None, now));
        proofs.add_archive(5, late);
        assert_eq!((proofs.of(4), proofs.of(5)), (late, now));
        assert_eq!(proofs.signature(), Some(late));
        proofs.add_signature(early);
        assert_eq!(proofs.signature(), Some(early));
        assert_eq!(proofs.of(4), late, "a signature time-stamp covers the value only");
        assert!(proofs.is_archived(4) && !proofs.is_archived(5));
    }
}
