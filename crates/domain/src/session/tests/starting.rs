use countersign_wire::endpoint::Recipient;
use countersign_wire::session::{CertificateResponse, Started};
use countersign_wire::start::{Asked, FlowMembers};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{EndResult, RequestedLevel};

use super::super::*;
use crate::account::AccountState;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::world::*;

fn ended(session: &Session) -> Option<EndResult> {
    match session.state() {
        State::Offered | State::Addressed { .. } => None,
        State::Complete { outcome, .. } => Some(outcome.end_result()),
    }
}

fn person() -> Recipient {
    Recipient::Person(document(DOCUMENT).semantics().clone())
}

#[test]
fn an_anonymous_device_link_waits_for_whoever_opens_it() {
    let started = Starting::new(authenticate(), device_link(None), Recipient::Anonymous).go().ok().unwrap();
    let session = started.session;
    assert_eq!(*session.state(), State::Offered);
    assert_eq!(session.expires_at(), at(120));
    assert_eq!(session.purge_at(), at(420));
    let Some(Started::DeviceLink(answer)) = session.answer() else { panic!("a device link") };
    assert_eq!(answer.session_token.as_str().len(), 24);
    assert_eq!(answer.session_secret.as_bytes().len(), 32);
    assert_eq!(answer.device_link_base.as_str(), BASE);
    assert_eq!(answer.session_id, session.id());
    assert!(matches!(
        &started.events[..],
        [Event::SessionStarted { document: None, endpoint, .. }]
            if endpoint == "/v3/authentication/device-link/anonymous"
    ));
}

#[test]
fn a_notification_reaches_its_device_at_once() {
    for recipient in [person(), to_document(DOCUMENT)] {
        let session = Starting::new(sign(), FlowMembers::Notification, recipient).session();
        let to = session.addressed().unwrap();
        assert_eq!(to.account, document(DOCUMENT));
        assert_eq!(to.key.as_str(), "MOCK-SIGN");
        assert_eq!(to.flow_type, FlowType::Notification);
        let Some(Started::VerificationCode(answer)) = session.answer() else { panic!("a code") };
        assert_eq!(Some(answer.vc.value), session.codes.as_ref().map(|codes| codes.right));
    }
}

#[test]
fn the_code_of_an_authentication_is_computed_and_not_told() {
    let session = notification(authenticate());
    assert!(matches!(session.answer(), Some(Started::Session(_))));
    // The worked vector: octets 00 to 3F give 4360.
    assert_eq!(session.codes.unwrap().right, VerificationCode::parse("4360").unwrap());
}

#[test]
fn device_links_and_choices_have_no_code() {
    let link = Starting::new(sign(), device_link(None), to_document(DOCUMENT)).session();
    assert_eq!(link.codes, None);
    let choice = Starting::new(Asked::ChooseCertificate, FlowMembers::Notification, person()).session();
    assert_eq!(choice.codes, None);
}

#[test]
fn three_different_codes_are_offered_where_the_choice_is() {
    let mut places = [0; 3];
    for seed in 0..60 {
        let starting = Starting::new(sign_with_choice(), FlowMembers::Notification, to_document(DOCUMENT));
        let codes = Starting { seed, ..starting }.session().codes.unwrap();
        let choice = codes.choice.unwrap();
        assert!(choice[0] != choice[1] && choice[1] != choice[2] && choice[0] != choice[2]);
        places[choice.iter().position(|code| *code == codes.right).unwrap()] += 1;
    }
    assert!(places.iter().all(|count| *count > 8), "the right code's place is random: {places:?}");
    let plain = notification(sign());
    assert_eq!(plain.codes.unwrap().choice, None);
}

#[test]
fn unknown_or_inactive_accounts_are_no_accounts() {
    for flow in [FlowMembers::Notification, device_link(None)] {
        let starting = Starting::new(authenticate(), flow.clone(), to_document(DOCUMENT));
        let nobody = Starting { candidates: Vec::new(), ..starting };
        assert_eq!(nobody.go().err(), Some(Refusal::NoAccount));
        for state in [AccountState::Registering, AccountState::Revoked { at: at(-1) }] {
            let mut starting = Starting::new(authenticate(), flow.clone(), to_document(DOCUMENT));
            starting.candidates[0].account.state = state;
            assert_eq!(starting.go().err(), Some(Refusal::NoAccount), "{state:?}");
        }
    }
}

#[test]
fn the_level_asked_for_is_a_minimum() {
    let (q, nq) = (DOCUMENT, "PNOLT-40504049999-MOCK-NQ");
    for (account, level, suitable) in [
        (q, RequestedLevel::Advanced, true),
        (q, RequestedLevel::Qualified, true),
        (q, RequestedLevel::Qscd, true),
        (nq, RequestedLevel::Advanced, true),
        (nq, RequestedLevel::Qualified, false),
        (nq, RequestedLevel::Qscd, false),
    ] {
        let change: fn(&mut StartRequest) = match level {
            RequestedLevel::Advanced => |request| request.certificate_level = RequestedLevel::Advanced,
            RequestedLevel::Qualified => |request| request.certificate_level = RequestedLevel::Qualified,
            RequestedLevel::Qscd => |request| request.certificate_level = RequestedLevel::Qscd,
        };
        let starting = Starting::new(sign(), FlowMembers::Notification, to_document(account));
        let result = Starting { change, ..starting }.go().map(|started| ended(&started.session));
        let expected = if suitable { Ok(None) } else { Err(Refusal::NoSuitableAccount) };
        assert_eq!(result, expected, "{account} {level}");
    }
}

