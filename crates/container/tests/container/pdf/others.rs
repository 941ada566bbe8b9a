//! Documents that another program signed, in `fixtures/pdf`: valid at the level that their name says.

use std::path::PathBuf;

use countersign_container::Level;
use countersign_container::pades::{PdfLimits, SignedPdf};
use countersign_container::validate::{Policy, TrustAnchors, validate_bytes};
use countersign_pki::Certificate;

#[test]
fn what_pyhanko_signed_is_valid() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/pdf/pyhanko");
    let certificate =
        |name: &str| Certificate::from_pem(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    let anchors = TrustAnchors {
        ca: vec![certificate("root.pem")],
        intermediates: vec![certificate("ca.pem")],
        tsa: vec![certificate("root.pem")],
        ..TrustAnchors::default()
    };
    let now = "2026-11-29T12:00:00Z".parse().unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".pdf") else { continue };
        let level = stem.split('-').find_map(Level::from_word).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let policy = Policy { required_level: level.min(Level::Lt), ..Policy::default() };
        let report = validate_bytes(
            &bytes,
            Some(&name),
            &countersign_container::Limits::default(),
            &anchors,
            now,
            &policy,
        );
        assert!(report.is_valid(), "{name}\n{report}");
        let opened = SignedPdf::open(bytes, &PdfLimits::default()).unwrap();
        assert_eq!(opened.level(), level, "{name}");
        count += 1;
    }
    assert_eq!(count, 8);
}
