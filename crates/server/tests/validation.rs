//! `/validation/v1`: a file in, a report out.

use std::path::PathBuf;

use axum::body::Body;
use countersign_server::trust::trusted_list_files;
use countersign_server::{Config, authority};
use countersign_testkit::{Answer, World};
use http::Request;

const REPORTS: &str = "/validation/v1/reports";
const ASICE: &str = "application/vnd.etsi.asic-e+zip";

fn signed(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/asice/signed").join(name);
    std::fs::read(path).expect("a fixture")
}

/// In November, when the fixtures had been signed.
fn world(config: Config) -> World {
    let world = World::build(config, |builder| {
        builder.authorities(authority::dev::authorities().expect("the TEST authority"))
    });
    world.advance(176 * 86_400);
    world
}

fn request(path: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header("content-type", kind).body(body.into()).expect("a request")
}

async fn send(world: &World, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
    world.send(request(path, kind, body)).await
}

#[track_caller]
fn assert_problem(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.json()["type"], format!("urn:countersign:problem:{kind}"), "{}", answer.text());
}

#[tokio::test]
async fn a_signed_file_passes_and_a_changed_one_does_not() {
    let world = world(Config::dev());
    let answer = send(&world, REPORTS, ASICE, signed("contract.asice")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let report = answer.json();
    assert_eq!(report["signatures"][0]["indication"], "TOTAL-PASSED", "{report}");
    assert_eq!(report["policy"]["policyName"], "etsi");
    let answer = send(&world, REPORTS, "application/octet-stream", signed("flipped-data-file.asice")).await;
    let report = answer.json();
    assert_eq!(answer.status, 200, "a file that does not hold is no error");
    assert_eq!(report["signatures"][0]["subIndication"], "HASH_FAILURE");
    assert_eq!(report["signatures"][0]["errors"][0]["clause"], "EN 319 102-1 §5.2.7");
    let answer = send(&world, REPORTS, "application/pdf", "no container").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["signaturesCount"], 0);
    assert_ne!(answer.json()["errors"].as_array().map(Vec::len), Some(0));
    let metrics = world.get("/metrics").await;
    for line in ["passed", "failed", "refused"] {
        let line = format!("countersign_validations_total{{outcome=\"{line}\"}} 1");
        assert!(metrics.text().lines().any(|each| each == line), "{line}\n{}", metrics.text());
    }
}

#[tokio::test]
async fn the_report_comes_in_the_form_that_is_accepted() {
    let world = world(Config::dev());
    for (accept, kind, begins) in [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8", "<!doctype html>"),
        ("text/plain", "text/plain; charset=utf-8", "VALID: one signature"),
        ("application/json", "application/json", "{"),
        ("*/*", "application/json", "{"),
    ] {
        let mut request = request(REPORTS, ASICE, signed("contract.asice"));
        request.headers_mut().insert("accept", accept.parse().expect("a header"));
        let answer = world.send(request).await;
        assert_eq!(answer.header("content-type"), kind);
        assert!(answer.text().starts_with(begins), "{accept}: {}", answer.text());
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        body.extend(
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

#[tokio::test]
async fn a_form_carries_the_file_its_name_and_the_policy() {
    const FORM: &str = "multipart/form-data; boundary=b";
    let world = world(Config::dev());
    let content = signed("contract.asice");
    let body = form(&[("policy", None, b"strict"), ("file", Some("C:\\x\\lep<ing>.asice"), &content)]);
    let answer = send(&world, REPORTS, FORM, body).await;
    let report = answer.json();
    assert_eq!(report["validatedDocument"]["filename"], "lep<ing>.asice", "{report}");
    assert_eq!(report["policy"]["policyName"], "strict");
    assert_eq!(report["signatures"][0]["indication"], "TOTAL-PASSED");
    let file = ("file", Some("a"), &content[..]);
    for wrong in [
        form(&[]),
        form(&[("policy", None, b"strict")]),
        form(&[file, file]),
        form(&[file, ("policy", None, b"etsi"), ("policy", None, b"etsi")]),
        form(&[file, ("other", None, b"x")]),
        form(&[file, ("policy", None, &[b'x'; 100])]),
        form(&[file, ("policy", None, b"\xff")]),
        form(&[("file", Some("a"), b"")]),
        b"no form".to_vec(),
        form(&[file])[..200].to_vec(),
    ] {
        assert_problem(&send(&world, REPORTS, FORM, wrong).await, 400, "invalid-request");
    }
    assert_problem(
        &send(&world, REPORTS, "multipart/form-data", form(&[file])).await,
        400,
        "invalid-request",
    );
    let twice = format!("{REPORTS}?policy=etsi");
    let answer = send(&world, &twice, FORM, form(&[file, ("policy", None, b"etsi")])).await;
    assert_problem(&answer, 400, "invalid-request");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_said() {
    let world = world(Config::dev());
    let content = signed("contract.asice");
    for query in ["policy=", "policy=own", "policy=etsi&policy=etsi", "level=XL", "speed=1"] {
        let answer = send(&world, &format!("{REPORTS}?{query}"), ASICE, content.clone()).await;
        assert_problem(&answer, 400, "invalid-request");
    }
    let answer = send(&world, &format!("{REPORTS}?policy=strict&level=LTA"), ASICE, content.clone()).await;
    assert_eq!(answer.json()["signatures"][0]["subIndication"], "SIG_CONSTRAINTS_FAILURE");
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let answer = send(&world, REPORTS, kind, content.clone()).await;
        assert_problem(&answer, 415, "unsupported-media-type");
    }
    assert_problem(&send(&world, REPORTS, ASICE, "").await, 400, "invalid-request");
    let listed = world.get("/validation/v1/policies").await.json();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|policy| policy["name"].clone()).collect();
    assert_eq!(names, ["strict", "etsi", "lenient"]);
}

#[tokio::test]
async fn files_are_bounded_whether_they_say_so_or_not() {
    let mut config = Config::dev();
    config.validation.max_bytes = 1_000;
    let world = world(config);
    assert_problem(&send(&world, REPORTS, ASICE, vec![0; 1_001]).await, 413, "too-large");
    let pieces = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(vec![0; 100])));
    assert_problem(&send(&world, REPORTS, ASICE, Body::from_stream(pieces)).await, 413, "too-large");
    let kind = "multipart/form-data; boundary=b";
    let body = form(&[("file", Some("a"), &[0; 1_001])]);
    assert_problem(&send(&world, REPORTS, kind, body).await, 413, "too-large");
    let body = form(&[("file", Some("a"), &vec![0; 100_000])]);
    assert_problem(&send(&world, REPORTS, kind, body).await, 413, "too-large");
    assert_eq!(send(&world, REPORTS, ASICE, vec![0; 1_000]).await.status, 200);
}

