//! Every request of the integration guide 1.3.1, typed from its examples, and the answer that it documents.

use http::Method;
use serde_json::{Value, json};

use crate::{Asker, CODE, CONFIRM, GUIDE_CLIENT, call, refused, token_of, world};

/// 6.1.2: what curl sends for the guide's example.
#[tokio::test]
async fn a_token_for_client_id_and_secret() {
    let world = world().await;
    let headers = [("Authorization", GUIDE_CLIENT), ("Content-Type", "application/x-www-form-urlencoded")];
    let form = "grant_type=client_credentials&scope=smartflow";
    let answer = call(&world, Method::POST, "/oauth/token", &headers, form).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 900);
    assert_eq!(body["scope"], "smartflow");
    assert_eq!(body["access_token"].as_str().expect("a token").split('.').count(), 3);
}

/// The headers of the samples, the deprecated ones included.
async fn sample(
    world: &countersign_testkit::World,
    method: Method,
    path: &str,
    body: &str,
) -> countersign_testkit::Answer {
    let bearer = format!("Bearer {}", token_of(world, GUIDE_CLIENT).await);
    let headers = [
        ("accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Authorization", bearer.as_str()),
        ("X-Api-Key", "3StDe481zPEI7nYMGR1FEQkTTtIKFasH"),
        ("Referer", "https://smart-flow-api-preprod.scapp.swisscom.com"),
    ];
    call(world, method, path, &headers, body.to_owned()).await
}

/// 6.1.3, both steps.
#[tokio::test]
async fn a_code_is_sent_and_checked() {
    let world = world().await;
    let body = r#"{ "msisdn": "4179999999", "code": "ABCD" }"#;
    let sent = sample(&world, Method::POST, CONFIRM, body).await;
    assert_eq!((sent.status.as_u16(), sent.text()), (200, "{}"));
    let wrong = sample(&world, Method::POST, CODE, body).await;
    assert_eq!(refused(&wrong, 400, "otp_invalid")["attemptsLeft"], 4);
    let outbox = world.get("/control/v1/outbox").await.json();
    assert_eq!(outbox[0]["msisdn"], "4179999999");
    let code = outbox[0]["code"].as_str().expect("a code");
    let right = json!({ "msisdn": "4179999999", "code": code }).to_string();
    let answer = sample(&world, Method::POST, CODE, &right).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "{}"));
}

