//! Those who try to get more than they may.

use http::Method;
use serde_json::json;

use crate::{
    Asker, CODE, CONFIRM, GUIDE_CLIENT, PAGE, SECOND_CLIENT, call, refused, token_of, widget, world,
    world_with,
};

const NUMBER: &str = "41001000001";
const STATUS: &str = "/api/public/evidence/status?msisdn=41001000001";

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    assert_eq!(asker.post(CONFIRM, &json!({ "msisdn": NUMBER })).await.status, 200);
    let guess = async |code: &str| asker.post(CODE, &json!({ "msisdn": NUMBER, "code": code })).await;
    for left in (0..5).rev() {
        assert_eq!(refused(&guess("111111").await, 400, "otp_invalid")["attemptsLeft"], left);
    }
    refused(&guess("123456").await, 400, "otp_locked");
    let again = asker.post(CONFIRM, &json!({ "msisdn": NUMBER })).await;
    refused(&again, 429, "too_many_requests");
    assert_eq!(again.header("retry-after"), "480");
    world.advance(481);
    refused(&guess("123456").await, 400, "otp_expired");
}

#[tokio::test]
async fn the_right_code_counts_once() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    asker.post(CONFIRM, &json!({ "msisdn": NUMBER })).await;
    let check = async || asker.post(CODE, &json!({ "msisdn": NUMBER, "code": "123456" })).await;
    assert_eq!(check().await.status, 200);
    refused(&check().await, 400, "otp_expired");
}

/// Whether anybody is registered with a number is told to nobody who has not entered its code.
#[tokio::test]
async fn numbers_cannot_be_tried_out_from_a_browser() {
    let world = world().await;
    let page = widget(&world, None).await;
    for number in ["41001000001", "41001000005", "41791234567"] {
        let sent = page.post(CONFIRM, &json!({ "msisdn": number })).await;
        assert_eq!((sent.status.as_u16(), sent.text()), (200, "{}"), "{number}");
        let code = page.post(CODE, &json!({ "msisdn": number, "code": "111111" })).await;
        assert_eq!(refused(&code, 400, "otp_invalid")["attemptsLeft"], 4, "{number}");
        for path in [
            format!("/api/public/evidence/status?msisdn={number}"),
            format!("/api/public/evidence/{number}/tc"),
        ] {
            refused(&page.get(&path).await, 403, "number_not_verified");
        }
    }
}

#[tokio::test]
async fn presence_for_one_client_is_none_for_another() {
    let world = world().await;
    let first = widget(&world, None).await;
    first.post(CONFIRM, &json!({ "msisdn": NUMBER })).await;
    assert_eq!(first.post(CODE, &json!({ "msisdn": NUMBER, "code": "123456" })).await.status, 200);
    assert_eq!(first.get(STATUS).await.status, 200);
    let server = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    let origin = "https://second.example.org";
    let answer = server.post("/api/public/widget-token", &json!({ "origin": origin })).await;
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    let second = Asker::with(&world, token, Some(origin));
    refused(&second.get(STATUS).await, 403, "number_not_verified");
    let code = second.post(CODE, &json!({ "msisdn": NUMBER, "code": "123456" })).await;
    refused(&code, 400, "otp_expired");
}

#[tokio::test]
async fn an_acceptance_belongs_to_one_client() {
    let world = world().await;
    let first = Asker::server(&world).await;
    let token = first.terms("41001000011").await;
    let second = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    refused(&second.decide(&token, true).await, 404, "unknown_token");
    refused(&second.get(&format!("/api/public/mobileid/status?token={token}")).await, 404, "unknown_token");
    assert_eq!(first.decide(&token, true).await.status, 200, "nothing has changed");
}

#[tokio::test]
async fn a_decision_cannot_be_replayed() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let token = asker.terms("41001000011").await;
    assert_eq!(asker.decide(&token, true).await.status, 200);
    refused(&asker.decide(&token, true).await, 409, "already_decided");
    for _ in 0..3 {
        asker.poll(&token).await;
    }
    refused(&asker.decide(&token, true).await, 409, "already_decided");
    let old = asker.terms("41001000013").await;
    world.advance(7 * 86_400);
    let asker = Asker::server(&world).await;
    refused(&asker.decide(&old, true).await, 410, "token_expired");
    refused(&asker.get(&format!("/api/public/mobileid/status?token={old}")).await, 410, "token_expired");
}

#[tokio::test]
async fn a_browser_s_token_works_on_its_page_and_for_its_number_alone() {
    let world = world().await;
    let server = Asker::server(&world).await;
    let answer = server.post("/api/public/widget-token", &json!({ "origin": PAGE, "msisdn": NUMBER })).await;
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    for page in [None, Some("https://evil.example"), Some("https://second.example.org"), Some("null")] {
        let thief = Asker::with(&world, token.clone(), page);
        refused(&thief.post(CONFIRM, &json!({ "msisdn": NUMBER })).await, 403, "origin_not_allowed");
    }
    let page = Asker::with(&world, token.clone(), Some(PAGE));
    refused(&page.post(CONFIRM, &json!({ "msisdn": "41001000002" })).await, 403, "number_not_allowed");
    let more = page.post("/api/public/widget-token", &json!({ "origin": PAGE })).await;
    refused(&more, 403, "insufficient_scope");
    let foreign = server.post("/api/public/widget-token", &json!({ "origin": "https://evil.example" })).await;
    refused(&foreign, 400, "invalid_request");
}

