//! Containers end to end: made, written, opened, validated, attacked.
//!
//! One binary, so that the crypto below is linked once.

mod archive;
mod forge;
mod hostile;
mod make;
mod raw_zip;
mod whole;
mod world;
