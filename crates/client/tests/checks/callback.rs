//! Callbacks, with the published vectors.

use countersign_client::{Error, check_callback};
use countersign_wire::callback::UserChallenge;
use countersign_wire::endpoint::Recipient;
use countersign_wire::start::FlowMembers;

use crate::world::{
    CALLBACK, USER_CHALLENGE, VERIFIER, ask_authentication, ask_signature, by_link, callback_url, session,
};

#[test]
fn the_published_callback_belongs_to_its_session() {
    let session = session(ask_authentication(), by_link(), Recipient::Anonymous);
    let url = format!(
        "{CALLBACK}&sessionSecretDigest=AOmIZ37s-UwLuSMzccfA1vTbjr3N7LfF66pmbxckkic&userChallengeVerifier={VERIFIER}"
    );
    assert_eq!(url, callback_url());
    let callback = check_callback(&session, &url).unwrap();
    callback.check_user_challenge(&UserChallenge::parse(USER_CHALLENGE).unwrap()).unwrap();
    let other = UserChallenge::parse("GnsWXXEjTCKR89fj9uo5u5ReBZ9JR7_pezLAI5jMS00").unwrap();
    assert!(matches!(callback.check_user_challenge(&other), Err(Error::WrongUserChallenge)));
    // What a web framework hands over.
    let path = url.strip_prefix("https://rp.example.org").unwrap();
    check_callback(&session, path).unwrap();
    assert!(!format!("{callback:?}").contains("QEFC"));
}

#[test]
fn every_fault_of_a_callback_has_its_error() {
    let session = session(ask_authentication(), by_link(), Recipient::Anonymous);
    let good = callback_url();
    let fault = |url: &str| check_callback(&session, url).unwrap_err();
    for foreign in [
        // Another value: the callback of another browser.
        good.replace("value=cHFy", "value=cHFz"),
        good.replace("/cb?", "/other?"),
        good.replace("rp.example.org", "rp.example.com"),
        good.replace("https:", "http:"),
        good.replace("value=cHFyc3R1dnd4eXp7fH1-fw&", ""),
        good.replace("?value=", "?x=1&value="),
        CALLBACK.to_owned(),
        String::new(),
    ] {
        assert!(matches!(fault(&foreign), Error::ForeignCallback), "{foreign}");
    }
    let missing = format!("{CALLBACK}&userChallengeVerifier={VERIFIER}");
    assert!(matches!(fault(&missing), Error::MalformedCallback { parameter: "sessionSecretDigest" }));
    let twice = format!("{good}&sessionSecretDigest=x");
    assert!(matches!(fault(&twice), Error::MalformedCallback { parameter: "sessionSecretDigest" }));
    let short = good.replace(VERIFIER, "short");
    assert!(matches!(fault(&short), Error::MalformedCallback { parameter: "userChallengeVerifier" }));
    let other = good.replace("AOmIZ37s", "BOmIZ37s");
    assert!(matches!(fault(&other), Error::WrongSessionSecret));
}

#[test]
fn sessions_without_callback_have_none_to_check() {
    let qr_only = session(ask_signature(), FlowMembers::DeviceLink { callback: None }, Recipient::Anonymous);
    assert!(matches!(check_callback(&qr_only, &callback_url()), Err(Error::NoCallbackUrl(_))));
    let notification = session(ask_signature(), FlowMembers::Notification, Recipient::Anonymous);
    assert!(matches!(check_callback(&notification, &callback_url()), Err(Error::NoDeviceLink)));
}

#[test]
fn a_callback_url_without_path_comes_back_with_one() {
    let url = countersign_wire::callback::CallbackUrl::parse("https://rp.example.org?value=x").unwrap();
    let digest = crate::world::secret().digest();
    let flow = FlowMembers::DeviceLink { callback: Some(url) };
    let session = session(ask_signature(), flow, Recipient::Anonymous);
    let seen = format!("https://rp.example.org/?value=x&sessionSecretDigest={digest}");
    check_callback(&session, &seen).unwrap();
    check_callback(&session, &format!("/?value=x&sessionSecretDigest={digest}")).unwrap();
    let foreign = format!("/other?value=x&sessionSecretDigest={digest}");
    assert!(matches!(check_callback(&session, &foreign), Err(Error::ForeignCallback)));
}
