//! `/signing/v1` on a server that listens: the service reaches its own relying party API over HTTP, and test persons sign.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod docs;
mod ends;
mod limits;
mod makes;
mod restart;
mod siga;
mod world;
