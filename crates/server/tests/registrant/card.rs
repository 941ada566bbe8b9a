//! Identity cards: in the TLS handshake, behind a proxy, and through Web eID; with a CA and a responder of the test's own.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::extension::oid;
use countersign_pki::ocsp::{self, Freshness, Responder, Status};
use countersign_pki::profile::{
    Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
};
use countersign_pki::verify::{Curve, ecdsa_fixed_from_der};
use countersign_pki::{Certificate, Signer, SoftwareKey, crl};
use countersign_server::{Config, Listeners, Server, listen};
use countersign_testkit::{START, World, seeded};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Call, TOKEN, count, errors, me, not_authorized, refused, token};

/// Two CAs, cards of one person, and a responder that says what it is told.
struct Cards {
    _folder: tempfile::TempDir,
    anchors: std::path::PathBuf,
    card: SoftwareKey,
    good: Certificate,
    /// Of the CA's hierarchy, for the phone instead of cards.
    for_phones: Certificate,
    /// Of a CA that nobody trusts.
    of_another: Certificate,
    status: Arc<Mutex<Status>>,
}

fn organization() -> Organization {
    Organization { country: "EE".into(), name: "TEST Cards".into(), identifier: "NTREE-12345678".into() }
}

async fn cards() -> Cards {
    let mut rng = seeded(5);
    let from = START - SignedDuration::from_hours(24);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let addresses = Addresses {
        ca_issuers: Some(format!("{url}ca.crt")),
        ocsp: Some(url.clone()),
        crl: Some(format!("{url}ca.crl")),
    };
    let years = |count| Validity::years(from, count).unwrap();

    let root_key = SoftwareKey::generate_ec(Curve::P521).unwrap();
    let root_name = organization().named("TEST card root").unwrap();
    let root = issue_root(&CaProfile::root(root_name), &root_key, years(10), &mut rng).unwrap();
    let ca_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let ca_name = organization().named("TEST cards 2026").unwrap();
    let ca_profile = CaProfile::issuing(ca_name, "https://example.test/cps", addresses.clone());
    let ca = Issuer::new(&root, &root_key)
        .unwrap()
        .issue_ca(&ca_profile, ca_key.public_key(), years(9), &mut rng)
        .unwrap();

    let person = Person {
        country: "EE".into(),
        surname: "JÕEORG".into(),
        given_name: "JAAK-KRISTJAN".into(),
        identifier: "PNOEE-38001085718".into(),
        document_number: "PNOEE-38001085718-CARD-Q".into(),
        date_of_birth: None,
    };
    let phones = Profile::non_qualified("https://example.test/cps", addresses);
    let profile = Profile { authentication_purpose: oid::KP_CLIENT_AUTH, ..phones.clone() };
    let card = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let issue = |issuer: &Certificate, key: &SoftwareKey, profile: &Profile, rng: &mut _| {
        Issuer::new(issuer, key)
            .unwrap()
            .issue_person(profile, &person, Use::Authentication, card.public_key(), from, rng)
            .unwrap()
    };
    let good = issue(&ca, &ca_key, &profile, &mut rng);
    let for_phones = issue(&ca, &ca_key, &phones, &mut rng);
    let other_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let other = Issuer::new(&root, &root_key)
        .unwrap()
        .issue_ca(
            &CaProfile { subject: organization().named("TEST others").unwrap(), ..ca_profile },
            other_key.public_key(),
            years(9),
            &mut rng,
        )
        .unwrap();
    let of_another = issue(&other, &other_key, &profile, &mut rng);

    let responder_key = SoftwareKey::generate_ec(Curve::P256).unwrap();
    let responder_name = organization().named("TEST responder").unwrap();
    let delegate = Issuer::new(&ca, &ca_key)
        .unwrap()
        .issue_ocsp_responder(
            responder_name,
            responder_key.public_key(),
            Validity::days(from, 90).unwrap(),
            &mut rng,
        )
        .unwrap();
    let responder =
        Responder::new(vec![ocsp::Authority::new(&ca, &delegate, Arc::new(responder_key)).unwrap()]);
    let responder = Arc::new(responder);
    let status = Arc::new(Mutex::new(Status::Good));
    let said = Arc::clone(&status);
    let routes = Router::new().route(
        "/",
        post(move |request: Bytes| async move {
            let status = *said.lock().unwrap();
            responder.respond(&request, |_| status, START, &Freshness::default())
        }),
    );
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let folder = tempfile::tempdir().unwrap();
    let anchors = folder.path().join("cards.pem");
    std::fs::write(&anchors, ca.to_pem()).unwrap();
    Cards { _folder: folder, anchors, card, good, for_phones, of_another, status }
}

