//! The operator's API.

use countersign_domain::desk::Evidence;
use countersign_domain::registration::{IdentificationMethod, MeansKind};
use countersign_domain::revocation::RevocationReason;
use countersign_wire::admin::{BASE, CodeDelivery, CodeState, EvidenceStanding};
use countersign_wire::device::{AccountState, DeviceState, KeyState, KeyUse};
use countersign_wire::id::IdentityType;
use countersign_wire::problem::ProblemType;
use countersign_wire::words::CertificateLevel;
use serde_json::{Map, Value, json};

use super::parts::{b64u, closed_object, json_answer, object, or_null, pattern, schema, text, time, words};
use super::problems;

pub(super) const TAG: &str = "Administration";
/// The name of the scheme by which operators are known.
pub(super) const SCHEME: &str = "operator";

pub(super) const PERSON: &str = "^(PAS|IDC|PNO)[A-Z]{2}-[A-Za-z0-9][A-Za-z0-9-]{0,29}$";
const DOCUMENT: &str = "^(PAS|IDC|PNO)[A-Z]{2}-[A-Za-z0-9][A-Za-z0-9-]{0,29}-[A-Z0-9]{4}-N?Q$";
pub(super) const EVIDENCE: &str = "^RAS[0-9a-f]{24}$";
const ACTIVATION: &str = "^[0-9A-HJKMNP-TV-Z]{8}$";

/// How operators are known.
pub(super) fn security() -> (&'static str, Value) {
    (
        SCHEME,
        json!({
            "type": "http", "scheme": "bearer",
            "description": "The key of an operator, of which the configuration holds the hash (`[[admin]]`).",
        }),
    )
}

pub(super) fn paths() -> Vec<(String, Value)> {
    let not_found = &[ProblemType::NotFound][..];
    let activation = || parameter("activation", ACTIVATION, "The id that came with the code.");
    let document = || parameter("document", DOCUMENT, "The account.");
    vec![
        (
            format!("{BASE}/activations"),
            json!({ "post": operation(
                "issueActivation", "Give a person an activation code", &[], Some(issue()), "IssuedActivation",
                &[ProblemType::Conflict],
            ) }),
        ),
        (
            format!("{BASE}/activations/{{activation}}"),
            json!({
                "get": operation(
                    "showActivation", "What became of a code, and the words of the phone that used it",
                    &[activation()], None, "ActivationStatus", not_found,
                ),
                "delete": operation(
                    "withdrawActivation", "Make a code worthless", &[activation()], None, "ActivationStatus", not_found,
                ),
            }),
        ),
        (
            format!("{BASE}/token-denials"),
            json!({ "post": operation(
                "denyTokens", "Withdraw registrant tokens: one, or all of a person", &[],
                Some(closed_object(&[], json!({
                    "tokenId": or_null(pattern("^[A-Za-z0-9_-]{22}$", "The `jti` of one token.")),
                    "person": or_null(pattern(PERSON, "Everything that this person has.")),
                }))),
                "DeniedTokens", &[],
            ) }),
        ),
        (
            format!("{BASE}/evidence"),
            json!({ "post": operation(
                "recordEvidence", "Record an identification", &[], Some(record()), "RecordedEvidence", &[],
            ) }),
        ),
        (
            format!("{BASE}/evidence/{{evidence}}"),
            json!({ "get": operation(
                "showEvidence", "What an identification grants, and where it stands", &[recorded()], None,
                "RecordedEvidence", not_found,
            ) }),
        ),
        (
            format!("{BASE}/evidence/{{evidence}}/bind"),
            json!({ "post": operation(
                "bindEvidence", "Bind the phone whose words were compared: the evidence counts from now on",
                &[recorded()],
                Some(closed_object(&["deviceId"], json!({
                    "deviceId": b64u("The phone."),
                    "reference": or_null(evidence("Where it is written down.")),
                }))),
                "RecordedEvidence", &[ProblemType::NotFound, ProblemType::Conflict],
            ) }),
        ),
        (
            format!("{BASE}/evidence/{{evidence}}/end"),
            json!({ "post": operation(
                "endEvidence", "End evidence, and revoke what was issued on it", &[recorded()],
                Some(closed_object(&["reason"], json!({
                    "reason": { "type": "string", "enum": ["wrong", "withdrawn"], "description": "Why." },
                    "reference": or_null(evidence("Where the request for it is kept.")),
                }))),
                "RecordedEvidence", &[ProblemType::NotFound, ProblemType::Conflict],
            ) }),
        ),
        (
            format!("{BASE}/persons/{{person}}"),
            json!({ "get": operation(
                "showPerson", "Accounts, devices and keys of a person",
                &[parameter("person", PERSON, "The person.")], None, "RegisteredPerson", not_found,
            ) }),
        ),
        (
            format!("{BASE}/accounts/{{document}}"),
            json!({ "get": operation(
                "showAccount", "One account with its device and keys", &[document()], None, "RegisteredAccount", not_found,
            ) }),
        ),
        (
            format!("{BASE}/accounts/{{document}}/revoke"),
            json!({ "post": operation(
                "revokeAccount", "End an account with its device, keys and certificates", &[document()],
                Some(closed_object(&["reason"], json!({
                    "reason": words::<RevocationReason>("As in the revocation list."),
                    "evidence": or_null(evidence("Where the request for it is kept.")),
                }))),
                "RegisteredAccount", not_found,
            ) }),
        ),
        (
            format!("{BASE}/accounts/{{document}}/unlock"),
            json!({ "post": operation(
                "unlockKey", "Open a lock for a person who has proven their identity anew", &[document()],
                Some(closed_object(&["use", "evidence"], json!({
                    "use": words::<KeyUse>("Which PIN."),
                    "evidence": evidence("Where the new proof of identity is kept."),
                }))),
                "RegisteredAccount", &[ProblemType::NotFound, ProblemType::Conflict],
            ) }),
        ),
    ]
}

