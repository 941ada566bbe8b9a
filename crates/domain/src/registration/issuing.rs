//! Which certificate the evidence allows, and when one that was issued has to go.

use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::registration::{AssuranceLevel, EvidenceId, Jurisdiction};
use countersign_wire::words::CertificateLevel;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::evidence::{EndReason, Evidence, EvidenceState};
use super::means::Means;
use super::validity::effective;
use crate::account::Holder;
use crate::revocation::RevocationReason;

/// Why no certificate may be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuingRefusal {
    /// The evidence is another person's.
    #[error("the evidence is another person's")]
    OtherPerson,
    /// The names differ from those of the document. Not even an accent may.
    #[error("the names are not those of the identity document")]
    OtherNames,
    /// The evidence has ended, or its five years are over.
    #[error("the evidence is not in force")]
    NotInForce,
    /// The evidence grants less, or today no longer grants it.
    #[error("the evidence does not grant this level")]
    LevelTooHigh,
}

/// An account whose certificates were issued on recorded evidence: it goes when the evidence does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandsOn {
    /// The account.
    pub account: DocumentNumber,
    /// The evidence that it stands on now.
    pub evidence: EvidenceId,
    /// When it has to be looked at again though nothing happens.
    pub look_at: Timestamp,
}

/// The last moment of a day: what is valid until that day ends then.
pub fn last_moment(day: Date) -> Timestamp {
    let next = day.saturating_add(1.day()).to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp());
    // The calendar itself ends on the last day that has no next one.
    next.map_or(Timestamp::MAX, |midnight| midnight - SignedDuration::from_secs(1))
}

/// Until which day a certificate of this level may be valid that is issued today for the person's `means`; none while it
/// is not enrolled yet.
///
/// A qualified certificate takes level 4 under the law of the issuing authority (`jurisdiction`), an advanced one level 3.
/// Evidence that waits for its means grants what it says. Evidence that is bound to another means grants level 3 at most:
/// who enrols a new phone without being identified anew gets no qualified certificate.
pub fn permitted(
    evidence: &Evidence,
    person: &SemanticsIdentifier,
    holder: &Holder,
    means: Option<&Means>,
    level: CertificateLevel,
    jurisdiction: Jurisdiction,
    today: Date,
) -> Result<Date, IssuingRefusal> {
    if evidence.person() != person {
        return Err(IssuingRefusal::OtherPerson);
    }
    if (&evidence.holder().given_name, &evidence.holder().surname) != (&holder.given_name, &holder.surname) {
        return Err(IssuingRefusal::OtherNames);
    }
    if !evidence.in_force(today) && !evidence.is_waiting(today) {
        return Err(IssuingRefusal::NotInForce);
    }
    let other_means = evidence.bound_to().is_some_and(|bound| Some(bound) != means);
    let weakened = other_means || evidence.is_lowered();
    let granted = effective(*evidence.granted().get(jurisdiction), evidence.validity(), today, weakened);
    let needed = match level {
        CertificateLevel::Qualified => AssuranceLevel::Qualified,
        CertificateLevel::Advanced => AssuranceLevel::Advanced,
    };
    if granted < Some(needed) {
        Err(IssuingRefusal::LevelTooHigh)
    } else {
        Ok(carries_until(evidence, level))
    }
}

/// The last day on which the evidence carries a certificate of this level, as long as it does not end before.
pub fn carries_until(evidence: &Evidence, level: CertificateLevel) -> Date {
    match level {
        CertificateLevel::Qualified => evidence.validity().qualified_until,
        CertificateLevel::Advanced => evidence.validity().advanced_until,
    }
}

/// Why a certificate of this level, issued for `means` on this evidence, has to be revoked today; nothing while it may
/// stay. `newer` is the evidence that took the place of this one, if there is one.
pub fn revocation_due(
    evidence: &Evidence,
    newer: Option<&Evidence>,
    means: &Means,
    level: CertificateLevel,
    today: Date,
) -> Option<RevocationReason> {
    match evidence.state() {
        EvidenceState::Recorded | EvidenceState::Bound(_) => {
            (today > carries_until(evidence, level)).then_some(RevocationReason::PrivilegeWithdrawn)
        }
        EvidenceState::Ended { reason: EndReason::Superseded, .. } => match newer {
            // The same phone, identified anew: what it holds may stay as long as the new evidence lets it.
            Some(newer) if newer.bound_to() == Some(means) => {
                revocation_due(newer, None, means, level, today)
            }
            Some(_) | None => Some(RevocationReason::Superseded),
        },
        EvidenceState::Ended { reason: EndReason::Wrong, .. } => Some(RevocationReason::PrivilegeWithdrawn),
        EvidenceState::Ended { reason: EndReason::Withdrawn, .. } => {
            Some(RevocationReason::CessationOfOperation)
        }
    }
}

#[cfg(test)]
mod tests {
    use CertificateLevel::{Advanced, Qualified};
    use countersign_wire::registration::PerJurisdiction;
    use jiff::civil::date;

    use super::*;
    use crate::registration::evidence::{Identification, sample};
    use crate::registration::means::MeansKind;
    use crate::registration::validity::IdentificationMethod;
    use crate::world;

    const TODAY: Date = date(2026, 6, 1);

    fn asked(
        evidence: &Evidence,
        serial: &str,
        level: CertificateLevel,
        today: Date,
    ) -> Result<Date, IssuingRefusal> {
        let means = sample::means(MeansKind::App, serial);
        permitted(
            evidence,
            evidence.person(),
            evidence.holder(),
            Some(&means),
            level,
            Jurisdiction::Eidas,
            today,
        )
    }

