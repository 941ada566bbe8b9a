//! The phone's share under the mask of a PIN, and the PIN itself.
//!
//! The masked share is the share XOR a key stream made from the PIN. It has no checksum, tag, padding or structure on
//! purpose: every PIN, right or wrong, unmasks to a share that could be the right one, so whoever steals the phone's
//! storage has nothing to test guesses with. The service alone finds out, and counts.

use std::num::NonZeroU32;

use aws_lc_rs::{hkdf, pbkdf2};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::combine::PartialSignature;
use crate::encode::EncodedMessage;
use crate::error::Error;
use crate::modexp;
use crate::modulus::Modulus;
use crate::natural::Natural;
use crate::share::{PhoneShare, RefreshDelta, share_len};

/// A PIN: 4 to 12 ASCII digits. Wiped on drop.
pub struct Pin(Zeroizing<String>);

impl Pin {
    /// Reads a PIN as typed. Does not ask whether it is a good one: see [`Pin::choose`].
    pub fn parse(digits: &str) -> Result<Self, Error> {
        if (4..=12).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(Zeroizing::new(digits.to_owned())))
        } else {
            Err(Error::PinFormat)
        }
    }

    /// Reads a PIN that a person chooses: refuses the guessable ones and the one used for the other key.
    pub fn choose(digits: &str, other: Option<&Self>) -> Result<Self, Error> {
        let pin = Self::parse(digits)?;
        if weak_pin(digits) {
            return Err(Error::WeakPin);
        }
        if other.is_some_and(|other| *other.0 == *pin.0) {
            return Err(Error::SamePin);
        }
        Ok(pin)
    }
}

/// Whether a PIN is among those that people choose and thieves try first.
///
/// Refused are: equal steps from digit to digit, wrapping at ten (0000, 1234, 9876, 7890, 2468); the years 1900 to 2099;
/// a block repeated (1212, 123123); digits in pairs (1122, 998877); palindromes (1221, 12321); lines and rings on
/// the keypad (2580, 147258, 1397, 14789). Anything that is not digits counts as weak too.
pub fn weak_pin(digits: &str) -> bool {
    /// Walks over the keypad, of which any four or more neighbours in either direction are refused.
    const WALKS: [&str; 14] = [
        "2580",
        "1470",
        "3690",
        "1590",
        "3570",
        "147258369",
        "741852963",
        "159357",
        "159753",
        "1478963214789632",
        "13971397",
        "13791379",
        "17391739",
        "24862486",
    ];
    let bytes = digits.as_bytes();
    let len = bytes.len();
    if len < 4 || !bytes.iter().all(u8::is_ascii_digit) {
        return true;
    }
    let step = |pair: &[u8]| (pair[1] + 10 - pair[0]) % 10;
    let equal_steps = bytes.windows(2).all(|pair| step(pair) == step(bytes));
    let year = len == 4 && (digits.starts_with("19") || digits.starts_with("20"));
    let repeated =
        (1..=len / 2).any(|block| len.is_multiple_of(block) && bytes[..len - block] == bytes[block..]);
    let pairs = len.is_multiple_of(2) && bytes.chunks_exact(2).all(|pair| pair[0] == pair[1]);
    let reversed: Zeroizing<String> = Zeroizing::new(digits.chars().rev().collect());
    let walked = WALKS.iter().any(|walk| walk.contains(digits) || walk.contains(reversed.as_str()));
    equal_steps || year || repeated || pairs || *reversed == digits || walked
}

/// Cost of turning a PIN into a key: PBKDF2-HMAC-SHA-256 with this many iterations.
///
/// It does not protect a PIN of four digits by itself; it slows the one who has stolen phone and service both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kdf {
    /// Iterations of PBKDF2.
    pub iterations: NonZeroU32,
}

impl Default for Kdf {
    /// 600 000 iterations: about a tenth of a second on a desktop, up to half a second on a phone.
    fn default() -> Self {
        Self { iterations: const { NonZeroU32::new(600_000).unwrap() } }
    }
}

