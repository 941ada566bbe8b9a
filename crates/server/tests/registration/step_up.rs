//! People confirm with a means that another service has: a server on loopback stands for it, that asks, gets signatures or
//! none, forges, hangs, or is not there.

use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_domain::Event;
use countersign_domain::registration::{Acceptance, EndReason, Proof, RegistrationEvent};
use countersign_pki::certificate::build::Validity;
use countersign_pki::path::{self, Purpose};
use countersign_pki::profile::{
    Addresses, CaProfile, Issuer, Organization, Person, Profile, Use, issue_root,
};
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Digest, PublicKey, SignatureAlgorithm, SoftwareKey};
use countersign_server::config::{Config, RemoteService, RemoteSigning, Secret};
use countersign_server::registration::lookup::LookupKind;
use countersign_server::{Listeners, Server};
use countersign_testkit::{START, World, seeded};
use countersign_wire::id::SemanticsIdentifier;
use countersign_wire::registration::EvidenceId;
use futures_util::FutureExt;
use http::StatusCode;
use jiff::SignedDuration;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::ecdsa::{DerSignature, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::terms::identified;
use crate::{Asker, refused, world_of};

/// Who is identified in `terms`.
const NUMBER: &str = "41791234567";
const PERSON: &str = "PNOEE-49912318881";
const PAGE: &str = "https://sas.example.org/c/1";

/// What the service does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Plays {
    /// Asks, and waits.
    Asks,
    /// The same, with a page.
    AsksOnAPage,
    /// The person has signed.
    Signs(Flaw),
    /// They have not.
    Refuses(&'static str),
    /// Calls it by another name than before.
    ForgetsItsName,
    Hangs,
    SaysNothingUseful,
    TalksForEver,
    Fails(u16),
}

/// What is wrong with the signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Flaw {
    None,
    OtherStatement,
    OtherKey,
    OtherCertificate,
    OtherNames,
    OtherAuthority,
    OtherUsage,
    OtherSerial,
    Garbled,
}

/// A key of a person with its certificate.
struct Signatory {
    key: SigningKey,
    certificate: Certificate,
}

/// A root, a CA beneath it that issues to people, and some of them.
struct People {
    root: Certificate,
    ca: Certificate,
    right: Signatory,
    other_names: Signatory,
    other_usage: Signatory,
}

impl People {
    /// Of an authority of its own: each has other keys.
    fn new(seed: u64) -> Self {
        let mut rng = seeded(seed);
        let organization = Organization {
            country: "CH".into(),
            name: "TEST Means".into(),
            identifier: "VATCH-123456789".into(),
        };
        let address = |file: &str| Some(format!("http://ca.example.test/{file}"));
        let addresses =
            Addresses { ca_issuers: address("ca.crt"), ocsp: address("ocsp"), crl: address("ca.crl") };
        let from = START - SignedDuration::from_hours(24);
        let years = |count| Validity::years(from, count).unwrap();
        let root_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
        let ca_key = SoftwareKey::generate_ec(Curve::P384).unwrap();
        let profile = CaProfile::root(organization.named("TEST means root").unwrap());
        let root = issue_root(&profile, &root_key, years(10), &mut rng).unwrap();
        let name = organization.named("TEST means 2026").unwrap();
        let profile = CaProfile::issuing(name, "https://example.test/cps", addresses.clone());
        let public = countersign_pki::Signer::public_key(&ca_key).clone();
        let issuer = Issuer::new(&root, &root_key).unwrap();
        let ca = issuer.issue_ca(&profile, &public, years(9), &mut rng).unwrap();
        let profile = Profile::non_qualified("https://example.test/cps", addresses);
        let mut issue = |surname: &str, usage| {
            let mut secret = [0; 32];
            rand_core::Rng::fill_bytes(&mut rng, &mut secret);
            let key = SigningKey::from_slice(&secret).unwrap();
            let point = key.verifying_key().to_sec1_point(false);
            let public = PublicKey::from_ec_point(Curve::P256, point.as_bytes()).unwrap();
            let person = Person {
                country: "EE".into(),
                surname: surname.into(),
                given_name: "NEW".into(),
                identifier: PERSON.into(),
                document_number: format!("{PERSON}-MEAN-Q"),
                date_of_birth: None,
            };
            let issuer = Issuer::new(&ca, &ca_key).unwrap();
            let certificate = issuer.issue_person(&profile, &person, usage, &public, from, &mut rng).unwrap();
            Signatory { key, certificate }
        };
        let right = issue("TESTNUMBER", Use::Signature);
        let other_names = issue("TESTNUMMER", Use::Signature);
        let other_usage = issue("TESTNUMBER", Use::Authentication);
        Self { root, ca, right, other_names, other_usage }
    }
}

