//! What is held of a person: taken out whole, erased as far as the law lets it go, and the rest when its time has come.

use countersign_testkit::World;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{PERSON, enrolled, events, get, issued, post, problem, wanted, world};

async fn recorded(world: &World) -> String {
    let answer = post(world, "/evidence", &identification()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["evidence"].as_str().expect("an id").to_owned()
}

/// Somebody with evidence that counts, and a phone.
async fn registered(world: &World) -> (String, String) {
    let evidence = recorded(world).await;
    let mut wanted = wanted();
    wanted["evidence"] = json!(evidence);
    let code = issued(world, &wanted).await;
    enrolled(world, code["activationCode"].as_str().expect("a code"), 7).await.expect("a phone");
    let person = get(world, &format!("/persons/{PERSON}")).await.json();
    let account = &person["accounts"][0];
    let device = json!({ "deviceId": account["devices"][0]["deviceId"] });
    assert_eq!(post(world, &format!("/evidence/{evidence}/bind"), &device).await.status, 200);
    (evidence, account["documentNumber"].as_str().expect("a document").to_owned())
}

async fn erase(world: &World) -> countersign_testkit::Answer {
    post(world, &format!("/persons/{PERSON}/erase"), &json!({ "reference": "case/99" })).await
}

fn of<'a>(list: &'a Value, what: &str) -> Option<&'a Value> {
    list.as_array().expect("a list").iter().find(|each| each["what"] == what)
}

#[tokio::test]
async fn everything_that_is_held_is_taken_out() {
    let world = world();
    problem(&get(&world, &format!("/persons/{PERSON}/export")).await, 404, "not-found");
    let (evidence, document) = registered(&world).await;
    let answer = get(&world, &format!("/persons/{PERSON}/export?reference=case/98")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let export = answer.json();
    assert_eq!(export["evidence"][0]["id"], json!(evidence));
    assert_eq!(export["evidence"][0]["document"]["number"], "K1234567");
    assert_eq!(export["evidence"][0]["number"], "41791234567");
    let account = &export["accounts"][0];
    assert_eq!(
        (&account["account"]["documentNumber"], &account["surname"]),
        (&json!(document), &json!("MÄNNIK"))
    );
    assert_eq!(account["certificates"].as_array().expect("certificates").len(), 2);
    let kinds: Vec<_> = export["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|each| each["kind"].as_str().expect("a kind"))
        .collect();
    for kind in [
        "EvidenceRecorded",
        "ActivationIssued",
        "DeviceEnrolled",
        "KeyMade",
        "CertificateIssued",
        "AccountActivated",
        "EvidenceBound",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let secret = ["share", "seed", "proof_key", "token"];
    assert!(!secret.iter().any(|each| answer.text().contains(&format!("\"{each}"))), "no secrets");
    let last = events(&world).await.pop().expect("an event");
    assert_eq!((last.kind(), last.subject()), ("PersonExported", PERSON.to_owned()));
    problem(&get(&world, &format!("/persons/{PERSON}/export?reference=a%20b")).await, 400, "invalid-request");
    problem(&get(&world, "/persons/PNOEE-30303039914/export").await, 404, "not-found");
}

#[tokio::test]
async fn what_the_law_keeps_stays_until_its_day_and_then_goes() {
    let world = world();
    let (evidence, document) = registered(&world).await;
    problem(&erase(&world).await, 409, "conflict");
    let revoke = json!({ "reason": "cessationOfOperation" });
    assert_eq!(post(&world, &format!("/accounts/{document}/revoke"), &revoke).await.status, 200);
    let unused = recorded(&world).await;
    let erased = erase(&world).await;
    assert_eq!(erased.status, 200, "{}", erased.text());
    let body = erased.json();
    assert_eq!(
        of(&body["erased"], "evidence").expect("a row")["count"],
        1,
        "nothing was issued on the second"
    );
    let kept = of(&body["kept"], "evidence").expect("a row");
    assert_eq!(kept["count"], 1);
    let until = kept["until"].as_str().expect("a day").to_owned();
    assert!(kept["ground"].as_str().expect("a ground").contains("6.4.6"), "{body}");
    assert_eq!(of(&body["kept"], "certificates").expect("a row")["count"], 2);
    assert!(of(&body["kept"], "events").expect("a row")["until"].is_null());

    problem(&get(&world, &format!("/evidence/{unused}")).await, 404, "not-found");
    let ended = get(&world, &format!("/evidence/{evidence}")).await.json();
    assert_eq!((&ended["state"], &ended["ended"]), (&json!("ENDED"), &json!("withdrawn")));

    // On the last day it is there, on the next it is not.
    let end: jiff::Timestamp = format!("{until}T23:59:59Z").parse().expect("a time");
    sweep(&world, end).await;
    assert_eq!(get(&world, &format!("/evidence/{evidence}")).await.status, 200);
    sweep(&world, end + jiff::SignedDuration::from_secs(1)).await;
    problem(&get(&world, &format!("/evidence/{evidence}")).await, 404, "not-found");
    let export = get(&world, &format!("/persons/{PERSON}/export")).await.json();
    assert_eq!(
        (&export["accounts"][0]["surname"], &export["accounts"][0]["certificates"]),
        (&json!(""), &json!([]))
    );
    assert_eq!(export["accounts"][0]["account"]["documentNumber"], json!(document), "OCSP answers for it");
}

async fn sweep(world: &World, now: jiff::Timestamp) {
    let swept = world.app().store().write("sweep", move |tx| tx.sweep(now, 100)).await;
    swept.map_err(|error: countersign_store::Error| error).expect("swept");
}

#[tokio::test]
async fn somebody_who_never_had_a_certificate_is_gone_at_once() {
    let world = world();
    let evidence = recorded(&world).await;
    let begun = post(&world, "/identifications", &json!({ "msisdn": "41791234567" })).await.json();
    problem(&post(&world, &format!("/persons/{PERSON}/erase"), &json!({})).await, 400, "invalid-request");
    let body = erase(&world).await.json();
    assert_eq!(of(&body["erased"], "evidence").expect("a row")["count"], 1);
    assert_eq!(of(&body["erased"], "identifications").expect("a row")["count"], 1);
    assert!(of(&body["kept"], "evidence").is_none());
    problem(&get(&world, &format!("/evidence/{evidence}")).await, 404, "not-found");
    let case = format!("/identifications/{}", begun["identification"].as_str().expect("an id"));
    problem(&get(&world, &case).await, 404, "not-found");
    problem(&erase(&world).await, 404, "not-found");
}
