//! What every request needs, behind one cheap handle.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use countersign_domain::authority::IssuingCa;
use countersign_domain::custody::Custody;
use countersign_domain::relying_party::RelyingParties;
use countersign_domain::settings::Settings;
use countersign_pki::Certificate;
use countersign_split_key::Parameters;
use countersign_store::{Location, Store, Tx};
use countersign_wire::device::nonce::NonceKey;
use jiff::Timestamp;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::authority::Authorities;
use crate::ca::RevocationLists;
use crate::clock::{Clock, ClockWatch, Doubt, SystemClock};
use crate::compute::Compute;
use crate::config::{Config, Mend};
use crate::dev::TestWorld;
use crate::device::Door;
use crate::keys::{self, CoreKeys, Keys};
use crate::ocsp;
use crate::operations::metrics::Metrics;
use crate::push::{self, Notifier, Queue, VapidKey, WebPush};
use crate::randomness::Randomness;
use crate::registrant::{self, Registrant};
use crate::registration;
use crate::registration::gateway::Gateway;
use crate::signing::service::Service as SigningService;
use crate::tsa;
use crate::watch::Watches;
use crate::web::{StartPage, WebApps};

/// The file of the database inside the data directory.
pub const DATABASE: &str = "countersign.db";

/// Signatures with keys in a device that may wait for others.
const WAITING_FOR_DEVICE: usize = 256;

/// The application: state, clock, randomness, keys and configuration. Cheap to clone; every clone is the same.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    settings: Settings,
    relying_parties: RelyingParties,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    store: Store,
    keys: Keys,
    watches: Watches,
    registration: registration::Service,
    compute: Compute,
    device_work: Compute,
    door: Door,
    metrics: Metrics,
    switches: Switches,
    start_page: StartPage,
    web_apps: WebApps,
    notifier: Arc<dyn Notifier>,
    push_key: Option<Vec<u8>>,
    wake_ups: Queue,
    extra_routes: axum::Router,
    stopping: CancellationToken,
    authorities: Option<Authorities>,
    tls_root: Option<Certificate>,
    revocation_lists: RevocationLists,
    registrant: Registrant,
    clock_watch: ClockWatch,
    ocsp_kept: ocsp::Kept,
    time_stamp_lease: tsa::Lease,
    test_world: OnceLock<Arc<TestWorld>>,
    signing: SigningService,
}

/// What can be turned on and off while the server runs.
#[derive(Debug)]
pub struct Switches {
    maintenance: AtomicBool,
}

impl Switches {
    /// Whether every call of the relying party API is answered with 580.
    pub fn maintenance(&self) -> bool {
        self.maintenance.load(Ordering::Relaxed)
    }

    /// Turns maintenance on or off.
    pub fn set_maintenance(&self, on: bool) {
        self.maintenance.store(on, Ordering::Relaxed);
    }
}

