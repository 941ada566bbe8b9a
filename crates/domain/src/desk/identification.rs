//! An identification from its beginning at the desk: whose number, whether the person has shown that they hold it, and what it
//! led to.
//!
//! ```text
//! Begun ──code──▶ Proven ──evidence recorded──▶ Finished
//!   └───────────────┴──cancelled, or time──▶ over
//! ```

use countersign_wire::id::IdentificationId;
use countersign_wire::registration::{EvidenceId, PhoneNumber, TenantId, TermsToken};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::Evidence;
use super::event::DeskEvent;
use super::refusal::Refusal;

/// How long an identification may take.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long one that is over can be looked at.
const SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// One identification.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentificationCase {
    id: IdentificationId,
    token_digest: String,
    tenant: TenantId,
    number: PhoneNumber,
    by: String,
    begun_at: Timestamp,
    expires_at: Timestamp,
    proven_at: Option<Timestamp>,
    end: Option<CaseEnd>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaseEnd {
    /// With evidence.
    Finished {
        /// Which.
        evidence: EvidenceId,
    },
    /// Without.
    Cancelled,
}

impl IdentificationCase {
    /// An operator begins one. The token goes into the person's link, and is not kept.
    pub fn begin(
        tenant: TenantId,
        number: PhoneNumber,
        by: &str,
        reference: Option<Evidence>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> (Self, TermsToken, Vec<DeskEvent>) {
        let (id, token) = (IdentificationId::generate(rng), TermsToken::generate(rng));
        let event = DeskEvent::IdentificationStarted {
            identification: id.clone(),
            operator: by.to_owned(),
            tenant: tenant.clone(),
            reference,
        };
        let case = Self {
            id,
            token_digest: token.digest(),
            tenant,
            number,
            by: by.to_owned(),
            begun_at: now,
            expires_at: now + LIFE,
            proven_at: None,
            end: None,
        };
        (case, token, vec![event])
    }

    /// The person has entered the code that was sent to the number. A second time changes nothing.
    pub fn prove(mut self, now: Timestamp) -> Result<(Self, Vec<DeskEvent>), Refusal> {
        self.running(now)?;
        if self.proven_at.is_some() {
            return Ok((self, Vec::new()));
        }
        self.proven_at = Some(now);
        let event = DeskEvent::NumberProven { identification: self.id.clone() };
        Ok((self, vec![event]))
    }

    /// Evidence is recorded on it: only for a number that the person has shown to hold.
    pub fn finish(
        mut self,
        evidence: &EvidenceId,
        now: Timestamp,
    ) -> Result<(Self, Vec<DeskEvent>), Refusal> {
        self.running(now)?;
        if self.proven_at.is_none() {
            return Err(Refusal::NumberNotProven);
        }
        self.end = Some(CaseEnd::Finished { evidence: evidence.clone() });
        let (identification, evidence) = (self.id.clone(), evidence.clone());
        Ok((self, vec![DeskEvent::IdentificationFinished { identification, evidence }]))
    }

    /// It leads nowhere.
    pub fn cancel(mut self, by: &str, now: Timestamp) -> Result<(Self, Vec<DeskEvent>), Refusal> {
        self.running(now)?;
        self.end = Some(CaseEnd::Cancelled);
        let event =
            DeskEvent::IdentificationCancelled { identification: self.id.clone(), operator: by.to_owned() };
        Ok((self, vec![event]))
    }

    /// Whether it goes on.
    pub fn running(&self, now: Timestamp) -> Result<(), Refusal> {
        let over = self.end.is_some() || now >= self.expires_at;
        if over { Err(Refusal::IdentificationOver) } else { Ok(()) }
    }

    /// What it is called.
    pub fn id(&self) -> &IdentificationId {
        &self.id
    }

    /// The hash of the token in its link.
    pub fn token_digest(&self) -> &str {
        &self.token_digest
    }

    /// Whose person it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The number that the person gave.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }

    /// Who began it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When.
    pub fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// Until when it may take.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// When the person showed that they hold the number.
    pub fn proven_at(&self) -> Option<Timestamp> {
        self.proven_at
    }

    /// How it ended.
    pub fn end(&self) -> Option<&CaseEnd> {
        self.end.as_ref()
    }

    /// When it is not kept any longer.
    pub fn purge_at(&self) -> Timestamp {
        self.expires_at + SHOWN
    }
}

/// Its name alone: the number is personal.
impl std::fmt::Debug for IdentificationCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentificationCase").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;

    const NOW: Timestamp = Timestamp::constant(1_780_315_200, 0);

    fn begun() -> IdentificationCase {
        let tenant = TenantId::parse("default").unwrap();
        let number = PhoneNumber::parse("41791234567").unwrap();
        IdentificationCase::begin(tenant, number, "desk-1", None, NOW, &mut world::rng(1)).0
    }

    fn evidence() -> EvidenceId {
        EvidenceId::parse("RAS0123456789abcdef01234567").unwrap()
    }

    #[test]
    fn evidence_takes_a_number_that_was_proven() {
        assert_eq!(begun().finish(&evidence(), NOW).unwrap_err(), Refusal::NumberNotProven);
        let (proven, events) = begun().prove(NOW).unwrap();
        assert_eq!(events.len(), 1);
        let (proven, again) = proven.prove(NOW).unwrap();
        assert!(again.is_empty());
        let (finished, _) = proven.finish(&evidence(), NOW).unwrap();
        assert_eq!(finished.end(), Some(&CaseEnd::Finished { evidence: evidence() }));
        assert_eq!(finished.clone().finish(&evidence(), NOW).unwrap_err(), Refusal::IdentificationOver);
        assert_eq!(finished.cancel("desk-1", NOW).unwrap_err(), Refusal::IdentificationOver);
    }

    #[test]
    fn what_is_over_stays_over() {
        let late = begun().expires_at();
        assert_eq!(begun().prove(late).unwrap_err(), Refusal::IdentificationOver);
        let (cancelled, _) = begun().cancel("desk-1", NOW).unwrap();
        assert_eq!(cancelled.prove(NOW).unwrap_err(), Refusal::IdentificationOver);
    }

    #[test]
    fn it_says_nothing_personal_and_keeps_no_token() {
        let tenant = TenantId::parse("default").unwrap();
        let number = PhoneNumber::parse("41791234567").unwrap();
        let (case, token, _) =
            IdentificationCase::begin(tenant, number, "desk-1", None, NOW, &mut world::rng(1));
        assert!(!format!("{case:?}").contains("4179"));
        let kept = serde_json::to_string(&case).unwrap();
        assert!(!kept.contains(token.as_str()));
        assert_eq!(serde_json::from_str::<IdentificationCase>(&kept).unwrap(), case);
    }
}
