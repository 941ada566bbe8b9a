//! Who may, and how much.

use countersign_pki::Digest;
use countersign_server::{Config, dev};
use reqwest::Method;
use serde_json::json;

use crate::world::{CONTAINERS, World, form, path_of};

fn closed(keys: &[&str]) -> Config {
    let mut config = dev::config();
    config.signing.open = false;
    let hex =
        |key: &&str| Digest::Sha256.of(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    config.signing.keys = keys.iter().map(hex).collect();
    config
}

#[tokio::test]
async fn each_e_service_has_its_key_and_its_containers() {
    let mut world = World::with(closed(&["first", "second"])).await;
    let file = [("file", Some("a.txt"), &b"a"[..])];
    world.form(&file).await.assert_problem(401, "unauthorized");
    world.key = Some("third");
    world.form(&file).await.assert_problem(401, "unauthorized");
    world.key = Some("first");
    let path = path_of(&world.form(&file).await.good());
    world.get(&path).await.good();
    world.key = Some("second");
    for path in
        [path.clone(), format!("{path}/file"), format!("{path}/report"), format!("{path}/signatures/x")]
    {
        world.get(&path).await.assert_problem(404, "not-found");
    }
    world.delete(&path).await.assert_problem(404, "not-found");
    world.end().await;
}

#[tokio::test]
async fn without_keys_nobody_is_served() {
    let world = World::with(closed(&[])).await;
    world.form(&[("file", Some("a.txt"), b"a")]).await.assert_problem(404, "not-found");
    world.end().await;
}

#[tokio::test]
async fn quotas_are_kept() {
    let mut config = dev::config();
    config.signing.containers = 2;
    config.signing.max_bytes = 10_000;
    config.signing.total_bytes = 3_000;
    config.signing.max_files = 3;
    let world = World::with(config).await;
    let big = vec![7; 10_001];
    world.form(&[("file", Some("a.bin"), &big)]).await.assert_problem(413, "too-large");
    let file = ("file", Some("a.txt"), &b"a"[..]);
    let four = [
        ("file", Some("a"), &b"a"[..]),
        ("file", Some("b"), b"b"),
        ("file", Some("c"), b"c"),
        ("file", Some("d"), b"d"),
    ];
    world.form(&four).await.assert_problem(400, "invalid-request");
    let first = path_of(&world.form(&[file]).await.good());
    world.form(&[file]).await.good();
    world.form(&[file]).await.assert_problem(429, "too-many-requests");
    assert_eq!(world.delete(&first).await.status, 204);
    // Incompressible, so that it takes its size.
    let content: Vec<u8> = (0..94_u8).flat_map(|block| Digest::Sha256.of(&[block])).collect();
    world.form(&[("file", Some("b.bin"), &content)]).await.assert_problem(429, "too-many-requests");
    world.form(&[file]).await.good();
    world.end().await;
}

#[tokio::test]
async fn so_many_a_minute() {
    let mut config = dev::config();
    config.signing.per_minute = 2;
    let world = World::with(config).await;
    let file = [("file", Some("a.txt"), &b"a"[..])];
    world.form(&file).await.good();
    world.form(&file).await.good();
    let refused = world.form(&file).await;
    refused.assert_problem(429, "too-many-requests");
    assert!(refused.headers.contains_key("retry-after"));
    world.end().await;
}

#[tokio::test]
async fn containers_are_kept_for_their_time() {
    let world = World::start().await;
    let path = world.container().await;
    world.advance(3_000);
    world.get(&path).await.good();
    world.advance(3_601);
    world.get(&path).await.assert_problem(404, "not-found");
    world.end().await;
}

#[tokio::test]
async fn uploads_that_are_no_containers_are_refused() {
    let world = World::start().await;
    let file = ("file", Some("a.txt"), &b"a"[..]);
    for wrong in [
        form(&[]),
        form(&[("format", None, b"asice")]),
        form(&[file, ("format", None, b"docx")]),
        form(&[file, ("format", None, b"hashcode")]),
        form(&[file, file, ("format", None, b"pdf")]),
        form(&[file, ("container", Some("c"), b"x")]),
        form(&[file, ("other", None, b"x")]),
        form(&[file, ("name", None, b"a"), ("name", None, b"b")]),
        form(&[file, ("name", None, b"\xff")]),
        b"--b\r\n".to_vec(),
    ] {
        let kind = "multipart/form-data; boundary=b";
        let refused = world.send(Method::POST, CONTAINERS, kind, Some(wrong.clone())).await;
        assert_eq!(refused.status, 400, "{}: {}", String::from_utf8_lossy(&wrong), refused.text());
    }
    for wrong in [
        vec![("container", Some("c.asice"), &b"no zip"[..])],
        vec![("container", Some("c.pdf"), &b"%PDF-1.7\nnothing"[..])],
        vec![("file", Some("a.txt"), &b"no document"[..]), ("format", None, b"pdf")],
        vec![("file", Some("../a.txt/.."), &b"a"[..])],
        vec![("file", Some("a.txt"), &b"a"[..]), ("file", Some("A.TXT"), b"b")],
        vec![file, ("name", None, b"../leping.asice")],
    ] {
        world.form(&wrong).await.assert_problem(422, "invalid-container");
    }
    let short = json!({ "files": [{ "name": "a", "bytes": 1, "sha256": "AAAA" }] });
    world.post(CONTAINERS, short).await.assert_problem(400, "invalid-request");
    world.post(CONTAINERS, json!({ "files": [] })).await.assert_problem(400, "invalid-request");
    let answer = world.send(Method::POST, CONTAINERS, "text/plain", Some(b"a".to_vec())).await;
    answer.assert_problem(415, "unsupported-media-type");
    world.end().await;
}
