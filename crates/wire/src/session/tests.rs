use super::*;
use crate::words::InteractionType;

fn document() -> DocumentNumber {
    DocumentNumber::parse("PNOEE-30001010004-BVFM-Q").unwrap()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

const ID: &str = "fa20fd1e-e320-4c68-8315-f6a507a0b4a9";

#[test]
fn a_device_link_answer_is_written_as_the_specification_shows() {
    let example = format!(
        r#"{{"sessionID":"{ID}","sessionToken":"wGIrqveE6AuGDATZKmR1mtAZ","sessionSecret":"B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps=","deviceLinkBase":"https://smart-id.com/device-link"}}"#
    );
    let started: DeviceLinkStarted = serde_json::from_str(&example).unwrap();
    assert_eq!(json(&Started::DeviceLink(started)), example);
}

#[test]
fn the_other_start_answers_are_written_as_the_specification_shows() {
    let session_id = SessionId::parse(ID).unwrap();
    assert_eq!(json(&Started::Session(SessionStarted { session_id })), format!(r#"{{"sessionID":"{ID}"}}"#));
    let vc = VerificationCode::parse("0927").unwrap().into();
    let example = format!(r#"{{"sessionID":"{ID}","vc":{{"type":"numeric4","value":"0927"}}}}"#);
    assert_eq!(json(&Started::VerificationCode(VerificationCodeStarted { session_id, vc })), example);
    assert!(serde_json::from_str::<VerificationCodeStarted>(&example.replace("0927", "927")).is_err());
    assert!(serde_json::from_str::<VerificationCodeStarted>(&example.replace("numeric4", "alpha4")).is_err());
}

#[test]
fn empty_members_of_a_device_link_answer_are_refused() {
    let example = format!(
        r#"{{"sessionID":"{ID}","sessionToken":"wGIrqveE6AuGDATZKmR1mtAZ","sessionSecret":"B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps=","deviceLinkBase":"https://smart-id.com/device-link"}}"#
    );
    for value in [
        ID,
        "wGIrqveE6AuGDATZKmR1mtAZ",
        "B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps=",
        "https://smart-id.com/device-link",
    ] {
        let emptied = example.replace(&format!("\"{value}\""), "\"\"");
        assert_ne!(emptied, example);
        assert!(serde_json::from_str::<DeviceLinkStarted>(&emptied).is_err(), "{value}");
    }
}

#[test]
fn a_certificate_stands_with_the_state_ok_only() {
    let ok = r#"{"state":"OK","cert":{"value":"MAA=","certificateLevel":"QUALIFIED"}}"#;
    let response = CertificateResponse::Ok(Cert::new(&[0x30, 0], CertificateLevel::Qualified));
    assert_eq!(json(&response), ok);
    assert_eq!(serde_json::from_str::<CertificateResponse>(ok).unwrap(), response);
    assert_eq!(json(&CertificateResponse::DocumentUnusable), r#"{"state":"DOCUMENT_UNUSABLE"}"#);
    assert!(serde_json::from_str::<CertificateResponse>(r#"{"state":"OK"}"#).is_err());
    assert_eq!(
        serde_json::from_str::<CertificateResponse>(r#"{"state":"LOST","x":1}"#).unwrap(),
        CertificateResponse::Unknown("LOST".into())
    );
}

#[test]
fn a_running_session_says_no_more_than_that() {
    assert_eq!(json(&SessionStatus::running(Vec::new())), r#"{"state":"RUNNING"}"#);
    let ignored = SessionStatus::running(vec!["colour".into()]);
    assert_eq!(json(&ignored), r#"{"state":"RUNNING","ignoredProperties":["colour"]}"#);
    for other in [r#"{"state":"RUNNING","result":{}}"#, r#"{"state":"RUNNING","result":null,"new":[1]}"#] {
        let status: SessionStatus = serde_json::from_str(other).unwrap();
        assert!(!status.is_complete());
        assert_eq!(status.end_result(), None);
    }
}

#[test]
fn a_failed_session_sends_state_and_result_only() {
    let refused = InteractionType::DisplayTextAndPin;
    for end in EndResult::ALL.iter().copied().filter(|end| *end != EndResult::Ok) {
        let status = json(&SessionStatus::failed(end, Some(refused), Vec::new()));
        let details = match end == EndResult::UserRefusedInteraction {
            true => r#","details":{"interaction":"displayTextAndPIN"}"#,
            false => "",
        };
        assert_eq!(status, format!(r#"{{"state":"COMPLETE","result":{{"endResult":"{end}"{details}}}}}"#));
    }
}

#[test]
fn an_authentication_is_written_member_by_member() {
    let signature = SessionSignature::authentication(
        &[1, 2, 3],
        SignatureScheme::pss(HashAlgorithm::Sha512),
        &ServerRandom::parse("+wVP2U/SMKVkVrggDjNTXFV/").unwrap(),
        &UserChallenge::parse("TLSjYRH2oYw8tW2bq0it0IUb7WIFkCLgF8NTc7-4Zq4").unwrap(),
        FlowType::Notification,
    );
    let status = SessionStatus::ok(
        document(),
        Some(SignatureProtocol::AcspV2),
        signature,
        Cert::new(&[0x30, 0], CertificateLevel::Qualified),
        Some(InteractionType::DisplayTextAndPin),
        Some("203.0.113.34".into()),
        Vec::new(),
    );
    let text = concat!(
        r#"{"state":"COMPLETE","result":{"endResult":"OK","documentNumber":"PNOEE-30001010004-BVFM-Q"},"#,
        r#""signatureProtocol":"ACSP_V2","signature":{"value":"AQID","serverRandom":"+wVP2U/SMKVkVrggDjNTXFV/","#,
        r#""userChallenge":"TLSjYRH2oYw8tW2bq0it0IUb7WIFkCLgF8NTc7-4Zq4","flowType":"Notification","#,
        r#""signatureAlgorithm":"rsassa-pss","signatureAlgorithmParameters":{"hashAlgorithm":"SHA-512","#,
        r#""maskGenAlgorithm":{"algorithm":"id-mgf1","parameters":{"hashAlgorithm":"SHA-512"}},"#,
        r#""saltLength":64,"trailerField":"0xbc"}},"cert":{"value":"MAA=","certificateLevel":"QUALIFIED"},"#,
        r#""interactionTypeUsed":"displayTextAndPIN","deviceIpAddress":"203.0.113.34"}"#,
    );
    assert_eq!(json(&status), text);
    assert_eq!(serde_json::from_str::<SessionStatus>(text).unwrap(), status);
    let shown = format!("{status:?}");
    for hidden in ["30001010004", "203.0.113.34", "AQID", "MAA="] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}

#[test]
fn a_pkcs1_signature_has_no_parameters() {
    let scheme = SignatureScheme::new(SignatureAlgorithm::Sha256WithRsaEncryption, None).unwrap();
    assert_eq!(
        json(&SessionSignature::raw_digest(&[1], scheme, FlowType::Qr)),
        r#"{"value":"AQ==","flowType":"QR","signatureAlgorithm":"sha256WithRSAEncryption"}"#
    );
}

#[test]
fn a_certificate_choice_sends_the_flow_type_in_place_of_a_signature() {
    let status = SessionStatus::ok(
        document(),
        None,
        SessionSignature::flow_only(FlowType::Web2App),
        Cert::new(&[0x30, 0], CertificateLevel::Advanced),
        None,
        None,
        Vec::new(),
    );
    assert_eq!(
        json(&status),
        r#"{"state":"COMPLETE","result":{"endResult":"OK","documentNumber":"PNOEE-30001010004-BVFM-Q"},"signature":{"flowType":"Web2App"},"cert":{"value":"MAA=","certificateLevel":"ADVANCED"}}"#
    );
}

#[test]
fn a_client_keeps_words_that_it_does_not_know() {
    let text = r#"{"state":"COMPLETE","result":{"endResult":"ACCOUNT_ON_HOLIDAY","more":1},"signature":{"flowType":"Telepathy"},"interactionTypeUsed":"wink"}"#;
    let status: SessionStatus = serde_json::from_str(text).unwrap();
    assert_eq!(status.end_result().unwrap().as_str(), "ACCOUNT_ON_HOLIDAY");
    assert_eq!(status.signature.unwrap().flow_type.unwrap().known(), None);
    let known: SessionStatus = serde_json::from_str(&text.replace("_ON_HOLIDAY", "_UNUSABLE")).unwrap();
    assert_eq!(known.end_result().unwrap().known(), Some(EndResult::AccountUnusable));
}

#[test]
fn pss_parameters_are_checked_member_by_member() {
    for hash in HashAlgorithm::ALL {
        let right = SignatureAlgorithmParameters::pss(*hash);
        assert_eq!(right.check(), Ok(*hash));
        let text = json(&right);
        for (from, to, member) in [
            (format!(r#"{{"hashAlgorithm":"{hash}","#), "{".to_owned(), "hashAlgorithm"),
            (
                format!(r#"{{"hashAlgorithm":"{hash}","#),
                r#"{"hashAlgorithm":"SHA-1","#.to_owned(),
                "hashAlgorithm",
            ),
            ("id-mgf1".to_owned(), "id-mgf2".to_owned(), "maskGenAlgorithm.algorithm"),
            (
                format!(r#""parameters":{{"hashAlgorithm":"{hash}"}}"#),
                r#""parameters":{"hashAlgorithm":"SHA-1"}"#.to_owned(),
                "maskGenAlgorithm.parameters.hashAlgorithm",
            ),
            (
                format!(r#","parameters":{{"hashAlgorithm":"{hash}"}}"#),
                String::new(),
                "maskGenAlgorithm.parameters.hashAlgorithm",
            ),
            (format!(r#""saltLength":{}"#, hash.octets()), r#""saltLength":20"#.to_owned(), "saltLength"),
            (format!(r#""saltLength":{},"#, hash.octets()), String::new(), "saltLength"),
            ("0xbc".to_owned(), "0xBC".to_owned(), "trailerField"),
            (r#","trailerField":"0xbc""#.to_owned(), String::new(), "trailerField"),
        ] {
            let wrong = text.replacen(&from, &to, 1);
            assert_ne!(wrong, text, "{from}");
            let wrong: SignatureAlgorithmParameters = serde_json::from_str(&wrong).unwrap();
            match wrong.check() {
                Err(Error::WrongAlgorithmParameters { member: found, .. }) => assert_eq!(found, member),
                other => panic!("{member}: {other:?}"),
            }
        }
    }
    let text = json(&SignatureAlgorithmParameters::pss(HashAlgorithm::Sha256));
    let quoted = text.replace(r#""saltLength":32"#, r#""saltLength":"32""#);
    assert!(serde_json::from_str::<SignatureAlgorithmParameters>(&quoted).is_err(), "an integer, not a text");
}

#[test]
fn timeouts_are_clamped_to_their_limits() {
    let milliseconds = |text| timeout_ms(text, OutOfRange::Clamp).map(|time| time.as_millis());
    assert_eq!(milliseconds(None), Ok(60_500));
    for (text, expected) in [
        ("1000", 1000),
        ("999", 1000),
        ("0", 1000),
        ("-5", 1000),
        ("30000", 30_000),
        ("120000", 120_000),
        ("120001", 120_000),
        ("99999999999999999999999999", 120_000),
    ] {
        assert_eq!(milliseconds(Some(text)), Ok(expected), "{text}");
    }
    for wrong in ["", "-", "1e3", "10s", "1.5", " 1000", "+1000", "١٠٠٠"] {
        assert_eq!(milliseconds(Some(wrong)).unwrap_err().param_name, "timeoutMs", "{wrong}");
    }
}

#[test]
fn timeouts_out_of_range_can_be_refused_instead() {
    let milliseconds = |text| timeout_ms(text, OutOfRange::Refuse).map(|time| time.as_millis());
    assert_eq!(milliseconds(Some("1000")), Ok(1000));
    assert_eq!(milliseconds(Some("120000")), Ok(120_000));
    assert!(milliseconds(Some("999")).is_err());
    assert!(milliseconds(Some("120001")).is_err());
    assert_eq!(milliseconds(None), Ok(60_500));
}
