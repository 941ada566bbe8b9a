//! Links and QR codes of a session, and the session as a value to store.

use countersign_client::session::Answer;
use countersign_client::{Error, QrCode, StartedSession};
use countersign_wire::acsp::SchemeName;
use countersign_wire::callback::{CallbackUrl, SessionSecret};
use countersign_wire::device_link::{DeviceLinkBase, Language, LinkKind};
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::SessionToken;
use countersign_wire::start::{Asked, Digest, FlowMembers, InteractionSet, Interactions, RpChallenge};
use countersign_wire::words::FlowType;
use jiff::SignedDuration;
use serde_json::Value;

use crate::world::{ask_authentication, ask_signature, by_link, document, now, pss, session};

/// A session with the inputs of a vector.
fn session_of(inputs: &Value, session_type: &str) -> StartedSession {
    let text = |name: &str| inputs[name].as_str().unwrap();
    let interactions = Interactions::parse(text("interactions"), InteractionSet::DeviceLink).unwrap();
    let asked = match session_type {
        "auth" => Asked::Authenticate {
            rp_challenge: RpChallenge::parse(text("rpChallenge")).unwrap(),
            signature: pss(),
            interactions,
        },
        "sign" => {
            Asked::Sign { digest: Digest::parse(text("digest")).unwrap(), signature: pss(), interactions }
        }
        "cert" => Asked::ChooseCertificate,
        other => panic!("{other}"),
    };
    let callback = Some(CallbackUrl::parse(text("callback")).unwrap());
    let mut session = session(asked, FlowMembers::DeviceLink { callback }, document());
    session.scheme = SchemeName::parse(text("scheme")).unwrap();
    session.brokered_rp_name = text("brokeredRpName").to_owned();
    session.request.relying_party_name = text("relyingPartyName").to_owned();
    session.answer = Answer::DeviceLink {
        token: SessionToken::parse(text("sessionToken")).unwrap(),
        secret: SessionSecret::parse(text("sessionSecret")).unwrap(),
        base: DeviceLinkBase::parse(text("deviceLinkBase")).unwrap(),
    };
    session
}

#[test]
fn links_have_the_published_codes_also_after_storage() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/rp-api/device-link.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 13);
    for case in cases {
        let inputs = &file["inputs"][case["inputs"].as_str().unwrap()];
        let session = session_of(inputs, case["sessionType"].as_str().unwrap());
        let stored = serde_json::to_string(&session).unwrap();
        let session: StartedSession = serde_json::from_str(&stored).unwrap();
        let lang = Language::parse(inputs["lang"].as_str().unwrap()).unwrap();
        let link = match case["deviceLinkType"].as_str().unwrap() {
            "QR" => {
                let elapsed = case["elapsedSeconds"].as_i64().unwrap();
                session.qr_link(now() + SignedDuration::from_secs(elapsed), lang).unwrap()
            }
            "Web2App" => session.device_link(LinkKind::Web2App, lang).unwrap(),
            "App2App" => session.device_link(LinkKind::App2App, lang).unwrap(),
            other => panic!("{other}"),
        };
        let code = format!("&authCode={}", case["authCode"].as_str().unwrap());
        assert!(link.ends_with(&code), "{}", case["name"]);
        if let Some(unprotected) = case["unprotected"].as_str() {
            assert_eq!(link, format!("{unprotected}{code}"));
        }
    }
}

#[test]
fn a_stored_session_is_whole() {
    let flows = [
        (ask_authentication(), by_link(), Recipient::Anonymous),
        (ask_signature(), FlowMembers::Notification, document()),
        (
            ask_signature(),
            FlowMembers::Linked { session: session(ask_signature(), by_link(), document()).session_id },
            document(),
        ),
    ];
    for (asked, flow, recipient) in flows {
        let mut before = session(asked, flow, recipient).offering(&[FlowType::Qr, FlowType::Notification]);
        before.brokered_rp_name = "Example RP".into();
        let text = serde_json::to_string(&before).unwrap();
        let after: StartedSession = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&after).unwrap(), text);
        assert_eq!((&after.request, &after.recipient), (&before.request, &before.recipient));
        assert_eq!((after.started_at, &after.offered), (before.started_at, &before.offered));
        assert!(after.secret() == before.secret());
    }
}

