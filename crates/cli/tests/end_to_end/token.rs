//! Registrant tokens at a terminal: the script of the documentation, and `countersign token`.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::server::{PROGRAM, Server};
use super::{json_of, run, text};

const TOUR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/registrant-tour.sh");

pub(super) fn has(program: &str) -> bool {
    let tried = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok()
}

/// The program with a text on its standard input.
fn fed(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("it ends")
}

/// Log in by QR with a virtual phone, exchange the session, call `me`: with `curl`, as documented.
#[test]
fn the_documented_script_runs() {
    for program in ["bash", "curl", "openssl", "python3"] {
        if !has(program) {
            println!("SKIP the_documented_script_runs: {program} is not installed");
            return;
        }
    }
    let server = Server::start(&["--tls-listen", "off"]);
    let output = Command::new("bash").args([TOUR, &server.url]).output().expect("the script runs");
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}{}", text(&output.stderr));
    for part in ["40504040001", "\"proven\":true", "   401", "\"type\":\"Bearer\"", "\n201\n"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

/// A token of a server that runs with this directory, by the document's own request.
fn token_of(server: &Server) -> String {
    let body = json!({ "ident": "30110100103", "first_name": "Jan", "last_name": "Tamm" });
    let answer = server.post_for("/api/v1/registrant/auth/token", &body);
    answer["access_token"].as_str().expect("a token").to_owned()
}

fn me(server: &Server, token: &str) -> u16 {
    server.status_with("/api/v1/registrant/me", token)
}

#[test]
fn a_token_is_looked_into_and_its_keys_are_rotated() {
    let folder = tempfile::tempdir().expect("a directory");
    let data = folder.path().to_str().expect("a text");
    let server = Server::start(&["--tls-listen", "off", "--data", data]);
    let token = token_of(&server);

    let sealed = run(&["token", "inspect", &token, "--json"]);
    assert_eq!(sealed.status.code(), Some(0), "{}", text(&sealed.stderr));
    let sealed = json_of(&sealed);
    assert_eq!((&sealed["claims"], &sealed["good"]), (&Value::Null, &Value::Null));

    let looked = fed(&["token", "inspect", "--data", data, "--json"], &format!("Bearer {token}\n"));
    assert_eq!(looked.status.code(), Some(0), "{}", text(&looked.stderr));
    let looked = json_of(&looked);
    assert_eq!(looked["claims"]["sub"], "EE-30110100103");
    assert_eq!((&looked["good"], &looked["key"]), (&json!(true), &sealed["key"]));
    let shown = text(&fed(&["token", "inspect", "--data", data], &token).stdout);
    for part in ["Jan Tamm, EE-30110100103", "asserted by the client", "good, unless"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let nonsense = fed(&["token", "inspect", "--data", data, "--json"], "nonsense");
    assert_eq!((nonsense.status.code(), &json_of(&nonsense)["rejection"]), (Some(1), &json!("malformed")));

    let rotated = run(&["token", "rotate", "--data", data, "--in", "1h", "--json"]);
    assert_eq!(rotated.status.code(), Some(0), "{}", text(&rotated.stderr));
    let rotated = json_of(&rotated);
    let states: Vec<_> = rotated["keys"].as_array().unwrap().iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, [json!("current"), json!("next")]);
    assert_eq!(rotated["keys"][0]["id"], looked["key"]);
    // Nothing has ended by that.
    assert_eq!(me(&server, &token), 200);
    let again = fed(&["token", "inspect", "--data", data], &token);
    assert_eq!(again.status.code(), Some(0));

    let id = looked["claims"]["jti"].as_str().unwrap();
    let denied = run(&["token", "deny", "--token-id", id, "--url", &server.url, "--json"]);
    assert_eq!(denied.status.code(), Some(0), "{}", text(&denied.stderr));
    assert_eq!(me(&server, &token), 401);
    let wrong = run(&["token", "deny", "--token-id", "x", "--url", &server.url]);
    assert_eq!(wrong.status.code(), Some(4), "{}", text(&wrong.stderr));
}

#[test]
fn what_is_missing_is_asked_for() {
    let nothing = run(&["token", "rotate"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("--data DIR"), "{}", text(&nothing.stderr));
    let absent = run(&["token", "rotate", "--keys", "/nowhere/registrant.keys"]);
    assert_eq!(absent.status.code(), Some(3));
    assert!(text(&absent.stderr).contains("/nowhere/registrant.keys"), "{}", text(&absent.stderr));
    let hash = fed(&["token", "hash-password"], "secret\n");
    assert!(text(&hash.stdout).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", text(&hash.stdout));
    assert_eq!(fed(&["token", "hash-password"], "").status.code(), Some(2));
}
