//! The client against the whole service on sockets of this machine, with test persons whose phones approve.

#![allow(missing_docs)]

mod world;

use std::time::Duration;

use countersign_client::{
    Authentication, AuthenticationVerifier, CertificateChoiceVerifier, Client, Ending, Error, Rules,
    SignatureVerifier, Signing, StartedSession, SystemRandom, check_callback,
};
use countersign_pki::crl::Reason;
use countersign_pki::path::Position;
use countersign_pki::{Digest, SignatureAlgorithm};
use countersign_wire::callback::CallbackUrl;
use countersign_wire::device_link::{Language, LinkKind};
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::start::Interaction;
use countersign_wire::words::{CertificateLevel, FlowType, HashAlgorithm, InteractionType, RequestedLevel};

use world::{Browser, World};

const NOTIFIED: &str = "PNOEE-40504040001-DEM0-Q";
const SCANNING: &str = "PNOEE-40404040009-MOCK-Q";
const PATIENCE: Duration = Duration::from_secs(60);

fn document(text: &str) -> DocumentNumber {
    DocumentNumber::parse(text).unwrap()
}

fn authentication(rules: Rules) -> AuthenticationVerifier {
    AuthenticationVerifier::new(rules)
}

#[tokio::test]
async fn logs_in_by_notification_with_every_check_and_every_status_fetched() {
    let world = World::start().await;
    let client = world.client();
    let verifier = authentication(world.rules());
    for recipient in [
        Recipient::Document(document(NOTIFIED)),
        Recipient::Person(SemanticsIdentifier::parse("PNOEE-40504040001").unwrap()),
    ] {
        let wanted = Authentication::with_text("Log in to the bank?");
        let session = client
            .authenticate_by_notification(&recipient, &wanted, world.now(), &mut SystemRandom)
            .await
            .unwrap();
        assert_eq!(session.verification_code().unwrap().to_string().len(), 4);
        let status = client.wait(session.session_id, PATIENCE).await.unwrap();
        let who = client
            .verify_authentication(&verifier, &session, &status, None, world.now(), &mut SystemRandom)
            .await
            .unwrap();
        assert_eq!(who.document.as_str(), NOTIFIED);
        assert_eq!((who.flow, who.level), (FlowType::Notification, CertificateLevel::Qualified));
        assert_eq!(who.identity.surname, "TESTNUMBER");
        assert_eq!(who.identity.date_of_birth, Some("1905-04-04".parse().unwrap()));
        // The leaf's status and the issuing CA's, each by OCSP.
        assert_eq!(who.path.certificates().len(), 3);
        assert_eq!((who.evidence.ocsp_responses().count(), who.evidence.crls().count()), (2, 0));
    }
    world.end().await;
}

#[tokio::test]
async fn logs_in_with_a_qr_code_through_the_mock() {
    let world = World::start().await;
    let client = world.client();
    let wanted = Authentication::new(vec![Interaction {
        kind: InteractionType::ConfirmationMessage,
        text: "Log in to Näidis € as yourself?".into(),
    }]);
    let session = client
        .authenticate_by_device_link(&Recipient::Anonymous, &wanted, None, world.now(), &mut SystemRandom)
        .await
        .unwrap();
    assert_eq!(session.qr_code(world.now(), Language::ENGLISH).unwrap().side(), 53);
    // Kept by the relying party between two requests of the browser.
    let stored = serde_json::to_string(&session).unwrap();
    let session: StartedSession = serde_json::from_str(&stored).unwrap();
    world.scans(SCANNING, &session.qr_link(world.now(), Language::ENGLISH).unwrap()).await;
    let status = client.wait(session.session_id, PATIENCE).await.unwrap();
    let who = client
        .verify_authentication(
            &authentication(world.rules()),
            &session,
            &status,
            None,
            world.now(),
            &mut SystemRandom,
        )
        .await
        .unwrap();
    assert_eq!((who.document.as_str(), who.flow), (SCANNING, FlowType::Qr));
    assert_eq!(who.interaction, InteractionType::ConfirmationMessage);
    world.end().await;
}

