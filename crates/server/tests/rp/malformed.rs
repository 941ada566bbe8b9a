//! Everything that can be wrong with a request in itself (rp-api 3), through the door, with the member named.

use countersign_wire::endpoint::{ALIASES, Addressee, Flow, Operation, STARTS, Start};
use serde_json::{Value, json};

use crate::{example, path, problem, world};

/// Rows that have a member.
type Rows = fn(&Start) -> bool;

const ALL: Rows = |_| true;
const SIGNED: Rows = |row| row.operation != Operation::ChooseCertificate;
const AUTHENTICATIONS: Rows = |row| row.operation == Operation::Authenticate;
const SIGNATURES: Rows = |row| row.operation == Operation::Sign;
const NONCED: Rows = |row| row.operation != Operation::Authenticate;
const LINKS: Rows = |row| row.flow == Flow::DeviceLink;
const CODED: Rows = |row| row.operation == Operation::Authenticate && row.flow == Flow::Notification;
const LINKED: Rows = |row| row.addressee == Addressee::Linked;
const WITHOUT_CODE_CHOICE: Rows = |row| {
    row.operation != Operation::ChooseCertificate
        && (row.flow == Flow::DeviceLink || row.addressee == Addressee::Linked)
};

/// Base64 of the JSON array of interactions.
fn interactions(list: &Value) -> Value {
    use base64::Engine as _;
    json!(base64::engine::general_purpose::STANDARD.encode(list.to_string()))
}

