//! The two shares of the phone's private exponent, and the number that moves both when they are refreshed.
//!
//! `a + b ≡ d1 (mod φ1)`: a sum of integers, with `a` uniform over κ+128 bits. That is 128 bits more than the modulus,
//! so `b` says nothing about `d1`. A shorter `a` would show the service the upper bits of `d1`, and half of those
//! are enough to factor n1. There is therefore no parameter for it.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::modexp;
use crate::natural::Natural;

/// Bits by which the phone's share is longer than the half modulus.
const STATISTICAL_BITS: u32 = 128;

/// Bits of the phone's share for halves of `half_bits`.
pub(crate) fn share_bits(half_bits: u32) -> u32 {
    half_bits + STATISTICAL_BITS
}

/// Bytes of the phone's share.
pub(crate) fn share_len(half_bits: u32) -> usize {
    share_bits(half_bits) as usize / 8
}

/// Bytes of the service's share: two bits more than the phone's, kept in one machine word more.
pub(crate) fn service_share_len(half_bits: u32) -> usize {
    share_len(half_bits) + 8
}

/// The phone's share `a`. Every value of its length is a possible share.
pub struct PhoneShare(pub(crate) Natural);

impl PhoneShare {
    /// A uniformly random share.
    pub(crate) fn random(half_bits: u32, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new(vec![0; share_len(half_bits)]);
        rng.fill_bytes(&mut bytes);
        Self(Natural::from_be_bytes(&bytes))
    }
}

/// The service's share `b`, with `2^L ≤ b < 2^L + 2φ1` when it is made, where L = κ+128.
pub struct ServiceShare(pub(crate) Natural);

impl ServiceShare {
    /// What remains of `d1` beside `a`, raised by the least multiple of φ1 that is at least 2^L. The raise keeps `b`
    /// positive through every later refresh without a reduction, which the service could not do (it lacks φ1).
    pub(crate) fn complement(
        half_bits: u32,
        d1: &Natural,
        a: &PhoneShare,
        phi1: &Natural,
    ) -> Result<Self, Error> {
        let len = service_share_len(half_bits);
        let rest = modexp::subtract_mod(d1, &a.0, phi1)?;
        let times = modexp::ceiling_of_power_of_two(share_bits(half_bits), phi1, len)?;
        let raise = modexp::multiply(&times, phi1)?;
        Ok(Self(modexp::add(&rest, &raise, len)?))
    }

    /// Reads a share as a phone sends it: big-endian, κ/8 + 24 bytes.
    ///
    /// Errors: another length, or a number outside 2^L ≤ b < 2^L + 2^(κ+1), which a phone that follows the protocol
    /// cannot send and which could become negative at a refresh.
    pub fn from_be_bytes(half_bits: u32, bytes: &[u8]) -> Result<Self, Error> {
        let expected = service_share_len(half_bits);
        if bytes.len() != expected {
            return Err(Error::Length { what: "the service's share", expected, found: bytes.len() });
        }
        // From the top: 63 zero bits, the bit of 2^L, 127 − 1 zero bits, then κ + 1 bits of any value.
        let (top, low) = bytes.split_at(8 + STATISTICAL_BITS as usize / 8);
        let mut seen = top[..7].iter().chain(&top[8..top.len() - 1]).fold(0, |all, byte| all | byte);
        seen |= top[7] ^ 1;
        seen |= top[top.len() - 1] & 0xfe;
        debug_assert_eq!(low.len(), half_bits as usize / 8);
        if seen != 0 {
            return Err(Error::OutOfRange { what: "the service's share" });
        }
        Ok(Self(Natural::from_be_bytes(bytes)))
    }

    /// The share as sent to the service, which must happen sealed to its signing core.
    pub fn to_be_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_be_bytes()
    }

    /// `b + Δ`. Stays above zero and below 2^(L+2) for any chain of refreshes, because the differences telescope.
    pub(crate) fn refreshed(&self, half_bits: u32, delta: &RefreshDelta) -> Result<Self, Error> {
        let refuse = |_| Error::OutOfRange { what: "the refreshed share of the service" };
        let len = service_share_len(half_bits);
        let sum = if delta.negative {
            modexp::subtract(&self.0, &delta.magnitude, len)
        } else {
            modexp::add(&self.0, &delta.magnitude, len)
        };
        Self::in_refreshed_range(half_bits, sum.map_err(refuse)?)
    }

    /// Accepts what a share can be after refreshes: `0 < b < 2^(L+2)`.
    pub(crate) fn in_refreshed_range(half_bits: u32, b: Natural) -> Result<Self, Error> {
        let bits = b.bit_len();
        if b.len() == service_share_len(half_bits) && 0 < bits && bits <= share_bits(half_bits) + 2 {
            Ok(Self(b))
        } else {
            Err(Error::OutOfRange { what: "the refreshed share of the service" })
        }
    }
}

/// The signed difference `Δ = a − a'` by which the service's share moves when the phone takes a new share `a'`.
/// Sent sealed to the signing core, like a share.
pub struct RefreshDelta {
    negative: bool,
    magnitude: Natural,
}

impl RefreshDelta {
    pub(crate) fn between(old: &PhoneShare, new: &PhoneShare) -> Result<Self, Error> {
        let negative = old.0.less_than(&new.0);
        let (greater, lesser) = if negative { (new, old) } else { (old, new) };
        Ok(Self { negative, magnitude: modexp::subtract(&greater.0, &lesser.0, old.0.len())? })
    }

    /// One byte for the sign (0 for zero or positive, 1 for negative), then the magnitude, big-endian, κ/8 + 16 bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1 + self.magnitude.len()));
        bytes.push(u8::from(self.negative));
        bytes.extend_from_slice(self.magnitude.as_bytes());
        bytes
    }

    /// Reads [`RefreshDelta::to_bytes`].
    pub fn from_bytes(half_bits: u32, bytes: &[u8]) -> Result<Self, Error> {
        let expected = 1 + share_len(half_bits);
        let wrong_length = Error::Length { what: "the refresh difference", expected, found: bytes.len() };
        if bytes.len() != expected {
            return Err(wrong_length);
        }
        let (sign, magnitude) = bytes.split_first().ok_or(wrong_length)?;
        let magnitude = Natural::from_be_bytes(magnitude);
        match (sign, magnitude.bit_len()) {
            (0, _) | (1, 1..) => Ok(Self { negative: *sign == 1, magnitude }),
            _ => Err(Error::OutOfRange { what: "the sign of the refresh difference" }),
        }
    }
}