/// What a masked share is bound to, besides the PIN.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The key id (one key per PIN), so that equal PINs give different masks.
    pub kid: &'a [u8],
    /// 32 bytes from the phone's authenticator where it has one, else empty.
    pub hardware: &'a [u8],
}

/// The phone's share as it is stored: salt, share XOR mask, and the cost of the mask.
pub struct MaskedShare {
    salt: [u8; 16],
    blob: Vec<u8>,
    kdf: Kdf,
}

impl MaskedShare {
    /// Masks a share under a PIN, with a fresh salt.
    pub fn mask(
        share: PhoneShare,
        pin: &Pin,
        binding: Binding<'_>,
        kdf: Kdf,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let mask = mask(pin, binding, &salt, kdf, share.0.len());
        Self { salt, blob: share.0.xor(&mask).as_bytes().to_vec(), kdf }
    }

    /// Puts a stored share together again.
    ///
    /// Errors: a blob that is not κ/8 + 16 bytes long.
    pub fn from_parts(half_bits: u32, salt: [u8; 16], blob: Vec<u8>, kdf: Kdf) -> Result<Self, Error> {
        let expected = share_len(half_bits);
        if blob.len() != expected {
            return Err(Error::Length { what: "the masked share", expected, found: blob.len() });
        }
        Ok(Self { salt, blob, kdf })
    }

    /// The salt.
    pub fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// The masked share.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The cost of the mask.
    pub fn kdf(&self) -> Kdf {
        self.kdf
    }

    /// The phone's part of a signature: `y = (m mod n1)^a mod n1`. Share, mask and key are wiped before it returns.
    ///
    /// A wrong PIN gives another `y`, not an error: nobody but the service can tell. Whoever has both the phone's
    /// storage and one `y` can search the PIN offline, so it is never logged or stored and travels sealed.
    ///
    /// Errors: a modulus that does not belong to this share's length, or arithmetic the library refuses.
    pub fn partial_signature(
        &self,
        pin: &Pin,
        binding: Binding<'_>,
        n1: &Modulus,
        message: &EncodedMessage,
    ) -> Result<PartialSignature, Error> {
        let expected = share_len(n1.bits());
        if self.blob.len() != expected {
            return Err(Error::Length { what: "the masked share", expected, found: self.blob.len() });
        }
        let base = modexp::reduce(&message.to_natural(), n1.as_natural())?;
        let share = self.unmask(pin, binding);
        Ok(PartialSignature(modexp::power_secret(&base, &share.0, n1.as_natural())?))
    }

    /// A new share under a new PIN (or the same), and the difference the service needs.
    ///
    /// If `old` is mistyped the new share is useless and nobody here can tell: have the service check the old PIN first,
    /// and keep the old masked share until a signature with the new one succeeded.
    pub fn refresh(
        &self,
        old: &Pin,
        new: &Pin,
        binding: Binding<'_>,
        kdf: Kdf,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, RefreshDelta), Error> {
        let mut bytes = Zeroizing::new(vec![0; self.blob.len()]);
        rng.fill_bytes(&mut bytes);
        let share = PhoneShare(Natural::from_be_bytes(&bytes));
        let delta = RefreshDelta::between(&self.unmask(old, binding), &share)?;
        Ok((Self::mask(share, new, binding, kdf, rng), delta))
    }

    /// The share under this PIN; some share under any PIN.
    pub(crate) fn unmask(&self, pin: &Pin, binding: Binding<'_>) -> PhoneShare {
        let mask = mask(pin, binding, &self.salt, self.kdf, self.blob.len());
        PhoneShare(Natural::from_be_bytes(&self.blob).xor(&mask))
    }
}