#[test]
fn debug_output_of_a_session_shows_no_secret_and_no_person() {
    let session = session(ask_authentication(), by_link(), document());
    let code = session.qr_code(now(), Language::ENGLISH).unwrap();
    let text = format!("{session:?} {code:?}");
    for secret in ["40504040001", crate::world::TOKEN, "oKGio6", "cHFyc3R1", "AAECAwQF"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn links_that_cannot_be_are_refused() {
    let lang = Language::ENGLISH;
    let notification = session(ask_signature(), FlowMembers::Notification, document());
    assert!(matches!(notification.qr_link(now(), lang), Err(Error::NoDeviceLink)));
    assert!(matches!(notification.device_link(LinkKind::Web2App, lang), Err(Error::NoDeviceLink)));
    let qr_only = session(ask_signature(), FlowMembers::DeviceLink { callback: None }, document());
    qr_only.qr_link(now(), lang).unwrap();
    for kind in [LinkKind::Web2App, LinkKind::App2App] {
        assert!(matches!(qr_only.device_link(kind, lang), Err(Error::NoCallbackUrl(_))));
    }
}

#[test]
fn the_age_of_a_link_counts_whole_seconds_from_the_answer() {
    let session = session(ask_signature(), by_link(), document());
    for (milliseconds, seconds) in [(-5000, 0), (0, 0), (999, 0), (1000, 1), (59_999, 59)] {
        assert_eq!(session.elapsed_seconds(now() + SignedDuration::from_millis(milliseconds)), seconds);
    }
    let link = session.qr_link(now() + SignedDuration::from_secs(12), Language::ENGLISH).unwrap();
    assert!(link.contains("?deviceLinkType=QR&elapsedSeconds=12&sessionToken="), "{link}");
}

/// The modules of a PNG image, by the pixel in the middle of each.
fn read_png(png: &[u8], scale: usize) -> (usize, Vec<bool>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, info.height);
    let (width, side) = (info.width as usize, info.width as usize / scale);
    let dark = |x: usize, y: usize| pixels[(y * scale + scale / 2) * width + x * scale + scale / 2] == 0;
    (side, (0..side * side).map(|at| dark(at % side, at / side)).collect())
}

#[test]
fn a_qr_code_is_version_9_with_a_quiet_zone_in_every_form() {
    let session = session(ask_authentication(), by_link(), document());
    let code = session.qr_code(now(), Language::ENGLISH).unwrap();
    assert_eq!(code.side(), 53);
    for scale in [1, 4, 10, 20] {
        let (side, modules) = read_png(&code.png(scale).unwrap(), usize::from(scale));
        assert_eq!(side, 53 + 8);
        for y in 0..side {
            for x in 0..side {
                let expected = x >= 4 && y >= 4 && code.is_dark(x - 4, y - 4);
                assert_eq!(modules[y * side + x], expected, "{x} {y} at {scale}");
            }
        }
    }
    for scale in [0, 21] {
        assert!(matches!(code.png(scale), Err(Error::Setting { .. })));
    }
    // The finder in the upper left corner, and the quiet zone around it.
    let row: String = (0..9).map(|x| if code.is_dark(x, 0) { '#' } else { '.' }).collect();
    assert!(row.starts_with("#######."), "{row}");

    let svg = code.svg();
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"610\" height=\"610\""),
        "{svg}"
    );
    let dark: usize = svg
        .split("path d=\"")
        .nth(1)
        .unwrap()
        .split('M')
        .skip(1)
        .map(|run| run.split('h').nth(1).unwrap().split('v').next().unwrap().parse::<usize>().unwrap())
        .sum();
    let expected = (0..53 * 53).filter(|at| code.is_dark(at % 53, at / 53)).count();
    assert_eq!(dark, expected);

    let lines: Vec<_> = code.blocks().lines().map(str::to_owned).collect();
    assert_eq!((lines.len(), lines[0].chars().count()), (31, 61));
    assert!(lines[0].chars().all(|c| c == '█'));
}

#[test]
fn a_longer_link_gets_a_larger_code_up_to_a_limit() {
    let link = |length: usize| format!("https://x/{}", "a".repeat(length - 10));
    assert_eq!(QrCode::of(&link(230)).unwrap().side(), 53);
    assert_eq!(QrCode::of(&link(231)).unwrap().side(), 57);
    assert!(QrCode::of(&link(790)).is_ok());
    assert!(matches!(QrCode::of(&link(900)), Err(Error::LinkTooLong { octets: 900 })));
    assert!(matches!(QrCode::of(&link(5000)), Err(Error::LinkTooLong { .. })));
}
