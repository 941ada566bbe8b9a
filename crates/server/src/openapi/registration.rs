//! The registration API.

use countersign_wire::registration::words::{OauthError, Scope};
use countersign_wire::registration::{ErrorCode, Jurisdiction, SigningStatus, TermsError, path};
use serde_json::{Map, Value, json};

use super::parts::{json_answer, object, or_null, pattern, schema, text, words};

pub(super) const TAG: &str = "Registration";
/// The name of the scheme by which clients are known.
const SCHEME: &str = "client";

const NUMBER: &str = r"^(\+|00)?[1-9][0-9 -]{6,30}$";
const TOKEN: &str = "^[A-Za-z0-9_-]{22}$";

/// How clients are known.
pub(super) fn security() -> (&'static str, Value) {
    let scopes: Map<String, Value> =
        Scope::WORDS.iter().map(|word| ((*word).to_owned(), json!(""))).collect();
    let scheme = json!({
        "type": "oauth2",
        "description": "`Authorization: Bearer` with a token of `POST /oauth/token`, or one that a client's server has \
            given a browser.",
        "flows": { "clientCredentials": { "tokenUrl": path::OAUTH_TOKEN, "scopes": scopes } },
    });
    (SCHEME, scheme)
}

pub(super) fn paths() -> Vec<(String, Value)> {
    use ErrorCode::{
        AlreadyDecided, NoEvidence, NumberNotVerified, OtpExpired, OtpInvalid, OtpLocked, TcAlreadyAccepted,
        TokenExpired, TooLarge, Unavailable, UnknownToken,
    };
    let number = |place: &str, name: &str| {
        json!({
            "name": name, "in": place, "required": true, "schema": { "type": "string", "pattern": NUMBER },
            "description": "The phone number: digits with the country code first.", "example": "41791234567",
        })
    };
    let msisdn = || pattern(NUMBER, "The phone number: digits with the country code first.");
    let token = || pattern(TOKEN, "The token of the link.");
    let nothing = || json_answer("Done.", object(&[], json!({})), None);
    let body = |schema: Value, example: Value| json!({ "required": true, "content": { "application/json": { "schema": schema, "example": example } } });
    let code = || {
        body(
            object(
                &["msisdn", "code"],
                json!({
                    "msisdn": msisdn(),
                    "code": pattern("^[0-9A-Za-z]{4,8}$", "The code as it was typed. Ours are six digits."),
                }),
            ),
            json!({ "msisdn": "4179999999", "code": "ABCD" }),
        )
    };
    let send = object(
        &["msisdn"],
        json!({
            "msisdn": msisdn(), "code": text("Passed over: the guide's sample carries one."),
        }),
    );
    let decide = object(
        &["token"],
        json!({
            "token": token(),
            "decizionZertes": { "type": "boolean", "description": "Accepts the Swiss terms. `decisionZertes` is read too." },
            "decisionEidas": { "type": "boolean", "description": "Accepts the terms of the European Union." },
            "knowsTheRisk": { "type": "boolean", "description": "Knows that accepting with another means lowers the level." },
        }),
    );
    let status = || {
        json!({
            "type": "string", "enum": SigningStatus::WORDS, "description": "Whether the means fits, and if not, why.",
        })
    };
    let status = object(
        &["status", "loa4ExpiryDate", "signingStatus", "notFound"],
        json!({
            "status": { "type": "array", "description": "One entry for each jurisdiction with a level.", "items": object(
                &["assuranceLevel", "jurisdiction"],
                json!({
                    "assuranceLevel": { "type": "integer", "enum": [3, 4], "description": "3: advanced, 4: qualified." },
                    "jurisdiction": words::<Jurisdiction>("Under which law."),
                }),
            ) },
            "loa4ExpiryDate": or_null(json!({ "type": "string", "format": "date", "description": "The last day of level 4." })),
            "signingStatus": status(),
            "notFound": { "type": "boolean", "description": "Nobody was identified for this number." },
            "tc": { "type": "array", "description": "Only for clients that see it.", "items": object(
                &["jurisdiction", "current", "version"],
                json!({
                    "jurisdiction": words::<Jurisdiction>("Under which law."),
                    "current": { "type": "boolean", "description": "Whether the terms in force are accepted." },
                    "version": text("Which are in force."),
                }),
            ) },
        }),
    );
    let poll = object(
        &["token", "error", "consentUrl", "confirmed", "downgrade"],
        json!({
            "token": token(),
            "error": or_null(words::<TermsError>("Why it ended without an acceptance.")),
            "consentUrl": or_null(json!({ "type": "string", "format": "uri", "description": "Where password and code are entered; to be shown in an iframe." })),
            "confirmed": { "type": "boolean", "description": "The person has accepted." },
            "downgrade": { "type": "boolean", "description": "They have, and the level ends at 3." },
        }),
    );
    let token_answer = || {
        object(
            &["access_token", "token_type", "expires_in", "scope"],
            json!({
                "access_token": text("For `Authorization: Bearer`."),
                "token_type": { "type": "string", "const": "Bearer" },
                "expires_in": { "type": "integer", "description": "Seconds." },
                "scope": text("What it is good for."),
            }),
        )
    };
    let token_query = json!({
        "name": "token", "in": "query", "required": true, "schema": { "type": "string", "pattern": TOKEN },
        "description": "The token of the link.",
    });
    let oauth_answers = {
        let mut answers = Map::new();
        answers.insert("200".into(), json_answer("A token.", token_answer(), None));
        for status in [400_u16, 401, 429] {
            let codes: Vec<_> = OauthError::ALL
                .iter()
                .filter(|error| error.status() == status)
                .map(|error| error.as_str())
                .collect();
            answers.insert(status.to_string(), json_answer(&codes.join(", "), object(&["error", "error_description"], json!({
                "error": { "type": "string", "enum": codes, "description": "The word for programs." },
                "error_description": text("What was expected."),
            })), None));
        }
        answers.insert("500".into(), problem(&[ErrorCode::Internal]));
        answers
    };
    vec![
        (
            path::OAUTH_TOKEN.into(),
            json!({ "post": {
            "tags": [TAG], "operationId": "clientToken", "summary": "Get a token with client id and secret",
            "description": "`Authorization: Basic`, or `client_id` and `client_secret` in the form. Nothing in the URL.",
            "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": { "schema": object(
                &["grant_type"],
                json!({
                    "grant_type": { "type": "string", "const": "client_credentials" },
                    "scope": text("Words with blanks between; without it, everything that the client has."),
                    "client_id": text("Without the header."), "client_secret": text("Without the header."),
                }),
            ) } } },
            "responses": oauth_answers,
        } }),
        ),
        (
            path::CONFIRM.into(),
            json!({ "post": operation(
            "confirm", "Send a code (with `msisdn`), or decide on terms (with `token`)", &[],
            Some(body(json!({ "oneOf": [send.clone(), decide] }), json!({
                "decizionZertes": true, "decisionEidas": true, "knowsTheRisk": true, "token": "AAAAAAAAAAAAAAAAAAAAAA",
            }))),
            nothing(), &[NumberNotVerified, UnknownToken, AlreadyDecided, TokenExpired, TooLarge, Unavailable],
        ) }),
        ),
        (
            path::VERIFICATION.into(),
            json!({ "post": operation(
            "sendCode", "Send a code to a number", &[], Some(body(send, json!({ "msisdn": "4179999999" }))),
            nothing(), &[TooLarge, Unavailable],
        ) }),
        ),
        (
            path::CODE.into(),
            json!({ "post": operation(
            "checkCode", "Check the code that the holder of a number has entered", &[], Some(code()), nothing(),
            &[OtpInvalid, OtpExpired, OtpLocked, TooLarge, Unavailable],
        ) }),
        ),
        (
            path::STATUS.into(),
            json!({ "get": operation(
            "registrationStatus", "Whether the holder of a number may sign, and at which level",
            &[number("query", "msisdn")], None, json_answer("The combined status.", status, None),
            &[NumberNotVerified, Unavailable],
        ) }),
        ),
        (
            path::TERMS.into(),
            json!({ "get": operation(
            "termsLink", "The link to terms that have to be accepted", &[number("path", "msisdn")], None,
            json_answer("There are some.", object(&["link", "token"], json!({
                "link": { "type": "string", "format": "uri", "description": "The page with the terms." }, "token": token(),
                "terms": { "type": "array", "description": "What is on that page.", "items": object(
                    &["jurisdiction", "version", "texts"],
                    json!({
                        "jurisdiction": words::<Jurisdiction>("Under which law."), "version": text("Which edition."),
                        "texts": { "type": "array", "items": object(&["language", "url"], json!({
                            "language": text("`de`, `en` and so on."), "url": { "type": "string", "format": "uri" },
                        })) },
                    }),
                ) },
            })), None),
            &[NumberNotVerified, NoEvidence, TcAlreadyAccepted, Unavailable],
        ) }),
        ),
        (
            path::POLL.into(),
            json!({ "get": operation(
            "termsStatus", "How the acceptance of terms goes on", &[token_query], None,
            json_answer("Ask again every 2 to 5 seconds until `confirmed`, `downgrade` or an `error`.", poll, None),
            &[NumberNotVerified, UnknownToken, TokenExpired, Unavailable],
        ) }),
        ),
        (
            path::SETTINGS.into(),
            json!({ "get": operation(
            "clientSettings", "What the operator has set for the client", &[], None, json_answer("Nothing of it is about a person.", object(
                &["methods", "asksForTerms", "codeSeconds", "codePauseSeconds", "identifyUrl", "sandbox"],
                json!({
                    "methods": { "type": "array", "items": { "type": "string", "enum": ["MID", "SAS"] }, "description": "What the client takes a confirmation with." },
                    "asksForTerms": { "type": "boolean", "description": "Whether it may have people accept terms." },
                    "codeSeconds": { "type": "integer", "description": "Seconds in which a code can be entered." },
                    "codePauseSeconds": { "type": "integer", "description": "Seconds between two codes to one number." },
                    "identifyUrl": or_null(json!({ "type": "string", "format": "uri", "description": "Where people get identified." })),
                    "sandbox": { "type": "boolean", "description": "A development server." },
                }),
            ), None), &[],
        ) }),
        ),
        (
            path::WIDGET_TOKEN.into(),
            json!({ "post": operation(
            "widgetToken", "Get a token for a browser", &[],
            Some(body(object(&["origin"], json!({
                "origin": text("The origin of the page that will use it."), "msisdn": msisdn(),
            })), json!({ "origin": "https://portal.example.org", "msisdn": "41791234567" }))),
            json_answer("A token for that page alone.", token_answer(), None), &[TooLarge],
        ) }),
        ),
    ]
}

