//! User name and password.
//!
//! An answer says nothing about who there is: a name that nobody has costs the same computation, and counts against its
//! own limit as one that somebody has. A password is the weakest proof there is here: such a token is worth `low`.

use std::collections::HashMap;
use std::str::FromStr as _;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use countersign_domain::registrant::{Proven, Refusal, told};
use countersign_token::{Assurance, Holder, Method};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::body::{Fields, needed};
use super::config::Registrant as Config;
use super::refused::Refused;
use super::sha256;
use super::token::{Call, Found};
use crate::buckets::{Buckets, Network};
use crate::compute::Compute;

/// Passwords that wait for a processor at the same time.
const QUEUE: usize = 32;

/// The people who have one, and what bounds their tries.
pub(super) struct Passwords {
    users: HashMap<String, (PasswordHash, Holder)>,
    /// What a name is compared with that nobody has.
    decoy: Option<PasswordHash>,
    compute: Compute,
    per_account: Buckets<[u8; 32]>,
}

impl Passwords {
    pub(super) fn new(config: &Config) -> Self {
        let users: HashMap<_, _> = config
            .users
            .iter()
            .filter_map(|user| {
                let hash = PasswordHash::parse(user.password.reveal())?;
                let holder =
                    told(&user.country_code, &user.ident, &user.first_name, &user.last_name, true).ok()?;
                Some((user.username.clone(), (hash, holder)))
            })
            .collect();
        // All hashes cost the same: the configuration is checked for it.
        let decoy = config.users.first().and_then(|user| PasswordHash::parse(user.password.reveal()));
        // Half of the processors at most: people's signatures must not wait for guesses.
        let width = std::thread::available_parallelism().map_or(1, |all| all.get().div_ceil(2));
        Self {
            users,
            decoy: decoy.map(PasswordHash::unmatchable),
            compute: Compute::new(width, QUEUE),
            per_account: Buckets::new(config.tries_per_account),
        }
    }
}

pub(super) async fn prove(call: &Call, fields: &Fields) -> Result<Found, Refused> {
    let username = needed("username", &fields.username)?;
    let password = needed("password", &fields.password)?;
    let registrant = call.app.registrant();
    let passwords = &registrant.passwords;
    let Some(decoy) = &passwords.decoy else { return Err(Refusal::SwitchedOff.into()) };
    let limited = |seconds| {
        call.app.metrics().limited("registrant", "password");
        Refused::limited(seconds)
    };
    registrant.tries.take(Network::of(call.origin.address), call.now).map_err(limited)?;
    // By its hash: names of strangers are not kept.
    passwords.per_account.take(sha256(username.as_bytes()), call.now).map_err(limited)?;

    let user = passwords.users.get(username.as_str());
    let hash = user.map_or(decoy, |(hash, _)| hash).clone();
    let right = passwords.compute.run(move || hash.is_of(password.as_bytes())).await;
    let right = right.map_err(|_| Refused::busy())?;
    match user {
        Some((_, holder)) if right => Ok(Found {
            proven: Proven {
                holder: holder.clone(),
                method: Method::Password,
                assurance: Assurance::Low,
                at: call.now,
                certificate: None,
            },
            client: None,
            id: None,
        }),
        Some(_) | None => Err(Refusal::WrongPassword.into()),
    }
}

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
    pub(super) fn cost(&self) -> (u32, u32, u32) {
        (self.params.m_cost(), self.params.t_cost(), self.params.p_cost())
    }

    /// The same cost, and no password.
    fn unmatchable(mut self) -> Self {
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
    }

    #[test]
    fn the_hash_of_the_test_world_is_of_its_password() {
        let hash = PasswordHash::parse(include_str!("dev_password.txt")).expect("a hash");
        assert!(hash.is_of(DEV_PASSWORD.as_bytes()));
    }

    #[test]
    fn what_is_no_argon2id_hash_is_not_read() {
        let good = include_str!("dev_password.txt").trim();
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
