//! `[siga]`

use serde::{Deserialize, Serialize};

use crate::config::{Mend, Secret};

/// `[siga]`: the interface of the Estonian signature gateway (SiGa), for clients that were written for it. Off without any
/// `[[siga.service]]`. Containers, their limits and how long they are kept are those of `[signing]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Siga {
    /// How long a request may have been on its way, in seconds; -1 for any time.
    pub expiration_seconds: i32,
    /// How far clocks may differ, in seconds; -1 for any time.
    pub clock_skew_seconds: i32,
    /// The longest request, in bytes.
    pub max_bytes: u32,
    /// The services that may ask.
    #[serde(rename = "service", skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<SigaService>,
}

/// `[[siga.service]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigaService {
    /// What it calls itself in `X-Authorization-ServiceUUID`.
    pub uuid: String,
    /// The key of its HMAC: the octets of this text.
    pub secret: Secret,
}

/// A key shorter than a digest of SHA-256 in hexadecimal is guessed.
const SECRET_MIN: usize = 16;

impl Default for Siga {
    fn default() -> Self {
        Self { expiration_seconds: 5, clock_skew_seconds: 2, max_bytes: 4 << 20, services: Vec::new() }
    }
}

impl Siga {
    /// As `countersign dev` is configured: with the client that the gateway's own documents name, and time enough for
    /// whoever types requests by hand.
    pub(crate) fn dev() -> Self {
        let service = SigaService {
            uuid: "a7fd7728-a3ea-4975-bfab-f240a67e894f".to_owned(),
            secret: Secret::new("746573745365637265744b6579303031"),
        };
        Self { expiration_seconds: 60, clock_skew_seconds: 10, services: vec![service], ..Self::default() }
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        if self.max_bytes == 0 {
            let mend = "leave the line out for the default";
            found.push(Mend::new("siga.max_bytes", "0 refuses everything", mend));
        }
        for (name, value) in [
            ("siga.expiration_seconds", self.expiration_seconds),
            ("siga.clock_skew_seconds", self.clock_skew_seconds),
        ] {
            if !(-1..=3600).contains(&value) {
                let mend = "give 0 to 3600, or -1 to leave the check out";
                found.push(Mend::new(name, "is no time that a request takes", mend));
            }
        }
        for (index, service) in self.services.iter().enumerate() {
            let at = |member: &str| format!("siga.service[{index}].{member}");
            if uuid::Uuid::parse_str(&service.uuid).is_err() {
                let mend = "give the UUID that the client sends";
                found.push(Mend::new(at("uuid"), "is no UUID", mend));
            }
            if service.secret.reveal().len() < SECRET_MIN {
                let mend = format!("give {SECRET_MIN} characters at least, drawn at random");
                found.push(Mend::new(at("secret"), "is too short", mend));
            }
            if self.services[..index].iter().any(|earlier| earlier.uuid == service.uuid) {
                found.push(Mend::new(at("uuid"), "is used twice", "give every service a UUID of its own"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_found() {
        let faults = |text: &str| {
            let config: Siga = toml::from_str(text).unwrap();
            let mut found = Vec::new();
            config.check(&mut found);
            found.len()
        };
        let service =
            |uuid: &str, secret: &str| format!("[[service]]\nuuid = {uuid:?}\nsecret = {secret:?}\n");
        let good = service("a7fd7728-a3ea-4975-bfab-f240a67e894f", "0123456789abcdef");
        assert_eq!(faults(""), 0);
        assert_eq!(faults(&good), 0);
        assert_eq!(faults(&service("x", "0123456789abcdef")), 1);
        assert_eq!(faults(&service("a7fd7728-a3ea-4975-bfab-f240a67e894f", "short")), 1);
        assert_eq!(faults(&format!("{good}{good}")), 1);
        assert_eq!(faults("max_bytes = 0"), 1);
        assert_eq!(faults("expiration_seconds = -2"), 1);
        assert_eq!(faults("clock_skew_seconds = -1"), 0);
    }
}