struct Service {
    kind: &'static str,
    plays: Mutex<Plays>,
    /// Path and body of what was asked about signatures.
    asked: Mutex<Vec<(String, Value)>>,
    count: watch::Sender<usize>,
    people: People,
    strangers: People,
}

impl Service {
    fn plays(&self, plays: Plays) {
        *self.plays.lock().unwrap() = plays;
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }

    fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(path, _)| path).collect()
    }

    fn signed(&self, flaw: Flaw) -> Value {
        let digest = self.asked()[0].1["digest"].as_str().map(|text| STANDARD.decode(text).unwrap()).unwrap();
        let digest = if flaw == Flaw::OtherStatement { Digest::Sha256.of(&digest) } else { digest };
        let people = if flaw == Flaw::OtherAuthority { &self.strangers } else { &self.people };
        let who = match flaw {
            Flaw::OtherNames => &people.other_names,
            Flaw::OtherUsage => &people.other_usage,
            _ => &people.right,
        };
        let key = if flaw == Flaw::OtherKey { &people.other_names.key } else { &who.key };
        let signature: DerSignature = key.sign_prehash(&digest).unwrap();
        let certificate = match flaw {
            Flaw::OtherCertificate => self.strangers.right.certificate.as_der(),
            Flaw::Garbled => b"no certificate",
            _ => who.certificate.as_der(),
        };
        json!({
            "status": "signed",
            "serialNumber": if flaw == Flaw::OtherSerial { "phone-2" } else { "phone-1" },
            "signatureAlgorithm": "ECDSA",
            "signature": STANDARD.encode(signature.as_bytes()),
            "certificate": STANDARD.encode(certificate),
            "chain": [STANDARD.encode(people.ca.as_der())],
        })
    }
}

async fn means(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let plays = *service.plays.lock().unwrap();
    match plays {
        Plays::Fails(status) if service.kind == "none" => {
            StatusCode::from_u16(status).unwrap().into_response()
        }
        _ if asked["kind"] == service.kind => {
            axum::Json(json!({ "found": true, "serial": "phone-1" })).into_response()
        }
        _ => axum::Json(json!({ "found": false })).into_response(),
    }
}

async fn answer(
    State(service): State<Arc<Service>>,
    headers: http::HeaderMap,
    path: http::Uri,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(headers["authorization"], "Bearer the key");
    service.asked.lock().unwrap().push((path.path().trim_start_matches("/v1/").to_owned(), body));
    service.count.send_modify(|count| *count += 1);
    let plays = *service.plays.lock().unwrap();
    let asks = json!({ "status": "pending", "responseId": "r/1" });
    match plays {
        Plays::Asks => axum::Json(asks).into_response(),
        Plays::AsksOnAPage => {
            let mut asks = asks;
            asks["consentUrl"] = json!(PAGE);
            axum::Json(asks).into_response()
        }
        Plays::Signs(flaw) => axum::Json(service.signed(flaw)).into_response(),
        Plays::Refuses(reason) => {
            axum::Json(json!({ "status": "refused", "reason": reason })).into_response()
        }
        Plays::ForgetsItsName => {
            axum::Json(json!({ "status": "pending", "responseId": "r/2" })).into_response()
        }
        Plays::Hangs => std::future::pending().await,
        Plays::SaysNothingUseful => "<html>not JSON</html>".into_response(),
        Plays::TalksForEver => {
            let spaces = futures_util::stream::repeat_with(|| {
                Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b' '; 4096]))
            });
            Body::from_stream(spaces).into_response()
        }
        Plays::Fails(status) => (StatusCode::from_u16(status).unwrap(), axum::Json(asks)).into_response(),
    }
}

