//! JSON Web Signatures in the compact form [RFC 7515 §7.1], as far as our own interfaces take them: three parts, a header of
//! three members, and algorithms with a public key alone [RFC 7518 §3.1].
//!
//! Strict on purpose [RFC 8725]: a header that says more than that is refused, so that there is no `crit`, no key inside the
//! message, no `none` and no HMAC to be talked into.

use serde::Deserialize;

use crate::base64::from_b64u;
use crate::words;

words! {
    /// How it is signed.
    pub enum JwsAlgorithm {
        /// ECDSA over P-256 with SHA-256; the signature is `r ‖ s`, 64 octets.
        Es256 = "ES256",
        /// RSASSA-PSS with SHA-256 and a salt of 32 octets.
        Ps256 = "PS256",
    }
}

/// A signature that was taken apart. Nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactJws<'a> {
    /// What the header says.
    pub algorithm: JwsAlgorithm,
    /// The type that the header says.
    pub kind: String,
    /// What is signed: header and payload as they came, with the dot.
    pub signed: &'a str,
    /// What was signed.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The longest that is taken apart, in characters.
pub const JWS_MAX: usize = 16 * 1024;

/// Why it is none that is taken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitJws {
    /// Not three parts of base64url, or too long.
    #[error("expected three parts of base64url with dots between, at most {JWS_MAX} characters")]
    Form,
    /// The header is no JSON object of `alg`, `typ` and, if need be, `kid`.
    #[error("expected a header of alg, typ and perhaps kid")]
    Header,
    /// Another algorithm.
    #[error("expected alg to be one of ES256, PS256")]
    Algorithm,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    #[serde(rename = "kid", default)]
    _kid: Option<String>,
}

impl<'a> CompactJws<'a> {
    /// Takes it apart.
    pub fn parse(text: &'a str) -> Result<Self, UnfitJws> {
        if text.len() > JWS_MAX {
            return Err(UnfitJws::Form);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(UnfitJws::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(UnfitJws::Form)?;
        let octets = |part: &str| from_b64u(part).ok_or(UnfitJws::Form);
        let (payload, signature) = (octets(payload)?, octets(signature)?);
        let header: Header = serde_json::from_slice(&octets(header)?).map_err(|_| UnfitJws::Header)?;
        let algorithm = header.alg.parse().map_err(|_| UnfitJws::Algorithm)?;
        Ok(Self { algorithm, kind: header.typ, signed, payload, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64::b64u;

    fn with(header: &str) -> String {
        format!("{}.{}.{}", b64u(header.as_bytes()), b64u(b"{}"), b64u(&[1; 64]))
    }

    #[test]
    fn three_parts_are_taken_apart() {
        let text = with(r#"{"alg":"ES256","typ":"x+jwt","kid":"2026"}"#);
        let jws = CompactJws::parse(&text).unwrap();
        assert_eq!((jws.algorithm, jws.kind.as_str()), (JwsAlgorithm::Es256, "x+jwt"));
        assert_eq!((jws.payload.as_slice(), jws.signature.len()), (&b"{}"[..], 64));
        assert!(text.starts_with(jws.signed));
    }

    #[test]
    fn whoever_signs_does_not_choose_how_it_is_verified() {
        for alg in ["none", "None", "HS256", "RS256", "ES384", "EdDSA", ""] {
            let text = with(&format!(r#"{{"alg":"{alg}","typ":"x"}}"#));
            assert_eq!(CompactJws::parse(&text).unwrap_err(), UnfitJws::Algorithm, "{alg}");
        }
        for header in [
            r#"{"alg":"ES256"}"#,
            r#"{"alg":"ES256","typ":"x","crit":["b64"]}"#,
            r#"{"alg":"ES256","typ":"x","jwk":{}}"#,
            r#"{"alg":"ES256","typ":"x","jku":"https://example.org"}"#,
            r#"{"alg":"ES256","alg":"none","typ":"x"}"#,
            "[]",
            "{",
        ] {
            assert_eq!(CompactJws::parse(&with(header)).unwrap_err(), UnfitJws::Header, "{header}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = with(r#"{"alg":"ES256","typ":"x"}"#);
        let long = format!("{good}{}", "A".repeat(JWS_MAX));
        for wrong in
            ["", ".", "..", "a.b", "a.b.c.d", &good[1..], &format!("{good}="), &format!("{good} "), &long]
        {
            assert!(CompactJws::parse(wrong).is_err(), "{wrong:.40}");
        }
    }
}
