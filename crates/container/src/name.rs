//! Names of files in a container, and their form in a `ds:Reference`.
//!
//! A name is checked once, when it enters the program, so that nobody who later writes a data file to a
//! disk can be led out of a folder. In references names are percent-encoded per path segment
//! (RFC 3986 §2.1); they are compared after decoding, byte for byte and without Unicode normalisation.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, NameFault, Result};

/// Longest name accepted, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 1024;

/// Everything outside RFC 3986's `unreserved` is encoded, except the separator. A plus sign becomes
/// `%2B`: readers disagree on a bare plus, and nobody disagrees on the encoded one.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The name of a data file: a relative path outside `META-INF/`, `/` between its segments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(String);

impl FileName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] for an absolute path, `..`, backslashes, control characters, a reserved name,
    /// and for more than [`MAX_NAME_BYTES`].
    pub fn parse(name: &str) -> Result<Self> {
        check_path(name)?;
        // Case-insensitive: on a file system that folds case these would land in the same place.
        let reserved = name.eq_ignore_ascii_case("mimetype")
            || name.eq_ignore_ascii_case("META-INF")
            || is_metadata(name);
        if reserved {
            return Err(fault(name, NameFault::Reserved));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as the `URI` of a reference.
    pub fn to_uri(&self) -> String {
        to_uri(&self.0)
    }

    /// The form under which two names may collide on somebody's disk: NFC and lower case.
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for FileName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The name of an entry as the `URI` of a reference.
pub(crate) fn to_uri(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// The name a reference's `URI` points at, or why it points at no file of the container.
///
/// Only a relative path is accepted: no scheme, authority, query or fragment, so that nothing can ever
/// be fetched. `+` stays a plus.
pub(crate) fn name_from_uri(uri: &str) -> std::result::Result<String, &'static str> {
    if uri.is_empty() {
        return Err("an empty URI (the document itself)");
    }
    if uri.starts_with('/') {
        return Err("an absolute path or authority");
    }
    if uri.contains(['?', '#']) {
        return Err("a query or fragment");
    }
    if uri.contains('\\') || uri.chars().any(char::is_control) {
        return Err("a backslash or control character");
    }
    let first_segment = uri.split('/').next().unwrap_or(uri);
    if let Some((scheme, _)) = first_segment.split_once(':')
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    {
        return Err("a URI with a scheme");
    }
    let bytes = uri.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'%' {
            let digits = bytes.get(at + 1..at + 3).ok_or("a broken percent-encoding")?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return Err("a broken percent-encoding");
            }
        }
    }
    percent_encoding::percent_decode_str(uri)
        .decode_utf8()
        .map(|name| name.into_owned())
        .map_err(|_| "percent-encoded bytes that are not UTF-8")
}

/// Whether the entry belongs to the container rather than to the person who signed.
pub(crate) fn is_metadata(name: &str) -> bool {
    name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("META-INF/"))
}

/// Rules for every entry, data file or not.
pub(crate) fn check_path(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(fault(name.get(..64).unwrap_or_default(), NameFault::Length));
    }
    if name.chars().any(char::is_control) {
        return Err(fault(name, NameFault::ControlCharacter));
    }
    if name.contains('\\') {
        return Err(fault(name, NameFault::Backslash));
    }
    let drive =
        name.as_bytes().get(..2).is_some_and(|start| start[0].is_ascii_alphabetic() && start[1] == b':');
    if name.starts_with('/') || drive {
        return Err(fault(name, NameFault::Absolute));
    }
    if name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(fault(name, NameFault::Segment));
    }
    Ok(())
}

pub(crate) fn folded(name: &str) -> String {
    name.nfc().flat_map(char::to_lowercase).nfc().collect()
}

fn fault(name: &str, fault: NameFault) -> Error {
    Error::Name { name: name.to_owned(), fault }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_names_of_several_languages_are_accepted() {
        for name in
            ["a.txt", "Leping õäöü.pdf", "договор.docx", "📄✍️.txt", "a/b/c.txt", "a+b %20.txt", "..a", "a:b"]
        {
            if name == "a:b" {
                assert!(FileName::parse(name).is_err(), "a drive letter");
                continue;
            }
            assert_eq!(FileName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let cases = [
            ("", NameFault::Length),
            ("/etc/passwd", NameFault::Absolute),
            ("C:\\x", NameFault::Backslash),
            ("c:x", NameFault::Absolute),
            ("../evil", NameFault::Segment),
            ("a/../../b", NameFault::Segment),
            ("a//b", NameFault::Segment),
            ("a/", NameFault::Segment),
            ("./a", NameFault::Segment),
            ("a\0b", NameFault::ControlCharacter),
            ("a\nb", NameFault::ControlCharacter),
            ("a\\b", NameFault::Backslash),
            ("mimetype", NameFault::Reserved),
            ("Meta-Inf/x", NameFault::Reserved),
            ("META-INF", NameFault::Reserved),
        ];
        for (name, expected) in cases {
            match FileName::parse(name) {
                Err(Error::Name { fault, .. }) => assert_eq!(fault, expected, "{name:?}"),
                other => panic!("{name:?}: {other:?}"),
            }
        }
        assert!(FileName::parse(&"a".repeat(MAX_NAME_BYTES)).is_ok());
        assert!(FileName::parse(&"õ".repeat(MAX_NAME_BYTES)).is_err());
    }

    #[test]
    fn uris_that_point_elsewhere_are_refused() {
        for uri in [
            "",
            "/a",
            "//host/a",
            "http://host/a",
            "file:a",
            "a#b",
            "#a",
            "a?b",
            "a\\b",
            "%zz",
            "%4",
            "%",
            "%ff",
        ] {
            assert!(name_from_uri(uri).is_err(), "{uri:?}");
        }
        assert_eq!(name_from_uri("a+b%20c").unwrap(), "a+b c");
        assert_eq!(name_from_uri("a%2Bb").unwrap(), "a+b");
        assert_eq!(name_from_uri("d/%C3%B5.txt").unwrap(), "d/õ.txt");
    }

    #[test]
    fn composed_and_decomposed_names_are_two_names_that_collide() {
        let (nfc, nfd) = (FileName::parse("\u{f5}").unwrap(), FileName::parse("o\u{303}").unwrap());
        assert_ne!(nfc, nfd);
        assert_ne!(nfc.to_uri(), nfd.to_uri());
        assert_eq!(nfc.folded(), nfd.folded());
        assert_eq!(FileName::parse("ÕUN").unwrap().folded(), FileName::parse("õun").unwrap().folded());
    }

    proptest! {
        #[test]
        fn a_name_survives_its_uri(name in "\\PC{1,60}") {
            if let Ok(name) = FileName::parse(&name) {
                let uri = name.to_uri();
                prop_assert!(uri.is_ascii());
                prop_assert_eq!(name_from_uri(&uri).unwrap(), name.as_str());
            }
        }

        #[test]
        fn any_uri_is_decoded_or_refused(uri in "\\PC{0,60}") {
            let _ = name_from_uri(&uri);
        }
    }
}
