//! One identification of one person, and what becomes of it.
//!
//! ```text
//! Recorded ──bind──▶ Bound ──(five years: read, not written)──▶ no longer in force
//!    └───────────────┴──end──▶ Ended { reason }
//! ```
//!
//! Recorded evidence counts for nothing yet: it waits for the means that the person accepts the terms with, or that an
//! operator binds at the desk. Until then an older one stays in force, so that an identification that is never finished
//! takes nothing away; when it is bound, the older one is superseded.

use std::fmt;

use countersign_wire::id::{IdentityType, SemanticsIdentifier};
use countersign_wire::registration::{AssuranceLevel, EvidenceId, PerJurisdiction, PhoneNumber, TenantId};
use countersign_wire::words;
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::day;
use super::event::RegistrationEvent;
use super::means::Means;
use super::refusal::Refusal;
use super::validity::{IdentificationMethod, Validity};
use crate::account::Holder;

/// The document that was shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityDocument {
    /// Passport or identity card.
    pub kind: IdentityType,
    /// The country that issued it, two capital letters [ISO 3166-1].
    pub country: String,
    /// Its number.
    pub number: String,
    /// Its last day; none where it has none.
    pub expires_on: Option<Date>,
}

impl fmt::Debug for IdentityDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityDocument(…)")
    }
}

/// What an identification found out.
#[derive(Clone, PartialEq, Eq)]
pub struct Identification {
    /// Whose person it is.
    pub tenant: TenantId,
    /// The number that the person holds.
    pub number: PhoneNumber,
    /// Who it is.
    pub person: SemanticsIdentifier,
    /// The names as in the document.
    pub holder: Holder,
    /// The document.
    pub document: IdentityDocument,
    /// How.
    pub method: IdentificationMethod,
    /// The last day for level 4 that the method itself sets.
    pub method_limit: Option<Date>,
    /// What it grants.
    pub granted: PerJurisdiction<Option<AssuranceLevel>>,
    /// When.
    pub identified_at: Timestamp,
    /// Who recorded it: an operator's key, or a provider.
    pub by: String,
    /// Where the file of it is kept: a case number, no name.
    pub reference: Option<String>,
}

/// The evidence that an identification left.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    id: EvidenceId,
    tenant: TenantId,
    number: PhoneNumber,
    person: SemanticsIdentifier,
    holder: Holder,
    document: IdentityDocument,
    method: IdentificationMethod,
    granted: PerJurisdiction<Option<AssuranceLevel>>,
    identified_at: Timestamp,
    recorded_at: Timestamp,
    by: String,
    reference: Option<String>,
    validity: Validity,
    /// Terms were accepted with another means than the bound one.
    lowered_at: Option<Timestamp>,
    state: EvidenceState,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum EvidenceState {
    /// It waits for a means.
    Recorded,
    /// It counts, with this means.
    Bound(Binding),
    /// It counts no more.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: EndReason,
        /// What it was bound to.
        binding: Option<Binding>,
    },
}

/// The means of the identification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Which copy of which means.
    pub means: Means,
    /// Since when.
    pub at: Timestamp,
}

words! {
    /// Why evidence ended.
    pub enum EndReason {
        /// A newer identification of the same person took its place.
        Superseded = "superseded",
        /// It was found wrong: another person, a false document.
        Wrong = "wrong",
        /// The person, or whoever is responsible, wanted it so.
        Withdrawn = "withdrawn",
    }
}

/// An identification that cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{member}: expected {expected}")]
pub struct UnfitEvidence {
    /// The member, as a JSON pointer.
    pub member: &'static str,
    /// What would fit.
    pub expected: &'static str,
}

