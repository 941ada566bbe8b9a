//! Evidence: recorded, asked for by codes for phones, bound, ended.

use countersign_testkit::World;
use serde_json::{Value, json};

use crate::{PERSON, enrolled, events, get, issued, post, problem, wanted, world};

pub(crate) fn identification() -> Value {
    json!({
        "msisdn": "+41 79 123 45 67", "person": PERSON, "givenName": "MARI-LIIS", "surname": "MÄNNIK",
        "document": { "type": "PAS", "country": "EE", "number": "K1234567", "expiresOn": "2029-01-31" },
        "method": "in-person", "levels": { "zertes": 4, "eidas": 4 }, "reference": "case/17",
    })
}

async fn recorded(world: &World) -> Value {
    let answer = post(world, "/evidence", &identification()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What `wanted` asks for, on this evidence.
fn on(evidence: &Value, level: &str) -> Value {
    let mut wanted = wanted();
    wanted["evidence"] = evidence["evidence"].clone();
    wanted["level"] = json!(level);
    wanted
}

#[tokio::test]
async fn evidence_waits_until_a_phone_is_bound_to_it() {
    let world = world();
    let evidence = recorded(&world).await;
    assert_eq!((&evidence["state"], &evidence["by"]), (&json!("WAITING"), &json!("desk-1")));
    assert_eq!(
        (&evidence["advancedUntil"], &evidence["qualifiedUntil"], &evidence["msisdn"]),
        (&json!("2031-06-01"), &json!("2029-01-31"), &json!("41791234567"))
    );
    let path = format!("/evidence/{}", evidence["evidence"].as_str().expect("an id"));
    assert_eq!(get(&world, &path).await.json(), evidence);

    let code = issued(&world, &on(&evidence, "QUALIFIED")).await;
    enrolled(&world, code["activationCode"].as_str().expect("a code"), 7).await.expect("a phone");
    let person = get(&world, &format!("/persons/{PERSON}")).await.json();
    let device = person["accounts"][0]["devices"][0]["deviceId"].clone();
    let other = post(&world, &format!("{path}/bind"), &json!({ "deviceId": "another" })).await;
    problem(&other, 409, "conflict");
    let bound = post(&world, &format!("{path}/bind"), &json!({ "deviceId": device })).await;
    assert_eq!(bound.status, 200, "{}", bound.text());
    assert_eq!((&bound.json()["state"], &bound.json()["means"]), (&json!("IN_FORCE"), &json!("MID")));
    let twice = post(&world, &format!("{path}/bind"), &json!({ "deviceId": device })).await;
    problem(&twice, 409, "conflict");

    // Another phone on the same evidence: an advanced certificate at most.
    problem(&post(&world, "/activations", &on(&evidence, "QUALIFIED")).await, 409, "conflict");
    issued(&world, &on(&evidence, "ADVANCED")).await;

    // Its end takes with it what was issued on it.
    let ended = post(&world, &format!("{path}/end"), &json!({ "reason": "wrong" })).await;
    assert_eq!((&ended.json()["state"], &ended.json()["ended"]), (&json!("ENDED"), &json!("wrong")));
    let person = get(&world, &format!("/persons/{PERSON}")).await.json();
    assert_eq!(person["accounts"][0]["state"], "REVOKED");
    problem(&post(&world, &format!("{path}/end"), &json!({ "reason": "wrong" })).await, 409, "conflict");
    problem(&post(&world, "/activations", &on(&evidence, "ADVANCED")).await, 409, "conflict");

    let all = events(&world).await;
    let of_evidence: Vec<_> = all
        .iter()
        .map(countersign_domain::Event::kind)
        .filter(|kind| kind.starts_with("Evidence") || kind.starts_with("Desk"))
        .collect();
    assert_eq!(
        of_evidence,
        ["DeskActed", "EvidenceRecorded", "DeskActed", "EvidenceBound", "DeskActed", "EvidenceEnded"]
    );
    let text = serde_json::to_string(&all).expect("JSON");
    assert!(!["MÄNNIK", "K1234567", "41791234567"].iter().any(|each| text.contains(each)), "personal data");
}

#[tokio::test]
async fn a_code_asks_the_evidence_that_it_names() {
    let world = world();
    let evidence = recorded(&world).await;
    for (member, value, pointer) in [
        ("surname", json!("MANNIK"), "/surname"),
        ("person", json!("PNOEE-30303039914"), "/person"),
        ("evidence", json!("RAS0123456789abcdef01234567"), "/evidence"),
    ] {
        let mut other = on(&evidence, "QUALIFIED");
        other[member] = value;
        let body = problem(&post(&world, "/activations", &other).await, 400, "invalid-request");
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
    }
    // A reference of the operator's own is what it always was.
    issued(&world, &wanted()).await;
}

#[tokio::test]
async fn what_cannot_be_is_not_recorded() {
    let world = world();
    for (change, pointer) in [
        (json!({ "method": "guess" }), "/method"),
        (json!({ "method": "video" }), "/levels"),
        (json!({ "givenName": "" }), "/givenName"),
        (json!({ "reference": "a b" }), "/reference"),
        (json!({ "identifiedAt": "2027-01-01T00:00:00Z" }), "/identifiedAt"),
        (json!({ "levels": { "zertes": null, "eidas": null } }), "/levels"),
    ] {
        let mut wrong = identification();
        for (name, value) in change.as_object().expect("members") {
            wrong[name] = value.clone();
        }
        let body = problem(&post(&world, "/evidence", &wrong).await, 400, "invalid-request");
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
    }
    let mut wrong = identification();
    wrong["msisdn"] = json!("SECRET");
    let answer = post(&world, "/evidence", &wrong).await;
    problem(&answer, 400, "invalid-request");
    assert!(!answer.text().contains("SECRET"));
    assert!(events(&world).await.is_empty());
    problem(&get(&world, "/evidence/RAS0123456789abcdef01234567").await, 404, "not-found");
    problem(&get(&world, "/evidence/x").await, 404, "not-found");
}
