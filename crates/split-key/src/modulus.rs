//! Public moduli, and the checks a phone's modulus must pass before anything is built on it.

use std::fmt;
use std::sync::LazyLock;

use crate::error::{Error, ModulusFault};
use crate::key::Parameters;
use crate::modexp;
use crate::natural::Natural;

/// Least number of bits of anything called a modulus here; real ones have thousands.
const MIN_BITS: u32 = 256;

/// A public modulus: odd, 256 to 8192 bits, kept without leading zero bytes.
pub struct Modulus(Natural);

impl Modulus {
    /// Reads a modulus from big-endian bytes; leading zeros are dropped.
    ///
    /// Errors: even, shorter than 256 or longer than 8192 bits.
    pub fn from_be_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let natural = Natural::from_be_bytes(bytes);
        let bits = natural.bit_len();
        if !natural.is_odd() || !(MIN_BITS..=modexp::MAX_BITS).contains(&bits) {
            return Err(Error::Modulus { found: bits, min: MIN_BITS, max: modexp::MAX_BITS });
        }
        Ok(Self(natural.resized(bits.div_ceil(8) as usize)?))
    }

    /// The number in big-endian bytes, without leading zeros.
    pub fn as_be_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Exact number of bits.
    pub fn bits(&self) -> u32 {
        self.0.bit_len()
    }

    /// Length in bytes.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether two moduli share no factor. Anybody can compute this for public keys and break both that fail,
    /// so a service compares new phone moduli with those it knows.
    pub fn is_coprime_to(&self, other: &Self) -> Result<bool, Error> {
        modexp::are_coprime(&self.0, &other.0)
    }

    pub(crate) fn as_natural(&self) -> &Natural {
        &self.0
    }
}

impl Clone for Modulus {
    fn clone(&self) -> Self {
        Self(Natural::from_be_bytes(self.0.as_bytes()))
    }
}

impl PartialEq for Modulus {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes() == other.0.as_bytes()
    }
}

impl Eq for Modulus {}

impl fmt::Debug for Modulus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The whole number helps nobody in a log, and it identifies a person's key.
        write!(f, "Modulus({} bits)", self.bits())
    }
}

/// A phone's modulus n1 that passed [`PhoneModulus::check`]; the service accepts no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneModulus(Modulus);

impl PhoneModulus {
    /// Checks the quality of a modulus received from a phone: exactly the half's length, at least 0.57·2^κ, odd, no
    /// prime factor below 2^20, not prime, not a perfect power, not from the ROCA generator.
    ///
    /// Whether another account uses the number, or a factor of it, only the caller can know
    /// (see [`Modulus::is_coprime_to`]). That a modulus passes does not mean that its factors are good: a phone with
    /// a bad random generator can still make numbers that others guess, and the outer modulus is there for that.
    ///
    /// Takes some 25 milliseconds at 3072 bits, once per registration.
    pub fn check(parameters: &Parameters, bytes: &[u8]) -> Result<Self, Error> {
        let refuse = |fault| Err(Error::PhoneModulus(fault));
        let (expected, found) = (parameters.half_bits(), Natural::from_be_bytes(bytes).bit_len());
        if found != expected {
            return refuse(ModulusFault::BitLength { expected, found });
        }
        if bytes.last().is_none_or(|byte| byte & 1 == 0) {
            return refuse(ModulusFault::Even);
        }
        let modulus = Modulus::from_be_bytes(bytes)?;
        let number = modulus.as_natural();
        if !is_above_floor(number) {
            return refuse(ModulusFault::TooSmall);
        }
        if let Some(factor) = small_factor(number) {
            return refuse(ModulusFault::SmallFactor(factor));
        }
        if has_roca_pattern(number) {
            return refuse(ModulusFault::RocaPattern);
        }
        if modexp::is_prime(number)? {
            return refuse(ModulusFault::Prime);
        }
        if modexp::is_perfect_power(number, SMALL_PRIME_BITS)? {
            return refuse(ModulusFault::PerfectPower);
        }
        Ok(Self(modulus))
    }

    /// The number.
    pub fn modulus(&self) -> &Modulus {
        &self.0
    }
}

/// Whether a half of κ bits is at least 0.57·2^κ, judged by its first 32 bits.
///
/// With n2 = p2·q2 and the top four bits of both primes set, n2 ≥ (15/16)²·2^κ, and 0.57·(15/16)² > 1/2: the product
/// has exactly 2κ bits. Without the bound it can lack a bit, and verifiers then disagree about its length.
pub(crate) fn is_above_floor(half: &Natural) -> bool {
    // 0.57·2^32 rounded up.
    const FLOOR: u32 = 2_448_131_359;
    let bytes = half.as_bytes();
    let Some((top, _)) = bytes.split_first_chunk::<4>() else { return false };
    half.bit_len() as usize == 8 * bytes.len() && u32::from_be_bytes(*top) >= FLOOR
}

