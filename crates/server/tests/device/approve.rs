//! A person approves, chooses or refuses; what the relying party gets verifies.

use countersign_phone::Choice;
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use countersign_wire::acsp::{AcspPayload, SchemeName};
use countersign_wire::base64::from_b64;
use countersign_wire::callback::{SessionSecret, UserChallenge};
use countersign_wire::device::{KeyUse, RefusalReason, TransactionFlow, TransactionKind};
use countersign_wire::device_link::{DeviceLinkBase, Language, LinkContext, LinkKind, UnprotectedLink};
use countersign_wire::endpoint::{Addressee, Flow, Operation, Start};
use countersign_wire::id::SessionToken;
use countersign_wire::start::StartRequest;
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{FlowType, InteractionType};

use super::*;

/// The certificate in a status, issued by the TEST CA for this level.
fn certificate(status: &Value) -> Certificate {
    let der = from_b64(status["cert"]["value"].as_str().expect("a certificate")).expect("Base64");
    let certificate = Certificate::from_der(&der).expect("a certificate");
    let authorities = dev::authorities().expect("the TEST authority");
    let ca = authorities.issuing(CertificateLevel::Qualified).certificate().clone();
    let algorithm = certificate.signature_algorithm().expect("an algorithm");
    ca.public_key()
        .verify(algorithm, certificate.tbs_der(), certificate.signature())
        .expect("issued by our CA");
    certificate
}

fn signature(status: &Value) -> Vec<u8> {
    from_b64(status["signature"]["value"].as_str().expect("a signature")).expect("Base64")
}

/// Verifies what an authentication signed, as a relying party would.
pub(crate) fn verify_login(asked: &Asked, status: &Value, callback: &str, flow: FlowType) {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let payload = AcspPayload {
        scheme: &SchemeName::DEMO,
        server_random: &text(&status["signature"]["serverRandom"]),
        rp_challenge: &text(&asked.body["signatureProtocolParameters"]["rpChallenge"]),
        user_challenge: &UserChallenge::parse(&text(&status["signature"]["userChallenge"]))
            .expect("a challenge"),
        relying_party_name: "DEMO",
        brokered_rp_name: "",
        interactions: &text(&asked.body["interactions"]),
        interaction_type_used: text(&status["interactionTypeUsed"]).parse().expect("an interaction"),
        initial_callback_url: callback,
        flow_type: flow,
    };
    assert_eq!(status["signature"]["flowType"], flow.as_str());
    let algorithm = SignatureAlgorithm::RsaPss(Digest::Sha3_512);
    let key = certificate(status);
    key.public_key().verify(algorithm, &payload.to_bytes(), &signature(status)).expect("a signature");
    assert!(key.public_key().verify(algorithm, b"anything else", &signature(status)).is_err());
}

#[tokio::test]
async fn a_login_is_approved_and_its_signature_verifies() {
    let mut person = Person::new().await;
    let (asked, tx) = person.asked_to_log_in().await;
    assert_eq!(person.approve(&tx, PIN1).await.expect("approved"), None);
    let status = asked.status(&person.world).await;
    Asked::ended(&status, "OK");
    assert_eq!(status["result"]["documentNumber"], DOCUMENT);
    verify_login(&asked, &status, "", FlowType::Notification);
    assert_eq!(certificate(&status).document_number().as_deref(), Some(DOCUMENT));
    assert_eq!(person.key(KeyUse::Auth).await.tries_left(person.now(), &Default::default()), 3);
}

