//! Persons who answer by themselves. A person wakes when something reaches their account, as by a push; nobody polls.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use countersign_phone::{Choice, FileVault, MemoryVault, Opened, Phone, Pin, Storage, Vault};
use countersign_wire::base64::from_b64;
use countersign_wire::device::{DeviceErrorCode, KeyUse, RefusalReason, TransactionKind};
use countersign_wire::id::{DocumentNumber, TransactionId};
use countersign_wire::session::Started;
use countersign_wire::verification_code::VerificationCode;
use jiff::SignedDuration;
use tokio::sync::mpsc;

use super::fixture::{Enrolled, PIN1, PIN2};
use super::persons::{Outcome, PERSONS};
use super::sandbox::Sandbox;
use super::{Error, mock};
use crate::device::InProcess;
use crate::{App, Clock, MovableClock};

/// How long a person waits before trying again what the service is still busy with.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The persons of a development server, and what they are told to do.
pub struct TestWorld {
    clock: Arc<MovableClock>,
    people: HashMap<DocumentNumber, Someone>,
    callbacks: mock::Callbacks,
    sandbox: Sandbox,
    woken: mpsc::UnboundedSender<DocumentNumber>,
    to_wake: Mutex<Option<mpsc::UnboundedReceiver<DocumentNumber>>>,
    transport: OnceLock<InProcess>,
}

struct Someone {
    listed: Outcome,
    script: Mutex<Script>,
    /// What the phone stores while it is not open.
    storage: Mutex<Option<(Storage, Box<dyn Vault>)>>,
    /// Open while the person acts: one transaction at a time.
    phone: tokio::sync::Mutex<Option<Phone<InProcess>>>,
    /// Transactions that this person lets run out.
    ignored: Mutex<Vec<TransactionId>>,
}

/// What a person does from now on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) outcome: Outcome,
    /// How long the person thinks first.
    pub(super) delay: Duration,
}

impl TestWorld {
    pub(super) fn new(
        app: &App,
        clock: Arc<MovableClock>,
        enrolled: Vec<Enrolled>,
        phones: Option<&Path>,
    ) -> Result<Arc<Self>, Error> {
        let (woken, to_wake) = mpsc::unbounded_channel();
        let mut people = HashMap::with_capacity(enrolled.len());
        for person in enrolled {
            let document = person.account.document;
            let listed = PERSONS
                .iter()
                .find(|listed| listed.document == document.as_str())
                .map_or(Outcome::Ok, |listed| listed.outcome);
            let (storage, vault) = keep(person.phone, &document, phones)?;
            let someone = Someone {
                listed,
                script: Mutex::new(Script { outcome: listed, delay: Duration::ZERO }),
                storage: Mutex::new(Some((storage, vault))),
                phone: tokio::sync::Mutex::new(None),
                ignored: Mutex::default(),
            };
            people.insert(document, someone);
        }
        app.watches().notify_accounts(woken.clone());
        Ok(Arc::new(Self {
            clock,
            people,
            callbacks: mock::Callbacks::new()?,
            sandbox: Sandbox::default(),
            woken,
            to_wake: Mutex::new(Some(to_wake)),
            transport: OnceLock::new(),
        }))
    }

