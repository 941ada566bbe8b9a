//! DHKEM(P-256, HKDF-SHA256) of RFC 9180 §4.1 with the curve of AWS-LC, for the `hpke` crate.
//!
//! The crate's own curve takes a few times as long, and the service does three multiplications for each answer of a
//! phone. Everything but the two operations on the curve is the crate's: key schedule, labels, AEAD. Base mode only.

use std::sync::Arc;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use hpke::hybrid_array::typenum::{U32, U65};
use hpke::kdf::{HkdfSha256, Kdf};
use hpke::kem::SharedSecret;
use hpke::{Deserializable, HpkeError, Kem, Serializable};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// `"KEM" ‖ I2OSP(kem_id, 2)`, which binds every derived value to this KEM [RFC 9180 §4.1].
const SUITE: [u8; 5] = *b"KEM\x00\x10";

/// The KEM. Its number is the registered one, so what it seals every other implementation opens.
pub(super) struct DhP256;

/// `04 ‖ x ‖ y`. Whether it is on the curve is asked when it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey([u8; 65]);

/// A scalar, zeroized with its last clone; AWS-LC does the same with its copy.
#[derive(Clone)]
pub(super) struct SecretKey {
    scalar: Zeroizing<[u8; 32]>,
    private: Arc<PrivateKey>,
    public: PublicKey,
}

impl Serializable for PublicKey {
    type OutputSize = U65;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

impl Deserializable for PublicKey {
    fn from_bytes(octets: &[u8]) -> Result<Self, HpkeError> {
        octets.try_into().map(Self).map_err(|_| HpkeError::IncorrectInputLength(65, octets.len()))
    }
}

impl Serializable for SecretKey {
    type OutputSize = U32;

    fn write_exact(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(self.scalar.as_ref());
    }
}

impl Deserializable for SecretKey {
    fn from_bytes(octets: &[u8]) -> Result<Self, HpkeError> {
        let scalar: [u8; 32] =
            octets.try_into().map_err(|_| HpkeError::IncorrectInputLength(32, octets.len()))?;
        let scalar = Zeroizing::new(scalar);
        let private = PrivateKey::from_private_key(&ECDH_P256, scalar.as_ref())
            .map_err(|_| HpkeError::ValidationError)?;
        let point = private.compute_public_key().map_err(|_| HpkeError::ValidationError)?;
        let public = PublicKey::from_bytes(point.as_ref())?;
        Ok(Self { scalar, private: Arc::new(private), public })
    }
}

impl ConstantTimeEq for SecretKey {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.scalar.ct_eq(other.scalar.as_ref())
    }
}

impl SecretKey {
    /// `ExtractAndExpand` over the Diffie-Hellman value with `peer`.
    fn shared(
        &self,
        peer: &PublicKey,
        encapped: &PublicKey,
        recipient: &PublicKey,
        failed: HpkeError,
    ) -> Result<SharedSecret<DhP256>, HpkeError> {
        let context = [encapped.0, recipient.0].concat();
        let mut secret = SharedSecret::<DhP256>::default();
        agree(&self.private, UnparsedPublicKey::new(&ECDH_P256, &peer.0), failed, |x| {
            HkdfSha256::extract_and_expand(x, &SUITE, &context, &mut secret.0)
        })?;
        Ok(secret)
    }
}

impl Kem for DhP256 {
    type PublicKey = PublicKey;
    type PrivateKey = SecretKey;
    type EncappedKey = PublicKey;
    type NSecret = U32;

    const KEM_ID: u16 = 0x0010;

    fn sk_to_pk(secret: &SecretKey) -> PublicKey {
        secret.public.clone()
    }

    /// `DeriveKeyPair` [RFC 9180 §7.1.3]: the first candidate in the order of the curve.
    ///
    /// Panics when none of 256 is, which the RFC calls an error too: it happens once in 2^8192 times.
    fn derive_keypair(ikm: &[u8]) -> (SecretKey, PublicKey) {
        let secret = (0..=u8::MAX)
            .map(|counter| HkdfSha256::derive_nistp_sk_eph_bytes::<U32>(&SUITE, ikm, counter))
            .find_map(|candidate| SecretKey::from_bytes(&candidate).ok())
            .expect("one of 256 candidates is below the order of P-256");
        let public = secret.public.clone();
        (secret, public)
    }

    fn decap(
        recipient: &SecretKey,
        sender: Option<&PublicKey>,
        encapped: &PublicKey,
    ) -> Result<SharedSecret<Self>, HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::DecapError);
        }
        recipient.shared(encapped, encapped, &recipient.public, HpkeError::DecapError)
    }

    fn encap_with_rng(
        recipient: &PublicKey,
        sender: Option<(&SecretKey, &PublicKey)>,
        rng: &mut impl CryptoRng,
    ) -> Result<(SharedSecret<Self>, PublicKey), HpkeError> {
        if sender.is_some() {
            return Err(HpkeError::EncapError);
        }
        let (ephemeral, encapped) = Self::gen_keypair_with_rng(rng);
        let secret = ephemeral.shared(recipient, &encapped, recipient, HpkeError::EncapError)?;
        Ok((secret, encapped))
    }
}

#[cfg(test)]
mod tests;
