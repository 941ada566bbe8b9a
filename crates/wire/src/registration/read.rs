//! Members of a JSON object, each read with an error that names it and never quotes it.

use serde_json::{Map, Value};

use crate::problem::InvalidMember;

/// The object that a body is.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, InvalidMember> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(InvalidMember::body("expected a JSON object")),
        Err(error) => {
            let (kind, line, column) = (error.classify(), error.line(), error.column());
            Err(InvalidMember::body(format!("expected JSON; {kind:?} error at line {line}, column {column}")))
        }
    }
}

/// A member that may be absent, or `null`, which is the same.
fn member<'a>(members: &'a Map<String, Value>, pointer: &'static str) -> Option<&'a Value> {
    members.get(&pointer[1..]).filter(|value| !value.is_null())
}

/// A text that may be absent.
pub(super) fn text<'a>(
    members: &'a Map<String, Value>,
    pointer: &'static str,
) -> Result<Option<&'a str>, InvalidMember> {
    member(members, pointer)
        .map(|value| value.as_str().ok_or_else(|| InvalidMember::at(pointer, "expected a text")))
        .transpose()
}

/// `true` or `false`, or absent.
pub(super) fn switch(
    members: &Map<String, Value>,
    pointer: &'static str,
) -> Result<Option<bool>, InvalidMember> {
    member(members, pointer)
        .map(|value| value.as_bool().ok_or_else(|| InvalidMember::at(pointer, "expected true or false")))
        .transpose()
}
