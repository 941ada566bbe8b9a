//! The service's side of a signature: complete the phone's part, find out whether the PIN was right, add the outer
//! half, check, release.
//!
//! What must not leave: any number computed with `b` on a wrong PIN (whoever has the phone's storage could test PINs with it),
//! and any signature with a fault in its outer half (`gcd(s^e − m, n)` would be a factor). So a wrong PIN yields a
//! value without data, and each half is checked before the next step and once more as a whole.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::encode::EncodedMessage;
use crate::error::Error;
use crate::key::OuterKey;
use crate::modexp::{self, PUBLIC_EXPONENT};
use crate::modulus::{Modulus, PhoneModulus};
use crate::natural::Natural;
use crate::public_key::PublicKey;
use crate::share::{RefreshDelta, ServiceShare, service_share_len};

/// The phone's part `y` of a signature. Together with the phone's storage it betrays the PIN: never log or store it.
pub struct PartialSignature(pub(crate) Natural);

impl PartialSignature {
    /// Reads a part as received. Its range is checked when it is used.
    ///
    /// Errors: empty, or longer than the longest half.
    pub fn from_be_bytes(bytes: &[u8]) -> Result<Self, Error> {
        const LONGEST: usize = modexp::MAX_BITS as usize / 8;
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(Error::Length { what: "the phone's part", expected: LONGEST, found: bytes.len() });
        }
        Ok(Self(Natural::from_be_bytes(bytes)))
    }

    /// The part as sent, big-endian, as long as n1. Seal it to the signing core.
    pub fn to_be_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_be_bytes()
    }
}

/// An RSA signature, as long as the public modulus.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// Takes signature bytes from elsewhere, for [`PublicKey::verify`].
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// How completing a signature ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Completion {
    /// The PIN was right; here is the signature, already verified.
    Signed(Signature),
    /// The phone's part was made with a wrong share. Nothing is known but that.
    WrongPin,
}

/// The service's private part of one person's key.
pub struct ServerKey {
    pub(crate) n1: Modulus,
    pub(crate) b: ServiceShare,
    pub(crate) outer: Outer,
    public: PublicKey,
}

/// Whether there is an outer modulus. A refreshed key shares it with the one it came from.
pub(crate) enum Outer {
    None,
    Layer(Arc<Layer>),
}

pub(crate) struct Layer {
    pub(crate) key: OuterKey,
    /// n1^-1 mod n2
    u: Natural,
}

/// A point in [`ServerKey::complete`] where a fault could strike; tests strike there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// s1 was computed, unchecked.
    FirstHalf,
    /// s1 passed its check.
    FirstHalfChecked,
    /// s2 was computed, unchecked.
    SecondHalf,
    /// s2 passed its check.
    SecondHalfChecked,
    /// s was put together, unchecked.
    Combined,
}

impl ServerKey {
    /// A key with the public modulus n1·n2. Takes the outer key for good.
    ///
    /// Errors: [`Error::OuterKeyDoesNotFit`] if the product is not exactly twice as long (see [`OuterKey::fits`]), and a
    /// share of another length.
    pub fn composite(n1: PhoneModulus, b: ServiceShare, outer: OuterKey) -> Result<Self, Error> {
        let n1 = n1.modulus().clone();
        let u = modexp::invert(n1.as_natural(), &outer.n2).map_err(|_| Error::OuterKeyDoesNotFit)?;
        Self::with_layer(n1, b, Arc::new(Layer { key: outer, u }))
    }

    /// A key with the public modulus n1: the same protocol with the outer layer left off.
    pub fn single_modulus(n1: PhoneModulus, b: ServiceShare) -> Result<Self, Error> {
        Self::without_layer(n1.modulus().clone(), b)
    }

    /// The layer's `u` exists, so n1 and n2 share no factor.
    fn with_layer(n1: Modulus, b: ServiceShare, layer: Arc<Layer>) -> Result<Self, Error> {
        check_share_len(&n1, &b)?;
        let n = layer.key.product(n1.as_natural())?.ok_or(Error::OuterKeyDoesNotFit)?;
        let public = PublicKey::new(Modulus::from_be_bytes(n.as_bytes())?);
        Ok(Self { n1, b, outer: Outer::Layer(layer), public })
    }

    fn without_layer(n1: Modulus, b: ServiceShare) -> Result<Self, Error> {
        check_share_len(&n1, &b)?;
        Ok(Self { public: PublicKey::new(n1.clone()), n1, b, outer: Outer::None })
    }

    /// The public key, for the certificate.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The phone's modulus.
    pub fn phone_modulus(&self) -> &Modulus {
        &self.n1
    }

    /// Whether there is an outer modulus.
    pub fn is_composite(&self) -> bool {
        match &self.outer {
            Outer::None => false,
            Outer::Layer(_) => true,
        }
    }

    /// Completes a signature over `message`, which the caller encoded itself from its own copy of the digest for
    /// `public_key().bits()`.
    ///
    /// Count the attempt before calling this and give it back on success: otherwise parallel requests guess for free.
    ///
    /// Errors: a part that no share can produce (0, 1, n1−1, n1 and above, another length), a message encoded for another
    /// modulus, and [`Error::Fault`] if a result fails its check. None of them carries a number.
    pub fn complete(&self, message: &EncodedMessage, part: &PartialSignature) -> Result<Completion, Error> {
        self.complete_under(&|_, _| (), message, part)
    }

