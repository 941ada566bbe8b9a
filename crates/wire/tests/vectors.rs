//! The vectors of `fixtures/rp-api`, which the TypeScript tests read as well.

use std::path::Path;

use countersign_wire::acsp::{AcspPayload, SchemeName, callback_field};
use countersign_wire::base64::{b64, from_b64};
use countersign_wire::callback::{
    CallbackUrl, ReceivedCallback, SessionSecret, UserChallenge, UserChallengeVerifier,
};
use countersign_wire::device_link::{
    AuthCode, DeviceLink, DeviceLinkBase, Language, Leniency, LinkContext, LinkKind, UnprotectedLink,
};
use countersign_wire::endpoint::{Flow, STARTS, Start};
use countersign_wire::id::{RelyingPartyUuid, SessionToken};
use countersign_wire::start::{
    Asked, Digest, FlowMembers, InteractionSet, Interactions, RpChallenge, SignatureScheme, StartRequest,
};
use countersign_wire::verification_code::VerificationCode;
use countersign_wire::words::{HashAlgorithm, SessionType};
use serde_json::Value;

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/rp-api").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases(fixture: &Value, list: &str) -> Vec<Value> {
    let cases = fixture[list].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

/// A text member, or the empty string.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[test]
fn verification_codes() {
    for case in cases(&fixture("verification-code.json"), "cases") {
        let input = match (case["challenge"].as_str(), case["inputHex"].as_str(), case["sha256Of"].as_str()) {
            (Some(challenge), None, None) => RpChallenge::parse(challenge).unwrap().to_bytes(),
            (None, Some(hex), None) => hex::decode(hex).unwrap(),
            (None, None, Some(text)) => HashAlgorithm::Sha256.digest(text.as_bytes()),
            _ => panic!("one input in {case}"),
        };
        assert_eq!(
            VerificationCode::of_challenge(&input).to_string(),
            text(&case, "code"),
            "{}",
            case["name"]
        );
    }
}

#[test]
fn acsp_payloads() {
    for case in cases(&fixture("acsp-payload.json"), "cases") {
        let name = &case["name"];
        let inputs = &case["inputs"];
        let challenge = UserChallenge::parse(text(&case, "userChallenge")).unwrap();
        if let Some(verifier) = inputs["userChallengeVerifier"].as_str() {
            assert_eq!(UserChallengeVerifier::parse(verifier).unwrap().challenge(), challenge, "{name}");
        }
        let interactions =
            Interactions::parse(text(inputs, "interactions"), InteractionSet::Notification).unwrap();
        let hash = HashAlgorithm::Sha256.digest(interactions.as_str().as_bytes());
        assert_eq!(b64(&hash), text(&case, "interactionsHash"), "{name}");
        let flow_type = text(inputs, "flowType").parse().unwrap();
        let callback = Some(text(inputs, "callback")).filter(|url| !url.is_empty());
        let callback = callback.map(|url| CallbackUrl::parse(url).unwrap());
        let payload = AcspPayload {
            scheme: &SchemeName::parse(text(inputs, "scheme")).unwrap(),
            server_random: text(inputs, "serverRandom"),
            rp_challenge: text(inputs, "rpChallenge"),
            user_challenge: &challenge,
            relying_party_name: text(inputs, "relyingPartyName"),
            brokered_rp_name: text(inputs, "brokeredRpName"),
            interactions: interactions.as_str(),
            interaction_type_used: text(inputs, "interactionTypeUsed").parse().unwrap(),
            initial_callback_url: callback_field(flow_type, callback.as_ref()),
            flow_type,
        };
        let mut checks = 0;
        let mut check = |member: &str, found: String| {
            if let Some(expected) = case[member].as_str() {
                assert_eq!(found, expected, "{name}: {member}");
                checks += 1;
            }
        };
        check("payload", String::from_utf8(payload.to_bytes()).unwrap());
        check("sha256", hex::encode(payload.digest(HashAlgorithm::Sha256)));
        check("sha512", b64(&payload.digest(HashAlgorithm::Sha512)));
        check("sha3_512", hex::encode(payload.digest(HashAlgorithm::Sha3_512)));
        assert!(checks > 0, "{name} checks nothing");
        if let Some(length) = case["length"].as_u64() {
            assert_eq!(payload.to_bytes().len() as u64, length, "{name}");
        }
    }
}

