//! Trusted lists (TS 119 612): who is supervised to issue certificates and time-stamps, and since when.
//!
//! [`TrustedList::read`] takes one list whose signer the caller pins. [`ListSet`] keeps a list of lists with
//! the lists that it points to: signers come from the pointers, a change of the top list's own signers goes
//! over pivots, and whatever is wrong with a new version, the last good one stays. Nothing is fetched here;
//! the caller brings bytes and the time. [`publish`] makes a list of one's own.

mod publish;
mod read;
mod service;
mod set;
mod signature;

use std::fmt;

use countersign_pki::certificate::Certificate;
use jiff::Timestamp;

pub use self::publish::{NewService, NewTrustedList};
pub use self::service::{
    Assertion, Condition, Criteria, Qualification, Qualifier, ServicePeriod, ServiceScope, ServiceStatus,
    ServiceType, TrustService,
};
pub use self::set::{ListSet, ListState, Update};
use crate::xml;

/// What a list is for, TS 119 612 §5.3.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    /// A list of services.
    Services,
    /// A list of lists.
    Lists,
    /// Another kind.
    Other(String),
}

impl ListKind {
    const SERVICES: &str = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric";
    const LISTS: &str = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists";

    fn from_uri(uri: &str) -> Self {
        match uri.trim() {
            Self::SERVICES => Self::Services,
            Self::LISTS => Self::Lists,
            other => Self::Other(other.chars().take(200).collect()),
        }
    }

    /// The identifier in a list.
    pub fn uri(&self) -> &str {
        match self {
            Self::Services => Self::SERVICES,
            Self::Lists => Self::LISTS,
            Self::Other(uri) => uri,
        }
    }
}

/// A list whose signature was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedList {
    /// What it is for.
    pub kind: ListKind,
    /// Greater with each version.
    pub sequence_number: u64,
    /// Who issues it.
    pub operator: String,
    /// For which territory, such as `EE`.
    pub territory: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When the next version will be there at the latest; none when the scheme has ended.
    pub next_update: Option<Timestamp>,
    /// The lists that it points to.
    pub pointers: Vec<Pointer>,
    /// The services that it lists.
    pub services: Vec<TrustService>,
}

/// A pointer to another list, TS 119 612 §5.3.13.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// Where it is found.
    pub location: String,
    /// What it is for.
    pub kind: ListKind,
    /// For which territory.
    pub territory: String,
    /// Whether it is XML; some are printed pages.
    pub is_xml: bool,
    /// Who may sign it.
    pub signers: Vec<Certificate>,
}

/// Why a list is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// It is not acceptable XML.
    #[error("the trusted list cannot be read: {0}")]
    Xml(String),
    /// It is not a list of the form of TS 119 612.
    #[error("the trusted list is malformed: {0}")]
    Malformed(String),
    /// Its version is neither 5 nor 6.
    #[error("the trusted list has version {0}, and 5 and 6 are known")]
    UnknownVersion(u64),
    /// Its signature does not hold.
    #[error("the trusted list's signature does not hold: {0}")]
    Signature(String),
    /// It was signed by somebody who may not.
    #[error("the trusted list was signed by none of the certificates that may sign it")]
    UnknownSigner,
    /// The signer's certificate is not valid.
    #[error("the certificate of the trusted list's signer was not valid at {0}")]
    SignerNotValid(Timestamp),
    /// It is issued in the future.
    #[error("the trusted list is from the future: {issued_at}, and it is {now}")]
    FromTheFuture {
        /// When it was issued.
        issued_at: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// There should have been a newer one.
    #[error("the trusted list was to be replaced by {next_update}, and it is {now}")]
    Expired {
        /// When the next version was promised.
        next_update: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// Its scheme has ended.
    #[error("the trusted list says that its scheme has ended")]
    Closed,
    /// An older version than the one that is known.
    #[error("the trusted list has sequence number {found}, and {known} is known")]
    Rollback {
        /// The known one.
        known: u64,
        /// This one.
        found: u64,
    },
    /// Another list of the same number.
    #[error("the trusted list has sequence number {0} like the known one, and another content")]
    SameNumber(u64),
    /// It is not the list that was expected.
    #[error("expected {expected}, found {found}")]
    WrongList {
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}

impl TrustedList {
    /// Reads a list, checks that one of `signers` signed it, and that it is in force at `now`.
    ///
    /// # Errors
    /// [`ListError`]; with [`ListError::Expired`] and [`ListError::Closed`] nothing else is wrong.
    pub fn read(bytes: &[u8], signers: &[Certificate], now: Timestamp) -> Result<Self, ListError> {
        let list = Self::read_at_any_time(bytes, signers)?;
        if list.issued_at > now {
            return Err(ListError::FromTheFuture { issued_at: list.issued_at, now });
        }
        match list.next_update {
            None => Err(ListError::Closed),
            Some(next_update) if next_update < now => Err(ListError::Expired { next_update, now }),
            Some(_) => Ok(list),
        }
    }

    /// The same for a list that may have been replaced since.
    pub(crate) fn read_at_any_time(bytes: &[u8], signers: &[Certificate]) -> Result<Self, ListError> {
        let limits = read::limits();
        let unreadable = |error: crate::Error| ListError::Xml(error.to_string());
        let text = xml::text("the list", bytes, &limits).map_err(unreadable)?;
        let document = xml::parse("the list", text, &limits).map_err(unreadable)?;
        let root = document.document_element().ok_or_else(|| ListError::Xml("it is empty".to_owned()))?;
        let signer = signature::check(text, &document, root, signers, &limits)?;
        let list = read::content(&document, root)?;
        if !signer.is_valid_at(list.issued_at) {
            return Err(ListError::SignerNotValid(list.issued_at));
        }
        Ok(list)
    }
}

impl fmt::Display for TrustedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} number {}, {} services",
            match self.kind {
                ListKind::Lists => "list of lists",
                ListKind::Services | ListKind::Other(_) => "trusted list",
            },
            self.territory,
            self.sequence_number,
            self.services.len()
        )
    }
}

/// Entry for fuzzing: bytes of a stranger up to everything that happens before a signature is believed.
#[doc(hidden)]
pub fn fuzz(bytes: &[u8], signers: &[Certificate]) {
    let _ = TrustedList::read_at_any_time(bytes, signers);
    let limits = read::limits();
    if let Ok(text) = xml::text("the list", bytes, &limits)
        && let Ok(document) = xml::parse("the list", text, &limits)
        && let Some(root) = document.document_element()
    {
        let _ = read::content(&document, root);
    }
}
