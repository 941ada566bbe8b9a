//! Everything the crate can do, once each.

use std::path::Path;
use std::time::Duration;

use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::Engine as _;
use openssl::md::{Md, MdRef};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;
use openssl::x509::X509;
use sha2::{Digest as _, Sha256};
use smart_id_rust_client::client::smart_id_client::SmartIdClient;
use smart_id_rust_client::config::SmartIDConfig;
use smart_id_rust_client::error::SmartIdClientError;
use smart_id_rust_client::models::api::authentication_session::{
    AuthenticationCertificateLevel, AuthenticationDeviceLinkRequest, AuthenticationNotificationRequest,
};
use smart_id_rust_client::models::api::certificate_choice_session::{
    CertificateChoiceDeviceLinkRequest, CertificateChoiceNotificationRequest, SigningCertificateRequest,
};
use smart_id_rust_client::models::api::session_status::{EndResult, SessionStatusResponse};
use smart_id_rust_client::models::api::signature_session::{
    SignatureDeviceLinkRequest, SignatureNotificationLinkedRequest, SignatureNotificationRequest,
};
use smart_id_rust_client::models::common::{CertificateLevel, SessionConfig};
use smart_id_rust_client::models::device_link::DeviceLinkType;
use smart_id_rust_client::models::interaction::{Interaction, InteractionFlow};
use smart_id_rust_client::models::signature::{FlowType, HashingAlgorithm, ResponseSignature, SignatureAlgorithm};
use smart_id_rust_client::models::user_identity::UserIdentity;

use crate::callback::Page;
use crate::report::{demand, Fault, Report};

type Outcome = Result<(), Fault>;

const NOTIFIED: &str = "PNOEE-40504040001-DEM0-Q";
const LINKED: &str = "PNOEE-40404040009-MOCK-Q";
const HASHES: [(&str, HashingAlgorithm); 6] = [
    ("SHA-256", HashingAlgorithm::sha_256),
    ("SHA-384", HashingAlgorithm::sha_384),
    ("SHA-512", HashingAlgorithm::sha_512),
    ("SHA3-256", HashingAlgorithm::sha3_256),
    ("SHA3-384", HashingAlgorithm::sha3_384),
    ("SHA3-512", HashingAlgorithm::sha3_512),
];

/// To whom a session is addressed.
#[derive(Clone, Copy, PartialEq)]
enum Addressee {
    Anonymous,
    Etsi,
    Document,
}

/// The crate with our anchors, and what a relying party has besides.
#[derive(Clone)]
struct World {
    cfg: SmartIDConfig,
    roots: Vec<String>,
    intermediates: Vec<String>,
}

impl World {
    fn client(&self) -> SmartIdClient {
        SmartIdClient::new(&self.cfg, None, self.roots.clone(), self.intermediates.clone())
    }

