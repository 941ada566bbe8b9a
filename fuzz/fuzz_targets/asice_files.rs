//! The files inside a container, packed soundly, so that no checksum stands before what reads them: the input is names and
//! contents, each ended by a zero byte.

#![no_main]

use std::io::Cursor;

use countersign_container::validate::validate_source;
use countersign_container::{Container, Limits, Policy, TrustAnchors};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let archive = archive(bytes);
    let limits = Limits { xml_items: 20_000, ..Limits::default() };
    let (anchors, policy) = (TrustAnchors::default(), Policy::default());
    let report =
        validate_source(Cursor::new(archive.clone()), None, &limits, &anchors, Timestamp::UNIX_EPOCH, &policy);
    assert!(!report.is_valid(), "valid with no anchors");
    let Ok(container) = Container::from_bytes_with(&archive, &limits) else { return };
    let _ = (container.signatures(), container.time_stamp_token(), container.free_signature_id());
});

/// A ZIP archive in which everything is stored, and in order.
fn archive(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u16);
    let mut parts = bytes.split(|byte| *byte == 0);
    while let (Some(name), Some(content)) = (parts.next(), parts.next()) {
        if count == 64 || name.len() > 1000 {
            break;
        }
        let offset = u32::try_from(out.len()).unwrap();
        let mut header = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        header.extend(crc32fast::hash(content).to_le_bytes());
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        header.extend([size, size].concat());
        header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        header.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&header);
        out.extend(name);
        out.extend(content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name);
        count += 1;
    }
    let start = u32::try_from(out.len()).unwrap();
    let length = u32::try_from(directory.len()).unwrap();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}
