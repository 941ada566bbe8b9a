//! The public key as everybody else sees it: ordinary RSA.

use crate::combine::Signature;
use crate::encode::Scheme;
use crate::error::Error;
use crate::key::Parameters;
use crate::modexp::{self, PUBLIC_EXPONENT};
use crate::modulus::Modulus;
use crate::natural::Natural;

/// An RSA public key with exponent 65537.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    n: Modulus,
}

impl PublicKey {
    /// A public key with this modulus.
    pub fn new(n: Modulus) -> Self {
        Self { n }
    }

    /// The phone's check of the key the service announces: n contains n1 and has exactly the agreed length.
    pub fn from_service(parameters: &Parameters, n1: &Modulus, n: &[u8]) -> Result<Self, Error> {
        let n = Modulus::from_be_bytes(n)?;
        let multiple = modexp::reduce(n.as_natural(), n1.as_natural())?.bit_len() == 0;
        if multiple && n.bits() == parameters.modulus_bits() {
            Ok(Self { n })
        } else {
            Err(Error::ForeignPublicKey)
        }
    }

    /// The modulus.
    pub fn modulus(&self) -> &Modulus {
        &self.n
    }

    /// The exponent, 65537.
    pub fn exponent(&self) -> u32 {
        PUBLIC_EXPONENT
    }

    /// Bits of the modulus.
    pub fn bits(&self) -> u32 {
        self.n.bits()
    }

    /// DER of the SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 8017 A.1.1), rsaEncryption with NULL parameters.
    ///
    /// ```asn1
    /// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
    /// RSAPublicKey         ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
    /// ```
    pub fn spki_der(&self) -> Vec<u8> {
        let key =
            tlv(0x30, &[integer(self.n.as_be_bytes()), integer(&PUBLIC_EXPONENT.to_be_bytes())].concat());
        // SEQUENCE { OBJECT IDENTIFIER 1.2.840.113549.1.1.1, NULL }
        let algorithm = [0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0];
        let bits = tlv(0x03, &[&[0], key.as_slice()].concat());
        tlv(0x30, &[algorithm.as_slice(), &bits].concat())
    }

    /// Verifies a signature over a ready digest (RFC 8017 8.1.2 and 8.2.2).
    ///
    /// Errors: [`Error::BadSignature`], or a digest of the wrong length.
    pub fn verify(&self, scheme: Scheme, digest: &[u8], signature: &Signature) -> Result<(), Error> {
        let s = Natural::from_be_bytes(signature.as_bytes());
        if s.len() != self.n.len() || !s.less_than(self.n.as_natural()) {
            return Err(Error::BadSignature);
        }
        let encoded = modexp::power_public(&s, PUBLIC_EXPONENT, self.n.as_natural())?;
        scheme.check(encoded.as_bytes(), digest, self.bits())
    }
}

/// A DER INTEGER of a positive number: no leading zeros but the one that keeps it positive.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let sign: &[u8] = if bytes.get(start).is_some_and(|byte| *byte < 0x80) { &[] } else { &[0] };
    tlv(0x02, &[sign, &bytes[start..]].concat())
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len().to_be_bytes();
    let significant = &len[len.iter().position(|byte| *byte != 0).unwrap_or(len.len() - 1)..];
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | significant.len() as u8); // at most eight
    }
    out.extend_from_slice(significant);
    out.extend_from_slice(content);
    out
}
