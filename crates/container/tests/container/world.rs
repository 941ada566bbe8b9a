//! A small PKI with every field free: authorities, a signer, a time-stamping unit, an OCSP responder.
//!
//! Certificates are put together from ASN.1 by hand, because half of the tests need ones that no sound
//! profile would issue. Keys are made once for all tests; nothing depends on their values.

use std::sync::{Arc, LazyLock};

use countersign_container::validate::{Policy, TrustAnchors};
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::asn1;
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::name::{self, Name};
use countersign_pki::certificate::{Certificate, KeyUsage};
use countersign_pki::ocsp::{
    BasicOcspResponse, CertId, CertIdHash, CertStatus, ResponderId, ResponseData, SingleResponse,
};
use countersign_pki::tsp::{Accuracy, MessageImprint, TstInfo};
use countersign_pki::verify::Curve;
use countersign_pki::{Signer, SoftwareKey, cms, time};
use der::asn1::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};

/// The moment at which everything happens unless a test says otherwise.
pub(crate) fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

pub(crate) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

fn years(years: i64) -> SignedDuration {
    SignedDuration::from_hours(365 * 24 * years)
}

/// Everything about a certificate that a test may want to set.
#[derive(Clone)]
pub(crate) struct CertificateSpec {
    pub(crate) subject: Name,
    pub(crate) issuer: Name,
    pub(crate) serial: u64,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<(ObjectIdentifier, bool, Vec<u8>)>,
}

impl CertificateSpec {
    pub(crate) fn new(subject: &Name, serial: u64, key: &SoftwareKey, issuer: &Name) -> Self {
        Self {
            subject: subject.clone(),
            issuer: issuer.clone(),
            serial,
            not_before: noon() - years(1),
            not_after: noon() + years(2),
            spki: key.public_key().spki_der().to_vec(),
            extensions: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.push((oid, critical, value));
        self
    }

    pub(crate) fn usage(self, usage: KeyUsage) -> Self {
        self.with(oid::KEY_USAGE, true, asn1::named_bits(usage.0))
    }

    pub(crate) fn authority(self, path_len: Option<u64>) -> Self {
        let mut fields = vec![asn1::boolean_true()];
        fields.extend(path_len.map(asn1::integer));
        self.with(oid::BASIC_CONSTRAINTS, true, asn1::sequence(&fields))
            .usage(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN))
    }

    pub(crate) fn purpose(self, purpose: ObjectIdentifier, critical: bool) -> Self {
        let usages = asn1::sequence(&[asn1::oid(&purpose)]);
        self.with(oid::EXTENDED_KEY_USAGE, critical, usages)
    }

    pub(crate) fn valid(self, from: Timestamp, to: Timestamp) -> Self {
        Self { not_before: from, not_after: to, ..self }
    }

    /// ```text
    /// Certificate  ::=  SEQUENCE  { tbsCertificate, signatureAlgorithm, signature BIT STRING }
    /// ```
    pub(crate) fn sign(&self, key: &SoftwareKey) -> Certificate {
        let algorithm = key.algorithm().algorithm_identifier_der();
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|(oid, critical, value)| {
                let mut fields = vec![asn1::oid(oid)];
                if *critical {
                    fields.push(asn1::boolean_true());
                }
                fields.push(asn1::octet_string(value));
                asn1::sequence(&fields)
            })
            .collect();
        let validity =
            asn1::sequence(&[time::time(self.not_before).unwrap(), time::time(self.not_after).unwrap()]);
        let mut fields = vec![
            asn1::tlv(asn1::context_constructed(0), &asn1::integer(2)),
            asn1::integer(self.serial),
            algorithm.clone(),
            self.issuer.as_der().to_vec(),
            validity,
            self.subject.as_der().to_vec(),
            self.spki.clone(),
        ];
        if !extensions.is_empty() {
            fields.push(asn1::tlv(asn1::context_constructed(3), &asn1::sequence(&extensions)));
        }
        let tbs = asn1::sequence(&fields);
        let signature = asn1::bit_string(&key.sign(&tbs).unwrap());
        Certificate::from_der(&asn1::sequence(&[tbs, algorithm, signature])).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) root_key: SoftwareKey,
    pub(crate) root: Certificate,
    pub(crate) ca_key: SoftwareKey,
    pub(crate) ca: Certificate,
    pub(crate) signer_key: SoftwareKey,
    pub(crate) signer: Certificate,
    pub(crate) ec_signer_key: SoftwareKey,
    pub(crate) ec_signer: Certificate,
    pub(crate) responder_key: Arc<SoftwareKey>,
    pub(crate) responder: Certificate,
    pub(crate) tsa_root_key: SoftwareKey,
    pub(crate) tsa_root: Certificate,
    pub(crate) tsu_key: SoftwareKey,
    pub(crate) tsu: Certificate,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::new);

