//! The keys of tokens: in a file that may change while the server runs, or in memory where nothing else is kept either.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use countersign_token::{KeyRing, Reader};
use jiff::Timestamp;
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::Mend;
use crate::{App, Config};

/// Why registrant tokens cannot be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("the key file {} cannot be {action}: {source}", .path.display())]
    File {
        /// What was tried: read, written.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds no key ring.
    #[error("the key file {} is not usable: {source}", .path.display())]
    Ring {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: countersign_token::Error,
    },
    /// A file of `registrant.card_trust` is not usable.
    #[error("registrant.card_trust: {}: {fault}", .path.display())]
    CardTrust {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// Connections to responders cannot be set up.
    #[error("connections to OCSP responders cannot be set up: {0}")]
    Connections(#[source] countersign_client::Error),
    /// A fault that the check of the configuration finds, too.
    #[error("{0}")]
    Config(Mend),
}

/// The name of the file in the data directory's folder `keys`.
const FILE: &str = "registrant.keys";
/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// The ring in use, in a reader of its tokens, and where it came from.
pub(super) struct Keys {
    reader: RwLock<Arc<Reader>>,
    path: Option<PathBuf>,
    /// When the file had last changed before it was read.
    first_seen: Option<SystemTime>,
}

/// Where the keys are kept: in the configured file, or in the data directory.
pub fn keys_path(config: &Config) -> Option<PathBuf> {
    let in_directory = |directory: &PathBuf| directory.join("keys").join(FILE);
    config.registrant.keys_file.clone().or_else(|| config.store.directory.as_ref().map(in_directory))
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

impl Keys {
    /// The ring of the configured file, or of the data directory, where a missing one is made.
    pub(super) fn open(config: &Config, now: Timestamp, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let path = keys_path(config);
        let first_seen = path.as_deref().and_then(changed);
        let ring = match &path {
            None => KeyRing::generate(now, rng),
            Some(path) => match load_keys(path) {
                Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                    let ring = KeyRing::generate(now, rng);
                    store_keys(path, &ring)?;
                    ring
                }
                loaded => loaded?,
            },
        };
        let reader = Reader::new(ring, config.registrant.rules());
        Ok(Self { reader: RwLock::new(Arc::new(reader)), path, first_seen })
    }

    /// What reads tokens, with the keys that make them.
    pub(super) fn reader(&self) -> Arc<Reader> {
        Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file anew. What is wrong with it is logged, and the ring in use stays.
    fn read_again(&self, path: &Path) {
        match load_keys(path) {
            Ok(ring) => {
                let changed = {
                    let mut used = self.reader.write().unwrap_or_else(PoisonError::into_inner);
                    let names = |ring: &KeyRing| {
                        ring.keys().iter().map(|key| (key.id(), key.from())).collect::<Vec<_>>()
                    };
                    let changed = names(used.ring()) != names(&ring);
                    *used = Arc::new(used.with_ring(ring));
                    changed
                };
                if changed {
                    tracing::info!(event = "registrant.keys", "the keys of registrant tokens were read anew");
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the keys of registrant tokens cannot be read; the old ones stay in use");
            }
        }
    }
}

/// Reads the key file again whenever it has changed, until the application stops.
pub async fn follow(app: App) {
    let keys = &app.registrant().keys;
    let Some(path) = keys.path.clone() else { return };
    let mut seen = keys.first_seen;
    while !app.is_stopping() {
        tokio::select! {
            () = app.stopping() => {}
            () = app.clock().sleep(LOOK) => {}
        }
        let now = changed(&path);
        if now != seen && now.is_some() {
            keys.read_again(&path);
            seen = now;
        }
    }
}

/// Reads a key file.
///
/// # Errors
/// [`Error::File`], [`Error::Ring`].
pub fn load_keys(path: &Path) -> Result<KeyRing, Error> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|source| Error::File {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    KeyRing::parse(&text).map_err(|source| Error::Ring { path: path.to_owned(), source })
}

/// Writes a key file, for its owner alone: beside the old one first, so that there is always a whole one.
///
/// # Errors
/// [`Error::File`].
pub fn store_keys(path: &Path, ring: &KeyRing) -> Result<(), Error> {
    let written = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let beside = path.with_extension("keys.new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(ring.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|source| Error::File { action: "written", path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Randomness;

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_missing_file_is_made_for_its_owner_and_read_the_next_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.directory = Some(folder.path().to_owned());
        let mut rng = Randomness::system();
        let first = Keys::open(&config, now(), &mut rng).unwrap().reader();
        let second = Keys::open(&config, now(), &mut rng).unwrap().reader();
        assert_eq!(first.ring().to_text(), second.ring().to_text());
        let path = folder.path().join("keys/registrant.keys");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "nonsense").unwrap();
        let error = Keys::open(&config, now(), &mut rng).err().expect("refused").to_string();
        assert!(error.contains("line 1") && !error.contains("nonsense"), "{error}");
    }

    #[test]
    fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.registrant.keys_file = Some(folder.path().join("own.keys"));
        let mut rng = Randomness::system();
        let keys = Keys::open(&config, now(), &mut rng).unwrap();
        let path = folder.path().join("own.keys");
        let rules = config.registrant.rules();
        let rotated = load_keys(&path).unwrap().rotate(now(), jiff::SignedDuration::ZERO, &rules, &mut rng);
        store_keys(&path, &rotated.unwrap()).unwrap();
        keys.read_again(&path);
        assert_eq!(keys.reader().ring().keys().len(), 2);
        std::fs::write(&path, "nonsense").unwrap();
        keys.read_again(&path);
        assert_eq!(keys.reader().ring().keys().len(), 2);
    }
}