#[test]
fn an_account_that_cannot_be_used_ends_the_session_at_once() {
    let locked = |candidate: &mut Candidate| {
        for number in 0..3 {
            let request = request_id(&format!("r{number}"));
            let pins = Settings::default().pins;
            let (key, _) = candidate.key.clone().reserve_try(&request, at(-1), &pins).unwrap();
            candidate.key = key.settle_wrong(&request, at(-1), &pins).unwrap().0;
        }
    };
    let revoked = |candidate: &mut Candidate| candidate.key = candidate.key.clone().revoke();
    let frozen = |candidate: &mut Candidate| candidate.device = candidate.device.clone().freeze(at(-1)).0;
    let changes: [&dyn Fn(&mut Candidate); 3] = [&locked, &revoked, &frozen];
    for change in changes {
        let mut starting = Starting::new(sign(), FlowMembers::Notification, to_document(DOCUMENT));
        change(&mut starting.candidates[0]);
        let started = starting.go().ok().unwrap();
        assert_eq!(ended(&started.session), Some(EndResult::DocumentUnusable));
        assert!(matches!(started.events[..], [Event::SessionStarted { .. }, Event::SessionCompleted { .. }]));
        assert!(started.session.answer().is_some(), "the relying party still gets its session id");
    }
}

#[test]
fn a_person_with_several_accounts_is_reached_on_the_first_that_works() {
    let mut starting = Starting::new(sign(), FlowMembers::Notification, person());
    starting.candidates.push(candidate("PNOEE-40404040009-DEM2-Q", KeyUse::Sign).0);
    starting.candidates[0].key = starting.candidates[0].key.clone().revoke();
    let session = starting.session();
    assert_eq!(session.addressed().unwrap().account.code(), "DEM2");
}

#[test]
fn another_transaction_ends_where_a_linked_one_is_awaited() {
    for (seconds, expected) in [(59, Some(EndResult::ExpectedLinkedSession)), (60, None)] {
        let mut starting = Starting::new(sign(), FlowMembers::Notification, to_document(DOCUMENT));
        let session = SessionId::generate(&mut rng(9));
        starting.candidates[0].account.awaiting_linked =
            Some(crate::account::AwaitingLinked { session, until: at(60) });
        starting.at = at(seconds);
        let started = starting.go().ok().unwrap();
        assert_eq!(ended(&started.session), expected, "{seconds}");
        assert_eq!(started.account, None, "the device waits on");
    }
}

#[test]
fn the_signing_certificate_is_given_without_a_session() {
    let settings = Settings::default();
    let ask = |level, candidates| certificate(level, candidates, &settings, at(0));
    let usable = candidate(DOCUMENT, KeyUse::Sign).0;
    let Ok(CertificateResponse::Ok(cert)) = ask(RequestedLevel::Qualified, vec![usable.clone()]) else {
        panic!("a certificate")
    };
    assert_eq!(cert.der().unwrap(), b"certificate SIGN");
    let unusable = Candidate { key: usable.key.clone().revoke(), ..usable };
    assert_eq!(ask(RequestedLevel::Qualified, vec![unusable]), Ok(CertificateResponse::DocumentUnusable));
    assert_eq!(ask(RequestedLevel::Qualified, Vec::new()), Err(Refusal::NoAccount));
    let advanced = candidate("PNOLT-40504049999-MOCK-NQ", KeyUse::Sign).0;
    assert_eq!(ask(RequestedLevel::Qualified, vec![advanced.clone()]), Err(Refusal::NoSuitableAccount));
    assert!(matches!(ask(RequestedLevel::Advanced, vec![advanced]), Ok(CertificateResponse::Ok(_))));
}

#[test]
fn a_repeated_request_gets_the_same_answer_for_fifteen_seconds() {
    let settings = Settings::default();
    let session = Starting::new(sign(), device_link(None), to_document(DOCUMENT)).session();
    let repeated = Repeated::remember(session.request(), "/path", session.id(), &settings, at(0)).unwrap();
    assert!(repeated.applies(&session, at(14)));
    assert!(!repeated.applies(&session, at(15)));
    let (Some(Started::DeviceLink(one)), Some(Started::DeviceLink(other))) =
        (session.answer(), stored(&session).answer())
    else {
        panic!("device links")
    };
    assert!(one == other, "token, secret and base are the same after storage");
    let (session, _) = cancel(session, EndResult::ServerError, at(5));
    assert!(!repeated.applies(&session, at(6)), "only while it runs");
    assert!(session.answer().is_none(), "the secret is forgotten with the end");
}

#[test]
fn authentication_is_never_the_same_twice() {
    let session = notification(authenticate());
    let remembered =
        Repeated::remember(session.request(), "/path", session.id(), &Settings::default(), at(0));
    assert_eq!(remembered, None);
}
