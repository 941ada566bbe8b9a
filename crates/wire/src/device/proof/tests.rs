use std::cell::Cell;

use rand_core::SeedableRng;

use super::*;

const URL: &str = "https://sid.example.test/device/v1/keys?wait=25";
const BODY: &[u8] = br#"{"use":"AUTH"}"#;
const NONCE: &str = "AAAAAGsFfGAAAAAAAAAAAAAAAAAAAAAA";

fn rng() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(11)
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_341_600).unwrap()
}

fn request() -> ProvenRequest<'static> {
    ProvenRequest { method: "POST", url: URL, body: BODY, now: now() }
}

fn claims() -> ProofClaims {
    ProofClaims::new("POST", URL, BODY, NONCE, now(), &mut rng())
}

fn verify(proof: &str, key: &Jwk, request: &ProvenRequest<'_>) -> Result<ProofClaims, Error> {
    UnverifiedProof::parse(proof)?.verify(key, request, |nonce| nonce == NONCE, |_| true)
}

fn fault(result: Result<ProofClaims, Error>) -> ProofFault {
    match result {
        Err(Error::Proof(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_proof_proves_its_own_request() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    let read = UnverifiedProof::parse(&proof).unwrap();
    assert_eq!(read.kid(), &key.jwk().thumbprint());
    assert_eq!(verify(&proof, key.jwk(), &request()), Ok(claims()));
    assert!(proof.len() < 700, "{}", proof.len());
}

#[test]
fn an_empty_body_is_hashed_too() {
    let key = DeviceKey::generate(&mut rng());
    let claims = ProofClaims::new("GET", URL, b"", NONCE, now(), &mut rng());
    assert_eq!(claims.bh.to_string(), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    let get = ProvenRequest { method: "GET", body: b"", ..request() };
    assert!(verify(&key.prove(&claims).unwrap(), key.jwk(), &get).is_ok());
}

#[test]
fn a_proof_of_another_request_is_refused() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    for (other, expected) in [
        (ProvenRequest { method: "GET", ..request() }, ProofFault::Method),
        (ProvenRequest { method: "post", ..request() }, ProofFault::Method),
        (
            ProvenRequest { url: "https://sid.example.test/device/v1/keys?wait=26", ..request() },
            ProofFault::Url,
        ),
        (
            ProvenRequest { url: "http://sid.example.test/device/v1/keys?wait=25", ..request() },
            ProofFault::Url,
        ),
        (ProvenRequest { url: "https://sid.example.test/device/v1/keys", ..request() }, ProofFault::Url),
        (ProvenRequest { body: br#"{"use":"SIGN"}"#, ..request() }, ProofFault::Body),
        (ProvenRequest { body: b"", ..request() }, ProofFault::Body),
    ] {
        assert_eq!(fault(verify(&proof, key.jwk(), &other)), expected);
    }
}

#[test]
fn a_proof_is_good_for_a_minute_either_way() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    for (seconds, good) in [(0, true), (60, true), (61, false), (-60, true), (-61, false), (86_400, false)] {
        let later =
            ProvenRequest { now: Timestamp::from_second(now().as_second() + seconds).unwrap(), ..request() };
        let result = verify(&proof, key.jwk(), &later);
        assert_eq!(result.is_ok(), good, "{seconds}");
        if !good {
            assert_eq!(fault(result), ProofFault::Time);
        }
    }
    let extreme = ProofClaims { iat: i64::MIN, ..claims() };
    assert_eq!(fault(verify(&key.prove(&extreme).unwrap(), key.jwk(), &request())), ProofFault::Time);
}

#[test]
fn a_proof_of_another_device_is_refused() {
    let mut rng = rng();
    let (ours, theirs) = (DeviceKey::generate(&mut rng), DeviceKey::generate(&mut rng));
    let proof = theirs.prove(&claims()).unwrap();
    assert_eq!(fault(verify(&proof, ours.jwk(), &request())), ProofFault::Key);

    // Their signature under our key id.
    let (header, rest) = proof.split_once('.').unwrap();
    let header = String::from_utf8(from_b64u(header).unwrap()).unwrap();
    let header = header.replace(theirs.jwk().thumbprint().as_str(), ours.jwk().thumbprint().as_str());
    let forged = format!("{}.{rest}", b64u(header.as_bytes()));
    assert_eq!(fault(verify(&forged, ours.jwk(), &request())), ProofFault::Signature);
}

#[test]
fn any_changed_character_makes_a_proof_invalid() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    for index in 0..proof.len() {
        let mut changed = proof.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed, key.jwk(), &request()).is_err(), "{index}");
    }
}

/// Signs any header and claims, as only a broken or hostile phone would.
fn forge(key: &DeviceKey, header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", b64u(header.as_bytes()), b64u(claims.as_bytes()));
    let signature = key.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", b64u(signature.as_ref()))
}

#[test]
fn only_our_header_is_read() {
    let key = DeviceKey::generate(&mut rng());
    let kid = key.jwk().thumbprint();
    let claims = serde_json::to_string(&claims()).unwrap();
    let header = format!(r#"{{"typ":"device-proof+jwt","alg":"ES256","kid":"{kid}"}}"#);
    assert!(verify(&forge(&key, &header, &claims), key.jwk(), &request()).is_ok());
    for (from, to, expected) in [
        ("ES256", "none", ProofFault::Header),
        ("ES256", "HS256", ProofFault::Header),
        ("device-proof+jwt", "dpop+jwt", ProofFault::Header),
        (r#"{"typ""#, r#"{"crit":["b64"],"b64":false,"typ""#, ProofFault::Malformed),
        (r#"{"typ""#, r#"{"jwk":{},"typ""#, ProofFault::Malformed),
        (r#"{"typ""#, r#"{"alg":"none","typ""#, ProofFault::Malformed),
        (r#","kid""#, r#","Kid""#, ProofFault::Malformed),
    ] {
        let changed = header.replace(from, to);
        assert_ne!(changed, header);
        assert_eq!(fault(verify(&forge(&key, &changed, &claims), key.jwk(), &request())), expected, "{to}");
    }
}

#[test]
fn malformed_claims_are_refused() {
    let key = DeviceKey::generate(&mut rng());
    let header = format!(r#"{{"typ":"device-proof+jwt","alg":"ES256","kid":"{}"}}"#, key.jwk().thumbprint());
    let right = claims();
    let text = serde_json::to_string(&right).unwrap();
    for (from, to) in [
        (format!("\"jti\":\"{}\"", right.jti), "\"jti\":\"AAAA\"".to_owned()),
        (format!("\"bh\":\"{}\"", right.bh), "\"bh\":\"AAAA\"".to_owned()),
        (format!("\"iat\":{}", right.iat), format!("\"iat\":{}.5", right.iat)),
        (format!("\"iat\":{}", right.iat), format!("\"iat\":\"{}\"", right.iat)),
        ("\"htm\":\"POST\",".to_owned(), String::new()),
        ("\"htm\":\"POST\"".to_owned(), "\"htm\":\"POST\",\"htm\":\"GET\"".to_owned()),
    ] {
        let changed = text.replace(&from, &to);
        assert_ne!(changed, text);
        assert_eq!(
            fault(verify(&forge(&key, &header, &changed), key.jwk(), &request())),
            ProofFault::Malformed,
            "{to}"
        );
    }
}

#[test]
fn what_is_not_a_jws_is_refused() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    let short = proof[..proof.len() - 4].to_owned();
    let padded = format!("{proof}=");
    for wrong in
        ["", ".", "..", "a.b.c", "a.b", &short, &padded, &format!("{proof}.AAAA"), &format!(" {proof}")]
    {
        assert_eq!(UnverifiedProof::parse(wrong).err(), Some(Error::Proof(ProofFault::Malformed)), "{wrong}");
    }
    let long = "a".repeat(PROOF_MAX + 1);
    assert_eq!(UnverifiedProof::parse(&long).err(), Some(Error::Proof(ProofFault::TooLong)));
}

#[test]
fn nonce_and_replay_are_asked_only_about_good_proofs() {
    let key = DeviceKey::generate(&mut rng());
    let proof = key.prove(&claims()).unwrap();
    let (nonces, ids) = (Cell::new(0), Cell::new(0));
    let check = |request: &ProvenRequest<'_>, fresh: bool, new: bool| {
        UnverifiedProof::parse(&proof).unwrap().verify(
            key.jwk(),
            request,
            |nonce| {
                assert_eq!(nonce, NONCE);
                nonces.set(nonces.get() + 1);
                fresh
            },
            |jti| {
                assert_eq!(jti, claims().jti.as_ref());
                ids.set(ids.get() + 1);
                new
            },
        )
    };
    assert!(check(&ProvenRequest { body: b"", ..request() }, true, true).is_err());
    assert_eq!((nonces.get(), ids.get()), (0, 0));
    assert_eq!(fault(check(&request(), false, true)), ProofFault::Nonce);
    assert_eq!((nonces.get(), ids.get()), (1, 0));
    assert_eq!(fault(check(&request(), true, false)), ProofFault::Replayed);
    assert_eq!((nonces.get(), ids.get()), (2, 1));
    assert!(check(&request(), true, true).is_ok());
}

#[test]
fn only_an_old_nonce_asks_for_another_try() {
    for fault in ProofFault::ALL {
        assert_eq!(fault.code() == DeviceErrorCode::UseNonce, *fault == ProofFault::Nonce);
    }
}

#[test]
fn a_stored_key_is_the_same_key() {
    let key = DeviceKey::generate(&mut rng());
    let stored = DeviceKey::from_secret(&key.to_secret()).unwrap();
    assert_eq!(stored.jwk(), key.jwk());
    assert!(verify(&stored.prove(&claims()).unwrap(), key.jwk(), &request()).is_ok());
    assert!(DeviceKey::from_secret(&[0; 32]).is_err());
    assert!(DeviceKey::from_secret(&[255; 32]).is_err());
}

/// The example of RFC 7515 A.3: somebody else's signature, verified by the same code path as ours.
#[test]
fn a_signature_of_the_standard_verifies() {
    let jwk: Jwk = serde_json::from_str(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .unwrap();
    let signed = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let proof = UnverifiedProof {
        kid: jwk.thumbprint(),
        claims: claims(),
        signed,
        signature: from_b64u(signature).unwrap(),
    };
    assert!(proof.verify(&jwk, &request(), |_| true, |_| true).is_ok());
}
