//! A root, an issuing CA, a person with two certificates, and answers of a service to sessions of theirs.

use std::sync::{Arc, LazyLock};

use const_oid::ObjectIdentifier;
use countersign_client::session::Answer;
use countersign_client::verify::certificate::TrustStore;
use countersign_client::verify::revocation::Revocation;
use countersign_client::{Rules, StartedSession};
use countersign_pki::asn1;
use countersign_pki::certificate::build::{Draft, Validity};
use countersign_pki::certificate::extension::oid;
use countersign_pki::certificate::{
    BasicConstraints, Extension, KeyUsage, Name, Policy, QcStatements, SerialNumber, name,
};
use countersign_pki::lint::Role;
use countersign_pki::signer::RsaSize;
use countersign_pki::verify::Curve;
use countersign_pki::{
    Certificate, Digest as PkiDigest, SignatureAlgorithm as Algorithm, Signer, SoftwareKey,
};
use countersign_wire::acsp::SchemeName;
use countersign_wire::base64::b64;
use countersign_wire::callback::{CallbackUrl, SessionSecret, UserChallengeVerifier};
use countersign_wire::device_link::DeviceLinkBase;
use countersign_wire::endpoint::Recipient;
use countersign_wire::id::{DocumentNumber, RelyingPartyUuid, SessionId, SessionToken};
use countersign_wire::session::{Cert, SessionStatus};
use countersign_wire::start::{
    Asked, Digest, FlowMembers, Interaction, InteractionSet, Interactions, RpChallenge, SignatureScheme,
    StartRequest,
};
use countersign_wire::words::{CertificateLevel, FlowType, HashAlgorithm, InteractionType};
use jiff::Timestamp;
use jiff::civil::Date;

pub const DOCUMENT: &str = "PNOEE-40504040001-DEM0-Q";
pub const PERSON: &str = "PNOEE-40504040001";
pub const NAME: &str = "Näidis OÜ";
pub const CALLBACK: &str = "https://rp.example.org/cb?value=cHFyc3R1dnd4eXp7fH1-fw";
pub const VERIFIER: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8";
pub const USER_CHALLENGE: &str = "9F3IKnUj0Ul0zqBQ4wKOi_BqjuhVqdYwNOu0-57MIwU";
pub const SERVER_RANDOM: &str = "EBESExQVFhcYGRobHB0eHyAh";
pub const TOKEN: &str = "TESTtokenTESTtoken012345";

pub fn now() -> Timestamp {
    at("2026-06-01T12:00:00Z")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// A certificate with its key.
pub struct Holder {
    pub certificate: Certificate,
    pub key: Arc<SoftwareKey>,
}

pub struct World {
    pub root: Holder,
    pub ca: Holder,
    pub responder: Holder,
    pub root_responder: Holder,
    pub stranger: Holder,
    /// The person's key, under both certificates: tests are about certificates, and keys take time to make.
    pub key: Arc<SoftwareKey>,
    pub other_key: Arc<SoftwareKey>,
    pub auth: Certificate,
    pub sign: Certificate,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let root = Holder::root("TEST ROOT");
    let ca_key = ec();
    let ca = CertificateDraft::ca("TEST ISSUING CA").issue(&root, &ca_key);
    let ca = Holder { certificate: ca, key: ca_key };
    let responder = Holder::responder(&ca);
    let root_responder = Holder::responder(&root);
    let rsa = || Arc::new(SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap());
    let key = rsa();
    let auth = CertificateDraft::authentication().issue(&ca, &key);
    let sign = CertificateDraft::signature().issue(&ca, &key);
    let stranger = Holder::root("TEST STRANGER");
    World { root, ca, responder, root_responder, stranger, key, other_key: rsa(), auth, sign }
});

pub fn ec() -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate_ec(Curve::P256).unwrap())
}

impl Holder {
    pub fn root(common_name: &str) -> Self {
        let key = ec();
        let draft = CertificateDraft::ca(common_name);
        let certificate = draft.sign(&draft.subject(), &key, &key);
        Self { certificate, key }
    }

