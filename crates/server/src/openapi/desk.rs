//! The operator's API, second part: proposals, identifications, results of partners, what is held of a person, the trail.

use countersign_wire::admin::BASE;
use countersign_wire::admin::identification::IdentificationStanding;
use countersign_wire::admin::right::{Act, ProposalStanding, Role};
use countersign_wire::problem::ProblemType;
use serde_json::{Value, json};

use super::admin::{EVIDENCE, PERSON, evidence, operation, operation_with, parameter};
use super::parts::{b64u, closed_object, object, or_null, pattern, schema, text, time, words};

const ID: &str = "^[A-Za-z0-9_-]{1,64}$";
const HASH: &str = "^[0-9a-f]{64}$";

pub(super) fn paths() -> Vec<(String, Value)> {
    let not_found = &[ProblemType::NotFound][..];
    let decided = &[ProblemType::NotFound, ProblemType::Conflict, ProblemType::Expired][..];
    let proposal = || parameter("proposal", ID, "The proposal.");
    let identification = || parameter("identification", ID, "The identification.");
    let person = || parameter("person", PERSON, "The person.");
    let at = |path: &str| format!("{BASE}{path}");
    vec![
        (
            at("/operator"),
            json!({ "get": operation("showOperator", "Whose key this is, and what it is for", &[], None, "Operator", &[]) }),
        ),
        (
            at("/proposals"),
            json!({ "get": operation(
                "listProposals", "What waits for a second person, and what became of it",
                &[query("state", json!({ "type": "string", "enum": ["OPEN"] }), "Those alone that wait.")], None,
                "ProposalList", &[ProblemType::InvalidRequest],
            ) }),
        ),
        (
            at("/proposals/{proposal}"),
            json!({ "get": operation("showProposal", "One proposal", &[proposal()], None, "Proposal", not_found) }),
        ),
        (
            at("/proposals/{proposal}/approve"),
            json!({ "post": operation(
                "approveProposal", "Do what somebody else has proposed, as their act", &[proposal()],
                Some(closed_object(&["sha256"], json!({
                    "sha256": pattern(HASH, "That of the proposal: what you have looked at."),
                }))),
                "ApprovedProposal", decided,
            ) }),
        ),
        (
            at("/proposals/{proposal}/reject"),
            json!({ "post": operation(
                "rejectProposal", "Say no, or take back what you have proposed", &[proposal()],
                Some(closed_object(&[], json!({ "reference": or_null(evidence("Where the reason is kept.")) }))),
                "Proposal", decided,
            ) }),
        ),
        (
            at("/identifications"),
            json!({ "post": operation(
                "startIdentification", "Begin an identification: the person gets a link to show that the number is theirs", &[],
                Some(closed_object(&["msisdn"], json!({
                    "tenant": or_null(text("Whose person it is; without it, `default`.")),
                    "msisdn": text("The number that the person gives."),
                    "reference": or_null(evidence("Where the file of it is kept.")),
                }))),
                "Identification", &[],
            ) }),
        ),
        (
            at("/identifications/{identification}"),
            json!({ "get": operation(
                "showIdentification", "Where an identification stands", &[identification()], None, "Identification", not_found,
            ) }),
        ),
        (
            at("/identifications/{identification}/cancel"),
            json!({ "post": operation(
                "cancelIdentification", "End an identification that leads nowhere", &[identification()],
                Some(json!({ "type": "object" })), "Identification", &[ProblemType::NotFound, ProblemType::Conflict],
            ) }),
        ),
        (
            at("/results"),
            json!({ "post": operation(
                "uploadResult", "Record the result of a partner's identification, signed by the partner", &[],
                Some(closed_object(&["result"], json!({
                    "result": text("A JWS in the compact form (ES256 or PS256, `typ` `identification-result+jwt`)."),
                }))),
                "RecordedEvidence", &[ProblemType::Conflict, ProblemType::InvalidSignature],
            ) }),
        ),
        (
            at("/persons/{person}/evidence"),
            json!({ "get": operation(
                "showEvidenceOfPerson", "Every evidence of a person", &[person()], None, "PersonEvidence", not_found,
            ) }),
        ),
        (
            at("/persons/{person}/export"),
            json!({ "get": operation_with(
                "exportPerson", "Everything that is held of a person",
                &[person(), query("reference", evidence("Where the request is kept."), "Where the request is kept.")], None,
                export(), &[ProblemType::NotFound, ProblemType::InvalidRequest],
            ) }),
        ),
        (
            at("/persons/{person}/erase"),
            json!({ "post": operation(
                "erasePerson", "Erase what is held of a person, as far as the law lets it go", &[person()],
                Some(closed_object(&["reference"], json!({ "reference": evidence("Where the request is kept.") }))),
                "ErasedPerson", &[ProblemType::NotFound, ProblemType::Conflict],
            ) }),
        ),
        (
            at("/trail"),
            json!({ "get": operation(
                "readTrail", "The audit trail, newest first",
                &[
                    query("operator", json!({ "type": "string" }), "What this key did."),
                    query("act", json!({ "type": "string" }), "Acts of this word."),
                    query("reference", json!({ "type": "string" }), "On this word."),
                    query("subject", json!({ "type": "string" }), "To this: an id, a document number, a person."),
                    query("from", json!({ "type": "string", "format": "date-time" }), "From then on."),
                    query("until", json!({ "type": "string", "format": "date-time" }), "Before then."),
                    query("before", json!({ "type": "integer", "minimum": 1 }), "What came before this number: `next`."),
                    query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 200 }), "Entries of a page."),
                ],
                None, "TrailPage", &[ProblemType::InvalidRequest],
            ) }),
        ),
        (
            at("/trail/check"),
            json!({ "get": operation(
                "checkTrail", "Compare the trail with its seals",
                &[query("after", json!({ "type": "integer", "minimum": 0 }), "From the seal that ends there: `next`.")],
                None, "TrailCheck", &[ProblemType::InvalidRequest],
            ) }),
        ),
    ]
}