#[tokio::test]
async fn a_client_s_own_token_is_not_for_browsers_of_others() {
    let world = world().await;
    let token = token_of(&world, GUIDE_CLIENT).await;
    let leaked = Asker::with(&world, token, Some("https://evil.example"));
    refused(&leaked.get(STATUS).await, 403, "origin_not_allowed");
}

/// The `Referer` proves nothing: it opens no more than the page's own way does.
#[tokio::test]
async fn a_forged_referer_tells_nothing_about_anybody() {
    let world = world().await;
    let forged = [("x-api-key", "3StDe481zPEI7nYMGR1FEQkTTtIKFasH"), ("referer", "http://localhost:3000/")];
    let answer = call(&world, Method::GET, STATUS, &forged, "").await;
    refused(&answer, 403, "number_not_verified");
    let origin = [forged[0], forged[1], ("origin", "https://evil.example")];
    refused(&call(&world, Method::GET, STATUS, &origin, "").await, 403, "origin_not_allowed");
    for referer in
        ["http://localhost:3000.evil.example/", "https://evil.example/http://localhost:3000/", "x", ""]
    {
        let headers = [forged[0], ("referer", referer)];
        refused(&call(&world, Method::GET, STATUS, &headers, "").await, 403, "origin_not_allowed");
    }
    // The second client has not switched it on, whatever key comes.
    let second = [("x-api-key", "secret-of-second"), ("referer", "https://second.example.org/")];
    refused(&call(&world, Method::GET, STATUS, &second, "").await, 401, "invalid_token");
}

#[tokio::test]
async fn a_form_of_another_page_confirms_nothing() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let token = asker.terms("41001000012").await;
    asker.decide(&token, true).await;
    let path = format!("/consent/{token}");
    let form = "password=test1234&code=123456";
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for headers in [
        &[kind][..],
        &[kind, ("origin", "https://evil.example")],
        &[kind, ("origin", PAGE)],
        &[kind, ("origin", "null")],
        &[kind, ("origin", "http://localhost"), ("sec-fetch-site", "cross-site")],
    ] {
        let answer = call(&world, Method::POST, &path, headers, form).await;
        refused(&answer, 403, "origin_not_allowed");
    }
    assert_eq!(asker.poll(&token).await["confirmed"], false);
    let own = [kind, ("origin", "http://localhost")];
    for _ in 0..5 {
        call(&world, Method::POST, &path, &own, "password=wrong&code=123456").await;
    }
    assert_eq!(asker.poll(&token).await["error"], "wrong_credentials");
    let late = call(&world, Method::POST, &path, &own, form).await;
    assert!(late.text().contains("ended"), "{}", late.text());
    assert_eq!(asker.poll(&token).await["confirmed"], false);
}

#[tokio::test]
async fn whoever_knocks_too_often_waits() {
    let world = world_with(|registration| {
        registration.codes_per_number = 1;
        registration.codes_per_address = 2;
        registration.requests_per_client = 50;
        registration.tokens_per_address = 3;
    })
    .await;
    // The number's limit is everybody's together.
    let (page, server) = (widget(&world, None).await, Asker::server(&world).await);
    assert_eq!(page.post_from("192.0.2.1", CONFIRM, &json!({ "msisdn": NUMBER })).await.status, 200);
    let second = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    let refusal = second.post(CONFIRM, &json!({ "msisdn": NUMBER })).await;
    refused(&refusal, 429, "too_many_requests");
    assert!(!refusal.header("retry-after").is_empty());
    // So is the address's, for browsers.
    assert_eq!(page.post_from("192.0.2.1", CONFIRM, &json!({ "msisdn": "41001000002" })).await.status, 200);
    let third = page.post_from("192.0.2.1", CONFIRM, &json!({ "msisdn": "41001000004" })).await;
    refused(&third, 429, "too_many_requests");
    assert_eq!(page.post_from("192.0.2.2", CONFIRM, &json!({ "msisdn": "41001000004" })).await.status, 200);
    // Guesses at secrets.
    let headers = [("authorization", GUIDE_CLIENT), ("content-type", "application/x-www-form-urlencoded")];
    let token = call(&world, Method::POST, "/oauth/token", &headers, "grant_type=client_credentials").await;
    assert_eq!((token.status.as_u16(), &token.json()["error"]), (429, &json!("temporarily_unavailable")));
    // The client's own.
    let mut last = server.get(STATUS).await;
    for _ in 0..50 {
        last = server.get(STATUS).await;
    }
    refused(&last, 429, "too_many_requests");
    let metrics = world.get("/metrics").await;
    for by in ["number", "address", "client"] {
        assert!(metrics.text().contains(&format!("by=\"{by}\"")), "{by}");
    }
}

#[tokio::test]
async fn logs_and_answers_hold_no_numbers() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let answer = asker.get("/api/public/evidence/status?msisdn=4176543210x").await;
    assert!(!answer.text().contains("4176543210"), "{}", answer.text());
    asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await;
    asker.post(CODE, &json!({ "msisdn": "41791234567", "code": "ABCD" })).await;
    let events = world.app().store().read("look", |tx| tx.events().after(0, 10_000)).await;
    let events: Vec<_> = events.map_err(|error: countersign_store::Error| error).expect("events");
    let kinds: Vec<_> = events.iter().map(|recorded| recorded.event.kind()).collect();
    assert!(kinds.contains(&"CodeIssued") && kinds.contains(&"CodeRejected"), "{kinds:?}");
    for recorded in events {
        let text = serde_json::to_string(&recorded.event).expect("JSON");
        assert!(!text.contains("41791234567"), "{text}");
    }
}
