//! The whole line, as a person walks it: `countersign dev` as a process of its own, logins and signatures against it
//! over HTTP, files checked, bytes flipped, and an end in order.

#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod ca;
mod container;
mod conversation;
mod person;
mod server;
mod token;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use self::container::PARTS;
use self::server::{PROGRAM, Server};

const PERSON: &str = "PNOEE-40504040001";
const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {output:?}"))
}

fn sign(server: &Server, file: &Path, out: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("sign").arg(file).arg("-o").arg(out).args(["--url", &server.url]).args(more);
    command.output().expect("the program runs")
}

fn verify(file: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("verify").arg(file).args(more);
    command.output().expect("the program runs")
}

#[test]
fn two_servers_run_side_by_side_and_end_in_order() {
    let (first, second) = (Server::start(&[]), Server::start(&[]));
    assert_ne!(first.url, second.url);
    for server in [&first, &second] {
        assert!(server.get("/readyz").contains("\"ready\""));
        assert!(server.banner.len() <= 12, "{:?}", server.banner);
        assert!(server.banner[0].contains("ready in "), "{:?}", server.banner);
        assert!(server.banner.iter().any(|line| line.contains("https://localhost:")), "{:?}", server.banner);
    }
    let url = first.url.clone();
    assert_eq!(first.stop("TERM").code(), Some(0));
    assert_eq!(second.stop("INT").code(), Some(0));
    assert!(server::connect(&url).is_err(), "nothing listens any more");
}

#[test]
fn a_taken_port_is_named_with_a_way_out() {
    let server = Server::start(&[]);
    let taken = server.url.trim_start_matches("http://");
    let refused = run(&["dev", "--listen", taken]);
    assert_eq!(refused.status.code(), Some(4));
    let message = text(&refused.stderr);
    assert!(message.contains(taken) && message.contains("--listen 127.0.0.1:0"), "{message}");

    let refused = run(&["dev", "--listen", "127.0.0.1:0", "--tls-listen", taken]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(text(&refused.stderr).contains("--tls-listen 127.0.0.1:0"), "{refused:?}");
}

#[test]
fn https_is_left_out_when_asked() {
    let server = Server::start(&["--tls-listen", "off"]);
    assert!(!server.banner.iter().any(|line| line.contains("https://")), "{:?}", server.banner);
}

#[test]
fn state_is_kept_from_one_start_to_the_next() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("a text");
    for _ in 0..2 {
        let server = Server::start(&["--data", data]);
        let login = run(&["login", "--document", DOCUMENT, "--url", &server.url]);
        assert!(login.status.success(), "{login:?}");
        assert_eq!(server.stop("TERM").code(), Some(0));
    }
    assert!(directory.path().join(countersign_server::DATABASE).is_file());
}

#[test]
fn a_login_shows_the_code_every_check_and_who_it_is() {
    let server = Server::start(&[]);
    let login = run(&["login", "--person", PERSON, "--url", &server.url]);
    let shown = text(&login.stdout);
    assert_eq!(login.status.code(), Some(0), "{login:?}");
    assert!(shown.contains("Verification code: "), "{shown}");
    assert_eq!(shown.matches("  passed ").count(), 11, "{shown}");
    assert!(shown.contains("Authenticated: OK TESTNUMBER, PNOEE-40504040001, born 1905-04-04"), "{shown}");

    let login = run(&["login", "--document", DOCUMENT, "--url", &server.secure_url(), "--json"]);
    let report = json_of(&login);
    assert_eq!(login.status.code(), Some(0), "over TLS: {login:?}");
    assert_eq!(report["authenticated"], true);
    assert_eq!(report["person"]["documentNumber"], DOCUMENT);
    assert_eq!(report["verificationCode"].as_str().map(str::len), Some(4));
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(11));
}

