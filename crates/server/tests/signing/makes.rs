//! Every way to a signed file.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use countersign_client::wire::endpoint::Recipient;
use countersign_client::wire::id::{DocumentNumber, RelyingPartyUuid};
use countersign_client::wire::words::{HashAlgorithm, RequestedLevel};
use countersign_client::{Client, Signing};
use countersign_container::Container;
use countersign_pki::Digest;
use countersign_wire::acsp::SchemeName;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{OK, OTHER, World, path_of, pdf};

#[tokio::test]
async fn a_file_is_sent_signed_by_notification_and_fetched() {
    let world = World::start().await;
    let made = world.form(&[("file", Some("leping.txt"), b"Leping")]).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let path = path_of(&made);
    assert_eq!(made["name"], "leping.asice");
    assert_eq!(made["format"], "asice");
    assert_eq!(made["files"], json!([{ "name": "leping.txt", "mediaType": "text/plain", "bytes": 6 }]));
    assert_eq!(made["signatures"], json!([]));

    let (signature, begun) = world
        .begin(
            &path,
            json!({
                "flow": "notification", "documentNumber": OK, "roles": ["Director"],
                "place": { "city": "Tartu", "country": "EE" },
            }),
        )
        .await;
    assert_eq!(begun["state"], "asking", "{begun}");
    assert_eq!(begun["text"], "Sign leping.txt");
    assert_eq!(begun["documentNumber"], OK);
    assert_eq!(begun["verificationCode"].as_str().map(str::len), Some(4), "{begun}");
    assert_eq!(begun["session"]["operation"], "sign");
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert_eq!(ended["result"]["format"], "XAdES_BASELINE_LT");
    assert!(ended["result"]["timeStamp"].is_string(), "{ended}");

    let file = world.get(&format!("{path}/file")).await;
    assert_eq!(file.headers["content-type"], "application/vnd.etsi.asic-e+zip");
    assert_eq!(file.headers["content-disposition"], "attachment; filename*=UTF-8''leping.asice");
    assert_eq!(file.headers["cache-control"], "no-store");
    let report = world.check(&file.body);
    assert!(report.is_valid(), "{report}");
    let container = Container::from_bytes(&file.body).unwrap();
    assert_eq!(container.read_data_file("leping.txt").unwrap(), b"Leping");
    let signatures = container.signatures().unwrap();
    let properties = &signatures[0].1.signature().signed;
    assert_eq!(properties.claimed_roles, ["Director"]);

    let report = world.get(&format!("{path}/report")).await.good();
    assert_eq!(report["signatures"][0]["indication"], "TOTAL-PASSED", "{report}");
    let metrics = world.get("/metrics").await.text();
    let line = r#"countersign_signing_signatures_total{flow="notification",outcome="OK"} 1"#;
    assert!(metrics.lines().any(|each| each == line), "{metrics}");
    world.end().await;
}

#[tokio::test]
async fn a_person_is_asked_for_their_account_first() {
    let world = World::start().await;
    let path = world.container().await;
    let asked = json!({ "flow": "notification", "person": "PNOEE-40504040001", "level": "LTA" });
    let (signature, begun) = world.begin(&path, asked).await;
    assert_eq!(begun["state"], "choosing", "{begun}");
    assert_eq!(begun["session"]["operation"], "choose-certificate");
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert_eq!(ended["documentNumber"], OK);
    assert_eq!(ended["result"]["format"], "XAdES_BASELINE_LTA");
    let report = world.check(&world.get(&format!("{path}/file")).await.body);
    assert!(report.is_valid(), "{report}");
    world.end().await;
}

#[tokio::test]
async fn a_known_account_signs_with_a_qr_code() {
    let world = World::start().await;
    let path = world.container().await;
    let asked = json!({ "flow": "device-link", "documentNumber": OK, "level": "B" });
    let (signature, begun) = world.begin(&path, asked).await;
    assert_eq!((&begun["state"], &begun["hasLink"]), (&json!("asking"), &json!(true)), "{begun}");
    let qr = world.get(&format!("{signature}/qr.svg")).await;
    assert_eq!(qr.headers["content-type"], "image/svg+xml");
    assert!(qr.text().starts_with("<svg") || qr.text().contains("<svg"), "{}", qr.text());
    let link = world.get(&format!("{signature}/link")).await;
    assert_eq!(link.headers["cache-control"], "no-store");
    let link = link.good();
    let shown = link["link"].as_str().unwrap();
    assert!(shown.starts_with(&format!("{}/device-link?", world.origin)), "{shown}");
    assert_eq!(link.get("sameDeviceLink"), None);
    world.opens(OK, shown, "QR").await;
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert_eq!(ended["result"]["format"], "XAdES_BASELINE_B");
    world.get(&format!("{signature}/link")).await.assert_problem(404, "not-found");
    world.end().await;
}

