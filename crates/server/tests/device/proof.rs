//! Device proofs: what is wrong with one is found, and every answer brings a nonce.

use countersign_wire::base64::{b64u, from_b64u};

use super::*;

/// An enrolled phone and what it takes to send requests by hand.
async fn door() -> (Person, Raw) {
    let person = Person::new().await;
    let raw = Raw::of(&person.storage()).fresh(&person.world).await;
    (person, raw)
}

#[tokio::test]
async fn a_good_proof_opens_and_a_changed_claim_does_not() {
    let (person, mut raw) = door().await;
    let world = &person.world;
    assert_eq!(raw.get(world, "/account").await.status, 200);
    type Change = fn(&mut ProofClaims);
    let changes: [(Change, DeviceErrorCode); 10] = [
        (|claims| claims.htm = "POST".into(), DeviceErrorCode::ProofInvalid),
        (|claims| claims.htu.push('?'), DeviceErrorCode::ProofInvalid),
        (|claims| claims.htu = claims.htu.replace("http:", "https:"), DeviceErrorCode::ProofInvalid),
        (|claims| claims.htu = claims.htu.replace("localhost", "elsewhere"), DeviceErrorCode::ProofInvalid),
        (|claims| claims.bh.0[0] ^= 1, DeviceErrorCode::ProofInvalid),
        (|claims| claims.iat -= 61, DeviceErrorCode::ProofInvalid),
        (|claims| claims.iat += 61, DeviceErrorCode::ProofInvalid),
        (|claims| claims.nonce.clear(), DeviceErrorCode::UseNonce),
        (|claims| claims.nonce = claims.nonce.replace(|_| true, "A"), DeviceErrorCode::UseNonce),
        (|claims| claims.jti.0.truncate(15), DeviceErrorCode::ProofInvalid),
    ];
    for (number, (change, code)) in changes.into_iter().enumerate() {
        let mut claims = raw.claims(world, &Method::GET, "/account", b"");
        change(&mut claims);
        let answer = send(world, Method::GET, "/account", Vec::new(), &[&raw.prove(&claims)]).await;
        let body = answer.json();
        assert_eq!(body["code"], code.as_str(), "{number}: {body}");
        problem(&answer, code);
    }
    for seconds in [-60, 60] {
        let mut claims = raw.claims(world, &Method::GET, "/account", b"");
        claims.iat += seconds;
        let answer = send(world, Method::GET, "/account", Vec::new(), &[&raw.prove(&claims)]).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn a_proof_counts_once() {
    let (person, mut raw) = door().await;
    let world = &person.world;
    let claims = raw.claims(world, &Method::GET, "/account", b"");
    let proof = raw.prove(&claims);
    assert_eq!(send(world, Method::GET, "/account", Vec::new(), &[&proof]).await.status, 200);
    for proof in [proof, raw.prove(&claims)] {
        let answer = send(world, Method::GET, "/account", Vec::new(), &[&proof]).await;
        problem(&answer, DeviceErrorCode::ProofInvalid);
    }
    // The same id for something else is the same id.
    let mut other = raw.claims(world, &Method::GET, "/transactions?wait=0", b"");
    other.jti = claims.jti;
    let answer = send(world, Method::GET, "/transactions?wait=0", Vec::new(), &[&raw.prove(&other)]).await;
    problem(&answer, DeviceErrorCode::ProofInvalid);
}

#[tokio::test]
async fn a_nonce_is_good_for_five_minutes() {
    let (person, mut raw) = door().await;
    person.world.advance(300);
    assert_eq!(raw.get(&person.world, "/account").await.status, 200);
    person.world.advance(1);
    let answer = raw.get(&person.world, "/account").await;
    problem(&answer, DeviceErrorCode::UseNonce);
    // The answer brings a fresh one; a phone tries again by itself.
    raw.nonce = answer.header("device-nonce").to_owned();
    assert_eq!(raw.get(&person.world, "/account").await.status, 200);
}

#[tokio::test]
async fn a_proof_is_for_one_body() {
    let (mut person, mut raw) = door().await;
    let (asked, tx) = person.asked_to_log_in().await;
    let path = format!("/transactions/{tx}/refuse");
    let req = RequestId::generate(&mut rng(1));
    let signed = serde_json::to_vec(&json!({ "req": req, "reason": "NOT_ME" })).unwrap();
    let sent = serde_json::to_vec(&json!({ "req": req, "reason": "USER" })).unwrap();
    let claims = raw.claims(&person.world, &Method::POST, &path, &signed);
    let proof = raw.prove(&claims);
    let answer = send(&person.world, Method::POST, &path, sent, &[&proof]).await;
    problem(&answer, DeviceErrorCode::ProofInvalid);
    // It was not used up by that.
    assert_eq!(send(&person.world, Method::POST, &path, signed, &[&proof]).await.status, 200);
    Asked::ended(&asked.status(&person.world).await, "USER_REFUSED");
}

#[tokio::test]
async fn what_is_no_proof_of_a_known_device_is_refused() {
    let (person, mut raw) = door().await;
    let world = &person.world;
    let claims = raw.claims(world, &Method::GET, "/account", b"");
    let good = raw.prove(&claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut octets = from_b64u(signature).unwrap();
    octets[40] ^= 1;
    let (header, rest) = signed.split_once('.').unwrap();
    let none = b64u(br#"{"typ":"device-proof+jwt","alg":"none"}"#);
    let long = format!("{header}.{}.{signature}", "A".repeat(2048));
    for proofs in [
        vec![],
        vec![good.as_str(), good.as_str()],
        vec![""],
        vec!["a.b.c"],
        vec![signed],
        vec![&format!("{signed}.{}", b64u(&octets))],
        vec![&format!("{signed}.")],
        vec![&format!("{none}.{rest}.{signature}")],
        vec![&long],
    ] {
        let answer = send(world, Method::GET, "/account", Vec::new(), &proofs).await;
        problem(&answer, DeviceErrorCode::ProofInvalid);
    }
    let mut stranger = Raw::with(DeviceKey::generate(&mut rng(2))).fresh(world).await;
    problem(&stranger.get(world, "/account").await, DeviceErrorCode::UnknownDevice);
    assert_eq!(send(world, Method::GET, "/account", Vec::new(), &[&good]).await.status, 200);
}

#[tokio::test]
async fn bodies_are_bounded_and_read_strictly() {
    let (person, mut raw) = door().await;
    let world = &person.world;
    for body in [Vec::new(), b"{".to_vec(), b"[]".to_vec(), vec![b' '; 40_000], vec![0xff; 10]] {
        let answer = raw.send(world, Method::POST, "/transactions/claim", body).await;
        problem(&answer, DeviceErrorCode::BadRequest);
    }
    // What was wrong is told by place: a token in it is not repeated.
    let body = br#"{"req":"a","token":"c2VjcmV0c2VjcmV0","nonce":"","sealed":1}"#.to_vec();
    let kid = person.kid(KeyUse::Auth);
    let answer = raw.send(world, Method::POST, &format!("/keys/{kid}/pin-check"), body).await;
    let told = problem(&answer, DeviceErrorCode::BadRequest);
    assert!(!told.to_string().contains("c2VjcmV0"), "{told}");
}

#[tokio::test]
async fn every_path_asks_for_a_proof() {
    let person = Person::new().await;
    let paths = [
        (Method::POST, "/activations"),
        (Method::POST, "/keys"),
        (Method::POST, "/keys/x/proof"),
        (Method::POST, "/registration/complete"),
        (Method::GET, "/account"),
        (Method::GET, "/transactions"),
        (Method::GET, "/transactions/x"),
        (Method::POST, "/transactions/claim"),
        (Method::POST, "/transactions/x/confirm"),
        (Method::POST, "/transactions/x/refuse"),
        (Method::POST, "/keys/x/pin-check"),
        (Method::POST, "/keys/x/pin-change"),
        (Method::POST, "/keys/x/pin-change/commit"),
        (Method::POST, "/account/revoke"),
    ];
    for (method, path) in paths {
        let answer = send(&person.world, method, path, b"{}".to_vec(), &[]).await;
        problem(&answer, DeviceErrorCode::ProofInvalid);
    }
}

#[tokio::test]
async fn the_public_url_is_what_is_proven() {
    let mut config = config();
    config.listen.public_url = Some("https://id.example.org".parse().expect("a URL"));
    let world = World::build(config, |builder| {
        let authorities = dev::authorities().expect("the TEST authority");
        builder.authorities(authorities).key_parameters(parameters())
    });
    let mut person = Person::in_world(world, DOCUMENT, 1).await;
    assert_eq!(person.line.origin(), "https://id.example.org");
    person.check_pin(KeyUse::Auth, PIN1).await.expect("right");
}
