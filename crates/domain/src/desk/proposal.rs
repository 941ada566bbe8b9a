//! An act that waits for a second person.
//!
//! ```text
//! Open ──approve (somebody else)──▶ Approved      the act happens in the same transaction
//!   ├────reject────────────────────▶ Rejected     also by whoever proposed it
//!   └────time──────────────────────▶ Expired
//! ```
//!
//! The request is kept letter by letter while it waits, and carried out as it is: nobody can change it between the two
//! people. Afterwards only its hash is left, since a request holds what a person is called.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};
use countersign_wire::admin::right::Act;
use countersign_wire::id::ProposalId;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::Evidence;
use super::event::DeskEvent;
use super::refusal::Refusal;

/// How long a decided proposal can be looked at.
const SHOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The request that waits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// `POST`.
    pub method: String,
    /// The whole path.
    pub path: String,
    /// The body's text.
    pub body: String,
}

impl Asked {
    /// SHA-256, in hexadecimal, of the three, each followed by a line feed.
    pub fn sha256(&self) -> String {
        let mut hash = Context::new(&SHA256);
        for part in [&self.method, &self.path, &self.body] {
            hash.update(part.as_bytes());
            hash.update(b"\n");
        }
        hash.finish().as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asked(…)")
    }
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    id: ProposalId,
    act: Act,
    sha256: String,
    by: String,
    proposed_at: Timestamp,
    expires_at: Timestamp,
    state: ProposalState,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProposalState {
    /// It waits.
    Open {
        /// The request.
        asked: Asked,
    },
    /// It was done.
    Approved {
        /// Who agreed.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It will not be done.
    Rejected {
        /// Who said so.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Nobody decided.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
}

impl Proposal {
    /// An operator proposes something.
    pub fn new(
        act: Act,
        asked: Asked,
        by: &str,
        life: SignedDuration,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> (Self, Vec<DeskEvent>) {
        let id = ProposalId::generate(rng);
        let event = DeskEvent::Proposed { proposal: id.clone(), operator: by.to_owned(), act };
        let proposal = Self {
            id,
            act,
            sha256: asked.sha256(),
            by: by.to_owned(),
            proposed_at: now,
            expires_at: now + life,
            state: ProposalState::Open { asked },
        };
        (proposal, vec![event])
    }

    /// The request, if this person may approve it now, having seen what has this hash.
    pub fn approvable(&self, by: &str, seen: &str, now: Timestamp) -> Result<&Asked, Refusal> {
        let asked = self.open(now)?;
        if self.by == by {
            return Err(Refusal::SamePerson);
        }
        // Both: what was looked at, and what would be done now.
        let same = |hash: &str| verify_slices_are_equal(hash.as_bytes(), seen.as_bytes()).is_ok();
        if same(&self.sha256) && same(&asked.sha256()) { Ok(asked) } else { Err(Refusal::OtherContent) }
    }

    /// Somebody else agrees. Save it in the transaction of the act itself.
    pub fn approve(mut self, by: &str, now: Timestamp) -> Result<(Self, Vec<DeskEvent>), Refusal> {
        self.open(now)?;
        if self.by == by {
            return Err(Refusal::SamePerson);
        }
        self.state = ProposalState::Approved { by: by.to_owned(), at: now };
        let (proposal, act) = (self.id.clone(), self.act);
        Ok((self, vec![DeskEvent::ProposalApproved { proposal, operator: by.to_owned(), act }]))
    }

    /// Somebody says no; whoever proposed it may, too.
    pub fn reject(
        mut self,
        by: &str,
        reference: Option<Evidence>,
        now: Timestamp,
    ) -> Result<(Self, Vec<DeskEvent>), Refusal> {
        self.open(now)?;
        self.state = ProposalState::Rejected { by: by.to_owned(), at: now };
        let (proposal, act) = (self.id.clone(), self.act);
        Ok((self, vec![DeskEvent::ProposalRejected { proposal, operator: by.to_owned(), act, reference }]))
    }

    /// Forgets the request when nobody has decided in time; nothing otherwise.
    pub fn expire(mut self, now: Timestamp) -> (Self, Vec<DeskEvent>) {
        if !matches!(self.state, ProposalState::Open { .. }) || now < self.expires_at {
            return (self, Vec::new());
        }
        self.state = ProposalState::Expired { at: now };
        let event = DeskEvent::ProposalExpired { proposal: self.id.clone(), act: self.act };
        (self, vec![event])
    }

    fn open(&self, now: Timestamp) -> Result<&Asked, Refusal> {
        match &self.state {
            ProposalState::Open { asked } if now < self.expires_at => Ok(asked),
            ProposalState::Open { .. } | ProposalState::Expired { .. } => Err(Refusal::ProposalExpired),
            ProposalState::Approved { .. } | ProposalState::Rejected { .. } => Err(Refusal::ProposalDecided),
        }
    }

    /// Whether it waits, though its time may be over.
    pub fn is_open(&self) -> bool {
        matches!(self.state, ProposalState::Open { .. })
    }

    /// What it is called.
    pub fn id(&self) -> &ProposalId {
        &self.id
    }

    /// What is to be done.
    pub fn act(&self) -> Act {
        self.act
    }

    /// The hash of the request.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Who proposes it.
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When.
    pub fn proposed_at(&self) -> Timestamp {
        self.proposed_at
    }

    /// Until when it waits.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Where it stands.
    pub fn state(&self) -> &ProposalState {
        &self.state
    }

    /// When it is not kept any longer.
    pub fn purge_at(&self) -> Timestamp {
        self.expires_at + SHOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world;

    const NOW: Timestamp = Timestamp::constant(1_780_315_200, 0);
    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn proposal() -> Proposal {
        let body = "{\"surname\":\"MÄNNIK\"}".to_owned();
        let asked = Asked { method: "POST".into(), path: "/admin/v1/evidence".into(), body };
        Proposal::new(Act::RecordEvidence, asked, "desk-1", HOUR, NOW, &mut world::rng(1)).0
    }

    #[test]
    fn it_takes_somebody_else_who_has_seen_it() {
        let open = proposal();
        let seen = open.sha256().to_owned();
        assert!(open.approvable("desk-2", &seen, NOW).is_ok());
        assert_eq!(open.approvable("desk-1", &seen, NOW).unwrap_err(), Refusal::SamePerson);
        for other in ["", &seen[1..], &"0".repeat(64)] {
            assert_eq!(open.approvable("desk-2", other, NOW).unwrap_err(), Refusal::OtherContent);
        }
        // Somebody with the database has put another request under it.
        let kept = serde_json::to_string(&open).unwrap().replace("MÄNNIK", "TAMM");
        let changed: Proposal = serde_json::from_str(&kept).unwrap();
        assert_eq!(changed.approvable("desk-2", &seen, NOW).unwrap_err(), Refusal::OtherContent);
        assert_eq!(open.clone().approve("desk-1", NOW).unwrap_err(), Refusal::SamePerson);
        let (done, events) = open.approve("desk-2", NOW).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(done.approvable("desk-3", &seen, NOW).unwrap_err(), Refusal::ProposalDecided);
        assert_eq!(done.clone().approve("desk-3", NOW).unwrap_err(), Refusal::ProposalDecided);
        assert_eq!(done.reject("desk-3", None, NOW).unwrap_err(), Refusal::ProposalDecided);
    }

    #[test]
    fn its_time_ends() {
        let open = proposal();
        assert!(open.clone().expire(NOW + HOUR - SignedDuration::from_secs(1)).1.is_empty());
        let late = NOW + HOUR;
        assert_eq!(open.clone().approve("desk-2", late).unwrap_err(), Refusal::ProposalExpired);
        assert_eq!(open.clone().reject("desk-2", None, late).unwrap_err(), Refusal::ProposalExpired);
        let (over, events) = open.expire(late);
        assert!(events.len() == 1 && !over.is_open());
        assert_eq!(over.clone().approve("desk-2", NOW).unwrap_err(), Refusal::ProposalExpired);
        assert!(over.expire(late).1.is_empty());
    }

    #[test]
    fn whoever_proposes_may_take_it_back() {
        let (back, _) = proposal().reject("desk-1", None, NOW).unwrap();
        assert_eq!(back.approve("desk-2", NOW).unwrap_err(), Refusal::ProposalDecided);
    }

    /// What a person is called is kept only as long as somebody has to look at it.
    #[test]
    fn the_request_is_forgotten_when_it_was_decided() {
        let open = proposal();
        let kept = |proposal: &Proposal| serde_json::to_string(proposal).unwrap().contains("MÄNNIK");
        assert!(kept(&open) && !format!("{open:?}").contains("MÄNNIK"));
        assert!(!kept(&open.clone().approve("desk-2", NOW).unwrap().0));
        assert!(!kept(&open.clone().reject("desk-2", None, NOW).unwrap().0));
        assert!(!kept(&open.expire(NOW + HOUR).0));
    }

    #[test]
    fn the_hash_covers_where_and_what() {
        let one = |method: &str, path: &str, body: &str| {
            Asked { method: method.into(), path: path.into(), body: body.into() }.sha256()
        };
        // printf 'POST\n/a\nb\n' | sha256sum
        assert_eq!(
            one("POST", "/a", "b"),
            "a38228db985daa8d3c88a042758040cf27cfe2fef697722cc1d46a4037d38e7b"
        );
        assert_ne!(one("POST", "/a", "b"), one("POST", "/a\nb", ""));
        assert_ne!(one("POST", "/a", "b"), one("POST", "/a", "c"));
    }
}
