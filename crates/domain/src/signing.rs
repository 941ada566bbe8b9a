//! What the three computations with a two-party key have in common: signing, proving a new key, checking a PIN.
//!
//! They run outside any transaction. The server encodes the message itself, from its own copy of the digest; from the
//! phone it takes the salt and the phone's part, nothing else.

use countersign_split_key::{Completion, EncodedMessage, Hash, Padding, PartialSignature, ServerKey};
use countersign_wire::device;
use countersign_wire::id::{DocumentNumber, KeyId};
use countersign_wire::start::SignatureScheme;
use countersign_wire::words::HashAlgorithm;

use crate::custody::{Custody, KeyPlace, WrappedKey};
use crate::error::Error;
use crate::event::Event;
use crate::key::Key;
use crate::refusal::Refusal;

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningFailure {
    /// Nothing is known but that.
    #[error("wrong PIN")]
    WrongPin,
    /// The phone's part cannot come from an honest phone: wrong sizes.
    #[error("the phone's part of the signature is malformed")]
    Malformed,
    /// Our fault: the stored share does not open, or the arithmetic failed. Nothing was released.
    #[error(transparent)]
    Fault(#[from] Error),
}

impl SigningFailure {
    /// What to tell the device, and what to note, when the computation says nothing about the PIN.
    pub(crate) fn refusal(&self, key: &Key) -> (Refusal, Vec<Event>) {
        match self {
            Self::Malformed | Self::WrongPin => {
                (Refusal::NotPossible { expected: "a part of a signature under this key" }, Vec::new())
            }
            Self::Fault(_) => (Refusal::Fault, vec![Event::ComputationFailed { key: key.id().clone() }]),
        }
    }

    /// Sizes and ranges are the phone's fault, the rest is ours.
    fn of_part(error: countersign_split_key::Error) -> Self {
        match error {
            countersign_split_key::Error::Length { .. } | countersign_split_key::Error::OutOfRange { .. } => {
                Self::Malformed
            }
            other => Self::Fault(other.into()),
        }
    }
}

/// The service's part of a key as it was when the work began.
pub(crate) struct Shares {
    account: DocumentNumber,
    key: KeyId,
    modulus: Vec<u8>,
    wrapped: WrappedKey,
}

impl Shares {
    pub(crate) fn of(key: &Key) -> Self {
        Self::with(key, key.wrapped().clone())
    }

    /// Other shares of the same key.
    pub(crate) fn with(key: &Key, wrapped: WrappedKey) -> Self {
        Self {
            account: key.account().clone(),
            key: key.id().clone(),
            modulus: key.modulus().to_vec(),
            wrapped,
        }
    }

    pub(crate) fn place(&self) -> KeyPlace<'_> {
        KeyPlace { account: &self.account, key: &self.key, modulus: &self.modulus }
    }

    pub(crate) fn wrapped(&self) -> &WrappedKey {
        &self.wrapped
    }

    pub(crate) fn open(&self, custody: &Custody) -> Result<ServerKey, Error> {
        self.wrapped.open(self.place(), custody)
    }
}

/// Completes the phone's part over a digest, which is not hashed again.
pub(crate) fn complete(
    key: &ServerKey,
    scheme: SignatureScheme,
    digest: &[u8],
    part: &device::PartialSignature,
) -> Result<Vec<u8>, SigningFailure> {
    let message = encode(key, scheme, digest, part)?;
    let part = PartialSignature::from_be_bytes(&part.y).map_err(SigningFailure::of_part)?;
    match key.complete(&message, &part).map_err(SigningFailure::of_part)? {
        Completion::Signed(signature) => Ok(signature.into_bytes()),
        Completion::WrongPin => Err(SigningFailure::WrongPin),
    }
}

/// Finds out whether the phone's part over a digest was made with the right PIN; makes no signature.
pub(crate) fn check(
    key: &ServerKey,
    scheme: SignatureScheme,
    digest: &[u8],
    part: &device::PartialSignature,
) -> Result<(), SigningFailure> {
    let message = encode(key, scheme, digest, part)?;
    let part = PartialSignature::from_be_bytes(&part.y).map_err(SigningFailure::of_part)?;
    let right = key.pin_is_right(&message, &part).map_err(SigningFailure::of_part)?;
    if right { Ok(()) } else { Err(SigningFailure::WrongPin) }
}

fn encode(
    key: &ServerKey,
    scheme: SignatureScheme,
    digest: &[u8],
    part: &device::PartialSignature,
) -> Result<EncodedMessage, SigningFailure> {
    let hash = hash(scheme.hash());
    let padding = match scheme.is_pss() {
        true => Padding::Pss { hash, salt: part.salt.clone() },
        // A salt has no place there: the phone means something else than we do.
        false if !part.salt.is_empty() => return Err(SigningFailure::Malformed),
        false => Padding::Pkcs1 { hash },
    };
    padding.encode(digest, key.public_key().bits()).map_err(SigningFailure::of_part)
}

fn hash(hash: HashAlgorithm) -> Hash {
    match hash {
        HashAlgorithm::Sha256 => Hash::Sha256,
        HashAlgorithm::Sha384 => Hash::Sha384,
        HashAlgorithm::Sha512 => Hash::Sha512,
        HashAlgorithm::Sha3_256 => Hash::Sha3_256,
        HashAlgorithm::Sha3_384 => Hash::Sha3_384,
        HashAlgorithm::Sha3_512 => Hash::Sha3_512,
    }
}
