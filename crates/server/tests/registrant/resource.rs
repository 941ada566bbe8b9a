//! What a token opens: `me`, a small registry, and its own end.

use std::sync::Arc;

use countersign_server::authority::dev as authority;
use countersign_server::config::Admin;
use countersign_server::{Config, MovableClock, dev};
use countersign_testkit::World;
use countersign_token::{Assurance, Claims, Holder, KeyRing, Method, Rules, TokenId, seal};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use super::{Call, TOKEN, count, errors, me, not_authorized, refused, sample, token};

const FILE: &str =
    "00112233 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 2026-01-01T00:00:00Z";

/// A world whose keys the test has, too.
fn known_keys(more: &str) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registrant.keys");
    std::fs::write(&path, FILE).unwrap();
    let mut config = Config::dev();
    let text = format!("[registrant]\nkeys_file = {:?}\n{more}", path.to_str().unwrap());
    let given = Config::parse(&text).expect("a configuration").registrant;
    config.registrant =
        countersign_server::config::Registrant { partners: config.registrant.partners, ..given };
    config.admins = vec![Admin::of_key("desk", "key")];
    (World::with(config), folder)
}

fn made(change: impl FnOnce(&mut Claims), at: Timestamp) -> String {
    let ring = KeyRing::parse(FILE).unwrap();
    let holder = Holder::new("EE", "30110100103", "Jan", "Tamm").unwrap();
    let rules = Rules::new("countersign", "registrant");
    let mut claims = Claims::new(&rules, holder, Method::IdCard, Assurance::High, TokenId([7; 16]), at);
    change(&mut claims);
    seal(&claims, ring.sealing(at), &mut ChaCha20Rng::seed_from_u64(9)).unwrap()
}

#[tokio::test]
async fn every_reason_is_one_answer_outside_and_its_own_inside() {
    let (world, _folder) = known_keys("");
    let now = world.app().now();
    let good = made(|_| {}, now);
    assert_eq!(me(&world, &good).await["authentication"]["proven"], true);
    let mut flipped = good.clone();
    flipped.replace_range(400..401, if &good[400..401] == "A" { "B" } else { "A" });
    let mut of_another = good.clone();
    of_another.replace_range(3..4, if &good[3..4] == "A" { "B" } else { "A" });
    let hour = SignedDuration::from_hours(1);
    for (token, reason) in [
        (String::new(), "malformed"),
        ("nonsense".into(), "malformed"),
        (good[..699].into(), "malformed"),
        (flipped, "not-authentic"),
        (of_another, "unknown-key"),
        (made(|_| {}, now - hour * 2), "expired"),
        (made(|claims| claims.not_before = now + hour, now), "not-yet-valid"),
        (made(|claims| claims.audience = "another".into(), now), "wrong-audience"),
        (made(|claims| claims.issuer = "another".into(), now), "wrong-issuer"),
    ] {
        let before = count(&world, "resource", reason).await;
        let answer = Call::default().bearer(&token).get(&world, "/me").await;
        refused(&answer, 401, &not_authorized());
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"registrant\"", "{reason}");
        assert_eq!(count(&world, "resource", reason).await, before + 1, "{reason}");
    }
    let answer = Call::default().get(&world, "/me").await;
    refused(&answer, 401, &not_authorized());
    let answer = Call::default().bearer(&good).bearer(&good).get(&world, "/me").await;
    refused(&answer, 401, &not_authorized());
    let answer = Call::default().with("authorization", &format!("Basic {good}")).get(&world, "/me").await;
    refused(&answer, 401, &not_authorized());
}

#[tokio::test]
async fn a_token_ends_by_itself_after_two_hours() {
    let world = World::new();
    let token = token(&Call::default().post(&world, TOKEN, &sample()).await);
    world.advance(7199);
    me(&world, &token).await;
    world.advance(1);
    refused(&Call::default().bearer(&token).get(&world, "/me").await, 401, &not_authorized());
    assert_eq!(count(&world, "resource", "expired").await, 1);
}

