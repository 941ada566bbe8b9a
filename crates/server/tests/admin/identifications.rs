//! Identifications begun at the desk: the person shows that the number is theirs, and only then is evidence recorded on it.

use std::sync::Arc;

use countersign_server::registration::gateway::Outbox;
use countersign_testkit::{Answer, World};
use http::Request;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{events, get, post, problem, world_of};

fn desk() -> (World, Arc<Outbox>) {
    let outbox = Arc::new(Outbox::default());
    let gateway = Arc::clone(&outbox);
    let world = world_of(
        |config| config.registration.codes_per_address = 4,
        |builder| builder.message_gateway(gateway),
    );
    (world, outbox)
}

async fn begun(world: &World) -> Value {
    let answer =
        post(world, "/identifications", &json!({ "msisdn": "+41 79 123 45 67", "reference": "case/17" }))
            .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The path of the person's page.
fn page(begun: &Value) -> String {
    let link = begun["link"].as_str().expect("a link");
    link.strip_prefix("http://localhost").expect("a link of this service").to_owned()
}

async fn form(world: &World, path: &str, origin: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("host", "localhost")
        .header("origin", origin)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.to_owned().into())
        .expect("a request");
    world.send(request).await
}

async fn enter(world: &World, path: &str, body: &str) -> String {
    let answer = form(world, path, "http://localhost", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

fn code(outbox: &Outbox) -> String {
    use countersign_server::registration::gateway::Gateway as _;
    let sent = outbox.shown();
    let text = serde_json::to_value(sent.last().expect("a message")).expect("JSON");
    text["code"].as_str().expect("a code").to_owned()
}

fn on(begun: &Value) -> Value {
    let mut wanted = identification();
    wanted["identification"] = begun["identification"].clone();
    wanted
}

#[tokio::test]
async fn evidence_is_recorded_for_a_number_that_was_proven() {
    let (world, outbox) = desk();
    let begun = begun(&world).await;
    assert_eq!((&begun["state"], &begun["by"]), (&json!("BEGUN"), &json!("desk-1")));
    let status = format!("/identifications/{}", begun["identification"].as_str().expect("an id"));
    assert!(get(&world, &status).await.json()["link"].is_null(), "the link is shown once");
    problem(&post(&world, "/evidence", &on(&begun)).await, 409, "conflict");

    let page = page(&begun);
    let shown = world.get(&page).await;
    assert!(shown.text().contains("ends in 67") && !shown.text().contains("4179"), "{}", shown.text());
    assert!(shown.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(shown.header("referrer-policy"), "same-origin", "browsers then say where a form comes from");
    assert!(enter(&world, &page, "send=1").await.contains("A code was sent"));
    let right = code(&outbox);
    let wrong = if right == "111111" { "222222" } else { "111111" };
    assert!(enter(&world, &page, &format!("code={wrong}")).await.contains("not right"));
    assert!(enter(&world, &page, "code=%3Cb%3E").await.contains("not right"));
    assert!(enter(&world, &page, &format!("code={right}")).await.contains("The number is yours"));
    assert_eq!(get(&world, &status).await.json()["state"], "PROVEN");

    // Not for another number.
    let mut other = on(&begun);
    other["msisdn"] = json!("41790000000");
    let body = problem(&post(&world, "/evidence", &other).await, 400, "invalid-request");
    assert_eq!(body["errors"][0]["pointer"], "/identification");
    let recorded = post(&world, "/evidence", &on(&begun)).await;
    assert_eq!(recorded.status, 200, "{}", recorded.text());
    let finished = get(&world, &status).await.json();
    assert_eq!(
        (&finished["state"], &finished["evidence"]),
        (&json!("FINISHED"), &recorded.json()["evidence"])
    );
    problem(&post(&world, "/evidence", &on(&begun)).await, 409, "conflict");
    assert!(enter(&world, &page, "send=1").await.contains("is over"));

    let text = serde_json::to_string(&events(&world).await).expect("JSON");
    assert!(
        !["41791234567", "MÄNNIK", page.rsplit('/').next().expect("a token")]
            .iter()
            .any(|each| text.contains(each))
    );
}

#[tokio::test]
async fn the_page_takes_its_own_forms_and_no_strange_links() {
    let (world, outbox) = desk();
    let begun = begun(&world).await;
    let page = page(&begun);
    for origin in ["https://evil.example", "null", "http://localhost:3000"] {
        assert_eq!(form(&world, &page, origin, "send=1").await.status, 403, "{origin}");
    }
    use countersign_server::registration::gateway::Gateway as _;
    assert!(outbox.shown().is_empty());
    for path in ["/identify/x", "/identify/AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
        assert_eq!(form(&world, path, "http://localhost", "send=1").await.status, 404, "{path}");
    }
    // One code, and then a pause, whatever is pressed.
    assert_eq!(form(&world, &page, "http://localhost", "send=1").await.status, 200);
    let soon = form(&world, &page, "http://localhost", "send=1").await;
    assert!(soon.status == 200 && soon.text().contains("in 120 seconds"), "{}", soon.text());
    assert_eq!(outbox.shown().len(), 1);
    // Guessing ends after five.
    let right = code(&outbox);
    for guess in 0..5 {
        let wrong = format!("code={:06}", (right.parse::<u32>().expect("digits") + 1 + guess) % 1_000_000);
        assert!(enter(&world, &page, &wrong).await.contains("not right"));
    }
    assert!(enter(&world, &page, &format!("code={right}")).await.contains("No code can be compared"));
}

/// A gateway that takes nothing: the page says so, and the next try counts as the first.
#[tokio::test]
async fn a_code_that_cannot_be_sent_is_said_on_the_page() {
    let world = world_of(|_| {}, |builder| builder);
    let page = page(&begun(&world).await);
    for _ in 0..2 {
        let shown = form(&world, &page, "http://localhost", "send=1").await;
        assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(shown.text().contains("cannot be sent now"), "{}", shown.text());
        assert!(shown.text().contains("name=\"send\"") && !shown.text().contains("name=\"code\""));
    }
    assert!(enter(&world, &page, "code=123456").await.contains("No code can be compared"));
}

#[tokio::test]
async fn what_leads_nowhere_is_ended() {
    let (world, _) = desk();
    let begun = begun(&world).await;
    let cancel = format!("/identifications/{}/cancel", begun["identification"].as_str().expect("an id"));
    assert_eq!(post(&world, &cancel, &json!({})).await.json()["state"], "CANCELLED");
    problem(&post(&world, &cancel, &json!({})).await, 409, "conflict");
    assert!(enter(&world, &page(&begun), "send=1").await.contains("is over"));

    let second = self::begun(&world).await;
    world.advance(7 * 24 * 3600);
    let status = format!("/identifications/{}", second["identification"].as_str().expect("an id"));
    assert_eq!(get(&world, &status).await.json()["state"], "EXPIRED");
    problem(&post(&world, "/identifications/none/cancel", &json!({})).await, 404, "not-found");
    problem(&post(&world, "/identifications", &json!({ "msisdn": "SECRET" })).await, 400, "invalid-request");
}
