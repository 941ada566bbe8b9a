use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::settings::Settings;
use crate::world::{DOCUMENT, at, key, pending_key, request_id};

fn policy() -> PinPolicy {
    Settings::default().pins
}

/// One wrong PIN at `seconds`.
fn wrong(key: Key, seconds: i64) -> (Key, WrongPin) {
    let request = request_id("r");
    let (key, events) = key.reserve_try(&request, at(seconds), &policy()).unwrap();
    assert!(matches!(events[..], [Event::TryCounted { .. }]));
    let (key, consequence, _) = key.settle_wrong(&request, at(seconds), &policy()).unwrap();
    (key, consequence)
}

/// Three wrong PINs at `seconds`.
fn three_wrong(key: Key, seconds: i64) -> (Key, WrongPin) {
    let (key, first) = wrong(key, seconds);
    assert_eq!(first, WrongPin::TriesLeft { tries_left: 2 });
    let (key, second) = wrong(key, seconds);
    assert_eq!(second, WrongPin::TriesLeft { tries_left: 1 });
    wrong(key, seconds)
}

const HOURS_3: i64 = 3 * 3600;
const HOURS_24: i64 = 24 * 3600;

#[test]
fn three_wrong_pins_lock_three_times_at_the_exact_second() {
    let (key, third) = three_wrong(key(DOCUMENT, KeyUse::Auth), 0);
    assert_eq!(third, WrongPin::Locked { until: at(HOURS_3) });
    for (seconds, state) in [
        (0, KeyState::Locked { until: at(HOURS_3) }),
        (HOURS_3 - 1, KeyState::Locked { until: at(HOURS_3) }),
        (HOURS_3, KeyState::Active),
        (HOURS_3 + 1, KeyState::Active),
    ] {
        assert_eq!(key.state(at(seconds), &policy()), state, "{seconds}");
        let left = if state == KeyState::Active { 3 } else { 0 };
        assert_eq!(key.tries_left(at(seconds), &policy()), left, "{seconds}");
    }
    let refused = key.clone().reserve_try(&request_id("r"), at(HOURS_3 - 1), &policy());
    assert_eq!(refused, Err(KeyRefusal::Locked { until: at(HOURS_3) }));

    let (key, third) = three_wrong(key, HOURS_3);
    assert_eq!(third, WrongPin::Locked { until: at(HOURS_3 + HOURS_24) });
    assert!(!key.is_usable(at(HOURS_3 + HOURS_24 - 1), &policy()));
    assert!(key.is_usable(at(HOURS_3 + HOURS_24), &policy()));

    let (key, third) = three_wrong(key, HOURS_3 + HOURS_24);
    assert_eq!(third, WrongPin::Blocked);
    let ages_later = at(HOURS_24 * 365 * 50);
    assert_eq!(key.state(ages_later, &policy()), KeyState::Blocked);
    assert_eq!(key.reserve_try(&request_id("r"), ages_later, &policy()), Err(KeyRefusal::Blocked));
}

