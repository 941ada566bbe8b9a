//! What a client asks: `OCSPRequest` [RFC 6960 §4.1.1], its nonce [RFC 9654], and the GET form
//! [RFC 6960 §A.1].

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, OctetString};
use der::{Encode, Enumerated, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::ext::Extension;

use super::CertId;
use crate::Error;
use crate::asn1::{self, Parser};

/// The largest request read, in bytes: 32 certificates named by SHA-256 fit with room to spare.
pub const MAX_REQUEST_LEN: usize = 4096;

/// The most certificates one request may ask about.
pub const MAX_CERT_IDS: usize = 32;

/// id-pkix-ocsp-nonce.
pub(super) const ID_PKIX_OCSP_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.2");

/// Extensions of a request that may be critical and are understood: the nonce is echoed, and the two
/// preferences (acceptable response types, preferred signature algorithms) are met by ignoring them,
/// because there is one response type and one key.
const UNDERSTOOD: [ObjectIdentifier; 3] = [
    ID_PKIX_OCSP_NONCE,
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.8"),
];

/// A request for the status of one or more certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspRequest {
    cert_ids: Vec<CertId>,
    nonce: Option<Nonce>,
}

impl OcspRequest {
    /// Asks about `cert_ids`: at least one, at most [`MAX_CERT_IDS`].
    pub fn new(cert_ids: Vec<CertId>, nonce: Option<Nonce>) -> Result<Self, Error> {
        check_count(cert_ids.len())?;
        Ok(Self { cert_ids, nonce })
    }

    /// Reads a request. A signature on it is tolerated and not looked at: answers are public.
    ///
    /// By hand, since a responder does this thousands of times a second: decoding and comparing with what an encoder
    /// makes of it takes as long as half a signature.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Error> {
        const WHAT: &str = "OCSPRequest";
        if bytes.len() > MAX_REQUEST_LEN {
            return Err(Error::TooLarge { what: WHAT, limit: MAX_REQUEST_LEN, found: bytes.len() });
        }
        let mut wire = Parser::only(bytes, asn1::SEQUENCE, WHAT)?.inside(WHAT);
        let mut tbs = wire.sequence()?;
        if let Some(signature) = wire.optional(asn1::context_constructed(0))? {
            Parser::only(signature.value, asn1::SEQUENCE, "Signature")?;
        }
        wire.end()?;
        // There is one version, and a default is not written out.
        if let Some(name) = tbs.optional(asn1::context_constructed(1))? {
            let mut name = name.inside("requestorName");
            name.any()?;
            name.end()?;
        }
        let mut list = tbs.sequence()?;
        let extensions = read_extensions(&mut tbs, 2)?;
        tbs.end()?;
        let mut cert_ids = Vec::new();
        while !list.is_empty() {
            let mut request = list.sequence()?;
            cert_ids.push(CertId::read(&mut request)?);
            check_count(cert_ids.len())?;
            // serviceLocator and the like steer proxies; none may insist on being understood.
            refuse_critical(&read_extensions(&mut request, 0)?, &[])?;
            request.end()?;
        }
        check_count(cert_ids.len())?;
        refuse_critical(&extensions, &UNDERSTOOD)?;
        Ok(Self { cert_ids, nonce: Nonce::find(&extensions)? })
    }

    /// The DER of the request.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let request_list = self
            .cert_ids
            .iter()
            .map(|id| Request { req_cert: id.clone(), single_request_extensions: None })
            .collect();
        let request_extensions = match &self.nonce {
            Some(nonce) => Some(vec![nonce.to_extension()?]),
            None => None,
        };
        let tbs_request =
            TbsRequest { version: Version::V1, requestor_name: None, request_list, request_extensions };
        Ok(Wire { tbs_request, optional_signature: None }.to_der()?)
    }

    /// The certificates asked about, in order.
    pub fn cert_ids(&self) -> &[CertId] {
        &self.cert_ids
    }

    /// The nonce, when there is one.
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }
}

/// A number used once: proof that the answer was made for this request [RFC 9654 §2].
///
/// ```text
/// Nonce ::= OCTET STRING(SIZE(1..128))
/// ```
///
/// Old clients put the bytes straight into the extension, without the OCTET STRING. That is read, and
/// echoed as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce {
    /// What stands inside the extension's `extnValue`.
    extn_value: Vec<u8>,
    value: Vec<u8>,
}

impl Nonce {
    /// The most bytes a nonce may have.
    pub const MAX_LEN: usize = 128;

    /// A nonce of 1 to 128 bytes. Clients should send 32.
    pub fn new(value: &[u8]) -> Result<Self, Error> {
        check_nonce_len(value.len())?;
        Ok(Self { extn_value: OctetString::new(value)?.to_der()?, value: value.to_vec() })
    }

