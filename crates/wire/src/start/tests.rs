use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::endpoint::{Addressee, Flow, Operation, STARTS};
use crate::id::{DocumentNumber, SemanticsIdentifier};
use crate::words::InteractionType;

const UUID: &str = "00000000-0000-4000-8000-000000000000";

fn b64_of(octets: usize) -> String {
    b64(&vec![7; octets])
}

fn interactions(array: &Value) -> String {
    b64(array.to_string().as_bytes())
}

/// A valid body for this row, with every member that the row has.
fn full_body(start: &Start) -> Value {
    let mut body = json!({
        "relyingPartyUUID": UUID,
        "relyingPartyName": "DEMO",
        "certificateLevel": "QUALIFIED",
        "requestProperties": {"shareMdClientIpAddress": true},
        "capabilities": ["QUALIFIED"],
    });
    let parameters = |input: &str| {
        json!({
            input: b64_of(64),
            "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": {"hashAlgorithm": "SHA-512"},
        })
    };
    let (protocol, input) = match start.operation {
        Operation::Authenticate => (Some("ACSP_V2"), "rpChallenge"),
        Operation::Sign => (Some("RAW_DIGEST_SIGNATURE"), "digest"),
        Operation::ChooseCertificate => (None, ""),
    };
    if let Some(protocol) = protocol {
        body["signatureProtocol"] = json!(protocol);
        body["signatureProtocolParameters"] = parameters(input);
        body["interactions"] =
            json!(interactions(&json!([{"type": "displayTextAndPIN", "displayText60": "Log in"}])));
    }
    if start.operation != Operation::Authenticate {
        body["nonce"] = json!("abc123");
    }
    match (start.flow, start.addressee, start.operation) {
        (Flow::DeviceLink, _, _) => body["initialCallbackUrl"] = json!("https://rp.example.com/cb?value=x"),
        (Flow::Notification, Addressee::Linked, _) => {
            body["linkedSessionID"] = json!("0aa27573-5ac2-479e-9c69-00343ff8416f");
        }
        (Flow::Notification, _, Operation::Authenticate) => body["vcType"] = json!("numeric4"),
        (Flow::Notification, _, _) => {}
    }
    body
}

fn read(start: &Start, body: &Value) -> Result<StartRequest, Vec<InvalidMember>> {
    StartRequest::from_body(start, body.to_string().as_bytes())
}

/// The pointers of what is wrong, in the order of the report.
fn wrong(start: &Start, body: &Value) -> Vec<String> {
    read(start, body).unwrap_err().into_iter().map(|invalid| invalid.pointer).collect()
}

/// The parent object and the name of what a pointer points at.
fn parent<'a, 'p>(
    body: &'a mut Value,
    pointer: &'p str,
) -> (&'a mut serde_json::Map<String, Value>, &'p str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    (body.pointer_mut(parent).unwrap().as_object_mut().unwrap(), name)
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (object, name) = parent(&mut body, pointer);
    object.insert(name.to_owned(), value);
    body
}

fn without(mut body: Value, pointer: &str) -> Value {
    let (object, name) = parent(&mut body, pointer);
    object.remove(name);
    body
}

fn row(operation: Operation, flow: Flow, addressee: Addressee) -> &'static Start {
    Start::find(operation, flow, addressee).unwrap()
}

fn authenticate() -> &'static Start {
    row(Operation::Authenticate, Flow::Notification, Addressee::Document)
}

fn sign() -> &'static Start {
    row(Operation::Sign, Flow::DeviceLink, Addressee::Document)
}

const CHALLENGE: &str = "/signatureProtocolParameters/rpChallenge";
const DIGEST: &str = "/signatureProtocolParameters/digest";
const ALGORITHM: &str = "/signatureProtocolParameters/signatureAlgorithm";
const PARAMETERS: &str = "/signatureProtocolParameters/signatureAlgorithmParameters";
const HASH: &str = "/signatureProtocolParameters/signatureAlgorithmParameters/hashAlgorithm";

