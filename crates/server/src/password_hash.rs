//! Argon2id hashes of passwords: the one piece that makes and compares them.

use std::str::FromStr as _;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// An Argon2id hash [RFC 9106] in its text form (PHC string). No `Debug`.
#[derive(Clone)]
pub struct PasswordHash {
    params: Params,
    salt: Zeroizing<Vec<u8>>,
    hash: Zeroizing<Vec<u8>>,
}

/// Octets of salt and hash that are made here.
const SALT: usize = 16;
const HASH: usize = 32;
/// The most memory that a hash may need, in KiB, and the most passes: configurations are written by people.
const MEMORY_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 16;

impl PasswordHash {
    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.
    pub fn parse(text: &str) -> Option<Self> {
        let read = phc::PasswordHash::from_str(text.trim()).ok()?;
        if read.algorithm.as_str() != "argon2id" || read.version != Some(Version::V0x13.into()) {
            return None;
        }
        let params = Params::try_from(&read).ok()?;
        if params.m_cost() > MEMORY_MAX || params.t_cost() > PASSES_MAX {
            return None;
        }
        Some(Self {
            params,
            salt: Zeroizing::new(read.salt?.as_ref().to_vec()),
            hash: Zeroizing::new(read.hash?.as_bytes().to_vec()),
        })
    }

    /// Hashes a password: 19 MiB, two passes, one lane.
    pub fn make(password: &[u8], rng: &mut impl CryptoRng) -> Self {
        let mut salt = Zeroizing::new(vec![0; SALT]);
        rng.fill_bytes(&mut salt);
        let params = Params::default();
        let hash = compute(&params, password, &salt, HASH);
        Self { params, salt, hash }
    }

    /// The text form.
    pub fn to_text(&self) -> Zeroizing<String> {
        let (m, t, p) = self.cost();
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash));
        Zeroizing::new(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}"))
    }

    /// Whether this is the hash of a password. Takes as long for every wrong one.
    pub fn is_of(&self, password: &[u8]) -> bool {
        let computed = compute(&self.params, password, &self.salt, self.hash.len());
        verify_slices_are_equal(&computed, &self.hash).is_ok()
    }

    /// Memory in KiB, passes, lanes.
    pub(crate) fn cost(&self) -> (u32, u32, u32) {
        (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
    }

    /// A hash of no password, at the cost of those that are made here: for who has none.
    pub(crate) fn decoy() -> Self {
        let (salt, hash) = (Zeroizing::new(vec![0; SALT]), Zeroizing::new(vec![0; HASH]));
        Self { params: Params::default(), salt, hash }
    }

    /// The same cost, and no password.
    pub(crate) fn unmatchable(mut self) -> Self {
        self.hash.fill(0);
        self
    }
}

fn compute(params: &Params, password: &[u8], salt: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
    let mut hash = Zeroizing::new(vec![0; length]);
    // Fails for salts and hashes that are too short or too long, which the parser does not let in; then nothing matches.
    let made = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into(password, salt, &mut hash);
    if made.is_err() {
        hash.clear();
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Randomness;
    use crate::registrant::config::DEV_PASSWORD;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let hash = PasswordHash::make(b"right", &mut Randomness::system());
        let text = hash.to_text();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", *text);
        let again = PasswordHash::parse(&text).expect("a hash");
        assert!(again.is_of(b"right") && !again.is_of(b"wrong") && !again.is_of(b""));
        assert!(!again.unmatchable().is_of(b"right"));
        let decoy = PasswordHash::decoy();
        assert_eq!(decoy.cost(), hash.cost());
        assert!(!decoy.is_of(b"right") && !decoy.is_of(b""));
    }

    #[test]
    fn the_hash_of_the_test_world_is_of_its_password() {
        let hash = PasswordHash::parse(include_str!("registrant/dev_password.txt")).expect("a hash");
        assert!(hash.is_of(DEV_PASSWORD.as_bytes()));
    }

    #[test]
    fn what_is_no_argon2id_hash_is_not_read() {
        let good = include_str!("registrant/dev_password.txt").trim();
        for wrong in [
            "",
            "countersign-dev-password",
            "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ012345",
            &good.replace("argon2id", "argon2i"),
            &good.replace("v=19", "v=16"),
            &good.replace("m=19456", "m=99999999"),
            &good.replace("t=2", "t=17"),
            &good[..60],
        ] {
            assert!(PasswordHash::parse(wrong).is_none(), "{wrong}");
        }
    }
}
