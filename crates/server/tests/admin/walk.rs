//! From nothing to a qualified signature, and what another phone costs: an operator records evidence and a second one
//! approves it, the person enrols a phone, the words are compared and the phone is bound, the certificate is of the level that
//! the evidence allows, the status says so, and the person signs.

use countersign_domain::desk::{Act, Role};
use countersign_phone::{Choice, Pin};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use countersign_server::Config;
use countersign_server::authority::dev as authority;
use countersign_server::config::Admin;
use countersign_testkit::World;
use countersign_wire::base64::{b64, from_b64};
use countersign_wire::start::{Interaction, InteractionSet, Interactions};
use countersign_wire::words::{CertificateLevel, InteractionType};
use http::{Method, Request};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{PERSON, PIN2, call, enrolled, problem, wanted, world_with};

/// `portal:secret-of-second`
const CLIENT: &str = "[[registration.client]]\nid = \"portal\"\n\
    secret_sha256 = \"02e03ed42d2621b7acac3de1695ae4cde1614d1047b0914fb731495a940ec542\"\n";
const BASIC: &str = "Basic cG9ydGFsOnNlY3JldC1vZi1zZWNvbmQ=";
const NUMBER: &str = "41791234567";

fn desk() -> World {
    let key = |name: &str, roles: &[Role]| Admin { roles: roles.to_vec(), ..Admin::of_key(name, name) };
    world_with(|config| {
        config.registration.clients = Config::parse(CLIENT).expect("a client").registration.clients;
        config.admins = vec![
            key("registrar", &[Role::Registrar]),
            key("second", &[Role::Approver]),
            key("revoker", &[Role::Revoker]),
        ];
        config.desk.four_eyes = vec![Act::RecordQualified, Act::EndWrong];
    })
}

async fn as_(world: &World, who: &str, method: Method, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = call(world, method, path, &body, &[&format!("Bearer {who}")], None).await;
    assert!(answer.status.is_success(), "{who} {path}: {}", answer.text());
    answer.json()
}

/// Recorded by one, approved by another: the id.
async fn identified(world: &World) -> Value {
    let proposal = as_(world, "registrar", Method::POST, "/evidence", &identification()).await;
    assert_eq!(proposal["state"], "OPEN");
    let path = format!("/proposals/{}/approve", proposal["proposal"].as_str().expect("an id"));
    let approved = as_(world, "second", Method::POST, &path, &json!({ "sha256": proposal["sha256"] })).await;
    approved["answer"]["evidence"].clone()
}

fn on(evidence: &Value, level: &str) -> Value {
    let mut wanted = wanted();
    wanted["evidence"] = evidence.clone();
    wanted["level"] = json!(level);
    wanted
}

/// The words of phone and desk are compared, and the phone is bound.
async fn bound(world: &World, evidence: &Value, activation: &Value) -> Value {
    let path = format!("/activations/{}", activation["activation"].as_str().expect("an id"));
    let used = as_(world, "registrar", Method::GET, &path, &Value::Null).await;
    assert_eq!(used["state"], "USED");
    let device =
        countersign_wire::id::DeviceId::parse(used["device"]["deviceId"].as_str().expect("a device"));
    let device = device.expect("a device");
    let kept = world.app().store().read("look", move |tx| tx.devices().get(&device)).await;
    let kept = kept.map_err(|error: countersign_store::Error| error).expect("the phone");
    assert_eq!(
        used["device"]["words"],
        json!(kept.proof_key().thumbprint().words()),
        "the phone shows these"
    );
    let path = format!("/evidence/{}/bind", evidence.as_str().expect("an id"));
    let body = json!({ "deviceId": used["device"]["deviceId"], "reference": "case/18" });
    as_(world, "registrar", Method::POST, &path, &body).await
}

async fn token(world: &World) -> String {
    let request = Request::post("/oauth/token")
        .header("host", "localhost")
        .header("authorization", BASIC)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials&scope=smartflow".into())
        .expect("a request");
    world.send(request).await.json()["access_token"].as_str().expect("a token").to_owned()
}

/// The status, and the levels in it.
async fn status(world: &World) -> (String, Vec<u64>) {
    let request = Request::get(format!("/api/public/evidence/status?msisdn={NUMBER}"))
        .header("host", "localhost")
        .header("authorization", format!("Bearer {}", token(world).await))
        .body(axum::body::Body::empty())
        .expect("a request");
    let body = world.send(request).await.json();
    let levels = body["status"].as_array().expect("levels").iter();
    let levels = levels.filter_map(|entry| entry["assuranceLevel"].as_u64()).collect();
    (body["signingStatus"].as_str().expect("a status").to_owned(), levels)
}