fn query(name: &str, form: Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": form })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn anything() -> Value {
    json!({ "type": "object", "description": "As it is kept." })
}

fn export() -> Value {
    let account = object(
        &["account", "givenName", "surname", "certificates"],
        json!({
            "account": schema("RegisteredAccount"), "givenName": text("As in the certificates."),
            "surname": text("As in the certificates."), "dateOfBirth": json!({ "type": "string", "format": "date" }),
            "certificates": list(text("PEM.")),
        }),
    );
    object(
        &[
            "person",
            "exported",
            "evidence",
            "acceptances",
            "identifications",
            "passwords",
            "accounts",
            "proposals",
            "events",
        ],
        json!({
            "person": pattern(PERSON, "Who."), "exported": time("When."), "evidence": list(anything()),
            "acceptances": list(anything()), "identifications": list(anything()), "passwords": list(anything()),
            "accounts": list(account), "proposals": list(anything()), "events": list(schema("TrailEntry")),
        }),
    )
}

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let hash = |description: &str| pattern(HASH, description);
    let asked = object(
        &["method", "path", "body"],
        json!({ "method": text("`POST`."), "path": text("Where."), "body": text("The body, letter by letter.") }),
    );
    let seal = object(
        &["first", "last", "at", "content", "previous", "hash"],
        json!({
            "first": count(), "last": count(), "at": time("When it was sealed."), "content": hash("Over the events."),
            "previous": hash("Of the seal before."), "hash": hash("Over all of these."),
        }),
    );
    vec![
        (
            "Operator",
            object(
                &["operator", "roles", "acts", "fourEyes", "others"],
                json!({
                    "operator": text("The name of the key."), "roles": list(words::<Role>("A role.")),
                    "acts": list(words::<Act>("What may be done with it.")),
                    "fourEyes": list(words::<Act>("What of that waits for a second person.")),
                    "others": list(object(&["act", "roles"], json!({
                        "act": words::<Act>("What may not be done with it."),
                        "roles": list(words::<Role>("A role that may.")),
                    }))),
                }),
            ),
        ),
        (
            "Proposal",
            object(
                &["proposal", "act", "state", "by", "proposed", "expires", "sha256"],
                json!({
                    "proposal": b64u("What it is called."), "act": words::<Act>("What is to be done."),
                    "state": words::<ProposalStanding>("Where it stands."), "by": text("Who proposes it."),
                    "proposed": time("When."), "expires": time("Until when it waits."),
                    "sha256": hash("Over method, path and body, each followed by a line feed."),
                    "request": asked, "decidedBy": text("Who decided."), "decided": time("When."),
                }),
            ),
        ),
        ("ProposalList", object(&["proposals"], json!({ "proposals": list(schema("Proposal")) }))),
        (
            "ApprovedProposal",
            object(&["proposal", "answer"], json!({ "proposal": schema("Proposal"), "answer": anything() })),
        ),
        (
            "Identification",
            object(
                &["identification", "tenant", "msisdn", "state", "by", "begun", "expires"],
                json!({
                    "identification": b64u("What it is called."), "tenant": text("Whose person it is."),
                    "msisdn": text("The number."), "state": words::<IdentificationStanding>("Where it stands."),
                    "by": text("Who began it."), "begun": time("When."), "expires": time("Until when it may take."),
                    "proven": time("When the person showed that they hold the number."),
                    "evidence": pattern(EVIDENCE, "What it led to."),
                    "link": text("Where the person enters the code; shown when it is begun."),
                }),
            ),
        ),
        (
            "PersonEvidence",
            object(
                &["person", "evidence"],
                json!({ "person": pattern(PERSON, "Who."), "evidence": list(schema("RecordedEvidence")) }),
            ),
        ),
        (
            "ErasedPerson",
            object(
                &["person", "erased", "kept"],
                json!({
                    "person": pattern(PERSON, "Who."),
                    "erased": list(object(&["what", "count"], json!({ "what": text("What is gone."), "count": count() }))),
                    "kept": list(object(&["what", "count", "ground"], json!({
                        "what": text("What stays."), "count": count(), "ground": text("Why."),
                        "until": json!({ "type": "string", "format": "date", "description": "The last day, where there is one." }),
                    }))),
                }),
            ),
        ),
        (
            "TrailEntry",
            object(
                &["seq", "at", "kind", "subject", "event"],
                json!({
                    "seq": count(), "at": time("When."), "kind": text("What, in one word."), "subject": text("To what."),
                    "operator": text("Who, where it was an operator."), "act": text("What they did."),
                    "reference": text("On what word."), "event": anything(),
                }),
            ),
        ),
        (
            "TrailPage",
            object(&["entries"], json!({ "entries": list(schema("TrailEntry")), "next": count() })),
        ),
        (
            "TrailCheck",
            object(
                &["whole", "sealed", "last"],
                json!({
                    "whole": { "type": "boolean", "description": "Whether every event is as it was sealed." },
                    "broken": text("What is not."), "sealed": count(), "last": count(), "next": count(),
                    "seal": schema("EventSeal"),
                }),
            ),
        ),
        ("EventSeal", seal),
    ]
}
