//! Environment variables that override the file: `COUNTERSIGN_` and the dotted key in capitals, with `_` for the
//! dot. `COUNTERSIGN_RP_API_SCHEME=smart-id` is `[rp_api] scheme = "smart-id"`; lists are separated by commas.
//! Relying parties, operators, the partners and users of registrant tokens, and services of the gateway are given in the
//! file only.

use toml::{Table, Value};

use super::{Config, Error};

/// What every variable starts with.
pub const PREFIX: &str = "COUNTERSIGN_";

/// Variables of the command line and of the build, which are no configuration keys.
pub const RESERVED: [&str; 7] = ["CONFIG", "DATA", "LISTEN", "LOG", "BASE_URL", "TRUST", "ADMIN_KEY"];

/// The keys that can be overridden, and what each holds.
pub const KEYS: [(&str, &str, Kind); 124] = [
    ("listen", "http", Kind::List),
    ("listen", "https", Kind::List),
    ("listen", "mutual_tls", Kind::List),
    ("listen", "client_certificate_header", Kind::Text),
    ("listen", "certificate", Kind::Text),
    ("listen", "key", Kind::Text),
    ("listen", "public_url", Kind::Text),
    ("listen", "trusted_proxies", Kind::List),
    ("listen", "head_seconds", Kind::Number),
    ("listen", "idle_seconds", Kind::Number),
    ("listen", "drain_seconds", Kind::Number),
    ("store", "directory", Kind::Text),
    ("keys", "custody", Kind::Text),
    ("keys", "custody_file", Kind::Text),
    ("keys", "previous_custody", Kind::Text),
    ("keys", "core", Kind::Text),
    ("keys", "core_file", Kind::Text),
    ("keys", "previous_core", Kind::Text),
    ("rp_api", "scheme", Kind::Text),
    ("rp_api", "device_link_base", Kind::Text),
    ("rp_api", "maintenance", Kind::Switch),
    ("rp_api", "refused_clients", Kind::List),
    ("rp_api", "status_471", Kind::Switch),
    ("rp_api", "strict_timeout", Kind::Switch),
    ("rp_api", "pkcs1", Kind::Switch),
    ("rp_api", "lenient_auth_code", Kind::Switch),
    ("device_api", "half_bits", Kind::Number),
    ("device_api", "composite", Kind::Switch),
    ("device_api", "kdf_iterations", Kind::Number),
    ("device_api", "outer_keys", Kind::Number),
    ("lifetimes", "session", Kind::Number),
    ("lifetimes", "result", Kind::Number),
    ("lifetimes", "linked", Kind::Number),
    ("lifetimes", "link_late", Kind::Number),
    ("lifetimes", "link_early", Kind::Number),
    ("lifetimes", "repeat", Kind::Number),
    ("pin", "tries", Kind::Number),
    ("pin", "first_lock", Kind::Number),
    ("pin", "second_lock", Kind::Number),
    ("limits", "connections", Kind::Number),
    ("limits", "long_polls", Kind::Number),
    ("limits", "queued_computations", Kind::Number),
    ("limits", "claims_per_device", Kind::Number),
    ("limits", "confirmations_per_device", Kind::Number),
    ("limits", "activations_per_address", Kind::Number),
    ("limits", "requests_per_address", Kind::Number),
    ("push", "web_push", Kind::Switch),
    ("push", "contact", Kind::Text),
    ("push", "private_networks", Kind::Switch),
    ("web", "phone_url", Kind::Text),
    ("web", "phone_frames", Kind::List),
    ("validation", "open", Kind::Switch),
    ("validation", "keys", Kind::List),
    ("validation", "trust", Kind::List),
    ("validation", "trusted_lists", Kind::List),
    ("validation", "list_signers", Kind::List),
    ("validation", "max_bytes", Kind::Number),
    ("validation", "per_minute", Kind::Number),
    ("validation", "at_once", Kind::Number),
    ("registrant", "issuer", Kind::Text),
    ("registrant", "audience", Kind::Text),
    ("registrant", "lifetime", Kind::Number),
    ("registrant", "keys_file", Kind::Text),
    ("registrant", "legacy_secret", Kind::Text),
    ("registrant", "card_trust", Kind::List),
    ("registrant", "ocsp_url", Kind::Text),
    ("registrant", "origins", Kind::List),
    ("registrant", "tries_per_account", Kind::Number),
    ("registrant", "tries_per_address", Kind::Number),
    ("signing", "open", Kind::Switch),
    ("signing", "keys", Kind::List),
    ("signing", "rp_api", Kind::Text),
    ("signing", "relying_party_uuid", Kind::Text),
    ("signing", "relying_party_name", Kind::Text),
    ("signing", "scheme", Kind::Text),
    ("signing", "tsa", Kind::Text),
    ("signing", "tls_roots", Kind::List),
    ("signing", "max_bytes", Kind::Number),
    ("signing", "max_files", Kind::Number),
    ("signing", "containers", Kind::Number),
    ("signing", "total_bytes", Kind::Number),
    ("signing", "per_minute", Kind::Number),
    ("signing", "at_once", Kind::Number),
    ("signing", "waiting", Kind::Number),
    ("signing", "wait_seconds", Kind::Number),
    ("signing", "keep_seconds", Kind::Number),
    ("siga", "expiration_seconds", Kind::Number),
    ("siga", "clock_skew_seconds", Kind::Number),
    ("siga", "max_bytes", Kind::Number),
    ("ocsp", "kept_seconds", Kind::Number),
    ("ocsp", "reused_seconds", Kind::Number),
    ("ocsp", "retention_days", Kind::Number),
    ("crl", "life_hours", Kind::Number),
    ("crl", "renewed_hours", Kind::Number),
    ("crl", "directory", Kind::Text),
    ("tsa", "policies", Kind::List),
    ("tsa", "accuracy_ms", Kind::Number),
    ("clock", "tolerance_ms", Kind::Number),
    ("desk", "four_eyes", Kind::List),
    ("desk", "proposal_hours", Kind::Number),
    ("desk", "retention_years", Kind::Number),
    ("pkcs11", "module", Kind::Text),
    ("pkcs11", "token", Kind::Text),
    ("pkcs11", "pin", Kind::Text),
    ("pkcs11", "pin_file", Kind::Text),
    ("pkcs11", "sessions", Kind::Number),
    ("pkcs11", "wait_ms", Kind::Number),
    ("pkcs11", "new_keys", Kind::Switch),
    ("registration", "token_seconds", Kind::Number),
    ("registration", "widget_token_seconds", Kind::Number),
    ("registration", "gateway_url", Kind::Text),
    ("registration", "gateway_key", Kind::Text),
    ("registration", "gateway_seconds", Kind::Number),
    ("registration", "code_seconds", Kind::Number),
    ("registration", "code_pause_seconds", Kind::Number),
    ("registration", "code_resends", Kind::Number),
    ("registration", "code_tries", Kind::Number),
    ("registration", "verified_seconds", Kind::Number),
    ("registration", "codes_per_number", Kind::Number),
    ("registration", "codes_per_address", Kind::Number),
    ("registration", "tokens_per_address", Kind::Number),
    ("registration", "requests_per_client", Kind::Number),
    ("registration", "requests_per_address", Kind::Number),
    ("operations", "metrics_addresses", Kind::List),
];

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text or a path.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// Texts separated by commas.
    List,
}

