//! The layer for services that take registrant tokens.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::routing::get;
use axum::{Extension, Router};
use countersign_client::registrant::{
    Assurance, Claims, Holder, KeyRing, Method, RegistrantLayer, Rejection, Rules, TokenId,
};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tower::ServiceExt;

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

const FILE: &str =
    "00112233 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 2026-06-01T12:00:00Z";

fn rules() -> Rules {
    Rules::new("countersign", "registrant")
}

fn token(id: u8, method: Method, at: Timestamp) -> String {
    let ring = KeyRing::parse(FILE).unwrap();
    let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
    let claims = Claims::new(&rules(), holder, method, Assurance::High, TokenId([id; 16]), at);
    countersign_token::seal(&claims, ring.sealing(at), &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

async fn ask(layer: RegistrantLayer, authorization: &[String]) -> (StatusCode, String, String) {
    let app: Router = Router::new()
        .route("/", get(async |Extension(claims): Extension<Claims>| claims.holder.subject()))
        .layer(layer);
    let mut request = Request::get("/");
    for line in authorization {
        request = request.header("authorization", line);
    }
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge =
        answer.headers().get("www-authenticate").map_or("", |line| line.to_str().unwrap()).to_owned();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap(), challenge)
}

#[tokio::test]
async fn a_good_token_lets_in_and_names_its_holder() {
    let layer = RegistrantLayer::new(KeyRing::parse(FILE).unwrap(), rules(), now);
    let (status, body, _) = ask(layer, &[format!("Bearer {}", token(1, Method::IdCard, now()))]).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "EE-30110100103"));
}

#[tokio::test]
async fn whatever_is_wrong_is_one_answer_outside_and_its_own_inside() {
    let good = token(1, Method::IdCard, now());
    let old = token(2, Method::IdCard, now() - SignedDuration::from_hours(2));
    let withdrawn = token(9, Method::IdCard, now());
    let mut flipped = good.clone();
    flipped.replace_range(500..501, if &good[500..501] == "A" { "B" } else { "A" });
    for (lines, expected) in [
        (vec![], Rejection::Malformed),
        (vec!["Basic abc".to_owned()], Rejection::Malformed),
        (vec![format!("Bearer {good}"), format!("Bearer {good}")], Rejection::Malformed),
        (vec![format!("Bearer {good} ")], Rejection::Malformed),
        (vec![format!("Bearer {flipped}")], Rejection::NotAuthentic),
        (vec![format!("Bearer {old}")], Rejection::Expired),
        (vec![format!("Bearer {withdrawn}")], Rejection::Denied),
    ] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let layer = RegistrantLayer::new(KeyRing::parse(FILE).unwrap(), rules(), now)
            .denied(|claims| claims.id == TokenId([9; 16]))
            .refused(move |rejection| log.lock().unwrap().push(rejection));
        let (status, body, challenge) = ask(layer, &lines).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{expected}");
        assert_eq!(body, "{\"errors\":[{\"base\":[\"Not authorized\"]}]}");
        assert_eq!(challenge, "Bearer");
        assert_eq!(*seen.lock().unwrap(), [expected]);
    }
}

#[tokio::test]
async fn what_needs_proof_asks_for_it() {
    let layer = || {
        RegistrantLayer::new(KeyRing::parse(FILE).unwrap(), rules(), now)
            .proven(Assurance::High, SignedDuration::from_mins(10))
    };
    for (method, age, status) in [
        (Method::IdCard, 600, StatusCode::OK),
        (Method::IdCard, 601, StatusCode::UNAUTHORIZED),
        (Method::Asserted, 0, StatusCode::UNAUTHORIZED),
    ] {
        let token = token(1, method, now() - SignedDuration::from_secs(age));
        let (found, _, challenge) = ask(layer(), &[format!("Bearer {token}")]).await;
        assert_eq!(found, status, "{method:?} {age}");
        if status == StatusCode::UNAUTHORIZED {
            let wanted =
                "Bearer error=\"insufficient_user_authentication\", acr_values=\"high\", max_age=600";
            assert_eq!(challenge, wanted);
        }
    }
}

#[tokio::test]
async fn keys_can_be_replaced_while_it_runs() {
    let layer = RegistrantLayer::new(KeyRing::parse(FILE).unwrap(), rules(), now);
    let copy = layer.clone();
    copy.replace_keys(KeyRing::parse(&FILE.replace("00112233", "44556677")).unwrap());
    let (status, ..) = ask(layer, &[format!("Bearer {}", token(1, Method::IdCard, now()))]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
