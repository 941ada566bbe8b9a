//! The registration API: may the holder of a phone number sign, at which level, and what is there to do first.
//!
//! Wire-compatible with *Smart Flows for Service Providers*, integration guide 1.3.1, whose spellings are kept letter for
//! letter where they travel (`MISSMATCH_MID`, `decizionZertes`); sections named `registration n` are those of the
//! description of it that `docs/registration.md` summarises. What the guide leaves open is decided there, row by row.
//!
//! | Module | What |
//! |---|---|
//! | [`words`] | statuses, jurisdictions, error words |
//! | [`phone_number`] | the public key of a person |
//! | [`level`] | 3 or 4 |
//! | [`id`] | evidence, tenants, clients, tokens of transactions |
//! | [`code`], [`confirm`], [`status`], [`terms`] | requests and answers |
//! | [`token`] | `POST /oauth/token`, and tokens for browsers |
//! | [`form`] | what a person enters on our own pages |
//! | [`lookup`] | what another service is asked about a number |
//! | [`step_up`] | how another service asks people to sign |
//! | [`settings`] | what a page needs to know of its client |
//! | [`problem`] | error bodies |
//!
//! Requests are read leniently where their readers were (members that are not known are passed over), and exactly where
//! it counts: what is wrong is named by its member, and never repeated.

pub mod code;
pub mod confirm;
pub mod form;
pub mod id;
pub mod level;
pub mod lookup;
pub mod phone_number;
pub mod problem;
mod read;
pub mod settings;
pub mod status;
pub mod step_up;
pub mod terms;
pub mod token;
pub mod words;

pub use id::{
    ClientId, EvidenceId, InvitationToken, MeansSerial, ResponseId, StepUpId, TenantId, TermsToken,
};
pub use level::{AssuranceLevel, PerJurisdiction};
pub use phone_number::PhoneNumber;
pub use words::{ErrorCode, Jurisdiction, SigningStatus, TermsError};

/// The path below which the endpoints lie.
pub const BASE: &str = "/api/public";

/// The paths of the API (registration 5.3), each once. `{msisdn}` is a phone number.
pub mod path {
    /// Sends a code (with `msisdn`), or decides on terms (with `token`): two operations share it.
    pub const CONFIRM: &str = "/api/public/confirm";
    /// Sends a code; the name that the guide's text means.
    pub const VERIFICATION: &str = "/api/public/phone/verification";
    /// Checks a code.
    pub const CODE: &str = "/api/public/phone/verification/code";
    /// The combined status; the number is in the query.
    pub const STATUS: &str = "/api/public/evidence/status";
    /// The link to what is to be accepted; the number is in the path.
    pub const TERMS: &str = "/api/public/evidence/{msisdn}/tc";
    /// How an acceptance goes on; the token is in the query. Serves every means in spite of its name.
    pub const POLL: &str = "/api/public/mobileid/status";
    /// What the operator has set for the client; ours.
    pub const SETTINGS: &str = "/api/public/settings";
    /// A token for a browser; ours.
    pub const WIDGET_TOKEN: &str = "/api/public/widget-token";
    /// Where clients get their tokens.
    pub const OAUTH_TOKEN: &str = "/oauth/token";
}
