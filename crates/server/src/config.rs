//! `countersign.toml`: everything an operator can say, in one place.
//!
//! Unknown keys are refused, every field has a default that works on one machine, and each can be overridden
//! by an environment variable (see [`environment`]). [`Config::check`] finds everything that is wrong at once,
//! each with the way to mend it.

pub mod environment;
mod problem;
mod secret;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use countersign_domain::relying_party::{self as domain, AddressRange, RelyingParties};
use countersign_domain::settings::{PinPolicy, Settings};
use countersign_wire::acsp::SchemeName;
use countersign_wire::device_link::Leniency;
use countersign_wire::id::RelyingPartyUuid;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::problem::{Error, Mend};
pub use self::secret::Secret;
pub use crate::admin::config::{Admin, Desk};
pub use crate::authority::config::Pkcs11;
pub use crate::ca::config::Crl;
pub use crate::device::config::DeviceApi;
pub use crate::ocsp::config::Ocsp;
pub use crate::push::config::Push;
pub use crate::registrant::config::{Partner, Registrant, RegistrantUser};
pub use crate::registration::config::{
    ClientEntry, IdentityPartner, Registration, RemoteService, RemoteSigning,
};
pub use crate::siga::config::{Siga, SigaService};
pub use crate::signing::config::Signing;
pub use crate::tsa::config::{ClockConfig, Tsa};
pub use crate::validation::config::Validation;
pub use crate::web::config::Web;
use crate::web::config::{SELF, is_origin};

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens and how it is reached.
    pub listen: Listen,
    /// Where state is kept.
    pub store: Storage,
    /// The keys of the signing core.
    pub keys: Keys,
    /// The relying party interface.
    pub rp_api: RpApi,
    /// The interface of phones, and the keys they make.
    pub device_api: DeviceApi,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// Wrong PINs.
    pub pin: Pin,
    /// Bounds on what one machine takes on.
    pub limits: Limits,
    /// The phone app in people's browsers.
    pub web: Web,
    /// How phones that are not open learn of a request.
    pub push: Push,
    /// Files that are validated for others.
    pub validation: Validation,
    /// Registrant tokens.
    pub registrant: Registrant,
    /// Files that people sign for others.
    pub signing: Signing,
    /// The same for clients of the Estonian signature gateway.
    pub siga: Siga,
    /// Answers about certificates.
    pub ocsp: Ocsp,
    /// Revocation lists.
    pub crl: Crl,
    /// Time-stamps.
    pub tsa: Tsa,
    /// When the clock is believed.
    pub clock: ClockConfig,
    /// The device that holds keys of the authority.
    pub pkcs11: Pkcs11,
    /// Who may sign, and who may ask about it.
    pub registration: Registration,
    /// What operators see.
    pub operations: Operations,
    /// How operators work at the registration desk.
    pub desk: Desk,
    /// Who may start sessions.
    #[serde(rename = "relying_party")]
    pub relying_parties: Vec<RelyingParty>,
    /// Who may use the operator's API.
    #[serde(rename = "admin")]
    pub admins: Vec<Admin>,
}

/// `[listen]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Addresses for plain HTTP. Port 0 takes a free one.
    pub http: Vec<SocketAddr>,
    /// Addresses for HTTPS; needs `certificate` and `key`.
    pub https: Vec<SocketAddr>,
    /// Addresses for HTTPS where clients are also asked for a certificate: partners, and people with an identity card.
    /// Browsers then ask people which to show, so give these addresses a host name of their own.
    pub mutual_tls: Vec<SocketAddr>,
    /// The header in which a trusted proxy that ends TLS before us hands on the client's certificate: `Client-Cert`
    /// [RFC 9440], or one with percent-encoded PEM. Without it, none is believed. The proxy must take this header out
    /// of what clients send.
    pub client_certificate_header: Option<String>,
    /// PEM file with the server's certificate, followed by its intermediates.
    pub certificate: Option<PathBuf>,
    /// PEM file with the private key of that certificate.
    pub key: Option<PathBuf>,
    /// The origin that every URL in an answer starts with, for instance `https://id.example.org`. Without it, URLs
    /// follow the host that the request used.
    pub public_url: Option<Url>,
    /// Proxies in front of this server, as addresses or ranges (`10.0.0.0/8`). Only they may say in
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` for whom they ask.
    pub trusted_proxies: Vec<AddressRange>,
    /// Seconds that a client has for its TLS handshake, for the first byte of a connection, and for a body.
    pub head_seconds: u32,
    /// Seconds that a connection may wait for its next request, head included. Clients that keep connections open
    /// are surprised by a short time.
    pub idle_seconds: u32,
    /// Seconds that open requests have to end at shutdown, before their connections are cut.
    pub drain_seconds: u32,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))],
            https: Vec::new(),
            mutual_tls: Vec::new(),
            client_certificate_header: None,
            certificate: None,
            key: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            head_seconds: 10,
            idle_seconds: 75,
            drain_seconds: 10,
        }
    }
}

/// `[store]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// The data directory: database, keys and certificates. Without it everything is kept in memory and ends
    /// with the program.
    pub directory: Option<PathBuf>,
}