impl Cards {
    fn config(&self) -> Config {
        let text = format!("[registrant]\ncard_trust = [{:?}]", self.anchors.to_str().unwrap());
        let mut config = Config::dev();
        config.registrant = Config::parse(&text).unwrap().registrant;
        config.registrant.tries_per_address = 0;
        config
    }

    /// A Web eID token for this origin and challenge.
    fn sign(&self, certificate: &Certificate, origin: &str, challenge: &str) -> Value {
        let digest = countersign_pki::Digest::Sha384;
        let mut signed = digest.of(origin.as_bytes());
        signed.extend(digest.of(challenge.as_bytes()));
        let signature = ecdsa_fixed_from_der(Curve::P384, &self.card.sign(&signed).unwrap()).unwrap();
        json!({
            "unverifiedCertificate": STANDARD.encode(certificate.as_der()),
            "algorithm": "ES384",
            "signature": STANDARD.encode(signature),
            "format": "web-eid:1.0",
            "appVersion": "https://web-eid.eu/web-eid-app/releases/v2.0.0",
        })
    }
}

/// A challenge, and the cookie of the browser that has it.
async fn challenge(world: &World) -> (String, String) {
    let answer = Call::default().get(world, "/auth/challenge").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/registrant/auth", "Max-Age=300"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let nonce = answer.json()["nonce"].as_str().unwrap().to_owned();
    assert_eq!(nonce.len(), 44);
    (nonce, cookie.split(';').next().unwrap().to_owned())
}

#[tokio::test]
async fn a_card_behind_a_browser_logs_in() {
    let cards = cards().await;
    let world = World::with(cards.config());
    let (nonce, cookie) = challenge(&world).await;
    let auth_token = cards.sign(&cards.good, "http://localhost", &nonce);
    let body = json!({ "auth_token": auth_token, "challenge": nonce });
    let browser = Call::default().with("cookie", &cookie);
    let token = token(&browser.post(&world, TOKEN, &body).await);
    let held = me(&world, &token).await;
    assert_eq!((&held["ident"], &held["last_name"]), (&json!("38001085718"), &json!("JÕEORG")));
    let authentication = &held["authentication"];
    assert_eq!((&authentication["method"], &authentication["assurance"]), (&json!("idcard"), &json!("high")));
    // A challenge serves once.
    refused(&browser.post(&world, TOKEN, &body).await, 401, &not_authorized());
    assert_eq!(count(&world, "token", "no-challenge").await, 1);
}

