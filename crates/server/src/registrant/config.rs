//! `[registrant]`: registrant tokens, and who may have them made.

use std::collections::HashSet;
use std::path::PathBuf;

use countersign_domain::registrant::{self as domain, told};
use countersign_domain::relying_party::AddressRange;
use countersign_token::Rules;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use url::Url;

use super::password::PasswordHash;
use crate::config::{Mend, Secret};
use crate::web::config::is_origin;

/// `[registrant]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registrant {
    /// Who makes the tokens, as they say it (`iss`).
    pub issuer: String,
    /// The service that the tokens are for, as they say it (`aud`). Every service that reads them expects its own.
    pub audience: String,
    /// Seconds that a token lives.
    pub lifetime: u32,
    /// The file with the keys; the default is `keys/registrant.keys` in the data directory, made when it is missing.
    /// See `countersign token rotate`.
    pub keys_file: Option<PathBuf>,
    /// The secret of the system that this one replaces: its tokens are then read too, which is not safe. For the two hours of
    /// a migration; see `docs/registrant.md`.
    pub legacy_secret: Option<Secret>,
    /// Files of the CA certificates that issue people's identity cards, in PEM. Without any nobody logs in with a card.
    pub card_trust: Vec<PathBuf>,
    /// The OCSP responder for cards, in place of the one that their certificates name.
    pub ocsp_url: Option<Url>,
    /// Origins whose pages may use the API with a token (CORS). The calls that make tokens are never among them.
    pub origins: Vec<String>,
    /// Passwords that may be tried for one user name in a minute. 0: no limit, as below.
    pub tries_per_account: u32,
    /// Passwords, cards and challenges from one address in a minute.
    pub tries_per_address: u32,
    /// Other services that log people in.
    #[serde(rename = "partner", skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<Partner>,
    /// People with a password.
    #[serde(rename = "user", skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<RegistrantUser>,
}

impl Default for Registrant {
    fn default() -> Self {
        Self {
            issuer: "countersign".into(),
            audience: "registrant".into(),
            lifetime: 7200,
            keys_file: None,
            legacy_secret: None,
            card_trust: Vec::new(),
            ocsp_url: None,
            origins: Vec::new(),
            tries_per_account: 10,
            tries_per_address: 60,
            partners: Vec::new(),
            users: Vec::new(),
        }
    }
}

/// `[[registrant.partner]]`: a service that logs people in and asks for tokens for them. It needs a key or a certificate,
/// and calls from its addresses only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// What it is called in tokens and logs: 1 to 64 letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// SHA-256 of its bearer key, in hexadecimal: `printf %s "$KEY" | sha256sum`. The key is to be random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_sha256: Option<String>,
    /// SHA-256 of the certificates that it shows in TLS, in hexadecimal: `openssl x509 -outform der | sha256sum`.
    #[serde(default)]
    pub certificate_sha256: Vec<String>,
    /// Where its requests may come from (`192.0.2.7`, `10.1.0.0/16`). Without any: this machine only.
    #[serde(default)]
    pub addresses: Vec<AddressRange>,
    /// Whether it is believed who somebody is. Tokens made on its word say so and cannot do what needs proof.
    #[serde(default)]
    pub may_assert: bool,
    /// Whether its address alone is proof enough, as in the document that this interface comes from. Any program on
    /// such an address can then be anybody.
    #[serde(default)]
    pub address_only: bool,
    /// Whether the codes of people that it sends are not checked as national numbers.
    #[serde(default)]
    pub foreign: bool,
}

/// `[[registrant.user]]`: a person with a password.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrantUser {
    /// The name to log in with: 1 to 128 characters.
    pub username: String,
    /// The Argon2id hash that `countersign token hash-password` prints.
    pub password: Secret,
    /// The person's code.
    pub ident: String,
    /// The country of that code.
    #[serde(default = "estonia")]
    pub country_code: String,
    /// Given names.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

pub(super) fn estonia() -> String {
    "EE".into()
}

/// The bearer key of the partner of `countersign dev`. As public as all others there.
pub const DEV_PARTNER_KEY: &str = "countersign-dev-partner-key";
/// The user name of `countersign dev`.
pub const DEV_USER: &str = "jan";
/// Their password.
pub const DEV_PASSWORD: &str = "countersign-dev-password";
/// [`DEV_PASSWORD`], hashed by the reference implementation of Argon2 with a salt that never changes: the value is public
/// anyway, and a vector for ours.
const DEV_PASSWORD_HASH: &str = include_str!("dev_password.txt");

