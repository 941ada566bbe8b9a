//! Requests of the registration API: whatever comes is read or refused, and a refusal quotes nothing.

#![no_main]

use countersign_wire::registration::code::CheckCode;
use countersign_wire::registration::confirm::{Confirm, send_code};
use countersign_wire::registration::form::Form;
use countersign_wire::registration::lookup;
use countersign_wire::registration::status::StatusAnswer;
use countersign_wire::registration::token::{TokenRequest, WidgetTokenRequest};
use countersign_wire::registration::{InvitationToken, PhoneNumber, TermsToken};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Confirm::SendCode(number)) = Confirm::from_body(bytes) {
        assert_eq!(PhoneNumber::parse(number.as_str()), Ok(number));
    }
    let _ = send_code(bytes);
    let _ = CheckCode::from_body(bytes);
    let _ = WidgetTokenRequest::from_body(bytes);
    // A form with a header in front of it, as far as there is a line.
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let (header, form) = text.split_once('\n').unwrap_or((text, ""));
    let _ = TokenRequest::read(form.as_bytes(), Some(header), None);
    let _ = TokenRequest::read(bytes, None, None);
    let _ = TermsToken::parse(text);
    let _ = InvitationToken::parse(text);
    // What is entered on our own pages, and what another service answers.
    if let Ok(form) = Form::read(bytes) {
        assert!(form.field("password").len() <= bytes.len() * 3);
    }
    let _ = lookup::means(bytes);
    if let Ok(Some(found)) = lookup::evidence(bytes) {
        assert!(serde_json::to_vec(&found).is_ok());
    }
    if let Ok(answer) = serde_json::from_slice::<StatusAnswer>(bytes) {
        let written = serde_json::to_vec(&answer).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<StatusAnswer>(&written).expect("what was written can be read"), answer);
    }
});
