//! `/status`: the page of this service that asks as any browser does, and what clients have set.

use std::sync::Arc;

use bytes::Bytes;
use countersign_server::config::Registration;
use countersign_server::web::WebApps;
use countersign_server::{MovableClock, authority, dev};
use countersign_testkit::{Answer, World};
use http::Method;
use serde_json::json;

use crate::{
    Asker, CODE, CONFIRM, SECOND_CLIENT, call, parameters, refused, second_client, token_of, widget, world,
    world_with,
};

/// As the requests of [`call`] say who they are for.
const OWN: &str = "http://localhost";
const STATUS: &str = "/api/public/evidence/status?msisdn=41001000001";

/// A world with a page in it, whatever this program was built with.
async fn with_page(change: impl FnOnce(&mut Registration)) -> World {
    let mut config = dev::config();
    config.device_api.kdf_iterations = 2;
    config.registration.clients.push(second_client());
    change(&mut config.registration);
    let files = [
        ("status/index.html", "<!doctype html><title>status</title>"),
        ("status/assets/a-B3xw_9aZ.js", "1;"),
    ];
    let apps = WebApps::of(files.map(|(path, text)| (path.to_owned(), Bytes::from(text))));
    let world = World::build(config, |builder| {
        let authorities = authority::dev::authorities().expect("the TEST authority");
        builder.authorities(authorities).key_parameters(parameters()).web_apps(apps)
    });
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    world.again()
}

async fn token(world: &World, query: &str, headers: &[(&str, &str)]) -> Answer {
    call(world, Method::POST, &format!("/status/token{query}"), headers, "").await
}

#[tokio::test]
async fn the_page_is_in_no_frame_but_those_of_its_client() {
    let world = with_page(|registration| {
        registration.clients[1].hosted = true;
        registration.clients[1].theme_css =
            Some("https://second.example.org/look.css".parse().expect("a URL"));
    })
    .await;
    let alone = world.get("/status").await;
    assert_eq!((alone.status.as_u16(), alone.header("x-frame-options")), (200, "DENY"));
    let policy = alone.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("style-src 'self';"), "{policy}");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(alone.header("cross-origin-opener-policy"), "unsafe-none", "pop-ups can be heard");
    let framed = world.get("/status/embed").await;
    let policy = framed.header("content-security-policy");
    assert!(policy.contains("frame-ancestors http://localhost:3000;"), "{policy}");
    let other = world.get("/status/embed?client=second").await;
    let policy = other.header("content-security-policy");
    assert!(policy.contains("style-src 'self' https://second.example.org/look.css;"), "{policy}");
    assert!(policy.contains("frame-ancestors https://second.example.org;"), "{policy}");
    assert_eq!(world.get("/status/assets/a-B3xw_9aZ.js").await.text(), "1;");
    assert_eq!(world.get("/status/assets/none.js").await.status, 404);
}

#[tokio::test]
async fn it_speaks_for_clients_that_the_operator_has_named() {
    let world = with_page(|_| {}).await;
    for query in ["", "?client=missswaggerclient"] {
        assert_eq!(world.get(&format!("/status{query}")).await.status, 200, "{query}");
        assert_eq!(token(&world, query, &[("origin", OWN)]).await.status, 200, "{query}");
    }
    for query in ["?client=second", "?client=nobody", "?client="] {
        assert_eq!(world.get(&format!("/status{query}")).await.status, 404, "{query}");
        refused(&token(&world, query, &[("origin", OWN)]).await, 404, "not_found");
    }
    let none = world_with(|registration| registration.clients[0].hosted = false).await;
    assert_eq!(none.get("/status").await.status, 404);
    refused(&token(&none, "", &[("origin", OWN)]).await, 404, "not_found");
}

