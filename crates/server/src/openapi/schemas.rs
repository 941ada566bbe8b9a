//! The bodies of the relying party API, and the list of all schemas.

use countersign_wire::callback::CALLBACK_URL_MAX;
use countersign_wire::id::SessionToken;
use countersign_wire::start::{
    CAPABILITIES_MAX, IGNORED_PROPERTIES_MAX, INTERACTIONS_MAX, NONCE_MAX, RequestProperty,
};
use countersign_wire::words::{
    CertificateLevel, CertificateState, EndResult, FlowType, HashAlgorithm, InteractionType, RequestedLevel,
    SignatureAlgorithm, SignatureProtocol, State, VcType,
};
use serde_json::{Map, Value, json};

use super::parts::{closed_object, object, or_null, pattern, request_object, schema, schema_as, text, words};
use super::{
    admin, ca, desk, device, operations, passwords, problems, registrant, registration, signing, validation,
};

/// Standard Base64 as the specification writes it.
const BASE64: &str = r"^[a-zA-Z0-9+\/]+={0,2}$";

pub(super) fn all() -> Value {
    let mut map = Map::new();
    for (name, value) in requests()
        .into_iter()
        .chain(answers())
        .chain(problems::schemas())
        .chain(device::schemas())
        .chain(admin::schemas())
        .chain(desk::schemas())
        .chain(passwords::schemas())
        .chain(registrant::schemas())
        .chain(ca::schemas())
        .chain(registration::schemas())
        .chain(operations::schemas())
        .chain(signing::schemas())
        .chain(std::iter::once(("ValidationReport", validation::report_schema())))
    {
        map.insert(name.to_owned(), value);
    }
    Value::Object(map)
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        (
            "RelyingPartyUUID",
            json!({ "type": "string", "format": "uuid", "description": "The relying party." }),
        ),
        (
            "RelyingPartyName",
            json!({
                "type": "string", "minLength": 1,
                "description": "One of the names registered for the relying party, in any case. It is signed as sent.",
            }),
        ),
        ("RequestedLevel", {
            let mut level = words::<RequestedLevel>("The lowest level that will do.");
            level["default"] = json!(RequestedLevel::default());
            level
        }),
        ("AuthenticationLevel", {
            let words: Vec<_> = CertificateLevel::WORDS.to_vec();
            json!({
                "type": "string", "enum": words, "default": RequestedLevel::default(),
                "description": "The lowest level that will do.",
            })
        }),
        ("HashAlgorithm", words::<HashAlgorithm>("A hash.")),
        ("InteractionType", words::<InteractionType>("A kind of screen.")),
        (
            "Interactions",
            json!({
                "type": "string", "pattern": BASE64, "minLength": 4, "maxLength": INTERACTIONS_MAX,
                "contentEncoding": "base64", "contentMediaType": "application/json",
                "contentSchema": {
                    "type": "array", "minItems": 1, "items": schema("Interaction"),
                },
                "description": "Base64 of a JSON array of interactions, in the order of preference. The text is hashed \
                    as sent.",
            }),
        ),
        ("Interaction", {
            let kinds: Vec<Value> = InteractionType::ALL
                .iter()
                .map(|kind| {
                    object(
                        &["type", kind.text_member()],
                        json!({
                            "type": { "type": "string", "const": kind },
                            kind.text_member(): { "type": "string", "minLength": 1, "maxLength": kind.text_limit() },
                        }),
                    )
                })
                .collect();
            json!({ "oneOf": kinds, "description": "What the person is shown. Each type at most once." })
        }),
        (
            "CallbackUrl",
            json!({
                "type": "string", "pattern": r"^https:\/\/([^|#]+)$", "maxLength": CALLBACK_URL_MAX,
                "description": "Where the phone returns to after a link opened on the same device.",
            }),
        ),
        (
            "Nonce",
            json!({ "type": "string", "minLength": 1, "maxLength": NONCE_MAX, "description": "Makes two equal requests differ." }),
        ),
        ("RequestProperties", {
            let (members, length) = IGNORED_PROPERTIES_MAX;
            let mut properties = Map::new();
            for property in RequestProperty::ALL {
                properties.insert(
                    property.as_str().to_owned(),
                    match property {
                        RequestProperty::ShareMdClientIpAddress => {
                            or_null(json!({ "type": "boolean", "default": false, "description": "Give the address of the person's phone. Needs a permission." }))
                        }
                    },
                );
            }
            json!({
                "type": "object", "properties": properties, "maxProperties": members + RequestProperty::ALL.len(),
                "propertyNames": { "maxLength": length },
                "description": "Unknown members are ignored, and their names given back in the session status.",
            })
        }),
        ("Capabilities", {
            let (items, length) = CAPABILITIES_MAX;
            json!({
                "type": "array", "maxItems": items, "items": { "type": "string", "minLength": 1, "maxLength": length },
                "description": "By agreement with the service. Needs a permission.",
            })
        }),
        ("AuthenticationParameters", parameters("rpChallenge", "32 to 64 random bytes.")),
        (
            "SignatureParameters",
            parameters("digest", "The digest of what is to be signed, as long as its hash."),
        ),
    ]
}

