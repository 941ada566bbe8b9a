//! Calls: where they go, what they send, and what every status means.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use countersign_client::error::Service as Whom;
use countersign_client::{Authentication, Client, Error, Signing, StartedSession, SystemRandom};
use countersign_wire::callback::CallbackUrl;
use countersign_wire::endpoint::{Addressee, Flow, Operation, Recipient, STARTS, Start};
use countersign_wire::id::{DocumentNumber, RelyingPartyUuid, SemanticsIdentifier, SessionId};
use countersign_wire::problem::Problem;
use countersign_wire::session::CertificateResponse;
use countersign_wire::start::{CertificateRequest, FlowMembers, Nonce, StartRequest};
use countersign_wire::words::{HashAlgorithm, Open, RequestedLevel, State};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;

use crate::service::Service;
use crate::world::{self, CALLBACK, DOCUMENT, NAME, PERSON, ask_authentication, ask_signature, now};

const ID: &str = "fa20fd1e-e320-4c68-8315-f6a507a0b4a9";

fn session_id() -> SessionId {
    SessionId::parse(ID).unwrap()
}

fn person() -> SemanticsIdentifier {
    SemanticsIdentifier::parse(PERSON).unwrap()
}

fn document() -> DocumentNumber {
    DocumentNumber::parse(DOCUMENT).unwrap()
}

/// An answer that fits every row, with a member that nobody knows.
fn everything() -> Vec<u8> {
    json!({
        "sessionID": ID,
        "sessionToken": world::TOKEN,
        "sessionSecret": "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=",
        "deviceLinkBase": "https://sid.example.test/device-link",
        "vc": { "type": "numeric4", "value": "0081" },
        "added later": { "a": [1] },
    })
    .to_string()
    .into_bytes()
}

/// Starts a session of this row, by the method that is made for it.
async fn start(client: &Client, row: &Start) -> Result<StartedSession, Error> {
    let authentication = Authentication::with_text("Log in?");
    let signing = Signing::of_data(world::DATA, HashAlgorithm::Sha512, "Sign?").unwrap();
    let callback = Some(CallbackUrl::parse(CALLBACK).unwrap());
    let level = RequestedLevel::Qualified;
    let recipient = match row.addressee {
        Addressee::Anonymous => Recipient::Anonymous,
        Addressee::Person => Recipient::Person(person()),
        Addressee::Document | Addressee::Linked => Recipient::Document(document()),
    };
    match (row.operation, row.flow, row.addressee) {
        (Operation::Authenticate, Flow::DeviceLink, _) => {
            client
                .authenticate_by_device_link(&recipient, &authentication, callback, now(), &mut SystemRandom)
                .await
        }
        (Operation::Authenticate, Flow::Notification, _) => {
            client.authenticate_by_notification(&recipient, &authentication, now(), &mut SystemRandom).await
        }
        (Operation::Sign, _, Addressee::Linked) => {
            let choice = world::session(
                countersign_wire::start::Asked::ChooseCertificate,
                world::by_link(),
                Recipient::Anonymous,
            );
            client.sign_linked(&choice, &document(), &signing, now()).await
        }
        (Operation::Sign, Flow::DeviceLink, _) => {
            client.sign_by_device_link(&recipient, &signing, callback, now()).await
        }
        (Operation::Sign, Flow::Notification, _) => {
            client.sign_by_notification(&recipient, &signing, now()).await
        }
        (Operation::ChooseCertificate, Flow::DeviceLink, _) => {
            client.choose_certificate_by_device_link(level, callback, now()).await
        }
        (Operation::ChooseCertificate, Flow::Notification, _) => {
            client.choose_certificate_by_notification(&person(), level, now()).await
        }
    }
}

