//! `[push]`: how phones that are not open learn of a request.

use serde::{Deserialize, Serialize};

use crate::config::Mend;

/// `[push]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    /// Wake browsers by Web Push. Otherwise nothing is sent, and the log says what would have been: phones that are not
    /// open learn of a request when they are opened.
    pub web_push: bool,
    /// Whom the operator of a push service may write to: `mailto:…` or `https://…`. Some services refuse messages
    /// without it.
    pub contact: Option<String>,
    /// Push to addresses of private networks and of this machine too, and without TLS. Whoever registers a phone
    /// chooses where we send to: with this they reach what only this machine reaches. For tests and closed networks.
    pub private_networks: bool,
}

impl Default for Push {
    fn default() -> Self {
        Self { web_push: true, contact: None, private_networks: false }
    }
}

impl Push {
    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if let Some(contact) = &self.contact {
            let known = contact.starts_with("mailto:") || contact.starts_with("https://");
            if !known || contact.len() > 256 || !contact.bytes().all(|b| b.is_ascii_graphic()) {
                found.push(Mend::new(
                    "push.contact",
                    format!("{contact:?} is no address"),
                    "give \"mailto:operator@example.org\" or an https URL",
                ));
            }
        }
    }
}
