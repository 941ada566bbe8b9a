//! Who is let in.

use http::Method;
use serde_json::json;

use crate::{
    Asker, CODE, CONFIRM, GUIDE_CLIENT, PAGE, SECOND_CLIENT, call, refused, token_of, widget, world,
    world_with,
};

const STATUS: &str = "/api/public/evidence/status?msisdn=41001000001";

#[tokio::test]
async fn nobody_comes_in_without_a_token() {
    let world = world().await;
    let good = token_of(&world, GUIDE_CLIENT).await;
    let (bearer, basic) = (format!("Bearer {good}"), format!("Basic {good}"));
    let (changed, cut) = (format!("Bearer {good}A"), format!("Bearer {}", &good[..good.len() - 2]));
    for headers in [
        &[][..],
        &[("authorization", "Bearer")],
        &[("authorization", "Bearer x")],
        &[("authorization", basic.as_str())],
        &[("authorization", changed.as_str())],
        &[("authorization", cut.as_str())],
        &[("authorization", bearer.as_str()), ("authorization", bearer.as_str())],
        &[("x-api-key", "wrong"), ("referer", "http://localhost:3000/")],
    ] {
        for (method, path) in [
            (Method::POST, CONFIRM),
            (Method::POST, "/api/public/phone/verification"),
            (Method::POST, CODE),
            (Method::POST, "/api/public/widget-token"),
            (Method::GET, STATUS),
            (Method::GET, "/api/public/evidence/41001000001/tc"),
            (Method::GET, "/api/public/mobileid/status?token=AAAAAAAAAAAAAAAAAAAAAA"),
        ] {
            let answer = call(&world, method, path, headers, "{}").await;
            refused(&answer, 401, "invalid_token");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"countersign\"");
        }
    }
}

#[tokio::test]
async fn a_token_runs_out() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    world.advance(899);
    assert_eq!(asker.get(STATUS).await.status, 200);
    world.advance(1);
    refused(&asker.get(STATUS).await, 401, "invalid_token");
}

#[tokio::test]
async fn oauth_speaks_its_own_words() {
    let world = world().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let good = "grant_type=client_credentials&scope=smartflow";
    for (headers, path, body, status, error) in [
        (&[form, ("authorization", "Basic eDp5")][..], "", good, 401, "invalid_client"),
        (&[form], "", good, 401, "invalid_client"),
        (&[form, ("authorization", GUIDE_CLIENT)], "", "grant_type=password", 400, "unsupported_grant_type"),
        (
            &[form, ("authorization", GUIDE_CLIENT)],
            "",
            "grant_type=client_credentials&scope=x",
            400,
            "invalid_scope",
        ),
        (
            &[form, ("authorization", SECOND_CLIENT)],
            "",
            "grant_type=client_credentials&scope=miss",
            400,
            "invalid_scope",
        ),
        (&[form, ("authorization", GUIDE_CLIENT)], "?scope=smartflow", good, 400, "invalid_request"),
        (&[("authorization", GUIDE_CLIENT)], "", good, 400, "invalid_request"),
    ] {
        let answer = call(&world, Method::POST, &format!("/oauth/token{path}"), headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        assert_eq!(answer.json()["error"], error);
        assert_eq!(answer.header("www-authenticate").is_empty(), status != 401);
    }
    let in_body = "grant_type=client_credentials&client_id=second&client_secret=secret-of-second";
    let answer = call(&world, Method::POST, "/oauth/token", &[form], in_body).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["scope"]), (200, &json!("smartflow")));
}

#[tokio::test]
async fn a_client_without_the_scope_is_told() {
    let world = world().await;
    let headers = [("authorization", GUIDE_CLIENT), ("content-type", "application/x-www-form-urlencoded")];
    let form = "grant_type=client_credentials&scope=miss";
    let answer = call(&world, Method::POST, "/oauth/token", &headers, form).await;
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    refused(&Asker::with(&world, token, None).get(STATUS).await, 403, "insufficient_scope");
}

/// A browser's way, from the token that it is given to the status.
#[tokio::test]
async fn a_browser_asks_for_the_number_whose_holder_is_there() {
    let world = world().await;
    let number = "41001000001";
    let page = widget(&world, Some(number)).await;
    refused(&page.get(STATUS).await, 403, "number_not_verified");
    assert_eq!(page.post(CONFIRM, &json!({ "msisdn": number })).await.status, 200);
    assert_eq!(page.post(CODE, &json!({ "msisdn": number, "code": "123456" })).await.status, 200);
    let answer = page.get(STATUS).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    world.advance(900);
    refused(&page.get(STATUS).await, 401, "invalid_token");
    let page = widget(&world, Some(number)).await;
    refused(&page.get(STATUS).await, 403, "number_not_verified");
}

#[tokio::test]
async fn pages_of_clients_may_read_and_no_others() {
    let world = world().await;
    let ask = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "GET")];
        call(&world, Method::OPTIONS, STATUS, &headers, "").await
    };
    let allowed = ask(PAGE).await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
    assert!(allowed.header("access-control-allow-headers").contains("authorization"));
    for origin in ["https://evil.example", "null", "http://localhost:3000/", "http://LOCALHOST:3000"] {
        assert_eq!(ask(origin).await.header("access-control-allow-origin"), "", "{origin}");
    }
    let oauth = call(&world, Method::POST, "/oauth/token", &[("origin", PAGE)], "").await;
    assert_eq!(oauth.header("access-control-allow-origin"), "", "secrets are not for browsers");
}

#[tokio::test]
async fn tenants_and_prefixes_are_kept_apart() {
    let world = world_with(|registration| registration.clients[1].tenant = "other".to_owned()).await;
    let second = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    let number = second.status("41001000011").await;
    assert_eq!(number["notFound"], true, "another tenant's person: {number}");
    refused(&second.get("/api/public/evidence/status?msisdn=41791234567").await, 403, "number_not_allowed");
    refused(&second.post(CONFIRM, &json!({ "msisdn": "41791234567" })).await, 403, "number_not_allowed");
}

#[tokio::test]
async fn the_operator_s_switches_hold() {
    let world = world_with(|registration| registration.clients[0].asks_for_terms = false).await;
    let first = Asker::server(&world).await;
    let terms = first.get("/api/public/evidence/41001000011/tc").await;
    refused(&terms, 403, "insufficient_scope");
    assert!(first.status("41001000001").await.get("tc").is_none());
    let second = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    let seen = second.status("41001000011").await;
    assert_eq!(seen["tc"][0], json!({ "jurisdiction": "zertes", "current": false, "version": "test-1" }));
    assert_eq!(second.status("41001000001").await["tc"][1]["current"], true);
}
