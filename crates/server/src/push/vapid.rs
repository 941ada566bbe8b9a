//! How a push service knows us again [RFC 8292]: a signed statement for each of its origins.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use countersign_wire::base64::b64u;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use zeroize::Zeroizing;

/// How long a statement holds. At most 24 hours are allowed; services have clocks of their own.
const LIFE: SignedDuration = SignedDuration::from_hours(12);

/// The application server's key: browsers subscribe for it, and only its holder may push to them.
pub struct VapidKey {
    pair: EcdsaKeyPair,
    public: Vec<u8>,
}

impl VapidKey {
    /// The key that belongs to the signing core's key. Made from it, so that there is one secret less to keep, and the
    /// same on every server that has the core key: browsers must subscribe anew for another.
    pub fn of_core(core: &[u8; 32]) -> Result<Self, Unspecified> {
        let mut counter = 0_u8;
        loop {
            let mut hash = Context::new(&SHA256);
            hash.update(b"countersign web push key");
            hash.update(&[counter]);
            hash.update(core);
            let mut secret = Zeroizing::new([0; 32]);
            secret.copy_from_slice(hash.finish().as_ref());
            // One hash in 2^32 is no number below the order of the curve.
            match Self::from_secret(&secret) {
                Err(error) if counter == 3 => return Err(error),
                Err(_) => counter += 1,
                Ok(key) => return Ok(key),
            }
        }
    }

    fn from_secret(secret: &Zeroizing<[u8; 32]>) -> Result<Self, Unspecified> {
        let private = PrivateKey::from_private_key(&ECDH_P256, secret.as_ref()).map_err(|_| Unspecified)?;
        let public = private.compute_public_key()?.as_ref().to_vec();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, secret.as_ref(), &public)
            .map_err(|_| Unspecified)?;
        Ok(Self { pair, public })
    }

    /// `04 ‖ x ‖ y`: what browsers call `applicationServerKey`.
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The value of `Authorization` for a push service of this origin. `contact`: whom its operator may write to.
    pub(super) fn authorization(
        &self,
        origin: &str,
        contact: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Unspecified> {
        let mut claims = json!({ "aud": origin, "exp": (now + LIFE).as_second() });
        if let Some(contact) = contact {
            claims["sub"] = json!(contact);
        }
        let header = b64u(br#"{"typ":"JWT","alg":"ES256"}"#);
        let mut token = format!("{header}.{}", b64u(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), token.as_bytes())?;
        token.push('.');
        token.push_str(&b64u(signature.as_ref()));
        Ok(format!("vapid t={token}, k={}", b64u(&self.public)))
    }
}

impl std::fmt::Debug for VapidKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VapidKey")
    }
}