#[tokio::test]
async fn documents_are_signed_with_every_padding_and_hash() {
    let mut person = Person::new().await;
    for (number, (algorithm, hash, judge)) in [
        ("rsassa-pss", Some("SHA-256"), SignatureAlgorithm::RsaPss(Digest::Sha256)),
        ("rsassa-pss", Some("SHA-384"), SignatureAlgorithm::RsaPss(Digest::Sha384)),
        ("rsassa-pss", Some("SHA-512"), SignatureAlgorithm::RsaPss(Digest::Sha512)),
        ("rsassa-pss", Some("SHA3-256"), SignatureAlgorithm::RsaPss(Digest::Sha3_256)),
        ("rsassa-pss", Some("SHA3-384"), SignatureAlgorithm::RsaPss(Digest::Sha3_384)),
        ("rsassa-pss", Some("SHA3-512"), SignatureAlgorithm::RsaPss(Digest::Sha3_512)),
        ("sha256WithRSAEncryption", None, SignatureAlgorithm::RsaPkcs1(Digest::Sha256)),
        ("sha384WithRSAEncryption", None, SignatureAlgorithm::RsaPkcs1(Digest::Sha384)),
        ("sha512WithRSAEncryption", None, SignatureAlgorithm::RsaPkcs1(Digest::Sha512)),
    ]
    .into_iter()
    .enumerate()
    {
        let digest = judge.digest().of(b"an agreement");
        let asked = sign(&person.world, algorithm, hash, &digest, number as u8).await;
        let tx = person.next().await;
        person.approve(&tx, PIN2).await.expect("approved");
        let status = asked.status(&person.world).await;
        Asked::ended(&status, "OK");
        let key = certificate(&status);
        key.public_key().verify_digest(judge, &digest, &signature(&status)).expect(algorithm);
        person.world.advance(20);
    }
}

#[tokio::test]
async fn a_pin_of_the_other_key_is_wrong() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    refused(person.approve(&tx, PIN2).await, DeviceErrorCode::WrongPin);
}

#[tokio::test]
async fn a_certificate_is_chosen_without_a_pin() {
    let mut person = Person::new().await;
    let path = "/v3/signature/certificate-choice/notification/etsi/PNOEE-40504040001".to_owned();
    let asked = start(&person.world, path, party()).await;
    let tx = person.next().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    assert_eq!(opened.transaction.kind, TransactionKind::CertChoice);
    assert!(opened.interaction.is_none());
    person.phone.choose_certificate(&opened, now, &mut person.rng).await.expect("chosen");
    let status = asked.status(&person.world).await;
    Asked::ended(&status, "OK");
    let der =
        person.certificates.iter().find(|certificate| certificate.key_use == KeyUse::Sign).expect("one");
    assert_eq!(status["cert"]["value"], der.value);
    assert_eq!(count(&person.world, "TryCounted").await, 0);
    refused(
        person.phone.choose_certificate(&opened, now, &mut person.rng).await,
        DeviceErrorCode::AlreadyDone,
    );
}

#[tokio::test]
async fn the_wrong_code_ends_the_session_and_costs_no_try() {
    let mut person = Person::new().await;
    let list = [(InteractionType::ConfirmationMessageAndVerificationCodeChoice, "Which code?")];
    for right in [false, true] {
        let asked = log_in(&person.world, DOCUMENT, &interactions(&list)).await;
        let tx = person.next().await;
        let now = person.now();
        let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
        let codes = opened.transaction.codes.clone().expect("codes");
        let shown = VerificationCode::of_challenge(&(0..64).collect::<Vec<u8>>());
        assert_eq!(codes.len(), 3);
        assert!(codes.contains(&shown));
        let code = *codes.iter().find(|code| (**code == shown) == right).expect("a code");
        let result = person.phone.approve(&opened, pin(PIN1), Choice::Code(code), now, &mut person.rng).await;
        let status = asked.status(&person.world).await;
        if right {
            result.expect("approved");
            Asked::ended(&status, "OK");
            verify_login(&asked, &status, "", FlowType::Notification);
        } else {
            refused(result, DeviceErrorCode::WrongCode);
            Asked::ended(&status, "WRONG_VC");
            assert_eq!(count(&person.world, "TryCounted").await, 0);
        }
    }
}

