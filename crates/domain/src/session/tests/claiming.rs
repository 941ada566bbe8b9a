use countersign_wire::device_link::LinkKind;
use countersign_wire::endpoint::Recipient;
use countersign_wire::words::{EndResult, RequestedLevel};

use super::super::*;
use crate::account::AwaitingLinked;
use crate::settings::Settings;
use crate::world::*;

const QR: fn(u32) -> LinkKind = |elapsed_seconds| LinkKind::Qr { elapsed_seconds };

fn offered(callback: Option<&str>) -> Session {
    Starting::new(authenticate(), device_link(callback), Recipient::Anonymous).session()
}

/// What the device's account says of the claim: one word per outcome.
fn word(claim: &Claim) -> &'static str {
    match claim {
        Claim::Claimed { .. } => "claimed",
        Claim::Again { .. } => "again",
        Claim::Ended { .. } => "ended",
        Claim::NoCallback { .. } => "no callback",
        Claim::Malformed => "malformed",
        Claim::Stale => "stale",
        Claim::Taken => "taken",
        Claim::WrongPerson => "wrong person",
        Claim::NotSuitable => "not suitable",
        Claim::Expired => "expired",
    }
}

fn open(session: Session, link: &str, account: &str, seconds: i64) -> Claim {
    let (candidate, _) = candidate_for(&session, account);
    claim(session, link, &candidate, &Settings::default(), at(seconds), &mut rng(5))
}

fn claimed(claim: Claim) -> Session {
    let word = word(&claim);
    let Claim::Claimed { session, .. } = claim else { panic!("{word}") };
    session
}

#[test]
fn a_scanned_code_gives_the_session_to_the_device() {
    let session = offered(Some(CALLBACK));
    let link = link(&session, QR(3));
    assert_eq!(token_in(&link), session.token().cloned());
    let session = claimed(open(session, &link, DOCUMENT, 3));
    let to = session.addressed().unwrap();
    assert_eq!((to.account.as_str(), to.key.as_str()), (DOCUMENT, "MOCK-AUTH"));
    assert_eq!(to.flow_type, FlowType::Qr);
}

#[test]
fn a_same_device_link_needs_a_callback() {
    for (kind, flow_type) in [(LinkKind::Web2App, FlowType::Web2App), (LinkKind::App2App, FlowType::App2App)]
    {
        let session = offered(Some(CALLBACK));
        let url = link(&session, kind);
        let session = claimed(open(session, &url, DOCUMENT, 119));
        assert_eq!(session.addressed().unwrap().flow_type, flow_type);
        let session = offered(None);
        let url = link(&session, kind);
        let Claim::NoCallback { session, .. } = open(session, &url, DOCUMENT, 1) else { panic!("{kind:?}") };
        assert!(matches!(
            session.state(),
            State::Complete { outcome: Outcome::Ended { result: EndResult::ProtocolFailure, .. }, .. }
        ));
    }
}

#[test]
fn freshness_is_five_seconds_back_and_two_ahead() {
    for (elapsed, seconds, expected) in [
        (0, 0, "claimed"),
        (0, 5, "claimed"),
        (0, 6, "stale"),
        (10, 8, "claimed"),
        (10, 7, "stale"),
        (10, 15, "claimed"),
        (10, 16, "stale"),
        (100, 1, "stale"),
    ] {
        let session = offered(None);
        let link = link(&session, QR(elapsed));
        assert_eq!(word(&open(session, &link, DOCUMENT, seconds)), expected, "{elapsed} at {seconds}");
    }
}

#[test]
fn checks_come_in_their_order() {
    let settings = Settings::default();
    let with = |change: &dyn Fn(String) -> String| {
        let session = offered(None);
        let link = change(link(&session, QR(0)));
        word(&open(session, &link, DOCUMENT, 0))
    };
    // 1. form before everything
    assert_eq!(with(&|link| link.replace("&lang=eng", "&lang=eng&extra=1")), "malformed");
    assert_eq!(with(&|link| link.replace("sid.example.test", "evil.example")), "malformed");
    assert_eq!(with(&|link| link.replace("version=1.0", "version=0.9")), "malformed");
    assert_eq!(with(&|_| "https://sid.example.test/device-link".into()), "malformed");
    // 3. session type, 4. authentication code: both end the session
    assert_eq!(with(&|link| link.replace("sessionType=auth", "sessionType=sign")), "ended");
    assert_eq!(with(&|link| link.replace("elapsedSeconds=0", "elapsedSeconds=1")), "ended");
    // 4. before 5.: a code that was changed to look fresh is a wrong code, not a stale one
    let session = offered(None);
    let stale = link(&session, QR(0)).replace("elapsedSeconds=0", "elapsedSeconds=60");
    let Claim::Ended { result, session, events } = open(session, &stale, DOCUMENT, 60) else {
        panic!("ended")
    };
    assert_eq!(result, EndResult::ProtocolFailure);
    assert!(matches!(events[..], [Event::SessionCompleted { result: EndResult::ProtocolFailure, .. }]));
    assert!(session.answer().is_none());
    // 2. before 3.: a session that is over does not end again
    let session = offered(None);
    let wrong = link(&session, QR(0)).replace("sessionType=auth", "sessionType=sign");
    assert_eq!(word(&open(session, &wrong, DOCUMENT, 120)), "expired");
    // 5. before 7.: who it is for is told to fresh links only
    let for_other = || Starting::new(authenticate(), device_link(None), to_document(OTHER)).session();
    let session = for_other();
    let stale = link(&session, QR(0));
    assert_eq!(word(&open(session, &stale, DOCUMENT, 60)), "stale");
    let session = for_other();
    let fresh = link(&session, QR(0));
    assert_eq!(word(&open(session, &fresh, DOCUMENT, 0)), "wrong person");
    // 7. before 8.
    let session = for_other();
    let (mut candidate, _) = candidate_for(&session, DOCUMENT);
    candidate.account.level = CertificateLevel::Advanced;
    let fresh = link(&session, QR(0));
    assert_eq!(word(&claim(session, &fresh, &candidate, &settings, at(0), &mut rng(1))), "wrong person");
    let session = offered(None);
    let fresh = link(&session, QR(0));
    assert_eq!(word(&claim(session, &fresh, &candidate, &settings, at(0), &mut rng(1))), "not suitable");
}