#[tokio::test]
async fn every_row_is_called_where_it_is_and_with_what_it_takes() {
    for row in &STARTS {
        let service = Service::start().await;
        service.will_answer(200, everything());
        let session = start(&service.client(), row).await.unwrap_or_else(|e| panic!("{}: {e}", row.path));
        let asked = service.last();
        let path = row.path.replace(
            "{addressee}",
            match row.addressee {
                Addressee::Person => PERSON,
                Addressee::Anonymous | Addressee::Document | Addressee::Linked => DOCUMENT,
            },
        );
        assert_eq!(asked.path, format!("/smart-id-rp{path}"));
        assert_eq!(asked.headers["content-type"], "application/json");
        assert_eq!(asked.headers["accept"], "application/json");
        // The server's own reading, which refuses whatever the row does not permit.
        let request = StartRequest::from_body(row, &asked.body).unwrap();
        assert_eq!(request, session.request, "{}", row.path);
        assert_eq!((session.session_id, session.operation()), (session_id(), row.operation));
        assert!(session.started_at >= now());

        let code = session.verification_code().map(|code| code.to_string());
        match (row.operation, row.flow, row.addressee) {
            (Operation::Sign, Flow::Notification, Addressee::Person | Addressee::Document) => {
                assert_eq!(code.as_deref(), Some("0081"));
            }
            (Operation::Authenticate, Flow::Notification, _) => assert_eq!(code.unwrap().len(), 4),
            _ => assert_eq!(code, None, "{}", row.path),
        }
        assert_eq!(session.secret().is_some(), row.flow == Flow::DeviceLink);
    }
}

#[tokio::test]
async fn a_combination_without_a_row_is_refused_before_anything_is_sent() {
    let service = Service::start().await;
    let client = service.client();
    let notify = || FlowMembers::Notification;
    for (asked, flow, recipient) in [
        (ask_signature(), world::by_link(), Recipient::Anonymous),
        (ask_signature(), notify(), Recipient::Anonymous),
        (ask_authentication(), notify(), Recipient::Anonymous),
        (countersign_wire::start::Asked::ChooseCertificate, notify(), Recipient::Document(document())),
        (
            ask_authentication(),
            FlowMembers::Linked { session: session_id() },
            Recipient::Document(document()),
        ),
    ] {
        let request = StartRequest::new(RelyingPartyUuid(session_id().0), NAME, asked, flow);
        let error = client.start(request, &recipient, now()).await.unwrap_err();
        assert!(matches!(error, Error::NoSuchEndpoint { .. }), "{error:?}");
    }
    let signing = Signing::of_data(world::DATA, HashAlgorithm::Sha512, "Sign?").unwrap();
    let no_choice = world::session(ask_signature(), world::by_link(), Recipient::Anonymous);
    let error = client.sign_linked(&no_choice, &document(), &signing, now()).await.unwrap_err();
    assert!(matches!(error, Error::NotACertificateChoice));
    let long = Authentication::with_text("x".repeat(61));
    let person = Recipient::Person(person());
    let error =
        client.authenticate_by_notification(&person, &long, now(), &mut SystemRandom).await.unwrap_err();
    assert!(matches!(error, Error::Request(_)), "{error:?}");
    assert!(matches!(Signing::of_digest(&[0; 32], HashAlgorithm::Sha512, "x"), Err(Error::Request(_))));
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn wishes_are_sent_as_they_are() {
    let service = Service::start().await;
    service.will_answer(200, everything());
    let mut signing = Signing::of_data(world::DATA, HashAlgorithm::Sha384, "Sign?").unwrap();
    signing.level = RequestedLevel::Qscd;
    signing.nonce = Some(Nonce::parse("once").unwrap());
    signing.properties.share_md_client_ip_address = true;
    let recipient = Recipient::Document(document());
    service.client().sign_by_notification(&recipient, &signing, now()).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&service.last().body).unwrap();
    assert_eq!(body["certificateLevel"], "QSCD");
    assert_eq!(body["nonce"], "once");
    assert_eq!(body["requestProperties"]["shareMdClientIpAddress"], true);
    assert_eq!(body["relyingPartyName"], NAME);
    assert_eq!(
        body["signatureProtocolParameters"]["signatureAlgorithmParameters"]["hashAlgorithm"],
        "SHA-384"
    );
}

