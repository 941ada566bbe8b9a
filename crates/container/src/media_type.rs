//! Media types of data files, by the ending of their names: what goes into the manifest when nobody says more.

/// Endings (lower case) and their types: what people put into containers. Everything else is bytes.
const KNOWN: [(&str, &str); 24] = [
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("xml", "application/xml"),
    ("json", "application/json"),
    ("pdf", "application/pdf"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("svg", "image/svg+xml"),
    ("zip", "application/zip"),
    ("asice", "application/vnd.etsi.asic-e+zip"),
    ("eml", "message/rfc822"),
];

/// The media type of a file of this name.
pub fn of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    KNOWN
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map_or("application/octet-stream", |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_decides_in_any_case() {
        assert_eq!(of("Leping.PDF"), "application/pdf");
        assert_eq!(of("leping.txt"), "text/plain");
        assert_eq!(of("txt"), "application/octet-stream");
        assert_eq!(of("archive.tar"), "application/octet-stream");
    }
}
