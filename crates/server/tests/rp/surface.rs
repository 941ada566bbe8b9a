//! What holds for the whole surface: media types, sizes, methods, paths, headers.

use axum::body::Body;
use countersign_testkit::World;
use countersign_wire::endpoint::{BASES, CERTIFICATE_PATH, SESSION_PATH, STARTS};
use http::{Method, Request};

use crate::{example, path, problem, world};

#[tokio::test]
async fn only_json_is_read() {
    let world = world().await;
    for row in &STARTS {
        for kind in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json"]
        {
            let mut request = Request::post(path(row));
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let request = request.body(example(row).to_string().into()).unwrap();
            problem(&world.send(request).await, 415);
        }
    }
    let request = Request::post(STARTS[0].path)
        .header("content-type", "Application/JSON;charset=UTF-8")
        .body(example(&STARTS[0]).to_string().into())
        .unwrap();
    assert_eq!(world.send(request).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whether_announced_or_not() {
    let world = world().await;
    let path = path(&STARTS[0]);
    let text = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000));
    problem(&world.post_text(&path, text.clone()).await, 413);
    let stream = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>("x".repeat(1000))));
    problem(&world.post_text(&path, Body::from_stream(stream)).await, 413);
    let announced = Request::post(&path)
        .header("content-type", "application/json")
        .header("content-length", "100000000")
        .body(Body::from("{}"))
        .unwrap();
    problem(&world.send(announced).await, 413);
    // Between what the parser accepts and what is taken in.
    problem(&world.post_text(&path, format!("{{\"x\":\"{}\"}}", "x".repeat(60_000))).await, 400);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = world().await;
    let stream = futures_util::stream::pending::<Result<String, std::io::Error>>();
    problem(&world.post_text(STARTS[0].path, Body::from_stream(stream)).await, 408);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let world = world().await;
    let parts = [Ok("{\"relying"), Err(std::io::Error::other("gone"))];
    let stream = futures_util::stream::iter(parts);
    problem(&world.post_text(STARTS[0].path, Body::from_stream(stream)).await, 400);
}

#[tokio::test]
async fn other_methods_are_refused_with_the_right_one_named() {
    let world = world().await;
    for base in BASES {
        for (template, right) in STARTS
            .iter()
            .map(|row| (row.path, Method::POST))
            .chain([(CERTIFICATE_PATH, Method::POST), (SESSION_PATH, Method::GET)])
        {
            let path = format!("{base}{template}").replace(['{', '}'], "");
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                if method == right {
                    continue;
                }
                let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
                let answer = world.send(request).await;
                problem(&answer, 405);
                assert!(answer.header("allow").contains(right.as_str()), "{path}: {:?}", answer.headers);
            }
        }
    }
}

#[tokio::test]
async fn paths_that_lead_nowhere_are_answered_in_the_form_of_the_surface() {
    let world = World::new();
    for path in [
        "/v3",
        "/v3/",
        "/v3/authentication",
        "/smart-id-rp/v3/session",
        "/smart-id-rp/v2/session/x",
        "/v3//session",
    ] {
        problem(&world.get(path).await, 404);
        problem(&world.post_text(path, "{}").await, 404);
    }
    let answer = world.get("/nowhere").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["type"], "urn:countersign:problem:not-found");
}

#[tokio::test]
async fn every_answer_is_protected() {
    let world = world().await;
    for answer in [
        world.post(STARTS[0].path, &example(&STARTS[0])).await,
        world.post_text(STARTS[0].path, "").await,
        world.get("/v3/nowhere").await,
        world.get("/").await,
        world.get("/docs").await,
        world.get("/openapi.json").await,
    ] {
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!answer.header("content-security-policy").contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(!answer.header("cache-control").is_empty());
    }
    let answer = world.post(STARTS[0].path, &example(&STARTS[0])).await;
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_link_that_no_app_took_says_what_to_do_in_its_language() {
    let world = World::new();
    for (query, language) in
        [("", "en"), ("?lang=est", "et"), ("?a=b&lang=rus&c=d", "ru"), ("?lang=xyz", "en")]
    {
        let answer = world.get(&format!("/device-link{query}")).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains(&format!("<html lang=\"{language}\">")), "{query}");
    }
    let answer = world.get("/device-link?sessionToken=SECRET&lang=%3Cscript%3E").await;
    assert!(!answer.text().contains("SECRET") && !answer.text().contains("<script"));
}