#[tokio::test]
async fn challenges_are_fresh_and_come_from_the_generator_that_was_given() {
    let service = Service::start().await;
    let client = service.client();
    let mut bodies = Vec::new();
    for seed in [1, 1, 2] {
        service.will_answer(200, everything());
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let wanted = Authentication::with_text("Log in?");
        let recipient = Recipient::Person(person());
        client.authenticate_by_notification(&recipient, &wanted, now(), &mut rng).await.unwrap();
        bodies.push(service.last().body);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_ne!(bodies[0], bodies[2]);
}

type Expected = fn(&Error) -> bool;

#[tokio::test]
async fn every_status_has_its_error() {
    let unsuitable = serde_json::to_vec(&Problem::no_suitable_account()).unwrap();
    let wrong = br#"{"type":"about:blank","status":400,"title":"Bad Request","detail":"Invalid request parameters found","errors":[{"detail":"secret detail","paramName":"vcType","pointer":"/vcType"}]}"#;
    let cases: [(u16, &[u8], Expected); 14] = [
        (400, wrong, |e| {
            matches!(e, Error::BadRequest { problem: Some(_) })
                && e.to_string().ends_with("malformed: /vcType")
        }),
        (400, b"<html>", |e| matches!(e, Error::BadRequest { problem: None })),
        (401, b"", |e| matches!(e, Error::Unauthorized)),
        (403, b"{}", |e| matches!(e, Error::Forbidden { problem: None })),
        (404, b"", |e| matches!(e, Error::AccountNotFound)),
        (404, &unsuitable, |e| matches!(e, Error::NoSuitableAccount)),
        (471, b"", |e| matches!(e, Error::NoSuitableAccount)),
        (472, b"", |e| matches!(e, Error::PersonShouldViewPortal)),
        (480, b"", |e| matches!(e, Error::ClientTooOld)),
        (580, b"", |e| matches!(e, Error::Maintenance)),
        (500, b"", |e| matches!(e, Error::UnexpectedStatus { status: 500, service: Whom::RelyingPartyApi })),
        (201, b"{}", |e| matches!(e, Error::UnexpectedStatus { status: 201, .. })),
        (200, b"not JSON", |e| matches!(e, Error::UnreadableAnswer { .. })),
        (200, b"{\"sessionID\":\"x\"}", |e| matches!(e, Error::UnreadableAnswer { .. })),
    ];
    let service = Service::start().await;
    let client = service.client();
    let wanted = Authentication::with_text("Log in?");
    let recipient = Recipient::Person(person());
    for (status, body, expected) in cases {
        service.will_answer(status, body);
        let error = client
            .authenticate_by_notification(&recipient, &wanted, now(), &mut SystemRandom)
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(expected(&error), "{status}: {error:?}");
        assert!(!error.to_string().contains("secret detail"));
    }
    service.will_answer(404, "");
    let error = client.poll(session_id(), Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, Error::SessionNotFound), "{error:?}");
}

#[tokio::test]
async fn empty_members_of_a_link_session_are_refused() {
    let service = Service::start().await;
    for member in ["sessionID", "sessionToken", "sessionSecret", "deviceLinkBase"] {
        for wrong in [json!(""), json!(null), json!(7)] {
            let mut body: serde_json::Value = serde_json::from_slice(&everything()).unwrap();
            body[member] = wrong;
            service.will_answer(200, body.to_string());
            let error = start(&service.client(), &STARTS[0]).await.unwrap_err();
            assert!(matches!(error, Error::UnreadableAnswer { .. }), "{member}: {error:?}");
        }
    }
}

#[tokio::test]
async fn redirects_are_not_followed_and_long_answers_not_read() {
    let service = Service::start().await;
    let headers =
        HeaderMap::from_iter([("location".parse().unwrap(), HeaderValue::from_static("/elsewhere"))]);
    service.will_answer_with(307, headers, "");
    let client = service.client();
    let error = start(&client, &STARTS[0]).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedStatus { status: 307, .. }), "{error:?}");
    assert_eq!(service.asked().len(), 1);
    service.will_answer(200, vec![b' '; 300 * 1024]);
    let error = start(&client, &STARTS[0]).await.unwrap_err();
    assert!(matches!(error, Error::AnswerTooLong { limit: 262_144, .. }), "{error:?}");
}

#[tokio::test]
async fn silence_and_absence_are_told_apart_and_name_no_address() {
    let service = Service::start().await;
    service.will_be_silent();
    let client = service.builder().timeout(Duration::from_millis(50)).build().unwrap();
    let error = start(&client, &STARTS[0]).await.unwrap_err();
    assert!(matches!(error, Error::NoAnswer { service: Whom::RelyingPartyApi }), "{error:?}");

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let party = RelyingPartyUuid(session_id().0);
    let client = Client::builder(&origin, party, NAME).tls_roots(&[]).build().unwrap();
    let row = STARTS.iter().find(|row| row.addressee == Addressee::Person).unwrap();
    let error = start(&client, row).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("40504040001"));
}

