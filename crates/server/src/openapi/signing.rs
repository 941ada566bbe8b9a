//! Containers that people sign.

use countersign_client::wire::words::{HashAlgorithm, RequestedLevel};
use countersign_container::Level;
use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::parts::{json_answer, object, request_object, schema, text, time, words};
use super::problems;
use crate::signing::kept::{Certify, Form, Standing, Way};
use crate::signing::{CALLBACK, CONTAINER, CONTAINERS, FILE, LINK, QR, REPORT, SIGNATURE, SIGNATURES, VALUE};

pub(super) const TAG: &str = "Signing";

fn parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "description": description })
}

fn query(name: &str, schema: Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": description })
}

/// Beyond those that every operation may end with.
const OF_ALL: [ProblemType; 4] =
    [ProblemType::Unauthorized, ProblemType::NotFound, ProblemType::Internal, ProblemType::Unavailable];

fn operation(id: &str, summary: &str, success: (&str, Value), more: &[ProblemType]) -> Value {
    let mut responses = json!({ (success.0): success.1 });
    for kind in OF_ALL.iter().chain(more) {
        let (status, body) = problems::own(*kind);
        responses[status] = body;
    }
    json!({ "tags": [TAG], "operationId": id, "summary": summary, "responses": responses })
}

fn with(mut operation: Value, name: &str, value: Value) -> Value {
    operation[name] = value;
    operation
}

fn body(schema: Value) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

