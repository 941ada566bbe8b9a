//! The relying party API, from its table of endpoints.

use countersign_wire::endpoint::{
    ALIASES, Addressee, AnswerKind, CERTIFICATE_PATH, Flow, Operation, SESSION_PATH, STARTS, Start,
};
use countersign_wire::session::{TIMEOUT_DEFAULT, TIMEOUT_MAX, TIMEOUT_MIN};
use serde_json::{Map, Value, json};

use super::parts::{json_answer, json_body, request_object, schema};
use super::problems;

pub(super) const AUTHENTICATION: &str = "Authentication";
pub(super) const SIGNATURE: &str = "Signature";
pub(super) const CERTIFICATE: &str = "Certificate";
pub(super) const SESSION: &str = "Session";

const PERSON: &str = "PNOEE-40504040001";
const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";
const SESSION_ID: &str = "fa20fd1e-e320-4c68-8315-f6a507a0b4a9";

/// What every POST of this API can answer beside 200. The 404 of an anonymous start cannot come, but is documented.
const REFUSALS: [u16; 12] = [400, 401, 403, 404, 408, 413, 415, 471, 480, 500, 503, 580];

pub(super) fn paths() -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = STARTS
        .iter()
        .map(|start| (start.path.to_owned(), start_item(start, false)))
        .chain(ALIASES.iter().map(|start| (start.path.to_owned(), start_item(start, true))))
        .collect();
    all.push((CERTIFICATE_PATH.to_owned(), certificate_item()));
    all.push((SESSION_PATH.to_owned(), session_item()));
    all
}

pub(super) fn parameters() -> Value {
    json!({
        "person": {
            "name": "addressee", "in": "path", "required": true, "example": PERSON,
            "description": "The person: an ETSI semantics identifier.",
            "schema": { "type": "string", "pattern": "^(PAS|IDC|PNO)[A-Z]{2}-[A-Za-z0-9][A-Za-z0-9-]{0,29}$" },
        },
        "document": {
            "name": "addressee", "in": "path", "required": true, "example": DOCUMENT,
            "description": "The account: a document number.",
            "schema": {
                "type": "string",
                "pattern": "^(PAS|IDC|PNO)[A-Z]{2}-[A-Za-z0-9][A-Za-z0-9-]{0,29}-[A-Z0-9]{4}-(Q|NQ)$",
            },
        },
    })
}

/// The body of a minimal request to this endpoint, as a relying party in the demo environment would send it.
pub fn example(start: &Start) -> Value {
    let mut body = Map::new();
    let mut set = |name: &str, value: Value| body.insert(name.to_owned(), value);
    set("relyingPartyUUID", json!("00000000-0000-4000-8000-000000000000"));
    set("relyingPartyName", json!("DEMO"));
    if let Some(protocol) = start.operation.signature_protocol() {
        set("signatureProtocol", json!(protocol));
    }
    // The bytes 0 to 63: a challenge, or a digest under SHA-512 or SHA3-512.
    let input = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
    // [{"type":"displayTextAndPIN","displayText60":"Log in"}]
    let interactions = "W3sidHlwZSI6ImRpc3BsYXlUZXh0QW5kUElOIiwiZGlzcGxheVRleHQ2MCI6IkxvZyBpbiJ9XQ==";
    let algorithm = |hash: &str| json!({ "hashAlgorithm": hash });
    match start.operation {
        Operation::Authenticate => {
            set(
                "signatureProtocolParameters",
                json!({
                    "rpChallenge": input, "signatureAlgorithm": "rsassa-pss",
                    "signatureAlgorithmParameters": algorithm("SHA3-512"),
                }),
            );
            set("interactions", json!(interactions));
            if start.flow == Flow::Notification {
                set("vcType", json!("numeric4"));
            }
        }
        Operation::Sign => {
            set(
                "signatureProtocolParameters",
                json!({
                    "digest": input, "signatureAlgorithm": "rsassa-pss",
                    "signatureAlgorithmParameters": algorithm("SHA-512"),
                }),
            );
            set("interactions", json!(interactions));
            if start.addressee == Addressee::Linked {
                set("linkedSessionID", json!(SESSION_ID));
            }
        }
        Operation::ChooseCertificate => {}
    }
    Value::Object(body)
}

