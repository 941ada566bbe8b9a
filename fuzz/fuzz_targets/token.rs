//! Registrant tokens as a stranger sends them; then the claims inside one, as if its seal had been good; then a token of the
//! system that this one replaces. Whatever comes is refused or read, and what is read is written back the same.
#![no_main]

use std::sync::LazyLock;

use countersign_token::legacy::LegacyKey;
use countersign_token::{Claims, KeyRing, Rules, bearer, key_id, open};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// The key of the first vector of `fixtures/token`, so that the seeds open.
static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/token/vectors.json")).expect("vectors");
    let text = |name: &str| vectors[0][name].as_str().expect("a text").to_owned();
    let line = format!("{} {} 2026-06-01T12:00:00Z", text("key_id"), text("secret"));
    KeyRing::parse(&line).expect("a key")
});

fuzz_target!(|data: &[u8]| {
    if let Some(claims) = Claims::from_json(data) {
        assert_eq!(Claims::from_json(&claims.to_json()), Some(claims));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let token = bearer(text).unwrap_or(text);
    let now = Timestamp::constant(1_780_315_200, 0);
    let rules = Rules::new("https://id.example.org", "registry");
    if open(token, &RING, &rules, now).is_ok() {
        assert!(key_id(token).is_some());
    }
    let old = LegacyKey::of_secret("0123456789abcdef0123456789abcdef").expect("32 characters");
    let _ = old.open(token, now);
    if let Ok(ring) = KeyRing::parse(text) {
        assert_eq!(KeyRing::parse(&ring.to_text()).expect("its own text").keys().len(), ring.keys().len());
    }
});