/// A service that has this means of everybody.
async fn service(kind: &'static str) -> (Arc<Service>, String) {
    let service = Arc::new(Service {
        kind,
        plays: Mutex::new(Plays::Asks),
        asked: Mutex::new(Vec::new()),
        count: watch::Sender::new(0),
        people: People::new(5),
        strangers: People::new(6),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let routes = Router::new()
        .route("/v1/means", post(means))
        .route("/v1/sign", post(answer))
        .route("/v1/pending", post(answer))
        .with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (service, url)
}

/// Evidence is ours; app and password are the service's, and it signs with them.
fn remote(url: &str, anchors: &Path) -> RemoteService {
    RemoteService {
        url: url.parse().unwrap(),
        key: Some(Secret::new("the key")),
        seconds: 1,
        calls: 4,
        lookups: vec![LookupKind::App, LookupKind::Sas],
        sign: Some(RemoteSigning {
            trust: vec![anchors.to_owned()],
            person_seconds: 300,
            poll_seconds: 2,
            message: "Accept?".to_owned(),
            language: "en".to_owned(),
        }),
    }
}

/// A service of this means, and a world that asks it about one person who was identified.
struct Place {
    world: World,
    service: Arc<Service>,
    evidence: EvidenceId,
    url: String,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new(kind: &'static str) -> Self {
        Self::with(kind, |_| {}).await
    }

    async fn with(kind: &'static str, change: impl FnOnce(&mut Config)) -> Self {
        let (service, url) = service(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let anchors = folder.path().join("anchors.pem");
        std::fs::write(&anchors, service.people.root.to_pem()).unwrap();
        let world = world_of(|config| {
            config.registration.remote = Some(remote(&url, &anchors));
            change(config);
        })
        .await;
        let person = SemanticsIdentifier::parse(PERSON).unwrap();
        let evidence = identified(&world, &person, 11).await;
        Self { world, service, evidence, url, folder }
    }

    async fn asker(&self) -> Asker<'_> {
        Asker::server(&self.world).await
    }

    /// Somebody has decided, and waits.
    async fn decided(&self, asker: &Asker<'_>) -> String {
        let token = asker.terms(NUMBER).await;
        assert_eq!(asker.decide(&token, false).await.status, 200);
        token
    }

    /// What the job does, once.
    async fn follow(&self) -> usize {
        self.world.app().follow_confirmations().await.unwrap()
    }

    async fn acceptances(&self) -> Vec<Acceptance> {
        let id = self.evidence.clone();
        let kept = self.world.app().store().read("look", move |tx| tx.terms().accepted(&id)).await;
        kept.map_err(|error: countersign_store::Error| error).unwrap()
    }

    /// Whether it is written down that the service asks somebody.
    async fn is_taken(&self) -> bool {
        let asked = self.world.app().store().read("look", |tx| tx.terms().asked_elsewhere(10)).await;
        let asked: Vec<_> = asked.map_err(|error: countersign_store::Error| error).unwrap();
        asked.iter().all(|each| each.question().is_some_and(|question| question.response.is_some()))
    }

    async fn metrics(&self) -> String {
        self.world.get("/metrics").await.text().to_owned()
    }
}

fn waits(poll: &Value) {
    assert_eq!(
        (&poll["confirmed"], &poll["error"], &poll["consentUrl"]),
        (&json!(false), &Value::Null, &Value::Null),
        "{poll}"
    );
}

#[tokio::test]
async fn a_person_signs_elsewhere_and_is_registered_here() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    assert_eq!(asker.status(NUMBER).await["signingStatus"], "NOT_REGISTERED_AT_ALL");
    let token = place.decided(&asker).await;
    // Nothing was waited for: the service is asked behind it.
    assert_eq!(place.service.paths(), Vec::<String>::new());
    waits(&asker.poll(&token).await);
    assert_eq!(place.follow().await, 1);
    waits(&asker.poll(&token).await);
    place.follow().await;
    assert_eq!(place.service.paths(), ["sign", "pending"]);
    let [(_, sign), (_, pending)] = place.service.asked().try_into().unwrap();
    assert_eq!(pending, json!({ "requestId": sign["requestId"], "responseId": "r/1" }));
    let expected = json!({
        "requestId": sign["requestId"], "tenant": "default", "msisdn": NUMBER, "kind": "MID", "serialNumber": "phone-1",
        "digestAlgorithm": "SHA-256", "digest": sign["digest"], "language": "en", "message": "Accept?", "seconds": 300,
    });
    assert_eq!(sign, expected);
    assert!(asker.status(NUMBER).await["notFound"] == true && place.acceptances().await.is_empty());

    place.service.plays(Plays::Signs(Flaw::None));
    place.follow().await;
    let done = asker.poll(&token).await;
    assert_eq!(
        (&done["confirmed"], &done["downgrade"], &done["error"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    let status = asker.status(NUMBER).await;
    assert_eq!(
        (&status["signingStatus"], &status["status"][1]["assuranceLevel"]),
        (&json!("MID"), &json!(4))
    );
    assert_eq!(place.follow().await, 0, "nobody waits any more");
    assert_eq!(place.service.paths(), ["sign", "pending", "pending"]);

    // The proof can be checked with nothing else at hand: statement, signature, certificates up to the anchor.
    let kept = place.acceptances().await;
    assert_eq!(kept.len(), 2);
    let Proof::StepUp { statement, value, certificate, path, .. } = &kept[0].proof else {
        panic!("{:?}", kept[0].proof)
    };
    assert!(
        statement.contains(place.evidence.as_str()) && statement.contains(&kept[0].sha256[0]),
        "{statement}"
    );
    assert_eq!(sign["digest"], STANDARD.encode(Digest::Sha256.of(statement.as_bytes())));
    let signer = Certificate::from_der(certificate).unwrap();
    let above: Vec<_> = path.iter().map(|der| Certificate::from_der(der).unwrap()).collect();
    assert_eq!(above[1], place.service.people.root);
    path::validate(&signer, &above[..1], &above[1..], place.world.app().now(), Purpose::Signature).unwrap();
    let algorithm = SignatureAlgorithm::Ecdsa(Digest::Sha256);
    signer.public_key().verify(algorithm, statement.as_bytes(), value).unwrap();

    let metrics = place.metrics().await;
    for line in [
        "countersign_registration_lookups_total{lookup=\"sign\",outcome=\"pending\"} 2",
        "countersign_registration_lookups_total{lookup=\"sign\",outcome=\"signed\"} 1",
        "countersign_registration_lookup_breaker{lookup=\"sign\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

/// Two rounds at once, as after a start that overlaps with an end: both hear the answer, one writes it.
#[tokio::test]
async fn an_answer_that_comes_twice_counts_once() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    place.service.plays(Plays::Signs(Flaw::None));
    tokio::join!(place.follow(), place.follow());
    assert_eq!(place.service.paths(), ["sign", "pending", "pending"]);
    assert_eq!(asker.poll(&token).await["confirmed"], true);
    assert_eq!(place.acceptances().await.len(), 2);
    let events = place.world.app().store().read("look", |tx| tx.events().after(0, 10_000)).await;
    let events: Vec<_> = events.map_err(|error: countersign_store::Error| error).unwrap();
    let accepted =
        |event: &Event| matches!(event, Event::Registration(RegistrationEvent::TermsAccepted { .. }));
    assert_eq!(events.iter().filter(|recorded| accepted(&recorded.event)).count(), 1);

    // Nobody asks about it again, so nothing takes it back.
    place.service.plays(Plays::Refuses("cancel"));
    assert_eq!((place.follow().await, &asker.poll(&token).await["confirmed"]), (0, &json!(true)));
}

#[tokio::test]
async fn people_with_a_password_are_led_to_the_page_of_the_service() {
    let place = Place::new("SAS").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    assert_eq!(place.service.asked()[0].1["kind"], "SAS");
    waits(&asker.poll(&token).await);
    // It comes with a later answer.
    place.service.plays(Plays::AsksOnAPage);
    place.follow().await;
    assert_eq!(asker.poll(&token).await["consentUrl"], PAGE);
    // Our own page has nothing to enter.
    let own = place.world.get(&format!("/consent/{token}")).await;
    assert!(own.text().contains("nothing to enter"), "{}", own.text());
    // It stays while answers do not name it, and goes when it is over.
    place.service.plays(Plays::Asks);
    place.follow().await;
    assert_eq!(asker.poll(&token).await["consentUrl"], PAGE);
    place.service.plays(Plays::Signs(Flaw::None));
    place.follow().await;
    let done = asker.poll(&token).await;
    assert_eq!((&done["confirmed"], &done["consentUrl"]), (&json!(true), &Value::Null));
    assert_eq!(asker.status(NUMBER).await["signingStatus"], "SAS");
}

#[tokio::test]
async fn every_end_without_a_signature_has_its_word() {
    for (reason, error) in [
        ("cancel", "user_cancel"),
        ("timeout", "timeout"),
        ("wrong-credentials", "wrong_credentials"),
        ("serial-number-mismatch", "means_unavailable"),
        ("status", "means_unavailable"),
        ("service", "internal"),
        ("transport", "internal"),
    ] {
        for asked_before in [false, true] {
            let place = Place::new("MID").await;
            let asker = place.asker().await;
            let token = place.decided(&asker).await;
            if asked_before {
                place.follow().await;
            }
            place.service.plays(Plays::Refuses(reason));
            place.follow().await;
            assert_eq!(asker.poll(&token).await["error"], error, "{reason}");
            assert_eq!(
                (place.follow().await, asker.status(NUMBER).await["notFound"].clone()),
                (0, json!(true))
            );
        }
    }
}

/// A signature that does not verify never becomes an acceptance.
#[tokio::test]
async fn what_does_not_verify_is_no_acceptance() {
    for (flaw, error) in [
        (Flaw::OtherStatement, "internal"),
        (Flaw::OtherKey, "internal"),
        (Flaw::OtherCertificate, "internal"),
        (Flaw::OtherNames, "internal"),
        (Flaw::OtherAuthority, "internal"),
        (Flaw::OtherUsage, "internal"),
        (Flaw::Garbled, "internal"),
        (Flaw::OtherSerial, "means_unavailable"),
    ] {
        let place = Place::new("MID").await;
        let asker = place.asker().await;
        let token = place.decided(&asker).await;
        place.follow().await;
        place.service.plays(Plays::Signs(flaw));
        place.follow().await;
        assert_eq!(asker.poll(&token).await["error"], error, "{flaw:?}");
        assert!(place.acceptances().await.is_empty(), "{flaw:?}");
        assert_eq!(asker.status(NUMBER).await["notFound"], true, "{flaw:?}");
    }
}

#[tokio::test]
async fn evidence_that_ends_meanwhile_is_not_bound() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    let (id, now) = (place.evidence.clone(), place.world.app().now());
    let ended = place.world.app().store().write("end", move |tx| {
        let (ended, _) = tx.evidence().get(&id)?.end(EndReason::Withdrawn, now).unwrap();
        tx.evidence().update(&ended)
    });
    ended.await.map_err(|error: countersign_store::Error| error).unwrap();
    place.service.plays(Plays::Signs(Flaw::None));
    place.follow().await;
    assert_eq!(asker.poll(&token).await["error"], "internal");
    assert!(place.acceptances().await.is_empty());
    // Erased with somebody's evidence: nobody asks about it any more.
    let token = {
        let person = SemanticsIdentifier::parse(PERSON).unwrap();
        place.world.advance(1);
        identified(&place.world, &person, 12).await;
        place.service.plays(Plays::Asks);
        place.decided(&asker).await
    };
    let of = place.world.app().store().read("look", |tx| tx.terms().asked_elsewhere(10)).await;
    let of: Vec<_> = of.map_err(|error: countersign_store::Error| error).unwrap();
    let id = of[0].evidence().clone();
    let erased = place.world.app().store().write("erase", move |tx| tx.evidence().erase(&id)).await;
    erased.map_err(|error: countersign_store::Error| error).unwrap();
    assert_eq!(place.follow().await, 0);
    refused(&asker.get(&format!("/api/public/mobileid/status?token={token}")).await, 404, "unknown_token");
}

#[tokio::test]
async fn a_person_who_does_not_answer_is_not_waited_for_for_ever() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    place.world.advance(299);
    place.follow().await;
    waits(&asker.poll(&token).await);
    place.world.advance(1);
    assert_eq!(asker.poll(&token).await["error"], "timeout", "before it is written");
    // A signature that comes now comes too late, and is not even asked for.
    place.service.plays(Plays::Signs(Flaw::None));
    let calls = place.service.paths().len();
    assert_eq!((place.follow().await, place.service.paths().len()), (1, calls));
    assert_eq!((place.follow().await, asker.poll(&token).await["error"].clone()), (0, json!("timeout")));
    assert!(place.acceptances().await.is_empty());
}

/// However it fails: the question is put again for a while, under the same name; then it is over.
#[tokio::test]
async fn a_service_that_does_not_take_the_question_ends_it() {
    for plays in [
        Plays::SaysNothingUseful,
        Plays::TalksForEver,
        Plays::Fails(500),
        Plays::Fails(404),
        Plays::Fails(302),
        Plays::Fails(201),
    ] {
        let place = Place::new("MID").await;
        let asker = place.asker().await;
        place.service.plays(plays);
        let token = place.decided(&asker).await;
        place.follow().await;
        place.world.advance(29);
        place.follow().await;
        waits(&asker.poll(&token).await);
        assert_eq!(place.service.paths(), ["sign", "sign"]);
        let asked = place.service.asked();
        assert_eq!(asked[0].1["requestId"], asked[1].1["requestId"]);
        assert_eq!((&asked[0].1["seconds"], &asked[1].1["seconds"]), (&json!(300), &json!(271)));
        place.world.advance(1);
        place.follow().await;
        assert_eq!(asker.poll(&token).await["error"], "internal", "{plays:?}");
        assert_eq!(place.follow().await, 0);
        assert!(place.metrics().await.contains("{lookup=\"sign\",outcome=\"failed\"} 3"));
    }
}

#[tokio::test]
async fn a_service_that_fails_for_a_while_is_asked_on() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    for plays in [Plays::Fails(500), Plays::ForgetsItsName, Plays::SaysNothingUseful] {
        place.service.plays(plays);
        place.world.advance(60);
        place.follow().await;
        waits(&asker.poll(&token).await);
    }
    place.service.plays(Plays::Signs(Flaw::None));
    place.follow().await;
    assert_eq!(asker.poll(&token).await["confirmed"], true);
    assert!(
        place.service.asked()[1..]
            .iter()
            .all(|(path, body)| path == "pending" && body["responseId"] == "r/1")
    );
}

#[tokio::test]
async fn a_service_that_fails_again_and_again_is_left_alone() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    place.follow().await;
    place.service.plays(Plays::Fails(500));
    for _ in 0..9 {
        place.follow().await;
    }
    assert_eq!(place.service.paths().len(), 6, "after five failures nobody asks");
    let metrics = place.metrics().await;
    assert!(metrics.contains("countersign_registration_lookup_breaker{lookup=\"sign\"} 2"), "{metrics}");
    assert!(metrics.contains("{lookup=\"sign\",outcome=\"open\"} 4"), "{metrics}");
    assert!(
        metrics.contains("countersign_registration_lookup_breaker{lookup=\"app\"} 0"),
        "lookups have their own"
    );
    waits(&asker.poll(&token).await);
    place.service.plays(Plays::Signs(Flaw::None));
    place.world.advance(10);
    place.follow().await;
    assert_eq!(asker.poll(&token).await["confirmed"], true);
}

/// The clock of the runtime stands still until everybody waits: the second that an answer may take passes at once.
#[tokio::test]
async fn a_service_that_hangs_keeps_nobody_else_waiting() {
    let place = Place::new("MID").await;
    let asker = place.asker().await;
    place.service.plays(Plays::Hangs);
    // More than there are places: each waits for its turn, and none of them keeps anybody else.
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(place.decided(&asker).await);
    }
    let mut asked = place.service.count.subscribe();
    let world = place.world.clone();
    let round = tokio::spawn(async move { world.app().follow_confirmations().await.unwrap() });
    asked.wait_for(|count| *count == 4).await.unwrap();
    assert_eq!(asker.status("41001000001").await["signingStatus"], "MID");
    assert_eq!(
        asker.status(NUMBER).await["signingStatus"],
        "NOT_REGISTERED_AT_ALL",
        "lookups have places of their own"
    );
    for token in &tokens {
        waits(&asker.poll(token).await);
    }
    assert_eq!(place.service.paths().len(), 4);
    tokio::time::pause();
    assert_eq!(round.await.unwrap(), 6);
    assert!(place.metrics().await.contains("{lookup=\"sign\",outcome=\"timeout\"}"));
}

