//! A PDF document, opened, validated and, where it can be, signed: whatever the bytes are, it is refused or read.
#![no_main]

use countersign_container::pades::{PdfLimits, SignedPdf, open};
use countersign_container::validate::{Policy, TrustAnchors, validate_bytes};
use countersign_container::{Level, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = PdfLimits { file_bytes: 1 << 20, values: 200_000, inflated_bytes: 4 << 20, ..PdfLimits::default() };
    if open(bytes, &limits).is_err() {
        return;
    }
    let now = "2026-11-22T12:00:00Z".parse().expect("a time");
    let anchors = TrustAnchors::default();
    let report = validate_bytes(bytes, None, &Limits::default(), &anchors, now, &Policy::default());
    assert!(!report.is_valid(), "nobody is trusted");
    if let Ok(signed) = SignedPdf::open(bytes.to_vec(), &limits) {
        let _ = signed.needs(Level::Lta, &[]);
    }
});
