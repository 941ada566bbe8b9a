//! Sessions with a token: a bounded number, opened when needed, thrown away together when the token went away.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Driver, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use crate::{Error, Settings};

/// The driver, and the sessions that are open.
pub(crate) struct Pool {
    settings: Settings,
    /// Whoever talks to the driver holds it for reading; for writing whoever ends and begins it anew, since nothing may be
    /// under way then.
    driver: RwLock<Pkcs11>,
    sessions: Mutex<Sessions>,
    freed: Condvar,
}

struct Sessions {
    free: Vec<Session>,
    /// Those in use and those that are free.
    open: usize,
    /// Raised whenever all are thrown away. Handles of an earlier generation mean nothing any more.
    generation: u64,
}

/// A session in use.
pub(crate) struct Lease<'a> {
    pub(crate) session: &'a Session,
    /// Handles found under another generation must be found again.
    pub(crate) generation: u64,
}

impl Pool {
    pub(crate) fn load(settings: Settings) -> Result<Self, Error> {
        let driver = Pkcs11::new(&settings.module)
            .map_err(|error| Error::Module { path: settings.module.clone(), reason: error.to_string() })?;
        initialize(&driver)?;
        let sessions = Sessions { free: Vec::new(), open: 0, generation: 0 };
        Ok(Self {
            settings,
            driver: RwLock::new(driver),
            sessions: Mutex::new(sessions),
            freed: Condvar::new(),
        })
    }

    /// Runs `work` in a session. If the token turns out to be gone, everything is opened anew and `work` runs once more.
    pub(crate) fn run<T>(&self, work: impl Fn(&Lease<'_>) -> Result<T, Error>) -> Result<T, Error> {
        match self.try_run(&work) {
            (seen, Err(error)) if error.is_lost() => {
                tracing::warn!(error = %error, "the sessions with the token are lost: opening them anew");
                self.throw_away(seen)?;
                let (_, again) = self.try_run(&work);
                match &again {
                    Ok(_) => tracing::info!("the token is there again"),
                    Err(error) => tracing::error!(error = %error, "the token cannot be reached"),
                }
                again
            }
            (_, done) => done,
        }
    }

    /// Runs `work` in a session. A driver that others in this process may use is left alone, whatever comes of it.
    pub(crate) fn run_once<T>(&self, work: impl Fn(&Lease<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.try_run(&work).1
    }

    /// The outcome, and the generation of sessions under which it came.
    fn try_run<T>(&self, work: &impl Fn(&Lease<'_>) -> Result<T, Error>) -> (u64, Result<T, Error>) {
        let driver = self.driver.read().unwrap_or_else(PoisonError::into_inner);
        // Nobody raises it while the driver is held for reading.
        let generation = self.lock().generation;
        let done = self.take(&driver).and_then(|session| {
            let done = work(&Lease { session: &session, generation });
            let sound = !done.as_ref().is_err_and(Error::is_lost);
            self.give_back(session, sound);
            done
        });
        (generation, done)
    }

    fn take(&self, driver: &Pkcs11) -> Result<Session, Error> {
        let begun = Instant::now();
        let most = self.settings.sessions.max(1);
        let mut sessions = self.lock();
        loop {
            if let Some(session) = sessions.free.pop() {
                return Ok(session);
            }
            if sessions.open < most {
                sessions.open += 1;
                drop(sessions);
                let opened = self.open(driver);
                if opened.is_err() {
                    self.forget();
                }
                return opened;
            }
            let left = self.settings.wait.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(Error::Busy { sessions: most, waited: self.settings.wait });
            }
            sessions = self.freed.wait_timeout(sessions, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn open(&self, driver: &Pkcs11) -> Result<Session, Error> {
        let label = &self.settings.token;
        let slot = find_slot(driver, label)?.ok_or_else(|| Error::NoToken { label: label.clone() })?;
        let session = driver.open_rw_session(slot)?;
        let pin = AuthPin::new(self.settings.pin.as_str().into());
        match session.login(UserType::User, Some(&pin)) {
            // The login is the token's, not the session's: another session has done it.
            Ok(()) | Err(Driver::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Driver::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinLocked,
                _,
            )) => Err(Error::WrongPin { label: label.clone() }),
            Err(error) => Err(error.into()),
        }
    }

    fn give_back(&self, session: Session, sound: bool) {
        if sound {
            self.lock().free.push(session);
            self.freed.notify_one();
        } else {
            drop(session);
            self.forget();
        }
    }

    /// A session fewer.
    fn forget(&self) {
        let mut sessions = self.lock();
        sessions.open = sessions.open.saturating_sub(1);
        self.freed.notify_one();
    }

    /// Ends the driver and begins it anew, when nobody uses it: many see a token that came back only then. `seen`: the
    /// generation that was found lost.
    fn throw_away(&self, seen: u64) -> Result<(), Error> {
        let mut driver = self.driver.write().unwrap_or_else(PoisonError::into_inner);
        let mut sessions = self.lock();
        if sessions.generation != seen {
            // Somebody else has just done it.
            return Ok(());
        }
        sessions.generation += 1;
        sessions.open = 0;
        sessions.free.clear();
        drop(sessions);
        // What it says does not matter: a driver that is ended already is what is wanted.
        let _ = driver.clone().finalize();
        *driver = Pkcs11::new(&self.settings.module).map_err(|error| Error::Module {
            path: self.settings.module.clone(),
            reason: error.to_string(),
        })?;
        initialize(&driver)?;
        self.freed.notify_all();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn initialize(driver: &Pkcs11) -> Result<(), Error> {
    match driver.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Driver::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The slot with the token of this label. Labels are padded with spaces in the token.
fn find_slot(driver: &Pkcs11, label: &str) -> Result<Option<Slot>, Error> {
    for slot in driver.get_slots_with_token()? {
        // A slot whose token cannot be read is not the one.
        if driver.get_token_info(slot).is_ok_and(|info| info.label().trim_end() == label.trim_end()) {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}
