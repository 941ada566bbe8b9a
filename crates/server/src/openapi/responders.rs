//! OCSP [RFC 6960], time-stamping [RFC 3161], and what CAs publish: bytes in, bytes out.

use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::parts::{json_answer, object, text};
use super::problems;

pub(super) const TAG: &str = "Responders";

pub(super) fn paths() -> Vec<(String, Value)> {
    let ocsp =
        "Faults of the request are told inside the answer, as the protocol does: `OCSPResponseStatus`.";
    vec![
        (
            crate::ocsp::PATH.to_owned(),
            exchange(
                "ocsp",
                "Status of a certificate",
                ocsp,
                "application/ocsp-request",
                "application/ocsp-response",
            ),
        ),
        (
            format!("{}/{{request}}", crate::ocsp::PATH),
            json!({ "get": {
                "tags": [TAG], "operationId": "ocspGet", "summary": "Status of a certificate, for caches",
                "description": ocsp,
                "parameters": [{
                    "name": "request", "in": "path", "required": true, "schema": { "type": "string" },
                    "description": "Base64 of the request, percent-encoded.",
                }],
                "responses": { "200": binary("DER.", "application/ocsp-response") },
            } }),
        ),
        (
            crate::tsa::PATH.to_owned(),
            exchange(
                "timeStamp",
                "Time-stamp for a digest",
                "Faults of the request are told inside the answer, as the protocol does: `PKIFailureInfo`.",
                "application/timestamp-query",
                "application/timestamp-reply",
            ),
        ),
        (
            "/ca/{file}".to_owned(),
            json!({ "get": {
                "tags": [TAG], "operationId": "caFile", "summary": "Certificate or revocation list of a CA",
                "parameters": [file("eid-q.crl")],
                "responses": found(&["application/pkix-cert", "application/pkix-crl"]),
            } }),
        ),
        (
            "/trust".to_owned(),
            json!({ "get": {
                "tags": [TAG], "operationId": "trust", "summary": "What others need to trust this service",
                "responses": with_faults(json_answer(
                    "The files.",
                    json!({ "type": "array", "items": object(
                        &["name", "about", "url", "bytes"],
                        json!({
                            "name": text("Its name."), "about": text("What it is for."),
                            "url": { "type": "string", "format": "uri", "description": "Where it is." },
                            "bytes": { "type": "integer", "minimum": 0, "description": "Its size." },
                        }),
                    ) }),
                    None,
                )),
            } }),
        ),
        (
            "/trust/{file}".to_owned(),
            json!({ "get": {
                "tags": [TAG], "operationId": "trustFile", "summary": "A root, a CA, or a key store with them",
                "parameters": [file("bundle.pem")],
                "responses": found(&[
                    "application/x-pem-file", "application/pkix-cert", "application/x-java-keystore", "application/x-pkcs12",
                ]),
            } }),
        ),
    ]
}

fn exchange(id: &str, summary: &str, description: &str, request: &str, answer: &str) -> Value {
    json!({ "post": {
        "tags": [TAG], "operationId": id, "summary": summary, "description": description,
        "requestBody": {
            "required": false, "content": { request: { "schema": { "type": "string", "format": "binary" } } },
        },
        "responses": { "200": binary("DER.", answer) },
    } })
}

fn file(example: &str) -> Value {
    json!({
        "name": "file", "in": "path", "required": true, "example": example, "schema": { "type": "string" },
        "description": "The name of the file.",
    })
}

fn binary(description: &str, kind: &str) -> Value {
    json!({
        "description": description,
        "content": { kind: { "schema": { "type": "string", "format": "binary" } } },
    })
}

fn found(kinds: &[&str]) -> Value {
    let content: serde_json::Map<_, _> = kinds
        .iter()
        .map(|kind| ((*kind).to_owned(), json!({ "schema": { "type": "string", "format": "binary" } })))
        .collect();
    with_faults(json!({ "description": "The file.", "content": content }))
}

fn with_faults(found: Value) -> Value {
    let mut responses = json!({ "200": found });
    for kind in [ProblemType::NotFound, ProblemType::Internal, ProblemType::Unavailable] {
        let (status, body) = problems::own(kind);
        responses[status] = body;
    }
    responses
}