#[test]
fn the_last_wrong_pin_of_a_row_says_so_in_the_trail() {
    let (key, _) = wrong(key(DOCUMENT, KeyUse::Auth), 0);
    let (key, _) = wrong(key, 0);
    let request = request_id("r");
    let (key, _) = key.reserve_try(&request, at(0), &policy()).unwrap();
    let (key, _, events) = key.settle_wrong(&request, at(0), &policy()).unwrap();
    let id = key.id().clone();
    let expected = [
        Event::PinRejected { key: id.clone(), tries_used: 3 },
        Event::KeyLocked { key: id, until: at(HOURS_3) },
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_right_pin_forgets_tries_and_locks() {
    let (key, _) = three_wrong(key(DOCUMENT, KeyUse::Auth), 0);
    let (key, _) = wrong(key, HOURS_3);
    let request = request_id("r");
    let (key, _) = key.reserve_try(&request, at(HOURS_3), &policy()).unwrap();
    let (key, events) = key.settle_right(&request, at(0), &policy()).unwrap();
    assert_eq!(events, [Event::PinAccepted { key: key.id().clone() }]);
    assert_eq!(key.tries_left(at(HOURS_3), &policy()), 3);
    // The ladder starts anew: the next lock is the short one.
    let (_, third) = three_wrong(key, HOURS_3);
    assert_eq!(third, WrongPin::Locked { until: at(HOURS_3 + HOURS_3) });
}

#[test]
fn one_computation_at_a_time() {
    let (key, _) = key(DOCUMENT, KeyUse::Auth).reserve_try(&request_id("a"), at(0), &policy()).unwrap();
    assert_eq!(key.in_flight(at(9)), Some(&request_id("a")));
    for request in ["a", "b"] {
        let refused = key.clone().reserve_try(&request_id(request), at(9), &policy());
        assert_eq!(refused, Err(KeyRefusal::InProgress));
    }
    assert_eq!(key.in_flight(at(10)), None);
    let (key, _) = key.reserve_try(&request_id("b"), at(10), &policy()).unwrap();
    // The crashed try stays counted, and its late result counts for nothing.
    assert_eq!(key.tries_left(at(10), &policy()), 1);
    assert_eq!(key.clone().settle_right(&request_id("a"), at(11), &policy()), Err(LeaseLost));
    assert!(key.settle_right(&request_id("b"), at(11), &policy()).is_ok());
}

#[test]
fn three_crashed_tries_lock_from_the_end_of_the_last_lease() {
    let mut key = key(DOCUMENT, KeyUse::Auth);
    for start in [0, 10, 20] {
        (key, _) = key.reserve_try(&request_id("r"), at(start), &policy()).unwrap();
    }
    assert_eq!(key.state(at(29), &policy()), KeyState::Active);
    for seconds in [30, 31, 1000] {
        assert_eq!(key.state(at(seconds), &policy()), KeyState::Locked { until: at(30 + HOURS_3) });
    }
    let refused = key.clone().reserve_try(&request_id("r"), at(31), &policy());
    assert_eq!(refused, Err(KeyRefusal::Locked { until: at(30 + HOURS_3) }));
    assert!(key.reserve_try(&request_id("r"), at(30 + HOURS_3), &policy()).is_ok());
}

#[test]
fn a_slow_right_pin_still_counts_while_nobody_else_took_the_key() {
    let request = request_id("slow");
    let (key, _) = key(DOCUMENT, KeyUse::Auth).reserve_try(&request, at(0), &policy()).unwrap();
    assert!(key.settle_right(&request, at(15), &policy()).is_ok());
}

#[test]
fn a_fault_of_ours_keeps_the_try() {
    let request = request_id("r");
    let (key, _) = key(DOCUMENT, KeyUse::Auth).reserve_try(&request, at(0), &policy()).unwrap();
    let key = key.settle_fault(&request, at(0), &policy()).unwrap();
    assert_eq!(key.tries_left(at(0), &policy()), 2);
    assert!(key.reserve_try(&request, at(0), &policy()).is_ok());
}

#[test]
fn a_hundred_attempts_at_once_reserve_at_most_three_tries() {
    // Whatever of the hundred is let through is answered at once with a wrong PIN.
    let mut key = key(DOCUMENT, KeyUse::Auth);
    let mut reserved = 0;
    for number in 0..100 {
        let request = request_id(&format!("r{number}"));
        if let Ok((taken, _)) = key.clone().reserve_try(&request, at(0), &policy()) {
            reserved += 1;
            // Nobody else gets in meanwhile.
            assert_eq!(
                taken.clone().reserve_try(&request_id("x"), at(0), &policy()),
                Err(KeyRefusal::InProgress)
            );
            (key, _, _) = taken.settle_wrong(&request, at(0), &policy()).unwrap();
        }
    }
    assert_eq!(reserved, 3);
}

#[test]
fn a_revoked_key_stays_so() {
    let request = request_id("r");
    let (key, _) = key(DOCUMENT, KeyUse::Auth).reserve_try(&request, at(0), &policy()).unwrap();
    let key = key.revoke();
    assert_eq!(key.clone().settle_right(&request, at(0), &policy()), Err(LeaseLost));
    assert_eq!(key.clone().settle_wrong(&request, at(0), &policy()), Err(LeaseLost));
    assert_eq!(key.reserve_try(&request, at(HOURS_24 * 100), &policy()), Err(KeyRefusal::Revoked));
}

#[test]
fn an_expired_certificate_ends_the_use_of_its_key() {
    let key = key(DOCUMENT, KeyUse::Auth).certify(KeyCertificate { der: vec![1], not_after: at(100) });
    assert!(key.is_usable(at(100), &policy()));
    assert!(!key.is_usable(at(101), &policy()));
}

#[test]
fn a_key_that_is_not_proven_has_one_proof_and_no_tries() {
    let (one, other) = (request_id("one"), request_id("other"));
    let key = pending_key(DOCUMENT, KeyUse::Sign);
    assert_eq!(key.clone().reserve_try(&one, at(0), &policy()), Err(KeyRefusal::NotActive));
    let key = key.reserve_proof(&one, at(0), &policy()).unwrap();
    assert_eq!(key.clone().reserve_proof(&other, at(9), &policy()), Err(KeyRefusal::InProgress));
    assert_eq!(key.clone().prove(&other, vec![1]), Err(LeaseLost));
    let (proven, events) = key.clone().prove(&one, vec![1]).unwrap();
    assert_eq!(events, [Event::KeyProven { key: proven.id().clone() }]);
    assert_eq!(proven.certification_request(), Some(&[1][..]));
    assert_eq!(proven.state(at(0), &policy()), KeyState::Active);
    assert!(!proven.is_usable(at(0), &policy()), "no certificate yet");
    assert_eq!(proven.reserve_proof(&other, at(0), &policy()), Err(KeyRefusal::NotActive));
    let (discarded, _) = key.discard(&one).unwrap();
    assert_eq!(discarded.state(at(0), &policy()), KeyState::Revoked);
}

#[test]
fn a_key_comes_back_from_storage_as_it_was() {
    let (key, _) = key(DOCUMENT, KeyUse::Auth).reserve_try(&request_id("r"), at(0), &policy()).unwrap();
    let text = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<Key>(&text).unwrap(), key);
}

#[test]
fn a_lock_is_opened_and_forgotten_and_nothing_else_is() {
    let fresh = key(DOCUMENT, KeyUse::Auth);
    assert_eq!(fresh.clone().unlock(at(0), &policy()), Err(NotLocked));
    let (locked, _) = three_wrong(fresh, 0);
    let (locked, _) = three_wrong(locked, HOURS_3);
    let (unlocked, events) = locked.clone().unlock(at(HOURS_3), &policy()).unwrap();
    assert_eq!(events, [Event::KeyUnlocked { key: locked.id().clone() }]);
    assert_eq!(unlocked.state(at(HOURS_3), &policy()), KeyState::Active);
    assert_eq!((unlocked.tries_left(at(HOURS_3), &policy()), unlocked.lock_level()), (3, 0));
    // Open by itself: there is nothing to do, and the row of wrong PINs stays counted.
    let later = at(HOURS_3 + HOURS_24);
    assert_eq!(locked.clone().unlock(later, &policy()), Err(NotLocked));
    let (blocked, _) = three_wrong(locked, HOURS_3 + HOURS_24);
    assert_eq!(blocked.clone().unlock(later, &policy()), Err(NotLocked));
    assert_eq!(blocked.revoke().unlock(later, &policy()), Err(NotLocked));
}

#[test]
fn a_right_pin_that_comes_after_its_lease_opens_no_lock() {
    let request = request_id("r");
    let lease = policy().lease.as_secs();
    let mut key = key(DOCUMENT, KeyUse::Auth);
    for row in 1..=2 {
        let (taken, _) = key.reserve_try(&request, at(0), &policy()).unwrap();
        if row == 1 {
            // One of three: nothing is locked when the lease ends, so a slow computation still counts.
            assert!(taken.clone().settle_right(&request, at(lease), &policy()).is_ok());
        }
        (key, ..) = taken.settle_wrong(&request, at(0), &policy()).unwrap();
    }
    let (last, _) = key.reserve_try(&request, at(0), &policy()).unwrap();
    assert!(last.clone().settle_right(&request, at(lease - 1), &policy()).is_ok());
    assert!(matches!(last.state(at(lease), &policy()), KeyState::Locked { .. }));
    assert_eq!(last.settle_right(&request, at(lease), &policy()), Err(LeaseLost));
}

/// What can be done to a key.
#[derive(Debug, Clone)]
enum Act {
    Wait(i64),
    Reserve,
    Right,
    Wrong,
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..2 * HOURS_24).prop_map(Act::Wait),
        Just(Act::Reserve),
        Just(Act::Reserve),
        Just(Act::Wrong),
        Just(Act::Wrong),
        Just(Act::Crash),
        Just(Act::Right),
    ]
}

