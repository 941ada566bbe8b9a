//! What we write, OpenSSL and Java read. Where a program is missing, the test says so and passes.

use std::path::Path;
use std::process::Command;

use countersign_pki::certificate::build::Validity;
use countersign_pki::certificate::{Certificate, Policy};
use countersign_pki::csr::CertificationRequest;
use countersign_pki::profile::Use;
use countersign_pki::signer::RsaSize;
use countersign_pki::truststore::{self, Anchor};
use countersign_pki::verify::Curve;
use countersign_pki::{Signer, SoftwareKey};

use crate::world::{addresses, ec, issue, now, organization, rng, world};

/// Runs a program and returns whether it succeeded and all it printed; `None` when it is not installed.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<(bool, String)> {
    // Java prints in the language of the machine otherwise.
    let output = Command::new(program).args(arguments).current_dir(folder).env("LC_ALL", "C").output();
    match output {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            #[allow(clippy::print_stderr)] // a test that did not run must say so
            {
                eprintln!("SKIP: {program} is not installed");
            }
            None
        }
        Err(e) => panic!("{program}: {e}"),
    }
}

fn write(folder: &Path, name: &str, certificates: &[&Certificate]) {
    std::fs::write(folder.join(name), truststore::pem(certificates)).unwrap();
}

#[test]
fn openssl_accepts_every_kind_of_certificate() {
    let world = world();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "root.pem", &[&world.root]);
    write(folder, "issuing.pem", &[&world.qualified, &world.non_qualified]);

    let issuer = world.qualified();
    let key = ec(Curve::P256);
    let named = |cn| organization().named(cn).unwrap();
    let short = Validity::days(now(), 90).unwrap();
    let policy = Policy { oid: "0.4.0.2023.1.1".parse().unwrap(), cps: None };
    let ocsp = issuer.issue_ocsp_responder(named("OCSP"), key.public_key(), short, &mut rng()).unwrap();
    let hosts = ["localhost".to_owned()];
    let tls = issuer.issue_tls_server(&hosts, &[], key.public_key(), short, &mut rng()).unwrap();
    let six_years = Validity::years(now(), 6).unwrap();
    let until = Validity::years(now(), 1).unwrap().not_after;
    let address = addresses("eid-q");
    let tsu = issuer
        .issue_time_stamping_unit(
            named("TSU"),
            &policy,
            &address,
            key.public_key(),
            six_years,
            until,
            &mut rng(),
        )
        .unwrap();
    let time = now().as_second().to_string();
    for (name, certificate, purpose) in [
        ("auth-q", issue(true, Use::Authentication), "any"),
        ("sign-q", issue(true, Use::Signature), "any"),
        ("auth-nq", issue(false, Use::Authentication), "any"),
        ("sign-nq", issue(false, Use::Signature), "any"),
        ("ocsp", ocsp, "ocsphelper"),
        ("tls", tls, "sslserver"),
        ("tsu", tsu, "timestampsign"),
    ] {
        write(folder, "leaf.pem", &[&certificate]);
        let arguments = [
            "verify",
            "-x509_strict",
            "-check_ss_sig",
            "-attime",
            &time,
            "-purpose",
            purpose,
            "-CAfile",
            "root.pem",
            "-untrusted",
            "issuing.pem",
            "leaf.pem",
        ];
        let Some((ok, text)) = run("openssl", &arguments, folder) else { return };
        assert!(ok, "{name}: {text}");
    }
}

