//! A signature that has its value, and what is added to it afterwards: time-stamp (level T), then
//! certificates and OCSP responses (level LT), EN 319 132-1 §5.3 to §5.5.
//!
//! Nothing is fetched here. [`SignedSignature::needs`] says what is missing, as values that can be sent
//! to a time-stamping authority or OCSP responder; the caller brings the answers back. New properties
//! are inserted into the text; what is there already never changes a byte.

use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::certificate::Certificate;
use countersign_pki::ocsp::{self, BasicOcspResponse, CertificateStatus, OcspError, ResponseSigner};
use countersign_pki::tsp::{MessageImprint, TimeStampToken};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Level;
use super::build::SignatureId;
use super::parse::{Signature, SignaturesFile};
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::xml::{self, ASIC, CanonicalText, Canonicalization, DS, XADES};

/// A signature as it stands in a file of its own. Serde stores it as that file's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignedSignature {
    id: SignatureId,
    certificate: Certificate,
    algorithm: SignatureAlgorithm,
    /// The canonical form of `ds:SignatureValue`, which is also how it stands in the file.
    value_element: String,
    /// The file up to and with `</xades:SignedProperties>`.
    head: String,
    /// Unsigned signature properties, each a whole element.
    properties: Vec<String>,
    time_stamp: Option<TimeStampToken>,
    has_validation_data: bool,
}

/// What has to be fetched before a signature can reach a level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A time-stamp token, for [`SignedSignature::add_timestamp`].
    TimeStamp {
        /// The imprint's algorithm.
        digest: Digest,
        /// The imprint.
        imprint: Vec<u8>,
    },
    /// The certificate of the CA that issued `certificate`; it was not among those given.
    Issuer {
        /// Whose issuer is missing.
        certificate: Certificate,
    },
    /// An OCSP response, for [`SignedSignature::add_validation_data`].
    Ocsp {
        /// Whose status is asked for.
        certificate: Certificate,
        /// Its issuer.
        issuer: Certificate,
        /// `producedAt` must not be in an earlier second than this: the time-stamp's time.
        produced_from: Timestamp,
    },
}

impl SignedSignature {
    /// The signature's `Id`.
    pub fn id(&self) -> &SignatureId {
        &self.id
    }

    /// The signer's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The level reached by what is there; whether all of it holds is for [`crate::validate()`].
    pub fn level(&self) -> Level {
        match (&self.time_stamp, self.has_validation_data) {
            (None, _) => Level::B,
            (Some(_), false) => Level::T,
            (Some(_), true) => Level::Lt,
        }
    }

    /// The time-stamp's time.
    pub fn time_stamp_time(&self) -> Option<Timestamp> {
        self.time_stamp.as_ref().map(TimeStampToken::gen_time)
    }

    /// What is missing next on the way to `target`; empty when it is reached. An OCSP response is asked
    /// for only when the time-stamp is there, because it has to be made after it.
    pub fn needs(&self, target: Level, issuers: &[Certificate]) -> Vec<Need> {
        if self.level() >= target {
            return Vec::new();
        }
        let Some(time_stamp) = &self.time_stamp else {
            let digest = self.imprint_digest();
            let imprint = digest.of(self.time_stamped_octets());
            return vec![Need::TimeStamp { digest, imprint }];
        };
        let certificate = self.certificate.clone();
        match find_issuer(&certificate, issuers) {
            None => vec![Need::Issuer { certificate }],
            Some(issuer) => {
                let (issuer, produced_from) = (issuer.clone(), time_stamp.gen_time());
                vec![Need::Ocsp { certificate, issuer, produced_from }]
            }
        }
    }

    /// Adds the signature time-stamp. Its signature and certificate are not checked here; who asked
    /// for it did that with [`countersign_pki::tsp::check_response`], and the validator does it again.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] when it is for other data, has a weak imprint, or there is one already.
    pub fn add_timestamp(&mut self, token: &TimeStampToken) -> Result<()> {
        let wrong = |problem: &str| Err(Error::WrongTimeStamp { problem: problem.to_owned() });
        if self.time_stamp.is_some() {
            return wrong("the signature has one already");
        }
        let Some(digest) = token.imprint().digest().filter(|digest| !digest.is_weak()) else {
            return wrong("its imprint is made with a digest that proves nothing");
        };
        if !token.imprint().same_as(&MessageImprint::of(digest, self.time_stamped_octets())) {
            return wrong("it is for other data than this signature");
        }
        let mut text = CanonicalText::default();
        let id = format!("{}-T0", self.id.as_str());
        text.open("xades:SignatureTimeStamp", &[("Id", &id)]);
        text.leaf("ds:CanonicalizationMethod", &[("Algorithm", Canonicalization::EXCLUSIVE.uri())], "");
        text.leaf("xades:EncapsulatedTimeStamp", &[], &xml::to_base64(token.as_der()));
        self.properties.push(text.finish());
        self.time_stamp = Some(token.clone());
        Ok(())
    }

