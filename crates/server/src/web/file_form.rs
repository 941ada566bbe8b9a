//! What a file of the web apps is, judged by its name. Compiled into the build script too, which makes the table of
//! embedded files.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The media type of a file. `None`: nobody has said how such a file is to be served.
pub(crate) fn media_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// Whether the name holds a hash of the content (`assets/index-B3xw_9aZ.js`), so that another content has another
/// name. A name that only looks a little like it is not taken for one: that costs a question, the other way round a
/// stale file for a year.
pub(crate) fn is_hashed(path: &str) -> bool {
    const HASH: usize = 8;
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Some((stem, _)) = name.split_once('.') else { return false };
    let Some(split) = stem.len().checked_sub(HASH + 1) else { return false };
    let hash = stem.as_bytes().split_at(split).1;
    folder.rsplit('/').next() == Some("assets")
        && hash.first() == Some(&b'-')
        && hash.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && hash.iter().any(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The file as gzip [RFC 1952], where that is worth it: text that gets shorter by a tenth.
pub(crate) fn gzip(media_type: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let is_packed = matches!(media_type, "image/png" | "image/webp" | "font/woff2");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a vector does not fail.
    encoder.write_all(plain).ok()?;
    let packed = encoder.finish().ok()?;
    (!is_packed && packed.len() < plain.len() - plain.len() / 10).then_some(packed)
}

/// The tag of a content, from its SHA-256, with the quotes that the header wants [RFC 9110 §8.8.3].
pub(crate) fn etag(sha256: &[u8]) -> String {
    let digits: String = sha256.iter().take(12).map(|octet| format!("{octet:02x}")).collect();
    format!("\"{digits}\"")
}
