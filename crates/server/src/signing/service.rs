//! What every part of the signing service needs: whom to ask, whom to trust, what is kept.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use countersign_client::verify::certificate::TrustStore;
use countersign_client::wire::acsp::SchemeName;
use countersign_client::wire::id::RelyingPartyUuid;
use countersign_client::{Client, LongTerm, Rules};
use countersign_container::validate::TrustAnchors;
use countersign_pki::Certificate;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::config::Signing;
use super::fault::Fault;
use super::files::Files;
use super::kept::Container;
use crate::App;
use crate::bearer::{Callers, digests};
use crate::compute::Compute;
use crate::config::Config;
use crate::listen::Address;
use crate::turns::Turns;
use crate::validation::trust::{Trust, certificates};
use crate::watch::Topic;

/// Computations over files that may wait.
const QUEUED: usize = 1_024;

/// The signing service of an application.
pub(crate) struct Service {
    pub(crate) config: Signing,
    pub(crate) callers: Callers,
    pub(crate) uploads: Turns,
    pub(crate) files: Files,
    compute: Compute,
    trust: Trust,
    own: OnceLock<Address>,
    provider: OnceLock<Provider>,
    queue: UnboundedSender<Work>,
    work: Mutex<Option<UnboundedReceiver<Work>>>,
}

/// A signature to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) container: String,
    pub(crate) signature: String,
}

/// The services that signatures are made with.
pub(crate) struct Provider {
    pub(crate) client: Client,
    tsa: String,
    /// The relying party API is this server's own: what it says about addresses is about ours.
    pub(crate) is_own: bool,
}

impl Service {
    pub(crate) fn new(config: &Config) -> Self {
        let signing = config.signing.clone();
        let keys = digests(&signing.keys).unwrap_or_default();
        let (queue, work) = unbounded_channel();
        Self {
            callers: Callers::new(signing.open, keys, signing.per_minute),
            uploads: Turns::new(
                signing.at_once as usize,
                signing.waiting as usize,
                Duration::from_secs(u64::from(signing.wait_seconds)),
            ),
            files: Files::new(config.store.directory.as_deref()),
            compute: Compute::for_half_of_this_machine(QUEUED),
            trust: Trust::new(&config.validation),
            own: OnceLock::new(),
            provider: OnceLock::new(),
            queue,
            work: Mutex::new(Some(work)),
            config: signing,
        }
    }

    /// Tells where this server can be asked. The first plain address will do, or else the first.
    pub(crate) fn set_own(&self, addresses: &[Address]) {
        if let Some(address) = addresses.iter().find(|address| !address.secure).or(addresses.first()) {
            // Only a server that is started twice would do that, and then the first address still holds.
            let _ = self.own.set(*address);
        }
    }

    /// Hands out a signature to work on.
    pub(crate) fn begin(&self, work: Work) {
        // Nobody takes it in a program without its jobs; what is on the disk is taken up at the next start.
        let _ = self.queue.send(work);
    }

    /// What is handed out, for the one job that works.
    pub(crate) fn take_work(&self) -> Option<UnboundedReceiver<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Runs what takes a processor for longer than a request may.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.compute.run(work).await?
    }
}

impl App {
    /// Whom signatures are trusted by.
    pub(crate) fn signing_anchors(&self, now: Timestamp) -> Result<Arc<TrustAnchors>, Fault> {
        let anchors = self.signing().trust.anchors(self.authorities(), now);
        anchors.map_err(|error| Fault::NoService(error.to_string()))
    }

    /// The rules by which answers of the relying party API are checked.
    pub(crate) fn signing_rules(&self, now: Timestamp) -> Result<Rules, Fault> {
        let anchors = self.signing_anchors(now)?;
        Ok(Rules::new(TrustStore::new(anchors.ca.clone(), anchors.intermediates.clone())))
    }

    /// What brings signatures to their level.
    pub(crate) fn long_term(&self, now: Timestamp) -> Result<LongTerm, Fault> {
        let provider = self.signing_provider()?;
        Ok(LongTerm::of(&provider.client, self.signing_anchors(now)?).tsa(Some(&provider.tsa)))
    }

    /// Whom to ask. Made when it is first needed: this server's own address is not known earlier.
    pub(crate) fn signing_provider(&self) -> Result<&Provider, Fault> {
        let service = self.signing();
        if let Some(provider) = service.provider.get() {
            return Ok(provider);
        }
        let made = self.make_provider()?;
        Ok(service.provider.get_or_init(|| made))
    }

