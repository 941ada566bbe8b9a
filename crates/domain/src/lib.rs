//! The rules: commands in, state and events out.
//!
//! A rule takes the present state, what is asked and the time, and gives the next state with the events that explain
//! it, or a [`Refusal`]. It reads and writes nothing: no files, no sockets, no clock, no randomness of its own.
//!
//! ```
//! use countersign_domain::relying_party::AddressRange;
//!
//! let office: AddressRange = "192.0.2.0/24".parse().unwrap();
//! assert!(office.contains("192.0.2.7".parse().unwrap()));
//! ```
//!
//! Where to start reading: [`session`] for what happens between a relying party and a phone, [`key`] for tries and locks,
//! [`device`] for the alarm against copies, [`registration`] for who
//! may sign at all, [`refusal`] for everything that can be said no to.

pub mod account;
pub mod answer;
pub mod authority;
mod bytes;
pub mod custody;
pub mod desk;
pub mod device;
pub mod enrolment;
mod error;
pub mod event;
pub mod issuance;
pub mod key;
pub mod national_number;
pub mod pin;
pub mod refusal;
pub mod registrant;
pub mod registration;
pub mod relying_party;
pub mod revocation;
pub mod session;
pub mod settings;
mod signing;
#[cfg(test)]
mod world;

pub use countersign_wire::device::KeyUse;
pub use countersign_wire::id::RequestId;
pub use error::{Error, Failure};
pub use event::Event;
pub use refusal::Refusal;
pub use settings::Settings;
pub use signing::SigningFailure;