/// Rows, pointer to the member, and a wrong value for it (`null` removes it).
fn faults() -> Vec<(Rows, &'static str, Value)> {
    let text = |length: usize| "x".repeat(length);
    let pin = |text: &str| json!({ "type": "displayTextAndPIN", "displayText60": text });
    let message = |text: &str| json!({ "type": "confirmationMessage", "displayText200": text });
    let parameters = "/signatureProtocolParameters";
    let challenge = "/signatureProtocolParameters/rpChallenge";
    let digest = "/signatureProtocolParameters/digest";
    let algorithm = "/signatureProtocolParameters/signatureAlgorithm";
    let hash = "/signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm";
    let share = "/requestProperties/shareMdClientIpAddress";
    let code_choice =
        json!({ "type": "confirmationMessageAndVerificationCodeChoice", "displayText200": "x" });
    let short = json!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==");
    let long = json!(format!("{}AA==", "A".repeat(86)));
    vec![
        (ALL, "/relyingPartyUUID", json!(null)),
        (ALL, "/relyingPartyUUID", json!("DEMO")),
        (ALL, "/relyingPartyUUID", json!("00000000000040008000000000000000")),
        (ALL, "/relyingPartyUUID", json!(7)),
        (ALL, "/relyingPartyName", json!(null)),
        (ALL, "/relyingPartyName", json!("")),
        (ALL, "/relyingPartyName", json!(["DEMO"])),
        (ALL, "/certificateLevel", json!("qualified")),
        (ALL, "/certificateLevel", json!("BASIC")),
        (ALL, "/certificateLevel", json!(1)),
        (AUTHENTICATIONS, "/certificateLevel", json!("QSCD")),
        (SIGNED, "/signatureProtocol", json!(null)),
        (SIGNED, "/signatureProtocol", json!("ACSP_V1")),
        (AUTHENTICATIONS, "/signatureProtocol", json!("RAW_DIGEST_SIGNATURE")),
        (SIGNATURES, "/signatureProtocol", json!("ACSP_V2")),
        (SIGNED, parameters, json!(null)),
        (SIGNED, parameters, json!("x")),
        (AUTHENTICATIONS, challenge, json!(null)),
        (AUTHENTICATIONS, challenge, short.clone()),
        (AUTHENTICATIONS, challenge, long.clone()),
        (AUTHENTICATIONS, challenge, json!("!".repeat(44))),
        (SIGNATURES, digest, json!(null)),
        (SIGNATURES, digest, short),
        (SIGNATURES, digest, long),
        // 32 bytes under SHA-512.
        (SIGNATURES, digest, json!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")),
        (SIGNED, algorithm, json!(null)),
        (SIGNED, algorithm, json!("RSASSA-PSS")),
        (SIGNED, algorithm, json!("sha1WithRSAEncryption")),
        (SIGNED, "/signatureProtocolParameters/signatureAlgorithmParameters", json!(null)),
        (SIGNED, hash, json!(null)),
        (SIGNED, hash, json!("SHA512")),
        (SIGNED, hash, json!("SHA-1")),
        (SIGNED, "/interactions", json!(null)),
        (SIGNED, "/interactions", json!("")),
        (SIGNED, "/interactions", json!("not base64")),
        (SIGNED, "/interactions", json!([pin("x")])),
        (SIGNED, "/interactions", interactions(&json!({}))),
        (SIGNED, "/interactions", interactions(&json!([]))),
        (SIGNED, "/interactions", interactions(&json!(["x"]))),
        (SIGNED, "/interactions", interactions(&json!([pin("")]))),
        (SIGNED, "/interactions", interactions(&json!([pin(&text(61))]))),
        (SIGNED, "/interactions", interactions(&json!([message(&text(201))]))),
        (SIGNED, "/interactions", interactions(&json!([pin("x"), pin("y")]))),
        (
            SIGNED,
            "/interactions",
            interactions(&json!([{ "type": "displayTextAndPIN", "displayText200": "x" }])),
        ),
        (
            SIGNED,
            "/interactions",
            interactions(
                &json!([{ "type": "displayTextAndPIN", "displayText60": "x", "displayText200": "x" }]),
            ),
        ),
        (
            SIGNED,
            "/interactions",
            interactions(&json!([{ "type": "verificationCodeChoice", "displayText60": "x" }])),
        ),
        (WITHOUT_CODE_CHOICE, "/interactions", interactions(&json!([code_choice]))),
        (SIGNED, "/interactions", interactions(&json!((0..200).map(|_| message("x")).collect::<Vec<_>>()))),
        (LINKS, "/initialCallbackUrl", json!("http://rp.example.org/cb")),
        (LINKS, "/initialCallbackUrl", json!("https://rp.example.org/cb#x")),
        (LINKS, "/initialCallbackUrl", json!("https://rp.example.org/cb|x")),
        (LINKS, "/initialCallbackUrl", json!("https://")),
        (LINKS, "/initialCallbackUrl", json!(format!("https://rp.example.org/{}", text(1800)))),
        (LINKS, "/initialCallbackUrl", json!({})),
        (CODED, "/vcType", json!(null)),
        (CODED, "/vcType", json!("numeric6")),
        (LINKED, "/linkedSessionID", json!(null)),
        (LINKED, "/linkedSessionID", json!("x")),
        (NONCED, "/nonce", json!("")),
        (NONCED, "/nonce", json!(text(31))),
        (NONCED, "/nonce", json!(1)),
        (ALL, "/requestProperties", json!([])),
        (ALL, share, json!("true")),
        (ALL, share, json!(1)),
        (ALL, "/capabilities", json!("A")),
        (ALL, "/capabilities", json!([1])),
    ]
}

/// Sets the value at a pointer, making objects on the way; `null` removes it.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let mut at = body;
    for step in parent.split('/').skip(1) {
        at = at.as_object_mut().expect("an object").entry(step).or_insert_with(|| json!({}));
    }
    let members = at.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
}

