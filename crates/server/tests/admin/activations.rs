//! Codes: issued, used, compared, withdrawn.

use countersign_domain::Event;
use countersign_domain::desk::OperatorAct;
use countersign_wire::id::DeviceId;
use http::Method;
use serde_json::json;

use crate::{KEY, PERSON, call, enrolled, events, get, issued, post, problem, wanted, world};

#[tokio::test]
async fn the_desk_and_the_phone_see_the_same_words() {
    let world = world();
    let issued = issued(&world, &wanted()).await;
    let code = issued["activationCode"].as_str().unwrap();
    assert_eq!(issued["link"], format!("http://localhost/phone/#activate={code}"));
    assert_eq!(issued["expires"], "2026-06-01T12:15:00Z");
    let id = issued["activation"].as_str().unwrap();
    assert!(code.starts_with(id) && code.len() > id.len() + 26);
    let path = format!("/activations/{id}");
    let waiting = get(&world, &path).await.json();
    assert_eq!((&waiting["state"], &waiting["triesLeft"]), (&json!("WAITING"), &json!(5)));
    assert!(waiting.get("device").is_none() && !waiting.to_string().contains(&code[9..]));

    let phone = enrolled(&world, code, 1).await.expect("an enrolled phone");
    let used = get(&world, &path).await.json();
    assert_eq!(used["state"], "USED");
    let device = DeviceId::parse(used["device"]["deviceId"].as_str().unwrap()).unwrap();
    let kept = world.app().store().read("look", move |tx| tx.devices().get(&device)).await.unwrap();
    assert_eq!(used["device"]["words"], json!(kept.proof_key().thumbprint().words()));
    assert_eq!(used["device"]["words"].as_array().unwrap().len(), 4);
    assert_eq!(used["documentNumber"], phone.document_number().as_str());

    let events = events(&world).await;
    let first = events.first().unwrap();
    let Event::OperatorActed { operator, act, document, evidence } = first else { panic!("{first:?}") };
    assert_eq!((operator.as_str(), *act), ("desk-1", OperatorAct::IssueActivation));
    assert_eq!(document.as_str(), phone.document_number().as_str());
    assert_eq!(evidence.as_ref().unwrap().as_str(), "case/17");
    assert!(matches!(events[1], Event::ActivationIssued { .. }));
    // The desk may compare for a day.
    world.advance(23 * 3600);
    assert_eq!(get(&world, &path).await.json()["state"], "USED");
}

#[tokio::test]
async fn a_letter_holds_a_shorter_code_that_lives_a_day() {
    let world = world();
    let mut wanted = wanted();
    wanted["delivery"] = json!("LETTER");
    wanted["level"] = json!("ADVANCED");
    let issued = issued(&world, &wanted).await;
    assert_eq!(issued["expires"], "2026-06-02T12:00:00Z");
    let code = issued["activationCode"].as_str().unwrap();
    assert_eq!(code.len(), 23, "eight letters and three groups of four");
    world.advance(24 * 3600 - 1);
    let phone = enrolled(&world, &code.to_lowercase(), 1).await.expect("an enrolled phone");
    assert!(phone.document_number().as_str().ends_with("-NQ"));
}

#[tokio::test]
async fn a_code_ends_by_time_by_wrong_tries_and_by_the_desk() {
    let world = world();
    let state = async |id: &str| get(&world, &format!("/activations/{id}")).await.json()["state"].clone();
    let [tried, withdrawn, old] =
        [issued(&world, &wanted()).await, issued(&world, &wanted()).await, issued(&world, &wanted()).await];
    let [tried_id, withdrawn_id, old_id] =
        [&tried, &withdrawn, &old].map(|issued| issued["activation"].as_str().unwrap().to_owned());
    let wrong = format!("{tried_id}{}", "0".repeat(26));
    for left in (0..5).rev() {
        assert!(enrolled(&world, &wrong, left).await.is_err());
    }
    assert_eq!(state(&tried_id).await, "SPENT");
    assert!(enrolled(&world, tried["activationCode"].as_str().unwrap(), 9).await.is_err());

    let path = format!("/activations/{withdrawn_id}");
    let answer = call(&world, Method::DELETE, &path, "", &[&format!("Bearer {KEY}")], None).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (200, &json!("SPENT")));
    assert!(enrolled(&world, withdrawn["activationCode"].as_str().unwrap(), 10).await.is_err());
    let acts = events(&world).await;
    assert!(
        acts.iter()
            .any(|event| matches!(event, Event::OperatorActed { act: OperatorAct::WithdrawActivation, .. }))
    );

    world.advance(15 * 60);
    assert_eq!(state(&old_id).await, "EXPIRED");
    for unknown in ["00000000", "0", "x", &"0".repeat(9)] {
        problem(&get(&world, &format!("/activations/{unknown}")).await, 404, "not-found");
    }
}

#[tokio::test]
async fn what_no_certificate_can_say_is_refused_and_makes_nothing() {
    let world = world();
    for (member, value) in [
        ("givenName", json!("A,B")),
        ("givenName", json!("")),
        ("surname", json!("A\u{202e}B")),
        ("surname", json!("A".repeat(70))),
        ("dateOfBirth", json!("2026-06-02")),
        ("evidence", json!("MARI-LIIS MÄNNIK")),
    ] {
        let mut wanted = wanted();
        wanted[member] = value;
        let body = problem(&post(&world, "/activations", &wanted).await, 400, "invalid-request");
        assert_eq!(body["errors"][0]["paramName"], member, "{body}");
    }
    for (member, value) in [("person", json!("EE-1")), ("level", json!("HIGH")), ("delivery", json!("SMS"))] {
        let mut wanted = wanted();
        wanted[member] = value;
        problem(&post(&world, "/activations", &wanted).await, 400, "invalid-request");
    }
    assert!(events(&world).await.is_empty());
    problem(&get(&world, &format!("/persons/{PERSON}")).await, 404, "not-found");
}

#[tokio::test]
async fn who_registers_after_a_rollover_gets_certificates_of_the_new_ca() {
    let world = world();
    let rolled = post(&world, "/authorities/eid-q/rollover", &json!({ "evidence": "ceremony/1" })).await;
    assert_eq!(rolled.status, 200, "{}", rolled.text());
    let code = issued(&world, &wanted()).await;
    enrolled(&world, code["activationCode"].as_str().expect("a code"), 9).await.expect("a phone");
    for (ca, count) in [("eid-q-2", 2), ("eid-q", 0)] {
        let page = get(&world, &format!("/certificates?issuer={ca}")).await.json();
        let people = page["certificates"].as_array().expect("certificates").iter();
        assert_eq!(people.filter(|each| each["documentNumber"].is_string()).count(), count, "{ca}: {page}");
    }
}