/// What is not known is not decided on: the same decision may come again.
#[tokio::test]
async fn a_means_that_cannot_be_looked_up_is_not_asked() {
    let place = Place::new("none").await;
    let asker = place.asker().await;
    let token = asker.terms(NUMBER).await;
    place.service.plays(Plays::Fails(500));
    refused(&asker.decide(&token, false).await, 503, "unavailable");
    waits(&asker.poll(&token).await);
    assert_eq!((place.follow().await, place.service.paths().len()), (0, 0));
    assert_eq!(
        asker.status(NUMBER).await["signingStatus"],
        "NOT_REGISTERED_AT_ALL",
        "row 3: no evidence is bound"
    );
    // It answers again, that there is no means.
    place.service.plays(Plays::Asks);
    assert_eq!(asker.decide(&token, false).await.status, 200);
    assert_eq!(asker.poll(&token).await["error"], "means_unavailable");
}

/// Without `[registration.remote.sign]` nobody is asked there.
#[tokio::test]
async fn a_service_that_does_not_sign_is_not_asked_to() {
    for kind in ["MID", "SAS"] {
        let place =
            Place::with(kind, |config| config.registration.remote.as_mut().unwrap().sign = None).await;
        let asker = place.asker().await;
        let token = place.decided(&asker).await;
        assert_eq!(asker.poll(&token).await["error"], "means_unavailable");
        assert_eq!((place.follow().await, place.service.paths().len()), (0, 0));
    }
}

