//! Web Push [RFC 8030]: a POST to wherever the browser said.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_ENCODING, RETRY_AFTER};
use jiff::Timestamp;
use reqwest::StatusCode;

use super::config::Push;
use super::endpoint::{self, PublicAddresses};
use super::{Notifier, Sending, Sent, VapidKey, WakeUp, encrypt};
use crate::randomness::Randomness;

/// How long a push service may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends wake-ups to push services, sealed to the browser and signed by us.
#[derive(Debug)]
pub struct WebPush {
    client: reqwest::Client,
    key: VapidKey,
    contact: Option<String>,
    private_networks: bool,
    randomness: Randomness,
}

impl WebPush {
    /// Fails when connections cannot be set up.
    pub fn new(config: &Push, key: VapidKey, randomness: Randomness) -> Result<Self, reqwest::Error> {
        // The process may have chosen a provider already; any is fine.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")));
        if !config.private_networks {
            builder = builder.dns_resolver(PublicAddresses::shared());
        }
        Ok(Self {
            client: builder.build()?,
            key,
            contact: config.contact.clone(),
            private_networks: config.private_networks,
            randomness,
        })
    }

    /// What browsers subscribe for.
    pub fn public_key(&self) -> &[u8] {
        self.key.public()
    }

    async fn send(&self, wake_up: &WakeUp, now: Timestamp) -> Sent {
        const NOT_SENT: Sent = Sent::Refused { status: 0 };
        let subscription = &wake_up.subscription;
        // Subscribed under another configuration, perhaps.
        let Ok(url) = endpoint::check(subscription.endpoint(), self.private_networks) else {
            return NOT_SENT;
        };
        let (browser, auth) = (subscription.key().as_uncompressed(), subscription.auth());
        let mut rng = self.randomness.clone();
        let Ok(body) = encrypt::seal(&wake_up.content(), browser, &auth, &mut rng) else { return NOT_SENT };
        let origin = url.origin().ascii_serialization();
        let Ok(authorization) = self.key.authorization(&origin, self.contact.as_deref(), now) else {
            return NOT_SENT;
        };
        // Nobody needs to hear of it when it is over.
        let life = wake_up.expires.duration_since(now).as_secs().max(0);
        let request = self
            .client
            .post(url)
            .header("ttl", life)
            .header("urgency", "high")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(AUTHORIZATION, authorization)
            .body(body);
        let Ok(answer) = request.send().await else { return Sent::Later { after: None } };
        let after =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        match answer.status() {
            StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED | StatusCode::NO_CONTENT => {
                Sent::Taken
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Sent::Gone,
            StatusCode::TOO_MANY_REQUESTS => Sent::Later { after },
            status if status.is_server_error() => Sent::Later { after },
            status => Sent::Refused { status: status.as_u16() },
        }
    }
}

impl Notifier for WebPush {
    fn notify<'a>(&'a self, wake_up: &'a WakeUp, now: Timestamp) -> Sending<'a> {
        Box::pin(self.send(wake_up, now))
    }
}
