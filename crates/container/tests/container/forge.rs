//! Signatures changed after the fact, and sealed again where the attacker is the signer.
//!
//! A [`Forgery`] is the text of a signature at level B. It is changed as text; [`Forgery::seal`] computes
//! digests and value anew with the signer's own key, so that a fault of structure is not hidden behind a
//! wrong digest. Canonical octets come from the canonicalizer directly and not from the code under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::NodeSet;
use countersign_container::Level;
use countersign_pki::SoftwareKey;
use countersign_pki::algorithm::Digest;
use countersign_pki::certificate::Certificate;

use crate::archive::manifest_of;
use crate::make::{FILES, sign, unsigned};
use crate::raw_zip::{RawEntry, RawZip};
use crate::world::{OcspSpec, TimeStampSpec, WORLD, noon, seconds, xml_signature};

pub(crate) const SIGNATURES: &str = "META-INF/signatures0.xml";
const TYPE: &str = "application/vnd.etsi.asic-e+zip";

#[derive(Clone)]
pub(crate) struct Forgery {
    pub(crate) xml: String,
    pub(crate) key: &'static SoftwareKey,
    pub(crate) signer: Certificate,
}

impl Forgery {
    /// An honest signature at level B by the RSA signer.
    pub(crate) fn new() -> Self {
        let xml = sign(&unsigned(), &WORLD.signer, &WORLD.signer_key, Level::B).to_xml().to_owned();
        Self { xml, key: &WORLD.signer_key, signer: WORLD.signer.clone() }
    }

    /// The same by the EC signer.
    pub(crate) fn ec() -> Self {
        let xml = sign(&unsigned(), &WORLD.ec_signer, &WORLD.ec_signer_key, Level::B).to_xml().to_owned();
        Self { xml, key: &WORLD.ec_signer_key, signer: WORLD.ec_signer.clone() }
    }

    /// Replaces the first occurrence, which has to be there.
    #[track_caller]
    pub(crate) fn replace(mut self, from: &str, to: &str) -> Self {
        assert!(self.xml.contains(from), "{from:?} is not in {}", self.xml);
        self.xml = self.xml.replacen(from, to, 1);
        self
    }

    /// Removes from the first `from` up to and with the next `to`.
    #[track_caller]
    pub(crate) fn cut(self, from: &str, to: &str) -> Self {
        let found = self.part(from, to);
        self.replace(&found, "")
    }

    /// The text from the first `from` up to and with the next `to`.
    #[track_caller]
    pub(crate) fn part(&self, from: &str, to: &str) -> String {
        let start = self.xml.find(from).unwrap_or_else(|| panic!("{from:?} is not in {}", self.xml));
        let end = start + self.xml[start..].find(to).expect("the end is there") + to.len();
        self.xml[start..end].to_owned()
    }

    /// Puts another certificate in the signer's place; the key stays as given.
    pub(crate) fn by(self, certificate: &Certificate, key: &'static SoftwareKey) -> Self {
        let der = |certificate: &Certificate| STANDARD.encode(certificate.as_der());
        let digest = |certificate: &Certificate| STANDARD.encode(Digest::Sha256.of(certificate.as_der()));
        let old = self.signer.clone();
        let mut forged =
            self.replace(&der(&old), &der(certificate)).replace(&digest(&old), &digest(certificate));
        forged.key = key;
        forged.signer = certificate.clone();
        forged
    }

    /// Computes the digest of the (first) `SignedProperties` and the signature value anew.
    #[track_caller]
    pub(crate) fn seal(mut self) -> Self {
        if self.xml.contains("#SignedProperties\"") {
            let octets = canonical(&self.xml, "SignedProperties");
            let reference = self.part("<ds:Reference Id=\"S0-RefSigned\"", "</ds:Reference>");
            let value = between(&reference, "<ds:DigestValue>", "</ds:DigestValue>");
            let fresh = reference.replace(&value, &STANDARD.encode(Digest::Sha256.of(&octets)));
            self = self.replace(&reference, &fresh);
        }
        let octets = canonical(&self.xml, "SignedInfo");
        let value = STANDARD.encode(xml_signature(self.key, &octets));
        self.value(&value)
    }

    /// [`Self::seal`], for a signature at level LT: the time-stamp is made anew, too.
    #[track_caller]
    pub(crate) fn reseal(self) -> Self {
        let prefix = self.xml.contains("<x:SignedProperties");
        let sealed = self.seal();
        let octets = sealed.time_stamped();
        let token = TimeStampSpec::new(&octets, noon() + seconds(1)).sign();
        let start = if prefix { "<x:EncapsulatedTimeStamp>" } else { "<xades:EncapsulatedTimeStamp>" };
        if !sealed.xml.contains(start) {
            return sealed;
        }
        let old = between(&sealed.xml, start, "<");
        sealed.replace(&old, &STANDARD.encode(token))
    }

    /// [`Self::seal`] for a signature whose `Id` is another one than `S0`.
    #[track_caller]
    pub(crate) fn reseal_as(self, id: &str) -> Self {
        let other = format!("\"{id}-RefSigned\"");
        let sealed = self.replace(&other, "\"S0-RefSigned\"").seal().replace("\"S0-RefSigned\"", &other);
        let octets = canonical(&sealed.xml, "SignedInfo");
        let value = STANDARD.encode(xml_signature(sealed.key, &octets));
        sealed.value(&value)
    }

