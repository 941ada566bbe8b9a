//! Registrant tokens, and the API that they open.

use countersign_token::{Assurance, Method};
use serde_json::{Map, Value, json};

use super::parts::{json_answer, object, or_null, schema, text, time};
use crate::registrant::BASE;
use crate::registrant::demo::PAGE_MAX;

pub(super) const TAG: &str = "Registrant tokens";
/// Calls with a token.
const TOKEN: &str = "registrantToken";
/// Calls of partners.
const PARTNER: &str = "registrantPartner";

pub(super) fn security() -> [(&'static str, Value); 2] {
    [
        (
            TOKEN,
            json!({ "type": "http", "scheme": "bearer", "description": "A registrant token, from one of the token calls." }),
        ),
        (
            PARTNER,
            json!({
                "type": "http", "scheme": "bearer",
                "description": "The key of a partner, of which the configuration holds the hash (`[[registrant.partner]]`). A \
                    client certificate in TLS does as well.",
            }),
        ),
    ]
}

pub(super) fn paths() -> Vec<(String, Value)> {
    let mut paths = vec![
        (
            format!("{BASE}/auth/token"),
            json!({ "post": token_call(
                "createRegistrantToken", "Get a bearer token of two hours", "201",
                "In the body: values that a partner asserts; a user name and password; a finished session of ours; or a Web eID \
                 token. With no body: the identity card of the TLS handshake. The first may come with the others, and must \
                 then agree.",
                schema("RegistrantTokenRequest"),
            ) }),
        ),
        (
            format!("{BASE}/auth/eid"),
            json!({ "post": token_call(
                "createRegistrantTokenByEid", "The same, but for passwords; the status is 200", "200",
                "As `/auth/token`, under the path of the system whose interface this is.",
                schema("RegistrantTokenRequest"),
            ) }),
        ),
        (
            format!("{BASE}/auth/username"),
            json!({ "post": token_call(
                "createRegistrantTokenByPassword", "The same for passwords alone", "201",
                "Which users there are is not told: not by the answer, and not by how long it takes.",
                object(&["username", "password"], json!({ "username": text("Who."), "password": text("Their password.") })),
            ) }),
        ),
        (
            format!("{BASE}/auth/challenge"),
            json!({ "get": operation(
                "webEidChallenge", "A challenge for Web eID",
                json_answer(
                    "The challenge: for five minutes, once, in the browser that keeps the cookie of this answer.",
                    object(&["nonce"], json!({ "nonce": text("44 characters of Base64.") })), None,
                ),
                &[], None, &["401", "429"],
            ) }),
        ),
    ];
    for (path, id, summary, answer) in [
        (
            "introspect",
            "introspectRegistrantToken",
            "What a token says (RFC 7662)",
            schema("RegistrantIntrospection"),
        ),
        ("revoke", "revokeRegistrantToken", "Withdraw a token (RFC 7009)", object(&[], json!({}))),
    ] {
        let mut call = operation(
            id,
            summary,
            json_answer("Done, also for what is no good token.", answer, None),
            &[],
            Some(PARTNER),
            &["401", "413", "415", "422"],
        );
        call["requestBody"] = json!({ "required": true, "content": { "application/x-www-form-urlencoded": {
            "schema": object(&["token"], json!({ "token": text("The token.") })),
        } } });
        paths.push((format!("{BASE}/auth/{path}"), json!({ "post": call })));
    }
    paths.extend(resources());
    paths
}

fn resources() -> Vec<(String, Value)> {
    let list = || json!({ "type": "array", "items": { "type": "object" }, "description": "As the registry's interface has them." });
    let page = [parameter("limit", "query", 1, Some(PAGE_MAX)), parameter("offset", "query", 0, None)];
    let mut simple = page.to_vec();
    simple.push(json!({
        "name": "simple", "in": "query", "schema": { "type": "boolean" }, "description": "Nine members of each alone.",
    }));
    let uuid = || {
        vec![json!({
            "name": "uuid", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
            "description": "The `id`.",
        })]
    };
    let demo = "In `countersign dev` alone: a small registry to try tokens on. Elsewhere 404.";
    let told = |mut operation: Value| {
        operation["description"] = json!(demo);
        operation
    };
    let one = || json_answer("It.", json!({ "type": "object" }), None);
    let locked = |id: &str, summary: &str| {
        told(operation(id, summary, one(), &uuid(), Some(TOKEN), &["401", "404", "422"]))
    };
    let mut logout = operation(
        "registrantLogout",
        "Withdraw this token, or all that its holder has",
        json_answer(
            "Withdrawn.",
            object(
                &["logged_out", "everywhere"],
                json!({ "logged_out": { "type": "boolean" }, "everywhere": { "type": "boolean" } }),
            ),
            None,
        ),
        &[],
        Some(TOKEN),
        &["400", "401", "408", "413", "415", "503"],
    );
    logout["requestBody"] = json!({ "required": false, "content": { "application/json": {
        "schema": object(&[], json!({ "everywhere": { "type": "boolean", "default": false } })),
    } } });
    vec![
        (
            format!("{BASE}/me"),
            json!({ "get": operation(
                "registrantMe", "Whose token this is", json_answer("They.", schema("Registrant"), None), &[], Some(TOKEN), &["401"],
            ) }),
        ),
        (format!("{BASE}/logout"), json!({ "post": logout })),
        (
            format!("{BASE}/contacts"),
            json!({ "get": told(operation(
                "registrantContacts", "The holder's contacts", json_answer("A page of them.", list(), None), &page, Some(TOKEN),
                &["400", "401", "404"],
            )) }),
        ),
        (
            format!("{BASE}/contacts/{{uuid}}"),
            json!({ "get": told(operation("registrantContact", "One contact", one(), &uuid(), Some(TOKEN), &["401", "404"])) }),
        ),
        (
            format!("{BASE}/domains"),
            json!({ "get": told(operation(
                "registrantDomains", "The holder's domains",
                json_answer("A page of them.", object(&["total", "count", "domains"], json!({
                    "total": { "type": "integer" }, "count": { "type": "integer", "description": "Of all, not of the page." },
                    "domains": list(),
                })), None),
                &simple, Some(TOKEN), &["400", "401", "404"],
            )) }),
        ),
        (
            format!("{BASE}/domains/{{uuid}}"),
            json!({ "get": told(operation("registrantDomain", "One domain", one(), &uuid(), Some(TOKEN), &["401", "404"])) }),
        ),
        (
            format!("{BASE}/domains/{{uuid}}/registry_lock"),
            json!({
                "post": locked("registrantLock", "Lock a domain: needs high assurance of the last ten minutes"),
                "delete": locked("registrantUnlock", "Unlock it: the same"),
            }),
        ),
    ]
}

fn token_call(id: &str, summary: &str, status: &str, description: &str, body: Value) -> Value {
    let answer = json_answer(
        "The token.",
        schema("RegistrantToken"),
        Some(json!({
            "access_token": "AQ…", "expires_at": "2018-07-13 11:30:51 UTC", "type": "Bearer",
            "token_type": "Bearer", "expires_in": 7200,
        })),
    );
    let mut call = operation(
        id,
        summary,
        answer,
        &[],
        None,
        &["400", "401", "408", "413", "415", "422", "429", "500", "503"],
    );
    if status != "200" {
        let answer = call["responses"].as_object_mut().and_then(|all| all.remove("200"));
        call["responses"][status] = answer.unwrap_or_default();
    }
    call["description"] = json!(description);
    call["requestBody"] = json!({ "required": false, "content": { "application/json": { "schema": body } } });
    call
}

fn operation(
    id: &str,
    summary: &str,
    answer: Value,
    parameters: &[Value],
    scheme: Option<&str>,
    failures: &[&str],
) -> Value {
    let mut responses = Map::new();
    responses.insert("200".into(), answer);
    for status in failures {
        responses.insert((*status).into(), failure(status));
    }
    let mut operation = json!({
        "tags": [TAG], "operationId": id, "summary": summary, "parameters": parameters, "responses": responses,
    });
    if let Some(scheme) = scheme {
        operation["security"] = json!([{ scheme: [] }]);
    }
    operation
}

fn failure(status: &str) -> Value {
    let description = match status {
        "400" => "No JSON of this call, or a page that is out of range.",
        "401" => {
            "Not authorized, whatever the reason; with `WWW-Authenticate` where a stronger log-in would help."
        }
        "404" => "Nothing of this name.",
        "408" => "The body did not arrive in time.",
        "413" => "The body is too large.",
        "415" => "The body is not announced as what is read here.",
        "422" => "A parameter is missing or does not fit.",
        "429" => "Too many tries; `Retry-After` says for how long to wait.",
        "500" => "Our fault.",
        _ => "Not now; try again shortly.",
    };
    json_answer(
        description,
        schema("RegistrantErrors"),
        Some(json!({ "errors": [{ "base": ["Not authorized"] }] })),
    )
}

fn parameter(name: &str, place: &str, least: usize, most: Option<usize>) -> Value {
    let mut schema = json!({ "type": "integer", "minimum": least });
    if let Some(most) = most {
        schema["maximum"] = json!(most);
        schema["default"] = json!(most);
    }
    json!({ "name": name, "in": place, "required": false, "schema": schema, "description": "Which part of the list." })
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let methods = Method::ALL.map(Method::word);
    let levels = Assurance::ALL.map(Assurance::word);
    vec![
        (
            "RegistrantTokenRequest",
            object(
                &[],
                json!({
                    "ident": or_null(text("The person's code: serialNumber of the certificate.")),
                    "first_name": or_null(text("GN of the certificate.")),
                    "last_name": or_null(text("SN of the certificate.")),
                    "country_code": or_null(json!({ "type": "string", "default": "EE", "description": "Two letters." })),
                    "username": or_null(text("With `password`.")), "password": or_null(text("With `username`.")),
                    "session_id": or_null(text("A finished authentication of the relying party API. It serves once.")),
                    "relying_party_uuid": or_null(text("Whose session that is.")),
                    "auth_token": or_null(json!({ "type": "object", "description": "A Web eID authentication token, version 1." })),
                    "challenge": or_null(text("The challenge that it answers.")),
                }),
            ),
        ),
        (
            "RegistrantToken",
            object(
                &["access_token", "expires_at", "type", "token_type", "expires_in"],
                json!({
                    "access_token": text("The token: opaque, 700 characters."),
                    "expires_at": { "type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC$", "description": "When it ends." },
                    "type": { "type": "string", "const": "Bearer" }, "token_type": { "type": "string", "const": "Bearer" },
                    "expires_in": { "type": "integer", "description": "Seconds until then." },
                }),
            ),
        ),
        (
            "RegistrantErrors",
            object(
                &["errors"],
                json!({ "errors": {
                "type": "array",
                "items": { "type": "object", "description": "A parameter, or `base`, and what is wrong with it.",
                    "additionalProperties": { "type": "array", "items": { "type": "string" } } },
            } }),
            ),
        ),
        (
            "Registrant",
            object(
                &["ident", "country_code", "first_name", "last_name", "authentication", "token"],
                json!({
                    "ident": text("The person's code."), "country_code": text("Two letters."),
                    "first_name": text("Given names."), "last_name": text("Family name."),
                    "authentication": object(&["method", "assurance", "proven", "time"], json!({
                        "method": { "type": "string", "enum": methods }, "assurance": { "type": "string", "enum": levels },
                        "proven": { "type": "boolean", "description": "Whether the person proved it; otherwise a partner said so." },
                        "time": time("When."),
                    })),
                    "token": object(&["id", "audience", "issued_at", "expires_at"], json!({
                        "id": text("Its name, `jti`."), "audience": text("For which service."),
                        "issued_at": time("When it was made."), "expires_at": time("When it ends."),
                    })),
                }),
            ),
        ),
        (
            "RegistrantIntrospection",
            object(
                &["active"],
                json!({
                    "active": { "type": "boolean", "description": "Whether it is good now. If not, nothing else is told." },
                    "sub": text("Country, hyphen, code."), "jti": text("Its name."), "cid": text("Who asked for it."),
                    "acr": { "type": "string", "enum": levels },
                    "amr": { "type": "array", "items": { "type": "string", "enum": methods } },
                    "exp": { "type": "integer", "description": "Seconds since 1970." },
                }),
            ),
        ),
    ]
}
