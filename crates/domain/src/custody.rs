//! How the service's secrets lie in the database: wrapped, and bound to their place.
//!
//! Every secret has a data key of its own (AES-256-GCM); the data key is wrapped by a key-encryption key that is not
//! in the database. What a secret belongs to is authenticated with it, so a row moved to another account, key or
//! version does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use countersign_split_key::ServerKey;
use countersign_wire::id::{DocumentNumber, KeyId};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::bytes;
use crate::error::Error;

/// The key-encryption keys. One wraps; older ones still open, until everything is wrapped anew.
pub struct Custody {
    current: KeyEncryptionKey,
    older: Vec<KeyEncryptionKey>,
}

/// A key-encryption key with its name, which stands beside everything it wraps.
pub struct KeyEncryptionKey {
    id: String,
    key: LessSafeKey,
}

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapped {
    /// Name of the key-encryption key.
    kek: String,
    /// The data key, wrapped: nonce, ciphertext, tag.
    #[serde(with = "bytes")]
    data_key: Vec<u8>,
    /// The secret under the data key: nonce, ciphertext, tag.
    #[serde(with = "bytes")]
    secret: Vec<u8>,
}

/// The service's part of a two-party key, wrapped; with the version that a PIN change raises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrappedKey {
    /// 1 for a new key.
    pub version: u32,
    /// The shares.
    pub wrapped: Wrapped,
}

/// What a wrapped key belongs to.
#[derive(Debug, Clone, Copy)]
pub struct KeyPlace<'a> {
    /// The account.
    pub account: &'a DocumentNumber,
    /// The key.
    pub key: &'a KeyId,
    /// The composite modulus, big-endian.
    pub modulus: &'a [u8],
}

/// The error of this module; the crate has one.
pub use crate::error::Error as CustodyError;

impl KeyEncryptionKey {
    /// A key of 32 octets. `id` is stored beside what it wraps and says which key to ask for.
    pub fn new(id: impl Into<String>, key: &Zeroizing<[u8; 32]>) -> Result<Self, Error> {
        Ok(Self { id: id.into(), key: cipher(key.as_ref())? })
    }
}

impl Custody {
    /// Wraps with `current`, opens with any.
    pub fn new(current: KeyEncryptionKey, older: Vec<KeyEncryptionKey>) -> Self {
        Self { current, older }
    }

    /// Wraps a secret. `place` says what it belongs to and must be unique to that.
    pub fn wrap(&self, place: &[u8], secret: &[u8], rng: &mut impl CryptoRng) -> Result<Wrapped, Error> {
        let mut data_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(data_key.as_mut());
        Ok(Wrapped {
            kek: self.current.id.clone(),
            secret: seal(&cipher(data_key.as_ref())?, place, secret, rng)?,
            data_key: seal(&self.current.key, place, data_key.as_ref(), rng)?,
        })
    }

    /// Opens a secret in its place.
    pub fn unwrap(&self, place: &[u8], wrapped: &Wrapped) -> Result<Zeroizing<Vec<u8>>, Error> {
        let data_key = self.data_key(place, wrapped)?;
        open(&cipher(&data_key)?, place, &wrapped.secret)
    }

    /// Wraps the data key anew under the current key, for rotation. The secret itself is not touched.
    pub fn rewrap(
        &self,
        place: &[u8],
        wrapped: &Wrapped,
        rng: &mut impl CryptoRng,
    ) -> Result<Wrapped, Error> {
        let data_key = self.data_key(place, wrapped)?;
        Ok(Wrapped {
            kek: self.current.id.clone(),
            data_key: seal(&self.current.key, place, &data_key, rng)?,
            secret: wrapped.secret.clone(),
        })
    }

    fn data_key(&self, place: &[u8], wrapped: &Wrapped) -> Result<Zeroizing<Vec<u8>>, Error> {
        let kek = std::iter::once(&self.current)
            .chain(&self.older)
            .find(|kek| kek.id == wrapped.kek)
            .ok_or_else(|| Error::UnknownKey { found: wrapped.kek.clone() })?;
        open(&kek.key, place, &wrapped.data_key)
    }
}

impl WrappedKey {
    /// Wraps the service's part of a key, in the version after `before`.
    pub fn wrap(
        key: &ServerKey,
        place: KeyPlace<'_>,
        before: Option<&WrappedKey>,
        custody: &Custody,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let version = before.map_or(0, |before| before.version) + 1;
        let secret = key.serialize()?;
        Ok(Self { version, wrapped: custody.wrap(&place.octets(version), &secret, rng)? })
    }

    /// Opens the service's part of a key.
    pub fn open(&self, place: KeyPlace<'_>, custody: &Custody) -> Result<ServerKey, Error> {
        let secret = custody.unwrap(&place.octets(self.version), &self.wrapped)?;
        Ok(ServerKey::deserialize(&secret)?)
    }

    /// The same under the current key-encryption key.
    pub fn rewrap(
        &self,
        place: KeyPlace<'_>,
        custody: &Custody,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let wrapped = custody.rewrap(&place.octets(self.version), &self.wrapped, rng)?;
        Ok(Self { version: self.version, wrapped })
    }
}