/// Why an application cannot be put together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration is wrong.
    #[error("the configuration has faults:{}", list(.0))]
    Config(Vec<Mend>),
    /// A key is missing or wrong.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The key for push messages cannot be made of the core's.
    #[error("the key for push messages cannot be made")]
    PushKey,
    /// Push messages cannot be sent.
    #[error("connections for push messages cannot be set up: {0}")]
    Push(#[source] reqwest::Error),
    /// What registrant tokens need is not usable.
    #[error(transparent)]
    Registrant(#[from] registrant::Error),
    /// What the registration API needs cannot be made.
    #[error("{0}")]
    Registration(String),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    /// An issuing CA of the store cannot be used.
    #[error(transparent)]
    Authority(#[from] crate::authority::Error),
}

fn list(faults: &[Mend]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}

/// Puts an [`App`] together.
pub struct Builder {
    config: Config,
    clock: Arc<dyn Clock>,
    randomness: Randomness,
    store: Option<Store>,
    keys: Option<Keys>,
    compute: Option<Compute>,
    authorities: Option<Authorities>,
    tls_root: Option<Certificate>,
    key_parameters: Option<Parameters>,
    message_gateway: Option<Arc<dyn Gateway>>,
    start_page: StartPage,
    web_apps: WebApps,
    extra_routes: axum::Router,
}

impl App {
    /// Starts with a configuration; everything else has a default that is right in production.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            clock: Arc::new(SystemClock),
            randomness: Randomness::system(),
            store: None,
            keys: None,
            compute: None,
            authorities: None,
            tls_root: None,
            key_parameters: None,
            message_gateway: None,
            start_page: StartPage::default(),
            web_apps: WebApps::embedded(),
            extra_routes: axum::Router::new(),
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The part of the configuration that the rules see.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Who may start sessions.
    pub fn relying_parties(&self) -> &RelyingParties {
        &self.0.relying_parties
    }

    /// The clock. Read it once per command.
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The source of randomness, as a generator.
    pub fn randomness(&self) -> Randomness {
        self.0.randomness.clone()
    }

    /// Everything that is kept. Commands go through [`App::execute`] instead.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// What seals the server's key shares at rest.
    pub fn custody(&self) -> &Custody {
        &self.0.keys.custody
    }

    /// What phones seal their halves to.
    pub fn core_keys(&self) -> &CoreKeys {
        &self.0.keys.core
    }

    /// What makes and checks the nonces of the device API.
    pub fn nonces(&self) -> &NonceKey {
        &self.0.keys.nonces
    }

    /// Who waits for what.
    pub fn watches(&self) -> &Watches {
        &self.0.watches
    }

    /// What requests of the registration API need.
    pub(crate) fn registration(&self) -> &registration::Service {
        &self.0.registration
    }

    /// Where heavy arithmetic runs.
    pub fn compute(&self) -> &Compute {
        &self.0.compute
    }

    /// Where whoever needs a key in a device waits for it: as many at once as there are sessions with the device.
    pub(crate) fn device_work(&self) -> &Compute {
        &self.0.device_work
    }

    /// What the device API keeps in memory.
    pub(crate) fn door(&self) -> &Door {
        &self.0.door
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What can be turned on and off while the server runs.
    pub fn switches(&self) -> &Switches {
        &self.0.switches
    }

    /// What the start page shows beyond the URLs.
    pub fn start_page(&self) -> &StartPage {
        &self.0.start_page
    }

    /// The phone, the sample bank and the elements, as far as this program has them.
    pub(crate) fn web_apps(&self) -> &WebApps {
        &self.0.web_apps
    }

    /// What wakes phones.
    pub(crate) fn notifier(&self) -> &dyn Notifier {
        &*self.0.notifier
    }

    /// What browsers subscribe for; nothing where nothing is sent.
    pub(crate) fn push_key(&self) -> Option<&[u8]> {
        self.0.push_key.as_deref()
    }

    /// Sessions whose phones are to be woken.
    pub(crate) fn wake_ups(&self) -> &Queue {
        &self.0.wake_ups
    }

    /// Surfaces of other crates.
    pub(crate) fn extra_routes(&self) -> axum::Router {
        self.0.extra_routes.clone()
    }

    /// The CAs, responders and time-stamping unit of this service; none where it only relies on others'.
    pub fn authorities(&self) -> Option<&Authorities> {
        self.0.authorities.as_ref()
    }

    /// The anchor of this server's TLS certificate, where it is our own.
    pub fn tls_root(&self) -> Option<&Certificate> {
        self.0.tls_root.as_ref()
    }

    /// What makes and checks registrant tokens.
    pub(crate) fn registrant(&self) -> &Registrant {
        &self.0.registrant
    }

    pub(crate) fn revocation_lists(&self) -> &RevocationLists {
        &self.0.revocation_lists
    }

    /// What the signing service keeps in memory.
    pub(crate) fn signing(&self) -> &SigningService {
        &self.0.signing
    }

    /// Whether the time can be believed.
    pub fn clock_watch(&self) -> &ClockWatch {
        &self.0.clock_watch
    }

    /// What the OCSP responder has in memory.
    pub(crate) fn ocsp_kept(&self) -> &ocsp::Kept {
        &self.0.ocsp_kept
    }

    /// Serial numbers for time-stamps.
    pub(crate) fn time_stamp_lease(&self) -> &tsa::Lease {
        &self.0.time_stamp_lease
    }

    /// The time, if it can be believed: to be asked before each signature that states it.
    pub(crate) fn believed_now(&self) -> Result<Timestamp, Doubt> {
        let (now, steady) = (self.now(), self.clock().steady());
        self.clock_watch().look(now, steady).map(|()| now)
    }

    /// Takes the clock at its word, whatever it showed before. What is signed goes on from there.
    pub(crate) fn believe_clock(&self) {
        self.clock_watch().accept(self.now(), self.clock().steady());
        self.time_stamp_lease().forget();
    }

    /// The test persons, in development.
    pub(crate) fn test_world(&self) -> Option<&TestWorld> {
        self.0.test_world.get().map(Arc::as_ref)
    }

    /// Error: there is one already.
    pub(crate) fn set_test_world(&self, world: Arc<TestWorld>) -> Result<(), Arc<TestWorld>> {
        self.0.test_world.set(world)
    }

    /// Completes when the server is asked to stop. Whoever waits for something ends then with what it has.
    pub async fn stopping(&self) {
        self.0.stopping.cancelled().await;
    }

    /// Whether the server has been asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.is_cancelled()
    }

    pub(crate) fn stop(&self) {
        self.0.stopping.cancel();
    }
}

impl Builder {
    /// Another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Other randomness than the system's.
    pub fn randomness(mut self, randomness: Randomness) -> Self {
        self.randomness = randomness;
        self
    }

    /// A store that is open already; otherwise the one of the configuration is opened.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Keys from elsewhere; otherwise those of the configuration are loaded.
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = Some(keys);
        self
    }

    /// A pool of another size than this machine's.
    pub fn compute(mut self, compute: Compute) -> Self {
        self.compute = Some(compute);
        self
    }

    /// The issuing side of this service.
    pub fn authorities(mut self, authorities: Authorities) -> Self {
        self.authorities = Some(authorities);
        self
    }

    /// The anchor of this server's TLS certificate, to be published beside the others.
    pub fn tls_root(mut self, certificate: Certificate) -> Self {
        self.tls_root = Some(certificate);
        self
    }

    /// Keys of another size than configured. The only way to the small ones that tests use.
    pub fn key_parameters(mut self, parameters: Parameters) -> Self {
        self.key_parameters = Some(parameters);
        self
    }

    /// What carries one-time codes to phones; otherwise what the configuration names.
    pub fn message_gateway(mut self, gateway: Arc<dyn Gateway>) -> Self {
        self.message_gateway = Some(gateway);
        self
    }

    /// What the start page shows beyond the URLs.
    pub fn start_page(mut self, page: StartPage) -> Self {
        self.start_page = page;
        self
    }

    /// Other web apps than those that the build has put into this program.
    pub fn web_apps(mut self, apps: WebApps) -> Self {
        self.web_apps = apps;
        self
    }

    /// Further surfaces, such as a sample e-service: behind the same log, counters and headers as all others. Their paths
    /// must not be among those of [`router`](crate::router), which panics otherwise, and they may have no fallback.
    pub fn extra_routes(mut self, routes: axum::Router) -> Self {
        self.extra_routes = self.extra_routes.merge(routes);
        self
    }

    /// The finished application. Fails when the configuration has faults, a key is missing, or the database cannot
    /// be opened.
    pub fn build(self) -> Result<App, Error> {
        let Self {
            config,
            clock,
            mut randomness,
            store,
            keys,
            compute,
            authorities,
            tls_root,
            key_parameters,
            message_gateway,
            start_page,
            web_apps,
            extra_routes,
        } = self;
        let faults = config.check();
        if !faults.is_empty() {
            return Err(Error::Config(faults));
        }
        let (settings, relying_parties) = config
            .settings()
            .and_then(|settings| Ok((settings, config.parties()?)))
            .map_err(|fault| Error::Config(vec![fault]))?;
        let keys = match keys {
            Some(keys) => keys,
            None => Keys::load(&config, &mut randomness)?,
        };
        let parameters = match key_parameters {
            Some(parameters) => parameters,
            None => config.device_api.parameters().map_err(|fault| Error::Config(vec![fault]))?,
        };
        let door = Door::new(parameters, config.device_api.outer_keys as usize, &config.limits);
        let (notifier, push_key): (Arc<dyn Notifier>, _) = if config.push.web_push {
            let key = VapidKey::of_core(&keys.core.secret()).map_err(|_| Error::PushKey)?;
            let web_push = WebPush::new(&config.push, key, randomness.clone()).map_err(Error::Push)?;
            let key = web_push.public_key().to_vec();
            (Arc::new(web_push), Some(key))
        } else {
            (Arc::new(push::Log), None)
        };
        let registrant = Registrant::new(&config, clock.now(), &mut randomness)?;
        let registration =
            registration::Service::new(&config.registration, &keys.core.secret(), message_gateway).map_err(
                |fault| match fault {
                    registration::Fault::Config(fault) => Error::Config(vec![fault]),
                    other => Error::Registration(other.to_string()),
                },
            )?;
        let store = match store {
            Some(store) => store,
            None => Store::open(location(&config))?,
        };
        let clock_watch = ClockWatch::new(config.clock.tolerance());
        let authorities = match authorities {
            Some(authorities) => {
                let authorities = authorities.with_time_stamping(&config.tsa)?;
                let (taken_over, signed) = left_by_the_last(&store)?;
                for taken in taken_over {
                    authorities.take_in(&taken, &keys.custody)?;
                }
                if let Some(signed) = signed {
                    clock_watch.remember(signed);
                }
                Some(authorities)
            }
            None => None,
        };
        Ok(App(Arc::new(Inner {
            settings,
            relying_parties,
            clock,
            randomness,
            store,
            keys,
            watches: Watches::new(),
            registration,
            compute: compute
                .unwrap_or_else(|| Compute::for_this_machine(config.limits.queued_computations as usize)),
            device_work: Compute::new(config.pkcs11.sessions as usize, WAITING_FOR_DEVICE),
            door,
            metrics: Metrics::new(),
            switches: Switches { maintenance: AtomicBool::new(config.rp_api.maintenance) },
            authorities,
            tls_root,
            revocation_lists: RevocationLists::default(),
            registrant,
            clock_watch,
            ocsp_kept: ocsp::Kept::default(),
            time_stamp_lease: tsa::Lease::default(),
            test_world: OnceLock::new(),
            signing: SigningService::new(&config),
            start_page,
            web_apps,
            notifier,
            push_key,
            wake_ups: Queue::new(),
            extra_routes,
            stopping: CancellationToken::new(),
            config,
        })))
    }
}

/// What the last start has left: the issuing CAs that were made by rollovers, and the latest time that was signed.
/// Applications are put together inside and outside of runtimes, so that the store is asked on a thread of its own.
fn left_by_the_last(store: &Store) -> Result<(Vec<IssuingCa>, Option<Timestamp>), countersign_store::Error> {
    let read = |tx: &Tx<'_>| Ok((tx.issuing_cas().all()?, tsa::lease::last_signed(tx)?));
    let asked = std::thread::scope(|scope| {
        scope.spawn(|| store.read_blocking("what the last start has left", read)).join()
    });
    asked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn location(config: &Config) -> Location {
    config
        .store
        .directory
        .as_ref()
        .map_or(Location::Memory, |directory| Location::File(directory.join(DATABASE)))
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
