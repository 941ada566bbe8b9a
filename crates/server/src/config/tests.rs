use super::environment::{KEYS, override_with};
use super::*;

#[test]
fn the_defaults_are_in_order() {
    assert_eq!(Config::default().check(), []);
    assert_eq!(Config::dev().check(), []);
    assert_eq!(Config::parse("").expect("an empty file"), Config::default());
}

#[test]
fn what_is_printed_can_be_read_back() {
    let config = Config::dev();
    assert_eq!(Config::parse(&config.to_toml()).expect("reads back"), config);
}

#[test]
fn unknown_keys_are_refused_with_their_line() {
    let error = Config::parse("[listen]\nhtpp = []\n").expect_err("a misspelt key");
    let Error::Malformed { message } = error else { panic!("{error}") };
    assert!(message.contains("htpp") && message.contains("line 2"), "{message}");
}

#[test]
fn secrets_are_never_printed() {
    let text = format!("[keys]\ncustody = \"{}\"\n", "ab".repeat(32));
    let config = Config::parse(&text).expect("a configuration");
    assert_eq!(config.check(), []);
    for printed in [config.to_toml(), format!("{config:?}")] {
        assert!(!printed.contains("abab") && printed.contains("(hidden)"), "{printed}");
    }
    assert_eq!(config.keys.custody.and_then(|key| key.bytes32()).as_deref(), Some(&[0xab; 32]));
}

#[test]
fn every_fault_is_found_at_once() {
    let config = Config::parse(
        r#"
        [listen]
        http = []
        https = ["127.0.0.1:0"]
        key = "/nowhere/key.pem"
        public_url = "https://id.example.org/path"
        [rp_api]
        scheme = "a|b"
        device_link_base = "https://id.example.org/device-link?x"
        [lifetimes]
        session = 0
        [pin]
        tries = 0
        [keys]
        core = "abc"
        [limits]
        long_polls = 0
        [[relying_party]]
        uuid = "no"
        names = []
        [[relying_party]]
        uuid = "00000000-0000-4000-8000-00000000000A"
        names = ["A name that is longer than thirty-two bytes"]
        [[relying_party]]
        uuid = "00000000-0000-4000-8000-00000000000a"
        names = ["B"]
        "#,
    )
    .expect("well formed");
    let keys: Vec<_> = config.check().into_iter().map(|mend| mend.key).collect();
    assert_eq!(
        keys,
        [
            "listen.certificate",
            "listen.key",
            "listen.public_url",
            "rp_api.scheme",
            "rp_api.device_link_base",
            "lifetimes.session",
            "keys.core",
            "pin.tries",
            "limits.long_polls",
            "relying_party[0].uuid",
            "relying_party[0].names",
            "relying_party[1].names",
            "relying_party[2].uuid",
        ]
    );
}

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn the_environment_overrides_the_file() {
    let config = override_with(
        "[rp_api]\nscheme = \"smart-id\"\nmaintenance = true\n",
        variables(&[
            ("COUNTERSIGN_RP_API_SCHEME", "smart-id-test"),
            ("COUNTERSIGN_LISTEN_HTTP", "127.0.0.1:1, [::1]:2"),
            ("COUNTERSIGN_LIFETIMES_SESSION", "60"),
            ("COUNTERSIGN_DATA", "/var/lib/countersign"),
            ("PATH", "/bin"),
        ]),
    )
    .expect("well formed");
    assert_eq!(config.rp_api.scheme, "smart-id-test");
    assert!(config.rp_api.maintenance);
    assert_eq!(config.listen.http.len(), 2);
    assert_eq!(config.lifetimes.session, 60);
}

#[test]
fn a_misspelt_variable_is_refused_and_its_value_not_repeated() {
    let error = override_with("", variables(&[("COUNTERSIGN_KEYS_CUSTDY", "secret")])).expect_err("unknown");
    let message = error.to_string();
    assert!(message.contains("did you mean COUNTERSIGN_KEYS_CUSTODY?"), "{message}");
    assert!(!message.contains("secret"));
    let error =
        override_with("", variables(&[("COUNTERSIGN_PIN_TRIES", "secret")])).expect_err("not a number");
    assert_eq!(error.to_string(), "the environment variable COUNTERSIGN_PIN_TRIES is to hold a whole number");
}

#[test]
fn every_key_of_every_section_can_be_overridden() {
    let full = Config {
        listen: Listen {
            certificate: Some("c".into()),
            key: Some("k".into()),
            public_url: "https://h".parse().ok(),
            client_certificate_header: Some("h".into()),
            ..Listen::default()
        },
        store: Storage { directory: Some("d".into()) },
        keys: Keys {
            custody: Some(Secret::new("")),
            previous_custody: Some(Secret::new("")),
            custody_file: Some("f".into()),
            core: Some(Secret::new("")),
            core_file: Some("f".into()),
            previous_core: Some(Secret::new("")),
        },
        rp_api: RpApi { device_link_base: "https://h/d".parse().ok(), ..RpApi::default() },
        push: Push { contact: Some("mailto:a@b".into()), ..Push::default() },
        signing: Signing {
            rp_api: "https://h/v3".parse().ok(),
            relying_party_uuid: Some("u".into()),
            relying_party_name: Some("n".into()),
            scheme: Some("s".into()),
            tsa: "https://h/tsa".parse().ok(),
            ..Signing::default()
        },
        web: Web { phone_url: "https://h".parse().ok(), ..Web::default() },
        registrant: Registrant {
            keys_file: Some("f".into()),
            legacy_secret: Some(Secret::new("")),
            ocsp_url: "https://h".parse().ok(),
            ..Registrant::default()
        },
        crl: Crl { directory: Some("d".into()), ..Crl::default() },
        pkcs11: Pkcs11 {
            module: Some("m".into()),
            pin: Some(Secret::new("")),
            pin_file: Some("f".into()),
            ..Pkcs11::default()
        },
        registration: Registration {
            gateway_url: "https://h".parse().ok(),
            gateway_key: Some(Secret::new("")),
            ..Registration::default()
        },
        ..Config::default()
    };
    let table = toml::Table::try_from(&full).expect("a table");
    let mut written: Vec<(String, String)> = table
        .iter()
        .filter_map(|(section, value)| value.as_table().map(|keys| (section, keys)))
        .flat_map(|(section, keys)| keys.keys().map(move |key| (section.clone(), key.clone())))
        .collect();
    let mut known: Vec<(String, String)> =
        KEYS.iter().map(|(section, key, _)| ((*section).into(), (*key).into())).collect();
    written.sort();
    known.sort();
    assert_eq!(known, written);
}
