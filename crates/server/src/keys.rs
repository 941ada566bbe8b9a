//! The keys of the signing core: what seals the server's shares at rest, what phones seal their halves to, and
//! what makes nonces.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_domain::custody::{Custody, CustodyError, KeyEncryptionKey};
use countersign_wire::device;
use countersign_wire::device::nonce::NonceKey;
use countersign_wire::device::sealed::SealingKey;
use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::Config;
use crate::config::Secret;

/// All of them. No `Debug`, no `Clone`: hand it to [`App::builder`](crate::App::builder).
pub struct Keys {
    /// Seals the server's shares at rest.
    pub custody: Custody,
    /// Opens what phones seal to the core.
    pub core: CoreKeys,
    /// Makes and checks the nonces of the device API.
    pub nonces: NonceKey,
}

/// Why keys cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No key is configured, and there is no file.
    #[error("no {name} is configured, and {} is not there: run `countersign init`, or set {variable}", .path.display())]
    Missing {
        /// Which key.
        name: &'static str,
        /// The file that was looked for.
        path: PathBuf,
        /// The environment variable that would give it.
        variable: &'static str,
    },
    /// A key file cannot be read.
    #[error("the {name} in {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// Which key.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not 32 bytes in hexadecimal. What was found is not shown.
    #[error("the {name} is not 32 bytes in hexadecimal")]
    Malformed {
        /// Which key.
        name: &'static str,
    },
    /// Not a private key of P-256.
    #[error("the {name} is not a private key of the curve P-256")]
    NotOnCurve {
        /// Which key.
        name: &'static str,
    },
    /// The cipher refuses the key.
    #[error(transparent)]
    Custody(#[from] CustodyError),
}

impl Keys {
    /// New random keys, for state that ends with the program.
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let mut custody = Zeroizing::new([0; 32]);
        rng.fill_bytes(custody.as_mut());
        Ok(Self {
            custody: Custody::new(key_encryption_key(&custody)?, Vec::new()),
            core: CoreKeys::new(SealingKey::generate(rng), Vec::new()),
            nonces: NonceKey::generate(rng),
        })
    }

    /// The configured keys; random ones when nothing is kept either.
    pub fn load(config: &Config, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        let keys = &config.keys;
        let directory = config.store.directory.as_deref();
        let custody = find(
            "custody key",
            "COUNTERSIGN_KEYS_CUSTODY",
            &keys.custody,
            &keys.custody_file,
            directory,
            "custody.key",
        )?;
        let core =
            find("core key", "COUNTERSIGN_KEYS_CORE", &keys.core, &keys.core_file, directory, "core.key")?;
        let (custody, core) = match (custody, core) {
            (None, None) => return Self::generate(rng),
            (Some(custody), Some(core)) => (custody, core),
            (Some(custody), None) => (custody, SealingKey::generate(rng).to_secret()),
            (None, Some(core)) => {
                let mut custody = Zeroizing::new([0; 32]);
                rng.fill_bytes(custody.as_mut());
                (custody, core)
            }
        };
        let older =
            keys.previous_custody.iter().map(|key| key_encryption_key(&bytes("previous custody key", key)?));
        let previous = keys.previous_core.iter().map(|key| {
            let name = "previous core key";
            bytes(name, key).and_then(|secret| sealing_key(name, &secret))
        });
        Ok(Self {
            custody: Custody::new(key_encryption_key(&custody)?, older.collect::<Result<_, Error>>()?),
            core: CoreKeys::new(sealing_key("core key", &core)?, previous.collect::<Result<_, _>>()?),
            nonces: NonceKey::generate(rng),
        })
    }
}

/// The keys that phones seal to. The first is in use; others are understood until phones have learnt of it.
pub struct CoreKeys(Vec<(String, SealingKey)>);

impl CoreKeys {
    /// The key in use, and older ones.
    pub fn new(current: SealingKey, previous: Vec<SealingKey>) -> Self {
        Self(std::iter::once(current).chain(previous).map(|key| (core_key_id(&key), key)).collect())
    }