#[test]
fn a_login_by_qr_code_is_whoever_scans_it() {
    let server = Server::start(&[]);
    let mut login = server::Child::spawn(&["login", "--flow", "qr", "--json", "--url", &server.url]);
    let line = login.stderr_line("link: ");
    let link = line.trim_start_matches("link: ");
    let scanned = "PNOLV-030303-10004-MOCK-Q";
    let body = json!({ "documentNumber": scanned, "deviceLink": link, "flowType": "QR" });
    assert_eq!(server.post("/mock/device-link", &body), 200);
    let output = login.finish();
    let report = json_of(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(report["person"]["documentNumber"], scanned);
    assert_eq!(report["person"]["flow"], "QR");
}

#[test]
fn a_person_who_refuses_is_no_login() {
    let server = Server::start(&[]);
    let login = run(&["login", "--document", "PNOEE-30403039917-MOCK-Q", "--url", &server.url]);
    assert_eq!(login.status.code(), Some(5), "{login:?}");
    assert!(
        text(&login.stdout)
            .contains("FAILED       the session ended with OK: the session ended: the person refused"),
        "{login:?}"
    );
    assert!(!text(&login.stdout).contains("passed"), "{login:?}");
}

#[test]
fn a_stranger_is_not_asked() {
    let server = Server::start(&[]);
    let login = run(&["login", "--person", "PNOEE-38001085718", "--url", &server.url]);
    assert_eq!(login.status.code(), Some(4), "{login:?}");
    assert!(text(&login.stderr).contains("no such account"), "{login:?}");
}

#[test]
fn an_answer_under_another_root_is_not_trusted() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::copy("../../fixtures/asice/ca.pem", directory.path().join("ca.pem")).expect("copied");
    let trust = directory.path().to_str().expect("a text");
    let login = run(&["login", "--document", DOCUMENT, "--url", &server.url, "--trust", trust]);
    assert_eq!(login.status.code(), Some(6), "{login:?}");
    assert!(
        text(&login.stdout).contains("FAILED       the certificate leads to a trusted authority"),
        "{login:?}"
    );
}

#[test]
fn files_are_signed_and_every_broken_part_is_named() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    for (name, content) in [
        ("leping.txt", "Osapooled lepivad kokku.\nСтороны договорились.\n"),
        ("Šiili õlut – Договор № 7 🖋️.txt", "Nimi on eesti, vene ja pildikeeles.\n"),
    ] {
        let (file, out) = (directory.path().join(name), directory.path().join(format!("{name}.asice")));
        std::fs::write(&file, content).expect("written");
        let signed = sign(&server, &file, &out, &["--person", PERSON]);
        assert_eq!(signed.status.code(), Some(0), "{signed:?}");
        let verified = verify(&out, &["--dev-trust"]);
        let shown = text(&verified.stdout);
        assert_eq!(verified.status.code(), Some(0), "{shown}");
        assert!(
            shown.contains("XAdES_BASELINE_LT") && shown.contains(&format!("covers   {name:?}")),
            "{shown}"
        );

        for part in &PARTS {
            let broken = directory.path().join(format!("{}.asice", part.name));
            std::fs::write(&broken, part.flip(&std::fs::read(&out).expect("read"))).expect("written");
            let refused = verify(&broken, &["--dev-trust"]);
            let shown = text(&refused.stdout);
            assert_eq!(refused.status.code(), Some(1), "{}: {shown}", part.name);
            // An error has several lines: the part, what was expected, what was found.
            let named = shown.find("error").is_some_and(|at| shown[at..].contains(part.named));
            assert!(named, "{} is not named as {:?}: {shown}", part.name, part.named);
        }
    }
}

#[test]
fn exported_anchors_are_the_servers_and_no_others_pass() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let (file, out) = (directory.path().join("a.txt"), directory.path().join("a.asice"));
    std::fs::write(&file, "a").expect("written");
    let signed = sign(&server, &file, &out, &["--document", DOCUMENT, "--hash", "SHA-256", "--json"]);
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    assert_eq!(json_of(&signed)["level"], "XAdES_BASELINE_LT");

    let trust = directory.path().join("trust");
    let trust = trust.to_str().expect("a text");
    assert!(run(&["trust", "export", trust]).status.success());
    let verified = verify(&out, &["--trust", trust, "--json"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    let report = json_of(&verified);
    assert_eq!(report["valid"], true);
    assert_eq!(report["files"][0]["report"]["validSignaturesCount"], 1);

    let others = verify(&out, &["--trust", "../../fixtures/asice"]);
    assert_eq!(others.status.code(), Some(1), "{others:?}");
}

#[test]
fn a_lower_level_is_signed_when_asked_and_passes_only_as_such() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("a.txt");
    std::fs::write(&file, "a").expect("written");
    let levels = ["B", "T", "LT", "LTA"];
    for (level, passes) in [("B", &levels[..1]), ("T", &levels[..2]), ("LTA", &levels[..])] {
        let out = directory.path().join(format!("{level}.asice"));
        let signed = sign(&server, &file, &out, &["--document", DOCUMENT, "--level", level]);
        assert_eq!(signed.status.code(), Some(0), "{signed:?}");
        for required in levels {
            let verified = verify(&out, &["--dev-trust", "--level", required]);
            let expected = i32::from(!passes.contains(&required));
            assert_eq!(verified.status.code(), Some(expected), "{level} as {required}: {verified:?}");
        }
    }
}