    /// POSTs to the server's own pages, by the same way as the crate goes.
    async fn post(&self, path: &str, body: serde_json::Value) -> Outcome {
        let answer = reqwest::Client::new().post(format!("{}{path}", self.cfg.root_url)).json(&body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        demand(status.is_success(), format!("POST {path}: {status} {text}"))
    }

    async fn scan(&self, document: &str, link: &str) -> Outcome {
        let body = serde_json::json!({"documentNumber": document, "deviceLink": link, "flowType": "QR"});
        self.post("/mock/device-link", body).await
    }

    async fn open(&self, document: &str, link: &str, flow: &DeviceLinkType, callback: &str) -> Outcome {
        let body = serde_json::json!({
            "documentNumber": document, "deviceLink": link, "flowType": flow.as_ref(),
            "browserCookie": "a=b;c=d", "initialCallbackUrl": callback,
        });
        self.post("/mock/device-link", body).await
    }
}

/// Runs every case. `trust` is what `countersign trust export` wrote.
pub async fn all(trust: &Path) -> Report {
    let read = |file: &str| std::fs::read_to_string(trust.join(file)).unwrap_or_else(|e| panic!("{}: {e}", trust.join(file).display()));
    let world = World {
        cfg: SmartIDConfig::load_from_env().expect("main set every variable"),
        roots: vec![read("root.pem")],
        intermediates: vec![read("eid-q.pem"), read("eid-nq.pem")],
    };
    let mut report = Report::default();
    macro_rules! case {
        ($name:expr, $body:expr) => {
            report.case(&$name, $body).await
        };
    }

    for (name, hash) in HASHES {
        case!(format!("notification authentication by document, {name}"), notification_login(world.clone(), Addressee::Document, hash));
    }
    case!(
        "notification authentication by semantics identifier",
        notification_login(world.clone(), Addressee::Etsi, HashingAlgorithm::sha_512)
    );
    for (name, addressee) in
        [("anonymous", Addressee::Anonymous), ("by semantics identifier", Addressee::Etsi), ("by document", Addressee::Document)]
    {
        case!(format!("QR authentication {name}"), qr_login(world.clone(), addressee));
    }
    for flow in [DeviceLinkType::Web2App, DeviceLinkType::App2App] {
        case!(format!("{flow} authentication with its callback"), same_device_login(world.clone(), flow));
    }
    case!("an expected person is checked against the certificate", expected_person(world.clone()));
    case!("signing certificate by document", signing_certificate(world.clone()));
    case!("notification certificate choice", notification_choice(world.clone()));
    for (name, hash) in HASHES {
        case!(format!("notification signature by document, {name}"), notification_signature(world.clone(), Addressee::Document, hash));
    }
    case!(
        "notification signature by semantics identifier",
        notification_signature(world.clone(), Addressee::Etsi, HashingAlgorithm::sha_256)
    );
    case!("QR signature by document", qr_signature(world.clone(), Addressee::Document));
    case!("QR signature by semantics identifier", qr_signature(world.clone(), Addressee::Etsi));
    for flow in [DeviceLinkType::Web2App, DeviceLinkType::App2App] {
        case!(format!("{flow} signature with its callback"), same_device_signature(world.clone(), flow));
    }
    case!("QR certificate choice and linked signature", linked_signature(world.clone()));
    case!("a refusal", refusal(world.clone(), "PNOEE-30403039917-MOCK-Q", "User cancelled verificationCodeChoice screen"));
    case!("a wrong verification code", refusal(world.clone(), "PNOEE-30403039972-MOCK-Q", "User selected wrong verification code"));
    case!(
        "a refused interaction",
        refusal(world.clone(), "PNOEE-30403039928-MOCK-Q", "Smart ID client exception: Unknown session end result")
    );
    case!("an unknown person", unknown_person(world.clone()));
    case!("a wrong relying party", wrong_relying_party(world.clone()));
    case!("a forged device link", forged_link(world.clone()));
    // Moves the server's clock, so it comes last.
    case!("a time-out", time_out(world.clone()));
    report
}

// Authentication

async fn notification_login(world: World, addressee: Addressee, hash: HashingAlgorithm) -> Outcome {
    let client = world.client();
    let request = login_request(&world, hash)?;
    let code = match addressee {
        Addressee::Etsi => client.start_authentication_notification_etsi_session(request, person(NOTIFIED)).await?,
        Addressee::Anonymous | Addressee::Document => {
            client.start_authentication_notification_document_session(request, NOTIFIED.to_owned()).await?
        }
    };
    demand(code.value.len() == 4, format!("verification code {}", code.value))?;
    // The crate builds the chain, checks the level and verifies the ACSP_V2 signature before it returns.
    let status = client.get_session_status().await?;
    finished(&status, NOTIFIED, FlowType::Notification)?;
    demand(status.interaction_type_used == Some(InteractionFlow::ConfirmationMessage), "another interaction was used")?;
    let identity = client.get_user_identity()?.ok_or("no identity after a login")?;
    demand(identity.identity_code == person(NOTIFIED), format!("identity {}", identity.identity_code))?;
    let chain = client.verify_certificate(status.cert.ok_or("no certificate")?.value)?;
    demand(chain.len() == 3, format!("a chain of {}", chain.len()))
}

async fn qr_login(world: World, addressee: Addressee) -> Outcome {
    let client = world.client();
    start_login(&client, &world, addressee, None).await?;
    world.scan(LINKED, &client.generate_device_link(DeviceLinkType::QR, "eng")?).await?;
    finished(&client.get_session_status().await?, LINKED, FlowType::QR)
}

async fn same_device_login(world: World, flow: DeviceLinkType) -> Outcome {
    let page = Page::open();
    let client = world.client();
    start_login(&client, &world, Addressee::Anonymous, Some(page.address())).await?;
    let link = client.generate_device_link(flow.clone(), "est")?;
    world.open(LINKED, &link, &flow, &page.address()).await?;
    let back = page.wait()?;
    demand(back.cookie.contains("a=b") && back.cookie.contains("c=d"), format!("cookies {:?}", back.cookie))?;
    demand(back.get("value")? == "RrKjjT4aggzu27YBddX1bQ", "the callback lost its own query")?;
    secret_digest(&client, back.get("sessionSecretDigest")?)?;
    let status = client.get_session_status().await?;
    finished(&status, LINKED, if flow == DeviceLinkType::Web2App { FlowType::Web2App } else { FlowType::App2App })?;
    match status.signature {
        Some(ResponseSignature::ACSP_V2 { user_challenge, .. }) => {
            let verifier = back.get("userChallengeVerifier")?;
            demand(user_challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), "the verifier is not that of userChallenge")
        }
        _ => Err("no ACSP_V2 signature".into()),
    }
}

