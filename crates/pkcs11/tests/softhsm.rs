//! Against SoftHSM, which stands in for a device. Where it is not installed, the test is skipped by name.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use countersign_pkcs11::{Error, Settings, Signer, Token};
use countersign_pki::verify::Curve;
use zeroize::Zeroizing;

const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
];
const PIN: &str = "4711";

/// SoftHSM reads where its tokens are from the environment, which a test must not change: it starts itself again.
#[test]
fn keys_in_a_token_sign_also_after_it_was_away() {
    let name = "keys_in_a_token_sign_also_after_it_was_away";
    if std::env::var_os("SOFTHSM2_CONF").is_some() {
        return inside();
    }
    if !MODULES.iter().any(|module| Path::new(module).exists()) {
        println!("SKIP {name}: softhsm2 is not installed");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let tokens = directory.path().join("tokens");
    std::fs::create_dir(&tokens).expect("created");
    let configuration = directory.path().join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&configuration, text).expect("written");
    let output = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "keys", "--so-pin", "0000", "--pin", PIN])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .expect("softhsm2-util runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let status = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", name, "--nocapture"])
        .env("SOFTHSM2_CONF", &configuration)
        .status()
        .expect("the test runs");
    assert!(status.success());
}

fn settings() -> Settings {
    let module = MODULES.iter().map(PathBuf::from).find(|module| module.exists()).expect("a module");
    Settings {
        module,
        token: "keys".into(),
        pin: Zeroizing::new(PIN.into()),
        sessions: 2,
        wait: Duration::from_secs(30),
    }
}

fn inside() {
    // What is wrong is said, and the PIN is not repeated.
    let wrong = Settings { pin: Zeroizing::new("31415".into()), ..settings() };
    assert!(!format!("{wrong:?}").contains("31415"));
    let error = Token::open(wrong).expect_err("a wrong PIN");
    assert!(matches!(error, Error::WrongPin { .. }) && !error.to_string().contains("31415"), "{error}");
    let other = Settings { token: "others".into(), ..settings() };
    assert!(matches!(Token::open(other), Err(Error::NoToken { .. })));
    let nowhere = Settings { module: "/nowhere/module.so".into(), ..settings() };
    assert!(matches!(Token::open(nowhere), Err(Error::Module { .. })));

    let token = Token::open(settings()).expect("the token");
    assert!(matches!(token.key("p256"), Err(Error::NoKey { .. })));
    for (label, curve) in [("p256", Curve::P256), ("p384", Curve::P384), ("p521", Curve::P521)] {
        let made = token.generate_ec(label, curve).expect("a new key");
        assert!(matches!(token.generate_ec(label, curve), Err(Error::Taken { .. })));
        let found = token.key(label).expect("the same key");
        assert_eq!(found.public_key(), made.public_key());
        verifies(&found);
    }

    // More who sign than there are sessions.
    let key = Arc::new(token.key("p256").expect("a key"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let key = Arc::clone(&key);
            scope.spawn(move || (0..10).for_each(|_| verifies(key.as_ref())));
        }
    });

    // The token's files are gone, and come back.
    let configuration = PathBuf::from(std::env::var_os("SOFTHSM2_CONF").expect("set"));
    let tokens = configuration.with_file_name("tokens");
    let elsewhere = configuration.with_file_name("elsewhere");
    std::fs::rename(&tokens, &elsewhere).expect("moved away");
    std::fs::create_dir(&tokens).expect("an empty one");
    let error = key.sign(b"message").expect_err("no token");
    assert!(!error.to_string().contains(PIN), "{error}");
    std::fs::remove_dir(&tokens).expect("removed");
    std::fs::rename(&elsewhere, &tokens).expect("moved back");
    verifies(key.as_ref());

    // Somebody ends the driver under our hands, as a restart of its daemon does: another user of the same module.
    let driver = cryptoki::context::Pkcs11::new(settings().module).expect("the driver");
    driver.finalize().expect("it ends");
    verifies(key.as_ref());
}

#[track_caller]
fn verifies(key: &dyn Signer) {
    assert!(key.is_remote());
    let signature = key.sign(b"message").expect("a signature");
    key.public_key().verify(key.algorithm(), b"message", &signature).expect("it verifies");
}
