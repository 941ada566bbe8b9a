//! Password and one-time code as a means: invited, set, used, changed, lost, ended; and those who try to guess.

use countersign_domain::registration::Proof;
use countersign_server::dev::ADMIN_KEY;
use countersign_testkit::{Answer, World};
use countersign_wire::id::SemanticsIdentifier;
use http::Method;
use serde_json::{Value, json};

use crate::terms::Person;
use crate::{Asker, call, refused, world, world_with};

const NUMBER: &str = "41797654321";
const PERSON: &str = "PNOEE-49912318881";
const PASSWORD: &str = "Tulpe7-Regen";
const OTHER: &str = "correct horse battery";

/// A request of the desk.
async fn desk(world: &World, method: Method, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {ADMIN_KEY}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    call(world, method, &format!("/admin/v1{path}"), &headers, body.to_string()).await
}

/// An identification of this person, as the desk records it: the path of its evidence.
async fn identified(world: &World, person: &str) -> String {
    let body = json!({
        "msisdn": NUMBER, "person": person, "givenName": "NEW", "surname": "TESTNUMBER",
        "document": { "type": "PAS", "country": "EE", "number": "K1234567" },
        "method": "in-person", "levels": { "zertes": 4, "eidas": 4 },
    });
    let answer = desk(world, Method::POST, "/evidence", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    format!("/evidence/{}", answer.json()["evidence"].as_str().expect("an id"))
}

/// What was sent, newest first.
async fn outbox(world: &World) -> Vec<Value> {
    world.get("/control/v1/outbox").await.json().as_array().expect("messages").clone()
}

/// Has the desk invite: the path that the link leads to.
async fn invited(world: &World, evidence: &str) -> String {
    let answer = desk(world, Method::POST, &format!("{evidence}/password"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["linkUntil"].as_str().map(str::len), Some("2026-06-02T12:00:00Z".len()));
    let sent = outbox(world).await.remove(0);
    assert_eq!((&sent["msisdn"], &sent["code"]), (&json!(NUMBER), &Value::Null));
    let link = sent["link"].as_str().expect("a link");
    assert!(!answer.text().contains(link), "the desk does not see it");
    link.strip_prefix("http://localhost").expect("a page of ours").to_owned()
}

/// Sends a form as the page itself does.
async fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("origin", "http://localhost"), ("content-type", "application/x-www-form-urlencoded")];
    call(world, Method::POST, path, &headers, body).await
}

