use countersign_wire::device_link::LinkKind;
use countersign_wire::endpoint::Recipient;
use countersign_wire::start::{Asked, FlowMembers};
use countersign_wire::words::EndResult;

use super::super::*;
use crate::account::Account;
use crate::refusal::LinkedSessionFault::{Expired, NotChosen, OtherDocument, Unknown, Used, WrongKind};
use crate::refusal::{LinkedSessionFault, Refusal};
use crate::settings::Settings;
use crate::world::*;

/// A certificate choice over a same-device link, claimed at 1 s and confirmed at 10 s.
fn chosen(kind: LinkKind) -> (Session, Account, Option<CallbackTask>) {
    let starting = Starting::new(Asked::ChooseCertificate, device_link(Some(CALLBACK)), Recipient::Anonymous);
    let session = starting.session();
    let (candidate, phone) = candidate_for(&session, DOCUMENT);
    let url = link(&session, kind);
    let claimed = claim(session, &url, &candidate, &Settings::default(), at(1), &mut rng(2));
    let Claim::Claimed { session, .. } = claimed else { panic!("claimed") };
    let request = approval(&session, &phone, "choose");
    let Candidate { account, device, key } = candidate;
    let confirmation = Confirmation { session, account, device, key, request };
    let Begun::Chosen { session, account, callback, .. } =
        begin_confirm(confirmation, &Settings::default(), at(10))
    else {
        panic!("chosen")
    };
    (session, account, callback)
}

fn linked(choice: Session, account: Account, seconds: i64) -> Starting {
    let flow = FlowMembers::Linked { session: choice.id() };
    let mut starting = Starting::new(sign(), flow, to_document(DOCUMENT));
    starting.candidates[0].account = account;
    Starting { choice: Some(choice), at: at(seconds), seed: 2, ..starting }
}

