//! Results of authentications.

use countersign_client::verify::revocation::Evidence;
use countersign_client::{
    Authenticated, AuthenticationVerifier, Error, Rules, StartedSession, check_callback,
};
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{KeyUsage, name};
use countersign_pki::path::PathError;
use countersign_pki::{Digest, SignatureAlgorithm as Algorithm};
use countersign_wire::acsp::SchemeName;
use countersign_wire::base64::b64;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DocumentNumber, SemanticsIdentifier};
use countersign_wire::session::{Cert, SessionStatus};
use countersign_wire::start::{Asked, FlowMembers, SignatureScheme};
use countersign_wire::words::{
    CertificateLevel, FlowType, HashAlgorithm, InteractionType, Open, RequestedLevel, SignatureAlgorithm,
    SignatureProtocol, State,
};
use jiff::Timestamp;

use crate::world::{
    self, CertificateDraft, DOCUMENT, WORLD, ask_authentication, authenticated, by_link, callback_url,
    document, oid, payload, rules, session,
};

/// A session with its good answer, of which a test changes one thing.
struct Case {
    session: StartedSession,
    status: SessionStatus,
    callback: Option<String>,
    rules: Rules,
    now: Timestamp,
}

impl Case {
    fn by(flow: &str) -> Self {
        let members = if flow == "Notification" { FlowMembers::Notification } else { by_link() };
        let session = session(ask_authentication(), members, document());
        let status = authenticated(&session, flow);
        Self { session, status, callback: None, rules: rules(), now: world::now() }
    }

    fn verify(&self) -> Result<Authenticated, Error> {
        let callback =
            self.callback.as_ref().map(|url| check_callback(&self.session, url).expect("a good callback"));
        AuthenticationVerifier::new(self.rules.clone()).verify(
            &self.session,
            &self.status,
            callback.as_ref(),
            &Evidence::none(),
            self.now,
        )
    }

    /// Another certificate for the same key.
    fn certificate(&mut self, draft: &CertificateDraft) {
        let der = draft.issue(&WORLD.ca, &WORLD.key);
        self.status.cert = Some(Cert::new(der.as_der(), CertificateLevel::Qualified));
    }

    fn change(&mut self, pointer: &str, value: serde_json::Value) {
        let mut json = serde_json::to_value(&self.status).unwrap();
        let (object, member) = pointer.rsplit_once('/').unwrap();
        let object = json.pointer_mut(object).unwrap().as_object_mut().unwrap();
        match value {
            serde_json::Value::Null => object.remove(member),
            value => object.insert(member.to_owned(), value),
        };
        self.status = serde_json::from_value(json).unwrap();
    }
}

fn draft() -> CertificateDraft {
    CertificateDraft::authentication()
}

#[test]
fn every_flow_passes() {
    for flow in ["Notification", "QR", "Web2App", "App2App"] {
        let mut case = Case::by(flow);
        if flow.ends_with("App") {
            case.callback = Some(callback_url());
        }
        let who = case.verify().unwrap_or_else(|error| panic!("{flow}: {error}"));
        assert_eq!(who.flow.as_str(), flow);
        assert_eq!(who.document.as_str(), DOCUMENT);
        assert_eq!(
            (who.level, who.interaction),
            (CertificateLevel::Qualified, InteractionType::ConfirmationMessage)
        );
        assert_eq!(who.identity.person.as_str(), world::PERSON);
        assert_eq!(who.path.certificates().len(), 3);
        assert_eq!(who.certificate(), &WORLD.auth);
    }
}

type Change = fn(&mut Case);
type Expected = fn(&Error) -> bool;

macro_rules! expect {
    ($pattern:pat) => {
        |error| matches!(error, $pattern)
    };
}

