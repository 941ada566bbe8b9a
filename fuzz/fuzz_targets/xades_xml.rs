//! Signature files: reading one ends, and what is read stays within its bounds.

#![no_main]

use countersign_container::{Limits, SignedSignature, xades::parse::SignaturesFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { xml_items: 20_000, ..Limits::default() };
    let Ok(file) = SignaturesFile::parse("META-INF/signatures0.xml", bytes, &limits) else { return };
    assert!(!file.signatures().is_empty() && file.signatures().len() <= limits.signatures);
    for signature in file.signatures().iter().flatten() {
        // Canonical forms are never empty, and files are named once each.
        assert!(!signature.signed_info.is_empty());
        let mut names: Vec<&str> = signature.files.iter().map(|file| &*file.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(signature) = SignedSignature::from_xml(text)
    {
        assert_eq!(signature.to_xml(), text);
    }
});
