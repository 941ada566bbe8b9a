use countersign_wire::device::{ConfirmRequest, Token};
use countersign_wire::id::{DeviceId, KeyId};
use countersign_wire::start::FlowMembers;
use countersign_wire::words::{EndResult, InteractionType};
use serde_json::json;

use super::super::*;
use crate::answer::{Answer, Answered};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::signing::SigningFailure;
use crate::world::*;

/// What a server has of one account, and its phone.
struct Scene {
    session: Session,
    account: Account,
    device: Device,
    key: Key,
    phone: Phone,
    seed: u64,
}

fn scene(session: Session) -> Scene {
    let (Candidate { account, device, key }, phone) = candidate_for(&session, DOCUMENT);
    Scene { session, account, device, key, phone, seed: 100 }
}

impl Scene {
    fn begin(&self, request: ConfirmRequest, seconds: i64) -> Begun {
        let confirmation = Confirmation {
            session: stored(&self.session),
            account: self.account.clone(),
            device: self.device.clone(),
            key: self.key.clone(),
            request,
        };
        begin_confirm(confirmation, &Settings::default(), at(seconds))
    }

    fn approve(&self, req: &str, seconds: i64) -> Begun {
        self.begin(approval(&self.session, &self.phone, req), seconds)
    }

    /// Begins and saves.
    fn begin_saved(&mut self, req: &str, seconds: i64) {
        let begun = self.approve(req, seconds);
        let word = word(&begun);
        let Begun::Work { session, key, .. } = begun else { panic!("{word}") };
        (self.session, self.key) = (session, key);
    }

    /// Finishes and saves; the phone takes the token when there is one.
    fn finish(
        &mut self,
        req: &str,
        result: Result<Vec<u8>, SigningFailure>,
        seconds: i64,
    ) -> Result<Answer, Refusal> {
        self.seed += 1;
        let finish = Finish {
            session: stored(&self.session),
            account: self.account.clone(),
            device: self.device.clone(),
            key: self.key.clone(),
            request: request_id(req),
            result,
            next: self.phone.next_token(self.seed),
            device_ip: Some("203.0.113.34".parse().unwrap()),
        };
        let finished = finish_confirm(finish, &Settings::default(), at(seconds)).unwrap();
        (self.session, self.device, self.key) = (finished.session, finished.device, finished.key);
        if let Ok(answer) = &finished.answer {
            self.phone.take(&answer.token);
        }
        finished.answer
    }

    fn result(&self) -> Option<EndResult> {
        match self.session.state() {
            State::Complete { outcome, .. } => Some(outcome.end_result()),
            State::Offered | State::Addressed { .. } => None,
        }
    }
}

fn word(begun: &Begun) -> String {
    match begun {
        Begun::Work { .. } => "work".into(),
        Begun::Chosen { .. } => "chosen".into(),
        Begun::Resend(_) => "resend".into(),
        Begun::WrongCode { .. } => "wrong code".into(),
        Begun::Clone { .. } => "clone".into(),
        Begun::Unusable { refusal, .. } => format!("unusable: {refusal}"),
        Begun::Refused(refusal) => format!("refused: {refusal}"),
    }
}

#[test]
fn a_right_pin_completes_the_session() {
    let mut scene = scene(notification(authenticate()));
    scene.begin_saved("a", 5);
    assert_eq!(scene.key.tries_left(at(5), &Settings::default().pins), 2, "counted before it is computed");
    let answer = scene.finish("a", Ok(vec![0xab; 256]), 6).unwrap();
    assert_eq!(answer.result, Answered::Confirmed { callback: None });
    assert_eq!(scene.device.epoch(), 1);
    assert_eq!(scene.key.tries_left(at(6), &Settings::default().pins), 3);

    let status = serde_json::to_value(status(&scene.session, at(6)).unwrap()).unwrap();
    assert_eq!(status["result"], json!({"endResult": "OK", "documentNumber": DOCUMENT}));
    assert_eq!(status["signatureProtocol"], "ACSP_V2");
    assert_eq!(status["interactionTypeUsed"], "confirmationMessage");
    assert_eq!(status["cert"]["value"], countersign_wire::base64::b64(b"certificate AUTH"));
    assert_eq!(status["signature"]["flowType"], "Notification");
    assert_eq!(status["signature"]["signatureAlgorithmParameters"]["saltLength"], 64);
    assert_eq!(status["signature"]["userChallenge"].as_str().unwrap().len(), 43);
    assert_eq!(status["signature"]["serverRandom"], scene.session.server_random.as_str());
    assert!(status.get("deviceIpAddress").is_none(), "not asked for");
}

