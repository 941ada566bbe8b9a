//! The registration desk at a terminal, against a running service.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::server::{PROGRAM, Server};
use super::{DOCUMENT, PERSON, json_of, text};

fn person(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("person").args(arguments).args(["--url", &server.url]);
    command.output().expect("the program runs")
}

#[track_caller]
fn done(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json_of(output)
}

#[test]
fn a_person_is_registered_shown_and_revoked() {
    let server = Server::start(&["--tls-listen", "off"]);
    let names = ["--given-name", "MARI-LIIS", "--surname", "TEST", "--born", "1905-04-04"];
    let issued = done(&person(&server, &[&["activate", "--person", PERSON, "--json"][..], &names].concat()));
    let id = issued["activation"].as_str().unwrap();
    assert!(issued["link"].as_str().unwrap().starts_with(&format!("{}/phone/#activate={id}-", server.url)));

    let show = done(&person(&server, &["show", "--activation", &id.to_lowercase(), "--json"]));
    assert_eq!((&show["state"], &show["triesLeft"]), (&json!("WAITING"), &json!(5)));
    let withdrawn = done(&person(&server, &["withdraw", "--activation", id, "--json"]));
    assert_eq!(withdrawn["state"], "SPENT");

    let shown = person(&server, &["show", "--person", PERSON]);
    let shown = text(&shown.stdout);
    for part in [DOCUMENT, "CERTIFIED", "words", "PIN1     ACTIVE, 3 tries left"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let revoke =
        ["revoke", "--document", DOCUMENT, "--reason", "keyCompromise", "--evidence", "case/1", "--json"];
    assert_eq!(done(&person(&server, &revoke))["state"], "REVOKED");
}

#[test]
fn refusals_are_told_in_the_words_of_the_service() {
    let server = Server::start(&["--tls-listen", "off"]);
    for (arguments, part) in [
        (&["show", "--person", "PNOEE-30303039914"][..], "no account"),
        (&["show", "--activation", "00000000"], "no activation"),
        (&["show", "--person", PERSON, "--admin-key", "wrong"], "COUNTERSIGN_ADMIN_KEY"),
        (&["unlock", "--document", DOCUMENT, "--pin", "1", "--evidence", "case/1"], "not locked"),
        (&["revoke", "--document", DOCUMENT, "--reason", "lost"], "keyCompromise"),
        (&["activate", "--person", PERSON, "--given-name", "A,B", "--surname", "C"], "without a comma"),
    ] {
        let refused = person(&server, arguments);
        assert_eq!(refused.status.code(), Some(4), "{arguments:?}: {refused:?}");
        assert!(text(&refused.stderr).contains(part), "{arguments:?}: {}", text(&refused.stderr));
    }
}
