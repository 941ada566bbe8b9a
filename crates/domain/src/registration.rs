//! Who may sign: what an identification is worth, with which means, under which terms, and for how long.
//!
//! ```text
//! evidence   one identification of one person, for one phone number      recorded ─▶ bound to a means ─▶ ended
//! means      what the person signs with, by the serial number of this copy
//! status     evidence × bound means × means as they are now              one word (registration 4.2)
//! validity   until when an identification grants which level             days (registration 3)
//! terms      what is in force, what was accepted                         per jurisdiction
//! acceptance one acceptance of terms, from link to proof                 a state machine (registration 6)
//! step_up    what another service had a person sign, checked            before it counts
//! code       one-time codes that show who holds a number
//! password   the means of people without the app: set, tried, locked, ended
//! client     who may ask, from where, about which numbers
//! issuing    which certificate the evidence allows, and when it must go
//! ```
//!
//! Days are days of UTC. A lookup that failed is a value of its own ([`Lookup::Failed`]): what is not known is never
//! taken for "not registered".
//!
//! ```
//! use countersign_domain::registration::{Lookup, Means, MeansKind, MeansLookups, signing_status};
//! use countersign_wire::registration::{MeansSerial, SigningStatus};
//!
//! let bound = Means { kind: MeansKind::App, serial: MeansSerial::parse("phone-1").unwrap() };
//! let now = MeansLookups { app: Lookup::Found(MeansSerial::parse("phone-2").unwrap()), sas: Lookup::Absent };
//! assert_eq!(signing_status(Lookup::Found(&bound), &now), SigningStatus::MismatchMid);
//! ```

mod acceptance;
mod client;
mod code;
mod counting;
mod event;
mod evidence;
mod issuing;
mod means;
mod password;
mod refusal;
mod status;
mod step_up;
mod terms;
mod validity;

pub use acceptance::{
    Accepted, AskedBy, Asking, Decided, Decision, Progress, Question, TermsState, TermsTransaction,
};
pub use client::{Caller, Client};
pub use code::{Checked, CodeChallenge, CodeKey, CodePolicy, OneTimeCode};
pub use counting::Counting;
pub use event::{DeskAct, RegistrationEvent};
pub use evidence::{
    Binding, EndReason, Evidence, EvidenceState, Identification, IdentityDocument, OfNumber, UnfitEvidence,
};
pub use issuing::{IssuingRefusal, StandsOn, carries_until, last_moment, permitted, revocation_due};
pub use means::{Lookup, Means, MeansKind, MeansLookups, app_serial};
pub use password::{
    Invitation, Judged, NewPassword, PasswordMeans, PasswordPolicy, PasswordSetBy, PasswordState,
    UnfitPassword,
};
pub use refusal::Refusal;
pub use status::{Standing, signing_status, standing};
pub use step_up::{STEP_UP_HASH, UnfitSignature, checked, ended};
pub use terms::{Acceptance, Proof, Terms, TermsDocument, current, outstanding};
pub use validity::{IdentificationMethod, Validity, effective};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The day of a moment: days of expiry are days of UTC.
pub fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// Whole seconds until then, at least one while it has not come.
fn seconds_until(then: Timestamp, now: Timestamp) -> u32 {
    let left = then.duration_since(now);
    let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
