use super::*;
use crate::callback::CallbackUrl;
use crate::id::RelyingPartyUuid;
use crate::start::{
    Digest, FlowMembers, Interaction, InteractionSet, Interactions, RpChallenge, SignatureScheme,
};
use crate::words::{HashAlgorithm, InteractionType};

const BASE: &str = "https://sid.example.test/device-link";

fn base() -> DeviceLinkBase {
    DeviceLinkBase::parse(BASE).unwrap()
}

fn secret() -> SessionSecret {
    SessionSecret::from_bytes(&[3; 32]).unwrap()
}

fn link(kind: LinkKind, session_type: SessionType) -> UnprotectedLink {
    let token = SessionToken::parse("TESTtokenTESTtoken012345").unwrap();
    UnprotectedLink { base: base(), kind, token, session_type, lang: Language::ENGLISH }
}

/// A request whose name gives `+` and `/` in Base64, so that the two alphabets differ.
fn request(session_type: SessionType, callback: bool) -> StartRequest {
    let interactions = || {
        let one = Interaction { kind: InteractionType::DisplayTextAndPin, text: "Log in".into() };
        Interactions::new(&[one], InteractionSet::DeviceLink).unwrap()
    };
    let signature = SignatureScheme::pss(HashAlgorithm::Sha256);
    let asked = match session_type {
        SessionType::Auth => Asked::Authenticate {
            rp_challenge: RpChallenge::from_bytes(&[1; 32]).unwrap(),
            signature,
            interactions: interactions(),
        },
        SessionType::Sign => Asked::Sign {
            digest: Digest::from_bytes(&[2; 32]).unwrap(),
            signature,
            interactions: interactions(),
        },
        SessionType::Cert => Asked::ChooseCertificate,
    };
    let callback = callback.then(|| CallbackUrl::parse("https://rp.example.org/cb?value=x").unwrap());
    let uuid = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
    StartRequest::new(uuid, "RP >>>???", asked, FlowMembers::DeviceLink { callback })
}

fn context(request: &StartRequest) -> LinkContext<'_> {
    LinkContext { scheme: &SchemeName::DEMO, request, brokered_rp_name: "" }
}

const KINDS: [LinkKind; 3] = [LinkKind::Qr { elapsed_seconds: 7 }, LinkKind::Web2App, LinkKind::App2App];

#[test]
fn any_changed_character_makes_a_link_invalid() {
    let request = request(SessionType::Auth, true);
    let protected =
        link(LinkKind::Qr { elapsed_seconds: 7 }, SessionType::Auth).protect(&context(&request), &secret());
    for index in 0..protected.len() {
        let mut changed = protected.clone().into_bytes();
        // Another letter of either case, or another digit, so that many changes still have the right form.
        changed[index] = match changed[index] {
            b'z' | b'Z' => changed[index] - 1,
            b'9' => b'8',
            other => other + 1,
        };
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let accepted = DeviceLink::parse(&changed)
            .is_ok_and(|link| link.check(&base(), &context(&request), &secret(), Leniency::ALL).is_ok());
        assert!(!accepted, "{changed}");
    }
}

#[test]
fn a_link_of_another_session_is_refused() {
    let right = request(SessionType::Auth, true);
    for kind in KINDS {
        let protected = link(kind, SessionType::Auth).protect(&context(&right), &secret());
        let read = DeviceLink::parse(&protected).unwrap();
        assert_eq!(
            read.check(&base(), &context(&right), &secret(), Leniency::default()),
            Ok(AuthCode::Exact)
        );

        let other_secret = SessionSecret::from_bytes(&[4; 32]).unwrap();
        let wrong = Err(Error::WrongAuthCode);
        assert_eq!(read.check(&base(), &context(&right), &other_secret, Leniency::ALL), wrong);
        let sign = request(SessionType::Sign, true);
        assert_eq!(read.check(&base(), &context(&sign), &secret(), Leniency::ALL), wrong);
        let mut renamed = right.clone();
        renamed.relying_party_name = renamed.relying_party_name.to_lowercase();
        assert_eq!(read.check(&base(), &context(&renamed), &secret(), Leniency::ALL), wrong);
        let live = LinkContext { scheme: &SchemeName::LIVE, ..context(&right) };
        assert_eq!(read.check(&base(), &live, &secret(), Leniency::ALL), wrong);
        let brokered = LinkContext { brokered_rp_name: "Example RP", ..context(&right) };
        assert_eq!(read.check(&base(), &brokered, &secret(), Leniency::ALL), wrong);
        let elsewhere = DeviceLinkBase::parse("https://other.example.test/device-link").unwrap();
        let refused = read.check(&elsewhere, &context(&right), &secret(), Leniency::ALL);
        assert_eq!(refused, Err(Error::DeviceLink(LinkFault::Base)));
    }
}

#[test]
fn a_callback_counts_for_same_device_links_only() {
    let (with, without) = (request(SessionType::Auth, true), request(SessionType::Auth, false));
    for kind in KINDS {
        let same = link(kind, SessionType::Auth).protect(&context(&with), &secret())
            == link(kind, SessionType::Auth).protect(&context(&without), &secret());
        assert_eq!(same, !kind.link_type().is_same_device());
    }
}

/// Writes a link with a mistake, as a client with that mistake does.
fn mistaken(link: &UnprotectedLink, request: &StartRequest, variant: Variant) -> DeviceLink {
    let payload = context(request).payload(&link.to_string(), variant);
    let code = hmac::sign(&key(&secret()), &payload);
    DeviceLink::parse(&format!("{link}{AUTH_CODE}{}", b64u(code.as_ref()))).unwrap()
}