    fn responder(ca: &Holder) -> Self {
        let key = ec();
        let certificate = CertificateDraft {
            extensions: vec![
                Extension::key_usage(KeyUsage::DIGITAL_SIGNATURE),
                Extension::extended_key_usage(&[oid::KP_OCSP_SIGNING]),
                Extension::ocsp_nocheck(),
            ],
            ..CertificateDraft::ca("TEST RESPONDER")
        }
        .issue(ca, &key);
        Self { certificate, key }
    }
}

/// A certificate of a person (or of another), of which a test changes one thing. No rule of ours stops it.
#[derive(Clone)]
pub struct CertificateDraft {
    pub serial: u64,
    pub subject: Vec<(ObjectIdentifier, String)>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub document: Option<String>,
    pub policies: Vec<ObjectIdentifier>,
    pub usage: Option<KeyUsage>,
    pub purposes: Vec<ObjectIdentifier>,
    pub statements: Option<QcStatements>,
    pub date_of_birth: Option<Date>,
    pub ocsp: Option<String>,
    pub crl: Option<String>,
    pub extensions: Vec<Extension>,
}

impl CertificateDraft {
    fn person() -> Self {
        let subject = [
            (name::COUNTRY, "EE"),
            (name::COMMON_NAME, "TESTNUMBER,OK"),
            (name::SURNAME, "TESTNUMBER"),
            (name::GIVEN_NAME, "OK"),
            (name::SERIAL_NUMBER, PERSON),
        ];
        Self {
            serial: 0x1001,
            subject: subject.map(|(kind, text)| (kind, text.to_owned())).to_vec(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2028-12-31T23:59:59Z"),
            document: Some(DOCUMENT.to_owned()),
            policies: Vec::new(),
            usage: None,
            purposes: Vec::new(),
            statements: None,
            date_of_birth: None,
            ocsp: None,
            crl: None,
            extensions: Vec::new(),
        }
    }

    pub fn authentication() -> Self {
        Self {
            policies: vec![oid("1.3.6.1.4.1.10015.17.2"), oid("0.4.0.2042.1.2")],
            usage: Some(KeyUsage::DIGITAL_SIGNATURE),
            purposes: vec![oid::KP_SMART_ID_AUTHENTICATION],
            ..Self::person()
        }
    }

    pub fn signature() -> Self {
        Self {
            serial: 0x1002,
            policies: vec![oid("1.3.6.1.4.1.10015.17.2"), oid("0.4.0.194112.1.2")],
            usage: Some(KeyUsage::NON_REPUDIATION),
            statements: Some(QcStatements {
                compliance: true,
                sscd: true,
                types: vec![oid::QC_TYPE_ESIGN],
                ..QcStatements::default()
            }),
            ..Self::person()
        }
    }

    pub fn ca(common_name: &str) -> Self {
        let constraints = BasicConstraints { ca: true, path_len: None };
        Self {
            serial: 2,
            subject: vec![(name::COUNTRY, "EE".to_owned()), (name::COMMON_NAME, common_name.to_owned())],
            not_before: at("2020-01-01T00:00:00Z"),
            not_after: at("2040-01-01T00:00:00Z"),
            document: None,
            extensions: vec![
                Extension::basic_constraints(constraints).critical(),
                Extension::key_usage(KeyUsage::KEY_CERT_SIGN.with(KeyUsage::CRL_SIGN)),
            ],
            ..Self::person()
        }
    }

    /// The same with another value of one attribute of the subject.
    pub fn named(mut self, kind: ObjectIdentifier, text: &str) -> Self {
        for (each, value) in &mut self.subject {
            if *each == kind {
                text.clone_into(value);
            }
        }
        self
    }

    /// The same without one attribute of the subject.
    pub fn unnamed(mut self, kind: ObjectIdentifier) -> Self {
        self.subject.retain(|(each, _)| *each != kind);
        self
    }

    pub fn subject(&self) -> Name {
        let attributes: Vec<_> = self.subject.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        Name::of(&attributes).unwrap()
    }

    pub fn issue(&self, issuer: &Holder, key: &SoftwareKey) -> Certificate {
        self.sign(issuer.certificate.subject(), key, &issuer.key)
    }

    fn sign(&self, issuer: &Name, key: &SoftwareKey, signer: &SoftwareKey) -> Certificate {
        let mut extensions = self.extensions.clone();
        extensions.extend(self.usage.map(Extension::key_usage));
        if let Some(document) = &self.document {
            let directory_name = Name::of(&[(name::COMMON_NAME, document)]).unwrap();
            extensions.push(Extension::subject_alt_directory_name(&directory_name));
        }
        if !self.policies.is_empty() {
            let policies: Vec<_> = self.policies.iter().map(|oid| Policy { oid: *oid, cps: None }).collect();
            extensions.push(Extension::certificate_policies(&policies).unwrap());
        }
        if !self.purposes.is_empty() {
            extensions.push(Extension::extended_key_usage(&self.purposes));
        }
        extensions.extend(self.statements.as_ref().map(|list| Extension::qc_statements(list).unwrap()));
        extensions.extend(self.date_of_birth.map(|date| Extension::date_of_birth(date).unwrap()));
        if let Some(url) = &self.ocsp {
            extensions.push(Extension::authority_info_access(None, Some(url)).unwrap());
        }
        extensions.extend(self.crl.as_ref().map(|url| Extension::crl_distribution_point(url).unwrap()));
        extensions.push(Extension::authority_key_identifier(&signer.public_key().key_identifier()));
        extensions.push(Extension::subject_key_identifier(key.public_key()));
        let draft = Draft {
            role: Role::PersonAuthentication,
            serial: SerialNumber::from_unsigned(&self.serial.to_be_bytes()[4..]).unwrap(),
            issuer: issuer.clone(),
            validity: Validity { not_before: self.not_before, not_after: self.not_after },
            subject: self.subject(),
            public_key: key.public_key().clone(),
            extensions,
        };
        let tbs = draft.tbs_der(signer.algorithm()).unwrap();
        let signature = asn1::bit_string(&signer.sign(&tbs).unwrap());
        let parts = [tbs, signer.algorithm().algorithm_identifier_der(), signature];
        Certificate::from_der(&asn1::sequence(&parts)).unwrap()
    }
}

/// The rules of these tests: our root, and revocation in tests of revocation only.
pub fn rules() -> Rules {
    let trust = TrustStore::new(vec![WORLD.root.certificate.clone()], vec![WORLD.ca.certificate.clone()]);
    Rules { revocation: Revocation::Unchecked, ..Rules::new(trust) }
}

pub fn document() -> Recipient {
    Recipient::Document(DocumentNumber::parse(DOCUMENT).unwrap())
}

pub fn interactions(set: InteractionSet) -> Interactions {
    let list = [
        Interaction { kind: InteractionType::ConfirmationMessage, text: "Log in to Näidis €".into() },
        Interaction { kind: InteractionType::DisplayTextAndPin, text: "Log in".into() },
    ];
    Interactions::new(&list, set).unwrap()
}

pub fn secret() -> SessionSecret {
    SessionSecret::from_bytes(&(0xA0..=0xBF).collect::<Vec<u8>>()).unwrap()
}

pub fn pss() -> SignatureScheme {
    SignatureScheme::pss(HashAlgorithm::Sha512)
}

pub fn ask_authentication() -> Asked {
    Asked::Authenticate {
        rp_challenge: RpChallenge::from_bytes(&(0..=0x3F).collect::<Vec<u8>>()).unwrap(),
        signature: pss(),
        interactions: interactions(InteractionSet::DeviceLink),
    }
}

pub const DATA: &[u8] = b"data to sign";

pub fn ask_signature() -> Asked {
    Asked::Sign {
        digest: Digest::from_bytes(&HashAlgorithm::Sha512.digest(DATA)).unwrap(),
        signature: pss(),
        interactions: interactions(InteractionSet::DeviceLink),
    }
}

pub fn by_link() -> FlowMembers {
    FlowMembers::DeviceLink { callback: Some(CallbackUrl::parse(CALLBACK).unwrap()) }
}

/// A session as the client keeps it.
pub fn session(asked: Asked, flow: FlowMembers, recipient: Recipient) -> StartedSession {
    let party = RelyingPartyUuid::parse("00000000-0000-4000-8000-000000000000").unwrap();
    let (answer, offered) = match &flow {
        FlowMembers::DeviceLink { .. } => {
            let base = DeviceLinkBase::parse("https://sid.example.test/device-link").unwrap();
            let token = SessionToken::parse(TOKEN).unwrap();
            let offered = vec![FlowType::Qr, FlowType::Web2App, FlowType::App2App];
            (Answer::DeviceLink { token, secret: secret(), base }, offered)
        }
        FlowMembers::Notification | FlowMembers::Linked { .. } => {
            (Answer::Session, vec![FlowType::Notification])
        }
    };
    StartedSession {
        request: StartRequest::new(party, NAME, asked, flow),
        recipient,
        scheme: SchemeName::DEMO,
        brokered_rp_name: String::new(),
        session_id: SessionId::parse("fa20fd1e-e320-4c68-8315-f6a507a0b4a9").unwrap(),
        answer,
        started_at: now(),
        offered,
    }
}

/// The person's signature over a message.
pub fn signed(algorithm: Algorithm, message: &[u8]) -> Vec<u8> {
    WORLD.key.with_algorithm(algorithm).unwrap().sign(message).unwrap()
}

/// The payload of the documents, put together by hand: the code under test has its own.
pub fn payload(session: &StartedSession, interaction: &str, callback: &str, flow: &str) -> String {
    let Asked::Authenticate { rp_challenge, interactions, .. } = &session.request.asked else { panic!() };
    let hash = b64(&PkiDigest::Sha256.of(interactions.as_str().as_bytes()));
    let (name, broker) = (b64(NAME.as_bytes()), b64(session.brokered_rp_name.as_bytes()));
    format!(
        "smart-id-demo|ACSP_V2|{SERVER_RANDOM}|{}|{USER_CHALLENGE}|{name}|{broker}|{hash}|{interaction}|{callback}|{flow}",
        rp_challenge.as_str()
    )
}

/// The answer of a service to an authentication that went well.
pub fn authenticated(session: &StartedSession, flow: &str) -> SessionStatus {
    let callback = if matches!(flow, "Web2App" | "App2App") { CALLBACK } else { "" };
    let message = payload(session, "confirmationMessage", callback, flow);
    let value = signed(Algorithm::RsaPss(PkiDigest::Sha512), message.as_bytes());
    serde_json::from_value(serde_json::json!({
        "state": "COMPLETE",
        "result": { "endResult": "OK", "documentNumber": DOCUMENT },
        "signatureProtocol": "ACSP_V2",
        "signature": {
            "value": b64(&value),
            "serverRandom": SERVER_RANDOM,
            "userChallenge": USER_CHALLENGE,
            "flowType": flow,
            "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": parameters("SHA-512", 64),
        },
        "cert": Cert::new(WORLD.auth.as_der(), CertificateLevel::Qualified),
        "interactionTypeUsed": "confirmationMessage",
    }))
    .unwrap()
}

/// The answer of a service to a signature that went well.
pub fn signature_made(flow: &str) -> SessionStatus {
    let value = signed(Algorithm::RsaPss(PkiDigest::Sha512), DATA);
    serde_json::from_value(serde_json::json!({
        "state": "COMPLETE",
        "result": { "endResult": "OK", "documentNumber": DOCUMENT },
        "signatureProtocol": "RAW_DIGEST_SIGNATURE",
        "signature": {
            "value": b64(&value),
            "flowType": flow,
            "signatureAlgorithm": "rsassa-pss",
            "signatureAlgorithmParameters": parameters("SHA-512", 64),
        },
        "cert": Cert::new(WORLD.sign.as_der(), CertificateLevel::Qualified),
        "interactionTypeUsed": "displayTextAndPIN",
    }))
    .unwrap()
}

pub fn parameters(hash: &str, salt: u32) -> serde_json::Value {
    serde_json::json!({
        "hashAlgorithm": hash,
        "maskGenAlgorithm": { "algorithm": "id-mgf1", "parameters": { "hashAlgorithm": hash } },
        "saltLength": salt,
        "trailerField": "0xbc",
    })
}

pub fn verifier() -> UserChallengeVerifier {
    UserChallengeVerifier::parse(VERIFIER).unwrap()
}

/// The URL that the browser comes back to after an authentication.
pub fn callback_url() -> String {
    CallbackUrl::parse(CALLBACK).unwrap().completed(&secret().digest(), Some(&verifier()))
}