    /// The nonce itself, without any wrapping.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    pub(super) fn find(extensions: &[Extension]) -> Result<Option<Self>, Error> {
        let Some(extension) = extensions.iter().find(|e| e.extn_id == ID_PKIX_OCSP_NONCE) else {
            return Ok(None);
        };
        let extn_value = extension.extn_value.as_bytes().to_vec();
        let value = match Parser::only(&extn_value, asn1::OCTET_STRING, "nonce") {
            Ok(wrapped) => wrapped.value.to_vec(),
            Err(_) => extn_value.clone(),
        };
        check_nonce_len(value.len())?;
        Ok(Some(Self { extn_value, value }))
    }

    pub(super) fn to_extension(&self) -> Result<Extension, Error> {
        Ok(Extension {
            extn_id: ID_PKIX_OCSP_NONCE,
            critical: false,
            extn_value: OctetString::new(self.extn_value.as_slice())?,
        })
    }
}

/// Turns the last part of a GET path into the DER of a request [RFC 6960 §A.1].
///
/// The path is `{url}/{url-encoding of base64 of the DER}`. Clients and proxies disagree on the encoding,
/// so this reads leniently: `/`, `+` and `=` percent-encoded or not, `+` turned into a space, the URL-safe
/// alphabet, padding left out. What it cannot mend is a proxy that joins `//` into `/`: that loses bits.
pub fn decode_get_path(path: &str) -> Result<Vec<u8>, Error> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    // Every base64 character percent-encoded: nothing longer can hold an acceptable request.
    const MAX_PATH_LEN: usize = MAX_REQUEST_LEN.div_ceil(3) * 4 * 3 + 1;

    if path.len() > MAX_PATH_LEN {
        return Err(Error::TooLarge { what: "OCSP GET path", limit: MAX_PATH_LEN, found: path.len() });
    }
    // DER starts with 0x30, so its base64 never starts with a slash: those in front belong to the URL.
    let text: Vec<u8> = percent_encoding::percent_decode_str(path.trim_start_matches('/'))
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .map(|byte| match byte {
            b' ' | b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    let der = LENIENT
        .decode(&text)
        .map_err(|_| Error::malformed("OCSP GET path", "it is not percent-encoded base64"))?;
    if der.len() > MAX_REQUEST_LEN {
        return Err(Error::TooLarge { what: "OCSPRequest", limit: MAX_REQUEST_LEN, found: der.len() });
    }
    Ok(der)
}

/// `[tag] EXPLICIT Extensions OPTIONAL`
fn read_extensions(fields: &mut Parser<'_>, tag: u8) -> Result<Vec<Extension>, Error> {
    const WHAT: &str = "Extensions";
    let Some(explicit) = fields.optional(asn1::context_constructed(tag))? else { return Ok(Vec::new()) };
    let mut list = Parser::only(explicit.value, asn1::SEQUENCE, WHAT)?.inside(WHAT);
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut extension = list.sequence()?;
        let extn_id = extension.oid()?;
        let critical = match extension.peek() {
            Some(asn1::BOOLEAN) if !extension.boolean()? => {
                return Err(Error::malformed(WHAT, "a default is written out, which is BER"));
            }
            Some(asn1::BOOLEAN) => true,
            Some(_) | None => false,
        };
        let extn_value = OctetString::new(extension.expect(asn1::OCTET_STRING)?.value)?;
        extension.end()?;
        extensions.push(Extension { extn_id, critical, extn_value });
    }
    Ok(extensions)
}

/// ```text
/// OCSPRequest ::= SEQUENCE {
///     tbsRequest                  TBSRequest,
///     optionalSignature   [0]     EXPLICIT Signature OPTIONAL }
/// ```
#[derive(Sequence)]
struct Wire {
    tbs_request: TbsRequest,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    optional_signature: Option<Signature>,
}

/// ```text
/// TBSRequest ::= SEQUENCE {
///     version             [0]     EXPLICIT Version DEFAULT v1,
///     requestorName       [1]     EXPLICIT GeneralName OPTIONAL,
///     requestList                 SEQUENCE OF Request,
///     requestExtensions   [2]     EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
struct TbsRequest {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    version: Version,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    requestor_name: Option<Any>,
    request_list: Vec<Request>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    request_extensions: Option<Vec<Extension>>,
}

/// ```text
/// Request ::= SEQUENCE {
///     reqCert                     CertID,
///     singleRequestExtensions [0] EXPLICIT Extensions OPTIONAL }
/// ```
#[derive(Sequence)]
struct Request {
    req_cert: CertId,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    single_request_extensions: Option<Vec<Extension>>,
}