/// One operation of the operator's API: what it answers with, and how it refuses.
pub(super) fn operation(
    id: &str,
    summary: &str,
    parameters: &[Value],
    body: Option<Value>,
    answer: &str,
    more: &[ProblemType],
) -> Value {
    operation_with(id, summary, parameters, body, schema(answer), more)
}

/// The same with an answer that has no name of its own.
pub(super) fn operation_with(
    id: &str,
    summary: &str,
    parameters: &[Value],
    body: Option<Value>,
    answer: Value,
    more: &[ProblemType],
) -> Value {
    let mut responses = Map::new();
    responses.insert("200".into(), json_answer("Done.", answer, None));
    let with_body = [ProblemType::InvalidRequest, ProblemType::TooLarge];
    let of_body = if body.is_some() { &with_body[..] } else { &[] };
    let always =
        [ProblemType::Unauthorized, ProblemType::Forbidden, ProblemType::Internal, ProblemType::Unavailable];
    for kind in always.iter().chain(of_body).chain(more) {
        let (status, described) = problems::own(*kind);
        responses.insert(status, described);
    }
    if body.is_some() {
        let description = "Where the configuration says that this takes two people (`[desk] four_eyes`): nothing was done, and \
            a proposal waits for another operator.";
        responses.insert("202".into(), json_answer(description, schema("Proposal"), None));
    }
    let mut operation = json!({
        "tags": [TAG], "operationId": id, "summary": summary, "security": [{ SCHEME: [] }],
        "parameters": parameters, "responses": responses,
    });
    if let Some(body) = body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    operation
}

pub(super) fn recorded() -> Value {
    parameter("evidence", EVIDENCE, "The evidence.")
}

fn day(description: &str) -> Value {
    json!({ "type": "string", "format": "date", "description": description })
}

/// What is granted, for each jurisdiction.
fn levels() -> Value {
    let level = || or_null(json!({ "enum": [3, 4], "description": "3: advanced, 4: qualified." }));
    closed_object(&["zertes", "eidas"], json!({ "zertes": level(), "eidas": level() }))
}

fn record() -> Value {
    closed_object(
        &["msisdn", "person", "givenName", "surname", "document", "method", "levels"],
        json!({
            "tenant": or_null(text("Whose person it is; without it, `default`.")),
            "msisdn": text("The number that the person holds: digits with the country code first."),
            "person": pattern(PERSON, "Who."), "givenName": name(), "surname": name(),
            "dateOfBirth": or_null(day("As in the document.")),
            "document": closed_object(&["type", "country", "number"], json!({
                "type": words::<IdentityType>("The kind."), "country": pattern("^[A-Z]{2}$", "Who issued it."),
                "number": text("Its number."), "expiresOn": or_null(day("Its last day.")),
            })),
            "method": words::<IdentificationMethod>("How, after ETSI TS 119 461 clause 9.2."),
            "methodLimit": or_null(day("The last day for level 4 that the method itself sets.")),
            "levels": levels(), "identifiedAt": or_null(time("When; without it, now.")),
            "reference": or_null(evidence("Where the file of it is kept.")),
            "identification": or_null(b64u("The identification that was begun for it; its number has to be proven.")),
        }),
    )
}