/// Asks a page for a code, and reads it where it was sent.
async fn code(world: &World, path: &str, fields: &[(&str, &str)]) -> String {
    let before = outbox(world).await.len();
    let fields: Vec<_> = fields.iter().copied().chain([("step", "send")]).collect();
    let answer = form(world, path, &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    // Where nobody is told whether there is a password, the message leaves after the answer.
    for _ in 0..10_000 {
        if outbox(world).await.len() > before {
            break;
        }
        tokio::task::yield_now().await;
    }
    let sent = outbox(world).await.remove(0);
    assert_eq!(sent["msisdn"], NUMBER, "{sent}");
    sent["code"].as_str().expect("a code").to_owned()
}

/// Sets a password on a page.
async fn set(world: &World, path: &str, fields: &[(&str, &str)], code: &str, password: &str) -> Answer {
    let more = [("step", "set"), ("code", code), ("password", password), ("repeated", password)];
    let fields: Vec<_> = fields.iter().copied().chain(more).collect();
    form(world, path, &fields).await
}

/// Somebody with evidence that waits, and a password.
async fn with_password(world: &World) -> String {
    let evidence = identified(world, PERSON).await;
    let path = invited(world, &evidence).await;
    let code = code(world, &path, &[]).await;
    let done = set(world, &path, &[], &code, PASSWORD).await;
    assert!(done.status == 200 && done.text().contains("is set"), "{}", done.text());
    evidence
}

/// Decides on the terms: the token, and the page on which they are confirmed.
async fn to_confirm(asker: &Asker<'_>, knows: bool) -> (String, String) {
    let token = asker.terms(NUMBER).await;
    assert_eq!(asker.decide(&token, knows).await.status, 200);
    let url = asker.poll(&token).await["consentUrl"].as_str().expect("a page").to_owned();
    (token, url.strip_prefix("http://localhost").expect("a page of ours").to_owned())
}

async fn confirm(world: &World, path: &str, password: &str, code: &str) -> Answer {
    form(world, path, &[("password", password), ("code", code)]).await
}

/// Accepts the terms with password and code.
async fn accepted(world: &World, asker: &Asker<'_>) {
    let (token, page) = to_confirm(asker, false).await;
    let code = code(world, &page, &[]).await;
    let done = confirm(world, &page, PASSWORD, &code).await;
    assert!(done.text().contains("accepted"), "{}", done.text());
    let polled = asker.poll(&token).await;
    assert_eq!((&polled["confirmed"], &polled["downgrade"]), (&json!(true), &json!(false)), "{polled}");
}

async fn status_of(asker: &Asker<'_>) -> (String, Vec<u64>) {
    let status = asker.status(NUMBER).await;
    let levels = status["status"].as_array().expect("levels").iter();
    let levels = levels.filter_map(|each| each["assuranceLevel"].as_u64()).collect();
    (status["signingStatus"].as_str().expect("a status").to_owned(), levels)
}

fn said(status: &str, levels: &[u64]) -> (String, Vec<u64>) {
    (status.to_owned(), levels.to_vec())
}

/// The rows of the decision table that password and code reach, each by what a person does.
#[tokio::test]
async fn a_password_takes_a_person_through_its_rows_of_the_table() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    assert_eq!(status_of(&asker).await, said("NOT_RA_MID_SAS", &[]));
    let evidence = with_password(&world).await;
    assert_eq!(status_of(&asker).await, said("NOT_REGISTERED_AT_ALL", &[]));
    accepted(&world, &asker).await;
    assert_eq!(status_of(&asker).await, said("SAS", &[4, 4]));

    // What is kept of it: what was confirmed, with which copy of the means, by which code. No password, no code.
    let id = evidence.trim_start_matches("/evidence/").parse().expect("an id");
    let kept = world.app().store().read("look", move |tx| tx.terms().accepted(&id)).await;
    let kept = kept.map_err(|error: countersign_store::Error| error).expect("acceptances");
    assert_eq!(kept.len(), 2);
    assert!(kept[0].means.serial.as_str().starts_with("SAS"));
    let Proof::Credentials { statement, sha256, .. } = &kept[0].proof else { panic!("{:?}", kept[0].proof) };
    assert!(statement.contains(&kept[0].sha256[0]) && sha256.len() == 64, "{statement}");
    let text = serde_json::to_string(&kept).expect("JSON");
    assert!(!text.contains(PASSWORD), "{text}");

    // Another password, with the present one or without: another serial number. Level 4 is out of reach.
    world.advance(600);
    let asker = Asker::server(&world).await;
    let sent = code(&world, "/password", &[("number", "+41 79 765 43 21")]).await;
    let more = [("number", NUMBER), ("current", PASSWORD)];
    let done = set(&world, "/password", &more, &sent, OTHER).await;
    assert!(done.text().contains("is set"), "{}", done.text());
    assert_eq!(status_of(&asker).await, said("MISSMATCH_SAS_CHANGE_SN", &[3, 3]));

    // Identified anew, with the password as it is now.
    world.advance(600);
    let asker = Asker::server(&world).await;
    identified(&world, PERSON).await;
    let (token, page) = to_confirm(&asker, false).await;
    let sent = code(&world, &page, &[]).await;
    confirm(&world, &page, OTHER, &sent).await;
    assert_eq!(asker.poll(&token).await["confirmed"], true);
    assert_eq!(status_of(&asker).await, said("SAS", &[4, 4]));

    // Forgotten.
    world.advance(600);
    let asker = Asker::server(&world).await;
    let sent = code(&world, "/password", &[("number", NUMBER)]).await;
    set(&world, "/password", &[("number", NUMBER)], &sent, PASSWORD).await;
    assert_eq!(status_of(&asker).await, said("MISSMATCH_SAS_CHANGE_SN", &[3, 3]));

    // The app goes first.
    let person = SemanticsIdentifier::parse(PERSON).expect("a person");
    Person::enrolled(&world, Some(&person), 7).await;
    assert_eq!(status_of(&asker).await, said("MISSMATCH_SAS_BUT_MID", &[3, 3]));
}

