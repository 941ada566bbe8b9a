//! The two costly steps of [`ServerKey::complete`](crate::ServerKey::complete) alone, for the benchmark that compares it with their sum.
//!
//! Hidden, and the functions give back nothing: a number computed with the service's share must not leave this crate.

use std::hint::black_box;

use crate::combine::{Outer, ServerKey};
use crate::encode::EncodedMessage;
use crate::error::Error;
use crate::modexp;

/// m^b mod n1.
pub fn inner_power(key: &ServerKey, message: &EncodedMessage) -> Result<(), Error> {
    let base = modexp::reduce(&message.to_natural(), key.n1.as_natural())?;
    black_box(modexp::power_secret(&base, &key.b.0, key.n1.as_natural())?);
    Ok(())
}

/// m^d2 mod n2 by CRT, blinded; nothing with a single modulus.
pub fn outer_half(key: &ServerKey, message: &EncodedMessage) -> Result<(), Error> {
    if let Outer::Layer(layer) = &key.outer {
        let base = modexp::reduce(&message.to_natural(), &layer.key.n2)?;
        black_box(layer.key.key.private_operation(&base)?);
    }
    Ok(())
}
