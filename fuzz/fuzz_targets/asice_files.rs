//! The files inside a container, packed soundly, so that no checksum stands before what reads them: the input is names and
//! contents, each ended by a zero byte.

#![no_main]

#[path = "../shared/archive.rs"]
mod archive;

use std::io::Cursor;

use countersign_container::validate::validate_source;
use countersign_container::{Container, Limits, Policy, TrustAnchors};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

use self::archive::archive;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0);
    let archive = archive(std::iter::from_fn(|| Some((parts.next()?, parts.next()?))));
    let limits = Limits { xml_items: 20_000, ..Limits::default() };
    let (anchors, policy) = (TrustAnchors::default(), Policy::default());
    let report =
        validate_source(Cursor::new(archive.clone()), None, &limits, &anchors, Timestamp::UNIX_EPOCH, &policy);
    assert!(!report.is_valid(), "valid with no anchors");
    let Ok(container) = Container::from_bytes_with(&archive, &limits) else { return };
    let _ = (container.signatures(), container.time_stamp_token(), container.free_signature_id());
});