#[test]
fn signatures_are_extended_renewed_and_joined_by_others() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let (file, out) = (directory.path().join("a.txt"), directory.path().join("a.asice"));
    std::fs::write(&file, "a").expect("written");
    let signed = sign(&server, &file, &out, &["--document", DOCUMENT, "--level", "B"]);
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    let path = out.to_str().expect("a text");
    let extend = |more: &[&str]| run(&[&["extend", path, "--url", &server.url, "--json"], more].concat());
    let extended = extend(&[]);
    assert_eq!(extended.status.code(), Some(0), "{extended:?}");
    assert_eq!(json_of(&extended)["signatures"][0]["to"], "XAdES_BASELINE_LTA");
    let again = extend(&[]);
    assert_eq!(json_of(&again)["signatures"].as_array().map(Vec::len), Some(0), "nothing to do");

    let both = directory.path().join("both.asice");
    let added = sign(&server, &out, &both, &["--add", "--document", DOCUMENT, "--json"]);
    assert_eq!(added.status.code(), Some(0), "{added:?}");
    assert_eq!(json_of(&added)["signature"], "S1");
    let path = both.to_str().expect("a text");
    let renewed = run(&[
        "extend",
        path,
        "--renew",
        "--signature",
        "S0",
        "--level",
        "LTA",
        "--url",
        &server.url,
        "--json",
    ]);
    let stamps = json_of(&renewed)["signatures"][0]["archiveTimeStamps"].clone();
    assert_eq!(stamps.as_array().map(Vec::len), Some(2), "{renewed:?}");
    assert_eq!(verify(&both, &["--dev-trust"]).status.code(), Some(0));
    let inspected = json_of(&run(&["inspect", path, "--json"]));
    assert_eq!(inspected["signatures"].as_array().map(Vec::len), Some(2), "{inspected}");
    assert_eq!(inspected["signatures"][0]["level"], "XAdES_BASELINE_LTA");
    assert_eq!(inspected["signatures"][1]["level"], "XAdES_BASELINE_LT");
    let left = std::fs::read_dir(directory.path()).expect("listed").count();
    assert_eq!(left, 3, "nothing is left beside the files");
}

#[test]
fn a_container_in_the_way_is_kept() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let (file, out) = (directory.path().join("a.txt"), directory.path().join("a.asice"));
    std::fs::write(&file, "a").expect("written");
    std::fs::write(&out, "in the way").expect("written");
    let refused = sign(&server, &file, &out, &["--document", DOCUMENT]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert_eq!(std::fs::read(&out).expect("read"), b"in the way");
    let signed = sign(&server, &file, &out, &["--document", DOCUMENT, "--force"]);
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    assert_eq!(verify(&out, &["--dev-trust"]).status.code(), Some(0));
}

#[test]
fn nothing_is_written_when_the_person_refuses_or_the_time_stamp_cannot_be_had() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let (file, out) = (directory.path().join("a.txt"), directory.path().join("a.asice"));
    std::fs::write(&file, "a").expect("written");
    let refused = sign(&server, &file, &out, &["--document", "PNOEE-30403039917-MOCK-Q"]);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    let wrong_place = format!("{}/readyz", server.url);
    let refused = sign(&server, &file, &out, &["--document", DOCUMENT, "--tsa", &wrong_place]);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert!(text(&refused.stderr).contains("time-stamping authority"), "{refused:?}");
    let wrong_place = format!("{}/tsa", server.url);
    let refused = sign(&server, &file, &out, &["--document", DOCUMENT, "--ocsp", &wrong_place]);
    assert!(matches!(refused.status.code(), Some(4 | 6)), "{refused:?}");
    let left: Vec<_> = std::fs::read_dir(directory.path()).expect("listed").collect();
    assert_eq!(left.len(), 1, "only the file itself: {left:?}");
}

#[test]
fn a_command_that_is_interrupted_leaves_nothing_beside_its_place() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let (file, out) = (directory.path().join("a.txt"), directory.path().join("a.asice"));
    std::fs::write(&file, "a").expect("written");
    let names = || -> Vec<String> {
        let listed = std::fs::read_dir(directory.path()).expect("listed");
        listed.map(|entry| entry.expect("an entry").file_name().into_string().expect("a text")).collect()
    };
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        // A time-stamping authority that never answers: the container is half written by then.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let tsa = format!("http://{}/", silent.local_addr().expect("an address"));
        let path = |path: &Path| path.to_str().expect("a text").to_owned();
        let child = server::Child::spawn(&[
            "sign",
            &path(&file),
            "-o",
            &path(&out),
            "--document",
            DOCUMENT,
            "--url",
            &server.url,
            "--tsa",
            &tsa,
        ]);
        let _asked = silent.accept().expect("a question");
        assert!(names().iter().any(|name| name.ends_with(".part")), "{:?}", names());
        child.send(signal);
        let ended = child.finish();
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert_eq!(names(), ["a.txt"], "after {signal}");
    }
}