fn request(inputs: &Value, session_type: SessionType) -> StartRequest {
    let interactions =
        || Interactions::parse(text(inputs, "interactions"), InteractionSet::DeviceLink).unwrap();
    let signature = SignatureScheme::pss(HashAlgorithm::Sha512);
    let asked = match session_type {
        SessionType::Auth => Asked::Authenticate {
            rp_challenge: RpChallenge::parse(text(inputs, "rpChallenge")).unwrap(),
            signature,
            interactions: interactions(),
        },
        SessionType::Sign => Asked::Sign {
            digest: Digest::parse(text(inputs, "digest")).unwrap(),
            signature,
            interactions: interactions(),
        },
        SessionType::Cert => Asked::ChooseCertificate,
    };
    let callback = Some(CallbackUrl::parse(text(inputs, "callback")).unwrap());
    let uuid = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
    StartRequest::new(uuid, text(inputs, "relyingPartyName"), asked, FlowMembers::DeviceLink { callback })
}

#[test]
fn device_links() {
    let fixture = fixture("device-link.json");
    for case in cases(&fixture, "cases") {
        let name = &case["name"];
        let inputs = &fixture["inputs"][text(&case, "inputs")];
        let session_type: SessionType = text(&case, "sessionType").parse().unwrap();
        let kind = match text(&case, "deviceLinkType") {
            "QR" => LinkKind::Qr { elapsed_seconds: case["elapsedSeconds"].as_u64().unwrap() as u32 },
            "Web2App" => LinkKind::Web2App,
            "App2App" => LinkKind::App2App,
            other => panic!("{other}"),
        };
        let base = DeviceLinkBase::parse(text(inputs, "deviceLinkBase")).unwrap();
        let link = UnprotectedLink {
            base: base.clone(),
            kind,
            token: SessionToken::parse(text(inputs, "sessionToken")).unwrap(),
            session_type,
            lang: Language::parse(text(inputs, "lang")).unwrap(),
        };
        if let Some(unprotected) = case["unprotected"].as_str() {
            assert_eq!(link.to_string(), unprotected, "{name}");
        }
        let scheme = SchemeName::parse(text(inputs, "scheme")).unwrap();
        let request = request(inputs, session_type);
        let context = LinkContext {
            scheme: &scheme,
            request: &request,
            brokered_rp_name: text(inputs, "brokeredRpName"),
        };
        let secret = SessionSecret::parse(text(inputs, "sessionSecret")).unwrap();
        let protected = link.protect(&context, &secret);
        assert_eq!(protected, format!("{link}&authCode={}", text(&case, "authCode")), "{name}");
        let read = DeviceLink::parse(&protected).unwrap();
        assert_eq!(read.link(), &link, "{name}");
        for leniency in [Leniency::default(), Leniency::ALL] {
            let matched = read.check(&base, &context, &secret, leniency);
            assert_eq!(matched, Ok(AuthCode::Exact), "{name}");
        }
    }
}

#[test]
fn callbacks() {
    let fixture = fixture("callback.json");
    for case in cases(&fixture, "secretDigests") {
        let secret = SessionSecret::parse(text(&case, "sessionSecret")).unwrap();
        assert_eq!(secret.digest(), text(&case, "digest"));
    }
    for case in cases(&fixture, "userChallenges") {
        let verifier = UserChallengeVerifier::parse(text(&case, "verifier")).unwrap();
        assert_eq!(verifier.challenge().as_str(), text(&case, "challenge"));
    }
    for case in cases(&fixture, "completed") {
        let secret = SessionSecret::parse(text(&case, "sessionSecret")).unwrap();
        let verifier = UserChallengeVerifier::parse(text(&case, "verifier")).unwrap();
        let url =
            CallbackUrl::parse(text(&case, "callback")).unwrap().completed(&secret.digest(), Some(&verifier));
        assert_eq!(url, text(&case, "url"));
        let received = ReceivedCallback::parse(&url).unwrap();
        received.check_secret(&secret).unwrap();
        received.check_user_challenge(&verifier.challenge()).unwrap();
    }
}

