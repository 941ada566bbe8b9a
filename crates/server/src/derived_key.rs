//! Keys that are made of the signing core's key, so that there is one secret to keep: the same on every server that has it.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use countersign_wire::base64::{b64u, from_b64u};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Every JWT of ours starts with `{"typ":"JWT","alg":"ES256"}`. It is compared, not read: nobody else says how ours are
/// to be verified.
const HEADER: &[u8] = br#"{"typ":"JWT","alg":"ES256"}"#;

/// 32 octets for a purpose. Another purpose, and another counter, gives others.
pub(crate) fn derived(core: &[u8; 32], purpose: &str, counter: u8) -> Zeroizing<[u8; 32]> {
    let mut hash = Context::new(&SHA256);
    hash.update(purpose.as_bytes());
    hash.update(&[counter]);
    hash.update(core);
    let mut secret = Zeroizing::new([0; 32]);
    secret.copy_from_slice(hash.finish().as_ref());
    secret
}

/// A key of P-256 that signs for one purpose.
pub(crate) struct DerivedKey {
    pair: EcdsaKeyPair,
    public: Vec<u8>,
}

impl DerivedKey {
    /// The key for this purpose.
    pub(crate) fn of_core(core: &[u8; 32], purpose: &str) -> Result<Self, Unspecified> {
        let mut counter = 0_u8;
        loop {
            // One hash in 2^32 is no number below the order of the curve.
            match Self::from_secret(&derived(core, purpose, counter)) {
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

    /// `04 ‖ x ‖ y`
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// These claims as a signed token [RFC 7519, compact form].
    pub(crate) fn jwt(&self, claims: &impl Serialize) -> Result<String, Unspecified> {
        let claims = serde_json::to_vec(claims).map_err(|_| Unspecified)?;
        let mut token = format!("{}.{}", b64u(HEADER), b64u(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), token.as_bytes())?;
        token.push('.');
        token.push_str(&b64u(signature.as_ref()));
        Ok(token)
    }

    /// The claims of a token that this key has signed.
    pub(crate) fn claims<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != b64u(HEADER) {
            return None;
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public)
            .verify(signed.as_bytes(), &from_b64u(signature)?)
            .ok()?;
        serde_json::from_slice(&from_b64u(claims)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_token_opens_with_the_key_that_made_it() {
        let key = DerivedKey::of_core(&[7; 32], "tests").unwrap();
        let token = key.jwt(&json!({ "sub": "portal" })).unwrap();
        assert_eq!(key.claims::<Value>(&token).unwrap()["sub"], "portal");
        let again = DerivedKey::of_core(&[7; 32], "tests").unwrap();
        assert!(again.claims::<Value>(&token).is_some(), "the same on every server");
        for (core, purpose) in [(7, "other"), (8, "tests")] {
            let other = DerivedKey::of_core(&[core; 32], purpose).unwrap();
            assert!(other.claims::<Value>(&token).is_none());
        }
    }

    #[test]
    fn a_token_that_was_changed_does_not_open() {
        let key = DerivedKey::of_core(&[7; 32], "tests").unwrap();
        let token = key.jwt(&json!({ "sub": "portal" })).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let none = b64u(br#"{"typ":"JWT","alg":"none"}"#);
        let other = b64u(br#"{"sub":"other"}"#);
        for changed in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{other}.{}", parts[0], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{token}."),
            format!("{token}A"),
            parts[1].to_owned(),
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
        ] {
            assert!(key.claims::<Value>(&changed).is_none(), "{changed}");
        }
        for at in 0..token.len() {
            let mut octets = token.clone().into_bytes();
            octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(octets).unwrap();
            assert!(key.claims::<Value>(&changed).is_none(), "{at}");
        }
    }
}
