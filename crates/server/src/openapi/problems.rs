//! Every answer that is no success, described once.

use countersign_wire::device::DeviceErrorCode;
use countersign_wire::problem::{
    NO_SUITABLE_ACCOUNT_FOUND, PROBLEM_JSON, Problem, ProblemType, status_title,
};
use serde_json::{Map, Value, json};

use super::parts::{object, schema, text, time, words};

/// Statuses of the relying party API that are no success, and when they come.
const RELYING_PARTY: [(u16, &str); 13] = [
    (400, "Malformed or invalid. `errors` names each member that is missing or wrong."),
    (401, "The relying party does not call from this address."),
    (403, "No relying party has this UUID, or it lacks a name or permission that the request needs."),
    (
        404,
        "Not known. With code `NO_SUITABLE_ACCOUNT_FOUND`: the person has accounts, but none of the kind asked for.",
    ),
    (405, "This path has another method."),
    (408, "The body did not arrive in time."),
    (413, "The body is too large."),
    (415, "The body is not announced as `application/json`."),
    (471, "Only with the switch `rp_api.status_471`: no account of the kind asked for, but others."),
    (480, "The client is too old for this service."),
    (500, "Our fault. `instance` is the reference to our log."),
    (503, "Too much work waits. Try again shortly."),
    (580, "Maintenance. Try again later."),
];

/// The answers of an endpoint of the relying party API that are no success.
pub(super) fn relying_party(statuses: &[u16]) -> Map<String, Value> {
    statuses.iter().map(|status| (status.to_string(), reference(&format!("RelyingParty{status}")))).collect()
}

/// The answers of the device API that are no success.
pub(super) fn device() -> Map<String, Value> {
    DEVICE_STATUSES.iter().map(|status| (status.to_string(), reference(&format!("Device{status}")))).collect()
}

/// An answer of our other surfaces.
pub(super) fn own(kind: ProblemType) -> (String, Value) {
    let mut example = Problem::of(kind, kind.title());
    example.instance = Some("/task-id/tdgx2dj9cfumh8".into());
    let body = json!({
        "description": kind.title(),
        "content": { PROBLEM_JSON: { "schema": schema("Problem"), "example": example } },
    });
    (kind.status().to_string(), body)
}

const DEVICE_STATUSES: [u16; 14] = [400, 401, 403, 404, 408, 409, 410, 413, 415, 423, 426, 429, 500, 503];

/// The answers that several endpoints share.
pub(super) fn responses() -> Value {
    let mut all = Map::new();
    for (status, description) in RELYING_PARTY {
        let mut example = match status {
            400 => Problem::invalid([countersign_wire::problem::InvalidMember::at("/vcType", "missing")]),
            404 => Problem::no_suitable_account(),
            status => Problem::status(status),
        };
        example.instance = Some("/task-id/tdgx2dj9cfumh8".into());
        let media = json!({ "schema": schema("RelyingPartyProblem"), "example": example });
        let body = json!({ "description": description, "content": { "application/json": media } });
        all.insert(format!("RelyingParty{status}"), body);
    }
    for status in DEVICE_STATUSES {
        let codes: Vec<_> = DeviceErrorCode::ALL
            .iter()
            .filter(|code| code.status() == status)
            .map(|code| code.as_str())
            .collect();
        let description = if codes.is_empty() { status_title(status).to_owned() } else { codes.join(", ") };
        let body = json!({
            "description": description,
            "content": { PROBLEM_JSON: { "schema": schema("DeviceProblem") } },
        });
        all.insert(format!("Device{status}"), body);
    }
    Value::Object(all)
}

/// The schemas of problems.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let entry = object(
        &[],
        json!({
            "code": { "type": "string", "description": "A word for programs.", "examples": [NO_SUITABLE_ACCOUNT_FOUND] },
            "detail": text("A text for people."),
            "paramName": text("The member concerned."),
            "pointer": { "type": "string", "format": "json-pointer", "description": "Where it is in the body." },
        }),
    );
    let common = |kind: Value| {
        object(
            &["type", "status", "title", "detail"],
            json!({
                "type": kind,
                "status": { "type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status, repeated." },
                "title": text("The same for every occurrence."),
                "detail": text("What happened, in words."),
                "instance": text("A reference to our log, for the service desk."),
                "errors": { "type": "array", "items": schema("ProblemEntry"), "description": "What was wrong, one entry each." },
            }),
        )
    };
    let kinds: Vec<_> =
        ProblemType::ALL.iter().map(|kind| kind.uri()).chain(["about:blank".to_owned()]).collect();
    let mut device = common(text("`urn:countersign:device:` and the code."));
    device["properties"]["code"] = words::<DeviceErrorCode>("The code, for programs.");
    device["properties"]["triesLeft"] =
        json!({ "type": "integer", "minimum": 0, "description": "With `WRONG_PIN`." });
    device["properties"]["until"] = time("With `LOCKED`.");
    device["properties"]["token"] = schema("Sealed");
    device["properties"]["reason"] = text("With `KEY_REFUSED`.");
    vec![
        ("ProblemEntry", entry),
        ("RelyingPartyProblem", common(json!({ "type": "string", "const": "about:blank" }))),
        (
            "Problem",
            common(json!({ "type": "string", "enum": kinds, "description": "The kind of problem; stable." })),
        ),
        ("DeviceProblem", device),
    ]
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}
