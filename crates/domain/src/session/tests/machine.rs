//! Any order of commands leaves a session in a state that is reachable on paper.

use countersign_wire::device::RefusalReason;
use countersign_wire::device_link::LinkKind;
use countersign_wire::endpoint::Recipient;
use countersign_wire::words::EndResult;
use proptest::prelude::*;

use super::super::*;
use crate::settings::Settings;
use crate::signing::SigningFailure;
use crate::world::*;

#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Claim(bool),
    Deliver,
    Display,
    Begin(u8),
    Finish(u8, u8),
    Refuse,
    Expire,
    Cancel,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..40i64).prop_map(Act::Wait),
        any::<bool>().prop_map(Act::Claim),
        Just(Act::Deliver),
        Just(Act::Display),
        (0..3u8).prop_map(Act::Begin),
        (0..3u8).prop_map(Act::Begin),
        (0..3u8, 0..4u8).prop_map(|(request, result)| Act::Finish(request, result)),
        (0..3u8, 0..4u8).prop_map(|(request, result)| Act::Finish(request, result)),
        Just(Act::Refuse),
        Just(Act::Expire),
        Just(Act::Cancel),
    ]
}

fn word(state: &State) -> &'static str {
    match state {
        State::Offered => "offered",
        State::Addressed { progress: Progress::Created, .. } => "created",
        State::Addressed { progress: Progress::Delivered, .. } => "delivered",
        State::Addressed { progress: Progress::Displayed, .. } => "displayed",
        State::Addressed { progress: Progress::Confirming { .. }, .. } => "confirming",
        State::Complete { .. } => "complete",
    }
}

/// The drawing at the top of the module, as arrows.
const PAPER: [(&str, &[&str]); 6] = [
    ("offered", &["offered", "created", "complete"]),
    ("created", &["created", "delivered", "displayed", "confirming", "complete"]),
    ("delivered", &["delivered", "displayed", "confirming", "complete"]),
    ("displayed", &["displayed", "confirming", "complete"]),
    ("confirming", &["confirming", "displayed", "complete"]),
    ("complete", &["complete"]),
];

proptest! {
    #[test]
    fn any_order_of_commands_follows_the_drawing(acts in proptest::collection::vec(act(), 1..40), link_first: bool) {
        let settings = Settings::default();
        let mut session = if link_first {
            Starting::new(authenticate(), device_link(None), Recipient::Anonymous).session()
        } else {
            notification(sign())
        };
        let url = link_first.then(|| link(&session, LinkKind::Qr { elapsed_seconds: 0 }));
        let (mut candidate, mut phone) = candidate_for(&session, DOCUMENT);
        let mut seconds = 0;
        let mut seed = 1000;
        for act in acts {
            let before = word(session.state());
            let complete = (before == "complete").then(|| serde_json::to_string(&session).unwrap());
            let now = at(seconds);
            session = match act {
                Act::Wait(more) => { seconds += more; session }
                Act::Claim(right) => match &url {
                    Some(url) => {
                        let url = if right { url.clone() } else { url.replace("sessionType=auth", "sessionType=sign") };
                        match claim(stored(&session), &url, &candidate, &settings, now, &mut rng(1)) {
                            Claim::Claimed { session, .. } | Claim::Again { session }
                            | Claim::Ended { session, .. } | Claim::NoCallback { session, .. } => session,
                            Claim::Malformed | Claim::Stale | Claim::Taken | Claim::WrongPerson
                            | Claim::NotSuitable | Claim::Expired => session,
                        }
                    }
                    None => session,
                },
                Act::Deliver => deliver(session).unwrap_or_else(|same| same),
                Act::Display => display(session).map_or_else(|same| same, |(session, _)| session),
                Act::Begin(number) if session.addressed().is_some() => {
                    let request = approval(&session, &phone, &format!("r{number}"));
                    let confirmation = Confirmation {
                        session: stored(&session), account: candidate.account.clone(),
                        device: candidate.device.clone(), key: candidate.key.clone(), request,
                    };
                    match begin_confirm(confirmation, &settings, now) {
                        Begun::Work { session, key, .. } => { candidate.key = key; session }
                        Begun::Unusable { session, .. } | Begun::WrongCode { session, .. } => session,
                        Begun::Clone { .. } | Begun::Chosen { .. } => panic!("one copy, and no choice"),
                        Begun::Resend(_) | Begun::Refused(_) => session,
                    }
                }
                Act::Begin(_) => session,
                Act::Finish(number, result) => {
                    seed += 1;
                    let result = match result {
                        0 => Ok(vec![1]),
                        1 => Err(SigningFailure::Malformed),
                        _ => Err(SigningFailure::WrongPin),
                    };
                    let finish = Finish {
                        session: stored(&session), account: candidate.account.clone(),
                        device: candidate.device.clone(), key: candidate.key.clone(),
                        request: request_id(&format!("r{number}")), result,
                        next: phone.next_token(seed), device_ip: None,
                    };
                    match finish_confirm(finish, &settings, now) {
                        Ok(finished) => {
                            (candidate.device, candidate.key) = (finished.device, finished.key);
                            if let Ok(answer) = finished.answer {
                                phone.take(&answer.token);
                            }
                            finished.session
                        }
                        Err(_) => session,
                    }
                }
                Act::Refuse => {
                    match refuse(stored(&session), &phone.id, RefusalReason::User, None, now) {
                        Refused::Ended { session, .. } => session,
                        Refused::Again { .. } | Refused::NotPossible(_) => session,
                    }
                }
                Act::Expire => expire(session, now).0,
                Act::Cancel => cancel(session, EndResult::ServerError, now).0,
            };
            let after = word(session.state());
            let (_, reachable) = PAPER.iter().find(|(from, _)| *from == before).unwrap();
            prop_assert!(reachable.contains(&after), "{} after {}", after, before);
            if let Some(complete) = complete {
                prop_assert_eq!(serde_json::to_string(&session).unwrap(), complete, "an end is final");
            }
            // A secret lives exactly as long as its session.
            prop_assert_eq!(session.answer().is_some(), !link_first || after != "complete");
            // What outsiders read agrees with what is stored.
            if let Some(status) = status(&session, at(seconds)) {
                let running = session.is_running(at(seconds));
                prop_assert_eq!(status.result.is_none(), running);
            }
        }
    }
}
