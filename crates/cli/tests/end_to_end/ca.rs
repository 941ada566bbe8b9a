//! The certificate authority at a terminal, against a running service.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::server::{PROGRAM, Server};
use super::{DOCUMENT, json_of, text};

fn ca(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("ca").args(arguments).args(["--url", &server.url]);
    command.output().expect("the program runs")
}

#[track_caller]
fn done(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    json_of(output)
}

#[test]
fn certificates_are_found_held_and_revoked_and_a_new_ca_takes_over() {
    let server = Server::start(&["--tls-listen", "off"]);
    let page = done(&ca(&server, &["list", "--ca", "eid-q", "--limit", "0", "--json"]));
    let found = page["certificates"].as_array().unwrap();
    let of_person = found.iter().find(|each| each["documentNumber"] == DOCUMENT).expect("a person's");
    let serial = of_person["serial"].as_str().unwrap();
    assert_eq!(of_person["state"], "GOOD");

    let held = done(&ca(&server, &["suspend", "eid-q", serial, "--evidence", "call/1", "--json"]));
    assert_eq!((&held["state"], &held["reason"]), (&json!("ON_HOLD"), &json!("certificateHold")));
    let listed = ca(&server, &["list", "--state", "ON_HOLD"]);
    assert!(text(&listed.stdout).contains(serial), "{}", text(&listed.stdout));
    assert_eq!(done(&ca(&server, &["resume", "eid-q", serial, "--json"]))["state"], "GOOD");

    // The certificate itself says which it is.
    let shown = done(&ca(&server, &["show", "eid-q", serial, "--json"]));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("person.pem");
    std::fs::write(&file, shown["certificate"].as_str().unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let revoke = ["revoke", "--certificate", path, "--reason", "superseded", "--json"];
    assert_eq!(done(&ca(&server, &revoke))["state"], "REVOKED");
    let refused = ca(&server, &["resume", "--certificate", path]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(text(&refused.stderr).contains("for good"), "{}", text(&refused.stderr));

    let made = done(&ca(&server, &["rollover", "eid-q", "--evidence", "ceremony/1", "--json"]));
    assert_eq!(made["name"], "eid-q-2");
    done(&ca(&server, &["rollover", "responders", "--json"]));
    let status = ca(&server, &["status"]);
    let status = text(&status.stdout);
    for part in ["eid-q-2", "(before)", "ocsp-responder", "time-stamping-unit", "clock     believed"] {
        assert!(status.contains(part), "{part}: {status}");
    }

    done(&ca(&server, &["ceremony", "note", "Two keepers were there", "--json"]));
    let log = ca(&server, &["ceremony", "log"]);
    for part in ["begin", "suspend-certificate", "roll-over-ca", "[ceremony/1]", "Two keepers were there"] {
        assert!(text(&log.stdout).contains(part), "{part}: {}", text(&log.stdout));
    }
    let verified = ca(&server, &["ceremony", "verify"]);
    assert_eq!(verified.status.code(), Some(0));
    assert!(text(&verified.stdout).starts_with("WHOLE: "), "{}", text(&verified.stdout));
    assert_eq!(ca(&server, &["accept-clock", "--json"]).status.code(), Some(0));
}

#[test]
fn refusals_are_told_in_the_words_of_the_service() {
    let server = Server::start(&["--tls-listen", "off"]);
    for (arguments, code, part) in [
        (&["show", "eid-q", "4a01"][..], 4, "serial number"),
        (&["rollover", "root"], 4, "root"),
        (&["rollover", "../x"], 2, "names no CA"),
        (&["show", "eid-q", "no-number!"], 2, "names no CA"),
        (&["revoke", "eid-q", "4a01", "--reason", "lost"], 4, "keyCompromise"),
        (&["status", "--admin-key", "wrong"], 4, "COUNTERSIGN_ADMIN_KEY"),
        (&["show", "--certificate", "/nowhere.pem"], 3, "/nowhere.pem"),
    ] {
        let refused = ca(&server, arguments);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {refused:?}");
        assert!(text(&refused.stderr).contains(part), "{arguments:?}: {}", text(&refused.stderr));
    }
}
