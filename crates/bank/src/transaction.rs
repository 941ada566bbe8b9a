//! A log-in or a signature on its way: what is known about it, what it can still be given, and who waits for it.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use countersign_client::checklist::CheckLine;
use countersign_client::wire::device_link::{Language, LinkKind};
use countersign_client::wire::session::SessionStatus;
use countersign_client::wire::words::{EndResult, Open};
use countersign_client::{
    CheckedCallback, Client, Error, Exchange, StartedSession, SystemRandom, check_callback,
};
use countersign_container::Report;
use http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use rand_core::Rng as _;
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::advice::Failure;
use crate::cookie::{self, TokenHash, VISITOR};
use crate::door::{OwnPage, Refused};
use crate::exchange::{EXCHANGES_MAX, Recorded};
use crate::format::Format;
use crate::office::{Bank, Office, lock};
use crate::view::{Kind, PersonShown, Shown, State as Standing, Step, StepName, StepState, View, Way};

/// How long a page waits for news in one request.
const WAIT: Duration = Duration::from_secs(20);

/// How long the page that starts something waits for a link or a code.
const READY: Duration = Duration::from_secs(10);

/// How long a QR code is shown, in seconds (relying party API, 4.5).
const QR_SHOWN: u32 = 60;

/// How long the person's browser may take to come back from the phone once the session is over.
pub(crate) const RETURN: Duration = Duration::from_secs(60);

/// How long the bank waits for a session: a little more than the service does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(150);

/// One of a visitor's transactions.
pub(crate) struct Transaction {
    id: String,
    view: watch::Sender<View>,
    record: Mutex<Vec<Recorded>>,
    /// The device-link session that links are made of and callbacks belong to.
    session: Mutex<Option<Arc<StartedSession>>>,
    /// Who waits for the browser to come back; once.
    returned: Mutex<Option<oneshot::Sender<CheckedCallback>>>,
    made: OnceLock<Made>,
    work: Mutex<Option<AbortHandle>>,
}

/// What a signature ends with.
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) content: Vec<u8>,
    pub(crate) report: Report,
}

