//! A whole validation of a stranger's file without any anchor: it ends, nothing is valid, and every form of the
//! report can be written.

#![no_main]

use countersign_container::validate::{TrustAnchors, validate_bytes};
use countersign_container::{Limits, Policy, Report};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { xml_items: 20_000, total_bytes: 16 << 20, data_file_bytes: 16 << 20, ..Limits::default() };
    let now = jiff::Timestamp::constant(1_790_000_000, 0);
    let report = validate_bytes(bytes, Some("a.asice"), &limits, &TrustAnchors::default(), now, &Policy::etsi());
    assert!(!report.is_valid());
    let read: Report = serde_json::from_str(&report.to_json()).expect("a report reads back");
    assert_eq!(read, report);
    let page = report.to_html();
    assert!(!page.contains("<script") && !report.to_string().is_empty());
});