    /// Adds what a later validation needs: the certificates above the signer's up to the anchors (of
    /// the signer, and of the time-stamping unit), and OCSP responses in DER. The certificates of the
    /// time-stamping unit and of the OCSP responder are taken from where they are and need not be given.
    /// `now` is the time of the call.
    ///
    /// # Errors
    ///
    /// [`Error::WrongTimeStamp`] before there is a time-stamp, [`Error::WrongCertificate`] when the
    /// signer's issuer is not among `certificates`, [`Error::WrongOcspResponse`] when no response says
    /// that the signer's certificate is good, [`Error::OcspTooEarly`] when one says so of a time before the
    /// time-stamp. The signature is unchanged after an error.
    pub fn add_validation_data(
        &mut self,
        certificates: &[Certificate],
        ocsp_responses: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<()> {
        let Some(time_stamp) = &self.time_stamp else {
            return Err(Error::WrongTimeStamp { problem: "there is none yet".to_owned() });
        };
        if self.has_validation_data {
            return Err(Error::WrongOcspResponse {
                problem: "the signature has validation data already".into(),
            });
        }
        let Some(issuer) = find_issuer(&self.certificate, certificates) else {
            return Err(Error::WrongCertificate {
                what: "the certificates for validation",
                problem: "the signer's issuer is not among them".to_owned(),
            });
        };
        let signer = self.check_responses(issuer, ocsp_responses, time_stamp.gen_time(), now)?;
        let mut values: Vec<Certificate> = Vec::new();
        let responder = match signer {
            ResponseSigner::Issuer => None,
            ResponseSigner::Delegate(responder) => Some(*responder),
        };
        for certificate in certificates.iter().cloned().chain(time_stamp.tsu_certificate()).chain(responder) {
            if certificate != self.certificate && !values.contains(&certificate) {
                values.push(certificate);
            }
        }
        let id = self.id.as_str();
        let mut text = CanonicalText::default();
        text.open("xades:CertificateValues", &[("Id", &format!("{id}-CERTS"))]);
        for certificate in &values {
            let value = xml::to_base64(certificate.as_der());
            text.leaf("xades:EncapsulatedX509Certificate", &[], &value);
        }
        self.properties.push(text.finish());
        let mut text = CanonicalText::default();
        text.open("xades:RevocationValues", &[("Id", &format!("{id}-REVOCS"))]).open("xades:OCSPValues", &[]);
        for response in ocsp_responses {
            text.leaf("xades:EncapsulatedOCSPValue", &[], &xml::to_base64(response));
        }
        self.properties.push(text.finish());
        self.has_validation_data = true;
        Ok(())
    }

    /// The whole signatures file.
    pub fn to_xml(&self) -> String {
        let mut xml = self.head.clone();
        if !self.properties.is_empty() {
            xml.push_str(UNSIGNED_START);
            for property in &self.properties {
                xml.push_str(property);
            }
            xml.push_str(UNSIGNED_END);
        }
        xml.push_str(TAIL);
        xml
    }

    /// Reads back what [`Self::to_xml`] wrote, to go on with it. Signatures made by other programs are
    /// not taken.
    ///
    /// # Errors
    ///
    /// [`Error::Xml`], [`Error::Shape`] or [`Error::DamagedTemplate`] when it is something else.
    pub fn from_xml(xml: &str) -> Result<Self> {
        const FILE: &str = "the stored signature";
        let damaged = |problem: &str| Error::DamagedTemplate { problem: problem.to_owned() };
        let read = SignaturesFile::parse(FILE, xml.as_bytes(), &Limits::default())?;
        let signature = match read.signatures() {
            [Ok(signature)] => signature,
            [Err(fault)] => return Err(fault.clone().into_error(FILE)),
            _ => return Err(damaged("it has several signatures")),
        };
        let certificate = signature.key_info.first().ok_or_else(|| damaged("it has no certificate"))?;
        let certificate = Certificate::from_der(certificate).map_err(|error| damaged(&error.to_string()))?;
        let body = xml.strip_suffix(TAIL).ok_or_else(|| damaged("it was not written here"))?;
        let end_of_head =
            body.find(HEAD_END).ok_or_else(|| damaged("it was not written here"))? + HEAD_END.len();
        let (head, unsigned) = body.split_at(end_of_head);
        let properties = match unsigned {
            "" => Vec::new(),
            unsigned => {
                let inside =
                    unsigned.strip_prefix(UNSIGNED_START).and_then(|rest| rest.strip_suffix(UNSIGNED_END));
                vec![inside.ok_or_else(|| damaged("it was not written here"))?.to_owned()]
            }
        };
        Self::resume(signature, certificate, head, properties)
    }

    fn resume(
        signature: &Signature,
        certificate: Certificate,
        head: &str,
        properties: Vec<String>,
    ) -> Result<Self> {
        let damaged = |problem: String| Error::DamagedTemplate { problem };
        let id = SignatureId::parse(&signature.id)?;
        let algorithm =
            signature.method.known().ok_or_else(|| damaged("unknown signature method".to_owned()))?;
        let time_stamp = match &signature.unsigned.time_stamp {
            None => None,
            Some(time_stamp) => {
                let token = TimeStampToken::from_der(&time_stamp.token);
                Some(token.map_err(|error| damaged(error.to_string()))?)
            }
        };
        let value_element = value_element(&id, &signature.value);
        if !head.contains(&value_element) {
            return Err(damaged("it was not written here".to_owned()));
        }
        Ok(Self {
            id,
            certificate,
            algorithm,
            value_element,
            head: head.to_owned(),
            properties,
            time_stamp,
            has_validation_data: signature.unsigned.has_revocation_values,
        })
    }

    fn time_stamped_octets(&self) -> &[u8] {
        self.value_element.as_bytes()
    }

    /// As strong as the signature, and of the family that every authority takes.
    fn imprint_digest(&self) -> Digest {
        match self.algorithm.digest() {
            Digest::Sha1 | Digest::Sha256 | Digest::Sha3_256 => Digest::Sha256,
            Digest::Sha384 | Digest::Sha3_384 => Digest::Sha384,
            Digest::Sha512 | Digest::Sha3_512 => Digest::Sha512,
        }
    }

    fn check_responses(
        &self,
        issuer: &Certificate,
        responses: &[Vec<u8>],
        time_stamp_time: Timestamp,
        now: Timestamp,
    ) -> Result<ResponseSigner> {
        let wrong = |problem: String| Error::WrongOcspResponse { problem };
        let policy = ocsp::Policy::stored(time_stamp_time);
        let mut outcome = Err(wrong("none was given".to_owned()));
        for response in responses {
            match BasicOcspResponse::from_der(response) {
                Ok(Ok(_)) => {}
                Ok(Err(status)) => return Err(wrong(format!("the responder answered {status:?}"))),
                Err(error) => return Err(wrong(error.to_string())),
            }
            match ocsp::check(response, &self.certificate, issuer, None, now, &policy) {
                Ok(checked) => match checked.status {
                    CertificateStatus::Good => outcome = Ok(checked.signer),
                    CertificateStatus::Revoked { at, .. } => {
                        return Err(wrong(format!("the signer's certificate was revoked at {at}")));
                    }
                    CertificateStatus::NotIssued => {
                        return Err(wrong("the signer's certificate was never issued".to_owned()));
                    }
                },
                Err(OcspError::ProducedTooEarly { produced_at, earliest }) if outcome.is_err() => {
                    outcome = Err(Error::OcspTooEarly { produced_at, earliest });
                }
                Err(error) if outcome.is_err() => outcome = Err(wrong(error.to_string())),
                // Responses about other certificates of the chain are welcome beside the signer's.
                Err(_) => {}
            }
        }
        outcome
    }
}

impl TryFrom<String> for SignedSignature {
    type Error = Error;

