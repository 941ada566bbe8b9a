//! Making keys: the phone's modulus with its split exponent, and the service's outer key.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::modexp::{self, PUBLIC_EXPONENT, RsaKey, RsaNumbers};
use crate::modulus::{Modulus, PhoneModulus, is_above_floor};
use crate::natural::Natural;
use crate::share::{PhoneShare, ServiceShare, share_bits};

/// Sizes of a two-party key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    half_bits: u32,
    composite: bool,
}

impl Default for Parameters {
    /// Halves of 3072 bits, composite: a public modulus of 6144 bits with the strength of RSA-3072.
    fn default() -> Self {
        Self { half_bits: 3072, composite: true }
    }
}

impl Parameters {
    /// Halves of 3072 or 4096 bits; `composite` says whether the service adds its outer modulus
    /// (`docs/decisions/0001-composite-modulus-and-the-patent.md`).
    pub fn new(half_bits: u32, composite: bool) -> Result<Self, Error> {
        match half_bits {
            3072 | 4096 => Ok(Self { half_bits, composite }),
            found => Err(Error::HalfBits { found }),
        }
    }

    /// Small keys for test suites: breakable, and refused by [`Parameters::new`].
    ///
    /// # Panics
    /// Unless `half_bits` is a multiple of 128 from 256 to 4096. PSS with a 64-byte hash needs 1152 bits in all.
    pub fn for_tests(half_bits: u32) -> Self {
        assert!(
            half_bits.is_multiple_of(128) && (256..=4096).contains(&half_bits),
            "half_bits = {half_bits}"
        );
        Self { half_bits, composite: true }
    }

    /// The same halves without the outer modulus.
    pub fn single_modulus(self) -> Self {
        Self { composite: false, ..self }
    }

    /// Bits κ of each half.
    pub fn half_bits(&self) -> u32 {
        self.half_bits
    }

    /// Whether the public modulus is n1·n2, else it is n1.
    pub fn is_composite(&self) -> bool {
        self.composite
    }

    /// Exact bits of the public modulus: 2κ, or κ with a single modulus.
    pub fn modulus_bits(&self) -> u32 {
        if self.composite { 2 * self.half_bits } else { self.half_bits }
    }

    /// Bits of the phone's share: κ + 128.
    pub fn share_bits(&self) -> u32 {
        share_bits(self.half_bits)
    }
}

/// What a phone has the moment after key generation: everything goes elsewhere at once. The share is masked and stored, the
/// service's share is sealed and sent; the primes and the whole exponent are already gone.
pub struct DeviceKey {
    /// The phone's modulus n1, public.
    pub n1: Modulus,
    /// The phone's share `a`.
    pub phone: PhoneShare,
    /// The service's share `b`.
    pub service: ServiceShare,
}

impl DeviceKey {
    /// Generates a key and splits its exponent. About one key in twenty is drawn again for its length.
    ///
    /// `rng` makes the share. The primes come from AWS-LC's own generator, which takes no other source of randomness, so
    /// the modulus differs from run to run even with a seeded `rng`. Takes 0.1 to 1 s at 3072 bits.
    pub fn generate(parameters: &Parameters, rng: &mut impl CryptoRng) -> Result<Self, Error> {
        const ATTEMPTS: u32 = 64;
        for _ in 0..ATTEMPTS {
            let key = RsaKey::generate(parameters.half_bits)?;
            let n1 = key.modulus()?;
            if is_above_floor(&n1) {
                return Self::split(parameters, &n1, &key.numbers()?, rng);
            }
        }
        Err(Error::KeyGeneration { attempts: ATTEMPTS })
    }

    fn split(
        parameters: &Parameters,
        n1: &Natural,
        numbers: &RsaNumbers,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let phone = PhoneShare::random(parameters.half_bits, rng);
        let phi1 = totient(numbers)?;
        // AWS-LC reduces d1 modulo lcm(p−1, q−1), which inverts e as well; b is taken modulo φ1 either way.
        let service = ServiceShare::complement(parameters.half_bits, &numbers.d, &phone, &phi1)?;
        let key = Self { n1: Modulus::from_be_bytes(n1.as_bytes())?, phone, service };
        key.self_test(rng)?;
        Ok(key)
    }

    /// `(r^a · r^b)^e ≡ r (mod n1)` for a random r.
    fn self_test(&self, rng: &mut impl CryptoRng) -> Result<(), Error> {
        let n1 = self.n1.as_natural();
        let mut bytes = Zeroizing::new(vec![0; n1.len()]);
        rng.fill_bytes(&mut bytes);
        let r = modexp::reduce(&Natural::from_be_bytes(&bytes), n1)?;
        let by_phone = modexp::power_secret(&r, &self.phone.0, n1)?;
        let by_service = modexp::power_secret(&r, &self.service.0, n1)?;
        let signed = modexp::multiply_mod(&by_phone, &by_service, n1)?;
        if modexp::power_public(&signed, PUBLIC_EXPONENT, n1)?.equals(&r) {
            Ok(())
        } else {
            Err(Error::SelfTest)
        }
    }
}

