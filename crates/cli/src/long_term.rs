//! What makes a signature last, on the command line: where time-stamps and OCSP answers come from, and what is said of them.

use std::cell::RefCell;
use std::future::ready;
use std::sync::Arc;

use clap::Args;
use countersign_client::SystemRandom;
use countersign_client::long_term::{Lasting, Step};
use countersign_container::{ArchiveInput, Level};
use countersign_pki::Digest;
use countersign_pki::tsp::TimeStampToken;
use url::Url;

use crate::error::Error;
use crate::level::LevelName;
use crate::service::Place;
use crate::{clock, progress};

/// Where time-stamps and OCSP answers come from, as given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct SourceArguments {
    /// The time-stamping authority [default: /tsa of a service on this machine]
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_TSA", hide_env_values = true)]
    tsa: Option<Url>,
    /// The OCSP responder [default: /ocsp of a service on this machine, elsewhere what the certificate names]
    #[arg(long, value_name = "URL", env = "COUNTERSIGN_OCSP", hide_env_values = true)]
    ocsp: Option<Url>,
}

/// The same, found.
pub(crate) struct Sources {
    tsa: Option<Url>,
    ocsp: Option<Url>,
}

impl Sources {
    /// Says now what would be missing after the person has signed. `local` is the origin of a service on this machine.
    pub(crate) fn find(
        arguments: &SourceArguments,
        local: Option<&Url>,
        level: LevelName,
    ) -> Result<Self, Error> {
        let own = |path: &str| {
            let mut place = local.cloned()?;
            place.set_path(path);
            Some(place)
        };
        let tsa = arguments.tsa.clone().or_else(|| own("/tsa"));
        let ocsp = arguments.ocsp.clone().or_else(|| own("/ocsp"));
        match level {
            LevelName::B => {}
            LevelName::T | LevelName::Lt | LevelName::Lta if tsa.is_none() => {
                return Err(Error::NoTimeStamping);
            }
            LevelName::T | LevelName::Lt | LevelName::Lta => {}
        }
        Ok(Self { tsa, ocsp })
    }
}

/// Brings signatures to a level, and says what it does.
pub(crate) struct LongTerm(countersign_client::LongTerm);

impl LongTerm {
    /// With connections as to that place, and its anchors.
    pub(crate) fn new(place: &Place, sources: &Sources) -> Result<Self, Error> {
        let long_term =
            countersign_client::LongTerm::alone(place.tls_roots(), Arc::new(place.anchors.clone()))?
                .tsa(sources.tsa.as_ref().map(Url::as_str))
                .ocsp(sources.ocsp.as_ref().map(Url::as_str));
        Ok(Self(long_term))
    }

    /// Brings a signature, or all signatures of a document, to a level. `imprint` makes the imprints of archive
    /// time-stamps.
    pub(crate) async fn complete(
        &self,
        signature: &mut impl Lasting,
        level: Level,
        imprint: Imprint<'_>,
        say: &impl Fn(std::fmt::Arguments<'_>),
    ) -> Result<(), Error> {
        let steps = Steps::default();
        let imprint = |input, digest| ready(imprint(&input, digest));
        let watch = |step: Step<'_>| steps.take(&step);
        let mut rng = SystemRandom;
        let call = self.0.complete(signature, level, imprint, clock::now, &mut rng, watch);
        let ended = progress::during("waiting for time-stamp and status", call).await;
        steps.say(say);
        Ok(ended?)
    }

    /// A time-stamp over this imprint.
    pub(crate) async fn time_stamp(&self, digest: Digest, imprint: &[u8]) -> Result<TimeStampToken, Error> {
        let mut rng = SystemRandom;
        let call = self.0.time_stamp(digest, imprint, clock::now(), &mut rng);
        Ok(progress::during("waiting for the time-stamp", call).await?)
    }

    /// Gives it one more archive time-stamp, after what a validator will want to know about the last one.
    pub(crate) async fn renew(
        &self,
        signature: &mut impl Lasting,
        imprint: Imprint<'_>,
        say: &impl Fn(std::fmt::Arguments<'_>),
    ) -> Result<(), Error> {
        let steps = Steps::default();
        let imprint = |input, digest| ready(imprint(&input, digest));
        let watch = |step: Step<'_>| steps.take(&step);
        let mut rng = SystemRandom;
        let call = self.0.renew(signature, imprint, clock::now, &mut rng, watch);
        let ended = progress::during("waiting for time-stamp and status", call).await;
        steps.say(say);
        Ok(ended?)
    }
}

/// Makes the imprint of an archive time-stamp.
type Imprint<'a> = &'a dyn Fn(&ArchiveInput, Digest) -> countersign_container::Result<Vec<u8>>;

/// A document is time-stamped as a whole: nobody asks for an imprint of its parts.
pub(crate) fn of_document(_: &ArchiveInput, _: Digest) -> countersign_container::Result<Vec<u8>> {
    Ok(Vec::new())
}

/// What happened, to be said when the progress bar is gone.
#[derive(Default)]
struct Steps(RefCell<Vec<String>>);

impl Steps {
    fn take(&self, step: &Step<'_>) {
        let line = match step {
            Step::Asking { .. } | Step::Good { required: false, .. } => return,
            Step::TimeStamped { url, time, archive: false } => format!("Time-stamp of {url}: {time}"),
            Step::TimeStamped { url, time, archive: true } => format!("Archive time-stamp of {url}: {time}"),
            Step::Good { url, produced_at, required: true } => {
                format!("OCSP answer of {}: good at {produced_at}", url.unwrap_or("the issuer's responder"))
            }
            Step::LeftOut { certificate, error } => {
                format!("Left out, the status of {}: {error}", certificate.subject().readable())
            }
        };
        self.0.borrow_mut().push(line);
    }

    fn say(self, say: &impl Fn(std::fmt::Arguments<'_>)) {
        for line in self.0.into_inner() {
            say(format_args!("{line}"));
        }
    }
}