    /// The key that a sealed value names.
    pub fn find(&self, id: &str) -> Option<&SealingKey> {
        self.0.iter().find(|(each, _)| each == id).map(|(_, key)| key)
    }

    /// The secret of the key in use, to make others of.
    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        // There is always one in use.
        self.0.first().map(|(_, key)| key.to_secret()).unwrap_or_default()
    }

    /// What a phone is told at activation.
    pub fn public(&self) -> Vec<device::CoreKey> {
        self.0
            .iter()
            .map(|(id, key)| device::CoreKey { id: id.clone(), point: key.point().clone() })
            .collect()
    }
}

/// The id of a core key: a short hash of its public point, so it is the same on every server that has the key.
fn core_key_id(key: &SealingKey) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, key.point().as_uncompressed()).as_ref()[..9])
}

fn sealing_key(name: &'static str, secret: &[u8; 32]) -> Result<SealingKey, Error> {
    SealingKey::from_secret(secret).map_err(|_| Error::NotOnCurve { name })
}

/// Its id is a short hash of it, under a label: equal keys have equal names, and a name tells nothing.
fn key_encryption_key(key: &Zeroizing<[u8; 32]>) -> Result<KeyEncryptionKey, Error> {
    let mut labelled = Zeroizing::new(b"countersign key-encryption key".to_vec());
    labelled.extend_from_slice(key.as_ref());
    let id = URL_SAFE_NO_PAD.encode(&digest(&SHA256, &labelled).as_ref()[..9]);
    Ok(KeyEncryptionKey::new(id, key)?)
}

/// A key from the configuration or from a file. Nothing when state ends with the program anyway.
fn find(
    name: &'static str,
    variable: &'static str,
    value: &Option<Secret>,
    file: &Option<PathBuf>,
    directory: Option<&Path>,
    default: &str,
) -> Result<Option<Zeroizing<[u8; 32]>>, Error> {
    if let Some(secret) = value {
        return bytes(name, secret).map(Some);
    }
    let path = match (file, directory) {
        (Some(file), _) => file.clone(),
        (None, Some(directory)) => directory.join("keys").join(default),
        (None, None) => return Ok(None),
    };
    match fs::read_to_string(&path) {
        Ok(text) => bytes(name, &Secret::new(text)).map(Some),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::Missing { name, path, variable })
        }
        Err(source) => Err(Error::Unreadable { name, path, source }),
    }
}

fn bytes(name: &'static str, secret: &Secret) -> Result<Zeroizing<[u8; 32]>, Error> {
    secret.bytes32().ok_or(Error::Malformed { name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Randomness;

    #[test]
    fn without_a_data_directory_keys_are_made() {
        let keys = Keys::load(&Config::default(), &mut Randomness::system()).expect("keys");
        let public = keys.core.public();
        assert_eq!(public.len(), 1);
        assert!(keys.core.find(&public[0].id).is_some());
        assert!(keys.core.find("another").is_none());
    }

    #[test]
    fn with_a_data_directory_keys_must_be_there() {
        let config = Config::parse("[store]\ndirectory = \"/nonexistent\"").expect("a configuration");
        let error = Keys::load(&config, &mut Randomness::system()).err().expect("refused").to_string();
        assert!(
            error.contains("/nonexistent/keys/custody.key") && error.contains("countersign init"),
            "{error}"
        );
    }

    #[test]
    fn a_rotated_core_key_is_still_understood() {
        let text = format!("[keys]\ncore = \"{}\"\nprevious_core = \"{}\"", "01".repeat(32), "02".repeat(32));
        let keys = Keys::load(&Config::parse(&text).expect("a configuration"), &mut Randomness::system());
        assert_eq!(keys.expect("keys").core.public().len(), 2);
        let text = format!("[keys]\ncore = \"{}\"", "00".repeat(32));
        let keys = Keys::load(&Config::parse(&text).expect("a configuration"), &mut Randomness::system());
        assert!(matches!(keys, Err(Error::NotOnCurve { .. })));
    }
}