#[test]
fn a_raw_digest_signature_has_no_challenges() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("a", 5);
    scene.finish("a", Ok(vec![1]), 6).unwrap();
    let status = serde_json::to_value(status(&scene.session, at(6)).unwrap()).unwrap();
    assert_eq!(status["signatureProtocol"], "RAW_DIGEST_SIGNATURE");
    let signature = status["signature"].as_object().unwrap();
    assert!(!signature.contains_key("userChallenge") && !signature.contains_key("serverRandom"));
}

#[test]
fn the_address_of_the_device_is_given_when_asked_for() {
    let starting = Starting::new(sign(), FlowMembers::Notification, to_document(DOCUMENT));
    let change: fn(&mut StartRequest) =
        |request| request.request_properties.share_md_client_ip_address = true;
    let mut scene = scene(Starting { change, ..starting }.session());
    scene.begin_saved("a", 5);
    scene.finish("a", Ok(vec![1]), 6).unwrap();
    let status = serde_json::to_value(status(&scene.session, at(6)).unwrap()).unwrap();
    assert_eq!(status["deviceIpAddress"], "203.0.113.34");
}

#[test]
fn a_wrong_pin_leaves_the_session_open_until_the_key_locks() {
    let mut scene = scene(notification(sign()));
    for (req, expected) in [("a", 2), ("b", 1)] {
        scene.begin_saved(req, 5);
        let answer = scene.finish(req, Err(SigningFailure::WrongPin), 6).unwrap();
        assert_eq!(answer.result, Answered::WrongPin { tries_left: expected });
        assert_eq!(scene.result(), None);
    }
    scene.begin_saved("c", 7);
    let answer = scene.finish("c", Err(SigningFailure::WrongPin), 8).unwrap();
    assert_eq!(answer.result, Answered::Locked { until: at(8 + 3 * 3600) });
    assert_eq!(scene.result(), Some(EndResult::DocumentUnusable));
    assert_eq!(scene.device.epoch(), 3, "the token rotates on every counted request");
}

#[test]
fn a_lost_answer_is_sent_again_even_when_the_session_is_over() {
    let mut scene = scene(notification(sign()));
    let old = scene.phone.token.clone();
    scene.begin_saved("a", 5);
    let answer = scene.finish("a", Ok(vec![1]), 6).unwrap();
    scene.phone.token = old;
    let Begun::Resend(again) = scene.approve("a", 400) else { panic!("resend") };
    assert_eq!(again, answer);
    // The same spent token with another request is a copy.
    let Begun::Clone { device, session, events } = scene.approve("b", 10) else { panic!("clone") };
    assert!(!device.is_active());
    assert!(matches!(events[..], [Event::CloneSuspected { .. }]), "a finished session stays finished");
    assert!(matches!(session.state(), State::Complete { outcome: Outcome::Signed { .. }, .. }));
}

#[test]
fn a_clone_freezes_the_device_and_ends_the_session() {
    let mut scene = scene(notification(sign()));
    scene.phone.token = Token::from_bytes([1; 32]);
    let Begun::Clone { device, session, events } = scene.approve("a", 5) else { panic!("clone") };
    assert!(!device.is_active());
    assert!(matches!(
        events[..],
        [Event::CloneSuspected { .. }, Event::SessionCompleted { result: EndResult::DocumentUnusable, .. }]
    ));
    (scene.session, scene.device) = (session, device);
    assert_eq!(word(&scene.approve("a", 6)), "refused: two copies of this device seem to exist");
}

#[test]
fn a_hundred_confirmations_at_once_reserve_one_try_and_in_all_at_most_three() {
    let mut scene = scene(notification(sign()));
    let mut counted = 0;
    for round in 0..5 {
        // All hundred were sent with the token that counts now, before any was answered.
        let requests: Vec<_> =
            (0..100).map(|n| approval(&scene.session, &scene.phone, &format!("r{round}-{n}"))).collect();
        let mut taken = None;
        for request in &requests {
            let req = request.req.clone();
            match scene.begin(request.clone(), 5) {
                Begun::Work { session, key, .. } => {
                    assert!(taken.is_none(), "one computation at a time");
                    (scene.session, scene.key) = (session, key);
                    taken = Some(req);
                    counted += 1;
                }
                Begun::Refused(Refusal::InProgress) => assert!(taken.is_some()),
                Begun::Refused(_) | Begun::Unusable { .. } => {}
                other => panic!("{}", word(&other)),
            }
        }
        let Some(req) = taken else { break };
        let _ = scene.finish(req.as_str(), Err(SigningFailure::WrongPin), 5);
    }
    assert_eq!(counted, 3);
    assert_eq!(scene.result(), Some(EndResult::DocumentUnusable));
}