    /// Lets the persons act until the application stops.
    pub(super) fn start(self: &Arc<Self>, app: App) {
        let Some(mut to_wake) = lock(&self.to_wake).take() else { return };
        // Something may have been open when the server stopped the last time.
        for document in self.people.keys() {
            let _ = self.woken.send(document.clone());
        }
        let world = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                let document = tokio::select! {
                    () = app.stopping() => return,
                    document = to_wake.recv() => document,
                };
                let Some(document) = document else { return };
                if !world.people.contains_key(&document) || !has_work(&app, &document).await {
                    continue;
                }
                let (world, app) = (Arc::clone(&world), app.clone());
                tokio::spawn(async move { world.act(&app, &document).await });
            }
        });
    }

    /// The clock that the controls move.
    pub(super) fn clock(&self) -> &MovableClock {
        &self.clock
    }

    /// The numbers of the registration's sandbox.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub(super) fn callbacks(&self) -> &mock::Callbacks {
        &self.callbacks
    }

    /// What a person does; nothing for somebody who is not a test person.
    pub(super) fn script(&self, document: &DocumentNumber) -> Option<Script> {
        Some(*lock(&self.people.get(document)?.script))
    }

    /// Gives a person something else to do. `None`: what the list says. False for somebody who is not a test person.
    pub(super) fn set_script(&self, document: &DocumentNumber, script: Option<Script>) -> bool {
        let Some(someone) = self.people.get(document) else { return false };
        *lock(&someone.script) = script.unwrap_or(Script { outcome: someone.listed, delay: Duration::ZERO });
        true
    }

    /// Everybody does what the list says again.
    pub(super) fn reset(&self) {
        for document in self.people.keys() {
            self.set_script(document, None);
        }
        self.sandbox.reset();
    }

    /// Opens a link with a person's phone, as after scanning or tapping it.
    pub(super) async fn claim(
        &self,
        app: &App,
        document: &DocumentNumber,
        link: &str,
    ) -> Result<(), countersign_phone::Error> {
        let Some(someone) = self.people.get(document) else { return Ok(()) };
        let mut phone = someone.phone.lock().await;
        let phone = self.open(app, someone, &mut phone)?;
        phone.claim(link, app.now(), &mut app.randomness()).await?;
        Ok(())
    }

    /// One look at the phone: everything that waits is answered, oldest first.
    async fn act(&self, app: &App, document: &DocumentNumber) {
        let Some(someone) = self.people.get(document) else { return };
        let script = *lock(&someone.script);
        if !script.delay.is_zero() {
            self.clock.sleep(script.delay).await;
        }
        let mut phone = someone.phone.lock().await;
        if let Err(error) = self.answer_all(app, someone, &mut phone).await {
            tracing::warn!(error = %error, "a test person could not answer");
        }
    }

    async fn answer_all(
        &self,
        app: &App,
        someone: &Someone,
        phone: &mut Option<Phone<InProcess>>,
    ) -> Result<(), countersign_phone::Error> {
        let phone = self.open(app, someone, phone)?;
        let rng = &mut app.randomness();
        loop {
            let waiting = phone.transactions(0, app.now(), rng).await?;
            let next =
                waiting.into_iter().map(|hint| hint.tx).find(|tx| !lock(&someone.ignored).contains(tx));
            let Some(tx) = next else { return Ok(()) };
            let outcome = lock(&someone.script).outcome;
            if outcome == Outcome::Timeout {
                lock(&someone.ignored).push(tx);
                continue;
            }
            match self.answer(app, phone, &tx, outcome).await {
                Ok(callback) => {
                    if let Some(url) = callback {
                        self.callbacks.open(phone.document_number(), &url);
                    }
                }
                // Decided or run out meanwhile: nothing to do.
                Err(error) if matches!(error.code(), Some(code) if is_over(code)) => {}
                // Sent just before the service stopped, and without an answer: it might still arrive.
                Err(countersign_phone::Error::OnItsWay { until }) => {
                    let rest = until.duration_since(app.now()).max(SignedDuration::ZERO);
                    self.clock.sleep(rest.unsigned_abs()).await;
                }
                // The service stopped while it computed for this key; its lease runs out in seconds.
                Err(error) if error.code() == Some(DeviceErrorCode::InProgress) => {
                    self.clock.sleep(RETRY_AFTER).await;
                }
                Err(error) => {
                    lock(&someone.ignored).push(tx);
                    return Err(error);
                }
            }
        }
    }

    /// Reacts to one transaction. Gives the URL to open afterwards.
    async fn answer(
        &self,
        app: &App,
        phone: &mut Phone<InProcess>,
        tx: &TransactionId,
        outcome: Outcome,
    ) -> Result<Option<String>, countersign_phone::Error> {
        let rng = &mut app.randomness();
        let opened = match phone.open_transaction(tx, app.now(), rng).await {
            Err(countersign_phone::Error::NoInteraction) => {
                return phone.refuse(tx, RefusalReason::InteractionNotSupported, None, app.now(), rng).await;
            }
            opened => opened?,
        };
        let kind = opened.transaction.kind;
        let refusal = match outcome {
            Outcome::Ok | Outcome::WrongPin => None,
            Outcome::RefusedCertificateChoice => Some((RefusalReason::CertChoice, None)),
            Outcome::RefusedDisplayTextAndPin
            | Outcome::RefusedConfirmationMessage
            | Outcome::RefusedCodeChoice => {
                // The scripted screen, also where another was offered: the outcome belongs to the person.
                match (outcome.refused_interaction(), kind) {
                    (screen @ Some(_), TransactionKind::Auth | TransactionKind::Sign) => {
                        Some((RefusalReason::Interaction, screen))
                    }
                    (None, _) | (_, TransactionKind::CertChoice) => Some((RefusalReason::User, None)),
                }
            }
            Outcome::WrongCode if opened.transaction.codes.is_some() => None,
            Outcome::WrongCode if opened.transaction.code.is_some() => Some((RefusalReason::WrongCode, None)),
            Outcome::WrongCode | Outcome::UserRefused | Outcome::Timeout => Some((RefusalReason::User, None)),
        };
        if let Some((reason, interaction)) = refusal {
            return phone.refuse(tx, reason, interaction, app.now(), rng).await;
        }
        let key_use = match kind {
            TransactionKind::CertChoice => {
                return Ok(phone.choose_certificate(&opened, app.now(), rng).await?.callback);
            }
            TransactionKind::Auth => KeyUse::Auth,
            TransactionKind::Sign => KeyUse::Sign,
        };
        let choice = match (&opened.transaction.codes, outcome) {
            (None, _) => Choice::None,
            (Some(codes), Outcome::WrongCode) => {
                let right = right_code(app, &opened).await;
                codes.iter().copied().find(|code| Some(*code) != right).map_or(Choice::None, Choice::Code)
            }
            (Some(_), _) => right_code(app, &opened).await.map_or(Choice::None, Choice::Code),
        };
        loop {
            let pin = if outcome == Outcome::WrongPin { wrong_pin(key_use) } else { right_pin(key_use) }?;
            match phone.approve(&opened, pin, choice, app.now(), rng).await {
                Ok(approved) => return Ok(approved.callback),
                // Typed wrong again and again, until the key is locked.
                Err(countersign_phone::Error::WrongPin { .. }) if outcome == Outcome::WrongPin => {}
                Err(countersign_phone::Error::Locked { .. } | countersign_phone::Error::Blocked)
                    if outcome == Outcome::WrongPin =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn open<'a>(
        &self,
        app: &App,
        someone: &Someone,
        phone: &'a mut Option<Phone<InProcess>>,
    ) -> Result<&'a mut Phone<InProcess>, countersign_phone::Error> {
        if phone.is_none()
            && let Some((storage, vault)) = lock(&someone.storage).take()
        {
            let transport = self.transport.get_or_init(|| InProcess::new(app)).clone();
            *phone = Some(Phone::open(transport, storage, vault)?);
        }
        phone
            .as_mut()
            .ok_or_else(|| countersign_phone::Error::Storage("the phone was not put back".to_owned()))
    }
}