fn fault(starting: Starting) -> LinkedSessionFault {
    match starting.go().err() {
        Some(Refusal::LinkedSession(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_device_link_choice_leaves_its_device_waiting() {
    let (session, account, callback) = chosen(LinkKind::Web2App);
    assert_eq!(account.awaited(at(69)).map(|awaited| awaited.session), Some(session.id()));
    assert_eq!(account.awaited(at(70)), None);
    assert_eq!(callback, None, "the callback comes with the linked signature");
    let status = serde_json::to_value(status(&session, at(10)).unwrap()).unwrap();
    assert_eq!(status["signature"], serde_json::json!({"flowType": "Web2App"}));
    assert_eq!(status["result"]["documentNumber"], DOCUMENT);
    assert!(status.get("interactionTypeUsed").is_none() && status.get("signatureProtocol").is_none());
}

#[test]
fn the_address_of_a_choosing_device_is_given_when_asked_for() {
    let shown = |session: &Session| {
        serde_json::to_value(status(session, at(10)).unwrap()).unwrap().get("deviceIpAddress").cloned()
    };
    let address = "2001:db8::7".parse().unwrap();
    let (session, ..) = chosen(LinkKind::Web2App);
    assert_eq!(shown(&session.seen_from(address)), None, "not asked for");
    let (mut session, ..) = chosen(LinkKind::Web2App);
    session.request.request_properties.share_md_client_ip_address = true;
    assert_eq!(shown(&session.seen_from(address)), Some("2001:db8::7".into()));
}

#[test]
fn a_notification_choice_leaves_nobody_waiting() {
    let session =
        Starting::new(Asked::ChooseCertificate, FlowMembers::Notification, to_document_person()).session();
    let (Candidate { account, device, key }, phone) = candidate_for(&session, DOCUMENT);
    let request = approval(&session, &phone, "choose");
    let confirmation = Confirmation { session, account, device, key, request };
    let Begun::Chosen { session, account, events, .. } =
        begin_confirm(confirmation, &Settings::default(), at(1))
    else {
        panic!("chosen")
    };
    assert_eq!(account.awaiting_linked, None);
    assert!(matches!(events[..], [Event::SessionCompleted { result: EndResult::Ok, .. }]));
    // Nor may a linked signature follow it.
    assert_eq!(fault(linked(session, account, 2)), WrongKind);
}

fn to_document_person() -> Recipient {
    Recipient::Person(document(DOCUMENT).semantics().clone())
}

#[test]
fn the_linked_signature_takes_over_the_callback() {
    let (choice, account, _) = chosen(LinkKind::App2App);
    let digest = choice.link.as_ref().unwrap().secret_digest.clone();
    let choice_id = choice.id();
    let started = linked(choice, account, 60).go().ok().unwrap();
    assert_eq!(started.account.unwrap().awaiting_linked, None);
    assert_eq!(started.choice.unwrap().successor, Some(started.session.id()));
    let session = started.session;
    assert_eq!(session.choice.as_ref().map(|choice| choice.session), Some(choice_id));
    let to = session.addressed().unwrap().clone();
    assert_eq!(to.flow_type, FlowType::Notification);
    assert_eq!(session.codes, None, "no verification code");
    assert!(matches!(session.answer(), Some(countersign_wire::session::Started::Session(_))));
    for done in [true, false] {
        let callback = session.callback(&to, done).unwrap();
        assert_eq!(callback.url.as_str(), CALLBACK);
        assert_eq!(callback.session_secret_digest, digest, "of the choice's secret");
    }
}

#[test]
fn a_scanned_choice_has_no_callback_to_take_over() {
    let (choice, account, _) = chosen(LinkKind::Qr { elapsed_seconds: 0 });
    let session = linked(choice, account, 20).session();
    let to = session.addressed().unwrap().clone();
    assert_eq!(session.callback(&to, true), None);
}

#[test]
fn every_fault_of_the_linked_session_is_told() {
    // unknown, or another relying party's
    let (choice, account, _) = chosen(LinkKind::Web2App);
    assert_eq!(fault(Starting { choice: None, ..linked(choice, account, 20) }), Unknown);
    let (mut choice, account, _) = chosen(LinkKind::Web2App);
    choice.request.relying_party = "11111111-0000-4000-8000-000000000000".parse().unwrap();
    assert_eq!(fault(linked(choice, account, 20)), Unknown);
    // not a certificate choice, not over a device link
    let (_, account, _) = chosen(LinkKind::Web2App);
    let signature = Starting::new(sign(), device_link(None), to_document(DOCUMENT)).session();
    assert_eq!(fault(linked(signature, account.clone(), 20)), WrongKind);
    // not completed, or not with a certificate
    let open = || Starting::new(Asked::ChooseCertificate, device_link(None), Recipient::Anonymous).session();
    assert_eq!(fault(linked(open(), account.clone(), 20)), NotChosen);
    let (refused, _) = cancel(open(), EndResult::UserRefused, at(1));
    assert_eq!(fault(linked(refused, account, 20)), NotChosen);
    // another document
    let (choice, account, _) = chosen(LinkKind::Web2App);
    let mut other = linked(choice, account, 20);
    other.recipient = to_document(OTHER);
    other.candidates = vec![candidate(OTHER, KeyUse::Sign).0];
    assert_eq!(fault(other), OtherDocument);
    // used
    let (choice, account, _) = chosen(LinkKind::Web2App);
    let started = linked(choice, account, 20).go().ok().unwrap();
    assert_eq!(fault(linked(started.choice.unwrap(), started.account.unwrap(), 21)), Used);
    // too late: 60 s after the choice at 10 s
    for (seconds, expected) in [(69, None), (70, Some(Refusal::LinkedSession(Expired)))] {
        let (choice, account, _) = chosen(LinkKind::Web2App);
        assert_eq!(linked(choice, account, seconds).go().err(), expected, "{seconds}");
    }
}

#[test]
fn an_account_that_is_gone_is_told_before_the_linked_session() {
    let (choice, account, _) = chosen(LinkKind::Web2App);
    let starting = linked(choice, account, 20);
    assert_eq!(
        Starting { candidates: Vec::new(), choice: None, ..starting }.go().err(),
        Some(Refusal::NoAccount)
    );
}

#[test]
fn the_wrongly_issued_signature_ends_and_the_right_one_still_comes() {
    let (choice, account, _) = chosen(LinkKind::Web2App);
    let mut wrong = Starting::new(sign(), FlowMembers::Notification, to_document(DOCUMENT));
    wrong.candidates[0].account = account.clone();
    wrong.at = at(15);
    let wrong = wrong.session();
    assert!(matches!(
        wrong.state(),
        State::Complete { outcome: Outcome::Ended { result: EndResult::ExpectedLinkedSession, .. }, .. }
    ));
    let session = linked(choice, account, 20).session();
    assert!(session.is_running(at(20)));
}
