//! One acceptance of terms, from its link to its proof (registration 6).
//!
//! ```text
//! Created ──decide──▶ Decided ──ask──▶ AwaitingApp | AwaitingConsent | AwaitingService ──accept──▶ Confirmed { downgrade }
//!    │                   │                            │
//!    └───────────────────┴────────────────────────────┴──fail──▶ Failed { error }
//! ```
//!
//! Where another service asks the person, the question is written down before it is put: it can be put again, under the same
//! name, by whoever finds it.
//!
//! The means that confirms is the one that is in use at that moment. For evidence that waits it becomes the bound one. For
//! evidence that is bound to another one, accepting lowers the level, and the person has to have said that they know.

use countersign_wire::id::{SessionId, TermsId};
use countersign_wire::registration::step_up::{ConsentUrl, Pending};
use countersign_wire::registration::{
    ClientId, EvidenceId, Jurisdiction, PerJurisdiction, ResponseId, StepUpId, TermsError, TermsToken,
};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::event::RegistrationEvent;
use super::evidence::Evidence;
use super::means::{Lookup, Means, MeansKind, MeansLookups};
use super::refusal::Refusal;
use super::terms::{Acceptance, Proof, Terms};

/// How long a link may wait to be used.
const LINK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the person has after the decision.
const CONFIRMATION: SignedDuration = SignedDuration::from_mins(10);
/// How long another service may take to say that it asks them.
const HAND_OVER: SignedDuration = SignedDuration::from_secs(30);
/// How long the outcome can be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Wrong passwords or codes before it ends.
const CONSENT_TRIES: u8 = 5;

/// One acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsTransaction {
    id: TermsId,
    /// SHA-256 of the token.
    token: String,
    client: ClientId,
    evidence: EvidenceId,
    /// The editions that are to be accepted.
    asked: PerJurisdiction<Option<String>>,
    created_at: Timestamp,
    state: TermsState,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
pub enum TermsState {
    /// The link was given out.
    Created,
    /// The person has decided, and is asked with their app.
    AwaitingApp {
        /// What they decided.
        decided: Decided,
        /// The session that asks; none for a sandbox number in development.
        session: Option<SessionId>,
    },
    /// The person has decided, and is to enter password and code on our page.
    AwaitingConsent {
        /// What they decided.
        decided: Decided,
        /// Wrong passwords or codes that are still forgiven.
        tries_left: u8,
    },
    /// The person has decided, and another service asks them.
    AwaitingService {
        /// What they decided.
        decided: Decided,
        /// What it asks.
        question: Question,
    },
    /// Accepted.
    Confirmed {
        /// The level ends at 3.
        downgrade: bool,
        /// When.
        at: Timestamp,
    },
    /// It ended without.
    Failed {
        /// Why.
        error: TermsError,
        /// When.
        at: Timestamp,
    },
}

/// What the person decided, and what they confirm it with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The editions that they accept.
    pub accepts: PerJurisdiction<Option<String>>,
    /// The means in use.
    pub means: Means,
    /// Accepting lowers the level, and they said that they know.
    pub downgrade: bool,
    /// When.
    pub at: Timestamp,
}

/// What another service is to ask a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Its name: the same however often it is put.
    pub request: StepUpId,
    /// Until when an answer counts.
    pub until: Timestamp,
    /// What the service calls it; none until it has said that it asks.
    pub response: Option<ResponseId>,
    /// The page of the service on which the person enters password and code.
    pub consent_url: Option<ConsentUrl>,
}

/// Who asks the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedBy {
    /// Their app, in this session.
    Session(SessionId),
    /// Our page, for password and code.
    Page,
    /// Another service.
    Service {
        /// The name of the question.
        request: StepUpId,
        /// How long the person may take.
        patience: SignedDuration,
    },
    /// Nobody: a sandbox number in development, which plays whatever means it has.
    Sandbox,
}

/// What a client passes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the person accepts.
    pub accepts: PerJurisdiction<bool>,
    /// They know that it may lower the level.
    pub knows_the_risk: bool,
}

/// What comes of a decision. Save what is inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// The person is to be asked with this means: start what asks them, then call [`TermsTransaction::ask`].
    Ask(Decided),
    /// It is over already.
    Over(TermsTransaction, Vec<RegistrationEvent>),
}

