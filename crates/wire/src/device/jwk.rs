//! P-256 public keys as JSON Web Keys [RFC 7517, RFC 7518 §6.2.1] and their thumbprints [RFC 7638].

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::base64::{B64u, b64u};

/// A point of P-256, checked to be on the curve and not its neutral element.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "PointMembers", into = "PointMembers")]
pub struct Point {
    /// `04 ‖ x ‖ y` [SEC 1 §2.3.3].
    uncompressed: [u8; 65],
}

impl Point {
    /// From `04 ‖ x ‖ y`. Error: [`Error::PublicKey`].
    pub fn from_uncompressed(octets: &[u8]) -> Result<Self, Error> {
        let uncompressed: [u8; 65] =
            octets.try_into().map_err(|_| Error::PublicKey("expected 65 octets, uncompressed"))?;
        // The decoder also reads compressed forms, but not in 65 octets.
        p256::PublicKey::from_sec1_bytes(&uncompressed)
            .map_err(|_| Error::PublicKey("not a point of the curve"))?;
        Ok(Self { uncompressed })
    }

    /// `04 ‖ x ‖ y`.
    pub fn as_uncompressed(&self) -> &[u8; 65] {
        &self.uncompressed
    }

    /// Affine x, 32 octets.
    pub fn x(&self) -> &[u8] {
        &self.uncompressed[1..33]
    }

    /// Affine y, 32 octets.
    pub fn y(&self) -> &[u8] {
        &self.uncompressed[33..]
    }
}

/// A public key of a device.
///
/// ```json
/// {"kty":"EC","crv":"P-256","x":"<43 Base64url characters>","y":"<43 Base64url characters>"}
/// ```
///
/// Members that browsers add on export (`ext`, `key_ops`, `alg`, `use`) are passed over; a private key is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "JwkMembers", into = "JwkMembers")]
pub struct Jwk(Point);

impl Jwk {
    /// The point.
    pub fn point(&self) -> &Point {
        &self.0
    }

    /// SHA-256 over the required members in lexicographic order [RFC 7638 §3].
    pub fn thumbprint(&self) -> Thumbprint {
        let (x, y) = (b64u(self.0.x()), b64u(self.0.y()));
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Thumbprint(b64u(digest(&SHA256, canonical.as_bytes()).as_ref()))
    }
}

impl From<Point> for Jwk {
    fn from(point: Point) -> Self {
        Self(point)
    }
}

/// The thumbprint of a key: 43 Base64url characters. It is how a device is found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint(String);

impl Thumbprint {
    /// Reads a thumbprint. Error: [`Error::MalformedId`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match B64u::parse(text) {
            Some(octets) if octets.0.len() == 32 => Ok(Self(text.to_owned())),
            Some(_) | None => Err(Error::MalformedId {
                kind: "key thumbprint",
                expected: "32 octets in 43 Base64url characters",
            }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Four words that people can say and compare in any language: the first 64 bits, 16 to a word, consonant and vowel in
    /// turn. The phone shows them at enrolment, and so does the desk that gave the code.
    pub fn words(&self) -> [String; 4] {
        const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
        const VOWELS: &[u8; 4] = b"aiou";
        // Cannot fail: checked by `parse`, or written by `Jwk::thumbprint`.
        let octets = B64u::parse(&self.0).expect("32 octets in Base64url");
        std::array::from_fn(|at| {
            let bits = usize::from(u16::from_be_bytes([octets.0[2 * at], octets.0[2 * at + 1]]));
            let letters = [
                CONSONANTS[bits >> 12],
                VOWELS[bits >> 10 & 3],
                CONSONANTS[bits >> 6 & 15],
                VOWELS[bits >> 4 & 3],
                CONSONANTS[bits & 15],
            ];
            letters.map(char::from).iter().collect()
        })
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({})", self.0)
    }
}

#[derive(Serialize, Deserialize)]
struct PointMembers {
    x: B64u,
    y: B64u,
}

impl TryFrom<PointMembers> for Point {
    type Error = Error;
    fn try_from(members: PointMembers) -> Result<Self, Error> {
        // Always the full length, also with leading zeros [RFC 7518 §6.2.1.2].
        if members.x.0.len() != 32 || members.y.0.len() != 32 {
            return Err(Error::PublicKey("expected x and y of 32 octets"));
        }
        Self::from_uncompressed(&[&[4], members.x.as_ref(), members.y.as_ref()].concat())
    }
}

impl From<Point> for PointMembers {
    fn from(point: Point) -> Self {
        Self { x: point.x().into(), y: point.y().into() }
    }
}

#[derive(Serialize, Deserialize)]
struct JwkMembers {
    kty: String,
    crv: String,
    x: B64u,
    y: B64u,
    #[serde(default, skip_serializing)]
    d: Option<IgnoredAny>,
}

impl TryFrom<JwkMembers> for Jwk {
    type Error = Error;
    fn try_from(members: JwkMembers) -> Result<Self, Error> {
        if members.kty != "EC" || members.crv != "P-256" {
            return Err(Error::PublicKey("expected kty EC and crv P-256"));
        }
        if members.d.is_some() {
            return Err(Error::PublicKey("expected a public key, found a private one"));
        }
        Ok(Self(PointMembers { x: members.x, y: members.y }.try_into()?))
    }
}

impl From<Jwk> for JwkMembers {
    fn from(jwk: Jwk) -> Self {
        let PointMembers { x, y } = jwk.0.into();
        Self { kty: "EC".to_owned(), crv: "P-256".to_owned(), x, y, d: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key of RFC 7515 A.3.
    const EXAMPLE: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn a_key_is_read_and_written_back() {
        let jwk: Jwk = serde_json::from_str(EXAMPLE).unwrap();
        assert_eq!(serde_json::to_string(&jwk).unwrap(), EXAMPLE);
        // Computed with Python's hashlib over the canonical form.
        assert_eq!(jwk.thumbprint().as_str(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
        assert_eq!(Thumbprint::parse(jwk.thumbprint().as_str()).unwrap(), jwk.thumbprint());
    }

    #[test]
    fn members_that_browsers_add_are_passed_over() {
        let exported = EXAMPLE.replace("{\"kty\"", r#"{"ext":true,"key_ops":["verify"],"kty""#);
        assert!(serde_json::from_str::<Jwk>(&exported).is_ok());
    }

    #[test]
    fn a_private_key_is_refused() {
        let private =
            EXAMPLE.replace("{\"kty\"", r#"{"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","kty""#);
        assert!(serde_json::from_str::<Jwk>(&private).is_err());
    }

    #[test]
    fn what_is_not_a_point_of_p256_is_refused() {
        for (from, to) in [
            ("f83OJ", "f83OK"),
            ("P-256", "P-384"),
            ("EC", "RSA"),
            ("VEU\"", "VEU=\""),
            (r#""x":"f83O"#, r#""x":"AAf83O"#),
        ] {
            let wrong = EXAMPLE.replace(from, to);
            assert_ne!(wrong, EXAMPLE);
            assert!(serde_json::from_str::<Jwk>(&wrong).is_err(), "{to}");
        }
        let zero = "A".repeat(43);
        let wrong = format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#);
        assert!(serde_json::from_str::<Jwk>(&wrong).is_err());
    }
}
