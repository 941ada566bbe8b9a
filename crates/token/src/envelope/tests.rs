#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::sync::LazyLock;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::*;
use crate::{Assurance, Holder, Method, TokenId};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_315_200 + second).unwrap()
}

fn rules() -> Rules {
    Rules::new("https://id.example.org", "registry")
}

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate(at(0), &mut rng(1)));

fn claims() -> Claims {
    let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
    Claims::new(&rules(), holder, Method::SmartId, Assurance::High, TokenId([7; 16]), at(0))
}

fn sealed(claims: &Claims) -> String {
    seal(claims, RING.sealing(at(0)), &mut rng(2)).unwrap()
}

#[test]
fn a_token_lives_for_two_hours() {
    let token = sealed(&claims());
    assert_eq!(open(&token, &RING, &rules(), at(0)), Ok(claims()));
    assert_eq!(open(&token, &RING, &rules(), at(7199)), Ok(claims()));
    assert_eq!(open(&token, &RING, &rules(), at(7200)), Err(Rejection::Expired));
    // Clocks may differ by 30 s.
    assert_eq!(open(&token, &RING, &rules(), at(-30)), Ok(claims()));
    assert_eq!(open(&token, &RING, &rules(), at(-31)), Err(Rejection::NotYetValid));
}

#[test]
fn equal_claims_give_different_tokens_of_one_length() {
    let mut rng = rng(3);
    let first = seal(&claims(), RING.sealing(at(0)), &mut rng).unwrap();
    let second = seal(&claims(), RING.sealing(at(0)), &mut rng).unwrap();
    assert_ne!(first, second);
    assert_ne!(first[40..], second[40..]);
    let longer = Claims {
        holder: Holder::new("EE", "30110100103", &"Ö".repeat(30), &"Ä".repeat(30)).unwrap(),
        client: Some("portal".into()),
        certificate: Some([9; 32]),
        ..claims()
    };
    for token in [&first, &second, &sealed(&longer)] {
        assert_eq!(token.len(), 700);
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let token = sealed(&claims());
    let octets = Base64UrlUnpadded::decode_vec(&token).unwrap();
    let mut seen = std::collections::HashSet::new();
    for bit in 0..octets.len() * 8 {
        let mut flipped = octets.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let refused = open(&Base64UrlUnpadded::encode_string(&flipped), &RING, &rules(), at(0)).unwrap_err();
        let expected = match bit / 8 {
            0 => Rejection::Malformed,
            1..=4 => Rejection::UnknownKey,
            _ => Rejection::NotAuthentic,
        };
        assert_eq!(refused, expected, "bit {bit}");
        seen.insert(refused);
    }
    assert_eq!(seen.len(), 3);
}

#[test]
fn every_flipped_bit_of_the_text_is_refused() {
    let token = sealed(&claims());
    for bit in 0..token.len() * 8 {
        let mut flipped = token.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        // What is no UTF-8 reaches no parser: HTTP hands on visible ASCII alone.
        if let Ok(flipped) = String::from_utf8(flipped) {
            assert!(open(&flipped, &RING, &rules(), at(0)).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn what_is_cut_or_longer_is_malformed() {
    let token = sealed(&claims());
    for cut in 0..token.len() {
        assert_eq!(open(&token[..cut], &RING, &rules(), at(0)), Err(Rejection::Malformed), "{cut}");
    }
    for wrong in [format!("{token}A"), format!(" {token}"), format!("{token}=="), "A".repeat(1 << 20)] {
        assert_eq!(open(&wrong, &RING, &rules(), at(0)), Err(Rejection::Malformed));
    }
}

#[test]
fn a_token_is_for_one_issuer_and_one_audience() {
    let token = sealed(&claims());
    let other = Rules { audience: "another".into(), ..rules() };
    assert_eq!(open(&token, &RING, &other, at(0)), Err(Rejection::WrongAudience));
    let other = Rules { issuer: "https://other.example".into(), ..rules() };
    assert_eq!(open(&token, &RING, &other, at(0)), Err(Rejection::WrongIssuer));
}

#[test]
fn a_retired_key_opens_what_it_sealed_and_no_more() {
    let token = sealed(&claims());
    let ring = KeyRing::parse(&RING.to_text()).unwrap();
    let day = 86_400;
    let ring = ring.rotate(at(0), SignedDuration::from_hours(24), &rules(), &mut rng(4)).unwrap();
    assert_eq!(ring.keys().len(), 2);
    let (old, new) = (ring.keys()[0].id(), ring.keys()[1].id());
    assert_eq!(ring.sealing(at(day - 1)).id(), old);
    assert_eq!(ring.sealing(at(day)).id(), new);
    // The next key opens already: another server may be ahead.
    let ahead = seal(&claims(), &ring.keys()[1], &mut rng(5)).unwrap();
    assert_eq!(open(&ahead, &ring, &rules(), at(0)), Ok(claims()));
    // In its last second the old key seals a token that has its whole life.
    let last = Claims::new(
        &rules(),
        claims().holder,
        Method::IdCard,
        Assurance::High,
        TokenId([1; 16]),
        at(day - 1),
    );
    let late = seal(&last, &ring.keys()[0], &mut rng(6)).unwrap();
    assert_eq!(open(&late, &ring, &rules(), at(day + 7198)), Ok(last));
    // Whoever found the old key later makes nothing of it.
    let mut forged = claims();
    forged.issued_at = at(day + 8000);
    forged.not_before = at(day + 8000);
    forged.expires_at = at(day + 15_000);
    let forged = seal(&forged, &ring.keys()[0], &mut rng(7)).unwrap();
    assert_eq!(open(&forged, &ring, &rules(), at(day + 8000)), Err(Rejection::RetiredKey));
    assert_eq!(open(&token, &ring, &rules(), at(day + 8000)), Err(Rejection::RetiredKey));
    // The next rotation throws it away.
    let ring = ring.rotate(at(day + 8000), SignedDuration::ZERO, &rules(), &mut rng(8)).unwrap();
    assert_eq!(open(&token, &ring, &rules(), at(day + 8000)), Err(Rejection::UnknownKey));
}

#[test]
fn a_key_file_is_read_as_it_was_written() {
    let text = RING.to_text();
    let again = KeyRing::parse(&text).unwrap();
    assert_eq!(again.to_text(), text);
    assert_eq!(open(&sealed(&claims()), &again, &rules(), at(0)), Ok(claims()));
    let line = text.lines().last().unwrap();
    for (wrong, error) in [
        (String::new(), Error::NoKey),
        ("# nothing".into(), Error::NoKey),
        (format!("{line}\n{line}"), Error::SameName { id: RING.keys()[0].id() }),
        (format!("\n{}", &line[1..]), Error::MalformedKey { line: 2 }),
        (format!("{line} more"), Error::MalformedKey { line: 1 }),
        (line.replace("T", " "), Error::MalformedKey { line: 1 }),
    ] {
        assert_eq!(KeyRing::parse(&wrong).err(), Some(error), "{wrong}");
    }
}

#[test]
fn claims_that_are_none_are_unreadable() {
    let good = String::from_utf8(claims().to_json()).unwrap();
    assert!(Claims::from_json(good.as_bytes()).is_some());
    for (from, to) in [
        ("\"ver\":1", "\"ver\":2"),
        (",\"ver\":1", ""),
        ("\"amr\":[\"smartid\"]", "\"amr\":[]"),
        ("\"amr\":[\"smartid\"]", "\"amr\":[\"smartid\",\"pwd\"]"),
        ("\"smartid\"", "\"telepathy\""),
        ("\"acr\":\"high\"", "\"acr\":\"HIGH\""),
        ("EE-30110100103", "EE30110100103"),
        ("EE-30110100103", "ee-30110100103"),
        ("\"Jan\"", "\"\""),
        ("\"Jan\"", "\"J\\u202ean\""),
        ("\"exp\":1780322400", "\"exp\":9e99"),
        ("BwcHBwcHBwcHBwcHBwcHBw", "BwcHBwcHBwcHBwcHBwcHB"),
    ] {
        let wrong = good.replace(from, to);
        assert_ne!(wrong, good, "{from}");
        assert!(Claims::from_json(wrong.as_bytes()).is_none(), "{to}");
        let token = seal_json(wrong.as_bytes(), RING.sealing(at(0)), [0; NONCE]).unwrap();
        assert_eq!(open(&token, &RING, &rules(), at(0)), Err(Rejection::Unreadable), "{to}");
    }
    // A later release may say more.
    let more = good.replace("\"ver\":1", "\"ver\":1,\"more\":{\"x\":[1]}");
    assert_eq!(Claims::from_json(more.as_bytes()), Some(claims()));
    assert_eq!(
        seal_json(&[b' '; 1921], RING.sealing(at(0)), [0; NONCE]),
        Err(Error::TooLong { found: 1921, most: 1920 })
    );
}

#[test]
fn a_step_up_asks_for_proof_that_is_high_and_fresh() {
    let ten = SignedDuration::from_mins(10);
    assert!(claims().is_fresh(Assurance::High, ten, at(600)));
    assert!(!claims().is_fresh(Assurance::High, ten, at(601)));
    let lower = Claims { assurance: Assurance::Substantial, ..claims() };
    assert!(!lower.is_fresh(Assurance::High, ten, at(0)));
    let told = Claims { method: Method::Asserted, ..claims() };
    assert!(!told.is_proven() && !told.is_fresh(Assurance::Low, ten, at(0)));
}

/// A vector of `fixtures/token/vectors.json`.
#[derive(Serialize, Deserialize)]
struct Vector {
    name: String,
    secret: String,
    key_id: String,
    nonce: String,
    claims: serde_json::Value,
    token: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../fixtures/token/vectors.json")).unwrap()
}

fn key(vector: &Vector) -> TokenKey {
    let mut secret = Zeroizing::new([0; 32]);
    hex::decode_to_slice(&vector.secret, secret.as_mut()).unwrap();
    TokenKey::new(KeyId::parse(&vector.key_id).unwrap(), secret, at(0))
}

#[test]
fn vectors_are_sealed_and_opened() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 4);
    for vector in &vectors {
        let mut nonce = [0; NONCE];
        hex::decode_to_slice(&vector.nonce, &mut nonce).unwrap();
        let claims = Claims::from_json(vector.claims.to_string().as_bytes()).unwrap();
        assert_eq!(
            seal_json(&claims.to_json(), &key(vector), nonce).unwrap(),
            vector.token,
            "{}",
            vector.name
        );
        let rules = Rules::new(claims.issuer.clone(), claims.audience.clone());
        let ring = KeyRing::new(vec![key(vector)]).unwrap();
        assert_eq!(open(&vector.token, &ring, &rules, claims.issued_at), Ok(claims), "{}", vector.name);
    }
}

/// The program of `docs/registrant.md` in another language opens what this crate seals.
#[test]
fn another_language_opens_the_vectors() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    for vector in vectors() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/token/open.mjs");
        let started = Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut node) = started else {
            println!("SKIP another_language_opens_the_vectors: Node.js is not installed");
            return;
        };
        let input = serde_json::json!({ "secret": vector.secret, "token": vector.token }).to_string();
        node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", vector.name);
        let claims: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(claims, vector.claims, "{}", vector.name);
    }
}

