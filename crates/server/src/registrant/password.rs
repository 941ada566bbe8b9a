//! User name and password.
//!
//! An answer says nothing about who there is: a name that nobody has costs the same computation, and counts against its
//! own limit as one that somebody has. A password is the weakest proof there is here: such a token is worth `low`.

use std::collections::HashMap;

use countersign_domain::registrant::{Proven, Refusal, told};
use countersign_token::{Assurance, Holder, Method};

use super::body::{Fields, needed};
use super::config::Registrant as Config;
use super::refused::Refused;
use super::sha256;
use super::token::{Call, Found};
use crate::buckets::{Buckets, Network};
use crate::compute::Compute;
pub use crate::password_hash::PasswordHash;

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
        Self {
            users,
            decoy: decoy.map(PasswordHash::unmatchable),
            // People's signatures must not wait for guesses.
            compute: Compute::for_half_of_this_machine(QUEUE),
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
