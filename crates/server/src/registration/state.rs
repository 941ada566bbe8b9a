//! What the registration API keeps in memory.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::registration::{CodeKey, CodePolicy, PasswordPolicy, Terms};
use countersign_wire::registration::{ClientId, PhoneNumber};

use super::config::{KnownClient, Registration};
use super::credentials::Credentials;
use super::gateway::{Gateway, NoGateway, Webhook};
use super::lookup::Connectors;
use super::partner::KnownPartner;
use super::password::Background;
use super::step_up::StepUps;
use crate::buckets::{Buckets, Network};
use crate::config::Mend;
use crate::derived_key::{DerivedKey, derived};

/// Everything that requests of the registration need beside the store.
pub(crate) struct Service {
    pub(super) clients: Vec<KnownClient>,
    partners: Vec<KnownPartner>,
    pub(super) terms: Terms,
    pub(super) codes: CodePolicy,
    pub(super) code_key: CodeKey,
    pub(super) token_key: DerivedKey,
    pub(super) gateway: Arc<dyn Gateway>,
    pub(super) connectors: Connectors,
    pub(super) step_ups: StepUps,
    pub(super) background: Background,
    pub(super) credentials: Credentials,
    pub(super) limits: Limits,
}

/// How often somebody may knock.
pub(super) struct Limits {
    pub(super) codes_of_number: Buckets<PhoneNumber>,
    pub(super) codes_of_address: Buckets<Network>,
    pub(super) tokens_of_address: Buckets<Network>,
    pub(super) requests_of_client: Buckets<ClientId>,
    pub(super) requests_of_address: Buckets<Network>,
}

/// Why it cannot be put together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Config(Mend),
    #[error("the key of tokens cannot be made")]
    Key,
    #[error("connections to the gateway for messages cannot be set up: {0}")]
    Gateway(#[source] reqwest::Error),
    #[error("connections to the remote service cannot be set up: {0}")]
    Remote(#[source] reqwest::Error),
    #[error("registration.remote.sign.trust: {0}")]
    RemoteTrust(String),
}

impl Service {
    /// `core` is the secret of the signing core, of which the keys are made. `gateway` takes the place of the configured
    /// one.
    pub(crate) fn new(
        config: &Registration,
        core: &[u8; 32],
        gateway: Option<Arc<dyn Gateway>>,
    ) -> Result<Self, Fault> {
        let gateway = match (gateway, &config.gateway_url) {
            (Some(gateway), _) => gateway,
            (None, Some(url)) => {
                let patience = Duration::from_secs(u64::from(config.gateway_seconds));
                let webhook = Webhook::new(url.clone(), config.gateway_key.clone(), patience);
                Arc::new(webhook.map_err(Fault::Gateway)?)
            }
            (None, None) => Arc::new(NoGateway),
        };
        Ok(Self {
            clients: config.known().map_err(Fault::Config)?,
            partners: config.known_partners().map_err(Fault::Config)?,
            terms: config.all_terms(),
            codes: config.codes(),
            code_key: CodeKey::new(&derived(core, "countersign one-time codes", 0)),
            token_key: DerivedKey::of_core(core, "countersign access tokens").map_err(|_| Fault::Key)?,
            gateway,
            connectors: Connectors::new(config).map_err(Fault::Remote)?,
            step_ups: StepUps::new(config)?,
            background: Background::default(),
            credentials: Credentials::new(PasswordPolicy::default()),
            limits: Limits {
                codes_of_number: Buckets::new(config.codes_per_number),
                codes_of_address: Buckets::new(config.codes_per_address),
                tokens_of_address: Buckets::new(config.tokens_per_address),
                requests_of_client: Buckets::new(config.requests_per_client),
                requests_of_address: Buckets::new(config.requests_per_address),
            },
        })
    }

    /// What was sent, where that can be shown.
    pub(crate) fn outbox(&self) -> Vec<super::gateway::Sent> {
        self.gateway.shown()
    }

    /// Who else identifies people.
    pub(crate) fn partners(&self) -> &[KnownPartner] {
        &self.partners
    }

    /// The texts that people accept.
    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }
}
