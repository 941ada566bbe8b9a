use rand_core::SeedableRng;
use serde::de::DeserializeOwned;

use super::sealed::{SealedFor, SealingKey, seal};
use super::*;

fn rng() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(31)
}

fn sealed() -> Sealed {
    Sealed { id: "core-1".into(), enc: vec![4; 3].into(), ct: vec![5; 3].into() }
}

const SEALED: &str = r#"{"id":"core-1","enc":"BAQE","ct":"BQUF"}"#;

fn both_ways<T: Serialize + DeserializeOwned>(value: &T, text: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    let read: T = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}

fn kid() -> KeyId {
    KeyId::parse("kid-1").unwrap()
}

fn tx() -> TransactionId {
    TransactionId::parse("tx-1").unwrap()
}

fn req() -> RequestId {
    RequestId::parse("req-1").unwrap()
}

fn token() -> Token {
    Token::from_bytes([0; 32])
}

fn time() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

#[test]
fn activation_and_key_messages_have_the_names_of_the_contract() {
    both_ways(
        &ActivationAnswer {
            device_id: DeviceId::parse("device-1").unwrap(),
            document_number: DocumentNumber::parse("PNOEE-40504040001-DEM0-Q").unwrap(),
            core_keys: Vec::new(),
            parameters: KeyParameters {
                half_bits: 3072,
                share_bits: 3200,
                composite: true,
                hash: HashAlgorithm::Sha256,
                kdf: Kdf { name: "PBKDF2-HMAC-SHA256".into(), iterations: 600_000 },
                pin1: PinLength { min: 4, max: 12 },
                pin2: PinLength { min: 5, max: 12 },
            },
            token: sealed(),
        },
        &format!(
            r#"{{"deviceId":"device-1","documentNumber":"PNOEE-40504040001-DEM0-Q","coreKeys":[],"parameters":{{"halfBits":3072,"shareBits":3200,"composite":true,"hash":"SHA-256","kdf":{{"name":"PBKDF2-HMAC-SHA256","iterations":600000}},"pin1":{{"min":4,"max":12}},"pin2":{{"min":5,"max":12}}}},"token":{SEALED}}}"#
        ),
    );
    both_ways(
        &KeyRequest { key_use: KeyUse::Auth, sealed: sealed() },
        &format!(r#"{{"use":"AUTH","sealed":{SEALED}}}"#),
    );
    both_ways(
        &KeyAnswer {
            kid: kid(),
            n: vec![255].into(),
            csr: CsrTask {
                tx: tx(),
                info: vec![48].into(),
                hash: HashAlgorithm::Sha256,
                digest: vec![1].into(),
            },
        },
        r#"{"kid":"kid-1","n":"_w","csr":{"tx":"tx-1","info":"MA","hash":"SHA-256","digest":"AQ"}}"#,
    );
    both_ways(
        &KeyProofRequest { tx: tx(), req: req(), token: token(), sealed: sealed() },
        &format!(r#"{{"tx":"tx-1","req":"req-1","token":"{}","sealed":{SEALED}}}"#, "A".repeat(43)),
    );
    both_ways(
        &RegistrationAnswer {
            state: AccountState::Certified,
            certificates: vec![DeviceCertificate { key_use: KeyUse::Sign, value: "MAA=".into() }],
        },
        r#"{"state":"CERTIFIED","certificates":[{"use":"SIGN","value":"MAA="}]}"#,
    );
}

#[test]
fn core_keys_are_points_with_an_id() {
    let key = SealingKey::generate(&mut rng());
    let core = CoreKey { id: "core-1".into(), point: key.point().clone() };
    let text = serde_json::to_string(&core).unwrap();
    assert!(text.starts_with(r#"{"id":"core-1","x":""#), "{text}");
    assert_eq!(serde_json::from_str::<CoreKey>(&text).unwrap(), core);
    let off_the_curve = text.replacen("\"y\":\"", "\"y\":\"A", 1);
    assert!(serde_json::from_str::<CoreKey>(&off_the_curve).is_err());
}

#[test]
fn account_and_transaction_messages_have_the_names_of_the_contract() {
    both_ways(
        &KeyStatus {
            kid: kid(),
            key_use: KeyUse::Auth,
            state: KeyState::Locked,
            tries_left: 0,
            locked_until: Some(time()),
            certificate: None,
            not_after: None,
        },
        r#"{"kid":"kid-1","use":"AUTH","state":"LOCKED","triesLeft":0,"lockedUntil":"2026-11-22T10:00:00Z"}"#,
    );
    let hint = TransactionHint {
        tx: tx(),
        kind: TransactionKind::CertChoice,
        rp: Rp { name: "DEMO".into() },
        expires: time(),
    };
    both_ways(
        &TransactionsAnswer { transactions: vec![hint] },
        r#"{"transactions":[{"tx":"tx-1","kind":"CERT_CHOICE","rp":{"name":"DEMO"},"expires":"2026-11-22T10:00:00Z"}]}"#,
    );
    both_ways(
        &Transaction {
            tx: tx(),
            kind: TransactionKind::Auth,
            state: TransactionState::Created,
            created: time(),
            expires: time(),
            rp: Rp { name: "DEMO".into() },
            flow_type: FlowType::Notification,
            flow: TransactionFlow::Notification,
            kid: Some(kid()),
            hash: Some(HashAlgorithm::Sha512),
            signature_algorithm: Some(SignatureAlgorithm::RsassaPss),
            interactions: Some("W10=".into()),
            acsp: Some(AcspTask {
                scheme: "smart-id-demo".into(),
                server_random: "r".into(),
                rp_challenge: "c".into(),
                rp_name: "DEMO".into(),
                brokered_rp_name: String::new(),
                callback: String::new(),
            }),
            digest: None,
            code: Some(VerificationCode::parse("4927").unwrap()),
            codes: None,
        },
        r#"{"tx":"tx-1","kind":"AUTH","state":"CREATED","created":"2026-11-22T10:00:00Z","expires":"2026-11-22T10:00:00Z","rp":{"name":"DEMO"},"flowType":"Notification","flow":"notification","kid":"kid-1","hash":"SHA-512","signatureAlgorithm":"rsassa-pss","interactions":"W10=","acsp":{"scheme":"smart-id-demo","serverRandom":"r","rpChallenge":"c","rpName":"DEMO","brokeredRpName":"","callback":""},"code":"4927"}"#,
    );
}

#[test]
fn decisions_have_the_names_of_the_contract() {
    both_ways(
        &ConfirmRequest {
            req: req(),
            interaction: Some(InteractionType::ConfirmationMessage),
            chosen_code: Some(VerificationCode::parse("0081").unwrap()),
            user_challenge: Some(UserChallenge::parse(&"c".repeat(43)).unwrap()),
            approval: Some(Approval { kid: kid(), token: token(), sealed: sealed() }),
        },
        &format!(
            r#"{{"req":"req-1","interaction":"confirmationMessage","chosenCode":"0081","userChallenge":"{}","approval":{{"kid":"kid-1","token":"{}","sealed":{SEALED}}}}}"#,
            "c".repeat(43),
            "A".repeat(43)
        ),
    );
    let callback = CallbackTask {
        url: CallbackUrl::parse("https://rp.example.org/cb").unwrap(),
        session_secret_digest: "d".into(),
    };
    both_ways(
        &ConfirmAnswer { state: TransactionState::Done, token: None, callback: Some(callback) },
        r#"{"state":"DONE","callback":{"url":"https://rp.example.org/cb","sessionSecretDigest":"d"}}"#,
    );
    both_ways(
        &RefuseRequest { req: req(), reason: RefusalReason::NotMe, interaction: None },
        r#"{"req":"req-1","reason":"NOT_ME"}"#,
    );
    both_ways(&RefuseAnswer::default(), "{}");
    both_ways(&Empty {}, "{}");
    both_ways(
        &PinChangeRequest {
            req: req(),
            token: token(),
            nonce: vec![1].into(),
            sealed: sealed(),
            refresh: sealed(),
        },
        &format!(
            r#"{{"req":"req-1","token":"{}","nonce":"AQ","sealed":{SEALED},"refresh":{SEALED}}}"#,
            "A".repeat(43)
        ),
    );
    both_ways(
        &RevokeRequest { scope: RevocationScope::Account, reason: "lost".into() },
        r#"{"scope":"ACCOUNT","reason":"lost"}"#,
    );
}

#[test]
fn problems_carry_their_code_and_members() {
    let mut problem = DeviceProblem::new(DeviceErrorCode::WrongPin, "try again");
    problem.tries_left = Some(2);
    problem.token = Some(sealed());
    both_ways(
        &problem,
        &format!(
            r#"{{"type":"urn:countersign:device:WRONG_PIN","title":"Wrong PIN","status":403,"detail":"try again","code":"WRONG_PIN","triesLeft":2,"token":{SEALED}}}"#
        ),
    );
    for code in DeviceErrorCode::ALL {
        let problem = DeviceProblem::new(*code, "");
        assert_eq!(problem.kind, format!("urn:countersign:device:{code}"));
        assert!((400..500).contains(&problem.status));
    }
}

#[test]
fn secrets_of_requests_are_not_shown() {
    let request =
        KeyProofRequest { tx: tx(), req: req(), token: Token::from_bytes([9; 32]), sealed: sealed() };
    let shown = format!("{request:?}");
    assert!(shown.contains("Token(…)") && !shown.contains("CQkJ") && !shown.contains('9'), "{shown}");
}

#[test]
fn certificates_and_callbacks_are_not_shown() {
    let certificate = DeviceCertificate { key_use: KeyUse::Sign, value: "MAA=".into() };
    assert_eq!(format!("{certificate:?}"), "DeviceCertificate { key_use: Sign, .. }");
    let url = CallbackUrl::parse("https://rp.example.org/cb?value=x").unwrap();
    let callback = CallbackTask { url, session_secret_digest: "d1g3st".into() };
    assert!(!format!("{callback:?}").contains("d1g3st"));
}

#[test]
fn a_token_travels_sealed_to_the_device() {
    let mut rng = rng();
    let (ek, device) = (SealingKey::generate(&mut rng), DeviceId::parse("device-1").unwrap());
    let purpose = SealedFor::Token { device: &device };
    let token = Token::generate(&mut rng);
    let id = Jwk::from(ek.point().clone()).thumbprint();
    let sealed = seal(&mut rng, ek.point(), id.as_str(), purpose, &token.to_plaintext()).unwrap();
    let opened = ek.open(&sealed, purpose).unwrap();
    assert!(Token::from_plaintext(&opened).unwrap() == token);
}