#[tokio::test]
async fn what_comes_with_a_card_must_agree() {
    let cards = cards().await;
    let world = World::with(cards.config());
    for (first, status) in [("Jaak-Kristjan", 201), ("Jan", 422)] {
        let (nonce, cookie) = challenge(&world).await;
        let body = json!({
            "auth_token": cards.sign(&cards.good, "http://localhost", &nonce), "challenge": nonce,
            "ident": "38001085718", "first_name": first, "last_name": "Jõeorg",
        });
        let answer = Call::default().with("cookie", &cookie).post(&world, TOKEN, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 422 {
            refused(&answer, 422, &errors("first_name", "does not match the verified identity"));
        }
    }
}

#[tokio::test]
async fn every_fault_of_a_web_eid_log_in_is_one_answer() {
    let cards = cards().await;
    let world = World::with(cards.config());
    let mine = "http://localhost";
    let mut broken = cards.sign(&cards.good, mine, "x");
    broken["format"] = json!("web-eid:2.0");
    for (certificate, origin, other_challenge, other_browser, reason) in [
        (&cards.good, "https://evil.example", false, false, "wrong-signature"),
        (&cards.good, mine, true, false, "wrong-signature"),
        (&cards.good, mine, false, true, "no-challenge"),
        (&cards.for_phones, mine, false, false, "untrusted-certificate"),
        (&cards.of_another, mine, false, false, "untrusted-certificate"),
    ] {
        let (nonce, mut cookie) = challenge(&world).await;
        let signed = if other_challenge { challenge(&world).await.0 } else { nonce.clone() };
        if other_browser {
            cookie = challenge(&world).await.1;
        }
        let body = json!({ "auth_token": cards.sign(certificate, origin, &signed), "challenge": nonce });
        let before = count(&world, "token", reason).await;
        let answer = Call::default().with("cookie", &cookie).post(&world, TOKEN, &body).await;
        refused(&answer, 401, &not_authorized());
        assert_eq!(count(&world, "token", reason).await, before + 1, "{reason}");
    }
    let (nonce, cookie) = challenge(&world).await;
    let body = json!({ "auth_token": broken, "challenge": nonce });
    let browser = Call::default().with("cookie", &cookie);
    refused(&browser.post(&world, TOKEN, &body).await, 401, &not_authorized());
    assert_eq!(count(&world, "token", "malformed-web-eid").await, 1);

    let (nonce, cookie) = challenge(&world).await;
    world.advance(300);
    let body = json!({ "auth_token": cards.sign(&cards.good, mine, &nonce), "challenge": nonce });
    refused(
        &Call::default().with("cookie", &cookie).post(&world, TOKEN, &body).await,
        401,
        &not_authorized(),
    );
}

#[tokio::test]
async fn a_revoked_card_is_refused_and_one_that_nobody_knows_of() {
    let cards = cards().await;
    let world = World::with(cards.config());
    let shown = Call { certificate: Some(cards.good.as_der().to_vec()), ..Call::default() };
    *cards.status.lock().unwrap() = Status::Revoked { at: START, reason: crl::Reason::KeyCompromise };
    refused(&shown.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
    assert_eq!(count(&world, "token", "revoked").await, 1);
    *cards.status.lock().unwrap() = Status::UnknownIssuer;
    let wanted = errors("base", "the status of the certificate cannot be found out");
    refused(&shown.post(&world, TOKEN, &json!({})).await, 503, &wanted);
    // An answer of another day is none.
    *cards.status.lock().unwrap() = Status::Good;
    world.advance(3600);
    refused(&shown.post(&world, TOKEN, &json!({})).await, 503, &wanted);
    assert_eq!(count(&world, "token", "status-unknown").await, 2);
}

#[tokio::test]
async fn a_card_in_the_handshake_needs_no_body() {
    let cards = cards().await;
    let world = World::with(cards.config());
    let shown = Call { certificate: Some(cards.good.as_der().to_vec()), ..Call::default() };
    for path in [TOKEN, "/auth/eid"] {
        let answer = shown.send(&world, http::Method::POST, path, "").await;
        let held = me(&world, &token(&answer)).await;
        assert_eq!(
            (&held["ident"], &held["authentication"]["method"]),
            (&json!("38001085718"), &json!("idcard"))
        );
    }
    for certificate in [&cards.for_phones, &cards.of_another] {
        let shown = Call { certificate: Some(certificate.as_der().to_vec()), ..Call::default() };
        refused(&shown.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
    }
    let nonsense = Call { certificate: Some(b"nonsense".to_vec()), ..Call::default() };
    refused(&nonsense.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
    refused(&Call::default().post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
}

#[tokio::test]
async fn only_a_trusted_proxy_hands_a_certificate_on() {
    let cards = cards().await;
    let mut config = cards.config();
    config.listen.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    config.listen.client_certificate_header = Some("Client-Cert".into());
    let world = World::with(config);
    let rfc_9440 = format!(":{}:", STANDARD.encode(cards.good.as_der()));
    let pem = cards.good.to_pem();
    let escaped: String = pem
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    for value in [&rfc_9440, &escaped] {
        let proxy = Call::from("10.1.2.3").with("client-cert", value);
        token(&proxy.post(&world, TOKEN, &json!({})).await);
        let stranger = Call::from("198.51.100.9").with("client-cert", value);
        refused(&stranger.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
        let twice = proxy.with("client-cert", value);
        refused(&twice.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
    }
    for value in ["", "::", ":!:", "x", "%"] {
        let proxy = Call::from("10.1.2.3").with("client-cert", value);
        refused(&proxy.post(&world, TOKEN, &json!({})).await, 401, &not_authorized());
    }
}

#[tokio::test]
async fn without_trusted_cas_there_are_no_cards() {
    let world = World::new();
    let answer = Call::default().get(&world, "/auth/challenge").await;
    refused(&answer, 401, &not_authorized());
}

/// Over a real socket: the handshake itself proves who has the key.
#[tokio::test]
async fn a_card_logs_in_over_tls() {
    let cards = cards().await;
    let world = World::with(cards.config());
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let plain = countersign_server::authority::dev::tls(world.app().now(), &mut seeded(6)).unwrap();
    let tls = listen::with_client_certificates(&plain).unwrap();
    let mut listeners = Listeners::new();
    listeners.https(listen::bind(any).await.unwrap(), tls);
    let running = Server::start(world.app().clone(), listeners);
    let url = format!("{}/api/v1/registrant/auth/token", running.addresses()[0].url());

    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = |identity: Option<String>| {
        // The test world's TLS certificate is of another day than today, and not what is tested here.
        let mut builder = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy();
        if let Some(pem) = identity {
            builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
        }
        builder.build().unwrap()
    };
    let identity = format!("{}{}", cards.good.to_pem(), &*cards.card.to_pem().unwrap());
    let answer = client(Some(identity)).post(&url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let held = me(&world, body["access_token"].as_str().unwrap()).await;
    assert_eq!(held["authentication"]["method"], "idcard");

    let answer = client(None).post(&url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    running.shutdown().await;
}