#[test]
fn openssl_prints_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "leaf.pem", &[&issue(true, Use::Signature)]);
    let arguments = ["x509", "-in", "leaf.pem", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb,utf8"];
    let Some((ok, text)) = run("openssl", &arguments, folder.path()) else { return };
    assert!(ok, "{text}");
    for expected in [
        "Signature Algorithm: ecdsa-with-SHA384",
        "Subject: serialNumber=PNOEE-40504040001,GN=ÕIE,SN=TESTNUMBER,CN=TESTNUMBER\\,ÕIE,C=EE",
        "Issuer: C=EE,O=Example Trust OÜ,organizationIdentifier=NTREE-12345678,CN=Example EID-Q 2026",
        "Not Before: Nov 22 10:00:00 2026 GMT",
        "Not After : Nov 21 09:59:59 2029 GMT",
        "CA:FALSE",
        "CA Issuers - URI:http://c.trust.example/eid-q.der.crt",
        "OCSP - URI:http://aia.trust.example/eid-q",
        "CN=PNOEE-40504040001-MOCK-Q",
        "Policy: 1.3.6.1.4.1.10015.17.2",
        "CPS: https://trust.example/cps/",
        "Policy: 0.4.0.194112.1.2",
        "qcStatements:",
        "URI:http://c.trust.example/eid-q.crl",
        "X509v3 Key Usage: critical\n                Non Repudiation",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}

#[test]
fn openssl_verifies_our_requests() {
    let folder = tempfile::tempdir().unwrap();
    let rsa = SoftwareKey::generate_rsa(RsaSize::Bits2048).unwrap();
    for key in [ec(Curve::P256), rsa] {
        let subject = organization().named("request").unwrap();
        let request = CertificationRequest::sign(&subject, &key).unwrap();
        std::fs::write(folder.path().join("request.der"), request.as_der()).unwrap();
        let arguments = ["req", "-inform", "DER", "-in", "request.der", "-verify", "-noout"];
        let Some((ok, text)) = run("openssl", &arguments, folder.path()) else { return };
        assert!(ok && text.contains("verify OK"), "{:?}: {text}", key.public_key());
    }
}

#[test]
fn we_verify_requests_and_keys_of_openssl() {
    let folder = tempfile::tempdir().unwrap();
    for (algorithm, option) in [("EC", "ec_paramgen_curve:P-384"), ("RSA", "rsa_keygen_bits:2048")] {
        let generate = ["genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", "key.pem"];
        let Some((ok, text)) = run("openssl", &generate, folder.path()) else { return };
        assert!(ok, "{text}");
        let request = [
            "req",
            "-new",
            "-key",
            "key.pem",
            "-subj",
            "/C=EE/CN=x",
            "-outform",
            "DER",
            "-out",
            "request.der",
        ];
        let (ok, text) = run("openssl", &request, folder.path()).unwrap();
        assert!(ok, "{text}");
        let read = CertificationRequest::from_der(&std::fs::read(folder.path().join("request.der")).unwrap());
        let pem = std::fs::read_to_string(folder.path().join("key.pem")).unwrap();
        let key = SoftwareKey::from_pem(&pem).unwrap();
        assert_eq!(read.unwrap().public_key(), key.public_key());
    }
}

fn anchors() -> [Anchor<'static>; 2] {
    let world = world();
    [
        Anchor { alias: "Root-2026", certificate: &world.root },
        Anchor { alias: "eid-q", certificate: &world.qualified },
    ]
}

fn assert_keytool_lists(file: &str, kind: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), bytes).unwrap();
    let list = |password: &str| {
        run(
            "keytool",
            &["-list", "-v", "-keystore", file, "-storetype", kind, "-storepass", password],
            folder.path(),
        )
    };
    let Some((ok, text)) = list("changeit") else { return };
    assert!(ok && !text.contains("integrity of the information"), "{text}");
    assert!(text.contains("Your keystore contains 2 entries"), "{text}");
    assert!(text.contains("Alias name: root-2026") && text.contains("Alias name: eid-q"), "{text}");
    assert_eq!(text.matches("Entry type: trustedCertEntry").count(), 2, "{text}");
    let colons = |c: &Certificate| c.sha256().map(|b| format!("{b:02X}")).join(":");
    assert!(text.contains(&colons(&world().root)) && text.contains(&colons(&world().qualified)), "{text}");
    assert!(!list("wrong password").unwrap().0);
    // A changed certificate is noticed.
    let mut changed = bytes.to_vec();
    let at = changed.windows(16).position(|w| w == &world().qualified.as_der()[200..216]).unwrap();
    changed[at] ^= 1;
    std::fs::write(folder.path().join(file), changed).unwrap();
    assert!(!list("changeit").unwrap().0);
}

#[test]
fn keytool_lists_our_jks() {
    let bytes = truststore::jks(&anchors(), "changeit", now()).unwrap();
    assert_keytool_lists("anchors.jks", "JKS", &bytes);
}

#[test]
fn keytool_lists_our_pkcs12() {
    let bytes = truststore::pkcs12(&anchors(), "changeit", &mut rng()).unwrap();
    assert_keytool_lists("anchors.p12", "PKCS12", &bytes);
}

#[test]
fn openssl_reads_our_pkcs12() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = truststore::pkcs12(&anchors(), "hõbe-parool", &mut rng()).unwrap();
    std::fs::write(folder.path().join("anchors.p12"), bytes).unwrap();
    let arguments = ["pkcs12", "-in", "anchors.p12", "-nokeys", "-passin", "pass:hõbe-parool"];
    let Some((ok, text)) = run("openssl", &arguments, folder.path()) else { return };
    assert!(ok, "{text}");
    assert_eq!(Certificate::pem_bundle(&text).unwrap(), [world().root.clone(), world().qualified.clone()]);
}

#[test]
fn unfit_aliases_and_passwords_are_refused() {
    let root = &world().root;
    let anchor = |alias| Anchor { alias, certificate: root };
    assert!(truststore::jks(&[anchor("a")], "short", now()).is_err());
    for bad in [&[anchor("")][..], &[anchor("a b")], &[anchor("õ")], &[anchor("a"), anchor("A")]] {
        assert!(truststore::jks(bad, "changeit", now()).is_err());
        assert!(truststore::pkcs12(bad, "changeit", &mut rng()).is_err());
    }
}

#[test]
fn a_jks_is_laid_out_as_java_wrote_it() {
    let root = &world().root;
    let bytes = truststore::jks(&[Anchor { alias: "a", certificate: root }], "changeit", now()).unwrap();
    let mut expected = vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, b'a'];
    expected.extend(now().as_millisecond().to_be_bytes());
    expected.extend(b"\0\x05X.509");
    expected.extend((root.as_der().len() as u32).to_be_bytes());
    expected.extend(root.as_der());
    assert_eq!(bytes[..bytes.len() - 20], expected);
}
