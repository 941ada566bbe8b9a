//! Logs hold no secrets and nobody's name. Everything that this program's tests log is looked at, so the more of them
//! run beside this one the better.

use std::io;

use countersign_domain::custody::Custody;
use countersign_wire::base64::b64u;

use super::*;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_hold_no_secrets_and_no_names() {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let world = world();
    let code = activation_code(&world, DOCUMENT).await;
    let (line, vault, mut random) = (Line::to(&world), MemoryVault::default(), rng(1));
    let now = world.app().now();
    let boxed: Box<dyn Vault> = Box::new(vault.clone());
    let (phone, certificates) =
        Phone::activate(line.clone(), boxed, &enrolment(&code), pins(), now, &mut random)
            .await
            .expect("a phone");
    let mut person = Person { world, phone, line, vault, rng: random, certificates };
    let mut tokens = vec![person.storage().token];
    let (asked, tx) = person.asked_to_log_in().await;
    refused(person.approve(&tx, WRONG).await, DeviceErrorCode::WrongPin);
    tokens.push(person.storage().token);
    // A part that is known here, wrong and malformed.
    let (mut raw, mut rng) = (Raw::of(&person.storage()).fresh(&person.world).await, rng(6));
    let part: Vec<u8> = (0..128).map(|number| number ^ 0x5a).collect();
    for y in [part.clone(), [part.as_slice(), &part].concat()] {
        let (storage, req) = (person.storage(), RequestId::generate(&mut rng));
        let body = confirmation(&storage, KeyUse::Auth, &tx, &storage.token, &req, &y, &mut rng);
        raw.post(&person.world, &format!("/transactions/{tx}/confirm"), &body).await;
    }
    person.world.advance(24 * 3600);
    let later = person.now();
    // The token was used up behind the phone's back: a copy.
    let error = person.phone.check_pin(KeyUse::Sign, pin(PIN2), later, &mut person.rng).await;
    refused(error, DeviceErrorCode::CloneSuspect);
    let mut second = Person::in_world(person.world.clone(), OTHER, 2).await;
    second.check_pin(KeyUse::Sign, PIN2).await.expect("right");
    tokens.push(second.storage().token);
    second.change_pin(KeyUse::Sign, PIN2, "30518").await.expect("changed");
    // Our own fault, with its cause in the log: the shares do not open under another key.
    break_shares(&second).await;
    assert!(matches!(second.check_pin(KeyUse::Sign, "30518").await, Err(Error::NoAnswer(_))));
    assert_eq!(second.line.last().0, 500);

    let log = String::from_utf8(kept.0.lock().unwrap().clone()).expect("text");
    assert!(log.contains("answered POST /device/v1/transactions/{tx}/confirm with 403"), "{log}");
    assert!(log.contains("two copies of a device"), "the alarm is logged");
    assert!(log.contains("a computation with a key failed"), "our fault is logged");
    let mut secrets =
        vec![code, NAMES.0.into(), NAMES.1.into(), DOCUMENT.into(), OTHER.into(), tx.to_string()];
    secrets.extend([&DOCUMENT[..17], &OTHER[..17]].map(str::to_owned));
    for token in &tokens {
        secrets.extend([b64u(token.as_bytes()), format!("{:?}", token.as_bytes())]);
    }
    for octets in [&part[..], &part[..16]] {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        secrets.extend([b64u(&octets[..15]), hex, format!("{octets:?}").replace(['[', ']'], "")]);
    }
    let storage = serde_json::to_value(second.storage()).unwrap();
    for member in ["proofKey", "sealingKey"] {
        secrets.push(storage[member].as_str().unwrap().to_owned());
    }
    for key in storage["keys"].as_array().unwrap() {
        secrets.push(key["share"]["blob"].as_str().unwrap()[..40].to_owned());
    }
    secrets.push(asked.body["interactions"].as_str().unwrap().to_owned());
    for pin in [PIN1, PIN2, WRONG, "30518"] {
        // As a number of its own, not inside another.
        let shown = log.match_indices(pin).find(|(at, _)| {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
            !digit(log[..*at].chars().next_back()) && !digit(log[at + pin.len()..].chars().next())
        });
        assert!(shown.is_none(), "{pin} in {}", around(&log, shown.map_or(0, |(at, _)| at)));
    }
    for secret in secrets {
        let found = log.find(&secret);
        assert!(found.is_none(), "{secret} in {}", around(&log, found.unwrap_or_default()));
    }
}

fn around(log: &str, at: usize) -> &str {
    let from = log[..at].rfind('\n').map_or(0, |end| end + 1);
    log[from..].lines().next().unwrap_or_default()
}

/// Puts what is no share in the place of a key's shares.
async fn break_shares(person: &Person) {
    let kid = person.kid(KeyUse::Sign);
    let mut random = person.rng.clone();
    let other =
        countersign_domain::custody::KeyEncryptionKey::new("another", &zeroize::Zeroizing::new([1; 32]));
    let other = Custody::new(other.expect("a key"), Vec::new());
    let wrapped = other.wrap(b"elsewhere", b"nothing", &mut random).expect("wrapped");
    person
        .world
        .app()
        .store()
        .write("break a key", move |tx| -> Result<(), countersign_store::Error> {
            let key = tx.keys().get(&kid)?;
            let broken = countersign_domain::custody::WrappedKey { version: 9, wrapped };
            tx.keys().update(&key.propose_refresh(broken).commit_refresh())
        })
        .await
        .expect("saved");
}
