//! What is known of a number: its evidence, and its means as they are now.
//!
//! Everything that decides asks here. Two services answer, each for the lookups that the configuration gives it: our own
//! store, and a remote one over HTTP. A number of the sandbox answers as its row says, failures included. What could not
//! be asked is [`Lookup::Failed`], and is never taken for "not registered".

mod own;
mod remote;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use countersign_domain::registration::{Counting, Lookup, Means, MeansLookups, OfNumber};
use countersign_wire::registration::{MeansSerial, PhoneNumber, TenantId};
use countersign_wire::words;
use jiff::Timestamp;

use super::config::Registration;
use crate::App;
use crate::command::Failure;

use self::own::OwnStore;
use self::remote::RemoteLookups;

words! {
    /// What is looked up.
    pub enum LookupKind {
        /// Who was identified.
        Evidence = "evidence",
        /// The app that is active.
        App = "app",
        /// Password and one-time code.
        Sas = "sas",
    }
}

/// The evidence of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FoundEvidence {
    /// What counts today.
    pub(crate) counts: Option<Counting>,
    /// All of it, where it is in our own store.
    pub(crate) own: OfNumber,
}

/// What is known of a number.
pub(crate) struct Known {
    /// Its evidence; `Failed` when that could not be asked.
    pub(crate) evidence: Lookup<FoundEvidence>,
    /// Its means.
    pub(crate) means: MeansLookups,
}

/// Whom it is asked about.
pub(crate) struct Asked {
    pub(crate) tenant: TenantId,
    pub(crate) number: PhoneNumber,
    pub(crate) now: Timestamp,
}

/// What was answered so far. What a service does not answer for stays as it was.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    evidence: Option<Lookup<FoundEvidence>>,
    app: Option<Lookup<MeansSerial>>,
    sas: Option<Lookup<MeansSerial>>,
}

impl Answers {
    /// The means that the evidence is bound to, as far as that is known already.
    fn bound(&self) -> Option<&Means> {
        match &self.evidence {
            Some(Lookup::Found(found)) => found.counts.as_ref().map(|counts| &counts.bound),
            Some(Lookup::Absent | Lookup::Failed) | None => None,
        }
    }
}

/// The future of an answer. An error is a fault of this service; that another did not answer is an answer.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answers, Failure>> + Send + 'a>>;

/// A service that knows about numbers: [`OwnStore`], or [`RemoteLookups`].
pub(crate) trait Connector: Send + Sync + fmt::Debug {
    /// Looks up `kinds`, and adds what it finds to what others have found before.
    fn ask<'a>(
        &'a self,
        app: &'a App,
        asked: &'a Asked,
        kinds: &'a [LookupKind],
        known: Answers,
    ) -> Answering<'a>;
}

/// A service, and what it is asked for.
#[derive(Debug)]
struct Share {
    kinds: Vec<LookupKind>,
    connector: Box<dyn Connector>,
}

/// The services. Each kind of lookup is the share of one of them.
#[derive(Debug)]
pub(crate) struct Connectors {
    remote: Option<Share>,
    own: Share,
}

impl Connectors {
    /// As configured.
    pub(crate) fn new(config: &Registration) -> Result<Self, reqwest::Error> {
        let mut kinds = LookupKind::ALL.to_vec();
        let mut remote = None;
        if let Some(configured) = &config.remote {
            kinds.retain(|kind| !configured.lookups.contains(kind));
            let connector = Box::new(RemoteLookups::new(configured)?);
            remote = Some(Share { kinds: configured.lookups.clone(), connector });
        }
        Ok(Self { remote, own: Share { kinds, connector: Box::new(OwnStore) } })
    }

    /// The remote service goes first: our own store has to know what the evidence is bound to.
    fn shares(&self) -> impl Iterator<Item = &Share> {
        self.remote.iter().chain([&self.own]).filter(|share| !share.kinds.is_empty())
    }
}

/// Asks for everything about a number. No transaction is open meanwhile: a service that hangs keeps nobody else waiting.
pub(crate) async fn known(app: &App, asked: &Asked) -> Result<Known, Failure> {
    if let Some(played) = app.test_world().and_then(|world| world.sandbox().played(&asked.number)) {
        let answers = OwnStore.ask(app, asked, &[LookupKind::Evidence], Answers::default()).await?;
        let evidence = if played.evidence_fails { None } else { answers.evidence };
        return Ok(Known { evidence: evidence.unwrap_or(Lookup::Failed), means: played.means });
    }
    let mut answers = Answers::default();
    for share in app.registration().connectors.shares() {
        answers = share.connector.ask(app, asked, &share.kinds, answers).await?;
    }
    // Every kind is somebody's share; what nobody answered for is not known.
    Ok(Known {
        evidence: answers.evidence.unwrap_or(Lookup::Failed),
        means: MeansLookups {
            app: answers.app.unwrap_or(Lookup::Failed),
            sas: answers.sas.unwrap_or(Lookup::Failed),
        },
    })
}
