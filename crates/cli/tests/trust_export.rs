//! `countersign trust export`: what is written is complete, is what it says, and replaces nothing unasked.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use countersign_pki::Certificate;

fn export(directory: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["trust", "export"])
        .arg(directory)
        .args(more)
        .output()
        .expect("the program runs")
}

#[test]
fn every_file_is_written_and_listed() {
    let directory = tempfile::tempdir().expect("a directory");
    let target = directory.path().join("new/trust");
    let output = export(&target, &[]);
    assert!(output.status.success(), "{output:?}");
    let listed: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let written: BTreeSet<String> = std::fs::read_dir(&target)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(listed, written);
    for name in ["root.pem", "eid-q.pem", "eid-nq.pem", "tsa.pem", "tls-root.pem", "trust.jks", "trust.p12"] {
        assert!(written.contains(name), "{name}");
    }
}

#[test]
fn the_issuing_authorities_and_the_time_stamping_unit_lead_to_the_root() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(export(directory.path(), &[]).status.success());
    let read = |name: &str| {
        let text = std::fs::read_to_string(directory.path().join(name)).expect("a file");
        Certificate::from_pem(&text).expect("a certificate")
    };
    let root = read("root.pem");
    for name in ["eid-q.pem", "eid-nq.pem", "tsa.pem"] {
        assert!(read(name).is_signed_by(&root).is_ok(), "{name}");
    }
    let der = std::fs::read(directory.path().join("root.der")).expect("a file");
    assert_eq!(der, root.as_der());
}

#[test]
fn another_authority_in_the_directory_is_not_replaced_unasked() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(export(directory.path(), &[]).status.success());
    assert!(export(directory.path(), &[]).status.success(), "the same files again are fine");
    let root = directory.path().join("root.pem");
    std::fs::write(&root, "somebody else's").expect("written");
    let refused = export(directory.path(), &[]);
    assert_eq!(refused.status.code(), Some(3));
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("root.pem is there already") && message.contains("--force"), "{message}");
    assert_eq!(std::fs::read_to_string(&root).expect("a file"), "somebody else's");
    assert!(export(directory.path(), &["--force"]).status.success());
    assert!(std::fs::read_to_string(&root).expect("a file").starts_with("-----BEGIN CERTIFICATE-----"));
}
