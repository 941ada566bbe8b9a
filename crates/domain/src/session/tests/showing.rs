use countersign_wire::device::{TransactionFlow, TransactionKind, TransactionState};
use countersign_wire::device_link::LinkKind;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::DeviceId;
use countersign_wire::words::EndResult;
use serde_json::json;

use super::super::*;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::world::*;

fn shown(session: &Session, seconds: i64) -> serde_json::Value {
    serde_json::to_value(status(session, at(seconds)).unwrap()).unwrap()
}

#[test]
fn a_running_session_says_only_that() {
    assert_eq!(shown(&notification(sign()), 119), json!({"state": "RUNNING"}));
}

#[test]
fn a_session_past_its_time_reads_as_timeout_without_any_timer() {
    for session in [
        notification(sign()),
        Starting::new(authenticate(), device_link(None), Recipient::Anonymous).session(),
    ] {
        assert_eq!(shown(&session, 120), json!({"state": "COMPLETE", "result": {"endResult": "TIMEOUT"}}));
        assert_eq!(shown(&session, 419)["result"]["endResult"], "TIMEOUT");
        assert!(status(&session, at(420)).is_none(), "kept for five minutes");
        let (told, _) = expire(session, at(200));
        assert_eq!(shown(&told, 419)["result"]["endResult"], "TIMEOUT");
        assert!(status(&told, at(420)).is_none(), "telling it changes nothing");
    }
}

#[test]
fn unknown_properties_are_listed_from_the_start() {
    let starting = Starting::new(sign(), device_link(None), to_document(DOCUMENT));
    let change: fn(&mut StartRequest) = |request| request.ignored_properties = vec!["x".into()];
    let session = Starting { change, ..starting }.session();
    assert_eq!(shown(&session, 0), json!({"state": "RUNNING", "ignoredProperties": ["x"]}));
    let (session, _) = cancel(session, EndResult::ServerError, at(1));
    assert_eq!(
        shown(&session, 1),
        json!({"state": "COMPLETE", "result": {"endResult": "SERVER_ERROR"}, "ignoredProperties": ["x"]})
    );
}

#[test]
fn the_device_sees_what_it_has_to_show_and_sign() {
    let session = notification(authenticate());
    let device = session.addressed().unwrap().device.clone();
    let view = transaction_view(&session, &device, at(0)).unwrap();
    assert_eq!((view.kind, view.flow), (TransactionKind::Auth, TransactionFlow::Notification));
    assert_eq!(view.state, TransactionState::Created);
    assert_eq!(view.rp.name, "Demo", "as the request spells it");
    assert_eq!(view.kid.as_ref().map(|key| key.as_str()), Some("MOCK-AUTH"));
    assert_eq!(view.code.map(|code| code.to_string()).as_deref(), Some("4360"));
    let acsp = view.acsp.unwrap();
    assert_eq!((acsp.scheme.as_str(), acsp.callback.as_str()), ("smart-id-demo", ""));
    assert!(view.digest.is_none() && view.codes.is_none());

    let session = notification(sign_with_choice());
    let view = transaction_view(&session, &device, at(120)).unwrap();
    assert_eq!((view.kind, view.state), (TransactionKind::Sign, TransactionState::Expired));
    assert_eq!(view.codes.unwrap().len(), 3);
    assert!(view.digest.is_some() && view.acsp.is_none());

    let stranger = DeviceId::parse("stranger").unwrap();
    assert!(matches!(transaction_view(&session, &stranger, at(0)), Err(Refusal::NotFound)));
    assert_eq!(session.hint().map(|hint| hint.rp.name).as_deref(), Some("Demo"));
}

#[test]
fn the_callback_is_in_the_task_for_the_same_device_only() {
    for (kind, callback) in [(LinkKind::Web2App, CALLBACK), (LinkKind::Qr { elapsed_seconds: 0 }, "")] {
        let session =
            Starting::new(authenticate(), device_link(Some(CALLBACK)), Recipient::Anonymous).session();
        let (candidate, _) = candidate_for(&session, DOCUMENT);
        let url = link(&session, kind);
        let Claim::Claimed { session, .. } =
            claim(session, &url, &candidate, &Settings::default(), at(0), &mut rng(1))
        else {
            panic!("claimed")
        };
        let view = transaction_view(&session, candidate.device.id(), at(0)).unwrap();
        assert_eq!(view.acsp.unwrap().callback, callback);
        assert_eq!(view.flow, TransactionFlow::DeviceLink);
        assert_eq!(view.code, None);
    }
}
