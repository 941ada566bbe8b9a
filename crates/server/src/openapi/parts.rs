//! Pieces that descriptions are made of.

use countersign_wire::words::Word;
use serde_json::{Map, Value, json};

/// A reference to a schema of the document.
pub(super) fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A reference to a schema, with a description of its own.
pub(super) fn schema_as(name: &str, description: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}"), "description": description })
}

/// One of a list of words.
pub(super) fn words<W: Word>(description: &str) -> Value {
    json!({ "type": "string", "enum": W::WORDS, "description": description })
}

/// A text.
pub(super) fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A text of a form.
pub(super) fn pattern(pattern: &str, description: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description })
}

/// Bytes as base64url without padding.
pub(super) fn b64u(description: &str) -> Value {
    pattern("^[A-Za-z0-9_-]*$", description)
}

/// A point in time.
pub(super) fn time(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

/// The same, or `null`, which counts as absent: several serializers write absent members so.
pub(super) fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// The members of a request: those that are not required may be `null`.
pub(super) fn request_object(required: &[&str], members: Value) -> Value {
    let mut object = object(required, members);
    if let Some(members) = object["properties"].as_object_mut() {
        for (name, member) in members {
            if !required.contains(&name.as_str()) {
                *member = or_null(member.take());
            }
        }
    }
    object
}

/// An object with these members, of which the named ones must be there. Others may be.
pub(super) fn object(required: &[&str], members: Value) -> Value {
    let mut object = json!({ "type": "object", "properties": members });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// An object with exactly these members.
pub(super) fn closed_object(required: &[&str], members: Value) -> Value {
    let mut object = object(required, members);
    object["additionalProperties"] = json!(false);
    object
}

/// An answer with a JSON body.
pub(super) fn json_answer(description: &str, schema: Value, example: Option<Value>) -> Value {
    let mut media = json!({ "schema": schema });
    if let Some(example) = example {
        media["example"] = example;
    }
    json!({ "description": description, "content": { "application/json": media } })
}

/// A JSON body with examples by name.
pub(super) fn json_body(schema: Value, examples: &[(&str, Value)]) -> Value {
    let examples: Map<String, Value> = examples
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!({ "summary": name, "value": value })))
        .collect();
    json!({ "required": true, "content": { "application/json": { "schema": schema, "examples": examples } } })
}
