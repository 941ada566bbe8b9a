//! The four digits that a person compares between two screens (3.2).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use rand_core::CryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;

/// A verification code of four decimal digits, leading zeros kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VerificationCode(u16);

impl VerificationCode {
    /// The code of a notification authentication: both sides compute it from the decoded challenge.
    ///
    /// `uint16_be(last two octets of SHA-256(challenge)) mod 10000`.
    pub fn of_challenge(challenge: &[u8]) -> Self {
        let hash = digest(&SHA256, challenge);
        let hash = hash.as_ref();
        Self(u16::from_be_bytes([hash[30], hash[31]]) % 10_000)
    }

    /// The code of a notification signature: random, so that it says nothing about the digest.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            // 60 000 = 6·10 000: larger numbers are drawn again, or small codes would come more often.
            let number = (rng.next_u32() >> 16) as u16;
            if number < 60_000 {
                return Self(number % 10_000);
            }
        }
    }

    /// Reads four digits. Error: [`Error::Malformed`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Some(text)
            .filter(|text| text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or(Error::Malformed { name: "verification code", expected: "4 decimal digits" })
    }

    /// This code and two other random ones in random order, for the choice on the device.
    pub fn choices(self, rng: &mut impl CryptoRng) -> [VerificationCode; 3] {
        let mut codes = [self; 3];
        for place in 1..3 {
            codes[place] = loop {
                let other = Self::random(rng);
                if !codes[..place].contains(&other) {
                    break other;
                }
            };
        }
        // The others are exchangeable, so the right one's place is all that has to be random.
        let place = loop {
            let number = rng.next_u32();
            // 2³² − 1 is a multiple of 3: without the largest number all three places are equally likely.
            if number != u32::MAX {
                break (number % 3) as usize;
            }
        };
        codes.swap(0, place);
        codes
    }
}

impl fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl Serialize for VerificationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerificationCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn leading_zeros_are_kept() {
        let code = VerificationCode::parse("0081").unwrap();
        assert_eq!(code.to_string(), "0081");
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"0081\"");
        for wrong in ["81", "00081", "+081", "008a", "", "００８１"] {
            assert!(VerificationCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn choices_hold_the_right_code_once_and_in_every_place() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut places = HashSet::new();
        for _ in 0..200 {
            let code = VerificationCode::random(&mut rng);
            let choices = code.choices(&mut rng);
            assert_eq!(choices.iter().collect::<HashSet<_>>().len(), 3);
            places.insert(choices.iter().position(|each| *each == code).unwrap());
        }
        assert_eq!(places.len(), 3);
    }
}
