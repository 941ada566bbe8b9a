//! Until when an identification grants which level (registration 3).

use countersign_wire::registration::{AssuranceLevel, PerJurisdiction};
use countersign_wire::words;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Years for which an identification counts at all.
const YEARS: i64 = 5;

words! {
    /// How somebody was identified, after the use cases of ETSI TS 119 461, clause 9.2.
    pub enum IdentificationMethod {
        /// Face to face (9.2.1).
        InPerson = "in-person",
        /// By video, with an agent (9.2.2).
        Video = "video",
        /// By camera, without an agent (9.2.3).
        Automatic = "automatic",
        /// With an electronic identity card or the like (9.2.4).
        ElectronicId = "electronic-id",
        /// By a qualified signature that they made (9.2.5).
        Signature = "signature",
        /// By a bank that had identified them.
        Bank = "bank",
    }
}

impl IdentificationMethod {
    /// The highest level that the method can grant. Video and what is like it reaches the qualified level in the European
    /// Union alone.
    pub const fn ceiling(self) -> PerJurisdiction<AssuranceLevel> {
        use AssuranceLevel::{Advanced, Qualified};
        match self {
            Self::InPerson | Self::ElectronicId | Self::Signature => {
                PerJurisdiction { zertes: Qualified, eidas: Qualified }
            }
            Self::Video | Self::Bank => PerJurisdiction { zertes: Advanced, eidas: Qualified },
            Self::Automatic => PerJurisdiction { zertes: Advanced, eidas: Advanced },
        }
    }
}

/// The last days of an identification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// Of level 3: five years after the identification, whatever becomes of the document.
    pub advanced_until: Date,
    /// Of level 4: that day, or the last of the document or of the method, whichever comes first.
    pub qualified_until: Date,
}

impl Validity {
    /// The validity of an identification on this day. 29 February counts as 28 February five years on.
    pub fn new(identified_on: Date, document_expires_on: Option<Date>, method_limit: Option<Date>) -> Self {
        let advanced_until = identified_on.saturating_add(YEARS.years());
        let limits = [document_expires_on, method_limit];
        let qualified_until = limits.into_iter().flatten().fold(advanced_until, Date::min);
        Self { advanced_until, qualified_until }
    }
}

/// The level in one jurisdiction today. `weakened`: the means is not the one of the identification any more, or terms were
/// accepted with another one.
pub fn effective(
    granted: Option<AssuranceLevel>,
    validity: Validity,
    today: Date,
    weakened: bool,
) -> Option<AssuranceLevel> {
    let granted = granted?;
    if today > validity.advanced_until {
        return None;
    }
    let lowered = weakened || today > validity.qualified_until;
    Some(if lowered { granted.min(AssuranceLevel::Advanced) } else { granted })
}

#[cfg(test)]
mod tests {
    use AssuranceLevel::{Advanced, Qualified};
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_days_are_computed() {
        let identified = date(2026, 6, 1);
        for (document, method, advanced, qualified) in [
            (None, None, date(2031, 6, 1), date(2031, 6, 1)),
            (Some(date(2029, 1, 31)), None, date(2031, 6, 1), date(2029, 1, 31)),
            (Some(date(2035, 1, 1)), None, date(2031, 6, 1), date(2031, 6, 1)),
            (Some(date(2031, 6, 1)), None, date(2031, 6, 1), date(2031, 6, 1)),
            (None, Some(date(2028, 6, 1)), date(2031, 6, 1), date(2028, 6, 1)),
            (Some(date(2027, 1, 1)), Some(date(2028, 6, 1)), date(2031, 6, 1), date(2027, 1, 1)),
            (Some(date(2030, 1, 1)), Some(date(2028, 6, 1)), date(2031, 6, 1), date(2028, 6, 1)),
        ] {
            let found = Validity::new(identified, document, method);
            assert_eq!((found.advanced_until, found.qualified_until), (advanced, qualified));
        }
    }

    #[test]
    fn leap_days_and_the_end_of_the_calendar() {
        assert_eq!(Validity::new(date(2024, 2, 29), None, None).advanced_until, date(2029, 2, 28));
        assert_eq!(Validity::new(date(2023, 2, 28), None, None).advanced_until, date(2028, 2, 28));
        assert_eq!(Validity::new(date(2023, 3, 1), None, None).advanced_until, date(2028, 3, 1));
        assert_eq!(Validity::new(Date::MAX, None, None).advanced_until, Date::MAX);
    }

    /// Every granted level on the day before, of and after each boundary, with and without the means.
    #[test]
    fn levels_at_every_boundary_day() {
        let validity = Validity::new(date(2026, 6, 1), Some(date(2029, 1, 31)), None);
        let days = [
            (date(2026, 6, 1), Some(Qualified), "the day of the identification"),
            (date(2029, 1, 30), Some(Qualified), "the day before the document's last"),
            (date(2029, 1, 31), Some(Qualified), "the document's last day"),
            (date(2029, 2, 1), Some(Advanced), "the day after it"),
            (date(2031, 5, 31), Some(Advanced), "the day before five years"),
            (date(2031, 6, 1), Some(Advanced), "the last day"),
            (date(2031, 6, 2), None, "the day after five years"),
            (Date::MAX, None, "the end of the calendar"),
        ];
        for (today, qualified, what) in days {
            assert_eq!(effective(Some(Qualified), validity, today, false), qualified, "{what}");
            let three = qualified.map(|_| Advanced);
            assert_eq!(effective(Some(Qualified), validity, today, true), three, "{what}, weakened");
            assert_eq!(effective(Some(Advanced), validity, today, false), three, "{what}, granted 3");
            assert_eq!(
                effective(Some(Advanced), validity, today, true),
                three,
                "{what}, granted 3, weakened"
            );
            assert_eq!(effective(None, validity, today, false), None, "{what}, nothing granted");
            assert_eq!(effective(None, validity, today, true), None, "{what}, nothing granted, weakened");
        }
    }

    #[test]
    fn no_method_grants_less_than_nothing() {
        for method in IdentificationMethod::ALL {
            assert!(method.ceiling().iter().all(|(_, level)| *level >= Advanced));
        }
        assert_eq!(
            IdentificationMethod::Video.ceiling(),
            PerJurisdiction { zertes: Advanced, eidas: Qualified }
        );
    }

    fn day() -> impl Strategy<Value = Date> {
        (1990_i16..2100, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
    }

    proptest! {
        /// Whatever the days are: a level never rises with time, weakening never raises it, and 4 never outlasts 3.
        #[test]
        fn levels_only_fall(
            identified in day(), document in proptest::option::of(day()), limit in proptest::option::of(day()),
            one in day(), other in day(), weakened: bool,
        ) {
            let validity = Validity::new(identified, document, limit);
            prop_assert!(validity.qualified_until <= validity.advanced_until);
            let (early, late) = (one.min(other), one.max(other));
            let level = |today, weakened| effective(Some(Qualified), validity, today, weakened);
            prop_assert!(level(late, weakened) <= level(early, weakened));
            prop_assert!(level(early, true) <= level(early, false));
            prop_assert_ne!(level(early, true), Some(Qualified));
        }
    }
}
