//! Validation of signed files.

use countersign_container::{Indication, Policy, SubIndication};
use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::parts::{json_answer, object, schema, text};
use super::problems;
use crate::validation::{DEFAULT_POLICY, POLICIES, REPORTS};

pub(super) const TAG: &str = "Validation";

pub(super) fn paths() -> Vec<(String, Value)> {
    let file = json!({ "type": "string", "format": "binary", "description": "The signed file." });
    let form = object(
        &["file"],
        json!({ "file": file, "policy": text("As in the query."), "level": text("As in the query.") }),
    );
    let mut report =
        json_answer("The report. Also for files that do not hold.", schema("ValidationReport"), None);
    report["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    report["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    let mut responses = json!({ "200": report });
    for kind in [
        ProblemType::InvalidRequest,
        ProblemType::Unauthorized,
        ProblemType::NotFound,
        ProblemType::TooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::TooManyRequests,
        ProblemType::Internal,
        ProblemType::Unavailable,
    ] {
        let (status, body) = problems::own(kind);
        responses[status] = body;
    }
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    vec![
        (
            REPORTS.to_owned(),
            json!({ "post": {
                "tags": [TAG], "operationId": "validate", "summary": "Whether the signatures in a file hold",
                "description": "By EN 319 102-1, with nothing but the file and this service's own authority. Nothing is \
                    kept. `Accept` chooses JSON, HTML (a page for people) or text.",
                "parameters": [
                    {
                        "name": "policy", "in": "query", "required": false,
                        "schema": { "type": "string", "enum": Policy::NAMES, "default": DEFAULT_POLICY },
                        "description": "By which rules.",
                    },
                    {
                        "name": "level", "in": "query", "required": false,
                        "schema": { "type": "string", "enum": ["B", "T", "LT", "LTA"] },
                        "description": "The level that every signature has to reach, in place of the policy's.",
                    },
                ],
                "requestBody": { "required": true, "content": {
                    "application/vnd.etsi.asic-e+zip": binary,
                    "application/pdf": binary,
                    "application/octet-stream": binary,
                    "multipart/form-data": { "schema": form },
                } },
                "responses": responses,
            } }),
        ),
        (
            POLICIES.to_owned(),
            json!({ "get": {
                "tags": [TAG], "operationId": "validationPolicies", "summary": "The policies that can be asked for",
                "responses": { "200": json_answer("The policies.", json!({ "type": "array", "items": object(
                    &["name", "description", "requiredLevel", "default"],
                    json!({
                        "name": text("Its name."), "description": text("What it asks for."),
                        "requiredLevel": text("The level that it asks for."),
                        "default": { "type": "boolean", "description": "Whether it is used when none is named." },
                    }),
                ) }), None) },
            } }),
        ),
    ]
}

/// The report, as far as programs need it; `docs/validation.md` has the rest.
pub(super) fn report_schema() -> Value {
    let indications = [Indication::TotalPassed, Indication::Indeterminate, Indication::TotalFailed];
    let finding = object(
        &["part", "rule", "expected", "found"],
        json!({
            "part": text("Which part of the file."), "name": text("The data file, where the part is one."),
            "rule": text("The rule's stable name."), "clause": text("Where the rule is written down."),
            "expected": text("What would be right."), "found": text("What is there."),
        }),
    );
    let findings = json!({ "type": "array", "items": finding });
    let signature = object(
        &["id", "file", "indication", "errors", "warnings"],
        json!({
            "id": text("The signature's name in the file."), "file": text("Where it lies."),
            "signatureFormat": text("The level reached, such as XAdES_BASELINE_LT."),
            "signedBy": text("The signer's name."),
            "indication": { "type": "string", "enum": indications.map(Indication::as_str) },
            "subIndication": {
                "type": "string", "enum": SubIndication::ALL.iter().map(|sub| sub.as_str()).collect::<Vec<_>>(),
            },
            "signatureLevel": text("What it is worth by trusted lists, such as QESIG."),
            "errors": findings, "warnings": findings,
        }),
    );
    object(
        &[
            "validationTime",
            "policy",
            "signaturesCount",
            "validSignaturesCount",
            "signatures",
            "errors",
            "warnings",
        ],
        json!({
            "validationTime": { "type": "string", "format": "date-time" },
            "policy": { "type": "object" },
            "signatureForm": text("ASiC-E, or PDF."),
            "signaturesCount": { "type": "integer", "minimum": 0 },
            "validSignaturesCount": { "type": "integer", "minimum": 0 },
            "dataFiles": { "type": "array", "items": { "type": "object" } },
            "signatures": { "type": "array", "items": signature },
            "errors": findings, "warnings": findings,
        }),
    )
}
