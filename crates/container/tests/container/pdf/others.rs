//! Documents that another program signed, in `fixtures/pdf`: valid at the level that their name says.

use std::path::PathBuf;

use countersign_container::pades::{self, PdfLimits, SignedPdf};
use countersign_container::validate::{Policy, TrustAnchors, validate_bytes};
use countersign_container::{Level, Limits, Report, SignatureReport};
use countersign_pki::Certificate;

/// Each document with its name, level and bytes.
fn documents() -> Vec<(String, Level, Vec<u8>)> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let named = entries.filter_map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let level = name.strip_suffix(".pdf")?.split('-').find_map(Level::from_word).unwrap();
        Some((name, level, std::fs::read(&path).unwrap()))
    });
    named.collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pdf/pyhanko")
}

fn anchors() -> TrustAnchors {
    let certificate =
        |name: &str| Certificate::from_pem(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap();
    TrustAnchors {
        ca: vec![certificate("root.pem")],
        intermediates: vec![certificate("ca.pem")],
        tsa: vec![certificate("root.pem")],
        ..TrustAnchors::default()
    }
}

fn check(bytes: &[u8], name: &str, level: Level, anchors: &TrustAnchors) -> Report {
    let policy = Policy { required_level: level, ..Policy::default() };
    let now = "2026-11-29T12:00:00Z".parse().unwrap();
    validate_bytes(bytes, Some(name), &Limits::default(), anchors, now, &policy)
}

#[test]
fn what_pyhanko_signed_is_valid() {
    let (documents, anchors) = (documents(), anchors());
    assert_eq!(documents.len(), 8);
    for (name, level, bytes) in documents {
        let report = check(&bytes, &name, level.min(Level::Lt), &anchors);
        assert!(report.is_valid(), "{name}\n{report}");
        let opened = SignedPdf::open(bytes, &PdfLimits::default()).unwrap();
        assert_eq!(opened.level(), level, "{name}");
    }
}

/// What a report says of a document that somebody accepts: who signed what, when, and how well it is proven.
fn meaning(report: Report) -> impl PartialEq + std::fmt::Debug {
    let signature = |signature: SignatureReport| {
        let SignatureReport {
            id,
            signature_format,
            signed_by,
            claimed_signing_time,
            info,
            signature_scopes,
            ..
        } = signature;
        (id, signature_format, signed_by, claimed_signing_time, info, signature_scopes)
    };
    report.signatures.into_iter().map(signature).collect::<Vec<_>>()
}

#[test]
fn any_flipped_byte_of_an_accepted_document_is_refused_or_changes_nothing() {
    let anchors = anchors();
    let (mut flipped, mut refused) = (0, 0);
    for (index, (name, level, bytes)) in documents().into_iter().enumerate() {
        let expected = meaning(check(&bytes, &name, level, &anchors));
        let document = pades::open(&bytes, &PdfLimits::default()).unwrap();
        // The gaps for the values are not covered by the signature in them; an archive time-stamp covers those before its own.
        let gaps: Vec<_> =
            document.signatures.iter().map(|found| found.byte_range[1]..found.byte_range[2]).collect();
        for at in (index % 7..bytes.len()).step_by((bytes.len() / 60).max(1)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            flipped += 1;
            let report = check(&changed, &name, level, &anchors);
            if !report.is_valid() {
                refused += 1;
                continue;
            }
            assert!(
                gaps.iter().any(|gap| gap.contains(&at)) || at >= bytes.len() - 1 || level == Level::Lt,
                "{name}: byte {at} is covered, and nobody notices"
            );
            assert_eq!(meaning(report), expected, "{name}: byte {at}");
        }
    }
    assert!(flipped > 400 && refused * 10 > flipped * 8, "{refused} of {flipped}");
}