#[test]
fn checks_come_in_their_order() {
    let mut scene = scene(notification(authenticate()));
    let approval = |scene: &Scene| approval(&scene.session, &scene.phone, "a");
    // another device's transaction, before anything is said of the token
    let mut other = scene_with_device(&scene, "other");
    other.phone.token = Token::from_bytes([1; 32]);
    assert_eq!(word(&other.approve("a", 5)), "refused: no such transaction");
    // the token, before the session's state
    let mut cloned = approval(&scene);
    cloned.approval.as_mut().unwrap().token = Token::from_bytes([1; 32]);
    assert_eq!(word(&scene.begin(cloned, 500)), "clone");
    // the session's state, before the content
    let mut empty = approval(&scene);
    (empty.interaction, empty.user_challenge) = (None, None);
    assert_eq!(word(&scene.begin(empty.clone(), 120)), "refused: the time for the transaction is over");
    let expected = |what| format!("refused: the request is not possible here: {what}");
    // the content, before the key
    assert_eq!(word(&scene.begin(empty, 5)), expected("one of the interactions of the request"));
    let mut request = approval(&scene);
    request.interaction = Some(InteractionType::ConfirmationMessageAndVerificationCodeChoice);
    assert_eq!(word(&scene.begin(request, 5)), expected("one of the interactions of the request"));
    let mut request = approval(&scene);
    request.user_challenge = None;
    assert_eq!(word(&scene.begin(request, 5)), expected("a userChallenge"));
    let mut request = approval(&scene);
    request.approval = None;
    assert_eq!(word(&scene.begin(request, 5)), expected("the device's part of the signature"));
    let mut request = approval(&scene);
    request.approval.as_mut().unwrap().kid = KeyId::parse("other").unwrap();
    assert_eq!(word(&scene.begin(request, 5)), expected("the key of the transaction"));
    // the key
    scene.key = scene.key.revoke();
    assert_eq!(word(&scene.approve("a", 5)), "unusable: the key is blocked");
}

fn scene_with_device(scene: &Scene, id: &str) -> Scene {
    let (_, phone) = device(DOCUMENT, 77);
    let next = phone.next_token(78);
    let jwk = phone.jwk();
    let id = DeviceId::parse(id).unwrap();
    let device = Device::enrolled(
        id,
        scene.account.document.clone(),
        jwk.clone(),
        jwk,
        "t".into(),
        "1".into(),
        next,
        at(0),
    );
    Scene {
        session: stored(&scene.session),
        account: scene.account.clone(),
        device,
        key: scene.key.clone(),
        phone,
        seed: 500,
    }
}

#[test]
fn a_key_that_locked_meanwhile_ends_the_session() {
    let settings = Settings::default();
    let mut scene = scene(notification(sign()));
    for number in 0..3 {
        let request = request_id(&format!("x{number}"));
        let (key, _) = scene.key.clone().reserve_try(&request, at(1), &settings.pins).unwrap();
        scene.key = key.settle_wrong(&request, at(1), &settings.pins).unwrap().0;
    }
    let Begun::Unusable { session, refusal, .. } = scene.approve("a", 5) else { panic!("unusable") };
    assert_eq!(refusal, Refusal::Locked { until: at(1 + 3 * 3600) });
    scene.session = session;
    assert_eq!(scene.result(), Some(EndResult::DocumentUnusable));
}

#[test]
fn the_wrong_code_ends_the_session_and_costs_no_try() {
    let scene = scene(notification(sign_with_choice()));
    let codes = scene.session.codes.clone().unwrap();
    let choice = InteractionType::ConfirmationMessageAndVerificationCodeChoice;
    let with = |code| {
        let mut request = approval(&scene.session, &scene.phone, "a");
        (request.interaction, request.chosen_code) = (Some(choice), code);
        scene.begin(request, 5)
    };
    for code in codes.choice.unwrap() {
        let begun = with(Some(code));
        assert_eq!(word(&begun), if code == codes.right { "work" } else { "wrong code" });
        if let Begun::WrongCode { session, events } = begun {
            assert!(matches!(events[..], [Event::SessionCompleted { result: EndResult::WrongVc, .. }]));
            assert!(!session.is_running(at(5)));
        }
    }
    assert_eq!(word(&with(None)), "refused: the request is not possible here: the chosen code");
    // On another screen there is nothing to choose.
    let mut request = approval(&scene.session, &scene.phone, "a");
    request.interaction = Some(InteractionType::DisplayTextAndPin);
    assert_eq!(word(&scene.begin(request, 5)), "work");
}

#[test]
fn what_is_done_cannot_be_done_again() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("a", 5);
    assert_eq!(word(&scene.approve("b", 6)), "refused: another request is being worked on");
    scene.finish("a", Ok(vec![1]), 6).unwrap();
    assert_eq!(word(&scene.approve("b", 7)), "refused: the transaction is done");
    let ended = self::scene(cancel(notification(sign()), EndResult::ServerError, at(1)).0);
    assert_eq!(word(&ended.approve("c", 7)), "refused: the transaction was ended");
}