#[tokio::test]
async fn every_reason_to_refuse_has_its_end_result() {
    let mut person = Person::new().await;
    let choice = [(InteractionType::ConfirmationMessageAndVerificationCodeChoice, "Which code?")];
    for (reason, interaction, result, details) in [
        (RefusalReason::User, None, "USER_REFUSED", None),
        (RefusalReason::NotMe, None, "USER_REFUSED", None),
        (RefusalReason::WrongCode, None, "WRONG_VC", None),
        (RefusalReason::InteractionNotSupported, None, "REQUIRED_INTERACTION_NOT_SUPPORTED_BY_APP", None),
        (
            RefusalReason::Interaction,
            Some(InteractionType::ConfirmationMessageAndVerificationCodeChoice),
            "USER_REFUSED_INTERACTION",
            Some("confirmationMessageAndVerificationCodeChoice"),
        ),
    ] {
        let asked = log_in(&person.world, DOCUMENT, &interactions(&choice)).await;
        let (tx, now) = (person.next().await, person.now());
        // A lost answer is no harm: the same refusal again.
        for _ in 0..2 {
            let callback = person.phone.refuse(&tx, reason, interaction, now, &mut person.rng).await;
            assert_eq!(callback.expect("refused"), None);
        }
        let status = asked.status(&person.world).await;
        Asked::ended(&status, result);
        assert_eq!(status["result"]["details"]["interaction"].as_str(), details, "{status}");
        refused(person.approve(&tx, PIN1).await, DeviceErrorCode::TxCancelled);
    }
    assert_eq!(count(&person.world, "TryCounted").await, 0);
}

#[tokio::test]
async fn an_approval_after_the_end_is_too_late() {
    let mut person = Person::new().await;
    let (_, tx) = person.asked_to_log_in().await;
    let now = person.now();
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    person.world.advance(121);
    let now = person.now();
    let late = person.phone.approve(&opened, pin(PIN1), Choice::None, now, &mut person.rng).await;
    refused(late, DeviceErrorCode::TxExpired);
    assert_eq!(count(&person.world, "TryCounted").await, 0);
    // The token was not used up by that.
    let (asked, tx) = person.asked_to_log_in().await;
    person.approve(&tx, PIN1).await.expect("approved");
    Asked::ended(&asked.status(&person.world).await, "OK");
}

/// A link to a session that `asked` started.
fn link(asked: &Asked, row: &'static Start, kind: LinkKind, base: Option<&str>) -> String {
    let answer = |name: &str| asked.answer[name].as_str().expect("a member").to_owned();
    let request = StartRequest::from_body(row, asked.body.to_string().as_bytes()).expect("a request");
    let link = UnprotectedLink {
        base: DeviceLinkBase::parse(base.unwrap_or(&answer("deviceLinkBase"))).expect("a base"),
        kind,
        token: SessionToken::parse(&answer("sessionToken")).expect("a token"),
        session_type: row.operation.session_type(),
        lang: Language::parse("eng").expect("a language"),
    };
    let context = LinkContext { scheme: &SchemeName::DEMO, request: &request, brokered_rp_name: "" };
    link.protect(&context, &SessionSecret::parse(&answer("sessionSecret")).expect("a secret"))
}

fn row(operation: Operation, addressee: Addressee) -> &'static Start {
    Start::find(operation, Flow::DeviceLink, addressee).expect("a row")
}

const CALLBACK: &str = "https://rp.example.test/back?value=cHFyc3R1dnd4eXp7fH1-fw";

#[tokio::test]
async fn a_qr_code_is_claimed_and_approved() {
    let mut person = Person::new().await;
    let row = row(Operation::Authenticate, Addressee::Anonymous);
    let body = authentication(&displayed("Log in"), "SHA3-512");
    let asked = start(&person.world, row.path.to_owned(), body).await;
    person.world.advance(7);
    let link = link(&asked, row, LinkKind::Qr { elapsed_seconds: 7 }, None);
    let now = person.now();
    let tx = person.phone.claim(&link, now, &mut person.rng).await.expect("claimed");
    // The answer to a claim may be lost: the same link again gives the same.
    assert_eq!(person.phone.claim(&link, now, &mut person.rng).await.expect("claimed"), tx);
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    assert_eq!(opened.transaction.flow, TransactionFlow::DeviceLink);
    assert_eq!(person.approve(&tx, PIN1).await.expect("approved"), None);
    let status = asked.status(&person.world).await;
    Asked::ended(&status, "OK");
    verify_login(&asked, &status, "", FlowType::Qr);
}