#[test]
fn requests_as_other_clients_write_them() {
    for case in cases(&fixture("requests.json"), "cases") {
        let name = text(&case, "name");
        let row = STARTS.iter().find(|row| row.path == text(&case, "path")).unwrap();
        let body = text(&case, "body");
        let request =
            StartRequest::from_body(row, body.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(StartRequest::from_body(row, &request.to_body()), Ok(request.clone()), "{name}");

        // What is authenticated and signed is the text that was sent.
        let sent: Value = serde_json::from_str(body).unwrap();
        assert_eq!(request.relying_party_name, text(&sent, "relyingPartyName"), "{name}");
        if let Some(interactions) = request.interactions() {
            assert_eq!(interactions.as_str(), text(&sent, "interactions"), "{name}");
        }
        match &request.asked {
            Asked::Authenticate { rp_challenge, .. } => {
                assert_eq!(rp_challenge.as_str(), text(&sent["signatureProtocolParameters"], "rpChallenge"));
                assert_eq!(request.nonce, None, "{name}");
            }
            Asked::Sign { digest, .. } => {
                assert_eq!(digest.as_str(), text(&sent["signatureProtocolParameters"], "digest"));
            }
            Asked::ChooseCertificate => {}
        }
        if let Some(callback) = request.callback() {
            assert_eq!(callback.as_str(), text(&sent, "initialCallbackUrl"), "{name}");
        }
    }
}

#[test]
fn texts_of_interactions_are_unescaped_for_the_person() {
    let fixture = fixture("requests.json");
    let case =
        cases(&fixture, "cases").into_iter().find(|case| text(case, "name").contains("escapes")).unwrap();
    let row = Start::find(
        countersign_wire::endpoint::Operation::Authenticate,
        Flow::DeviceLink,
        countersign_wire::endpoint::Addressee::Document,
    )
    .unwrap();
    let request = StartRequest::from_body(row, text(&case, "body").as_bytes()).unwrap();
    let texts: Vec<_> = request.interactions().unwrap().list().iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["Log in to Näidis € / help", "😀"]);
    assert_eq!(request.relying_party_name, "Näidis OÜ");
    let array = from_b64(request.interactions().unwrap().as_str()).unwrap();
    assert!(String::from_utf8(array).unwrap().contains(r"\u20ac"), "the text as sent still has its escapes");
}

#[test]
fn properties_that_are_not_known_are_listed() {
    let fixture = fixture("requests.json");
    let case = cases(&fixture, "cases")
        .into_iter()
        .find(|case| text(case, "name").contains("unknown members"))
        .unwrap();
    let row = STARTS.iter().find(|row| row.path == text(&case, "path")).unwrap();
    let request = StartRequest::from_body(row, text(&case, "body").as_bytes()).unwrap();
    assert_eq!(request.ignored_properties, ["colour", "size"]);
    assert!(request.request_properties.share_md_client_ip_address);
    assert_eq!(request.capabilities.as_deref(), Some(&["X".to_owned()][..]));
    assert_eq!(request.nonce.unwrap().as_str(), "abc");
}

/// `docs/errors.md` has a row for every kind of problem, with its status.
#[test]
fn every_problem_is_described() {
    use countersign_wire::device::DeviceErrorCode;
    use countersign_wire::problem::ProblemType;
    use countersign_wire::registration::ErrorCode;
    use countersign_wire::registration::words::OauthError;
    let described = include_str!("../../../docs/errors.md");
    let own = ProblemType::ALL.iter().map(|kind| (kind.as_str(), kind.status()));
    let device = DeviceErrorCode::ALL.iter().map(|code| (code.as_str(), code.status()));
    let registration = ErrorCode::ALL.iter().map(|code| (code.as_str(), code.status()));
    let oauth = OauthError::ALL.iter().map(|error| (error.as_str(), error.status()));
    for (word, status) in own.chain(device).chain(registration).chain(oauth) {
        assert!(described.contains(&format!("| `{word}` | {status} |")), "{word} with {status}");
    }
}
