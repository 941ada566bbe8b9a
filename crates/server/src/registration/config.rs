//! `[registration]`: who may ask about people's numbers, which terms are in force, and how codes reach phones.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use countersign_domain::registration::{Client, CodePolicy, MeansKind, Terms, TermsDocument};
use countersign_wire::registration::words::Scope;
use countersign_wire::registration::{ClientId, TenantId};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use url::Url;

use super::lookup::LookupKind;
pub use super::partner::IdentityPartner;
use super::partner::KnownPartner;
use super::step_up::TEXT;
use crate::anchors::anchors_in;
use crate::config::{Mend, Secret};
use crate::web::config::is_origin;

/// The longest message, in characters: what a SIM shows.
const MESSAGE_MAX: usize = 239;

/// `[registration]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Seconds for which a client's token counts.
    pub token_seconds: u32,
    /// Seconds for which a browser's token counts.
    pub widget_token_seconds: u32,
    /// Where messages with codes are posted to: `https://gateway.example.org/sms`. Without it no codes are sent, and the
    /// API says so.
    pub gateway_url: Option<Url>,
    /// Shown to the gateway as `Authorization: Bearer`.
    pub gateway_key: Option<Secret>,
    /// Seconds that the gateway may take.
    pub gateway_seconds: u32,
    /// Seconds in which a code can be entered.
    pub code_seconds: u32,
    /// Seconds between two codes to one number.
    pub code_pause_seconds: u32,
    /// How often a code may be sent anew.
    pub code_resends: u8,
    /// Wrong codes before none counts.
    pub code_tries: u8,
    /// Seconds for which the holder of a number counts as present.
    pub verified_seconds: u32,
    /// Codes to one number in a minute, of all clients together. 0: no limit, as for those below.
    pub codes_per_number: u32,
    /// Codes that an address may ask for in a minute.
    pub codes_per_address: u32,
    /// Token requests of an address in a minute: each may be a guess at a secret.
    pub tokens_per_address: u32,
    /// Requests of a client in a minute.
    pub requests_per_client: u32,
    /// Requests of an address in a minute. A client's server is one address.
    pub requests_per_address: u32,
    /// A service that answers lookups in place of our own store, and may have people confirm with their means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<RemoteService>,
    /// Who may ask.
    #[serde(rename = "client", skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientEntry>,
    /// Others who identify people.
    #[serde(rename = "partner", skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<IdentityPartner>,
    /// What people accept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<TermsDocument>,
}

impl Default for Registration {
    fn default() -> Self {
        let codes = CodePolicy::default();
        let seconds = |duration: SignedDuration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
        Self {
            token_seconds: 900,
            widget_token_seconds: 900,
            gateway_url: None,
            gateway_key: None,
            gateway_seconds: 5,
            code_seconds: seconds(codes.lifetime),
            code_pause_seconds: seconds(codes.between),
            code_resends: codes.resends,
            code_tries: codes.tries,
            verified_seconds: seconds(codes.verified),
            codes_per_number: 2,
            codes_per_address: 30,
            tokens_per_address: 60,
            requests_per_client: 6_000,
            requests_per_address: 3_000,
            remote: None,
            clients: Vec::new(),
            partners: Vec::new(),
            terms: Vec::new(),
        }
    }
}

/// `[registration.remote]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteService {
    /// What `/evidence`, `/means`, `/sign` and `/pending` are put behind: `https://lookups.example.org/v1`.
    pub url: Url,
    /// Shown to it as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// Seconds that an answer may take, with its last octet.
    #[serde(default = "two")]
    pub seconds: u32,
    /// Requests that may be open at the same time: so many lookups, and so many about signatures.
    #[serde(default = "default_calls")]
    pub calls: u16,
    /// What it is asked for: `evidence`, `app`, `sas`. The rest is our own store's.
    pub lookups: Vec<LookupKind>,
    /// How it has people confirm with the means that it looks up. Without it none is asked to there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<RemoteSigning>,
}

/// `[registration.remote.sign]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteSigning {
    /// PEM files with the certificates of the CAs that vouch for the signatures.
    #[serde(default)]
    pub trust: Vec<PathBuf>,
    /// Seconds that a person may take.
    #[serde(default = "default_person_seconds")]
    pub person_seconds: u32,
    /// Seconds between two questions how it stands.
    #[serde(default = "two")]
    pub poll_seconds: u32,
    /// What the person is shown.
    #[serde(default = "default_message")]
    pub message: String,
    /// The language of it: two small letters.
    #[serde(default = "default_language")]
    pub language: String,
}

fn two() -> u32 {
    2
}