async fn expected_person(world: World) -> Outcome {
    let someone = |code: &str, of: &UserIdentity| UserIdentity {
        given_name: of.given_name.clone(),
        surname: of.surname.clone(),
        identity_code: code.to_owned(),
    };
    let client = world.client();
    client
        .start_authentication_notification_document_session(login_request(&world, HashingAlgorithm::sha_256)?, NOTIFIED.to_owned())
        .await?;
    client.get_session_status().await?;
    let identity = client.get_user_identity()?.ok_or("no identity after a login")?;
    for (code, welcome) in [(person(NOTIFIED), true), ("PNOEE-38001010014".to_owned(), false)] {
        let expecting = SmartIdClient::new(&world.cfg, Some(someone(&code, &identity)), world.roots.clone(), world.intermediates.clone());
        expecting
            .start_authentication_notification_document_session(login_request(&world, HashingAlgorithm::sha_256)?, NOTIFIED.to_owned())
            .await?;
        let outcome = expecting.get_session_status().await;
        demand(outcome.is_ok() == welcome, format!("expecting {code}: {outcome:?}"))?;
    }
    Ok(())
}

// Certificates

async fn signing_certificate(world: World) -> Outcome {
    let client = world.client();
    let certificate = client.get_signing_certificate(NOTIFIED.to_owned(), certificate_request(&world)).await?;
    demand(certificate.certificate_level == CertificateLevel::QUALIFIED, "level of the certificate")?;
    demand(client.verify_certificate(certificate.value)?.len() == 3, "length of the chain")
}

async fn notification_choice(world: World) -> Outcome {
    let client = world.client();
    let mut request = CertificateChoiceNotificationRequest::new(&world.cfg);
    request.nonce = Some("rust".to_owned());
    client.start_certificate_choice_notification_etsi_session(request, person(NOTIFIED)).await?;
    let status = client.get_session_status().await?;
    finished(&status, NOTIFIED, FlowType::Notification)?;
    let same = client.get_signing_certificate(NOTIFIED.to_owned(), certificate_request(&world)).await?;
    demand(status.cert.map(|cert| cert.value) == Some(same.value), "the chosen certificate is not the signing certificate")
}

// Signatures