pub(crate) fn authority_name(common_name: &str) -> Name {
    Name::of(&[(name::COUNTRY, "EE"), (name::ORGANIZATION, "TEST"), (name::COMMON_NAME, common_name)])
        .unwrap()
}

pub(crate) fn person_name() -> Name {
    Name::of(&[
        (name::COUNTRY, "EE"),
        (name::COMMON_NAME, "TESTNUMBER,ÕIE"),
        (name::SURNAME, "TESTNUMBER"),
        (name::GIVEN_NAME, "ÕIE"),
        (name::SERIAL_NUMBER, "PNOEE-30303039914"),
    ])
    .unwrap()
}

fn rsa() -> SoftwareKey {
    SoftwareKey::generate_rsa(countersign_pki::signer::RsaSize::Bits2048).unwrap()
}

fn ec() -> SoftwareKey {
    SoftwareKey::generate_ec(Curve::P256).unwrap()
}

impl World {
    fn new() -> Self {
        let (root_name, ca_name) = (authority_name("TEST root"), authority_name("TEST CA"));
        let (root_key, ca_key, signer_key, ec_signer_key) = (ec(), ec(), rsa(), ec());
        let (responder_key, tsa_root_key, tsu_key) = (Arc::new(ec()), ec(), ec());
        let spec = CertificateSpec::new;
        let root = spec(&root_name, 1, &root_key, &root_name).authority(None).sign(&root_key);
        let ca = spec(&ca_name, 2, &ca_key, &root_name).authority(Some(0)).sign(&root_key);
        let person = person_name();
        let signer = spec(&person, 100, &signer_key, &ca_name).usage(KeyUsage::NON_REPUDIATION).sign(&ca_key);
        let ec_signer =
            spec(&person, 101, &ec_signer_key, &ca_name).usage(KeyUsage::NON_REPUDIATION).sign(&ca_key);
        let responder = spec(&authority_name("TEST OCSP"), 200, &responder_key, &ca_name)
            .usage(KeyUsage::DIGITAL_SIGNATURE)
            .purpose(oid::KP_OCSP_SIGNING, false)
            .with(oid::OCSP_NOCHECK, false, asn1::null())
            .sign(&ca_key);
        let tsa_name = authority_name("TEST TSA root");
        let tsa_root = spec(&tsa_name, 3, &tsa_root_key, &tsa_name).authority(None).sign(&tsa_root_key);
        let tsu = spec(&authority_name("TEST TSU"), 300, &tsu_key, &tsa_name)
            .usage(KeyUsage::DIGITAL_SIGNATURE)
            .purpose(oid::KP_TIME_STAMPING, true)
            .sign(&tsa_root_key);
        Self {
            root_key,
            root,
            ca_key,
            ca,
            signer_key,
            signer,
            ec_signer_key,
            ec_signer,
            responder_key,
            responder,
            tsa_root_key,
            tsa_root,
            tsu_key,
            tsu,
        }
    }

    pub(crate) fn anchors(&self) -> TrustAnchors {
        TrustAnchors {
            ca: vec![self.root.clone()],
            intermediates: Vec::new(),
            tsa: vec![self.tsa_root.clone()],
            services: Vec::new(),
        }
    }

    /// A response about any certificate of this world; none about those of the authority for time-stamps'
    /// own root, which has no responder in some tests.
    pub(crate) fn status(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: Timestamp,
    ) -> Option<Vec<u8>> {
        let spec = OcspSpec { issuer: issuer.clone(), ..OcspSpec::new(certificate, at) };
        let signed_by_issuer =
            |key: &'static SoftwareKey| OcspSpec { key, responder: issuer.clone(), ..spec }.sign();
        match issuer {
            issuer if *issuer == WORLD.ca => Some(OcspSpec::new(certificate, at).sign()),
            issuer if *issuer == WORLD.root => Some(signed_by_issuer(&WORLD.root_key)),
            issuer if *issuer == WORLD.tsa_root => Some(signed_by_issuer(&WORLD.tsa_root_key)),
            _ => None,
        }
    }

