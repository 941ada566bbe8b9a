//! `Device-Nonce`: proves that a proof was made lately, without the server remembering anything.
//!
//! `b64u(unix seconds, 8 octets ‖ first 16 octets of HMAC-SHA-256(key, "device-nonce/v1" ‖ the same 8 octets))`.

use aws_lc_rs::hmac;
use jiff::Timestamp;
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base64::{b64u, from_b64u};

/// How long a nonce is good, in seconds.
pub const NONCE_LIFE_SECONDS: i64 = 300;

/// How far into the future a nonce may seem to come, in seconds: servers that share a key have two clocks.
const CLOCK_SKEW_SECONDS: i64 = 5;

const LABEL: &[u8] = b"device-nonce/v1";
const TIME: usize = 8;
const TAG: usize = 16;

/// The key that nonces are made with: one per process, or shared between servers.
///
/// Zeroized on drop by the crypto library; no `Debug`, no `Clone`.
pub struct NonceKey(hmac::Key);

impl NonceKey {
    /// A new random key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut octets = Zeroizing::new([0; 32]);
        rng.fill_bytes(octets.as_mut());
        Self::from_bytes(&octets)
    }

    /// A shared key.
    pub fn from_bytes(octets: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }

    /// The nonce of this second.
    pub fn issue(&self, now: Timestamp) -> String {
        // Two's complement for times before 1970, which only tests have.
        let time = now.as_second().to_be_bytes();
        let mut octets = [0; TIME + TAG];
        octets[..TIME].copy_from_slice(&time);
        octets[TIME..].copy_from_slice(&self.tag(time));
        b64u(&octets)
    }

    /// Whether this key made this nonce within the last five minutes.
    pub fn is_fresh(&self, nonce: &str, now: Timestamp) -> bool {
        // 24 octets are 32 characters; nothing else is decoded.
        let octets = Some(nonce).filter(|nonce| nonce.len() == 32).and_then(from_b64u);
        let Some((time, tag)) = octets.as_deref().and_then(|octets| octets.split_first_chunk::<TIME>())
        else {
            return false;
        };
        let age = now.as_second().checked_sub(i64::from_be_bytes(*time));
        bool::from(tag.ct_eq(&self.tag(*time)))
            && age.is_some_and(|age| (-CLOCK_SKEW_SECONDS..=NONCE_LIFE_SECONDS).contains(&age))
    }

    fn tag(&self, time: [u8; TIME]) -> [u8; TAG] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(LABEL);
        context.update(&time);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&context.sign().as_ref()[..TAG]);
        tag
    }
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_341_600 + second).unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_five_minutes() {
        let key = NonceKey::from_bytes(&[7; 32]);
        let nonce = key.issue(at(0));
        for (second, fresh) in [(0, true), (300, true), (301, false), (-5, true), (-6, false)] {
            assert_eq!(key.is_fresh(&nonce, at(second)), fresh, "{second}");
        }
    }

    #[test]
    fn a_nonce_of_another_key_is_not_fresh() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let (ours, theirs) = (NonceKey::generate(&mut rng), NonceKey::generate(&mut rng));
        assert!(!ours.is_fresh(&theirs.issue(at(0)), at(0)));
    }

    #[test]
    fn a_changed_nonce_is_not_fresh() {
        let key = NonceKey::from_bytes(&[7; 32]);
        let octets = from_b64u(&key.issue(at(0))).unwrap();
        for index in 0..octets.len() {
            let mut changed = octets.clone();
            changed[index] ^= 1;
            assert!(!key.is_fresh(&b64u(&changed), at(0)), "{index}");
        }
        for wrong in ["", "AAAA", &"A".repeat(1000), &format!("{}=", key.issue(at(0)))] {
            assert!(!key.is_fresh(wrong, at(0)));
        }
    }
}
