use countersign_wire::device::RefusalReason as Reason;
use countersign_wire::device_link::LinkKind;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::DeviceId;
use countersign_wire::words::{EndResult, InteractionType};

use super::super::*;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::world::*;

fn device_of(session: &Session) -> DeviceId {
    session.addressed().unwrap().device.clone()
}

fn refused(session: Session, reason: Reason, screen: Option<InteractionType>, seconds: i64) -> Refused {
    let device = device_of(&session);
    refuse(session, &device, reason, screen, at(seconds))
}

fn outcome(refused: &Refused) -> (EndResult, Option<InteractionType>) {
    match refused {
        Refused::Ended { session, .. } => match session.state() {
            State::Complete { outcome: Outcome::Ended { result, interaction, .. }, .. } => {
                (*result, *interaction)
            }
            other => panic!("{other:?}"),
        },
        Refused::Again { .. } => panic!("again"),
        Refused::NotPossible(refusal) => panic!("{refusal}"),
    }
}

#[test]
fn every_reason_has_its_end_result() {
    use InteractionType::{ConfirmationMessageAndVerificationCodeChoice as Choice, DisplayTextAndPin as Pin};
    for (reason, screen, expected) in [
        (Reason::User, None, (EndResult::UserRefused, None)),
        (Reason::NotMe, None, (EndResult::UserRefused, None)),
        (Reason::User, Some(Pin), (EndResult::UserRefused, None)),
        (Reason::CertChoice, None, (EndResult::UserRefusedCertChoice, None)),
        (Reason::WrongCode, None, (EndResult::WrongVc, None)),
        (Reason::InteractionNotSupported, None, (EndResult::RequiredInteractionNotSupportedByApp, None)),
        (Reason::Interaction, Some(Pin), (EndResult::UserRefusedInteraction, Some(Pin))),
        (Reason::Interaction, Some(Choice), (EndResult::UserRefusedInteraction, Some(Choice))),
    ] {
        let refused = refused(notification(sign_with_choice()), reason, screen, 1);
        assert_eq!(outcome(&refused), expected, "{reason}");
    }
}

#[test]
fn a_reason_has_to_fit_the_session() {
    let nameless = refused(notification(sign()), Reason::Interaction, None, 1);
    assert!(matches!(nameless, Refused::NotPossible(Refusal::NotPossible { .. })));
    // Over a link no code is compared, so none can be wrong.
    let session = Starting::new(sign(), device_link(None), to_document(DOCUMENT)).session();
    let (candidate, _) = candidate_for(&session, DOCUMENT);
    let url = link(&session, LinkKind::Qr { elapsed_seconds: 0 });
    let Claim::Claimed { session, .. } =
        claim(session, &url, &candidate, &Settings::default(), at(0), &mut rng(1))
    else {
        panic!("claimed")
    };
    let codeless = refused(session, Reason::WrongCode, None, 1);
    assert!(matches!(codeless, Refused::NotPossible(Refusal::NotPossible { .. })));
}

#[test]
fn the_device_says_which_screen_was_refused() {
    // Also one that was not asked for: the session ends refused in any case.
    use InteractionType::ConfirmationMessage;
    let refused = refused(notification(sign()), Reason::Interaction, Some(ConfirmationMessage), 1);
    assert_eq!(outcome(&refused), (EndResult::UserRefusedInteraction, Some(ConfirmationMessage)));
}

#[test]
fn a_refusal_comes_once_and_may_be_repeated() {
    let Refused::Ended { session, events, .. } = refused(notification(sign()), Reason::User, None, 1) else {
        panic!("ended")
    };
    assert!(matches!(events[..], [Event::SessionCompleted { result: EndResult::UserRefused, .. }]));
    assert!(matches!(refused(stored(&session), Reason::User, None, 300), Refused::Again { callback: None }));
    let other = refused(session, Reason::CertChoice, None, 2);
    assert!(matches!(other, Refused::NotPossible(Refusal::Cancelled)));
}

#[test]
fn only_the_device_it_has_reached_may_refuse() {
    let stranger = DeviceId::parse("stranger").unwrap();
    let refused = refuse(notification(sign()), &stranger, Reason::User, None, at(1));
    assert!(matches!(refused, Refused::NotPossible(Refusal::NotFound)));
    let offered = Starting::new(authenticate(), device_link(None), Recipient::Anonymous).session();
    let refused = refuse(offered, &stranger, Reason::User, None, at(1));
    assert!(matches!(refused, Refused::NotPossible(Refusal::NotFound)));
}

#[test]
fn after_its_time_a_session_is_not_refused() {
    assert!(matches!(refused(notification(sign()), Reason::User, None, 119), Refused::Ended { .. }));
    let late = refused(notification(sign()), Reason::User, None, 120);
    assert!(matches!(late, Refused::NotPossible(Refusal::Expired)));
}

#[test]
fn a_refusal_leads_back_on_the_same_device() {
    let settings = Settings::default();
    for (kind, leads_back) in
        [(LinkKind::Web2App, true), (LinkKind::App2App, true), (LinkKind::Qr { elapsed_seconds: 0 }, false)]
    {
        for asked in [authenticate(), countersign_wire::start::Asked::ChooseCertificate] {
            let session = Starting::new(asked, device_link(Some(CALLBACK)), Recipient::Anonymous).session();
            let digest = session.link.as_ref().unwrap().secret_digest.clone();
            let (candidate, _) = candidate_for(&session, DOCUMENT);
            let url = link(&session, kind);
            let Claim::Claimed { session, .. } =
                claim(session, &url, &candidate, &settings, at(0), &mut rng(1))
            else {
                panic!("claimed")
            };
            let Refused::Ended { callback, .. } = refused(session, Reason::User, None, 1) else {
                panic!("ended")
            };
            let expected = leads_back.then_some((CALLBACK, digest.as_str()));
            let found =
                callback.as_ref().map(|task| (task.url.as_str(), task.session_secret_digest.as_str()));
            assert_eq!(found, expected, "{kind:?}");
        }
    }
}

#[test]
fn an_overdue_session_is_told_so_once() {
    let (session, events) = expire(notification(sign()), at(119));
    assert!(events.is_empty());
    let (session, events) = expire(session, at(500));
    assert!(matches!(events[..], [Event::SessionCompleted { result: EndResult::Timeout, .. }]));
    assert!(matches!(session.state(), State::Complete { at: when, .. } if *when == at(120)));
    assert_eq!(session.purge_at(), at(420));
    let (_, events) = expire(session, at(501));
    assert!(events.is_empty());
}

#[test]
fn delivery_and_display_are_noted_once() {
    let session = notification(sign());
    let Ok(session) = deliver(session) else { panic!("delivered") };
    let Err(session) = deliver(session) else { panic!("twice") };
    let Ok((session, events)) = display(session) else { panic!("displayed") };
    assert!(matches!(events[..], [Event::TransactionDisplayed { .. }]));
    assert!(display(session).is_err());
    let offered = Starting::new(authenticate(), device_link(None), Recipient::Anonymous).session();
    assert!(deliver(offered).is_err());
}