fn start_item(start: &Start, alias: bool) -> Value {
    let tag = match start.operation {
        Operation::Authenticate => AUTHENTICATION,
        Operation::Sign => SIGNATURE,
        Operation::ChooseCertificate => CERTIFICATE,
    };
    let mut responses = problems::relying_party(&REFUSALS);
    let (answer, sample) = match start.answer() {
        AnswerKind::DeviceLink => (
            "DeviceLinkStarted",
            json!({
                "sessionID": SESSION_ID, "sessionToken": "wGIrqveE6AuGDATZKmR1mtAZ",
                "sessionSecret": "B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps=",
                "deviceLinkBase": "http://localhost:8080/device-link",
            }),
        ),
        AnswerKind::Session => ("SessionStarted", json!({ "sessionID": SESSION_ID })),
        AnswerKind::VerificationCode => (
            "VerificationCodeStarted",
            json!({ "sessionID": SESSION_ID, "vc": { "type": "numeric4", "value": "4927" } }),
        ),
    };
    responses.insert("200".into(), json_answer("The session has started.", schema(answer), Some(sample)));
    let mut operation = json!({
        "tags": [tag],
        "operationId": operation_id(start),
        "summary": summary(start),
        "description": description(start),
        "requestBody": json_body(body_schema(start), &[("Minimal", example(start))]),
        "responses": sorted(responses),
    });
    if let Some(parameter) = addressee_parameter(start.addressee) {
        operation["parameters"] = json!([parameter]);
    }
    if alias {
        operation["deprecated"] = json!(true);
    }
    json!({ "post": operation })
}

fn body_schema(start: &Start) -> Value {
    let mut members = Map::new();
    let mut required = vec!["relyingPartyUUID", "relyingPartyName"];
    let mut add = |name: &'static str, value: Value| members.insert(name.to_owned(), value);
    add("relyingPartyUUID", schema("RelyingPartyUUID"));
    add("relyingPartyName", schema("RelyingPartyName"));
    let level = match start.operation {
        Operation::Authenticate => "AuthenticationLevel",
        Operation::Sign | Operation::ChooseCertificate => "RequestedLevel",
    };
    add("certificateLevel", schema(level));
    let parameters = match start.operation {
        Operation::Authenticate => Some("AuthenticationParameters"),
        Operation::Sign => Some("SignatureParameters"),
        Operation::ChooseCertificate => None,
    };
    if let (Some(protocol), Some(parameters)) = (start.operation.signature_protocol(), parameters) {
        add("signatureProtocol", json!({ "type": "string", "const": protocol }));
        add("signatureProtocolParameters", schema(parameters));
        add("interactions", schema("Interactions"));
        required.extend(["signatureProtocol", "signatureProtocolParameters", "interactions"]);
    }
    match (start.flow, start.operation, start.addressee) {
        (Flow::DeviceLink, _, _) => {
            add("initialCallbackUrl", schema("CallbackUrl"));
        }
        (Flow::Notification, Operation::Authenticate, _) => {
            add("vcType", json!({ "type": "string", "enum": countersign_wire::words::VcType::WORDS }));
            required.push("vcType");
        }
        (Flow::Notification, Operation::Sign, Addressee::Linked) => {
            add(
                "linkedSessionID",
                json!({
                    "type": "string", "format": "uuid",
                    "description": "The device-link certificate choice that this signature follows.",
                }),
            );
            required.push("linkedSessionID");
        }
        (Flow::Notification, Operation::Sign | Operation::ChooseCertificate, _) => {}
    }
    if start.operation != Operation::Authenticate {
        add("nonce", schema("Nonce"));
    }
    add("requestProperties", schema("RequestProperties"));
    add("capabilities", schema("Capabilities"));
    request_object(&required, Value::Object(members))
}

fn certificate_item() -> Value {
    let mut responses = problems::relying_party(&REFUSALS);
    responses.insert(
        "200".into(),
        json_answer(
            "The certificate, or that the account cannot sign now.",
            schema("CertificateAnswer"),
            None,
        ),
    );
    let body = request_object(
        &["relyingPartyUUID", "relyingPartyName"],
        json!({
            "relyingPartyUUID": schema("RelyingPartyUUID"),
            "relyingPartyName": schema("RelyingPartyName"),
            "certificateLevel": schema("RequestedLevel"),
        }),
    );
    let example = json!({
        "relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO",
        "certificateLevel": "QUALIFIED",
    });
    json!({ "post": {
        "tags": [CERTIFICATE],
        "operationId": "signingCertificate",
        "summary": "Signing certificate of an account",
        "description": "Answers at once; the person is not asked.",
        "parameters": [addressee_parameter(Addressee::Document)],
        "requestBody": json_body(body, &[("Minimal", example)]),
        "responses": sorted(responses),
    } })
}

