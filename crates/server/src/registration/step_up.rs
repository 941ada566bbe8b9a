//! People confirm with their means: who asks them.
//!
//! Two ask, each for the means that the configuration gives it: this service itself, by a session of the app or on its page
//! for password and code, and a remote one over HTTP. Either way the acceptance waits in the store; what ends it comes from
//! the session (`app_session::settle`), from the page (`consent`), or from the job that asks the remote one ([`follow`]).

mod follow;
mod own;
mod remote;

use std::fmt;

use countersign_domain::registration::{AskedBy, Means, MeansKind};
use countersign_store::Tx;
use countersign_wire::id::SemanticsIdentifier;

use super::config::Registration;
use super::lookup::LookupKind;
use super::state::Fault;
use crate::command::{Command, Failure};

pub use self::follow::NotAsked;
pub(crate) use self::follow::follow;
use self::own::OwnMeans;
use self::remote::RemoteMeans;

/// What app or page of the means shows, where the configuration says nothing else.
pub(super) const TEXT: &str = "Accept the terms for electronic signatures?";

/// What a person is to confirm.
pub(super) struct Wanted<'a> {
    /// With this copy of this means.
    pub(super) means: &'a Means,
    /// Who they are.
    pub(super) person: &'a SemanticsIdentifier,
    /// What is signed.
    pub(super) statement: &'a str,
}

/// Asks people to confirm: [`OwnMeans`], or [`RemoteMeans`].
pub(super) trait StepUp: Send + Sync + fmt::Debug {
    /// Begins to ask, in the transaction of the decision: nothing is waited for here. Nothing when the person cannot be
    /// asked now.
    fn ask(
        &self,
        tx: &Tx<'_>,
        context: &mut Command,
        wanted: &Wanted<'_>,
    ) -> Result<Option<AskedBy>, Failure>;
}

/// Who asks with which means.
#[derive(Debug)]
pub(crate) struct StepUps {
    remote: Option<RemoteMeans>,
    /// The means that a remote service looks up.
    elsewhere: Vec<LookupKind>,
}

impl StepUps {
    /// As configured.
    pub(crate) fn new(config: &Registration) -> Result<Self, Fault> {
        let Some(service) = &config.remote else { return Ok(Self { remote: None, elsewhere: Vec::new() }) };
        let remote = service.sign.as_ref().map(|sign| RemoteMeans::new(service, sign)).transpose()?;
        Ok(Self { remote, elsewhere: service.lookups.clone() })
    }

    /// Who asks with this means; nobody where its password is compared elsewhere, and that service does not sign.
    pub(super) fn of(&self, kind: MeansKind) -> Option<&dyn StepUp> {
        let lookup = match kind {
            MeansKind::App => LookupKind::App,
            MeansKind::Sas => LookupKind::Sas,
        };
        match (&self.remote, self.elsewhere.contains(&lookup)) {
            (Some(remote), true) => Some(remote),
            (None, true) if kind == MeansKind::Sas => None,
            // An app that another service knows of may be one of ours all the same.
            (None, true) | (_, false) => Some(&OwnMeans),
        }
    }

    /// Somebody has decided, and the remote service may have to ask them.
    pub(super) fn ring(&self) {
        if let Some(remote) = &self.remote {
            remote.decided.notify_one();
        }
    }
}