/// ```text
/// Signature ::= SEQUENCE {
///     signatureAlgorithm      AlgorithmIdentifier,
///     signature               BIT STRING,
///     certs               [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
/// ```
#[derive(Sequence)]
struct Signature {
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certs: Option<Vec<Any>>,
}

/// `Version ::= INTEGER { v1(0) }`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enumerated)]
#[asn1(type = "INTEGER")]
#[repr(u8)]
pub(super) enum Version {
    #[default]
    V1 = 0,
}

/// Refuses an extension that occurs twice, and a critical one that is not in `understood`
/// [RFC 6960 §4.4].
pub(super) fn refuse_critical(
    extensions: &[Extension],
    understood: &[ObjectIdentifier],
) -> Result<(), Error> {
    const LIMIT: usize = 32;
    let found = extensions.len();
    if found > LIMIT {
        return Err(Error::TooLarge { what: "Extensions", limit: LIMIT, found });
    }
    for (index, extension) in extensions.iter().enumerate() {
        if extensions[..index].iter().any(|earlier| earlier.extn_id == extension.extn_id) {
            return Err(Error::malformed("Extensions", "an extension occurs twice"));
        }
        if extension.critical && !understood.contains(&extension.extn_id) {
            return Err(Error::malformed("Extensions", "a critical extension is not understood"));
        }
    }
    Ok(())
}

fn check_count(found: usize) -> Result<(), Error> {
    match found {
        0 => Err(Error::malformed("requestList", "it is empty")),
        1..=MAX_CERT_IDS => Ok(()),
        _ => Err(Error::TooLarge { what: "requestList", limit: MAX_CERT_IDS, found }),
    }
}

fn check_nonce_len(found: usize) -> Result<(), Error> {
    match found {
        0 => Err(Error::malformed("nonce", "it is empty")),
        1..=Nonce::MAX_LEN => Ok(()),
        _ => Err(Error::TooLarge { what: "nonce", limit: Nonce::MAX_LEN, found }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{CertIdHash, IssuerHashes};
    use super::*;
    use crate::ocsp::strict;

    /// What is read by hand, read by the derived decoder and held against its encoder.
    fn derived(bytes: &[u8]) -> Result<OcspRequest, Error> {
        let tbs = strict::<Wire>(bytes)?.tbs_request;
        check_count(tbs.request_list.len())?;
        let mut cert_ids = Vec::new();
        for request in tbs.request_list {
            request.req_cert.check()?;
            refuse_critical(request.single_request_extensions.as_deref().unwrap_or_default(), &[])?;
            cert_ids.push(request.req_cert);
        }
        let extensions = tbs.request_extensions.unwrap_or_default();
        refuse_critical(&extensions, &UNDERSTOOD)?;
        Ok(OcspRequest { cert_ids, nonce: Nonce::find(&extensions)? })
    }

    fn request(ids: usize, nonce: Option<usize>) -> Vec<u8> {
        let root = include_str!("../../../../fixtures/dev/authority/root.pem");
        let issuer = IssuerHashes::of(&crate::Certificate::from_pem(root).unwrap());
        let serial = crate::SerialNumber::from_unsigned(&[0x80, 2, 3]).unwrap();
        let id = |at| {
            let hash = if at % 2 == 0 { CertIdHash::Sha1 } else { CertIdHash::Sha256 };
            CertId::new(hash, &issuer, &serial).unwrap()
        };
        let nonce = nonce.map(|len| Nonce::new(&vec![7; len]).unwrap());
        OcspRequest::new((0..ids).map(id).collect(), nonce).unwrap().to_der().unwrap()
    }

    #[test]
    fn both_readers_take_the_same_requests() {
        for (ids, nonce) in [(1, None), (1, Some(32)), (2, Some(1)), (32, Some(128))] {
            let der = request(ids, nonce);
            assert_eq!(OcspRequest::from_der(&der).unwrap(), derived(&der).unwrap());
        }
    }

    #[test]
    fn a_changed_octet_is_read_alike_or_refused_alike() {
        let der = request(2, Some(32));
        for at in 0..der.len() {
            for value in 0..=u8::MAX {
                let mut changed = der.clone();
                changed[at] = value;
                let (by_hand, derived) = (OcspRequest::from_der(&changed), derived(&changed));
                assert_eq!(by_hand.as_ref().ok(), derived.as_ref().ok(), "octet {at} as {value:02x}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_put_in_or_left_out_is_read_alike(at in 0usize..200, put in prop::collection::vec(any::<u8>(), 0..4), out in 0usize..4) {
            let mut der = request(1, Some(32));
            let at = at.min(der.len());
            let end = (at + out).min(der.len());
            der.splice(at..end, put);
            prop_assert_eq!(OcspRequest::from_der(&der).ok(), derived(&der).ok());
        }
    }
}
