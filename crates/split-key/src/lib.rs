//! The two-party RSA key: shares, PIN mask, encoding, the two halves and their combination.

mod combine;
mod encode;
mod error;
mod key;
mod modexp;
mod modulus;
mod natural;
mod pin_mask;
mod public_key;
mod share;

pub use combine::{Completion, PartialSignature, ServerKey, Signature};
pub use encode::{EncodedMessage, Hash, Padding, Scheme};
pub use error::{Error, ModulusFault};
pub use key::{DeviceKey, OuterKey, Parameters};
pub use modexp::PUBLIC_EXPONENT;
pub use modulus::{Modulus, PhoneModulus};
pub use pin_mask::{Binding, Kdf, MaskedShare, Pin, weak_pin};
pub use public_key::PublicKey;
pub use share::{PhoneShare, RefreshDelta, ServiceShare};