impl Evidence {
    /// Records an identification.
    pub fn record(
        identification: Identification,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Vec<RegistrationEvent>), UnfitEvidence> {
        let Identification {
            tenant,
            number,
            person,
            holder,
            document,
            method,
            method_limit,
            granted,
            identified_at,
            by,
            reference,
        } = identification;
        let unfit = |member, expected| Err(UnfitEvidence { member, expected });
        let identified_on = day(identified_at);
        if identified_at > now {
            return unfit("/identifiedAt", "a time that has come");
        }
        if document.expires_on.is_some_and(|last| last < identified_on) {
            return unfit("/document/expiresOn", "a document that was valid at the identification");
        }
        let two_capitals =
            document.country.len() == 2 && document.country.bytes().all(|b| b.is_ascii_uppercase());
        if !two_capitals {
            return unfit("/document/country", "two capital letters");
        }
        if document.number.is_empty()
            || document.number.len() > 64
            || document.number.chars().any(char::is_control)
        {
            return unfit("/document/number", "1 to 64 visible characters");
        }
        if method_limit.is_some_and(|last| last < identified_on) {
            return unfit("/methodLimit", "a day that is not before the identification");
        }
        let ceiling = method.ceiling();
        if granted.iter().any(|(jurisdiction, level)| *level > Some(*ceiling.get(jurisdiction))) {
            return unfit("/levels", "no more than the method can grant");
        }
        if granted.iter().all(|(_, level)| level.is_none()) {
            return unfit("/levels", "a level in one jurisdiction at least");
        }
        let validity = Validity::new(identified_on, document.expires_on, method_limit);
        let id = EvidenceId::generate(rng);
        let event = RegistrationEvent::EvidenceRecorded {
            evidence: id.clone(),
            tenant: tenant.clone(),
            by: by.clone(),
        };
        let evidence = Self {
            id,
            tenant,
            number,
            person,
            holder,
            document,
            method,
            granted,
            identified_at,
            recorded_at: now,
            by,
            reference,
            validity,
            lowered_at: None,
            state: EvidenceState::Recorded,
        };
        Ok((evidence, vec![event]))
    }

    /// It counts from now on, with this means. `in_force` is the evidence that counts for the number until now, if there
    /// is one; it comes back superseded. Save both.
    ///
    /// Refused: [`Refusal::NumberTaken`] when that is another person's, [`Refusal::EvidenceEnded`] unless this one waits.
    pub fn bind(
        mut self,
        means: Means,
        in_force: Option<Self>,
        now: Timestamp,
    ) -> Result<(Self, Option<Self>, Vec<RegistrationEvent>), Refusal> {
        match self.state {
            EvidenceState::Recorded => {}
            EvidenceState::Bound(_) | EvidenceState::Ended { .. } => return Err(Refusal::EvidenceEnded),
        }
        let mut events = Vec::new();
        let superseded = match in_force {
            Some(other) if other.person != self.person => return Err(Refusal::NumberTaken),
            Some(other) => {
                let (other, ended) = other.end(EndReason::Superseded, now)?;
                events.extend(ended);
                Some(other)
            }
            None => None,
        };
        events.push(RegistrationEvent::EvidenceBound { evidence: self.id.clone(), means: means.kind });
        self.state = EvidenceState::Bound(Binding { means, at: now });
        Ok((self, superseded, events))
    }

    /// It counts no more. Refused: [`Refusal::EvidenceEnded`] when it did not before.
    pub fn end(
        mut self,
        reason: EndReason,
        now: Timestamp,
    ) -> Result<(Self, Vec<RegistrationEvent>), Refusal> {
        let binding = match self.state {
            EvidenceState::Recorded => None,
            EvidenceState::Bound(binding) => Some(binding),
            EvidenceState::Ended { .. } => return Err(Refusal::EvidenceEnded),
        };
        self.state = EvidenceState::Ended { at: now, reason, binding };
        let event = RegistrationEvent::EvidenceEnded { evidence: self.id.clone(), reason };
        Ok((self, vec![event]))
    }

    /// The level ends at 3 until the next identification: terms were accepted with another means.
    pub fn lower(mut self, now: Timestamp) -> (Self, Vec<RegistrationEvent>) {
        if self.lowered_at.is_some() {
            return (self, Vec::new());
        }
        self.lowered_at = Some(now);
        let event = RegistrationEvent::EvidenceLowered { evidence: self.id.clone() };
        (self, vec![event])
    }

    /// Whether it counts today.
    pub fn in_force(&self, today: Date) -> bool {
        matches!(self.state, EvidenceState::Bound(_)) && today <= self.validity.advanced_until
    }

    /// Whether it waits for a means, and may still get one.
    pub fn is_waiting(&self, today: Date) -> bool {
        matches!(self.state, EvidenceState::Recorded) && today <= self.validity.advanced_until
    }

    /// The means that it counts with.
    pub fn bound_to(&self) -> Option<&Means> {
        match &self.state {
            EvidenceState::Bound(binding) => Some(&binding.means),
            EvidenceState::Recorded | EvidenceState::Ended { .. } => None,
        }
    }

    /// Its name.
    pub fn id(&self) -> &EvidenceId {
        &self.id
    }

    /// Whose person it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The number.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }

    /// Who it is.
    pub fn person(&self) -> &SemanticsIdentifier {
        &self.person
    }

    /// The names as in the document.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// The document.
    pub fn document(&self) -> &IdentityDocument {
        &self.document
    }