fn default_person_seconds() -> u32 {
    300
}

fn default_message() -> String {
    TEXT.to_owned()
}

fn default_language() -> String {
    "en".to_owned()
}

fn default_calls() -> u16 {
    32
}

/// `[[registration.client]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientEntry {
    /// `client_id`: 1 to 64 letters, digits, `.`, `_` and `-`.
    pub id: String,
    /// SHA-256 of the secret, in hexadecimal: `printf %s "$SECRET" | sha256sum`. The secret is to be random, of 128 bits or
    /// more.
    pub secret_sha256: String,
    /// Whose people it asks about.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// What its tokens may be used for.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<Scope>,
    /// The origins of its pages, which may use browsers' tokens and the API key.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Turns on the deprecated way in, `X-Api-Key` with `Referer`: SHA-256 of the key. Whoever has the key can forge the
    /// `Referer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_sha256: Option<String>,
    /// Digits that the numbers begin with that it may ask about. Without any: all.
    #[serde(default)]
    pub number_prefixes: Vec<String>,
    /// What it takes a confirmation with: `MID`, the app, and `SAS`, password and one-time code.
    #[serde(default = "every_method")]
    pub methods: Vec<MeansKind>,
    /// Whether it may have people accept terms.
    #[serde(default = "yes")]
    pub asks_for_terms: bool,
    /// Whether the status has a member `tc`.
    #[serde(default)]
    pub sees_terms: bool,
    /// Where people get identified: an https URL that the status page and the elements lead to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identify_url: Option<Url>,
    /// Whether `/status` speaks for it: as a page, as a pop-up, and in frames of its origins.
    #[serde(default)]
    pub hosted: bool,
    /// A style sheet for that page: an https URL. The page loads this one and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme_css: Option<Url>,
}

fn default_tenant() -> String {
    "default".to_owned()
}

fn default_scopes() -> Vec<Scope> {
    vec![Scope::Smartflow]
}

fn every_method() -> Vec<MeansKind> {
    MeansKind::ALL.to_vec()
}

fn yes() -> bool {
    true
}

/// A client with what it is known by.
#[derive(Clone, Debug)]
pub(crate) struct KnownClient {
    pub(crate) client: Arc<Client>,
    pub(super) identify_url: Option<Url>,
    pub(super) hosted: bool,
    pub(super) theme_css: Option<Url>,
    secret: [u8; 32],
    api_key: Option<[u8; 32]>,
}

impl KnownClient {
    pub(super) fn has_secret(&self, hash: &[u8]) -> bool {
        verify_slices_are_equal(&self.secret, hash).is_ok()
    }

    pub(super) fn has_api_key(&self, hash: &[u8]) -> bool {
        self.api_key.is_some_and(|key| verify_slices_are_equal(&key, hash).is_ok())
    }
}

impl ClientEntry {
    fn known(&self, index: usize) -> Result<KnownClient, Mend> {
        let at = |member: &str| format!("registration.client[{index}].{member}");
        let plain = "give 1 to 64 letters, digits, '.', '_' and '-'";
        let hash = |member, text: &str| {
            let how = "give the 64 digits that `printf %s \"$SECRET\" | sha256sum` prints";
            Secret::new(text)
                .bytes32()
                .map(|bytes| *bytes)
                .ok_or_else(|| Mend::new(at(member), "is not a SHA-256 in hexadecimal", how))
        };
        Ok(KnownClient {
            client: Arc::new(Client {
                id: ClientId::parse(&self.id)
                    .map_err(|_| Mend::new(at("id"), "is not a plain name", plain))?,
                tenant: TenantId::parse(&self.tenant)
                    .map_err(|_| Mend::new(at("tenant"), "is not a plain name", plain))?,
                scopes: self.scopes.clone(),
                origins: self.origins.clone(),
                prefixes: self.number_prefixes.clone(),
                methods: self.methods.clone(),
                asks_for_terms: self.asks_for_terms,
                sees_terms: self.sees_terms,
            }),
            identify_url: self.identify_url.clone(),
            hosted: self.hosted,
            theme_css: self.theme_css.clone(),
            secret: hash("secret_sha256", &self.secret_sha256)?,
            api_key: self.api_key_sha256.as_deref().map(|text| hash("api_key_sha256", text)).transpose()?,
        })
    }

