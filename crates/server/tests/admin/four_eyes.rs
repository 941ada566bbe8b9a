//! What takes two people: proposed, approved by another, and every way around it.

use countersign_domain::desk::{Act, Right, Role};
use countersign_server::Config;
use countersign_server::config::Admin;
use countersign_testkit::{Answer, World};
use http::Method;
use serde_json::{Value, json};

use crate::evidence::identification;
use crate::{call, enrolled, events, problem, wanted, world_with};

/// Keys: `ann` and `eva` do and approve everything; `reg` records, `app` approves, `aud` reads.
fn keys(config: &mut Config) {
    let key = |name: &str, roles: &[Role]| Admin { roles: roles.to_vec(), ..Admin::of_key(name, name) };
    config.admins = vec![
        key("ann", &[Role::All]),
        key("eva", &[Role::All]),
        key("reg", &[Role::Registrar]),
        key("app", &[Role::Approver]),
        key("aud", &[Role::Auditor]),
    ];
}

fn two(acts: &[Act]) -> World {
    world_with(|config| {
        keys(config);
        config.desk.four_eyes = acts.to_vec();
    })
}

async fn post(world: &World, who: &str, path: &str, body: &Value) -> Answer {
    call(world, Method::POST, path, &body.to_string(), &[&format!("Bearer {who}")], None).await
}

async fn get(world: &World, who: &str, path: &str) -> Value {
    let answer = call(world, Method::GET, path, "", &[&format!("Bearer {who}")], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Proposes, and checks that it is no more than that.
async fn proposed(world: &World, who: &str, path: &str, body: &Value) -> Value {
    let answer = post(world, who, path, body).await;
    assert_eq!(answer.status, 202, "{path}: {}", answer.text());
    let proposal = answer.json();
    assert_eq!((&proposal["state"], &proposal["by"]), (&json!("OPEN"), &json!(who)));
    assert_eq!(proposal["request"]["path"], format!("/admin/v1{path}"));
    assert_eq!(proposal["request"]["body"], body.to_string());
    proposal
}

async fn approve(world: &World, who: &str, proposal: &Value) -> Answer {
    approve_as(world, who, proposal, &proposal["sha256"]).await
}

async fn approve_as(world: &World, who: &str, proposal: &Value, sha256: &Value) -> Answer {
    let path = format!("/proposals/{}/approve", proposal["proposal"].as_str().expect("an id"));
    post(world, who, &path, &json!({ "sha256": sha256 })).await
}

async fn kinds(world: &World) -> Vec<&'static str> {
    events(world).await.iter().map(countersign_domain::Event::kind).collect()
}

const EVIDENCE: &str = "/evidence";

#[tokio::test]
async fn nothing_happens_until_somebody_else_agrees() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    assert_eq!(kinds(&world).await, ["Proposed"], "nothing was recorded");

    let approved = approve(&world, "app", &proposal).await;
    assert_eq!(approved.status, 200, "{}", approved.text());
    let body = approved.json();
    assert_eq!(body["answer"]["by"], "reg", "it is the act of whoever proposed it");
    assert_eq!(
        (&body["proposal"]["state"], &body["proposal"]["decidedBy"]),
        (&json!("APPROVED"), &json!("app"))
    );
    assert!(body["proposal"]["request"].is_null(), "what was asked is forgotten");
    assert_eq!(kinds(&world).await, ["Proposed", "DeskActed", "EvidenceRecorded", "ProposalApproved"]);
    let path = format!("/evidence/{}", body["answer"]["evidence"].as_str().expect("an id"));
    assert_eq!(get(&world, "aud", &path).await["state"], "WAITING");

    // Level 3 does not take two here.
    let mut advanced = identification();
    advanced["levels"] = json!({ "zertes": 3, "eidas": 3 });
    assert_eq!(post(&world, "reg", EVIDENCE, &advanced).await.status, 200);
}

#[tokio::test]
async fn nobody_is_two_people() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "ann", EVIDENCE, &identification()).await;
    problem(&approve(&world, "ann", &proposal).await, 403, "forbidden");
    for who in ["reg", "aud"] {
        problem(&approve(&world, who, &proposal).await, 403, "forbidden");
    }
    let path = format!("/proposals/{}/reject", proposal["proposal"].as_str().expect("an id"));
    problem(&post(&world, "reg", &path, &json!({})).await, 403, "forbidden");
    problem(&post(&world, "aud", &path, &json!({})).await, 403, "forbidden");
    assert_eq!(kinds(&world).await, ["Proposed"]);
    assert_eq!(approve(&world, "eva", &proposal).await.status, 200);
}

