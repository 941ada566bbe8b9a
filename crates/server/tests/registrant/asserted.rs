//! A partner says who somebody is: the document's own request.

use countersign_testkit::World;
use serde_json::json;

use super::{
    Call, PARTNER_KEY, TOKEN, config, count, errors, me, not_authorized, partner, refused, sample, token,
};

#[tokio::test]
async fn the_request_of_the_document_has_its_answer() {
    let world = World::new();
    let answer = Call::default().with("accept", "application/json").post(&world, TOKEN, &sample()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    // World::new() begins at 12:00.
    assert_eq!(body["expires_at"], "2026-06-01 14:00:00 UTC");
    assert_eq!((&body["type"], &body["expires_in"]), (&json!("Bearer"), &json!(7200)));
    let held = me(&world, &token(&answer)).await;
    assert_eq!(
        (&held["ident"], &held["country_code"], &held["first_name"], &held["last_name"]),
        (&json!("30110100103"), &json!("EE"), &json!("Jan"), &json!("Tamm"))
    );
    // In development its address is all that is known of the partner.
    assert_eq!(
        held["authentication"],
        json!({ "method": "asserted", "assurance": "low", "proven": false, "time": "2026-06-01T12:00:00Z" })
    );
}

#[tokio::test]
async fn the_alias_answers_200() {
    let world = World::new();
    let answer = Call::default().post(&world, "/auth/eid", &sample()).await;
    assert_eq!(answer.status, 200);
    token(&answer);
}

#[tokio::test]
async fn two_tokens_for_one_person_differ_and_have_one_length() {
    let world = World::new();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let token = token(&Call::default().post(&world, TOKEN, &sample()).await);
        assert_eq!(token.len(), 700);
        assert!(seen.insert(token));
    }
}

#[tokio::test]
async fn a_partner_is_known_by_key_and_address() {
    let world = World::with(config(&partner()));
    for address in ["192.0.2.77", "2001:db8::9"] {
        let call = Call::from(address).bearer(PARTNER_KEY);
        let held = me(&world, &token(&call.post(&world, TOKEN, &sample()).await)).await;
        assert_eq!(held["authentication"]["assurance"], "substantial");
    }
    // 401 before 422: a stranger learns nothing of what is missing.
    for call in [
        Call::from("192.0.2.77"),
        Call::from("192.0.2.77").bearer("another key"),
        Call::from("192.0.3.77").bearer(PARTNER_KEY),
        Call::default().bearer(PARTNER_KEY),
        Call::from("192.0.2.77").bearer(PARTNER_KEY).bearer(PARTNER_KEY),
    ] {
        for body in [sample(), json!({})] {
            refused(&call.post(&world, TOKEN, &body).await, 401, &not_authorized());
        }
    }
    assert_eq!(count(&world, "token", "no-partner").await, 10);
}

#[tokio::test]
async fn a_partner_is_known_by_its_certificate() {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"a certificate");
    let hash: String = hash.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    let text = format!(
        "[[registrant.partner]]\nname = \"portal\"\ncertificate_sha256 = [\"{hash}\"]\nmay_assert = true\n"
    );
    let world = World::with(config(&text));
    let shown = Call { certificate: Some(b"a certificate".to_vec()), ..Call::default() };
    token(&shown.post(&world, TOKEN, &sample()).await);
    let other = Call { certificate: Some(b"another".to_vec()), ..Call::default() };
    refused(&other.post(&world, TOKEN, &sample()).await, 401, &not_authorized());
    let elsewhere = Call { from: Some("192.0.2.1"), ..shown };
    refused(&elsewhere.post(&world, TOKEN, &sample()).await, 401, &not_authorized());
}

#[tokio::test]
async fn a_partner_that_may_not_assert_does_not() {
    let world = World::with(config(&partner().replace("may_assert = true", "")));
    let call = Call::from("192.0.2.77").bearer(PARTNER_KEY);
    refused(&call.post(&world, TOKEN, &sample()).await, 401, &not_authorized());
    assert_eq!(
        count(&world, "token", "no-partner").await + count(&world, "token", "may-not-assert").await,
        1
    );
}

#[tokio::test]
async fn what_is_missing_is_named_in_the_documented_order() {
    let world = World::new();
    let call = Call::default();
    for (body, member) in [
        (json!({}), "ident"),
        (json!({ "last_name": "Tamm" }), "ident"),
        (json!({ "ident": "30110100103" }), "first_name"),
        (json!({ "ident": "30110100103", "first_name": "Jan" }), "last_name"),
        (json!({ "ident": " ", "first_name": "Jan", "last_name": "Tamm" }), "ident"),
        (json!({ "ident": null, "first_name": "Jan", "last_name": "Tamm" }), "ident"),
    ] {
        let wanted = errors(member, "parameter is required");
        refused(&call.post(&world, TOKEN, &body).await, 422, &wanted);
    }
    for (name, value, text) in [
        ("ident", "30110100104", "expected 11 digits, the last of which checks the others"),
        ("country_code", "EST", "expected two letters"),
        ("first_name", "J\u{202e}an", "expected 1 to 128 visible characters"),
        ("last_name", &"m".repeat(129), "expected 1 to 128 visible characters"),
    ] {
        let mut body = sample();
        body[name] = json!(value);
        refused(&call.post(&world, TOKEN, &body).await, 422, &errors(name, text));
    }
    let mut latvian = sample();
    latvian["country_code"] = json!("lv");
    latvian["ident"] = json!("030303-10012");
    assert_eq!(me(&world, &token(&call.post(&world, TOKEN, &latvian).await)).await["country_code"], "LV");
}

#[tokio::test]
async fn without_configuration_nobody_asserts_anything() {
    let world = World::with(config(""));
    refused(&Call::default().post(&world, TOKEN, &sample()).await, 401, &not_authorized());
}
