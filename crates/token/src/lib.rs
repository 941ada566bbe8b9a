//! Registrant tokens: who logged in, how, and until when, sealed so that an API can read it without keeping a session.
//!
//! A token is a text of 700 characters (longer only for very long names) that holds [`Claims`] under authenticated
//! encryption. Whoever has the [`KeyRing`] can read it, and could make one; to everybody else it is noise of constant
//! size. `docs/registrant.md` describes the format for other languages, `fixtures/token` has vectors.
//!
//! ```
//! use countersign_token::{Assurance, Claims, Holder, KeyRing, Method, Rules, TokenId, open, seal};
//! use jiff::Timestamp;
//! use rand_core::SeedableRng;
//!
//! let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
//! let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
//! let ring = KeyRing::generate(now, &mut rng);
//! let rules = Rules::new("https://id.example.org", "registry");
//! let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
//! let claims = Claims::new(&rules, holder, Method::IdCard, Assurance::High, TokenId::generate(&mut rng), now);
//!
//! let token = seal(&claims, ring.sealing(now), &mut rng).unwrap();
//! assert_eq!(token.len(), 700);
//! assert_eq!(open(&token, &ring, &rules, now).unwrap(), claims);
//! ```
//!
//! A service that opens the same tokens again and again uses a [`Reader`], which knows them again.
//!
//! Refused here: telling the outside why a token was refused. Every [`Rejection`] is its own variant for the log, and
//! they all mean the same 401. Revocation before a token's end is the business of whoever opens it.

mod claims;
mod envelope;
mod error;
mod key;
pub mod legacy;
mod reader;

pub use claims::{Assurance, Claims, Holder, Method, NAME_MAX, TokenId, UnfitHolder, Version};
pub use envelope::{LIFETIME, LONGEST, key_id, open, seal, unseal};
pub use error::{Error, Rejection};
pub use key::{KeyId, KeyRing, Rules, TokenKey};
pub use reader::Reader;

/// The token in the value of an `Authorization` header: the word `Bearer`, one blank, the token [RFC 6750 §2.1].
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let plain = (1..=LONGEST.max(legacy::LONGEST)).contains(&token.len())
        && !token.as_bytes().contains(&b' ')
        && !token.as_bytes().contains(&b'\t');
    (scheme.eq_ignore_ascii_case("bearer") && plain).then_some(token)
}