/// `[keys]`: secrets. Give them through the environment or as files; `countersign init` makes the files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// The key that seals the server's key shares at rest: 32 bytes in hexadecimal.
    pub custody: Option<Secret>,
    /// The key before the present one, until everything is sealed anew.
    pub previous_custody: Option<Secret>,
    /// A file with the same; the default is `keys/custody.key` in the data directory.
    pub custody_file: Option<PathBuf>,
    /// The private key (P-256) that phones seal their halves to: 32 bytes in hexadecimal.
    pub core: Option<Secret>,
    /// A file with the same; the default is `keys/core.key` in the data directory.
    pub core_file: Option<PathBuf>,
    /// The key before the present one. Phones that know only that one are still understood.
    pub previous_core: Option<Secret>,
}

/// `[rp_api]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RpApi {
    /// The first field of everything that is signed or authenticated: `smart-id` in live environments of the
    /// original service, `smart-id-demo` in its demo. Relying parties must be set to the same.
    pub scheme: String,
    /// The page that a device link opens. Without it: `/device-link` under the host that the request used.
    pub device_link_base: Option<Url>,
    /// Answer every call with 580, the interface's word for maintenance.
    pub maintenance: bool,
    /// Answer 480 (client too old) to a `User-Agent` that starts with one of these.
    pub refused_clients: Vec<String>,
    /// Answer 471 where a person has accounts, but none of the asked kind, as the interface did up to 3.1.7;
    /// otherwise 404.
    pub status_471: bool,
    /// Refuse a `timeoutMs` outside 1000..120000 with 400 instead of taking the nearest bound.
    pub strict_timeout: bool,
    /// Accept the deprecated PKCS#1 v1.5 algorithm names.
    pub pkcs1: bool,
    /// Accept device links whose code two third-party libraries compute differently (with the callback in QR
    /// links, with a base64url name).
    pub lenient_auth_code: bool,
}

impl Default for RpApi {
    fn default() -> Self {
        Self {
            scheme: "smart-id-demo".into(),
            device_link_base: None,
            maintenance: false,
            refused_clients: Vec::new(),
            status_471: false,
            strict_timeout: false,
            pkcs1: true,
            lenient_auth_code: false,
        }
    }
}

/// `[lifetimes]`, all in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// From the start of a session until it ends `TIMEOUT`.
    pub session: u32,
    /// How long the result of a finished session can be fetched.
    pub result: u32,
    /// How long a phone waits for the signature that follows a certificate choice.
    pub linked: u32,
    /// How much older than it says a QR link may be.
    pub link_late: u32,
    /// How much younger than it says a QR link may be (clocks differ).
    pub link_early: u32,
    /// How long an equal request for a signature is answered with the running session; 0 turns that off.
    pub repeat: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { session: 120, result: 300, linked: 60, link_late: 5, link_early: 2, repeat: 15 }
    }
}

/// `[pin]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pin {
    /// Wrong PINs in a row until a key is locked.
    pub tries: u8,
    /// Seconds of the first lock.
    pub first_lock: u32,
    /// Seconds of the second lock. After the third row of wrong PINs the key is blocked for good.
    pub second_lock: u32,
}