    /// Sets the signature value's text.
    #[track_caller]
    pub(crate) fn value(self, base64: &str) -> Self {
        let element = self.part("<ds:SignatureValue", "</ds:SignatureValue>");
        let start = element.find('>').unwrap() + 1;
        let fresh = format!("{}{base64}</ds:SignatureValue>", &element[..start]);
        self.replace(&element, &fresh)
    }

    pub(crate) fn value_bytes(&self) -> Vec<u8> {
        let element = self.part("<ds:SignatureValue", "</ds:SignatureValue>");
        STANDARD.decode(between(&element, ">", "</ds:SignatureValue>")).unwrap()
    }

    /// What a time-stamp has to cover.
    pub(crate) fn time_stamped(&self) -> Vec<u8> {
        canonical(&self.xml, "SignatureValue")
    }

    /// Adds unsigned properties as text.
    #[track_caller]
    pub(crate) fn unsigned(self, properties: &str) -> Self {
        let all = format!(
            "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>{properties}\
             </xades:UnsignedSignatureProperties></xades:UnsignedProperties></xades:QualifyingProperties>"
        );
        self.replace("</xades:QualifyingProperties>", &all)
    }

    /// An honest time-stamp and OCSP response.
    pub(crate) fn lt(self) -> Self {
        let token = TimeStampSpec::new(&self.time_stamped(), noon() + seconds(1)).sign();
        let response = OcspSpec::new(&self.signer, noon() + seconds(2)).sign();
        self.lt_with(&token, &[response])
    }

    /// A time-stamp of a test's making, and an honest OCSP response.
    pub(crate) fn stamped(self, change: impl FnOnce(&mut TimeStampSpec<'static>)) -> Self {
        let mut spec = TimeStampSpec::new(&self.time_stamped(), noon() + seconds(1));
        change(&mut spec);
        let response = OcspSpec::new(&self.signer, spec.info.gen_time + seconds(1)).sign();
        self.lt_with(&spec.sign(), &[response])
    }

    /// An honest time-stamp, and an OCSP response of a test's making.
    pub(crate) fn answered(self, change: impl FnOnce(&mut OcspSpec<'static>)) -> Self {
        let token = TimeStampSpec::new(&self.time_stamped(), noon() + seconds(1)).sign();
        let mut spec = OcspSpec::new(&self.signer, noon() + seconds(2));
        change(&mut spec);
        self.lt_with(&token, &[spec.sign()])
    }

    pub(crate) fn lt_with(self, token: &[u8], responses: &[Vec<u8>]) -> Self {
        let certificates = [WORLD.ca.as_der(), WORLD.root.as_der(), WORLD.tsa_root.as_der()];
        let properties = format!(
            "{}{}{}",
            time_stamp_element(token),
            certificate_values(&certificates),
            revocation_values(responses)
        );
        self.unsigned(&properties)
    }

    /// In a container with the usual files.
    pub(crate) fn zip(&self) -> RawZip {
        zip_of(&self.xml)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.zip().to_bytes()
    }
}

pub(crate) fn time_stamp_element(token: &[u8]) -> String {
    format!(
        "<xades:SignatureTimeStamp Id=\"S0-T0\"><ds:CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><xades:EncapsulatedTimeStamp>{}\
         </xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>",
        STANDARD.encode(token)
    )
}

pub(crate) fn certificate_values(certificates: &[&[u8]]) -> String {
    let values = certificates.iter().map(|der| {
        format!(
            "<xades:EncapsulatedX509Certificate>{}</xades:EncapsulatedX509Certificate>",
            STANDARD.encode(der)
        )
    });
    format!("<xades:CertificateValues>{}</xades:CertificateValues>", values.collect::<String>())
}

pub(crate) fn revocation_values(responses: &[Vec<u8>]) -> String {
    let values = responses.iter().map(|response| {
        format!("<xades:EncapsulatedOCSPValue>{}</xades:EncapsulatedOCSPValue>", STANDARD.encode(response))
    });
    format!(
        "<xades:RevocationValues><xades:OCSPValues>{}</xades:OCSPValues></xades:RevocationValues>",
        values.collect::<String>()
    )
}

/// mimetype, the usual files, manifest, and one signatures file.
pub(crate) fn zip_of(xml: &str) -> RawZip {
    let mut entries = vec![RawEntry::stored("mimetype", TYPE.as_bytes())];
    entries.extend(FILES.iter().map(|(name, _, content)| RawEntry::deflated(name, content)));
    let files: Vec<(&str, &str)> = FILES.iter().map(|(name, media_type, _)| (*name, *media_type)).collect();
    entries.push(RawEntry::deflated("META-INF/manifest.xml", &manifest_of(&files)));
    entries.push(RawEntry::deflated(SIGNATURES, xml.as_bytes()));
    RawZip::new(entries)
}

/// The exclusive canonical form of the first element of this name.
#[track_caller]
pub(crate) fn canonical(xml: &str, local_name: &str) -> Vec<u8> {
    canonical_nth(xml, local_name, 0)
}

#[track_caller]
pub(crate) fn canonical_nth(xml: &str, local_name: &str, number: usize) -> Vec<u8> {
    let document = uppsala::parse(xml).unwrap();
    let element = document.get_elements_by_tag_name(local_name)[number];
    let nodes = NodeSet::tree_without_comments(element, &document);
    canonicalize_doc::<&str>(&document, C14nMode::Exclusive, Some(&nodes), &[]).unwrap()
}

pub(crate) fn between(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap() + from.len();
    text[start..start + text[start..].find(to).unwrap()].to_owned()
}
