//! The configuration of a command: file, environment, and for `dev` what the test world adds.

use std::path::Path;

use countersign_server::config::environment::{self, PREFIX};
use countersign_server::{Config, dev};

use crate::error::Error;

/// Variables that arguments of this program read, and that are therefore no configuration keys.
const OWN_VARIABLES: [&str; 7] =
    ["URL", "TLS_LISTEN", "PERSON", "DOCUMENT", "LOG_FORMAT", "RP_UUID", "RP_NAME"];

/// Reads the file, if one is named, and lets the environment override it.
pub(crate) fn load(file: Option<&Path>) -> Result<Config, Error> {
    Ok(read(file)?.1)
}

/// The same for `dev`: what neither file nor environment says comes from the test world, with its public keys.
pub(crate) fn load_dev(file: Option<&Path>) -> Result<Config, Error> {
    let (text, mut config) = read(file)?;
    let test_world = dev::config();
    if config.relying_parties.is_empty() {
        config.relying_parties = test_world.relying_parties;
    }
    if config.admins.is_empty() {
        config.admins = test_world.admins;
    }
    if config.keys.custody.is_none() && config.keys.custody_file.is_none() {
        config.keys.custody = test_world.keys.custody;
    }
    if config.keys.core.is_none() && config.keys.core_file.is_none() {
        config.keys.core = test_world.keys.core;
    }
    let said = |section: &str, key: &str| {
        let in_file = toml::from_str::<toml::Table>(&text)
            .is_ok_and(|table| table.get(section).is_some_and(|section| section.get(key).is_some()));
        in_file || std::env::var_os(environment::variable(section, key)).is_some()
    };
    if !said("device_api", "outer_keys") {
        config.device_api.outer_keys = test_world.device_api.outer_keys;
    }
    for (key, value, test) in [
        ("claims_per_device", &mut config.limits.claims_per_device, test_world.limits.claims_per_device),
        (
            "confirmations_per_device",
            &mut config.limits.confirmations_per_device,
            test_world.limits.confirmations_per_device,
        ),
        (
            "activations_per_address",
            &mut config.limits.activations_per_address,
            test_world.limits.activations_per_address,
        ),
        (
            "requests_per_address",
            &mut config.limits.requests_per_address,
            test_world.limits.requests_per_address,
        ),
    ] {
        if !said("limits", key) {
            *value = test;
        }
    }
    let (registration, test) = (&mut config.registration, test_world.registration);
    if registration.clients.is_empty() {
        registration.clients = test.clients;
    }
    if registration.terms.is_empty() {
        registration.terms = test.terms;
    }
    for (key, value, test) in [
        ("codes_per_number", &mut registration.codes_per_number, test.codes_per_number),
        ("codes_per_address", &mut registration.codes_per_address, test.codes_per_address),
        ("tokens_per_address", &mut registration.tokens_per_address, test.tokens_per_address),
        ("requests_per_client", &mut registration.requests_per_client, test.requests_per_client),
        ("requests_per_address", &mut registration.requests_per_address, test.requests_per_address),
    ] {
        if !said("registration", key) {
            *value = test;
        }
    }
    if !said("push", "private_networks") {
        config.push.private_networks = test_world.push.private_networks;
    }
    if !said("validation", "open") {
        config.validation.open = test_world.validation.open;
    }
    for (key, value, test) in [
        (
            "tries_per_account",
            &mut config.registrant.tries_per_account,
            test_world.registrant.tries_per_account,
        ),
        (
            "tries_per_address",
            &mut config.registrant.tries_per_address,
            test_world.registrant.tries_per_address,
        ),
    ] {
        if !said("registrant", key) {
            *value = test;
        }
    }
    if config.registrant.partners.is_empty() {
        config.registrant.partners = test_world.registrant.partners;
    }
    if config.registrant.users.is_empty() {
        config.registrant.users = test_world.registrant.users;
    }
    if !said("signing", "open") {
        config.signing.open = test_world.signing.open;
    }
    if !said("signing", "per_minute") {
        config.signing.per_minute = test_world.signing.per_minute;
    }
    if config.siga.services.is_empty() {
        config.siga.services = test_world.siga.services;
        if !said("siga", "expiration_seconds") {
            config.siga.expiration_seconds = test_world.siga.expiration_seconds;
        }
        if !said("siga", "clock_skew_seconds") {
            config.siga.clock_skew_seconds = test_world.siga.clock_skew_seconds;
        }
    }
    if !said("web", "phone_frames") {
        config.web.phone_frames = test_world.web.phone_frames;
    }
    Ok(config)
}

fn read(file: Option<&Path>) -> Result<(String, Config), Error> {
    let text = match file {
        Some(path) => std::fs::read_to_string(path).map_err(|source| Error::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?,
        None => String::new(),
    };
    let config = environment::override_with(&text, variables())
        .map_err(|source| Error::Config { path: file.map(Path::to_owned), source })?;
    Ok((text, config))
}

fn variables() -> impl Iterator<Item = (String, String)> {
    // A name or value that is no text cannot be a key of ours; `vars` would stop the program over it.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !name.strip_prefix(PREFIX).is_some_and(|rest| OWN_VARIABLES.contains(&rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_world_fills_in_what_nobody_said() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("countersign.toml");
        std::fs::write(&path, "[validation]\nopen = false\n").expect("written");
        assert!(load_dev(None).expect("a configuration").validation.open);
        assert!(!load_dev(Some(&path)).expect("a configuration").validation.open);
        assert!(!load(None).expect("a configuration").validation.open);
    }
}
