//! Numbers as fixed-length big-endian byte strings.
//!
//! The length of a [`Natural`] is public and does not depend on its value: the big-number library
//! sizes its loops by the length it is given, so a share with leading zero bytes costs the same time as any other.

use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;

/// A non-negative integer of a fixed length, treated as secret: wiped on drop, no `Debug`, no `Clone`,
/// no `PartialEq` (use [`Natural::equals`], which takes the same time for every value).
pub(crate) struct Natural {
    bytes: Box<[u8]>,
}

impl Drop for Natural {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Natural {
    pub(crate) fn from_be_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into() }
    }

    /// The same number with exactly `len` bytes; fails if it does not fit.
    pub(crate) fn resized(&self, len: usize) -> Result<Self, Error> {
        let mut bytes = vec![0; len].into_boxed_slice();
        let have = self.bytes.len();
        if have > len {
            let (head, tail) = self.bytes.split_at(have - len);
            // One pass over all cut bytes, whatever they hold.
            if head.iter().fold(0, |all, byte| all | byte) != 0 {
                return Err(Error::OutOfRange { what: "a number" });
            }
            bytes.copy_from_slice(tail);
        } else {
            bytes[len - have..].copy_from_slice(&self.bytes);
        }
        Ok(Self { bytes })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn to_be_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.bytes.to_vec())
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bits of the value. Takes time that depends on the value: only for numbers that are, or will be, public,
    /// and for range checks that end in a refusal.
    pub(crate) fn bit_len(&self) -> u32 {
        match self.bytes.iter().position(|byte| *byte != 0) {
            None => 0,
            Some(first) => {
                let whole = u32::try_from(self.bytes.len() - first - 1).unwrap_or(u32::MAX / 8);
                whole * 8 + (8 - self.bytes[first].leading_zeros())
            }
        }
    }

    pub(crate) fn is_odd(&self) -> bool {
        self.bytes.last().is_some_and(|byte| byte & 1 == 1)
    }

    /// Constant-time comparison of two numbers of equal length; numbers of different length count as different.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.bytes, &other.bytes).is_ok()
    }

    /// Whether this number is below another of the same length, in constant time (a borrow chain over all bytes).
    pub(crate) fn less_than(&self, other: &Self) -> bool {
        debug_assert_eq!(self.len(), other.len());
        let mut borrow = 0u16;
        for (a, b) in self.bytes.iter().rev().zip(other.bytes.iter().rev()) {
            borrow = u16::from(*a).wrapping_sub(u16::from(*b)).wrapping_sub(borrow) >> 15;
        }
        borrow == 1
    }

    /// The XOR of two strings of equal length, the only operation of the PIN mask.
    pub(crate) fn xor(mut self, mask: &[u8]) -> Self {
        debug_assert_eq!(self.len(), mask.len());
        for (byte, mask) in self.bytes.iter_mut().zip(mask) {
            *byte ^= mask;
        }
        self
    }

    /// The remainder by a small divisor (public numbers only).
    pub(crate) fn remainder(&self, divisor: u64) -> u64 {
        let divisor = u128::from(divisor);
        let rest = self.bytes.len() % 8;
        let (head, words) = self.bytes.split_at(rest);
        let mut remainder = head.iter().fold(0u128, |all, byte| all << 8 | u128::from(*byte)) % divisor;
        for word in words.chunks_exact(8) {
            let word = word.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
            remainder = (remainder << 64 | u128::from(word)) % divisor;
        }
        // The remainder is below a divisor that fits 64 bits.
        remainder as u64
    }

    #[cfg(test)]
    pub(crate) fn from_u64(value: u64) -> Self {
        Self::from_be_bytes(&value.to_be_bytes())
    }

    #[cfg(test)]
    pub(crate) fn to_u64(&self) -> u64 {
        let eight = self.resized(8).expect("a toy number");
        u64::from_be_bytes(eight.as_bytes().try_into().expect("eight bytes"))
    }

    /// Turns one bit over, for the tests that look for a released fault.
    #[cfg(test)]
    pub(crate) fn flip_bit(&mut self, bit: usize) {
        let at = self.bytes.len() - 1 - bit / 8;
        self.bytes[at] ^= 1 << (bit % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_its_bits_and_keeps_its_length() {
        let number = Natural::from_be_bytes(&[0, 0, 0x13, 0x37]);
        assert_eq!((number.bit_len(), number.len()), (13, 4));
        assert_eq!(number.resized(2).unwrap().as_bytes(), [0x13, 0x37]);
        assert_eq!(number.resized(6).unwrap().as_bytes(), [0, 0, 0, 0, 0x13, 0x37]);
        assert!(number.resized(1).is_err());
        assert_eq!(Natural::from_be_bytes(&[0, 0]).bit_len(), 0);
    }

    #[test]
    fn comparison_and_remainder_agree_with_machine_integers() {
        for (a, b) in [(0u64, 0u64), (1, 0), (0, 1), (256, 255), (255, 256), (u64::MAX, 1), (1, u64::MAX)] {
            assert_eq!(Natural::from_u64(a).less_than(&Natural::from_u64(b)), a < b, "{a} < {b}");
            assert_eq!(Natural::from_u64(a).equals(&Natural::from_u64(b)), a == b, "{a} = {b}");
        }
        let long = Natural::from_be_bytes(&[1, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(u128::from(long.remainder(97)), ((1u128 << 64) + 5) % 97);
        assert_eq!(u128::from(long.remainder(u64::MAX)), ((1u128 << 64) + 5) % u128::from(u64::MAX));
    }
}