/// A relying party asks for a signature, the person gives it: the certificate behind it.
async fn signed(
    world: &World,
    level: &str,
    phone: &mut countersign_phone::Phone<countersign_server::device::InProcess>,
) -> Certificate {
    let shown =
        Interaction { kind: InteractionType::DisplayTextAndPin, text: "Sign the agreement".to_owned() };
    let interactions = Interactions::new(&[shown], InteractionSet::Notification).expect("interactions");
    let digest = Digest::Sha512.of(b"the agreement");
    let body = json!({
        "relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO",
        "certificateLevel": level, "signatureProtocol": "RAW_DIGEST_SIGNATURE",
        "signatureProtocolParameters": {
            "digest": b64(&digest), "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": { "hashAlgorithm": "SHA-512" },
        },
        "interactions": interactions.as_str(),
    });
    let asked =
        world.post(&format!("/v3/signature/notification/document/{}", phone.document_number()), &body).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    let (now, mut rng) =
        (world.app().now(), ChaCha20Rng::seed_from_u64(if level == "QUALIFIED" { 98 } else { 99 }));
    let hints = phone.transactions(0, now, &mut rng).await.expect("an answer");
    let opened = phone.open_transaction(&hints[0].tx, now, &mut rng).await.expect("a transaction");
    let pin = Pin::parse(PIN2).expect("a PIN");
    phone.approve(&opened, pin, Choice::None, now, &mut rng).await.expect("approved");
    let session = asked.json()["sessionID"].as_str().expect("a session").to_owned();
    let ended = world.get(&format!("/v3/session/{session}")).await.json();
    assert_eq!(ended["result"]["endResult"], "OK", "{ended}");
    let octets = |value: &Value| from_b64(value.as_str().expect("Base64")).expect("Base64");
    let certificate = Certificate::from_der(&octets(&ended["cert"]["value"])).expect("a certificate");
    certificate
        .public_key()
        .verify_digest(
            SignatureAlgorithm::RsaPss(Digest::Sha512),
            &digest,
            &octets(&ended["signature"]["value"]),
        )
        .expect("the person's signature");
    certificate
}

/// Whether a certificate says that it is qualified, and comes from the CA of that level.
fn is_qualified(certificate: &Certificate) -> bool {
    let authorities = authority::authorities().expect("the TEST authority");
    let says = certificate.qc_statements().is_some_and(|statements| statements.compliance);
    let level = if says { CertificateLevel::Qualified } else { CertificateLevel::Advanced };
    let algorithm = certificate.signature_algorithm().expect("an algorithm");
    let ca = authorities.issuing(level).certificate().clone();
    let issued = ca.public_key().verify(algorithm, certificate.tbs_der(), certificate.signature());
    issued.expect("issued by the CA of its level");
    says
}

#[tokio::test]
async fn from_nothing_to_a_qualified_signature_and_what_another_phone_costs() {
    let world = desk();
    assert_eq!(status(&world).await, ("NOT_RA_MID_SAS".to_owned(), vec![]));
    let evidence = identified(&world).await;
    assert_eq!(status(&world).await.0, "NOT_RA_MID_SAS", "evidence that waits counts for nothing");

    let activation =
        as_(&world, "registrar", Method::POST, "/activations", &on(&evidence, "QUALIFIED")).await;
    let mut phone =
        enrolled(&world, activation["activationCode"].as_str().expect("a code"), 7).await.expect("a phone");
    assert_eq!(status(&world).await.0, "NOT_REGISTERED_AT_ALL");
    assert_eq!(bound(&world, &evidence, &activation).await["state"], "IN_FORCE");
    assert_eq!(status(&world).await, ("MID".to_owned(), vec![4, 4]));
    assert!(is_qualified(&signed(&world, "QUALIFIED", &mut phone).await));

    // The phone is lost. Another one without another identification: no qualified certificate, and level 3.
    let account = format!("/accounts/{}/revoke", phone.document_number());
    as_(&world, "revoker", Method::POST, &account, &json!({ "reason": "keyCompromise" })).await;
    assert_eq!(status(&world).await, ("MISMATCH".to_owned(), vec![3, 3]));
    let refused = on(&evidence, "QUALIFIED").to_string();
    let refused = call(&world, Method::POST, "/activations", &refused, &["Bearer registrar"], None).await;
    problem(&refused, 409, "conflict");
    let activation = as_(&world, "registrar", Method::POST, "/activations", &on(&evidence, "ADVANCED")).await;
    let mut other =
        enrolled(&world, activation["activationCode"].as_str().expect("a code"), 8).await.expect("a phone");
    assert_eq!(status(&world).await, ("MISSMATCH_MID".to_owned(), vec![3, 3]));
    assert!(!is_qualified(&signed(&world, "ADVANCED", &mut other).await));

    // Identified anew, and the new phone bound: level 4 is back.
    world.advance(60);
    let again = identified(&world).await;
    assert_eq!(status(&world).await, ("MISSMATCH_MID".to_owned(), vec![3, 3]), "until a phone is bound");
    bound(&world, &again, &activation).await;
    assert_eq!(status(&world).await, ("MID".to_owned(), vec![4, 4]));
    let old = format!("/evidence/{}", evidence.as_str().expect("an id"));
    let old = as_(&world, "registrar", Method::GET, &old, &Value::Null).await;
    assert_eq!((&old["state"], &old["ended"]), (&json!("ENDED"), &json!("superseded")));
    let found =
        as_(&world, "registrar", Method::GET, &format!("/persons/{PERSON}/evidence"), &Value::Null).await;
    assert_eq!(found["evidence"].as_array().expect("a list").len(), 2);
}