#[test]
fn a_full_body_is_read_on_every_row() {
    for start in &STARTS {
        let request = read(start, &full_body(start)).unwrap();
        assert_eq!(request.operation(), start.operation);
        assert_eq!(StartRequest::from_body(start, &request.to_body()), Ok(request));
    }
}

#[test]
fn required_and_optional_members_are_those_of_the_table() {
    for start in &STARTS {
        let full = full_body(start);
        let optional =
            ["certificateLevel", "initialCallbackUrl", "nonce", "requestProperties", "capabilities"];
        for name in full.as_object().unwrap().keys() {
            let pointer = format!("/{name}");
            let body = without(full.clone(), &pointer);
            let null = with(full.clone(), &pointer, Value::Null);
            if optional.contains(&name.as_str()) {
                assert!(read(start, &body).is_ok(), "{} without {name}", start.path);
                assert_eq!(read(start, &null), read(start, &body), "{} with {name} null", start.path);
            } else {
                assert_eq!(wrong(start, &body), [pointer.as_str()], "{} without {name}", start.path);
                assert_eq!(wrong(start, &null), [pointer], "{} with {name} null", start.path);
            }
        }
    }
}

#[test]
fn every_member_has_its_type() {
    for start in &STARTS {
        let full = full_body(start);
        for name in full.as_object().unwrap().keys() {
            let pointer = format!("/{name}");
            for value in [json!(7), json!(true), json!("¡"), json!([1]), json!({"a": 1})] {
                // A name may be any text, a nonce too, and properties that are not known are passed over.
                let right = matches!(name.as_str(), "relyingPartyName" | "nonce") && value.is_string()
                    || name == "requestProperties" && value.is_object();
                let body = with(full.clone(), &pointer, value.clone());
                match read(start, &body) {
                    Ok(_) => assert!(right, "{}: {name} = {value}", start.path),
                    Err(invalid) => {
                        assert!(!right, "{}: {name} = {value}", start.path);
                        assert!(invalid.iter().all(|one| one.pointer.starts_with(&pointer)), "{invalid:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_empty_object_is_answered_with_everything_that_is_missing() {
    assert_eq!(
        wrong(authenticate(), &json!({})),
        [
            "/relyingPartyUUID",
            "/relyingPartyName",
            "/signatureProtocol",
            "/signatureProtocolParameters",
            "/interactions",
            "/vcType"
        ]
    );
    assert_eq!(
        wrong(row(Operation::Sign, Flow::Notification, Addressee::Linked), &json!({})),
        [
            "/relyingPartyUUID",
            "/relyingPartyName",
            "/signatureProtocol",
            "/signatureProtocolParameters",
            "/interactions",
            "/linkedSessionID"
        ]
    );
    let choice = row(Operation::ChooseCertificate, Flow::DeviceLink, Addressee::Anonymous);
    assert_eq!(wrong(choice, &json!({})), ["/relyingPartyUUID", "/relyingPartyName"]);
}

#[test]
fn several_wrong_members_are_all_reported() {
    let mut body = full_body(sign());
    for (pointer, value) in [
        ("/relyingPartyUUID", json!("x")),
        ("/certificateLevel", json!("BEST")),
        ("/initialCallbackUrl", json!("http://rp.example.com/")),
        (HASH, json!("SHA-1")),
        (DIGEST, json!("!")),
        ("/nonce", json!("")),
    ] {
        body = with(body, pointer, value);
    }
    let invalid = read(sign(), &body).unwrap_err();
    let found: Vec<_> = invalid.iter().map(|one| (one.param_name.as_ref(), one.pointer.as_str())).collect();
    assert_eq!(
        found,
        [
            ("relyingPartyUUID", "/relyingPartyUUID"),
            ("certificateLevel", "/certificateLevel"),
            ("digest", DIGEST),
            ("hashAlgorithm", HASH),
            ("initialCallbackUrl", "/initialCallbackUrl"),
            ("nonce", "/nonce"),
        ]
    );
}

/// Section 3, column "Violation": one wrong value after the other, each reported at its own pointer.
#[test]
fn every_rule_of_section_3_is_enforced() {
    let long = |characters: usize| "ä".repeat(characters);
    let url = |characters: usize| format!("https://rp.example.com/{}", "a".repeat(characters - 23));
    for (start, pointer, value) in [
        (sign(), "/relyingPartyUUID", json!("00000000000040008000000000000000")),
        (sign(), "/relyingPartyUUID", json!("")),
        (sign(), "/relyingPartyName", json!("")),
        (sign(), "/certificateLevel", json!("qualified")),
        (authenticate(), "/certificateLevel", json!("QSCD")),
        (authenticate(), "/signatureProtocol", json!("RAW_DIGEST_SIGNATURE")),
        (authenticate(), "/signatureProtocol", json!("ACSP_V1")),
        (sign(), "/signatureProtocol", json!("ACSP_V2")),
        (authenticate(), CHALLENGE, json!(b64_of(31))),
        (authenticate(), CHALLENGE, json!(b64_of(65))),
        (authenticate(), CHALLENGE, json!(b64_of(66))),
        (authenticate(), CHALLENGE, json!(b64_of(64).trim_end_matches('='))),
        (authenticate(), CHALLENGE, json!(b64_of(64).replace('H', "-"))),
        (authenticate(), CHALLENGE, json!(format!("{}\n", b64_of(32)))),
        (authenticate(), CHALLENGE, json!("")),
        (sign(), DIGEST, json!(b64_of(32))),
        (sign(), DIGEST, json!(b64_of(63))),
        (sign(), DIGEST, json!("A".repeat(88))),
        (sign(), DIGEST, json!(7)),
        (sign(), ALGORITHM, json!("RSASSA-PSS")),
        (sign(), ALGORITHM, json!("sha1WithRSAEncryption")),
        (sign(), PARAMETERS, json!("SHA-512")),
        (sign(), PARAMETERS, Value::Null),
        (sign(), HASH, json!("SHA512")),
        (sign(), HASH, json!("SHA-1")),
        (sign(), HASH, Value::Null),
        (sign(), "/interactions", json!("W10")),
        (sign(), "/initialCallbackUrl", json!("http://rp.example.com/")),
        (sign(), "/initialCallbackUrl", json!("https://rp.example.com/#part")),
        (sign(), "/initialCallbackUrl", json!("https://rp.example.com/|")),
        (sign(), "/initialCallbackUrl", json!("https://")),
        (sign(), "/initialCallbackUrl", json!("")),
        (sign(), "/initialCallbackUrl", json!(url(1801))),
        (authenticate(), "/vcType", json!("numeric6")),
        (row(Operation::Sign, Flow::Notification, Addressee::Linked), "/linkedSessionID", json!("1")),
        (sign(), "/nonce", json!("")),
        (sign(), "/nonce", json!(long(31))),
        (sign(), "/requestProperties", json!([])),
        (sign(), "/requestProperties/shareMdClientIpAddress", json!("true")),
        (sign(), "/requestProperties/shareMdClientIpAddress", json!(1)),
        (sign(), "/capabilities", json!("X")),
        (sign(), "/capabilities", json!([1])),
        (sign(), "/capabilities", json!([["X"]])),
        (sign(), "/capabilities", json!(vec!["X"; 33])),
        (sign(), "/capabilities", json!([long(129)])),
    ] {
        let body = with(full_body(start), pointer, value.clone());
        assert_eq!(wrong(start, &body), [pointer], "{value}");
    }
    for (start, pointer, value) in [
        (sign(), "/relyingPartyUUID", json!(UUID.to_uppercase())),
        (sign(), "/relyingPartyName", json!(long(1000))),
        (sign(), "/certificateLevel", json!("QSCD")),
        (authenticate(), "/certificateLevel", json!("ADVANCED")),
        (authenticate(), CHALLENGE, json!(b64_of(32))),
        (authenticate(), CHALLENGE, json!(b64_of(64))),
        (sign(), "/initialCallbackUrl", json!(url(1800))),
        (sign(), "/nonce", json!("n")),
        (sign(), "/nonce", json!(long(30))),
        (sign(), "/requestProperties", json!({})),
        (sign(), "/requestProperties/shareMdClientIpAddress", Value::Null),
        (sign(), "/capabilities", json!([])),
        (sign(), "/capabilities", json!(vec![long(128); 32])),
    ] {
        let body = with(full_body(start), pointer, value.clone());
        assert!(read(start, &body).is_ok(), "{pointer} = {value}: {:?}", wrong(start, &body));
    }
}

#[test]
fn a_digest_is_as_long_as_its_hash() {
    for hash in HashAlgorithm::ALL {
        let body = with(full_body(sign()), HASH, json!(hash));
        for octets in [32, 48, 64] {
            let body = with(body.clone(), DIGEST, json!(b64_of(octets)));
            assert_eq!(read(sign(), &body).is_ok(), octets == hash.octets(), "{hash}, {octets}");
        }
    }
}

#[test]
fn a_pkcs1_name_says_its_hash_itself() {
    let body = with(full_body(sign()), ALGORITHM, json!("sha256WithRSAEncryption"));
    let body = with(body, DIGEST, json!(b64_of(32)));
    assert_eq!(wrong(sign(), &body), [HASH], "SHA-512 contradicts the name");
    let agreeing = with(body.clone(), HASH, json!("SHA-256"));
    let bare = without(body.clone(), PARAMETERS);
    let empty = with(body.clone(), PARAMETERS, json!({}));
    for body in [agreeing, bare, empty] {
        assert_eq!(read(sign(), &body).unwrap().signature().unwrap().hash(), HashAlgorithm::Sha256);
    }
    assert_eq!(wrong(sign(), &with(body, DIGEST, json!(b64_of(64)))), [HASH]);
}

#[test]
fn absent_members_have_their_defaults() {
    let bare = json!({"relyingPartyUUID": UUID, "relyingPartyName": "DEMO"});
    let choice = row(Operation::ChooseCertificate, Flow::DeviceLink, Addressee::Anonymous);
    let request = read(choice, &bare).unwrap();
    let uuid = RelyingPartyUuid::parse(UUID).unwrap();
    let flow = FlowMembers::DeviceLink { callback: None };
    assert_eq!(request, StartRequest::new(uuid, "DEMO", Asked::ChooseCertificate, flow));
    assert_eq!(request.certificate_level, RequestedLevel::Qualified);
    assert!(!request.request_properties.share_md_client_ip_address);
}

/// Section 12, no. 11 and 12.
#[test]
fn members_that_a_row_does_not_have_are_passed_over() {
    for start in &STARTS {
        let full = full_body(start);
        let mut more = full.clone();
        for (name, value) in [
            ("initialCallbackUrl", json!("https://rp.example.com/cb?value=x")),
            ("vcType", json!("numeric4")),
            ("linkedSessionID", json!("0aa27573-5ac2-479e-9c69-00343ff8416f")),
            ("nonce", json!("n")),
            ("colour", json!("red")),
        ] {
            more.as_object_mut().unwrap().entry(name).or_insert(value);
        }
        assert_eq!(read(start, &more), read(start, &full), "{}", start.path);
    }
    let nonce_too_long = with(full_body(authenticate()), "/nonce", json!("n".repeat(31)));
    assert_eq!(read(authenticate(), &nonce_too_long).unwrap().nonce, None);
}

#[test]
fn unknown_properties_are_listed_within_bounds() {
    let properties = |count: usize, length: usize| {
        let names = (0..count).map(|index| (format!("{index:0length$}"), json!(index)));
        with(full_body(sign()), "/requestProperties", Value::Object(names.collect()))
    };
    assert_eq!(read(sign(), &properties(32, 128)).unwrap().ignored_properties.len(), 32);
    assert_eq!(wrong(sign(), &properties(33, 2)), ["/requestProperties"]);
    assert_eq!(wrong(sign(), &properties(1, 129)), ["/requestProperties"]);
}

#[test]
fn bodies_that_are_not_objects_are_refused() {
    for body in ["", "null", "[]", "\"text\"", "{", "{}{}", "{\"relyingPartyUUID\":}", "\u{feff}{}"] {
        let invalid = StartRequest::from_body(sign(), body.as_bytes()).unwrap_err();
        assert_eq!((invalid.len(), invalid[0].param_name.as_ref()), (1, "body"), "{body}");
        assert!(CertificateRequest::from_body(body.as_bytes()).is_err());
    }
}

#[test]
fn huge_and_deep_bodies_are_refused() {
    let body = full_body(sign()).to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    assert!(StartRequest::from_body(sign(), padded(BODY_MAX).as_bytes()).is_ok());
    assert!(StartRequest::from_body(sign(), padded(BODY_MAX + 1).as_bytes()).is_err());
    let deep = format!("{}{}", "[".repeat(BODY_MAX / 4), "]".repeat(BODY_MAX / 4));
    let body = body.replacen('{', &format!("{{\"x\":{deep},"), 1);
    assert!(StartRequest::from_body(sign(), body.as_bytes()).is_err());
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let body = full_body(sign()).to_string();
    for (from, to, pointer) in [
        ("\"relyingPartyName\"", "\"relyingPartyName\":\"OTHER\",\"relyingPartyName\"", "/relyingPartyName"),
        ("\"digest\"", "\"digest\":\"\",\"\\u0064igest\"", DIGEST),
        ("\"nonce\"", "\"colour\":{\"a\":1,\"a\":2},\"nonce\"", "/colour/a"),
    ] {
        let twice = body.replacen(from, to, 1);
        assert_ne!(twice, body);
        let invalid = StartRequest::from_body(sign(), twice.as_bytes()).unwrap_err();
        assert!(
            invalid.iter().any(|one| one.pointer == pointer && one.detail.contains("twice")),
            "{invalid:?}"
        );
    }
}

#[test]
fn reports_do_not_quote_what_was_sent() {
    let secret = "PNOEE-48010010101";
    for start in &STARTS {
        let full = full_body(start);
        for name in full.as_object().unwrap().keys() {
            let body = with(full.clone(), &format!("/{name}"), json!([[secret]]));
            for invalid in read(start, &body).unwrap_err() {
                assert!(!format!("{invalid:?}").contains(secret), "{invalid:?}");
            }
        }
    }
}

#[test]
fn debug_of_a_request_shows_no_texts_of_the_person_and_no_secrets() {
    let request = read(sign(), &full_body(sign())).unwrap();
    let shown = format!("{request:?}");
    for hidden in ["Log in", "value=x", &b64_of(64)] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}

mod interaction_rules {
    use super::*;

    const PIN: (&str, &str) = ("displayTextAndPIN", "displayText60");
    const MESSAGE: (&str, &str) = ("confirmationMessage", "displayText200");
    const CHOICE: (&str, &str) = ("confirmationMessageAndVerificationCodeChoice", "displayText200");

    fn one((kind, member): (&str, &str), text: &str) -> Value {
        json!({"type": kind, member: text})
    }

    fn accepted(set: InteractionSet, array: Value) -> bool {
        Interactions::parse(&interactions(&array), set).is_ok()
    }

    #[test]
    fn each_flow_permits_its_own_set() {
        for start in &STARTS {
            if start.operation == Operation::ChooseCertificate {
                continue;
            }
            let body = |kind| {
                with(full_body(start), "/interactions", json!(interactions(&json!([one(kind, "Text")]))))
            };
            assert!(read(start, &body(PIN)).is_ok());
            assert!(read(start, &body(MESSAGE)).is_ok());
            let compares_codes = start.flow == Flow::Notification && start.addressee != Addressee::Linked;
            assert_eq!(read(start, &body(CHOICE)).is_ok(), compares_codes, "{}", start.path);
        }
    }

    #[test]
    fn texts_have_their_limits_in_code_points() {
        for (kind, limit) in [(PIN, 60), (MESSAGE, 200), (CHOICE, 200)] {
            for letter in ["a", "ä", "€", "😀"] {
                assert!(accepted(InteractionSet::Notification, json!([one(kind, &letter.repeat(limit))])));
                assert!(!accepted(
                    InteractionSet::Notification,
                    json!([one(kind, &letter.repeat(limit + 1))])
                ));
            }
            assert!(!accepted(InteractionSet::Notification, json!([one(kind, "")])));
        }
    }

    #[test]
    fn what_is_not_a_list_of_interactions_is_refused() {
        let set = InteractionSet::Notification;
        for wrong in [
            json!([]),
            json!({}),
            json!("text"),
            json!(one(PIN, "Text")),
            json!([[one(PIN, "Text")]]),
            json!(["displayTextAndPIN"]),
            json!([{"displayText60": "Text"}]),
            json!([{"type": 1, "displayText60": "Text"}]),
            json!([{"type": "displayTextAndPIN"}]),
            json!([{"type": "displayTextAndPIN", "displayText200": "Text"}]),
            json!([{"type": "confirmationMessage", "displayText60": "Text"}]),
            json!([{"type": "displayTextAndPIN", "displayText60": 5}]),
            json!([{"type": "displayTextAndPIN", "displayText60": "Text", "displayText200": "Text"}]),
            json!([{"type": "displayTextAndPIN", "displayText60": "Text", "displayText200": ""}]),
            json!([one(PIN, "Text"), one(PIN, "Other")]),
            json!([{"type": "hologram", "displayText60": "Text"}]),
            json!(vec![json!({"type": "hologram"}); 17]),
        ] {
            assert!(!accepted(set, wrong.clone()), "{wrong}");
        }
        for wrong in ["", "W10", "!", "bnVsbA", "eyJ0eXBlIg==", &b64(b"\xff\xfe"), &b64(b"[{\"type\":")] {
            assert!(Interactions::parse(wrong, set).is_err(), "{wrong}");
        }
        let twice =
            b64(br#"[{"type":"displayTextAndPIN","displayText60":"Shown","displayText60":"Signed"}]"#);
        assert!(Interactions::parse(&twice, set).is_err());
    }

    #[test]
    fn kinds_of_the_future_are_passed_over_beside_a_known_one() {
        let array = json!([{"type": "hologram", "depth": 3}, one(MESSAGE, "Text"), {"type": "hologram"}]);
        let read = Interactions::parse(&interactions(&array), InteractionSet::DeviceLink).unwrap();
        assert_eq!(read.list().len(), 1);
        assert_eq!(read.list()[0].kind, InteractionType::ConfirmationMessage);
        // A code choice that the flow does not permit is not of the future.
        assert!(!accepted(InteractionSet::DeviceLink, json!([one(MESSAGE, "Text"), one(CHOICE, "Text")])));
    }

    #[test]
    fn the_device_takes_the_first_kind_that_it_supports() {
        let array = json!([one(CHOICE, "A"), one(MESSAGE, "B"), one(PIN, "C")]);
        let read = Interactions::parse(&interactions(&array), InteractionSet::Notification).unwrap();
        let first = |supported: &[InteractionType]| {
            read.first_supported(|kind| supported.contains(&kind)).map(|one| one.text.as_str())
        };
        assert_eq!(first(InteractionType::ALL), Some("A"));
        let small = [InteractionType::DisplayTextAndPin, InteractionType::ConfirmationMessage];
        assert_eq!(first(&small), Some("B"));
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn the_text_as_a_whole_is_bounded() {
        let element = json!({"type": "hologram", "x": "a".repeat(6000)});
        let array = json!([one(PIN, "Text"), element]);
        assert!(interactions(&array).len() < INTERACTIONS_MAX);
        assert!(accepted(InteractionSet::DeviceLink, array));
        let array = json!([one(PIN, "Text"), {"type": "hologram", "x": "a".repeat(6200)}]);
        assert!(interactions(&array).len() > INTERACTIONS_MAX);
        assert!(!accepted(InteractionSet::DeviceLink, array));
    }
}

#[test]
fn rows_are_found_from_requests() {
    let person = Recipient::Person(SemanticsIdentifier::parse("PNOEE-48010010101").unwrap());
    let document = Recipient::Document(DocumentNumber::parse("PNOEE-48010010101-MOCK-Q").unwrap());
    for start in &STARTS {
        let request = read(start, &full_body(start)).unwrap();
        let right = match start.addressee {
            Addressee::Anonymous => &Recipient::Anonymous,
            Addressee::Person => &person,
            Addressee::Document | Addressee::Linked => &document,
        };
        assert_eq!(request.row(right), Some(start));
    }
    let request = read(sign(), &full_body(sign())).unwrap();
    assert_eq!(request.row(&Recipient::Anonymous), None, "an anonymous signature does not exist");
}

#[test]
fn equal_requests_have_equal_idempotency_keys() {
    let request = read(sign(), &full_body(sign())).unwrap();
    let key = request.idempotency_key("/v3/a").unwrap();
    let spelled_otherwise = full_body(sign()).to_string().replace(":", " : ").replace("https : ", "https:");
    let same = StartRequest::from_body(sign(), spelled_otherwise.as_bytes()).unwrap();
    assert_eq!(same.idempotency_key("/v3/a"), Some(key));
    assert_ne!(request.idempotency_key("/v3/b"), Some(key));
    let other_nonce = read(sign(), &with(full_body(sign()), "/nonce", json!("other"))).unwrap();
    assert_ne!(other_nonce.idempotency_key("/v3/a"), Some(key));
    let authentication = read(authenticate(), &full_body(authenticate())).unwrap();
    assert_eq!(authentication.idempotency_key("/v3/a"), None);
}

#[test]
fn certificate_requests_are_read_and_written() {
    let request = CertificateRequest {
        relying_party: RelyingPartyUuid::parse(UUID).unwrap(),
        relying_party_name: "DEMO".into(),
        certificate_level: RequestedLevel::Qscd,
    };
    assert_eq!(CertificateRequest::from_body(&request.to_body()), Ok(request));
    let invalid = CertificateRequest::from_body(br#"{"certificateLevel":"X","nonce":7}"#).unwrap_err();
    let pointers: Vec<_> = invalid.iter().map(|one| one.pointer.as_str()).collect();
    assert_eq!(pointers, ["/relyingPartyUUID", "/relyingPartyName", "/certificateLevel"]);
}

#[test]
fn a_stored_request_is_read_back() {
    for start in &STARTS {
        let request = read(start, &full_body(start)).unwrap();
        let stored = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<StartRequest>(&stored).unwrap(), request);
    }
}

fn any_scheme() -> impl Strategy<Value = SignatureScheme> {
    let pss = proptest::sample::select(HashAlgorithm::ALL).prop_map(SignatureScheme::pss);
    let pkcs1 = proptest::sample::select(&SignatureAlgorithm::ALL[1..])
        .prop_map(|algorithm| SignatureScheme::new(algorithm, None).unwrap());
    prop_oneof![pss, pkcs1]
}

fn any_interactions(set: InteractionSet) -> impl Strategy<Value = Interactions> {
    let kinds: Vec<_> = InteractionType::ALL.iter().copied().filter(|kind| set.permits(*kind)).collect();
    let count = kinds.len();
    let texts = proptest::collection::vec(".{1,60}", count);
    (Just(kinds).prop_shuffle(), texts, 1..=count).prop_map(move |(kinds, texts, count)| {
        let list = kinds.into_iter().zip(texts).take(count).map(|(kind, text)| Interaction { kind, text });
        Interactions::new(&list.collect::<Vec<_>>(), set).unwrap()
    })
}

fn any_asked(start: &'static Start) -> BoxedStrategy<Asked> {
    let set = match (start.flow, start.addressee) {
        (Flow::DeviceLink, _) | (_, Addressee::Linked) => InteractionSet::DeviceLink,
        (Flow::Notification, _) => InteractionSet::Notification,
    };
    match start.operation {
        Operation::Authenticate => {
            let challenge = proptest::collection::vec(any::<u8>(), 32..=64);
            (challenge, any_scheme(), any_interactions(set))
                .prop_map(|(octets, signature, interactions)| Asked::Authenticate {
                    rp_challenge: RpChallenge::from_bytes(&octets).unwrap(),
                    signature,
                    interactions,
                })
                .boxed()
        }
        Operation::Sign => (any::<[u8; 64]>(), any_scheme(), any_interactions(set))
            .prop_map(|(octets, signature, interactions)| Asked::Sign {
                digest: Digest::from_bytes(&octets[..signature.hash().octets()]).unwrap(),
                signature,
                interactions,
            })
            .boxed(),
        Operation::ChooseCertificate => Just(Asked::ChooseCertificate).boxed(),
    }
}

fn any_flow(start: &'static Start) -> BoxedStrategy<FlowMembers> {
    match (start.flow, start.addressee) {
        (Flow::DeviceLink, _) => proptest::option::of("https://rp\\.example/[a-zA-Z0-9?=&äß%\"\\\\]{0,50}")
            .prop_map(|url| FlowMembers::DeviceLink {
                callback: url.map(|url| CallbackUrl::parse(&url).unwrap()),
            })
            .boxed(),
        (Flow::Notification, Addressee::Linked) => any::<u128>()
            .prop_map(|id| FlowMembers::Linked { session: SessionId(uuid::Uuid::from_u128(id)) })
            .boxed(),
        (Flow::Notification, _) => Just(FlowMembers::Notification).boxed(),
    }
}

fn any_request(start: &'static Start) -> impl Strategy<Value = StartRequest> {
    let levels = match start.operation {
        Operation::Authenticate => &RequestedLevel::ALL[..2],
        Operation::ChooseCertificate | Operation::Sign => RequestedLevel::ALL,
    };
    let nonce = match start.operation {
        Operation::Authenticate => Just(None).boxed(),
        Operation::ChooseCertificate | Operation::Sign => proptest::option::of(".{1,30}")
            .prop_map(|nonce| nonce.map(|text| Nonce::parse(&text).unwrap()))
            .boxed(),
    };
    let names = proptest::collection::btree_set("[a-z/~\"\\\\é]{0,20}", 0..4);
    let capabilities = proptest::option::of(proptest::collection::vec(".{0,40}", 0..4));
    let level = proptest::sample::select(levels);
    let rest = (level, any_asked(start), any_flow(start), nonce, any::<bool>(), names, capabilities);
    (any::<u128>(), ".{1,40}", rest).prop_map(
        |(uuid, relying_party_name, (certificate_level, asked, flow, nonce, share, names, capabilities))| {
            StartRequest {
                relying_party: RelyingPartyUuid(uuid::Uuid::from_u128(uuid)),
                relying_party_name,
                certificate_level,
                asked,
                flow,
                nonce,
                request_properties: RequestProperties { share_md_client_ip_address: share },
                ignored_properties: names.into_iter().collect(),
                capabilities,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_written_is_read_back(
        (start, request) in proptest::sample::select(&STARTS[..])
            .prop_flat_map(|start| {
                let start = Start::find(start.operation, start.flow, start.addressee).unwrap();
                (Just(start), any_request(start))
            })
    ) {
        let body = request.to_body();
        prop_assert_eq!(StartRequest::from_body(start, &body), Ok(request.clone()));
        prop_assert_eq!(StartRequest::from_body(start, &body).unwrap().to_body(), body);
        let stored = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(serde_json::from_str::<StartRequest>(&stored).unwrap(), request);
    }

    #[test]
    fn no_body_makes_the_reader_panic(
        body in proptest::collection::vec(any::<u8>(), 0..300), index in 0..STARTS.len()
    ) {
        if let Err(invalid) = StartRequest::from_body(&STARTS[index], &body) {
            prop_assert!(!invalid.is_empty());
        }
    }

    #[test]
    fn a_wrong_body_always_has_a_reason(
        text in "[{}\\[\\]\":,a-z0-9 ]{0,60}", index in 0..STARTS.len()
    ) {
        let invalid = StartRequest::from_body(&STARTS[index], text.as_bytes()).unwrap_err();
        prop_assert!(!invalid.is_empty());
    }
}