/// Reads `text` (a file's, or empty) and lets `variables` override it. Variables without the prefix and the
/// [`RESERVED`] ones are passed over; any other that is no key is an error, since a misspelt override would
/// otherwise be lost in silence.
pub fn override_with(
    text: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, Error> {
    let mut table: Table =
        toml::from_str(text).map_err(|error| Error::Malformed { message: error.to_string() })?;
    // The file alone, first: its faults are to be reported with their lines.
    Config::parse(text)?;
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if RESERVED.contains(&rest) {
            continue;
        }
        let Some((section, key, kind)) = KEYS.iter().find(|(section, key, _)| variable(section, key) == name)
        else {
            return Err(Error::UnknownVariable { nearest: nearest(&name), name });
        };
        let value = kind.read(&value).ok_or(Error::WrongVariable { name, expected: kind.describe() })?;
        let section = table.entry(*section).or_insert_with(|| Value::Table(Table::new()));
        // The file has been parsed as a configuration, in which every section is a table.
        section.as_table_mut().expect("a section is a table").insert((*key).into(), value);
    }
    table.try_into().map_err(|error: toml::de::Error| Error::Malformed { message: error.to_string() })
}

impl Kind {
    fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::String(text.into())),
            Self::Number => text.trim().parse().ok().map(Value::Integer),
            Self::Switch => text.trim().parse().ok().map(Value::Boolean),
            Self::List => Some(Value::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::String(item.into()))
                    .collect(),
            )),
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a whole number",
            Self::Switch => "true or false",
            Self::List => "texts separated by commas",
        }
    }
}

/// The variable that overrides a key.
pub fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}_{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

/// The existing name that shares the longest beginning and end with `name`, when that is most of it.
fn nearest(name: &str) -> Option<String> {
    KEYS.iter()
        .map(|(section, key, _)| variable(section, key))
        .map(|known| {
            let front = known.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            let back = known.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
            (front + back, known)
        })
        .max()
        .filter(|(same, known)| *same + 3 >= known.len())
        .map(|(_, known)| known)
}
