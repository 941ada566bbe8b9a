//! The numbers of the sandbox: each plays what the reference's table says, every time.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{Asker, CODE, CONFIRM, refused, world};

/// Number, status, levels of ZertES and eIDAS, days to the end of level 4, and what the request for terms answers.
type Row = (&'static str, &'static str, Option<u8>, Option<u8>, Option<i32>, &'static str);

const TABLE: [Row; 15] = [
    ("41001000001", "MID", Some(4), Some(4), Some(400), "tc_already_accepted"),
    ("41001000002", "SAS", Some(4), Some(4), Some(60), "tc_already_accepted"),
    ("41001000003", "NOT_ABLE_TO_RETRIEVE", None, None, None, "unavailable"),
    ("41001000004", "NOT_REGISTERED_AT_ALL", None, None, None, "no_evidence"),
    ("41001000005", "NOT_RA_MID_SAS", None, None, None, "no_evidence"),
    ("41001000006", "MISSMATCH_SAS_BUT_MID", Some(3), Some(3), None, "tc_already_accepted"),
    ("41001000007", "MISSMATCH_SAS_CHANGE_SN", Some(3), Some(3), None, "tc_already_accepted"),
    ("41001000008", "MISSMATCH_MID", Some(3), Some(3), None, "tc_already_accepted"),
    ("41001000009", "MISMATCH", Some(3), Some(3), None, "tc_already_accepted"),
    ("41001000011", "MID", Some(4), Some(4), Some(400), "link"),
    ("41001000012", "SAS", Some(4), Some(4), Some(400), "link"),
    ("41001000013", "MID", Some(4), Some(4), Some(400), "link"),
    ("41001000014", "MID", Some(4), Some(4), Some(400), "link"),
    ("41001000015", "MID", Some(3), Some(4), Some(400), "tc_already_accepted"),
    ("41001000016", "MID", Some(3), Some(3), None, "tc_already_accepted"),
];

#[tokio::test]
async fn every_number_plays_its_row() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let today = world.app().now().to_zoned(TimeZone::UTC).date();
    for (number, status, zertes, eidas, days, terms) in TABLE {
        let levels: Vec<_> = [("zertes", zertes), ("eidas", eidas)]
            .into_iter()
            .filter_map(|(law, level)| Some(json!({ "assuranceLevel": level?, "jurisdiction": law })))
            .collect();
        let until = days.map(|days| today.saturating_add(days.days()).to_string());
        let not_found = matches!(status, "NOT_REGISTERED_AT_ALL" | "NOT_RA_MID_SAS");
        let expected = json!({
            "status": levels, "loa4ExpiryDate": until, "signingStatus": status, "notFound": not_found,
        });
        for _ in 0..2 {
            assert_eq!(asker.status(number).await, expected, "{number}");
        }
        let link = asker.get(&format!("/api/public/evidence/{number}/tc")).await;
        match terms {
            "link" => assert_eq!(link.status, 200, "{number}: {}", link.text()),
            "unavailable" => drop(refused(&link, 503, "unavailable")),
            error => drop(refused(&link, 404, error)),
        }
    }
}

#[tokio::test]
async fn the_codes_are_known() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let number = "41001000001";
    assert_eq!(asker.post(CONFIRM, &json!({ "msisdn": number })).await.status, 200);
    let check = async |code: &str| asker.post(CODE, &json!({ "msisdn": number, "code": code })).await;
    refused(&check("000000").await, 400, "otp_invalid");
    refused(&check("999999").await, 400, "otp_expired");
    assert_eq!(check("123456").await.status, 200);
    // Another number's code is not known.
    assert_eq!(asker.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await.status, 200);
    let outbox = world.get("/control/v1/outbox").await.json();
    let sent = outbox.as_array().expect("messages").iter().find(|each| each["msisdn"] == "41791234567");
    assert_ne!(sent.expect("a message")["code"], "123456", "one of a million");
}

/// Polls until it is over.
async fn outcome(asker: &Asker<'_>, token: &str) -> (Value, Value, Value) {
    let mut last = asker.poll(token).await;
    for _ in 0..5 {
        if last["confirmed"] == true || !last["error"].is_null() {
            break;
        }
        last = asker.poll(token).await;
    }
    (last["confirmed"].take(), last["downgrade"].take(), last["error"].take())
}

#[tokio::test]
async fn terms_end_as_the_table_says() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    for (number, knows, expected) in [
        ("41001000011", false, (json!(true), json!(false), Value::Null)),
        ("41001000013", true, (json!(false), json!(false), json!("user_cancel"))),
        ("41001000014", false, (json!(false), json!(false), json!("downgrade_not_acknowledged"))),
        ("41001000014", true, (json!(true), json!(true), Value::Null)),
    ] {
        let token = asker.terms(number).await;
        assert_eq!(asker.decide(&token, knows).await.status, 200, "{number}");
        assert_eq!(outcome(&asker, &token).await, expected, "{number} {knows}");
    }
    let lowered = asker.status("41001000014").await;
    assert_eq!(lowered["signingStatus"], "MISSMATCH_MID");
    assert_eq!(lowered["status"][0]["assuranceLevel"], 3);
    assert_eq!(lowered["loa4ExpiryDate"], Value::Null);
}

#[tokio::test]
async fn password_and_code_are_entered_on_our_page() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let token = asker.terms("41001000012").await;
    asker.decide(&token, false).await;
    let waiting = asker.poll(&token).await;
    let url = waiting["consentUrl"].as_str().expect("a page").to_owned();
    let path = url.strip_prefix("http://localhost").expect("this service");
    let page = world.get(path).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'self' http://localhost:3000"));
    let own = [
        ("origin", "http://localhost"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let enter = async |form: &str| crate::call(&world, http::Method::POST, path, &own, form.to_owned()).await;
    let wrong = enter("password=test1234&code=000000").await;
    assert!(wrong.status == 200 && wrong.text().contains("not right"), "{}", wrong.text());
    assert_eq!(asker.poll(&token).await["confirmed"], false);
    let right = enter("password=test1234&code=123456").await;
    assert!(right.text().contains("accepted") && right.text().contains("/assets/consent.js"));
    let done = asker.poll(&token).await;
    assert_eq!((&done["confirmed"], &done["consentUrl"]), (&json!(true), &Value::Null));
    let script = world.get("/assets/consent.js").await;
    assert!(script.text().contains("consent-done") && !script.text().contains("'*'"));
}

#[tokio::test]
async fn the_sandbox_is_in_development_alone() {
    let mut config = countersign_server::Config::dev();
    config.registration.clients = countersign_server::dev::config().registration.clients;
    let world = countersign_testkit::World::with(config);
    let asker = Asker::server(&world).await;
    assert_eq!(asker.status("41001000001").await["signingStatus"], "NOT_RA_MID_SAS");
    assert_eq!(world.get("/control/v1/outbox").await.status, 404);
    // And without a gateway nothing pretends to be sent.
    refused(&asker.post(CONFIRM, &json!({ "msisdn": "41001000001" })).await, 503, "unavailable");
}
