//! The operator's API for the certificate authority.

use countersign_domain::revocation::RevocationReason;
use countersign_wire::admin::BASE;
use countersign_wire::admin::ca::{AuthorityRole, CeremonyAct, CertificateState, IssueProfile, NOTE_MAX};
use countersign_wire::problem::ProblemType;
use countersign_wire::words::CertificateLevel;
use serde_json::{Value, json};

use super::admin::{evidence, operation, operation_with, parameter};
use super::parts::{closed_object, object, or_null, pattern, schema, text, time, words};

const CA: &str = "^[a-z0-9-]{1,64}$";
const HEX: &str = "^[0-9a-f]+$";
const SERIAL: &str = "^(0x)?[0-9A-Fa-f:]{1,64}$";

pub(super) fn paths() -> Vec<(String, Value)> {
    let (not_found, conflict) = (ProblemType::NotFound, ProblemType::Conflict);
    let place = || {
        [
            parameter("issuer", CA, "The CA that issued it."),
            parameter("serial", SERIAL, "Its serial number, hexadecimal."),
        ]
    };
    let query = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let on_word =
        || Some(closed_object(&[], json!({ "evidence": or_null(evidence("Where the request is kept.")) })));
    let limit =
        || query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 500 }), "Entries on a page.");
    let changes = |id: &str, summary: &str, body: Option<Value>| json!({ "post": operation(id, summary, &place(), body, "IssuedCertificate", &[not_found, conflict]) });
    let revocation = closed_object(
        &["reason"],
        json!({
            "reason": words::<RevocationReason>("As in the revocation list."),
            "evidence": or_null(evidence("Where the request for it is kept.")),
        }),
    );
    let list = [
        query("issuer", pattern(CA, "A CA."), "Of this CA alone."),
        query("state", words::<CertificateState>("A state."), "In this state alone."),
        query("after", text("A place."), "What comes after this place: `next` of the page before."),
        limit(),
    ];
    let log = [
        query("after", json!({ "type": "integer", "minimum": 0 }), "What comes after this number."),
        limit(),
    ];
    let note = closed_object(
        &["text"],
        json!({
            "text": { "type": "string", "minLength": 1, "maxLength": NOTE_MAX, "description": "One line. Roles, no names." },
            "evidence": or_null(evidence("Where more about it is kept.")),
        }),
    );
    let members = json!({ "type": "array", "items": schema("AuthorityMember") });
    vec![
        (
            format!("{BASE}/certificates"),
            json!({
                "get": operation(
                    "listCertificates", "Issued certificates, page by page", &list, None, "CertificatePage",
                    &[ProblemType::InvalidRequest],
                ),
                "post": operation(
                    "issueCertificate", "A certificate for a key of somebody else's making", &[],
                    Some(issue()), "IssuedCertificate", &[not_found],
                ),
            }),
        ),
        (
            format!("{BASE}/certificates/{{issuer}}/{{serial}}"),
            json!({ "get": operation(
                "showCertificate", "One certificate and its state", &place(), None, "IssuedCertificate", &[not_found],
            ) }),
        ),
        (
            format!("{BASE}/certificates/{{issuer}}/{{serial}}/revoke"),
            changes("revokeCertificate", "End a certificate, for good", Some(revocation)),
        ),
        (
            format!("{BASE}/certificates/{{issuer}}/{{serial}}/suspend"),
            changes("suspendCertificate", "Put a certificate on hold (certificateHold)", on_word()),
        ),
        (
            format!("{BASE}/certificates/{{issuer}}/{{serial}}/resume"),
            changes("resumeCertificate", "Take a certificate off hold", on_word()),
        ),
        (
            format!("{BASE}/authorities"),
            json!({ "get": operation(
                "showAuthorities", "CAs, responders, the time-stamping unit, and the clock", &[], None,
                "AuthorityStatus", &[not_found],
            ) }),
        ),
        (
            format!("{BASE}/authorities/{{name}}/rollover"),
            json!({ "post": operation(
                "rollOverCa", "Let a new issuing CA take over",
                &[parameter("name", CA, "The CA that is to be followed.")], on_word(), "AuthorityMember",
                &[not_found, conflict],
            ) }),
        ),
        (
            format!("{BASE}/responders/rollover"),
            json!({ "post": operation_with(
                "rollOverResponders", "Give the OCSP responders new keys and certificates", &[], on_word(), members,
                &[not_found],
            ) }),
        ),
        (
            format!("{BASE}/clock/accept"),
            json!({ "post": operation(
                "acceptClock", "Say that the clock is right after all", &[], on_word(), "ClockStatus", &[],
            ) }),
        ),
        (
            format!("{BASE}/ceremony"),
            json!({
                "get": operation(
                    "readCeremonyLog", "What operators did to the authority, each entry with the hash of the one before",
                    &log, None, "CeremonyLog", &[ProblemType::InvalidRequest],
                ),
                "post": operation(
                    "noteInCeremonyLog", "Write down what happened outside of the service", &[], Some(note),
                    "CeremonyEntry", &[],
                ),
            }),
        ),
    ]
}