    /// A response about the signer.
    pub(crate) fn ocsp(&self, certificate: &Certificate, at: Timestamp) -> Vec<u8> {
        OcspSpec::new(certificate, at).sign()
    }
}

/// Everything about a time-stamp that a test may want to set.
pub(crate) struct TimeStampSpec<'w> {
    pub(crate) info: TstInfo,
    pub(crate) key: &'w SoftwareKey,
    pub(crate) certificate: Certificate,
    pub(crate) content_type: ObjectIdentifier,
}

impl TimeStampSpec<'static> {
    pub(crate) fn new(octets: &[u8], at: Timestamp) -> Self {
        Self {
            info: TstInfo {
                policy: ObjectIdentifier::new_unwrap("0.4.0.2023.1.1"),
                imprint: MessageImprint::of(Digest::Sha256, octets),
                serial_number: vec![1, 2, 3],
                gen_time: at,
                accuracy: Some(Accuracy::ONE_SECOND),
                ordering: false,
                nonce: None,
                tsa: None,
                extensions: Vec::new(),
            },
            key: &WORLD.tsu_key,
            certificate: WORLD.tsu.clone(),
            content_type: ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4"),
        }
    }
}

impl TimeStampSpec<'_> {
    pub(crate) fn sign(&self) -> Vec<u8> {
        let content = self.info.to_der().unwrap();
        let certificates = [self.certificate.as_der()];
        cms::sign(self.content_type, &content, self.key, &self.certificate, &certificates, None).unwrap()
    }
}

/// Everything about an OCSP response that a test may want to set.
pub(crate) struct OcspSpec<'w> {
    pub(crate) certificate: Certificate,
    pub(crate) issuer: Certificate,
    pub(crate) status: CertStatus,
    pub(crate) produced_at: Timestamp,
    pub(crate) this_update: Timestamp,
    pub(crate) next_update: Option<Timestamp>,
    pub(crate) key: &'w SoftwareKey,
    pub(crate) responder: Certificate,
    /// Whom the responderID names, when it isn't `responder`.
    pub(crate) claimed: Option<Certificate>,
    pub(crate) empty: bool,
}

impl OcspSpec<'static> {
    pub(crate) fn new(certificate: &Certificate, at: Timestamp) -> Self {
        Self {
            certificate: certificate.clone(),
            issuer: WORLD.ca.clone(),
            status: CertStatus::GOOD,
            produced_at: at,
            this_update: at,
            next_update: None,
            key: &WORLD.responder_key,
            responder: WORLD.responder.clone(),
            claimed: None,
            empty: false,
        }
    }
}

impl OcspSpec<'_> {
    pub(crate) fn sign(&self) -> Vec<u8> {
        let id = CertId::of(CertIdHash::Sha256, &self.certificate, &self.issuer).unwrap();
        let single =
            SingleResponse::new(id, self.status.clone(), self.this_update, self.next_update, None).unwrap();
        let responder = ResponderId::by_key(self.claimed.as_ref().unwrap_or(&self.responder)).unwrap();
        let singles = if self.empty { Vec::new() } else { vec![single] };
        let data = ResponseData::new(responder, self.produced_at, singles, None).unwrap();
        BasicOcspResponse::sign(data, self.key, &[self.responder.as_der()]).unwrap().into_der()
    }
}

/// `value` over the octets, in the form that XML signatures have.
pub(crate) fn xml_signature(key: &SoftwareKey, octets: &[u8]) -> Vec<u8> {
    let value = key.sign(octets).unwrap();
    match key.algorithm() {
        SignatureAlgorithm::Ecdsa(_) => {
            countersign_pki::verify::ecdsa_fixed_from_der(Curve::P256, &value).unwrap()
        }
        SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_) => value,
    }
}

pub(crate) fn lt() -> Policy {
    Policy::default()
}