async fn notification_signature(world: World, addressee: Addressee, hash: HashingAlgorithm) -> Outcome {
    let client = world.client();
    let request = SignatureNotificationRequest::new(&world.cfg, text(), something(), SignatureAlgorithm::RsassaPss, hash.clone())?;
    let code = match addressee {
        Addressee::Etsi => client.start_signature_notification_etsi_session(request, person(NOTIFIED)).await?,
        Addressee::Anonymous | Addressee::Document => {
            client.start_signature_notification_document_session(request, NOTIFIED.to_owned()).await?
        }
    };
    demand(code.value.len() == 4 && code.value.bytes().all(|b| b.is_ascii_digit()), format!("code {}", code.value))?;
    let status = client.get_session_status().await?;
    finished(&status, NOTIFIED, FlowType::Notification)?;
    raw_signature(&client, status, &hash)
}

async fn qr_signature(world: World, addressee: Addressee) -> Outcome {
    let client = world.client();
    start_signature(&client, &world, addressee, None).await?;
    world.scan(LINKED, &client.generate_device_link(DeviceLinkType::QR, "eng")?).await?;
    let status = client.get_session_status().await?;
    finished(&status, LINKED, FlowType::QR)?;
    raw_signature(&client, status, &HashingAlgorithm::sha_512)
}

async fn same_device_signature(world: World, flow: DeviceLinkType) -> Outcome {
    let page = Page::open();
    let client = world.client();
    start_signature(&client, &world, Addressee::Document, Some(page.address())).await?;
    let link = client.generate_device_link(flow.clone(), "rus")?;
    world.open(LINKED, &link, &flow, &page.address()).await?;
    let back = page.wait()?;
    secret_digest(&client, back.get("sessionSecretDigest")?)?;
    demand(back.get("userChallengeVerifier").is_err(), "a signature has no verifier")?;
    let status = client.get_session_status().await?;
    finished(&status, LINKED, if flow == DeviceLinkType::Web2App { FlowType::Web2App } else { FlowType::App2App })?;
    raw_signature(&client, status, &HashingAlgorithm::sha_512)
}

/// By QR only: for a same-device choice the crate puts `ACSP_V2` into the auth code, which is not the protocol.
async fn linked_signature(world: World) -> Outcome {
    let client = world.client();
    let mut request = CertificateChoiceDeviceLinkRequest::new(&world.cfg);
    request.nonce = Some("rust".to_owned());
    client.start_certificate_choice_anonymous_session(request).await?;
    let choice = client.get_session()?.session_id().clone();
    let link = client.generate_device_link(DeviceLinkType::QR, "eng")?;
    let device = {
        let world = world.clone();
        tokio::spawn(async move { world.scan(LINKED, &link).await })
    };
    let status = client.get_session_status().await?;
    finished(&status, LINKED, FlowType::QR)?;
    let document = status.result.and_then(|result| result.document_number).ok_or("no document number")?;
    let request = SignatureNotificationLinkedRequest::new(
        &world.cfg,
        text(),
        something(),
        SignatureAlgorithm::RsassaPss,
        choice,
        HashingAlgorithm::sha_384,
    )?;
    client.start_signature_notification_document_linked_session(request, document).await?;
    let status = client.get_session_status().await?;
    finished(&status, LINKED, FlowType::Notification)?;
    raw_signature(&client, status, &HashingAlgorithm::sha_384)?;
    device.await?
}

// Refusals and errors

/// The crate's names for outcomes are its own; `words` are what it says.
async fn refusal(world: World, document: &str, words: &str) -> Outcome {
    let client = world.client();
    client
        .start_authentication_notification_document_session(login_request(&world, HashingAlgorithm::sha_512)?, document.to_owned())
        .await?;
    match client.get_session_status().await {
        Ok(_) => Err("the session ended well".into()),
        Err(error) => demand(error.to_string() == words, format!("it says: {error}")),
    }
}

