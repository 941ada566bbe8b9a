//! What we write, others read: signxml with libxml2, and OpenSSL. A judge that is not installed is named
//! in the output and skipped. `COUNTERSIGN_JUDGE_PYTHON` names a Python with signxml.

#![allow(clippy::print_stderr)]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_container::{Container, Level};
use countersign_pki::algorithm::{Digest, SignatureAlgorithm};
use countersign_pki::{Certificate, SoftwareKey};

use crate::forge::{Forgery, SIGNATURES, between, canonical};
use crate::make::{FILES, sign, unsigned};
use crate::world::WORLD;

fn python() -> String {
    std::env::var("COUNTERSIGN_JUDGE_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// `None` when the program is not there.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

fn write(folder: &Path, name: &str, content: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn container(certificate: &Certificate, key: &SoftwareKey) -> Container {
    let mut container = unsigned();
    let signature = sign(&container, certificate, key, Level::Lt);
    container.add_signature(&signature, crate::world::noon()).unwrap();
    container
}

fn assert_passed(what: &str, output: &Output) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&text));
}

#[test]
fn signxml_verifies_what_we_write() {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/judges/signxml_judge.py");
    let script = script.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let references = (FILES.len() + 1).to_string();
    use SignatureAlgorithm::{RsaPkcs1, RsaPss};
    let rsa = [
        RsaPss(Digest::Sha256),
        RsaPss(Digest::Sha384),
        RsaPss(Digest::Sha512),
        RsaPkcs1(Digest::Sha256),
        RsaPkcs1(Digest::Sha512),
    ];
    let mut containers: Vec<(String, &Certificate, Container)> = rsa
        .into_iter()
        .map(|algorithm| {
            let key = WORLD.signer_key.with_algorithm(algorithm).unwrap();
            (algorithm.to_string(), &WORLD.signer, container(&WORLD.signer, &key))
        })
        .collect();
    let ecdsa = container(&WORLD.ec_signer, &WORLD.ec_signer_key);
    containers.push(("ECDSA".to_owned(), &WORLD.ec_signer, ecdsa));
    for (what, signer, container) in &containers {
        let file = write(folder.path(), "signed.asice", &container.to_bytes().unwrap());
        let pem = write(folder.path(), "signer.pem", signer.to_pem().as_bytes());
        match run(&python(), &[script, &file, &pem, &references]) {
            None => return eprintln!("SKIP signxml: no Python"),
            Some(output) if output.status.code() == Some(3) => {
                return eprintln!("SKIP signxml: not installed");
            }
            Some(output) => assert_passed(what, &output),
        }
    }
    // A judge that accepts everything is none.
    let mut raw = Forgery::new().lt().zip();
    raw.entries[1] = crate::raw_zip::RawEntry::stored(FILES[0].0, b"changed");
    let file = write(folder.path(), "changed.asice", &raw.to_bytes());
    let pem = write(folder.path(), "signer.pem", WORLD.signer.to_pem().as_bytes());
    let output = run(&python(), &[script, &file, &pem, &references]).unwrap();
    assert_eq!(output.status.code(), Some(1), "signxml accepted a changed file");
}

#[test]
fn openssl_verifies_the_parts_of_what_we_write() {
    let Some(version) = run("openssl", &["version"]) else {
        return eprintln!("SKIP openssl: not installed");
    };
    assert_passed("openssl version", &version);
    let folder = tempfile::tempdir().unwrap();
    let bytes = container(&WORLD.signer, &WORLD.signer_key).to_bytes().unwrap();
    let opened = Container::from_bytes(&bytes).unwrap();
    let xml = opened.signature_files().unwrap().into_iter().find(|(name, _)| name == SIGNATURES).unwrap().1;
    let xml = String::from_utf8(xml).unwrap();
    let value = |start: &str| STANDARD.decode(between(&xml, start, "<")).unwrap();
    let file = |name: &str, content: &[u8]| write(folder.path(), name, content);

    let signed_info = file("signed-info", &canonical(&xml, "SignedInfo"));
    let signature = file(
        "value",
        &value("<ds:SignatureValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"S0-SIG\">"),
    );
    let stamped = file("signature-value", &canonical(&xml, "SignatureValue"));
    let token = file("token", &value("<xades:EncapsulatedTimeStamp>"));
    let response = file("ocsp", &value("<xades:EncapsulatedOCSPValue>"));
    let [signer, ca, root, tsa] =
        [("signer", &WORLD.signer), ("ca", &WORLD.ca), ("root", &WORLD.root), ("tsa", &WORLD.tsa_root)]
            .map(|(name, certificate)| file(&format!("{name}.pem"), certificate.to_pem().as_bytes()));
    let chain = file("chain.pem", (WORLD.ca.to_pem() + &WORLD.root.to_pem()).as_bytes());

    let key = run("openssl", &["x509", "-in", &signer, "-pubkey", "-noout"]).unwrap();
    assert_passed("public key", &key);
    let key = file("key.pem", &key.stdout);
    let at = crate::world::noon().as_second().to_string();
    let commands: [(&str, Vec<&str>); 4] = [
        ("path", vec!["verify", "-attime", &at, "-CAfile", &root, "-untrusted", &ca, &signer]),
        (
            "signature value",
            vec![
                "dgst",
                "-sha256",
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:32",
                "-verify",
                &key,
                "-signature",
                &signature,
                &signed_info,
            ],
        ),
        (
            "time-stamp",
            vec![
                "ts",
                "-verify",
                "-attime",
                &at,
                "-data",
                &stamped,
                "-in",
                &token,
                "-token_in",
                "-CAfile",
                &tsa,
            ],
        ),
        (
            "OCSP response",
            vec![
                "ocsp",
                "-respin",
                &response,
                "-attime",
                &at,
                "-issuer",
                &ca,
                "-sha256",
                "-cert",
                &signer,
                "-CAfile",
                &chain,
                "-validity_period",
                "3153600000",
                "-no_nonce",
            ],
        ),
    ];
    for (what, arguments) in commands {
        let output = run("openssl", &arguments).unwrap();
        assert_passed(what, &output);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let said = ["OK", "good"].iter().any(|word| text.contains(word));
        assert!(said, "{what}: {text}");
    }
}
