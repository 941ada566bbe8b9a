//! Results of signatures.

use countersign_client::verify::revocation::Evidence;
use countersign_client::{Error, SignatureVerifier, Signed, StartedSession};
use countersign_pki::certificate::KeyUsage;
use countersign_pki::certificate::QcStatements;
use countersign_pki::certificate::extension::oid;
use countersign_pki::path::PathError;
use countersign_pki::{Digest as PkiDigest, SignatureAlgorithm as Algorithm};
use countersign_wire::base64::b64;
use countersign_wire::endpoint::Operation;
use countersign_wire::session::{Cert, SessionStatus};
use countersign_wire::start::{Asked, Digest, FlowMembers, SignatureScheme};
use countersign_wire::words::{
    CertificateLevel, FlowType, HashAlgorithm, Open, RequestedLevel, SignatureAlgorithm, SignatureProtocol,
};
use jiff::Timestamp;

use crate::world::{
    self, CertificateDraft, DATA, WORLD, ask_authentication, ask_signature, document, oid, rules, session,
    signature_made,
};

struct Case {
    session: StartedSession,
    status: SessionStatus,
    expected: Option<countersign_pki::Certificate>,
    now: Timestamp,
}

impl Case {
    fn new() -> Self {
        let session = session(ask_signature(), FlowMembers::Notification, document());
        Self { session, status: signature_made("Notification"), expected: None, now: world::now() }
    }

    fn verify(&self) -> Result<Signed, Error> {
        let mut verifier = SignatureVerifier::new(rules());
        if let Some(certificate) = &self.expected {
            verifier = verifier.expecting(certificate);
        }
        verifier.verify(&self.session, &self.status, &Evidence::none(), self.now)
    }

    fn certificate(&mut self, draft: &CertificateDraft) {
        let der = draft.issue(&WORLD.ca, &WORLD.key);
        self.status.cert = Some(Cert::new(der.as_der(), CertificateLevel::Qualified));
    }

    fn value(&mut self, value: &[u8]) {
        self.status.signature.as_mut().unwrap().value = Some(b64(value));
    }
}

fn draft() -> CertificateDraft {
    CertificateDraft::signature()
}

#[test]
fn a_signature_over_a_digest_passes() {
    let mut case = Case::new();
    let signed = case.verify().unwrap();
    assert_eq!(signed.certificate(), &WORLD.sign);
    // The digest is the message hash: who has the data can check the signature with any tool.
    let key = signed.certificate().public_key();
    key.verify(Algorithm::RsaPss(PkiDigest::Sha512), DATA, &signed.signature).unwrap();
    case.expected = Some(WORLD.sign.clone());
    case.verify().unwrap();
}

type Change = fn(&mut Case);
type Expected = fn(&Error) -> bool;

macro_rules! expect {
    ($pattern:pat) => {
        |error| matches!(error, $pattern)
    };
}