/// Writes the vectors. Run with `--ignored` after the format has changed, which it should not.
#[test]
#[ignore = "writes fixtures/token/vectors.json"]
fn write_the_vectors() {
    let mut rng = rng(2026);
    let holder = |given: &str, family: &str| Holder::new("EE", "30110100103", given, family).unwrap();
    let base =
        |holder, method, assurance| Claims::new(&rules(), holder, method, assurance, TokenId([7; 16]), at(0));
    let vectors: Vec<Vector> = [
        (
            "the log-in of the documented sample",
            base(holder("Jan", "Tamm"), Method::SmartId, Assurance::High),
        ),
        (
            "told by a partner",
            Claims {
                client: Some("portal".into()),
                ..base(holder("Jan", "Tamm"), Method::Asserted, Assurance::Substantial)
            },
        ),
        (
            "an identity card",
            Claims {
                certificate: Some([0xab; 32]),
                ..base(holder("JAAK-KRISTJAN", "JÕEORG"), Method::IdCard, Assurance::High)
            },
        ),
        (
            "names that need the next size",
            base(holder(&"Õ".repeat(128), &"Ž".repeat(128)), Method::Password, Assurance::Low),
        ),
    ]
    .into_iter()
    .map(|(name, claims)| {
        let (mut secret, mut id, mut nonce) = ([0; 32], [0; 4], [0; NONCE]);
        rng.fill_bytes(&mut secret);
        rng.fill_bytes(&mut id);
        rng.fill_bytes(&mut nonce);
        let key = TokenKey::new(KeyId(id), Zeroizing::new(secret), at(0));
        Vector {
            name: name.into(),
            secret: hex::encode(secret),
            key_id: key.id().to_string(),
            nonce: hex::encode(nonce),
            token: seal_json(&claims.to_json(), &key, nonce).unwrap(),
            claims: serde_json::from_slice(&claims.to_json()).unwrap(),
        }
    })
    .collect();
    let text = serde_json::to_string_pretty(&vectors).unwrap() + "\n";
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/token/vectors.json"), text).unwrap();
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let name = "[\\p{L}][\\p{L} '’.-]{0,100}[\\p{L}]";
    let text = "[a-zA-Z0-9:/._-]{0,80}";
    (
        ("[A-Z]{2}", "[A-Za-z0-9][A-Za-z0-9-]{0,29}", name, name),
        (text, text, proptest::option::of(text)),
        (proptest::sample::select(&Method::ALL), proptest::sample::select(&Assurance::ALL)),
        (any::<[u8; 16]>(), proptest::option::of(any::<[u8; 32]>())),
        (0..100_000_000_i64, 0..100_000_i64, -100_000..0_i64),
    )
        .prop_map(
            |(
                (country, code, given, family),
                (issuer, audience, client),
                (method, assurance),
                ids,
                times,
            )| {
                let holder = Holder::new(&country, &code, &given, &family).unwrap();
                let rules = Rules::new(issuer, audience);
                let (issued, age, authenticated) = times;
                Claims {
                    client,
                    certificate: ids.1,
                    expires_at: at(issued + age + 1),
                    authenticated_at: at(issued + authenticated),
                    ..Claims::new(&rules, holder, method, assurance, TokenId(ids.0), at(issued))
                }
            },
        )
}

