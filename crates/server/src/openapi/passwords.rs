//! The operator's API about passwords. The pages on which people set them are no API.

use countersign_wire::admin::{BASE, PasswordStanding};
use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::admin::{EVIDENCE, evidence, operation, recorded};
use super::parts::{closed_object, object, or_null, pattern, time, words};

pub(super) fn paths() -> Vec<(String, Value)> {
    let order = || {
        let reference = or_null(evidence("Where the request for it is kept."));
        Some(closed_object(&[], json!({ "reference": reference })))
    };
    let refused = &[ProblemType::NotFound, ProblemType::Conflict][..];
    vec![
        (
            format!("{BASE}/evidence/{{evidence}}/password"),
            json!({
                "get": operation(
                    "showPassword", "Where the password of a person stands", &[recorded()], None, "RegisteredPassword",
                    &[ProblemType::NotFound],
                ),
                "post": operation(
                    "invitePassword", "Send a person a link with which they set a password", &[recorded()], order(),
                    "RegisteredPassword", &[ProblemType::NotFound, ProblemType::Conflict, ProblemType::Unavailable],
                ),
            }),
        ),
        (
            format!("{BASE}/evidence/{{evidence}}/password/end"),
            json!({ "post": operation(
                "endPassword", "End the password of a person", &[recorded()], order(), "RegisteredPassword", refused,
            ) }),
        ),
    ]
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let password = object(
        &["evidence", "state"],
        json!({
            "evidence": pattern(EVIDENCE, "The evidence that names the person."),
            "state": words::<PasswordStanding>("Whether it can be used."),
            "set": time("When it was set."), "lockedUntil": time("While locked."),
            "linkUntil": time("After an invitation: until when the link can be used."),
        }),
    );
    vec![("RegisteredPassword", password)]
}
