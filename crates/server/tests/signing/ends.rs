//! What ends without a signature, and says why.

use serde_json::json;

use crate::world::{OK, OTHER, REFUSES, World};

#[tokio::test]
async fn a_refusal_is_told_and_leaves_the_container_as_it_was() {
    let world = World::start().await;
    let path = world.container().await;
    let asked = json!({ "flow": "notification", "documentNumber": REFUSES });
    let (signature, _) = world.begin(&path, asked).await;
    let ended = world.end_of(&signature).await;
    assert_eq!(
        (&ended["state"], &ended["failure"]["code"]),
        (&json!("failed"), &json!("USER_REFUSED")),
        "{ended}"
    );
    world.get(&format!("{path}/file")).await.assert_problem(409, "conflict");
    let shown = world.get(&path).await.good();
    assert_eq!(shown["signatures"][0]["state"], "failed");
    // The next one is another matter.
    world.signed(&path, json!({ "flow": "notification", "documentNumber": OK })).await;
    world.end().await;
}

#[tokio::test]
async fn nobody_is_asked_who_is_not_there() {
    let world = World::start().await;
    let path = world.container().await;
    let signatures = format!("{path}/signatures");
    let asked = json!({ "flow": "notification", "documentNumber": "PNOEE-40504040001-ABCD-Q" });
    let refused = world.post(&signatures, asked).await;
    refused.assert_problem(422, "unsuitable-certificate");
    assert_eq!(refused.json()["code"], "ACCOUNT_NOT_FOUND");
    assert_eq!(world.get(&path).await.good()["signatures"], json!([]));
    world.end().await;
}

#[tokio::test]
async fn another_person_than_was_named_signs_nothing() {
    let world = World::start().await;
    let path = world.container().await;
    let (signature, _) = world.begin(&path, json!({ "person": "PNOEE-40504040001" })).await;
    let link = world.get(&format!("{signature}/link")).await.good();
    world.opens(OTHER, link["link"].as_str().unwrap(), "QR").await;
    let ended = world.end_of(&signature).await;
    assert_eq!(ended["failure"]["code"], "ANOTHER_PERSON", "{ended}");
    world.end().await;
}

#[tokio::test]
async fn what_was_begun_can_be_ended() {
    let world = World::start().await;
    let path = world.container().await;
    let (signature, _) = world.begin(&path, json!({ "documentNumber": OK })).await;
    let ended = world.delete(&signature).await.good();
    assert_eq!(ended["state"], "cancelled");
    world.delete(&signature).await.assert_problem(409, "conflict");
    world.get(&format!("{signature}/link")).await.assert_problem(404, "not-found");
    assert_eq!(world.delete(&path).await.status, 204);
    world.get(&path).await.assert_problem(404, "not-found");
    world.get(&signature).await.assert_problem(404, "not-found");
    world.end().await;
}

#[tokio::test]
async fn a_request_that_is_wrong_is_told_what() {
    let world = World::start().await;
    let path = world.container().await;
    let signatures = format!("{path}/signatures");
    for (asked, member) in [
        (json!({ "flow": "notification" }), "documentNumber"),
        (json!({ "documentNumber": OK, "person": "PNOEE-40504040001" }), "person"),
        (json!({ "level": "X" }), "level"),
        (json!({ "flow": "remote" }), "certificate"),
        (json!({ "flow": "remote", "certificate": "AAAA" }), "certificate"),
        (json!({ "certificate": "AAAA" }), "certificate"),
        (
            json!({ "flow": "notification", "documentNumber": OK, "callbackUrl": "https://a.example" }),
            "callbackUrl",
        ),
        (json!({ "callbackUrl": "http://a.example" }), "callbackUrl"),
        (json!({ "text": "x".repeat(61) }), "text"),
        (json!({ "text": "" }), "text"),
        (json!({ "roles": [""] }), "roles"),
        (json!({ "pdf": {} }), "pdf"),
        (json!({ "flow": "other" }), "body"),
        (json!({ "documentNumber": "x" }), "body"),
        (json!({ "unknown": 1 }), "body"),
        (json!([]), "body"),
    ] {
        let refused = world.post(&signatures, asked.clone()).await;
        refused.assert_problem(400, "invalid-request");
        assert_eq!(refused.json()["errors"][0]["paramName"], member, "{asked} {}", refused.text());
    }
    assert_eq!(world.get(&path).await.good()["signatures"], json!([]));
    world.end().await;
}
