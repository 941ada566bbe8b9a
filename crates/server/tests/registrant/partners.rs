//! What partners may ask about tokens: introspection and revocation.

use countersign_testkit::World;
use http::Method;
use serde_json::json;

use super::{Call, PARTNER_KEY, TOKEN, config, errors, me, not_authorized, partner, refused, sample, token};

async fn form(call: &Call, world: &World, path: &str, body: &str) -> countersign_testkit::Answer {
    let call = call.clone().with("content-type", "application/x-www-form-urlencoded");
    call.send(world, Method::POST, path, body).await
}

#[tokio::test]
async fn a_partner_looks_into_a_token_and_withdraws_it() {
    let world = World::with(config(&partner()));
    let portal = Call::from("192.0.2.77").bearer(PARTNER_KEY);
    let token = token(&portal.post(&world, TOKEN, &sample()).await);
    let told = form(&portal, &world, "/auth/introspect", &format!("token={token}")).await.json();
    for (name, value) in [
        ("active", json!(true)),
        ("sub", json!("EE-30110100103")),
        ("cid", json!("portal")),
        ("amr", json!(["asserted"])),
        ("acr", json!("substantial")),
        ("iss", json!("countersign")),
        ("aud", json!("registrant")),
        ("exp", json!(1_780_315_200 + 7200)),
        ("token_type", json!("Bearer")),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    me(&world, &token).await;
    let done =
        form(&portal, &world, "/auth/revoke", &format!("token={token}&token_type_hint=access_token")).await;
    assert_eq!(done.status, 200);
    let answer = Call::default().bearer(&token).get(&world, "/me").await;
    refused(&answer, 401, &not_authorized());
    for token in [token.as_str(), "nonsense"] {
        let told = form(&portal, &world, "/auth/introspect", &format!("token={token}")).await;
        assert_eq!(told.json(), json!({ "active": false }));
        assert_eq!(form(&portal, &world, "/auth/revoke", &format!("token={token}")).await.status, 200);
    }
}

#[tokio::test]
async fn strangers_do_not() {
    // In development an address is enough for a token, and not for this.
    let world = World::new();
    for path in ["/auth/introspect", "/auth/revoke"] {
        for call in [Call::default(), Call::default().bearer("wrong"), Call::from("192.0.2.1")] {
            refused(&form(&call, &world, path, "token=x").await, 401, &not_authorized());
        }
        let known = Call::default().bearer(countersign_server::registrant::config::DEV_PARTNER_KEY);
        let wanted = errors("token", "parameter is required");
        refused(&form(&known, &world, path, "").await, 422, &wanted);
        assert_eq!(known.post(&world, path, &json!({ "token": "x" })).await.status, 415);
    }
}
