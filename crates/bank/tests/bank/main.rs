//! The bank as its page sees it, against the whole service with its test persons, over HTTP on this machine.

mod log_in;
mod safety;
mod sign;
mod world;