    /// Finds out whether the phone's part was made with the right PIN and makes no signature: for a PIN change. Count the
    /// attempt as for [`ServerKey::complete`].
    pub fn pin_is_right(&self, message: &EncodedMessage, part: &PartialSignature) -> Result<bool, Error> {
        let m = self.number(message)?;
        Ok(first_half(&|_, _| (), &m, &part.0, &self.b.0, self.n1.as_natural(), PUBLIC_EXPONENT)?.is_some())
    }

    /// The key with the service's share moved by Δ. Keep the old one until a signature with the new one succeeded.
    pub fn refreshed(&self, delta: &RefreshDelta) -> Result<Self, Error> {
        let b = self.b.refreshed(self.n1.bits(), delta)?;
        let (n1, public) = (self.n1.clone(), self.public.clone());
        let outer = match &self.outer {
            Outer::None => Outer::None,
            Outer::Layer(layer) => Outer::Layer(Arc::clone(layer)),
        };
        Ok(Self { n1, b, outer, public })
    }

    fn number(&self, message: &EncodedMessage) -> Result<Natural, Error> {
        if message.modulus_bits() == self.public.bits() {
            Ok(message.to_natural())
        } else {
            let (expected, found) = (self.public.modulus().len(), message.as_bytes().len());
            Err(Error::Length { what: "the encoded message", expected, found })
        }
    }

    /// [`ServerKey::complete`], with a fault to strike at the steps named.
    fn complete_under(
        &self,
        fault: &dyn Fn(Step, &mut Natural),
        message: &EncodedMessage,
        part: &PartialSignature,
    ) -> Result<Completion, Error> {
        let m = self.number(message)?;
        let n1 = self.n1.as_natural();
        let Some(s1) = first_half(fault, &m, &part.0, &self.b.0, n1, PUBLIC_EXPONENT)? else {
            return Ok(Completion::WrongPin);
        };
        let mut s = match &self.outer {
            Outer::None => s1,
            Outer::Layer(layer) => {
                let s2 = layer.second_half(fault, &m)?;
                garner(&s1, &s2, n1, &layer.key.n2, &layer.u)?
            }
        };
        fault(Step::Combined, &mut s);
        let n = self.public.modulus().as_natural();
        if !modexp::power_public(&s, PUBLIC_EXPONENT, n).is_ok_and(|back| back.equals(&m)) {
            return Err(Error::Fault { what: "signature" });
        }
        Ok(Completion::Signed(Signature(s.as_bytes().to_vec())))
    }

    /// The private part for storage; the caller encrypts it, bound to its row.
    ///
    /// ```text
    /// 1       version, 1
    /// 1       kind: 1 single modulus, 2 composite
    /// 2       κ, big-endian
    /// κ/8     n1
    /// κ/8+24  b
    ///         composite only:
    /// 7κ/16   p2 ‖ q2 ‖ d2 ‖ dp ‖ dq ‖ qinv   (see OuterKey::to_bytes)
    /// κ/8     u = n1^-1 mod n2
    /// ```
    pub fn serialize(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let half_bits = self.n1.bits();
        let bits = u16::try_from(half_bits).map_err(|_| Error::HalfBits { found: half_bits })?.to_be_bytes();
        let (kind, outer) = match &self.outer {
            Outer::None => (SINGLE, Zeroizing::new(Vec::new())),
            Outer::Layer(layer) => {
                let mut outer = layer.key.to_bytes()?;
                // Grown once, at the exact size, so no copy of the key stays behind in freed memory.
                let mut both = Zeroizing::new(Vec::with_capacity(outer.len() + layer.u.len()));
                both.append(&mut outer);
                both.extend_from_slice(layer.u.as_bytes());
                (COMPOSITE, both)
            }
        };
        let header = [VERSION, kind, bits[0], bits[1]];
        let parts = [&header, self.n1.as_be_bytes(), self.b.0.as_bytes(), &outer];
        let mut bytes = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Ok(bytes)
    }