    /// How the person was identified.
    pub fn method(&self) -> IdentificationMethod {
        self.method
    }

    /// What the identification granted.
    pub fn granted(&self) -> &PerJurisdiction<Option<AssuranceLevel>> {
        &self.granted
    }

    /// When the person was identified.
    pub fn identified_at(&self) -> Timestamp {
        self.identified_at
    }

    /// When it was written down.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Who recorded it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Where the file of it is kept.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Until when it grants which level.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether terms were accepted with another means.
    pub fn is_lowered(&self) -> bool {
        self.lowered_at.is_some()
    }

    /// Where it stands.
    pub fn state(&self) -> &EvidenceState {
        &self.state
    }
}

/// What there is for a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfNumber {
    /// What counts today.
    pub in_force: Option<Evidence>,
    /// What waits for a means, and is newer.
    pub waiting: Option<Evidence>,
    /// The newest of all, in whatever state: it says whose number it is, or was.
    pub newest: Option<Evidence>,
}

impl OfNumber {
    /// Sorts out every evidence of a number, newest first.
    pub fn sort(newest_first: Vec<Evidence>, today: Date) -> Self {
        let in_force = newest_first.iter().find(|evidence| evidence.in_force(today)).cloned();
        let newer = |evidence: &&Evidence| {
            in_force.as_ref().is_none_or(|counts| evidence.recorded_at > counts.recorded_at)
        };
        let waiting = newest_first.iter().filter(newer).find(|evidence| evidence.is_waiting(today)).cloned();
        Self { waiting, newest: newest_first.into_iter().next(), in_force }
    }
}

/// Its name and state: the rest is personal.
impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// Evidence for tests.
#[cfg(test)]
pub(crate) mod sample {
    use countersign_wire::registration::MeansSerial;
    use jiff::civil::date;

    use super::super::means::MeansKind;
    use super::*;
    use crate::world;

    /// 2026-06-01T12:00:00Z
    pub(crate) const NOW: Timestamp = Timestamp::constant(1_780_315_200, 0);

    pub(crate) fn identification() -> Identification {
        Identification {
            tenant: TenantId::parse("default").unwrap(),
            number: PhoneNumber::parse("41791234567").unwrap(),
            person: SemanticsIdentifier::parse("PNOEE-40504040001").unwrap(),
            holder: Holder::new("MARI-LIIS", "MÄNNIK", None).unwrap(),
            document: IdentityDocument {
                kind: IdentityType::Passport,
                country: "EE".into(),
                number: "K1234567".into(),
                expires_on: Some(date(2029, 1, 31)),
            },
            method: IdentificationMethod::InPerson,
            method_limit: None,
            granted: PerJurisdiction::of(|_| Some(AssuranceLevel::Qualified)),
            identified_at: NOW,
            by: "desk-1".into(),
            reference: Some("case/17".into()),
        }
    }

    pub(crate) fn recorded() -> Evidence {
        Evidence::record(identification(), NOW, &mut world::rng(1)).unwrap().0
    }

    pub(crate) fn means(kind: MeansKind, serial: &str) -> Means {
        Means { kind, serial: MeansSerial::parse(serial).unwrap() }
    }