#[tokio::test]
async fn an_approval_is_for_what_was_seen_and_for_once() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    let mut other = identification();
    other["msisdn"] = json!("41790000000");
    let second = proposed(&world, "reg", EVIDENCE, &other).await;
    assert_ne!(proposal["sha256"], second["sha256"]);
    problem(&approve_as(&world, "app", &proposal, &second["sha256"]).await, 409, "conflict");
    problem(&approve_as(&world, "app", &proposal, &json!("")).await, 409, "conflict");

    assert_eq!(approve(&world, "app", &proposal).await.status, 200);
    for again in [approve(&world, "app", &proposal).await, approve(&world, "eva", &proposal).await] {
        problem(&again, 409, "conflict");
    }
    let recorded = kinds(&world).await.iter().filter(|kind| **kind == "EvidenceRecorded").count();
    assert_eq!(recorded, 1);
}

#[tokio::test]
async fn two_who_approve_at_once_do_it_once() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    let (one, other) = tokio::join!(approve(&world, "app", &proposal), approve(&world, "eva", &proposal));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(kinds(&world).await.iter().filter(|kind| **kind == "EvidenceRecorded").count(), 1);
}

#[tokio::test]
async fn its_time_ends() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    world.advance(72 * 3600);
    problem(&approve(&world, "app", &proposal).await, 410, "expired");
    let open = get(&world, "app", "/proposals?state=OPEN").await;
    assert_eq!(open["proposals"], json!([]));
    let now = world.app().now();
    let swept = world.app().store().write("sweep", move |tx| tx.sweep(now, 100)).await;
    swept.map_err(|error: countersign_store::Error| error).expect("swept");
    assert_eq!(kinds(&world).await, ["Proposed", "ProposalExpired"]);
    let all = get(&world, "app", "/proposals").await;
    assert_eq!(all["proposals"][0]["state"], "EXPIRED");
    assert!(!all.to_string().contains("MÄNNIK"), "what was asked is forgotten");
    problem(&approve(&world, "app", &proposal).await, 410, "expired");
}

#[tokio::test]
async fn no_is_no() {
    let world = two(&[Act::RecordQualified]);
    for who in ["app", "reg"] {
        let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
        let path = format!("/proposals/{}/reject", proposal["proposal"].as_str().expect("an id"));
        problem(&post(&world, who, &path, &json!({ "reference": "a b" })).await, 400, "invalid-request");
        let rejected = post(&world, who, &path, &json!({ "reference": "case/3" })).await;
        assert_eq!(rejected.json()["state"], "REJECTED", "{}", rejected.text());
        problem(&approve(&world, "app", &proposal).await, 409, "conflict");
        problem(&post(&world, "app", &path, &json!({})).await, 409, "conflict");
    }
    let unknown = post(&world, "app", "/proposals/none/approve", &json!({ "sha256": "" })).await;
    problem(&unknown, 404, "not-found");
}

#[tokio::test]
async fn what_could_not_be_done_is_not_proposed() {
    let world = two(&[Act::RecordQualified, Act::BindEvidence, Act::EndWrong, Act::RevokeAccount]);
    let mut wrong = identification();
    wrong["method"] = json!("video");
    problem(&post(&world, "reg", EVIDENCE, &wrong).await, 400, "invalid-request");
    let none = "/evidence/RAS0123456789abcdef01234567";
    let device = json!({ "deviceId": "none" });
    problem(&post(&world, "ann", &format!("{none}/bind"), &device).await, 404, "not-found");
    problem(
        &post(&world, "ann", &format!("{none}/end"), &json!({ "reason": "wrong" })).await,
        404,
        "not-found",
    );
    let account = "/accounts/PNOEE-40504040001-DEM0-Q/revoke";
    problem(&post(&world, "ann", account, &json!({ "reason": "keyCompromise" })).await, 404, "not-found");
    assert!(events(&world).await.is_empty());
}

/// What has become impossible meanwhile stays a proposal, which somebody rejects.
#[tokio::test]
async fn what_cannot_be_done_any_more_is_not_done() {
    let world = two(&[Act::EndWrong]);
    let recorded = post(&world, "ann", EVIDENCE, &identification()).await.json();
    let path = format!("/evidence/{}/end", recorded["evidence"].as_str().expect("an id"));
    let proposal = proposed(&world, "ann", &path, &json!({ "reason": "wrong" })).await;
    assert_eq!(post(&world, "ann", &path, &json!({ "reason": "withdrawn" })).await.status, 200);
    problem(&approve(&world, "eva", &proposal).await, 409, "conflict");
    let shown =
        get(&world, "eva", &format!("/proposals/{}", proposal["proposal"].as_str().expect("an id"))).await;
    assert_eq!(shown["state"], "OPEN");
}

