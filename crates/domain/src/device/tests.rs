use super::*;
use crate::answer::Answered;
use crate::world::{DOCUMENT, at, device, request_id};

fn answer(next: &NextToken) -> Answer {
    Answer { result: Answered::WrongPin { tries_left: 2 }, token: next.sealed().clone() }
}

#[test]
fn the_current_token_is_fresh_and_any_other_is_a_clone() {
    let (device, phone) = device(DOCUMENT, 1);
    assert_eq!(device.judge(&phone.token, &request_id("a")), TokenVerdict::Fresh);
    let foreign = Token::from_bytes([9; 32]);
    assert_eq!(device.judge(&foreign, &request_id("a")), TokenVerdict::Clone);
}

#[test]
fn a_lost_answer_is_sent_again_and_nothing_else_is() {
    let (device, mut phone) = device(DOCUMENT, 1);
    let old = phone.token.clone();
    let next = phone.next_token(2);
    let answer = answer(&next);
    let device = device.rotate(request_id("a"), next, answer.clone());
    assert_eq!(device.epoch(), 1);
    for (token, request, verdict) in [
        (&old, "a", TokenVerdict::Resend(answer.clone())),
        (&old, "b", TokenVerdict::Clone),
        (&Token::from_bytes([9; 32]), "a", TokenVerdict::Clone),
    ] {
        assert_eq!(device.judge(token, &request_id(request)), verdict, "{request}");
    }
    // What is sent again brings the token that counts now.
    phone.take(&answer.token);
    assert_eq!(device.judge(&phone.token, &request_id("b")), TokenVerdict::Fresh);
    // The id of a request says nothing: the same one with the current token is a new request.
    assert_eq!(device.judge(&phone.token, &request_id("a")), TokenVerdict::Fresh);
}

#[test]
fn a_token_two_rotations_old_is_a_clone() {
    let (device, phone) = device(DOCUMENT, 1);
    let old = phone.token.clone();
    let next = phone.next_token(2);
    let first = answer(&next);
    let device = device.rotate(request_id("a"), next, first);
    let next = phone.next_token(3);
    let second = answer(&next);
    let device = device.rotate(request_id("b"), next, second);
    assert_eq!(device.judge(&old, &request_id("a")), TokenVerdict::Clone);
}

#[test]
fn a_clone_and_its_owner_both_end_up_frozen_out() {
    // A copy is made, the thief guesses once; the owner comes next with a token that is spent.
    let (device, mut owner) = device(DOCUMENT, 1);
    let thief = owner.token.clone();
    assert_eq!(device.judge(&thief, &request_id("theft")), TokenVerdict::Fresh);
    let next = owner.next_token(2);
    let stolen = answer(&next);
    let device = device.rotate(request_id("theft"), next, stolen);
    assert_eq!(device.judge(&owner.token, &request_id("login")), TokenVerdict::Clone);
    let (device, events) = device.freeze(at(5));
    assert_eq!(device.state(), DeviceState::CloneSuspect { at: at(5) });
    assert_eq!(events.len(), 1);
    let (device, events) = device.freeze(at(6));
    assert_eq!(device.state(), DeviceState::CloneSuspect { at: at(5) });
    assert!(events.is_empty());
    owner.token = Token::from_bytes([0; 32]);
    assert!(!device.is_active());
}

#[test]
fn a_revoked_device_is_not_frozen_any_more() {
    let (device, _) = device(DOCUMENT, 1);
    let (device, events) = device.revoke(at(1));
    assert_eq!(events.len(), 1);
    let (device, events) = device.freeze(at(2));
    assert_eq!(device.state(), DeviceState::Revoked { at: at(1) });
    assert!(events.is_empty());
    assert!(device.revoke(at(3)).1.is_empty());
}

#[test]
fn storage_holds_hashes_and_comes_back() {
    let (device, phone) = device(DOCUMENT, 1);
    let text = serde_json::to_string(&device).unwrap();
    let plain = countersign_wire::base64::b64(phone.token.as_bytes());
    let url = countersign_wire::base64::b64u(phone.token.as_bytes());
    assert!(!text.contains(&plain) && !text.contains(&url));
    let again: Device = serde_json::from_str(&text).unwrap();
    assert_eq!(again, device);
    assert_eq!(again.judge(&phone.token, &request_id("a")), TokenVerdict::Fresh);
}

#[test]
fn a_subscription_is_kept_replaced_and_ended_once() {
    let (device, _) = device(DOCUMENT, 1);
    let point = *device.proof_key().point().as_uncompressed();
    let subscription = |url: &str| PushSubscription::new(url, &point, &[9; 16]).unwrap();
    let (device, events) = device.subscribe(subscription("https://a.example/1"));
    assert_eq!(events.len(), 1);
    // The same once more is nothing new, another one is.
    let (device, events) = device.subscribe(subscription("https://a.example/1"));
    assert!(events.is_empty());
    let (device, events) = device.subscribe(subscription("https://a.example/2"));
    assert_eq!((events.len(), device.push().unwrap().endpoint()), (1, "https://a.example/2"));
    let json = serde_json::to_string(&device).unwrap();
    assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), device);
    assert!(!format!("{device:?}").contains("a.example"));
    let (revoked, _) = device.clone().revoke(at(1));
    assert!(revoked.push().is_none());
    let (device, events) = device.unsubscribe();
    assert_eq!((events.len(), device.push()), (1, None));
    assert!(device.unsubscribe().1.is_empty());
}

#[test]
fn what_is_no_key_makes_no_subscription() {
    let point = *device(DOCUMENT, 1).0.proof_key().point().as_uncompressed();
    for (key, auth) in [
        (&point[..64], &[9; 16][..]),
        (&point[..], &[9; 15]),
        (&point[..], &[9; 17]),
        (&[4; 65], &[9; 16]),
        (&[], &[]),
    ] {
        assert!(PushSubscription::new("https://a.example/1", key, auth).is_none());
    }
}
