//! Every combination of level, algorithm, number of signers and kind of file, for others to judge. The files lie in
//! `target/tmp/pdf-matrix` with `expected.json`; `interop/run.sh` shows them to pyHanko, pdfsig and qpdf.

#![allow(clippy::print_stderr)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use countersign_container::Level;
use countersign_container::pades::{PdfLimits, SignedPdf, prepare};
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::certificate::KeyUsage;
use countersign_pki::verify::Curve;
use countersign_pki::{Certificate, Signer as _, SoftwareKey};

use super::make::{check, extend, request};
use super::sample::Sample;
use crate::world::{CertificateSpec, WORLD, authority_name, noon, person_name, seconds};

pub(crate) struct Key {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

/// What our own software keys can do.
pub(crate) static KEYS: LazyLock<Vec<(&'static str, Key)>> = LazyLock::new(|| {
    let rsa = |algorithm| Key {
        key: WORLD.signer_key.with_algorithm(algorithm).unwrap(),
        certificate: WORLD.signer.clone(),
    };
    let p384 = SoftwareKey::generate_ec(Curve::P384).unwrap();
    let certificate = CertificateSpec::new(&person_name(), 102, &p384, &authority_name("TEST CA"))
        .usage(KeyUsage::NON_REPUDIATION)
        .sign(&WORLD.ca_key);
    vec![
        ("pss-sha256", rsa(SignatureAlgorithm::RsaPss(Digest::Sha256))),
        (
            "ecdsa-p256",
            Key {
                key: SoftwareKey::from_pkcs8_der(&WORLD.ec_signer_key.to_pkcs8_der().unwrap()).unwrap(),
                certificate: WORLD.ec_signer.clone(),
            },
        ),
        ("ecdsa-p384", Key { key: p384, certificate }),
        ("pss-sha512", rsa(SignatureAlgorithm::RsaPss(Digest::Sha512))),
        ("v15-sha256", rsa(SignatureAlgorithm::RsaPkcs1(Digest::Sha256))),
    ]
});

/// RSASSA-PSS with SHA3-512, by OpenSSL; none without it.
pub(crate) fn sha3_by_openssl(message: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key"), WORLD.signer_key.to_pem().unwrap().as_bytes()).unwrap();
    std::fs::write(path("data"), message).unwrap();
    let status = Command::new("openssl")
        .args(["dgst", "-sha3-512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"])
        .args(["-sign", &path("key"), "-out", &path("value"), &path("data")])
        .status();
    match status {
        Ok(status) if status.success() => Some(std::fs::read(path("value")).unwrap()),
        _ => None,
    }
}

fn files() -> [(&'static str, Vec<u8>); 2] {
    [("table", Sample::new().with_table()), ("stream", Sample::with_form().with_stream())]
}

/// Signs by each of `signers` in turn, each time-stamped at once unless the level is B.
fn signed_by(file: &[u8], signers: &[Option<&Key>], level: Level) -> Option<Vec<u8>> {
    let mut file = file.to_vec();
    for (index, key) in signers.iter().enumerate() {
        let at = noon() + seconds(10 * index as i64);
        let mut request = match key {
            Some(key) => request(&key.certificate, &key.key, at),
            None => request(&WORLD.signer, &WORLD.signer_key, at),
        };
        if key.is_none() {
            request.algorithm = SignatureAlgorithm::RsaPss(Digest::Sha3_512);
        }
        let prepared = prepare(&file, &request, &PdfLimits::default()).unwrap();
        let value = match key {
            Some(key) => key.key.sign(prepared.dtbs()).unwrap(),
            None => sha3_by_openssl(prepared.dtbs())?,
        };
        let mut signed = prepared.finish(&value).unwrap();
        extend(&mut signed, level.min(Level::T), at + seconds(1));
        file = signed.into_bytes();
    }
    let mut signed = SignedPdf::open(file, &PdfLimits::default()).unwrap();
    extend(&mut signed, level, noon() + seconds(100));
    Some(signed.into_bytes())
}

#[test]
fn every_combination_is_valid_and_written_for_others() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pdf-matrix");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut expected = serde_json::Map::new();
    let keys = KEYS.iter().map(|(name, key)| (*name, Some(key))).chain([("pss-sha3-512", None)]);
    for (name, key) in keys {
        for level in Level::ALL {
            for signers in [1, 3] {
                for (kind, file) in files() {
                    let Some(signed) = signed_by(&file, &vec![key; signers], level) else {
                        eprintln!("SKIP pdf-matrix {name}: openssl is not installed");
                        continue;
                    };
                    let report = check(&signed, level.min(Level::Lt));
                    let file = format!("{name}-{}-{signers}-{kind}.pdf", level.word());
                    assert!(report.is_valid(), "{file}\n{report}");
                    assert_eq!(report.signatures.len(), signers, "{file}");
                    std::fs::write(folder.join(&file), &signed).unwrap();
                    let fields = serde_json::json!({
                        "algorithm": name, "level": level.word(), "signers": signers, "kind": kind,
                    });
                    expected.insert(file, fields);
                }
            }
        }
    }
    let text = serde_json::to_string_pretty(&expected).unwrap();
    std::fs::write(folder.join("expected.json"), text).unwrap();
    std::fs::write(folder.join("root.pem"), WORLD.root.to_pem()).unwrap();
    std::fs::write(folder.join("ca.pem"), WORLD.ca.to_pem()).unwrap();
    std::fs::write(folder.join("tsa.pem"), WORLD.tsa_root.to_pem()).unwrap();
}
