//! Adding to a signature what it does not cover [RFC 5652 §11.4].

use super::attributes::Attribute;
use super::signed_data::SignedData;
use super::{ID_SIGNED_DATA, retag};
use crate::Error;
use crate::asn1::{self, Parser};

/// Adds an unsigned attribute to signed data with one signer. Everything else keeps its bytes, but for the
/// lengths around it.
///
/// # Errors
/// Those of [`SignedData::from_der`].
pub fn with_unsigned_attribute(signed_data: &[u8], attribute: &Attribute) -> Result<Vec<u8>, Error> {
    SignedData::from_der(signed_data)?;
    const WHAT: &str = "SignedData";
    let mut info = Parser::only(signed_data, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    info.oid()?;
    let explicit = info.expect(asn1::context_constructed(0))?;
    let mut fields = Parser::only(explicit.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let mut parts: Vec<&[u8]> = Vec::new();
    while !fields.is_empty() {
        parts.push(fields.any()?.raw);
    }
    let signers = parts.pop().ok_or(Error::Missing { what: "signerInfos" })?;
    let mut signer = Parser::only(signers, asn1::SET, WHAT)?.inside(WHAT).sequence()?;
    let mut signer_parts: Vec<Vec<u8>> = Vec::new();
    let mut attributes: Vec<Vec<u8>> = Vec::new();
    while !signer.is_empty() {
        let part = signer.any()?;
        // The signed attributes have tag [0], and nothing else has [1].
        if part.tag == asn1::context_constructed(1) {
            let mut set = part.inside(WHAT);
            while !set.is_empty() {
                attributes.push(set.any()?.raw.to_vec());
            }
        } else {
            signer_parts.push(part.raw.to_vec());
        }
    }
    attributes.push(attribute.to_der());
    signer_parts.push(retag(&asn1::set_of(attributes), asn1::context_constructed(1)));
    let signers = asn1::set_of(vec![asn1::sequence(&signer_parts)]);
    let mut parts: Vec<Vec<u8>> = parts.into_iter().map(<[u8]>::to_vec).collect();
    parts.push(signers);
    let content = asn1::tlv(asn1::context_constructed(0), &asn1::sequence(&parts));
    let whole = asn1::sequence(&[asn1::oid(&ID_SIGNED_DATA), content]);
    SignedData::from_der(&whole)?;
    Ok(whole)
}
