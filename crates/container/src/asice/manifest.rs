//! `META-INF/manifest.xml`: which files a container holds, and of what type.
//!
//! ```text
//! <manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
//!   <manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.etsi.asic-e+zip"/>
//!   <manifest:file-entry manifest:full-path="a.txt" manifest:media-type="text/plain"/>
//! </manifest:manifest>
//! ```
//!
//! OpenDocument 1.2 part 3 §4; that the file is mandatory is EN 319 162-1 A.1 as all readers take it.
//! Paths are plain UTF-8, not percent-encoded. The container's own files are not listed.

use std::collections::HashSet;

use super::MIMETYPE;
use crate::error::{Error, ManifestFault, Result};
use crate::limits::Limits;
use crate::name::{FileName, is_metadata};
use crate::xml;

/// Where the manifest lies.
pub(crate) const MANIFEST_NAME: &str = "META-INF/manifest.xml";
const NAMESPACE: &str = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";

/// The data files that a manifest lists, with their media types, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) files: Vec<(FileName, String)>,
    /// Entries of `META-INF/` or `mimetype`, which have no business here and are passed over.
    pub(crate) listed_metadata: Vec<String>,
}

impl Manifest {
    /// Reads the manifest of a container of this type.
    pub(crate) fn parse(bytes: &[u8], mimetype: &str, limits: &Limits) -> Result<Self> {
        let text = xml::text(MANIFEST_NAME, bytes, limits)?;
        let document = xml::parse(MANIFEST_NAME, text, limits)?;
        let root = document
            .document_element()
            .filter(|root| xml::is(&document, *root, NAMESPACE, "manifest"))
            .ok_or_else(|| fault(ManifestFault::Root, "manifest:manifest is expected"))?;
        let entries = xml::child_elements(&document, root)
            .ok_or_else(|| fault(ManifestFault::Element, "text in manifest:manifest"))?;
        let mut manifest = Self { files: Vec::new(), listed_metadata: Vec::new() };
        let mut paths = HashSet::new();
        let mut root_type = None;
        for entry in entries {
            if !xml::is(&document, entry, NAMESPACE, "file-entry")
                || !xml::child_elements(&document, entry).is_some_and(|children| children.is_empty())
            {
                return Err(fault(ManifestFault::Element, &xml::shown_name(&document, entry)));
            }
            let attribute = |name: &str| {
                let element = document.element(entry);
                element
                    .and_then(|element| element.get_attribute_ns(NAMESPACE, name))
                    .ok_or_else(|| fault(ManifestFault::Element, &format!("no manifest:{name}")))
            };
            let (path, media_type) = (attribute("full-path")?, attribute("media-type")?);
            if path == "/" {
                if root_type.replace(media_type.to_owned()).is_some() {
                    return Err(fault(ManifestFault::NoRootEntry, "two entries"));
                }
                continue;
            }
            if !paths.insert(path.to_owned()) {
                return Err(fault(ManifestFault::Duplicate, path));
            }
            if is_metadata(path) || path == "mimetype" {
                manifest.listed_metadata.push(path.to_owned());
            } else if !path.ends_with('/') {
                manifest.files.push((FileName::parse(path)?, media_type.to_owned()));
            }
        }
        match root_type {
            None => Err(fault(ManifestFault::NoRootEntry, "none")),
            Some(found) if found != mimetype => Err(fault(ManifestFault::RootType, &found)),
            Some(_) => Ok(manifest),
        }
    }

    pub(crate) fn write<'a>(files: impl IntoIterator<Item = (&'a FileName, &'a str)>) -> String {
        let mut text = xml::CanonicalText::default();
        text.raw("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
        text.open("manifest:manifest", &[("xmlns:manifest", NAMESPACE), ("manifest:version", "1.2")]);
        let files = files.into_iter().map(|(name, media_type)| (name.as_str(), media_type));
        for (path, media_type) in std::iter::once(("/", MIMETYPE)).chain(files) {
            let attributes = [("manifest:full-path", path), ("manifest:media-type", media_type)];
            text.open("manifest:file-entry", &attributes).close();
        }
        text.finish()
    }
}

fn fault(fault: ManifestFault, subject: &str) -> Error {
    Error::Manifest { fault, subject: subject.chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(entries: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><m:manifest xmlns:m=\"{NAMESPACE}\" m:version=\"1.2\">{entries}</m:manifest>"
        )
    }

    fn entry(path: &str, media_type: &str) -> String {
        format!("<m:file-entry m:full-path=\"{path}\" m:media-type=\"{media_type}\"/>")
    }

    fn parse(xml: &str) -> Result<Manifest> {
        Manifest::parse(xml.as_bytes(), MIMETYPE, &Limits::default())
    }

    #[test]
    fn a_manifest_reads_back_as_written() {
        let files = [("a&b \"<c>\".txt", "text/plain"), ("õ/ё/📄.bin", "application/octet-stream")]
            .map(|(name, media_type)| (FileName::parse(name).unwrap(), media_type.to_owned()));
        let written = Manifest::write(files.iter().map(|(name, media_type)| (name, media_type.as_str())));
        assert_eq!(parse(&written).unwrap().files, files);
    }

    #[test]
    fn each_broken_manifest_is_refused_for_its_own_reason() {
        let root = entry("/", MIMETYPE);
        let cases = [
            (manifest(""), ManifestFault::NoRootEntry),
            (manifest(&format!("{root}{root}")), ManifestFault::NoRootEntry),
            (manifest(&entry("/", "application/vnd.etsi.asic-s+zip")), ManifestFault::RootType),
            (manifest(&format!("{root}{0}{0}", entry("a", "b/c"))), ManifestFault::Duplicate),
            (manifest(&format!("{root}<m:file-entry m:full-path=\"a\"/>")), ManifestFault::Element),
            (manifest(&format!("{root}<m:other/>")), ManifestFault::Element),
            (manifest(&format!("{root}text")), ManifestFault::Element),
            ("<manifest/>".to_owned(), ManifestFault::Root),
        ];
        for (xml, expected) in cases {
            match parse(&xml) {
                Err(Error::Manifest { fault, .. }) => assert_eq!(fault, expected, "{xml}"),
                other => panic!("{xml}: {other:?}"),
            }
        }
        for path in ["../a", "/a", "a\\b", "a//b", "./a"] {
            let xml = manifest(&format!("{root}{}", entry(path, "b/c")));
            assert!(matches!(parse(&xml), Err(Error::Name { .. })), "{path}");
        }
    }

    #[test]
    fn folders_and_the_containers_own_files_are_passed_over() {
        let listed = format!(
            "{}{}{}{}",
            entry("/", MIMETYPE),
            entry("META-INF/signatures0.xml", "text/xml"),
            entry("dir/", ""),
            entry("dir/a", "b/c")
        );
        let manifest = parse(&manifest(&listed)).unwrap();
        assert_eq!(manifest.files, [(FileName::parse("dir/a").unwrap(), "b/c".to_owned())]);
        assert_eq!(manifest.listed_metadata, ["META-INF/signatures0.xml"]);
    }
}
