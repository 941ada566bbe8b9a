//! Commands and queries: the clock is read once, one named transaction is opened, and only after the commit does
//! anybody hear of it.

use std::time::Duration;

use countersign_domain::session::{Session, State};
use countersign_domain::{Event, Refusal};
use countersign_store::Tx;
use countersign_wire::endpoint::{Addressee, Flow, Operation, Recipient};
use countersign_wire::start::FlowMembers;
use jiff::Timestamp;
use thiserror::Error;

use crate::App;
use crate::compute::Busy;
use crate::operations::metrics::SessionKind;
use crate::problem::Problem;
use crate::randomness::Randomness;
use crate::registration;
use crate::watch::Topic;

/// Why a command was not carried out. Nothing has changed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The rules say no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too much work waits.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// Our fault: the store.
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    /// Our fault: anything else. The text goes to the log.
    #[error("{0}")]
    Fault(String),
    /// The request is refused with this answer.
    #[error("refused with an answer of its own")]
    Said(Box<Problem>),
}

impl Failure {
    /// Refused with this answer.
    pub(crate) fn said(problem: Problem) -> Self {
        Self::Said(Box::new(problem))
    }
}

/// What a command sees beside the database, and where it leaves what happened.
pub(crate) struct Command {
    /// The one time of this command.
    pub(crate) now: Timestamp,
    /// The source of randomness.
    pub(crate) rng: Randomness,
    /// The application, for settings and keys.
    pub(crate) app: App,
    events: Vec<Event>,
    ended: Vec<(SessionKind, &'static str, Duration)>,
    started: Vec<SessionKind>,
}

impl Command {
    /// Events to be appended to the trail in this transaction, and to wake those who wait for them.
    pub(crate) fn record(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    /// Saves a session that was just started.
    pub(crate) fn insert_session(
        &mut self,
        tx: &Tx<'_>,
        session: &Session,
    ) -> Result<(), countersign_store::Error> {
        self.started.push(kind(session));
        self.note_end(session);
        tx.sessions().insert(session)
    }

    /// Saves a session that has changed.
    pub(crate) fn update_session(&mut self, tx: &Tx<'_>, session: &Session) -> Result<(), Failure> {
        self.note_end(session);
        tx.sessions().update(session)?;
        if registration::is_own(session) {
            registration::settle(tx, self, session)?;
        }
        Ok(())
    }

    fn note_end(&mut self, session: &Session) {
        if let State::Complete { outcome, at } = session.state()
            && self.events.iter().any(
                |event| matches!(event, Event::SessionCompleted { session: id, .. } if *id == session.id()),
            )
        {
            let lived =
                at.duration_since(session.created_at()).max(jiff::SignedDuration::ZERO).unsigned_abs();
            self.ended.push((kind(session), outcome.end_result().as_str(), lived));
        }
    }
}

impl App {
    /// Carries out a command in one named transaction. Its events are appended in the same transaction; after the
    /// commit, and only then, those who wait are woken and the counters move.
    pub(crate) async fn execute<T, F>(&self, name: &'static str, command: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>, &mut Command) -> Result<T, Failure> + Send + 'static,
    {
        let mut context = Command {
            now: self.now(),
            rng: self.randomness(),
            app: self.clone(),
            events: Vec::new(),
            ended: Vec::new(),
            started: Vec::new(),
        };
        let (value, done) = self
            .store()
            .write(name, move |tx| -> Result<(T, Command), Failure> {
                let value = command(tx, &mut context)?;
                tx.events().append_all(&context.events, context.now)?;
                Ok((value, context))
            })
            .await?;
        for kind in &done.started {
            self.metrics().session_started(*kind);
        }
        for (kind, outcome, lived) in &done.ended {
            self.metrics().session_ended(*kind, outcome, *lived);
        }
        for event in &done.events {
            self.metrics().event(event.kind());
            tracing::debug!(event = event.kind(), session.id = session_of(event), "{name}");
        }
        for event in &done.events {
            // A device that opened a link itself needs no waking.
            if let Event::SessionStarted { session, document: Some(_), .. } = event
                && !self.wake_ups().put(*session)
            {
                self.metrics().pushed("dropped");
            }
        }
        if done.events.iter().any(changes_status) {
            self.revocation_lists().ring();
        }
        for topic in done.events.iter().flat_map(topics) {
            self.watches().wake(&topic);
        }
        Ok(value)
    }

    /// Reads in one named transaction, which changes nothing.
    pub(crate) async fn read<T, F>(&self, name: &'static str, query: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.store().read(name, query).await
    }
}

/// Whether revocation lists look different from now on.
fn changes_status(event: &Event) -> bool {
    matches!(
        event,
        Event::CertificateRevoked { .. }
            | Event::CertificateSuspended { .. }
            | Event::CertificateResumed { .. }
    )
}

/// The session that an event is about. Other subjects are not logged: some are document numbers.
fn session_of(event: &Event) -> Option<String> {
    match event {
        Event::SessionStarted { session, .. }
        | Event::SessionClaimed { session, .. }
        | Event::TransactionDisplayed { session, .. }
        | Event::SessionCompleted { session, .. }
        | Event::LinkedSignatureAwaited { session, .. } => Some(session.to_string()),
        _ => None,
    }
}

/// Who waits for an event.
fn topics(event: &Event) -> Vec<Topic> {
    match event {
        Event::SessionStarted { session, document, .. }
        | Event::SessionCompleted { session, document, .. } => {
            let account = document.iter().map(|document| Topic::Account(document.clone()));
            account.chain([Topic::Session(*session)]).collect()
        }
        Event::SessionClaimed { session, document, .. }
        | Event::LinkedSignatureAwaited { session, document, .. } => {
            vec![Topic::Session(*session), Topic::Account(document.clone())]
        }
        Event::TransactionDisplayed { session, .. } => vec![Topic::Session(*session)],
        Event::CloneSuspected { document, .. }
        | Event::DeviceRevoked { document, .. }
        | Event::AccountActivated { document }
        | Event::AccountRevoked { document, .. } => vec![Topic::Account(document.clone())],
        // Nobody waits for these. The enum may grow, and what is new is not waited for either.
        _ => Vec::new(),
    }
}

/// A session as labels of a metric.
pub(crate) fn kind(session: &Session) -> SessionKind {
    let request = session.request();
    let (flow, addressee) = match (&request.flow, session.recipient()) {
        (FlowMembers::Linked { .. }, _) => (Flow::Notification, Addressee::Linked),
        (FlowMembers::DeviceLink { .. }, Recipient::Anonymous) => (Flow::DeviceLink, Addressee::Anonymous),
        (FlowMembers::DeviceLink { .. }, Recipient::Person(_)) => (Flow::DeviceLink, Addressee::Person),
        (FlowMembers::DeviceLink { .. }, Recipient::Document(_)) => (Flow::DeviceLink, Addressee::Document),
        (FlowMembers::Notification, Recipient::Person(_)) => (Flow::Notification, Addressee::Person),
        (FlowMembers::Notification, Recipient::Document(_)) => (Flow::Notification, Addressee::Document),
        (FlowMembers::Notification, Recipient::Anonymous) => (Flow::Notification, Addressee::Anonymous),
    };
    SessionKind {
        operation: operation_word(session.operation()),
        flow: flow_word(flow),
        addressee: addressee_word(addressee),
    }
}

pub(crate) fn operation_word(operation: Operation) -> &'static str {
    match operation {
        Operation::Authenticate => "authenticate",
        Operation::ChooseCertificate => "choose-certificate",
        Operation::Sign => "sign",
    }
}

pub(crate) fn flow_word(flow: Flow) -> &'static str {
    match flow {
        Flow::DeviceLink => "device-link",
        Flow::Notification => "notification",
    }
}

fn addressee_word(addressee: Addressee) -> &'static str {
    match addressee {
        Addressee::Anonymous => "anonymous",
        Addressee::Person => "person",
        Addressee::Document => "document",
        Addressee::Linked => "linked",
    }
}