fn parameters(input: &str, description: &str) -> Value {
    request_object(
        &[input, "signatureAlgorithm"],
        json!({
            input: { "type": "string", "pattern": BASE64, "minLength": 44, "maxLength": 88, "description": description },
            "signatureAlgorithm": words::<SignatureAlgorithm>("`rsassa-pss`; the others are deprecated."),
            "signatureAlgorithmParameters": request_object(
                &["hashAlgorithm"],
                json!({ "hashAlgorithm": schema("HashAlgorithm") }),
            ),
        }),
    )
}

fn answers() -> Vec<(&'static str, Value)> {
    let session_id =
        json!({ "type": "string", "format": "uuid", "description": "The address of the result." });
    vec![
        (
            "DeviceLinkStarted",
            object(
                &["sessionID", "sessionToken", "sessionSecret", "deviceLinkBase"],
                json!({
                    "sessionID": session_id,
                    "sessionToken": { "type": "string", "pattern": "^[a-zA-Z0-9]+$", "minLength": SessionToken::LENGTH, "description": "The handle inside links." },
                    "sessionSecret": { "type": "string", "pattern": BASE64, "minLength": 24, "description": "The key of links and callbacks. Stays in the backend." },
                    "deviceLinkBase": { "type": "string", "format": "uri", "description": "What links start with." },
                }),
            ),
        ),
        ("SessionStarted", object(&["sessionID"], json!({ "sessionID": session_id }))),
        (
            "VerificationCodeStarted",
            object(
                &["sessionID", "vc"],
                json!({
                    "sessionID": session_id,
                    "vc": object(
                        &["type", "value"],
                        json!({
                            "type": words::<VcType>("The kind of code."),
                            "value": pattern("^[0-9]{4}$", "What the relying party shows; the phone shows the same."),
                        }),
                    ),
                }),
            ),
        ),
        (
            "Certificate",
            object(
                &["value", "certificateLevel"],
                json!({
                    "value": { "type": "string", "contentEncoding": "base64", "description": "The end-entity certificate, DER." },
                    "certificateLevel": words::<CertificateLevel>("Its level."),
                }),
            ),
        ),
        (
            "CertificateAnswer",
            object(
                &["state"],
                json!({
                    "state": words::<CertificateState>("Whether the account can sign now."),
                    "cert": schema_as("Certificate", "The signing certificate; exactly when `state` is `OK`."),
                }),
            ),
        ),
        ("SignatureAlgorithmParameters", signature_algorithm_parameters()),
        (
            "SessionSignature",
            closed_object(
                &["flowType"],
                json!({
                    "value": { "type": "string", "contentEncoding": "base64", "description": "The RSA signature." },
                    "serverRandom": { "type": "string", "minLength": 24, "description": "With `ACSP_V2`." },
                    "userChallenge": pattern("^[a-zA-Z0-9_-]{43}$", "With `ACSP_V2`."),
                    "flowType": words::<FlowType>("The way the person took."),
                    "signatureAlgorithm": words::<SignatureAlgorithm>("As in the request."),
                    "signatureAlgorithmParameters": schema_as("SignatureAlgorithmParameters", "With `rsassa-pss`."),
                }),
            ),
        ),
        ("SessionStatus", session_status()),
    ]
}

fn signature_algorithm_parameters() -> Value {
    let lengths: Vec<usize> = [32, 48, 64].into();
    closed_object(
        &["hashAlgorithm", "maskGenAlgorithm", "saltLength", "trailerField"],
        json!({
            "hashAlgorithm": schema("HashAlgorithm"),
            "maskGenAlgorithm": closed_object(
                &["algorithm", "parameters"],
                json!({
                    "algorithm": { "type": "string", "const": "id-mgf1" },
                    "parameters": closed_object(&["hashAlgorithm"], json!({ "hashAlgorithm": schema("HashAlgorithm") })),
                }),
            ),
            "saltLength": { "type": "integer", "enum": lengths, "description": "The length of the hash, in bytes." },
            "trailerField": { "type": "string", "const": "0xbc" },
        }),
    )
}

fn session_status() -> Value {
    // `ACCOUNT_UNUSABLE` is known to clients but never sent.
    let end_results: Vec<_> =
        EndResult::ALL.iter().filter(|each| **each != EndResult::AccountUnusable).collect();
    object(
        &["state"],
        json!({
            "state": words::<State>("Whether the session has ended."),
            "result": object(
                &["endResult"],
                json!({
                    "endResult": { "type": "string", "enum": end_results, "description": "How it ended." },
                    "documentNumber": text("The account that was used; after `OK`."),
                    "details": object(
                        &["interaction"],
                        json!({ "interaction": schema_as("InteractionType", "What was refused.") }),
                    ),
                }),
            ),
            "signatureProtocol": words::<SignatureProtocol>("What was signed; absent after a certificate choice."),
            "signature": schema_as("SessionSignature", "After `OK`; after a certificate choice with `flowType` only."),
            "cert": schema_as("Certificate", "After `OK`."),
            "interactionTypeUsed": schema_as("InteractionType", "The screen that the person approved on."),
            "deviceIpAddress": text("Where the phone was, when asked for and permitted."),
            "ignoredProperties": {
                "type": "array", "items": { "type": "string" },
                "description": "Names of `requestProperties` that this service does not know.",
            },
        }),
    )
}
