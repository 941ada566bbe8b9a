//! PEM around certificates ([RFC 7468]), read leniently: bundles come with comments between the
//! blocks, Windows line ends and lines of any length.
//!
//! [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Error;

pub(super) const LABEL: &str = "CERTIFICATE";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The DER of every block labelled `CERTIFICATE`.
pub(super) fn blocks(text: &str) -> Result<Vec<Vec<u8>>, Error> {
    let broken = Error::NotPem { expected: LABEL };
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let body = &rest[start + BEGIN.len()..];
        let end = body.find(END).ok_or_else(|| broken.clone())?;
        let base64: String = body[..end].chars().filter(|c| !c.is_ascii_whitespace()).collect();
        out.push(STANDARD.decode(base64).map_err(|_| broken.clone())?);
        rest = &body[end + END.len()..];
    }
    Ok(out)
}

pub(super) fn encode(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut out = String::with_capacity(base64.len() + base64.len() / 64 + 64);
    out.push_str(BEGIN);
    out.push('\n');
    for line in base64.as_bytes().chunks(64) {
        out.extend(line.iter().map(|b| char::from(*b)));
        out.push('\n');
    }
    out.push_str(END);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_comments() {
        let one = encode(&[1; 100]);
        let text = format!("subject=x\r\n{}\n# next\n{}", one.replace('\n', "\r\n"), encode(&[2; 5]));
        assert_eq!(blocks(&text).unwrap(), [vec![1; 100], vec![2; 5]]);
        assert!(one.lines().all(|l| l.len() <= 64));
        assert_eq!(blocks("nothing").unwrap(), Vec::<Vec<u8>>::new());
        assert!(blocks(&one[..80]).is_err());
        assert!(blocks(&one.replace("AQEB", "!QEB")).is_err());
    }
}