/// Where a phone keeps what it stores, and what it has stored by now.
fn keep(
    shipped: Storage,
    document: &DocumentNumber,
    phones: Option<&Path>,
) -> Result<(Storage, Box<dyn Vault>), Error> {
    let Some(directory) = phones else { return Ok((shipped, Box::new(MemoryVault::default()))) };
    let path: PathBuf = directory.join(format!("{document}.json"));
    let stored = FileVault::load(&path)?.unwrap_or(shipped);
    Ok((stored, Box::new(FileVault::new(path))))
}

async fn has_work(app: &App, document: &DocumentNumber) -> bool {
    let (document, now) = (document.clone(), app.now());
    let open = app
        .store()
        .read("is anything open", move |tx| -> Result<bool, countersign_store::Error> {
            Ok(!tx.sessions().pending_for(&document, now)?.is_empty())
        })
        .await;
    open.unwrap_or(true)
}

/// The code that the person sees at the e-service: theirs is the one thing that no phone knows.
async fn right_code(app: &App, opened: &Opened) -> Option<VerificationCode> {
    if let Some(acsp) = &opened.transaction.acsp {
        return Some(VerificationCode::of_challenge(&from_b64(&acsp.rp_challenge)?));
    }
    let tx = opened.transaction.tx.clone();
    let session = app
        .store()
        .read("what the e-service shows", move |reading| -> Result<_, countersign_store::Error> {
            reading.sessions().find_by_tx(&tx)
        })
        .await
        .ok()??;
    match session.answer()? {
        Started::VerificationCode(started) => Some(started.vc.value),
        Started::DeviceLink(_) | Started::Session(_) => None,
    }
}

fn right_pin(key_use: KeyUse) -> Result<Pin, countersign_phone::Error> {
    Ok(Pin::parse(match key_use {
        KeyUse::Auth => PIN1,
        KeyUse::Sign => PIN2,
    })?)
}

fn wrong_pin(key_use: KeyUse) -> Result<Pin, countersign_phone::Error> {
    Ok(Pin::parse(match key_use {
        KeyUse::Auth => PIN2,
        KeyUse::Sign => PIN1,
    })?)
}

/// Whether nothing more can be done about a transaction.
fn is_over(code: DeviceErrorCode) -> bool {
    matches!(
        code,
        DeviceErrorCode::AlreadyDone
            | DeviceErrorCode::TxExpired
            | DeviceErrorCode::TxCancelled
            | DeviceErrorCode::NotFound
            | DeviceErrorCode::WrongCode
            | DeviceErrorCode::Locked
            | DeviceErrorCode::Blocked
    )
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
