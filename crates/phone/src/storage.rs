//! What a phone keeps, and where. Never here: a PIN, an unmasked share, a part `y` of a signature.

use std::fs;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use countersign_split_key::{Kdf, MaskedShare, Modulus};
use countersign_wire::base64::{B64u, b64u, from_b64u};
use countersign_wire::callback::UserChallengeVerifier;
use countersign_wire::device::proof::DeviceKey;
use countersign_wire::device::sealed::SealingKey;
use countersign_wire::device::{CoreKey, CsrTask, KeyParameters, KeyUse, Sealed, Token};
use countersign_wire::id::{DeviceId, DocumentNumber, KeyId, RequestId, TransactionId};
use countersign_wire::words::InteractionType;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Error;

/// 32 secret octets of the phone's own: written as Base64url, wiped on drop, hidden by `Debug`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

/// Everything an enrolled phone keeps.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// The scalar of the key that proves requests.
    pub proof_key: Secret,
    /// The scalar of the key that opens sealed answers.
    pub sealing_key: Secret,
    /// This device.
    pub device_id: DeviceId,
    /// Its account.
    pub document_number: DocumentNumber,
    /// The keys of the signing core, pinned at activation.
    pub core_keys: Vec<CoreKey>,
    /// How keys are made.
    pub parameters: KeyParameters,
    /// The current clone-detection token.
    pub token: Token,
    /// A counted request that was sent or is about to be, and has no answer yet.
    pub pending: Option<Pending>,
    /// The keys, at most one per use.
    pub keys: Vec<StoredKey>,
}

/// A key's public half and its masked share.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredKey {
    /// The key's id.
    pub kid: KeyId,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: KeyUse,
    /// The phone's modulus.
    pub n1: B64u,
    /// The public modulus.
    pub n: B64u,
    /// Whether the service has seen it work.
    pub proven: bool,
    /// The share in use.
    pub share: StoredShare,
    /// The share under a new PIN, until the service has seen it work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<StoredShare>,
}

/// A share under the mask of a PIN: every PIN unmasks it to something.
#[derive(Clone, Serialize, Deserialize)]
pub struct StoredShare {
    /// The salt of the mask, 16 octets.
    pub salt: B64u,
    /// Share XOR mask.
    pub blob: B64u,
    /// Iterations of the key derivation.
    pub iterations: NonZeroU32,
}

/// A counted request without an answer yet.
#[derive(Clone, Serialize, Deserialize)]
pub struct Pending {
    /// Its id: the same id with the same token gets the stored answer again.
    pub req: RequestId,
    /// When it was sent last, with a part in it.
    #[serde(default, rename = "sentAt")]
    pub sent_at: Timestamp,
    /// The token it carries.
    pub token: Token,
    /// The salt of the encoding; not secret.
    pub salt: B64u,
    /// What it asks for.
    pub kind: PendingKind,
}

/// What a counted request asks for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum PendingKind {
    /// To prove a new key.
    KeyProof {
        /// The key.
        kid: KeyId,
        /// What is signed.
        csr: CsrTask,
    },
    /// To confirm a transaction.
    Confirm {
        /// The transaction.
        tx: TransactionId,
        /// The key.
        kid: KeyId,
        /// What was shown.
        interaction: Option<InteractionType>,
        /// For an authentication: the verifier, which the callback will carry.
        verifier: Option<Secret>,
    },
    /// To check a PIN, or a step of its change.
    Pin {
        /// The key.
        kid: KeyId,
        /// What is signed beside the key id.
        nonce: B64u,
        /// Which.
        step: PinStep,
    },
}

/// What a PIN is checked for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum PinStep {
    /// To know whether it is right.
    Check,
    /// It is the old one, and a new share is offered with it.
    Propose {
        /// The refresh as it was sealed to the core. If it is sent again it must be the same, since the service may
        /// have taken it.
        refresh: Sealed,
    },
    /// It is the new one, and takes the old one's place.
    Commit,
}

/// How long a request may be on its way.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(2);

impl Pending {
    /// Until when it may still arrive, if it may.
    pub(crate) fn on_its_way(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.sent_at.saturating_add(ON_ITS_WAY).ok()?;
        // A clock that was set back says nothing.
        (self.sent_at <= now && now < until).then_some(until)
    }
}

impl Storage {
    pub(crate) fn proof_key(&self) -> Result<DeviceKey, Error> {
        Ok(DeviceKey::from_secret(&self.proof_key.0)?)
    }

