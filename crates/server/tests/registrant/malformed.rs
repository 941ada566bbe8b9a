//! Bodies that are none: 4xx in the documented form, and nothing repeated of what was sent.

use countersign_testkit::World;
use http::Method;
use serde_json::json;

use super::{Call, TOKEN, errors, not_authorized, refused, sample};

/// As printed in the document, with a comma too many.
const TRAILING_COMMA: &str =
    "{\n\"ident\": \"30110100103\",\n\"first_name\": \"Jan\",\n\"last_name\": \"Tamm\",\n}";

#[tokio::test]
async fn what_is_no_json_is_a_400() {
    let world = World::new();
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let nested = format!("{{\"ident\":{}1{}}}", "[".repeat(4000), "]".repeat(4000));
    for body in [
        TRAILING_COMMA,
        "{",
        "[]",
        "[\"30110100103\",\"Jan\",\"Tamm\",null,null,null,null,null,null,null]",
        "\"Jan\"",
        "1",
        "null",
        "{\"ident\":\"30110100103\"",
        "{\"ident\":\"3011\u{0}0100103\",\"first_name\":\"Jan\",\"last_name\":\"Tamm\"}",
        "{\"first_name\":\"Jan\n\",\"ident\":\"30110100103\",\"last_name\":\"Tamm\"}",
        "{\"ident\":\"1\",\"ident\":\"30110100103\",\"first_name\":\"Jan\",\"last_name\":\"Tamm\"}",
        "{\"ident\":\"\\ud800\",\"first_name\":\"Jan\",\"last_name\":\"Tamm\"}",
        deep.as_str(),
        nested.as_str(),
    ] {
        for path in [TOKEN, "/auth/eid", "/auth/username"] {
            let call = Call::default().with("content-type", "application/json");
            let answer = call.send(&world, Method::POST, path, body).await;
            assert_eq!(answer.status, 400, "{path} {body:.60}: {}", answer.text());
            let text = answer.json()["errors"][0]["base"][0].as_str().expect("a text").to_owned();
            assert!(text.starts_with("the body is not the JSON of this call"), "{text}");
            assert!(!text.contains("Jan") && !text.contains("30110"), "{text}");
        }
    }
}

#[tokio::test]
async fn wrong_types_and_sizes_are_named() {
    let world = World::new();
    let call = Call::default();
    for value in [json!(30_110_100_103_i64), json!(true), json!([]), json!({})] {
        for name in ["ident", "first_name", "last_name", "country_code"] {
            let mut body = sample();
            body[name] = value.clone();
            refused(&call.post(&world, TOKEN, &body).await, 422, &errors(name, "parameter must be a string"));
        }
        for (name, other) in [("username", "password"), ("password", "username")] {
            let body = json!({ name: value, other: "x" });
            refused(&call.post(&world, TOKEN, &body).await, 422, &errors(name, "parameter must be a string"));
        }
    }
    let mut huge = sample();
    huge["first_name"] = json!("J".repeat(1025));
    let wanted = errors("first_name", "parameter is longer than 1024 bytes");
    refused(&call.post(&world, TOKEN, &huge).await, 422, &wanted);
    huge["first_name"] = json!("J".repeat(100_000));
    let wanted = errors("base", "expected a whole body of at most 24576 bytes");
    refused(&call.post(&world, TOKEN, &huge).await, 413, &wanted);
    let mut control = sample();
    for wrong in ["J\u{0}an", "Jan\u{7f}", "J\tan", "J\r\nan"] {
        control["first_name"] = json!(wrong);
        let wanted = errors("first_name", "expected 1 to 128 visible characters");
        refused(&call.post(&world, TOKEN, &control).await, 422, &wanted);
    }
}

#[tokio::test]
async fn a_form_of_another_origin_is_not_read() {
    let world = World::new();
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""] {
        let mut call = Call::default().with("origin", "https://evil.example");
        if !kind.is_empty() {
            call = call.with("content-type", kind);
        }
        let body = "ident=30110100103&first_name=Jan&last_name=Tamm";
        let answer = call.send(&world, Method::POST, TOKEN, body).await;
        refused(&answer, 415, &errors("base", "expected Content-Type: application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let preflight = Call::default()
        .with("origin", "https://evil.example")
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type");
    let answer = preflight.send(&world, Method::OPTIONS, TOKEN, "").await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn two_ways_at_once_are_none() {
    let world = World::new();
    let both = errors("base", "expected the parameters of one way to log in");
    for more in [json!({ "username": "jan", "password": "x" }), json!({ "username": "jan" })] {
        let mut body = sample();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        refused(&Call::default().post(&world, TOKEN, &body).await, 422, &both);
    }
    let body = json!({ "session_id": "x", "relying_party_uuid": "x", "username": "jan", "password": "x" });
    refused(&Call::default().post(&world, TOKEN, &body).await, 422, &both);
    let body = json!({ "username": "jan", "password": "x" });
    refused(&Call::default().post(&world, "/auth/eid", &body).await, 422, &both);
}

#[tokio::test]
async fn paths_and_methods_have_the_documented_form() {
    let world = World::new();
    let call = Call::default();
    refused(&call.get(&world, "/nothing").await, 404, &errors("base", "Not Found"));
    refused(&call.get(&world, TOKEN).await, 405, &errors("base", "Method Not Allowed"));
    refused(&call.get(&world, "/me").await, 401, &not_authorized());
}
