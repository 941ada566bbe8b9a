//! What is kept of somebody who wants to be forgotten, and until when.
//!
//! Whoever issues certificates has to be able to show for years on whose identity it did so (ETSI EN 319 411-1 clause
//! 6.4.6: seven years after the certificate has ceased to be valid). Data that a law asks to be kept are not erased on
//! request [Regulation (EU) 2016/679 article 17(3)(b)]; everything else is.

use countersign_wire::id::SemanticsIdentifier;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::registration::day;
use crate::revocation::IssuedCertificate;

/// The ground, as answers name it.
pub const GROUND: &str = "ETSI EN 319 411-1 clause 6.4.6; Regulation (EU) 2016/679 article 17(3)(b)";

/// What is left of somebody has to go then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// Who.
    pub person: SemanticsIdentifier,
    /// When.
    pub due: Timestamp,
    /// Since when they want it.
    pub asked_at: Timestamp,
}

/// The last day on which the records behind these certificates have to be kept; none when there are no certificates.
/// `years`: how long after the last one ends.
pub fn kept_until(certificates: &[IssuedCertificate], years: u16) -> Option<Date> {
    let last = certificates.iter().map(|certificate| certificate.not_after).max()?;
    Some(day(last).saturating_add(i64::from(years).years()))
}

/// The moment after a day.
pub fn after(last: Date) -> Timestamp {
    let next = last.saturating_add(1.day());
    next.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::revocation::CertificateStatus;

    fn certificate(not_after: &str) -> IssuedCertificate {
        IssuedCertificate {
            issuer: "eid-q".into(),
            serial: vec![1],
            account: None,
            der: Vec::new(),
            not_after: not_after.parse().unwrap(),
            status: CertificateStatus::Good,
        }
    }

    #[test]
    fn records_are_kept_after_the_last_certificate() {
        assert_eq!(kept_until(&[], 7), None);
        let two = [certificate("2029-01-31T23:59:59Z"), certificate("2028-02-29T12:00:00Z")];
        assert_eq!(kept_until(&two, 7), Some(date(2036, 1, 31)));
        assert_eq!(kept_until(&two[1..], 7), Some(date(2035, 2, 28)));
        assert_eq!(kept_until(&two, 0), Some(date(2029, 1, 31)));
        assert_eq!(after(date(2036, 1, 31)), "2036-02-01T00:00:00Z".parse().unwrap());
    }
}