/// A key that was taken away, or has lost its role, does nothing by an approval either.
#[tokio::test]
async fn whoever_is_gone_does_nothing_any_more() {
    let world = two(&[Act::RecordQualified]);
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    let without = |change: fn(&mut Vec<Admin>)| {
        let store = world.app().store().clone();
        crate::world_of(
            |config| {
                keys(config);
                config.desk.four_eyes = vec![Act::RecordQualified];
                change(&mut config.admins);
            },
            |builder| builder.store(store),
        )
    };
    let gone = without(|admins| admins.retain(|admin| admin.name != "reg"));
    problem(&approve(&gone, "app", &proposal).await, 403, "forbidden");
    let lost = without(|admins| admins[2].roles = vec![Role::Auditor]);
    problem(&approve(&lost, "app", &proposal).await, 403, "forbidden");
    assert_eq!(approve(&without(|_| {}), "app", &proposal).await.status, 200);
}

/// A code for a phone on a reference of the operator's own would be a way around the second person.
#[tokio::test]
async fn there_is_no_phone_without_evidence_where_evidence_takes_two() {
    let world = two(&[Act::RecordQualified]);
    let body = problem(&post(&world, "reg", "/activations", &wanted()).await, 400, "invalid-request");
    assert_eq!(body["errors"][0]["pointer"], "/evidence");
    let mut without = wanted();
    without.as_object_mut().expect("an object").remove("evidence");
    problem(&post(&world, "reg", "/activations", &without).await, 400, "invalid-request");
    let proposal = proposed(&world, "reg", EVIDENCE, &identification()).await;
    let evidence = approve(&world, "app", &proposal).await.json()["answer"]["evidence"].clone();
    let mut on_evidence = wanted();
    on_evidence["evidence"] = evidence;
    assert_eq!(post(&world, "reg", "/activations", &on_evidence).await.status, 200);
}

/// Each act that the table says can take two does, on something that it could be done to.
#[tokio::test]
async fn every_act_of_the_desk_that_takes_two_waits_and_is_done() {
    let plain = two(&[]);
    let evidence = post(&plain, "ann", EVIDENCE, &identification()).await.json()["evidence"].clone();
    let mut code = wanted();
    code["evidence"] = evidence.clone();
    let code = post(&plain, "ann", "/activations", &code).await.json();
    let phone = enrolled(&plain, code["activationCode"].as_str().expect("a code"), 7).await.expect("a phone");
    drop(phone);
    let person = get(&plain, "ann", &format!("/persons/{}", crate::PERSON)).await;
    let (device, document) =
        (&person["accounts"][0]["devices"][0]["deviceId"], &person["accounts"][0]["documentNumber"]);
    let of = |rest: &str| format!("/evidence/{}{rest}", evidence.as_str().expect("an id"));
    let certificates = get(&plain, "ann", "/certificates?issuer=eid-q").await;
    let serial = certificates["certificates"][0]["serial"].as_str().expect("a serial").to_owned();
    let certificate = |rest: &str| format!("/certificates/eid-q/{serial}{rest}");

    let acts: Vec<_> = Act::ALL.iter().copied().filter(|act| Right::of(*act).second.is_some()).collect();
    let store = plain.app().store().clone();
    let change = |config: &mut Config| {
        keys(config);
        config.desk.four_eyes = acts.clone();
    };
    let world = crate::world_of(change, |builder| builder.store(store));
    let mut advanced = identification();
    advanced["levels"] = json!({ "zertes": 3, "eidas": 3 });
    let account = format!("/accounts/{}/revoke", document.as_str().expect("a document"));
    let suspend = post(&world, "ann", &certificate("/suspend"), &json!({})).await;
    assert_eq!(suspend.status, 200, "suspending is for one: {}", suspend.text());
    for (act, path, body) in [
        (Act::RecordEvidence, EVIDENCE.to_owned(), advanced),
        (Act::RecordQualified, EVIDENCE.to_owned(), identification()),
        (Act::BindEvidence, of("/bind"), json!({ "deviceId": device })),
        (Act::ResumeCertificate, certificate("/resume"), json!({})),
        (Act::RevokeCertificate, certificate("/revoke"), json!({ "reason": "superseded" })),
        (Act::EndWrong, of("/end"), json!({ "reason": "wrong" })),
        (Act::RevokeAccount, account, json!({ "reason": "keyCompromise" })),
        (Act::DenyTokens, "/token-denials".to_owned(), json!({ "person": crate::PERSON })),
    ] {
        let proposal = proposed(&world, "ann", &path, &body).await;
        assert_eq!(proposal["act"], act.as_str());
        let approved = approve(&world, "eva", &proposal).await;
        assert_eq!(approved.status, 200, "{act}: {}", approved.text());
        assert_eq!(approved.json()["proposal"]["state"], "APPROVED", "{act}");
    }
}