/// 6.1.4, the first request.
#[tokio::test]
async fn the_status_has_the_members_of_the_sample() {
    let world = world().await;
    let path = "/api/public/evidence/status?msisdn=417999999";
    let answer = sample(&world, Method::GET, path, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let expected = r#"{"status":[],"loa4ExpiryDate":null,"signingStatus":"NOT_RA_MID_SAS","notFound":true}"#;
    assert_eq!(answer.text(), expected);
    // The sample's own answer, which a number of the sandbox gives.
    let mismatch = sample(&world, Method::GET, "/api/public/evidence/status?msisdn=41001000009", "").await;
    let sample = json!({
        "status": [
            { "assuranceLevel": 3, "jurisdiction": "zertes" },
            { "assuranceLevel": 3, "jurisdiction": "eidas" },
        ],
        "loa4ExpiryDate": null, "signingStatus": "MISMATCH", "notFound": false,
    });
    assert_eq!(mismatch.json(), sample);
}

/// 6.1.4: the terms, from the link to the end of the polling.
#[tokio::test]
async fn terms_are_fetched_confirmed_and_polled() {
    let world = world().await;
    let none = sample(&world, Method::GET, "/api/public/evidence/41001000005/tc", "").await;
    refused(&none, 404, "no_evidence");
    let link = sample(&world, Method::GET, "/api/public/evidence/41001000011/tc", "").await;
    assert_eq!(link.status, 200, "{}", link.text());
    let link = link.json();
    let url = link["link"].as_str().expect("a link");
    let token = url.strip_prefix("http://localhost/t/").expect("the guide's form of a link");
    assert_eq!(link["token"], token);
    // "Get the T&Cs website and parse for the token"
    let page = world.get(&format!("/t/{token}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains(&format!("data-token=\"{token}\"")), "{}", page.text());
    assert!(page.text().contains("href=\"/terms/zertes/test-1/de\""), "{}", page.text());
    let text = world.get("/terms/zertes/test-1/de").await;
    assert!(text.status == 200 && text.text().starts_with("TEST."));

    let body = format!(
        r#"{{ "decizionZertes": true, "decisionEidas": true, "knowsTheRisk": true, "token": "{token}" }}"#
    );
    let confirmed = sample(&world, Method::POST, CONFIRM, &body).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let path = format!("/api/public/mobileid/status?token={token}");
    let first = sample(&world, Method::GET, &path, "").await;
    let waiting = format!(
        r#"{{"token":"{token}","error":null,"consentUrl":null,"confirmed":false,"downgrade":false}}"#
    );
    assert_eq!(first.text(), waiting);
    let mut last = Value::Null;
    for _ in 0..2 {
        last = sample(&world, Method::GET, &path, "").await.json();
    }
    assert_eq!(
        (&last["confirmed"], &last["downgrade"], &last["error"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    let again = sample(&world, Method::GET, "/api/public/evidence/41001000011/tc", "").await;
    refused(&again, 404, "tc_already_accepted");
}

/// 7: "With this api key you can start the application at localhost:3000".
#[tokio::test]
async fn the_api_key_works_from_the_sample_application() {
    let world = world().await;
    let key = ("X-Api-Key", "3StDe481zPEI7nYMGR1FEQkTTtIKFasH");
    let path = "/api/public/phone/verification";
    let body = r#"{"msisdn":"41001000001"}"#;
    let from =
        async |referer: &str| call(&world, Method::POST, path, &[key, ("Referer", referer)], body).await;
    assert_eq!(from("http://localhost:3000/start").await.status, 200);
    refused(&from("http://localhost:3001/").await, 403, "origin_not_allowed");
    refused(&call(&world, Method::POST, path, &[key], body).await, 403, "origin_not_allowed");
    // A page has to show that the holder of the number is there.
    let status = "/api/public/evidence/status?msisdn=41001000001";
    let referer = ("Referer", "http://localhost:3000/");
    refused(&call(&world, Method::GET, status, &[key, referer], "").await, 403, "number_not_verified");
    let code = r#"{"msisdn":"41001000001","code":"123456"}"#;
    assert_eq!(call(&world, Method::POST, CODE, &[key, referer], code).await.status, 200);
    assert_eq!(call(&world, Method::GET, status, &[key, referer], "").await.status, 200);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (path, body, word) in [
        (CONFIRM, "{}", "msisdn"),
        (CONFIRM, r#"{"msisdn":"SECRET"}"#, "msisdn"),
        (CONFIRM, r#"{"token":"AAAAAAAAAAAAAAAAAAAAAA"}"#, "decizionZertes"),
        (CONFIRM, "SECRET", "JSON"),
        (CODE, r#"{"msisdn":"4179999999","code":"SECRET SECRET"}"#, "code"),
        ("/api/public/phone/verification", r#"{"msisdn":5}"#, "msisdn"),
    ] {
        let answer = asker.post(path, &serde_json::from_str(body).unwrap_or(json!("SECRET"))).await;
        let message =
            refused(&answer, 400, "invalid_request")["message"].as_str().unwrap_or_default().to_owned();
        let named = message.contains(word) || word == "JSON";
        assert!(named && !message.contains("SECRET"), "{body}: {message}");
    }
    for path in [
        "/api/public/evidence/status",
        "/api/public/evidence/status?msisdn=12",
        "/api/public/evidence/status?msisdn=41791234567&msisdn=41791234568",
        "/api/public/evidence/abc/tc",
        "/api/public/mobileid/status",
    ] {
        refused(&asker.get(path).await, 400, "invalid_request");
    }
    refused(&asker.get("/api/public/mobileid/status?token=xxxxx").await, 404, "unknown_token");
    refused(&asker.get("/api/public/nothing").await, 404, "not_found");
    refused(&asker.get(CONFIRM).await, 405, "method_not_allowed");
    let long = json!({ "msisdn": "41791234567", "more": "x".repeat(20_000) });
    refused(&asker.post(CONFIRM, &long).await, 413, "too_large");
}
