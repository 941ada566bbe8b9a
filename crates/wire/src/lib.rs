//! What travels over HTTP, as types: the relying party API, device links, the device API.
//!
//! Server, client and phone all use these types, so that they cannot disagree. The crate reads and writes; it does
//! no I/O, reads no clock, and draws no randomness but from the source it is given.
//!
//! | Module | What |
//! |---|---|
//! | [`words`] | every fixed word, listed once |
//! | [`id`] | identifiers, each of its own type |
//! | [`endpoint`] | the table of endpoints |
//! | [`start`] | requests that start a session: the only validation |
//! | [`session`] | answers and session status |
//! | [`device_link`], [`callback`] | links to the device and the way back |
//! | [`acsp`], [`verification_code`] | what an authentication signs; four digits to compare |
//! | [`problem`] | error bodies |
//! | [`device`] | the API between phone and service |
//! | [`admin`] | the API of the registration desk |
//! | [`registration`] | the API that says who may sign |
//! | [`signing`], [`siga`] | what e-services send to have files signed |
//!
//! ```
//! use countersign_wire::endpoint::{Recipient, Start};
//! use countersign_wire::id::{DocumentNumber, RelyingPartyUuid};
//! use countersign_wire::start::{Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions};
//! use countersign_wire::start::{SignatureScheme, StartRequest};
//! use countersign_wire::words::{HashAlgorithm, InteractionType};
//!
//! # fn main() -> Result<(), countersign_wire::Error> {
//! let hash = HashAlgorithm::Sha512;
//! let text = Interaction { kind: InteractionType::DisplayTextAndPin, text: "Sign the contract?".into() };
//! let request = StartRequest::new(
//!     RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000")?,
//!     "DEMO",
//!     Asked::Sign {
//!         digest: Digest::from_bytes(&hash.digest(b"the contract"))?,
//!         signature: SignatureScheme::pss(hash),
//!         interactions: Interactions::new(&[text], InteractionSet::Notification)?,
//!     },
//!     FlowMembers::Notification,
//! );
//! let recipient = Recipient::Document(DocumentNumber::parse("PNOEE-40504040001-DEM0-Q")?);
//! let row = request.row(&recipient).expect("such an endpoint exists");
//! assert_eq!(row.path_for(&recipient)?, "/v3/signature/notification/document/PNOEE-40504040001-DEM0-Q");
//! assert_eq!(StartRequest::from_body(row, &request.to_body()), Ok(request));
//! # Ok(())
//! # }
//! ```

pub mod acsp;
pub mod admin;
pub mod base64;
pub mod callback;
pub mod device;
pub mod device_link;
pub mod endpoint;
mod error;
pub mod id;
pub mod jws;
pub mod problem;
pub mod registration;
pub mod session;
pub mod siga;
pub mod signing;
pub mod start;
pub mod verification_code;
pub mod words;

pub use error::Error;
pub use problem::InvalidMember;
