//! The archive manifest of an ASiC-S container, which renews its time-stamp: it is read or refused, and where it is read, what
//! it lists is found. The input is the manifest; the rest of the container is sound, but for its time-stamps.

#![no_main]

#[path = "../shared/archive.rs"]
mod archive;

use countersign_container::{Container, Limits, Policy, TrustAnchors, validate};
use countersign_pki::Digest;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

use self::archive::archive;

fuzz_target!(|bytes: &[u8]| {
    let entries: [(&[u8], &[u8]); 5] = [
        (b"mimetype", b"application/vnd.etsi.asic-s+zip"),
        (b"data.txt", b"data"),
        (b"META-INF/timestamp.tst", b"no time-stamp"),
        (b"META-INF/ASiCArchiveManifest.xml", bytes),
        (b"META-INF/timestamp001.tst", b"none either"),
    ];
    let Ok(container) = Container::from_bytes_with(&archive(entries), &Limits::default()) else { return };
    let report = validate(&container, &TrustAnchors::default(), Timestamp::UNIX_EPOCH, &Policy::default());
    assert!(!report.is_valid(), "valid without a time-stamp");
    let Ok(evidence) = container.evidence() else { return };
    assert_eq!(evidence.len(), 2, "the time-stamp over the data, and the one that the manifest leads to");
    assert!(!evidence[1].covers.is_empty(), "a manifest that lists nothing");
    // A chain that was read can be renewed, whatever it is worth.
    assert!(!container.renew_evidence(Digest::Sha256).unwrap().imprint().is_empty());
});
