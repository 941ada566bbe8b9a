//! The signing certificate of an account.

use countersign_domain::account::AccountState;
use countersign_testkit::{AccountDraft, START, World};
use serde_json::{Value, json};

use crate::{DOCUMENT, problem, world};

fn body(level: Value) -> Value {
    json!({
        "relyingPartyUUID": "00000000-0000-4000-8000-000000000000",
        "relyingPartyName": "DEMO",
        "certificateLevel": level,
    })
}

#[tokio::test]
async fn the_certificate_comes_with_the_level_of_the_account() {
    let world = world().await;
    AccountDraft::new("PNOLT-40504049999-MOCK-NQ").create(&world).await;
    for (document, asked, level) in [
        (DOCUMENT, json!("QUALIFIED"), "QUALIFIED"),
        (DOCUMENT, json!("ADVANCED"), "QUALIFIED"),
        (DOCUMENT, json!("QSCD"), "QUALIFIED"),
        (DOCUMENT, json!(null), "QUALIFIED"),
        ("PNOLT-40504049999-MOCK-NQ", json!("ADVANCED"), "ADVANCED"),
    ] {
        let answer = world.post(&format!("/v3/signature/certificate/{document}"), &body(asked)).await;
        assert_eq!(answer.status, 200);
        let answer = answer.json();
        assert_eq!(answer["state"], "OK");
        assert_eq!(answer["cert"]["certificateLevel"], level);
        assert!(!answer["cert"]["value"].as_str().unwrap().is_empty());
    }
    let answer =
        world.post("/v3/signature/certificate/PNOLT-40504049999-MOCK-NQ", &body(json!("QUALIFIED"))).await;
    assert_eq!(problem(&answer, 404)["errors"][0]["code"], "NO_SUITABLE_ACCOUNT_FOUND");
}

#[tokio::test]
async fn unknown_and_inactive_accounts_are_not_found() {
    let world = World::new();
    AccountDraft::new("PNOEE-40504040001-REGI-Q").state(AccountState::Registering).create(&world).await;
    AccountDraft::new("PNOEE-40504040001-GONE-Q")
        .state(AccountState::Revoked { at: START })
        .create(&world)
        .await;
    for document in [DOCUMENT, "PNOEE-40504040001-REGI-Q", "PNOEE-40504040001-GONE-Q"] {
        let answer =
            world.post(&format!("/v3/signature/certificate/{document}"), &body(json!("QUALIFIED"))).await;
        problem(&answer, 404);
    }
}

#[tokio::test]
async fn an_expired_certificate_makes_the_document_unusable() {
    let world = world().await;
    world.advance(366 * 24 * 3600);
    let answer =
        world.post(&format!("/v3/signature/certificate/{DOCUMENT}"), &body(json!("QUALIFIED"))).await;
    assert_eq!(answer.json(), json!({ "state": "DOCUMENT_UNUSABLE" }));
}

#[tokio::test]
async fn faults_of_path_and_body_are_told_together() {
    let world = world().await;
    let answer = problem(&world.post("/v3/signature/certificate/x", &json!({})).await, 400);
    let names: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|entry| &entry["paramName"]).collect();
    assert_eq!(names, ["documentNumber", "relyingPartyUUID", "relyingPartyName"]);
}
