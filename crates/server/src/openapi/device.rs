//! The device API: messages as in `wire::device`.

use countersign_wire::device::{
    AccountState, BASE, DEVICE_NONCE, DEVICE_PROOF, DeviceState, KeyState, KeyUse, PinChangeState,
    RefusalReason, RevocationScope, TransactionFlow, TransactionKind, TransactionState, WAIT_DEFAULT_SECONDS,
    WAIT_MAX_SECONDS,
};
use countersign_wire::words::{FlowType, HashAlgorithm, SignatureAlgorithm};
use serde_json::{Map, Value, json};

use super::parts::{b64u, json_answer, object, pattern, schema, schema_as, text, time, words};
use super::problems;

pub(super) const TAG: &str = "Device";

/// One endpoint: method, path below the base, operation id, summary, request and answer.
type Row = (&'static str, &'static str, &'static str, &'static str, Option<Value>, Value);

pub(super) fn paths() -> Vec<(String, Value)> {
    rows()
        .into_iter()
        .map(|(method, path, id, summary, request, answer)| {
            (format!("{BASE}{path}"), item(method, path, id, summary, request, answer))
        })
        .collect()
}

fn rows() -> Vec<Row> {
    let request_id = || b64u("The id of this request. The same id with the same token gets the same answer.");
    let token = || b64u("The token of the last answer, opened.");
    let sealed = |what: &str| schema_as("Sealed", what);
    let next = || schema_as("Sealed", "The next token, sealed to the device.");
    let active = || json!({ "type": "string", "const": "ACTIVE" });
    let empty = || object(&[], json!({}));
    let counted = |more: Value| {
        let mut members = json!({ "req": request_id(), "token": token() });
        let mut required = vec!["req", "token"];
        if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
            members.extend(more);
        }
        for name in ["tx", "nonce", "sealed", "refresh"] {
            if members.get(name).is_some() {
                required.push(name);
            }
        }
        object(&required, members)
    };
    let transaction = || b64u("The transaction.");
    vec![
        (
            "post",
            "/activations",
            "activate",
            "Register a device with an activation code",
            Some(object(
                &["activationCode", "dk", "ek", "platform", "appVersion"],
                json!({
                    "activationCode": text("From registration; used once."),
                    "dk": schema_as("Jwk", "The key that signs proofs."),
                    "ek": schema_as("Jwk", "The key that answers are sealed to."),
                    "platform": text("Such as `web`."),
                    "appVersion": text("The version of the app."),
                }),
            )),
            object(
                &["deviceId", "documentNumber", "coreKeys", "parameters", "token"],
                json!({
                    "deviceId": b64u("The device."),
                    "documentNumber": text("The account."),
                    "coreKeys": { "type": "array", "minItems": 1, "items": object(
                        &["id", "x", "y"], json!({ "id": text("Its id."), "x": b64u("P-256, x."), "y": b64u("P-256, y.") }),
                    ) },
                    "parameters": schema("KeyParameters"),
                    "token": next(),
                }),
            ),
        ),
        (
            "post",
            "/keys",
            "makeKey",
            "Make a two-party key",
            Some(object(
                &["use", "sealed"],
                json!({ "use": words::<KeyUse>("Which PIN."), "sealed": sealed("The phone's half and share, sealed to the core.") }),
            )),
            object(
                &["kid", "n", "csr"],
                json!({
                    "kid": b64u("The key."), "n": b64u("The modulus."),
                    "csr": object(&["tx", "info", "hash", "digest"], json!({
                        "tx": transaction(), "info": b64u("CertificationRequestInfo, DER."),
                        "hash": words::<HashAlgorithm>("The hash."), "digest": b64u("Of `info`."),
                    })),
                }),
            ),
        ),
        (
            "post",
            "/keys/{kid}/proof",
            "proveKey",
            "Prove a new key",
            Some(counted(
                json!({ "tx": transaction(), "sealed": sealed("The phone's half of the signature.") }),
            )),
            object(&["state", "token"], json!({ "state": active(), "token": next() })),
        ),
        (
            "post",
            "/registration/complete",
            "completeRegistration",
            "Issue the certificates",
            Some(empty()),
            object(
                &["state", "certificates"],
                json!({
                    "state": words::<AccountState>("`CERTIFIED` when they are there."),
                    "certificates": { "type": "array", "items": object(
                        &["use", "value"], json!({ "use": words::<KeyUse>("Which key."), "value": text("Base64 of the DER.") }),
                    ) },
                }),
            ),
        ),
        ("get", "/account", "account", "Account, keys and devices", None, schema("DeviceAccount")),
        (
            "get",
            "/transactions",
            "transactions",
            "Wait for something to approve",
            None,
            object(
                &["transactions"],
                json!({ "transactions": { "type": "array", "description": "Oldest first.", "items": object(
                &["tx", "kind", "rp", "expires"],
                json!({
                    "tx": transaction(), "kind": words::<TransactionKind>("What for."),
                    "rp": schema("DeviceRelyingParty"), "expires": time("When it ends."),
                }),
            ) } }),
            ),
        ),
        (
            "post",
            "/transactions/claim",
            "claim",
            "Take over a device link",
            Some(object(&["link"], json!({ "link": text("The whole link, as scanned or opened.") }))),
            object(&["tx"], json!({ "tx": transaction() })),
        ),
        ("get", "/transactions/{tx}", "transaction", "What there is to approve", None, schema("Transaction")),
        (
            "post",
            "/transactions/{tx}/confirm",
            "confirm",
            "Approve",
            Some(object(
                &["req"],
                json!({
                    "req": request_id(),
                    "interaction": schema_as("InteractionType", "The screen that was shown."),
                    "chosenCode": pattern("^[0-9]{4}$", "The code that the person chose."),
                    "userChallenge": pattern("^[a-zA-Z0-9_-]{43}$", "For `AUTH`."),
                    "approval": object(&["kid", "token", "sealed"], json!({
                        "kid": b64u("The key."), "token": token(), "sealed": sealed("The phone's half of the signature."),
                    })),
                }),
            )),
            object(
                &["state"],
                json!({
                    "state": words::<TransactionState>("`DONE`."), "token": next(),
                    "callback": schema_as("DeviceCallback", "Where the phone returns to."),
                }),
            ),
        ),
        (
            "post",
            "/transactions/{tx}/refuse",
            "refuse",
            "Refuse",
            Some(object(
                &["req", "reason"],
                json!({
                    "req": request_id(), "reason": words::<RefusalReason>("Why."),
                    "interaction": schema_as("InteractionType", "With `INTERACTION`."),
                }),
            )),
            object(&[], json!({ "callback": schema("DeviceCallback") })),
        ),
        (
            "post",
            "/keys/{kid}/pin-check",
            "checkPin",
            "Check a PIN",
            Some(counted(
                json!({ "nonce": b64u("Chosen by the phone."), "sealed": sealed("The phone's half.") }),
            )),
            object(&["token"], json!({ "token": next() })),
        ),
        (
            "post",
            "/keys/{kid}/pin-change",
            "changePin",
            "Change a PIN",
            Some(counted(json!({
                "nonce": b64u("Chosen by the phone."), "sealed": sealed("The phone's half, with the old PIN."),
                "refresh": sealed("The change of the share."),
            }))),
            object(
                &["state", "token"],
                json!({ "state": words::<PinChangeState>("`PENDING`."), "token": next() }),
            ),
        ),
        (
            "post",
            "/keys/{kid}/pin-change/commit",
            "commitPinChange",
            "Make a new PIN count",
            Some(counted(
                json!({ "nonce": b64u("Chosen by the phone."), "sealed": sealed("The phone's half, with the new PIN.") }),
            )),
            object(
                &["state", "token"],
                json!({ "state": words::<PinChangeState>("`ACTIVE`."), "token": next() }),
            ),
        ),
        (
            "get",
            "/push/key",
            "pushKey",
            "What a browser subscribes for",
            None,
            object(&["key"], json!({ "key": b64u("The application server's key: a point of P-256.") })),
        ),
        (
            "put",
            "/push",
            "subscribe",
            "Say where this phone wants to be woken",
            Some(object(
                &["endpoint", "keys"],
                json!({
                    "endpoint": { "type": "string", "format": "uri", "maxLength": 1024, "description": "Of the browser's push service; https." },
                    "keys": object(&["p256dh", "auth"], json!({ "p256dh": b64u("65 octets."), "auth": b64u("16 octets.") })),
                }),
            )),
            empty(),
        ),
        ("delete", "/push", "unsubscribe", "Wake this phone no longer", None, empty()),
        (
            "post",
            "/account/revoke",
            "revoke",
            "Revoke the account or this device",
            Some(object(
                &["scope", "reason"],
                json!({ "scope": words::<RevocationScope>("What."), "reason": text("Why, for the record.") }),
            )),
            empty(),
        ),
    ]
}

