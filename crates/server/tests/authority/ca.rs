//! `/admin/v1` for the certificate authority: issuing, suspending, rollover, revocation lists, the ceremony log.

use countersign_pki::Certificate;
use countersign_pki::path::{self, Purpose};
use countersign_server::Config;
use countersign_server::config::Crl;
use countersign_server::{Listeners, Server};
use countersign_testkit::World;
use countersign_wire::admin::ca::{CeremonyEntry, CeremonyLog};
use http::Method;
use serde_json::{Value, json};

use super::openssl::judge;
use super::{act, admin, config, done, over, seal, sealed, serial, with, world};

async fn get(world: &World, path: &str) -> Value {
    done(&admin(world, Method::GET, path, None).await)
}

async fn log(world: &World) -> Vec<CeremonyEntry> {
    let answer = admin(world, Method::GET, "/ceremony", None).await;
    serde_json::from_slice::<CeremonyLog>(&answer.body).expect("a log").entries
}

/// What `openssl crl` says of a CA's list.
async fn list_of(world: &World, ca: &str) -> Option<String> {
    let list = world.get(&format!("/ca/{ca}.crl")).await;
    assert_eq!((list.status.as_u16(), list.header("content-type")), (200, "application/pkix-crl"));
    let issuer = world.get(&format!("/trust/{ca}.pem")).await;
    let arguments = ["crl", "-inform", "DER", "-in", "0", "-CAfile", "1", "-noout", "-text"];
    let said = judge("openssl crl", &[&list.body, &issuer.body], &arguments)?;
    assert!(said.contains("verify OK"), "{said}");
    Some(said)
}

