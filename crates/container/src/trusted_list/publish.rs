//! Making a trusted list of one's own (TS 119 612), signed as XAdES baseline B.
//!
//! The text is written in its canonical form, so what is hashed and what is stored are the same bytes.

use countersign_pki::certificate::Certificate;
use countersign_pki::{Digest, Signer};
use jiff::Timestamp;

use super::read::{TSL, TSL_MORE};
use super::service::{ServiceScope, ServiceStatus, ServiceType};
use super::signature::ENVELOPED;
use super::{ListError, ListKind, Pointer};
use crate::xades::algorithm::{digest_uri, signature_uri};
use crate::xades::parse::SIGNED_PROPERTIES_TYPE;
use crate::xml::{self, CanonicalText, Canonicalization, DS, XADES};

/// What a new list says.
#[derive(Debug, Clone)]
pub struct NewTrustedList {
    /// What it is for.
    pub kind: ListKind,
    /// Greater than that of every earlier version.
    pub sequence_number: u64,
    /// Who issues it.
    pub operator: String,
    /// What the scheme is called, with the territory before a colon.
    pub scheme_name: String,
    /// Two letters.
    pub territory: String,
    /// Where the scheme is described.
    pub information_uri: String,
    /// An address for questions: `mailto:` or `https:`.
    pub contact_uri: String,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// When the next version will be there at the latest.
    pub next_update: Timestamp,
    /// Who offers the services.
    pub provider: String,
    /// The provider's registration number, such as `VATEE-…`.
    pub provider_identifier: String,
    /// The services; a list of lists has none.
    pub services: Vec<NewService>,
    /// Lists that it points to.
    pub pointers: Vec<Pointer>,
}

/// A service in a new list.
#[derive(Debug, Clone)]
pub struct NewService {
    /// What it does.
    pub kind: ServiceType,
    /// Its name.
    pub name: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its status.
    pub status: ServiceStatus,
    /// Since when; no later than any certificate it issued.
    pub from: Timestamp,
    /// For what its certificates are.
    pub scopes: Vec<ServiceScope>,
}

const DIGEST: Digest = Digest::Sha256;
const PROPERTIES_ID: &str = "SignedProperties";