#[tokio::test]
async fn logs_in_on_the_same_device_and_comes_back() {
    let world = World::start().await;
    let client = world.client();
    for kind in [LinkKind::Web2App, LinkKind::App2App] {
        let browser = Browser::start(&world).await;
        let callback =
            CallbackUrl::parse(&format!("{}/back?value=cHFyc3R1dnd4eXp7fH1-fw", browser.origin)).unwrap();
        let wanted = Authentication::with_text("Log in?");
        let session = client
            .authenticate_by_device_link(
                &Recipient::Document(document(SCANNING)),
                &wanted,
                Some(callback.clone()),
                world.now(),
                &mut SystemRandom,
            )
            .await
            .unwrap();
        let link = session.device_link(kind, Language::ENGLISH).unwrap();
        world.opens(SCANNING, &link, kind.link_type().as_str(), callback.as_str()).await;
        let status = client.wait(session.session_id, PATIENCE).await.unwrap();
        let verifier = authentication(world.rules());
        let verify = async |callback| {
            client
                .verify_authentication(&verifier, &session, &status, callback, world.now(), &mut SystemRandom)
                .await
        };
        assert!(matches!(verify(None).await, Err(Error::CallbackNeeded(_))));
        let asked_for = browser.asked_for().await;
        let callback = check_callback(&session, &asked_for).unwrap();
        let who = verify(Some(&callback)).await.unwrap();
        assert_eq!(who.flow, FlowType::from(kind.link_type()));
    }
    world.end().await;
}

#[tokio::test]
async fn signs_a_digest_with_the_certificate_that_was_asked_for_before() {
    let world = World::start().await;
    let client = world.client();
    let wanted = document(NOTIFIED);
    let level = RequestedLevel::Qscd;
    let response = client.signing_certificate(&wanted, level).await.unwrap();
    let chosen = client
        .verify_certificate(
            &CertificateChoiceVerifier::new(world.rules()),
            &response,
            &wanted,
            level,
            world.now(),
            &mut SystemRandom,
        )
        .await
        .unwrap();
    for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha3_512] {
        let mut signing = Signing::of_data(b"the contract", hash, "Sign the contract?").unwrap();
        signing.level = level;
        let recipient = Recipient::Document(wanted.clone());
        let session = client.sign_by_notification(&recipient, &signing, world.now()).await.unwrap();
        assert!(session.verification_code().is_some());
        let status = client.wait(session.session_id, PATIENCE).await.unwrap();
        let verifier = SignatureVerifier::new(world.rules()).expecting(chosen.certificate());
        let signed = client
            .verify_signature(&verifier, &session, &status, world.now(), &mut SystemRandom)
            .await
            .unwrap();
        // Anyone can check it over the data itself.
        let algorithm = SignatureAlgorithm::RsaPss(Digest::by_name(hash.as_str()).unwrap());
        let key = chosen.certificate().public_key();
        key.verify(algorithm, b"the contract", &signed.signature).unwrap();
        assert!(key.verify(algorithm, b"another contract", &signed.signature).is_err());
    }
    world.end().await;
}