#[tokio::test]
async fn whoever_scans_chooses_an_account_and_signs() {
    let world = World::start().await;
    let path = world.container().await;
    let (signature, begun) = world.begin(&path, json!({})).await;
    assert_eq!((&begun["state"], &begun["flow"]), (&json!("choosing"), &json!("device-link")), "{begun}");
    let link = world.get(&format!("{signature}/link")).await.good();
    world.opens(OTHER, link["link"].as_str().unwrap(), "QR").await;
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert_eq!(ended["documentNumber"], OTHER);
    world.end().await;
}

#[tokio::test]
async fn on_the_same_device_the_browser_has_to_come_back() {
    let world = World::start().await;
    let path = world.container().await;
    let back = "https://e-service.example/signed?order=7f3a";
    let asked = json!({ "documentNumber": OK, "callbackUrl": back });
    let (signature, _) = world.begin(&path, asked).await;
    let link = world.get(&format!("{signature}/link")).await.good();
    let link = link["sameDeviceLink"].as_str().unwrap();
    let callback = format!("{signature}/callback");
    for wrong in [back.to_owned(), format!("{back}&sessionSecretDigest=AAAA"), "https://a.example".to_owned()]
    {
        world.post(&callback, json!({ "url": wrong })).await.assert_problem(400, "invalid-request");
    }
    let container = world.app().store().clone();
    // The session's secret leaves the service only in the callback that the phone opens; here it is read where it is kept.
    let id = path.rsplit('/').next().unwrap().to_owned();
    let kept: Value = container
        .read("a container", move |tx| tx.signing_containers().find::<Value>(&id))
        .await
        .map(Option::unwrap)
        .map_err(|error: countersign_store::Error| error.to_string())
        .unwrap();
    let secret =
        kept["signatures"][0]["state"]["asking"]["session"]["answer"]["deviceLink"]["secret"].as_str();
    let secret = countersign_wire::callback::SessionSecret::parse(secret.unwrap()).unwrap();
    world.opens(OK, link, "Web2App").await;
    let waiting = world.get(&signature).await.good();
    assert_eq!(waiting["state"], "asking", "{waiting}");
    let came = format!("{back}&sessionSecretDigest={}", secret.digest());
    world.post(&callback, json!({ "url": came })).await.good();
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    world.post(&callback, json!({ "url": came })).await.good();
    world.end().await;
}

#[tokio::test]
async fn several_people_sign_one_container_at_once() {
    let world = World::start().await;
    let path = world.container().await;
    let mut begun = Vec::new();
    for document in [OK, OTHER, OK] {
        let asked = json!({ "flow": "notification", "documentNumber": document });
        begun.push(world.begin(&path, asked).await.0);
    }
    for signature in &begun {
        let ended = world.end_of(signature).await;
        assert_eq!(ended["state"], "complete", "{ended}");
    }
    let file = world.get(&format!("{path}/file")).await.body;
    let report = world.check(&file);
    assert!(report.is_valid(), "{report}");
    assert_eq!(report.valid_signatures_count, 3);

    // And another later, in the file that was fetched.
    let again = world.form(&[("container", Some("leping.asice"), &file)]).await.good();
    assert_eq!(again["signatures"].as_array().map(Vec::len), Some(3));
    assert_eq!(again["signatures"][0]["state"], "complete");
    let path = path_of(&again);
    let file = world.signed(&path, json!({ "flow": "notification", "documentNumber": OTHER })).await;
    assert_eq!(world.check(&file).valid_signatures_count, 4);
    world.end().await;
}

#[tokio::test]
async fn a_document_is_signed_in_itself_and_seen() {
    let world = World::start().await;
    let made = world.form(&[("file", Some("leping.pdf"), &pdf()), ("format", None, b"pdf")]).await.good();
    assert_eq!((&made["format"], &made["name"]), (&json!("pdf"), &json!("leping.pdf")));
    let path = path_of(&made);
    let asked = json!({
        "flow": "notification", "documentNumber": OK, "level": "LTA",
        "pdf": { "reason": "Agreed", "location": "Tartu",
                 "visible": { "page": 1, "rectangle": [72, 72, 200, 50] } },
    });
    let (signature, _) = world.begin(&path, asked.clone()).await;
    // One after the other.
    let second = world.post(&format!("{path}/signatures"), asked).await;
    if second.status != 201 {
        second.assert_problem(409, "conflict");
    }
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["state"], "complete", "{ended}");
    assert_eq!(ended["result"]["format"], "PAdES_BASELINE_LTA", "{ended}");
    let file = world.get(&format!("{path}/file")).await;
    assert_eq!(file.headers["content-type"], "application/pdf");
    let report = world.check(&file.body);
    assert!(report.is_valid(), "{report}");
    assert!(file.body.starts_with(&pdf()), "not a byte of the first revision changes");
    world.end().await;
}

