//! The recorded conversation of the documentation, held against the service: what was typed is typed again with `curl`.

use std::process::Command;

use super::server::Server;
use super::text;
use super::token::has;

const RECORDED: &str = include_str!("../../../../docs/registration-conversation.txt");
/// Printed between two answers; nothing that is answered holds it.
const BETWEEN: &str = "=-=-= next =-=-=";

/// What was typed, and what came back.
fn steps() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in RECORDED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("$ ") {
            Some(typed) => steps.push((typed, Vec::new())),
            None => steps.last_mut().expect("something was typed first").1.push(line),
        }
    }
    steps
}

/// Whether a line is the recorded one, of which `[..]` stands for anything.
fn is(recorded: &str, found: &str) -> bool {
    let mut parts = recorded.split("[..]");
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn recorded_lines_leave_open_what_they_say() {
    assert!(is("{}200", "{}200") && !is("{}200", "{}2000") && !is("{}200", ""));
    assert!(is("a[..]b[..]", "axxb") && is("[..]200", "200") && is("a[..]c", "abc"));
    assert!(!is("a[..]b[..]c", "ac") && !is("a[..]c", "abd"));
}

#[test]
fn the_guides_requests_are_answered_as_recorded() {
    for program in ["bash", "curl", "sed"] {
        if !has(program) {
            println!("SKIP the_guides_requests_are_answered_as_recorded: {program} is not installed");
            return;
        }
    }
    let steps = steps();
    assert!(steps.len() > 20, "the whole guide");
    let server = Server::start(&["--tls-listen", "off"]);
    let mut script = format!("base='{}'\n", server.url);
    for (typed, _) in &steps {
        script.push_str(&format!("{typed}\necho '{BETWEEN}'\n"));
    }
    let output = Command::new("bash").args(["-uc", &script]).output().expect("the commands run");
    let shown = text(&output.stdout);
    let answers: Vec<_> = shown.split(&format!("{BETWEEN}\n")).collect();
    assert_eq!(answers.len(), steps.len() + 1, "{shown}{}", text(&output.stderr));
    for ((typed, recorded), answer) in steps.iter().zip(answers) {
        let lines: Vec<_> = answer.lines().collect();
        let same = lines.len() == recorded.len() && recorded.iter().zip(&lines).all(|(a, b)| is(a, b));
        assert!(same, "$ {typed}\nrecorded: {recorded:#?}\nfound: {lines:#?}");
    }
}
