//! Every check of a result, each with an answer that is right but for one thing; calls to a service that does as it is
//! told; links and QR codes.

#![allow(missing_docs, unreachable_pub)]

mod authentication;
mod callback;
mod calls;
mod choice;
mod demo;
mod endings;
mod fetching;
mod identity;
mod links;
mod registrant;
mod revocation;
mod service;
mod signature;
mod trust;
mod world;