/// `HKDF-SHA256(PBKDF2(PIN ‖ hardware, salt), info = "splitkey/share-mask/v1" ‖ kid)`, as long as the share.
fn mask(pin: &Pin, binding: Binding<'_>, salt: &[u8; 16], kdf: Kdf, len: usize) -> Zeroizing<Vec<u8>> {
    let mut password = Zeroizing::new(Vec::with_capacity(pin.0.len() + binding.hardware.len()));
    password.extend_from_slice(pin.0.as_bytes());
    password.extend_from_slice(binding.hardware);
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, kdf.iterations, salt, &password, &mut *key);

    let mut mask = Zeroizing::new(vec![0; len]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(&*key)
        .expand(&[b"splitkey/share-mask/v1", binding.kid], MaskLen(len))
        .and_then(|stream| stream.fill(&mut mask))
        // HKDF-SHA256 fails beyond 255·32 = 8160 bytes; a share has at most 1040, and the buffer has the length announced.
        .expect("a share is shorter than the longest HKDF output");
    mask
}

struct MaskLen(usize);

impl hkdf::KeyType for MaskLen {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessable_pins_are_refused_by_kind() {
        let kinds = [
            "0000", "99999", "1234", "4321", "7890", "0987", "2468", "1357", "12345", "1985", "2026", "1212",
            "123123", "1122", "998877", "1221", "12321", "2580", "0852", "147258", "1397", "9731", "14789",
            "98741", "159357", "0741",
        ];
        for pin in kinds {
            assert!(weak_pin(pin), "{pin}");
            assert!(matches!(Pin::choose(pin, None), Err(Error::WeakPin)), "{pin}");
        }
        for pin in ["4711", "8302", "90210", "31415", "602214"] {
            assert!(!weak_pin(pin), "{pin}");
        }
        let refused = (0..10_000).filter(|pin| weak_pin(&format!("{pin:04}"))).count();
        assert!((400..700).contains(&refused), "{refused} of 10 000 four-digit PINs refused");
    }

    /// The phone in the browser has its own list and reads the same fixture.
    #[test]
    fn the_same_pins_are_weak_on_every_phone() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/split-key/weak-pins.json");
        let counted = [4, 5, 6].map(|length: usize| {
            let pins = (0..10_u32.pow(length as u32)).map(|pin| format!("{pin:0length$}"));
            let weak: Vec<_> = pins.filter(|pin| weak_pin(pin)).collect();
            let hash = crate::encode::Hash::Sha256.digest(weak.join("\n").as_bytes());
            format!("  \"{length}\": {{ \"weak\": {}, \"sha256\": \"{}\" }}", weak.len(), hex::encode(hash))
        });
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{{\n{}\n}}\n", counted.join(",\n")));
    }

    #[test]
    fn pin1_and_pin2_must_differ() {
        let pin1 = Pin::choose("47110", None).unwrap();
        assert!(matches!(Pin::choose("47110", Some(&pin1)), Err(Error::SamePin)));
        assert!(Pin::choose("47118", Some(&pin1)).is_ok());
    }

    #[test]
    fn only_digits_in_the_allowed_number_are_a_pin() {
        for text in ["", "123", "1234567890123", "12a4", "12 4", "١٢٣٤"] {
            assert!(matches!(Pin::parse(text), Err(Error::PinFormat)), "{text}");
        }
        assert!(Pin::parse("1234").is_ok());
    }

    #[test]
    fn kid_and_hardware_change_the_mask() {
        let (pin, kdf) = (Pin::parse("4711").unwrap(), Kdf { iterations: NonZeroU32::MIN });
        let stream = |kid, hardware| mask(&pin, Binding { kid, hardware }, &[7; 16], kdf, 80);
        let plain = stream(b"", b"");
        assert_eq!(*plain, *stream(b"", b""));
        assert_ne!(*plain, *stream(b"kid", b""));
        assert_ne!(*plain, *stream(b"", &[1; 32]));
        assert_ne!(*stream(b"kid", b""), *stream(b"", b"kid"));
    }
}
