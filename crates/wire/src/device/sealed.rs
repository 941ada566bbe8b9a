//! Sealing: secrets inside messages, readable by one key for one purpose only.
//!
//! HPKE in base mode [RFC 9180]: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, which every browser can do.
//! `info = "countersign/device/v1|" purpose "|" context`, empty aad. The channel is TLS already; this keeps PIN
//! tests from whoever sees inside TLS, and keeps a value sealed for one use from being played into another.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::kem::{DhP256, PublicKey, SecretKey};
use super::{KeyUse, Point};
use crate::Error;
use crate::base64::B64u;
use crate::id::{DeviceId, KeyId, TransactionId};

/// A sealed value on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which key opens it: the id of a core key, or the thumbprint of the device's `ek`.
    pub id: String,
    /// The encapsulated key: an uncompressed point, 65 octets.
    pub enc: B64u,
    /// The ciphertext with its 16 octets of tag.
    pub ct: B64u,
}

/// What a sealed value is for. Purpose and context together decide the key, so each opens under itself only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedFor<'a> {
    /// A [`KeyShare`](super::KeyShare) to the core.
    KeyShare {
        /// What the key will be for.
        key_use: KeyUse,
    },
    /// A [`PartialSignature`](super::PartialSignature) over a certification request, to the core.
    Proof {
        /// The key.
        kid: &'a KeyId,
    },
    /// A [`PartialSignature`](super::PartialSignature) of a transaction, to the core.
    Confirm {
        /// The transaction.
        tx: &'a TransactionId,
        /// The key.
        kid: &'a KeyId,
    },
    /// A [`PartialSignature`](super::PartialSignature) that only tests a PIN, to the core; also in both steps of a
    /// change of PIN.
    PinCheck {
        /// The key.
        kid: &'a KeyId,
    },
    /// A [`ShareRefresh`](super::ShareRefresh), to the core.
    Refresh {
        /// The key.
        kid: &'a KeyId,
    },
    /// The next [`Token`](super::Token), to the device.
    Token {
        /// The device.
        device: &'a DeviceId,
    },
}

impl SealedFor<'_> {
    /// The `info` of HPKE.
    pub fn info(&self) -> String {
        let (purpose, context) = match self {
            SealedFor::KeyShare { key_use } => ("key-share", key_use.as_str().to_owned()),
            SealedFor::Proof { kid } => ("proof", kid.to_string()),
            SealedFor::Confirm { tx, kid } => ("confirm", format!("{tx}|{kid}")),
            SealedFor::PinCheck { kid } => ("pin-check", kid.to_string()),
            SealedFor::Refresh { kid } => ("refresh", kid.to_string()),
            SealedFor::Token { device } => ("token", device.to_string()),
        };
        format!("countersign/device/v1|{purpose}|{context}")
    }
}

/// Seals `plaintext` to the key `id`, whose public point is `recipient`. Error: [`Error::PublicKey`].
pub fn seal(
    rng: &mut impl CryptoRng,
    recipient: &Point,
    id: &str,
    purpose: SealedFor<'_>,
    plaintext: &[u8],
) -> Result<Sealed, Error> {
    let refused = |_| Error::PublicKey("cannot be sealed to");
    let public = PublicKey::from_bytes(recipient.as_uncompressed()).map_err(refused)?;
    let (enc, ct) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, DhP256>(
        &OpModeS::Base,
        &public,
        purpose.info().as_bytes(),
        plaintext,
        b"",
        rng,
    )
    .map_err(refused)?;
    Ok(Sealed { id: id.to_owned(), enc: B64u(enc.to_bytes().to_vec()), ct: B64u(ct) })
}

/// A private key that opens sealed values: the core's, or a device's `ek`.
///
/// Zeroized on drop; no `Debug`, no `Clone`.
pub struct SealingKey {
    secret: SecretKey,
    point: Point,
}

impl SealingKey {
    /// A new key from this source of randomness.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (secret, public) = DhP256::gen_keypair_with_rng(rng);
        // Cannot fail: the public half of a key that was just derived is a point of the curve.
        let point = Point::from_uncompressed(&public.to_bytes()).expect("a point of P-256");
        Self { secret, point }
    }

    /// A stored key. Error: [`Error::SecretKey`].
    pub fn from_secret(scalar: &[u8; 32]) -> Result<Self, Error> {
        let secret = SecretKey::from_bytes(scalar).map_err(|_| Error::SecretKey)?;
        let public = DhP256::sk_to_pk(&secret);
        let point = Point::from_uncompressed(&public.to_bytes())?;
        Ok(Self { secret, point })
    }

    /// The scalar, for storage under encryption.
    pub fn to_secret(&self) -> Zeroizing<[u8; 32]> {
        let mut scalar = Zeroizing::new([0; 32]);
        self.secret.write_exact(scalar.as_mut());
        scalar
    }

    /// The public key.
    pub fn point(&self) -> &Point {
        &self.point
    }

    /// Opens a value that was sealed to this key for this purpose. Error: [`Error::Unsealable`], which does not
    /// say why: key, purpose and ciphertext fail alike.
    pub fn open(&self, sealed: &Sealed, purpose: SealedFor<'_>) -> Result<Zeroizing<Vec<u8>>, Error> {
        let enc = PublicKey::from_bytes(sealed.enc.as_ref()).map_err(|_| Error::Unsealable)?;
        hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256>(
            &OpModeR::Base,
            &self.secret,
            &enc,
            purpose.info().as_bytes(),
            sealed.ct.as_ref(),
            b"",
        )
        .map(Zeroizing::new)
        .map_err(|_| Error::Unsealable)
    }
}

#[cfg(test)]
mod tests;