fn item(method: &str, path: &str, id: &str, summary: &str, request: Option<Value>, answer: Value) -> Value {
    let mut parameters = vec![json!({
        "name": DEVICE_PROOF, "in": "header", "required": true, "schema": { "type": "string", "maxLength": 2048 },
        "description": "A compact JWS (ES256) over method, URL, time, nonce and the hash of the body.",
    })];
    for name in ["kid", "tx"] {
        if path.contains(&format!("{{{name}}}")) {
            parameters.push(json!({
                "name": name, "in": "path", "required": true,
                "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            }));
        }
    }
    if path == "/transactions" {
        parameters.push(json!({
            "name": "wait", "in": "query", "required": false,
            "schema": { "type": "integer", "minimum": 0, "maximum": WAIT_MAX_SECONDS, "default": WAIT_DEFAULT_SECONDS },
            "description": "Seconds to wait when there is nothing.",
        }));
    }
    let mut answer = json_answer("Done.", answer, None);
    answer["headers"] = json!({ DEVICE_NONCE: { "schema": { "type": "string" }, "description": "The nonce for the next proof." } });
    let mut responses = Map::new();
    responses.insert("200".into(), answer);
    responses.extend(problems::device());
    let mut operation = json!({
        "tags": [TAG], "operationId": format!("device{}{}", id[..1].to_ascii_uppercase(), &id[1..]), "summary": summary,
        "parameters": parameters,
    });
    if let Some(request) = request {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": request } } });
    }
    operation["responses"] = Value::Object(responses);
    json!({ method: operation })
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let rp = object(&["name"], json!({ "name": text("As in the request of the relying party.") }));
    let lengths =
        || object(&["min", "max"], json!({ "min": { "type": "integer" }, "max": { "type": "integer" } }));
    vec![
        (
            "Jwk",
            object(
                &["kty", "crv", "x", "y"],
                json!({
                    "kty": { "type": "string", "const": "EC" }, "crv": { "type": "string", "const": "P-256" },
                    "x": b64u("The point."), "y": b64u("The point."),
                }),
            ),
        ),
        (
            "Sealed",
            object(
                &["id", "enc", "ct"],
                json!({ "id": text("Which key opens it."), "enc": b64u("HPKE encapsulated key."), "ct": b64u("Ciphertext.") }),
            ),
        ),
        ("DeviceRelyingParty", rp),
        (
            "DeviceCallback",
            object(
                &["url", "sessionSecretDigest"],
                json!({ "url": text("`initialCallbackUrl` as sent."), "sessionSecretDigest": b64u("To be added to it.") }),
            ),
        ),
        (
            "KeyParameters",
            object(
                &["halfBits", "shareBits", "composite", "hash", "kdf", "pin1", "pin2"],
                json!({
                    "halfBits": { "type": "integer", "description": "Bits of each half of the modulus." },
                    "shareBits": { "type": "integer", "description": "Bits of the phone's share." },
                    "composite": { "type": "boolean", "description": "Whether the modulus is the product of both halves." },
                    "hash": words::<HashAlgorithm>("Of encoded messages."),
                    "kdf": object(&["name", "iterations"], json!({ "name": text("The function."), "iterations": { "type": "integer" } })),
                    "pin1": lengths(), "pin2": lengths(),
                }),
            ),
        ),
        (
            "DeviceAccount",
            object(
                &["state", "documentNumber", "keys", "devices", "openTransactions"],
                json!({
                    "state": words::<AccountState>("The account."), "documentNumber": text("The account."),
                    "keys": { "type": "array", "items": object(&["kid", "use", "state", "triesLeft"], json!({
                        "kid": b64u("The key."), "use": words::<KeyUse>("Which PIN."), "state": words::<KeyState>("Its state."),
                        "triesLeft": { "type": "integer", "minimum": 0 }, "lockedUntil": time("While locked."),
                        "certificate": text("Base64 of the DER."), "notAfter": time("When the certificate runs out."),
                    })) },
                    "devices": { "type": "array", "items": object(&["deviceId", "platform", "state"], json!({
                        "deviceId": b64u("The device."), "platform": text("As it named itself."),
                        "state": words::<DeviceState>("Its state."),
                    })) },
                    "openTransactions": { "type": "array", "items": b64u("A transaction.") },
                }),
            ),
        ),
        (
            "Transaction",
            object(
                &["tx", "kind", "state", "created", "expires", "rp", "flowType", "flow"],
                json!({
                    "tx": b64u("The transaction."), "kind": words::<TransactionKind>("What for."),
                    "state": words::<TransactionState>("How it stands."), "created": time("When it was made."),
                    "expires": time("When it ends."), "rp": schema("DeviceRelyingParty"),
                    "flowType": words::<FlowType>("The way the person takes."),
                    "flow": words::<TransactionFlow>("How it reached the person."),
                    "kid": b64u("The key to use; none for a certificate choice."),
                    "hash": words::<HashAlgorithm>("The hash."),
                    "signatureAlgorithm": words::<SignatureAlgorithm>("The algorithm."),
                    "interactions": text("As the relying party sent it."),
                    "acsp": object(
                        &["scheme", "serverRandom", "rpChallenge", "rpName", "brokeredRpName", "callback"],
                        json!({
                            "scheme": text("The name of the environment."), "serverRandom": text("Base64."),
                            "rpChallenge": text("Base64, as sent."), "rpName": text("As in the request."),
                            "brokeredRpName": text("Empty for ordinary relying parties."), "callback": text("Empty, or the URL."),
                        }),
                    ),
                    "digest": text("Base64, as sent."), "code": pattern("^[0-9]{4}$", "To show."),
                    "codes": { "type": "array", "items": pattern("^[0-9]{4}$", "One of them is right."), "minItems": 3, "maxItems": 3 },
                }),
            ),
        ),
    ]
}
