//! Containers: what can be opened can be written and opened again as the same files, and validating it ends.

#![no_main]

use countersign_container::{Container, Form, Limits, Policy, TrustAnchors, validate};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits {
        total_bytes: 4 << 20,
        data_file_bytes: 1 << 20,
        metadata_bytes: 1 << 20,
        ..Limits::default()
    };
    let Ok(container) = Container::from_bytes_with(bytes, &limits) else { return };
    let report = validate(&container, &TrustAnchors::default(), Timestamp::UNIX_EPOCH, &Policy::default());
    assert!(!report.is_valid(), "valid with no anchors");
    let _ = (report.to_string(), report.to_json());
    for (_, signature) in container.signatures().unwrap_or_default() {
        assert!(!signature.to_xml().is_empty());
    }
    if container.data_files().is_empty() || container.form() == Form::Hashcode {
        return;
    }
    let again = Container::from_bytes(&container.to_bytes().unwrap()).unwrap();
    assert_eq!(again.data_files(), container.data_files());
    for file in container.data_files() {
        let name = file.name().as_str();
        let content = container.read_data_file(name).unwrap();
        assert_eq!(content.len() as u64, file.size());
        assert_eq!(again.read_data_file(name).unwrap(), content);
    }
});