#[tokio::test]
async fn keys_are_asked_for_where_there_are_any() {
    let with_key = |key: &str| {
        let mut request = request(REPORTS, ASICE, signed("contract.asice"));
        request.headers_mut().insert("authorization", key.parse().expect("a header"));
        request
    };
    let mut config = Config::dev();
    config.validation.open = false;
    assert_problem(&send(&world(config.clone()), REPORTS, ASICE, "x").await, 404, "not-found");
    // SHA-256 of "open sesame"
    config.validation.keys =
        vec!["41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb".to_owned()];
    let world = world(config);
    assert_eq!(world.send(with_key("Bearer open sesame")).await.status, 200);
    for wrong in ["Bearer closed", "Basic open sesame", "Bearer", "open sesame"] {
        assert_problem(&world.send(with_key(wrong)).await, 401, "unauthorized");
    }
    assert_problem(&send(&world, REPORTS, ASICE, "x").await, 401, "unauthorized");
}

#[tokio::test]
async fn so_many_files_a_minute() {
    let mut config = Config::dev();
    config.validation.per_minute = 2;
    let world = world(config);
    for _ in 0..2 {
        assert_eq!(send(&world, REPORTS, ASICE, "x").await.status, 200);
    }
    let answer = send(&world, REPORTS, ASICE, "x").await;
    assert_problem(&answer, 429, "too-many-requests");
    assert_eq!(answer.header("retry-after"), "31");
    world.advance(60);
    assert_eq!(send(&world, REPORTS, ASICE, "x").await.status, 200);
}

#[tokio::test]
async fn trust_comes_from_files_and_lists_too_and_a_broken_list_takes_none_away() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    let now = world(Config::dev()).app().now();
    let authorities = authority::dev::authorities().expect("the TEST authority");
    for file in trusted_list_files(&authorities, now).expect("a list") {
        std::fs::write(path(&file.name), &file.content).expect("written");
    }
    let mut config = Config::dev();
    config.validation.trusted_lists = vec![path("trusted-list.xml")];
    config.validation.list_signers = vec![path("trusted-list.pem")];
    // A service without an authority of its own.
    let world = World::with(config.clone());
    world.advance(176 * 86_400);
    let level = |answer: Answer| answer.json()["signatures"][0]["signatureLevel"].clone();
    let answer = send(&world, REPORTS, ASICE, signed("contract.asice")).await;
    assert_eq!(level(answer), "QESIG");
    std::fs::write(path("trusted-list.xml"), "<broken/>").expect("written");
    world.advance(120);
    let answer = send(&world, REPORTS, ASICE, signed("contract.asice")).await;
    assert_eq!(level(answer), "QESIG", "the last good list stays");
    // The same file is no list to begin with.
    let fresh = World::with(config.clone());
    fresh.advance(176 * 86_400);
    let answer = send(&fresh, REPORTS, ASICE, signed("contract.asice")).await;
    assert_eq!(answer.json()["signatures"][0]["indication"], "INDETERMINATE");
    config.validation.list_signers = vec![path("absent.pem")];
    let answer = send(&World::with(config.clone()), REPORTS, ASICE, signed("contract.asice")).await;
    assert_problem(&answer, 503, "unavailable");
    config.validation.trusted_lists.clear();
    config.validation.list_signers.clear();
    let root = authorities.root().certificate().to_pem() + &authorities.cas()[1].certificate().to_pem();
    std::fs::write(path("root.pem"), root).expect("written");
    config.validation.trust = vec![path("root.pem")];
    let world = World::with(config);
    world.advance(176 * 86_400);
    let answer = send(&world, REPORTS, ASICE, signed("contract.asice")).await;
    assert_eq!(answer.json()["signatures"][0]["indication"], "TOTAL-PASSED", "{}", answer.text());
}

#[tokio::test]
async fn the_test_trusted_list_is_served_by_the_test_world_alone() {
    let world = world(Config::dev());
    let listed = world.get("/trust").await;
    assert!(!listed.text().contains("trusted-list.xml"), "no test world was entered here");
}