#[tokio::test]
async fn a_logout_ends_one_token_or_all() {
    let world = World::new();
    let get = async || token(&Call::default().post(&world, TOKEN, &sample()).await);
    let (first, second) = (get().await, get().await);
    let answer = Call::default().bearer(&first).post(&world, "/logout", &json!({})).await;
    assert_eq!(answer.json(), json!({ "logged_out": true, "everywhere": false }));
    refused(&Call::default().bearer(&first).get(&world, "/me").await, 401, &not_authorized());
    assert_eq!(count(&world, "resource", "denied").await, 1);
    me(&world, &second).await;

    let answer =
        Call::default().bearer(&second).post(&world, "/logout", &json!({ "everywhere": true })).await;
    assert_eq!(answer.json()["everywhere"], true);
    refused(&Call::default().bearer(&second).get(&world, "/me").await, 401, &not_authorized());
    // Who logs in again in the same second is let in.
    me(&world, &get().await).await;

    for (body, status) in [("[", 400), ("{\"everywhere\":1}", 400)] {
        let call = Call::default().bearer(&get().await).with("content-type", "application/json");
        let answer = call.send(&world, http::Method::POST, "/logout", body).await;
        assert_eq!(answer.status, status, "{body}");
    }
    let events = world.app().store().read("look", |tx| tx.events().after(0, 10)).await;
    let events: Result<Vec<_>, countersign_store::Error> = events;
    let kinds: Vec<_> = events.unwrap().iter().map(|recorded| recorded.event.kind()).collect();
    assert_eq!(kinds, ["TokensDenied", "TokensDenied"]);
}

#[tokio::test]
async fn what_is_withdrawn_stays_so_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::dev();
    let keys = format!("[keys]\ncustody = \"{}\"\ncore = \"{}\"", "5a".repeat(32), "3c".repeat(32));
    config.keys = Config::parse(&keys).unwrap().keys;
    config.store.directory = Some(folder.path().to_owned());
    let (withdrawn, kept) = {
        let world = World::with(config.clone());
        let (first, second) = (
            token(&Call::default().post(&world, TOKEN, &sample()).await),
            token(&Call::default().post(&world, TOKEN, &sample()).await),
        );
        Call::default().bearer(&first).post(&world, "/logout", &json!({})).await;
        (first, second)
    };
    let world = World::with(config);
    refused(&Call::default().bearer(&withdrawn).get(&world, "/me").await, 401, &not_authorized());
    me(&world, &kept).await;
}

