//! What every part of the bank needs, and the work that goes on while nobody asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_client::verify::certificate::TrustStore;
use countersign_client::{Client, Rules};
use countersign_container::TrustAnchors;
use jiff::Timestamp;
use tokio::task::JoinSet;
use url::Url;

use crate::door::OwnPage;
use crate::visitor::Visitors;
use crate::{Clock, Error, Settings};

/// The bank: its office, its visitors, and the work in progress.
pub(crate) struct Bank {
    pub(crate) office: Arc<Office>,
    pub(crate) visitors: Mutex<Visitors>,
    /// Ended when the bank is dropped; no task holds the bank.
    work: Mutex<JoinSet<()>>,
}

/// What work needs: the client, whom it trusts, the time.
pub(crate) struct Office {
    client: Client,
    /// The same service at the address where the bank has its pages over TLS. Links in its answers lead to the address that
    /// was asked, and a person's browser holds the phone app where it has the bank open.
    secure_client: Option<Client>,
    pub(crate) anchors: Arc<TrustAnchors>,
    pub(crate) provider: Url,
    pub(crate) relying_party_name: String,
    pub(crate) relying_party: String,
    pub(crate) scheme: String,
    pub(crate) secure_origin: Option<String>,
    clock: Clock,
}

impl Bank {
    pub(crate) fn open(settings: Settings) -> Result<Self, Error> {
        let mut status = settings.provider.clone();
        status.set_path("/");
        let client = |origin: &Url| {
            let mut base = origin.clone();
            base.set_path("/smart-id-rp/v3/");
            Client::builder(base.as_str(), settings.relying_party, settings.relying_party_name.clone())
                .scheme(settings.scheme.clone())
                .tls_roots(&settings.tls_roots)
                // The certificates of test persons name one fixed address, whatever port the service got.
                .status_origin(status.as_str())
                .build()
        };
        let secure = settings.secure_origin.as_deref().and_then(|origin| Url::parse(origin).ok());
        let (secure_client, client) =
            (secure.as_ref().map(&client).transpose()?, client(&settings.provider)?);
        let office = Office {
            client,
            secure_client,
            anchors: Arc::new(settings.anchors),
            provider: settings.provider,
            relying_party_name: settings.relying_party_name,
            relying_party: settings.relying_party.to_string(),
            scheme: settings.scheme.as_str().to_owned(),
            secure_origin: settings.secure_origin,
            clock: settings.clock,
        };
        Ok(Self {
            office: Arc::new(office),
            visitors: Mutex::new(Visitors::default()),
            work: Mutex::new(JoinSet::new()),
        })
    }

    /// Starts work that goes on by itself. The handle ends it.
    pub(crate) fn begin(&self, work: impl Future<Output = ()> + Send + 'static) -> tokio::task::AbortHandle {
        let mut all = lock(&self.work);
        while all.try_join_next().is_some() {}
        all.spawn(work)
    }
}

impl Office {
    /// The client for whoever has this page open.
    pub(crate) fn client(&self, page: &OwnPage) -> &Client {
        let secure = self.secure_client.as_ref();
        secure.filter(|_| page.is_at(self.secure_origin.as_deref())).unwrap_or(&self.client)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules::new(TrustStore::new(self.anchors.ca.clone(), self.anchors.intermediates.clone()))
    }

    /// A place of the service.
    pub(crate) fn place(&self, path: &str) -> String {
        let mut url = self.provider.clone();
        url.set_path(path);
        url.into()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
