//! Containers that lie in `fixtures/asice`: one file in, one expected verdict out. The test lists the
//! folder, so a new file with its line in `expected.json` is a new test.
//!
//! `cargo test -p countersign-container --test container write_fixtures -- --ignored` writes the folder
//! anew (with new keys); it needs OpenSSL for signatures that our own libraries refuse to make.

#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use countersign_container::validate::{TrustAnchors, validate_bytes};
use countersign_container::{Indication, Limits, Part, Report, SubIndication};
use countersign_pki::Certificate;
use serde::{Deserialize, Serialize};

use crate::forge::{Forgery, canonical};
use crate::world::{WORLD, lt, noon, seconds};

/// A line of `expected.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Verdict {
    /// What the file is about.
    about: String,
    valid: bool,
    /// None when the file is refused as a container, or has no signatures.
    indication: Option<Indication>,
    sub_indication: Option<SubIndication>,
    /// The part with the first fault.
    #[serde(flatten)]
    part: Option<Part>,
    /// Rules of the warnings.
    warnings: Vec<String>,
}

impl Verdict {
    fn of(about: &str, report: &Report) -> Self {
        let signature = report.signatures.first();
        let first = report.errors.first().or(signature.and_then(|signature| signature.errors.first()));
        let warnings = report.warnings.iter().chain(signature.iter().flat_map(|report| &report.warnings));
        Self {
            about: about.to_owned(),
            valid: report.is_valid(),
            indication: signature.map(|signature| signature.indication),
            sub_indication: signature.and_then(|signature| signature.sub_indication),
            part: first.map(|finding| finding.part.clone()),
            warnings: warnings.map(|finding| finding.rule.clone()).collect(),
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/asice")
}

fn check(bytes: &[u8], anchors: &TrustAnchors) -> Report {
    validate_bytes(bytes, None, &Limits::default(), anchors, noon() + seconds(3600), &lt())
}

#[test]
fn every_container_in_the_folder_gets_its_verdict() {
    let bundle = |name: &str| {
        let pem = std::fs::read_to_string(folder().join(name)).unwrap();
        Certificate::pem_bundle(&pem).unwrap()
    };
    let anchors = TrustAnchors {
        ca: bundle("ca.pem"),
        intermediates: Vec::new(),
        tsa: bundle("tsa.pem"),
        ..Default::default()
    };
    let expected = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let mut expected: BTreeMap<String, Verdict> = serde_json::from_str(&expected).unwrap();
    let mut count = 0;
    for kind in ["good", "broken"] {
        for entry in std::fs::read_dir(folder().join(kind)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{kind}/{}", entry.file_name().to_str().unwrap());
            let verdict = expected.remove(&name).unwrap_or_else(|| panic!("{name} is not in expected.json"));
            assert_eq!(verdict.valid, kind == "good", "{name}");
            let report = check(&std::fs::read(entry.path()).unwrap(), &anchors);
            assert_eq!(Verdict::of(&verdict.about, &report), verdict, "{name}: {report}");
            count += 1;
        }
    }
    assert!(expected.is_empty(), "in expected.json and not in the folder: {expected:?}");
    assert!(count > 100, "{count}");
}

#[test]
fn any_flipped_byte_of_an_accepted_container_is_refused_or_changes_nothing() {
    let bundle = |name: &str| {
        let pem = std::fs::read_to_string(folder().join(name)).unwrap();
        Certificate::pem_bundle(&pem).unwrap()
    };
    let anchors = TrustAnchors { ca: bundle("ca.pem"), tsa: bundle("tsa.pem"), ..Default::default() };
    let meaning = |bytes: &[u8]| Report { validated_document: None, ..check(bytes, &anchors) };
    let (mut flipped, mut refused) = (0, 0);
    for (index, entry) in std::fs::read_dir(folder().join("good")).unwrap().enumerate() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let expected = meaning(&bytes);
        assert!(expected.is_valid(), "{}", path.display());
        // A hundred places in each, others in each.
        for at in (index % 89..bytes.len()).step_by((bytes.len() / 100).max(1)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            let found = meaning(&changed);
            flipped += 1;
            if found.is_valid() {
                assert_eq!(found, expected, "{}: byte {at}", path.display());
            } else {
                refused += 1;
            }
        }
    }
    // Times and attributes in the archive's directory carry no meaning.
    assert!(flipped > 1_000 && refused * 10 > flipped * 9, "{refused} of {flipped}");
}

/// PSS by OpenSSL, for combinations that our signer has not.
fn by_openssl(forged: Forgery, digest: &str, salt: &str) -> Forgery {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key"), WORLD.signer_key.to_pem().unwrap().as_bytes()).unwrap();
    std::fs::write(path("data"), canonical(&forged.xml, "SignedInfo")).unwrap();
    let algorithm = format!("-{digest}");
    let salt = format!("rsa_pss_saltlen:{salt}");
    let arguments = ["dgst", &algorithm, "-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt];
    let status = Command::new("openssl")
        .args(arguments)
        .args(["-sign", &path("key"), "-out", &path("value"), &path("data")])
        .status()
        .unwrap();
    assert!(status.success());
    use base64::Engine as _;
    let value = std::fs::read(path("value")).unwrap();
    forged.value(&base64::engine::general_purpose::STANDARD.encode(value))
}

#[test]
#[ignore = "writes the fixtures anew"]
fn write_fixtures() {
    let mut files: Vec<(u8, String, Vec<u8>)> = crate::hostile::cases()
        .into_iter()
        // What needs other anchors or is large stays in the table of its own test.
        .filter(|case| case.anchors.is_none() && case.bytes.len() < 40_000)
        .map(|case| (case.row, case.what.to_owned(), case.bytes))
        .collect();
    let method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    let sha3 = |bits: &str| format!("http://www.w3.org/2007/05/xmldsig-more#sha3-{bits}-rsa-MGF1");
    let salt_20 = by_openssl(Forgery::new(), "sha256", "20").lt().bytes();
    files.push((42, "PSS with a salt of 20 bytes".to_owned(), salt_20));
    for bits in ["256", "384", "512"] {
        let forged =
            by_openssl(Forgery::new().replace(method, &sha3(bits)), &format!("sha3-{bits}"), "digest");
        files.push((0, format!("PSS with SHA3-{bits}"), forged.lt().bytes()));
    }
    let anchors = WORLD.anchors();
    let mut expected = BTreeMap::new();
    for kind in ["good", "broken"] {
        let _ = std::fs::remove_dir_all(folder().join(kind));
        std::fs::create_dir_all(folder().join(kind)).unwrap();
    }
    for (row, what, bytes) in files {
        let report = check(&bytes, &anchors);
        let kind = if report.is_valid() { "good" } else { "broken" };
        let slug: String =
            what.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let slug = slug.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        let name = format!("{kind}/{row:02}-{slug}.asice");
        std::fs::write(folder().join(&name), bytes).unwrap();
        let verdict = Verdict::of(&format!("row {row}: {what}"), &report);
        assert!(expected.insert(name.clone(), verdict).is_none(), "{name} twice");
    }
    std::fs::write(folder().join("ca.pem"), WORLD.root.to_pem()).unwrap();
    std::fs::write(folder().join("tsa.pem"), WORLD.tsa_root.to_pem()).unwrap();
    std::fs::write(folder().join("expected.json"), serde_json::to_string_pretty(&expected).unwrap() + "\n")
        .unwrap();
    eprintln!("{} files", expected.len());
}