#[tokio::test]
async fn every_fault_is_answered_with_the_member_that_has_it() {
    let world = world().await;
    let mut tried = 0;
    for row in STARTS.iter().chain(&ALIASES) {
        for (rows, pointer, value) in faults() {
            if !rows(row) {
                continue;
            }
            let mut body = example(row);
            put(&mut body, pointer, value.clone());
            let answer = world.post(&path(row), &body).await;
            let shown = format!("{} {pointer} = {value}: {}", row.path, answer.text());
            assert_eq!(answer.status, 400, "{shown}");
            let answer = problem(&answer, 400);
            assert_eq!(answer["detail"], "Invalid request parameters found");
            let errors = answer["errors"].as_array().expect("errors");
            // A missing object is reported as itself or by its first member.
            let named = |entry: &Value| {
                let at = entry["pointer"].as_str().unwrap_or_default();
                at.starts_with(pointer) || pointer.starts_with(at) && !at.is_empty()
            };
            assert!(errors.iter().any(named), "{shown}");
            for entry in errors {
                let name = entry["paramName"].as_str().unwrap();
                assert!(
                    entry["detail"].as_str().unwrap().starts_with(&format!("Invalid {name}: ")),
                    "{shown}"
                );
            }
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
}

#[tokio::test]
async fn what_comes_in_is_never_repeated_in_an_answer() {
    let world = world().await;
    for row in &STARTS {
        for (rows, pointer, _) in faults() {
            if !rows(row) {
                continue;
            }
            let mut body = example(row);
            put(&mut body, pointer, json!("SECRETVALUE"));
            let answer = world.post(&path(row), &body).await;
            assert!(!answer.text().contains("SECRETVALUE"), "{} {pointer}: {}", row.path, answer.text());
        }
    }
}

#[tokio::test]
async fn an_empty_body_names_every_member_that_is_missing() {
    let world = world().await;
    for row in &STARTS {
        let answer = problem(&world.post(&path(row), &json!({})).await, 400);
        let names: Vec<_> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["paramName"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"relyingPartyUUID") && names.contains(&"relyingPartyName"), "{names:?}");
        assert_eq!(names.contains(&"interactions"), SIGNED(row), "{}", row.path);
        assert_eq!(names.contains(&"vcType"), CODED(row), "{}", row.path);
        assert_eq!(names.contains(&"linkedSessionID"), LINKED(row), "{}", row.path);
    }
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let world = world().await;
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    for row in &STARTS {
        for text in
            ["", "{", "[]", "null", "\"x\"", "1", "{}{}", "\u{feff}{}", "{\"a\":}", "\0", deep.as_str()]
        {
            problem(&world.post_text(&path(row), text.to_owned()).await, 400);
        }
        problem(&world.post_text(&path(row), vec![0xff, 0xfe]).await, 400);
    }
}

#[tokio::test]
async fn a_member_that_stands_twice_is_refused() {
    let world = world().await;
    let row = &STARTS[0];
    let text = example(row).to_string().replacen('{', "{\"relyingPartyName\":\"Other\",", 1);
    let answer = problem(&world.post_text(row.path, text).await, 400);
    assert_eq!(answer["errors"][0]["paramName"], "relyingPartyName");
}

#[tokio::test]
async fn malformed_identifiers_in_the_path_are_named() {
    let world = world().await;
    for row in STARTS.iter().filter(|row| row.addressee != Addressee::Anonymous) {
        let name = if row.addressee == Addressee::Person { "semanticsIdentifier" } else { "documentNumber" };
        for segment in
            ["PNOee-40504040001", "40504040001", "PNOEE-", "x%20y", "%ff", "PNOEE-%F0%9F%98%80", "%2e%2e"]
        {
            let path = row.path.replace("{addressee}", segment);
            let answer = problem(&world.post(&path, &example(row)).await, 400);
            assert_eq!(answer["errors"][0]["paramName"], name, "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let world = world().await;
    for row in STARTS.iter().filter(|row| row.addressee != Addressee::Linked) {
        let mut body = example(row);
        body["somethingNew"] = json!({ "a": [1, 2, 3.5] });
        if SIGNED(row) {
            body["interactions"] = interactions(&json!([
                { "type": "somethingNew", "displayText1000": "x" },
                { "displayText60": "x", "type": "displayTextAndPIN" },
            ]));
        }
        if AUTHENTICATIONS(row) {
            // Forbidden by the text, sent by one official client.
            body["nonce"] = json!("a nonce that is far longer than any nonce may be");
        }
        assert_eq!(world.post(&path(row), &body).await.status, 200, "{}", row.path);
    }
}