    pub(crate) fn sealing_key(&self) -> Result<SealingKey, Error> {
        Ok(SealingKey::from_secret(&self.sealing_key.0)?)
    }

    pub(crate) fn core_key(&self) -> Result<&CoreKey, Error> {
        self.core_keys.first().ok_or_else(|| Error::Storage("no key of the signing core".to_owned()))
    }

    pub(crate) fn key(&self, kid: &KeyId) -> Result<&StoredKey, Error> {
        self.keys.iter().find(|key| key.kid == *kid).ok_or_else(|| Error::UnknownKey(kid.to_string()))
    }

    pub(crate) fn key_mut(&mut self, kid: &KeyId) -> Result<&mut StoredKey, Error> {
        self.keys.iter_mut().find(|key| key.kid == *kid).ok_or_else(|| Error::UnknownKey(kid.to_string()))
    }
}

impl StoredKey {
    pub(crate) fn n1(&self) -> Result<Modulus, Error> {
        Ok(Modulus::from_be_bytes(self.n1.as_ref())?)
    }

    /// The share under the new PIN takes the old one's place, which is gone.
    pub(crate) fn take_next(&mut self) {
        if let Some(next) = self.next.take() {
            self.share = next;
        }
    }

    pub(crate) fn modulus_bits(&self) -> Result<u32, Error> {
        Ok(Modulus::from_be_bytes(self.n.as_ref())?.bits())
    }
}

impl StoredShare {
    pub(crate) fn new(share: &MaskedShare) -> Self {
        Self {
            salt: B64u(share.salt().to_vec()),
            blob: B64u(share.blob().to_vec()),
            iterations: share.kdf().iterations,
        }
    }

    pub(crate) fn masked(&self, half_bits: u32) -> Result<MaskedShare, Error> {
        let salt: [u8; 16] = self
            .salt
            .as_ref()
            .try_into()
            .map_err(|_| Error::Storage("a salt is not 16 octets long".to_owned()))?;
        Ok(MaskedShare::from_parts(
            half_bits,
            salt,
            self.blob.0.clone(),
            Kdf { iterations: self.iterations },
        )?)
    }
}

impl Secret {
    pub(crate) fn new(octets: &[u8; 32]) -> Self {
        Self(*octets)
    }

    pub(crate) fn of_verifier(verifier: &UserChallengeVerifier) -> Result<Self, Error> {
        let octets = Zeroizing::new(from_b64u(verifier.as_str()).unwrap_or_default());
        let octets: &[u8; 32] = octets
            .as_slice()
            .try_into()
            .map_err(|_| Error::Storage("a verifier of another length".to_owned()))?;
        Ok(Self(*octets))
    }

    pub(crate) fn to_verifier(&self) -> Result<UserChallengeVerifier, Error> {
        Ok(UserChallengeVerifier::parse(&Zeroizing::new(b64u(&self.0)))?)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(b64u(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let octets = Zeroizing::new(from_b64u(&text).unwrap_or_default());
        octets
            .as_slice()
            .try_into()
            .map(Self)
            .map_err(|_| de::Error::custom("expected 32 octets in Base64url"))
    }
}

/// Where the storage is kept. It is written before a counted request is sent and after its answer.
pub trait Vault: Send + Sync {
    /// Writes the whole storage; when this returns it will be found again after a crash.
    fn save(&mut self, storage: &Storage) -> io::Result<()>;
}

/// Keeps the last storage in memory, shared: for test persons, and for tests that start a phone again.
#[derive(Clone, Default)]
pub struct MemoryVault(Arc<Mutex<Option<Storage>>>);

impl MemoryVault {
    /// What was saved last.
    pub fn saved(&self) -> Option<Storage> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl Vault for MemoryVault {
    fn save(&mut self, storage: &Storage) -> io::Result<()> {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(storage.clone());
        Ok(())
    }
}

/// Keeps the storage in a file that only its owner can read, replaced as a whole.
pub struct FileVault {
    path: PathBuf,
}

impl FileVault {
    /// In this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Reads what was saved, if anything was.
    pub fn load(path: &Path) -> Result<Option<Storage>, Error> {
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                // The parser's own error could quote what it read.
                serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                    Error::Storage(format!("{:?} error in line {}", error.classify(), error.line()))
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::Vault(error)),
        }
    }
}

impl Vault for FileVault {
    fn save(&mut self, storage: &Storage) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_vec(storage)?);
        let next = self.path.with_extension("next");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&next)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