const FAULTS: &[(&str, Change, Expected)] = &[
    (
        "no document",
        |c| c.status.result.as_mut().unwrap().document_number = None,
        expect!(Error::Missing { member: "result.documentNumber" }),
    ),
    (
        "no interaction",
        |c| c.status.interaction_type_used = None,
        expect!(Error::Missing { member: "interactionTypeUsed" }),
    ),
    (
        "the protocol of authentication",
        |c| c.status.signature_protocol = Some(SignatureProtocol::AcspV2.into()),
        expect!(Error::WrongProtocol { expected: SignatureProtocol::RawDigestSignature, .. }),
    ),
    (
        "no value",
        |c| c.status.signature.as_mut().unwrap().value = None,
        expect!(Error::Missing { member: "signature.value" }),
    ),
    (
        "a flow that was not offered",
        |c| c.status.signature.as_mut().unwrap().flow_type = Some(FlowType::Qr.into()),
        expect!(Error::FlowNotOffered { found: FlowType::Qr, .. }),
    ),
    (
        "an algorithm that was not asked for",
        |c| {
            let found = SignatureAlgorithm::Sha256WithRsaEncryption;
            c.status.signature.as_mut().unwrap().signature_algorithm = Some(found.into());
        },
        expect!(Error::WrongAlgorithm { .. }),
    ),
    (
        "another salt",
        |c| {
            let signature = c.status.signature.as_mut().unwrap();
            signature.signature_algorithm_parameters.as_mut().unwrap().salt_length = Some(20);
        },
        expect!(Error::WrongAlgorithmParameters { member: "saltLength", .. }),
    ),
    (
        "a lower level",
        |c| c.status.cert.as_mut().unwrap().certificate_level = CertificateLevel::Advanced.into(),
        expect!(Error::LevelTooLow { .. }),
    ),
    (
        "an unknown level",
        |c| c.status.cert.as_mut().unwrap().certificate_level = Open::Unknown("QSCD".into()),
        expect!(Error::UnknownWord { member: "cert.certificateLevel", .. }),
    ),
    (
        "an expired certificate",
        |c| c.now = world::at("2029-06-01T00:00:00Z"),
        expect!(Error::Untrusted(PathError::Expired { .. })),
    ),
    (
        "the person's authentication certificate",
        |c| c.status.cert = Some(Cert::new(WORLD.auth.as_der(), CertificateLevel::Qualified)),
        expect!(Error::MissingPolicy { .. }),
    ),
    (
        "the policy of advanced signatures",
        |c| {
            let policies = vec![oid("1.3.6.1.4.1.10015.17.2"), oid("0.4.0.2042.1.2")];
            c.certificate(&CertificateDraft { policies, ..draft() });
        },
        expect!(Error::MissingPolicy { .. }),
    ),
    (
        "no nonRepudiation",
        |c| c.certificate(&CertificateDraft { usage: Some(KeyUsage::DIGITAL_SIGNATURE), ..draft() }),
        expect!(Error::NotForSignatures),
    ),
    (
        "no statements",
        |c| c.certificate(&CertificateDraft { statements: None, ..draft() }),
        expect!(Error::NotForQualifiedSignatures),
    ),
    (
        "a statement for seals",
        |c| {
            let types = vec![oid::QC_TYPE_ESEAL];
            let statements = Some(QcStatements { compliance: true, types, ..QcStatements::default() });
            c.certificate(&CertificateDraft { statements, ..draft() });
        },
        expect!(Error::NotForQualifiedSignatures),
    ),
    (
        "no device where one was asked for",
        |c| {
            c.session.request.certificate_level = RequestedLevel::Qscd;
            let types = vec![oid::QC_TYPE_ESIGN];
            let statements = Some(QcStatements { compliance: true, types, ..QcStatements::default() });
            c.certificate(&CertificateDraft { statements, ..draft() });
        },
        expect!(Error::NoQualifiedDevice),
    ),
    (
        "a digest that was hashed again",
        |c| {
            let digest = HashAlgorithm::Sha512.digest(DATA);
            let value = world::signed(Algorithm::RsaPss(PkiDigest::Sha512), &digest);
            c.value(&value);
        },
        expect!(Error::Signature(_)),
    ),
    (
        "a signature over other data",
        |c| {
            let value = world::signed(Algorithm::RsaPss(PkiDigest::Sha512), b"other data");
            c.value(&value);
        },
        expect!(Error::Signature(_)),
    ),
    (
        "another digest sent",
        |c| {
            let Asked::Sign { digest, .. } = &mut c.session.request.asked else { panic!() };
            *digest = Digest::from_bytes(&HashAlgorithm::Sha512.digest(b"other data")).unwrap();
        },
        expect!(Error::Signature(_)),
    ),
    ("a signature of no length", |c| c.value(&[0]), expect!(Error::Signature(_))),
    (
        "another certificate than expected",
        |c| {
            let renewed = CertificateDraft { serial: 0x2002, ..draft() }.issue(&WORLD.ca, &WORLD.key);
            c.expected = Some(renewed);
        },
        expect!(Error::AnotherCertificate),
    ),
    (
        "another document",
        |c| {
            let document = Some("PNOEE-40504040001-MOCK-Q".to_owned());
            c.certificate(&CertificateDraft { document, ..draft() });
        },
        expect!(Error::AnotherDocument(_)),
    ),
    (
        "a session for something else",
        |c| c.session.request.asked = ask_authentication(),
        expect!(Error::WrongOperation { expected: Operation::Sign, found: Operation::Authenticate }),
    ),
];

#[test]
fn every_fault_has_its_error() {
    for (about, change, expected) in FAULTS {
        let mut case = Case::new();
        change(&mut case);
        match case.verify() {
            Ok(_) => panic!("{about}: passed"),
            Err(error) => assert!(expected(&error), "{about}: {error:?}"),
        }
    }
}

#[test]
fn a_qualified_device_passes_where_one_was_asked_for() {
    let mut case = Case::new();
    case.session.request.certificate_level = RequestedLevel::Qscd;
    case.verify().unwrap();
}

#[test]
fn every_algorithm_that_a_key_here_can_make_passes() {
    for (hash, digest) in [
        (HashAlgorithm::Sha256, PkiDigest::Sha256),
        (HashAlgorithm::Sha384, PkiDigest::Sha384),
        (HashAlgorithm::Sha512, PkiDigest::Sha512),
    ] {
        let mut case = Case::new();
        let Asked::Sign { digest: sent, signature, .. } = &mut case.session.request.asked else { panic!() };
        *sent = Digest::from_bytes(&hash.digest(DATA)).unwrap();
        *signature = SignatureScheme::pss(hash);
        let octets = hash.octets() as u32;
        case.status.signature.as_mut().unwrap().signature_algorithm_parameters =
            serde_json::from_value(world::parameters(hash.as_str(), octets)).unwrap();
        case.value(&world::signed(Algorithm::RsaPss(digest), DATA));
        case.verify().unwrap();
    }
}