#[tokio::test]
async fn a_link_on_the_same_device_leads_back() {
    let mut person = Person::new().await;
    let row = row(Operation::Authenticate, Addressee::Anonymous);
    let mut body = authentication(&displayed("Log in"), "SHA3-512");
    body["initialCallbackUrl"] = json!(CALLBACK);
    for approves in [true, false] {
        let asked = start(&person.world, row.path.to_owned(), body.clone()).await;
        let link = link(&asked, row, LinkKind::Web2App, None);
        let now = person.now();
        let tx = person.phone.claim(&link, now, &mut person.rng).await.expect("claimed");
        let url = if approves {
            person.approve(&tx, PIN1).await.expect("approved")
        } else {
            person.phone.refuse(&tx, RefusalReason::User, None, now, &mut person.rng).await.expect("refused")
        };
        let url = url.expect("a way back");
        let secret = SessionSecret::parse(asked.answer["sessionSecret"].as_str().unwrap()).unwrap();
        let expected = format!("{CALLBACK}&sessionSecretDigest={}", secret.digest());
        assert!(url.starts_with(&expected), "{url}");
        let status = asked.status(&person.world).await;
        if approves {
            Asked::ended(&status, "OK");
            verify_login(&asked, &status, CALLBACK, FlowType::Web2App);
            let received = countersign_wire::callback::ReceivedCallback::parse(&url).expect("a callback");
            received.check_secret(&secret).expect("our secret");
            let challenge = UserChallenge::parse(status["signature"]["userChallenge"].as_str().unwrap());
            received.check_user_challenge(&challenge.unwrap()).expect("the phone's verifier");
        } else {
            Asked::ended(&status, "USER_REFUSED");
            assert_eq!(url, expected);
        }
    }
}

#[tokio::test]
async fn links_that_are_wrong_are_told_apart() {
    let mut person = Person::new().await;
    let other = Person::in_world(person.world.clone(), OTHER, 2).await;
    let mut other = other;
    let anonymous = row(Operation::Authenticate, Addressee::Anonymous);
    let by_document = row(Operation::Authenticate, Addressee::Document);
    let body = authentication(&displayed("Log in"), "SHA3-512");
    let world = person.world.clone();
    let begin =
        async |row: &'static Start| start(&world, row.path.replace("{addressee}", OTHER), body.clone()).await;
    let now = person.now();
    let qr = LinkKind::Qr { elapsed_seconds: 0 };

    for elapsed_seconds in [3, 600] {
        let asked = begin(anonymous).await;
        let future = link(&asked, anonymous, LinkKind::Qr { elapsed_seconds }, None);
        refused(person.phone.claim(&future, now, &mut person.rng).await, DeviceErrorCode::LinkStale);
        // The session goes on.
        let good = link(&asked, anonymous, qr, None);
        person.phone.claim(&good, now, &mut person.rng).await.expect("claimed");
        refused(other.phone.claim(&good, now, &mut other.rng).await, DeviceErrorCode::LinkTaken);
    }

    let asked = begin(by_document).await;
    let theirs = link(&asked, by_document, qr, None);
    refused(person.phone.claim(&theirs, now, &mut person.rng).await, DeviceErrorCode::WrongPerson);
    other.phone.claim(&theirs, now, &mut other.rng).await.expect("claimed");

    let asked = begin(anonymous).await;
    let mut forged = link(&asked, anonymous, qr, None);
    let last = if forged.pop() == Some('A') { 'E' } else { 'A' };
    forged.push(last);
    refused(person.phone.claim(&forged, now, &mut person.rng).await, DeviceErrorCode::LinkInvalid);
    Asked::ended(&asked.status(&person.world).await, "PROTOCOL_FAILURE");
    refused(person.phone.claim(&forged, now, &mut person.rng).await, DeviceErrorCode::TxExpired);

    let asked = begin(anonymous).await;
    let back = link(&asked, anonymous, LinkKind::App2App, None);
    refused(person.phone.claim(&back, now, &mut person.rng).await, DeviceErrorCode::LinkNoCallback);
    Asked::ended(&asked.status(&person.world).await, "PROTOCOL_FAILURE");

    let asked = begin(anonymous).await;
    let elsewhere = link(&asked, anonymous, qr, Some("https://elsewhere.example/device-link"));
    for malformed in [elsewhere.as_str(), "https://example.org/", "", &"x".repeat(20_000)] {
        refused(person.phone.claim(malformed, now, &mut person.rng).await, DeviceErrorCode::BadRequest);
    }
    let good = link(&asked, anonymous, qr, None);
    person.phone.claim(&good, now, &mut person.rng).await.expect("claimed");
    assert_eq!(count(&person.world, "TryCounted").await, 0);
}