/// One thing changed, one error.
const FAULTS: &[(&str, Change, Expected)] = &[
    ("still running", |c| c.status.state = State::Running.into(), expect!(Error::StillRunning)),
    (
        "unknown state",
        |c| c.status.state = Open::Unknown("PAUSED".into()),
        expect!(Error::UnknownWord { member: "state", .. }),
    ),
    (
        "empty state",
        |c| c.status.state = Open::Unknown("".into()),
        expect!(Error::Missing { member: "state" }),
    ),
    ("no result", |c| c.status.result = None, expect!(Error::Missing { member: "result" })),
    (
        "no end result",
        |c| c.change("/result/endResult", serde_json::Value::Null),
        expect!(Error::Missing { member: "result.endResult" }),
    ),
    (
        "empty end result",
        |c| c.change("/result/endResult", "".into()),
        expect!(Error::Missing { member: "result.endResult" }),
    ),
    (
        "no document number",
        |c| c.change("/result/documentNumber", serde_json::Value::Null),
        expect!(Error::Missing { member: "result.documentNumber" }),
    ),
    (
        "no protocol",
        |c| c.status.signature_protocol = None,
        expect!(Error::Missing { member: "signatureProtocol" }),
    ),
    (
        "the other protocol",
        |c| c.status.signature_protocol = Some(SignatureProtocol::RawDigestSignature.into()),
        expect!(Error::WrongProtocol { expected: SignatureProtocol::AcspV2, .. }),
    ),
    (
        "an unknown protocol",
        |c| c.change("/signatureProtocol", "ACSP_V3".into()),
        expect!(Error::WrongProtocol { .. }),
    ),
    ("no signature", |c| c.status.signature = None, expect!(Error::Missing { member: "signature" })),
    (
        "no value",
        |c| c.change("/signature/value", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.value" }),
    ),
    (
        "empty value",
        |c| c.change("/signature/value", "".into()),
        expect!(Error::Missing { member: "signature.value" }),
    ),
    (
        "value not Base64",
        |c| c.change("/signature/value", "not*base64".into()),
        expect!(Error::Malformed { member: "signature.value", .. }),
    ),
    (
        "value endless",
        |c| c.change("/signature/value", b64(&[1; 4096]).into()),
        expect!(Error::Malformed { member: "signature.value", .. }),
    ),
    (
        "no server random",
        |c| c.change("/signature/serverRandom", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.serverRandom" }),
    ),
    (
        "server random too short",
        |c| c.change("/signature/serverRandom", "AAAA".into()),
        expect!(Error::Malformed { member: "signature.serverRandom", .. }),
    ),
    (
        "server random not Base64",
        |c| c.change("/signature/serverRandom", "EBESExQVFhcYGRobHB0eHyA|".into()),
        expect!(Error::Malformed { member: "signature.serverRandom", .. }),
    ),
    (
        "no user challenge",
        |c| c.change("/signature/userChallenge", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.userChallenge" }),
    ),
    (
        "user challenge too short",
        |c| c.change("/signature/userChallenge", "short".into()),
        expect!(Error::Malformed { member: "signature.userChallenge", .. }),
    ),
    (
        "no flow type",
        |c| c.change("/signature/flowType", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.flowType" }),
    ),
    (
        "unknown flow type",
        |c| c.change("/signature/flowType", "Telepathy".into()),
        expect!(Error::UnknownWord { member: "signature.flowType", .. }),
    ),
    (
        "a flow that was not offered",
        |c| c.change("/signature/flowType", "Notification".into()),
        expect!(Error::FlowNotOffered { found: FlowType::Notification, .. }),
    ),
    (
        "no algorithm",
        |c| c.change("/signature/signatureAlgorithm", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.signatureAlgorithm" }),
    ),
    (
        "unknown algorithm",
        |c| c.change("/signature/signatureAlgorithm", "ed25519".into()),
        expect!(Error::UnknownWord { member: "signature.signatureAlgorithm", .. }),
    ),
    (
        "an algorithm that was not asked for",
        |c| c.change("/signature/signatureAlgorithm", "sha512WithRSAEncryption".into()),
        expect!(Error::WrongAlgorithm { found: SignatureAlgorithm::Sha512WithRsaEncryption, .. }),
    ),
    (
        "no parameters",
        |c| c.change("/signature/signatureAlgorithmParameters", serde_json::Value::Null),
        expect!(Error::Missing { member: "signature.signatureAlgorithmParameters" }),
    ),
    (
        "no hash",
        |c| c.change("/signature/signatureAlgorithmParameters/hashAlgorithm", serde_json::Value::Null),
        expect!(Error::WrongAlgorithmParameters { member: "hashAlgorithm", .. }),
    ),
    (
        "an unknown hash",
        |c| c.change("/signature/signatureAlgorithmParameters/hashAlgorithm", "SHA-1".into()),
        expect!(Error::WrongAlgorithmParameters { member: "hashAlgorithm", .. }),
    ),
    (
        "a hash that was not asked for",
        |c| {
            c.change("/signature/signatureAlgorithmParameters", world::parameters("SHA-256", 32));
        },
        expect!(Error::WrongHash { expected: HashAlgorithm::Sha512, found: HashAlgorithm::Sha256 }),
    ),
    (
        "another mask",
        |c| c.change("/signature/signatureAlgorithmParameters/maskGenAlgorithm/algorithm", "mgf2".into()),
        expect!(Error::WrongAlgorithmParameters { member: "maskGenAlgorithm.algorithm", .. }),
    ),
    (
        "no mask",
        |c| c.change("/signature/signatureAlgorithmParameters/maskGenAlgorithm", serde_json::Value::Null),
        expect!(Error::WrongAlgorithmParameters { member: "maskGenAlgorithm.algorithm", .. }),
    ),
    (
        "another hash in the mask",
        |c| {
            let pointer = "/signature/signatureAlgorithmParameters/maskGenAlgorithm/parameters/hashAlgorithm";
            c.change(pointer, "SHA-256".into());
        },
        expect!(Error::WrongAlgorithmParameters { member: "maskGenAlgorithm.parameters.hashAlgorithm", .. }),
    ),
    (
        "another salt",
        |c| c.change("/signature/signatureAlgorithmParameters/saltLength", 32.into()),
        expect!(Error::WrongAlgorithmParameters { member: "saltLength", .. }),
    ),
    (
        "another trailer",
        |c| c.change("/signature/signatureAlgorithmParameters/trailerField", "0xcc".into()),
        expect!(Error::WrongAlgorithmParameters { member: "trailerField", .. }),
    ),
    ("no certificate", |c| c.status.cert = None, expect!(Error::Missing { member: "cert" })),
    (
        "empty certificate",
        |c| c.change("/cert/value", "".into()),
        expect!(Error::Missing { member: "cert.value" }),
    ),
    (
        "certificate not Base64",
        |c| c.change("/cert/value", "not*base64".into()),
        expect!(Error::Malformed { member: "cert.value", .. }),
    ),
    (
        "certificate not DER",
        |c| c.change("/cert/value", b64(b"not a certificate").into()),
        expect!(Error::Certificate(_)),
    ),
    (
        "empty level",
        |c| c.change("/cert/certificateLevel", "".into()),
        expect!(Error::Missing { member: "cert.certificateLevel" }),
    ),
    (
        "a level that answers never have",
        |c| c.change("/cert/certificateLevel", "QSCD".into()),
        expect!(Error::UnknownWord { member: "cert.certificateLevel", .. }),
    ),
    (
        "no interaction",
        |c| c.status.interaction_type_used = None,
        expect!(Error::Missing { member: "interactionTypeUsed" }),
    ),
    (
        "an unknown interaction",
        |c| c.change("/interactionTypeUsed", "holdHands".into()),
        expect!(Error::UnknownWord { member: "interactionTypeUsed", .. }),
    ),
    (
        "an interaction that was not asked for",
        |c| {
            c.change("/interactionTypeUsed", "confirmationMessageAndVerificationCodeChoice".into());
        },
        expect!(Error::InteractionNotOffered {
            found: InteractionType::ConfirmationMessageAndVerificationCodeChoice,
            ..
        }),
    ),
    (
        "a lower level than asked for",
        |c| c.change("/cert/certificateLevel", "ADVANCED".into()),
        expect!(Error::LevelTooLow {
            expected: RequestedLevel::Qualified,
            found: CertificateLevel::Advanced
        }),
    ),
    (
        "a certificate that has expired",
        |c| c.now = world::at("2029-06-01T00:00:00Z"),
        expect!(Error::Untrusted(PathError::Expired { .. })),
    ),
    (
        "a certificate that is not valid yet",
        |c| c.now = world::at("2025-06-01T00:00:00Z"),
        expect!(Error::Untrusted(PathError::NotYetValid { .. })),
    ),
    (
        "a certificate of a stranger",
        |c| {
            let der = draft().issue(&WORLD.stranger, &WORLD.key);
            c.status.cert = Some(Cert::new(der.as_der(), CertificateLevel::Qualified));
        },
        expect!(Error::Untrusted(PathError::NoIssuer { .. })),
    ),
    (
        "a certificate that a stranger issued in the CA's name",
        |c| {
            let impostor =
                world::Holder { certificate: WORLD.ca.certificate.clone(), key: WORLD.stranger.key.clone() };
            let der = draft().issue(&impostor, &WORLD.key);
            c.status.cert = Some(Cert::new(der.as_der(), CertificateLevel::Qualified));
        },
        expect!(Error::Untrusted(
            PathError::KeyIdentifierMismatch { .. } | PathError::SignatureInvalid { .. }
        )),
    ),
    (
        "a certificate that the person issued to themselves",
        |c| {
            let person = world::Holder { certificate: WORLD.auth.clone(), key: WORLD.key.clone() };
            let der = CertificateDraft { serial: 9, ..draft() }.issue(&person, &WORLD.key);
            c.status.cert = Some(Cert::new(der.as_der(), CertificateLevel::Qualified));
        },
        expect!(Error::Untrusted(_)),
    ),
    (
        "no policy of the service",
        |c| c.certificate(&CertificateDraft { policies: vec![oid("0.4.0.2042.1.2")], ..draft() }),
        expect!(Error::MissingPolicy { level: CertificateLevel::Qualified, .. }),
    ),
    (
        "no policy of ETSI",
        |c| c.certificate(&CertificateDraft { policies: vec![oid("1.3.6.1.4.1.10015.17.2")], ..draft() }),
        expect!(Error::MissingPolicy { level: CertificateLevel::Qualified, .. }),
    ),
    (
        "an advanced certificate that the answer calls qualified",
        |c| {
            let policies = vec![oid("1.3.6.1.4.1.10015.17.1"), oid("0.4.0.2042.1.1")];
            c.certificate(&CertificateDraft { policies, ..draft() });
        },
        expect!(Error::MissingPolicy { level: CertificateLevel::Qualified, .. }),
    ),
    (
        "the person's signing certificate",
        |c| c.status.cert = Some(Cert::new(WORLD.sign.as_der(), CertificateLevel::Qualified)),
        expect!(Error::MissingPolicy { .. }),
    ),
    (
        "no purpose",
        |c| c.certificate(&CertificateDraft { purposes: vec![], ..draft() }),
        expect!(Error::NotForAuthentication),
    ),
    (
        "the purpose of a server",
        |c| c.certificate(&CertificateDraft { purposes: vec![oid::KP_SERVER_AUTH], ..draft() }),
        expect!(Error::NotForAuthentication),
    ),
    (
        "no digitalSignature",
        |c| c.certificate(&CertificateDraft { usage: Some(KeyUsage::NON_REPUDIATION), ..draft() }),
        expect!(Error::NotForAuthentication),
    ),
    (
        "no key usage",
        |c| c.certificate(&CertificateDraft { usage: None, ..draft() }),
        expect!(Error::NotForAuthentication),
    ),
    (
        "the older purpose without the older usages",
        |c| c.certificate(&CertificateDraft { purposes: vec![oid::KP_CLIENT_AUTH], ..draft() }),
        expect!(Error::NotForAuthentication),
    ),
    (
        "a signature of another key",
        |c| {
            let key = WORLD.other_key.with_algorithm(Algorithm::RsaPss(Digest::Sha512)).unwrap();
            let message = payload(&c.session, "confirmationMessage", "", "QR");
            let value = countersign_pki::Signer::sign(&key, message.as_bytes()).unwrap();
            c.change("/signature/value", b64(&value).into());
        },
        expect!(Error::Signature(_)),
    ),
    (
        "a signature with another padding",
        |c| {
            let message = payload(&c.session, "confirmationMessage", "", "QR");
            let value = world::signed(Algorithm::RsaPkcs1(Digest::Sha512), message.as_bytes());
            c.change("/signature/value", b64(&value).into());
        },
        expect!(Error::Signature(_)),
    ),
    (
        "a signature with the callback that QR does not have",
        |c| {
            let message = payload(&c.session, "confirmationMessage", world::CALLBACK, "QR");
            let value = world::signed(Algorithm::RsaPss(Digest::Sha512), message.as_bytes());
            c.change("/signature/value", b64(&value).into());
        },
        expect!(Error::Signature(_)),
    ),
    (
        "another server random",
        |c| c.change("/signature/serverRandom", "EBESExQVFhcYGRobHB0eHyAi".into()),
        expect!(Error::Signature(_)),
    ),
    (
        "another user challenge",
        |c| {
            c.change("/signature/userChallenge", "GnsWXXEjTCKR89fj9uo5u5ReBZ9JR7_pezLAI5jMS00".into());
        },
        expect!(Error::Signature(_)),
    ),
    (
        "another interaction used",
        |c| c.change("/interactionTypeUsed", "displayTextAndPIN".into()),
        expect!(Error::Signature(_)),
    ),
    (
        "another challenge sent",
        |c| {
            let Asked::Authenticate { rp_challenge, .. } = &mut c.session.request.asked else { panic!() };
            *rp_challenge = countersign_wire::start::RpChallenge::from_bytes(&[7; 64]).unwrap();
        },
        expect!(Error::Signature(_)),
    ),
    (
        "other interactions sent",
        |c| {
            let Asked::Authenticate { interactions, .. } = &mut c.session.request.asked else { panic!() };
            let list = [countersign_wire::start::Interaction {
                kind: InteractionType::ConfirmationMessage,
                text: "Pay 1000 €".into(),
            }];
            let set = countersign_wire::start::InteractionSet::DeviceLink;
            *interactions = countersign_wire::start::Interactions::new(&list, set).unwrap();
        },
        expect!(Error::Signature(_)),
    ),
    (
        "another relying party",
        |c| c.session.request.relying_party_name = "Another OÜ".into(),
        expect!(Error::Signature(_)),
    ),
    (
        "the same relying party in another case",
        |c| c.session.request.relying_party_name = "näidis oü".into(),
        expect!(Error::Signature(_)),
    ),
    (
        "another broker's party",
        |c| c.session.brokered_rp_name = "Example RP".into(),
        expect!(Error::Signature(_)),
    ),
    ("the live environment", |c| c.session.scheme = SchemeName::LIVE, expect!(Error::Signature(_))),
    (
        "another person",
        |c| c.certificate(&draft().named(name::SERIAL_NUMBER, "PNOEE-50001029996")),
        expect!(Error::AnotherPerson),
    ),
    (
        "another document of the person",
        |c| c.change("/result/documentNumber", "PNOEE-40504040001-MOCK-Q".into()),
        expect!(Error::AnotherDocument("result.documentNumber")),
    ),
    (
        "a certificate of another document",
        |c| {
            let document = Some("PNOEE-40504040001-MOCK-Q".to_owned());
            c.certificate(&CertificateDraft { document, ..draft() });
        },
        expect!(Error::AnotherDocument("the certificate's subjectAltName")),
    ),
    (
        "another person than was asked",
        |c| {
            let person = SemanticsIdentifier::parse("PNOEE-50001029996").unwrap();
            c.session.recipient = Recipient::Person(person);
        },
        expect!(Error::AnotherPerson),
    ),
    (
        "another document than was asked",
        |c| {
            let document = DocumentNumber::parse("PNOEE-40504040001-MOCK-Q").unwrap();
            c.session.recipient = Recipient::Document(document);
        },
        expect!(Error::AnotherDocument("result.documentNumber")),
    ),
    (
        "anybody, but not one person",
        |c| {
            c.session.recipient = Recipient::Anonymous;
            c.change("/result/documentNumber", "PNOEE-50001029996-MOCK-Q".into());
        },
        expect!(Error::AnotherPerson),
    ),
    (
        "a subject without serial number",
        |c| c.certificate(&draft().unnamed(name::SERIAL_NUMBER)),
        expect!(Error::MissingAttribute { attribute: "serialNumber" }),
    ),
    (
        "a subject without given name",
        |c| c.certificate(&draft().unnamed(name::GIVEN_NAME)),
        expect!(Error::MissingAttribute { attribute: "givenName" }),
    ),
    (
        "a subject without surname",
        |c| c.certificate(&draft().unnamed(name::SURNAME)),
        expect!(Error::MissingAttribute { attribute: "surname" }),
    ),
    (
        "a subject without country",
        |c| c.certificate(&draft().unnamed(name::COUNTRY)),
        expect!(Error::MissingAttribute { attribute: "countryName" }),
    ),
    (
        "a serial number that is no identifier",
        |c| c.certificate(&draft().named(name::SERIAL_NUMBER, "40504040001")),
        expect!(Error::MalformedIdentity),
    ),
    (
        "a session for something else",
        |c| c.session.request.asked = Asked::ChooseCertificate,
        expect!(Error::WrongOperation { .. }),
    ),
];

#[test]
fn every_fault_has_its_error() {
    for (about, change, expected) in FAULTS {
        let mut case = Case::by("QR");
        change(&mut case);
        match case.verify() {
            Ok(_) => panic!("{about}: passed"),
            Err(error) => assert!(expected(&error), "{about}: {error:?}"),
        }
    }
}

#[test]
fn errors_say_nothing_about_the_person() {
    for (about, change, _) in FAULTS {
        let mut case = Case::by("QR");
        change(&mut case);
        let error = case.verify().unwrap_err();
        let text = format!("{error} {error:?}");
        for secret in ["40504040001", "50001029996", "TESTNUMBER", world::SERVER_RANDOM, world::TOKEN] {
            assert!(!text.contains(secret), "{about}: {text}");
        }
    }
}

#[test]
fn a_page_that_shows_only_a_qr_code_refuses_another_way() {
    let mut case = Case::by("Web2App");
    case.callback = Some(callback_url());
    assert!(case.verify().is_ok());
    case.session = case.session.offering(&[FlowType::Qr]);
    let error = case.verify().unwrap_err();
    assert!(matches!(error, Error::FlowNotOffered { found: FlowType::Web2App, .. }), "{error}");
}

#[test]
fn a_same_device_result_needs_its_callback() {
    for flow in ["Web2App", "App2App"] {
        let case = Case::by(flow);
        assert!(matches!(case.verify(), Err(Error::CallbackNeeded(_))), "{flow}");
    }
}

#[test]
fn the_callback_must_hold_the_verifier_whose_hash_was_signed() {
    let mut case = Case::by("Web2App");
    case.callback = Some(callback_url().replace("QEFC", "REFC"));
    assert!(matches!(case.verify(), Err(Error::WrongUserChallenge)));
    let url = callback_url();
    case.callback = Some(url[..url.find("&userChallengeVerifier").unwrap()].to_owned());
    assert!(matches!(case.verify(), Err(Error::NoUserChallengeVerifier)));
}

#[test]
fn a_callback_that_was_checked_for_another_session_does_not_count() {
    let case = Case::by("Web2App");
    let mut other = session(ask_authentication(), by_link(), document());
    let secret = countersign_wire::callback::SessionSecret::from_bytes(&[9; 32]).unwrap();
    let url = other.callback_url().unwrap().completed(&secret.digest(), Some(&world::verifier()));
    let countersign_client::session::Answer::DeviceLink { secret: held, .. } = &mut other.answer else {
        panic!()
    };
    *held = secret;
    let callback = check_callback(&other, &url).unwrap();
    let result = AuthenticationVerifier::new(case.rules.clone()).verify(
        &case.session,
        &case.status,
        Some(&callback),
        &Evidence::none(),
        case.now,
    );
    assert!(matches!(result, Err(Error::WrongSessionSecret)));
}

#[test]
fn a_broker_signs_with_the_name_behind_it() {
    let mut session = session(ask_authentication(), by_link(), document());
    session.brokered_rp_name = "Example RP".into();
    let status = authenticated(&session, "QR");
    let case = Case { session, status, callback: None, rules: rules(), now: world::now() };
    case.verify().unwrap();
}

#[test]
fn older_certificates_with_their_own_usages_pass() {
    let usage =
        KeyUsage::DIGITAL_SIGNATURE.with(KeyUsage::KEY_ENCIPHERMENT).with(KeyUsage::DATA_ENCIPHERMENT);
    let mut case = Case::by("QR");
    case.certificate(&CertificateDraft {
        usage: Some(usage),
        purposes: vec![oid::KP_CLIENT_AUTH],
        ..draft()
    });
    case.verify().unwrap();
}

#[test]
fn an_advanced_certificate_passes_where_advanced_is_enough() {
    let policies = vec![oid("1.3.6.1.4.1.10015.17.1"), oid("0.4.0.2042.1.1")];
    let mut case = Case::by("QR");
    case.certificate(&CertificateDraft { policies, ..draft() });
    case.change("/cert/certificateLevel", "ADVANCED".into());
    assert!(matches!(case.verify(), Err(Error::LevelTooLow { .. })));
    case.session.request.certificate_level = RequestedLevel::Advanced;
    assert_eq!(case.verify().unwrap().level, CertificateLevel::Advanced);
    // A minimum is a minimum: a qualified certificate is as good.
    let mut case = Case::by("QR");
    case.session.request.certificate_level = RequestedLevel::Advanced;
    assert_eq!(case.verify().unwrap().level, CertificateLevel::Qualified);
}

#[test]
fn pkcs1_signatures_pass_where_they_were_asked_for() {
    let mut case = Case::by("QR");
    let Asked::Authenticate { signature, .. } = &mut case.session.request.asked else { panic!() };
    *signature = SignatureScheme::new(SignatureAlgorithm::Sha512WithRsaEncryption, None).unwrap();
    let message = payload(&case.session, "confirmationMessage", "", "QR");
    let value = world::signed(Algorithm::RsaPkcs1(Digest::Sha512), message.as_bytes());
    case.change("/signature/value", b64(&value).into());
    case.change("/signature/signatureAlgorithm", "sha512WithRSAEncryption".into());
    case.change("/signature/signatureAlgorithmParameters", serde_json::Value::Null);
    case.verify().unwrap();
}

#[test]
fn a_certificate_that_names_no_document_is_checked_by_person() {
    let mut case = Case::by("QR");
    case.certificate(&CertificateDraft { document: None, ..draft() });
    case.verify().unwrap();
}
