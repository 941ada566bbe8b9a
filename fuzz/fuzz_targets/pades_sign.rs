//! A stranger's PDF document, prepared for a signature: it is refused, or every byte of it stays where it is, and what was
//! added is one field that can be found again.

#![no_main]

use std::sync::LazyLock;

use countersign_container::pades::{Appearance, PdfLimits, PdfSignatureRequest, open, prepare};
use countersign_pki::{Certificate, Digest, SignatureAlgorithm};
use libfuzzer_sys::fuzz_target;

static SIGNER: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::from_der(include_bytes!("../seeds/certificate/person")).unwrap());

fuzz_target!(|bytes: &[u8]| {
    let limits = PdfLimits { file_bytes: 1 << 20, values: 200_000, inflated_bytes: 4 << 20, ..PdfLimits::default() };
    let Ok(before) = open(bytes, &limits) else { return };
    let now = "2026-11-22T12:00:00Z".parse().expect("a time");
    let seen = Appearance {
        page: 1,
        rectangle: [10.0, 10.0, 200.0, 50.0],
        lines: vec!["Signed".to_owned()],
        font: None,
        picture: None,
    };
    for appearance in [None, Some(seen)] {
        let mut request = PdfSignatureRequest::new(SIGNER.clone(), SignatureAlgorithm::Ecdsa(Digest::Sha256), now);
        request.appearance = appearance;
        let Ok(prepared) = prepare(bytes, &request, &limits) else { continue };
        let stored = prepared.to_bytes();
        let file = &stored[stored.iter().position(|byte| *byte == b'\n').unwrap() + 1..];
        assert!(file.starts_with(bytes), "a byte of the document changed");
        let after = open(file, &PdfLimits::default()).expect("what was written can be read");
        // The place of the value is still empty, so it is not a signature yet.
        let fields = |document: &countersign_container::pades::Document| {
            document.signatures.len() + document.broken.len() + document.empty_fields.len()
        };
        assert_eq!(fields(&after), fields(&before) + 1);
        assert_eq!(after.revisions.len(), before.revisions.len() + 1);
    }
});