#[test]
fn the_person_named_may_use_any_of_their_accounts() {
    let person = Recipient::Person(document(DOCUMENT).semantics().clone());
    let session = || Starting::new(authenticate(), device_link(None), person.clone()).session();
    for (account, expected) in
        [(DOCUMENT, "claimed"), ("PNOEE-40404040009-DEM2-Q", "claimed"), (OTHER, "wrong person")]
    {
        let session = session();
        let link = link(&session, QR(0));
        assert_eq!(word(&open(session, &link, account, 0)), expected, "{account}");
    }
}

#[test]
fn a_claimed_session_refuses_a_second_device() {
    let session = offered(None);
    let (first, second) = (link(&session, QR(0)), link(&session, QR(1)));
    let session = claimed(open(session, &first, DOCUMENT, 0));
    assert_eq!(word(&open(stored(&session), &first, OTHER, 0)), "taken");
    assert_eq!(word(&open(stored(&session), &second, DOCUMENT, 1)), "taken", "one link is used once");
    let Claim::Again { session: again } = open(stored(&session), &first, DOCUMENT, 60) else {
        panic!("again")
    };
    assert_eq!(again.transaction(), session.transaction(), "a lost answer is given again");
}

#[test]
fn a_session_that_is_over_is_not_claimed() {
    let session = offered(None);
    let link = link(&session, QR(118));
    assert_eq!(word(&open(stored(&session), &link, DOCUMENT, 119)), "claimed");
    assert_eq!(word(&open(stored(&session), &link, DOCUMENT, 120)), "expired");
    let (session, _) = cancel(session, EndResult::ServerError, at(1));
    assert_eq!(word(&open(session, &link, DOCUMENT, 119)), "expired");
}

#[test]
fn an_account_that_cannot_take_part_ends_the_session() {
    let settings = Settings::default();
    let session = offered(None);
    let (mut candidate, _) = candidate_for(&session, DOCUMENT);
    candidate.account.awaiting_linked = Some(AwaitingLinked { session: session.id(), until: at(60) });
    let url = link(&session, QR(0));
    let Claim::Ended { result, .. } = claim(session, &url, &candidate, &settings, at(0), &mut rng(1)) else {
        panic!("ended")
    };
    assert_eq!(result, EndResult::ExpectedLinkedSession);

    let session = offered(None);
    let (mut candidate, _) = candidate_for(&session, DOCUMENT);
    candidate.key = candidate.key.revoke();
    let url = link(&session, QR(0));
    let Claim::Ended { result, session, .. } =
        claim(session, &url, &candidate, &settings, at(0), &mut rng(1))
    else {
        panic!("ended")
    };
    assert_eq!(result, EndResult::DocumentUnusable);
    assert_eq!(session.addressed().unwrap().account.as_str(), DOCUMENT);
}

#[test]
fn an_advanced_account_may_claim_what_asks_for_no_more() {
    let starting = Starting::new(authenticate(), device_link(None), Recipient::Anonymous);
    let change: fn(&mut StartRequest) = |request| request.certificate_level = RequestedLevel::Advanced;
    let session = Starting { change, ..starting }.session();
    let link = link(&session, QR(0));
    claimed(open(session, &link, "PNOLT-40504049999-MOCK-NQ", 0));
}

#[test]
fn the_mistakes_of_known_clients_pass_only_when_permitted() {
    // This library counts the callback for QR codes as well.
    let session = offered(Some(CALLBACK));
    let url = link(&session, LinkKind::Web2App);
    let unprotected = url.split_once("&authCode=").unwrap().0;
    let qr = unprotected.replace("deviceLinkType=Web2App", "deviceLinkType=QR&elapsedSeconds=0");
    let Some(Started::DeviceLink(started)) = session.answer() else { panic!("a device link") };
    let Asked::Authenticate { rp_challenge, interactions, .. } = &session.request().asked else {
        panic!("auth")
    };
    let payload = [
        "smart-id-demo",
        "ACSP_V2",
        rp_challenge.as_str(),
        &countersign_wire::base64::b64(b"Demo"),
        "",
        interactions.as_str(),
        CALLBACK,
        &qr,
    ]
    .join("|");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, started.session_secret.as_bytes());
    let code = aws_lc_rs::hmac::sign(&key, payload.as_bytes());
    let link = format!("{qr}&authCode={}", countersign_wire::base64::b64u(code.as_ref()));

    let mut settings = Settings::default();
    let (candidate, _) = candidate_for(&session, DOCUMENT);
    let strict = claim(stored(&session), &link, &candidate, &settings, at(0), &mut rng(1));
    assert_eq!(word(&strict), "ended");
    settings.leniency.callback_in_qr = true;
    let session = claimed(claim(session, &link, &candidate, &settings, at(0), &mut rng(1)));
    let view = transaction_view(&session, candidate.device.id(), at(0)).unwrap();
    assert_eq!(view.acsp.unwrap().callback, CALLBACK, "such a library expects it in what is signed too");
}
