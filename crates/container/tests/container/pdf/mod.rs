//! PDF documents end to end: signed, extended, validated, attacked.

mod cost;
mod flips;
pub(crate) mod hostile;
pub(crate) mod make;
pub(crate) mod matrix;
mod others;
pub(crate) mod sample;
mod whole;
