//! An invitation to set a password: made at the desk, sent to the person's number as a link.

use std::fmt;

use countersign_wire::registration::{EvidenceId, InvitationToken, PhoneNumber, TenantId};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::super::day;
use super::super::evidence::Evidence;
use super::super::refusal::Refusal;

/// How long a link may wait to be used.
const LINK: SignedDuration = SignedDuration::from_hours(24);

/// A link that waits to be used. Once it was, its row is deleted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// SHA-256 of the token.
    token: String,
    tenant: TenantId,
    number: PhoneNumber,
    evidence: EvidenceId,
    expires_at: Timestamp,
}

impl Invitation {
    /// Invites the holder of some evidence. Refused: [`Refusal::EvidenceEnded`] when it neither counts nor waits.
    pub fn make(
        evidence: &Evidence,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(InvitationToken, Self), Refusal> {
        let today = day(now);
        if !evidence.in_force(today) && !evidence.is_waiting(today) {
            return Err(Refusal::EvidenceEnded);
        }
        let token = InvitationToken::generate(rng);
        let invitation = Self {
            token: token.digest(),
            tenant: evidence.tenant().clone(),
            number: evidence.number().clone(),
            evidence: evidence.id().clone(),
            expires_at: now + LINK,
        };
        Ok((token, invitation))
    }

    /// Whether it can be used. `evidence` is the one that it was made for, as it is now.
    ///
    /// Refused: [`Refusal::UnknownTransaction`] when its time is over or the evidence has ended meanwhile.
    pub fn open(&self, evidence: &Evidence, now: Timestamp) -> Result<(), Refusal> {
        let today = day(now);
        let stands =
            *evidence.id() == self.evidence && (evidence.in_force(today) || evidence.is_waiting(today));
        if now < self.expires_at && stands { Ok(()) } else { Err(Refusal::UnknownTransaction) }
    }

    /// SHA-256 of its token.
    pub fn token_digest(&self) -> &str {
        &self.token
    }

    /// Whose person it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The number that it goes to.
    pub fn number(&self) -> &PhoneNumber {
        &self.number
    }

    /// Who is invited.
    pub fn evidence(&self) -> &EvidenceId {
        &self.evidence
    }

    /// Until when it can be used.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("evidence", &self.evidence).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::evidence::{EndReason, sample};
    use crate::registration::means::MeansKind;
    use crate::world;

    #[test]
    fn a_link_lives_a_day_and_no_longer_than_its_evidence() {
        let now = sample::NOW;
        let evidence = sample::recorded();
        let (token, invitation) = Invitation::make(&evidence, now, &mut world::rng(1)).unwrap();
        assert_eq!(invitation.token_digest(), token.digest());
        let day = SignedDuration::from_hours(24);
        assert_eq!(invitation.open(&evidence, now + day - SignedDuration::from_secs(1)), Ok(()));
        assert_eq!(invitation.open(&evidence, now + day), Err(Refusal::UnknownTransaction));
        let bound = evidence.clone().bind(sample::means(MeansKind::App, "phone-1"), None, now).unwrap().0;
        assert_eq!(invitation.open(&bound, now), Ok(()));
        let (ended, _) = evidence.end(EndReason::Wrong, now).unwrap();
        assert_eq!(invitation.open(&ended, now), Err(Refusal::UnknownTransaction));
        assert_eq!(Invitation::make(&ended, now, &mut world::rng(1)).unwrap_err(), Refusal::EvidenceEnded);
        let text = serde_json::to_string(&invitation).unwrap();
        assert!(!text.contains(token.as_str()));
        assert_eq!(serde_json::from_str::<Invitation>(&text).unwrap(), invitation);
    }
}
