//! The register of the guide's inconsistencies (registration 9): one test for each row that an answer can show. Rows 4 and
//! 14 are also tested where words and numbers are read, 6 and 7 where acceptances are decided.

use http::Method;
use serde_json::{Value, json};

use crate::{Asker, CODE, CONFIRM, GUIDE_CLIENT, call, refused, token_of, world};

#[tokio::test]
async fn row_1_one_path_for_two_operations() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let with_code = json!({ "msisdn": "41001000001", "code": "123456" });
    assert_eq!(asker.post(CONFIRM, &with_code).await.status, 200, "the code is passed over");
    assert_eq!(asker.post(CODE, &with_code).await.status, 200, "it was not used up");
    let path = "/api/public/phone/verification";
    assert_eq!(asker.post(path, &json!({ "msisdn": "41001000002" })).await.status, 200);
    let both = json!({ "msisdn": "41001000001", "token": "AAAAAAAAAAAAAAAAAAAAAA" });
    refused(&asker.post(CONFIRM, &both).await, 400, "invalid_request");
}

#[tokio::test]
async fn row_2_confirming_is_the_beginning_of_it() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let token = asker.terms("41001000011").await;
    assert_eq!(asker.decide(&token, false).await.status, 200);
    assert_eq!(asker.poll(&token).await["confirmed"], false);
}

#[tokio::test]
async fn row_3_two_spellings_of_the_decision() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (member, status) in [("decizionZertes", 200), ("decisionZertes", 200), ("decisionZeRtes", 400)] {
        let token = asker.terms("41001000011").await;
        let answer = asker.post(CONFIRM, &json!({ member: true, "token": token })).await;
        assert_eq!(answer.status, status, "{member}: {}", answer.text());
    }
    let token = asker.terms("41001000011").await;
    let contradiction = json!({ "decizionZertes": true, "decisionZertes": false, "token": token });
    refused(&asker.post(CONFIRM, &contradiction).await, 400, "invalid_request");
}

#[tokio::test]
async fn row_4_two_spellings_of_a_mismatch() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (number, word) in [
        ("41001000006", "MISSMATCH_SAS_BUT_MID"),
        ("41001000007", "MISSMATCH_SAS_CHANGE_SN"),
        ("41001000008", "MISSMATCH_MID"),
        ("41001000009", "MISMATCH"),
    ] {
        assert_eq!(asker.status(number).await["signingStatus"], word);
    }
}

#[tokio::test]
async fn row_5_two_words_for_not_registered() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (number, word) in [("41001000004", "NOT_REGISTERED_AT_ALL"), ("41001000005", "NOT_RA_MID_SAS")] {
        let status = asker.status(number).await;
        assert_eq!((&status["signingStatus"], &status["notFound"]), (&json!(word), &json!(true)));
    }
}

#[tokio::test]
async fn row_6_and_7_confirmed_downgrade_and_the_risk() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let token = asker.terms("41001000014").await;
    asker.decide(&token, false).await;
    assert_eq!(asker.poll(&token).await["error"], "downgrade_not_acknowledged");
    let token = asker.terms("41001000014").await;
    asker.decide(&token, true).await;
    let mut last = Value::Null;
    for _ in 0..3 {
        last = asker.poll(&token).await;
    }
    assert_eq!((&last["confirmed"], &last["downgrade"]), (&json!(true), &json!(true)));
    assert!(last.get("donwgrade").is_none(), "the slip in the guide's text is no member");
}

#[tokio::test]
async fn row_8_the_token_decides_and_the_key_may_be_there() {
    let world = world().await;
    let bearer = format!("Bearer {}", token_of(&world, GUIDE_CLIENT).await);
    let path = "/api/public/evidence/status?msisdn=41001000001";
    let headers =
        [("authorization", bearer.as_str()), ("x-api-key", "*****"), ("referer", "https://anything.example")];
    assert_eq!(call(&world, Method::GET, path, &headers, "").await.status, 200);
}

#[tokio::test]
async fn row_9_basic_is_the_standard_one() {
    let world = world().await;
    let headers =
        [("authorization", "Basic CLIENT SECRET"), ("content-type", "application/x-www-form-urlencoded")];
    let form = "grant_type=client_credentials&scope=smartflow";
    let answer = call(&world, Method::POST, "/oauth/token", &headers, form).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("invalid_client")));
    assert!(!token_of(&world, GUIDE_CLIENT).await.is_empty());
}

#[tokio::test]
async fn row_10_one_path_polls_for_every_means() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (number, consent) in [("41001000011", false), ("41001000012", true)] {
        let token = asker.terms(number).await;
        asker.decide(&token, false).await;
        assert_eq!(asker.poll(&token).await["consentUrl"].is_string(), consent, "{number}");
    }
}

#[tokio::test]
async fn row_11_the_state_of_terms_is_inferred() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    assert!(asker.status("41001000011").await.get("tc").is_none());
    assert_eq!(asker.get("/api/public/evidence/41001000011/tc").await.status, 200);
}

#[tokio::test]
async fn row_12_a_404_says_which_it_is() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (number, error) in [("41001000001", "tc_already_accepted"), ("41001000005", "no_evidence")] {
        refused(&asker.get(&format!("/api/public/evidence/{number}/tc")).await, 404, error);
    }
}

#[tokio::test]
async fn row_13_the_token_need_not_be_scraped() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let body = asker.get("/api/public/evidence/41001000011/tc").await.json();
    let last = body["link"].as_str().and_then(|link| link.rsplit('/').next()).expect("a link");
    assert_eq!(body["token"], last);
}

#[tokio::test]
async fn row_14_and_15_a_number_is_a_number_in_query_and_path() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let expected = asker.status("41001000001").await;
    for text in ["%2B41001000001", "+41001000001", "0041001000001", "41%20001%20000-001"] {
        assert_eq!(asker.status(text).await, expected, "{text}");
        let path = format!("/api/public/evidence/{}/tc", text.replace('+', "%2B"));
        refused(&asker.get(&path).await, 404, "tc_already_accepted");
    }
}

#[tokio::test]
async fn row_20_public_paths_need_a_token() {
    let world = world().await;
    for path in ["/api/public/evidence/status?msisdn=41001000001", "/api/public/evidence/41001000001/tc"] {
        refused(&call(&world, Method::GET, path, &[], "").await, 401, "invalid_token");
    }
}
