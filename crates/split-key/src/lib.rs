//! The two-party RSA key: shares, PIN mask, encoding, the two halves and their combination.
//!
//! A person's private key never exists in one place. The phone makes a modulus n1 and splits its exponent into two shares,
//! `a + b ≡ d1`; it keeps `a`, masked by the PIN, and gives `b` to the service. The service adds a modulus n2 of its own.
//! The public key is `n = n1·n2` with e = 65537, and a signature is an ordinary RSA signature of RFC 8017 that any verifier
//! accepts:
//!
//! | Who | Has | Does |
//! |---|---|---|
//! | phone | n1, `a` under a PIN mask: [`MaskedShare`] | `y = m^a mod n1`: [`MaskedShare::partial_signature`] |
//! | service | n1, `b`, the whole of n2: [`ServerKey`] | `s1 = y·m^b mod n1`, checks it, adds `s2 = m^d2 mod n2`: [`ServerKey::complete`] |
//! | everybody | n, e: [`PublicKey`] | verifies |
//!
//! One message from the phone is enough. The service finds out whether the PIN was right, by `s1^e ≡ m (mod n1)`, and
//! nobody else can: every PIN unmasks to a possible share. Keys come in two layouts ([`Parameters`]): composite as above, or
//! with a single modulus, the same without n2 (`docs/decisions/0001-composite-modulus-and-the-patent.md`).
//!
//! # What it refuses to do
//!
//! * **Sign with one party.** There is no function that takes the phone's and the service's share together.
//! * **Help to guess a PIN.** Nothing made from a PIN has a checksum or a shape; on a wrong PIN the service's side returns
//!   [`Completion::WrongPin`] and no number; counting the attempts is up to the caller, who must do it before calling.
//! * **Hash a message, or sign a number from outside.** Callers give a digest; both parties encode it themselves.
//! * **Release an unchecked result.** Each half and the whole are verified; a fault destroys the result.
//! * **Accept a weak phone modulus**, a share of reduced length, or an outer key used twice.
//! * **Do I/O, read a clock, or choose a random source**: randomness is an argument. AWS-LC alone draws primes and blinding
//!   values from its own generator, which takes no other source, so generated keys differ even with a seeded generator.
//! * **Show secrets.** Shares, parts, PINs and keys are wiped on drop and have no `Debug`, `Clone` or comparison.
//!
//! What it does not do: transport (seal shares, parts and refresh differences to the signing core), encryption at rest of
//! [`ServerKey::serialize`] and of the masked share, attempt counters, clone detection. Those are the callers'.
//!
//! # Example
//!
//! ```
//! use countersign_split_key::*;
//! use rand_chacha::rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), Error> {
//! let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1); // a test's generator
//! let parameters = Parameters::for_tests(640); // Parameters::default() in earnest
//! let pin = Pin::choose("4711", None)?;
//! let binding = Binding { kid: b"key-1", hardware: b"" };
//!
//! // The phone makes its half and keeps one share under the PIN.
//! let DeviceKey { n1, phone, service } = DeviceKey::generate(&parameters, &mut rng)?;
//! let masked = MaskedShare::mask(phone, &pin, binding, Kdf::default(), &mut rng);
//! let to_service = service.to_be_bytes();
//!
//! // The service checks the modulus and adds its own.
//! let checked = PhoneModulus::check(&parameters, n1.as_be_bytes())?;
//! let share = ServiceShare::from_be_bytes(parameters.half_bits(), &to_service)?;
//! let outer = OuterKey::generate_for(&checked)?;
//! let server = ServerKey::composite(checked, share, outer)?;
//! let public = PublicKey::from_service(&parameters, &n1, server.public_key().modulus().as_be_bytes())?;
//!
//! // A signature: the phone chooses the salt and sends it with its part.
//! let digest = Hash::Sha256.digest(b"agreement");
//! let padding = Padding::pss(Hash::Sha256, &mut rng);
//! let message = padding.encode(&digest, public.bits())?;
//! let part = masked.partial_signature(&pin, binding, &n1, &message)?;
//! match server.complete(&message, &part)? {
//!     Completion::Signed(signature) => public.verify(padding.scheme(), &digest, &signature)?,
//!     Completion::WrongPin => unreachable!("the PIN was right"),
//! }
//!
//! // Another PIN.
//! let part = masked.partial_signature(&Pin::parse("4712")?, binding, &n1, &message)?;
//! assert_eq!(server.complete(&message, &part)?, Completion::WrongPin);
//! # Ok(())
//! # }
//! ```

mod combine;
mod encode;
mod error;
mod key;
#[doc(hidden)]
pub mod measure;
mod modexp;
mod modulus;
mod natural;
mod pin_mask;
mod public_key;
mod share;
#[cfg(test)]
mod vectors;

pub use combine::{Completion, PartialSignature, ServerKey, Signature};
pub use encode::{EncodedMessage, Hash, Padding, Scheme};
pub use error::{Error, ModulusFault};
pub use key::{DeviceKey, OuterKey, Parameters};
pub use modexp::PUBLIC_EXPONENT;
pub use modulus::{Modulus, PhoneModulus};
pub use pin_mask::{Binding, Kdf, MaskedShare, Pin, weak_pin};
pub use public_key::PublicKey;
pub use share::{PhoneShare, RefreshDelta, ServiceShare};
