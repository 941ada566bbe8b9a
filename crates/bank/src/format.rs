//! What a signed file is: a container with the file inside, or a PDF document with the signature inside.

use countersign_container::pades::{PdfLimits, check_signable};
use countersign_container::{Limits, Policy, TrustAnchors, validate_bytes};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What comes out of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Format {
    /// An ASiC-E container, for files of every kind.
    Asice,
    /// The PDF document itself, with one more revision.
    Pdf,
}

impl Format {
    const ALL: [Self; 2] = [Self::Asice, Self::Pdf];

    /// The media type [EN 319 162-1 §A.1, RFC 8118 §8].
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Asice => "application/vnd.etsi.asic-e+zip",
            Self::Pdf => "application/pdf",
        }
    }

    /// The format of that media type.
    pub(crate) fn of_media_type(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == kind)
    }

    /// What the signed file is called: `contract.pdf` becomes `contract.asice`, or `contract-signed.pdf`.
    pub(crate) fn name_for(self, name: &str) -> String {
        const SIGNED: &str = "-signed";
        let stem = match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            Some(_) | None => name,
        };
        match self {
            Self::Asice => format!("{stem}.asice"),
            Self::Pdf => format!("{}{SIGNED}.pdf", stem.strip_suffix(SIGNED).unwrap_or(stem)),
        }
    }
}

/// What a file can become, and why a PDF document cannot stay one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Formats {
    pub(crate) usual: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_as_pdf: Option<String>,
}

impl Formats {
    /// Looks into the file, whatever the browser says of it.
    pub(crate) fn of(content: &[u8], anchors: &TrustAnchors, now: Timestamp) -> Self {
        if !content.starts_with(b"%PDF-") {
            return Self::container(None);
        }
        match in_the_way(content, anchors, now) {
            None => Self { usual: Format::Pdf, other: Some(Format::Asice), not_as_pdf: None },
            problem @ Some(_) => Self::container(problem),
        }
    }

    const fn container(not_as_pdf: Option<String>) -> Self {
        Self { usual: Format::Asice, other: None, not_as_pdf }
    }
}

/// Why no signature of ours goes into a document. A signature next to one that we cannot check would look as if we had.
fn in_the_way(content: &[u8], anchors: &TrustAnchors, now: Timestamp) -> Option<String> {
    let document = match check_signable(content, &PdfLimits::default()) {
        Ok(document) => document,
        Err(error) => return Some(error.to_string()),
    };
    if document.signatures.is_empty() {
        return None;
    }
    let report = validate_bytes(content, None, &Limits::default(), anchors, now, &Policy::default());
    (!report.is_valid())
        .then(|| "it is signed already, and not every signature passes the bank's check".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_file_is_named_after_its_file() {
        for (name, container, document) in [
            ("contract.pdf", "contract.asice", "contract-signed.pdf"),
            ("contract-signed.pdf", "contract-signed.asice", "contract-signed.pdf"),
            ("contract", "contract.asice", "contract-signed.pdf"),
            (".env", ".env.asice", ".env-signed.pdf"),
            ("a.b.c", "a.b.asice", "a.b-signed.pdf"),
        ] {
            assert_eq!(Format::Asice.name_for(name), container);
            assert_eq!(Format::Pdf.name_for(name), document);
        }
    }

    #[test]
    fn a_media_type_is_of_one_format() {
        for format in Format::ALL {
            assert_eq!(Format::of_media_type(format.media_type()), Some(format));
        }
        assert_eq!(Format::of_media_type("application/zip"), None);
    }

    #[test]
    fn what_is_no_document_goes_into_a_container() {
        let of = |content: &[u8]| Formats::of(content, &TrustAnchors::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(of(b"One sheep."), Formats::container(None));
        let broken = of(b"%PDF-1.7\nthat is all");
        assert_eq!((broken.usual, broken.other), (Format::Asice, None));
        assert!(broken.not_as_pdf.is_some());
    }

    #[test]
    fn a_document_with_a_signature_of_strangers_goes_into_a_container() {
        let document = include_bytes!("../../../fixtures/pdf/pyhanko/p384-LT-stream.pdf");
        let found = Formats::of(document, &TrustAnchors::default(), Timestamp::UNIX_EPOCH);
        assert_eq!((found.usual, found.other), (Format::Asice, None));
        assert!(found.not_as_pdf.is_some_and(|why| why.contains("signed already")));
    }
}