fn issue() -> Value {
    closed_object(
        &["person", "givenName", "surname", "level", "delivery"],
        json!({
            "person": pattern(PERSON, "Who."),
            "givenName": name(), "surname": name(),
            "dateOfBirth": or_null(json!({ "type": "string", "format": "date", "description": "For the certificates." })),
            "level": words::<CertificateLevel>("Of the certificates."),
            "delivery": words::<CodeDelivery>("`LINK`: 130 bits, 15 minutes. `LETTER`: 60 bits, 24 hours."),
            "evidence": or_null(evidence(
                "Where the proof of identity is kept. The id of recorded evidence has to allow the level.",
            )),
        }),
    )
}

fn name() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 62, "description": "As in the certificates; no comma." })
}

pub(super) fn evidence(description: &str) -> Value {
    let mut text = pattern("^[A-Za-z0-9._:/-]+$", description);
    text["maxLength"] = json!(Evidence::MAX);
    text
}

pub(super) fn parameter(name: &str, form: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "path", "required": true, "description": description,
        "schema": { "type": "string", "pattern": form },
    })
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let device = object(
        &["deviceId", "words", "platform", "state"],
        json!({
            "deviceId": b64u("The device."),
            "words": { "type": "array", "items": { "type": "string" }, "description": "Its key, to be compared with the phone." },
            "platform": text("As it named itself."), "state": words::<DeviceState>("Its state."),
        }),
    );
    let key = object(
        &["kid", "use", "state", "triesLeft"],
        json!({
            "kid": b64u("The key."), "use": words::<KeyUse>("Which PIN."), "state": words::<KeyState>("Its state."),
            "triesLeft": { "type": "integer", "minimum": 0 }, "lockedUntil": time("While locked."),
            "certificate": text("Base64 of the certificate."), "notAfter": time("When the certificate runs out."),
        }),
    );
    vec![
        (
            "IssuedActivation",
            object(
                &["activation", "activationCode", "link", "person", "documentNumber", "expires"],
                json!({
                    "activation": pattern(ACTIVATION, "What the code is called. Not secret."),
                    "activationCode": text("The code, shown this once."),
                    "link": text("Opens the phone app with the code."),
                    "person": pattern(PERSON, "Who."), "documentNumber": pattern(DOCUMENT, "The account to be."),
                    "expires": time("End of the code's life."),
                }),
            ),
        ),
        (
            "ActivationStatus",
            object(
                &["activation", "state", "person", "documentNumber", "expires"],
                json!({
                    "activation": pattern(ACTIVATION, "What the code is called."),
                    "state": words::<CodeState>("Whether it can be used."),
                    "person": pattern(PERSON, "Who."), "documentNumber": pattern(DOCUMENT, "The account to be."),
                    "expires": time("End of the code's life."),
                    "triesLeft": { "type": "integer", "minimum": 1, "description": "While it waits." },
                    "device": schema("RegisteredDevice"),
                }),
            ),
        ),
        (
            "DeniedTokens",
            object(&["until"], json!({ "until": time("When every token concerned is over by itself.") })),
        ),
        (
            "RecordedEvidence",
            object(
                &[
                    "evidence",
                    "tenant",
                    "person",
                    "msisdn",
                    "state",
                    "levels",
                    "advancedUntil",
                    "qualifiedUntil",
                    "by",
                    "recorded",
                ],
                json!({
                    "evidence": pattern(EVIDENCE, "What it is called."), "tenant": text("Whose person it is."),
                    "person": pattern(PERSON, "Who."), "msisdn": text("The number."),
                    "state": words::<EvidenceStanding>("Where it stands."),
                    "ended": text("Why it ended."), "means": words::<MeansKind>("What it is bound to."),
                    "levels": levels(), "advancedUntil": day("The last day of level 3."),
                    "qualifiedUntil": day("The last day of level 4, where it was granted."),
                    "by": text("Who recorded it."), "recorded": time("When."),
                }),
            ),
        ),
        ("RegisteredDevice", device),
        ("RegisteredKey", key),
        (
            "RegisteredAccount",
            object(
                &["documentNumber", "person", "level", "state", "created", "devices", "keys"],
                json!({
                    "documentNumber": pattern(DOCUMENT, "The account."), "person": pattern(PERSON, "Whose."),
                    "level": words::<CertificateLevel>("Of its certificates."),
                    "state": words::<AccountState>("Its state."), "created": time("When its device was activated."),
                    "devices": { "type": "array", "items": schema("RegisteredDevice") },
                    "keys": { "type": "array", "items": schema("RegisteredKey") },
                }),
            ),
        ),
        (
            "RegisteredPerson",
            object(
                &["person", "accounts"],
                json!({
                    "person": pattern(PERSON, "Who."),
                    "accounts": { "type": "array", "items": schema("RegisteredAccount") },
                }),
            ),
        ),
    ]
}
