//! `/tsa`: serial numbers that survive a crash, and a clock that is not believed.

use axum::body::Body;
use countersign_pki::Digest;
use countersign_pki::tsp::{MessageImprint, PkiFailureInfo, TimeStampReq, TimeStampResp, TimeStampToken};
use countersign_server::Config;
use countersign_server::config::Tsa;
use countersign_testkit::{START, World};
use http::Request;
use jiff::SignedDuration;
use serde_json::json;

use super::openssl::judge;
use super::{act, config, over, with, world};

async fn ask(world: &World) -> Vec<u8> {
    let imprint = MessageImprint::of(Digest::Sha256, b"data");
    let asked = TimeStampReq::new(imprint, &[7; 8]).expect("a request").with_cert_req(true).to_der();
    let request = Request::post("/tsa").header("content-type", "application/timestamp-query");
    let answer = world.send(request.body(Body::from(asked)).expect("a request")).await;
    assert_eq!(answer.status, 200);
    answer.body.to_vec()
}

async fn token(world: &World) -> TimeStampToken {
    match TimeStampResp::from_der(&ask(world).await).expect("a response") {
        TimeStampResp::Granted(token) => *token,
        refused => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn serial_numbers_grow_and_none_comes_again_after_a_crash() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut last: Vec<u8> = Vec::new();
    for _ in 0..3 {
        // Dropped without an orderly end each time.
        let world = over(directory.path(), config());
        for _ in 0..3 {
            let serial = token(&world).await.serial().to_vec();
            let padded = |octets: &[u8]| [vec![0; 20 - octets.len()], octets.to_vec()].concat();
            assert!(padded(&serial) > padded(&last), "{serial:?} after {last:?}");
            last = serial;
        }
    }
}

#[tokio::test]
async fn many_at_once_get_different_numbers() {
    let world = world();
    let asked = (0..1_100).map(|_| token(&world));
    let mut serials: Vec<_> =
        futures_util::future::join_all(asked).await.iter().map(|token| token.serial().to_vec()).collect();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 1_100);
}

#[tokio::test]
async fn a_later_number_never_has_an_earlier_time() {
    let world = world();
    let asked = (0..1_100).map(|number| {
        let world = &world;
        async move {
            if number % 50 == 0 {
                world.advance(1);
            }
            token(world).await
        }
    });
    let mut tokens = futures_util::future::join_all(asked).await;
    tokens.sort_by_key(|token| (token.serial().len(), token.serial().to_vec()));
    assert!(tokens.windows(2).all(|pair| pair[0].gen_time() <= pair[1].gen_time()));
}

#[tokio::test]
async fn times_are_stated_to_the_millisecond_and_never_go_back() {
    let world = world();
    world.clock().advance(SignedDuration::from_micros(1_234_567));
    let time = START + SignedDuration::from_millis(1_234);
    assert_eq!(token(&world).await.gen_time(), time);
    // Put back by less than its tolerance, the clock stands still until it has caught up.
    world.clock().jump(SignedDuration::from_millis(-400));
    assert_eq!(token(&world).await.gen_time(), time);
    world.clock().advance(SignedDuration::from_millis(500));
    assert_eq!(token(&world).await.gen_time(), time + SignedDuration::from_millis(100));
}

#[tokio::test]
async fn a_clock_that_jumps_gives_no_time_stamps_until_somebody_looks() {
    let world = world();
    token(&world).await;
    for jump in [SignedDuration::from_millis(1_001), SignedDuration::from_secs(-3_600)] {
        world.clock().jump(jump);
        assert_eq!(ask(&world).await, PkiFailureInfo::TimeNotAvailable.to_der(), "{jump:?}");
        // It does not wear off.
        world.advance(1_000);
        assert_eq!(ask(&world).await, PkiFailureInfo::TimeNotAvailable.to_der(), "{jump:?}");
        let ready = world.get("/readyz").await;
        assert_eq!(ready.status, 503);
        assert!(ready.text().contains(r#"{"name":"clock believed","ok":false}"#), "{}", ready.text());
        assert!(world.get("/metrics").await.text().contains("countersign_clock_doubted 1"));
        act(&world, "/clock/accept", json!({ "evidence": "case/4" })).await;
        token(&world).await;
        assert_eq!(world.get("/readyz").await.status, 200);
        assert!(world.get("/metrics").await.text().contains("countersign_clock_doubted 0"));
    }
    let log = super::admin(&world, http::Method::GET, "/ceremony", None).await.json();
    let acts: Vec<_> =
        log["entries"].as_array().expect("entries").iter().map(|entry| &entry["act"]).collect();
    assert_eq!(acts.iter().filter(|act| **act == "accept-clock").count(), 2, "{acts:?}");
}

#[tokio::test]
async fn a_clock_behind_the_last_time_stamp_is_not_believed_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let before = over(directory.path(), config());
    before.advance(3_600);
    token(&before).await;
    drop(before);
    // The new start begins an hour earlier.
    let world = over(directory.path(), config());
    assert_eq!(ask(&world).await, PkiFailureInfo::TimeNotAvailable.to_der());
    world.advance(3_600);
    token(&world).await;
    drop(world);
    let world = over(directory.path(), config());
    assert_eq!(ask(&world).await, PkiFailureInfo::TimeNotAvailable.to_der());
    act(&world, "/clock/accept", json!({})).await;
    token(&world).await;
}

#[tokio::test]
async fn policy_and_accuracy_are_those_of_the_configuration() {
    let policies = vec!["1.2.3.4.5".to_owned(), "0.4.0.2023.1.1".to_owned()];
    let world = with(Config { tsa: Tsa { policies, accuracy_ms: 2_500 }, ..config() });
    let found = token(&world).await;
    assert_eq!(found.info().policy.to_string(), "1.2.3.4.5");
    let accuracy = found.info().accuracy.expect("an accuracy");
    assert_eq!((accuracy.seconds, accuracy.millis), (2, 500));
    let said = judge("openssl ts", &[&ask(&world).await], &["ts", "-reply", "-in", "0", "-text"]);
    if let Some(said) = said {
        assert!(said.contains("Policy OID: 1.2.3.4.5"), "{said}");
        assert!(said.contains("Accuracy: 0x02 seconds, 0x01F4 millis"), "{said}");
    }
}
