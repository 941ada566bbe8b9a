//! `/siga`: the gateway's interface, as its clients use it.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use countersign_container::Container;
use countersign_domain::revocation::{CertificateStatus, IssuedCertificate};
use countersign_pki::certificate::build::Validity;
use countersign_pki::profile::Organization;
use countersign_pki::signer::RsaSize;
use countersign_pki::verify::{Curve, ecdsa_fixed_from_der};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm, Signer as _, SoftwareKey};
use countersign_server::dev;
use countersign_wire::words::CertificateLevel;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{Answer, OK, REFUSES, World};

const UUID: &str = "a7fd7728-a3ea-4975-bfab-f240a67e894f";
const SECRET: &[u8] = b"746573745365637265744b6579303031";
const CONTENT: &[u8] = b"Leping";

impl World {
    /// A request as the gateway's clients sign it; the path is the one below `/siga`.
    async fn siga(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let at = self.app().now().as_second();
        let signature = sign(at, &method, path, &body);
        self.siga_with(method, path, body, &at.to_string(), &signature).await
    }

    async fn siga_with(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        at: &str,
        signature: &str,
    ) -> Answer {
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .request(method, format!("{}/siga{path}", self.origin))
            .header("x-authorization-timestamp", at)
            .header("x-authorization-serviceuuid", UUID)
            .header("x-authorization-signature", signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    async fn create(&self, family: &str) -> String {
        let body = match family {
            "/hashcodecontainers" => json!({ "dataFiles": [hashes("leping.txt", CONTENT)] }),
            _ => json!({ "containerName": "leping.asice", "dataFiles": [bytes("leping.txt", CONTENT)] }),
        };
        let made = self.siga(Method::POST, family, Some(body)).await.good();
        format!("{family}/{}", made["containerId"].as_str().unwrap())
    }

    async fn smart_id(&self, path: &str, document: &str) -> Value {
        let body = json!({
            "documentNumber": document, "signatureProfile": "LT", "messageToDisplay": "Sign it",
            "roles": ["Director"], "signatureProductionPlace": { "countryName": "EE", "city": "Tartu" },
        });
        let begun = self.siga(Method::POST, &format!("{path}/smartidsigning"), Some(body)).await.good();
        assert_eq!(begun["challengeId"].as_str().map(str::len), Some(4), "{begun}");
        begun
    }

    async fn sid_status(&self, path: &str) -> Value {
        for _ in 0..60 {
            let status = self.siga(Method::GET, path, None).await.good();
            if status["sidStatus"] != "OUTSTANDING_TRANSACTION" {
                return status;
            }
        }
        panic!("nobody answers");
    }
}

fn sign(at: i64, method: &Method, path: &str, body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET).unwrap();
    mac.update(format!("{UUID}:{at}:{method}:{path}:").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hashes(name: &str, content: &[u8]) -> Value {
    json!({
        "fileName": name, "fileSize": content.len(),
        "fileHashSha256": BASE64_STANDARD.encode(Digest::Sha256.of(content)),
        "fileHashSha512": BASE64_STANDARD.encode(Digest::Sha512.of(content)),
    })
}

fn bytes(name: &str, content: &[u8]) -> Value {
    json!({ "fileName": name, "fileContent": BASE64_STANDARD.encode(content) })
}

#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json()["errorCode"], code, "{}", answer.text());
    assert!(answer.json()["errorMessage"].is_string());
}

#[tokio::test]
async fn a_hashcode_container_is_signed_by_smart_id() {
    let world = World::start().await;
    let path = world.create("/hashcodecontainers").await;
    let choice = world
        .siga(
            Method::POST,
            &format!("{path}/smartidsigning/certificatechoice"),
            Some(json!({ "personIdentifier": "40504040001", "country": "EE" })),
        )
        .await
        .good();
    let id = choice["generatedCertificateId"].as_str().unwrap();
    let chosen = world.sid_status(&format!("{path}/smartidsigning/certificatechoice/{id}/status")).await;
    assert_eq!(chosen, json!({ "sidStatus": "CERTIFICATE", "documentNumber": OK }));

    let begun = world.smart_id(&path, OK).await;
    let id = begun["generatedSignatureId"].as_str().unwrap();
    let status = world.sid_status(&format!("{path}/smartidsigning/{id}/status")).await;
    assert_eq!(status, json!({ "sidStatus": "SIGNATURE" }));

    let listed = world.siga(Method::GET, &format!("{path}/signatures"), None).await.good();
    let first = &listed["signatures"][0];
    assert_eq!(
        (&first["generatedSignatureId"], &first["signatureProfile"]),
        (&json!(id), &json!("LT")),
        "{listed}"
    );
    assert!(first["signerInfo"].as_str().unwrap().contains("PNOEE-40504040001"), "{first}");
    let details = world.siga(Method::GET, &format!("{path}/signatures/{id}"), None).await.good();
    assert_eq!(details["roles"], json!(["Director"]), "{details}");
    assert_eq!(details["signatureProductionPlace"]["city"], "Tartu");
    for member in ["ocspCertificate", "timeStampTokenCertificate", "signingCertificate", "trustedSigningTime"]
    {
        assert!(details[member].is_string(), "{member}: {details}");
    }
    let report = world.siga(Method::GET, &format!("{path}/validationreport"), None).await.good();
    let conclusion = &report["validationConclusion"];
    assert_eq!(conclusion["validSignaturesCount"], 1, "{conclusion}");
    assert_eq!(conclusion["signatures"][0]["indication"], "TOTAL-PASSED");

    let got = world.siga(Method::GET, &path, None).await.good();
    let container = got["container"].clone();
    let report = world
        .siga(Method::POST, "/hashcodecontainers/validationreport", Some(json!({ "container": container })))
        .await
        .good();
    assert_eq!(report["validationConclusion"]["validSignaturesCount"], 1);
    let bytes = BASE64_STANDARD.decode(container.as_str().unwrap()).unwrap();
    let mut whole = Container::from_bytes(&bytes).unwrap();
    whole.attach("leping.txt", std::io::Cursor::new(CONTENT.to_vec()), world.app().now()).unwrap();
    assert!(world.check(&whole.to_bytes().unwrap()).is_valid());

    let again = world
        .siga(Method::POST, "/upload/hashcodecontainers", Some(json!({ "container": container })))
        .await
        .good();
    let path = format!("/hashcodecontainers/{}", again["containerId"].as_str().unwrap());
    let listed = world.siga(Method::GET, &format!("{path}/signatures"), None).await.good();
    assert_eq!(listed["signatures"].as_array().map(Vec::len), Some(1));
    let deleted = world.siga(Method::DELETE, &path, None).await.good();
    assert_eq!(deleted, json!({ "result": "OK" }));
    assert_error(&world.siga(Method::GET, &path, None).await, 400, "RESOURCE_NOT_FOUND_EXCEPTION");
    world.end().await;
}

#[tokio::test]
async fn data_files_come_and_go_until_they_are_signed() {
    let world = World::start().await;
    for (family, file) in [
        ("/hashcodecontainers", hashes as fn(&str, &[u8]) -> Value),
        ("/containers", bytes as fn(&str, &[u8]) -> Value),
    ] {
        let path = world.create(family).await;
        let files = format!("{path}/datafiles");
        let add = |file: Value| world.siga(Method::POST, &files, Some(json!({ "dataFiles": [file] })));
        assert_eq!(add(file("lisa õ.txt", b"x")).await.good(), json!({ "result": "OK" }));
        assert_error(&add(file("lisa õ.txt", b"y")).await, 400, "DUPLICATE_DATA_FILE_EXCEPTION");
        assert_error(&add(file("a/b.txt", b"y")).await, 400, "REQUEST_VALIDATION_EXCEPTION");
        let listed = world.siga(Method::GET, &files, None).await.good();
        assert_eq!(listed["dataFiles"], json!([file("leping.txt", CONTENT), file("lisa õ.txt", b"x")]));
        let one = format!("{files}/lisa%20%C3%B5.txt");
        assert_eq!(world.siga(Method::DELETE, &one, None).await.good(), json!({ "result": "OK" }));
        assert_error(&world.siga(Method::DELETE, &one, None).await, 400, "RESOURCE_NOT_FOUND_EXCEPTION");
        let begun = world.smart_id(&path, OK).await;
        let id = begun["generatedSignatureId"].as_str().unwrap();
        world.sid_status(&format!("{path}/smartidsigning/{id}/status")).await;
        assert_error(&add(file("more.txt", b"z")).await, 400, "SIGNATURE_EXISTS_EXCEPTION");
        let first = format!("{files}/leping.txt");
        let refused = world.siga(Method::DELETE, &first, None).await;
        assert_error(&refused, 400, "INVALID_CONTAINER_EXCEPTION");
    }
    world.end().await;
}

#[tokio::test]
async fn a_container_with_its_files_is_signed_and_augmented() {
    let world = World::start().await;
    let path = world.create("/containers").await;
    let augment = format!("{path}/augmentation");
    let refused = world.siga(Method::PUT, &augment, None).await;
    assert_error(&refused, 400, "INVALID_SESSION_DATA_EXCEPTION");
    let begun = world.smart_id(&path, OK).await;
    let id = begun["generatedSignatureId"].as_str().unwrap();
    assert_eq!(
        world.sid_status(&format!("{path}/smartidsigning/{id}/status")).await["sidStatus"],
        "SIGNATURE"
    );
    world.siga(Method::PUT, &augment, None).await.good();
    let listed = world.siga(Method::GET, &format!("{path}/signatures"), None).await.good();
    assert_eq!(listed["signatures"][0]["signatureProfile"], "LTA", "{listed}");
    let got = world.siga(Method::GET, &path, None).await.good();
    assert_eq!(got["containerName"], "leping.asice");
    let file = BASE64_STANDARD.decode(got["container"].as_str().unwrap()).unwrap();
    assert!(world.check(&file).is_valid());
    let stamps = world.siga(Method::GET, &format!("{path}/timestamps"), None).await.good();
    assert_eq!(stamps, json!({ "timestamps": [] }));
    // The two families do not see each other's containers.
    let other = path.replace("/containers", "/hashcodecontainers");
    assert_error(&world.siga(Method::GET, &other, None).await, 400, "RESOURCE_NOT_FOUND_EXCEPTION");
    world.end().await;
}

#[tokio::test]
async fn ends_and_faults_have_the_gateway_s_words() {
    let world = World::start().await;
    let path = world.create("/hashcodecontainers").await;
    let begun = world.smart_id(&path, REFUSES).await;
    let id = begun["generatedSignatureId"].as_str().unwrap();
    assert_eq!(
        world.sid_status(&format!("{path}/smartidsigning/{id}/status")).await["sidStatus"],
        "USER_CANCEL"
    );
    let unknown = json!({ "documentNumber": "PNOEE-40504040001-ABCD-Q", "signatureProfile": "LT" });
    let refused = world.siga(Method::POST, &format!("{path}/smartidsigning"), Some(unknown)).await;
    assert_error(&refused, 400, "SMARTID_EXCEPTION");
    for (rest, body) in [
        ("/smartidsigning", json!({ "documentNumber": OK, "signatureProfile": "LTA" })),
        ("/smartidsigning", json!({ "documentNumber": OK })),
        ("/smartidsigning", json!({ "documentNumber": "x", "signatureProfile": "LT" })),
        (
            "/smartidsigning",
            json!({ "documentNumber": OK, "signatureProfile": "LT", "messageToDisplay": "x".repeat(61) }),
        ),
        ("/smartidsigning/certificatechoice", json!({ "personIdentifier": "1", "country": "EE" })),
        ("/remotesigning", json!({ "signingCertificate": "AAAA", "signatureProfile": "LT" })),
    ] {
        let refused = world.siga(Method::POST, &format!("{path}{rest}"), Some(body)).await;
        assert_error(&refused, 400, "REQUEST_VALIDATION_EXCEPTION");
    }
    let refused = world.siga(Method::POST, &format!("{path}/mobileidsigning"), Some(json!({}))).await;
    assert_error(&refused, 400, "MID_EXCEPTION");
    for body in [json!({}), json!({ "dataFiles": [] }), json!({ "dataFiles": [{ "fileName": "a" }] })] {
        let refused = world.siga(Method::POST, "/hashcodecontainers", Some(body)).await;
        assert_error(&refused, 400, "REQUEST_VALIDATION_EXCEPTION");
    }
    let no_container = json!({ "container": "AAAA" });
    let refused = world.siga(Method::POST, "/upload/hashcodecontainers", Some(no_container)).await;
    assert_error(&refused, 400, "INVALID_CONTAINER_EXCEPTION");
    world.end().await;
}

#[tokio::test]
async fn nobody_comes_in_without_the_key() {
    let world = World::start().await;
    let body = json!({ "dataFiles": [hashes("a.txt", b"a")] }).to_string().into_bytes();
    let (path, at) = ("/hashcodecontainers", world.app().now().as_second());
    let good = sign(at, &Method::POST, path, &body);
    let send = |body: Vec<u8>, at: i64, signature: String| {
        let world = &world;
        async move { world.siga_with(Method::POST, path, body, &at.to_string(), &signature).await }
    };
    for answer in [
        send(b"{}".to_vec(), at, good.clone()).await,
        send(body.clone(), at + 1, good.clone()).await,
        send(body.clone(), at - 100, sign(at - 100, &Method::POST, path, &body)).await,
        send(body.clone(), at + 100, sign(at + 100, &Method::POST, path, &body)).await,
        send(body.clone(), at, "00".repeat(32)).await,
        send(body.clone(), at, String::new()).await,
    ] {
        assert_error(&answer, 401, "AUTHORIZATION_ERROR");
    }
    assert_eq!(send(body.clone(), at, good).await.status, 200);
    // Whoever signs the whole path is understood, too.
    let whole = sign(at, &Method::POST, "/siga/hashcodecontainers", &body);
    assert_eq!(send(body, at, whole).await.status, 200);
    let long = vec![b' '; (4 << 20) + 1];
    assert_error(&send(long, at, String::new()).await, 400, "REQUEST_SIZE_LIMIT_EXCEPTION");
    world.end().await;

    let mut config = dev::config();
    config.siga.services.clear();
    let world = World::with(config).await;
    let answer = world.siga(Method::POST, "/hashcodecontainers", Some(json!({}))).await;
    assert_eq!(answer.status, 404, "off unless configured");
    world.end().await;
}

/// The certificate of a seal that the service's own CA has issued and answers for.
async fn seal(world: &World, key: &SoftwareKey) -> Certificate {
    let app = world.app();
    let ca = app.authorities().unwrap().issuing(CertificateLevel::Advanced);
    let holder = Organization {
        country: "EE".to_owned(),
        name: "TEST Example".to_owned(),
        identifier: "NTREE-12345678".to_owned(),
    };
    let validity = Validity::days(app.now() - SignedDuration::from_hours(1), 30).unwrap();
    let (subject, rng) = (holder.named("TEST seal").unwrap(), &mut app.randomness());
    let (issuer, profile) = (ca.issuer().unwrap(), ca.profile().unwrap());
    let certificate = issuer.issue_seal(profile, subject, key.public_key(), validity, rng).unwrap();
    let issued = IssuedCertificate {
        issuer: ca.name().to_owned(),
        serial: certificate.serial().magnitude().to_vec(),
        account: None,
        der: certificate.as_der().to_vec(),
        not_after: certificate.not_after(),
        status: CertificateStatus::Good,
    };
    app.store().write("a seal", move |tx| tx.certificates().insert(&issued)).await.unwrap();
    certificate
}

/// A signature value as the gateway takes it: for EC keys `r ‖ s`.
fn value(key: &SoftwareKey, data: &[u8]) -> String {
    let signature = key.sign(data).unwrap();
    BASE64_STANDARD.encode(match key.algorithm() {
        SignatureAlgorithm::Ecdsa(_) => ecdsa_fixed_from_der(Curve::P521, &signature).unwrap(),
        SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_) => signature,
    })
}

#[tokio::test]
async fn whoever_has_a_key_signs_remotely() {
    let world = World::start().await;
    let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
    let rsa = rsa.with_algorithm(SignatureAlgorithm::RsaPkcs1(Digest::Sha512)).unwrap();
    let ec = SoftwareKey::generate_ec(Curve::P521).unwrap();
    for (family, key, profile) in
        [("/hashcodecontainers", &rsa, "LT"), ("/containers", &ec, "LT"), ("/containers", &rsa, "LTA")]
    {
        let (path, certificate) = (world.create(family).await, seal(&world, key).await);
        let remote = format!("{path}/remotesigning");
        let asked = json!({
            "signingCertificate": BASE64_STANDARD.encode(certificate.as_der()), "signatureProfile": profile,
            "roles": ["Director"], "signatureProductionPlace": { "countryName": "EE", "city": "Tartu" },
        });
        let begun = world.siga(Method::POST, &remote, Some(asked)).await.good();
        assert_eq!(begun["digestAlgorithm"], "SHA512", "{begun}");
        let data = BASE64_STANDARD.decode(begun["dataToSign"].as_str().unwrap()).unwrap();
        let id = begun["generatedSignatureId"].as_str().unwrap();
        let finish = |value: String| {
            let (remote, world) = (format!("{remote}/{id}"), &world);
            async move { world.siga(Method::PUT, &remote, Some(json!({ "signatureValue": value }))).await }
        };
        assert_error(&finish("?".to_owned()).await, 400, "REQUEST_VALIDATION_EXCEPTION");
        assert_error(&finish(value(key, b"other data")).await, 400, "INVALID_SIGNATURE_EXCEPTION");
        assert_eq!(finish(value(key, &data)).await.good(), json!({ "result": "OK" }));

        let details = world.siga(Method::GET, &format!("{path}/signatures/{id}"), None).await.good();
        assert_eq!(
            (&details["roles"], &details["signatureProfile"]),
            (&json!(["Director"]), &json!(profile))
        );
        let report = world.siga(Method::GET, &format!("{path}/validationreport"), None).await.good();
        let conclusion = &report["validationConclusion"];
        assert_eq!(conclusion["validSignaturesCount"], 1, "{conclusion}");
        assert_eq!(conclusion["signatures"][0]["indication"], "TOTAL-PASSED", "{conclusion}");
        let got = world.siga(Method::GET, &path, None).await.good();
        let bytes = BASE64_STANDARD.decode(got["container"].as_str().unwrap()).unwrap();
        let mut whole = Container::from_bytes(&bytes).unwrap();
        if family == "/hashcodecontainers" {
            whole.attach("leping.txt", std::io::Cursor::new(CONTENT.to_vec()), world.app().now()).unwrap();
        }
        let found = world.check(&whole.to_bytes().unwrap());
        assert!(found.is_valid(), "{found}");
    }
    // A value belongs to a signature that waits for one.
    let path = world.create("/containers").await;
    let none = json!({ "signatureValue": "AAAA" });
    let refused = world.siga(Method::PUT, &format!("{path}/remotesigning/none"), Some(none)).await;
    assert_error(&refused, 400, "RESOURCE_NOT_FOUND_EXCEPTION");
    world.end().await;
}