/// The person with a password of `countersign dev`.
pub(crate) fn dev_user() -> RegistrantUser {
    RegistrantUser {
        username: DEV_USER.into(),
        password: Secret::new(DEV_PASSWORD_HASH.trim()),
        ident: "30110100103".into(),
        country_code: estonia(),
        first_name: "Jan".into(),
        last_name: "Tamm".into(),
    }
}

impl Registrant {
    /// As `countersign dev` is configured: a partner with a public key, no limits, and the bare request of the document is
    /// believed from this machine.
    pub(crate) fn dev() -> Self {
        Self {
            tries_per_account: 0,
            tries_per_address: 0,
            partners: vec![Partner {
                name: "dev".into(),
                key_sha256: Some(hex(&super::sha256(DEV_PARTNER_KEY.as_bytes()))),
                certificate_sha256: Vec::new(),
                addresses: Vec::new(),
                may_assert: true,
                address_only: true,
                foreign: false,
            }],
            ..Self::default()
        }
    }

    /// What tokens have to say.
    pub fn rules(&self) -> Rules {
        Rules {
            lifetime: SignedDuration::from_secs(i64::from(self.lifetime)),
            ..Rules::new(self.issuer.clone(), self.audience.clone())
        }
    }

    /// The partners as the rules know them. The fault is one that [`Self::check`] finds too.
    pub(super) fn parties(&self) -> Result<domain::Partners, Mend> {
        let partners = self.partners.iter().enumerate().map(|(index, partner)| partner.registered(index));
        Ok(domain::Partners::new(partners.collect::<Result<_, _>>()?))
    }

    pub(crate) fn check(&self, found: &mut Vec<Mend>) {
        for (name, value) in [("registrant.issuer", &self.issuer), ("registrant.audience", &self.audience)] {
            if !(1..=128).contains(&value.len()) || value.chars().any(char::is_control) {
                found.push(Mend::new(name, "is empty or too long", "give 1 to 128 characters"));
            }
        }
        if !(60..=86_400).contains(&self.lifetime) {
            let fault = format!("{} s is out of range", self.lifetime);
            found.push(Mend::new("registrant.lifetime", fault, "give 60 to 86400 seconds; 7200 is usual"));
        }
        if let Some(secret) = &self.legacy_secret
            && countersign_token::legacy::LegacyKey::of_secret(secret.reveal()).is_none()
        {
            let mend =
                "give the whole secret of the old application, of which the first 32 characters are used";
            found.push(Mend::new("registrant.legacy_secret", "is too short", mend));
        }
        for path in &self.card_trust {
            if let Err(fault) = crate::anchors::anchors_in(path) {
                found.push(Mend::new("registrant.card_trust", fault, "name PEM files with CA certificates"));
            }
        }
        for origin in &self.origins {
            let fits = Url::parse(origin)
                .is_ok_and(|url| is_origin(&url) && url.origin().ascii_serialization() == *origin);
            if !fits {
                let fault = format!("{origin:?} is not an origin");
                found.push(Mend::new(
                    "registrant.origins",
                    fault,
                    "give for instance \"https://portal.example.org\"",
                ));
            }
        }
        let mut names = HashSet::new();
        for (index, partner) in self.partners.iter().enumerate() {
            partner.check(index, found);
            if !names.insert(&partner.name) {
                let at = format!("registrant.partner[{index}].name");
                found.push(Mend::new(at, "is used twice", "give every partner a name of its own"));
            }
        }
        let mut names = HashSet::new();
        let mut cost = None;
        for (index, user) in self.users.iter().enumerate() {
            let at = |member: &str| format!("registrant.user[{index}].{member}");
            user.check(&at, found);
            if !names.insert(&user.username) {
                found.push(Mend::new(at("username"), "is used twice", "give every user a name of their own"));
            }
            if let Some(hash) = PasswordHash::parse(user.password.reveal())
                && *cost.get_or_insert(hash.cost()) != hash.cost()
            {
                // The time of an answer would tell which users there are.
                let fault = "costs another time than the first user's";
                found.push(Mend::new(at("password"), fault, "hash all passwords with the same release"));
            }
        }
    }
}