#[test]
fn signatures_are_removed_and_files_are_time_stamped() {
    let server = Server::start(&[]);
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("a text").to_owned();
    let read = |name: &str| std::fs::read(path(name)).expect("read");
    std::fs::write(path("a.txt"), "a").expect("written");
    let sign_to = |from: &str, to: &str, more: &[&str]| {
        let signed = sign(
            &server,
            Path::new(&path(from)),
            Path::new(&path(to)),
            &[&["--document", DOCUMENT], more].concat(),
        );
        assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    };
    sign_to("a.txt", "one.asice", &[]);
    sign_to("one.asice", "two.asice", &["--add"]);
    let removed =
        run(&["remove", &path("two.asice"), "--signature", "S0", "-o", &path("rest.asice"), "--json"]);
    assert_eq!(removed.status.code(), Some(0), "{removed:?}");
    assert_eq!(json_of(&removed)["removed"], json!(["S0 in META-INF/signatures0.xml"]));
    let rest = json_of(&verify(Path::new(&path("rest.asice")), &["--dev-trust", "--json"]));
    assert_eq!(rest["files"][0]["report"]["signatures"][0]["id"], "S1", "{rest}");
    assert_eq!(rest["valid"], true);
    let none = run(&["remove", &path("rest.asice"), "--signature", "S0"]);
    assert_eq!(none.status.code(), Some(1), "{none:?}");

    std::fs::copy("../../fixtures/pdf/pyhanko/pss-B-table.pdf", path("theirs.pdf")).expect("copied");
    // Nobody here says what became of their certificate, so the document can reach no higher level.
    sign_to("theirs.pdf", "ours.pdf", &["--format", "pdf", "--field", "Ours", "--level", "B"]);
    let inspected = json_of(&run(&["inspect", &path("ours.pdf"), "--json"]));
    assert_eq!(inspected["signatures"].as_array().map(Vec::len), Some(2), "{inspected}");
    assert_eq!(inspected["signatures"][1]["id"], "Ours");
    assert_eq!(inspected["documentTimeStamps"].as_array().map(Vec::len), Some(0));
    let covered = run(&["remove", &path("ours.pdf"), "--signature", "Signature1"]);
    assert_eq!(covered.status.code(), Some(1), "{covered:?}");
    let removed = run(&["remove", &path("ours.pdf"), "--signature", "Ours"]);
    assert_eq!(removed.status.code(), Some(0), "{removed:?}");
    assert_eq!(read("ours.pdf"), read("theirs.pdf"));

    let stamped = run(&["stamp", &path("a.txt"), "-o", &path("a.asics"), "--url", &server.url]);
    assert_eq!(stamped.status.code(), Some(0), "{stamped:?}");
    let renewed = json_of(&run(&["extend", &path("a.asics"), "--url", &server.url, "--json"]));
    assert_eq!(renewed["timeStamps"].as_array().map(Vec::len), Some(2), "{renewed}");
    let asked =
        |more: &[&str]| verify(Path::new(&path("a.asics")), &[&["--dev-trust"], more].concat()).status.code();
    assert_eq!((asked(&["--time-stamped"]), asked(&[])), (Some(0), Some(1)));
}

/// Makes `fixtures/asice/signed` anew, after the TEST authority or the test persons were.
#[test]
#[ignore = "writes fixtures"]
fn write_fixtures() {
    let server = Server::start(&[]);
    let directory = Path::new("../../fixtures/asice/signed");
    std::fs::create_dir_all(directory).expect("a directory");
    let content = tempfile::tempdir().expect("a directory");
    let (file, out) = (content.path().join("Leping õäöü.txt"), directory.join("contract.asice"));
    std::fs::write(&file, "Osapooled lepivad kokku.\n").expect("written");
    let signed = sign(&server, &file, &out, &["--document", DOCUMENT, "--force"]);
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    let whole = std::fs::read(&out).expect("read");
    for part in &PARTS {
        std::fs::write(directory.join(format!("flipped-{}.asice", part.name)), part.flip(&whole))
            .expect("written");
    }
}