    /// Reads [`ServerKey::serialize`] from where nobody could change it: the caller's encryption authenticates it.
    ///
    /// Sizes, ranges and n2's tie to n1 are checked. The checks on n1 of [`PhoneModulus::check`] and those on the numbers
    /// of the outer key are not repeated: only what passed them was ever stored, and [`ServerKey::complete`] checks
    /// every result.
    pub fn deserialize(bytes: &[u8]) -> Result<Self, Error> {
        let short = |expected| Error::Length { what: "the stored server key", expected, found: bytes.len() };
        let ([version, kind, high, low], rest) = bytes.split_first_chunk().ok_or_else(|| short(4))?;
        if *version != VERSION {
            return Err(Error::Format { found: *version, expected: VERSION });
        }
        let half_bits = u32::from(u16::from_be_bytes([*high, *low]));
        let len = half_bits as usize / 8;
        let (b_len, outer_len) = (service_share_len(half_bits), OuterKey::encoded_len(len));
        let tail = match *kind {
            SINGLE => 0,
            COMPOSITE => outer_len + len,
            found => return Err(Error::Format { found, expected: COMPOSITE }),
        };
        if rest.len() != len + b_len + tail {
            return Err(short(4 + len + b_len + tail));
        }
        let (n1, rest) = rest.split_at(len);
        let (b, rest) = rest.split_at(b_len);
        let n1 = Modulus::from_be_bytes(n1)?;
        if n1.bits() != half_bits {
            return Err(Error::Inconsistent { what: "server key" });
        }
        let b = ServiceShare::in_refreshed_range(half_bits, Natural::from_be_bytes(b))?;
        if rest.is_empty() {
            return Self::without_layer(n1, b);
        }
        let (outer, u) = rest.split_at(outer_len);
        let (key, u) = (OuterKey::from_bytes(half_bits, outer)?, Natural::from_be_bytes(u));
        // u < n2 and n1·u ≡ 1 (mod n2): cheaper than inverting again.
        let product = modexp::reduce(&modexp::multiply(n1.as_natural(), &u)?, &key.n2)?;
        if !u.less_than(&key.n2) || product.bit_len() != 1 {
            return Err(Error::Inconsistent { what: "server key" });
        }
        Self::with_layer(n1, b, Arc::new(Layer { key, u }))
    }
}

const VERSION: u8 = 1;
const SINGLE: u8 = 1;
const COMPOSITE: u8 = 2;

fn check_share_len(n1: &Modulus, b: &ServiceShare) -> Result<(), Error> {
    let (expected, found) = (service_share_len(n1.bits()), b.0.len());
    if expected == found {
        Ok(())
    } else {
        Err(Error::Length { what: "the service's share", expected, found })
    }
}

/// `s1 = y · m^b mod n1`, or nothing if `s1^e` is not `m`: the PIN was wrong.
fn first_half(
    fault: &dyn Fn(Step, &mut Natural),
    m: &Natural,
    y: &Natural,
    b: &Natural,
    n1: &Natural,
    e: u32,
) -> Result<Option<Natural>, Error> {
    check_part(y, n1)?;
    let m1 = modexp::reduce(m, n1)?;
    let t = modexp::power_secret(&m1, b, n1)?;
    let mut s1 = modexp::multiply_mod(y, &t, n1)?;
    fault(Step::FirstHalf, &mut s1);
    let right = modexp::power_public(&s1, e, n1)?.equals(&m1);
    fault(Step::FirstHalfChecked, &mut s1);
    Ok(right.then_some(s1))
}

/// Refuses 0, 1, n1−1 and everything from n1 up: no share makes them from an honest message, and they carry no share.
fn check_part(y: &Natural, n1: &Natural) -> Result<(), Error> {
    let out_of_range = Error::OutOfRange { what: "the phone's part of the signature" };
    if y.len() != n1.len() {
        return Err(Error::Length { what: "the phone's part", expected: n1.len(), found: y.len() });
    }
    if y.bit_len() <= 1 || !y.less_than(n1) {
        return Err(out_of_range);
    }
    let distance = modexp::subtract(n1, y, n1.len())?;
    if distance.bit_len() <= 1 { Err(out_of_range) } else { Ok(()) }
}

impl Layer {
    /// `s2 = m^d2 mod n2`, checked: a faulty s2 in a signature would reveal n2's factors or n2 itself.
    fn second_half(&self, fault: &dyn Fn(Step, &mut Natural), m: &Natural) -> Result<Natural, Error> {
        let n2 = &self.key.n2;
        let m2 = modexp::reduce(m, n2)?;
        let mut s2 = self.key.key.private_operation(&m2)?;
        fault(Step::SecondHalf, &mut s2);
        if !modexp::power_public(&s2, PUBLIC_EXPONENT, n2).is_ok_and(|back| back.equals(&m2)) {
            return Err(Error::Fault { what: "outer half" });
        }
        fault(Step::SecondHalfChecked, &mut s2);
        Ok(s2)
    }
}

/// The number below n1·n2 that is s1 modulo n1 and s2 modulo n2: `s1 + n1·((s2 − s1)·u mod n2)` (Garner).
/// Both halves passed their checks and are public with the signature, so this need not be constant time.
pub(crate) fn garner(
    s1: &Natural,
    s2: &Natural,
    n1: &Natural,
    n2: &Natural,
    u: &Natural,
) -> Result<Natural, Error> {
    let h = modexp::multiply_mod(&modexp::subtract_mod(s2, s1, n2)?, u, n2)?;
    modexp::add(s1, &modexp::multiply(n1, &h)?, n1.len() + n2.len())
}

/// The first half without a fault, for the vectors, whose toy key has another exponent.
#[cfg(test)]
pub(crate) fn first_half_for_vectors(
    m: &Natural,
    y: &Natural,
    b: &Natural,
    n1: &Natural,
    e: u32,
) -> Result<Option<Natural>, Error> {
    first_half(&|_, _| (), m, y, b, n1, e)
}

#[cfg(test)]
mod tests;