impl NewTrustedList {
    /// Writes and signs the list.
    ///
    /// # Errors
    /// [`ListError::Malformed`] for text that XML can't hold or a time out of order;
    /// [`ListError::Signature`] when the signer fails or has no name in XML.
    pub fn sign(&self, certificate: &Certificate, signer: &dyn Signer) -> Result<Vec<u8>, ListError> {
        self.check()?;
        let failed = |error: String| ListError::Signature(error);
        if signer.public_key() != certificate.public_key() {
            return Err(failed("the key is not the certificate's".to_owned()));
        }
        let algorithm = signer.algorithm();
        let method =
            signature_uri(algorithm).ok_or_else(|| failed(format!("{algorithm} has no name in XML")))?;
        let digest_method = digest_uri(DIGEST).ok_or_else(|| failed("no digest".to_owned()))?;
        let list = self.text();
        let properties = self.properties(certificate, digest_method);
        let exclusive = Canonicalization::EXCLUSIVE.uri();
        let mut info = CanonicalText::default();
        info.open("ds:SignedInfo", &[("xmlns:ds", DS)]);
        info.leaf("ds:CanonicalizationMethod", &[("Algorithm", exclusive)], "");
        info.leaf("ds:SignatureMethod", &[("Algorithm", method)], "");
        for (attributes, transforms, octets) in [
            (vec![("URI", "")], vec![ENVELOPED, exclusive], &list),
            (
                vec![("Type", SIGNED_PROPERTIES_TYPE), ("URI", "#SignedProperties")],
                vec![exclusive],
                &properties,
            ),
        ] {
            info.open("ds:Reference", &attributes).open("ds:Transforms", &[]);
            for transform in transforms {
                info.leaf("ds:Transform", &[("Algorithm", transform)], "");
            }
            info.close().leaf("ds:DigestMethod", &[("Algorithm", digest_method)], "");
            info.leaf("ds:DigestValue", &[], &xml::to_base64(&DIGEST.of(octets.as_bytes()))).close();
        }
        let info = info.finish();
        let value = signer.sign(info.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let value = match signer.public_key().kind() {
            countersign_pki::verify::KeyKind::Ec(curve) => {
                countersign_pki::verify::ecdsa_fixed_from_der(curve, &value)
                    .map_err(|error| failed(error.to_string()))?
            }
            countersign_pki::verify::KeyKind::Rsa { .. } => value,
        };
        let mut signature = CanonicalText::default();
        signature.open("ds:Signature", &[("xmlns:ds", DS), ("Id", "Signature")]).raw(&info);
        signature.leaf("ds:SignatureValue", &[], &xml::to_base64(&value));
        signature.open("ds:KeyInfo", &[]).open("ds:X509Data", &[]);
        signature.leaf("ds:X509Certificate", &[], &xml::to_base64(certificate.as_der())).close().close();
        signature.open("ds:Object", &[]);
        signature.open("xades:QualifyingProperties", &[("xmlns:xades", XADES), ("Target", "#Signature")]);
        signature.raw(&properties);
        let signature = signature.finish();
        let close = "</TrustServiceStatusList>";
        let body = list.strip_suffix(close).unwrap_or(&list);
        Ok(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}{signature}{close}").into_bytes())
    }

    fn check(&self) -> Result<(), ListError> {
        let texts = [
            &self.operator,
            &self.scheme_name,
            &self.territory,
            &self.information_uri,
            &self.contact_uri,
            &self.provider,
            &self.provider_identifier,
        ];
        let names = self.services.iter().map(|service| &service.name);
        let places = self.pointers.iter().flat_map(|pointer| [&pointer.location, &pointer.territory]);
        let names = names.chain(places);
        if !texts.into_iter().chain(names).all(|text| xml::is_xml_text(text) && !text.is_empty()) {
            return Err(ListError::Malformed("an empty text, or one that XML can't hold".to_owned()));
        }
        if self.next_update <= self.issued_at {
            return Err(ListError::Malformed("the next update is not after the issue".to_owned()));
        }
        Ok(())
    }

    /// The list without its signature, in canonical form.
    fn text(&self) -> String {
        let mut out = CanonicalText::default();
        out.open(
            "TrustServiceStatusList",
            &[("xmlns", TSL), ("Id", "List"), ("TSLTag", "http://uri.etsi.org/19612/TSLTag")],
        );
        out.open("SchemeInformation", &[]);
        out.leaf("TSLVersionIdentifier", &[], "5");
        out.leaf("TSLSequenceNumber", &[], &self.sequence_number.to_string());
        out.leaf("TSLType", &[], self.kind.uri());
        named(&mut out, "SchemeOperatorName", &self.operator);
        address(&mut out, "SchemeOperatorAddress", self);
        named(&mut out, "SchemeName", &self.scheme_name);
        uri_list(&mut out, "SchemeInformationURI", &self.information_uri);
        out.leaf(
            "StatusDeterminationApproach",
            &[],
            "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/EUappropriate",
        );
        uri_list(
            &mut out,
            "SchemeTypeCommunityRules",
            "http://uri.etsi.org/TrstSvc/TrustedList/schemerules/EUcommon",
        );
        out.leaf("SchemeTerritory", &[], &self.territory);
        out.open("PolicyOrLegalNotice", &[]);
        out.leaf(
            "TSLLegalNotice",
            LANGUAGE,
            "A list for tests. It makes nobody a qualified trust service provider.",
        );
        out.close();
        out.leaf("HistoricalInformationPeriod", &[], "65535");
        if !self.pointers.is_empty() {
            out.open("PointersToOtherTSL", &[]);
            for pointer in &self.pointers {
                write_pointer(&mut out, pointer);
            }
            out.close();
        }
        out.leaf("ListIssueDateTime", &[], &seconds(self.issued_at));
        out.open("NextUpdate", &[]).leaf("dateTime", &[], &seconds(self.next_update)).close();
        out.close();
        if self.services.is_empty() {
            return out.finish();
        }
        out.open("TrustServiceProviderList", &[]).open("TrustServiceProvider", &[]);
        out.open("TSPInformation", &[]);
        named(&mut out, "TSPName", &self.provider);
        named(&mut out, "TSPTradeName", &self.provider_identifier);
        address(&mut out, "TSPAddress", self);
        uri_list(&mut out, "TSPInformationURI", &self.information_uri);
        out.close().open("TSPServices", &[]);
        for service in &self.services {
            service.write(&mut out);
        }
        out.finish()
    }

    fn properties(&self, certificate: &Certificate, digest_method: &str) -> String {
        let mut out = CanonicalText::default();
        out.open("xades:SignedProperties", &[("xmlns:xades", XADES), ("Id", PROPERTIES_ID)]);
        out.open("xades:SignedSignatureProperties", &[]);
        out.leaf("xades:SigningTime", &[], &seconds(self.issued_at));
        out.open("xades:SigningCertificateV2", &[]).open("xades:Cert", &[]).open("xades:CertDigest", &[]);
        out.leaf("ds:DigestMethod", &[("xmlns:ds", DS), ("Algorithm", digest_method)], "");
        let digest = xml::to_base64(&DIGEST.of(certificate.as_der()));
        out.leaf("ds:DigestValue", &[("xmlns:ds", DS)], &digest);
        out.finish()
    }
}

impl NewService {
    fn write(&self, out: &mut CanonicalText) {
        out.open("TSPService", &[]).open("ServiceInformation", &[]);
        out.leaf("ServiceTypeIdentifier", &[], self.kind.uri());
        named(out, "ServiceName", &self.name);
        out.open("ServiceDigitalIdentity", &[]);
        let certificate = xml::to_base64(self.certificate.as_der());
        out.open("DigitalId", &[]).leaf("X509Certificate", &[], &certificate).close();
        let subject = self.certificate.subject().rfc4514();
        out.open("DigitalId", &[]).leaf("X509SubjectName", &[], &subject).close();
        out.close();
        out.leaf("ServiceStatus", &[], self.status.uri());
        out.leaf("StatusStartingTime", &[], &seconds(self.from));
        if !self.scopes.is_empty() {
            out.open("ServiceInformationExtensions", &[]);
            for scope in &self.scopes {
                out.open("Extension", &[("Critical", "true")]).open("AdditionalServiceInformation", &[]);
                out.leaf("URI", LANGUAGE, scope.uri()).close().close();
            }
            out.close();
        }
        out.close().close();
    }
}

fn write_pointer(out: &mut CanonicalText, pointer: &Pointer) {
    out.open("OtherTSLPointer", &[]).open("ServiceDigitalIdentities", &[]);
    for signer in &pointer.signers {
        out.open("ServiceDigitalIdentity", &[]).open("DigitalId", &[]);
        out.leaf("X509Certificate", &[], &xml::to_base64(signer.as_der())).close().close();
    }
    out.close().leaf("TSLLocation", &[], &pointer.location).open("AdditionalInformation", &[]);
    out.open("OtherInformation", &[]).leaf("TSLType", &[], pointer.kind.uri()).close();
    out.open("OtherInformation", &[]).leaf("SchemeTerritory", &[], &pointer.territory).close();
    let kind = if pointer.is_xml { "application/vnd.etsi.tsl+xml" } else { "application/pdf" };
    out.open("OtherInformation", &[]).leaf("MimeType", &[("xmlns", TSL_MORE)], kind).close();
    out.close().close();
}

const LANGUAGE: &[(&str, &str)] = &[("xml:lang", "en")];

fn named(out: &mut CanonicalText, element: &'static str, name: &str) {
    out.open(element, &[]).leaf("Name", LANGUAGE, name).close();
}

fn uri_list(out: &mut CanonicalText, element: &'static str, uri: &str) {
    out.open(element, &[]).leaf("URI", LANGUAGE, uri).close();
}

fn address(out: &mut CanonicalText, element: &'static str, list: &NewTrustedList) {
    out.open(element, &[]);
    out.open("PostalAddresses", &[]).open("PostalAddress", LANGUAGE);
    out.leaf("StreetAddress", &[], "-").leaf("Locality", &[], "-").leaf("CountryName", &[], &list.territory);
    out.close().close();
    out.open("ElectronicAddress", &[]).leaf("URI", LANGUAGE, &list.contact_uri).close();
    out.close();
}

/// xsd:dateTime in UTC, whole seconds.
fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