impl Default for Pin {
    fn default() -> Self {
        Self { tries: 3, first_lock: 3 * 3600, second_lock: 24 * 3600 }
    }
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections open at the same time.
    pub connections: u32,
    /// Calls that wait for a change at the same time. One more is answered at once with what is known.
    pub long_polls: u32,
    /// Computations with keys that may wait for a processor.
    pub queued_computations: u32,
    /// Links that one phone may claim in a minute. 0: no limit, as for the three below. A minute's worth may come at once.
    pub claims_per_device: u32,
    /// Confirmations of one phone in a minute.
    pub confirmations_per_device: u32,
    /// Activations from one address in a minute: each is a guess at a code. IPv6: from 64 bits of one.
    pub activations_per_address: u32,
    /// Claims and confirmations from one address in a minute. Many phones may share one.
    pub requests_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            long_polls: 16_384,
            queued_computations: 1_024,
            claims_per_device: 30,
            confirmations_per_device: 30,
            activations_per_address: 10,
            requests_per_address: 600,
        }
    }
}

impl Limits {
    /// Without limits of who knocks how often: tools and tests on one machine are many phones with one address.
    fn dev() -> Self {
        Self {
            claims_per_device: 0,
            confirmations_per_device: 0,
            activations_per_address: 0,
            requests_per_address: 0,
            ..Self::default()
        }
    }
}

/// `[operations]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operations {
    /// Who may read `/metrics`. Without any: this machine only.
    pub metrics_addresses: Vec<AddressRange>,
}

impl Operations {
    pub(crate) fn may_read_metrics(&self, address: IpAddr) -> bool {
        if self.metrics_addresses.is_empty() {
            return address.is_loopback();
        }
        self.metrics_addresses.iter().any(|range| range.contains(address.to_canonical()))
    }
}

/// `[[relying_party]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelyingParty {
    /// Its UUID, as in every request.
    pub uuid: String,
    /// The names it may show people, at most 32 bytes each. Compared without regard to case.
    pub names: Vec<String>,
    /// For whom a broker asks; people see this name beside the broker's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brokered_name: Option<String>,
    /// Where its requests may come from (`192.0.2.7`, `10.1.0.0/16`, `0.0.0.0/0` for anywhere). Without any: this
    /// machine only.
    #[serde(default)]
    pub addresses: Vec<AddressRange>,
    /// May ask for people with only ADVANCED certificates.
    #[serde(default)]
    pub advanced: bool,
    /// May ask for the address of the person's phone.
    #[serde(default)]
    pub share_device_address: bool,
    /// The capabilities it may name.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

impl RelyingParty {
    /// The relying party of the demo environment (rp-api 1.1), which may do everything from this machine.
    pub fn demo() -> Self {
        Self {
            uuid: "00000000-0000-4000-8000-000000000000".into(),
            names: vec!["DEMO".into()],
            brokered_name: None,
            addresses: Vec::new(),
            advanced: true,
            share_device_address: true,
            capabilities: vec!["QUALIFIED".into(), "ADVANCED".into()],
        }
    }
}

