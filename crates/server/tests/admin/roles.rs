//! Every act with every role: what a key is not for, it cannot do.

use countersign_domain::desk::{Act, Right, Role};
use countersign_server::config::Admin;
use countersign_testkit::{Answer, World};
use http::Method;
use serde_json::{Value, json};

use crate::{call, events, problem, world_with};

const EVIDENCE: &str = "/evidence/RAS0123456789abcdef01234567";
const ACCOUNT: &str = "/accounts/PNOEE-40504040001-DEM0-Q";
const CERTIFICATE: &str = "/certificates/eid-q/4a01";

/// A request for each act. What it is about does not exist, or a reference is none, so that nobody does anything.
fn request(act: Act) -> (Method, String, Value) {
    let unfit = json!({ "evidence": "a b" });
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    let of = |base: &str, rest: &str| format!("{base}{rest}");
    match act {
        Act::LookUp => (get, EVIDENCE.into(), Value::Null),
        Act::LookAtAuthority => (get, CERTIFICATE.into(), Value::Null),
        Act::ReadCeremony => (get, "/ceremony".into(), Value::Null),
        Act::LookAtProposals => (get, "/proposals".into(), Value::Null),
        Act::Decide => (post, "/proposals/none/reject".into(), json!({})),
        Act::ReadTrail => (get, "/trail".into(), Value::Null),
        Act::IssueActivation => (post, "/activations".into(), json!({})),
        Act::WithdrawActivation => (delete, "/activations/00000000".into(), Value::Null),
        Act::StartIdentification => (post, "/identifications".into(), json!({})),
        Act::CancelIdentification => (post, "/identifications/none/cancel".into(), json!({})),
        Act::RecordEvidence => (post, "/evidence".into(), json!({})),
        Act::RecordQualified => (post, "/evidence".into(), json!({ "levels": { "eidas": 4 } })),
        Act::UploadResult => (post, "/results".into(), json!({ "result": "none" })),
        Act::BindEvidence => (post, of(EVIDENCE, "/bind"), json!({ "deviceId": "none" })),
        Act::EndEvidence => (post, of(EVIDENCE, "/end"), json!({ "reason": "withdrawn" })),
        Act::EndWrong => (post, of(EVIDENCE, "/end"), json!({ "reason": "wrong" })),
        Act::InvitePassword => (post, of(EVIDENCE, "/password"), json!({})),
        Act::EndPassword => (post, of(EVIDENCE, "/password/end"), json!({})),
        Act::RevokeAccount => (post, of(ACCOUNT, "/revoke"), json!({ "reason": "keyCompromise" })),
        Act::UnlockKey => (post, of(ACCOUNT, "/unlock"), json!({ "use": "SIGN", "evidence": "case/1" })),
        Act::DenyTokens => (post, "/token-denials".into(), json!({})),
        Act::ExportPerson => (get, "/persons/PNOEE-30303039914/export".into(), Value::Null),
        Act::ErasePerson => (post, "/persons/PNOEE-30303039914/erase".into(), json!({})),
        Act::IssueCertificate => (post, "/certificates".into(), json!({})),
        Act::RevokeCertificate => (post, of(CERTIFICATE, "/revoke"), json!({ "reason": "superseded" })),
        Act::SuspendCertificate => (post, of(CERTIFICATE, "/suspend"), json!({})),
        Act::ResumeCertificate => (post, of(CERTIFICATE, "/resume"), json!({})),
        Act::RollOverCa => (post, "/authorities/none/rollover".into(), json!({})),
        Act::RollOverResponders => (post, "/responders/rollover".into(), unfit),
        Act::AcceptClock => (post, "/clock/accept".into(), unfit),
        Act::NoteCeremony => (post, "/ceremony".into(), json!({ "text": "" })),
    }
}

/// The act that the route of another stands for.
fn door(act: Act) -> Act {
    match act {
        Act::RecordQualified => Act::RecordEvidence,
        Act::EndWrong => Act::EndEvidence,
        other => other,
    }
}

async fn asks(world: &World, role: Role, act: Act) -> Answer {
    let (method, path, body) = request(act);
    let body = if body.is_null() { String::new() } else { body.to_string() };
    call(world, method, &path, &body, &[&format!("Bearer key of {role}")], None).await
}

#[tokio::test]
async fn a_key_does_what_its_roles_are_for() {
    let keys = Role::ALL
        .iter()
        .map(|role| Admin { roles: vec![*role], ..Admin::of_key(role.as_str(), &format!("key of {role}")) });
    let world = world_with(|config| config.admins = keys.collect());
    for act in Act::ALL {
        for role in Role::ALL {
            let answer = asks(&world, *role, *act).await;
            if Right::of(*act).allows(&[*role]) {
                let status = answer.status.as_u16();
                assert!([200, 400, 404].contains(&status), "{role} {act}: {} {}", status, answer.text());
            } else {
                let body = problem(&answer, 403, "forbidden");
                let names =
                    |act: Act| body["detail"].as_str().is_some_and(|text| text.contains(act.as_str()));
                assert!(names(*act) || names(door(*act)), "{role} {body}");
            }
        }
    }
    assert!(events(&world).await.is_empty(), "nobody has done anything");
}

#[tokio::test]
async fn a_key_learns_what_it_is_for() {
    let key = Admin { roles: vec![Role::Registrar, Role::Approver], ..Admin::of_key("desk-3", "third") };
    let world = world_with(|config| {
        config.admins.push(key);
        config.desk.four_eyes = vec![Act::RecordQualified, Act::RollOverCa];
    });
    let answer = call(&world, Method::GET, "/operator", "", &["Bearer third"], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["operator"], "desk-3");
    assert_eq!(body["roles"], json!(["registrar", "approver"]));
    assert_eq!(body["fourEyes"], json!(["record-qualified-evidence"]), "what it cannot do is not told");
    let acts = body["acts"].as_array().expect("acts");
    assert!(acts.contains(&json!("bind-evidence")) && !acts.contains(&json!("roll-over-ca")));
    let others = body["others"].as_array().expect("others");
    assert!(others.contains(&json!({ "act": "erase-person", "roles": ["privacy"] })), "{others:?}");
    assert_eq!(acts.len() + others.len(), Act::ALL.len(), "each act is in one of the lists");
}