async fn unknown_person(world: World) -> Outcome {
    let client = world.client();
    let request = login_request(&world, HashingAlgorithm::sha_512)?;
    match client.start_authentication_notification_etsi_session(request, "PNOEE-38001010014".to_owned()).await {
        Err(SmartIdClientError::NotFoundException) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn wrong_relying_party(world: World) -> Outcome {
    let client = world.client();
    let mut request = login_request(&world, HashingAlgorithm::sha_512)?;
    request.relying_party_uuid = "11111111-1111-4111-8111-111111111111".to_owned();
    match client.start_authentication_notification_etsi_session(request, person(NOTIFIED)).await {
        // The crate gives the body of a 403 as it came.
        Err(SmartIdClientError::SmartIDAPIException(body)) => {
            let problem: serde_json::Value = serde_json::from_str(&body)?;
            demand(problem["status"] == 403 && problem["type"] == "about:blank", body)
        }
        other => Err(format!("{other:?}").into()),
    }
}

async fn forged_link(world: World) -> Outcome {
    let client = world.client();
    start_login(&client, &world, Addressee::Anonymous, None).await?;
    let link = client.generate_device_link(DeviceLinkType::QR, "eng")?;
    let forged = format!("{}{}", &link[..link.len() - 43], "A".repeat(43));
    world.scan(LINKED, &forged).await?;
    match client.get_session_status().await {
        Err(SmartIdClientError::ProtocolFailureException) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn time_out(world: World) -> Outcome {
    let client = world.client();
    let request = login_request(&world, HashingAlgorithm::sha_512)?;
    client.start_authentication_notification_document_session(request, "PNOEE-30403039983-MOCK-Q".to_owned()).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.post("/control/v1/clock", serde_json::json!({"advanceSeconds": 150})).await?;
    match client.get_session_status().await {
        Err(SmartIdClientError::SessionTimeoutException) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

// What the cases share

fn text() -> Vec<Interaction> {
    vec![Interaction::DisplayTextAndPIN { display_text_60: "Countersign interop".to_owned() }]
}

fn person(document: &str) -> String {
    document.rsplitn(3, '-').last().unwrap_or(document).to_owned()
}

/// For logins: the crate spells `displayTextAndPIN` as `displayTextAndPin` where it rebuilds what was signed, so it
/// refuses every login that used that interaction, whoever the server is.
fn confirmation() -> Vec<Interaction> {
    vec![Interaction::ConfirmationMessage { display_text_200: "Countersign interop: Näidis €".to_owned() }]
}

/// Data to be signed that no other case signs; the crate hashes it.
fn something() -> String {
    let mut bytes = [0; 32];
    openssl::rand::rand_bytes(&mut bytes).expect("OpenSSL has randomness");
    STANDARD.encode(bytes)
}

fn login_request(world: &World, hash: HashingAlgorithm) -> Result<AuthenticationNotificationRequest, Fault> {
    let level = AuthenticationCertificateLevel::QUALIFIED;
    Ok(AuthenticationNotificationRequest::new(&world.cfg, confirmation(), SignatureAlgorithm::RsassaPss, level, hash)?)
}

fn certificate_request(world: &World) -> SigningCertificateRequest {
    SigningCertificateRequest {
        relying_party_uuid: world.cfg.relying_party_uuid.clone(),
        relying_party_name: world.cfg.relying_party_name.clone(),
        certificate_level: CertificateLevel::QUALIFIED,
    }
}

async fn start_login(client: &SmartIdClient, world: &World, addressee: Addressee, callback: Option<String>) -> Outcome {
    let (level, hash) = (AuthenticationCertificateLevel::QUALIFIED, HashingAlgorithm::sha3_512);
    let request = AuthenticationDeviceLinkRequest::new(&world.cfg, confirmation(), SignatureAlgorithm::RsassaPss, level, callback, hash)?;
    Ok(match addressee {
        Addressee::Anonymous => client.start_authentication_device_link_anonymous_session(request).await?,
        Addressee::Etsi => client.start_authentication_device_link_etsi_session(request, person(LINKED)).await?,
        Addressee::Document => client.start_authentication_device_link_document_session(request, LINKED.to_owned()).await?,
    })
}

async fn start_signature(client: &SmartIdClient, world: &World, addressee: Addressee, callback: Option<String>) -> Outcome {
    let (algorithm, hash) = (SignatureAlgorithm::RsassaPss, HashingAlgorithm::sha_512);
    let request = SignatureDeviceLinkRequest::new(&world.cfg, text(), something(), algorithm, hash, callback)?;
    Ok(match addressee {
        Addressee::Etsi => client.start_signature_device_link_etsi_session(request, person(LINKED)).await?,
        Addressee::Anonymous | Addressee::Document => {
            client.start_signature_device_link_document_session(request, LINKED.to_owned()).await?
        }
    })
}

fn finished(status: &SessionStatusResponse, document: &str, flow: FlowType) -> Outcome {
    let result = status.result.as_ref().ok_or("no result")?;
    demand(result.end_result == EndResult::OK, format!("ended {:?}", result.end_result))?;
    demand(result.document_number.as_deref() == Some(document), format!("document {:?}", result.document_number))?;
    let used = match status.signature.as_ref().ok_or("no signature")? {
        ResponseSignature::ACSP_V2 { flow_type, .. }
        | ResponseSignature::RAW_DIGEST_SIGNATURE { flow_type, .. }
        | ResponseSignature::CERTIFICATE_CHOICE_NO_SIGNATURE { flow_type } => flow_type,
        other => return Err(format!("unexpected signature {other:?}").into()),
    };
    demand(*used == flow, format!("flow {used:?}"))
}

/// The digest in a callback against the session's own secret.
fn secret_digest(client: &SmartIdClient, digest: &str) -> Outcome {
    let secret = match client.get_session()? {
        SessionConfig::AuthenticationDeviceLink { session_secret, .. }
        | SessionConfig::SignatureDeviceLink { session_secret, .. }
        | SessionConfig::CertificateChoiceDeviceLink { session_secret, .. } => session_secret,
        other => return Err(format!("{other:?} has no secret").into()),
    };
    demand(digest == URL_SAFE_NO_PAD.encode(Sha256::digest(STANDARD.decode(secret)?)), "sessionSecretDigest is not that of the secret")
}

/// RSASSA-PSS over the digest as sent, by OpenSSL; and not over another digest.
fn raw_signature(client: &SmartIdClient, status: SessionStatusResponse, hash: &HashingAlgorithm) -> Outcome {
    let certificate = X509::from_der(&STANDARD.decode(status.cert.as_ref().ok_or("no certificate")?.value.as_bytes())?)?;
    let Some(ResponseSignature::RAW_DIGEST_SIGNATURE { value, signature_algorithm_parameters: Some(parameters), .. }) = &status.signature
    else {
        return Err("no raw signature with parameters".into());
    };
    demand(&parameters.hash_algorithm == hash, "the hash algorithm is not the one asked for")?;
    demand(&parameters.mask_gen_algorithm.parameters.hash_algorithm == hash, "the hash of the mask is another one")?;
    let value = STANDARD.decode(value)?;
    let mut digest = STANDARD.decode(client.get_session()?.get_digest(status.clone()).ok_or("no digest")?)?;
    demand(parameters.salt_length as usize == digest.len() && parameters.trailer_field == "0xbc", "salt or trailer")?;
    demand(verifies(&certificate, hash, &digest, &value)?, "the signature does not verify")?;
    digest[0] ^= 1;
    demand(!verifies(&certificate, hash, &digest, &value)?, "the signature verifies for another digest")
}

fn verifies(certificate: &X509, hash: &HashingAlgorithm, digest: &[u8], signature: &[u8]) -> Result<bool, Fault> {
    let md: &MdRef = match hash {
        HashingAlgorithm::sha_256 => Md::sha256(),
        HashingAlgorithm::sha_384 => Md::sha384(),
        HashingAlgorithm::sha_512 => Md::sha512(),
        HashingAlgorithm::sha3_256 => Md::sha3_256(),
        HashingAlgorithm::sha3_384 => Md::sha3_384(),
        HashingAlgorithm::sha3_512 => Md::sha3_512(),
    };
    let key = certificate.public_key()?;
    let mut context = PkeyCtx::new(&key)?;
    context.verify_init()?;
    context.set_rsa_padding(Padding::PKCS1_PSS)?;
    context.set_signature_md(md)?;
    context.set_rsa_mgf1_md(md)?;
    context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    Ok(context.verify(digest, signature).unwrap_or(false))
}