fn issue() -> Value {
    let holder = closed_object(
        &["country", "name", "identifier"],
        json!({
            "country": pattern("^[A-Z]{2}$", "Two letters."), "name": text("As it is registered."),
            "identifier": text("Such as `NTREE-12345678`."),
        }),
    );
    closed_object(
        &["profile", "issuer", "request", "commonName", "days"],
        json!({
            "profile": words::<IssueProfile>("What it is for."),
            "issuer": pattern(CA, "The CA that issues it."),
            "request": text("The certification request (PKCS#10), PEM. Its name and extensions are not looked at."),
            "commonName": text("The common name in the certificate."),
            "organization": or_null(holder),
            "days": { "type": "integer", "minimum": 1, "maximum": 1098, "description": "Days of validity." },
            "evidence": or_null(evidence("Where the request for it is kept.")),
        }),
    )
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        (
            "IssuedCertificate",
            object(
                &["issuer", "serial", "state", "notAfter"],
                json!({
                    "issuer": pattern(CA, "The CA that issued it."), "serial": pattern(HEX, "Serial number."),
                    "state": words::<CertificateState>("Whether it counts."),
                    "since": time("Since when it does not."), "reason": text("Why not."),
                    "notAfter": time("End of its validity."),
                    "documentNumber": text("The account, for certificates of people."),
                    "certificate": text("PEM; not in lists."),
                }),
            ),
        ),
        (
            "CertificatePage",
            object(
                &["certificates"],
                json!({
                    "certificates": { "type": "array", "items": schema("IssuedCertificate") },
                    "next": text("Where the next page begins; absent after the last one."),
                }),
            ),
        ),
        (
            "AuthorityMember",
            object(
                &["name", "role", "current", "subject", "serial", "notBefore", "notAfter", "sha256", "key"],
                json!({
                    "name": pattern(CA, "Its name in URLs; a responder has that of its CA."),
                    "role": words::<AuthorityRole>("What it is for."),
                    "level": words::<CertificateLevel>("Of the certificates it issues to people."),
                    "current": { "type": "boolean", "description": "Whether it issues or signs from now on." },
                    "subject": text("RFC 4514."), "serial": pattern(HEX, "Serial number."),
                    "notBefore": time("Begin of its validity."), "notAfter": time("End of its validity."),
                    "sha256": pattern(HEX, "Of the certificate."),
                    "key": { "type": "string", "enum": ["software", "pkcs11"], "description": "Where its key is." },
                }),
            ),
        ),
        (
            "AuthorityStatus",
            object(
                &["members", "clock"],
                json!({
                    "members": { "type": "array", "items": schema("AuthorityMember") },
                    "clock": schema("ClockStatus"),
                }),
            ),
        ),
        (
            "ClockStatus",
            object(
                &["now"],
                json!({ "now": time("What the clock shows."), "doubt": text("Why it is not believed.") }),
            ),
        ),
        (
            "CeremonyEntry",
            object(
                &["seq", "at", "operator", "act", "subject", "detail", "evidence", "previous", "hash"],
                json!({
                    "seq": { "type": "integer", "minimum": 1 }, "at": time("When, to the millisecond."),
                    "operator": text("Whose key it was; `service` for the first entries."),
                    "act": words::<CeremonyAct>("What."), "subject": text("To what."), "detail": text("More about it."),
                    "evidence": text("The operator's reference, or nothing."),
                    "previous": pattern(HEX, "Hash of the entry before."),
                    "hash": pattern(HEX, "SHA-256 over the members before it, each followed by a line feed."),
                }),
            ),
        ),
        (
            "CeremonyLog",
            object(
                &["entries", "more"],
                json!({
                    "entries": { "type": "array", "items": schema("CeremonyEntry") },
                    "more": { "type": "boolean", "description": "Whether there are more." },
                }),
            ),
        ),
    ]
}
