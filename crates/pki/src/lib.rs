//! Certificates and the protocols around them, as bytes in and bytes out.
//!
//! Everything here is a function from bytes, times and keys to bytes and verdicts: no sockets, no
//! files, no clock. Times are [`jiff::Timestamp`] arguments and randomness is an argument too, so a
//! test can say "on the day after expiry" and mean it.
//!
//! Where to start reading: [`algorithm`] and [`verify`] for keys and signatures, [`certificate`] for
//! X.509, [`profile`] for what this authority issues, [`path`] for whom it trusts.

pub mod algorithm;
pub mod asn1;
pub mod certificate;
pub mod cms;
pub mod crl;
pub mod csr;
mod error;
pub mod lint;
pub mod ocsp;
pub mod path;
pub mod profile;
pub mod signer;
pub mod time;
pub mod truststore;
pub mod tsp;
pub mod verify;

pub use algorithm::{Digest, SignatureAlgorithm};
pub use certificate::{Certificate, SerialNumber};
pub use error::Error;
pub use signer::{Signer, SoftwareKey};
pub use verify::PublicKey;