#[tokio::test]
async fn a_linked_signature_follows_a_choice_and_leads_back() {
    let mut person = Person::new().await;
    let row = row(Operation::ChooseCertificate, Addressee::Anonymous);
    let choice =
        start(&person.world, row.path.to_owned(), body(json!({ "initialCallbackUrl": CALLBACK }))).await;
    let link = link(&choice, row, LinkKind::Web2App, None);
    let now = person.now();
    let tx = person.phone.claim(&link, now, &mut person.rng).await.expect("claimed");
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    let approved = person.phone.choose_certificate(&opened, now, &mut person.rng).await.expect("chosen");
    assert_eq!(approved.callback, None, "the person stays in the app");
    Asked::ended(&choice.status(&person.world).await, "OK");

    let digest = Digest::Sha512.of(b"an agreement");
    let linked = body(json!({
        "linkedSessionID": choice.id(),
        "signatureProtocol": "RAW_DIGEST_SIGNATURE",
        "signatureProtocolParameters": {
            "digest": b64(&digest), "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": { "hashAlgorithm": "SHA-512" },
        },
        "interactions": displayed("Sign"),
    }));
    let asked = start(&person.world, format!("/v3/signature/notification/linked/{DOCUMENT}"), linked).await;
    let tx = person.next().await;
    let opened = person.phone.open_transaction(&tx, now, &mut person.rng).await.expect("a transaction");
    assert_eq!(opened.transaction.flow, TransactionFlow::Linked);
    let url = person.approve(&tx, PIN2).await.expect("approved").expect("a way back");
    assert!(url.starts_with(CALLBACK) && url.contains("&sessionSecretDigest="), "{url}");
    let status = asked.status(&person.world).await;
    Asked::ended(&status, "OK");
    let algorithm = SignatureAlgorithm::RsaPss(Digest::Sha512);
    certificate(&status)
        .public_key()
        .verify_digest(algorithm, &digest, &signature(&status))
        .expect("verifies");
}

#[tokio::test]
async fn the_phone_shows_the_first_interaction_of_the_relying_party() {
    let mut person = Person::new().await;
    let list = [
        (InteractionType::ConfirmationMessage, "The long text"),
        (InteractionType::DisplayTextAndPin, "The short text"),
    ];
    let asked = log_in(&person.world, DOCUMENT, &interactions(&list)).await;
    let tx = person.next().await;
    person.approve(&tx, PIN1).await.expect("approved");
    let status = asked.status(&person.world).await;
    assert_eq!(status["interactionTypeUsed"], "confirmationMessage");
    verify_login(&asked, &status, "", FlowType::Notification);
}
