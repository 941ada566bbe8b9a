//! Sessions that ended without success, and answers with more in them than we know.

use countersign_client::verify::revocation::Evidence;
use countersign_client::{AuthenticationVerifier, Ending, Error, Shown};
use countersign_wire::session::SessionStatus;
use countersign_wire::start::FlowMembers;
use countersign_wire::words::{EndResult, InteractionType};
use serde_json::{Value, json};

use crate::world::{ask_authentication, authenticated, document, now, rules, session};

fn verdict(status: Value) -> Error {
    let session = session(ask_authentication(), FlowMembers::Notification, document());
    let status: SessionStatus = serde_json::from_value(status).unwrap();
    AuthenticationVerifier::new(rules())
        .verify(&session, &status, None, &Evidence::none(), now())
        .map(|_| ())
        .unwrap_err()
}

fn ending(status: Value) -> Ending {
    match verdict(status) {
        Error::Ended(ending) => ending,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_end_result_has_its_variant() {
    let expected = |word: EndResult| match word {
        EndResult::Ok => None,
        EndResult::UserRefused => Some(Ending::UserRefused),
        EndResult::Timeout => Some(Ending::Timeout),
        EndResult::DocumentUnusable => Some(Ending::DocumentUnusable),
        EndResult::WrongVc => Some(Ending::WrongVerificationCode),
        EndResult::RequiredInteractionNotSupportedByApp => Some(Ending::InteractionNotSupported),
        EndResult::UserRefusedCertChoice => Some(Ending::UserRefusedCertificateChoice),
        EndResult::UserRefusedInteraction => Some(Ending::UserRefusedInteraction { interaction: None }),
        EndResult::ProtocolFailure => Some(Ending::ProtocolFailure),
        EndResult::ExpectedLinkedSession => Some(Ending::ExpectedLinkedSession),
        EndResult::ServerError => Some(Ending::ServerError),
        EndResult::AccountUnusable => Some(Ending::AccountUnusable),
    };
    for word in EndResult::ALL {
        let Some(expected) = expected(*word) else { continue };
        let status = json!({ "state": "COMPLETE", "result": { "endResult": word } });
        assert_eq!(ending(status), expected, "{word}");
    }
}

#[test]
fn a_refusal_names_its_screen_if_it_is_known() {
    for kind in InteractionType::ALL {
        let result = json!({ "endResult": "USER_REFUSED_INTERACTION", "details": { "interaction": kind } });
        let expected = Ending::UserRefusedInteraction { interaction: Some(*kind) };
        assert_eq!(ending(json!({ "state": "COMPLETE", "result": result })), expected);
    }
    // A word of version 2 that the demo service still sends.
    let result = json!({ "endResult": "USER_REFUSED_INTERACTION", "details": { "interaction": "verificationCodeChoice" } });
    let expected = Ending::UserRefusedInteraction { interaction: None };
    assert_eq!(ending(json!({ "state": "COMPLETE", "result": result })), expected);
}

#[test]
fn an_end_result_of_a_newer_service_is_kept() {
    let status = json!({ "state": "COMPLETE", "result": { "endResult": "DEVICE_LOST" } });
    assert_eq!(ending(status), Ending::Unknown(Shown::new("DEVICE_LOST")));
}

#[test]
fn members_that_we_do_not_know_are_passed_over() {
    let more = json!({ "more": ["of", { "this": 1 }] });
    let session = session(ask_authentication(), FlowMembers::Notification, document());
    let mut status = serde_json::to_value(authenticated(&session, "Notification")).unwrap();
    for pointer in ["", "/result", "/signature", "/cert", "/signature/signatureAlgorithmParameters"] {
        let object = status.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        object.insert("added later".into(), more.clone());
    }
    status["deviceIpAddress"] = json!("203.0.113.34");
    status["ignoredProperties"] = json!(["one", "two"]);
    let status: SessionStatus = serde_json::from_value(status).unwrap();
    let who = AuthenticationVerifier::new(rules())
        .verify(&session, &status, None, &Evidence::none(), now())
        .unwrap();
    assert_eq!(who.device_ip_address.as_deref(), Some("203.0.113.34"));

    let running = json!({ "state": "RUNNING", "ignoredProperties": ["a"], "added later": more });
    assert!(matches!(verdict(running), Error::StillRunning));
    let refused =
        json!({ "state": "COMPLETE", "result": { "endResult": "USER_REFUSED", "more": more }, "x": 1 });
    assert!(matches!(verdict(refused), Error::Ended(Ending::UserRefused)));
}
