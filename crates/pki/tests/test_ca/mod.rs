//! A CA for tests, which issues what it is told to, faults included.
//!
//! The product's own profiles would refuse half of these certificates, and rightly so.

#![allow(dead_code, missing_docs, unreachable_pub)] // shared by several test programs, each using a part

pub mod fixture;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use const_oid::ObjectIdentifier;
use countersign_pki::asn1;
use countersign_pki::certificate::Name;
use countersign_pki::certificate::extension::oid;
use countersign_pki::time;
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, PublicKey, Signer, SoftwareKey};
use jiff::Timestamp;

/// The time of every test, unless it says otherwise.
pub const NOW: &str = "2026-06-01T12:00:00Z";

pub fn now() -> Timestamp {
    at(NOW)
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What a certificate shall say.
#[derive(Clone)]
pub struct Template {
    pub common_name: String,
    pub serial: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub extensions: Vec<Vec<u8>>,
}

impl Template {
    pub fn new(common_name: &str, serial: u16) -> Self {
        Self {
            common_name: common_name.into(),
            serial: serial.to_be_bytes().to_vec(),
            not_before: at("2025-01-01T00:00:00Z"),
            not_after: at("2099-01-01T00:00:00Z"),
            extensions: Vec::new(),
        }
    }

    pub fn valid(self, from: &str, to: &str) -> Self {
        Self { not_before: at(from), not_after: at(to), ..self }
    }

    pub fn with(mut self, id: ObjectIdentifier, critical: bool, value: &[u8]) -> Self {
        let mut fields = vec![asn1::oid(&id)];
        if critical {
            fields.push(asn1::boolean_true());
        }
        fields.push(asn1::octet_string(value));
        self.extensions.push(asn1::sequence(&fields));
        self
    }

    pub fn key_usage(self, bits: u16) -> Self {
        self.with(oid::KEY_USAGE, true, &asn1::named_bits(bits))
    }

    pub fn extended_key_usage(self, critical: bool, purposes: &[ObjectIdentifier]) -> Self {
        let purposes: Vec<Vec<u8>> = purposes.iter().map(asn1::oid).collect();
        self.with(oid::EXTENDED_KEY_USAGE, critical, &asn1::sequence(&purposes))
    }

    pub fn ca(common_name: &str, serial: u16) -> Self {
        Self::new(common_name, serial)
            .with(oid::BASIC_CONSTRAINTS, true, &asn1::sequence(&[asn1::boolean_true()]))
            .key_usage(0b110_0000) // keyCertSign, cRLSign
    }

    pub fn person(serial: u16) -> Self {
        Self::new("TEST PERSON", serial).key_usage(0b10) // nonRepudiation
    }

    pub fn responder(serial: u16) -> Self {
        Self::new("TEST OCSP RESPONDER", serial)
            .key_usage(0b1)
            .extended_key_usage(false, &[oid::KP_OCSP_SIGNING])
            .with(oid::OCSP_NOCHECK, false, &asn1::null())
    }

    pub fn tsu(serial: u16) -> Self {
        Self::new("TEST TSU", serial).key_usage(0b1).extended_key_usage(true, &[oid::KP_TIME_STAMPING])
    }
}

/// A certificate and its key.
#[derive(Clone)]
pub struct Holder {
    pub certificate: Certificate,
    pub key: Arc<SoftwareKey>,
}

impl Holder {
    pub fn root(template: &Template) -> Self {
        let key = new_key();
        let subject = name(&template.common_name);
        let certificate = certificate(template, key.public_key(), &subject, key.as_ref());
        Self { certificate, key }
    }

    /// Issues to a new key.
    pub fn issue(&self, template: &Template) -> Self {
        self.issue_to(template, new_key())
    }

    pub fn issue_to(&self, template: &Template, key: Arc<SoftwareKey>) -> Self {
        let certificate =
            certificate(template, key.public_key(), self.certificate.subject(), self.key.as_ref());
        Self { certificate, key }
    }
}

/// A root, an issuing CA, and one of everything below it.
pub struct World {
    pub root: Holder,
    pub ca: Holder,
    pub person: Holder,
    pub responder: Holder,
    pub tsu: Holder,
}

impl World {
    pub fn new() -> Self {
        let root = Holder::root(&Template::ca("TEST ROOT", 1));
        let ca = root.issue(&Template::ca("TEST ISSUING CA", 2));
        let person = ca.issue(&Template::person(0x8001));
        let responder = ca.issue(&Template::responder(3));
        let tsu = ca.issue(&Template::tsu(4));
        Self { root, ca, person, responder, tsu }
    }
}

pub fn new_key() -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate_ec(Curve::P256).unwrap())
}

pub fn name(common_name: &str) -> Name {
    let country = "2.5.4.6".parse().unwrap();
    let common = "2.5.4.3".parse().unwrap();
    Name::of(&[(country, "EE"), (common, common_name)]).unwrap()
}

fn certificate(
    template: &Template,
    subject_key: &PublicKey,
    issuer: &Name,
    signer: &dyn Signer,
) -> Certificate {
    let algorithm = signer.algorithm().algorithm_identifier_der();
    let mut extensions = template.extensions.clone();
    let key_id = |key: &PublicKey| key.key_identifier().to_vec();
    extensions.push(asn1::sequence(&[
        asn1::oid(&oid::SUBJECT_KEY_IDENTIFIER),
        asn1::octet_string(&asn1::octet_string(&key_id(subject_key))),
    ]));
    extensions.push(asn1::sequence(&[
        asn1::oid(&oid::AUTHORITY_KEY_IDENTIFIER),
        asn1::octet_string(&asn1::sequence(&[asn1::tlv(asn1::context(0), &key_id(signer.public_key()))])),
    ]));
    let validity = [time::time(template.not_before).unwrap(), time::time(template.not_after).unwrap()];
    let tbs = asn1::sequence(&[
        asn1::tlv(asn1::context_constructed(0), &asn1::integer(2)),
        asn1::unsigned(&template.serial),
        algorithm.clone(),
        issuer.as_der().to_vec(),
        asn1::sequence(&validity),
        name(&template.common_name).as_der().to_vec(),
        subject_key.spki_der().to_vec(),
        asn1::tlv(asn1::context_constructed(3), &asn1::sequence(&extensions)),
    ]);
    let signature = signer.sign(&tbs).unwrap();
    Certificate::from_der(&asn1::sequence(&[tbs, algorithm, asn1::bit_string(&signature)])).unwrap()
}

/// A folder for files that `openssl` reads and writes.
pub struct OpenSsl {
    folder: tempfile::TempDir,
}

impl OpenSsl {
    /// `None`, with a note, where the program is missing.
    #[allow(clippy::print_stderr)]
    pub fn new(test: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("SKIPPED {test}: there is no openssl program");
            return None;
        }
        Some(Self { folder: tempfile::tempdir().unwrap() })
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.path(file), content).unwrap();
        self
    }

    pub fn read(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path(file)).unwrap()
    }

    /// Runs in the folder; gives both outputs together and whether it succeeded.
    pub fn run(&self, arguments: &str) -> (String, bool) {
        let Output { status, stdout, stderr } = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        (text, status.success())
    }

    /// Runs, and fails the test unless it succeeds and says `expected`.
    #[track_caller]
    pub fn says(&self, arguments: &str, expected: &str) -> String {
        let (text, success) = self.run(arguments);
        assert!(
            success && text.contains(expected),
            "openssl {arguments}: expected {expected:?}, got:\n{text}"
        );
        text
    }
}