    fn try_from(xml: String) -> Result<Self> {
        Self::from_xml(&xml)
    }
}

impl From<SignedSignature> for String {
    fn from(signature: SignedSignature) -> Self {
        signature.to_xml()
    }
}

const HEAD_END: &str = "</xades:SignedProperties>";
const UNSIGNED_START: &str = "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>";
const UNSIGNED_END: &str = "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>";
const TAIL: &str = "</xades:QualifyingProperties></ds:Object></ds:Signature></asic:XAdESSignatures>";

/// Puts a signature together from its canonical parts.
pub(crate) fn assemble(
    id: &SignatureId,
    signed_info: &str,
    value: &[u8],
    certificate: &Certificate,
    algorithm: SignatureAlgorithm,
    signed_properties: &str,
) -> SignedSignature {
    let mut text = CanonicalText::default();
    text.raw("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
    let namespaces = [("xmlns:asic", ASIC), ("xmlns:ds", DS), ("xmlns:xades", XADES)];
    let value_element = value_element(id, value);
    text.open("asic:XAdESSignatures", &namespaces);
    text.open("ds:Signature", &[("Id", id.as_str())]).raw(signed_info).raw(&value_element);
    text.open("ds:KeyInfo", &[]).open("ds:X509Data", &[]);
    text.leaf("ds:X509Certificate", &[], &xml::to_base64(certificate.as_der())).close().close();
    let target = format!("#{}", id.as_str());
    text.open("ds:Object", &[]).open("xades:QualifyingProperties", &[("Target", &target)]);
    text.raw(signed_properties);
    SignedSignature {
        id: id.clone(),
        certificate: certificate.clone(),
        algorithm,
        value_element,
        head: text.unfinished(),
        properties: Vec::new(),
        time_stamp: None,
        has_validation_data: false,
    }
}

/// `ds:SignatureValue` in canonical form.
fn value_element(id: &SignatureId, value: &[u8]) -> String {
    let mut text = CanonicalText::default();
    let own_id = format!("{}-SIG", id.as_str());
    text.leaf("ds:SignatureValue", &[("xmlns:ds", DS), ("Id", &own_id)], &xml::to_base64(value));
    text.finish()
}

fn find_issuer<'a>(certificate: &Certificate, among: &'a [Certificate]) -> Option<&'a Certificate> {
    among.iter().find(|candidate| candidate.is_ca() && certificate.is_signed_by(candidate).is_ok())
}