pub(super) fn paths() -> Vec<(String, Value)> {
    let container = || parameter("container", "The container's id.");
    let signature = || json!([container(), parameter("signature", "The signature's id.")]);
    let shown = || json_answer("The container.", schema("SigningContainer"), None);
    let signed = || json_answer("How the signature stands.", schema("SigningSignature"), None);
    let binary = json!({ "type": "string", "format": "binary" });
    let form = object(
        &[],
        json!({
            "file": { "type": "array", "items": binary, "description": "The files to sign, or one PDF document." },
            "container": { "type": "string", "format": "binary", "description": "In their place: a container or a document that there is already." },
            "format": { "type": "string", "enum": [Form::Asice, Form::Pdf], "description": "`pdf` signs the one file in itself." },
            "name": text("The name of the container."),
        }),
    );
    let sending = [
        ProblemType::InvalidRequest,
        ProblemType::TooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::InvalidContainer,
        ProblemType::TooManyRequests,
    ];
    let asking = [
        ProblemType::InvalidRequest,
        ProblemType::Conflict,
        ProblemType::TooLarge,
        ProblemType::UnsupportedMediaType,
        ProblemType::UnsuitableCertificate,
        ProblemType::TooManyRequests,
        ProblemType::UpstreamFailed,
    ];
    let mut report = json_answer("The report.", schema("ValidationReport"), None);
    report["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    report["content"]["text/plain"] = json!({ "schema": { "type": "string" } });
    let language =
        query("lang", json!({ "type": "string", "pattern": "^[a-z]{3}$" }), "The language behind the link.");
    let link = object(
        &["elapsedSeconds", "secondsLeft"],
        json!({
            "link": text("What the QR code of this second says; absent when none is shown any more."),
            "sameDeviceLink": text("The link for this very device, where there is a way back."),
            "elapsedSeconds": { "type": "integer", "minimum": 0 },
            "secondsLeft": { "type": "integer", "minimum": 0 },
        }),
    );
    let url =
        object(&["url"], json!({ "url": text("The whole address that the person's browser came back to.") }));
    let value = object(
        &["value"],
        json!({ "value": text("The signature value in base64; for ECDSA r and s, one after the other.") }),
    );
    let media =
        |kind: &str| json!({ "description": "The bytes.", "content": { kind: { "schema": binary } } });
    let mut file = media("application/vnd.etsi.asic-e+zip");
    file["content"]["application/pdf"] = json!({ "schema": binary });
    vec![
        (
            CONTAINERS.to_owned(),
            json!({ "post": with(
            with(operation("createContainer", "Begin a container", ("201", shown()), &sending), "requestBody", json!({
                "required": true,
                "content": { "multipart/form-data": { "schema": form }, "application/json": { "schema": schema("SigningDigests") } },
            })),
            "description",
            json!("Of files, as parts of a form; of one PDF document; of a container that there is already; or of digests, when the files stay where they are."),
        ) }),
        ),
        (
            CONTAINER.to_owned(),
            json!({
                "get": with(operation("showContainer", "A container with its signatures", ("200", shown()), &[]), "parameters", json!([container()])),
                "delete": with(operation("deleteContainer", "Delete a container and everything in it", ("204", json!({ "description": "It is gone." })), &[]), "parameters", json!([container()])),
            }),
        ),
        (
            FILE.to_owned(),
            json!({ "get": with(
            operation("downloadContainer", "The signed file", ("200", file), &[ProblemType::Conflict]), "parameters", json!([container()]),
        ) }),
        ),
        (
            REPORT.to_owned(),
            json!({ "get": with(
            operation("containerReport", "Whether what is in a container holds", ("200", report), &[ProblemType::TooManyRequests]),
            "parameters", json!([container()]),
        ) }),
        ),
        (
            SIGNATURES.to_owned(),
            json!({ "post": with(
            with(operation("beginSignature", "Ask somebody to sign", ("201", signed()), &asking), "parameters", json!([container()])),
            "requestBody", body(schema("SigningRequest")),
        ) }),
        ),
        (
            SIGNATURE.to_owned(),
            json!({
                "get": with(operation("showSignature", "How a signature stands", ("200", signed()), &[ProblemType::InvalidRequest]), "parameters", json!([
                    container(), parameter("signature", "The signature's id."),
                    query("timeoutMs", json!({ "type": "integer", "minimum": 0, "maximum": 120_000 }), "How long the answer may wait for the end, or for another state than `seen`."),
                    query("seen", words::<Standing>("The state that is known already."), "The state that is known already."),
                ])),
                "delete": with(operation("cancelSignature", "End a signature that is on its way", ("200", signed()), &[ProblemType::Conflict]), "parameters", signature()),
            }),
        ),
        (
            LINK.to_owned(),
            json!({ "get": with(
            operation("signatureLink", "The device link of this second", ("200", json_answer("The link.", link, None)), &[ProblemType::InvalidRequest]),
            "parameters", json!([container(), parameter("signature", "The signature's id."), language]),
        ) }),
        ),
        (
            QR.to_owned(),
            json!({ "get": with(
            operation("signatureQrCode", "The same as a QR code", ("200", media("image/svg+xml")), &[ProblemType::InvalidRequest]),
            "parameters", json!([container(), parameter("signature", "The signature's id."), language]),
        ) }),
        ),
        (
            CALLBACK.to_owned(),
            json!({ "post": with(
            with(operation("signatureCallback", "The person's browser has come back from the app", ("200", signed()),
                &[ProblemType::InvalidRequest, ProblemType::TooLarge, ProblemType::UnsupportedMediaType]), "parameters", signature()),
            "requestBody", body(url),
        ) }),
        ),
        (
            VALUE.to_owned(),
            json!({ "put": with(
            with(operation("signatureValue", "Bring a signature value that was made elsewhere", ("200", signed()), &[
                ProblemType::InvalidRequest, ProblemType::Conflict, ProblemType::TooLarge,
                ProblemType::UnsupportedMediaType, ProblemType::InvalidSignature,
            ]), "parameters", signature()),
            "requestBody", body(value),
        ) }),
        ),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let levels = Level::ALL.map(Level::word);
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    let file = object(
        &["name", "mediaType", "bytes"],
        json!({ "name": text("Its name."), "mediaType": text("Its media type."), "bytes": { "type": "integer", "minimum": 0 } }),
    );
    let digests = request_object(
        &["name", "bytes", "sha256"],
        json!({
            "name": text("Its name."), "mediaType": text("Its media type; otherwise by the ending of its name."),
            "bytes": { "type": "integer", "minimum": 0 },
            "sha256": text("In base64."), "sha512": text("In base64. Needed for signatures with SHA-512, which is the default."),
        }),
    );
    let place = request_object(
        &[],
        json!({ "city": text("City."), "stateOrProvince": text("State."), "postalCode": text("Code."), "country": text("Country.") }),
    );
    let visible = request_object(
        &["page", "rectangle"],
        json!({
            "page": { "type": "integer", "description": "From 1; the last is -1." },
            "rectangle": { "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4, "description": "Left, bottom, width, height in points." },
            "lines": texts, "font": text("A TrueType font in base64, for letters that are not Latin."),
            "picture": text("A PNG or JPEG picture in base64."),
        }),
    );
    let pdf = request_object(
        &[],
        json!({
            "reason": text("Why the person signs."), "location": text("Where."), "contact": text("How to reach them."),
            "field": text("An empty field of the document, or the name of a new one."),
            "certify": words::<Certify>("What may be changed afterwards; makes it a certification."),
            "visible": visible,
        }),
    );
    let to_sign = object(
        &["algorithm", "hash", "data", "digest"],
        json!({
            "algorithm": { "type": "string", "enum": ["rsassa-pss", "rsassa-pkcs1-v1_5", "ecdsa"] },
            "hash": text("The hash of the signature."), "data": text("The bytes, in base64."), "digest": text("Their digest, in base64."),
        }),
    );
    let result = object(
        &["signature"],
        json!({
            "signature": text("The signature's name in the file."), "file": text("Where it lies."),
            "format": text("The level reached, such as XAdES_BASELINE_LT."), "signedBy": text("The signer's name."),
            "timeStamp": time("The time in the time-stamp."),
        }),
    );
    vec![
        (
            "SigningContainer",
            object(
                &[
                    "id",
                    "name",
                    "format",
                    "mediaType",
                    "bytes",
                    "createdAt",
                    "expiresAt",
                    "files",
                    "signatures",
                ],
                json!({
                    "id": text("Its id, which is a secret where the service is open."), "name": text("What it is called when it is downloaded."),
                    "format": words::<Form>("What it is."), "mediaType": text("The media type of the whole."),
                    "bytes": { "type": "integer", "minimum": 0 }, "createdAt": time("When it was begun."),
                    "expiresAt": time("When it is deleted, unless it is used."),
                    "files": { "type": "array", "items": file },
                    "signatures": { "type": "array", "items": schema("SigningSignature") },
                }),
            ),
        ),
        (
            "SigningDigests",
            request_object(
                &["files"],
                json!({ "name": text("The name of the container."), "files": { "type": "array", "items": digests, "minItems": 1 } }),
            ),
        ),
        (
            "SigningRequest",
            request_object(
                &[],
                json!({
                    "flow": { "type": "string", "enum": Way::WORDS, "default": Way::DeviceLink, "description": "How the person is reached." },
                    "documentNumber": text("The account that signs."),
                    "person": text("The person who signs, who chooses an account first."),
                    "level": { "type": "string", "enum": levels, "default": "LT", "description": "The level of the signature." },
                    "hash": words::<HashAlgorithm>("The hash of files and signature; SHA-512 unless given."),
                    "certificateLevel": words::<RequestedLevel>("The lowest level of the certificate that will do; QUALIFIED unless given."),
                    "text": text("What the person reads, at most 60 characters; otherwise the file's name."),
                    "callbackUrl": text("Where the app leads the person's browser on the same device; https. Has a part that cannot be guessed."),
                    "certificate": text("With the flow `remote`: the certificate, DER in base64."),
                    "roles": texts, "place": place, "pdf": pdf,
                }),
            ),
        ),
        (
            "SigningSignature",
            object(
                &["id", "state", "createdAt", "hasLink"],
                json!({
                    "id": text("Its id."), "state": words::<Standing>("How it stands."), "createdAt": time("When it was begun."),
                    "flow": words::<Way>("How the person is reached."), "level": { "type": "string", "enum": levels },
                    "text": text("What the person reads."),
                    "session": object(&["id", "operation"], json!({
                        "id": { "type": "string", "format": "uuid", "description": "The session of the relying party API." },
                        "operation": text("`choose-certificate` or `sign`."),
                    })),
                    "verificationCode": text("The code that the phone must show."),
                    "hasLink": { "type": "boolean", "description": "Whether there is a link to show." },
                    "documentNumber": text("The account, once it is known."),
                    "toSign": to_sign, "result": result,
                    "failure": object(&["code", "detail"], json!({
                        "code": text("A word for programs; docs/signing-api.md has the list."), "detail": text("In words."),
                    })),
                }),
            ),
        ),
    ]
}
