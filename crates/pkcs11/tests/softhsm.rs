//! Against SoftHSM, which stands in for a device. Where it is not installed, the test is skipped by name.

#![allow(
    dead_code,
    clippy::print_stdout,
    reason = "what is shared is not all used here; a skipped test says so"
)]

#[path = "setup/softhsm.rs"]
mod setup;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_pkcs11::{Error, Settings, Signer, Token};
use countersign_pki::verify::Curve;
use zeroize::Zeroizing;

use self::setup::PIN;

/// A token of its own each time.
#[test]
fn keys_in_a_token_sign_also_after_it_was_away() {
    if setup::start("keys_in_a_token_sign_also_after_it_was_away", "keys", |_| {}).is_some() {
        inside();
    }
}

#[test]
fn a_key_of_a_try_before_is_found_and_another_s_is_not() {
    let name = "a_key_of_a_try_before_is_found_and_another_s_is_not";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dev/authority/eid-nq.key.pem");
    let fill = |softhsm: &dyn Fn(&[&str])| setup::import(softhsm, "keys", &file, "brought", 1);
    if setup::start(name, "keys", fill).is_none() {
        return;
    }
    let token = Token::open(settings()).expect("the token");
    let made = token.generate_ec_or_find("next", Curve::P384).expect("a new key");
    let found = token.generate_ec_or_find("next", Curve::P384).expect("the same key");
    assert_eq!(found.public_key(), made.public_key());
    verifies(&found);
    let error = token.generate_ec_or_find("next", Curve::P256).expect_err("another curve");
    assert!(matches!(error, Error::UnsuitableKey { .. }), "{error}");
    let error = token.generate_ec_or_find("brought", Curve::P384).expect_err("a key from elsewhere");
    assert!(error.to_string().contains("not made in this token"), "{error}");
}

#[test]
fn what_was_never_there_ends_nobody_s_driver() {
    if setup::start("what_was_never_there_ends_nobody_s_driver", "keys", |_| {}).is_none() {
        return;
    }
    let token = Token::open(settings()).expect("the token");
    // Another user of the same driver in this process.
    let driver = cryptoki::context::Pkcs11::new(settings().module).expect("the driver");
    let slot = driver.get_slots_with_token().expect("slots")[0];
    let session = driver.open_ro_session(slot).expect("a session");
    assert!(matches!(token.key("none"), Err(Error::NoKey { .. })));
    let other = Settings { token: "others".into(), ..settings() };
    assert!(matches!(Token::open(other), Err(Error::NoToken { .. })));
    session.get_session_info().expect("it is open still");
}

fn settings() -> Settings {
    Settings {
        module: setup::module().expect("a module"),
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