    fn make_provider(&self) -> Result<Provider, Fault> {
        let (service, config) = (self.signing(), self.config());
        let missing = |what: &str| Fault::NoService(what.to_owned());
        let signing = &service.config;
        let own = service.own.get().map(|address| match address.secure {
            // Its certificate names this host.
            true => format!("https://localhost:{}", address.socket.port()),
            false => address.url(),
        });
        let base = match (&signing.rp_api, &own) {
            (Some(url), _) => url.as_str().to_owned(),
            (None, Some(own)) => format!("{own}/smart-id-rp/v3/"),
            (None, None) => {
                return Err(missing("this server listens nowhere, and signing.rp_api is not set"));
            }
        };
        let tsa = match (&signing.tsa, &own) {
            (Some(url), _) => url.as_str().to_owned(),
            (None, Some(own)) => format!("{own}/tsa"),
            (None, None) => return Err(missing("signing.tsa is not set")),
        };
        let registered = config.relying_parties.first();
        let uuid = signing.relying_party_uuid.as_ref().or(registered.map(|party| &party.uuid));
        let uuid = uuid.ok_or_else(|| missing("no relying party is configured"))?;
        let name = signing.relying_party_name.as_ref();
        let name = name.or_else(|| registered.and_then(|party| party.names.first()));
        let name = name.ok_or_else(|| missing("the relying party has no name"))?;
        let scheme = signing.scheme.as_ref().unwrap_or(&config.rp_api.scheme);
        let unusable = |error: countersign_wire::Error| Fault::NoService(error.to_string());
        let mut builder = Client::builder(&base, RelyingPartyUuid::parse(uuid).map_err(unusable)?, name)
            .scheme(SchemeName::parse(scheme).map_err(unusable)?);
        let roots = self.tls_roots()?;
        if !roots.is_empty() {
            builder = builder.tls_roots(&roots);
        }
        let is_own = signing.rp_api.is_none();
        if let (true, Some(own)) = (is_own, &own) {
            // What its certificates name is reached from elsewhere; here is nearer.
            builder = builder.status_origin(own.as_str());
        }
        Ok(Provider { client: builder.build()?, tsa, is_own })
    }

    fn tls_roots(&self) -> Result<Vec<Certificate>, Fault> {
        let mut roots: Vec<Certificate> = Vec::new();
        for path in &self.signing().config.tls_roots {
            roots.extend(certificates(path).map_err(|error| Fault::NoService(error.to_string()))?);
        }
        if roots.is_empty() && self.signing().config.rp_api.is_none() {
            roots.extend(self.tls_root().cloned());
        }
        Ok(roots)
    }

    /// The container with this id.
    pub(crate) async fn find_signing(&self, id: &str) -> Result<Option<Container>, Fault> {
        let (id, now) = (id.to_owned(), self.now());
        let found = self
            .store()
            .read("find a container", move |tx| tx.signing_containers().find::<Container>(&id))
            .await
            .map_err(Fault::Store)?;
        Ok(found.filter(|container| container.expires_at > now))
    }

    /// Changes a container that is there, and tells whoever waits for this signature of it.
    pub(crate) async fn change_signing<T: Send + 'static>(
        &self,
        id: &str,
        signature: Option<&str>,
        change: impl FnOnce(&mut Container) -> Result<T, Fault> + Send + 'static,
    ) -> Result<(Container, T), Fault> {
        let id = id.to_owned();
        let (now, keep) = (self.now(), self.signing().config.keep_seconds);
        let changed = self
            .store()
            .write("change a container", move |tx| -> Result<_, Fault> {
                let containers = tx.signing_containers();
                let found = containers.find::<Container>(&id)?;
                let mut container =
                    found.filter(|container| container.expires_at > now).ok_or(Fault::Ended)?;
                let result = change(&mut container)?;
                container.touch(now, keep);
                containers.update(&container.row(), &container)?;
                Ok((container, result))
            })
            .await?;
        if let Some(signature) = signature {
            self.watches().wake(&Topic::Signing(signature.to_owned()));
        }
        Ok(changed)
    }

    /// Deletes a container and everything that belongs to it. Whether there was one.
    pub(crate) async fn delete_signing(&self, id: &str) -> Result<bool, Fault> {
        let wanted = id.to_owned();
        let found = self
            .store()
            .write("delete a container", move |tx| -> Result<_, Fault> {
                let containers = tx.signing_containers();
                let found = containers.find::<Container>(&wanted)?;
                containers.delete(&wanted)?;
                Ok(found)
            })
            .await?;
        let Some(container) = found else { return Ok(false) };
        for file in container.all_files() {
            self.signing().files.remove(&file);
        }
        for signature in container.open_signatures() {
            self.watches().wake(&Topic::Signing(signature.id.clone()));
        }
        Ok(true)
    }

    /// Deletes containers whose time is over, at most `limit`. How many there were.
    pub(crate) async fn sweep_signing(&self, limit: usize) -> Result<usize, Fault> {
        let now = self.now();
        let overdue = self
            .store()
            .read("overdue containers", move |tx| tx.signing_containers().overdue(now, limit))
            .await
            .map_err(Fault::Store)?;
        for id in &overdue {
            self.delete_signing(id).await?;
        }
        Ok(overdue.len())
    }
}