#[test]
fn mistakes_of_existing_clients_pass_only_when_permitted() {
    let qr = LinkKind::Qr { elapsed_seconds: 0 };
    let exact = Variant::exact(DeviceLinkType::Qr);
    for (session_type, variant, leniency, callback_in_qr) in [
        (
            SessionType::Auth,
            Variant { callback_in_qr: true, ..exact },
            Leniency { callback_in_qr: true, ..Leniency::default() },
            true,
        ),
        (
            SessionType::Sign,
            Variant { url_safe_names: true, ..exact },
            Leniency { url_safe_names: true, ..Leniency::default() },
            false,
        ),
        (
            SessionType::Cert,
            Variant { protocol_in_choice: true, ..exact },
            Leniency { protocol_in_choice: true, ..Leniency::default() },
            false,
        ),
        (
            SessionType::Cert,
            Variant { callback_in_qr: true, url_safe_names: true, protocol_in_choice: true, ..exact },
            Leniency::ALL,
            true,
        ),
    ] {
        let request = request(session_type, true);
        let read = mistaken(&link(qr, session_type), &request, variant);
        let strict = read.check(&base(), &context(&request), &secret(), Leniency::default());
        assert_eq!(strict, Err(Error::WrongAuthCode));
        let lenient = read.check(&base(), &context(&request), &secret(), leniency);
        assert_eq!(lenient, Ok(AuthCode::Lenient { callback_in_qr }));
    }
}

#[test]
fn every_departure_from_the_form_is_named() {
    let token = "sessionToken=TESTtokenTESTtoken012345";
    let code = format!("authCode={}", "A".repeat(43));
    let good = format!(
        "{BASE}?deviceLinkType=QR&elapsedSeconds=7&{token}&sessionType=auth&version=1.0&lang=eng&{code}"
    );
    assert!(DeviceLink::parse(&good).is_ok());
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    for (text, fault) in [
        (String::new(), LinkFault::Base),
        (good.replace("https", "ftp"), LinkFault::Base),
        (good.replace('?', "#"), LinkFault::Base),
        (format!("{good}&extra=1"), LinkFault::AuthCode),
        (format!("{good}#x"), LinkFault::AuthCode),
        (format!("{good}="), LinkFault::AuthCode),
        (format!("{good} "), LinkFault::AuthCode),
        (good[..good.len() - 1].to_owned(), LinkFault::AuthCode),
        (replaced(&format!("&{code}"), ""), LinkFault::Order),
        (replaced("deviceLinkType=QR", "deviceLinkType=qr"), LinkFault::LinkType),
        (replaced("deviceLinkType=QR", "deviceLinkType=Notification"), LinkFault::LinkType),
        (replaced("QR&elapsedSeconds=7", "QR"), LinkFault::Order),
        (replaced("QR&elapsedSeconds=7", "Web2App&elapsedSeconds=7"), LinkFault::Order),
        (replaced("elapsedSeconds=7", "elapsedSeconds=07"), LinkFault::ElapsedSeconds),
        (replaced("elapsedSeconds=7", "elapsedSeconds=+7"), LinkFault::ElapsedSeconds),
        (replaced("elapsedSeconds=7", "elapsedSeconds=-7"), LinkFault::ElapsedSeconds),
        (replaced("elapsedSeconds=7", "elapsedSeconds=7.5"), LinkFault::ElapsedSeconds),
        (replaced("elapsedSeconds=7", "elapsedSeconds="), LinkFault::ElapsedSeconds),
        (replaced("elapsedSeconds=7", "elapsedSeconds=1000000000"), LinkFault::ElapsedSeconds),
        (replaced("TESTtoken012345", "TESTtoken01234"), LinkFault::Token),
        (replaced("TESTtoken012345", "TESTtoken%31%3"), LinkFault::Token),
        (replaced("sessionType=auth", "sessionType=Auth"), LinkFault::SessionType),
        (replaced("version=1.0", "version=1.1"), LinkFault::Version),
        (replaced("lang=eng", "lang=en"), LinkFault::Language),
        (replaced("lang=eng", "lang=ENG"), LinkFault::Language),
        (replaced("lang=eng", "lang=engl"), LinkFault::Language),
        (replaced("version=1.0&lang=eng", "lang=eng&version=1.0"), LinkFault::Order),
        (replaced(token, &format!("{token}&{token}")), LinkFault::Order),
        (replaced("lang=eng", "lang=eng&x=y"), LinkFault::Order),
        (replaced("TESTtoken012345", &"A".repeat(DEVICE_LINK_MAX)), LinkFault::TooLong),
    ] {
        assert_eq!(DeviceLink::parse(&text), Err(Error::DeviceLink(fault)), "{text}");
    }
    for seconds in ["0", "10", "999999999"] {
        assert!(DeviceLink::parse(&good.replace("Seconds=7", &format!("Seconds={seconds}"))).is_ok());
    }
}

#[test]
fn a_base_is_an_absolute_url_without_query() {
    for right in [BASE, "http://127.0.0.1:8080/device-link", "https://x/", "http://localhost"] {
        assert!(DeviceLinkBase::parse(right).is_ok(), "{right}");
    }
    for wrong in [
        "",
        "device-link",
        "https://",
        "https://x/?a=b",
        "https://x/#a",
        "ftp://x/",
        "https://x/ y",
        "https://x/|",
    ] {
        assert!(DeviceLinkBase::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_link_of_a_session_stays_readable_as_a_qr_code() {
    let longest = link(LinkKind::Qr { elapsed_seconds: 120 }, SessionType::Auth);
    let protected = longest.protect(&context(&request(SessionType::Auth, true)), &secret());
    // Version 9 with error correction L holds 230 octets.
    assert!(protected.len() <= 230, "{}", protected.len());
}