    fn check(&self, index: usize, earlier: &[Self], found: &mut Vec<Mend>) {
        let at = |member: &str| format!("registration.client[{index}].{member}");
        if let Err(fault) = self.known(index) {
            found.push(fault);
        }
        if earlier.iter().any(|other| other.id == self.id) {
            found.push(Mend::new(at("id"), "is used twice", "give every client an id of its own"));
        }
        if self.id.starts_with('.') {
            let how = "begin with a letter or a digit: the service's own pages have such names";
            found.push(Mend::new(at("id"), "begins with a dot", how));
        }
        if self.scopes.is_empty() {
            found.push(Mend::new(at("scopes"), "is empty", "leave the line out for [\"smartflow\"]"));
        }
        for origin in &self.origins {
            let exact = Url::parse(origin)
                .is_ok_and(|url| is_origin(&url) && url.origin().ascii_serialization() == *origin);
            if !exact {
                let how = "give scheme and host as browsers write them, for instance \"https://portal.example.org\"";
                found.push(Mend::new(at("origins"), format!("{origin:?} is not an origin"), how));
            }
        }
        for prefix in &self.number_prefixes {
            if prefix.is_empty() || prefix.len() > 15 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
                let how = "give the first digits without +, for instance \"41\"";
                found.push(Mend::new(at("number_prefixes"), format!("{prefix:?} begins no number"), how));
            }
        }
        if self.methods.is_empty() {
            found.push(Mend::new(at("methods"), "is empty", "leave the line out for [\"MID\", \"SAS\"]"));
        }
        if let Some(url) = self.identify_url.as_ref().filter(|url| !is_secure(url)) {
            let how = "give an https URL: people follow it with their papers at hand";
            found.push(Mend::new(at("identify_url"), format!("{url} is not https"), how));
        }
        if let Some(url) = self.theme_css.as_ref().filter(|url| !is_source(url)) {
            let how = "give an https URL without a query, and without ';', ',' and quotes in its path";
            found.push(Mend::new(
                at("theme_css"),
                format!("{url} cannot stand in a content security policy"),
                how,
            ));
        }
        if self.theme_css.is_some() && !self.hosted {
            let how = "say hosted = true, or leave it out: it is the looks of /status";
            found.push(Mend::new(
                at("theme_css"),
                "belongs to the page /status, which this client has not",
                how,
            ));
        }
        if self.api_key_sha256.is_some() && self.origins.is_empty() {
            let how = "name the origins of the pages that use the key";
            found.push(Mend::new(at("origins"), "is empty, and there is an API key", how));
        }
    }
}

/// Whether nobody can change on the way what is there. On this machine `http` will do.
fn is_secure(url: &Url) -> bool {
    let local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
    scheme && url.username().is_empty() && url.password().is_none()
}

/// Whether a URL can be a source in a content security policy, where `;` and `,` end one and queries are not looked at.
fn is_source(url: &Url) -> bool {
    is_secure(url)
        && url.query().is_none()
        && url.fragment().is_none()
        && !url.path().contains([';', ',', '\''])
}

impl RemoteService {
    fn check(&self, found: &mut Vec<Mend>) {
        let at = |member: &str| format!("registration.remote.{member}");
        if !is_secure(&self.url) || self.url.query().is_some() {
            let how = "give an https URL without a query: numbers travel there";
            found.push(Mend::new(at("url"), format!("{} is not https", self.url), how));
        }
        if !(1..=30).contains(&self.seconds) {
            found.push(Mend::new(at("seconds"), format!("{} is out of range", self.seconds), "give 1 to 30"));
        }
        if !(1..=1_000).contains(&self.calls) {
            found.push(Mend::new(at("calls"), format!("{} is out of range", self.calls), "give 1 to 1000"));
        }
        if self.lookups.is_empty() {
            let how = "name some of \"evidence\", \"app\", \"sas\", or leave the section out";
            found.push(Mend::new(at("lookups"), "is empty", how));
        }
        let Some(sign) = &self.sign else { return };
        if !self.lookups.iter().any(|kind| matches!(kind, LookupKind::App | LookupKind::Sas)) {
            let how = "name \"app\" or \"sas\": people are asked where their means is known";
            found.push(Mend::new(at("lookups"), "holds no means to sign with", how));
        }
        sign.check(found);
    }
}

