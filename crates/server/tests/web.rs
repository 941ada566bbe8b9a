//! The web apps: what is served where, how it is packed and kept, and what it may do.

use std::io::Read;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use countersign_server::web::WebApps;
use countersign_server::{Config, MovableClock, dev};
use countersign_testkit::{Answer, World};
use http::Request;

const SCRIPT: &str = "phone/assets/index-B3xw_9aZ.js";

fn apps() -> WebApps {
    let script = "export const a = 1;\n".repeat(100);
    let files = [
        ("phone/index.html", "<!doctype html><title>phone</title>".repeat(20)),
        ("phone/device-link.html", "<!doctype html><title>link</title>".to_owned()),
        ("phone/sw.js", script.clone()),
        ("phone/icon.png", "png".to_owned()),
        (SCRIPT, script),
        ("bank/index.html", "<!doctype html><title>bank</title>".to_owned()),
        ("bank/assets/bank-B3xw_9aZ.css", "a{}".to_owned()),
        ("elements/countersign-qr.js", "export {};".to_owned()),
    ];
    WebApps::of(files.map(|(path, text)| (path.to_owned(), Bytes::from(text))))
}

fn world(config: &str) -> World {
    let config = Config::parse(config).expect("a configuration");
    World::build(config, |builder| builder.web_apps(apps()))
}

async fn dev_world() -> World {
    let world = World::build(dev::config(), |builder| builder.web_apps(apps()));
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    world.again()
}

async fn get(world: &World, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn the_phone_is_served_with_its_policy() {
    let world = world("");
    let page = world.get("/phone/").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<title>phone</title>"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-cache");
    let policy = page.header("content-security-policy");
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types countersign-screens"
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("permissions-policy", "camera=(self), geolocation=(), microphone=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    // A worker lives by the policy of its own script.
    let worker = world.get("/phone/sw.js").await;
    assert_eq!(worker.header("content-security-policy"), policy);
    assert_eq!(worker.header("cross-origin-embedder-policy"), "require-corp");
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(worker.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn paths_of_the_app_lead_to_the_app_and_files_that_are_not_there_nowhere() {
    let world = world("");
    let folder = world.get("/phone").await;
    assert_eq!((folder.status.as_u16(), folder.header("location")), (308, "/phone/"));
    assert!(world.get("/phone/approve/17").await.text().contains("<title>phone</title>"));
    for path in
        ["/phone/nothing.js", "/phone/assets/old-B3xw_9aZ.js", "/elements/x", "/phone/..%2fbank/index.html"]
    {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    assert_eq!(world.post_text("/phone/", "{}").await.status, 405);
}

#[tokio::test]
async fn files_are_packed_for_who_takes_it() {
    let world = world("");
    let path = format!("/{SCRIPT}");
    let plain = world.get(&path).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    let packed = get(&world, &path, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    assert!(packed.body.len() < plain.body.len() / 5);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain.body);
    assert_ne!(packed.header("etag"), plain.header("etag"));
    // An image is packed already.
    let image = get(&world, "/phone/icon.png", &[("accept-encoding", "gzip")]).await;
    assert_eq!((image.header("content-encoding"), image.header("vary")), ("", ""));
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let world = world("");
    let path = format!("/{SCRIPT}");
    let first = get(&world, &path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(first.header("cache-control"), "public, max-age=31536000, immutable");
    let tag = first.header("etag");
    let again = get(&world, &path, &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), tag);
    let other = get(&world, &path, &[("if-none-match", tag)]).await;
    assert_eq!(other.status, 200, "the plain form is not the packed one");
    let listed = format!("\"x\", W/{tag}");
    let listed = get(&world, &path, &[("accept-encoding", "gzip"), ("if-none-match", &listed)]).await;
    assert_eq!(listed.status, 304);
}

#[tokio::test]
async fn the_page_of_device_links_is_the_phones_own() {
    let page = world("").get("/device-link?lang=est&sessionToken=SECRET").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<title>link</title>") && !page.text().contains("SECRET"));
    assert!(page.header("content-security-policy").contains("require-trusted-types-for 'script'"));
}

#[tokio::test]
async fn elements_are_for_pages_of_any_origin() {
    let element = world("").get("/elements/countersign-qr.js").await;
    assert_eq!(element.status, 200);
    assert_eq!(element.header("access-control-allow-origin"), "*");
    assert_eq!(element.header("cross-origin-resource-policy"), "cross-origin");
}

#[tokio::test]
async fn the_sample_bank_is_the_front_in_development_alone() {
    let production = world("");
    assert!(production.get("/").await.text().contains("Relying party API"));
    assert_eq!(production.get("/bank/assets/bank-B3xw_9aZ.css").await.status, 404);

    let world = dev_world().await;
    let bank = world.get("/").await;
    assert!(bank.text().contains("<title>bank</title>"));
    assert!(bank.header("content-security-policy").contains("frame-src 'self'"));
    assert_eq!(world.get("/bank/assets/bank-B3xw_9aZ.css").await.status, 200);
    assert_eq!(world.get("/bank/nothing.css").await.status, 404);
    // The bank shows the phone beside it; nobody else may.
    let phone = world.get("/phone/").await;
    assert!(phone.header("content-security-policy").contains("frame-ancestors 'self';"));
    assert_eq!(phone.header("x-frame-options"), "SAMEORIGIN");
}

#[tokio::test]
async fn frames_are_allowed_by_name() {
    let world = world("[web]\nphone_frames = [\"https://bank.example.org\"]");
    let phone = world.get("/phone/").await;
    let policy = phone.header("content-security-policy");
    assert!(policy.contains("frame-ancestors https://bank.example.org;"), "{policy}");
}

#[tokio::test]
async fn a_program_without_the_apps_says_so() {
    let world = World::new();
    for path in ["/phone/", "/phone/approve"] {
        let page = world.get(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.text().contains("built without the web apps: run <code>make run</code>"), "{path}");
    }
    assert_eq!(world.get("/phone/index.js").await.status, 404);
}

#[tokio::test]
async fn the_phone_on_its_own_origin_is_alone_there_and_nowhere_else() {
    let world = world(
        "[listen]\npublic_url = \"https://id.example.org\"\n[web]\nphone_url = \"https://phone.example.org\"",
    );
    let at = |host: &'static str, path: &'static str| {
        let world = &world;
        async move { get(world, path, &[("host", host)]).await }
    };
    assert_eq!(at("phone.example.org", "/phone/").await.status, 200);
    assert_eq!(at("phone.example.org", "/device-link").await.status, 200);
    let front = at("phone.example.org", "/").await;
    assert_eq!((front.status.as_u16(), front.header("location")), (307, "/phone/"));
    for path in ["/docs", "/v3/session/1", "/trust", "/elements/countersign-qr.js", "/phones"] {
        assert_eq!(at("phone.example.org", path).await.status, 404, "{path}");
    }
    // A device of that origin proves itself for it.
    assert_eq!(at("phone.example.org", "/device/v1/account").await.status, 401);
    let moved = at("id.example.org", "/phone/approve?x=1").await;
    let there = "https://phone.example.org/phone/approve?x=1";
    assert_eq!((moved.status.as_u16(), moved.header("location")), (307, there));
    let moved = at("id.example.org", "/device-link?sessionToken=a").await;
    let there = "https://phone.example.org/device-link?sessionToken=a";
    assert_eq!((moved.status.as_u16(), moved.header("location")), (307, there));
    assert_eq!(at("id.example.org", "/docs").await.status, 200);
}
