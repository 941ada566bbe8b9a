//! `[signing]`

use std::path::PathBuf;

use countersign_wire::acsp::SchemeName;
use countersign_wire::id::RelyingPartyUuid;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::bearer::digests;
use crate::config::Mend;

/// `[signing]`: who may have files signed, through which relying party API, and how much. Whom to trust in signatures is
/// this service's own authority and what `[validation]` adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signing {
    /// Whether anybody may ask. Otherwise a bearer key is needed, and without any key nobody may.
    pub open: bool,
    /// SHA-256 of each e-service's bearer key, in hex: `printf %s KEY | sha256sum`.
    pub keys: Vec<String>,
    /// The relying party API to sign with, such as `https://rp-api.example.org/smart-id-rp/v3`. Without it: this
    /// service's own.
    pub rp_api: Option<Url>,
    /// The UUID of the relying party that asks people to sign. Without it: the first `[[relying_party]]`.
    pub relying_party_uuid: Option<String>,
    /// Its registered name, which people see. Without it: the first of the first `[[relying_party]]`.
    pub relying_party_name: Option<String>,
    /// The name of the environment, as `rp_api.scheme` of the service that is asked. Without it: this service's own.
    pub scheme: Option<String>,
    /// The time-stamping authority. Without it: this service's own, at `/tsa`.
    pub tsa: Option<Url>,
    /// Certificates that are trusted for TLS of the relying party API, the time-stamping authority and responders, in
    /// place of the operating system's.
    pub tls_roots: Vec<PathBuf>,
    /// The most bytes in one request.
    pub max_bytes: u64,
    /// The most data files in a container.
    pub max_files: u32,
    /// Containers that one e-service (or address) may keep at the same time.
    pub containers: u32,
    /// Bytes that one e-service (or address) may keep at the same time.
    pub total_bytes: u64,
    /// Containers and signatures that one e-service (or address) may begin in a minute; 0 for any number.
    pub per_minute: u32,
    /// Uploads that are read at the same time.
    pub at_once: u32,
    /// Uploads that may wait for their turn; nothing of them is read meanwhile. More are refused.
    pub waiting: u32,
    /// Seconds that an upload may wait for its turn before it is refused.
    pub wait_seconds: u32,
    /// Seconds that a container is kept after the last change.
    pub keep_seconds: u32,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            open: false,
            keys: Vec::new(),
            rp_api: None,
            relying_party_uuid: None,
            relying_party_name: None,
            scheme: None,
            tsa: None,
            tls_roots: Vec::new(),
            max_bytes: 64 << 20,
            max_files: 100,
            containers: 1_000,
            total_bytes: 4 << 30,
            per_minute: 600,
            at_once: 32,
            waiting: 1_000,
            wait_seconds: 30,
            keep_seconds: 3_600,
        }
    }
}

/// A container is kept at least as long as a person may take.
const KEEP_MIN: u32 = 300;
/// Longer is an archive, which this is not.
const KEEP_MAX: u32 = 30 * 86_400;

impl Signing {
    /// As `countersign dev` is configured.
    pub(crate) fn dev() -> Self {
        Self { open: true, per_minute: 0, ..Self::default() }
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        for (name, is_zero) in [
            ("signing.max_bytes", self.max_bytes == 0),
            ("signing.max_files", self.max_files == 0),
            ("signing.containers", self.containers == 0),
            ("signing.total_bytes", self.total_bytes == 0),
            ("signing.at_once", self.at_once == 0),
        ] {
            if is_zero {
                found.push(Mend::new(name, "0 refuses everything", "leave the line out for the default"));
            }
        }
        if !(KEEP_MIN..=KEEP_MAX).contains(&self.keep_seconds) {
            let mend = format!("give {KEEP_MIN} to {KEEP_MAX} seconds");
            found.push(Mend::new("signing.keep_seconds", "is too short or too long", mend));
        }
        if digests(&self.keys).is_none() {
            let mend = "give the SHA-256 of each key as 64 hex digits: printf %s KEY | sha256sum";
            found.push(Mend::new("signing.keys", "an entry is no SHA-256 in hex", mend));
        }
        for (name, url) in [("signing.rp_api", &self.rp_api), ("signing.tsa", &self.tsa)] {
            if url.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
                found.push(Mend::new(name, "is no http or https URL", "give the address of the service"));
            }
        }
        if self.relying_party_uuid.as_deref().is_some_and(|uuid| RelyingPartyUuid::parse(uuid).is_err()) {
            let mend = "give it as registered with the service that is asked";
            found.push(Mend::new("signing.relying_party_uuid", "is no UUID", mend));
        }
        if self.scheme.as_deref().is_some_and(|scheme| SchemeName::parse(scheme).is_err()) {
            let mend = "give the rp_api.scheme of the service that is asked";
            found.push(Mend::new("signing.scheme", "is no scheme name", mend));
        }
        if self.rp_api.is_some() && (self.relying_party_uuid.is_none() || self.relying_party_name.is_none()) {
            let mend = "give signing.relying_party_uuid and signing.relying_party_name as registered there";
            found.push(Mend::new(
                "signing.rp_api",
                "another service knows this one under its own names",
                mend,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> usize {
        let config: Signing = toml::from_str(text).unwrap();
        let mut found = Vec::new();
        config.check(&mut found);
        found.len()
    }

    #[test]
    fn what_cannot_work_is_found() {
        assert_eq!(faults(""), 0);
        assert_eq!(faults("open = true\nkeep_seconds = 300"), 0);
        for wrong in [
            "max_bytes = 0",
            "containers = 0",
            "keep_seconds = 10",
            "keys = [\"secret\"]",
            "rp_api = \"ftp://example.org\"\nrelying_party_uuid = \"00000000-0000-4000-8000-000000000000\"\nrelying_party_name = \"DEMO\"",
            "rp_api = \"https://example.org/v3\"",
            "relying_party_uuid = \"x\"",
            "scheme = \"\"",
        ] {
            assert_eq!(faults(wrong), 1, "{wrong}");
        }
    }
}
