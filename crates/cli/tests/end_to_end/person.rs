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

/// Two operators, and an act that takes both.
#[test]
fn what_takes_two_waits_for_the_second() {
    use countersign_server::config::Admin;

    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("desk.toml");
    let key = |name: &str| {
        let hash = Admin::of_key(name, name).key_sha256;
        format!("[[admin]]\nname = \"{name}\"\nkey_sha256 = \"{hash}\"\n")
    };
    let text_of = format!("[desk]\nfour_eyes = [\"revoke-account\"]\n{}{}", key("anna"), key("eva"));
    std::fs::write(&config, text_of).expect("written");
    let server = Server::start(&["--tls-listen", "off", "--config", config.to_str().expect("a path")]);

    let revoke = ["revoke", "--document", DOCUMENT, "--reason", "keyCompromise", "--admin-key", "anna"];
    let proposed = person(&server, &revoke);
    assert_eq!(proposed.status.code(), Some(4), "{proposed:?}");
    let said = text(&proposed.stderr);
    assert!(said.contains("takes two people") && said.contains("proposal list"), "{said}");

    let proposal = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.arg("proposal").args(arguments).args(["--url", &server.url]);
        command.output().expect("the program runs")
    };
    let list = done(&proposal(&["list", "--json", "--admin-key", "eva"]));
    let open = &list["proposals"][0];
    assert_eq!((&open["act"], &open["by"]), (&json!("revoke-account"), &json!("anna")));
    let (id, hash) = (open["proposal"].as_str().expect("an id"), open["sha256"].as_str().expect("a hash"));
    let shown = proposal(&["list", "--admin-key", "eva"]);
    assert!(text(&shown.stdout).contains("keyCompromise") && text(&shown.stdout).contains(hash), "{shown:?}");

    let approve = |key: &str, hash: &str| {
        proposal(&["approve", "--proposal", id, "--sha256", hash, "--json", "--admin-key", key])
    };
    assert!(text(&approve("anna", hash).stderr).contains("somebody else"));
    assert!(text(&approve("eva", "00").stderr).contains("not for this content"));
    assert_eq!(done(&approve("eva", hash))["answer"]["state"], "REVOKED");
    let reject = proposal(&["reject", "--proposal", id, "--admin-key", "eva"]);
    assert!(text(&reject.stderr).contains("decided before"), "{reject:?}");
    assert!(text(&proposal(&["list", "--all", "--admin-key", "eva"]).stdout).contains("decided  by eva"));
}