#[tokio::test]
async fn a_seal_is_issued_and_verifies_under_the_ca() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let cas = world.app().authorities().expect("an authority").cas();
    let (root, ca) = (cas[0].certificate().clone(), cas[2].certificate().clone());
    path::validate(&certificate, &[ca], &[root], world.app().now(), Purpose::Signature).expect("a path");
    let found = get(&world, &format!("/certificates/eid-nq/0x{}", serial(&certificate))).await;
    assert_eq!((&found["state"], &found["issuer"]), (&json!("GOOD"), &json!("eid-nq")));
    let said = judge(
        "openssl x509",
        &[certificate.to_pem().as_bytes()],
        &["x509", "-in", "0", "-noout", "-text", "-nameopt", "RFC2253"],
    );
    if let Some(said) = said {
        for part in ["Non Repudiation", "TEST seal", "NTREE-12345678", "/ca/eid-nq.crl", "/ocsp"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_leaves_nothing() {
    let world = world();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut wanted = seal("eid-nq");
        change(&mut wanted);
        wanted
    };
    for (wanted, member) in [
        (with(&|w| w["request"] = json!("no request")), "request"),
        (with(&|w| w["issuer"] = json!("eid-x")), "issuer"),
        (with(&|w| w["issuer"] = json!("eid-q")), "issuer"),
        (with(&|w| w["organization"] = Value::Null), "organization"),
        (with(&|w| w["days"] = json!(0)), "days"),
        (with(&|w| w["days"] = json!(2_000)), "days"),
        (with(&|w| w["commonName"] = json!("")), "commonName"),
        (with(&|w| w["evidence"] = json!("a name")), "evidence"),
        (with(&|w| w["profile"] = json!("time-stamping-unit")), "issuer"),
    ] {
        let answer = admin(&world, Method::POST, "/certificates", Some(wanted.clone())).await;
        assert_eq!(answer.status, 400, "{wanted}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["paramName"], member, "{}", answer.text());
    }
    let unknown = json!({ "profile": "person" });
    assert_eq!(admin(&world, Method::POST, "/certificates", Some(unknown)).await.status, 400);
    for path in ["/certificates/eid-q/4a01", "/certificates/eid-q/no-number", "/certificates/none/01"] {
        assert_eq!(admin(&world, Method::GET, path, None).await.status, 404, "{path}");
        let answer = admin(&world, Method::POST, &format!("{path}/suspend"), Some(json!({}))).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(get(&world, "/certificates?issuer=eid-nq").await["certificates"], json!([]));
    assert_eq!(log(&world).await, []);
}

#[tokio::test]
async fn only_an_operator_gets_in() {
    let world = world();
    for path in ["/certificates", "/authorities", "/ceremony"] {
        assert_eq!(world.get(&format!("/admin/v1{path}")).await.status, 401, "{path}");
    }
    for path in
        ["/clock/accept", "/authorities/eid-q/rollover", "/responders/rollover", "/certificates/a/01/revoke"]
    {
        assert_eq!(world.post(&format!("/admin/v1{path}"), &json!({})).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn lists_name_what_is_on_hold_until_it_is_resumed() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    let place = format!("/certificates/eid-nq/{}", serial(&certificate));
    let number =
        |said: &str| said.split("X509v3 CRL Number:").nth(1).expect("a number").trim()[..1].to_owned();
    let empty = list_of(&world, "eid-nq").await;
    let held = act(&world, &format!("{place}/suspend"), json!({ "evidence": "call/1" })).await;
    assert_eq!((&held["state"], &held["reason"]), (&json!("ON_HOLD"), &json!("certificateHold")));
    let on_hold = list_of(&world, "eid-nq").await;
    assert_eq!(
        get(&world, "/certificates?state=ON_HOLD").await["certificates"][0]["serial"],
        serial(&certificate)
    );
    act(&world, &format!("{place}/resume"), json!({})).await;
    let resumed = list_of(&world, "eid-nq").await;
    let revoked = act(&world, &format!("{place}/revoke"), json!({ "reason": "cessationOfOperation" })).await;
    assert_eq!(revoked["state"], "REVOKED");
    let at_last = list_of(&world, "eid-nq").await;
    if let (Some(empty), Some(on_hold), Some(resumed), Some(at_last)) = (empty, on_hold, resumed, at_last) {
        assert!(empty.contains("No Revoked Certificates") && number(&empty) == "1", "{empty}");
        assert!(on_hold.contains("Certificate Hold") && number(&on_hold) == "2", "{on_hold}");
        assert!(resumed.contains("No Revoked Certificates") && number(&resumed) == "3", "{resumed}");
        assert!(at_last.contains("Cessation Of Operation") && number(&at_last) == "4", "{at_last}");
    }
    for act_name in ["suspend", "resume"] {
        let answer = admin(&world, Method::POST, &format!("{place}/{act_name}"), Some(json!({}))).await;
        assert_eq!(answer.status, 409, "{act_name}: {}", answer.text());
    }
    // Once more changes nothing, not even the log.
    let before = log(&world).await.len();
    act(&world, &format!("{place}/revoke"), json!({ "reason": "keyCompromise" })).await;
    assert_eq!(log(&world).await.len(), before);
}

#[tokio::test]
async fn lists_are_made_on_schedule_and_when_something_is_revoked() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("eid-nq.crl");
    let crl = Crl { directory: Some(directory.path().to_owned()), ..Crl::default() };
    let world = with(Config { crl, ..config() });
    let running = Server::start(world.app().clone(), Listeners::default());
    let changed = async |before: Vec<u8>| {
        let looking = async {
            loop {
                match std::fs::read(&path) {
                    Ok(now) if now != before => break now,
                    Ok(_) | Err(_) => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), looking).await.expect("a new list")
    };
    let first = changed(Vec::new()).await;
    let certificate = sealed(&world, "eid-nq").await;
    let place = format!("/certificates/eid-nq/{}/revoke", serial(&certificate));
    act(&world, &place, json!({ "reason": "superseded" })).await;
    let second = changed(first).await;
    // Asked for, it is there when its maker is done; then whoever makes lists waits for the schedule.
    assert_eq!(world.get("/ca/eid-nq.crl").await.body, second);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    world.advance(12 * 3600);
    let third = changed(second).await;
    assert_eq!(world.get("/ca/eid-nq.crl").await.body, third);
    assert!(world.get("/metrics").await.text().contains("countersign_revocation_lists_total"));
    running.shutdown().await;
}

#[tokio::test]
async fn a_new_ca_takes_over_and_the_one_before_goes_on_answering() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = over(directory.path(), config());
    let old = sealed(&world, "eid-nq").await;
    let order = json!({ "evidence": "ceremony/1" });
    let made = act(&world, "/authorities/eid-nq/rollover", order.clone()).await;
    assert_eq!((&made["name"], &made["current"]), (&json!("eid-nq-2"), &json!(true)));
    assert!(made["subject"].as_str().expect("a name").contains("EID-NQ 2026 2"), "{made}");
    // The one before issues no more, and cannot be followed twice; the root is not rolled over here.
    let answer = admin(&world, Method::POST, "/certificates", Some(seal("eid-nq"))).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    for (name, expected) in [("eid-nq", 409), ("root", 409), ("eid-x", 404)] {
        let path = format!("/authorities/{name}/rollover");
        assert_eq!(admin(&world, Method::POST, &path, Some(order.clone())).await.status, expected, "{name}");
    }
    let new = sealed(&world, "eid-nq-2").await;
    drop(world);

    // All of it is there after a restart.
    let world = over(directory.path(), config());
    let status = get(&world, "/authorities").await;
    let named: Vec<_> = status["members"]
        .as_array()
        .expect("members")
        .iter()
        .filter(|member| member["role"] == "issuing-ca")
        .map(|member| (member["name"].as_str().expect("a name").to_owned(), member["current"].clone()))
        .collect();
    let expected = [("eid-q", true), ("eid-nq", false), ("eid-nq-2", true)];
    assert_eq!(named, expected.map(|(name, current)| (name.to_owned(), json!(current))));
    let bundle = world.get("/trust/bundle.pem").await;
    assert_eq!(Certificate::pem_bundle(bundle.text()).expect("certificates").len(), 4);
    for (ca, certificate) in [("eid-nq", &old), ("eid-nq-2", &new)] {
        let issuer =
            Certificate::from_pem(world.get(&format!("/trust/{ca}.pem")).await.text()).expect("a CA");
        assert!(certificate.is_signed_by(&issuer).is_ok());
        assert_eq!(world.get(&format!("/ca/{ca}.crt")).await.body, issuer.as_der());
        assert!(list_of(&world, ca).await.is_none_or(|said| said.contains("No Revoked Certificates")));
        // OCSP, by OpenSSL's own request.
        let asked = countersign_pki::ocsp::OcspRequest::new(
            vec![
                countersign_pki::ocsp::CertId::of(
                    countersign_pki::ocsp::CertIdHash::Sha256,
                    certificate,
                    &issuer,
                )
                .expect("an id"),
            ],
            None,
        );
        let request =
            http::Request::post("/ocsp").body(asked.expect("a request").to_der().expect("DER").into());
        let answer = world.send(request.expect("a request")).await;
        let root = world.get("/trust/root.pem").await;
        let chain = [root.body.to_vec(), issuer.to_pem().into_bytes()].concat();
        let time = world.app().now().as_second().to_string();
        let said = judge(
            "openssl ocsp under a new CA",
            &[&answer.body, issuer.to_pem().as_bytes(), certificate.to_pem().as_bytes(), &chain],
            &[
                "ocsp",
                "-respin",
                "0",
                "-issuer",
                "1",
                "-sha256",
                "-cert",
                "2",
                "-CAfile",
                "3",
                "-no_nonce",
                "-attime",
                &time,
            ],
        );
        if let Some(said) = said {
            assert!(said.contains("Response verify OK") && said.contains("good"), "{said}");
        }
    }
    assert_eq!(CeremonyEntry::check(&log(&world).await), Ok(()));
}

#[tokio::test]
async fn the_ceremony_log_is_whole_and_cannot_be_changed() {
    let world = world();
    let certificate = sealed(&world, "eid-nq").await;
    act(
        &world,
        "/ceremony",
        json!({ "text": "Root key parts 1 and 2 brought by two keepers", "evidence": "room/1" }),
    )
    .await;
    for wrong in [json!({ "text": "" }), json!({ "text": "a\nb" }), json!({ "text": "x".repeat(501) })] {
        assert_eq!(admin(&world, Method::POST, "/ceremony", Some(wrong)).await.status, 400);
    }
    let entries = log(&world).await;
    assert_eq!(CeremonyEntry::check(&entries), Ok(()));
    let acts: Vec<_> = entries.iter().map(|entry| entry.act.as_str()).collect();
    assert_eq!(acts, ["begin", "begin", "begin", "begin", "issue-certificate", "note"]);
    assert_eq!(entries[4].subject, format!("eid-nq/{}", serial(&certificate)));
    assert_eq!((entries[4].operator.as_str(), entries[4].evidence.as_str()), ("desk-1", "case/1"));
    let paged = get(&world, "/ceremony?after=4&limit=1").await;
    assert_eq!((paged["entries"].as_array().expect("entries").len(), &paged["more"]), (1, &json!(true)));
}

#[tokio::test]
async fn certificates_are_listed_page_by_page() {
    let world = world();
    for _ in 0..5 {
        sealed(&world, "eid-nq").await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(&world, &format!("/certificates?issuer=eid-nq&limit=2{after}")).await;
        let found = page["certificates"].as_array().expect("certificates");
        assert!(found.len() <= 2);
        seen.extend(found.iter().map(|each| each["serial"].as_str().expect("a number").to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (5, &sorted));
    for wrong in ["state=GONE", "after=x", "after=eid-q/zz"] {
        assert_eq!(
            admin(&world, Method::GET, &format!("/certificates?{wrong}"), None).await.status,
            400,
            "{wrong}"
        );
    }
}