const SMALL_PRIME_BITS: u32 = 20;

/// The odd primes below 2^20.
static SMALL_PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut composite = vec![false; 1 << (SMALL_PRIME_BITS - 1)]; // index i stands for 2i + 1
    let mut primes = Vec::with_capacity(82_024);
    for i in 1..composite.len() {
        if !composite[i] {
            let prime = 2 * i + 1;
            primes.push(prime as u32); // below 2^20
            for multiple in (prime * prime / 2..composite.len()).step_by(prime) {
                composite[multiple] = true;
            }
        }
    }
    primes
});

/// The least odd prime factor below 2^20.
fn small_factor(number: &Natural) -> Option<u32> {
    // Three primes of 20 bits fit one machine word: a third of the long divisions.
    SMALL_PRIMES.chunks(3).find_map(|primes| {
        let product = primes.iter().map(|prime| u64::from(*prime)).product();
        let remainder = number.remainder(product);
        primes.iter().copied().find(|prime| remainder.is_multiple_of(u64::from(*prime)))
    })
}

/// Whether the number is a power of 65537 modulo every small prime, as the products of the primes of the generator broken
/// in 2017 are (CVE-2017-15361). A random modulus passes for such a one with a chance below 2^-27.
fn has_roca_pattern(number: &Natural) -> bool {
    const GENERATOR: u64 = 65537;
    SMALL_PRIMES.iter().take_while(|prime| **prime <= 167).all(|prime| {
        let prime = u64::from(*prime);
        let (wanted, mut power) = (number.remainder(prime), 1);
        (0..prime).any(|_| {
            power = power * GENERATOR % prime;
            power == wanted
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modexp::{RsaKey, multiply};

    /// Draws keys until one is above the floor, as a phone does.
    fn good_modulus(bits: u32) -> Natural {
        loop {
            let n = RsaKey::generate(bits).unwrap().modulus().unwrap();
            if is_above_floor(&n) {
                return n;
            }
        }
    }

    fn fault(parameters: &Parameters, number: &Natural) -> ModulusFault {
        match PhoneModulus::check(parameters, number.as_bytes()) {
            Err(Error::PhoneModulus(fault)) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_ordinary_modulus_passes() {
        let parameters = Parameters::for_tests(512);
        let n = good_modulus(512);
        assert_eq!(
            PhoneModulus::check(&parameters, n.as_bytes()).unwrap().modulus().as_be_bytes(),
            n.as_bytes()
        );
    }

    #[test]
    fn each_fault_has_its_name() {
        let parameters = Parameters::for_tests(512);
        let mut n = good_modulus(512);
        assert_eq!(
            fault(&Parameters::for_tests(640), &n),
            ModulusFault::BitLength { expected: 640, found: 512 }
        );
        assert_eq!(
            fault(&parameters, &Natural::from_be_bytes(&[])),
            ModulusFault::BitLength { expected: 512, found: 0 }
        );
        n.flip_bit(0);
        assert_eq!(fault(&parameters, &n), ModulusFault::Even);

        let mut low = vec![0x91; 64];
        low[0] = 0x90;
        assert_eq!(fault(&parameters, &Natural::from_be_bytes(&low)), ModulusFault::TooSmall);

        // 2^512 − 569 is the greatest prime of 512 bits.
        let mut prime = vec![0xff; 64];
        (prime[62], prime[63]) = (0xfd, 0xc7);
        assert_eq!(fault(&parameters, &Natural::from_be_bytes(&prime)), ModulusFault::Prime);

        // 2^256 − 189 is the greatest prime of 256 bits.
        let mut root = vec![0xff; 32];
        root[31] = 0x43;
        let root = Natural::from_be_bytes(&root);
        assert!(modexp::is_prime(&root).unwrap());
        assert_eq!(fault(&parameters, &multiply(&root, &root).unwrap()), ModulusFault::PerfectPower);
    }

    #[test]
    fn a_small_factor_is_found_up_to_the_limit() {
        // The greatest prime below 2^20.
        assert_eq!(SMALL_PRIMES.last(), Some(&1_048_573));
        assert_eq!(SMALL_PRIMES.len(), 82_024);
        let n = good_modulus(512);
        assert_eq!(small_factor(&n), None);
        for prime in [3u32, 5, 65537, 1_048_573] {
            let multiple = multiply(&n, &Natural::from_u64(prime.into())).unwrap();
            assert_eq!(small_factor(&multiple), Some(prime));
        }
        // The next prime above the limit is not looked for.
        assert_eq!(small_factor(&multiply(&n, &Natural::from_u64(1_048_583)).unwrap()), None);
    }

    #[test]
    fn the_roca_pattern_is_recognised_and_rare() {
        let mut power = Natural::from_u64(65537);
        for _ in 0..6 {
            power = multiply(&power, &power).unwrap();
            assert!(has_roca_pattern(&power));
        }
        assert!(!has_roca_pattern(&good_modulus(512)));
    }
}
