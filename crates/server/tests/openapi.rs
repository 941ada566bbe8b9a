//! The description says what the server does.

use std::collections::BTreeSet;

use countersign_server::openapi::{document, example};
use countersign_testkit::{AccountDraft, World};
use countersign_wire::endpoint::{ALIASES, CERTIFICATE_PATH, SESSION_PATH, STARTS};
use serde_json::Value;

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut seen = 0;
    walk(&document, &mut |value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            let pointer = target.strip_prefix('#').expect("a reference inside the document");
            assert!(document.pointer(pointer).is_some(), "{target}");
            seen += 1;
        }
    });
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_component_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            used.insert(target.to_owned());
        }
    });
    walk(&document, &mut |value| {
        for scheme in value.get("security").and_then(Value::as_array).into_iter().flatten() {
            let names = scheme.as_object().unwrap().keys();
            used.extend(names.map(|name| format!("#/components/securitySchemes/{name}")));
        }
    });
    for (kind, members) in document["components"].as_object().unwrap() {
        for name in members.as_object().unwrap().keys() {
            let target = format!("#/components/{kind}/{name}");
            // 405 is what any path answers to another method; no operation has it.
            assert!(used.contains(&target) || name == "RelyingParty405", "{target} is used nowhere");
        }
    }
}

#[test]
fn operations_have_names_of_their_own_and_answers() {
    let document = document();
    let mut names = BTreeSet::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            count += 1;
            assert!(names.insert(operation["operationId"].as_str().unwrap()), "{method} {path}");
            let good = ["200", "201", "204"].iter().any(|status| operation["responses"][status].is_object());
            assert!(good, "{method} {path}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
        }
    }
    assert_eq!(names.len(), count);
}

#[test]
fn the_whole_relying_party_api_is_described() {
    let document = document();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|path| path.starts_with("/v3"))
        .cloned()
        .collect();
    let served: BTreeSet<_> = STARTS
        .iter()
        .chain(&ALIASES)
        .map(|row| row.path)
        .chain([CERTIFICATE_PATH, SESSION_PATH])
        .map(str::to_owned)
        .collect();
    assert_eq!(described, served);
}

#[tokio::test]
async fn described_paths_are_served() {
    let world = World::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        // Doors that are built by others are looked at in their own tests.
        if !path.starts_with("/v3") && item["get"].is_null() || path.starts_with("/device/") {
            continue;
        }
        let target = path.replace(['{', '}'], "");
        let answer =
            if item["get"].is_null() { world.post_text(&target, "").await } else { world.get(&target).await };
        let status = answer.status.as_u16();
        let method = if item["get"].is_null() { "post" } else { "get" };
        assert!(
            item[method]["responses"][status.to_string()].is_object(),
            "{method} {path} answered {status}"
        );
    }
}

#[tokio::test]
async fn answers_are_those_that_are_described() {
    let world = World::new();
    AccountDraft::new("PNOEE-40504040001-DEM0-Q").create(&world).await;
    let document = document();
    for row in STARTS.iter().chain(&ALIASES) {
        let path = match row.addressee {
            countersign_wire::endpoint::Addressee::Person => {
                row.path.replace("{addressee}", "PNOEE-40504040001")
            }
            _ => row.path.replace("{addressee}", "PNOEE-40504040001-DEM0-Q"),
        };
        for answer in [
            world.post(&path, &example(row)).await,
            world.post_text(&path, "{}").await,
            world.post_from("192.0.2.1", &path, &example(row)).await,
        ] {
            let status = answer.status.as_u16().to_string();
            let operation = &document["paths"][row.path]["post"];
            let described = resolve(&document, &operation["responses"][&status]);
            let schema = resolve(&document, &described["content"]["application/json"]["schema"]);
            assert!(schema.is_object(), "{path} {status}");
            check(&document, schema, &answer.json(), &format!("{path} {status}"));
        }
    }
}

/// Checks what this document uses of JSON Schema for objects: required members, types, constants, words, and
/// members that are not described.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    let schema = resolve(document, schema);
    if let Some(wanted) = schema.get("const") {
        assert_eq!(wanted, value, "{at}");
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        assert!(words.contains(value), "{at}: {value}");
    }
    match schema["type"].as_str() {
        Some("object") => {
            let members = value.as_object().unwrap_or_else(|| panic!("{at}: {value}"));
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().unwrap()), "{at}: {name}");
            }
            for (name, member) in members {
                assert!(schema["properties"][name].is_object(), "{at}: {name} is not described");
                check(document, &schema["properties"][name], member, &format!("{at}/{name}"));
            }
        }
        Some("array") => {
            for item in value.as_array().unwrap_or_else(|| panic!("{at}: {value}")) {
                check(document, &schema["items"], item, at);
            }
        }
        Some("string") => assert!(value.is_string(), "{at}: {value}"),
        Some("integer") => assert!(value.is_i64(), "{at}: {value}"),
        Some("boolean") => assert!(value.is_boolean(), "{at}: {value}"),
        other => panic!("{at}: {other:?}"),
    }
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(target) => document.pointer(&target[1..]).expect("a reference that leads somewhere"),
        None => value,
    }
}

fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Object(members) => members.values().for_each(|member| walk(member, visit)),
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}