impl RemoteSigning {
    fn check(&self, found: &mut Vec<Mend>) {
        let at = |member: &str| format!("registration.remote.sign.{member}");
        for (member, value, least, most) in
            [("person_seconds", self.person_seconds, 30, 600), ("poll_seconds", self.poll_seconds, 1, 30)]
        {
            if !(least..=most).contains(&value) {
                let how = format!("give {least} to {most}");
                found.push(Mend::new(at(member), format!("{value} is out of range"), how));
            }
        }
        if self.trust.is_empty() {
            found.push(Mend::new(at("trust"), "is missing or empty", "name PEM files with CA certificates"));
        }
        for path in &self.trust {
            if let Err(fault) = anchors_in(path) {
                found.push(Mend::new(at("trust"), fault, "name PEM files with CA certificates"));
            }
        }
        let length = self.message.chars().count();
        if !(1..=MESSAGE_MAX).contains(&length) || self.message.chars().any(char::is_control) {
            let how = format!("give 1 to {MESSAGE_MAX} characters in one line");
            found.push(Mend::new(at("message"), "is empty, too long or has more than one line", how));
        }
        if self.language.len() != 2 || !self.language.bytes().all(|b| b.is_ascii_lowercase()) {
            let fault = format!("{:?} is no language", self.language);
            found.push(Mend::new(at("language"), fault, "give two small letters, \"en\""));
        }
    }
}