/// A means that is our own is asked by us, also beside a service that signs.
#[tokio::test]
async fn the_own_means_are_asked_here() {
    let place = Place::with("SAS", |config| {
        config.registration.remote.as_mut().unwrap().lookups = vec![LookupKind::Sas];
    })
    .await;
    let mut person = crate::terms::Person::enrolled(&place.world, None, 7).await;
    let asker = place.asker().await;
    place.world.advance(1);
    identified(&place.world, &person.person, 13).await;
    let token = place.decided(&asker).await;
    person.answers(&place.world, true).await;
    assert_eq!(asker.poll(&token).await["confirmed"], true);
    assert_eq!((place.follow().await, place.service.paths().len()), (0, 0));
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    for taken in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().to_owned();
        let place = Place::with("MID", |config| config.store.directory = Some(directory.clone())).await;
        let asker = place.asker().await;
        let token = place.decided(&asker).await;
        if taken {
            place.follow().await;
        } else {
            // It has heard the question; we have not heard the answer.
            place.service.plays(Plays::Fails(502));
            place.follow().await;
        }
        let Place { world, service, evidence, url, folder } = place;
        drop(world);
        let anchors = folder.path().join("anchors.pem");
        let world = world_of(|config| {
            config.registration.remote = Some(remote(&url, &anchors));
            config.store.directory = Some(directory);
        })
        .await;
        let place = Place { world, service, evidence, url, folder };
        place.world.advance(10);
        place.service.plays(Plays::Signs(Flaw::None));
        assert_eq!(place.follow().await, 1);
        let asker = place.asker().await;
        assert_eq!(asker.poll(&token).await["confirmed"], true);
        let asked = place.service.asked();
        assert_eq!(asked[1].0, if taken { "pending" } else { "sign" });
        assert_eq!(asked[0].1["requestId"], asked[1].1["requestId"]);
    }
}

/// The job of a running server: it asks at once, and again after the pause.
#[tokio::test]
async fn a_running_server_asks_by_itself() {
    let place = Place::new("MID").await;
    let running = Server::start(place.world.app().clone(), Listeners::default());
    let asker = place.asker().await;
    let token = place.decided(&asker).await;
    let mut asked = place.service.count.subscribe();
    asked.wait_for(|count| *count == 1).await.unwrap();
    // It is written down, and then the job pauses.
    while !place.is_taken().await {
        tokio::task::yield_now().await;
    }
    place.service.plays(Plays::Signs(Flaw::None));
    // The pause passes on the clock of this world, and may begin only now: well within the person's time.
    let mut turns = 0;
    while asked.wait_for(|count| *count >= 2).now_or_never().is_none() {
        assert!(turns < 100, "nobody asks again");
        turns += 1;
        place.world.advance(2);
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    }
    let mut poll = asker.poll(&token).await;
    while poll["confirmed"] == false {
        assert_eq!(poll["error"], Value::Null);
        tokio::task::yield_now().await;
        poll = asker.poll(&token).await;
    }
    running.shutdown().await;
    assert_eq!(place.acceptances().await.len(), 2);
}
