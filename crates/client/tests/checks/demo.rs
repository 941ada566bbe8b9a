//! A result that the public demo service really gave.

use countersign_client::session::Answer;
use countersign_client::verify::certificate::TrustStore;
use countersign_client::verify::revocation::{Evidence, Revocation};
use countersign_client::{AuthenticationVerifier, Error, Rules, StartedSession};
use countersign_pki::Certificate;
use countersign_wire::acsp::SchemeName;
use countersign_wire::base64::from_b64;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DocumentNumber, RelyingPartyUuid, SessionId};
use countersign_wire::session::SessionStatus;
use countersign_wire::start::{
    Asked, FlowMembers, InteractionSet, Interactions, RpChallenge, SignatureScheme, StartRequest,
};
use countersign_wire::words::{FlowType, HashAlgorithm};
use jiff::Timestamp;
use serde_json::Value;

struct Recorded {
    session: StartedSession,
    status: SessionStatus,
    verifier: AuthenticationVerifier,
    at: Timestamp,
}

fn recorded() -> Recorded {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/demo-service/results.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let data = &file["authentication"];
    let text = |name: &str| data[name].as_str().unwrap();
    let asked = Asked::Authenticate {
        rp_challenge: RpChallenge::parse(text("rpChallenge")).unwrap(),
        signature: SignatureScheme::pss(HashAlgorithm::Sha3_512),
        interactions: Interactions::parse(text("interactions"), InteractionSet::Notification).unwrap(),
    };
    let party = RelyingPartyUuid::parse(text("relyingPartyUUID")).unwrap();
    let session = StartedSession {
        request: StartRequest::new(party, text("relyingPartyName"), asked, FlowMembers::Notification),
        recipient: Recipient::Document(DocumentNumber::parse(text("document")).unwrap()),
        scheme: SchemeName::parse(text("scheme")).unwrap(),
        brokered_rp_name: String::new(),
        session_id: SessionId::parse("fa20fd1e-e320-4c68-8315-f6a507a0b4a9").unwrap(),
        answer: Answer::Session,
        started_at: text("at").parse().unwrap(),
        offered: vec![FlowType::Notification],
    };
    let issuer = Certificate::from_der(&from_b64(file["issuer"].as_str().unwrap()).unwrap()).unwrap();
    // The root is not in the recording, so its issuing CA is the anchor.
    let rules =
        Rules { revocation: Revocation::Unchecked, ..Rules::new(TrustStore::new(vec![issuer], Vec::new())) };
    Recorded {
        status: serde_json::from_value(data["status"].clone()).unwrap(),
        verifier: AuthenticationVerifier::new(rules),
        at: text("at").parse().unwrap(),
        session,
    }
}

#[test]
fn an_authentication_of_the_demo_service_passes_every_check() {
    let Recorded { session, status, verifier, at } = recorded();
    let who = verifier.verify(&session, &status, None, &Evidence::none(), at).unwrap();
    assert_eq!(who.document.as_str(), "PNOEE-40504040001-DEMO-Q");
    assert_eq!((who.identity.given_name.as_str(), who.identity.surname.as_str()), ("OK", "TEST"));
    assert_eq!(who.identity.number(), "40504040001");
    // The attribute counts, not the number, which says 1905-04-04.
    assert_eq!(who.identity.date_of_birth, Some("1999-01-01".parse().unwrap()));
    assert!(who.payload.starts_with(b"smart-id-demo|ACSP_V2|9eZeWMTJ9YYBtjj5jK8p1sLm|"));
    assert!(who.payload.ends_with(b"|displayTextAndPIN||Notification"));
}

#[test]
fn it_does_not_pass_in_the_live_environment_or_under_another_name() {
    let Recorded { mut session, status, verifier, at } = recorded();
    session.scheme = SchemeName::LIVE;
    let error = verifier.verify(&session, &status, None, &Evidence::none(), at).unwrap_err();
    assert!(matches!(error, Error::Signature(_)), "{error}");
    session.scheme = SchemeName::DEMO;
    session.request.relying_party_name = "demo".into();
    let error = verifier.verify(&session, &status, None, &Evidence::none(), at).unwrap_err();
    assert!(matches!(error, Error::Signature(_)), "{error}");
}