impl Transaction {
    pub(crate) fn new(kind: Kind, way: Way, text: String, steps: &[StepName], now: Timestamp) -> Arc<Self> {
        let mut octets = [0; 12];
        SystemRandom.fill_bytes(&mut octets);
        let id = countersign_client::wire::base64::b64u(&octets);
        let steps = steps
            .iter()
            .map(|name| Step { name: *name, state: StepState::Waiting, detail: String::new() })
            .collect();
        let view = View {
            version: 1,
            id: id.clone(),
            kind,
            way,
            state: Standing::Running,
            started_at: now,
            steps,
            verification_code: None,
            has_link: false,
            text,
            person: None,
            file: None,
            failure: None,
            notes: Vec::new(),
            checks: Vec::new(),
            payload: None,
        };
        Arc::new(Self {
            id,
            view: watch::Sender::new(view),
            record: Mutex::default(),
            session: Mutex::default(),
            returned: Mutex::default(),
            made: OnceLock::new(),
            work: Mutex::default(),
        })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Who it was, once that is proven.
    pub(crate) fn person(&self) -> Option<PersonShown> {
        let view = self.view.borrow();
        (view.state == Standing::Complete).then(|| view.person.clone()).flatten()
    }

    /// What came out, once it has.
    pub(crate) fn made(&self) -> Option<&Made> {
        self.made.get()
    }

    /// The office's client, with everything that travels recorded here.
    pub(crate) fn client(self: &Arc<Self>, office: &Arc<Office>, page: &OwnPage) -> Client {
        let (transaction, clock) = (Arc::clone(self), Arc::clone(office));
        office.client(page).observed(move |exchange| transaction.travelled(exchange, clock.now()))
    }

    fn travelled(&self, exchange: &Exchange<'_>, now: Timestamp) {
        {
            let mut record = lock(&self.record);
            if record.len() < EXCHANGES_MAX {
                record.push(Recorded::of(exchange, now));
            }
        }
        self.change(|_| {});
    }

    /// Changes what the page sees, and tells those who wait.
    pub(crate) fn change(&self, change: impl FnOnce(&mut View)) {
        self.view.send_modify(|view| {
            change(view);
            view.version += 1;
        });
    }

    /// A step has begun.
    pub(crate) fn begin(&self, name: StepName) {
        self.step(name, StepState::Running, String::new());
    }

    /// A step is done.
    pub(crate) fn done(&self, name: StepName, detail: impl Into<String>) {
        self.step(name, StepState::Done, detail.into());
    }

    fn step(&self, name: StepName, state: StepState, detail: String) {
        self.change(|view| {
            if let Some(step) = view.steps.iter_mut().find(|step| step.name == name) {
                step.state = state;
                step.detail = detail;
            }
        });
    }

    /// It has failed, in the step that runs. Nothing is shown any more that the person could still react to.
    pub(crate) fn fail(&self, failure: Failure) {
        self.change(|view| {
            for step in view.steps.iter_mut().filter(|step| step.state == StepState::Running) {
                step.state = StepState::Failed;
            }
            view.state = Standing::Failed;
            view.has_link = false;
            view.failure = Some(failure);
        });
    }

    pub(crate) fn checked(&self, checks: Vec<CheckLine>) {
        self.change(|view| view.checks = checks);
    }

    pub(crate) fn finish(&self, made: Option<Made>, change: impl FnOnce(&mut View)) {
        if let Some(made) = made {
            // Set once: a transaction finishes once.
            let _ = self.made.set(made);
        }
        self.change(|view| {
            change(view);
            view.state = Standing::Complete;
            view.has_link = false;
        });
    }

    /// Something odd that does not end it.
    pub(crate) fn note(&self, note: &str) {
        self.change(|view| {
            if view.notes.len() < 8 {
                view.notes.push(note.to_owned());
            }
        });
    }

    /// A session has been started: shows its link or code. What is given completes when the browser comes back from it.
    pub(crate) fn started(&self, session: &Arc<StartedSession>) -> oneshot::Receiver<CheckedCallback> {
        let (sender, receiver) = oneshot::channel();
        let linked = session.secret().is_some();
        if linked {
            *lock(&self.session) = Some(Arc::clone(session));
            *lock(&self.returned) = Some(sender);
        }
        self.change(|view| {
            view.has_link = linked;
            view.verification_code = session.verification_code().map(|code| code.to_string());
        });
        receiver
    }

    /// The session has ended: its link leads nowhere any more. Without success, that was the person's step.
    pub(crate) fn ended(&self, status: &SessionStatus) {
        self.change(|view| view.has_link = false);
        if status.end_result().and_then(Open::known) == Some(EndResult::Ok) {
            self.done(StepName::Person, "");
            self.begin(StepName::Check);
        }
    }

    /// The person has chosen an account: the link leads nowhere any more.
    pub(crate) fn chosen(&self) {
        self.change(|view| view.has_link = false);
    }

    /// The browser that was sent out comes back to `path`.
    pub(crate) fn came_back(&self, path: &str) -> Result<(), Error> {
        let session = lock(&self.session).clone().ok_or(Error::NoDeviceLink)?;
        let callback = check_callback(&session, path)?;
        if let Some(waiting) = lock(&self.returned).take() {
            // Nobody waits when the session has already ended without success.
            let _ = waiting.send(callback);
        }
        Ok(())
    }

    /// Whether this path continues the callback URL of this transaction.
    pub(crate) fn owns_callback(&self, path: &str) -> bool {
        let session = lock(&self.session).clone();
        session.is_some_and(|session| check_callback(&session, path).is_ok())
    }

    /// Has the work on it go on by itself, and answers once there is something for the person to do.
    pub(crate) async fn carried_out(
        &self,
        bank: &Bank,
        work: impl Future<Output = ()> + Send + 'static,
        cookies: &[String],
    ) -> Response {
        *lock(&self.work) = Some(bank.begin(work));
        self.ready().await;
        cookie::with(Json(self.shown()).into_response(), cookies)
    }

    /// Nobody is interested any more.
    pub(crate) fn abandon(&self) {
        if let Some(handle) = lock(&self.work).take() {
            handle.abort();
        }
        *lock(&self.session) = None;
        *lock(&self.returned) = None;
    }

    /// Waits until there is something for the person to do, or nothing more at all.
    async fn ready(&self) {
        let mut view = self.view.subscribe();
        let ready = view.wait_for(|view| {
            let asked = view
                .steps
                .iter()
                .any(|step| step.name == StepName::Person && step.state != StepState::Waiting);
            asked || view.state != Standing::Running
        });
        // The page asks again anyway.
        let _ = timeout(READY, ready).await;
    }

    async fn newer_than(&self, seen: u64) {
        let mut view = self.view.subscribe();
        let newer = view.wait_for(|view| view.version > seen || view.state != Standing::Running);
        let _ = timeout(WAIT, newer).await;
    }

    pub(crate) fn shown(&self) -> Shown {
        let view = self.view.borrow().clone();
        let over = view.state != Standing::Running;
        let exchanges = lock(&self.record).iter().map(|recorded| recorded.shown(over)).collect();
        Shown { view, exchanges }
    }
}

impl Bank {
    /// The transaction of this browser with this id.
    pub(crate) fn transaction(&self, headers: &HeaderMap, id: &str) -> Result<Arc<Transaction>, Refused> {
        let now = self.office.now();
        let mut visitors = lock(&self.visitors);
        let visitor = visitors.find(TokenHash::received(headers, VISITOR), now);
        let visitor = visitor.ok_or_else(Refused::no_visitor)?;
        visitor.transaction(id).cloned().ok_or_else(Refused::no_transaction)
    }
}

#[derive(Deserialize)]
pub(crate) struct Seen {
    seen: Option<u64>,
}

pub(crate) async fn show(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(Seen { seen }): Query<Seen>,
) -> Result<Json<Shown>, Refused> {
    let transaction = bank.transaction(&headers, &id)?;
    if let Some(seen) = seen {
        transaction.newer_than(seen).await;
    }
    Ok(Json(transaction.shown()))
}

pub(crate) async fn end(
    State(bank): State<Arc<Bank>>,
    uri: Uri,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    OwnPage::of(&uri, &headers)?;
    bank.transaction(&headers, &id)?.abandon();
    let now = bank.office.now();
    if let Some(visitor) = lock(&bank.visitors).find(TokenHash::received(&headers, VISITOR), now) {
        for slot in [&mut visitor.log_in, &mut visitor.signing] {
            slot.take_if(|transaction| transaction.id() == id);
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What the QR element asks for each second.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkShown {
    /// The content of the code; absent when none is shown any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The link for this very device, where there is a way back.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_device_link: Option<String>,
    elapsed_seconds: u32,
    seconds_left: u32,
}

pub(crate) async fn link(
    State(bank): State<Arc<Bank>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<LinkShown>, Refused> {
    let transaction = bank.transaction(&headers, &id)?;
    let shows = transaction.view.borrow().has_link;
    let session = lock(&transaction.session).clone().filter(|_| shows).ok_or_else(Refused::no_transaction)?;
    let (now, language) = (bank.office.now(), Language::ENGLISH);
    let elapsed = session.elapsed_seconds(now);
    let left = QR_SHOWN.saturating_sub(elapsed);
    let made = |link: Result<String, Error>| link.map_err(|_| Refused::no_transaction());
    let qr = if left > 0 { Some(made(session.qr_link(now, language))?) } else { None };
    let same = match session.callback_url() {
        Some(_) => Some(made(session.device_link(LinkKind::Web2App, language))?),
        None => None,
    };
    Ok(Json(LinkShown { link: qr, same_device_link: same, elapsed_seconds: elapsed, seconds_left: left }))
}