impl Partner {
    fn registered(&self, index: usize) -> Result<domain::Partner, Mend> {
        let hash = |member: &str, text: &String| {
            unhex(text).ok_or_else(|| {
                Mend::new(
                    format!("registrant.partner[{index}].{member}"),
                    "is not a SHA-256 in hexadecimal",
                    "give the 64 digits that sha256sum prints",
                )
            })
        };
        let certificates = self.certificate_sha256.iter().map(|text| hash("certificate_sha256", text));
        Ok(domain::Partner {
            name: self.name.clone(),
            key: self.key_sha256.as_ref().map(|text| hash("key_sha256", text)).transpose()?,
            certificates: certificates.collect::<Result<_, _>>()?,
            addresses: self.addresses.clone(),
            may_assert: self.may_assert,
            address_only: self.address_only,
            foreign: self.foreign,
        })
    }

    fn check(&self, index: usize, found: &mut Vec<Mend>) {
        let at = |member: &str| format!("registrant.partner[{index}].{member}");
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(plain) {
            let fault = format!("{:?} is not a plain name", self.name);
            found.push(Mend::new(at("name"), fault, "give 1 to 64 letters, digits, '.', '_' and '-'"));
        }
        if let Err(fault) = self.registered(index) {
            found.push(fault);
        }
        if self.key_sha256.is_none() && self.certificate_sha256.is_empty() && !self.address_only {
            let fault = "can prove itself by nothing";
            found.push(Mend::new(at("key_sha256"), fault, "give key_sha256 or certificate_sha256"));
        }
    }
}

impl RegistrantUser {
    fn check(&self, at: &dyn Fn(&str) -> String, found: &mut Vec<Mend>) {
        if !(1..=128).contains(&self.username.chars().count()) || self.username.chars().any(char::is_control)
        {
            found.push(Mend::new(at("username"), "is empty or too long", "give 1 to 128 characters"));
        }
        if PasswordHash::parse(self.password.reveal()).is_none() {
            let mend = "give what `countersign token hash-password` prints; never the password itself";
            found.push(Mend::new(at("password"), "is no Argon2id hash", mend));
        }
        if let Err(unfit) = told(&self.country_code, &self.ident, &self.first_name, &self.last_name, true) {
            found.push(Mend::new(at(unfit.member), "names nobody", format!("give {}", unfit.expected)));
        }
    }
}

pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    Secret::new(text.to_owned()).bytes32().map(|octets| *octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let registrant: Registrant = toml::from_str(text).unwrap();
        let mut found = Vec::new();
        registrant.check(&mut found);
        found.into_iter().map(|fault| fault.key).collect()
    }

    #[test]
    fn the_test_world_is_in_order() {
        let mut found = Vec::new();
        let whole = Registrant { users: vec![dev_user()], ..Registrant::dev() };
        whole.check(&mut found);
        assert_eq!(found, []);
    }

    #[test]
    fn what_cannot_be_is_found() {
        let user = "[[user]]\nusername = \"a\"\nident = \"30110100103\"\nfirst_name = \"Jan\"\nlast_name = \"Tamm\"\n";
        for (text, key) in [
            ("issuer = \"\"", "registrant.issuer"),
            ("lifetime = 59", "registrant.lifetime"),
            ("legacy_secret = \"short\"", "registrant.legacy_secret"),
            ("card_trust = [\"/nowhere.pem\"]", "registrant.card_trust"),
            ("origins = [\"https://a.example/\"]", "registrant.origins"),
            ("origins = [\"*\"]", "registrant.origins"),
            ("[[partner]]\nname = \"a b\"\nkey_sha256 = \"00\"", "registrant.partner[0].name"),
            ("[[partner]]\nname = \"a\"", "registrant.partner[0].key_sha256"),
            ("[[partner]]\nname = \"a\"\nkey_sha256 = \"00\"", "registrant.partner[0].key_sha256"),
            (&format!("{user}password = \"secret\""), "registrant.user[0].password"),
        ] {
            assert_eq!(faults(text).first().map(String::as_str), Some(key), "{text}");
        }
        let hash = DEV_PASSWORD_HASH.trim();
        let other = hash.replace("t=2", "t=3");
        let costs =
            format!("{user}password = \"{hash}\"\n{}password = \"{other}\"", user.replace("\"a\"", "\"b\""));
        assert_eq!(faults(&costs), ["registrant.user[1].password"]);
        let text = toml::to_string(&Registrant { users: vec![dev_user()], ..Registrant::dev() }).unwrap();
        assert!(!text.contains("argon2") && text.contains("(hidden)"), "{text}");
    }
}
