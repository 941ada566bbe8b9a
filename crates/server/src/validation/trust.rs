//! Whom the door trusts: this service's own authority, certificates from files, and the services of trusted lists.
//!
//! Files are looked at again when they have changed, at most once in a while. A list that is broken, out of date or
//! signed by somebody else is reported in the log, and the last good one stays.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use countersign_container::trusted_list::ListSet;
use countersign_container::validate::{TrustAnchors, Trusted};
use countersign_pki::Certificate;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::config::Validation;
use crate::authority::Authorities;

/// How long what was read is taken as it is.
const LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// The longest file of certificates, and the longest list.
const MOST_CERTIFICATES: u64 = 4 << 20;
const MOST_LIST: u64 = 32 << 20;

/// Why there is nothing to trust by.
#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is longer than {limit} bytes", .path.display())]
    TooLong { path: PathBuf, limit: u64 },
    #[error("{} holds no certificates: {source}", .path.display())]
    NoCertificates { path: PathBuf, source: countersign_pki::Error },
}

pub(crate) struct Trust {
    config: Validation,
    state: Mutex<Option<State>>,
}

struct State {
    looked_at: Timestamp,
    /// When each list's file was changed, as it was seen last.
    changed: Vec<Option<SystemTime>>,
    lists: ListSet,
    certificates: TrustAnchors,
    anchors: Arc<TrustAnchors>,
}

impl Trust {
    pub(crate) fn new(config: &Validation) -> Self {
        Self { config: config.clone(), state: Mutex::new(None) }
    }

    /// The anchors at `now`. The first call reads the files; it fails again and again until they can be read.
    pub(crate) fn anchors(
        &self,
        authorities: Option<&Authorities>,
        now: Timestamp,
    ) -> Result<Arc<TrustAnchors>, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = match &mut *state {
            Some(state) => state,
            empty => empty.insert(self.read(authorities, now)?),
        };
        if now.duration_since(state.looked_at) >= LOOKED_AT_EVERY {
            state.looked_at = now;
            self.look_again(state, now);
        }
        Ok(Arc::clone(&state.anchors))
    }

    fn read(&self, authorities: Option<&Authorities>, now: Timestamp) -> Result<State, Error> {
        let own = authorities.into_iter().flat_map(Authorities::own);
        let mut trusted: Vec<Trusted> =
            own.map(|certificate| Trusted { certificate, of_time_stamping: false }).collect();
        for path in &self.config.trust {
            let certificates = certificates(path)?;
            trusted.extend(
                certificates.into_iter().map(|certificate| Trusted { certificate, of_time_stamping: false }),
            );
        }
        let mut signers = Vec::new();
        for path in &self.config.list_signers {
            signers.extend(certificates(path)?);
        }
        let certificates = TrustAnchors::sorted(&trusted);
        let mut state = State {
            looked_at: now,
            changed: vec![None; self.config.trusted_lists.len()],
            lists: ListSet::new(signers),
            anchors: Arc::new(certificates.clone()),
            certificates,
        };
        self.look_again(&mut state, now);
        Ok(state)
    }

    /// Takes new versions of lists, and keeps what is there where they are no good.
    fn look_again(&self, state: &mut State, now: Timestamp) {
        let mut taken = false;
        for (index, path) in self.config.trusted_lists.iter().enumerate() {
            let changed = std::fs::metadata(path).and_then(|data| data.modified()).ok();
            if changed.is_some() && changed == state.changed[index] {
                continue;
            }
            let outcome = read(path, MOST_LIST).map_err(|error| error.to_string()).and_then(|bytes| {
                let lists = &mut state.lists;
                let taken = if index == 0 {
                    lists.update_top(&bytes, &[], now)
                } else {
                    lists.update_any(&bytes, now)
                };
                taken.map_err(|error| error.to_string())
            });
            state.changed[index] = changed;
            match outcome {
                Ok(_) => taken = true,
                Err(error) => tracing::warn!(
                    file = %path.display(), error = %error,
                    "a trusted list is not taken; the last good one stays, if there was one"
                ),
            }
        }
        for list in state.lists.states(now).iter().filter(|list| list.stale) {
            tracing::warn!(territory = %list.territory, "a trusted list is past its next update");
        }
        if taken {
            let services = state.lists.services();
            state.anchors = Arc::new(TrustAnchors { services, ..state.certificates.clone() });
        }
    }
}

pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let bytes = read(path, MOST_CERTIFICATES)?;
    let certificates = match std::str::from_utf8(&bytes) {
        Ok(text) => Certificate::pem_bundle(text),
        Err(_) => Certificate::from_der(&bytes).map(|certificate| vec![certificate]),
    };
    certificates.map_err(|source| Error::NoCertificates { path: path.to_owned(), source })
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLong { path: path.to_owned(), limit });
    }
    Ok(bytes)
}