#[tokio::test]
async fn an_operator_withdraws_tokens() {
    let (world, _folder) = known_keys("");
    let now = world.app().now();
    let token = made(|_| {}, now);
    me(&world, &token).await;
    let deny = async |body: Value| {
        let request = http::Request::post("/admin/v1/token-denials")
            .header("authorization", "Bearer key")
            .body(body.to_string().into())
            .unwrap();
        world.send(request).await
    };
    for wrong in [
        json!({}),
        json!({ "tokenId": "x" }),
        json!({ "tokenId": TokenId([7; 16]).to_string(), "person": "PNOEE-1" }),
    ] {
        assert_eq!(deny(wrong.clone()).await.status, 400, "{wrong}");
    }
    me(&world, &token).await;
    let answer = deny(json!({ "tokenId": TokenId([7; 16]).to_string() })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    refused(&Call::default().bearer(&token).get(&world, "/me").await, 401, &not_authorized());
    let other = made(|claims| claims.id = TokenId([8; 16]), now);
    me(&world, &other).await;
    assert_eq!(deny(json!({ "person": "PNOEE-30110100103" })).await.status, 200);
    refused(&Call::default().bearer(&other).get(&world, "/me").await, 401, &not_authorized());
}

#[tokio::test]
async fn pages_of_configured_origins_may_call_with_a_token() {
    let (world, _folder) = known_keys("origins = [\"https://portal.example.org\"]");
    let token = made(|_| {}, world.app().now());
    let asked = |origin: &str| Call::default().bearer(&token).with("origin", origin);
    let answer = asked("https://portal.example.org").get(&world, "/me").await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://portal.example.org");
    let answer = asked("https://evil.example").get(&world, "/me").await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let preflight = Call::default()
        .with("origin", "https://portal.example.org")
        .with("access-control-request-method", "GET");
    let answer = preflight.send(&world, http::Method::OPTIONS, "/me", "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("access-control-allow-headers").contains("Authorization"));
    let answer = preflight.send(&world, http::Method::OPTIONS, TOKEN, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn old_tokens_are_read_only_where_that_is_switched_on() {
    let vector: Value = serde_json::from_str(include_str!("../../../../fixtures/token/legacy.json")).unwrap();
    let (old, secret) = (vector["token"].as_str().unwrap(), vector["secret"].as_str().unwrap());
    let expires: Timestamp = vector["expires"].as_str().unwrap().parse().unwrap();
    for (switched_on, offset, good) in
        [(false, -60, false), (true, -60, true), (true, 0, false), (true, -7300, false)]
    {
        let mut config = Config::dev();
        if switched_on {
            let text = format!("[registrant]\nlegacy_secret = \"{secret}\"");
            config.registrant = Config::parse(&text).unwrap().registrant;
        }
        let world = World::with(config);
        world.clock().advance(expires.duration_since(world.app().now()) + SignedDuration::from_secs(offset));
        let answer = Call::default().bearer(old).get(&world, "/me").await;
        assert_eq!(answer.status.as_u16(), if good { 200 } else { 401 }, "{switched_on} {offset}");
        if good {
            let held = answer.json();
            assert_eq!((&held["first_name"], &held["last_name"]), (&json!("Jan"), &json!("Tamm")));
            assert_eq!(held["authentication"]["proven"], false);
            let done = Call::default().bearer(old).post(&world, "/logout", &json!({})).await;
            assert_eq!(done.status, 200);
            refused(&Call::default().bearer(old).get(&world, "/me").await, 401, &not_authorized());
        }
    }
}

#[tokio::test]
async fn old_tokens_that_are_wrong_are_looked_at_only_so_often() {
    let vector: Value = serde_json::from_str(include_str!("../../../../fixtures/token/legacy.json")).unwrap();
    let (old, secret) = (vector["token"].as_str().unwrap(), vector["secret"].as_str().unwrap());
    let expires: Timestamp = vector["expires"].as_str().unwrap().parse().unwrap();
    let mut config = Config::dev();
    let text = format!("[registrant]\nlegacy_secret = \"{secret}\"\ntries_per_address = 3");
    config.registrant = Config::parse(&text).unwrap().registrant;
    let world = World::with(config);
    world.clock().advance(expires.duration_since(world.app().now()) + SignedDuration::from_secs(-600));
    // Good ones do not count.
    for _ in 0..10 {
        assert_eq!(Call::default().bearer(old).get(&world, "/me").await.status, 200);
    }
    let mut wrong = old.to_owned().into_bytes();
    wrong[0] = if wrong[0] == b'A' { b'B' } else { b'A' };
    let wrong = String::from_utf8(wrong).unwrap();
    for _ in 0..3 {
        refused(&Call::default().bearer(&wrong).get(&world, "/me").await, 401, &not_authorized());
    }
    // Then nothing is looked at any more, so nothing can be learnt; tokens of ours are.
    for token in [&*wrong, old] {
        let answer = Call::default().bearer(token).get(&world, "/me").await;
        assert_eq!(answer.status, 429);
        assert_eq!(answer.header("retry-after"), "21");
    }
    world.clock().advance(SignedDuration::from_secs(60));
    assert_eq!(Call::default().bearer(old).get(&world, "/me").await.status, 200);
}

/// The small registry, which is in the test world alone.
async fn registry() -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registrant.keys");
    std::fs::write(&path, FILE).unwrap();
    let mut config = dev::config();
    config.registrant.keys_file = Some(path);
    let world = World::build(config, |builder| builder.authorities(authority::authorities().unwrap()));
    dev::enter(world.app(), Arc::new(MovableClock::new()), None).await.expect("test persons");
    (world.again(), folder)
}

#[tokio::test]
async fn lists_have_pages_as_documented() {
    let (world, _folder) = registry().await;
    let token = made(|_| {}, world.app().now());
    let get = async |path: &str| Call::default().bearer(&token).get(&world, path).await;
    let contacts = get("/contacts").await.json();
    assert_eq!(contacts.as_array().expect("a bare array").len(), 4);
    assert_eq!(contacts[0]["ident"], json!({ "code": "30110100103", "type": "priv", "country_code": "EE" }));
    let page = get("/contacts?limit=2&offset=3").await.json();
    assert_eq!(page.as_array().unwrap(), &contacts.as_array().unwrap()[3..]);

    let domains = get("/domains?limit=3&offset=5").await.json();
    assert_eq!((&domains["total"], &domains["count"]), (&json!(7), &json!(7)));
    assert_eq!(domains["domains"].as_array().unwrap().len(), 2);
    let simple = get("/domains?simple=true&limit=1").await.json();
    assert_eq!(simple["domains"][0].as_object().unwrap().len(), 9);

    for list in ["/contacts", "/domains"] {
        for (query, member) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("offset=-1", "offset"),
        ] {
            let wanted = errors(member, "parameter is out of range");
            refused(&get(&format!("{list}?{query}")).await, 400, &wanted);
        }
        refused(&Call::default().get(&world, list).await, 401, &not_authorized());
    }
    let id = contacts[1]["id"].as_str().unwrap();
    assert_eq!(get(&format!("/contacts/{id}")).await.json(), contacts[1]);
    let nothing = "00000000-0000-4000-8000-000000000000";
    refused(&get(&format!("/contacts/{nothing}")).await, 404, &errors("base", "Contact not found"));
    refused(&get(&format!("/domains/{nothing}")).await, 404, &errors("base", "Domain not found"));
    // Another person has other ones.
    let other =
        made(|claims| claims.holder = Holder::new("EE", "40504040001", "A", "B").unwrap(), world.app().now());
    let theirs = Call::default().bearer(&other).get(&world, &format!("/contacts/{id}")).await;
    assert_eq!(theirs.status, 404);
}

#[tokio::test]
async fn a_lock_needs_proof_that_is_fresh() {
    let (world, _folder) = registry().await;
    let now = world.app().now();
    let proven = made(|_| {}, now);
    let domains = Call::default().bearer(&proven).get(&world, "/domains").await.json();
    let path = format!("/domains/{}/registry_lock", domains["domains"][0]["id"].as_str().unwrap());
    let send = async |token: &str, method: http::Method, query: &str| {
        Call::default().bearer(token).send(&world, method, &format!("{path}{query}"), "").await
    };
    let told = made(
        |claims| {
            claims.method = Method::Asserted;
            claims.assurance = Assurance::Substantial;
        },
        now,
    );
    let old = made(|claims| claims.authenticated_at = now - SignedDuration::from_secs(601), now);
    for weak in [&told, &old] {
        let answer = send(weak, http::Method::POST, "").await;
        refused(&answer, 401, &not_authorized());
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("insufficient_user_authentication") && challenge.contains("max_age=600"));
    }
    let answer = send(&proven, http::Method::DELETE, "").await;
    refused(&answer, 422, &errors("base", "Domain is not locked"));
    let locked = send(&proven, http::Method::POST, "?extensionsProhibited=true").await;
    assert_eq!(locked.status, 200, "{}", locked.text());
    let statuses = [
        "serverObjUpdateProhibited",
        "serverDeleteProhibited",
        "serverTransferProhibited",
        "serverExtensionUpdateProhibited",
    ];
    assert_eq!(locked.json()["statuses"], json!(statuses));
    assert_eq!(locked.json()["locked_by_registrant_at"], "2026-06-01T12:00:00Z");
    let again = send(&proven, http::Method::POST, "").await;
    refused(&again, 422, &errors("base", "Domain cannot be locked"));
    let unlocked = send(&proven, http::Method::DELETE, "").await.json();
    assert_eq!((&unlocked["statuses"], &unlocked["locked_by_registrant_at"]), (&json!(["ok"]), &Value::Null));
}

#[tokio::test]
async fn the_small_registry_is_in_the_test_world_alone() {
    let (world, _folder) = known_keys("");
    let token = made(|_| {}, world.app().now());
    let answer = Call::default().bearer(&token).get(&world, "/domains").await;
    refused(&answer, 404, &errors("base", "Not Found"));
}