    pub(crate) fn bound(kind: MeansKind, serial: &str) -> Evidence {
        recorded().bind(means(kind, serial), None, NOW).unwrap().0
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::means::MeansKind;
    use super::*;
    use crate::world;

    #[test]
    fn what_cannot_be_is_not_recorded() {
        let good = sample::identification();
        let document = |change: fn(&mut IdentityDocument)| {
            let mut changed = good.clone();
            change(&mut changed.document);
            changed
        };
        for (wrong, member) in [
            (
                Identification {
                    identified_at: sample::NOW + jiff::SignedDuration::from_secs(1),
                    ..good.clone()
                },
                "/identifiedAt",
            ),
            (document(|document| document.expires_on = Some(date(2026, 5, 31))), "/document/expiresOn"),
            (document(|document| document.country = "ee".into()), "/document/country"),
            (document(|document| document.country = "EST".into()), "/document/country"),
            (document(|document| document.number = String::new()), "/document/number"),
            (document(|document| document.number = "a\nb".into()), "/document/number"),
            (Identification { method_limit: Some(date(2026, 5, 31)), ..good.clone() }, "/methodLimit"),
            (Identification { method: IdentificationMethod::Video, ..good.clone() }, "/levels"),
            (Identification { granted: PerJurisdiction::default(), ..good.clone() }, "/levels"),
        ] {
            let found = Evidence::record(wrong, sample::NOW, &mut world::rng(1)).unwrap_err();
            assert_eq!(found.member, member);
        }
        // On its last day a document is valid.
        let last = document(|document| document.expires_on = Some(date(2026, 6, 1)));
        assert!(Evidence::record(last, sample::NOW, &mut world::rng(1)).is_ok());
    }

    /// A new identification takes the place of the old one, and clears a mismatch.
    #[test]
    fn a_new_identification_supersedes_the_old_one_when_it_is_bound() {
        let old = sample::bound(MeansKind::App, "phone-1");
        let (new, _) = Evidence::record(sample::identification(), sample::NOW, &mut world::rng(2)).unwrap();
        let today = day(sample::NOW);
        assert!(old.in_force(today) && !new.in_force(today) && new.is_waiting(today));
        let (new, old, events) =
            new.bind(sample::means(MeansKind::App, "phone-2"), Some(old), sample::NOW).unwrap();
        let old = old.unwrap();
        assert!(new.in_force(today) && !old.in_force(today));
        assert_eq!(new.bound_to().unwrap().serial.as_str(), "phone-2");
        assert!(matches!(
            old.state(),
            EvidenceState::Ended { reason: EndReason::Superseded, binding: Some(_), .. }
        ));
        let kinds: Vec<_> = events.iter().map(RegistrationEvent::kind).collect();
        assert_eq!(kinds, ["EvidenceEnded", "EvidenceBound"]);
    }

    #[test]
    fn a_number_that_another_person_holds_is_not_taken_over() {
        let theirs = sample::bound(MeansKind::App, "phone-1");
        let other = Identification {
            person: SemanticsIdentifier::parse("PNOEE-30303039914").unwrap(),
            ..sample::identification()
        };
        let (mine, _) = Evidence::record(other, sample::NOW, &mut world::rng(2)).unwrap();
        let refused = mine.bind(sample::means(MeansKind::App, "phone-2"), Some(theirs), sample::NOW);
        assert_eq!(refused.unwrap_err(), Refusal::NumberTaken);
    }

    #[test]
    fn what_has_ended_stays_ended() {
        let (ended, _) = sample::recorded().end(EndReason::Wrong, sample::NOW).unwrap();
        assert_eq!(ended.clone().end(EndReason::Withdrawn, sample::NOW).unwrap_err(), Refusal::EvidenceEnded);
        let means = sample::means(MeansKind::Sas, "x");
        assert_eq!(ended.bind(means.clone(), None, sample::NOW).unwrap_err(), Refusal::EvidenceEnded);
        let bound = sample::bound(MeansKind::Sas, "x");
        assert_eq!(bound.bind(means, None, sample::NOW).unwrap_err(), Refusal::EvidenceEnded);
    }

    #[test]
    fn of_several_the_newest_counts() {
        let at = |seconds: i64| sample::NOW + jiff::SignedDuration::from_secs(seconds);
        let one = |seconds: i64| {
            let seed = u64::try_from(seconds).unwrap();
            Evidence::record(sample::identification(), at(seconds), &mut world::rng(seed)).unwrap().0
        };
        let bind =
            |evidence: Evidence| evidence.bind(sample::means(MeansKind::App, "x"), None, at(9)).unwrap().0;
        let today = day(sample::NOW);
        let (forgotten, counts, waits) = (one(1), bind(one(2)), one(3));
        let found = OfNumber::sort(vec![waits.clone(), counts.clone(), forgotten.clone()], today);
        assert_eq!(
            (found.in_force, found.waiting, found.newest),
            (Some(counts.clone()), Some(waits.clone()), Some(waits))
        );
        let found = OfNumber::sort(vec![counts, forgotten.clone()], today);
        assert_eq!(found.waiting, None, "an older one that was never finished is no renewal");
        assert_eq!(OfNumber::sort(vec![forgotten.clone()], today).waiting, Some(forgotten));
        assert_eq!(OfNumber::sort(Vec::new(), today), OfNumber::default());
    }

    #[test]
    fn lowering_happens_once() {
        let (lowered, events) = sample::bound(MeansKind::App, "x").lower(sample::NOW);
        assert!(lowered.is_lowered() && events.len() == 1);
        assert!(lowered.lower(sample::NOW).1.is_empty());
    }

    #[test]
    fn it_is_kept_as_it_is_and_says_nothing_personal() {
        let evidence = sample::bound(MeansKind::App, "phone-1");
        let text = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
        let shown = format!("{evidence:?}");
        assert!(
            !["MÄNNIK", "40504040001", "K1234567", "4179", "phone-1"].iter().any(|each| shown.contains(each)),
            "{shown}"
        );
    }
}