proptest! {
    #[test]
    fn between_two_right_pins_there_are_never_more_than_nine_tries(acts in proptest::collection::vec(act(), 1..60)) {
        let mut key = key(DOCUMENT, KeyUse::Auth);
        let (mut seconds, mut tries, mut blocked) = (0, 0, false);
        let request = request_id("r");
        for act in acts {
            let now = at(seconds);
            match act {
                Act::Wait(more) => seconds += more,
                Act::Crash => seconds += 10,
                Act::Reserve => if let Ok((taken, _)) = key.clone().reserve_try(&request, now, &policy()) {
                    prop_assert!(!blocked);
                    key = taken;
                    tries += 1;
                },
                Act::Right => if let Ok((settled, _)) = key.clone().settle_right(&request, now, &policy()) {
                    key = settled;
                    tries = 0;
                },
                Act::Wrong => if let Ok((settled, ..)) = key.clone().settle_wrong(&request, now, &policy()) {
                    key = settled;
                },
            }
            prop_assert!(tries <= 9, "{tries} tries");
            let state = key.state(at(seconds), &policy());
            blocked |= state == KeyState::Blocked;
            prop_assert!(!blocked || state == KeyState::Blocked);
            if let KeyState::Locked { until } = state {
                prop_assert!(until > at(seconds) && until <= at(seconds) + SignedDuration::from_hours(24));
            }
        }
    }
}

#[test]
fn debug_output_names_nobody() {
    let key = key(DOCUMENT, KeyUse::Auth);
    let shown = format!("{key:?} {:?} {:?}", key.certificate(), pending_key(DOCUMENT, KeyUse::Sign));
    assert!(!shown.contains("40404040009") && !shown.contains('['), "{shown}");
}