/// Where a poll finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has decided yet.
    Open,
    /// The person is asked.
    Waiting {
        /// On our own page, with password and code.
        consent: bool,
    },
    /// Accepted.
    Confirmed {
        /// The level ends at 3.
        downgrade: bool,
    },
    /// It ended without.
    Failed(TermsError),
}

/// An acceptance with everything that changes with it. Save all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Confirmed.
    pub transaction: TermsTransaction,
    /// Bound or lowered, if it changed.
    pub evidence: Option<Evidence>,
    /// The evidence whose place it took.
    pub superseded: Option<Evidence>,
    /// One for each jurisdiction.
    pub acceptances: Vec<Acceptance>,
    /// What happened.
    pub events: Vec<RegistrationEvent>,
}

impl TermsTransaction {
    /// Gives out a link. Refused: [`Refusal::NothingToAccept`].
    pub fn offer(
        client: ClientId,
        evidence: &Evidence,
        asked: PerJurisdiction<Option<String>>,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Result<(TermsToken, Self, Vec<RegistrationEvent>), Refusal> {
        if asked.iter().all(|(_, version)| version.is_none()) {
            return Err(Refusal::NothingToAccept);
        }
        let (token, id) = (TermsToken::generate(rng), TermsId::generate(rng));
        let event = RegistrationEvent::TermsOffered {
            acceptance: id.clone(),
            evidence: evidence.id().clone(),
            client: client.clone(),
        };
        let transaction = Self {
            id,
            token: token.digest(),
            client,
            evidence: evidence.id().clone(),
            asked,
            created_at: now,
            state: TermsState::Created,
        };
        Ok((token, transaction, vec![event]))
    }

    /// What the person's decision leads to. `bound` is the means of the evidence, if it has one.
    ///
    /// Refused: [`Refusal::AlreadyDecided`], [`Refusal::TransactionExpired`], and [`Refusal::LookupFailed`] when it is not
    /// known what the person can confirm with: the same decision may come again.
    pub fn decide(
        self,
        decision: Decision,
        bound: Option<&Means>,
        means: &MeansLookups,
        now: Timestamp,
    ) -> Result<Asking, Refusal> {
        match self.state {
            TermsState::Created if now < self.created_at + LINK => {}
            TermsState::Created => return Err(Refusal::TransactionExpired),
            _ => return Err(Refusal::AlreadyDecided),
        }
        let accepts = PerJurisdiction::of(|jurisdiction| {
            let version = self.asked.get(jurisdiction).clone();
            version.filter(|_| *decision.accepts.get(jurisdiction))
        });
        let over = |transaction: Self, error| {
            let (transaction, events) = transaction.fail(error, now);
            Ok(Asking::Over(transaction, events))
        };
        if accepts.iter().all(|(_, version)| version.is_none()) {
            return over(self, TermsError::Declined);
        }
        let means = match means.in_use() {
            Lookup::Found(means) => means,
            Lookup::Absent => return over(self, TermsError::MeansUnavailable),
            Lookup::Failed => return Err(Refusal::LookupFailed),
        };
        let downgrade = bound.is_some_and(|bound| *bound != means);
        if downgrade && !decision.knows_the_risk {
            return over(self, TermsError::DowngradeNotAcknowledged);
        }
        Ok(Asking::Ask(Decided { accepts, means, downgrade, at: now }))
    }

    /// The person is being asked.
    pub fn ask(mut self, decided: Decided, by: AskedBy) -> (Self, Vec<RegistrationEvent>) {
        let kind = decided.means.kind;
        let of_app = |decided, session| TermsState::AwaitingApp { decided, session };
        let of_page = |decided| TermsState::AwaitingConsent { decided, tries_left: CONSENT_TRIES };
        let (mut of_session, mut of_request) = (None, None);
        self.state = match by {
            AskedBy::Session(session) => {
                of_session = Some(session);
                of_app(decided, Some(session))
            }
            AskedBy::Page => of_page(decided),
            AskedBy::Sandbox => match kind {
                MeansKind::App => of_app(decided, None),
                MeansKind::Sas => of_page(decided),
            },
            AskedBy::Service { request, patience } => {
                of_request = Some(request.clone());
                let until = decided.at + patience.min(CONFIRMATION);
                let question = Question { request, until, response: None, consent_url: None };
                TermsState::AwaitingService { decided, question }
            }
        };
        let (acceptance, session, request) = (self.id.clone(), of_session, of_request);
        (self, vec![RegistrationEvent::TermsDecided { acceptance, means: kind, session, request }])
    }

    /// The other service says that it asks the person. Whether that is news, and has to be saved.
    pub fn asked_there(mut self, pending: Pending) -> (Self, bool) {
        let TermsState::AwaitingService { decided, question } = &mut self.state else { return (self, false) };
        let before = question.clone();
        question.response.get_or_insert(pending.response_id);
        // Nobody with an app is to enter a password somewhere.
        if decided.means.kind == MeansKind::Sas
            && let Some(url) = pending.consent_url
        {
            question.consent_url = Some(url);
        }
        let news = *question != before;
        (self, news)
    }

    /// The other service was asked in vain, or says that there is no answer yet. Ends what has waited too long: for the
    /// person, or for the service to say that it asks them.
    pub fn waited(self, now: Timestamp) -> (Self, Vec<RegistrationEvent>) {
        match &self.state {
            TermsState::AwaitingService { question, .. } if now >= question.until => {
                self.fail(TermsError::Timeout, now)
            }
            TermsState::AwaitingService { decided, question: Question { response: None, .. } }
                if now >= decided.at + HAND_OVER =>
            {
                self.fail(TermsError::Internal, now)
            }
            TermsState::AwaitingService { .. }
            | TermsState::Created
            | TermsState::AwaitingApp { .. }
            | TermsState::AwaitingConsent { .. }
            | TermsState::Confirmed { .. }
            | TermsState::Failed { .. } => (self, Vec::new()),
        }
    }

    /// The person has confirmed. `in_force` is the evidence that counts for the number, where it is another one; `used` is
    /// what they confirmed with.
    ///
    /// Refused: [`Refusal::TransactionExpired`] when it came too late or nobody was asked; [`Refusal::UnknownTransaction`]
    /// when it was confirmed with something else than was asked; and what [`Evidence::bind`] refuses.
    pub fn accept(
        mut self,
        evidence: Evidence,
        in_force: Option<Evidence>,
        used: &Means,
        proof: Proof,
        terms: &Terms,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let decided = match self.waiting() {
            Some((decided, until)) if now < until => decided.clone(),
            Some(_) | None => return Err(Refusal::TransactionExpired),
        };
        if *used != decided.means || *evidence.id() != self.evidence {
            return Err(Refusal::UnknownTransaction);
        }
        let mut events = Vec::new();
        let acceptances = decided
            .accepts
            .iter()
            .filter_map(|(jurisdiction, version)| Some((jurisdiction, version.clone()?)))
            .map(|(jurisdiction, version)| Acceptance {
                acceptance: self.id.clone(),
                evidence: self.evidence.clone(),
                jurisdiction,
                sha256: terms.texts(jurisdiction, &version).map(|text| text.sha256.clone()).collect(),
                version,
                accepted_at: now,
                means: used.clone(),
                proof: proof.clone(),
            })
            .collect();
        let (evidence, superseded) = if decided.downgrade {
            let (lowered, of_lowering) = evidence.lower(now);
            events.extend(of_lowering);
            (Some(lowered), None)
        } else if evidence.bound_to().is_none() {
            let (bound, superseded, of_binding) = evidence.bind(used.clone(), in_force, now)?;
            events.extend(of_binding);
            (Some(bound), superseded)
        } else {
            (None, None)
        };
        events.push(RegistrationEvent::TermsAccepted {
            acceptance: self.id.clone(),
            evidence: self.evidence.clone(),
            downgrade: decided.downgrade,
        });
        self.state = TermsState::Confirmed { downgrade: decided.downgrade, at: now };
        Ok(Accepted { transaction: self, evidence, superseded, acceptances, events })
    }

    /// A wrong password or code was entered. The last one that is forgiven ends it. Save what comes back.
    pub fn wrong_credentials(mut self, now: Timestamp) -> (Self, Vec<RegistrationEvent>) {
        match &mut self.state {
            TermsState::AwaitingConsent { tries_left, .. } if *tries_left > 1 => {
                *tries_left -= 1;
                (self, Vec::new())
            }
            TermsState::AwaitingConsent { .. } => self.fail(TermsError::WrongCredentials, now),
            TermsState::Created
            | TermsState::AwaitingApp { .. }
            | TermsState::AwaitingService { .. }
            | TermsState::Confirmed { .. }
            | TermsState::Failed { .. } => (self, Vec::new()),
        }
    }

    /// It ends without an acceptance. What has ended before stays as it was.
    pub fn fail(mut self, error: TermsError, now: Timestamp) -> (Self, Vec<RegistrationEvent>) {
        if matches!(self.state, TermsState::Confirmed { .. } | TermsState::Failed { .. }) {
            return (self, Vec::new());
        }
        self.state = TermsState::Failed { error, at: now };
        let event = RegistrationEvent::TermsEnded { acceptance: self.id.clone(), error };
        (self, vec![event])
    }

    /// Where it stands now. Refused: [`Refusal::TransactionExpired`] when the link was not used in time, or the outcome is
    /// kept no longer.
    pub fn progress(&self, now: Timestamp) -> Result<Progress, Refusal> {
        if now >= self.purge_at() {
            return Err(Refusal::TransactionExpired);
        }
        if let Some((_, until)) = self.waiting()
            && now >= until
        {
            return Ok(Progress::Failed(TermsError::Timeout));
        }
        Ok(match &self.state {
            TermsState::Created if now >= self.created_at + LINK => return Err(Refusal::TransactionExpired),
            TermsState::Created => Progress::Open,
            TermsState::AwaitingApp { .. } | TermsState::AwaitingService { .. } => {
                Progress::Waiting { consent: false }
            }
            TermsState::AwaitingConsent { .. } => Progress::Waiting { consent: true },
            TermsState::Confirmed { downgrade, .. } => Progress::Confirmed { downgrade: *downgrade },
            TermsState::Failed { error, .. } => Progress::Failed(*error),
        })
    }

    /// When nobody may ask for it any more.
    pub fn purge_at(&self) -> Timestamp {
        match &self.state {
            TermsState::Created => self.created_at + LINK + KEPT,
            TermsState::AwaitingApp { decided, .. }
            | TermsState::AwaitingConsent { decided, .. }
            | TermsState::AwaitingService { decided, .. } => decided.at + CONFIRMATION + KEPT,
            TermsState::Confirmed { at, .. } | TermsState::Failed { at, .. } => *at + KEPT,
        }
    }

    /// What the person who is asked has decided, and until when their answer counts.
    pub fn waiting(&self) -> Option<(&Decided, Timestamp)> {
        match &self.state {
            TermsState::AwaitingApp { decided, .. } | TermsState::AwaitingConsent { decided, .. } => {
                Some((decided, decided.at + CONFIRMATION))
            }
            TermsState::AwaitingService { decided, question } => Some((decided, question.until)),
            TermsState::Created | TermsState::Confirmed { .. } | TermsState::Failed { .. } => None,
        }
    }

    /// What another service asks the person.
    pub fn question(&self) -> Option<&Question> {
        match &self.state {
            TermsState::AwaitingService { question, .. } => Some(question),
            TermsState::Created
            | TermsState::AwaitingApp { .. }
            | TermsState::AwaitingConsent { .. }
            | TermsState::Confirmed { .. }
            | TermsState::Failed { .. } => None,
        }
    }

    /// What the person confirms: one line that stands for the texts, whose digest is signed.
    pub fn statement(&self, decided: &Decided, terms: &Terms) -> String {
        let accepted = decided.accepts.iter().filter_map(|(jurisdiction, version)| {
            let version = version.as_deref()?;
            let texts: Vec<_> = terms.texts(jurisdiction, version).map(|text| &*text.sha256).collect();
            Some(format!("{jurisdiction} {version} {}", texts.join(" ")))
        });
        let accepted: Vec<_> = accepted.collect();
        format!("countersign terms 1\n{}\n{}\n{}\n", self.id, self.evidence, accepted.join("\n"))
    }

    /// Its name.
    pub fn id(&self) -> &TermsId {
        &self.id
    }

    /// SHA-256 of its token.
    pub fn token_digest(&self) -> &str {
        &self.token
    }

    /// Who may ask about it.
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// For whom.
    pub fn evidence(&self) -> &EvidenceId {
        &self.evidence
    }

    /// The edition that is to be accepted under this law.
    pub fn asked(&self, jurisdiction: Jurisdiction) -> Option<&str> {
        self.asked.get(jurisdiction).as_deref()
    }

    /// Where it stands, as it is written down.
    pub fn state(&self) -> &TermsState {
        &self.state
    }

    /// The session that asks the person's app.
    pub fn session(&self) -> Option<SessionId> {
        match &self.state {
            TermsState::AwaitingApp { session, .. } => *session,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_wire::registration::MeansSerial;
    use jiff::civil::date;

    use super::super::evidence::sample as evidence;
    use super::super::terms::outstanding;
    use super::super::terms::sample::terms;
    use super::*;
    use crate::world;

    const NOW: Timestamp = evidence::NOW;

    fn later(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    fn app(serial: &str) -> MeansLookups {
        MeansLookups { app: Lookup::Found(MeansSerial::parse(serial).unwrap()), sas: Lookup::Absent }
    }

    fn sas(serial: &str) -> MeansLookups {
        MeansLookups { app: Lookup::Absent, sas: Lookup::Found(MeansSerial::parse(serial).unwrap()) }
    }

    fn both() -> Decision {
        Decision { accepts: PerJurisdiction { zertes: true, eidas: true }, knows_the_risk: false }
    }

    fn offered(evidence: &Evidence) -> TermsTransaction {
        let asked = outstanding(evidence, &[], &terms(), date(2026, 6, 1));
        let client = ClientId::parse("portal").unwrap();
        let (token, transaction, events) =
            TermsTransaction::offer(client, evidence, asked, NOW, &mut world::rng(3)).unwrap();
        assert_eq!((token.digest(), events.len()), (transaction.token_digest().to_owned(), 1));
        transaction
    }

    fn asked(evidence: &Evidence, decision: Decision, means: &MeansLookups) -> TermsTransaction {
        let transaction = offered(evidence);
        match transaction.clone().decide(decision, evidence.bound_to(), means, NOW).unwrap() {
            Asking::Ask(decided) => transaction.ask(decided, AskedBy::Sandbox).0,
            Asking::Over(over, _) => over,
        }
    }

    fn accept(
        transaction: TermsTransaction,
        evidence: Evidence,
        means: &MeansLookups,
    ) -> Result<Accepted, Refusal> {
        let used = means.in_use().found().unwrap();
        transaction.accept(evidence, None, &used, Proof::Simulated, &terms(), later(60))
    }

    /// The first acceptance binds the means: registration is complete.
    #[test]
    fn the_first_acceptance_binds_the_means() {
        for (means, consent) in [(app("phone-1"), false), (sas("password-1"), true)] {
            let person = evidence::recorded();
            let transaction = asked(&person, both(), &means);
            assert_eq!(transaction.progress(later(1)), Ok(Progress::Waiting { consent }));
            let accepted = accept(transaction, person, &means).unwrap();
            let bound = accepted.evidence.unwrap();
            assert_eq!(bound.bound_to(), means.in_use().found().as_ref());
            assert_eq!(
                accepted.transaction.progress(later(61)),
                Ok(Progress::Confirmed { downgrade: false })
            );
            let laws: Vec<_> =
                accepted.acceptances.iter().map(|each| (each.jurisdiction, &*each.version)).collect();
            assert_eq!(laws, [(Jurisdiction::Zertes, "1"), (Jurisdiction::Eidas, "1")]);
            assert_eq!(accepted.acceptances[0].sha256.len(), 2, "one for each language");
        }
    }

    #[test]
    fn a_renewal_changes_no_binding() {
        let person = evidence::bound(MeansKind::App, "phone-1");
        let means = app("phone-1");
        let accepted = accept(asked(&person, both(), &means), person, &means).unwrap();
        assert_eq!((accepted.evidence, accepted.superseded), (None, None));
        assert_eq!(accepted.events.len(), 1);
    }

    /// The inconsistency register, rows 6 and 7: what `knowsTheRisk`, `confirmed` and `downgrade` mean.
    #[test]
    fn another_means_lowers_the_level_of_those_who_know() {
        let person = evidence::bound(MeansKind::App, "phone-1");
        for means in [app("phone-2"), sas("phone-1")] {
            let unaware = asked(&person, both(), &means);
            assert_eq!(unaware.progress(NOW), Ok(Progress::Failed(TermsError::DowngradeNotAcknowledged)));
            let aware = asked(&person, Decision { knows_the_risk: true, ..both() }, &means);
            let accepted = accept(aware, person.clone(), &means).unwrap();
            assert_eq!(accepted.transaction.progress(later(61)), Ok(Progress::Confirmed { downgrade: true }));
            let lowered = accepted.evidence.unwrap();
            assert!(lowered.is_lowered());
            assert_eq!(lowered.bound_to(), person.bound_to(), "a new means is no new identification");
        }
        // Whoever loses nothing need not have said it.
        let same = app("phone-1");
        assert!(accept(asked(&person, both(), &same), person, &same).is_ok());
    }

    #[test]
    fn five_wrong_passwords_end_it() {
        let mut waiting = asked(&evidence::recorded(), both(), &sas("x"));
        for _ in 0..4 {
            let (counted, events) = waiting.wrong_credentials(NOW);
            assert!(events.is_empty());
            assert_eq!(counted.progress(NOW), Ok(Progress::Waiting { consent: true }));
            waiting = counted;
        }
        let (over, events) = waiting.wrong_credentials(NOW);
        assert_eq!(over.progress(NOW), Ok(Progress::Failed(TermsError::WrongCredentials)));
        assert_eq!(events.len(), 1);
        let app = asked(&evidence::recorded(), both(), &app("x"));
        assert_eq!(app.clone().wrong_credentials(NOW), (app, Vec::new()), "nobody enters a password here");
    }

    #[test]
    fn declining_all_changes_nothing() {
        let person = evidence::recorded();
        let none = Decision { accepts: PerJurisdiction::default(), knows_the_risk: true };
        let declined = asked(&person, none, &app("x"));
        assert_eq!(declined.progress(NOW), Ok(Progress::Failed(TermsError::Declined)));
        let one = Decision { accepts: PerJurisdiction { zertes: false, eidas: true }, knows_the_risk: false };
        let accepted = accept(asked(&person, one, &app("x")), person, &app("x")).unwrap();
        assert_eq!(accepted.acceptances.len(), 1);
        assert_eq!(accepted.acceptances[0].jurisdiction, Jurisdiction::Eidas);
    }

    #[test]
    fn without_a_means_there_is_nothing_to_confirm_with() {
        let person = evidence::recorded();
        let none = MeansLookups { app: Lookup::Absent, sas: Lookup::Absent };
        let over = asked(&person, both(), &none);
        assert_eq!(over.progress(NOW), Ok(Progress::Failed(TermsError::MeansUnavailable)));
        for unknown in [
            MeansLookups { app: Lookup::Failed, sas: Lookup::Absent },
            MeansLookups { app: Lookup::Absent, sas: Lookup::Failed },
        ] {
            let refused = offered(&person).decide(both(), None, &unknown, NOW);
            assert_eq!(refused, Err(Refusal::LookupFailed), "nothing is decided on what is not known");
        }
    }

    #[test]
    fn a_decision_is_made_once_and_in_time() {
        let person = evidence::recorded();
        let waiting = asked(&person, both(), &app("x"));
        assert_eq!(waiting.decide(both(), None, &app("x"), NOW), Err(Refusal::AlreadyDecided));
        let (failed, _) = offered(&person).fail(TermsError::Internal, NOW);
        assert_eq!(failed.decide(both(), None, &app("x"), NOW), Err(Refusal::AlreadyDecided));
        let at = |now| offered(&person).decide(both(), None, &app("x"), now);
        assert!(at(NOW + LINK - SignedDuration::from_secs(1)).is_ok());
        assert_eq!(at(NOW + LINK), Err(Refusal::TransactionExpired));
        assert_eq!(offered(&person).progress(NOW + LINK), Err(Refusal::TransactionExpired));
    }

    #[test]
    fn too_late_is_a_timeout() {
        let person = evidence::recorded();
        let waiting = asked(&person, both(), &app("x"));
        let end = NOW + CONFIRMATION;
        assert_eq!(waiting.progress(end), Ok(Progress::Failed(TermsError::Timeout)));
        assert_eq!(waiting.progress(end + KEPT), Err(Refusal::TransactionExpired));
        let used = app("x").in_use().found().unwrap();
        let late = waiting.accept(person, None, &used, Proof::Simulated, &terms(), end);
        assert_eq!(late, Err(Refusal::TransactionExpired));
    }

    #[test]
    fn what_was_not_asked_confirms_nothing() {
        let person = evidence::recorded();
        let waiting = asked(&person, both(), &app("x"));
        for wrong in [evidence::means(MeansKind::App, "y"), evidence::means(MeansKind::Sas, "x")] {
            let found = waiting.clone().accept(person.clone(), None, &wrong, Proof::Simulated, &terms(), NOW);
            assert_eq!(found, Err(Refusal::UnknownTransaction));
        }
        let used = app("x").in_use().found().unwrap();
        let (other, _) = Evidence::record(evidence::identification(), NOW, &mut world::rng(9)).unwrap();
        let found = waiting.clone().accept(other, None, &used, Proof::Simulated, &terms(), NOW);
        assert_eq!(found, Err(Refusal::UnknownTransaction));
        let twice = accept(waiting, person.clone(), &app("x")).unwrap().transaction;
        assert_eq!(accept(twice.clone(), person, &app("x")), Err(Refusal::TransactionExpired), "replayed");
        assert_eq!(twice.clone().fail(TermsError::UserCancel, NOW), (twice, Vec::new()));
    }

    #[test]
    fn a_new_identification_takes_over_with_its_acceptance() {
        let old = evidence::bound(MeansKind::App, "phone-1");
        let (new, _) = Evidence::record(evidence::identification(), NOW, &mut world::rng(9)).unwrap();
        let means = app("phone-2");
        let waiting = asked(&new, both(), &means);
        let used = means.in_use().found().unwrap();
        let accepted = waiting.accept(new, Some(old), &used, Proof::Simulated, &terms(), later(1)).unwrap();
        let today = date(2026, 6, 1);
        assert!(accepted.evidence.unwrap().in_force(today));
        assert!(!accepted.superseded.unwrap().in_force(today));
    }

    #[test]
    fn the_statement_names_every_text() {
        let person = evidence::recorded();
        let transaction = offered(&person);
        let Asking::Ask(decided) = transaction.clone().decide(both(), None, &app("x"), NOW).unwrap() else {
            panic!("nobody is asked");
        };
        let statement = transaction.statement(&decided, &terms());
        let hash = "5a".repeat(32);
        assert_eq!(
            statement,
            format!(
                "countersign terms 1\n{}\n{}\nzertes 1 {hash} {hash}\neidas 1 {hash}\n",
                transaction.id(),
                person.id()
            )
        );
    }

    #[test]
    fn nothing_to_accept_gives_no_link() {
        let client = ClientId::parse("portal").unwrap();
        let none = PerJurisdiction::default();
        let refused = TermsTransaction::offer(client, &evidence::recorded(), none, NOW, &mut world::rng(1));
        assert_eq!(refused.unwrap_err(), Refusal::NothingToAccept);
    }

    const REQUEST: &str = "AAAAAAAAAAAAAAAAAAAAAA";

    /// Asked by another service, which may take five minutes.
    fn elsewhere(evidence: &Evidence, means: &MeansLookups) -> TermsTransaction {
        let transaction = offered(evidence);
        let Asking::Ask(decided) = transaction.clone().decide(both(), None, means, NOW).unwrap() else {
            panic!("nobody is asked");
        };
        let (request, patience) = (StepUpId::parse(REQUEST).unwrap(), SignedDuration::from_secs(300));
        let (asked, events) = transaction.ask(decided, AskedBy::Service { request, patience });
        assert!(matches!(
            &events[..],
            [RegistrationEvent::TermsDecided { session: None, request: Some(_), .. }]
        ));
        asked
    }

    fn pending(response: &str, url: Option<&str>) -> Pending {
        Pending {
            response_id: ResponseId::parse(response).unwrap(),
            consent_url: url.map(|url| ConsentUrl::parse(url).unwrap()),
        }
    }

    /// A row: what has come, at which second another round finds no answer, and where that leaves it.
    #[test]
    fn what_waits_for_another_service_ends_in_time() {
        let waits = Ok(Progress::Waiting { consent: false });
        let person = evidence::recorded();
        for (taken, second, expected) in [
            (false, 0, waits.clone()),
            (false, 29, waits.clone()),
            (false, 30, Ok(Progress::Failed(TermsError::Internal))),
            (true, 30, waits.clone()),
            (true, 299, waits),
            (true, 300, Ok(Progress::Failed(TermsError::Timeout))),
            (false, 300, Ok(Progress::Failed(TermsError::Timeout))),
        ] {
            let mut waiting = elsewhere(&person, &app("x"));
            if taken {
                waiting = waiting.asked_there(pending("r", None)).0;
            }
            let (after, events) = waiting.waited(later(second));
            assert_eq!(after.progress(later(second)), expected, "{taken} {second}");
            assert_eq!(events.is_empty(), after.question().is_some(), "{taken} {second}");
            // It reads so before anybody has written it.
            let unwritten = elsewhere(&person, &app("x")).progress(later(second));
            assert_eq!(unwritten == Ok(Progress::Failed(TermsError::Timeout)), second >= 300);
        }
    }

    #[test]
    fn the_name_of_a_question_is_learnt_once_and_its_page_when_it_comes() {
        let waiting = elsewhere(&evidence::recorded(), &sas("x"));
        let (waiting, news) = waiting.asked_there(pending("r", None));
        assert!(news && waiting.question().unwrap().consent_url.is_none());
        let (same, news) = waiting.clone().asked_there(pending("r", None));
        assert!(!news && same == waiting);
        let (with_page, news) = waiting.asked_there(pending("r", Some("https://sas.example.org/1")));
        let question = with_page.question().unwrap();
        assert!(news && question.consent_url.as_ref().unwrap().as_str() == "https://sas.example.org/1");
        assert_eq!((question.request.as_str(), question.until), (REQUEST, later(300)));
        let (other, news) = with_page.clone().asked_there(pending("other", None));
        assert!(!news && other == with_page, "the first name stays, and so does the page");
        // Nobody with an app enters a password somewhere.
        let (of_app, _) = elsewhere(&evidence::recorded(), &app("x"))
            .asked_there(pending("r", Some("https://sas.example.org/1")));
        assert_eq!(of_app.question().unwrap().consent_url, None);
    }

    #[test]
    fn what_another_service_got_signed_binds_the_means_like_anything_else() {
        let person = evidence::recorded();
        let means = app("phone-1");
        let used = means.in_use().found().unwrap();
        let waiting = elsewhere(&person, &means).asked_there(pending("r", None)).0;
        assert_eq!(waiting.waiting().map(|(_, until)| until), Some(later(300)));
        let at = |now| waiting.clone().accept(person.clone(), None, &used, Proof::Simulated, &terms(), now);
        let accepted = at(later(299)).unwrap();
        assert_eq!(accepted.evidence.unwrap().bound_to(), Some(&used));
        let done = accepted.transaction;
        assert_eq!(done.progress(later(299)), Ok(Progress::Confirmed { downgrade: false }));
        assert_eq!(at(later(300)), Err(Refusal::TransactionExpired));
        let wrong = evidence::means(MeansKind::App, "phone-2");
        let found = waiting.clone().accept(person.clone(), None, &wrong, Proof::Simulated, &terms(), NOW);
        assert_eq!(found, Err(Refusal::UnknownTransaction));
        // Whatever comes after the end changes nothing.
        assert_eq!(done.clone().asked_there(pending("r", None)), (done.clone(), false));
        assert_eq!(done.clone().waited(later(900)), (done.clone(), Vec::new()));
        assert_eq!(done.clone().wrong_credentials(NOW), (done, Vec::new()));
        // A longer patience than that of an acceptance is cut to it.
        let Asking::Ask(decided) = offered(&person).decide(both(), None, &means, NOW).unwrap() else {
            panic!("nobody is asked");
        };
        let (request, patience) = (StepUpId::parse(REQUEST).unwrap(), SignedDuration::from_hours(1));
        let (long, _) = offered(&person).ask(decided, AskedBy::Service { request, patience });
        assert_eq!(long.question().unwrap().until, NOW + CONFIRMATION);
    }

    #[test]
    fn what_waits_for_another_service_is_kept_as_it_is() {
        let waiting = elsewhere(&evidence::recorded(), &sas("x"));
        let waiting = waiting.asked_there(pending("r", Some("https://sas.example.org/1"))).0;
        let kept = serde_json::to_string(&waiting).unwrap();
        assert!(kept.contains("\"state\":\"AWAITING_SERVICE\""), "{kept}");
        assert_eq!(serde_json::from_str::<TermsTransaction>(&kept).unwrap(), waiting);
    }
}