impl Registration {
    /// As in development: without limits of who knocks how often, and with the codes in an outbox.
    pub(crate) fn dev() -> Self {
        Self {
            codes_per_number: 0,
            codes_per_address: 0,
            tokens_per_address: 0,
            requests_per_client: 0,
            requests_per_address: 0,
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        for (name, value, least, most) in [
            ("registration.token_seconds", self.token_seconds, 60, 86_400),
            ("registration.widget_token_seconds", self.widget_token_seconds, 60, 900),
            ("registration.gateway_seconds", self.gateway_seconds, 1, 60),
            ("registration.code_seconds", self.code_seconds, 60, 3_600),
            ("registration.code_pause_seconds", self.code_pause_seconds, 0, 3_600),
            ("registration.code_tries", u32::from(self.code_tries), 1, 10),
            ("registration.verified_seconds", self.verified_seconds, 60, 3_600),
        ] {
            if !(least..=most).contains(&value) {
                let how = format!("give {least} to {most}");
                found.push(Mend::new(name, format!("{value} is out of range"), how));
            }
        }
        if let Some(url) = &self.gateway_url
            && !is_secure(url)
        {
            let how = "give an https URL: codes travel there";
            found.push(Mend::new("registration.gateway_url", format!("{url} is not https"), how));
        }
        if let Some(remote) = &self.remote {
            remote.check(found);
        }
        for (index, client) in self.clients.iter().enumerate() {
            client.check(index, &self.clients[..index], found);
        }
        for (index, partner) in self.partners.iter().enumerate() {
            partner.check(index, &self.partners[..index], found);
        }
        for (index, text) in self.terms.iter().enumerate() {
            let at = |member: &str| format!("registration.terms[{index}].{member}");
            let plain = |text: &str| {
                (1..=32).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
            };
            for (member, value) in [("version", &text.version), ("language", &text.language)] {
                if !plain(value) {
                    let how = "give 1 to 32 letters, digits, '.', '_' and '-'";
                    found.push(Mend::new(at(member), format!("{value:?} is not plain"), how));
                }
            }
            if Secret::new(&*text.sha256).bytes32().is_none() {
                let how = "give the 64 digits that `sha256sum` prints for the text";
                found.push(Mend::new(at("sha256"), "is not a SHA-256 in hexadecimal", how));
            }
            let https = Url::parse(&text.url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
            if !https && !text.url.starts_with('/') {
                let how = "give an absolute URL, or a path of this service";
                found.push(Mend::new(at("url"), format!("{:?} leads nowhere", text.url), how));
            }
            let twice = self.terms[..index].iter().any(|other| {
                (other.jurisdiction, &other.version, &other.language)
                    == (text.jurisdiction, &text.version, &text.language)
            });
            if twice {
                let how = "give every change of the text a version of its own";
                found.push(Mend::new(at("version"), "is used twice in this language", how));
            }
        }
    }

    /// The fault is one that [`Registration::check`] finds too.
    pub(super) fn known(&self) -> Result<Vec<KnownClient>, Mend> {
        self.clients.iter().enumerate().map(|(index, client)| client.known(index)).collect()
    }

    /// The same of those who identify people.
    pub(super) fn known_partners(&self) -> Result<Vec<KnownPartner>, Mend> {
        self.partners.iter().enumerate().map(|(index, partner)| partner.known(index)).collect()
    }

    pub(super) fn codes(&self) -> CodePolicy {
        let seconds = |count: u32| SignedDuration::from_secs(i64::from(count));
        CodePolicy {
            lifetime: seconds(self.code_seconds),
            between: seconds(self.code_pause_seconds),
            resends: self.code_resends,
            tries: self.code_tries,
            verified: seconds(self.verified_seconds),
        }
    }

    pub(super) fn all_terms(&self) -> Terms {
        Terms::new(self.terms.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn faults(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Config::parse(text).expect("a configuration").registration.check(&mut found);
        found.iter().map(ToString::to_string).collect()
    }

    fn client(more: &str) -> String {
        format!("[[registration.client]]\nid = \"portal\"\nsecret_sha256 = \"{}\"\n{more}\n", "5a".repeat(32))
    }

    #[test]
    fn a_client_needs_an_id_and_a_secret() {
        let config = Config::parse(&client("")).expect("a configuration");
        let known = config.registration.known().expect("a client");
        assert!(known[0].has_secret(&[0x5a; 32]) && !known[0].has_secret(&[0x5b; 32]));
        assert!(!known[0].has_api_key(&[0x5a; 32]), "the old way is off");
        assert_eq!(known[0].client.scopes, [Scope::Smartflow]);
        assert!(faults(&client("")).is_empty());
        assert_eq!(faults(&(client("") + &client(""))).len(), 1, "twice");
        assert_eq!(faults(&client("").replace("portal", ".consent")).len(), 1, "a name of our own");
    }

    #[test]
    fn what_cannot_be_is_found_with_the_way_to_mend_it() {
        for (more, word) in [
            ("tenant = \"a b\"", "tenant"),
            ("scopes = []", "scopes"),
            ("origins = [\"https://a.example/\"]", "origins"),
            ("origins = [\"https://A.example\"]", "origins"),
            ("origins = [\"*\"]", "origins"),
            ("origins = [\"null\"]", "origins"),
            ("number_prefixes = [\"+41\"]", "number_prefixes"),
            ("number_prefixes = [\"\"]", "number_prefixes"),
            ("methods = []", "methods"),
            ("identify_url = \"http://id.example.org\"", "identify_url"),
            ("theme_css = \"https://a.example/a.css\"", "theme_css"),
            ("hosted = true\ntheme_css = \"https://a.example/a.css;x\"", "theme_css"),
            ("hosted = true\ntheme_css = \"http://a.example/a.css\"", "theme_css"),
            ("api_key_sha256 = \"zz\"\norigins = [\"https://a.example\"]", "api_key_sha256"),
        ] {
            let found = faults(&client(more));
            assert!(found.len() == 1 && found[0].contains(word), "{more}: {found:?}");
        }
        let key = format!("api_key_sha256 = \"{}\"", "5a".repeat(32));
        assert_eq!(faults(&client(&key)).len(), 1, "a key without pages");
        assert_eq!(faults("[registration]\ngateway_url = \"http://sms.example.org\"").len(), 1);
        assert_eq!(faults("[registration]\ncode_tries = 0").len(), 1);
        let remote = |more: &str| faults(&format!("[registration.remote]\n{more}"));
        assert!(remote("url = \"https://a.example/v1\"\nlookups = [\"evidence\", \"app\"]").is_empty());
        for more in [
            "url = \"http://a.example/v1\"\nlookups = [\"app\"]",
            "url = \"https://a.example/v1?x\"\nlookups = [\"app\"]",
            "url = \"https://a.example/v1\"\nlookups = []",
            "url = \"https://a.example/v1\"\nlookups = [\"app\"]\nseconds = 0",
            "url = \"https://a.example/v1\"\nlookups = [\"app\"]\ncalls = 0",
        ] {
            assert_eq!(remote(more).len(), 1, "{more}");
        }
        let sign = |lookups: &str, more: &str| {
            let service = format!("url = \"https://a.example/v1\"\nlookups = [\"{lookups}\"]");
            remote(&format!("{service}\n[registration.remote.sign]\n{more}"))
        };
        for forgotten in ["trust = []", ""] {
            let found = sign("app", forgotten);
            assert!(found.len() == 1 && found[0].contains("trust"), "{forgotten:?}: {found:?}");
        }
        // One fault of each is the file that is not there.
        assert_eq!(sign("app", "trust = [\"/nowhere.pem\"]").len(), 1);
        for (lookups, more) in [
            ("evidence", ""),
            ("app", "person_seconds = 29"),
            ("app", "person_seconds = 601"),
            ("sas", "poll_seconds = 0"),
            ("sas", "poll_seconds = 31"),
            ("sas", "message = \"\""),
            ("sas", "message = \"a\\nb\""),
            ("sas", "language = \"EN\""),
        ] {
            let found = sign(lookups, &format!("trust = [\"/nowhere.pem\"]\n{more}"));
            assert_eq!(found.len(), 2, "{lookups} {more}: {found:?}");
        }
        assert_eq!(faults("[registration]\nwidget_token_seconds = 901").len(), 1);
    }
}