#[tokio::test]
async fn files_can_stay_where_they_are() {
    let world = World::start().await;
    let content = b"This never leaves the e-service.";
    let digest = |digest: Digest| BASE64_STANDARD.encode(digest.of(content));
    let file = json!({
        "name": "secret.txt", "bytes": content.len(),
        "sha256": digest(Digest::Sha256), "sha512": digest(Digest::Sha512),
    });
    let made = world.post(crate::world::CONTAINERS, json!({ "files": [file] })).await.good();
    assert_eq!((&made["format"], &made["name"]), (&json!("hashcode"), &json!("secret.asice")));
    let path = path_of(&made);
    let lta = json!({ "flow": "notification", "documentNumber": OK, "level": "LTA" });
    world.post(&format!("{path}/signatures"), lta).await.assert_problem(400, "invalid-request");
    let signed = world.signed(&path, json!({ "flow": "notification", "documentNumber": OK })).await;
    let mut container = Container::from_bytes(&signed).unwrap();
    let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 20);
    container.attach("secret.txt", std::io::Cursor::new(content.to_vec()), now).unwrap();
    let report = world.check(&container.to_bytes().unwrap());
    assert!(report.is_valid(), "{report}");
    world.end().await;
}

/// A session of another client: its signature value is brought here.
#[tokio::test]
async fn a_signature_value_can_come_from_elsewhere() {
    let world = World::start().await;
    let path = world.container().await;
    let uuid = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let client = Client::builder(&format!("{}/smart-id-rp/v3", world.origin), uuid, "DEMO")
        .scheme(SchemeName::DEMO)
        .build()
        .unwrap();
    let document = DocumentNumber::parse(OK).unwrap();
    let answer = client.signing_certificate(&document, RequestedLevel::default()).await.unwrap();
    let certificate = serde_json::to_value(&answer).unwrap()["cert"]["value"].clone();
    let asked = json!({ "flow": "remote", "certificate": certificate, "hash": "SHA-256" });
    let (signature, begun) = world.begin(&path, asked).await;
    assert_eq!(begun["state"], "awaiting-value", "{begun}");
    assert_eq!(begun["toSign"]["algorithm"], "rsassa-pss");
    assert_eq!(begun["toSign"]["hash"], "SHA-256");
    let digest = BASE64_STANDARD.decode(begun["toSign"]["digest"].as_str().unwrap()).unwrap();
    let data = BASE64_STANDARD.decode(begun["toSign"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(Digest::Sha256.of(&data), digest);

    let wanted = Signing::of_digest(&digest, HashAlgorithm::Sha256, "Sign").unwrap();
    let recipient = Recipient::Document(document);
    let session = client.sign_by_notification(&recipient, &wanted, world.app().now()).await.unwrap();
    let status = client.wait(session.session_id, std::time::Duration::from_secs(60)).await.unwrap();
    let value = serde_json::to_value(&status).unwrap()["signature"]["value"].clone();
    let put = format!("{signature}/value");
    let wrong = json!({ "value": BASE64_STANDARD.encode([1; 768]) });
    world.put(&put, wrong).await.assert_problem(422, "invalid-signature");
    let done = world.put(&put, json!({ "value": value })).await.good();
    assert_eq!(done["state"], "complete", "{done}");
    let again = world.put(&put, json!({ "value": value })).await.good();
    assert_eq!(again, done, "whoever lost the answer gets it again");
    assert!(world.check(&world.get(&format!("{path}/file")).await.body).is_valid());
    world.end().await;
}

/// A signature value of ECDSA is some octets longer or shorter each time, so a packed container is, too. What it proves is not.
#[tokio::test]
async fn the_same_evidence_is_there_each_time() {
    let world = World::start().await;
    for _ in 0..4 {
        let asked = json!({ "flow": "notification", "documentNumber": OK });
        let file = world.signed(&world.container().await, asked).await;
        let (_, signature) = Container::from_bytes(&file).unwrap().signatures().unwrap().remove(0);
        let count = |element: &str| signature.to_xml().matches(element).count();
        // About the signer, the CA above, and the time-stamping unit.
        assert_eq!(count("<xades:EncapsulatedOCSPValue"), 3);
        assert_eq!(count("<xades:EncapsulatedTimeStamp"), 1);
    }
    world.end().await;
}