#[tokio::test]
async fn chooses_a_certificate_with_a_qr_code_and_signs_on_the_waiting_phone() {
    let world = World::start().await;
    let client = world.client();
    let session =
        client.choose_certificate_by_device_link(RequestedLevel::Qualified, None, world.now()).await.unwrap();
    world.scans(SCANNING, &session.qr_link(world.now(), Language::ENGLISH).unwrap()).await;
    let status = client.wait(session.session_id, PATIENCE).await.unwrap();
    let chosen = client
        .verify_certificate_choice(
            &CertificateChoiceVerifier::new(world.rules()),
            &session,
            &status,
            world.now(),
            &mut SystemRandom,
        )
        .await
        .unwrap();
    assert_eq!((chosen.document.as_str(), chosen.flow), (SCANNING, Some(FlowType::Qr)));

    let signing = Signing::of_data(b"the contract", HashAlgorithm::Sha512, "Sign?").unwrap();
    let linked = client.sign_linked(&session, &chosen.document, &signing, world.now()).await.unwrap();
    let status = client.wait(linked.session_id, PATIENCE).await.unwrap();
    let verifier = SignatureVerifier::new(world.rules()).expecting(chosen.certificate());
    client.verify_signature(&verifier, &linked, &status, world.now(), &mut SystemRandom).await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn refusals_arrive_as_what_they_are() {
    let world = World::start().await;
    let client = world.client();
    let verifier = authentication(world.rules());
    let screen = |interaction| Ending::UserRefusedInteraction { interaction: Some(interaction) };
    for (person, expected) in [
        ("PNOEE-30403039917-MOCK-Q", Ending::UserRefused),
        ("PNOEE-30403039928-MOCK-Q", screen(InteractionType::DisplayTextAndPin)),
    ] {
        let wanted = Authentication::with_text("Log in?");
        let recipient = Recipient::Document(document(person));
        let session = client
            .authenticate_by_notification(&recipient, &wanted, world.now(), &mut SystemRandom)
            .await
            .unwrap();
        let status = client.wait(session.session_id, PATIENCE).await.unwrap();
        let error = client
            .verify_authentication(&verifier, &session, &status, None, world.now(), &mut SystemRandom)
            .await
            .unwrap_err();
        assert!(matches!(&error, Error::Ended(ending) if *ending == expected), "{person}: {error:?}");
    }
    let nobody = Recipient::Document(document("PNOEE-40504040001-NONE-Q"));
    let wanted = Authentication::with_text("Log in?");
    let error = client
        .authenticate_by_notification(&nobody, &wanted, world.now(), &mut SystemRandom)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::AccountNotFound), "{error:?}");
    world.end().await;
}

#[tokio::test]
async fn a_revoked_certificate_is_found_out_between_two_uses() {
    let world = World::start().await;
    let client = world.client();
    let verifier = authentication(world.rules());
    let wanted = Authentication::with_text("Log in?");
    let recipient = Recipient::Document(document(NOTIFIED));
    let session = client
        .authenticate_by_notification(&recipient, &wanted, world.now(), &mut SystemRandom)
        .await
        .unwrap();
    let status = client.wait(session.session_id, PATIENCE).await.unwrap();
    let verify = async || {
        client.verify_authentication(&verifier, &session, &status, None, world.now(), &mut SystemRandom).await
    };
    verify().await.unwrap();
    world.revoke(NOTIFIED).await;
    let error = verify().await.unwrap_err();
    assert!(
        matches!(error, Error::Revoked { position: Position::Leaf, reason: Reason::KeyCompromise, .. }),
        "{error:?}"
    );
    world.end().await;
}

#[tokio::test]
async fn tls_takes_the_right_root_and_the_right_key() {
    let world = World::start().await;
    let poll = async |client: Client| {
        let unknown = countersign_wire::id::SessionId::parse("fa20fd1e-e320-4c68-8315-f6a507a0b4a9").unwrap();
        client.poll(unknown, Duration::from_secs(1)).await.unwrap_err()
    };
    // The service was reached when it says that it does not know the session.
    let reached = |error: &Error| matches!(error, Error::SessionNotFound);
    let trusted = || world.secure_builder().tls_roots(std::slice::from_ref(&world.tls_root));
    let other = world.rules().trust.anchors().to_vec();
    for (about, builder, expected) in [
        ("the root", trusted(), true),
        ("the root and the key", trusted().pin_spki([9; 32]).pin_spki(world.tls_pin), true),
        ("the root and another key", trusted().pin_spki([9; 32]), false),
        ("another root", world.secure_builder().tls_roots(&other), false),
        (
            "another root and the right key",
            world.secure_builder().tls_roots(&other).pin_spki(world.tls_pin),
            false,
        ),
        ("no root", world.secure_builder().tls_roots(&[]), false),
        ("the machine's roots", world.secure_builder(), false),
    ] {
        let error = poll(builder.build().unwrap()).await;
        assert_eq!(reached(&error), expected, "{about}: {error:?}");
        assert!(expected || matches!(error, Error::Connection { .. }), "{about}: {error:?}");
    }
    world.end().await;
}
