//! Certificates no careful issuer makes: every `.der` in `fixtures/certificate/broken` is refused, for
//! the reason in its `.expected` neighbour.
//!
//! The files were written by [`write_fixtures`] below, which says how each differs from a sound one.

use countersign_pki::asn1;
use countersign_pki::certificate::{Certificate, Extension, Name, Policy, name};
use countersign_pki::verify::{Curve, KeyLimits};
use countersign_pki::{PublicKey, Signer};

use crate::world::{ec, fixtures};

#[test]
fn broken_certificates_are_refused() {
    let folder = fixtures().join("broken");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "der") {
            continue;
        }
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap();
        let found = match Certificate::from_der(&std::fs::read(&path).unwrap()) {
            Ok(certificate) => {
                // The one fault that shows only when the algorithm is asked for.
                certificate.signature_algorithm().expect_err(&path.display().to_string()).to_string()
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected.trim_end(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 30, "only {count} files in {}", folder.display());
}

#[test]
fn a_small_old_key_is_read_when_limits_say_so() {
    let der = std::fs::read(fixtures().join("broken/rsa-1024.der")).unwrap();
    assert!(Certificate::from_der(&der).is_err());
    Certificate::from_der_within(&der, KeyLimits::HISTORIC).unwrap();
}

#[test]
fn the_sound_one_they_derive_from_reads() {
    Certificate::from_der(&Raw::sound().assemble()).unwrap();
}

/// A certificate in parts, each in DER.
#[derive(Clone)]
struct Raw {
    version: Vec<u8>,
    serial: Vec<u8>,
    inner_algorithm: Vec<u8>,
    name: Vec<u8>,
    not_after: Vec<u8>,
    spki: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    outer_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Raw {
    fn sound() -> Self {
        let algorithm = vec![0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
        let key = ec(Curve::P256);
        let usage = countersign_pki::certificate::KeyUsage::DIGITAL_SIGNATURE;
        Self {
            version: asn1::tlv(0xA0, &asn1::integer(2)),
            serial: vec![2, 8, 0x40, 1, 2, 3, 4, 5, 6, 7],
            inner_algorithm: algorithm.clone(),
            name: Name::of(&[(name::COMMON_NAME, "broken")]).unwrap().as_der().to_vec(),
            not_after: asn1::tlv(asn1::UTC_TIME, b"270101000000Z"),
            spki: key.public_key().spki_der().to_vec(),
            extensions: vec![Extension::key_usage(usage).to_der()],
            outer_algorithm: algorithm,
            signature: asn1::bit_string(&[0x30, 6, 2, 1, 1, 2, 1, 1]),
        }
    }

    fn tbs(&self) -> Vec<u8> {
        let not_before = asn1::tlv(asn1::UTC_TIME, b"260101000000Z");
        asn1::sequence(&[
            self.version.clone(),
            self.serial.clone(),
            self.inner_algorithm.clone(),
            self.name.clone(),
            asn1::sequence(&[not_before, self.not_after.clone()]),
            self.name.clone(),
            self.spki.clone(),
            asn1::tlv(0xA3, &asn1::sequence(&self.extensions)),
        ])
    }

    fn assemble(&self) -> Vec<u8> {
        asn1::sequence(&[self.tbs(), self.outer_algorithm.clone(), self.signature.clone()])
    }
}

fn extension(oid: &str, critical: &[u8], value: &[u8]) -> Vec<u8> {
    asn1::sequence(&[asn1::oid(&oid.parse().unwrap()), critical.to_vec(), asn1::octet_string(value)])
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = asn1::sequence(&[asn1::unsigned(modulus), asn1::unsigned(exponent)]);
    let algorithm = asn1::sequence(&[asn1::oid(&"1.2.840.113549.1.1.1".parse().unwrap()), asn1::null()]);
    asn1::sequence(&[algorithm, asn1::bit_string(&key)])
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let with = |change: fn(&mut Raw)| {
        let mut raw = Raw::sound();
        change(&mut raw);
        raw.assemble()
    };
    let sound = Raw::sound().assemble();
    let content = &sound[4..];
    let long_length = [&[0x30, 0x83, 0, (content.len() >> 8) as u8, content.len() as u8], content].concat();
    vec![
        ("trailing-byte", [&sound[..], &[0]].concat()),
        ("truncated", sound[..sound.len() - 1].to_vec()),
        ("indefinite-length", [&[0x30, 0x80], content, &[0, 0]].concat()),
        ("padded-length", long_length),
        ("element-after-signature", {
            let raw = Raw::sound();
            asn1::sequence(&[raw.tbs(), raw.outer_algorithm, raw.signature, asn1::null()])
        }),
        ("negative-serial", with(|r| r.serial = vec![2, 2, 0x80, 1])),
        ("padded-serial", with(|r| r.serial = vec![2, 3, 0, 1, 2])),
        ("empty-serial", with(|r| r.serial = vec![2, 0])),
        ("long-serial", with(|r| r.serial = asn1::unsigned(&[0x40; 21]))),
        ("duplicate-extension", with(|r| r.extensions.push(r.extensions[0].clone()))),
        ("no-extension-in-extensions", with(|r| r.extensions.clear())),
        ("algorithms-differ", with(|r| *r.outer_algorithm.last_mut().unwrap() = 3)),
        ("v1-with-extensions", with(|r| r.version.clear())),
        ("version-4", with(|r| r.version = asn1::tlv(0xA0, &asn1::integer(3)))),
        ("critical-is-01", with(|r| r.extensions[0] = extension("2.5.29.15", &[1, 1, 1], &[3, 2, 7, 0x80]))),
        (
            "key-usage-with-padding-bits",
            with(|r| r.extensions[0] = extension("2.5.29.15", &[], &[3, 2, 0, 0x80])),
        ),
        (
            "key-usage-is-no-bit-string",
            with(|r| r.extensions[0] = extension("2.5.29.15", &[], &[4, 1, 0x80])),
        ),
        (
            "bytes-after-extension-value",
            with(|r| r.extensions[0] = extension("2.5.29.14", &[], &[4, 1, 1, 0])),
        ),
        (
            "path-length-without-ca",
            with(|r| r.extensions[0] = extension("2.5.29.19", &[], &[0x30, 3, 2, 1, 0])),
        ),
        (
            "negative-path-length",
            with(|r| {
                r.extensions[0] = extension("2.5.29.19", &[], &[0x30, 6, 1, 1, 0xFF, 2, 1, 0xFF]);
            }),
        ),
        ("empty-extended-key-usage", with(|r| r.extensions[0] = extension("2.5.29.37", &[], &[0x30, 0]))),
        (
            "policy-twice",
            with(|r| {
                let policy = Policy { oid: "1.2.3".parse().unwrap(), cps: None };
                r.extensions[0] =
                    Extension::certificate_policies(&[policy.clone(), policy]).unwrap().to_der();
            }),
        ),
        (
            "ip-address-of-5-bytes",
            with(|r| {
                r.extensions[0] = extension("2.5.29.17", &[], &[0x30, 7, 0x87, 5, 1, 2, 3, 4, 5]);
            }),
        ),
        (
            "ocsp-nocheck-with-content",
            with(|r| {
                r.extensions[0] = extension("1.3.6.1.5.5.7.48.1.5", &[], &[5, 1, 0]);
            }),
        ),
        ("time-without-seconds", with(|r| r.not_after = asn1::tlv(asn1::UTC_TIME, b"2701010000Z"))),
        ("time-with-offset", with(|r| r.not_after = asn1::tlv(asn1::UTC_TIME, b"270101000000+0200"))),
        ("time-that-never-was", with(|r| r.not_after = asn1::tlv(asn1::UTC_TIME, b"270230000000Z"))),
        (
            "name-with-unsorted-set",
            with(|r| {
                let part =
                    |oid: &str| asn1::sequence(&[asn1::oid(&oid.parse().unwrap()), asn1::utf8_string("x")]);
                let set = asn1::constructed(asn1::SET, &[part("2.5.4.10"), part("2.5.4.3")]);
                r.name = asn1::sequence(&[set]);
            }),
        ),
        ("signature-of-broken-bytes", with(|r| r.signature = vec![3, 2, 4, 0x10])),
        ("rsa-1024", with(|r| r.spki = rsa(&[0xC1; 128], &[1, 0, 1]))),
        ("rsa-exponent-1", with(|r| r.spki = rsa(&[0xC1; 256], &[1]))),
        ("rsa-even-exponent", with(|r| r.spki = rsa(&[0xC1; 256], &[1, 0, 0]))),
        ("rsa-16384", with(|r| r.spki = rsa(&[0xC1; 2048], &[1, 0, 1]))),
        ("point-off-the-curve", with(|r| *r.spki.last_mut().unwrap() ^= 1)),
        (
            "unknown-curve",
            with(|r| {
                let brainpool = [0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07];
                let algorithm =
                    asn1::sequence(&[asn1::oid(&"1.2.840.10045.2.1".parse().unwrap()), brainpool.to_vec()]);
                r.spki = asn1::sequence(&[algorithm, asn1::bit_string(&[4; 65])]);
            }),
        ),
        (
            "pss-without-parameters",
            with(|r| {
                let pss = asn1::sequence(&[asn1::oid(&"1.2.840.113549.1.1.10".parse().unwrap())]);
                (r.inner_algorithm, r.outer_algorithm) = (pss.clone(), pss);
            }),
        ),
        (
            "pss-with-default-parameters",
            with(|r| {
                let parameters = asn1::sequence::<Vec<u8>>(&[]);
                let pss = asn1::sequence(&[asn1::oid(&"1.2.840.113549.1.1.10".parse().unwrap()), parameters]);
                (r.inner_algorithm, r.outer_algorithm) = (pss.clone(), pss);
            }),
        ),
    ]
}

#[test]
#[ignore = "writes the fixtures"]
fn write_fixtures() {
    assert!(PublicKey::from_spki_der(&rsa(&[0xC1; 256], &[1, 0, 1])).is_ok());
    let folder = fixtures().join("broken");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, der) in cases() {
        let fault =
            Certificate::from_der(&der).and_then(|c| c.signature_algorithm().map(|_| ())).unwrap_err();
        std::fs::write(folder.join(name).with_extension("der"), der).unwrap();
        std::fs::write(folder.join(name).with_extension("expected"), format!("{fault}\n")).unwrap();
    }
}
