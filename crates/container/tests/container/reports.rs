//! What people and programs read: snapshots of reports on containers that lie in `fixtures/asice`.
//!
//! `COUNTERSIGN_WRITE_SNAPSHOTS=1 cargo test -p countersign-container --test container reports` writes them
//! anew; look at the difference before it is committed.

use std::path::PathBuf;

use countersign_container::validate::{TrustAnchors, validate_bytes};
use countersign_container::{Indication, Level, Limits, Policy, Report, SubIndication};
use countersign_pki::Certificate;

use crate::forge::Forgery;
use crate::world::{WORLD, lt, noon, seconds};

const FILES: [&str; 6] = [
    "good/00-nothing-changed",
    "good/67-revoked-after-the-time-stamp",
    "broken/21-file-changed",
    "broken/66-revoked-before-the-time-stamp",
    "broken/84-token-signature-broken",
    "broken/10-path-escape",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn report_on(name: &str) -> Report {
    let folder = root().join("../../fixtures/asice");
    let bundle =
        |name: &str| Certificate::pem_bundle(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    let anchors = TrustAnchors { ca: bundle("ca.pem"), tsa: bundle("tsa.pem"), ..TrustAnchors::default() };
    let bytes = std::fs::read(folder.join(format!("{name}.asice"))).unwrap();
    let file = name.rsplit('/').next().unwrap();
    validate_bytes(
        &bytes,
        Some(&format!("{file}.asice")),
        &Limits::default(),
        &anchors,
        noon() + seconds(3600),
        &Policy::default(),
    )
}

/// Row 123 of the list of defects: nothing is remembered from one validation to the next.
#[test]
fn a_verdict_is_of_its_time_policy_and_anchors_alone() {
    let bytes = Forgery::new().lt().bytes();
    let verdict = |anchors: &TrustAnchors, at: i64, policy: &Policy| {
        validate_bytes(&bytes, None, &Limits::default(), anchors, noon() + seconds(at), policy).is_valid()
    };
    let higher = Policy { required_level: Level::Lta, ..lt() };
    for _ in 0..2 {
        assert!(verdict(&WORLD.anchors(), 100, &lt()));
        assert!(!verdict(&WORLD.anchors(), 100, &higher), "the level is below what the policy asks for");
        assert!(!verdict(&TrustAnchors::default(), 100, &lt()), "nobody is trusted");
        assert!(!verdict(&WORLD.anchors(), 40 * 365 * 86_400, &lt()), "the time-stamp has expired");
    }
}

#[test]
fn reports_are_as_they_were() {
    let folder = root().join("tests/snapshots");
    let write = std::env::var_os("COUNTERSIGN_WRITE_SNAPSHOTS").is_some();
    for name in FILES {
        let report = report_on(name);
        let stem = name.rsplit('/').next().unwrap();
        let forms =
            [("json", report.to_json() + "\n"), ("txt", report.to_string()), ("html", report.to_html())];
        for (ending, found) in forms {
            let path = folder.join(format!("{stem}.{ending}"));
            if write {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&path, &found).unwrap();
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(found, expected, "{}", path.display());
        }
    }
}

#[test]
fn a_report_survives_json() {
    for name in FILES {
        let report = report_on(name);
        let read: Report = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(read, report, "{name}");
    }
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    for name in FILES {
        let page = report_on(name).to_html();
        for word in ["<script", "javascript:", "src=", "href=", "url(", "@import", " on"] {
            // " on" would be an event handler; in text it is followed by a blank.
            let suspicious = page.match_indices(word).any(|(at, _)| word != " on" || is_handler(&page[at..]));
            assert!(!suspicious, "{name}: {word}");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

fn is_handler(text: &str) -> bool {
    let rest = &text[1..];
    let name = rest.chars().take_while(|c| c.is_ascii_alphabetic()).count();
    rest[name..].starts_with('=')
}

#[test]
fn text_from_a_file_is_no_markup_in_a_page() {
    let evil = "<img src=x onerror=alert(1)>\u{202e}";
    let escaped = "&lt;img src=x onerror=alert(1)&gt;\u{202e}";
    let forged = Forgery::new().replace("<xades:SigningTime>", &format!("<xades:SigningTime>{escaped}"));
    let name = format!("{evil}.asice");
    let now = noon() + seconds(3600);
    let report = validate_bytes(
        &forged.seal().lt().bytes(),
        Some(&name),
        &Limits::default(),
        &WORLD.anchors(),
        now,
        &lt(),
    );
    assert_eq!(report.signatures[0].indication, Indication::TotalFailed);
    assert_eq!(report.signatures[0].sub_indication, Some(SubIndication::FormatFailure));
    let page = report.to_html();
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains('\u{202e}'));
    assert!(!report.to_string().contains('\u{202e}'));
}

#[test]
fn every_fault_in_the_corpus_names_its_clause() {
    for case in crate::hostile::cases() {
        let anchors = case.anchors.clone().unwrap_or_else(|| WORLD.anchors());
        let report =
            validate_bytes(&case.bytes, None, &Limits::default(), &anchors, noon() + seconds(3600), &lt());
        let own = report.errors.iter().chain(&report.warnings);
        let all = report.signatures.iter().flat_map(|one| one.errors.iter().chain(&one.warnings)).chain(own);
        for finding in all {
            assert!(finding.clause.is_some(), "row {} ({}): {}", case.row, case.what, finding.rule);
        }
    }
}
