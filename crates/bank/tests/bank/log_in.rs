use countersign_client::wire::base64::from_b64;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::world::{OK, World};

fn passed(shown: &Value) -> usize {
    shown["checks"].as_array().unwrap().iter().filter(|check| check["result"] == "passed").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_notification_the_bank_learns_who_it_is_and_shows_what_travelled() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wanted = json!({ "way": "notification", "documentNumber": OK });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    assert_eq!(started["verificationCode"].as_str().unwrap().len(), 4, "{started}");

    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    assert_eq!(shown["person"]["givenName"], "OK");
    assert_eq!(shown["person"]["documentNumber"], OK);
    assert_eq!(shown["person"]["flow"], "Notification");
    assert_eq!(passed(&shown), 11);

    // What was signed: eleven fields, whose hash is the digest that is shown.
    let payload = &shown["payload"];
    let fields = payload["fields"].as_array().unwrap();
    let values: Vec<_> = fields.iter().map(|field| field["value"].as_str().unwrap()).collect();
    assert_eq!(values.len(), 11);
    assert_eq!(values.join("|"), payload["text"].as_str().unwrap());
    assert_eq!(values[0], "smart-id-demo");
    assert_eq!(fields[5]["decoded"], "DEMO");
    let text = payload["text"].as_str().unwrap();
    let digest: String = countersign_pki::Digest::Sha512
        .of(text.as_bytes())
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    assert_eq!(payload["digest"], json!(digest));
    assert_eq!(from_b64(payload["signature"].as_str().unwrap()).unwrap().len(), 768);

    // What travelled: the start with its challenge (now that it is over), the result, the responder.
    let exchanges = shown["exchanges"].as_array().unwrap();
    assert_eq!(exchanges[0]["method"], "POST");
    let path = format!("/smart-id-rp/v3/authentication/notification/document/{OK}");
    assert_eq!(exchanges[0]["path"], json!(path));
    assert_eq!(exchanges[0]["request"]["signatureProtocolParameters"]["rpChallenge"], values[3]);
    assert!(exchanges.iter().any(|it| it["answer"]["result"]["endResult"] == "OK"));
    assert!(exchanges.iter().any(|it| it["answer"]["kind"] == "OCSPResponse"));

    let about = browser.get("/bank/api/about").await.json();
    assert_eq!(about["person"]["surname"], "TESTNUMBER");
    assert_eq!(world.browser().get("/bank/api/about").await.json()["person"], Value::Null);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qr_code_of_this_second_logs_in_whoever_scans_it() {
    let world = World::start().await;
    let mut browser = world.browser();
    let started = browser.post("/bank/api/log-in", json!({ "way": "deviceLink" })).await.json();
    assert_eq!(started["hasLink"], true, "{started}");
    let link = browser.link_of(&started).await;
    let qr = link["link"].as_str().unwrap();
    assert!(qr.contains("deviceLinkType=QR&elapsedSeconds="), "{qr}");
    assert_eq!(link["sameDeviceLink"], Value::Null, "there is no way back without HTTPS");
    assert!(link["secondsLeft"].as_u64().unwrap() > 50);
    // While it runs, what would let another browser take part stays in the bank.
    let text = started.to_string();
    assert!(text.contains("$masked") && !text.contains("\"sessionSecret\":\""), "{text}");

    world.opens("PNOEE-40404040009-MOCK-Q", qr, "QR", "").await;
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    assert_eq!(shown["person"]["flow"], "QR");
    assert_eq!(shown["person"]["documentNumber"], "PNOEE-40404040009-MOCK-Q");
    let id = started["id"].as_str().unwrap();
    let gone = browser.get(&format!("/bank/api/transactions/{id}/link")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "a code that was used is shown no longer");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_same_device_the_browser_that_left_comes_back() {
    let world = World::start().await;
    let mut browser = world.secure_browser();
    let started = browser.post("/bank/api/log-in", json!({ "way": "deviceLink" })).await.json();
    let link = browser.link_of(&started).await["sameDeviceLink"].as_str().unwrap().to_owned();
    assert!(link.contains("deviceLinkType=Web2App&sessionToken="), "{link}");
    let own = link.starts_with(&format!("{}/device-link?", world.secure));
    assert!(own, "it leads to where the bank is open, which is where the phone app is: {link}");
    // The test person's browser is this one: it has the cookie that was set when it was sent out.
    world.opens("PNOEE-40404040009-MOCK-Q", &link, "Web2App", &browser.cookie_line()).await;
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    assert_eq!(shown["person"]["flow"], "Web2App");
    let fields = shown["payload"]["fields"].as_array().unwrap();
    assert!(fields[9]["value"].as_str().unwrap().starts_with(&world.secure), "the callback is signed");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_failure_with_advice() {
    let world = World::start().await;
    for (document, screen, code) in [
        ("PNOEE-30403039917-MOCK-Q", "pin", "USER_REFUSED"),
        ("PNOEE-30403039928-MOCK-Q", "pin", "USER_REFUSED_INTERACTION"),
        ("PNOEE-30403039972-MOCK-Q", "codeChoice", "WRONG_VC"),
        ("PNOEE-30403039961-MOCK-Q", "confirmation", "USER_REFUSED_CERT_CHOICE"),
        ("PNOEE-10101010005-NONE-Q", "pin", "ACCOUNT_NOT_FOUND"),
    ] {
        let mut browser = world.browser();
        let wanted = json!({ "way": "notification", "documentNumber": document, "screen": screen });
        let started = browser.post("/bank/api/log-in", wanted).await.json();
        let shown = browser.end_of(&started).await;
        assert_eq!(shown["failure"]["code"], code, "{shown}");
        assert!(shown["failure"]["advice"].as_str().unwrap().len() > 20);
        assert_eq!(shown["person"], Value::Null);
        assert_eq!(browser.get("/bank/api/about").await.json()["person"], Value::Null);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_answers_ends_when_its_time_is_over() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wanted = json!({ "way": "notification", "documentNumber": "PNOEE-30403039983-MOCK-Q" });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    assert_eq!(started["state"], "running");
    world.control("/control/v1/clock", json!({ "advanceSeconds": 130 })).await;
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["failure"]["code"], "TIMEOUT", "{shown}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_out_is_forgotten() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wanted = json!({ "way": "notification", "person": "PNOEE-40504040001" });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    browser.end_of(&started).await;
    let cookies = browser.cookies.clone();
    let answer = browser.send(reqwest::Method::DELETE, "/bank/api/log-in", None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(browser.cookies.is_empty());
    // Also for whoever kept the cookie.
    browser.cookies = cookies;
    assert_eq!(browser.get("/bank/api/about").await.json()["person"], Value::Null);
    world.end().await;
}