    #[test]
    fn a_certificate_does_not_outlast_its_evidence() {
        let evidence = sample::recorded();
        assert_eq!(asked(&evidence, "phone-1", Qualified, TODAY), Ok(date(2029, 1, 31)));
        assert_eq!(asked(&evidence, "phone-1", Advanced, TODAY), Ok(date(2031, 6, 1)));
        assert_eq!(asked(&evidence, "phone-1", Qualified, date(2029, 1, 31)), Ok(date(2029, 1, 31)));
        assert_eq!(
            asked(&evidence, "phone-1", Qualified, date(2029, 2, 1)),
            Err(IssuingRefusal::LevelTooHigh)
        );
        assert_eq!(asked(&evidence, "phone-1", Advanced, date(2031, 6, 2)), Err(IssuingRefusal::NotInForce));
    }

    #[test]
    fn a_day_ends_with_its_last_second() {
        let end: Timestamp = "2029-01-31T23:59:59Z".parse().unwrap();
        assert_eq!(last_moment(date(2029, 1, 31)), end);
        assert!(last_moment(Date::MAX) > end);
    }

    #[test]
    fn a_new_phone_without_a_new_identification_gets_no_qualified_certificate() {
        let evidence = sample::bound(MeansKind::App, "phone-1");
        assert!(asked(&evidence, "phone-1", Qualified, TODAY).is_ok());
        assert_eq!(asked(&evidence, "phone-2", Qualified, TODAY), Err(IssuingRefusal::LevelTooHigh));
        assert!(asked(&evidence, "phone-2", Advanced, TODAY).is_ok());
        let (person, holder) = (evidence.person(), evidence.holder());
        let coming = permitted(&evidence, person, holder, None, Qualified, Jurisdiction::Eidas, TODAY);
        assert_eq!(coming, Err(IssuingRefusal::LevelTooHigh), "a phone that is still to come is another one");
        let (lowered, _) = evidence.lower(sample::NOW);
        assert_eq!(asked(&lowered, "phone-1", Qualified, TODAY), Err(IssuingRefusal::LevelTooHigh));
    }

    #[test]
    fn the_law_of_the_authority_counts() {
        let video = Identification {
            method: IdentificationMethod::Video,
            granted: PerJurisdiction {
                zertes: Some(AssuranceLevel::Advanced),
                eidas: Some(AssuranceLevel::Qualified),
            },
            ..sample::identification()
        };
        let (evidence, _) = Evidence::record(video, sample::NOW, &mut world::rng(1)).unwrap();
        let means = sample::means(MeansKind::App, "phone-1");
        let under = |law| {
            permitted(&evidence, evidence.person(), evidence.holder(), Some(&means), Qualified, law, TODAY)
        };
        assert!(under(Jurisdiction::Eidas).is_ok());
        assert_eq!(under(Jurisdiction::Zertes), Err(IssuingRefusal::LevelTooHigh));
    }

    #[test]
    fn names_must_be_those_of_the_document() {
        let evidence = sample::recorded();
        let means = sample::means(MeansKind::App, "phone-1");
        let as_whom = |person: &str, given: &str, surname: &str| {
            let person = SemanticsIdentifier::parse(person).unwrap();
            let holder = Holder::new(given, surname, None).unwrap();
            permitted(&evidence, &person, &holder, Some(&means), Qualified, Jurisdiction::Eidas, TODAY)
        };
        assert!(as_whom("PNOEE-40504040001", "MARI-LIIS", "MÄNNIK").is_ok());
        assert_eq!(as_whom("PNOEE-40504040001", "MARI-LIIS", "MANNIK"), Err(IssuingRefusal::OtherNames));
        assert_eq!(as_whom("PNOEE-40504040001", "MARI LIIS", "MÄNNIK"), Err(IssuingRefusal::OtherNames));
        assert_eq!(as_whom("PNOEE-30303039914", "MARI-LIIS", "MÄNNIK"), Err(IssuingRefusal::OtherPerson));
    }

    #[test]
    fn certificates_go_when_their_evidence_does() {
        let evidence = sample::bound(MeansKind::App, "phone-1");
        let means = sample::means(MeansKind::App, "phone-1");
        let due = |evidence: &Evidence, newer: Option<&Evidence>, level, today| {
            revocation_due(evidence, newer, &means, level, today)
        };
        assert_eq!(due(&evidence, None, Qualified, date(2029, 1, 31)), None);
        let withdrawn = Some(RevocationReason::PrivilegeWithdrawn);
        assert_eq!(due(&evidence, None, Qualified, date(2029, 2, 1)), withdrawn);
        assert_eq!(due(&evidence, None, Advanced, date(2029, 2, 1)), None);
        assert_eq!(due(&evidence, None, Advanced, date(2031, 6, 2)), withdrawn);
        for (reason, expected) in [
            (EndReason::Wrong, RevocationReason::PrivilegeWithdrawn),
            (EndReason::Withdrawn, RevocationReason::CessationOfOperation),
            (EndReason::Superseded, RevocationReason::Superseded),
        ] {
            let (ended, _) = evidence.clone().end(reason, sample::NOW).unwrap();
            assert_eq!(due(&ended, None, Qualified, TODAY), Some(expected));
            assert_eq!(due(&ended, None, Advanced, TODAY), Some(expected));
        }
        let (ended, _) = evidence.end(EndReason::Superseded, sample::NOW).unwrap();
        let same = sample::bound(MeansKind::App, "phone-1");
        let other = sample::bound(MeansKind::App, "phone-2");
        assert_eq!(due(&ended, Some(&same), Qualified, TODAY), None, "the same phone, identified anew");
        assert_eq!(due(&ended, Some(&same), Qualified, date(2029, 2, 1)), withdrawn);
        assert_eq!(due(&ended, Some(&other), Qualified, TODAY), Some(RevocationReason::Superseded));
    }
}
