use countersign_container::{Container, Limits, Policy, validate_bytes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Browser, OK, World};

const CONTENT: &[u8] = b"I owe you a tally stick.\n";

async fn container(browser: &mut Browser, shown: &Value) -> Vec<u8> {
    let id = shown["id"].as_str().unwrap();
    let answer = browser.get(&format!("/bank/api/transactions/{id}/container")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.headers["content-type"], "application/vnd.etsi.asic-e+zip");
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert_eq!(disposition, "attachment; filename*=UTF-8''V%C3%B5lakiri.asice");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_signed_and_proves_itself_without_the_bank() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wanted = json!({ "way": "notification", "documentNumber": OK });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    browser.end_of(&started).await;
    let kept = browser.drop_file("V%C3%B5lakiri.txt", CONTENT).await.json();
    assert_eq!(kept, json!({ "name": "Võlakiri.txt", "bytes": CONTENT.len(), "mediaType": "text/plain" }));
    // Who is logged in signs.
    let started = browser.post("/bank/api/sign", json!({ "way": "notification" })).await.json();
    assert_eq!(started["verificationCode"].as_str().unwrap().len(), 4, "{started}");
    assert_eq!(started["text"], "Sign Võlakiri.txt");
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    assert_eq!(shown["file"]["level"], "XAdES_BASELINE_LT");
    assert!(shown["steps"].as_array().unwrap().iter().all(|step| step["state"] == "done"), "{shown}");
    let kinds: Vec<_> = shown["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|exchange| exchange["answer"]["kind"].as_str())
        .collect();
    assert_eq!(kinds.last(), Some(&"OCSPResponse"), "the responder is asked after the time-stamp");
    assert!(kinds.contains(&"TimeStampResp"));

    let bytes = container(&mut browser, &shown).await;
    let report =
        validate_bytes(&bytes, None, &Limits::default(), &world.anchors, world.now(), &Policy::default());
    assert!(report.is_valid(), "{report}");
    let inside = Container::from_bytes(&bytes).unwrap();
    assert_eq!(inside.read_data_file("Võlakiri.txt").unwrap(), CONTENT);

    let id = shown["id"].as_str().unwrap();
    let json = browser.get(&format!("/bank/api/transactions/{id}/report.json")).await.json();
    assert_eq!(json["validSignaturesCount"], 1);
    let page = browser.get(&format!("/bank/api/transactions/{id}/report.html")).await;
    assert!(page.text().contains("Võlakiri.asice") && page.text().contains("Valid"), "{}", page.text());
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("; sandbox"), "{policy}");
    // Nobody else gets it.
    let other = world.browser().get(&format!("/bank/api/transactions/{id}/container")).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED);

    // And a container with one byte changed does not pass the bank's check.
    let mut broken = bytes.clone();
    let at = broken.len() / 2;
    broken[at] ^= 1;
    for (bytes, valid) in [(bytes, true), (broken, false)] {
        let kind = "application/vnd.etsi.asic-e+zip";
        let answer = browser.send_bytes(Method::POST, "/bank/api/verify", kind, &[], Some(bytes)).await;
        let report: countersign_container::Report = serde_json::from_value(answer.json()).unwrap();
        assert_eq!(report.is_valid(), valid, "{report}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_scans_chooses_the_account_and_signs_without_leaving_the_screen() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.drop_file("V%C3%B5lakiri.txt", CONTENT).await.json();
    let started = browser.post("/bank/api/sign", json!({ "way": "linked" })).await.json();
    let link = browser.link_of(&started).await["link"].as_str().unwrap().to_owned();
    assert!(link.contains("sessionType=cert"), "{link}");
    world.opens("PNOEE-40404040009-MOCK-Q", &link, "QR", "").await;
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    assert_eq!(shown["person"]["documentNumber"], "PNOEE-40404040009-MOCK-Q");
    assert!(
        shown["exchanges"].to_string().contains("/signature/notification/linked/PNOEE-40404040009-MOCK-Q")
    );
    container(&mut browser, &shown).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_on_the_same_device_waits_for_the_browser_to_come_back() {
    let world = World::start().await;
    for way in ["deviceLink", "linked"] {
        let mut browser = world.secure_browser();
        browser.drop_file("V%C3%B5lakiri.txt", CONTENT).await.json();
        let wanted = match way {
            "linked" => json!({ "way": way }),
            _ => json!({ "way": way, "documentNumber": "PNOEE-40404040009-MOCK-Q" }),
        };
        let started = browser.post("/bank/api/sign", wanted).await.json();
        let link = browser.link_of(&started).await["sameDeviceLink"].as_str().unwrap().to_owned();
        world.opens("PNOEE-40404040009-MOCK-Q", &link, "Web2App", &browser.cookie_line()).await;
        let shown = browser.end_of(&started).await;
        assert_eq!(shown["state"], "complete", "{shown}");
        container(&mut browser, &shown).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_no_file() {
    let world = World::start().await;
    let mut browser = world.browser();
    browser.drop_file("a.txt", CONTENT).await.json();
    let wanted = json!({ "way": "notification", "documentNumber": "PNOEE-30403039917-MOCK-Q" });
    let started = browser.post("/bank/api/sign", wanted).await.json();
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["failure"]["code"], "USER_REFUSED", "{shown}");
    assert_eq!(shown["steps"][2]["state"], "failed");
    let id = shown["id"].as_str().unwrap();
    let answer = browser.get(&format!("/bank/api/transactions/{id}/container")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    world.end().await;
}