#[tokio::test]
async fn its_token_is_for_the_page_alone() {
    let world = world().await;
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "http://localhost:3000")],
        &[("origin", "null")],
        &[("origin", OWN), ("sec-fetch-site", "cross-site")],
    ] {
        refused(&token(&world, "", headers).await, 403, "origin_not_allowed");
    }
    let given = token(&world, "", &[("origin", OWN), ("sec-fetch-site", "same-origin")]).await;
    assert_eq!(given.status, 200, "{}", given.text());
    assert_eq!(given.header("access-control-allow-origin"), "", "no other page reads it");
    let given = given.json();
    assert_eq!(given["origins"], json!(["http://localhost:3000"]));
    let bearer = given["access_token"].as_str().expect("a token").to_owned();
    for page in [None, Some("http://localhost:3000"), Some("https://evil.example")] {
        refused(&Asker::with(&world, bearer.clone(), page).get(STATUS).await, 403, "origin_not_allowed");
    }
    // And it opens nothing before the holder of the number has entered a code.
    let authorization = format!("Bearer {bearer}");
    let own = [("authorization", authorization.as_str()), ("origin", OWN)];
    refused(&call(&world, Method::GET, STATUS, &own, "").await, 403, "number_not_verified");
    let msisdn = json!({ "msisdn": "41001000001" }).to_string();
    assert_eq!(call(&world, Method::POST, CONFIRM, &own, msisdn).await.status, 200);
    let code = json!({ "msisdn": "41001000001", "code": "123456" }).to_string();
    assert_eq!(call(&world, Method::POST, CODE, &own, code).await.status, 200);
    let answer = call(&world, Method::GET, STATUS, &own, "").await;
    assert_eq!(answer.json()["signingStatus"], "MID", "{}", answer.text());
    // Nor does it make other tokens.
    let body = json!({ "origin": "http://localhost:3000" }).to_string();
    refused(
        &call(&world, Method::POST, "/api/public/widget-token", &own, body).await,
        403,
        "insufficient_scope",
    );
}

#[tokio::test]
async fn a_client_without_the_page_has_no_page_here() {
    let world = world().await;
    let server = Asker::with(&world, token_of(&world, SECOND_CLIENT).await, None);
    let answer = server.post("/api/public/widget-token", &json!({ "origin": OWN })).await;
    refused(&answer, 400, "invalid_request");
}

#[tokio::test]
async fn tokens_for_the_page_are_counted_like_everything() {
    let world = world_with(|registration| registration.requests_per_address = 2).await;
    for _ in 0..2 {
        assert_eq!(token(&world, "", &[("origin", OWN)]).await.status, 200);
    }
    let answer = token(&world, "", &[("origin", OWN)]).await;
    refused(&answer, 429, "too_many_requests");
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
}

#[tokio::test]
async fn a_page_learns_what_its_client_may() {
    let world = world_with(|registration| {
        let client = &mut registration.clients[0];
        client.methods = vec![countersign_domain::registration::MeansKind::App];
        client.asks_for_terms = false;
        client.identify_url = Some("https://id.example.org/start".parse().expect("a URL"));
    })
    .await;
    let page = widget(&world, None).await;
    let answer = page.get("/api/public/settings").await;
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000");
    let expected = json!({
        "methods": ["MID"], "asksForTerms": false, "codeSeconds": 480, "codePauseSeconds": 120,
        "identifyUrl": "https://id.example.org/start", "sandbox": true,
    });
    assert_eq!(answer.json(), expected);
    refused(&call(&world, Method::GET, "/api/public/settings", &[], "").await, 401, "invalid_token");
}

#[tokio::test]
async fn a_means_that_the_client_does_not_take_confirms_nothing() {
    let world = world_with(|registration| {
        registration.clients[0].methods = vec![countersign_domain::registration::MeansKind::App];
    })
    .await;
    let server = Asker::server(&world).await;
    let token = server.terms("41001000012").await;
    assert_eq!(server.decide(&token, false).await.status, 200);
    assert_eq!(server.poll(&token).await["error"], "means_unavailable");
    let token = server.terms("41001000011").await;
    assert_eq!(server.decide(&token, false).await.status, 200);
    assert_eq!(server.poll(&token).await["error"], json!(null), "the app is taken");
}

#[tokio::test]
async fn a_link_to_terms_says_what_they_are() {
    let world = world().await;
    let server = Asker::server(&world).await;
    let answer = server.get("/api/public/evidence/41001000011/tc").await.json();
    let terms = answer["terms"].as_array().expect("terms");
    let laws: Vec<_> = terms.iter().map(|edition| edition["jurisdiction"].as_str().expect("a law")).collect();
    assert_eq!(laws, ["zertes", "eidas"]);
    let text = &terms[0]["texts"][0];
    assert_eq!(text["url"], "http://localhost/terms/zertes/test-1/de", "absolute: {text}");
    assert_eq!(terms[0]["version"], "test-1");
}