#[tokio::test]
async fn the_desk_ends_a_password_for_good() {
    let world = world().await;
    let asker = Asker::server(&world).await;
    let evidence = with_password(&world).await;
    accepted(&world, &asker).await;
    let path = format!("{evidence}/password");
    let found = desk(&world, Method::GET, &path, &json!({})).await.json();
    assert_eq!((&found["state"], &found["set"]), (&json!("ACTIVE"), &json!("2026-06-01T12:00:00Z")));
    let ended = desk(&world, Method::POST, &format!("{path}/end"), &json!({ "reference": "case/18" })).await;
    assert_eq!(ended.json()["state"], "ENDED");
    assert_eq!(status_of(&asker).await, said("MISMATCH", &[3, 3]));
    let twice = desk(&world, Method::POST, &format!("{path}/end"), &json!({})).await;
    assert_eq!(twice.status, 409);
    // It does not come back by itself: no code is sent.
    world.advance(600);
    let before = outbox(&world).await.len();
    form(&world, "/password", &[("number", NUMBER), ("step", "send")]).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(outbox(&world).await.len(), before);
    // The desk can have it set again.
    let path = invited(&world, &evidence).await;
    world.advance(600);
    let sent = code(&world, &path, &[]).await;
    set(&world, &path, &[], &sent, OTHER).await;
    let asker = Asker::server(&world).await;
    assert_eq!(status_of(&asker).await, said("MISSMATCH_SAS_CHANGE_SN", &[3, 3]));
    let events = world.app().store().read("look", |tx| tx.events().after(0, 10_000)).await;
    let events: Vec<_> = events.map_err(|error: countersign_store::Error| error).expect("events");
    let text =
        serde_json::to_string(&events.iter().map(|each| &each.event).collect::<Vec<_>>()).expect("JSON");
    for word in ["invite-password", "end-password", "case/18", "PasswordSet", "PasswordEnded"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(
        ![NUMBER, PASSWORD, OTHER, "TESTNUMBER\""].iter().any(|each| text.contains(each)),
        "personal data"
    );
}

#[tokio::test]
async fn nobody_is_invited_without_evidence() {
    let world = world().await;
    let none = desk(&world, Method::POST, "/evidence/RAS0123456789abcdef01234567/password", &json!({})).await;
    assert_eq!(none.status, 404);
    let evidence = identified(&world, PERSON).await;
    let path = invited(&world, &evidence).await;
    desk(&world, Method::POST, &format!("{evidence}/end"), &json!({ "reason": "wrong" })).await;
    let again = desk(&world, Method::POST, &format!("{evidence}/password"), &json!({})).await;
    assert_eq!(again.status, 409);
    let gone = call(&world, Method::GET, &path, &[], "").await;
    assert!(gone.status == 404 && gone.text().contains("its time is over"), "{}", gone.text());
    assert!(!gone.text().contains("41*"), "nothing about anybody");
}

#[tokio::test]
async fn a_link_and_a_code_count_once() {
    let world = world().await;
    let evidence = identified(&world, PERSON).await;
    let path = invited(&world, &evidence).await;
    let sent = code(&world, &path, &[]).await;
    assert!(set(&world, &path, &[], &sent, PASSWORD).await.text().contains("is set"));
    assert_eq!(set(&world, &path, &[], &sent, OTHER).await.status, 404, "the link was used");
    let replayed = set(&world, "/password", &[("number", NUMBER)], &sent, OTHER).await;
    assert!(replayed.text().contains("no code that could be right"), "{}", replayed.text());
    let old = invited(&world, &evidence).await;
    world.advance(86_400);
    assert_eq!(call(&world, Method::GET, &old, &[], "").await.status, 404, "its time is over");
}

#[tokio::test]
async fn passwords_that_anybody_would_guess_are_refused() {
    let world = world().await;
    let evidence = identified(&world, PERSON).await;
    let path = invited(&world, &evidence).await;
    let sent = code(&world, &path, &[]).await;
    for (password, word) in [
        ("short", "8 to 128"),
        ("password1", "easily guessed"),
        (NUMBER, "easily guessed"),
        ("12345678", "guessed"),
    ] {
        let answer = set(&world, &path, &[], &sent, password).await;
        assert!(answer.status == 400 && answer.text().contains(word), "{password}: {}", answer.text());
        assert!(!answer.text().contains(password), "{password}");
    }
    let fields = [("step", "set"), ("code", &*sent), ("password", PASSWORD), ("repeated", OTHER)];
    assert!(form(&world, &path, &fields).await.text().contains("not the same"));
    // None of it has cost the code.
    assert!(set(&world, &path, &[], &sent, PASSWORD).await.text().contains("is set"));
}

#[tokio::test]
async fn five_wrong_entries_end_an_acceptance_and_lock_the_password() {
    let world = world().await;
    with_password(&world).await;
    let asker = Asker::server(&world).await;
    let (token, page) = to_confirm(&asker, false).await;
    // Without a code nothing is compared, and nothing is counted.
    for _ in 0..6 {
        assert!(
            confirm(&world, &page, PASSWORD, "123456").await.text().contains("no code that could be right")
        );
    }
    let sent = code(&world, &page, &[]).await;
    for _ in 0..5 {
        let answer = confirm(&world, &page, OTHER, &sent).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(asker.poll(&token).await["error"], "wrong_credentials");
    assert!(confirm(&world, &page, PASSWORD, &sent).await.text().contains("ended"));

    // Locked for a quarter of an hour, whatever the acceptance.
    let (token, page) = to_confirm(&asker, false).await;
    let answer = confirm(&world, &page, PASSWORD, &sent).await;
    assert!(answer.text().contains("Try again in 15 minutes"), "{}", answer.text());
    assert_eq!(asker.poll(&token).await["confirmed"], false);
    world.advance(901);
    let asker = Asker::server(&world).await;
    accepted(&world, &asker).await;
}

#[tokio::test]
async fn a_confirmation_cannot_be_replayed() {
    let world = world().await;
    let evidence = with_password(&world).await;
    let asker = Asker::server(&world).await;
    let (token, page) = to_confirm(&asker, false).await;
    let sent = code(&world, &page, &[]).await;
    for _ in 0..3 {
        assert!(confirm(&world, &page, PASSWORD, &sent).await.text().contains("accepted"));
    }
    refused(&asker.decide(&token, false).await, 409, "already_decided");
    let id = evidence.trim_start_matches("/evidence/").parse().expect("an id");
    let kept = world.app().store().read("look", move |tx| tx.terms().accepted(&id)).await;
    let kept = kept.map_err(|error: countersign_store::Error| error).expect("acceptances");
    assert_eq!(kept.len(), 2, "one for each jurisdiction");
    // The code has served.
    world.advance(60);
    identified(&world, PERSON).await;
    let (token, page) = to_confirm(&asker, false).await;
    let again = confirm(&world, &page, PASSWORD, &sent).await;
    assert!(again.text().contains("no code that could be right"), "{}", again.text());
    assert_eq!(asker.poll(&token).await["confirmed"], false);
}

/// Who has the address of the page and no phone learns nothing of the password, and locks nobody out.
#[tokio::test]
async fn a_stranger_without_the_code_learns_nothing() {
    let world = world().await;
    with_password(&world).await;
    let asker = Asker::server(&world).await;
    let (token, page) = to_confirm(&asker, false).await;
    let sent = code(&world, &page, &[]).await;
    let wrong = if sent == "111111" { "222222" } else { "111111" };
    let right_password = confirm(&world, &page, PASSWORD, wrong).await;
    let wrong_password = confirm(&world, &page, OTHER, wrong).await;
    assert_eq!(
        (right_password.status, right_password.text()),
        (wrong_password.status, wrong_password.text())
    );
    for _ in 0..3 {
        confirm(&world, &page, OTHER, wrong).await;
    }
    assert_eq!(asker.poll(&token).await["error"], "wrong_credentials");
    world.advance(600);
    let asker = Asker::server(&world).await;
    accepted(&world, &asker).await;
}

#[tokio::test]
async fn codes_of_the_page_cannot_be_guessed() {
    let world = world().await;
    with_password(&world).await;
    world.advance(600);
    let number = [("number", NUMBER)];
    let sent = code(&world, "/password", &number).await;
    let wrong = if sent == "111111" { "222222" } else { "111111" };
    for _ in 0..5 {
        assert!(
            set(&world, "/password", &number, wrong, OTHER).await.text().contains("The code is not right")
        );
    }
    let late = set(&world, "/password", &number, &sent, OTHER).await;
    assert!(late.text().contains("no code that could be right"), "{}", late.text());
    let again = form(&world, "/password", &[("number", NUMBER), ("step", "send")]).await;
    assert_eq!(again.status, 429);
}

/// Whether a number has a password is told to whoever holds it alone.
#[tokio::test]
async fn numbers_cannot_be_tried_out_on_the_page() {
    let world = world().await;
    with_password(&world).await;
    world.advance(600);
    let conversation = async |number: &str| {
        let field = ("number", number);
        let mut heard = Vec::new();
        for step in ["send", "send"] {
            heard.push(form(&world, "/password", &[field, ("step", step)]).await);
        }
        for _ in 0..6 {
            heard.push(set(&world, "/password", &[field], "zzzzzz", OTHER).await);
        }
        let current = [field, ("current", PASSWORD)];
        heard.push(set(&world, "/password", &current, "zzzzzz", OTHER).await);
        heard.iter().map(|each| (each.status, each.text().replace(number, "…"))).collect::<Vec<_>>()
    };
    let (known, unknown) = (conversation(NUMBER).await, conversation("41790000000").await);
    assert_eq!(known, unknown);
    assert_eq!(known[0].0, 200);
    assert_eq!(known[1].0, 429);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(outbox(&world).await.iter().all(|sent| sent["msisdn"] != "41790000000"), "nobody is bothered");
}

#[tokio::test]
async fn the_present_password_is_not_to_be_guessed_on_the_page() {
    let world = world().await;
    with_password(&world).await;
    world.advance(600);
    let sent = code(&world, "/password", &[("number", NUMBER)]).await;
    let guess = async |current: &str| {
        let more = [("number", NUMBER), ("current", current)];
        set(&world, "/password", &more, &sent, OTHER).await
    };
    for _ in 0..5 {
        assert!(guess("Regen7-Tulpe").await.text().contains("present password is not right"));
    }
    let locked = guess(PASSWORD).await;
    assert!(locked.status == 429 && locked.text().contains("15 minutes"), "{}", locked.text());
}

#[tokio::test]
async fn a_form_of_another_page_sets_nothing() {
    let world = world().await;
    let evidence = identified(&world, PERSON).await;
    let path = invited(&world, &evidence).await;
    let sent = code(&world, &path, &[]).await;
    let body = format!("step=set&code={sent}&password={PASSWORD}&repeated={PASSWORD}&number={NUMBER}");
    for page in ["/password", &path] {
        let nothing: &[(&str, &str)] = &[];
        for headers in [
            nothing,
            &[("origin", "https://evil.example")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "null")],
            &[("origin", "http://localhost"), ("sec-fetch-site", "cross-site")],
            &[("origin", "http://localhost"), ("sec-fetch-site", "same-site")],
        ] {
            let answer = call(&world, Method::POST, page, headers, body.clone()).await;
            refused(&answer, 403, "origin_not_allowed");
        }
    }
    assert!(set(&world, &path, &[], &sent, PASSWORD).await.text().contains("is set"), "nothing has changed");
}

#[tokio::test]
async fn the_pages_are_kept_by_nobody_and_shown_in_no_frame() {
    let world = world().await;
    let evidence = identified(&world, PERSON).await;
    let invitation = invited(&world, &evidence).await;
    for path in ["/password", &invitation, "/password/AAAAAAAAAAAAAAAAAAAAAA", "/password/x"] {
        let page = call(&world, Method::GET, path, &[], "").await;
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        // With `no-referrer` browsers would send `Origin: null`, and the page would refuse its own form.
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert!(!page.text().contains(NUMBER), "{path}");
    }
    let long = format!("password={}", "x".repeat(8200));
    let own = [("origin", "http://localhost")];
    let answer = call(&world, Method::POST, "/password", &own, long).await;
    refused(&answer, 413, "too_large");
    let twice = call(&world, Method::POST, "/password", &own, "number=41790000000&number=41790000001").await;
    refused(&twice, 400, "invalid_request");
    let none = form(&world, "/password", &[("number", "<b>x"), ("step", "send")]).await;
    assert!(none.status == 400 && !none.text().contains("<b>"), "{}", none.text());
}

#[tokio::test]
async fn whoever_asks_too_often_waits() {
    let world = world_with(|registration| {
        registration.requests_per_address = 3;
        registration.codes_per_number = 1;
    })
    .await;
    let first = form(&world, "/password", &[("number", "41790000000"), ("step", "send")]).await;
    assert_eq!(first.status, 200);
    let again = form(&world, "/password", &[("number", "41790000000"), ("step", "send")]).await;
    assert!(again.status == 429 && again.text().contains("seconds"), "{}", again.text());
    form(&world, "/password", &[("number", "x"), ("step", "send")]).await;
    let limited = form(&world, "/password", &[("number", "x"), ("step", "send")]).await;
    refused(&limited, 429, "too_many_requests");
}

/// What is held of a person has their password in it, without what it is compared with; and it goes with them.
#[tokio::test]
async fn a_password_is_taken_out_and_erased_with_its_person() {
    let world = world().await;
    let evidence = with_password(&world).await;
    let open = invited(&world, &evidence).await;
    assert_eq!(world.get(&open).await.status, 200);
    let export = format!("/persons/{PERSON}/export?reference=case%2F98");
    let taken = desk(&world, Method::GET, &export, &Value::Null).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    assert_eq!(
        taken.json()["passwords"],
        json!([{ "tenant": "default", "number": NUMBER, "set": "2026-06-01T12:00:00Z" }])
    );
    for secret in [PASSWORD, "argon2", "serial"] {
        assert!(!taken.text().contains(secret), "{secret}");
    }

    let erase = |person: &str| format!("/persons/{person}/erase");
    let gone = desk(&world, Method::POST, &erase(PERSON), &json!({ "reference": "case/99" })).await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    let rows = gone.json()["erased"].clone();
    let count = |what: &str| {
        let mut rows = rows.as_array().expect("rows").iter();
        rows.find(|row| row["what"] == what).map(|row| row["count"].clone())
    };
    assert_eq!((count("passwords"), count("evidence")), (Some(json!(1)), Some(json!(1))), "{rows}");
    let asker = Asker::server(&world).await;
    assert_eq!(status_of(&asker).await, said("NOT_RA_MID_SAS", &[]));
    assert_eq!(world.get(&open).await.status, 404, "nobody sets one with an old link");
    let number = NUMBER.parse().expect("a number");
    let kept = world.app().store().read("look", move |tx| tx.passwords().of_number(&number)).await;
    assert!(kept.map_err(|error: countersign_store::Error| error).expect("passwords").is_empty());
}

/// A number that has another holder by now: the password is theirs.
#[tokio::test]
async fn the_password_of_the_next_holder_of_a_number_stays() {
    const NEXT: &str = "PNOEE-40504040001";
    let world = world().await;
    identified(&world, PERSON).await;
    world.advance(60);
    let evidence = identified(&world, NEXT).await;
    let path = invited(&world, &evidence).await;
    let sent = code(&world, &path, &[]).await;
    set(&world, &path, &[], &sent, PASSWORD).await;
    let export = |person: &str| format!("/persons/{person}/export");
    let of = async |person| desk(&world, Method::GET, &export(person), &Value::Null).await.json();
    assert_eq!(of(PERSON).await["passwords"], json!([]));
    assert_eq!(of(NEXT).await["passwords"].as_array().map(Vec::len), Some(1));
    let body = json!({ "reference": "case/99" });
    let gone = desk(&world, Method::POST, &format!("/persons/{PERSON}/erase"), &body).await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    assert!(!gone.text().contains("passwords"), "{}", gone.text());
    assert_eq!(of(NEXT).await["passwords"].as_array().map(Vec::len), Some(1));
}