impl KeyPlace<'_> {
    /// account ‖ kid ‖ version ‖ SHA-256(n), each with its length.
    pub(crate) fn octets(&self, version: u32) -> Vec<u8> {
        let modulus = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.modulus);
        let mut octets = Vec::with_capacity(128);
        let version = version.to_be_bytes();
        for part in
            [self.account.as_str().as_bytes(), self.key.as_str().as_bytes(), &version, modulus.as_ref()]
        {
            // Cannot be cut: ids are short.
            octets.extend((part.len() as u32).to_be_bytes());
            octets.extend(part);
        }
        octets
    }
}

/// Says which key wrapped it and nothing else.
impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wrapped(by {})", self.kek)
    }
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Error::Cipher)
}

/// Nonces are random: a data key seals once, a key-encryption key far less than 2^32 times.
fn seal(key: &LessSafeKey, place: &[u8], secret: &[u8], rng: &mut impl CryptoRng) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    // Encrypted in place, and never longer than reserved: no copy of the secret is left behind.
    let mut sealed = Vec::with_capacity(NONCE_LEN + secret.len() + AES_256_GCM.tag_len());
    sealed.extend(nonce);
    sealed.extend(secret);
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place),
            &mut sealed[NONCE_LEN..],
        )
        .map_err(|_| Error::Cipher)?;
    sealed.extend(tag.as_ref());
    Ok(sealed)
}

fn open(key: &LessSafeKey, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let (nonce, sealed) = sealed.split_first_chunk().ok_or(Error::DoesNotOpen)?;
    let mut secret = Zeroizing::new(sealed.to_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut secret)
        .map_err(|_| Error::DoesNotOpen)?
        .len();
    secret.truncate(length);
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    fn rng() -> rand_chacha::ChaCha20Rng {
        rand_chacha::ChaCha20Rng::seed_from_u64(7)
    }

    fn kek(id: &str, octet: u8) -> KeyEncryptionKey {
        KeyEncryptionKey::new(id, &Zeroizing::new([octet; 32])).unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_place_only() {
        let custody = Custody::new(kek("k1", 1), Vec::new());
        let wrapped = custody.wrap(b"here", b"secret", &mut rng()).unwrap();
        assert_eq!(custody.unwrap(b"here", &wrapped).unwrap().as_slice(), b"secret");
        assert_eq!(custody.unwrap(b"there", &wrapped), Err(Error::DoesNotOpen));
    }

    #[test]
    fn a_changed_octet_anywhere_is_noticed() {
        let custody = Custody::new(kek("k1", 1), Vec::new());
        let wrapped = custody.wrap(b"here", b"secret", &mut rng()).unwrap();
        for part in 0..2 {
            let length = if part == 0 { wrapped.secret.len() } else { wrapped.data_key.len() };
            for place in 0..length {
                let mut changed = wrapped.clone();
                let octets = if part == 0 { &mut changed.secret } else { &mut changed.data_key };
                octets[place] ^= 1;
                assert_eq!(custody.unwrap(b"here", &changed), Err(Error::DoesNotOpen));
            }
        }
        let mut cut = wrapped.clone();
        cut.secret.truncate(5);
        assert_eq!(custody.unwrap(b"here", &cut), Err(Error::DoesNotOpen));
    }

    #[test]
    fn rotation_keeps_the_secret() {
        let old = Custody::new(kek("k1", 1), Vec::new());
        let wrapped = old.wrap(b"here", b"secret", &mut rng()).unwrap();
        let both = Custody::new(kek("k2", 2), vec![kek("k1", 1)]);
        let rewrapped = both.rewrap(b"here", &wrapped, &mut rng()).unwrap();
        let new = Custody::new(kek("k2", 2), Vec::new());
        assert_eq!(new.unwrap(b"here", &rewrapped).unwrap().as_slice(), b"secret");
        assert_eq!(new.unwrap(b"here", &wrapped), Err(Error::UnknownKey { found: "k1".into() }));
        let impostor = Custody::new(kek("k2", 3), Vec::new());
        assert_eq!(impostor.unwrap(b"here", &rewrapped), Err(Error::DoesNotOpen));
    }

    #[test]
    fn a_wrapped_secret_prints_nothing_of_itself() {
        let custody = Custody::new(kek("k1", 1), Vec::new());
        let wrapped = custody.wrap(b"here", b"secret", &mut rng()).unwrap();
        assert_eq!(format!("{wrapped:?}"), "Wrapped(by k1)");
    }

    #[test]
    fn places_differ_in_every_part() {
        let (account, other) = ("PNOEE-40404040009-MOCK-Q", "PNOEE-40404040009-MOCK-NQ");
        let (account, other) = (account.parse().unwrap(), other.parse().unwrap());
        let (key, other_key) = ("a".parse().unwrap(), "b".parse().unwrap());
        let place = KeyPlace { account: &account, key: &key, modulus: &[1] };
        let all = [
            place.octets(1),
            place.octets(2),
            KeyPlace { account: &other, ..place }.octets(1),
            KeyPlace { key: &other_key, ..place }.octets(1),
            KeyPlace { modulus: &[2], ..place }.octets(1),
        ];
        for (number, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|each| each == one), Some(number));
        }
    }
}
