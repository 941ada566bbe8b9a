//! What operators look at, and the description itself.

use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::parts::{json_answer, object, schema, text};
use super::problems;
use crate::operations::metrics::OPENMETRICS;
use crate::operations::{LIVE, METRICS, READY, VERSION};

pub(super) const TAG: &str = "Operations";

pub(super) fn paths() -> Vec<(String, Value)> {
    let get = |id: &str, summary: &str, responses: Value| json!({ "get": { "tags": [TAG], "operationId": id, "summary": summary, "responses": responses } });
    let (forbidden, not_allowed) = problems::own(ProblemType::Forbidden);
    vec![
        (
            LIVE.to_owned(),
            get(
                "live",
                "Whether the process answers",
                json!({
                    "200": json_answer("It does.", object(&["status"], json!({ "status": text("Always `live`.") })), None),
                }),
            ),
        ),
        (
            READY.to_owned(),
            get(
                "ready",
                "Whether requests should come here",
                json!({
                    "200": json_answer("Yes.", schema("Readiness"), None),
                    "503": json_answer("Not now; `checks` says why.", schema("Readiness"), None),
                }),
            ),
        ),
        (
            METRICS.to_owned(),
            get(
                "metrics",
                "Counters in OpenMetrics form",
                json!({
                    "200": { "description": "The counters.", "content": { OPENMETRICS: { "schema": { "type": "string" } } } },
                    forbidden: not_allowed,
                }),
            ),
        ),
        (
            VERSION.to_owned(),
            get(
                "version",
                "What runs here",
                json!({
                    "200": json_answer("Name and version.", object(
                        &["name", "version"],
                        json!({ "name": text("The program."), "version": text("Its version.") }),
                    ), None),
                }),
            ),
        ),
        (
            super::OPENAPI.to_owned(),
            get(
                "openapi",
                "This description",
                json!({
                    "200": json_answer("An OpenAPI 3.1 document.", json!({ "type": "object" }), None),
                }),
            ),
        ),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![(
        "Readiness",
        object(
            &["status", "checks"],
            json!({
                "status": { "type": "string", "enum": ["ready", "not ready"] },
                "checks": { "type": "array", "items": object(
                    &["name", "ok"],
                    json!({ "name": text("What was looked at."), "ok": { "type": "boolean" } }),
                ) },
            }),
        ),
    )]
}
