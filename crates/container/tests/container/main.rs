//! Containers end to end: made, written, opened, validated, attacked.
//!
//! One binary, so that the crypto below is linked once.

mod archival;
mod archive;
mod cost;
mod fixtures;
mod flips;
mod forge;
mod hostile;
mod judges;
mod lists;
mod long_term;
mod make;
mod names;
mod other_forms;
mod pdf;
mod raw_zip;
mod reports;
mod rows;
mod streaming;
mod whole;
mod world;