impl Config {
    /// Reads a configuration file's text. Nothing else is looked at: see [`environment::override_with`] and
    /// [`Config::check`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| Error::Malformed { message: error.to_string() })
    }

    /// The configuration of `countersign dev`: everything in memory, the relying party DEMO.
    pub fn dev() -> Self {
        Self {
            relying_parties: vec![RelyingParty::demo()],
            // Keys are made when somebody registers: a processor in the background is worth more to a developer.
            device_api: DeviceApi { outer_keys: 0, ..DeviceApi::default() },
            limits: Limits::dev(),
            // Push receivers of tests are on this machine.
            push: Push { private_networks: true, ..Push::default() },
            // The sample bank shows the phone beside it.
            web: Web { phone_frames: vec![SELF.into()], ..Web::default() },
            validation: Validation::dev(),
            registrant: Registrant::dev(),
            signing: Signing::dev(),
            registration: Registration::dev(),
            ..Self::default()
        }
    }

    /// The configuration as it is in force, in the form of the file, with secrets hidden.
    pub fn to_toml(&self) -> String {
        // Every field is a string, number, list or table, all of which TOML can say.
        toml::to_string_pretty(self).expect("a configuration can be written as TOML")
    }

    /// Everything that is wrong or unwise, each with the way to mend it. An empty list means that the server
    /// will start.
    pub fn check(&self) -> Vec<Mend> {
        let mut found = Vec::new();
        self.listen.check(&mut found);
        self.rp_api.check(&mut found);
        self.device_api.check(&mut found);
        self.lifetimes.check(&mut found);
        self.web.check(&mut found);
        self.push.check(&mut found);
        self.keys.check(&mut found);
        self.validation.check(&mut found);
        self.registrant.check(&mut found);
        self.signing.check(&mut found);
        self.siga.check(&mut found);
        self.ocsp.check(&mut found);
        self.crl.check(&mut found);
        self.tsa.check(&self.clock, &mut found);
        self.pkcs11.check(&mut found);
        self.registration.check(&mut found);
        if self.pin.tries == 0 {
            found.push(Mend::new("pin.tries", "0 locks every key at once", "give 3"));
        }
        for (name, value) in [
            ("limits.connections", self.limits.connections),
            ("limits.long_polls", self.limits.long_polls),
            ("limits.queued_computations", self.limits.queued_computations),
        ] {
            if value == 0 {
                found.push(Mend::new(name, "0 refuses everything", "leave the line out for the default"));
            }
        }
        let mut seen = HashSet::new();
        for (index, party) in self.relying_parties.iter().enumerate() {
            party.check(index, &mut found);
            if !seen.insert(party.uuid.to_ascii_lowercase()) {
                found.push(Mend::new(
                    format!("relying_party[{index}].uuid"),
                    "is used twice",
                    "give every relying party a UUID of its own",
                ));
            }
        }
        for (index, admin) in self.admins.iter().enumerate() {
            admin.check(index, &self.admins[..index], &mut found);
        }
        self.desk.check(&self.admins, &mut found);
        found
    }

    /// What the rules see of it. The fault is one that [`Config::check`] finds too.
    pub fn settings(&self) -> Result<Settings, Mend> {
        let lifetimes = &self.lifetimes;
        Ok(Settings {
            scheme: SchemeName::parse(&self.rp_api.scheme).map_err(|_| self.rp_api.wrong_scheme())?,
            session_lifetime: seconds(lifetimes.session),
            result_kept: seconds(lifetimes.result),
            linked_wait: seconds(lifetimes.linked),
            link_age: seconds(lifetimes.link_late),
            link_ahead: seconds(lifetimes.link_early),
            idempotency: seconds(lifetimes.repeat),
            leniency: if self.rp_api.lenient_auth_code { Leniency::ALL } else { Leniency::default() },
            pins: PinPolicy {
                tries: self.pin.tries,
                first_lock: seconds(self.pin.first_lock),
                second_lock: seconds(self.pin.second_lock),
                ..PinPolicy::default()
            },
        })
    }

    /// Who may start sessions. The fault is one that [`Config::check`] finds too.
    pub fn parties(&self) -> Result<RelyingParties, Mend> {
        let parties = self.relying_parties.iter().enumerate().map(|(index, party)| party.registered(index));
        Ok(RelyingParties::new(parties.collect::<Result<_, _>>()?))
    }

    /// Whether a peer may speak for others in forwarded headers.
    pub fn trusts_proxy(&self, peer: IpAddr) -> bool {
        self.listen.trusted_proxies.iter().any(|range| range.contains(peer.to_canonical()))
    }
}

impl Listen {
    fn check(&self, found: &mut Vec<Mend>) {
        if self.http.is_empty() && self.https.is_empty() && self.mutual_tls.is_empty() {
            found.push(Mend::new("listen", "no address is given", "add http = [\"127.0.0.1:8080\"]"));
        }
        if !self.https.is_empty() || !self.mutual_tls.is_empty() {
            for (name, file) in [("listen.certificate", &self.certificate), ("listen.key", &self.key)] {
                if file.is_none() {
                    found.push(Mend::new(name, "is missing, and https is asked for", "name a PEM file"));
                }
            }
        }
        for (name, file) in [("listen.certificate", &self.certificate), ("listen.key", &self.key)] {
            if let Some(path) = file
                && let Err(error) = std::fs::File::open(path)
            {
                found.push(Mend::new(
                    name,
                    format!("{} cannot be read: {error}", path.display()),
                    "check the path and who may read it",
                ));
            }
        }
        if let Some(header) = &self.client_certificate_header
            && http::HeaderName::from_bytes(header.as_bytes()).is_err()
        {
            found.push(Mend::new(
                "listen.client_certificate_header",
                format!("{header:?} is no header name"),
                "give \"Client-Cert\", or the name that your proxy uses",
            ));
        }
        if let Some(url) = &self.public_url
            && !is_origin(url)
        {
            found.push(Mend::new(
                "listen.public_url",
                format!("{url} is not an origin"),
                "give scheme and host only, for instance \"https://id.example.org\"",
            ));
        }
        for (name, seconds, usual) in [
            ("listen.head_seconds", self.head_seconds, "10"),
            ("listen.idle_seconds", self.idle_seconds, "75"),
        ] {
            if seconds == 0 {
                found.push(Mend::new(name, "0 refuses every request", format!("give {usual}")));
            }
        }
    }
}

