//! The one answer per number: the decision table (registration 4.2), and the levels that follow.

use countersign_wire::registration::{AssuranceLevel, PerJurisdiction, SigningStatus};
use jiff::civil::Date;

use super::counting::Counting;
use super::means::{Lookup, Means, MeansKind, MeansLookups};
use super::validity::effective;

/// The status. `bound` is the means that the evidence in force is bound to. Numbers are the rows of the table, of which
/// the first that fits counts.
pub fn signing_status(bound: Lookup<&Means>, means: &MeansLookups) -> SigningStatus {
    let bound = match bound {
        // 1
        Lookup::Failed => return SigningStatus::NotAbleToRetrieve,
        Lookup::Absent => {
            return match (&means.app, &means.sas) {
                // 2
                (Lookup::Absent, Lookup::Absent) => SigningStatus::NotRaMidSas,
                // 3
                _ => SigningStatus::NotRegisteredAtAll,
            };
        }
        Lookup::Found(bound) => bound,
    };
    match (bound.kind, &means.app, &means.sas) {
        // 4
        (_, Lookup::Failed, _) | (MeansKind::Sas, Lookup::Absent, Lookup::Failed) => {
            SigningStatus::NotAbleToRetrieve
        }
        // 5, 6
        (MeansKind::App, Lookup::Found(serial), _) => {
            if *serial == bound.serial {
                SigningStatus::Mid
            } else {
                SigningStatus::MismatchMid
            }
        }
        // 7
        (MeansKind::App, Lookup::Absent, _) => SigningStatus::Mismatch,
        // 8: the app goes first, so the serial of the identification can no longer be produced.
        (MeansKind::Sas, Lookup::Found(_), _) => SigningStatus::MismatchSasButMid,
        // 9, 10
        (MeansKind::Sas, Lookup::Absent, Lookup::Found(serial)) => {
            if *serial == bound.serial {
                SigningStatus::Sas
            } else {
                SigningStatus::MismatchSasChangeSn
            }
        }
        // 11
        (MeansKind::Sas, Lookup::Absent, Lookup::Absent) => SigningStatus::Mismatch,
    }
}

/// How a person stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether the means fits.
    pub status: SigningStatus,
    /// The levels; nothing where there is none, or where it could not be learnt.
    pub levels: PerJurisdiction<Option<AssuranceLevel>>,
    /// The last day of level 4, while there is one.
    pub qualified_until: Option<Date>,
    /// There is no evidence in force; that was answered.
    pub not_found: bool,
}

/// How a person stands today. `evidence` is what counts for their number, also when its days are over.
pub fn standing(evidence: Lookup<&Counting>, means: &MeansLookups, today: Date) -> Standing {
    let evidence = match evidence {
        Lookup::Found(evidence) if evidence.in_force(today) => Lookup::Found(evidence),
        Lookup::Found(_) | Lookup::Absent => Lookup::Absent,
        Lookup::Failed => Lookup::Failed,
    };
    let bound = match evidence {
        Lookup::Found(evidence) => Lookup::Found(&evidence.bound),
        Lookup::Absent => Lookup::Absent,
        Lookup::Failed => Lookup::Failed,
    };
    let status = signing_status(bound, means);
    let known = evidence.found().filter(|_| status != SigningStatus::NotAbleToRetrieve);
    let levels = PerJurisdiction::of(|jurisdiction| {
        let evidence = known?;
        let weakened = status.is_mismatch() || evidence.lowered;
        effective(*evidence.granted.get(jurisdiction), evidence.validity, today, weakened)
    });
    let qualified = levels.iter().any(|(_, level)| *level == Some(AssuranceLevel::Qualified));
    Standing {
        status,
        levels,
        qualified_until: known.filter(|_| qualified).map(|evidence| evidence.validity.qualified_until),
        not_found: evidence == Lookup::Absent,
    }
}

#[cfg(test)]
mod tests {
    use SigningStatus::{
        Mid, Mismatch, MismatchMid, MismatchSasButMid, MismatchSasChangeSn, NotAbleToRetrieve, NotRaMidSas,
        NotRegisteredAtAll, Sas,
    };
    use countersign_wire::registration::MeansSerial;
    use jiff::civil::date;

    use super::*;
    use crate::registration::evidence::sample;
    use crate::registration::evidence::{EndReason, EvidenceState};

    fn serial(text: &str) -> MeansSerial {
        MeansSerial::parse(text).unwrap()
    }

    fn bound(kind: MeansKind) -> Means {
        Means { kind, serial: serial("bound") }
    }

    /// Failed, absent, the serial of the binding, another serial.
    fn lookups() -> [Lookup<MeansSerial>; 4] {
        [Lookup::Failed, Lookup::Absent, Lookup::Found(serial("bound")), Lookup::Found(serial("Bound"))]
    }

