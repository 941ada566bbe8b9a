//! Opening tokens that come again: whoever uses an API sends the same token with every request.
//!
//! What was opened with a ring is remembered under its tag, so that a token which comes again costs a look and a comparison, in
//! a time that does not tell how much of a token was right. Whatever can change since then is looked at each time: the age of the
//! key, and the claims against the rules and the clock. Only good tokens are remembered; a refusal is worked out anew, in the one
//! time that every refusal takes.
//!
//! The texts of tokens are in memory while they are good, beside the keys that could make them.

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::envelope::unseal_with;
use crate::key::Standing;
use crate::{Claims, KeyId, KeyRing, Rejection, Rules};

/// Tokens that are remembered, at most: about 1200 bytes each.
const REMEMBERED: usize = 4096;

/// A [`KeyRing`] with the rules of a service, which knows again what it opened a moment ago.
///
/// What it remembers was sealed with keys of this ring: a changed ring needs a new reader.
pub struct Reader {
    ring: KeyRing,
    rules: Rules,
    opened: Cache<Tag, Opened>,
}

/// The last characters of a token: most of its tag, which no two tokens share.
type Tag = [u8; 20];

/// What an authentic token says, and the key that it was sealed with.
#[derive(Clone)]
struct Opened {
    text: Arc<str>,
    key: KeyId,
    claims: Arc<Claims>,
}

impl Reader {
    /// A reader that remembers nothing yet.
    pub fn new(ring: KeyRing, rules: Rules) -> Self {
        Self { ring, rules, opened: Cache::new(REMEMBERED) }
    }

    /// A reader with the same rules and other keys.
    pub fn with_ring(&self, ring: KeyRing) -> Self {
        Self::new(ring, self.rules.clone())
    }

    /// The keys.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// What tokens have to say.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Reads a token at `now`, as [`open`](crate::open) does.
    ///
    /// # Errors
    /// [`Rejection`], the same as of [`open`](crate::open) for the same token.
    pub fn open(&self, token: &str, now: Timestamp) -> Result<Arc<Claims>, Rejection> {
        let tag = token.as_bytes().last_chunk::<{ size_of::<Tag>() }>();
        if let Some(Opened { text, key, claims }) = tag.and_then(|tag| self.opened.get(tag))
            && verify_slices_are_equal(text.as_bytes(), token.as_bytes()).is_ok()
        {
            if let (_, Standing::Retired) = self.ring.find(key, &self.rules, now) {
                return Err(Rejection::RetiredKey);
            }
            claims.check(&self.rules, now)?;
            return Ok(claims);
        }
        let (key, claims) = unseal_with(token, &self.ring, &self.rules, now)?;
        claims.check(&self.rules, now)?;
        let claims = Arc::new(claims);
        if let Some(tag) = tag {
            self.opened.insert(*tag, Opened { text: token.into(), key, claims: Arc::clone(&claims) });
        }
        Ok(claims)
    }

    /// Forgets what is not good any more. Nothing depends on it; it keeps names of people and texts of tokens from staying in memory for longer
    /// than their tokens are good.
    pub fn forget_expired(&self, now: Timestamp) {
        self.opened.retain(|_, opened| now < opened.claims.expires_at);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::{Assurance, Holder, Method, TokenId, open, seal};

    fn noon() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn rules() -> Rules {
        Rules::new("https://id.example.org", "registry")
    }

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(1)
    }

    fn token(ring: &KeyRing, rules: &Rules) -> String {
        let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
        let claims = Claims::new(rules, holder, Method::IdCard, Assurance::High, TokenId([7; 16]), noon());
        seal(&claims, ring.sealing(noon()), &mut rng()).unwrap()
    }

    #[test]
    fn a_token_that_comes_again_is_known_and_says_the_same() {
        let reader = Reader::new(KeyRing::generate(noon(), &mut rng()), rules());
        let token = token(reader.ring(), &rules());
        let first = reader.open(&token, noon()).unwrap();
        let second = reader.open(&token, noon()).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(*first, open(&token, reader.ring(), &rules(), noon()).unwrap());
    }

    #[test]
    fn a_known_token_is_refused_when_its_time_is_over_or_not_there_yet() {
        let reader = Reader::new(KeyRing::generate(noon(), &mut rng()), rules());
        let token = token(reader.ring(), &rules());
        reader.open(&token, noon()).unwrap();
        for away in [SignedDuration::from_hours(2), SignedDuration::from_mins(-1)] {
            let then = noon() + away;
            assert_eq!(reader.open(&token, then), open(&token, reader.ring(), &rules(), then).map(Arc::new));
            assert!(reader.open(&token, then).is_err());
        }
        assert!(reader.open(&token, noon()).is_ok());
    }

    #[test]
    fn a_known_token_is_refused_when_its_key_is_retired() {
        // Good for longer than a key that has been superseded opens anything.
        let long = Rules { lifetime: SignedDuration::from_hours(9), ..rules() };
        let ring = KeyRing::generate(noon(), &mut rng());
        let token = token(&ring, &long);
        let next =
            ring.rotate(noon(), SignedDuration::from_mins(1), &rules(), &mut ChaCha20Rng::seed_from_u64(2));
        let reader = Reader::new(next.unwrap(), rules());
        reader.open(&token, noon()).unwrap();
        let then = noon() + SignedDuration::from_hours(3);
        assert_eq!(reader.open(&token, then), Err(Rejection::RetiredKey));
        assert_eq!(open(&token, reader.ring(), &rules(), then), Err(Rejection::RetiredKey));
    }

    #[test]
    fn every_flipped_bit_of_a_known_token_is_refused_as_if_it_were_not_known() {
        let reader = Reader::new(KeyRing::generate(noon(), &mut rng()), rules());
        let token = token(reader.ring(), &rules());
        reader.open(&token, noon()).unwrap();
        for (place, bit) in (0..token.len()).flat_map(|place| (0..7).map(move |bit| (place, bit))) {
            let mut flipped = token.clone().into_bytes();
            flipped[place] ^= 1 << bit;
            let flipped = String::from_utf8(flipped).unwrap();
            let refused = reader.open(&flipped, noon());
            assert!(refused.is_err(), "bit {bit} of character {place}");
            assert_eq!(refused, open(&flipped, reader.ring(), &rules(), noon()).map(Arc::new));
        }
    }

    #[test]
    fn no_more_than_the_bound_is_remembered_and_nothing_that_was_refused_or_has_expired() {
        let reader = Reader::new(KeyRing::generate(noon(), &mut rng()), rules());
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
        let claims = Claims::new(&rules(), holder, Method::IdCard, Assurance::High, TokenId([7; 16]), noon());
        let key = reader.ring().sealing(noon());
        for _ in 0..REMEMBERED + 100 {
            reader.open(&seal(&claims, key, &mut rng).unwrap(), noon()).unwrap();
        }
        let known = reader.opened.len();
        assert!((1..=REMEMBERED).contains(&known), "{known}");
        let other = Claims { audience: "another".to_owned(), ..claims };
        let token = seal(&other, key, &mut rng).unwrap();
        assert_eq!(reader.open(&token, noon()), Err(Rejection::WrongAudience));
        assert_eq!(reader.opened.len(), known);
        reader.forget_expired(noon() + SignedDuration::from_hours(2));
        assert_eq!(reader.opened.len(), 0);
    }
}