fn session_item() -> Value {
    let mut responses = problems::relying_party(&[400, 401, 404, 480, 500, 580]);
    responses.insert(
        "200".into(),
        json_answer("How the session stands.", schema("SessionStatus"), Some(json!({ "state": "RUNNING" }))),
    );
    json!({ "get": {
        "tags": [SESSION],
        "operationId": "sessionStatus",
        "summary": "Status of a session",
        "description": "Answers as soon as the session has ended, or with `RUNNING` when the time is over. The result \
            can be fetched again for five minutes.",
        "parameters": [
            {
                "name": "session_id", "in": "path", "required": true, "example": SESSION_ID,
                "schema": { "type": "string", "format": "uuid" },
            },
            {
                "name": "timeoutMs", "in": "query", "required": false,
                "description": format!(
                    "How long to wait, in milliseconds: {} to {}. A value outside is taken as the nearer bound.",
                    millis(TIMEOUT_MIN), millis(TIMEOUT_MAX),
                ),
                "schema": { "type": "integer", "default": millis(TIMEOUT_DEFAULT) },
            },
        ],
        "responses": sorted(responses),
    } })
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn addressee_parameter(addressee: Addressee) -> Option<Value> {
    match addressee {
        Addressee::Anonymous => None,
        Addressee::Person => Some(json!({ "$ref": "#/components/parameters/person" })),
        Addressee::Document | Addressee::Linked => {
            Some(json!({ "$ref": "#/components/parameters/document" }))
        }
    }
}

fn operation_id(start: &Start) -> String {
    let operation = match start.operation {
        Operation::Authenticate => "authenticate",
        Operation::Sign => "sign",
        Operation::ChooseCertificate => "chooseCertificate",
    };
    let flow = match start.flow {
        Flow::DeviceLink => "DeviceLink",
        Flow::Notification => "Notification",
    };
    let addressee = match start.addressee {
        Addressee::Anonymous => "Anonymous",
        Addressee::Person => "Person",
        Addressee::Document => "Document",
        Addressee::Linked => "Linked",
    };
    format!("{operation}{flow}{addressee}")
}

fn summary(start: &Start) -> String {
    let operation = match start.operation {
        Operation::Authenticate => "Authentication",
        Operation::Sign => "Signature",
        Operation::ChooseCertificate => "Certificate choice",
    };
    let flow = match start.flow {
        Flow::DeviceLink => "by device link",
        Flow::Notification => "by notification",
    };
    let addressee = match start.addressee {
        Addressee::Anonymous => "anyone",
        Addressee::Person => "a person",
        Addressee::Document => "an account",
        Addressee::Linked => "linked to a certificate choice",
    };
    format!("{operation} {flow}, {addressee}")
}

fn description(start: &Start) -> &'static str {
    match (start.operation, start.flow, start.addressee) {
        (Operation::Authenticate, Flow::DeviceLink, _) => {
            "Show the link as a QR code that is made anew every second, or open it on the same device."
        }
        (Operation::Authenticate, Flow::Notification, _) => {
            "The phone is told. Show the verification code computed from `rpChallenge`."
        }
        (Operation::Sign, Flow::DeviceLink, _) => {
            "The digest is signed as it is: it is not hashed again. Equal requests within 15 s get the same session."
        }
        (Operation::Sign, Flow::Notification, Addressee::Linked) => {
            "Follows a device-link certificate choice at once: the phone waits for it."
        }
        (Operation::Sign, Flow::Notification, _) => {
            "The phone is told. Show the verification code of the answer. The digest is signed as it is."
        }
        (Operation::ChooseCertificate, Flow::DeviceLink, _) => {
            "The person picks the account to sign with. A linked signature must follow."
        }
        (Operation::ChooseCertificate, Flow::Notification, _) => {
            "The person picks the account to sign with. A notification signature for that account follows."
        }
    }
}

/// Success first, then by number.
fn sorted(responses: Map<String, Value>) -> Value {
    let mut list: Vec<_> = responses.into_iter().collect();
    list.sort_by(|(a, _), (b, _)| a.cmp(b));
    Value::Object(list.into_iter().collect())
}