#[test]
fn a_signature_begun_in_time_may_finish_within_its_lease() {
    for (seconds, answered, result) in [
        (121, Answered::Confirmed { callback: None }, Some(EndResult::Ok)),
        (128, Answered::Confirmed { callback: None }, Some(EndResult::Ok)),
        (129, Answered::TooLate { expired: true }, None),
    ] {
        let mut scene = scene(notification(sign()));
        scene.begin_saved("a", 119);
        assert!(scene.session.is_running(at(128)) && !scene.session.is_running(at(129)));
        let answer = scene.finish("a", Ok(vec![1]), seconds).unwrap();
        assert_eq!(answer.result, answered, "{seconds}");
        assert_eq!(scene.result(), result, "{seconds}");
        assert_eq!(scene.device.epoch(), 1, "the token rotates all the same");
    }
}

#[test]
fn a_right_pin_for_a_session_that_was_ended_signs_nothing() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("a", 5);
    scene.session = cancel(stored(&scene.session), EndResult::ServerError, at(6)).0;
    let answer = scene.finish("a", Ok(vec![1]), 7).unwrap();
    assert_eq!(answer.result, Answered::TooLate { expired: false });
    assert_eq!(scene.result(), Some(EndResult::ServerError));
    assert_eq!(scene.key.tries_left(at(7), &Settings::default().pins), 3, "the PIN was right");
}

#[test]
fn a_fault_of_ours_may_be_tried_again_with_the_same_token() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("a", 5);
    let fault = SigningFailure::Fault(crate::Error::DoesNotOpen);
    assert_eq!(scene.finish("a", Err(fault), 6), Err(Refusal::Fault));
    assert_eq!(scene.device.epoch(), 0);
    assert_eq!(scene.result(), None);
    scene.begin_saved("a", 7);
    assert_eq!(scene.key.tries_left(at(7), &Settings::default().pins), 1, "both tries were counted");
    assert!(scene.finish("a", Ok(vec![1]), 8).is_ok());
    let mut other = self::scene(notification(sign()));
    other.begin_saved("a", 5);
    let refused = other.finish("a", Err(SigningFailure::Malformed), 6);
    assert!(matches!(refused, Err(Refusal::NotPossible { .. })));
}

#[test]
fn a_crash_between_the_two_transactions_sticks_nowhere() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("a", 5);
    assert_eq!(word(&scene.approve("a", 14)), "refused: another request is being worked on");
    scene.begin_saved("a", 15);
    scene.finish("a", Ok(vec![1]), 16).unwrap();
    assert_eq!(scene.result(), Some(EndResult::Ok));
}

#[test]
fn the_result_of_a_lost_lease_changes_nothing() {
    let mut scene = scene(notification(sign()));
    scene.begin_saved("slow", 5);
    scene.begin_saved("next", 15);
    let finish = Finish {
        session: stored(&scene.session),
        account: scene.account.clone(),
        device: scene.device.clone(),
        key: scene.key.clone(),
        request: request_id("slow"),
        result: Ok(vec![1]),
        next: scene.phone.next_token(1),
        device_ip: None,
    };
    assert!(finish_confirm(finish, &Settings::default(), at(16)).is_err());
    scene.finish("next", Ok(vec![1]), 17).unwrap();
    assert_eq!(scene.result(), Some(EndResult::Ok));
}

#[test]
fn a_revoked_account_confirms_nothing() {
    let mut scene = scene(notification(sign()));
    scene.account.state = crate::account::AccountState::Revoked { at: at(1) };
    assert_eq!(word(&scene.approve("a", 5)), "refused: the transaction was ended");
    scene.device = scene.device.revoke(at(1)).0;
    assert_eq!(word(&scene.approve("a", 5)), "refused: the device is revoked");
}

#[test]
fn a_certificate_choice_takes_no_signature() {
    let person = countersign_wire::endpoint::Recipient::Person(document(DOCUMENT).semantics().clone());
    let choice = Asked::ChooseCertificate;
    let mut scene = scene(Starting::new(choice, FlowMembers::Notification, person).session());
    let mut request = approval(&scene.session, &scene.phone, "a");
    request.approval = approval(&notification(sign()), &scene.phone, "a").approval;
    let expected = "refused: the request is not possible here: no signature in a certificate choice";
    assert_eq!(word(&scene.begin(request, 5)), expected);
    assert_eq!(word(&scene.approve("a", 5)), "chosen");
    scene.key = scene.key.revoke();
    assert_eq!(word(&scene.approve("a", 5)), "unusable: the key is not active");
}