proptest! {
    #[test]
    fn what_is_sealed_is_opened(claims in any_claims(), seed: u64) {
        let mut rng = rng(seed);
        let ring = KeyRing::generate(claims.issued_at, &mut rng);
        let token = seal(&claims, ring.sealing(claims.issued_at), &mut rng).unwrap();
        let rules = Rules::new(claims.issuer.clone(), claims.audience.clone());
        prop_assert_eq!(open(&token, &ring, &rules, claims.issued_at), Ok(claims));
    }

    #[test]
    fn no_other_text_is_opened(token in ".{0,800}|[A-Za-z0-9_-]{700}|AQ[A-Za-z0-9_-]{698}") {
        prop_assert!(open(&token, &RING, &rules(), at(0)).is_err());
    }
}

#[test]
fn the_table_decodes_as_the_library_does() {
    let mut rng = rng(11);
    for len in [3, 30, 525] {
        let mut octets = vec![0; len];
        rng.fill_bytes(&mut octets);
        let text = Base64UrlUnpadded::encode_string(&octets);
        let mut decoded = vec![0; len];
        assert!(decode(text.as_bytes(), &mut decoded));
        assert_eq!(decoded, octets);
    }
    for byte in 0..=u8::MAX {
        let inside = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        for place in 0..8 {
            let mut text = *b"AAAAAAAA";
            text[place] = byte;
            assert_eq!(decode(&text, &mut [0; 6]), inside, "{byte:02x} at {place}");
        }
    }
}
