use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::world::{OK, World};

#[tokio::test(flavor = "multi_thread")]
async fn another_site_can_change_nothing() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.drop_file("a.txt", b"x").await.json();
    browser.origin = Some("https://evil.example".to_owned());
    let body = || Some(json!({ "way": "notification", "documentNumber": OK }));
    for (method, path) in [
        (Method::POST, "/bank/api/log-in"),
        (Method::DELETE, "/bank/api/log-in"),
        (Method::POST, "/bank/api/sign"),
        (Method::DELETE, "/bank/api/transactions/x"),
    ] {
        let answer = browser.send(method, path, body()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}: {}", answer.text());
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(browser.drop_file("b.txt", b"y").await.status, StatusCode::FORBIDDEN);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_are_strict() {
    let world = World::start().await;
    let wanted = json!({ "way": "deviceLink" });
    let plain = world.browser().post("/bank/api/log-in", wanted.clone()).await;
    let lines: Vec<_> = plain.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert_eq!(lines.len(), 1, "no way back, no cookie for it");
    assert!(lines[0].ends_with("; Path=/bank; Max-Age=3600; HttpOnly; SameSite=Strict"), "{}", lines[0]);
    let secure = world.secure_browser().post("/bank/api/log-in", wanted).await;
    let lines: Vec<_> = secure.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    assert!(lines[0].ends_with("HttpOnly; SameSite=Strict; Secure"), "{}", lines[0]);
    assert!(lines[1].starts_with("bank_return=") && lines[1].ends_with("HttpOnly; SameSite=Lax; Secure"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_gets_a_new_cookie_so_that_none_can_be_planted() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.drop_file("a.txt", b"x").await.json();
    let before = browser.cookie_line();
    let wanted = json!({ "way": "notification", "documentNumber": OK });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    assert_ne!(browser.cookie_line(), before);
    browser.end_of(&started).await;
    // The file is still there, the old cookie is worth nothing.
    let mut other = world.browser();
    other.cookies = vec![("bank_visitor".to_owned(), before.split_once('=').unwrap().1.to_owned())];
    assert_eq!(other.get("/bank/api/about").await.json()["person"], serde_json::Value::Null);
    let sign = browser.post("/bank/api/sign", json!({ "way": "notification" })).await;
    assert_eq!(sign.status, StatusCode::OK);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_is_sent_the_callback_is_sent_away() {
    let world = World::start().await;
    let mut browser = world.secure_browser();
    let started = browser.post("/bank/api/log-in", json!({ "way": "deviceLink" })).await.json();
    let link = browser.link_of(&started).await["sameDeviceLink"].as_str().unwrap().to_owned();
    // The phone leads somebody else's browser back, which has no cookie of ours.
    world.opens("PNOEE-40404040009-MOCK-Q", &link, "Web2App", "").await;
    let id = started["id"].as_str().unwrap().to_owned();
    let mut shown = started;
    while shown["notes"].is_null() {
        assert_ne!(shown["state"], "complete", "nobody is logged in");
        let seen = &shown["version"];
        shown = browser.get(&format!("/bank/api/transactions/{id}?seen={seen}")).await.json();
    }
    assert!(shown["notes"][0].as_str().unwrap().contains("Another browser"), "{shown}");
    assert_eq!(browser.get("/bank/api/about").await.json()["person"], serde_json::Value::Null);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invented_callback_leads_nowhere() {
    let world = World::start().await;
    let mut browser = world.secure_browser();
    browser.post("/bank/api/log-in", json!({ "way": "deviceLink" })).await.json();
    for query in ["", "?value=x", "?value=x&sessionSecretDigest=y&userChallengeVerifier=z"] {
        let answer = browser.get(&format!("/bank/callback{query}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{query}");
        assert!(answer.text().contains("Nothing has happened"));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_is_refused_and_changes_nothing() {
    let world = World::start().await;
    let mut browser = world.browser();
    for body in [
        json!({}),
        json!({ "way": "carrierPigeon" }),
        json!({ "way": "linked" }),
        json!({ "way": "notification" }),
        json!({ "way": "notification", "documentNumber": "PNOEE" }),
        json!({ "way": "notification", "documentNumber": OK, "person": "PNOEE-40504040001" }),
        json!({ "way": "deviceLink", "screen": "codeChoice" }),
        json!({ "way": "deviceLink", "more": 1 }),
        json!([1, 2]),
    ] {
        let answer = browser.post("/bank/api/log-in", body.clone()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}: {}", answer.text());
    }
    assert!(browser.cookies.is_empty(), "nobody was let in");
    let kind = "text/plain";
    let form = browser.send_bytes(Method::POST, "/bank/api/log-in", kind, &[], Some(b"{}".to_vec())).await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let long = json!({ "way": "deviceLink", "documentNumber": "x".repeat(5000) });
    assert_eq!(browser.post("/bank/api/log-in", long).await.status, StatusCode::PAYLOAD_TOO_LARGE);

    for name in ["", "..%2Fx", "a%2Fb", "META-INF", "%00", "%FF"] {
        assert_eq!(browser.drop_file(name, b"x").await.status, StatusCode::BAD_REQUEST, "{name}");
    }
    assert_eq!(browser.drop_file("a.txt", b"").await.status, StatusCode::BAD_REQUEST);
    let large = vec![0; (10 << 20) + 1];
    assert_eq!(browser.drop_file("a.txt", &large).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let unsigned = browser.post("/bank/api/sign", json!({ "way": "linked" })).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED, "no visitor yet");
    browser.drop_file("a.txt", b"x").await.json();
    let nobody = browser.post("/bank/api/sign", json!({ "way": "notification" })).await;
    assert_eq!(nobody.status, StatusCode::BAD_REQUEST, "who signs is not said");
    assert_eq!(browser.get("/bank/api/transactions/x").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.browser().get("/bank/api/transactions/x").await.status, StatusCode::UNAUTHORIZED);
    world.end().await;
}
