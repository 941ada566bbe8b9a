//! Every check of a result, each with an answer that is right but for one thing.

#![allow(missing_docs, unreachable_pub)]

mod authentication;
mod callback;
mod choice;
mod demo;
mod endings;
mod identity;
mod revocation;
mod signature;
mod world;