fn operation(
    id: &str,
    summary: &str,
    parameters: &[Value],
    body: Option<Value>,
    answer: Value,
    more: &[ErrorCode],
) -> Value {
    let always = [
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidToken,
        ErrorCode::InsufficientScope,
        ErrorCode::OriginNotAllowed,
        ErrorCode::NumberNotAllowed,
        ErrorCode::TooManyRequests,
        ErrorCode::Internal,
    ];
    let mut responses = Map::new();
    responses.insert("200".into(), answer);
    let codes: Vec<_> = always.into_iter().chain(more.iter().copied()).collect();
    for code in &codes {
        let same: Vec<_> = codes.iter().copied().filter(|other| other.status() == code.status()).collect();
        responses.entry(code.status().to_string()).or_insert_with(|| problem(&same));
    }
    let mut operation = json!({
        "tags": [TAG], "operationId": id, "summary": summary, "security": [{ SCHEME: ["smartflow"] }],
        "parameters": parameters, "responses": responses,
    });
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation
}

fn problem(codes: &[ErrorCode]) -> Value {
    let words: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
    json_answer(&words.join(", "), schema("RegistrationProblem"), None)
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let problem = object(
        &["error", "message"],
        json!({
            "error": words::<ErrorCode>("The word for programs."),
            "message": text("What happened, and what was expected."),
            "traceId": text("A reference to our log."),
            "attemptsLeft": { "type": "integer", "minimum": 0, "description": "With `otp_invalid`." },
        }),
    );
    vec![("RegistrationProblem", problem)]
}