#[tokio::test]
async fn polls_ask_within_the_limits_and_keep_unknown_words() {
    let service = Service::start().await;
    let client = service.client();
    for (wait, sent) in [(0, 1000), (1500, 1500), (60_500, 60_500), (600_000, 120_000)] {
        service.will_answer(200, r#"{"state":"PAUSED","by":"a newer service"}"#);
        let status = client.poll(session_id(), Duration::from_millis(wait)).await.unwrap();
        assert_eq!(service.last().path, format!("/smart-id-rp/v3/session/{ID}?timeoutMs={sent}"));
        assert_eq!(service.last().method, "GET");
        assert_eq!(status.state, Open::Unknown("PAUSED".into()));
    }
}

#[tokio::test]
async fn waiting_polls_again_until_the_session_has_ended() {
    let service = Service::start().await;
    let client = service.client();
    service.will_answer(200, r#"{"state":"RUNNING"}"#);
    service.will_answer(200, r#"{"state":"RUNNING"}"#);
    service.will_answer(200, r#"{"state":"COMPLETE","result":{"endResult":"TIMEOUT"}}"#);
    let status = client.wait(session_id(), Duration::from_secs(100)).await.unwrap();
    assert_eq!(status.state, State::Complete);
    assert_eq!(service.asked().len(), 3);
    assert!(service.last().path.ends_with("timeoutMs=30000"));
    service.will_answer(200, r#"{"state":"RUNNING"}"#);
    let error = client.wait(session_id(), Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::StillRunning), "{error:?}");
}

#[tokio::test]
async fn certificates_are_asked_for_by_document_number() {
    let service = Service::start().await;
    service
        .will_answer(200, r#"{"state":"OK","cert":{"value":"AAAA","certificateLevel":"QUALIFIED","x":1}}"#);
    let client = service.client();
    let response = client.signing_certificate(&document(), RequestedLevel::Qscd).await.unwrap();
    assert!(matches!(response, CertificateResponse::Ok(_)));
    let asked = service.last();
    assert_eq!(asked.path, format!("/smart-id-rp/v3/signature/certificate/{DOCUMENT}"));
    let request = CertificateRequest::from_body(&asked.body).unwrap();
    assert_eq!(
        (request.relying_party_name.as_str(), request.certificate_level),
        (NAME, RequestedLevel::Qscd)
    );
    service.will_answer(200, r#"{"state":"DOCUMENT_UNUSABLE"}"#);
    let response = client.signing_certificate(&document(), RequestedLevel::Qualified).await.unwrap();
    assert_eq!(response, CertificateResponse::DocumentUnusable);
    service.will_answer(404, "");
    let error = client.signing_certificate(&document(), RequestedLevel::Qualified).await.unwrap_err();
    assert!(matches!(error, Error::AccountNotFound));
}

#[tokio::test]
async fn a_base_may_end_as_other_clients_write_it() {
    for ending in ["", "/", "/v3", "/v3/", "/smart-id-rp/v3/"] {
        let service = Service::start().await;
        service.will_answer(200, r#"{"state":"RUNNING"}"#);
        let base = format!("{}{ending}", service.origin);
        let party = RelyingPartyUuid(session_id().0);
        let client = Client::builder(&base, party, NAME).tls_roots(&[]).build().unwrap();
        client.poll(session_id(), Duration::from_secs(1)).await.unwrap();
        let prefix = if ending.contains("smart") { "/smart-id-rp" } else { "" };
        assert_eq!(service.last().path, format!("{prefix}/v3/session/{ID}?timeoutMs=1000"));
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let party = || RelyingPartyUuid(session_id().0);
    for base in ["", "localhost:8080", "ftp://localhost/", "https://x/v3?y=1", "https://x/#y", "http:///v3"] {
        let error = Client::builder(base, party(), NAME).tls_roots(&[]).build().unwrap_err();
        assert!(matches!(error, Error::Setting { setting: "base", .. }), "{base}: {error:?}");
    }
    let error = Client::builder("https://x", party(), "").tls_roots(&[]).build().unwrap_err();
    assert!(matches!(error, Error::Setting { setting: "relying_party_name", .. }));
    let client = Client::builder("https://x", party(), NAME).tls_roots(&[]);
    let error = client.status_origin("http://127.0.0.1:1/path").build().unwrap_err();
    assert!(matches!(error, Error::Setting { setting: "status_origin", .. }));
}