/// φ = (p−1)(q−1).
fn totient(numbers: &RsaNumbers) -> Result<Natural, Error> {
    let one = Natural::from_be_bytes(&[1]);
    let p = modexp::subtract(&numbers.p, &one, numbers.p.len())?;
    let q = modexp::subtract(&numbers.q, &one, numbers.q.len())?;
    modexp::multiply(&p, &q)
}

/// The service's outer key: an ordinary RSA key with modulus n2. Fresh for every person's key, since two public moduli with a
/// common factor give each other away; so it is neither `Clone` nor reusable after
/// [`ServerKey::composite`](crate::ServerKey::composite) took it.
pub struct OuterKey {
    pub(crate) key: RsaKey,
    pub(crate) n2: Natural,
}

impl OuterKey {
    /// Generates an outer key for a pool. AWS-LC supplies the randomness. Takes 0.1 to 1 s at 3072 bits.
    ///
    /// It fits most phone moduli but not all ([`OuterKey::fits`]); an unused one can wait for another phone.
    pub fn generate(parameters: &Parameters) -> Result<Self, Error> {
        let key = RsaKey::generate(parameters.half_bits)?;
        let n2 = key.modulus()?;
        Ok(Self { key, n2 })
    }

    /// Generates outer keys until one fits this phone modulus: fewer than two on average, eleven for the least n1 allowed.
    pub fn generate_for(n1: &PhoneModulus) -> Result<Self, Error> {
        const ATTEMPTS: u32 = 512;
        for _ in 0..ATTEMPTS {
            let key = RsaKey::generate(n1.modulus().bits())?;
            let outer = Self { n2: key.modulus()?, key };
            if outer.fits(n1)? {
                return Ok(outer);
            }
        }
        Err(Error::KeyGeneration { attempts: ATTEMPTS })
    }

    /// Whether n1·n2 has exactly twice the bits of n1, and the two share no factor.
    pub fn fits(&self, n1: &PhoneModulus) -> Result<bool, Error> {
        let n1 = n1.modulus().as_natural();
        Ok(self.product(n1)?.is_some() && modexp::are_coprime(n1, &self.n2)?)
    }

    /// n1·n2, if it has exactly twice the bits of n1. Whether they share a factor is left to the caller.
    pub(crate) fn product(&self, n1: &Natural) -> Result<Option<Natural>, Error> {
        let n = modexp::multiply(n1, &self.n2)?;
        let fits = self.n2.bit_len() == n1.bit_len() && n.bit_len() == 2 * n1.bit_len();
        Ok(fits.then_some(n))
    }

    /// `p2 ‖ q2 ‖ d2 ‖ dp ‖ dq ‖ qinv`, big-endian: κ/16 bytes each, d2 κ/8. For a pool at rest; the caller encrypts it.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let numbers = self.key.numbers()?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::encoded_len(self.n2.len())));
        for number in [&numbers.p, &numbers.q, &numbers.d, &numbers.dp, &numbers.dq, &numbers.qinv] {
            bytes.extend_from_slice(number.as_bytes());
        }
        Ok(bytes)
    }

    /// Reads [`OuterKey::to_bytes`] from where nobody could change it. Sizes are checked; wrong numbers make no signature.
    pub fn from_bytes(half_bits: u32, bytes: &[u8]) -> Result<Self, Error> {
        let len = half_bits as usize / 8;
        let expected = Self::encoded_len(len);
        if bytes.len() != expected || !half_bits.is_multiple_of(16) {
            return Err(Error::Length { what: "the outer key", expected, found: bytes.len() });
        }
        let mut rest = bytes;
        let mut take = |len: usize| {
            let (head, tail) = rest.split_at(len);
            rest = tail;
            Natural::from_be_bytes(head)
        };
        let half = len / 2;
        let numbers = RsaNumbers {
            p: take(half),
            q: take(half),
            d: take(len),
            dp: take(half),
            dq: take(half),
            qinv: take(half),
        };
        let n2 = modexp::multiply(&numbers.p, &numbers.q)?;
        if n2.bit_len() != half_bits {
            return Err(Error::Inconsistent { what: "outer key" });
        }
        Ok(Self { key: RsaKey::from_numbers(&n2, &numbers)?, n2 })
    }

    /// Bytes of the encoding for a modulus of `len` bytes.
    pub(crate) fn encoded_len(len: usize) -> usize {
        5 * (len / 2) + len
    }
}