    /// Every input there is, against the table of the reference written out by hand.
    #[test]
    fn the_decision_table() {
        let (app, sas) = (bound(MeansKind::App), bound(MeansKind::Sas));
        // One line per state of the app, in the order of `lookups`; in it, one entry per state of password and code.
        let table: [(Lookup<&Means>, [[SigningStatus; 4]; 4]); 4] = [
            (Lookup::Failed, [[NotAbleToRetrieve; 4]; 4]),
            (
                Lookup::Absent,
                [
                    [NotRegisteredAtAll; 4],
                    [NotRegisteredAtAll, NotRaMidSas, NotRegisteredAtAll, NotRegisteredAtAll],
                    [NotRegisteredAtAll; 4],
                    [NotRegisteredAtAll; 4],
                ],
            ),
            (Lookup::Found(&app), [[NotAbleToRetrieve; 4], [Mismatch; 4], [Mid; 4], [MismatchMid; 4]]),
            (
                Lookup::Found(&sas),
                [
                    [NotAbleToRetrieve; 4],
                    [NotAbleToRetrieve, Mismatch, Sas, MismatchSasChangeSn],
                    [MismatchSasButMid; 4],
                    [MismatchSasButMid; 4],
                ],
            ),
        ];
        let mut seen = std::collections::BTreeSet::new();
        for (evidence, lines) in table {
            for (app, line) in lookups().into_iter().zip(lines) {
                for (sas, expected) in lookups().into_iter().zip(line) {
                    let means = MeansLookups { app: app.clone(), sas };
                    assert_eq!(signing_status(evidence, &means), expected, "{evidence:?} {means:?}");
                    seen.insert(expected);
                }
            }
        }
        assert_eq!(seen.len(), SigningStatus::ALL.len(), "every status can come");
    }

    /// Whatever fails, nobody who may be registered is called unregistered (register, row 5, and the rule behind it).
    #[test]
    fn a_failed_lookup_never_says_not_registered() {
        let today = date(2026, 6, 1);
        for kind in [MeansKind::App, MeansKind::Sas] {
            let evidence = sample::bound(kind, "bound").counting().unwrap();
            for app in lookups() {
                for sas in lookups() {
                    let means = MeansLookups { app: app.clone(), sas };
                    for found in [Lookup::Found(&evidence), Lookup::Failed] {
                        let standing = standing(found, &means, today);
                        assert!(!standing.not_found, "{means:?}");
                        assert!(!matches!(standing.status, NotRaMidSas | NotRegisteredAtAll), "{means:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn levels_follow_from_status_and_days() {
        let evidence = sample::bound(MeansKind::App, "bound").counting().unwrap();
        let until = evidence.validity;
        let one = |app: &Lookup<MeansSerial>, today| {
            standing(Lookup::Found(&evidence), &MeansLookups { app: app.clone(), sas: Lookup::Absent }, today)
        };
        let [failed, absent, same, other] = lookups();
        let levels = |level: Option<AssuranceLevel>| PerJurisdiction { zertes: level, eidas: level };
        let (three, four) = (Some(AssuranceLevel::Advanced), Some(AssuranceLevel::Qualified));

        let good = one(&same, until.qualified_until);
        assert_eq!((good.status, good.levels), (Mid, levels(four)));
        assert_eq!(good.qualified_until, Some(until.qualified_until));
        let after = one(&same, until.qualified_until.tomorrow().unwrap());
        assert_eq!((after.status, after.levels, after.qualified_until), (Mid, levels(three), None));
        let gone = one(&same, until.advanced_until.tomorrow().unwrap());
        assert_eq!((gone.status, gone.levels, gone.not_found), (NotRegisteredAtAll, levels(None), true));
        for mismatch in [&absent, &other] {
            let found = one(mismatch, date(2026, 6, 1));
            assert!(found.status.is_mismatch());
            assert_eq!((found.levels, found.qualified_until, found.not_found), (levels(three), None, false));
        }
        let unknown = one(&failed, date(2026, 6, 1));
        assert_eq!(
            (unknown.status, unknown.levels, unknown.not_found),
            (NotAbleToRetrieve, levels(None), false)
        );
    }

    #[test]
    fn evidence_that_has_ended_is_none() {
        let evidence = sample::bound(MeansKind::App, "bound");
        let now = sample::NOW;
        let (revoked, _) = evidence.clone().end(EndReason::Withdrawn, now).unwrap();
        let unbound = sample::recorded();
        assert!(matches!(unbound.state(), EvidenceState::Recorded));
        let means = MeansLookups { app: Lookup::Found(serial("bound")), sas: Lookup::Absent };
        for ended in [&revoked, &unbound] {
            let counts = ended.counting();
            assert_eq!(counts, None);
            let found = standing(Lookup::from(counts.as_ref()), &means, date(2026, 6, 1));
            assert_eq!((found.status, found.not_found), (NotRegisteredAtAll, true));
        }
        let none = MeansLookups { app: Lookup::Absent, sas: Lookup::Absent };
        assert_eq!(standing(Lookup::Absent, &none, date(2026, 6, 1)).status, NotRaMidSas);
    }
}
