//! OCSP [RFC 6960] and time-stamping [RFC 3161]: bytes in, bytes out.

use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::problems;

pub(super) const TAG: &str = "Responders";

pub(super) fn paths() -> Vec<(String, Value)> {
    vec![
        (
            "/ocsp".to_owned(),
            exchange(
                "ocsp",
                "Status of a certificate",
                "Faults of the request are told inside the answer, as the protocol does: `OCSPResponseStatus`.",
                "application/ocsp-request",
                "application/ocsp-response",
            ),
        ),
        (
            "/tsa".to_owned(),
            exchange(
                "timeStamp",
                "Time-stamp for a digest",
                "Faults of the request are told inside the answer, as the protocol does: `PKIFailureInfo`.",
                "application/timestamp-query",
                "application/timestamp-reply",
            ),
        ),
    ]
}

fn exchange(id: &str, summary: &str, description: &str, request: &str, answer: &str) -> Value {
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    let mut responses = json!({ "200": { "description": "DER.", "content": { answer: binary.clone() } } });
    for kind in [ProblemType::TooLarge, ProblemType::UnsupportedMediaType, ProblemType::Internal] {
        let (status, body) = problems::own(kind);
        responses[status] = body;
    }
    json!({ "post": {
        "tags": [TAG], "operationId": id, "summary": summary, "description": description,
        "requestBody": { "required": true, "content": { request: binary } },
        "responses": responses,
    } })
}
