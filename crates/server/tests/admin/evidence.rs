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

/// Notice of every certificate of an account, as its phone has it.
async fn ends_of(world: &World) -> Vec<String> {
    let person = get(world, &format!("/persons/{PERSON}")).await.json();
    let keys = person["accounts"][0]["keys"].as_array().expect("keys").clone();
    keys.iter().map(|key| key["notAfter"].as_str().expect("a time").to_owned()).collect()
}

/// A phone that was enrolled on this evidence: its device.
async fn enrolled_on(world: &World, evidence: &Value, level: &str, seed: u64) -> Value {
    let code = issued(world, &on(evidence, level)).await;
    let text = code["activationCode"].as_str().expect("a code");
    enrolled(world, text, seed).await.expect("a phone");
    let status = get(world, &format!("/activations/{}", code["activation"].as_str().expect("an id"))).await;
    status.json()["device"]["deviceId"].clone()
}

async fn states(world: &World) -> Vec<Value> {
    let person = get(world, &format!("/persons/{PERSON}")).await.json();
    person["accounts"].as_array().expect("accounts").iter().map(|each| each["state"].clone()).collect()
}

/// Why the accounts that stood on some evidence had to go.
async fn reasons(world: &World) -> Vec<String> {
    let all = events(world).await;
    let due = all.iter().filter(|event| event.kind() == "CertificatesDue");
    let reason = |event| serde_json::to_value(event).expect("JSON")["reason"].as_str().map(str::to_owned);
    due.filter_map(reason).collect()
}

async fn bind(world: &World, evidence: &Value, device: &Value) {
    let path = format!("/evidence/{}/bind", evidence["evidence"].as_str().expect("an id"));
    let answer = post(world, &path, &json!({ "deviceId": device })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn no_certificate_is_valid_longer_than_its_evidence() {
    for (level, end) in [("QUALIFIED", "2029-01-31T23:59:59Z"), ("ADVANCED", "2029-05-31T11:59:59Z")] {
        let world = world();
        let evidence = recorded(&world).await;
        enrolled_on(&world, &evidence, level, 7).await;
        // Three years are less than what the document leaves for level 3.
        assert_eq!(ends_of(&world).await, [end, end], "{level}");
    }
    // On a reference of the operator's own it is the profile's.
    let world = world();
    let code = issued(&world, &wanted()).await;
    enrolled(&world, code["activationCode"].as_str().expect("a code"), 7).await.expect("a phone");
    assert_eq!(ends_of(&world).await, ["2029-05-31T11:59:59Z"; 2]);
}

#[tokio::test]
async fn evidence_that_has_ended_meanwhile_carries_no_certificate() {
    let world = world();
    let evidence = recorded(&world).await;
    let code = issued(&world, &on(&evidence, "QUALIFIED")).await;
    let path = format!("/evidence/{}/end", evidence["evidence"].as_str().expect("an id"));
    post(&world, &path, &json!({ "reason": "withdrawn" })).await;
    let refused = enrolled(&world, code["activationCode"].as_str().expect("a code"), 7).await;
    assert!(refused.is_err());
    assert_eq!(states(&world).await, [json!("DRAFT")]);
    let issued = events(&world).await.iter().filter(|event| event.kind() == "CertificateIssued").count();
    assert_eq!(issued, 0);
}

#[tokio::test]
async fn what_stands_on_evidence_goes_with_it_bound_or_not() {
    for (reason, expected) in [("wrong", "privilegeWithdrawn"), ("withdrawn", "cessationOfOperation")] {
        let world = world();
        let evidence = recorded(&world).await;
        enrolled_on(&world, &evidence, "QUALIFIED", 7).await;
        let path = format!("/evidence/{}/end", evidence["evidence"].as_str().expect("an id"));
        assert_eq!(post(&world, &path, &json!({ "reason": reason })).await.status, 200);
        assert_eq!(states(&world).await, [json!("REVOKED")]);
        assert_eq!(reasons(&world).await, [expected]);
    }
}

#[tokio::test]
async fn newer_evidence_keeps_the_phone_that_it_is_bound_to_and_ends_the_other() {
    let world = world();
    let first = recorded(&world).await;
    let one = enrolled_on(&world, &first, "QUALIFIED", 7).await;
    bind(&world, &first, &one).await;
    world.advance(1);
    let other = enrolled_on(&world, &first, "ADVANCED", 8).await;
    assert_ne!(one, other);

    world.advance(60);
    let second = recorded(&world).await;
    bind(&world, &second, &one).await;
    assert_eq!(states(&world).await, [json!("CERTIFIED"), json!("REVOKED")]);
    assert_eq!(reasons(&world).await, ["superseded"]);

    // It stands on the second from now on.
    let path = format!("/evidence/{}/end", second["evidence"].as_str().expect("an id"));
    post(&world, &path, &json!({ "reason": "wrong" })).await;
    assert_eq!(states(&world).await, [json!("REVOKED"), json!("REVOKED")]);
}

#[tokio::test]
async fn certificates_are_revoked_when_the_days_of_newer_evidence_are_over() {
    let world = world();
    let first = recorded(&world).await;
    let phone = enrolled_on(&world, &first, "QUALIFIED", 7).await;
    bind(&world, &first, &phone).await;
    world.advance(60);
    let mut short = identification();
    short["document"]["expiresOn"] = json!("2026-07-31");
    let second = post(&world, "/evidence", &short).await.json();
    bind(&world, &second, &phone).await;
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 0, "nothing is due");
    // 31 July, and the first second of August.
    world.advance(60 * 86_400);
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 0);
    assert_eq!(states(&world).await, [json!("CERTIFIED")]);
    world.advance(86_400 / 2);
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 1);
    assert_eq!(states(&world).await, [json!("REVOKED")]);
    assert_eq!(reasons(&world).await, ["privilegeWithdrawn"]);
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 0, "once");
}

#[tokio::test]
async fn what_has_expired_with_its_evidence_is_not_revoked_after_it() {
    let world = world();
    let mut short = identification();
    short["document"]["expiresOn"] = json!("2026-07-31");
    let evidence = post(&world, "/evidence", &short).await.json();
    enrolled_on(&world, &evidence, "QUALIFIED", 7).await;
    assert_eq!(ends_of(&world).await, ["2026-07-31T23:59:59Z"; 2]);
    // A code that nobody has used is forgotten on the way.
    issued(&world, &on(&evidence, "ADVANCED")).await;
    world.advance(70 * 86_400);
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 2);
    assert_eq!(states(&world).await, [json!("CERTIFIED")]);
    assert!(reasons(&world).await.is_empty());
    assert_eq!(world.app().follow_evidence().await.expect("a look"), 0);
}
