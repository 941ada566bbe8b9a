use countersign_container::{Container, Level, Limits, Policy, validate_bytes};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Browser, OK, World};

const CONTENT: &[u8] = b"I owe you a tally stick.\n";

/// A document of one empty page.
const DOCUMENT: &[u8] = include_bytes!("../../../../fixtures/pdf/one-page.pdf");

/// The file that came out, its media type and its name.
async fn signed(browser: &mut Browser, shown: &Value) -> (Vec<u8>, String, String) {
    let id = shown["id"].as_str().unwrap();
    let answer = browser.get(&format!("/bank/api/transactions/{id}/file")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    let name = header("content-disposition");
    let name = name.strip_prefix("attachment; filename*=UTF-8''").expect("a download").to_owned();
    (answer.body.clone(), header("content-type"), name)
}

async fn container(browser: &mut Browser, shown: &Value) -> Vec<u8> {
    let (bytes, kind, name) = signed(browser, shown).await;
    assert_eq!(kind, "application/vnd.etsi.asic-e+zip");
    assert_eq!(name, "V%C3%B5lakiri.asice");
    bytes
}

/// Signs what was dropped, by a test person, and waits for the end.
async fn sign(browser: &mut Browser, more: Value) -> Value {
    let mut wanted = json!({ "way": "notification", "documentNumber": OK });
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let started = browser.post("/bank/api/sign", wanted).await.json();
    let shown = browser.end_of(&started).await;
    assert_eq!(shown["state"], "complete", "{shown}");
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_document_comes_back_with_the_signatures_inside() {
    let world = World::start().await;
    let mut browser = world.browser();
    // What the browser says of it is not believed: the file tells.
    let kept = browser.drop_file("contract.pdf", DOCUMENT).await.json();
    assert_eq!((&kept["usual"], &kept["other"]), (&json!("pdf"), &json!("asice")));
    let shown = sign(&mut browser, json!({})).await;
    assert_eq!(
        (&shown["file"]["format"], &shown["file"]["level"]),
        (&json!("pdf"), &json!("PAdES_BASELINE_LT"))
    );
    assert!(shown["steps"].as_array().unwrap().iter().all(|step| step["state"] == "done"), "{shown}");
    let (once, kind, name) = signed(&mut browser, &shown).await;
    assert_eq!((&*kind, &*name), ("application/pdf", "contract-signed.pdf"));
    assert!(once.starts_with(DOCUMENT), "what was there stays byte for byte");

    // A second person signs what the first has signed.
    browser.drop_file(&name, &once).await.json();
    let shown = sign(&mut browser, json!({ "documentNumber": "PNOEE-40404040009-MOCK-Q" })).await;
    let (twice, _, name) = signed(&mut browser, &shown).await;
    assert_eq!(name, "contract-signed.pdf");
    assert!(twice.starts_with(&once));
    let policy = Policy { required_level: Level::Lt, ..Policy::default() };
    for (bytes, signatures) in [(&once, 1), (&twice, 2)] {
        let report = validate_bytes(bytes, None, &Limits::default(), &world.anchors, world.now(), &policy);
        assert!(report.is_valid(), "{report}");
        assert_eq!(report.signatures.len(), signatures);
        let levels: Vec<_> = report.signatures.iter().map(|signature| signature.level()).collect();
        assert!(levels.iter().all(|level| *level == Some(Level::Lt)), "{levels:?}");
    }
    let id = shown["id"].as_str().unwrap();
    let page = browser.get(&format!("/bank/api/transactions/{id}/report.html")).await.text();
    assert!(page.contains("contract-signed.pdf") && page.contains("Valid"), "{page}");

    // The bank's own check of the file, and of one with a letter changed in what was signed.
    let mut broken = twice.clone();
    let at = DOCUMENT.windows(8).position(|part| part == b"MediaBox").expect("the page's size");
    broken[at] = b'N';
    for (bytes, valid) in [(twice, true), (broken, false)] {
        let kind = "application/pdf";
        let answer = browser.send_bytes(Method::POST, "/bank/api/verify", kind, &[], Some(bytes)).await;
        let report: countersign_container::Report = serde_json::from_value(answer.json()).unwrap();
        assert_eq!(report.is_valid(), valid, "{report}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_becomes_what_it_can_become() {
    let world = World::start().await;
    let mut browser = world.browser();
    // A document may go into a container, too.
    browser.drop_file("V%C3%B5lakiri.pdf", DOCUMENT).await.json();
    let shown = sign(&mut browser, json!({ "format": "asice" })).await;
    assert_eq!(shown["file"]["format"], "asice");
    let bytes = container(&mut browser, &shown).await;
    assert_eq!(Container::from_bytes(&bytes).unwrap().read_data_file("Võlakiri.pdf").unwrap(), DOCUMENT);

    // Any other file may not become a document, nor one that takes no signature; nobody is asked for anything.
    let strangers = include_bytes!("../../../../fixtures/pdf/pyhanko/p384-LT-stream.pdf");
    for (name, content, why) in [
        ("a.txt", CONTENT, "only a PDF document"),
        ("a.pdf", b"%PDF-1.7\nthat is all", "startxref"),
        ("b.pdf", strangers, "signed already"),
    ] {
        let kept = browser.drop_file(name, content).await.json();
        assert_eq!((&kept["usual"], &kept["other"]), (&json!("asice"), &Value::Null), "{kept}");
        let wanted = json!({ "way": "notification", "documentNumber": OK, "format": "pdf" });
        let answer = browser.post("/bank/api/sign", wanted).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    let wanted = json!({ "way": "notification", "documentNumber": OK, "format": "docx" });
    assert_eq!(browser.post("/bank/api/sign", wanted).await.status, StatusCode::BAD_REQUEST);
    let sent = browser
        .send_bytes(Method::POST, "/bank/api/verify", "text/plain", &[], Some(DOCUMENT.to_vec()))
        .await;
    assert_eq!(sent.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_signed_and_proves_itself_without_the_bank() {
    let world = World::start().await;
    let mut browser = world.browser();
    let wanted = json!({ "way": "notification", "documentNumber": OK });
    let started = browser.post("/bank/api/log-in", wanted).await.json();
    browser.end_of(&started).await;
    let kept = browser.drop_file("V%C3%B5lakiri.txt", CONTENT).await.json();
    assert_eq!(
        kept,
        json!({ "name": "Võlakiri.txt", "bytes": CONTENT.len(), "mediaType": "text/plain", "usual": "asice" })
    );
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
    let other = world.browser().get(&format!("/bank/api/transactions/{id}/file")).await;
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
    let answer = browser.get(&format!("/bank/api/transactions/{id}/file")).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    world.end().await;
}