impl RpApi {
    fn wrong_scheme(&self) -> Mend {
        Mend::new(
            "rp_api.scheme",
            format!("{:?} cannot be part of a signed text", self.scheme),
            "use 1 to 64 letters, digits and hyphens, for instance \"smart-id-demo\"",
        )
    }

    fn check(&self, found: &mut Vec<Mend>) {
        if SchemeName::parse(&self.scheme).is_err() {
            found.push(self.wrong_scheme());
        }
        if let Some(url) = &self.device_link_base
            && (url.query().is_some() || url.fragment().is_some() || url.host_str().is_none())
        {
            found.push(Mend::new(
                "rp_api.device_link_base",
                format!("{url} has a query or fragment, or no host"),
                "give an absolute URL such as \"https://id.example.org/device-link\"",
            ));
        }
        if self.refused_clients.iter().any(String::is_empty) {
            found.push(Mend::new(
                "rp_api.refused_clients",
                "an empty text refuses every client",
                "remove it",
            ));
        }
    }
}

impl Lifetimes {
    fn check(&self, found: &mut Vec<Mend>) {
        for (name, value, least, most) in [
            ("lifetimes.session", self.session, 10, 900),
            ("lifetimes.result", self.result, 10, 86_400),
            ("lifetimes.linked", self.linked, 5, 900),
            ("lifetimes.link_late", self.link_late, 1, 300),
            ("lifetimes.link_early", self.link_early, 0, 300),
            ("lifetimes.repeat", self.repeat, 0, 300),
        ] {
            if !(least..=most).contains(&value) {
                found.push(Mend::new(
                    name,
                    format!("{value} s is out of range"),
                    format!("give {least} to {most} seconds"),
                ));
            }
        }
    }
}

impl Keys {
    fn check(&self, found: &mut Vec<Mend>) {
        for (name, key) in [
            ("keys.custody", &self.custody),
            ("keys.previous_custody", &self.previous_custody),
            ("keys.core", &self.core),
            ("keys.previous_core", &self.previous_core),
        ] {
            if let Some(secret) = key
                && secret.bytes32().is_none()
            {
                found.push(Mend::new(name, "is not 32 bytes in hexadecimal", "give 64 hexadecimal digits"));
            }
        }
        for (name, value, file) in [
            ("keys.custody", self.custody.is_some(), self.custody_file.is_some()),
            ("keys.core", self.core.is_some(), self.core_file.is_some()),
        ] {
            if value && file {
                found.push(Mend::new(
                    name,
                    "is given here and as a file",
                    format!("remove it or {name}_file"),
                ));
            }
        }
    }
}

impl RelyingParty {
    /// As the rules know it.
    fn registered(&self, index: usize) -> Result<domain::RelyingParty, Mend> {
        let uuid = RelyingPartyUuid::parse(&self.uuid).map_err(|_| {
            Mend::new(
                format!("relying_party[{index}].uuid"),
                "is not a UUID",
                "give eight-four-four-four-twelve hexadecimal digits",
            )
        })?;
        Ok(domain::RelyingParty {
            uuid,
            names: self.names.clone(),
            brokered_name: self.brokered_name.clone(),
            permissions: domain::Permissions {
                advanced: self.advanced,
                share_md_client_ip_address: self.share_device_address,
                capabilities: self.capabilities.clone(),
            },
            addresses: self.addresses.clone(),
        })
    }

    fn check(&self, index: usize, found: &mut Vec<Mend>) {
        let at = |member: &str| format!("relying_party[{index}].{member}");
        if let Err(fault) = self.registered(index) {
            found.push(fault);
        }
        if self.names.is_empty() {
            found.push(Mend::new(at("names"), "is empty", "give at least one name, which people will see"));
        }
        let all = self.names.iter().map(|name| ("names", name));
        for (member, name) in all.chain(self.brokered_name.iter().map(|name| ("brokered_name", name))) {
            if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
                found.push(Mend::new(
                    at(member),
                    format!("{name:?} has {} bytes or a control character", name.len()),
                    format!("give 1 to {LONGEST_NAME} bytes of UTF-8"),
                ));
            }
        }
    }
}

/// rp-api 12, row 25.
const LONGEST_NAME: usize = 32;

fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}

#[cfg(test)]
mod tests;
